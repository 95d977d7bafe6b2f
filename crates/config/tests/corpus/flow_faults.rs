//! Planted faults of flows: `flows.yaml` with one change each, and the rule that must find it. The file
//! itself is the clean twin of all of them.

use crate::faults::{Fault, fault};

const MENU: &str = "          1: { phrases: [bill, invoice], then: bills }\n          2: { phrases: [move], then: moves }\n";
const FIRST_CASE: &str = "        - { if: 'lists HAS \"vip\"', then: [ tag: vip ] }\n";

pub const FLOW_FAULTS: &[Fault] = &[
    fault("CB801", "  \"+17075550112\": emergency\n", ""),
    fault(
        "CB801",
        "          2: { phrases: [move], then: moves }\n",
        "",
    ),
    fault(
        "CB802",
        "    - go_to: support\n  moves:",
        "    - go_to: support\n    - say: Goodbye.\n  moves:",
    ),
    fault(
        "CB802",
        "        - { else: support }\n",
        "        - { else: support }\n    - say: Goodbye.\n",
    ),
    fault(
        "CB803",
        "    - voicemail: { queue: Support }\n",
        "    - say: Please call again.\n    - go_to: message\n",
    ),
    fault(
        "CB803",
        "    - use: account\n",
        "    - branch: [{ if: customer == \"x\", then: again }, { else: again }]\n      name: again\n    - use: account\n",
    ),
    fault(
        "CB804",
        MENU,
        "          1: { phrases: [bill, invoice], then: repeat }\n          2: repeat\n",
    ),
    fault("CB806", "phrases: [move]", "phrases: [move, invoice]"),
    fault(
        "CB806",
        "phrases: [move]",
        "phrases: { en: [move], de: [Bill!] }",
    ),
    fault(
        "CB807",
        FIRST_CASE,
        "        - { if: 'language == \"de\" AND language == \"en\"', then: message }\n",
    ),
    fault(
        "CB807",
        FIRST_CASE,
        "        - { if: queue.support.waiting > 5 AND queue.support.waiting < 2, then: message }\n",
    ),
    fault(
        "CB808",
        FIRST_CASE,
        "        - { if: queue.support.waiting > 2, then: message }\n",
    ),
    fault(
        "CB808",
        "        - { if: queue.support.staffed == false, then: stand_by }\n",
        "        - { if: queue.support.staffed == false, then: stand_by }\n        - { if: queue.support.staffed != false, then: support }\n",
    ),
    fault(
        "CB809",
        "hours: { calendar: office, closed: message }",
        "hours: { calendar: office }",
    ),
    fault(
        "CB809",
        "    - voicemail: { queue: Support }\n",
        "    - branch: [{ if: 'lists HAS \"vip\"', then: next }]\n    - voicemail: { queue: Support }\n",
    ),
    fault(
        "CB810",
        "    - hours: { calendar: office, closed: message }\n",
        "",
    ),
    fault("CB811", FIRST_CASE, ""),
    fault(
        "CB812",
        "[2026-12-25 Christmas Day, 2026-01-01 New Year]",
        "[2025-12-25 Christmas Day, 2026-01-01 New Year]",
    ),
    fault(
        "CB813",
        "    - voicemail: { queue: Support }\n",
        "    - collect: { into: reason, say: Why do you call?, speech: true }\n    - voicemail: { queue: Support }\n",
    ),
    fault("CB813", "send: [account, pin]", "send: [account]"),
    fault(
        "CB814",
        "\"Hello, {customer}.\"",
        "\"Hello, {customer}. {pin}\"",
    ),
    fault(
        "CB814",
        "    - go_to: support\n  moves:",
        "    - set: { note: \"PIN {pin}\" }\n    - go_to: support\n  moves:",
    ),
    fault("CB815", "9: { language: de, then: repeat }", "9: repeat"),
    fault("CB816", "to: \"+17075550199\"", "to: \"+17075550112\""),
    fault("CB310", "language == \"de\"", "language == \"fr\""),
    fault(
        "CB602",
        "https://example.com/customers",
        "http://10.0.0.7/customers",
    ),
    fault(
        "CB401",
        "target_workers: skills HAS \"support\"",
        "target_workers: skills HAS \"bills\"",
    ),
    fault("CB501", ", contact_uri: \"+17075550101\"", ""),
];
