//! Clean centres, with the idioms that look like faults and are none: a step that is never true as a
//! delay, steps that widen the search, the known Worker first, overflow filters, opening hours.

/// Written by hand: name, TaskQueues, Workflows.
const WRITTEN: &[(&str, &str, &str)] = &[
    (
        "delay by a step that is never true",
        "- { name: Q, target_workers: 1==1 }",
        "- { name: W, filters: [{ name: a, targets: [{ queue: Q, expression: 1==0, timeout: 5s }, { queue: Q, timeout: 600s }] }] }",
    ),
    (
        "bullseye: each step widens the search",
        "- { name: Q, target_workers: languages HAS \"en\" }",
        "- { name: W, filters: [{ name: a, targets: [{ queue: Q, expression: worker.level >= 5, timeout: 30s }, { queue: Q, expression: worker.level >= 3, timeout: 30s }, { queue: Q, timeout: 600s }] }] }",
    ),
    (
        "known Worker, then the TaskQueue",
        "- { name: Q, target_workers: 1==1 }",
        "- { name: W, filters: [{ name: a, expression: agent != null, targets: [{ queue: Q, known_worker_sid: task.agent, timeout: 60s }, { queue: Q, timeout: 600s }] }], default_filter: { queue: Q } }",
    ),
    (
        "known Worker in an expression, skipped when unknown",
        "- { name: Q, target_workers: 1==1 }",
        "- { name: W, filters: [{ name: a, targets: [{ queue: Q, expression: worker.sid IN task.preferred_agents, timeout: 60s, skip_if: workers.available == 0 }, { queue: Q }] }] }",
    ),
    (
        "skip at once",
        "- { name: Q, target_workers: languages HAS \"en\" }\n  - { name: All, target_workers: 1==1 }",
        "- { name: W, filters: [{ name: a, targets: [{ queue: Q, skip_if: 1==1 }, { queue: All }] }] }",
    ),
    (
        "overflow: a later filter takes what an earlier one let go",
        "- { name: Q, target_workers: languages HAS \"en\" }\n  - { name: All, target_workers: 1==1 }",
        "- { name: W, filters: [{ name: a, expression: type == \"a\", targets: [{ queue: Q, timeout: 60s }] }, { name: rest of a, expression: type == \"a\", targets: [{ queue: All, timeout: 600s }] }], default_filter: { queue: All } }",
    ),
    (
        "filter without an expression at the end",
        "- { name: Q, target_workers: 1==1 }",
        "- { name: W, filters: [{ name: a, expression: type == \"a\", queue: Q }, { name: rest, expression: 1==1, queue: Q }] }",
    ),
    (
        "opening hours and a default",
        "- { name: Q, target_workers: 1==1 }",
        "- { name: W, filters: [{ name: open, expression: taskrouter.currentTime >= 0900 AND taskrouter.currentTime < 1730, queue: Q }], default_filter: { queue: Q } }",
    ),
    (
        "hours that cover the day without a default",
        "- { name: Q, target_workers: 1==1 }",
        "- { name: W, filters: [{ name: open, expression: taskrouter.currentTime >= 0900 AND taskrouter.currentTime < 1730, queue: Q }, { name: closed, expression: taskrouter.currentTime < 0900 OR taskrouter.currentTime >= 1730, queue: Q }] }",
    ),
    (
        "weekend and week",
        "- { name: Q, target_workers: 1==1 }",
        "- { name: W, filters: [{ name: week, expression: 'taskrouter.dayOfWeek NOT IN [\"Sat\", \"Sun\"]', queue: Q }, { name: weekend, expression: 'taskrouter.dayOfWeek IN [\"Sat\", \"Sun\"]', queue: Q }] }",
    ),
    (
        "Workers without the attribute must match",
        "- { name: Q, target_workers: 'training != true' }\n  - { name: R, target_workers: '\"closed\" NOT IN flags' }",
        "- { name: W, filters: [{ name: a, expression: type == \"a\", queue: Q }], default_filter: { queue: R } }",
    ),
    (
        "reject list",
        "- { name: Q, target_workers: 1==1 }",
        "- { name: W, filters: [{ name: a, targets: [{ queue: Q, expression: worker.sid NOT IN task.tried, timeout: 60s }, { queue: Q }] }] }",
    ),
    (
        "level of the Task",
        "- { name: Q, target_workers: 1==1 }",
        "- { name: W, filters: [{ name: a, targets: [{ queue: Q, expression: worker.level >= task.level, order_by: worker.level ASC, timeout: 60s }, { queue: Q }] }] }",
    ),
    (
        "least busy Worker first",
        "- { name: Q, target_workers: 1==1 }",
        "- { name: W, filters: [{ name: a, targets: [{ queue: Q, order_by: 'worker.channel.voice.assigned_tasks ASC, worker.level DESC' }] }] }",
    ),
    (
        "priority rises with the wait",
        "- { name: Q, target_workers: 1==1 }",
        "- { name: W, filters: [{ name: a, targets: [{ queue: Q, priority: 1, timeout: 60s }, { queue: Q, priority: 5, timeout: 60s }, { priority: 10 }] }] }",
    ),
    (
        "parking queue with an end",
        "- { name: Q, target_workers: 1==1 }\n  - { name: Nobody, target_workers: 1==2 }",
        "- { name: W, filters: [{ name: a, targets: [{ queue: Nobody, timeout: 20s }, { queue: Q }] }] }",
    ),
    (
        "filters that exclude each other",
        "- { name: Q, target_workers: 1==1 }",
        "- { name: W, filters: [{ name: a, expression: vip == true AND type == \"a\", queue: Q }, { name: b, expression: vip != true AND type == \"a\", queue: Q }, { name: c, expression: type != \"a\", queue: Q }] }",
    ),
    (
        "special case before the general one",
        "- { name: Q, target_workers: 1==1 }",
        "- { name: W, filters: [{ name: vip, expression: type == \"a\" AND vip == true, queue: Q }, { name: a, expression: type == \"a\", queue: Q }], default_filter: { queue: Q } }",
    ),
    (
        "number between two bounds",
        "- { name: Q, target_workers: level > 1 AND level < 9 }\n  - { name: All, target_workers: 1==1 }",
        "- { name: W, filters: [{ name: a, expression: age > 17 AND age < 65, queue: Q }, { name: b, expression: age == 16.5, queue: Q }], default_filter: { queue: All } }",
    ),
    (
        "available Workers only",
        "- { name: Q, target_workers: activity_name == \"Available\" AND languages HAS \"en\" }\n  - { name: All, target_workers: 1==1 }",
        "- { name: W, filters: [{ name: a, expression: type == \"a\", queue: Q }], default_filter: { queue: All } }",
    ),
    (
        "one Worker by name",
        "- { name: Q, target_workers: friendly_name == \"Maya\" }\n  - { name: All, target_workers: 1==1 }",
        "- { name: W, filters: [{ name: a, expression: type == \"a\", queue: Q }], default_filter: { queue: All } }",
    ),
    (
        "nested and indexed attributes",
        "- { name: Q, target_workers: 1==1 }",
        "- { name: W, filters: [{ name: a, expression: 'customer.address.country == \"IN\" OR tags[0] == \"vip\"', queue: Q }], default_filter: { queue: Q } }",
    ),
    (
        "similar names of different attributes",
        "- { name: Q, target_workers: 1==1 }",
        "- { name: W, filters: [{ name: a, expression: skill1 == \"a\" AND skill1 != null, queue: Q }, { name: b, expression: skill2 == \"a\", queue: Q }, { name: c, expression: skill1s == \"b\", queue: Q }], default_filter: { queue: Q } }",
    ),
    (
        "another channel by its own callback",
        "- { name: Q, target_workers: 1==1 }",
        "- { name: W, assignment_callback: 'https://example.com/a', fallback_assignment_callback: 'https://example.com/b', filters: [], default_filter: { queue: Q } }",
    ),
];

/// A centre around TaskQueues and Workflows. Its calls use the first TaskQueue for everyone.
fn centre(queues: &str, workflows: &str) -> String {
    format!(
        r#"phone_number: "+17075550183"
workflow: Calls
workspace:
  name: C
  activities:
    - {{ name: Offline, available: false }}
    - {{ name: Available, available: true }}
    - {{ name: Lunch, available: false }}
  default_activity: Offline
  timeout_activity: Offline
workers:
  - name: Maya
    attributes: {{ languages: [en], level: 5, contact_uri: "+17075550101" }}
  - name: Arjun
    attributes: {{ languages: [hi, en], level: 3, contact_uri: "+17075550102" }}
  - name: Leela
    attributes: {{ languages: [hi], level: 1, contact_uri: "client:leela" }}
task_queues:
  - {{ name: Calls, target_workers: 1==1 }}
  {queues}
workflows:
  - name: Calls
    filters: []
    default_filter: {{ queue: Calls }}
  {workflows}
"#
    )
}

/// Numbers that only look random: each centre of a seed is always the same.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn pick<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        let index = self.roll(texts.len() as u64);
        texts[usize::try_from(index).unwrap()]
    }
}

/// A centre with a Workflow per kind of Task, whose filters and steps are drawn from what real centres
/// have.
fn generated(seed: u64) -> String {
    let mut dice = Dice(seed.wrapping_mul(7_919) + 1);
    for _ in 0..4 {
        dice.roll(2);
    }
    let queues = r#"- { name: English, target_workers: languages HAS "en" }
  - { name: Hindi, target_workers: 'languages HAS "hi"' }
  - { name: Senior, target_workers: level >= 3 }
  - { name: All, target_workers: 1==1 }
  - { name: Untrained, target_workers: trainee != true }"#;
    let mut workflows = String::from(
        "- { name: Uses all, filters: [{ name: e, expression: t == 1, queue: English }, { name: h, expression: t == 2, queue: Hindi }, { name: s, expression: t == 3, queue: Senior }, { name: u, expression: t == 4, queue: Untrained }], default_filter: { queue: All } }\n",
    );
    for workflow in 0..=dice.roll(2) {
        let mut filters = String::new();
        for filter in 0..=dice.roll(6) {
            let expression = filter_expression(&mut dice, filter);
            let steps = steps(&mut dice);
            filters.push_str(&format!(
                "      - name: F{filter}\n        expression: '{expression}'\n        targets:\n{steps}"
            ));
        }
        workflows.push_str(&format!(
            "  - name: W{workflow}\n    reservation_timeout: 20s\n    assignment_callback: https://example.com/assign\n    filters:\n{filters}    default_filter: {{ queue: All }}\n"
        ));
    }
    centre(queues, &workflows)
}

/// A condition of filter number `at`, which no condition of another number implies.
fn filter_expression(dice: &mut Dice, at: u64) -> String {
    let kind = dice.pick(&["sales", "support", "billing"]);
    match dice.roll(8) {
        0 => format!("kind == \"{kind}\" AND number == {at}"),
        1 => format!("number == {at} AND (language == \"en\" OR language == null)"),
        2 => format!("number >= {at}.2 AND number < {at}.8"),
        3 => format!("number == {at} AND tags HAS \"{kind}\""),
        4 => format!("number == {at} AND kind IN [\"{kind}\", \"other\"] AND vip != true"),
        5 => format!(
            "number == {at} AND taskrouter.currentHour >= 8 AND taskrouter.currentHour < 18"
        ),
        6 => format!("number == {at} AND NOT (kind == \"{kind}\" OR kind == \"none\")"),
        _ => format!("number == {at} AND campaign CONTAINS \"{kind}\" AND agent != null"),
    }
}

fn steps(dice: &mut Dice) -> String {
    let seconds = 20 + dice.roll(60);
    let first = match dice.roll(6) {
        0 => "{ queue: All, expression: 1==0, timeout: 3s }".to_owned(),
        1 => format!("{{ queue: All, known_worker_sid: task.agent, timeout: {seconds}s }}"),
        2 => format!(
            "{{ queue: English, expression: worker.level >= 4, timeout: {seconds}s, priority: 1 }}"
        ),
        3 => format!("{{ queue: Senior, skip_if: workers.available == 0, timeout: {seconds}s }}"),
        4 => {
            format!("{{ queue: All, expression: worker.sid IN task.agents, timeout: {seconds}s }}")
        }
        _ => format!(
            "{{ queue: Hindi, expression: worker.level >= task.level, timeout: {seconds}s }}"
        ),
    };
    let mut text = format!("          - {first}\n");
    if dice.roll(2) == 0 {
        let skip = dice.pick(&["1==1", "workers.available < 2", "workers.unavailable > 0"]);
        text.push_str(&format!(
            "          - {{ queue: Untrained, skip_if: {skip}, priority: 5 }}\n"
        ));
    }
    let last = dice.pick(&[
        "{ queue: All, priority: 9, order_by: worker.level DESC }",
        "{ queue: All, timeout: 900s }",
        "{ queue: All }",
    ]);
    text.push_str(&format!("          - {last}\n"));
    text
}

/// Every clean centre, with a name.
pub fn all() -> impl Iterator<Item = (String, String)> {
    let written = WRITTEN
        .iter()
        .map(|(name, queues, workflows)| ((*name).to_owned(), centre(queues, workflows)));
    let generated = (0..100).map(|seed| (format!("seed {seed}"), generated(seed)));
    written.chain(generated)
}
