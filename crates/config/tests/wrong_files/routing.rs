//! Messages about invalid capacities, queues, Workflows and steps; and warnings.

use config::read;

use super::small::{ACCOUNT, SMALL, check};

#[test]
fn capacity_is_bounded_per_channel() {
    check(&[
        (
            "{ voice: 2 }",
            "{ voice: 501 }",
            "18:24: voice: expected a whole number from 0 to 500, got 501",
        ),
        (
            "{ voice: 2 }",
            "{ chat: -1, voice: x }",
            "18:23: chat: expected a whole number from 0 to 500, got -1 AND \
             centre.yaml:18:34: voice: expected a whole number from 0 to 500, got \"x\"",
        ),
    ]);
}

#[test]
fn invalid_task_order_is_refused() {
    check(&[
        (
            "    max_reserved_workers: 1",
            "    task_order: LILO",
            "22:17: task_order: expected FIFO or LIFO, got \"LILO\"",
        ),
        (
            "    reservation_timeout: 2m",
            "    re_evaluate_tasks: always",
            "26:24: re_evaluate_tasks: expected true or false, got \"always\"",
        ),
    ]);
}

#[test]
fn invalid_step_is_refused() {
    let known = "expected a path into the Task such as task.agent_sid";
    check(&[
        (
            "            timeout: 1200",
            "            skip_if: workers.available == \"0\"",
            "32:22: skip_if: `\"0\"` cannot be in a skip_if: expected `workers.available`, `workers.unavailable`, \
             `workers.WA…` (the sid of an Activity) or a number",
        ),
        (
            "            timeout: 1200",
            "            skip_if: NOT workers.available > 0",
            "32:22: skip_if: `NOT` cannot be in a skip_if: conditions are joined with AND and OR only",
        ),
        (
            "            timeout: 1200",
            "            skip_if: workers.available HAS 1",
            "32:22: skip_if: `HAS` cannot be in a skip_if: expected ==, !=, <, <=, > or >=",
        ),
        (
            "            timeout: 1200",
            "            known_worker_sid: agent_sid",
            &format!("32:31: known_worker_sid: {known}, got \"agent_sid\""),
        ),
        (
            "            timeout: 1200",
            "            known_worker_friendly_name: task.9",
            &format!("32:41: known_worker_friendly_name: {known}, got \"task.9\""),
        ),
        (
            "            timeout: 1200",
            "            known_worker_sid: task.agent\n            known_worker_friendly_name: task.name",
            "33:41: known_worker_friendly_name: a target has this or known_worker_sid, not both",
        ),
        (
            "        expression: selected_language == \"en\"",
            "        queue: English",
            "29:16: queue: a filter has this or targets, not both",
        ),
    ]);
}

#[test]
fn likely_mistake_is_a_warning() {
    let warnings = |old: &str, new: &str| -> Vec<String> {
        assert_eq!(
            SMALL.matches(old).count(),
            1,
            "{old:?} must occur once in the file"
        );
        let read = read(&SMALL.replace(old, new), "centre.yaml", ACCOUNT)
            .expect("warnings do not make a file invalid");
        read.warnings.iter().map(ToString::to_string).collect()
    };
    assert_eq!(
        warnings("attempts_max: 3", "attempts_max: 2"),
        Vec::<String>::new()
    );
    assert_eq!(
        warnings("languages HAS \"en\"", "'\"languages\" HAS \"en\"'"),
        [
            "centre.yaml:21:21: target_workers: `\"languages\" HAS \"en\"` is about constants alone: a key is written \
             without quotes"
        ]
    );
    assert_eq!(
        warnings("priority: 5", "expression: \"'level' > 3\""),
        [
            "centre.yaml:33:25: expression: `\"level\" > 3` is about constants alone: a key is written without quotes"
        ]
    );
}
