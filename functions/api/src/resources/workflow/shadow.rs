//! The shadow of a Workflow: another Workflow that is evaluated beside it and decides nothing. An
//! addition to TaskRouter.

use ids::{AccountSid, TaskQueueSid, TaskSid, WorkerSid, WorkflowSid, WorkspaceSid};
use serde::Serialize;
use task_router::model::{Workflow, Workspace};
use task_router::router::shadow::{Placement, ShadowComparison};

use super::render::url;
use crate::answer::Answer;
use crate::error::ApiError;
use crate::request_context::RequestContext;
use crate::resources::configuration::{self, change};

/// Differences in one answer, the newest ones.
const DIFFERENCES_SHOWN_MAX: usize = 100;

#[derive(Serialize)]
struct Shadow {
    account_sid: AccountSid,
    workspace_sid: WorkspaceSid,
    workflow_sid: WorkflowSid,
    shadow_workflow_sid: Option<WorkflowSid>,
    /// The latest comparisons with this shadow, and those of them that differ.
    compared: usize,
    differing: usize,
    differences: Vec<Shown>,
    url: String,
}

#[derive(Serialize)]
struct Shown {
    date: String,
    task_sid: TaskSid,
    /// `task_queue`, `priority`, `step`, `worker`, or `lost` alone.
    differs: Vec<&'static str>,
    live: ShownPlacement,
    shadow: Option<ShownPlacement>,
}

#[derive(Serialize)]
struct ShownPlacement {
    task_queue_sid: TaskQueueSid,
    task_queue_friendly_name: Option<String>,
    priority: u32,
    step: String,
    workers: Vec<ShownWorker>,
}

#[derive(Serialize)]
struct ShownWorker {
    sid: WorkerSid,
    friendly_name: String,
}

/// `GET …/Workflows/{WorkflowSid}/Shadow`
pub async fn fetch(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let workspace = configuration::read(context).await?;
    answer(context, &workspace).await
}

/// `POST …/Workflows/{WorkflowSid}/Shadow` with `ShadowWorkflowSid`; an empty value ends the shadow.
pub async fn update(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    const NAME: &str = "ShadowWorkflowSid";
    let sid: WorkflowSid = context.sid("WorkflowSid")?;
    let shadow = match context.form.text(NAME) {
        None => return Err(ApiError::missing(NAME)),
        Some("") => None,
        Some(_) => context.form.sid::<WorkflowSid>(NAME)?,
    };
    let changed = change(context, |workspace| {
        let is_known = shadow.is_none_or(|shadow| workspace.workflows.contains_key(&shadow));
        if !is_known || shadow == Some(sid) {
            let message = "expected the SID of another Workflow of the Workspace";
            return Err(ApiError::parameter(NAME, message.to_owned()));
        }
        let workflow = workspace.workflows.get_mut(&sid);
        workflow.ok_or_else(|| context.not_found())?.shadow_sid = shadow;
        Ok(())
    });
    answer(context, &changed.await?).await
}

async fn answer(context: &RequestContext<'_>, workspace: &Workspace) -> Result<Answer, ApiError> {
    let sid: WorkflowSid = context.sid("WorkflowSid")?;
    let workflow: &Workflow = workspace
        .workflows
        .get(&sid)
        .ok_or_else(|| context.not_found())?;
    let stored = match workflow.shadow_sid {
        Some(_) => context.api.store.shadows(workspace.sid, sid).await?,
        None => Vec::new(),
    };
    let of_this = |one: &ShadowComparison| Some(one.shadow_sid) == workflow.shadow_sid;
    let compared: Vec<ShadowComparison> = stored.into_iter().filter(of_this).collect();
    let differing = || compared.iter().filter(|one| !one.differs().is_empty());
    let shadow = Shadow {
        account_sid: context.view.account_sid,
        workspace_sid: workspace.sid,
        workflow_sid: sid,
        shadow_workflow_sid: workflow.shadow_sid,
        compared: compared.len(),
        differing: differing().count(),
        differences: differing()
            .take(DIFFERENCES_SHOWN_MAX)
            .map(|one| shown(workspace, one))
            .collect(),
        url: format!("{}/{sid}/Shadow", url(&context.view, workspace.sid)),
    };
    Ok(Answer::ok(serde_json::to_value(shadow)?))
}

fn shown(workspace: &Workspace, comparison: &ShadowComparison) -> Shown {
    let placement = |placement: &Placement| {
        let queue = workspace.task_queues.get(&placement.task_queue_sid);
        ShownPlacement {
            task_queue_sid: placement.task_queue_sid,
            task_queue_friendly_name: queue.map(|queue| queue.friendly_name.clone()),
            priority: placement.priority,
            step: placement.step.clone(),
            workers: placement
                .workers
                .iter()
                .map(|worker| ShownWorker {
                    sid: worker.sid,
                    friendly_name: worker.friendly_name.clone(),
                })
                .collect(),
        }
    };
    let differs = comparison.differs();
    Shown {
        date: comparison.at.to_iso8601_millis(),
        task_sid: comparison.task_sid,
        differs: differs
            .into_iter()
            .map(|respect| respect.as_str())
            .collect(),
        live: placement(&comparison.live),
        shadow: comparison.shadow.as_ref().map(placement),
    }
}
