//! Reports for programs.

use serde_json::{Value, json};

use crate::check::{Checked, Difference, Offer, Subject};
use crate::compare::{CallChange, Comparison, Totals};
use crate::world::{Outcome, WaitEnd};

/// The result of a check, with every Reservation.
pub fn checked(checked: &Checked) -> Value {
    json!({
        "writes": checked.writes,
        "created_tasks": checked.creations,
        "by_time": checked.by_time,
        "releases": checked.releases,
        "inputs": checked.inputs,
        "taken_over": checked.taken_over,
        "difference_count": checked.difference_count,
        "differences": checked.differences.iter().map(difference).collect::<Vec<_>>(),
        "reservations": checked.offers.iter().map(offer).collect::<Vec<_>>(),
    })
}

/// What another configuration would have done, with every Task that takes another course.
pub fn comparison(comparison: &Comparison) -> Value {
    json!({
        "recorded": totals(&comparison.recorded),
        "other": totals(&comparison.other),
        "assumption_errors": comparison.assumption_errors,
        "open": comparison.open,
        "changes": comparison.changes.iter().map(change).collect::<Vec<_>>(),
    })
}

fn difference(difference: &Difference) -> Value {
    let (sid, name) = match &difference.subject {
        Subject::Task(task) => (task.to_string(), None),
        Subject::Worker(worker, name) => (worker.to_string(), Some(name)),
    };
    json!({
        "at": difference.at.to_iso8601_millis(),
        "sid": sid,
        "worker_name": name,
        "topic": difference.topic.as_str(),
        "recorded": difference.recorded,
        "replayed": difference.replayed,
    })
}

fn offer(offer: &Offer) -> Value {
    json!({
        "at": offer.at.to_iso8601_millis(),
        "task_sid": offer.task.to_string(),
        "reservation_sid": offer.reservation.to_string(),
        "worker_sid": offer.worker.to_string(),
        "worker_name": offer.worker_name,
        "verdict": offer.verdict.as_str(),
    })
}

fn totals(totals: &Totals) -> Value {
    json!({
        "tasks": totals.tasks,
        "answered": totals.answered,
        "left": totals.left,
        "lost": totals.lost,
        "mean_wait_ms": totals.mean_wait().as_millis(),
        "longest_wait_ms": totals.longest_wait.as_millis(),
    })
}

fn change(change: &CallChange) -> Value {
    json!({
        "task_sid": change.task.to_string(),
        "created": change.created.to_iso8601_millis(),
        "recorded": outcome(&change.recorded),
        "other": outcome(&change.other),
        "another_worker": change.is_another_worker(),
        "waits_longer": change.waits_longer(),
        "waits_shorter": change.waits_shorter(),
        "lost": change.is_newly_lost(),
        "no_longer_lost": change.is_newly_answered(),
    })
}

fn outcome(outcome: &Outcome) -> Value {
    let (end, worker, name, reason) = match &outcome.end {
        WaitEnd::Answered { worker, name } => {
            ("answered", Some(worker.to_string()), Some(name), None)
        }
        WaitEnd::Left => ("left", None, None, None),
        WaitEnd::Lost(reason) => ("lost", None, None, Some(reason)),
        WaitEnd::Open => ("open", None, None, None),
    };
    json!({
        "end": end,
        "worker_sid": worker,
        "worker_name": name,
        "reason": reason,
        "wait_ms": outcome.wait.as_millis(),
    })
}
