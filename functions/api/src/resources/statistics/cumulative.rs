//! Cumulative statistics: counts of a time range (taskrouter.md section 13, "Cumulative").

use ids::WorkerSid;
use serde_json::{Value, json};
use task_router::statistics::{Counter, Tallies, Tally, WaitTimes};

use super::object::{Object, fields};
use super::query::{Query, Scope};

/// The counts of a Workspace, a TaskQueue or a Workflow.
pub fn of_tasks(tallies: &Tallies, query: &Query, scope: Scope) -> Object {
    let tally = tallies.of_tasks(|cell| scope.contains(cell) && query.includes(cell.channel));
    let mut object = reservations(&tally, query);
    object.extend(fields(json!({
        "avg_task_acceptance_time": tally.until_accepted.avg_secs(),
        "tasks_canceled": tally.get(Counter::TasksCanceled),
        "tasks_completed": tally.get(Counter::TasksCompleted),
        "tasks_deleted": tally.get(Counter::TasksDeleted),
        "tasks_moved": tally.get(Counter::TasksMoved),
        "wait_duration_until_accepted": shown(&tally.until_accepted),
        "wait_duration_until_canceled": shown(&tally.until_canceled),
        "split_by_wait_time": split(&tally, &query.splits),
    })));
    let timed_out = tally.get(Counter::TasksTimedOutInWorkflow);
    object.extend(match scope {
        Scope::Workspace => fields(json!({
            "tasks_created": tally.get(Counter::TasksCreated),
            "tasks_timed_out_in_workflow": timed_out,
        })),
        Scope::Queue(_) => fields(json!({
            "tasks_entered": tally.get(Counter::TasksEnteredQueue),
            "wait_duration_in_queue_until_accepted": shown(&tally.in_queue_until_accepted),
        })),
        Scope::Workflow(_) => fields(json!({
            "tasks_entered": tally.get(Counter::TasksEnteredWorkflow),
            "tasks_timed_out_in_workflow": timed_out,
        })),
    });
    object
}

/// The counts of Workers, without their times in each Activity.
pub fn of_workers(
    tallies: &Tallies,
    query: &Query,
    includes: impl Fn(WorkerSid) -> bool,
) -> Object {
    reservations(
        &tallies.of_offers(|cell| includes(cell.worker) && query.includes(cell.channel)),
        query,
    )
}

fn reservations(tally: &Tally, query: &Query) -> Object {
    fields(json!({
        "start_time": query.from.to_iso8601(),
        "end_time": query.end.to_iso8601(),
        "reservations_created": tally.get(Counter::ReservationsCreated),
        "reservations_accepted": tally.get(Counter::ReservationsAccepted),
        "reservations_rejected": tally.get(Counter::ReservationsRejected),
        "reservations_timed_out": tally.get(Counter::ReservationsTimedOut),
        "reservations_canceled": tally.get(Counter::ReservationsCanceled),
        "reservations_rescinded": tally.get(Counter::ReservationsRescinded),
    }))
}

fn shown(waits: &WaitTimes) -> Value {
    json!({
        "avg": waits.avg_secs(),
        "min": waits.min_secs(),
        "max": waits.max_secs(),
        "total": waits.total_secs(),
    })
}

/// For each threshold in seconds, the Tasks that waited for less, `below`, and the others, `above`.
/// A service level, such as the share of Tasks accepted within 20 s, is computed from these counts.
fn split(tally: &Tally, thresholds: &[u32]) -> Value {
    let accepted = &tally.until_accepted;
    let canceled = &tally.until_canceled;
    let one = |threshold: &u32| {
        let below = (accepted.below(*threshold), canceled.below(*threshold));
        let above = (
            accepted.count().saturating_sub(below.0),
            canceled.count().saturating_sub(below.1),
        );
        (
            threshold.to_string(),
            json!({ "above": side(above), "below": side(below) }),
        )
    };
    Value::Object(thresholds.iter().map(one).collect())
}

/// One side of a threshold: the Tasks that were accepted, and those that were canceled.
fn side((accepted, canceled): (u64, u64)) -> Value {
    json!({ "reservations_accepted": accepted, "tasks_canceled": canceled })
}
