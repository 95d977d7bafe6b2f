//! The JSON of a Workspace.

use ids::{AccountSid, ActivitySid, WorkspaceSid};
use serde::Serialize;
use serde_json::Value;
use task_router::model::{PartId, TaskOrder, Workspace};

use crate::resources::configuration::{ShownDates, dates};
use crate::view::View;

#[derive(Serialize)]
struct WorkspaceResource<'a> {
    account_sid: AccountSid,
    #[serde(flatten)]
    dates: ShownDates,
    default_activity_name: Option<&'a str>,
    default_activity_sid: ActivitySid,
    event_callback_url: Option<&'a str>,
    events_filter: Option<String>,
    friendly_name: &'a str,
    multi_task_enabled: bool,
    sid: WorkspaceSid,
    timeout_activity_name: Option<&'a str>,
    timeout_activity_sid: ActivitySid,
    prioritize_queue_order: TaskOrder,
    links: WorkspaceLinks,
    url: String,
}

#[derive(Serialize)]
struct WorkspaceLinks {
    activities: String,
    statistics: String,
    real_time_statistics: String,
    cumulative_statistics: String,
    task_queues: String,
    tasks: String,
    workers: String,
    workflows: String,
    task_channels: String,
    events: String,
}

pub(super) fn render(view: &View, workspace: &Workspace) -> serde_json::Result<Value> {
    let url = view.workspace(workspace.sid);
    let name_of = |sid| {
        workspace
            .activities
            .get(&sid)
            .map(|activity| activity.friendly_name.as_str())
    };
    let types: Vec<&str> = workspace
        .events_filter
        .iter()
        .map(|known| known.as_str())
        .collect();
    serde_json::to_value(WorkspaceResource {
        account_sid: view.account_sid,
        dates: dates(workspace, PartId::Workspace),
        default_activity_name: name_of(workspace.default_activity_sid),
        default_activity_sid: workspace.default_activity_sid,
        event_callback_url: workspace.event_callback_url.as_deref(),
        events_filter: Some(types.join(",")).filter(|types| !types.is_empty()),
        friendly_name: &workspace.friendly_name,
        multi_task_enabled: true,
        sid: workspace.sid,
        timeout_activity_name: name_of(workspace.timeout_activity_sid),
        timeout_activity_sid: workspace.timeout_activity_sid,
        prioritize_queue_order: workspace.rules.prioritize_queue_order,
        links: links(&url),
        url,
    })
}

fn links(url: &str) -> WorkspaceLinks {
    let below = |name| format!("{url}/{name}");
    WorkspaceLinks {
        activities: below("Activities"),
        statistics: below("Statistics"),
        real_time_statistics: below("RealTimeStatistics"),
        cumulative_statistics: below("CumulativeStatistics"),
        task_queues: below("TaskQueues"),
        tasks: below("Tasks"),
        workers: below("Workers"),
        workflows: below("Workflows"),
        task_channels: below("TaskChannels"),
        events: below("Events"),
    }
}

#[cfg(test)]
mod tests {
    use task_router::model::EventType;

    use super::*;
    use crate::resources::samples;

    #[test]
    fn workspace_has_every_official_property() {
        let rendered = render(&samples::view(), &samples::workspace()).unwrap();
        samples::assert_official("workspace", &rendered);
        assert_eq!(rendered["timeout_activity_name"], "Offline");
        assert_eq!(
            rendered["url"],
            format!(
                "https://cordboard.example/v1/Workspaces/{}",
                samples::WORKSPACE
            )
        );
        assert_eq!(rendered["date_created"], "2026-11-22T12:00:00Z");
        assert_eq!(
            (&rendered["event_callback_url"], &rendered["events_filter"]),
            (&Value::Null, &Value::Null)
        );
    }

    #[test]
    fn workspace_shows_its_event_settings() {
        let mut workspace = samples::workspace();
        workspace.event_callback_url = Some("https://a.example".to_owned());
        workspace.events_filter = vec![EventType::TaskCreated, EventType::TaskCanceled];
        workspace.rules.prioritize_queue_order = TaskOrder::Lifo;
        let rendered = render(&samples::view(), &workspace).unwrap();
        assert_eq!(rendered["event_callback_url"], "https://a.example");
        assert_eq!(rendered["events_filter"], "task.created,task.canceled");
        assert_eq!(rendered["prioritize_queue_order"], "LIFO");
    }
}
