//! The warnings of a Workflow: what `cordboard check` finds in it. An addition to TaskRouter, and a
//! resource of its own, because the official description of a Workflow allows no further property.

use ids::{AccountSid, WorkflowSid, WorkspaceSid};
use routing_check::{Finding, Level, check_workflow};
use serde::Serialize;

use super::render::url;
use crate::answer::Answer;
use crate::error::ApiError;
use crate::request_context::RequestContext;
use crate::resources::configuration;

#[derive(Serialize)]
struct Warnings {
    account_sid: AccountSid,
    workspace_sid: WorkspaceSid,
    workflow_sid: WorkflowSid,
    warnings: Vec<Warning>,
    url: String,
}

#[derive(Serialize)]
struct Warning {
    /// `CB101`.
    code: &'static str,
    title: &'static str,
    level: Level,
    /// The place in the configuration: `task_routing.filters[0].expression`.
    path: String,
    message: String,
}

/// `GET …/Workflows/{WorkflowSid}/Warnings`
pub async fn warnings(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let sid: WorkflowSid = context.sid("WorkflowSid")?;
    let workspace = configuration::read(context).await?;
    let workflow = workspace
        .workflows
        .get(&sid)
        .ok_or_else(|| context.not_found())?;
    let found = check_workflow(&workspace, workflow);
    let warnings = Warnings {
        account_sid: context.view.account_sid,
        workspace_sid: workspace.sid,
        workflow_sid: sid,
        warnings: found.into_iter().map(Warning::of).collect(),
        url: format!("{}/{sid}/Warnings", url(&context.view, workspace.sid)),
    };
    Ok(Answer::ok(serde_json::to_value(warnings)?))
}

impl Warning {
    fn of(finding: Finding) -> Self {
        Self {
            code: finding.rule.code(),
            title: finding.rule.title(),
            level: finding.level,
            path: finding.spot.path,
            message: finding.message,
        }
    }
}
