//! The JSON of a TaskQueue.

use ids::{AccountSid, ActivitySid, TaskQueueSid, WorkspaceSid};
use serde::Serialize;
use serde_json::Value;
use task_router::model::{Expression, PartId, TaskOrder, TaskQueue, Workspace};

use crate::resources::configuration::{ShownDates, dates};
use crate::view::View;

#[derive(Serialize)]
struct TaskQueueResource<'a> {
    account_sid: AccountSid,
    /// Always null, like the three below: they apply only where a Worker has one Task at a time.
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
    assignment_activity: Option<String>,
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
    serde_json::to_value(TaskQueueResource {
        account_sid: view.account_sid,
        assignment_activity_sid: None,
        assignment_activity_name: None,
        reservation_activity_sid: None,
        reservation_activity_name: None,
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
}
