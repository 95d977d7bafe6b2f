//! Workspace (taskrouter.md section 2.1).

mod create;
mod render;

use std::sync::Arc;

use ids::{ActivitySid, WorkspaceSid};
use store::COMMIT_ATTEMPTS_MAX;
use task_router::model::{EventType, PartId, TaskOrder, Workspace};

use super::configuration::{self, Kind, Row, change, referenced};
use super::task_queue::task_order;
use super::{activity, read_all};
use crate::answer::Answer;
use crate::error::ApiError;
use crate::paging::Paging;
use crate::parameters::Parameters;
use crate::request_context::RequestContext;

pub use create::create;
use render::render;

/// Items of a deleted Workspace that are deleted before the answer. The next sweeps delete the
/// rest. At 16 concurrent deletions of 10 ms each this takes less than a second.
const CLEARED_BEFORE_ANSWER_MAX: usize = 1_000;

/// `GET /v1/Workspaces`; filter `FriendlyName`. The list is eventually consistent: a Workspace
/// created within the last second may be missing.
pub async fn list(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let paging = Paging::read(&context.query)?;
    let name = context.query.text("FriendlyName");
    let store = &context.api.store;
    let all = read_all(store.workspace_sids().await?, |sid| {
        store.fresh_workspace(sid, context.now)
    })
    .await?;
    let matching = all
        .into_iter()
        .filter(|workspace| name.is_none_or(|name| workspace.friendly_name == name));
    let row = |workspace: Arc<Workspace>| {
        let sid = workspace.sid;
        Row::new(&workspace.clone(), workspace, PartId::Workspace, sid)
    };
    let rows = matching.map(row).collect();
    paging.answer("workspaces", &context.view.workspaces(), rows, |row| {
        render(&context.view, &row.part)
    })
}

/// `GET /v1/Workspaces/{WorkspaceSid}`
pub async fn fetch(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let workspace = configuration::read(context).await?;
    Ok(Answer::ok(render(&context.view, &workspace)?))
}

/// `POST /v1/Workspaces/{WorkspaceSid}` with `FriendlyName`, `DefaultActivitySid`,
/// `TimeoutActivitySid`, `EventCallbackUrl`, `EventsFilter`, `MultiTaskEnabled` and
/// `PrioritizeQueueOrder`.
pub async fn update(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let fields = Fields::read(&context.form)?;
    let default: Option<ActivitySid> = context.form.sid("DefaultActivitySid")?;
    let timeout: Option<ActivitySid> = context.form.sid("TimeoutActivitySid")?;
    let changed = change(context, |workspace| {
        activity::check(default, "DefaultActivitySid", workspace)?;
        activity::check(timeout, "TimeoutActivitySid", workspace)?;
        fields.apply_to(workspace);
        workspace.default_activity_sid = default.unwrap_or(workspace.default_activity_sid);
        workspace.timeout_activity_sid = timeout.unwrap_or(workspace.timeout_activity_sid);
        Ok(())
    });
    Ok(Answer::ok(render(&context.view, &changed.await?)?))
}

/// `DELETE /v1/Workspaces/{WorkspaceSid}` deletes a Workspace with everything in it; refused for
/// the Workspace of the contact centre's calls. The Workspace itself is deleted at once, then up to
/// [`CLEARED_BEFORE_ANSWER_MAX`] of its Workers, Tasks and parts; the next sweeps delete the rest.
pub async fn delete(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let sid: WorkspaceSid = context.sid("WorkspaceSid")?;
    let voice_settings = context.api.store.voice_settings(context.now).await?;
    if voice_settings.is_some_and(|settings| settings.workspace_sid == sid) {
        return Err(referenced(
            Kind::Workspace,
            sid,
            "the contact centre's callers come into it",
        ));
    }
    delete_workspace(context).await?;
    if let Err(error) = context
        .api
        .store
        .clear_removed(sid, CLEARED_BEFORE_ANSWER_MAX)
        .await
    {
        tracing::warn!(
            workspace_sid = %sid,
            %error,
            "deleted Workspace not cleared, the next sweep continues"
        );
    }
    Ok(Answer::no_content())
}

/// Deletes the Workspace in the path on condition of the revision that was read. A conflict is
/// retried with backoff.
async fn delete_workspace(context: &RequestContext<'_>) -> Result<(), ApiError> {
    for attempt in 1..=COMMIT_ATTEMPTS_MAX {
        let workspace = match configuration::read(context).await {
            // On a retry a missing Workspace was deleted by an attempt whose response was lost.
            Err(ApiError::NotFound { .. }) if attempt > 1 => return Ok(()),
            read => read?,
        };
        match context
            .api
            .store
            .remove_workspace(&workspace, context.now)
            .await
        {
            Ok(()) => return Ok(()),
            Err(store::Error::Conflict) => store::back_off(attempt).await,
            Err(error) => return Err(error.into()),
        }
    }
    Err(store::Error::Conflict.into())
}

/// The parameters of a Workspace in a form, except for its Activities; `None` for a missing one.
#[derive(Debug, Clone, PartialEq, Default)]
struct Fields {
    friendly_name: Option<String>,
    event_callback_url: Option<Option<String>>,
    events_filter: Option<Vec<EventType>>,
    prioritize_queue_order: Option<TaskOrder>,
}

impl Fields {
    fn read(form: &Parameters) -> Result<Self, ApiError> {
        if form.switch("MultiTaskEnabled") == Some(false) {
            let problem =
                "expected true: Workers have several Tasks at once, which cannot be turned off";
            return Err(ApiError::parameter("MultiTaskEnabled", problem));
        }
        Ok(Self {
            friendly_name: form.friendly_name("FriendlyName")?.map(str::to_owned),
            event_callback_url: configuration::url(form, "EventCallbackUrl")?,
            events_filter: form.parsed("EventsFilter", events_filter)?,
            prioritize_queue_order: form.parsed("PrioritizeQueueOrder", task_order)?,
        })
    }

    fn apply_to(&self, workspace: &mut Workspace) {
        if let Some(name) = &self.friendly_name {
            workspace.friendly_name.clone_from(name);
        }
        if let Some(url) = &self.event_callback_url {
            workspace.event_callback_url.clone_from(url);
        }
        if let Some(filter) = &self.events_filter {
            workspace.events_filter.clone_from(filter);
        }
        if let Some(order) = self.prioritize_queue_order {
            workspace.rules.prioritize_queue_order = order;
        }
    }
}

/// Parses a comma-separated list of Event types, deduplicated. An empty list means every type
/// (taskrouter.md section 2.1).
fn events_filter(text: &str) -> Result<Vec<EventType>, String> {
    let mut types = Vec::new();
    for name in text
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
    {
        let known = name
            .parse::<EventType>()
            .map_err(|error| error.to_string())?;
        if !types.contains(&known) {
            types.push(known);
        }
    }
    Ok(types)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::samples;

    fn fields(form: &str) -> Result<Fields, ApiError> {
        Fields::read(&Parameters::url_encoded(form.as_bytes()).unwrap())
    }

    #[test]
    fn form_changes_only_named_parameters() {
        let before = samples::workspace();
        let mut after = before.clone();
        fields("MultiTaskEnabled=true")
            .unwrap()
            .apply_to(&mut after);
        assert_eq!(after, before);
        let form = "FriendlyName=B&EventCallbackUrl=https://a.example/e%23rc%3D2&EventsFilter=task.created+,task.created,\
                    task.canceled&PrioritizeQueueOrder=LIFO";
        fields(form).unwrap().apply_to(&mut after);
        assert_eq!(after.friendly_name, "B");
        assert_eq!(
            after.event_callback_url.as_deref(),
            Some("https://a.example/e#rc=2")
        );
        assert_eq!(
            after.events_filter,
            [EventType::TaskCreated, EventType::TaskCanceled]
        );
        assert_eq!(after.rules.prioritize_queue_order, TaskOrder::Lifo);
        fields("EventCallbackUrl=&EventsFilter=")
            .unwrap()
            .apply_to(&mut after);
        assert_eq!(
            (after.event_callback_url, after.events_filter),
            (None, vec![])
        );
    }

    #[test]
    fn invalid_form_names_the_parameter() {
        for (form, sentence) in [
            ("FriendlyName=", "FriendlyName: expected 1 to 64 characters"),
            (
                "EventCallbackUrl=/events",
                "EventCallbackUrl: expected an absolute URL",
            ),
            ("EventsFilter=task.created,task.done", "EventsFilter: "),
            ("MultiTaskEnabled=false", "MultiTaskEnabled: expected true"),
            (
                "PrioritizeQueueOrder=newest",
                "PrioritizeQueueOrder: expected FIFO or LIFO",
            ),
        ] {
            let message = fields(form).unwrap_err().to_string();
            assert!(message.starts_with(sentence), "{form}: {message}");
        }
    }
}
