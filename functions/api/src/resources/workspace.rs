//! Workspace (taskrouter.md section 2.1).

use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;
use shared::model::{AccountSid, ActivitySid, Workspace, WorkspaceSid};

use crate::answer::Answer;
use crate::call::Call;
use crate::error::ApiError;
use crate::paging::{Listed, Paging, Place};
use crate::view::View;

/// `GET /v1/Workspaces`: the one of the contact centre; none before any set-up.
pub async fn list(call: &Call<'_>) -> Result<Answer, ApiError> {
    let paging = Paging::read(&call.query)?;
    let name = call.query.text("FriendlyName");
    let workspace = match call.api.store.centre(call.now).await? {
        Some(centre) => call.api.store.workspace(centre.workspace_sid, call.now).await?,
        None => None,
    };
    let is_wanted = |workspace: &Arc<Workspace>| name.is_none_or(|name| workspace.friendly_name == name);
    let found: Vec<_> = workspace.into_iter().filter(is_wanted).collect();
    paging.answer("workspaces", &call.view.workspaces(), found, |workspace| render(&call.view, workspace))
}

/// `GET /v1/Workspaces/{WorkspaceSid}`
pub async fn fetch(call: &Call<'_>) -> Result<Answer, ApiError> {
    let workspace = call.workspace().await?;
    Ok(Answer::ok(render(&call.view, &workspace)?))
}

impl Listed for Arc<Workspace> {
    fn place(&self) -> Place {
        Place::ageless(self.sid)
    }
}

#[derive(Serialize)]
struct WorkspaceResource<'a> {
    account_sid: AccountSid,
    /// Not kept: nothing in routing depends on it.
    date_created: Option<String>,
    date_updated: Option<String>,
    default_activity_name: Option<&'a str>,
    default_activity_sid: ActivitySid,
    event_callback_url: Option<&'a str>,
    events_filter: Option<&'a str>,
    friendly_name: &'a str,
    multi_task_enabled: bool,
    sid: WorkspaceSid,
    timeout_activity_name: Option<&'a str>,
    timeout_activity_sid: ActivitySid,
    prioritize_queue_order: &'static str,
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

fn render(view: &View, workspace: &Workspace) -> serde_json::Result<Value> {
    let url = view.workspace(workspace.sid);
    let name_of = |sid| workspace.activities.get(&sid).map(|activity| activity.friendly_name.as_str());
    serde_json::to_value(WorkspaceResource {
        account_sid: view.account_sid,
        date_created: None,
        date_updated: None,
        default_activity_name: name_of(workspace.default_activity_sid),
        default_activity_sid: workspace.default_activity_sid,
        event_callback_url: None,
        events_filter: None,
        friendly_name: &workspace.friendly_name,
        multi_task_enabled: true,
        sid: workspace.sid,
        timeout_activity_name: name_of(workspace.timeout_activity_sid),
        timeout_activity_sid: workspace.timeout_activity_sid,
        prioritize_queue_order: "FIFO",
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
    use super::*;
    use crate::resources::samples;

    #[test]
    fn a_workspace_has_every_property_of_the_official_document() {
        let rendered = render(&samples::view(), &samples::workspace()).unwrap();
        samples::assert_official("workspace", &rendered);
        assert_eq!(rendered["timeout_activity_name"], "Offline");
        assert_eq!(rendered["url"], format!("https://cordboard.example/v1/Workspaces/{}", samples::workspace().sid));
    }
}
