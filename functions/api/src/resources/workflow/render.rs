//! The JSON of a Workflow.

use ids::{AccountSid, WorkflowSid, WorkspaceSid};
use serde::Serialize;
use serde_json::Value;
use task_router::model::{PartId, Workflow, Workspace};

use crate::resources::configuration::{ShownDates, dates};
use crate::view::View;

const JSON: &str = "application/json";

#[derive(Serialize)]
struct WorkflowResource<'a> {
    account_sid: AccountSid,
    assignment_callback_url: Option<String>,
    configuration: String,
    #[serde(flatten)]
    dates: ShownDates,
    document_content_type: &'static str,
    fallback_assignment_callback_url: Option<String>,
    friendly_name: &'a str,
    sid: WorkflowSid,
    task_reservation_timeout: u64,
    workspace_sid: WorkspaceSid,
    url: String,
    links: WorkflowLinks,
}

#[derive(Serialize)]
struct WorkflowLinks {
    workspace: String,
    statistics: String,
    real_time_statistics: String,
    cumulative_statistics: String,
}

/// The URL of a Workspace's Workflows.
pub(super) fn url(view: &View, workspace: WorkspaceSid) -> String {
    format!("{}/Workflows", view.workspace(workspace))
}

pub(super) fn render(
    view: &View,
    workspace: &Workspace,
    workflow: &Workflow,
) -> serde_json::Result<Value> {
    let url = format!("{}/{}", url(view, workspace.sid), workflow.sid);
    serde_json::to_value(WorkflowResource {
        account_sid: view.account_sid,
        assignment_callback_url: workflow
            .assignment_callback_url
            .as_deref()
            .map(|url| absolute(view, url)),
        configuration: workflow.configuration.to_json(),
        dates: dates(workspace, PartId::Workflow(workflow.sid)),
        document_content_type: JSON,
        fallback_assignment_callback_url: workflow
            .fallback_assignment_callback_url
            .as_deref()
            .map(|url| absolute(view, url)),
        friendly_name: &workflow.friendly_name,
        sid: workflow.sid,
        task_reservation_timeout: workflow.task_reservation_timeout.as_secs(),
        workspace_sid: workspace.sid,
        links: WorkflowLinks {
            workspace: view.workspace(workspace.sid),
            statistics: format!("{url}/Statistics"),
            real_time_statistics: format!("{url}/RealTimeStatistics"),
            cumulative_statistics: format!("{url}/CumulativeStatistics"),
        },
        url,
    })
}

/// The absolute URL of a callback: a path is served by this program, under the host of the API.
fn absolute(view: &View, url: &str) -> String {
    if url.starts_with('/') {
        format!("{}{url}", view.base)
    } else {
        url.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::samples;

    #[test]
    fn workflow_has_every_official_property() {
        let workspace = samples::workspace();
        let workflow = &workspace.workflows[&samples::WORKFLOW];
        let rendered = render(&samples::view(), &workspace, workflow).unwrap();
        samples::assert_official("workflow", &rendered);
        let configuration: Value =
            serde_json::from_str(rendered["configuration"].as_str().unwrap()).unwrap();
        assert_eq!(
            configuration["task_routing"]["default_filter"]["queue"],
            samples::QUEUE.to_string()
        );
    }

    #[test]
    fn callback_path_is_shown_as_absolute_url() {
        let workspace = samples::workspace();
        let workflow = Workflow {
            assignment_callback_url: Some("/assignment".to_owned()),
            fallback_assignment_callback_url: Some("https://a.example/b".to_owned()),
            ..workspace.workflows[&samples::WORKFLOW].clone()
        };
        let rendered = render(&samples::view(), &workspace, &workflow).unwrap();
        assert_eq!(
            rendered["assignment_callback_url"],
            "https://cordboard.example/assignment"
        );
        assert_eq!(
            rendered["fallback_assignment_callback_url"],
            "https://a.example/b"
        );
    }
}
