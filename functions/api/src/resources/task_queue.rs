//! TaskQueue (taskrouter.md section 2.6).

use serde::Serialize;
use serde_json::Value;
use shared::model::{AccountSid, ActivitySid, Expression, TaskOrder, TaskQueue, TaskQueueSid, Workspace, WorkspaceSid};

use crate::answer::Answer;
use crate::call::Call;
use crate::error::ApiError;
use crate::parameters::Parameters;
use crate::view::View;

/// TaskQueues a Workspace may have (taskrouter.md section 14).
pub const TASK_QUEUES_MAX: usize = 5_000;

/// Workers who may be offered one Task at once (taskrouter.md section 14).
const RESERVED_WORKERS_MAX: u32 = 50;

/// What a queue asks of its Workers if nothing is said: nothing.
const EVERYBODY: &str = "1==1";

/// Parameters that mean nothing in a Workspace where Workers have several Tasks at once, as they do here.
const SINGLE_TASKING: [&str; 2] = ["ReservationActivitySid", "AssignmentActivitySid"];

/// `POST …/TaskQueues` with `FriendlyName`, `TargetWorkers`, `MaxReservedWorkers` and `TaskOrder`.
pub async fn create(call: &Call<'_>) -> Result<Answer, ApiError> {
    let [seed, count] = call.api.ids.next_cause();
    let queue = read(&call.form, TaskQueueSid::derive(&[&seed, &count]))?;
    let workspace = call.workspace().await?;
    if workspace.task_queues.len() >= TASK_QUEUES_MAX {
        return Err(ApiError::State(format!("The Workspace has {TASK_QUEUES_MAX} TaskQueues, as many as it may have")));
    }
    if workspace.task_queues.values().any(|known| known.friendly_name == queue.friendly_name) {
        return Err(ApiError::State("TaskQueue with the same friendly name already exists".to_owned()));
    }
    call.api.store.create_task_queue(workspace.sid, &queue).await?;
    Ok(Answer::created(render(&call.view, &workspace, &queue)?))
}

fn read(form: &Parameters, sid: TaskQueueSid) -> Result<TaskQueue, ApiError> {
    let friendly_name = form.friendly_name("FriendlyName")?.ok_or_else(|| ApiError::missing("FriendlyName"))?;
    for name in SINGLE_TASKING {
        let _without_effect: Option<ActivitySid> = form.sid(name)?;
    }
    let at_once = form.whole_number("MaxReservedWorkers", 1..=RESERVED_WORKERS_MAX)?;
    Ok(TaskQueue {
        sid,
        friendly_name: friendly_name.to_owned(),
        target_workers: target_workers(form.text("TargetWorkers").unwrap_or(EVERYBODY))?,
        max_reserved_workers: at_once.and_then(|number| u8::try_from(number).ok()).unwrap_or(1),
        task_order: form.parsed("TaskOrder", task_order)?.unwrap_or_default(),
    })
}

/// Only the syntax is checked: an unknown key is accepted and matches nobody. An empty expression is one, too.
fn target_workers(text: &str) -> Result<Option<Expression>, ApiError> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let expression = text.parse().map_err(|error| ApiError::parameter("TargetWorkers", format!("{error}")));
    expression.map(Some)
}

fn task_order(text: &str) -> Result<TaskOrder, String> {
    match text.to_ascii_uppercase().as_str() {
        "FIFO" => Ok(TaskOrder::Fifo),
        "LIFO" => Ok(TaskOrder::Lifo),
        _ => Err("expected FIFO or LIFO".to_owned()),
    }
}

#[derive(Serialize)]
struct TaskQueueResource<'a> {
    account_sid: AccountSid,
    /// This and the three below mean something only where a Worker has one Task at a time.
    assignment_activity_sid: Option<ActivitySid>,
    assignment_activity_name: Option<&'a str>,
    reservation_activity_sid: Option<ActivitySid>,
    reservation_activity_name: Option<&'a str>,
    /// Not kept: nothing in routing depends on it.
    date_created: Option<String>,
    date_updated: Option<String>,
    friendly_name: &'a str,
    max_reserved_workers: u8,
    sid: TaskQueueSid,
    target_workers: &'a str,
    task_order: TaskOrder,
    url: String,
    workspace_sid: WorkspaceSid,
    links: TaskQueueLinks,
}

#[derive(Serialize)]
struct TaskQueueLinks {
    workspace: String,
    assignment_activity: Option<String>,
    reservation_activity: Option<String>,
    statistics: String,
    real_time_statistics: String,
    cumulative_statistics: String,
    /// This and the one below are about all TaskQueues.
    list_statistics: String,
    bulk_real_time_statistics: String,
}

fn render(view: &View, workspace: &Workspace, queue: &TaskQueue) -> serde_json::Result<Value> {
    let home = view.workspace(workspace.sid);
    let (queues, url) = (format!("{home}/TaskQueues"), format!("{home}/TaskQueues/{}", queue.sid));
    serde_json::to_value(TaskQueueResource {
        account_sid: view.account_sid,
        assignment_activity_sid: None,
        assignment_activity_name: None,
        reservation_activity_sid: None,
        reservation_activity_name: None,
        date_created: None,
        date_updated: None,
        friendly_name: &queue.friendly_name,
        max_reserved_workers: queue.max_reserved_workers,
        sid: queue.sid,
        target_workers: queue.target_workers.as_ref().map(Expression::source).unwrap_or_default(),
        task_order: queue.task_order,
        workspace_sid: workspace.sid,
        links: TaskQueueLinks {
            workspace: home,
            assignment_activity: None,
            reservation_activity: None,
            statistics: format!("{url}/Statistics"),
            real_time_statistics: format!("{url}/RealTimeStatistics"),
            cumulative_statistics: format!("{url}/CumulativeStatistics"),
            list_statistics: format!("{queues}/Statistics"),
            bulk_real_time_statistics: format!("{queues}/RealTimeStatistics"),
        },
        url,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::samples;

    fn queue_of(form: &str) -> Result<TaskQueue, ApiError> {
        read(&Parameters::of_form(&http::HeaderMap::new(), form.as_bytes()).unwrap(), samples::QUEUE)
    }

    #[test]
    fn a_task_queue_has_every_property_of_the_official_document() {
        let workspace = samples::workspace();
        for queue in workspace.task_queues.values() {
            samples::assert_official("task_queue", &render(&samples::view(), &workspace, queue).unwrap());
        }
    }

    #[test]
    fn a_form_says_what_a_queue_is() {
        let queue = queue_of("FriendlyName=A&TargetWorkers=a+%3D%3D+1&MaxReservedWorkers=50&TaskOrder=LIFO").unwrap();
        assert_eq!(queue.target_workers.as_ref().map(Expression::source), Some("a == 1"));
        assert_eq!((queue.max_reserved_workers, queue.task_order), (50, TaskOrder::Lifo));
        let plain = queue_of("FriendlyName=A").unwrap();
        assert_eq!(plain.target_workers.as_ref().map(Expression::source), Some("1==1"));
        assert_eq!((plain.max_reserved_workers, plain.task_order), (1, TaskOrder::Fifo));
        assert_eq!(queue_of("FriendlyName=A&TargetWorkers=").unwrap().target_workers, None, "it matches nobody");
    }

    #[test]
    fn a_form_that_is_no_queue_is_refused_by_the_name_of_the_parameter() {
        for (form, sentence) in [
            ("", "FriendlyName field is required"),
            ("FriendlyName=+", "FriendlyName: expected 1 to 64 characters"),
            ("FriendlyName=A&TargetWorkers=skill-level+%3E+3", "TargetWorkers: "),
            ("FriendlyName=A&MaxReservedWorkers=51", "MaxReservedWorkers: expected a whole number from 1 to 50"),
            ("FriendlyName=A&MaxReservedWorkers=0", "MaxReservedWorkers: "),
            ("FriendlyName=A&TaskOrder=oldest", "TaskOrder: expected FIFO or LIFO"),
            ("FriendlyName=A&ReservationActivitySid=x", "ReservationActivitySid: "),
        ] {
            let message = queue_of(form).unwrap_err().to_string();
            assert!(message.starts_with(sentence), "{form}: {message}");
        }
    }
}
