//! Workflow (taskrouter.md section 2.7).

mod render;
pub mod shadow;
mod warnings;

use ids::WorkflowSid;
use ids::time::Millis;
use task_router::model::{
    Configuration, PartId, RESERVATION_TIMEOUT_MAX_SECS, WORKFLOW_BYTES_MAX, WORKFLOWS_MAX,
    Workflow, Workspace,
};

use super::configuration::{self, Kind, Row, change, referenced};
use crate::answer::Answer;
use crate::error::ApiError;
use crate::paging::Paging;
use crate::parameters::Parameters;
use crate::request_context::RequestContext;

pub use warnings::warnings;

use render::{render, url};

/// `GET …/Workflows`; filter `FriendlyName`.
pub async fn list(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let paging = Paging::read(&context.query)?;
    let name = context.query.text("FriendlyName");
    let workspace = configuration::read(context).await?;
    let found = workspace
        .workflows
        .values()
        .filter(|one| name.is_none_or(|name| one.friendly_name == name));
    let rows = found
        .map(|one| Row::new(&workspace, one, PartId::Workflow(one.sid), one.sid))
        .collect();
    let url = url(&context.view, workspace.sid);
    paging.answer("workflows", &url, rows, |row| {
        render(&context.view, &workspace, row.part)
    })
}

/// `GET …/Workflows/{Sid}`
pub async fn fetch(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let sid = context.sid("Sid")?;
    let workspace = configuration::read(context).await?;
    answer(context, &workspace, sid)
}

/// `POST …/Workflows` with `FriendlyName`, `Configuration`, `AssignmentCallbackUrl`,
/// `FallbackAssignmentCallbackUrl` and `TaskReservationTimeout`.
pub async fn create(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let [seed, count] = context.api.ids.next_cause();
    let workflow = new(
        Fields::read(&context.form)?,
        WorkflowSid::derive(&[&seed, &count]),
    )?;
    let put = |workspace: &mut Workspace| {
        check(&workflow, workspace)?;
        configuration::add(
            &mut workspace.workflows,
            workflow.sid,
            workflow.clone(),
            WORKFLOWS_MAX,
            Kind::Workflow,
        )
    };
    configuration::create(context, put, |created| {
        answer(context, created, workflow.sid)
    })
    .await
}

/// `POST …/Workflows/{Sid}` with the parameters of [`create`] and `ReEvaluateTasks`. Active Tasks
/// continue with the superseded configuration, which is kept for them. With `ReEvaluateTasks`
/// pending Tasks follow the new one.
pub async fn update(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let sid: WorkflowSid = context.sid("Sid")?;
    let fields = Fields::read(&context.form)?;
    let reevaluate = context.form.switch("ReEvaluateTasks").unwrap_or(false);
    let changed = change(context, |workspace| {
        let before = workspace
            .workflows
            .get(&sid)
            .ok_or_else(|| context.not_found())?
            .clone();
        let requested = fields.clone().applied_to(before.clone());
        check(&requested, workspace)?;
        let (after, superseded) = requested.replacing(&before, reevaluate);
        workspace
            .superseded
            .extend(superseded.map(|configuration| ((sid, before.version), configuration)));
        workspace.workflows.insert(sid, after);
        Ok(())
    });
    answer(context, &changed.await?, sid)
}

/// `DELETE …/Workflows/{Sid}`; refused for the Workflow of the contact centre's calls, and while a
/// Task that has not ended follows it.
pub async fn delete(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let sid: WorkflowSid = context.sid("Sid")?;
    let workspace = configuration::read(context).await?;
    if !workspace.workflows.contains_key(&sid) {
        return Err(context.not_found());
    }
    let voice_settings = context.api.store.voice_settings(context.now).await?;
    let flows = configuration::voice_flows(context, voice_settings.as_deref()).await?;
    let is_in_flows = flows.is_some_and(|flows| flows.workflows().any(|used| used == sid));
    if is_in_flows || voice_settings.is_some_and(|settings| settings.workflow_sid == sid) {
        return Err(referenced(
            Kind::Workflow,
            sid,
            "the contact centre's callers go into it",
        ));
    }
    if configuration::parts_in_use(context, &workspace)
        .await?
        .workflows
        .contains(&sid)
    {
        return Err(referenced(
            Kind::Workflow,
            sid,
            "a Task that has not ended follows it",
        ));
    }
    let changed = change(context, |workspace| {
        workspace.workflows.remove(&sid);
        Ok(())
    });
    changed.await?;
    Ok(Answer::no_content())
}

/// Checks that the Workspace has the TaskQueues that the Workflow names, and that the Workflow is
/// not too large for the table.
fn check(workflow: &Workflow, workspace: &Workspace) -> Result<(), ApiError> {
    let invalid = |problem: String| ApiError::parameter("Configuration", problem);
    let known = workflow
        .configuration
        .check_queues(|queue| workspace.task_queues.contains_key(&queue));
    known.map_err(|error| invalid(error.to_string()))?;
    match serde_json::to_string(workflow)?.len() {
        0..=WORKFLOW_BYTES_MAX => Ok(()),
        bytes => Err(invalid(format!(
            "expected a Workflow of at most {WORKFLOW_BYTES_MAX} bytes, got {bytes}"
        ))),
    }
}

fn answer(
    context: &RequestContext<'_>,
    workspace: &Workspace,
    sid: WorkflowSid,
) -> Result<Answer, ApiError> {
    let workflow = workspace
        .workflows
        .get(&sid)
        .ok_or_else(|| context.not_found())?;
    Ok(Answer::ok(render(&context.view, workspace, workflow)?))
}

/// The parameters of a Workflow in a form; `None` for a missing one.
#[derive(Debug, Clone, PartialEq)]
struct Fields {
    friendly_name: Option<String>,
    configuration: Option<Configuration>,
    /// `Some(None)`: an empty value, which removes the URL.
    assignment_callback_url: Option<Option<String>>,
    fallback_assignment_callback_url: Option<Option<String>>,
    task_reservation_timeout: Option<Millis>,
}

impl Fields {
    fn read(form: &Parameters) -> Result<Self, ApiError> {
        let parse = |text: &str| Configuration::parse(text).map_err(|error| error.to_string());
        let timeout =
            form.whole_number("TaskReservationTimeout", 1..=RESERVATION_TIMEOUT_MAX_SECS)?;
        Ok(Self {
            friendly_name: form.friendly_name("FriendlyName")?.map(str::to_owned),
            configuration: form.parsed("Configuration", parse)?,
            assignment_callback_url: configuration::url_or_path(form, "AssignmentCallbackUrl")?,
            fallback_assignment_callback_url: configuration::url_or_path(
                form,
                "FallbackAssignmentCallbackUrl",
            )?,
            task_reservation_timeout: timeout.map(|secs| Millis::from_secs(secs.into())),
        })
    }

    /// The Workflow with these parameters changed.
    fn applied_to(self, workflow: Workflow) -> Workflow {
        Workflow {
            friendly_name: self.friendly_name.unwrap_or(workflow.friendly_name),
            configuration: self.configuration.unwrap_or(workflow.configuration),
            assignment_callback_url: self
                .assignment_callback_url
                .unwrap_or(workflow.assignment_callback_url),
            fallback_assignment_callback_url: self
                .fallback_assignment_callback_url
                .unwrap_or(workflow.fallback_assignment_callback_url),
            task_reservation_timeout: self
                .task_reservation_timeout
                .unwrap_or(workflow.task_reservation_timeout),
            ..workflow
        }
    }
}

fn new(mut fields: Fields, sid: WorkflowSid) -> Result<Workflow, ApiError> {
    let name = fields
        .friendly_name
        .take()
        .ok_or_else(|| ApiError::missing("FriendlyName"))?;
    let configuration = fields
        .configuration
        .take()
        .ok_or_else(|| ApiError::missing("Configuration"))?;
    Ok(fields.applied_to(Workflow::new(sid, name, configuration)))
}

#[cfg(test)]
mod tests;
