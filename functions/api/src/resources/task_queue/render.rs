//! The JSON of a TaskQueue.

use ids::{AccountSid, ActivitySid, TaskQueueSid, WorkspaceSid};
use serde::Serialize;
use serde_json::Value;
use task_router::model::{Expression, PartId, TaskOrder, TaskQueue, Workspace};

use crate::resources::activity;
use crate::resources::configuration::{ShownDates, dates};
use crate::view::View;

#[derive(Serialize)]
struct TaskQueueResource<'a> {
    account_sid: AccountSid,
    assignment_activity_sid: Option<ActivitySid>,
    assignment_activity_name: Option<&'a str>,
    reservation_activity_sid: Option<ActivitySid>,
    reservation_activity_name: Option<&'a str>,
    #[serde(flatten)]
    dates: ShownDates,
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
    /// Left out, like the link below, if the TaskQueue has no such Activity.
    #[serde(skip_serializing_if = "Option::is_none")]
    assignment_activity: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reservation_activity: Option<String>,
    statistics: String,
    real_time_statistics: String,
    cumulative_statistics: String,
    /// The statistics of all TaskQueues, like the link below.
    list_statistics: String,
    bulk_real_time_statistics: String,
}

pub(super) fn render(
    view: &View,
    workspace: &Workspace,
    queue: &TaskQueue,
) -> serde_json::Result<Value> {
    let home = view.workspace(workspace.sid);
    let queues = format!("{home}/TaskQueues");
    let url = format!("{queues}/{}", queue.sid);
    let name_of = |sid: Option<ActivitySid>| {
        let activity = workspace.activities.get(&sid?)?;
        Some(activity.friendly_name.as_str())
    };
    let link_of = |sid: Option<ActivitySid>| {
        let activity = workspace.activities.get(&sid?)?;
        Some(format!(
            "{}/{}",
            activity::url(view, workspace.sid),
            activity.sid
        ))
    };
    let assignment = queue.assignment_activity_sid;
    let reservation = queue.reservation_activity_sid;
    serde_json::to_value(TaskQueueResource {
        account_sid: view.account_sid,
        assignment_activity_sid: assignment,
        assignment_activity_name: name_of(assignment),
        reservation_activity_sid: reservation,
        reservation_activity_name: name_of(reservation),
        dates: dates(workspace, PartId::TaskQueue(queue.sid)),
        friendly_name: &queue.friendly_name,
        max_reserved_workers: queue.max_reserved_workers,
        sid: queue.sid,
        target_workers: queue
            .target_workers
            .as_ref()
            .map(Expression::source)
            .unwrap_or_default(),
        task_order: queue.task_order,
        workspace_sid: workspace.sid,
        links: TaskQueueLinks {
            workspace: home,
            assignment_activity: link_of(assignment),
            reservation_activity: link_of(reservation),
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

    #[test]
    fn task_queue_has_every_official_property() {
        let workspace = samples::workspace();
        for queue in workspace.task_queues.values() {
            samples::assert_official(
                "task_queue",
                &render(&samples::view(), &workspace, queue).unwrap(),
            );
        }
    }

    #[test]
    fn task_queue_shows_its_activities() {
        let workspace = samples::workspace();
        let queue = TaskQueue {
            assignment_activity_sid: Some(samples::WRAP_UP),
            reservation_activity_sid: Some(samples::OFFLINE),
            ..workspace.task_queues[&samples::QUEUE].clone()
        };
        let shown = render(&samples::view(), &workspace, &queue).unwrap();
        samples::assert_official("task_queue", &shown);
        assert_eq!(
            shown["assignment_activity_sid"],
            samples::WRAP_UP.to_string()
        );
        assert_eq!(shown["assignment_activity_name"], "Wrap-Up");
        assert_eq!(shown["reservation_activity_name"], "Offline");
        let link = shown["links"]["reservation_activity"].as_str().unwrap();
        assert!(
            link.ends_with(&format!("/Activities/{}", samples::OFFLINE)),
            "{link}"
        );
    }
}
