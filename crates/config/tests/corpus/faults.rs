//! Planted faults: the base file with one change each, and the rule that must find it. The base file
//! is the clean twin of all of them.

/// A fault in `base.yaml`.
pub struct Fault {
    /// The rule that finds it.
    pub code: &'static str,
    /// The text of the base file that is replaced.
    pub from: &'static str,
    /// What it is replaced by.
    pub to: &'static str,
}

pub const fn fault(code: &'static str, from: &'static str, to: &'static str) -> Fault {
    Fault { code, from, to }
}

const ENGLISH: &str = "expression: selected_language == \"en\"\n";
const HINDI: &str = "expression: selected_language == \"hi\"\n";
const BILLING: &str = "expression: type == \"chat\" AND topic == \"billing\"";
const HOURS: &str =
    "expression: type == \"chat\" AND taskrouter.currentHour >= 9 AND taskrouter.currentHour < 17";
const DEFAULT: &str = "    default_filter:\n      queue: Everyone\n";
const STEP_1: &str = "expression: worker.level >= 3";
const STEP_BILLING: &str = "expression: worker.skills HAS task.topic";
const IN_ENGLISH: &str = "target_workers: languages HAS \"en\"";
const IN_HINDI: &str = "target_workers: languages HAS \"hi\"";
const SKIP_IF: &str = "skip_if: workers.available == 0";
const ORDER: &str = "order_by: worker.level DESC";
const ARJUN: &str = "{ languages: [hi], skills: [support], level: 1, region: south, contact_uri: \"+17075550102\" }";

pub const FAULTS: &[Fault] = &[
    // Filters.
    fault(
        "CB101",
        BILLING,
        "expression: type == \"chat\" AND returning == true AND topic == \"billing\"",
    ),
    fault(
        "CB101",
        HOURS,
        "expression: topic IN [\"billing\"] AND type == \"chat\"",
    ),
    fault(
        "CB101",
        "      - name: Returning\n",
        "      - name: All\n        queue: Everyone\n      - name: Returning\n",
    ),
    fault(
        "CB101",
        "      - name: Returning\n",
        "      - name: Chat\n        expression: type CONTAINS \"chat\"\n        queue: Everyone\n      - name: Returning\n",
    ),
    fault(
        "CB101",
        "      - name: Billing\n",
        "      - name: Old\n        expression: type == \"chat\" AND returning == true AND level > 3\n        queue: Everyone\n      - name: Billing\n",
    ),
    fault(
        "CB101",
        "      - name: Office hours\n",
        "      - name: Not returning\n        expression: type != \"chat\" OR returning != true\n        queue: Everyone\n      - name: Office hours\n",
    ),
    fault(
        "CB102",
        BILLING,
        "expression: type == \"chat\" AND type == \"sms\"",
    ),
    fault("CB102", BILLING, "expression: age > 65 AND age < 18"),
    fault(
        "CB102",
        BILLING,
        "expression: type IN [\"chat\", \"sms\"] AND type NOT IN [\"chat\", \"sms\", \"email\"]",
    ),
    fault(
        "CB102",
        BILLING,
        "expression: tags HAS \"vip\" AND NOT tags HAS \"vip\"",
    ),
    fault(
        "CB102",
        BILLING,
        "expression: taskrouter.currentTime >= 1700 AND taskrouter.currentHour < 9",
    ),
    fault(
        "CB102",
        BILLING,
        "expression: topic == null AND topic CONTAINS \"bill\"",
    ),
    fault(
        "CB102",
        BILLING,
        "expression: first == second AND first != second",
    ),
    fault(
        "CB103",
        BILLING,
        "expression: topic != \"billing\" OR topic != \"sales\"",
    ),
    fault(
        "CB103",
        BILLING,
        "expression: taskrouter.currentHour >= 9 OR taskrouter.currentHour < 17",
    ),
    fault("CB104", DEFAULT, ""),
    fault(
        "CB105",
        "  - name: Chats\n",
        "  - name: Hours\n    filters:\n      - { name: Day, expression: taskrouter.currentHour >= 9 AND taskrouter.currentHour < 17, queue: Everyone }\n      - { name: Night, expression: taskrouter.currentHour > 17 OR taskrouter.currentHour < 9, queue: Everyone }\n  - name: Chats\n",
    ),
    fault(
        "CB105",
        "  - name: Chats\n",
        "  - name: Days\n    filters:\n      - { name: Week, expression: 'taskrouter.dayOfWeek IN [\"Mon\", \"Tue\", \"Wed\", \"Thu\", \"Fri\"]', queue: Everyone }\n      - { name: Sunday, expression: taskrouter.dayOfWeek == \"Sun\", queue: Everyone }\n  - name: Chats\n",
    ),
    fault(
        "CB106",
        HINDI,
        "expression: selected_language == \"hi\" AND from CONTAINS \"+91\"\n",
    ),
    // Steps.
    fault("CB201", "            timeout: 30s\n", ""),
    fault(
        "CB201",
        "            timeout: 300s\n            priority: 5\n            order_by: worker.level DESC\n            skip_if: workers.available == 0\n",
        "",
    ),
    fault(
        "CB201",
        "            timeout: 300s\n            priority: 5\n            order_by: worker.level DESC\n            skip_if: workers.available == 0\n",
        "            skip_if: workers.available < 0\n",
    ),
    fault(
        "CB202",
        STEP_1,
        "expression: worker.level >= 3 AND worker.level < 3",
    ),
    fault(
        "CB202",
        STEP_1,
        "expression: worker.languages NOT IN [\"en\"]",
    ),
    fault(
        "CB202",
        "            timeout: 900s\n",
        "            expression: 1==0\n",
    ),
    fault(
        "CB202",
        STEP_BILLING,
        "expression: worker.region == \"north\" AND worker.region == \"south\"",
    ),
    fault("CB203", STEP_BILLING, "expression: task.topic == \"sales\""),
    fault(
        "CB203",
        STEP_BILLING,
        "expression: worker.level > 1 AND task.type != \"chat\"",
    ),
    fault("CB204", SKIP_IF, "skip_if: workers.available < 0"),
    fault(
        "CB204",
        SKIP_IF,
        "skip_if: workers.available > 3 AND workers.available < 4",
    ),
    fault("CB205", SKIP_IF, "skip_if: workers.available >= 0"),
    fault(
        "CB206",
        "            timeout: 900s\n",
        "            timeout: 900s\n            skip_if: workers.available == 0\n",
    ),
    fault(
        "CB207",
        "            timeout: 30s\n",
        "            timeout: 10s\n",
    ),
    fault(
        "CB208",
        "            priority: 5\n",
        "            priority: 0\n",
    ),
    fault(
        "CB209",
        "            timeout: 120s\n          - queue: Everyone\n",
        "",
    ),
    fault(
        "CB211",
        "          - queue: Everyone\n            timeout: 600s\n",
        "          - queue: English\n            expression: worker.supervisor == true\n            timeout: 600s\n",
    ),
    fault(
        "CB211",
        "          - queue: English\n            timeout: 300s\n",
        "          - queue: English\n            expression: worker.level >= 5\n            timeout: 300s\n",
    ),
    fault(
        "CB212",
        "            timeout: 300s\n",
        "            timeout: 30h\n",
    ),
    fault(
        "CB213",
        "            timeout: 900s\n",
        "            expression: worker.skills HAS \"support\"\n            skip_if: 1==1\n          - expression: worker.supervisor == true\n            timeout: 900s\n",
    ),
    // Comparisons.
    fault("CB301", BILLING, "expression: topic IN \"billing\""),
    fault("CB301", BILLING, "expression: topic HAS [\"billing\"]"),
    fault("CB301", BILLING, "expression: topic == [\"billing\"]"),
    fault(
        "CB301",
        BILLING,
        "expression: topic == \"billing\" OR age > true",
    ),
    fault("CB301", BILLING, "expression: age CONTAINS 3"),
    fault(
        "CB301",
        BILLING,
        "expression: taskrouter.dayOfWeek == \"Monday\"",
    ),
    fault("CB301", HOURS, "expression: taskrouter.currentHour >= 900"),
    fault(
        "CB301",
        HOURS,
        "expression: type == \"chat\" AND taskrouter.currentTime > 2400",
    ),
    fault(
        "CB302",
        BILLING,
        "expression: topic == \"billing\" OR (topic == \"a\" AND topic == \"b\")",
    ),
    fault("CB303", STEP_1, "expression: level >= 3"),
    fault("CB303", STEP_BILLING, "expression: worker.skills HAS topic"),
    fault(
        "CB304",
        BILLING,
        "expression: worker.skills HAS \"billing\"",
    ),
    fault(
        "CB304",
        IN_ENGLISH,
        "target_workers: languages HAS task.language",
    ),
    fault("CB305", HOURS, "expression: taskrouter.hour >= 9"),
    fault(
        "CB305",
        HOURS,
        "expression: taskrouter.dayofweek == \"Mon\"",
    ),
    fault(
        "CB306",
        BILLING,
        "expression: '\"topic\" == \"billing\" OR topic == \"billing\"'",
    ),
    fault(
        "CB307",
        BILLING,
        "expression: type == \"chat\" AND returning == \"true\"",
    ),
    fault(
        "CB307",
        BILLING,
        "expression: type HAS \"chat\" AND topic == \"billing\"",
    ),
    fault(
        "CB308",
        BILLING,
        "expression: type == \"Chat\" AND topic == \"billing\"",
    ),
    fault(
        "CB309",
        ENGLISH,
        "expression: selected_langauge == \"en\" OR selected_language == \"en\"\n",
    ),
    fault(
        "CB310",
        ENGLISH,
        "expression: selected_language IN [\"en\", \"fr\"]\n",
    ),
    // TaskQueues, Workers of steps, names.
    fault("CB401", IN_HINDI, "target_workers: languages HAS \"ta\""),
    fault(
        "CB401",
        IN_HINDI,
        "target_workers: languages HAS \"hi\" AND level > 9",
    ),
    fault("CB402", IN_HINDI, "target_workers: level > 3 AND level < 2"),
    fault("CB403", STEP_1, "expression: worker.level >= 30"),
    fault(
        "CB403",
        STEP_BILLING,
        "expression: worker.region == \"west\"",
    ),
    fault(
        "CB404",
        "          - queue: Hindi\n",
        "          - queue: Everyone\n",
    ),
    fault(
        "CB406",
        "{ name: Available, available: true }",
        "{ name: Available, available: false }",
    ),
    fault(
        "CB407",
        IN_ENGLISH,
        "target_workers: langauges HAS \"en\" OR languages HAS \"en\"",
    ),
    fault(
        "CB407",
        STEP_BILLING,
        "expression: worker.topics HAS task.topic",
    ),
    fault("CB407", ORDER, "order_by: worker.levle DESC"),
    fault(
        "CB408",
        IN_ENGLISH,
        "target_workers: languages == \"en\" OR level > 1",
    ),
    fault(
        "CB408",
        STEP_1,
        "expression: worker.level >= \"3\" OR worker.level > 1",
    ),
    fault(
        "CB408",
        STEP_1,
        "expression: worker.region HAS \"north\" OR worker.level > 1",
    ),
    fault(
        "CB409",
        STEP_1,
        "expression: worker.friendly_name == \"Mayaa\"",
    ),
    fault(
        "CB409",
        STEP_BILLING,
        "expression: worker.sid == \"WK00000000000000000000000000000001\"",
    ),
    fault(
        "CB410",
        IN_ENGLISH,
        "target_workers: languages HAS \"en\" AND activity_name != \"Lunch\"",
    ),
    fault(
        "CB410",
        SKIP_IF,
        "skip_if: workers.WA00000000000000000000000000000001 == 0",
    ),
    fault("CB411", ORDER, "order_by: worker.region DESC"),
    fault("CB411", ORDER, "order_by: worker.languages ASC"),
    fault(
        "CB412",
        "capacity: { voice: 1, chat: 3 }\ntask_queues:\n  - name: English\n    target_workers: languages HAS \"en\"\n",
        "capacity: { voice: 0, chat: 3 }\ntask_queues:\n  - name: English\n    target_workers: languages HAS \"en\" AND level > 4\n",
    ),
    // Workers.
    fault("CB501", ", contact_uri: \"+17075550102\"", ""),
    fault("CB502", "\"+17075550102\"", "\"+17075550101\""),
    fault(
        "CB503",
        "    target_workers: languages HAS \"hi\"\n  - name: Everyone\n    target_workers: 1==1\n  - name: Voicemail\n    target_workers: skills HAS \"support\"\n",
        "    target_workers: languages HAS \"hi\" AND level > 1\n  - name: Everyone\n    target_workers: level > 2\n  - name: Voicemail\n    target_workers: level > 2\n",
    ),
    fault(
        "CB504",
        "capacity: { voice: 1, chat: 3 }",
        "capacity: { voice: 0, chat: 0 }",
    ),
    fault(
        "CB505",
        "  - name: Voicemail\n",
        "  - name: hindi\n    target_workers: level > 1\n  - name: Voicemail\n",
    ),
    fault(
        "CB505",
        "{ name: Wrap-Up, available: false }",
        "{ name: Wrap-Up, available: false }\n    - { name: wrap-up, available: false }",
    ),
    fault(
        "CB506",
        ARJUN,
        "{ Languages: [hi], skills: [support], level: 1, region: south, contact_uri: \"+17075550102\" }",
    ),
    fault(
        "CB506",
        ARJUN,
        "{ languages: [hi], skils: [support], level: 1, region: south, contact_uri: \"+17075550102\" }",
    ),
    fault(
        "CB507",
        ARJUN,
        "{ languages: hi, skills: [support], level: 1, region: south, contact_uri: \"+17075550102\" }",
    ),
    fault(
        "CB507",
        ARJUN,
        "{ languages: [hi], skills: [support], level: \"1\", region: south, contact_uri: \"+17075550102\" }",
    ),
    // Settings.
    fault(
        "CB601",
        "    reservation_timeout: 60s\n    filters:",
        "    reservation_timeout: 10s\n    filters:",
    ),
    fault(
        "CB602",
        "https://example.com/assignment",
        "http://example.com/assignment",
    ),
    fault(
        "CB602",
        "https://example.com/assignment",
        "https://192.168.1.4/assignment",
    ),
    fault(
        "CB602",
        "  default_activity: Offline",
        "  event_callback: http://localhost:8080/events\n  default_activity: Offline",
    ),
    fault(
        "CB603",
        "    assignment_callback: https://example.com/assignment\n",
        "    assignment_callback: https://example.com/assignment\n    fallback_assignment_callback: https://example.com/assignment\n",
    ),
    fault(
        "CB604",
        "{ name: Wrap-Up, available: false }",
        "{ name: Wrap-Up, available: true }",
    ),
    fault("CB605", "next: Available }", "next: Offline }"),
    // Comments.
    fault(
        "CB901",
        ENGLISH,
        "expression: selected_language == \"en\" # check: allow CB101\n",
    ),
    fault(
        "CB901",
        ENGLISH,
        "expression: selected_language == \"en\" # check: allow everything\n",
    ),
];

/// A fault in a Workflow's configuration in JSON.
pub struct DocumentFault {
    /// The rule that finds it.
    pub code: &'static str,
    /// The document.
    pub json: &'static str,
}

macro_rules! routing {
    ($filters:literal, $rest:literal) => {
        concat!(
            r#"{"task_routing":{"filters":["#,
            $filters,
            r#"]"#,
            $rest,
            r#"}}"#
        )
    };
}

/// A configuration without a fault.
pub const CLEAN_DOCUMENT: &str = routing!(
    r#"{"filter_friendly_name":"a","expression":"type=='a'","targets":[{"queue":"WQ00000000000000000000000000000001","timeout":10},{}]}"#,
    r#","default_filter":{"queue":"WQ00000000000000000000000000000002"}"#
);

pub const DOCUMENT_FAULTS: &[DocumentFault] = &[
    DocumentFault {
        code: "CB701",
        json: routing!(
            r#"{"filterFriendlyName":"a","expression":"type=='a'","targets":[{"queue":"WQ00000000000000000000000000000001"}]}"#,
            r#","default_filter":{"queue":"WQ00000000000000000000000000000002"}"#
        ),
    },
    DocumentFault {
        code: "CB701",
        json: routing!(
            r#"{"expression":"type=='a'","timeout":30,"targets":[{"queue":"WQ00000000000000000000000000000001"}]}"#,
            r#","default_filter":{"queue":"WQ00000000000000000000000000000002"}"#
        ),
    },
    DocumentFault {
        code: "CB701",
        json: routing!(
            r#""#,
            r#","default_filter":{"queue":"WQ00000000000000000000000000000002","timeout":30}"#
        ),
    },
    DocumentFault {
        code: "CB104",
        json: routing!(
            r#"{"expression":"type=='a'","targets":[{"queue":"WQ00000000000000000000000000000001"}]}"#,
            r#""#
        ),
    },
    DocumentFault {
        code: "CB201",
        json: routing!(
            r#"{"expression":"type=='a'","targets":[{"queue":"WQ00000000000000000000000000000001"},{"queue":"WQ00000000000000000000000000000002"}]}"#,
            r#","default_filter":{"queue":"WQ00000000000000000000000000000002"}"#
        ),
    },
    DocumentFault {
        code: "CB303",
        json: routing!(
            r#"{"expression":"type=='a'","targets":[{"queue":"WQ00000000000000000000000000000001","expression":"languages HAS 'en'"}]}"#,
            r#","default_filter":{"queue":"WQ00000000000000000000000000000002"}"#
        ),
    },
    DocumentFault {
        code: "CB702",
        json: r#"{"task_queues":[{"sid":"WQ00000000000000000000000000000001","friendly_name":"Q","target_workers":"1==1"}],"workflows":[{"friendly_name":"W","configuration":{"task_routing":{"filters":[],"default_filter":{"queue":"WQ00000000000000000000000000000002"}}}}]}"#,
    },
];
