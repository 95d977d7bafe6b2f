//! Real-time statistics: the Tasks and Workers of this moment (taskrouter.md section 13,
//! "Real-time").

use std::collections::BTreeMap;

use ids::{TaskQueueSid, TaskSid};
use serde_json::{Value, json};
use task_router::model::{AssignmentStatus, Worker, Workspace};
use task_router::router::is_eligible;
use task_router::statistics::{ActiveTask, ActiveTasks};

use super::object::{Object, fields};
use super::query::{Query, Scope};

/// The Tasks of a Workspace, a TaskQueue or a Workflow. Ended Tasks are counted by status for as
/// long as they are readable.
pub fn of_tasks(active: &ActiveTasks, query: &Query, scope: Scope) -> Object {
    let tasks: Vec<(TaskSid, &ActiveTask)> = active
        .tasks()
        .filter(|(_, task)| scope.contains(&task.cell) && query.includes(task.cell.channel))
        .collect();
    let mut by_status: BTreeMap<&str, u64> = AssignmentStatus::ALL
        .map(|status| (status.as_str(), 0))
        .into();
    let mut by_priority: BTreeMap<String, u64> = BTreeMap::new();
    let mut total = 0_u64;
    for (_, task) in &tasks {
        *by_status.entry(task.status.as_str()).or_default() += 1;
        if !task.status.is_end() {
            *by_priority.entry(task.priority.to_string()).or_default() += 1;
            total += 1;
        }
    }
    let now = query.now.as_secs();
    let (waiting_age, waiting_sid) = longest(&tasks, now, |task| task.created_secs);
    let mut object = fields(json!({
        "longest_task_waiting_age": waiting_age,
        "longest_task_waiting_sid": waiting_sid,
        "tasks_by_priority": by_priority,
        "tasks_by_status": by_status,
        "total_tasks": total,
    }));
    if let Scope::Queue(_) = scope {
        let (age, sid) = longest(&tasks, now, |task| task.entered_secs);
        object.extend(fields(json!({
            "longest_relative_task_age_in_queue": age,
            "longest_relative_task_sid_in_queue": sid,
        })));
    }
    object
}

/// The Workers of a Workspace.
pub fn of_workers(workers: &[Worker], workspace: &Workspace) -> Object {
    fields(
        json!({ "total_workers": workers.len(), "activity_statistics": activities(workers.iter(), workspace) }),
    )
}

/// The Workers who are eligible for a TaskQueue.
pub fn of_queue(workers: &[Worker], workspace: &Workspace, queue: TaskQueueSid) -> Object {
    let eligible: Vec<&Worker> = workers
        .iter()
        .filter(|worker| is_eligible(workspace, worker, queue))
        .collect();
    let available = eligible
        .iter()
        .filter(|worker| workspace.is_available(worker.activity_sid))
        .count();
    fields(json!({
        "total_eligible_workers": eligible.len(),
        "total_available_workers": available,
        "activity_statistics": activities(eligible.into_iter(), workspace),
    }))
}

fn activities<'w>(workers: impl Iterator<Item = &'w Worker>, workspace: &Workspace) -> Value {
    let mut counts = BTreeMap::new();
    for worker in workers {
        *counts.entry(worker.activity_sid).or_insert(0_u64) += 1;
    }
    let shown = workspace.activities_in_order().into_iter().map(|activity| {
        let workers = counts.get(&activity.sid).copied().unwrap_or(0);
        json!({ "sid": activity.sid, "friendly_name": activity.friendly_name, "workers": workers })
    });
    shown.collect()
}

/// Age in seconds and SID of the pending Task with the earliest `since`; 0 and `None` without
/// pending Tasks.
fn longest(
    tasks: &[(TaskSid, &ActiveTask)],
    now: i64,
    since: impl Fn(&ActiveTask) -> i64,
) -> (i64, Option<TaskSid>) {
    let pending = tasks
        .iter()
        .filter(|(_, task)| task.status == AssignmentStatus::Pending);
    let first = pending.map(|(sid, task)| (since(task), *sid)).min();
    first.map_or((0, None), |(since, sid)| {
        (now.saturating_sub(since).max(0), Some(sid))
    })
}
