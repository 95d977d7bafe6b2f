//! What must be true at the end of a day in the cloud.

use std::collections::BTreeMap;

use ids::TaskSid;
use serde_json::Value;
use task_router::model::AssignmentStatus;

use super::day::POISON;
use super::people::People;
use super::stack::Stack;
use crate::deployment::{ACCOUNT_SID, AUTH_TOKEN};

/// What must be true and is not, a sentence each. `tasks` counts the Tasks by their status.
pub(super) async fn violations(
    people: &People<'_>,
    tasks: &mut BTreeMap<String, usize>,
) -> Vec<String> {
    let stack = people.stack;
    let mut violations = Vec::new();
    for caller in &people.callers {
        let sid = TaskSid::of_call(caller.call);
        let Some(task) = stack.store.task(sid).await.unwrap() else {
            if caller.has_pressed && caller.hangs_up_at.is_none() {
                violations.push(format!("{sid}: there is no Task"));
            }
            continue;
        };
        let status = task.assignment_status;
        *tasks.entry(format!("{status:?}")).or_default() += 1;
        // The network knows it: a caller without patience may hang up in the moment of the bridge.
        let was_connected = people.was_connected(caller).await;
        let is_expected = match status {
            AssignmentStatus::Completed => was_connected,
            AssignmentStatus::Canceled => !was_connected,
            AssignmentStatus::Pending
            | AssignmentStatus::Reserved
            | AssignmentStatus::Assigned
            | AssignmentStatus::Wrapping => false,
        };
        if !is_expected {
            violations.push(format!("{sid} is {status:?}, connected: {was_connected}"));
        }
        if !was_connected && caller.hangs_up_at.is_none() {
            violations.push(format!("{sid}: the caller waited and was not connected"));
        }
        violations.extend(missing_events(stack, sid, status).await);
    }
    violations.extend(dead_letters(stack).await);
    violations
}

/// The Events of a Task: created and ended once each, and accepted once if there was a conversation.
async fn missing_events(stack: &Stack, task: TaskSid, status: AssignmentStatus) -> Vec<String> {
    let workspace = stack.contact_centre.workspace.sid;
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = format!(
        "{}/v1/Workspaces/{workspace}/Events?TaskSid={task}&PageSize=100",
        stack.api
    );
    let request = http.get(url).basic_auth(ACCOUNT_SID, Some(AUTH_TOKEN));
    let page: Value = request.send().await.unwrap().json().await.unwrap();
    let events = page["events"].as_array().cloned().unwrap_or_default();
    let count = |kind: &str| {
        events
            .iter()
            .filter(|event| event["event_type"] == kind)
            .count()
    };
    let is_completed = status == AssignmentStatus::Completed;
    [
        ("task.created", 1),
        ("task.completed", usize::from(is_completed)),
        ("task.canceled", usize::from(!is_completed)),
        ("reservation.accepted", usize::from(is_completed)),
    ]
    .into_iter()
    .filter(|(kind, expected)| count(kind) != *expected)
    .map(|(kind, expected)| {
        format!(
            "{task}: {} Events {kind} instead of {expected}",
            count(kind)
        )
    })
    .collect()
}

/// Dead letters that should not be there, and the one that should.
async fn dead_letters(stack: &Stack) -> Vec<String> {
    let mut violations = Vec::new();
    for name in stack
        .queues
        .values()
        .filter(|name| name.contains("DeadLetters"))
    {
        let count = stack.messages(name).await;
        if count > 0 {
            violations.push(format!("{name}: {count} messages"));
        }
    }
    let objects = stack.aws.objects(&stack.bucket).await;
    let records: Vec<&Value> = objects
        .iter()
        .flat_map(|object| {
            object["payload"]["Records"]
                .as_array()
                .into_iter()
                .flatten()
        })
        .collect();
    let is_poison = |record: &&Value| record["dynamodb"]["Keys"]["pk"]["S"] == POISON;
    if records.len() != 1 || !records.iter().all(is_poison) {
        violations.push(format!("discarded records: {records:?}"));
    }
    violations
}
