//! Update of a Task: either its status, or its other properties.

use ids::AccountSid;
use task_router::model::{AssignmentStatus, EndReason, Task, Workspace};
use task_router::router::{Command, Outcome, Refusal, TaskChanges};
use vocabulary::PRIORITY_MAX;

use super::{answer, channel, find, status_named, virtual_start_time};
use crate::answer::Answer;
use crate::error::ApiError;
use crate::parameters::Parameters;
use crate::request_context::RequestContext;

/// Characters of the longest `Reason`: some sentences, and far less than an item of the table
/// holds.
pub const REASON_CHARS_MAX: usize = 1_024;

/// Properties that cannot be changed together with the status. TaskRouter states this for
/// `Attributes`, except for those of a Task that is canceled (taskrouter.md section 2.8). Here the
/// change of a status is one Decision and the change of these properties another, and half of a
/// request is never carried out.
const PROPERTIES: [&str; 4] = [ATTRIBUTES, "Priority", "TaskChannel", "VirtualStartTime"];

const ATTRIBUTES: &str = "Attributes";

/// `POST …/Tasks/{Sid}` with `AssignmentStatus` and `Reason`, or with `Attributes`, `Priority`,
/// `TaskChannel` and `VirtualStartTime`, or with a merge patch of the attributes. `canceled` may
/// come with `Attributes`. Without any of them nothing changes.
pub async fn update(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let status = NewStatus::read(&context.form)?;
    let workspace = context.workspace().await?;
    let task = find(context, "Sid").await?;
    match status {
        Some(status) => set_status(context, &workspace, &task, status).await,
        None => change(context, &workspace, &task).await,
    }
}

async fn set_status(
    context: &RequestContext<'_>,
    workspace: &Workspace,
    task: &Task,
    NewStatus { status, reason }: NewStatus,
) -> Result<Answer, ApiError> {
    // A Task that has ended is neither assigned nor pending (taskrouter.md section 5). The engine's
    // answer is no help here: after a lost response it finds the status that it wrote itself.
    if task.assignment_status.is_end() {
        context.check_version(task.visible_version())?;
        return Err(illegal(context.view.account_sid, task, status));
    }
    let command = Command::StatusSet {
        task: task.sid,
        status,
        reason,
        attributes: context.attributes_change()?,
    };
    let expected = context.expected_versions();
    let applied = context
        .api
        .store
        .apply_if(&command, expected.as_deref(), context.now)
        .await?;
    match (applied.outcome, applied.task) {
        (Outcome::Refused(Refusal::WrongStatus { .. }), _) => {
            Err(illegal(context.view.account_sid, task, status))
        }
        (Outcome::Refused(refusal), _) => Err(ApiError::refused(&refusal, context.path)),
        (Outcome::Changed | Outcome::AlreadySo, Some(task)) => answer(context, workspace, &task),
        (Outcome::Changed | Outcome::AlreadySo, None) => Err(context.not_found()),
    }
}

async fn change(
    context: &RequestContext<'_>,
    workspace: &Workspace,
    task: &Task,
) -> Result<Answer, ApiError> {
    let changes = TaskChanges {
        attributes: context.attributes_change()?,
        priority: context.form.whole_number("Priority", 0..=PRIORITY_MAX)?,
        channel: channel(&context.form, workspace)?,
        virtual_start_time: virtual_start_time(&context.form, context.now)?,
    };
    if changes == TaskChanges::default() {
        context.check_version(task.visible_version())?;
        return answer(context, workspace, task);
    }
    let applied = context
        .apply(&Command::TaskUpdated {
            task: task.sid,
            changes,
        })
        .await?;
    answer(context, workspace, applied.task.as_ref().unwrap_or(task))
}

/// The requested status of a Task.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NewStatus {
    pub status: AssignmentStatus,
    pub reason: EndReason,
}

impl NewStatus {
    /// Parses the form; `None` without `AssignmentStatus`. `Reason` is optional (taskrouter.md
    /// section 18).
    pub fn read(form: &Parameters) -> Result<Option<Self>, ApiError> {
        let reason = form.parsed("Reason", reason)?;
        let Some(status) = form.parsed("AssignmentStatus", settable)? else {
            let problem = "expected an AssignmentStatus with it: wrapping, completed or canceled";
            return if reason.is_some() {
                Err(ApiError::parameter("Reason", problem))
            } else {
                Ok(None)
            };
        };
        let is_permitted = |name: &str| name == ATTRIBUTES && status == AssignmentStatus::Canceled;
        let mut given = PROPERTIES.iter().filter(|name| form.text(name).is_some());
        if let Some(property) = given.find(|name| !is_permitted(name)) {
            return Err(ApiError::parameter(
                property,
                "cannot be changed together with AssignmentStatus; send two requests",
            ));
        }
        Ok(Some(Self {
            status,
            reason: EndReason::Given(reason.unwrap_or_default()),
        }))
    }
}

fn settable(text: &str) -> Result<AssignmentStatus, String> {
    let settable =
        |status: &AssignmentStatus| status.is_end() || *status == AssignmentStatus::Wrapping;
    status_named(text)
        .filter(settable)
        .ok_or_else(|| "expected wrapping, completed or canceled".to_owned())
}

fn reason(text: &str) -> Result<String, String> {
    match text.chars().count() {
        0..=REASON_CHARS_MAX => Ok(text.to_owned()),
        chars => Err(format!(
            "expected at most {REASON_CHARS_MAX} characters, got {chars}"
        )),
    }
}

/// The error for a status that the Task cannot have now, in TaskRouter's words (taskrouter.md
/// section 5, "Illegal changes").
pub(super) fn illegal(account: AccountSid, task: &Task, wanted: AssignmentStatus) -> ApiError {
    let (change, cause) = match wanted {
        AssignmentStatus::Canceled => ("cancel task", "it is not pending or reserved"),
        AssignmentStatus::Wrapping => ("wrap up a task", "it is not currently assigned"),
        AssignmentStatus::Completed
        | AssignmentStatus::Pending
        | AssignmentStatus::Reserved
        | AssignmentStatus::Assigned => ("complete task", "it is not currently assigned"),
    };
    let sid = task.sid;
    let workspace = task.workspace_sid;
    ApiError::State(format!(
        "Cannot {change} {sid} in workspace {workspace} for account {account} because {cause}."
    ))
}
