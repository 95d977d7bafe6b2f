//! Renders an explanation as text for a terminal.

use std::fmt::Write;

use task_router::router::explain::{
    Ahead, Candidate, Channel, Queue, Reason, TaskExplanation, Waiting, WorkerExplanation,
};
use vocabulary::visible;

/// Renders why a Task waits.
pub fn task(explanation: &TaskExplanation) -> String {
    let mut text = Text::default();
    text.line(
        0,
        &format!("Task {}: {}", explanation.task_sid, explanation.summary),
    );
    text.line(0, "");
    text.line(
        1,
        &format!("status     {}", explanation.assignment_status.as_str()),
    );
    text.line(
        1,
        &format!("since      {}", explanation.waiting_since.to_iso8601()),
    );
    text.line(
        1,
        &format!(
            "channel    {}, priority {}",
            explanation.task_channel_unique_name, explanation.priority
        ),
    );
    let ahead = explanation
        .ahead
        .map(|ahead| format!(", {} before it", count(ahead, "Task")))
        .unwrap_or_default();
    text.line(
        1,
        &format!("TaskQueue  {}{ahead}", explanation.task_queue_friendly_name),
    );
    if let Some(journey) = &explanation.workflow {
        let name = journey
            .workflow_friendly_name
            .as_deref()
            .unwrap_or("(deleted)");
        text.line(1, &format!("Workflow   {name}: {}", journey.place));
        for (what, expression) in [
            ("filter", &journey.filter_expression),
            ("step", &journey.step_expression),
        ] {
            if let Some(expression) = expression {
                text.line(1, &format!("{what:<9}  {expression}"));
            }
        }
        text.line(1, &format!("waits      {}", journey.outlook));
    }
    let (of_queue, others): (Vec<_>, Vec<_>) = explanation
        .workers
        .iter()
        .partition(|worker| worker.in_task_queue);
    text.candidates(
        &format!(
            "Workers of TaskQueue {}",
            explanation.task_queue_friendly_name
        ),
        &of_queue,
        explanation.more_in_task_queue,
    );
    text.candidates("Other Workers", &others, explanation.more_outside);
    if explanation.more_not_looked_at {
        text.line(0, "");
        text.line(0, "The Workspace has more Workers that were not examined.");
    }
    text.0
}

/// Renders why a Worker is offered no Task.
pub fn worker(explanation: &WorkerExplanation) -> String {
    let mut text = Text::default();
    text.line(
        0,
        &format!("Worker {}: {}", explanation.worker_sid, explanation.summary),
    );
    text.line(0, "");
    let takes = if explanation.available {
        "takes Tasks"
    } else {
        "takes no Tasks"
    };
    let since = explanation.date_status_changed.to_iso8601();
    text.line(
        1,
        &format!(
            "Activity   {}, which {takes}, since {since}",
            explanation.activity_name
        ),
    );
    for channel in &explanation.channels {
        text.line(
            1,
            &format!(
                "{:<9}  {}",
                channel.task_channel_unique_name.as_str(),
                capacity(channel)
            ),
        );
    }
    text.waiting(
        "Tasks that wait for this Worker only",
        &explanation.waiting_for_them,
    );
    for queue in &explanation.task_queues {
        text.queue(queue);
    }
    text.more(
        0,
        explanation.more_served,
        "TaskQueues that this Worker serves",
    );
    text.more(
        0,
        explanation.more_not_served,
        "TaskQueues that this Worker does not serve",
    );
    text.0
}

fn capacity(channel: &Channel) -> String {
    let closed = if channel.available {
        ""
    } else {
        ", set to unavailable"
    };
    let held: Vec<String> = channel.task_sids.iter().map(ToString::to_string).collect();
    let held = if held.is_empty() {
        String::new()
    } else {
        format!(": {}", held.join(", "))
    };
    format!(
        "{} of {} taken{closed}{held}",
        channel.occupied, channel.configured_capacity
    )
}

fn count(count: Ahead, one: &str) -> String {
    let at_least = if count.at_least { "at least " } else { "" };
    format!(
        "{at_least}{} {one}{}",
        count.tasks,
        if count.tasks == 1 { "" } else { "s" }
    )
}

/// Lines, indented by two spaces per level.
#[derive(Default)]
struct Text(String);

impl Text {
    /// A name of an earlier version may contain a terminal's escape sequence.
    fn line(&mut self, depth: usize, line: &str) {
        let line = visible(line);
        // Writing to a `String` does not fail.
        let _written = writeln!(
            self.0,
            "{}{line}",
            "  ".repeat(if line.is_empty() { 0 } else { depth })
        );
    }

    fn more(&mut self, depth: usize, more: usize, of_what: &str) {
        if more > 0 {
            self.line(depth, &format!("and {more} more {of_what}"));
        }
    }

    fn candidates(&mut self, title: &str, candidates: &[&Candidate], more: usize) {
        if candidates.is_empty() && more == 0 {
            return;
        }
        self.line(0, "");
        self.line(0, title);
        for candidate in candidates {
            self.line(
                1,
                &format!("{} ({})", candidate.friendly_name, candidate.activity_name),
            );
            self.reasons(&candidate.obstacles, "is offered the Task at once");
        }
        self.more(1, more, "Workers");
    }

    fn waiting(&mut self, title: &str, waiting: &[Waiting]) {
        if waiting.is_empty() {
            return;
        }
        self.line(0, "");
        self.line(0, title);
        self.tasks(waiting);
    }

    fn tasks(&mut self, waiting: &[Waiting]) {
        for task in waiting {
            let kind = format!(
                "{}, priority {}",
                task.task_channel_unique_name, task.priority
            );
            self.line(1, &format!("Task {} ({kind})", task.task_sid));
            self.reasons(&task.obstacles, "is offered to this Worker at once");
        }
    }

    fn queue(&mut self, queue: &Queue) {
        let waiting = queue.waiting.map_or_else(
            || "not examined".to_owned(),
            |waiting| format!("{} waiting", count(waiting, "Task")),
        );
        let serves = if queue.serves { "" } else { ", not a member" };
        self.line(0, "");
        self.line(
            0,
            &format!("TaskQueue {}: {waiting}{serves}", queue.friendly_name),
        );
        match &queue.obstacle {
            Some(obstacle) => self.reasons(std::slice::from_ref(obstacle), ""),
            None => self.tasks(&queue.tasks),
        }
    }

    /// The obstacles; below an expression, its false parts are marked.
    fn reasons(&mut self, reasons: &[Reason], none: &str) {
        if reasons.is_empty() {
            self.line(2, &format!("✓ {none}"));
        }
        for reason in reasons {
            self.line(2, &format!("✗ {}", reason.text));
            let Some(expression) = &reason.expression else {
                continue;
            };
            let pieces = expression.marked();
            self.line(
                4,
                &pieces
                    .iter()
                    .map(|(piece, _)| piece.as_str())
                    .collect::<String>(),
            );
            let mark = |(piece, is_false): &(String, bool)| {
                if *is_false { "^" } else { " " }.repeat(piece.chars().count())
            };
            self.line(4, pieces.iter().map(mark).collect::<String>().trim_end());
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of_expression() -> serde_json::Value {
        let clause = json!({
            "text": "`worker.level >= 3` is false: `worker.level` is 2", "clause": "worker.level >= 3", "column": 24, "is": false,
            "left": { "operand": "worker.level", "value": "2" }, "operator": ">=", "right": { "operand": "3", "value": "3" }, "hint": null,
        });
        json!({
            "kind": "step_expression", "text": "the step’s expression: `worker.level >= 3` is false: `worker.level` is 2",
            "until": null, "capacity": null, "task_sids": [],
            "expression": { "expression": "worker.vip != true AND worker.level >= 3", "because": clause, "more": 0 },
        })
    }

    #[test]
    fn task_is_rendered_down_to_false_clause() {
        let explanation: TaskExplanation = serde_json::from_value(json!({
            "task_sid": "WT00000000000000000000000000000001", "workspace_sid": "WS00000000000000000000000000000001",
            "summary": "The only Worker in TaskQueue English, Maya, cannot take it.",
            "assignment_status": "pending", "priority": 5, "task_channel_unique_name": "voice",
            "task_queue_sid": "WQ00000000000000000000000000000001", "task_queue_friendly_name": "English",
            "waiting_since": "2026-11-23T12:00:00Z",
            "workflow": {
                "workflow_sid": "WW00000000000000000000000000000001", "workflow_friendly_name": "Calls",
                "filter_friendly_name": "English", "filter_expression": "selected_language == \"en\"", "is_default_filter": false,
                "step": 1, "steps": 2, "step_expression": "worker.vip != true AND worker.level >= 3", "known_worker": null,
                "place": "step 1 of 2 of filter English", "ends_at": "2026-11-23T12:01:00Z",
                "next": { "is_canceled": false, "text": "step 2 of 2 of filter English, TaskQueue English", "task_queue_sid": null },
                "outlook": "until 12:01:00 UTC, in 40 s; then step 2 of 2 of filter English, TaskQueue English",
            },
            "ahead": { "tasks": 100, "at_least": true }, "reservations": [],
            "workers": [{
                "worker_sid": "WK00000000000000000000000000000001", "friendly_name": "Maya", "activity_name": "Available",
                "in_task_queue": true, "could_take": false, "obstacles": [of_expression()],
            }],
            "more_in_task_queue": 0, "more_outside": 7, "more_not_looked_at": false,
        }))
        .unwrap();
        let expected = "\
Task WT00000000000000000000000000000001: The only Worker in TaskQueue English, Maya, cannot take it.

  status     pending
  since      2026-11-23T12:00:00Z
  channel    voice, priority 5
  TaskQueue  English, at least 100 Tasks before it
  Workflow   Calls: step 1 of 2 of filter English
  filter     selected_language == \"en\"
  step       worker.vip != true AND worker.level >= 3
  waits      until 12:01:00 UTC, in 40 s; then step 2 of 2 of filter English, TaskQueue English

Workers of TaskQueue English
  Maya (Available)
    ✗ the step’s expression: `worker.level >= 3` is false: `worker.level` is 2
        worker.vip != true AND worker.level >= 3
                               ^^^^^^^^^^^^^^^^^

Other Workers
  and 7 more Workers
";
        let shown = task(&explanation);
        assert!(shown == expected, "{shown}");
    }

    #[test]
    fn worker_is_rendered_down_to_waiting_tasks() {
        let waiting = json!({
            "task_sid": "WT00000000000000000000000000000002", "task_queue_sid": "WQ00000000000000000000000000000001",
            "task_channel_unique_name": "voice", "priority": 0, "waiting_since": "2026-11-23T12:00:00Z",
            "could_take": true, "obstacles": [],
        });
        let explanation: WorkerExplanation = serde_json::from_value(json!({
            "worker_sid": "WK00000000000000000000000000000001", "workspace_sid": "WS00000000000000000000000000000001",
            "friendly_name": "Maya", "summary": "Something comes.", "activity_sid": "WA00000000000000000000000000000001",
            "activity_name": "Available", "available": true, "date_status_changed": "2026-11-23T12:00:00Z",
            "channels": [{
                "task_channel_unique_name": "voice", "available": false, "configured_capacity": 2, "occupied": 1,
                "has_slot": false, "task_sids": ["WT00000000000000000000000000000003"],
            }],
            "waiting_for_them": [],
            "task_queues": [
                { "task_queue_sid": "WQ00000000000000000000000000000001", "friendly_name": "English", "serves": true, "obstacle": null,
                  "waiting": { "tasks": 1, "at_least": false }, "tasks": [waiting] },
                { "task_queue_sid": "WQ00000000000000000000000000000002", "friendly_name": "Hindi", "serves": false, "obstacle": of_expression(),
                  "waiting": null, "tasks": [] },
            ],
            "more_served": 0, "more_not_served": 3,
        }))
        .unwrap();
        let expected = "\
Worker WK00000000000000000000000000000001: Something comes.

  Activity   Available, which takes Tasks, since 2026-11-23T12:00:00Z
  voice      1 of 2 taken, set to unavailable: WT00000000000000000000000000000003

TaskQueue English: 1 Task waiting
  Task WT00000000000000000000000000000002 (voice, priority 0)
    ✓ is offered to this Worker at once

TaskQueue Hindi: not examined, not a member
    ✗ the step’s expression: `worker.level >= 3` is false: `worker.level` is 2
        worker.vip != true AND worker.level >= 3
                               ^^^^^^^^^^^^^^^^^
and 3 more TaskQueues that this Worker does not serve
";
        let shown = worker(&explanation);
        assert!(shown == expected, "{shown}");
    }
}
