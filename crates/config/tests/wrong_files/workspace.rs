//! Messages about invalid channels, rules and events of the workspace.

use super::small::check;

/// Each case adds one line to the workspace. It is line 6 of the file, and its key begins at column
/// 3.
#[track_caller]
fn check_lines(cases: &[(&str, &str)]) {
    let name = "  name: Small\n";
    let with_line = |line: &str| format!("{name}  {line}\n");
    let lines: Vec<String> = cases.iter().map(|(line, _)| with_line(line)).collect();
    let cases: Vec<_> = lines
        .iter()
        .zip(cases)
        .map(|(line, (_, expected))| (name, line.as_str(), *expected))
        .collect();
    check(&cases);
}

#[test]
fn invalid_task_channel_is_refused() {
    check_lines(&[
        (
            "task_channels: voice",
            "6:18: task_channels: expected a list, got \"voice\"",
        ),
        (
            "task_channels: [{ name: chat }]",
            "6:18: task_channels: expected \"voice\" among them, the channel of telephone calls",
        ),
        (
            "task_channels: [{ name: voice }, { name: live-chat }]",
            "6:44: name: a TaskChannel's unique name has 1 to 64 letters, digits, `_` or `$` and does not begin with a \
             digit, got \"live-chat\"",
        ),
        (
            "task_channels: [{ name: voice }, { name: voice }]",
            "6:44: the task channel \"voice\" is declared twice, first in line 6",
        ),
        (
            "task_channels: [{ name: voice, friendly_name: '' }]",
            "6:49: friendly_name: expected a name of 1 to 64 characters, got 0 characters",
        ),
        (
            "task_channels: [{ name: voice, capacity: 2 }]",
            "6:34: unknown key \"capacity\" in a task channel; allowed: name, friendly_name, optimized_routing, \
             after_conversation.",
        ),
        (
            "task_channels: [{ name: voice, optimized_routing: 1 }]",
            "6:53: optimized_routing: expected true or false, got 1",
        ),
        (
            "task_channels: [{ name: voice, after_conversation: hang_up }]",
            "6:54: after_conversation: expected complete, wrap or { wrap_for: 60s }, got \"hang_up\"",
        ),
        (
            "task_channels: [{ name: voice, after_conversation: { wrap_for: 25h } }]",
            "6:66: wrap_for: expected a duration such as 120s, 20m or 1h, from 1s to 86400s, got \"25h\"",
        ),
        (
            "task_channels: [{ name: voice, after_conversation: { wrap: 60s } }]",
            "6:54: after_conversation needs the key \"wrap_for\" AND \
             centre.yaml:6:56: unknown key \"wrap\" in after_conversation; allowed: wrap_for.",
        ),
    ]);
}

#[test]
fn invalid_rule_lists_the_choices() {
    check_lines(&[
        (
            "prioritize_queue_order: fifo",
            "6:27: prioritize_queue_order: expected FIFO or LIFO, got \"fifo\"",
        ),
        (
            "on_timeout: leave",
            "6:15: on_timeout: expected compatible or stay, got \"leave\"",
        ),
        (
            "after_failed_reservation: next",
            "6:29: after_failed_reservation: expected stay_in_step or next_step, got \"next\"",
        ),
        (
            "reoffer_pause: 2h",
            "6:18: reoffer_pause: expected a duration such as 120s, 20m or 1h, from 0s to 3600s, got \"2h\"",
        ),
        (
            "ended_task_kept: 400h",
            "6:20: ended_task_kept: expected a duration such as 120s, 20m or 1h, from 0s to 1209600s, got \"400h\"",
        ),
        (
            "task_queues_max: 0",
            "6:20: task_queues_max: expected a whole number from 1 to 20000, got 0",
        ),
        (
            "workers_max: 15001",
            "6:16: workers_max: expected a whole number from 1 to 15000, got 15001",
        ),
        (
            "waiting_calls_max: 10001",
            "6:22: waiting_calls_max: expected a whole number from 1 to 10000, got 10001",
        ),
    ]);
}

#[test]
fn invalid_event_settings_are_refused() {
    check_lines(&[
        (
            "event_callback: /events",
            "6:19: event_callback: expected a URL such as https://example.com/events, got \"/events\"",
        ),
        (
            "events_filter: [task.created, task.cancelled]",
            "6:33: events_filter: unknown event type \"task.cancelled\". Did you mean \"task.canceled\"?",
        ),
        (
            "events_filter: task.created",
            "6:18: events_filter: expected a list, got \"task.created\"",
        ),
        (
            "events_filter: [[]]",
            "6:19: events_filter: expected an event type such as task.created, got a list",
        ),
    ]);
}
