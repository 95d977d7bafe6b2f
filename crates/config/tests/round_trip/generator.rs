//! Generates configuration files from a list of choices, each a number. Files are JSON, which is YAML.

use serde_json::{Map, Value as Json, json};

/// Texts that are hard to write as YAML.
const TEXTS: [&str; 14] = [
    "Hello",
    "yes",
    "null",
    "1.0",
    "- dash",
    "a: b",
    "# no comment",
    "quote \" and '",
    "back\\slash",
    " spaces ",
    "ünï – 日本",
    "{from}, hello",
    "line\nbreak",
    "0x10",
];

/// The choices that are left.
struct Choices<'c> {
    left: &'c [u8],
    /// Steps that may still be written: every file ends.
    steps: usize,
    /// The next number of a name.
    next: usize,
}

impl Choices<'_> {
    /// A number below `count`; 0 when no choice is left.
    fn below(&mut self, count: usize) -> usize {
        let Some((first, rest)) = self.left.split_first() else {
            return 0;
        };
        self.left = rest;
        usize::from(*first) % count
    }

    fn yes(&mut self) -> bool {
        self.below(2) == 1
    }

    fn pick<'t>(&mut self, from: &[&'t str]) -> &'t str {
        from[self.below(from.len())]
    }

    fn text(&mut self) -> &'static str {
        self.pick(&TEXTS)
    }

    fn number(&mut self) -> usize {
        self.next += 1;
        self.next
    }

    fn secs(&mut self) -> String {
        self.pick(&["1s", "60s", "90s", "20m", "3600s", "2h"])
            .to_owned()
    }
}

/// A file that can be read.
pub fn file(choices: &[u8]) -> String {
    let mut choices = Choices {
        left: choices,
        steps: 40,
        next: 0,
    };
    let choices = &mut choices;
    let mut file = Map::new();
    let mut set = |key: &str, value: Json| {
        file.insert(key.to_owned(), value);
    };
    let has_flows = choices.yes();
    set("phone_number", json!("+17075550183"));
    set("workflow", json!("Workflow 0"));
    if choices.yes() {
        set("worker_ring_timeout", json!("25s"));
    }
    if choices.yes() {
        set("voicemail_task_queue", json!("Queue 0"));
    }
    if choices.yes() {
        set("post_work_activity", json!("Break: \"long\""));
    }
    if choices.yes() {
        set(
            "dialing",
            json!({"allow": ["+1", "sip:"], "calls_per_second": 2}),
        );
    }
    let workspace = workspace(choices);
    set("workspace", workspace);
    let workers: Vec<Json> = (0..choices.below(4))
        .map(|at| worker(at, choices))
        .collect();
    set("workers", json!(workers));
    let queues = 1 + choices.below(3);
    let task_queues: Vec<Json> = (0..queues).map(|at| task_queue(at, choices)).collect();
    set("task_queues", json!(task_queues));
    let workflows: Vec<Json> = (0..1 + choices.below(2))
        .map(|at| workflow(at, queues, choices))
        .collect();
    set("workflows", json!(workflows));
    if has_flows {
        for (key, value) in flows(choices) {
            set(&key, value);
        }
    } else if choices.yes() {
        set("menu", menu(choices));
    }
    Json::Object(file).to_string()
}

fn workspace(choices: &mut Choices<'_>) -> Json {
    let mut workspace = json!({
        "name": "Help: \"desk\"",
        "activities": [
            {"name": "Offline", "available": false},
            {"name": "yes", "available": true},
            {"name": "Break: \"long\"", "available": false},
        ],
        "default_activity": "Offline",
        "timeout_activity": choices.pick(&["Offline", "Break: \"long\""]),
    });
    if choices.yes() {
        workspace["wrap_up"] =
            json!({"activity": "Break: \"long\"", "limit": choices.secs(), "next": "yes"});
    }
    if choices.yes() {
        let after = [
            json!("complete"),
            json!("wrap"),
            json!({"wrap_for": choices.secs()}),
        ];
        workspace["task_channels"] = json!([
            {"name": "e_mail", "friendly_name": choices.text(), "after_conversation": after[choices.below(3)]},
            {"name": "voice", "optimized_routing": choices.yes()},
        ]);
    }
    for (key, value) in [
        ("on_timeout", json!("stay")),
        ("after_failed_reservation", json!("next_step")),
        ("prioritize_queue_order", json!("LIFO")),
        ("reoffer_pause", json!("0s")),
        ("waiting_calls_max", json!(50)),
        (
            "event_callback",
            json!("https://example.com/events?a=b#rt=3000"),
        ),
        (
            "events_filter",
            json!(["task.created", "reservation.wrapup"]),
        ),
    ] {
        if choices.yes() {
            workspace[key] = value;
        }
    }
    // A friendly name has no line break.
    if let Some(channels) = workspace.get_mut("task_channels") {
        let name = channels[0]["friendly_name"]
            .as_str()
            .unwrap()
            .replace('\n', " ");
        channels[0]["friendly_name"] = json!(name);
    }
    workspace
}

fn worker(at: usize, choices: &mut Choices<'_>) -> Json {
    let mut worker = json!({"name": format!("Worker {at}")});
    if choices.yes() {
        worker["attributes"] = json!({
            "languages": ["en", choices.text()],
            "level": choices.below(100),
            "share": 0.25,
            "vip": choices.yes(),
            "nothing": null,
            "nested": {"key": choices.text(), "list": [1, [2], {}]},
            "contact_uri": format!("+1707555010{at}"),
        });
    }
    if choices.yes() {
        worker["activity"] = json!("yes");
    }
    if choices.yes() {
        worker["capacity"] = json!({"voice": choices.below(4)});
    }
    worker
}

fn task_queue(at: usize, choices: &mut Choices<'_>) -> Json {
    let mut queue = json!({"name": format!("Queue {at}")});
    let expressions = [
        "languages HAS \"en\"",
        "level>=3 and vip = true",
        "1==1",
        "",
        "name == 'it\\'s' OR NOT (a IN [1, 'b: c'])",
    ];
    if choices.yes() {
        queue["target_workers"] = json!(choices.pick(&expressions));
    }
    if choices.yes() {
        queue["max_reserved_workers"] = json!(1 + choices.below(5));
    }
    if choices.yes() {
        queue["task_order"] = json!("LIFO");
    }
    queue
}

fn workflow(at: usize, queues: usize, choices: &mut Choices<'_>) -> Json {
    let filters: Vec<Json> = (0..choices.below(4))
        .map(|at| filter(at, queues, choices))
        .collect();
    let mut workflow = json!({"name": format!("Workflow {at}"), "filters": filters});
    if choices.yes() {
        workflow["default_filter"] = step(queues, false, choices);
    }
    for (key, value) in [
        ("assignment_callback", json!("https://example.com/a?b=c")),
        ("fallback_assignment_callback", json!("/assignment")),
        ("reservation_timeout", json!("45s")),
        ("re_evaluate_tasks", json!(true)),
    ] {
        if choices.yes() {
            workflow[key] = value;
        }
    }
    workflow
}

fn filter(at: usize, queues: usize, choices: &mut Choices<'_>) -> Json {
    let mut filter = json!({"name": format!("Filter {at}")});
    if choices.yes() {
        filter["expression"] = json!("selected_language==\"en\" AND  level > 3");
    }
    if choices.yes() {
        filter["queue"] = json!(format!("Queue {}", choices.below(queues)));
    } else {
        let steps = 1 + choices.below(3);
        let steps: Vec<Json> = (0..steps).map(|_| step(queues, true, choices)).collect();
        filter["targets"] = json!(steps);
    }
    filter
}

fn step(queues: usize, has_timeout: bool, choices: &mut Choices<'_>) -> Json {
    let mut step = json!({"queue": format!("Queue {}", choices.below(queues))});
    if has_timeout && choices.yes() {
        step["timeout"] = json!(choices.secs());
    }
    for (key, value) in [
        ("expression", json!("worker.level >= task.level")),
        ("priority", json!(5)),
        ("order_by", json!("worker.level DESC")),
        ("skip_if", json!("workers.available == 0")),
    ] {
        if choices.yes() {
            step[key] = value;
        }
    }
    if choices.yes() {
        let key = choices.pick(&["known_worker_sid", "known_worker_friendly_name"]);
        step[key] = json!("task.agents[0].name");
    }
    step
}

fn menu(choices: &mut Choices<'_>) -> Json {
    let mut menu = json!({"languages": languages(choices)});
    for (key, value) in [
        ("attempts_max", json!(2)),
        ("gather_timeout_secs", json!(9)),
        ("on_no_input", json!({"choose": "de"})),
        ("on_wrong_key", json!("hang_up")),
        ("voicemail", json!({"max_length_secs": 60})),
    ] {
        if choices.yes() {
            menu[key] = value;
        }
    }
    menu
}

fn languages(choices: &mut Choices<'_>) -> Json {
    let mut de = json!({"key": choices.below(5), "selected_language": "de"});
    for (key, value) in [
        ("language", json!("de-AT")),
        ("voice", json!("Polly.Hannah")),
        (
            "texts",
            json!({"goodbye": choices.text().replace("{from}", "")}),
        ),
    ] {
        if choices.yes() {
            de[key] = value;
        }
    }
    json!([de, {"key": "*", "selected_language": "en"}])
}

fn flows(choices: &mut Choices<'_>) -> Vec<(String, Json)> {
    let mut sections = Vec::new();
    let mut set = |key: &str, value: Json| sections.push((key.to_owned(), value));
    let mut numbers = json!({"+17075550112": "other"});
    match choices.below(3) {
        0 => {}
        1 => {
            numbers["+17075550183"] = json!("main");
            set("prompts", json!({"de": {"voice": "Polly.Vicki"}, "en": {}}));
        }
        _menu => set("menu", menu(choices)),
    }
    if choices.yes() {
        set("numbers", numbers);
    }
    set(
        "calendars",
        json!({"office": {
            "time_zone": "Europe/Berlin",
            "hours": {"mon-wed": "08:00-12:00, 13:00-18:00", "thu": "22:00-06:00", "sat, sun": "closed"},
            "holidays": ["2026-12-25 Christmas Day", "12-24 Christmas Eve, 08:00-12:00",
                {"dates": "12-31", "name": "A, 08:00-09:00", "hours": "10:00-11:00"}],
            "exceptions": [{"dates": "2026-11-28..2026-12-19", "weekdays": "sat", "name": "Advent", "hours": "10:00-16:00"}],
        }}),
    );
    set(
        "lists",
        json!({"vip": ["+17075550150", {"number": "+17075550151", "tags": ["gold", "2"], "priority": 5}]}),
    );
    let main = flow("main", choices);
    let other = flow("other", choices);
    set("flows", json!({"main": main, "other": other}));
    sections
}

fn flow(name: &'static str, choices: &mut Choices<'_>) -> Json {
    let mut place = Place {
        flow: name,
        depth: 0,
        menus: 0,
        names: Vec::new(),
    };
    let mut steps = steps(&mut place, choices);
    // A value that conditions use is set by a step.
    let declared = json!({"set": {"account": ""}});
    if let Json::Array(list) = &mut steps {
        list.insert(0, declared);
    }
    if choices.yes() {
        let on_error = choices.pick(&["main", "other", "hang_up"]);
        return json!({"steps": steps, "on_error": on_error});
    }
    steps
}

/// Where a step is.
struct Place {
    flow: &'static str,
    depth: usize,
    menus: usize,
    /// The steps of this flow that have names.
    names: Vec<String>,
}

fn steps(place: &mut Place, choices: &mut Choices<'_>) -> Json {
    let count = 1 + choices.below(3);
    let steps: Vec<Json> = (0..count).map(|_| flow_step(place, choices)).collect();
    json!(steps)
}

/// A list of steps, a name or a word.
fn target(place: &mut Place, choices: &mut Choices<'_>) -> Json {
    let words = match place.menus {
        0 => ["next", "hang_up", "main", "other"],
        1 => ["next", "repeat", "main", "other"],
        _several => ["back", "repeat", "main", "hang_up"],
    };
    match choices.below(4) {
        0 => json!(choices.pick(&words)),
        1 if !place.names.is_empty() => {
            let index = choices.below(place.names.len());
            json!(place.names[index])
        }
        _list if place.depth < 3 && choices.steps > 0 => {
            place.depth += 1;
            let list = steps(place, choices);
            place.depth -= 1;
            list
        }
        _too_deep => json!("hang_up"),
    }
}

fn said(choices: &mut Choices<'_>) -> Json {
    match choices.below(3) {
        0 => json!(choices.text()),
        1 => json!([choices.text(), {"pause": "2s"}, {"play": "https://example.com/a.mp3"}]),
        _long => json!(["Wait <break time=\"1s\"/> please", {"say": choices.text()}]),
    }
}

fn flow_step(place: &mut Place, choices: &mut Choices<'_>) -> Json {
    choices.steps = choices.steps.saturating_sub(1);
    let mut step = match choices.below(16) {
        0 => json!({"say": said(choices)}),
        1 => json!({"play": "/music.mp3"}),
        2 => {
            json!({"pause": choices.secs().replace("20m", "1m").replace("2h", "3s").replace("3600s", "4s").replace("90s", "50s")})
        }
        3 | 4 => {
            place.menus += 1;
            let keys = json!({
                "1": target(place, choices),
                "2": {"phrases": ["two"], "then": target(place, choices)},
                "*": {"language": "en"},
            });
            let mut menu = json!({"say": said(choices), "keys": keys});
            if choices.yes() {
                menu["on_no_input"] = target(place, choices);
                menu["attempts"] = json!(2);
            }
            place.menus -= 1;
            json!({ "menu": menu })
        }
        5 => {
            let mut collect = json!({"into": "account", "say": said(choices), "digits": choices.pick(&["8", "6-10"])});
            match choices.below(3) {
                0 => collect["pattern"] = json!("49######"),
                1 => collect["speech"] = json!(true),
                _digits => {}
            }
            if choices.yes() {
                collect["on_failure"] = target(place, choices);
                collect["timeout"] = json!("10s");
            }
            json!({ "collect": collect })
        }
        6 => json!({"branch": [
            {"if": "account == \"1\" OR queue.queue_0.waiting > 3", "then": target(place, choices)},
            {"else": target(place, choices)},
        ]}),
        7 => {
            json!({"hours": {"calendar": "office", "open": target(place, choices), "closed": target(place, choices)}})
        }
        8 => json!({"set": {"account": choices.text(), "count": choices.below(9), "flag": true}}),
        9 if choices.yes() => {
            json!({"record": {"say": said(choices), "refuse": 9, "timeout": "4s"}})
        }
        9 => json!({"tag": "vip"}),
        10 => {
            json!({"look_up": {"url": "https://example.com/a", "take": {"account": "number"}, "send": ["account"]}})
        }
        11 => {
            let mut queue = json!({"on_timeout": target(place, choices)});
            if choices.yes() {
                queue["workflow"] = json!("Workflow 0");
                queue["attributes"] = json!({"topic": choices.text()});
                queue["priority"] = json!(3);
                queue["timeout"] = json!(choices.secs());
            }
            if choices.yes() {
                queue["wait"] = json!({"announce": [choices.text()], "every": "45s", "position": false, "music": "/m.mp3"});
                queue["leave"] =
                    json!({"key": 1, "say": said(choices), "then": target(place, choices)});
            }
            if choices.yes() {
                queue["agent_greeting"] =
                    json!({"say": "A call for {task.queue}.", "accept": 1, "timeout": "7s"});
            }
            json!({ "queue": queue })
        }
        12 if choices.yes() => {
            json!({"callback": {"attempts": 2, "pause": "10m", "agent_greeting": {"say": said(choices)}}})
        }
        12 => json!({"callback": {"expires": choices.secs()}}),
        13 => json!({"voicemail": {"queue": "Queue 0", "max_length": "1m"}}),
        14 => {
            json!({"transfer": {"to": "+17075550199", "timeout": "30s", "on_no_answer": target(place, choices)}})
        }
        _jump => match choices.below(3) {
            0 => json!({"use": if place.flow == "main" { "other" } else { "main" }}),
            1 => json!({"go_to": "main"}),
            _end => json!({"hang_up": null}),
        },
    };
    if choices.below(4) == 1 {
        let name = format!("step_{}", choices.number());
        step["name"] = json!(name);
        place.names.push(name);
    }
    if choices.below(6) == 1 {
        step["on_error"] = json!(choices.pick(&["main", "other", "hang_up"]));
    }
    step
}
