//! What the resources of a Workspace's configuration share. They are read without the cache and
//! written part by part with optimistic concurrency: the write is conditional on the revision that
//! was read, and a conflict is retried.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::Arc;

use serde::Serialize;
use shared::voice_settings::VoiceSettings;
use store::{COMMIT_ATTEMPTS_MAX, PartsInUse};
use task_router::model::{PartId, Workspace};
use vocabulary::{is_own_path, is_url};
use voice_flows::VoiceFlows;

use crate::answer::Answer;
use crate::error::ApiError;
use crate::paging::{Listed, SortKey};
use crate::parameters::Parameters;
use crate::request_context::RequestContext;

/// A kind of resource, for messages about its limits and references.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A Workspace.
    Workspace,
    /// An Activity.
    Activity,
    /// A TaskChannel.
    TaskChannel,
    /// A TaskQueue.
    TaskQueue,
    /// A Workflow.
    Workflow,
    /// A Worker.
    Worker,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Workspace => "Workspace",
            Self::Activity => "Activity",
            Self::TaskChannel => "TaskChannel",
            Self::TaskQueue => "TaskQueue",
            Self::Workflow => "Workflow",
            Self::Worker => "Worker",
        }
    }

    fn plural(self) -> &'static str {
        match self {
            Self::Workspace => "Workspaces",
            Self::Activity => "Activities",
            Self::TaskChannel => "TaskChannels",
            Self::TaskQueue => "TaskQueues",
            Self::Workflow => "Workflows",
            Self::Worker => "Workers",
        }
    }
}

/// The voice flows of new calls, which refer to Workflows and TaskQueues.
pub async fn voice_flows(
    context: &RequestContext<'_>,
    settings: Option<&VoiceSettings>,
) -> Result<Option<Arc<VoiceFlows>>, ApiError> {
    let Some(version) = settings.and_then(|settings| settings.flows.as_ref()) else {
        return Ok(None);
    };
    Ok(context.api.store.voice_flows(version).await?)
}

/// The Workspace in the path, read from the table and not from the cache: a client finds a part
/// that it created a moment ago.
///
/// # Errors
/// [`ApiError::NotFound`]
pub async fn read(context: &RequestContext<'_>) -> Result<Arc<Workspace>, ApiError> {
    let workspace = context
        .api
        .store
        .fresh_workspace(context.sid("WorkspaceSid")?, context.now)
        .await?;
    workspace.ok_or_else(|| context.not_found())
}

/// Changes the Workspace in the path and returns its new state. `change` is applied to the newest
/// state. When another write has changed that state first, the conflict is retried with backoff, up
/// to [`COMMIT_ATTEMPTS_MAX`] attempts. `change` must be idempotent: it may meet its own result, of
/// an attempt that was written and whose response was lost.
pub async fn change(
    context: &RequestContext<'_>,
    change: impl Fn(&mut Workspace) -> Result<(), ApiError>,
) -> Result<Workspace, ApiError> {
    for attempt in 1..=COMMIT_ATTEMPTS_MAX {
        let before = read(context).await?;
        let mut after = Workspace::clone(&before);
        change(&mut after)?;
        match context
            .api
            .store
            .replace_workspace(Some(&before), &after, context.now)
            .await
        {
            Ok(after) => return Ok(after),
            Err(store::Error::Conflict) => store::back_off(attempt).await,
            Err(error) => return Err(error.into()),
        }
    }
    Err(store::Error::Conflict.into())
}

/// Creates a part: `put` inserts it as in [`change`], `show` renders it from the new state. Status
/// 201.
pub async fn create(
    context: &RequestContext<'_>,
    put: impl Fn(&mut Workspace) -> Result<(), ApiError>,
    show: impl FnOnce(&Workspace) -> Result<Answer, ApiError>,
) -> Result<Answer, ApiError> {
    let created = change(context, put).await?;
    Ok(Answer::created(show(&created)?.body))
}

/// Inserts a part, up to `max` parts of its kind. Idempotent: a part with the same key is our own,
/// of an attempt whose response was lost.
pub fn add<K: Ord, V>(
    parts: &mut BTreeMap<K, V>,
    key: K,
    part: V,
    max: usize,
    kind: Kind,
) -> Result<(), ApiError> {
    if !parts.contains_key(&key) {
        check_room(parts.len(), max, kind)?;
    }
    parts.insert(key, part);
    Ok(())
}

/// The parts that the active Tasks of a Workspace refer to.
pub async fn parts_in_use(
    context: &RequestContext<'_>,
    workspace: &Workspace,
) -> Result<PartsInUse, ApiError> {
    Ok(context
        .api
        .store
        .parts_in_use(workspace, context.now)
        .await?)
}

/// Checks that the Workspace may have one more resource of this kind.
pub fn check_room(count: usize, max: usize, kind: Kind) -> Result<(), ApiError> {
    if count < max {
        return Ok(());
    }
    let kind = kind.plural();
    Err(ApiError::State(format!(
        "The Workspace has {max} {kind}, which is the limit"
    )))
}

/// The refusal to delete a resource that is referred to.
pub fn referenced(kind: Kind, name: impl Display, reason: impl Display) -> ApiError {
    let kind = kind.name();
    ApiError::State(format!("Cannot delete {kind} {name}: {reason}"))
}

/// The dates that every resource shows; null for a part that was written before dates were stored.
#[derive(Serialize)]
pub struct ShownDates {
    date_created: Option<String>,
    date_updated: Option<String>,
}

/// The dates of a part.
pub fn dates(workspace: &Workspace, part: PartId) -> ShownDates {
    let dates = workspace.ledger.dates.get(&part);
    ShownDates {
        date_created: dates.map(|dates| dates.date_created.to_iso8601()),
        date_updated: dates.map(|dates| dates.date_updated.to_iso8601()),
    }
}

/// An entry of a list of parts.
pub struct Row<T> {
    /// The part.
    pub part: T,
    sort_key: SortKey,
}

impl<T> Row<T> {
    /// An entry of a list that is ordered by [`created`].
    pub fn new(workspace: &Workspace, part: T, id: PartId, sid: impl ToString) -> Self {
        Self {
            part,
            sort_key: created(workspace, id, sid),
        }
    }

    /// An entry of a list that is ordered by another key.
    pub fn with_key(part: T, sort_key: SortKey) -> Self {
        Self { part, sort_key }
    }
}

/// The order of creation. Parts that one write created have the order of the file or of the
/// template.
pub fn created(workspace: &Workspace, id: PartId, sid: impl ToString) -> SortKey {
    let (date_created, place) = workspace.ledger.position(id);
    SortKey::by(vec![date_created.as_millis(), place.into()], sid)
}

impl<T> Listed for Row<T> {
    fn sort_key(&self) -> SortKey {
        self.sort_key.clone()
    }
}

/// The value of a parameter that is a URL: `None` without the parameter, `Some(None)` for an empty
/// value, which removes the stored URL.
///
/// # Errors
/// [`ApiError::Parameter`] for anything but an absolute URL.
pub fn url(form: &Parameters, name: &str) -> Result<Option<Option<String>>, ApiError> {
    parsed_url(
        form,
        name,
        is_url,
        "expected an absolute URL such as https://example.com/events",
    )
}

/// As [`url`]; a path that this program serves itself, such as `/assignment`, is valid, too.
pub fn url_or_path(form: &Parameters, name: &str) -> Result<Option<Option<String>>, ApiError> {
    let expected = "expected an absolute URL such as https://example.com/assignment";
    parsed_url(
        form,
        name,
        |text| is_url(text) || is_own_path(text),
        expected,
    )
}

fn parsed_url(
    form: &Parameters,
    name: &str,
    is_valid: impl Fn(&str) -> bool,
    expected: &str,
) -> Result<Option<Option<String>>, ApiError> {
    form.parsed(name, |text| match text {
        "" => Ok(None),
        text if is_valid(text) => Ok(Some(text.to_owned())),
        _ => Err(expected.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn url_is_set_kept_or_removed() {
        let form = |text: &str| Parameters::of_query(text).unwrap();
        assert_eq!(url(&form("B=https://a.example"), "A").unwrap(), None);
        assert_eq!(
            url(&form("A=https://a.example/b"), "A").unwrap(),
            Some(Some("https://a.example/b".to_owned()))
        );
        let emptied = Parameters::url_encoded(b"A=").unwrap();
        assert_eq!(url(&emptied, "A").unwrap(), Some(None));
        assert_eq!(
            url_or_path(&form("A=/assignment"), "A").unwrap(),
            Some(Some("/assignment".to_owned()))
        );
        for wrong in [
            "A=/assignment",
            "A=a.example",
            "A=ftp://a",
            "A=https://a%20b",
        ] {
            let message = url(&form(wrong), "A").unwrap_err().to_string();
            assert!(
                message.starts_with("A: expected an absolute URL"),
                "{wrong}: {message}"
            );
        }
    }

    #[test]
    fn number_of_parts_is_limited() {
        assert!(check_room(99, 100, Kind::Activity).is_ok());
        let message = check_room(100, 100, Kind::Activity)
            .unwrap_err()
            .to_string();
        assert_eq!(
            message,
            "The Workspace has 100 Activities, which is the limit"
        );
    }
}
