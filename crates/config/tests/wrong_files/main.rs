//! Messages about invalid files: each case is [`small::SMALL`] with one text replaced.
//! changed.

mod routing;
mod small;
mod workspace;

use config::read;
use small::{ACCOUNT, SMALL, check, problems_of};

#[test]
fn small_file_has_no_problems() {
    assert_eq!(problems_of(SMALL), Vec::<String>::new());
}

#[test]
fn unknown_key_suggests_the_right_one() {
    check(&[
        (
            "    reservation_timeout: 2m",
            "    reservation_timout: 2m",
            "26:5: unknown key \"reservation_timout\" in a workflow; allowed: name, assignment_callback, \
             fallback_assignment_callback, reservation_timeout, re_evaluate_tasks, filters, default_filter. \
             Did you mean \"reservation_timeout\"?",
        ),
        (
            "    capacity: { voice: 2 }",
            "    skills: [billing]",
            "18:5: unknown key \"skills\" in a worker; allowed: name, attributes, activity, capacity.",
        ),
        (
            "{ voice: 2 }",
            "{ voise: 2 }",
            "18:17: unknown key \"voise\" in capacity; allowed: chat, default, sms, video, voice. \
             Did you mean \"voice\"?",
        ),
        (
            "menu:",
            "Menu:",
            "36:1: unknown key \"Menu\" in the file; allowed: phone_number, workflow, shadow, worker_ring_timeout, \
             post_work_activity, voicemail_task_queue, dialing, workspace, workers, task_queues, workflows, menu, prompts, calendars, lists, numbers, flows. Did you mean \"menu\"?",
        ),
        (
            "  attempts_max: 3",
            "  atempts_max: 3",
            "40:3: menu: unknown field `atempts_max`, expected one of languages, attempts_max, gather_timeout_secs, \
             on_no_input, on_wrong_key, voicemail",
        ),
        (
            "workflow: Requests",
            "workflow: Requests\nworkflow: Requests",
            "3:1: duplicate key \"workflow\" in the file",
        ),
        (
            "{ queue: Hindi }",
            "{ priority: 1 }",
            "35:21: the default_filter needs the key \"queue\"",
        ),
        (
            "{ queue: Hindi }",
            "{ queue: Hindi, timeout: 5 }",
            "35:37: unknown key \"timeout\" in the default_filter; allowed: queue, expression, priority, order_by, \
             skip_if, known_worker_sid, known_worker_friendly_name.",
        ),
        (
            "  name: Small\n",
            "",
            "5:3: the workspace needs the key \"name\"",
        ),
        (
            "{ name: Offline, available: false }",
            "{ name: Offline }",
            "9:7: an activity needs the key \"available\"",
        ),
    ]);
}

#[test]
fn impossible_dialing_is_refused() {
    check(&[
        (
            "worker_ring_timeout: 20s",
            "dialing: { calls_per_second: 0 }",
            "3:30: calls_per_second: expected a whole number from 1 to 1000, got 0",
        ),
        (
            "worker_ring_timeout: 20s",
            "dialing: { calls_per_second: 1.5 }",
            "3:30: calls_per_second: expected a whole number from 1 to 1000, got 1.5",
        ),
        (
            "worker_ring_timeout: 20s",
            "dialing: { calls_per_minut: 5 }",
            "3:12: unknown key \"calls_per_minut\" in dialing; allowed: allow, calls_per_minute, calls_per_second. \
             Did you mean \"calls_per_minute\"?",
        ),
        (
            "worker_ring_timeout: 20s",
            "dialing: { allow: [\"+1\", \"0049\"] }",
            "3:26: allow: expected a plus and digits such as \"+1\", or \"sip:\", got \"0049\"",
        ),
    ]);
}

/// The one Worker with a number has an American one.
#[test]
fn number_that_may_not_be_dialed_is_refused() {
    let file = SMALL.replace(
        "worker_ring_timeout: 20s",
        "dialing: { allow: [\"+49\", \"+33\"] }",
    );
    assert_eq!(
        problems_of(&file),
        [
            "centre.yaml:16:51: contact_uri: …0101 may not be dialed; dialing.allow in contact-centre.yaml has +49, +33"
        ]
    );
}

#[test]
fn unknown_name_lists_the_known_names() {
    check(&[
        (
            "          - queue: English",
            "          - queue: Engish",
            "31:20: unknown task queue \"Engish\"; the file has \"English\", \"Hindi\"",
        ),
        (
            "workflow: Requests",
            "workflow: Calls",
            "2:11: unknown workflow \"Calls\"; the file has \"Requests\"",
        ),
        (
            "    activity: Available",
            "    activity: available",
            "15:15: unknown activity \"available\"; the file has \"Available\", \"Offline\", \"Wrap-Up\"",
        ),
        (
            "  timeout_activity: Offline",
            "  timeout_activity: Gone",
            "7:21: unknown activity \"Gone\"; the file has \"Offline\", \"Wrap-Up\", \"Available\"",
        ),
        (
            "next: Available",
            "next: Back",
            "12:51: unknown activity \"Back\"; the file has \"Wrap-Up\", \"Offline\", \"Available\"",
        ),
        (
            "worker_ring_timeout: 20s",
            "post_work_activity: Wrap Up",
            "3:21: unknown activity \"Wrap Up\"; the file has \"Wrap-Up\", \"Offline\", \"Available\"",
        ),
    ]);
}

#[test]
fn expression_error_has_its_column() {
    let operator = "expected an operator (==, !=, <, <=, >, >=, CONTAINS, HAS, IN, NOT IN)";
    check(&[
        (
            "    target_workers: languages HAS \"en\"",
            "    target_workers: languages HAVE \"en\"",
            &format!("21:31: target_workers: {operator}, found `HAVE`"),
        ),
        (
            "    target_workers: languages HAS \"en\"",
            "    target_workers: 'level > 1 AND it''s'",
            "21:38: target_workers: the text that begins here has no closing '",
        ),
        (
            "    target_workers: languages HAS \"en\"",
            "    target_workers: \"name == \\\"a\\\" name\"",
            "21:36: target_workers: expected `AND`, `OR` or the end, found `name`",
        ),
        (
            "    target_workers: languages HAS \"en\"",
            "    target_workers: >-\n      languages\n      HAVE \"en\"",
            &format!("22:7: target_workers, character 11: {operator}, found `HAVE`"),
        ),
        (
            "        expression: selected_language == \"en\"",
            "        expression: selected-language == \"en\"",
            "29:29: expression: `-` cannot be in a key; expected an operator",
        ),
        (
            "order_by: worker.level DESC",
            "order_by: level",
            "34:23: order_by: expected `worker.<attribute> ASC` or `… DESC`, got `level`",
        ),
    ]);
}

#[test]
fn invalid_value_says_what_was_expected() {
    let duration = "expected a duration such as 120s, 20m or 1h, from 1s to";
    let number = "expected a number such as \"+17075550183\"";
    check(&[
        (
            "    max_reserved_workers: 1",
            "    max_reserved_workers: 51",
            "22:27: max_reserved_workers: expected a whole number from 1 to 50, got 51",
        ),
        (
            "    max_reserved_workers: 1",
            "    max_reserved_workers: one",
            "22:27: max_reserved_workers: expected a whole number from 1 to 50, got \"one\"",
        ),
        (
            "    reservation_timeout: 2m",
            "    reservation_timeout: soon",
            &format!("26:26: reservation_timeout: {duration} 86400s, got \"soon\""),
        ),
        (
            "    reservation_timeout: 2m",
            "    reservation_timeout: 0",
            &format!("26:26: reservation_timeout: {duration} 86400s, got 0"),
        ),
        (
            "    reservation_timeout: 2m",
            "    reservation_timeout: 99999999999999999999h",
            &format!(
                "26:26: reservation_timeout: {duration} 86400s, got \"99999999999999999999h\""
            ),
        ),
        (
            "timeout: 1200\n",
            "timeout: 15d\n",
            &format!("32:22: timeout: {duration} 1209600s, got \"15d\""),
        ),
        (
            "worker_ring_timeout: 20s",
            "worker_ring_timeout: 11m",
            &format!("3:22: worker_ring_timeout: {duration} 600s, got \"11m\""),
        ),
        (
            "limit: 10s",
            "limit:",
            &format!("12:38: limit: {duration} 86400s, got nothing"),
        ),
        (
            "priority: 5",
            "priority: -1",
            "33:23: priority: expected a whole number from 0 to 2147483647, got -1",
        ),
        (
            "{ name: Available, available: true }",
            "{ name: Available, available: yes }",
            "10:37: available: expected true or false, got \"yes\"",
        ),
        (
            "phone_number: \"+17075550183\"",
            "phone_number: 017075550183",
            &format!("1:15: phone_number: {number}, got \"…0183\""),
        ),
        (
            "phone_number: \"+17075550183\"",
            "phone_number: 555",
            &format!("1:15: phone_number: {number}, got \"…\""),
        ),
        (
            "\"contact_uri\":\"+17075550101\"",
            "\"contact_uri\":\"7075550101\"",
            "16:51: contact_uri: expected a number such as \"+17075550101\", client:name or sip:…, got \"…0101\"",
        ),
        (
            "attributes: {\"languages\":[\"en\"],\"contact_uri\":\"+17075550101\"}",
            "attributes: english",
            "16:17: attributes: expected a mapping such as {\"languages\":[\"en\"]}, got \"english\"",
        ),
        (
            "    default_filter: { queue: Hindi }",
            "    assignment_callback: assignment",
            "35:26: assignment_callback: expected a path such as /assignment or a URL such as \
             https://example.com/assignment, got \"assignment\"",
        ),
        (
            "{ activity: Wrap-Up, limit: 10s, next: Available }",
            "10s",
            "12:12: expected wrap_up with the keys activity, limit, next; got \"10s\"",
        ),
        (
            "next: Available }",
            "next: Wrap-Up }",
            "12:12: wrap_up: expected \"next\" to be an activity other than \"activity\"",
        ),
        (
            "    - key: 1",
            "    - key: 11",
            "38:7: menu: invalid value: integer `11`, expected a key of the telephone, 0 to 9 or *",
        ),
        (
            "  attempts_max: 3",
            "  attempts_max: 300",
            "40:17: menu: expected a whole number from 0 to 255",
        ),
        (
            "  attempts_max: 3",
            "  attempts_max: 30",
            "37:3: menu.attempts_max: expected 1 to 10, got 30",
        ),
        (
            "  attempts_max: 3",
            "  on_no_input: { choose: fr }",
            "37:3: menu.on_no_input: there is no language fr; the menu has en",
        ),
    ]);
}

#[test]
fn names_are_unique_and_bounded() {
    let long = "x".repeat(65);
    check(&[
        (
            "  - name: Hindi",
            "  - name: Hindi\n  - name: English",
            "24:11: the task queue \"English\" is declared twice, first in line 20",
        ),
        (
            "  - name: Arjun",
            "  - name: MAYA",
            "17:11: the worker \"maya\" is declared twice, first in line 14",
        ),
        (
            "{ name: Available, available: true }",
            "{ name: Available, available: true }\n    - { name: Available, available: false }",
            "11:15: the activity \"Available\" is declared twice, first in line 10",
        ),
        (
            "  - name: Arjun",
            &format!("  - name: {long}"),
            "17:11: name: expected a name of 1 to 64 characters, got 65 characters",
        ),
        (
            "  - name: Arjun",
            "  - name: ''",
            "17:11: name: expected a name of 1 to 64 characters, got 0 characters",
        ),
        (
            "{\"languages\":[\"en\"],",
            "{\"languages\":[\"en\"],\"languages\":[\"hi\"],",
            "16:37: duplicate key \"languages\" in attributes",
        ),
        (
            "{\"languages\":[\"en\"],",
            &format!("{{\"note\":\"{}\",", "x".repeat(4_096)),
            "16:17: attributes have 4136 characters; at most 4096 are allowed, blanks included",
        ),
    ]);
}

#[test]
fn invalid_yaml_has_its_position() {
    for (text, expected) in [
        ("", "1:1: expected the file with the keys phone_number, "),
        (
            "- 1\n",
            "1:1: expected the file with the keys phone_number, ",
        ),
        ("workers: [1\n", "1:10: unclosed bracket '['"),
        (
            "workers: a: b\n",
            "1:11: mapping values are not allowed in this context",
        ),
        (
            "workers: *nobody\n",
            "1:10: alias references unknown anchor",
        ),
        (
            "workers: {}\n---\nworkers: {}\n",
            "3:1: expected one YAML document, got several",
        ),
        ("? [a]\n: b\n", "1:3: expected a text"),
        ("workers: .nan\n", "1:10: "),
    ] {
        let problems = problems_of(text);
        assert!(
            problems.len() == 1 && problems[0].starts_with(&format!("centre.yaml:{expected}")),
            "{problems:?}"
        );
    }
}

#[test]
fn all_problems_are_reported_in_order() {
    let text = SMALL
        .replace("+17075550183", "none")
        .replace("activity: Available\n", "activity: Nap\n")
        .replace("languages HAS \"en\"", "languages")
        .replace("queue: English", "queue: French")
        .replace("key: 1", "key: x");
    let places: Vec<String> = read(&text, "", ACCOUNT)
        .unwrap_err()
        .iter()
        .map(|it| format!("{}:{}", it.place.line, it.place.column))
        .collect();
    assert_eq!(places, ["1:15", "15:15", "21:30", "31:20", "38:7"]);
    let hopeless = format!("{SMALL}{}", "x: 1\n".repeat(10_000));
    assert_eq!(problems_of(&hopeless).len(), 100);
}

#[test]
fn oversized_input_is_refused() {
    let too_long = "#".repeat(config::FILE_BYTES_MAX + 1);
    assert_eq!(
        problems_of(&too_long),
        ["centre.yaml:1:1: expected at most 4194304 bytes, got 4194305"]
    );

    // An alias bomb: a hundred million values from nine lines.
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..=8 {
        let elements = vec![format!("*a{}", level - 1); 10].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{elements}]\n"));
    }
    let too_much = "expected at most 32 levels and 400000 values, aliases counted in full";
    assert!(
        problems_of(&bomb)[0].ends_with(too_much),
        "{:?}",
        problems_of(&bomb)
    );

    for deep in [
        "[".repeat(100_000),
        "{a: ".repeat(100_000),
        "- ".repeat(100_000),
    ] {
        assert!(
            problems_of(&deep)[0].ends_with(too_much),
            "{:?}",
            problems_of(&deep)
        );
    }
}

#[test]
fn full_workspace_is_accepted() {
    let worker = |number| {
        let attributes = r#"{"languages":["en","hi"],"skills":["billing","support"],"level":3,"contact_uri":"+17075550101"}"#;
        format!(
            "  - name: Worker {number}\n    activity: Available\n    attributes: {attributes}\n    capacity: {{ voice: 1 }}\n"
        )
    };
    let workers: String = (0..15_000).map(worker).collect();
    let text = SMALL.replace("workers:\n", &format!("workers:\n{workers}"));
    let too_many = "centre.yaml:14:3: workers: expected at most 15000 entries, got 15002";
    assert_eq!(
        problems_of(&text),
        [too_many],
        "Maya and Arjun exceed the limit, and there is no other problem"
    );
}

/// Reads every third prefix of the file, and the file without every third character: no panic.
#[test]
fn broken_files_never_panic() {
    let text = SMALL.replace("Maya", "माया");
    let chars: Vec<char> = text.chars().collect();
    for cut in (0..chars.len()).step_by(3) {
        let beginning: String = chars.iter().take(cut).collect();
        let without: String = chars
            .iter()
            .take(cut)
            .chain(chars.iter().skip(cut + 1))
            .collect();
        for broken in [beginning, without] {
            let _either = read(&broken, "centre.yaml", ACCOUNT);
        }
    }
}
