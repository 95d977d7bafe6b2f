//! Workspace (taskrouter.md section 2.1).

mod create;
mod render;

use std::sync::Arc;

use ids::{ActivitySid, WorkspaceSid};
use store::COMMIT_ATTEMPTS_MAX;
use task_router::model::{EventType, PartId, TaskOrder, Workspace};

use super::configuration::{self, Row, change, needed};
use super::task_queue::task_order;
use super::{activity, read_all};
use crate::answer::Answer;
use crate::error::ApiError;
use crate::paging::Paging;
use crate::parameters::Parameters;
use crate::request_context::RequestContext;

pub use create::create;
use render::render;

/// Items of a deleted Workspace removed before the answer; what is left goes with the next sweeps. At 16 at a time and
/// 10 ms each they take less than a second.
const CLEARED_AT_ONCE_MAX: usize = 1_000;

/// `GET /v1/Workspaces`; filter `FriendlyName`. A Workspace made within the last second may be missing.
pub async fn list(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let paging = Paging::read(&context.query)?;
    let name = context.query.text("FriendlyName");
    let store = &context.api.store;
    let all = read_all(store.workspace_sids().await?, |sid| {
        store.fresh_workspace(sid, context.now)
    })
    .await?;
    let wanted = all
        .into_iter()
        .filter(|workspace| name.is_none_or(|name| workspace.friendly_name == name));
    let row = |workspace: Arc<Workspace>| {
        let sid = workspace.sid;
        Row::new(&workspace.clone(), workspace, PartId::Workspace, sid)
    };
    let rows = wanted.map(row).collect();
    paging.answer("workspaces", &context.view.workspaces(), rows, |row| {
        render(&context.view, &row.part)
    })
}

/// `GET /v1/Workspaces/{WorkspaceSid}`
pub async fn fetch(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let workspace = configuration::read(context).await?;
    Ok(Answer::ok(render(&context.view, &workspace)?))
}

/// `POST /v1/Workspaces/{WorkspaceSid}` with `FriendlyName`, `DefaultActivitySid`, `TimeoutActivitySid`,
/// `EventCallbackUrl`, `EventsFilter`, `MultiTaskEnabled` and `PrioritizeQueueOrder`.
pub async fn update(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let fields = Fields::read(&context.form)?;
    let default: Option<ActivitySid> = context.form.sid("DefaultActivitySid")?;
    let timeout: Option<ActivitySid> = context.form.sid("TimeoutActivitySid")?;
    let changed = change(context, |workspace| {
        activity::check(default, "DefaultActivitySid", workspace)?;
        activity::check(timeout, "TimeoutActivitySid", workspace)?;
        fields.write(workspace);
        workspace.default_activity_sid = default.unwrap_or(workspace.default_activity_sid);
        workspace.timeout_activity_sid = timeout.unwrap_or(workspace.timeout_activity_sid);
        Ok(())
    });
    Ok(Answer::ok(render(&context.view, &changed.await?)?))
}

/// `DELETE /v1/Workspaces/{WorkspaceSid}` removes everything in it; but not the one that the contact centre's callers come
/// into. It is gone at once; its Workers, Tasks and parts follow, those beyond [`CLEARED_AT_ONCE_MAX`] with the next sweeps.
pub async fn delete(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let sid: WorkspaceSid = context.sid("WorkspaceSid")?;
    let centre = context.api.store.voice_settings(context.now).await?;
    if centre.is_some_and(|centre| centre.workspace_sid == sid) {
        return Err(needed(
            "Workspace",
            sid,
            "the contact centre's callers come into it",
        ));
    }
    remove(context).await?;
    if let Err(error) = context
        .api
        .store
        .clear_removed(sid, CLEARED_AT_ONCE_MAX)
        .await
    {
        tracing::warn!(workspace_sid = %sid, %error, "a deleted Workspace is cleared by the next sweep");
    }
    Ok(Answer::no_content())
}

async fn remove(context: &RequestContext<'_>) -> Result<(), ApiError> {
    for attempt in 1..=COMMIT_ATTEMPTS_MAX {
        let workspace = match configuration::read(context).await {
            // What was not there at first is not found; what is no longer there has been removed by our own request.
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
            Err(store::Error::Conflict) => store::pause(attempt).await,
            Err(error) => return Err(error.into()),
        }
    }
    Err(store::Error::Conflict.into())
}

/// What a form says about a Workspace's own fields, Activities aside.
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

    fn write(&self, workspace: &mut Workspace) {
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

/// A comma list of types, blanks allowed, each once; an empty one means all (taskrouter.md section 2.1).
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
        Fields::read(&Parameters::of_form(&http::HeaderMap::new(), form.as_bytes()).unwrap())
    }

    #[test]
    fn a_form_changes_what_it_names_and_nothing_else() {
        let before = samples::workspace();
        let mut after = before.clone();
        fields("MultiTaskEnabled=true").unwrap().write(&mut after);
        assert_eq!(after, before);
        let form = "FriendlyName=B&EventCallbackUrl=https://a.example/e%23rc%3D2&EventsFilter=task.created+,task.created,\
                    task.canceled&PrioritizeQueueOrder=LIFO";
        fields(form).unwrap().write(&mut after);
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
            .write(&mut after);
        assert_eq!(
            (after.event_callback_url, after.events_filter),
            (None, vec![])
        );
    }

    #[test]
    fn a_form_that_says_something_else_is_refused_by_the_name_of_the_parameter() {
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
