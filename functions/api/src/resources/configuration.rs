//! What the configuration's resources have in common: they are read as they stand, and written part by part on condition
//! that nobody has written meanwhile.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use store::{COMMIT_ATTEMPTS_MAX, PartsInUse};
use task_router::model::{PartId, Workspace};
use vocabulary::{is_own_path, is_url};

use crate::answer::Answer;
use crate::error::ApiError;
use crate::paging::{Listed, Place};
use crate::parameters::Parameters;
use crate::request_context::RequestContext;

/// The Workspace the path names, as it stands now and not some seconds ago: whoever has just made a part finds it.
pub async fn read(context: &RequestContext<'_>) -> Result<Arc<Workspace>, ApiError> {
    let workspace = context
        .api
        .store
        .fresh_workspace(context.sid("WorkspaceSid")?, context.now)
        .await?;
    workspace.ok_or_else(|| context.not_found())
}

/// Changes the Workspace the path names, and says how it stands now. `change` gets the newest state, anew whenever somebody
/// else has written meanwhile, [`COMMIT_ATTEMPTS_MAX`] times; it must not mind meeting its own change, whose confirmation may have been lost.
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
            Err(store::Error::Conflict) => store::pause(attempt).await,
            Err(error) => return Err(error.into()),
        }
    }
    Err(store::Error::Conflict.into())
}

/// Makes a part: `put` puts it into the Workspace as [`change`] does, `show` shows it there.
pub async fn create(
    context: &RequestContext<'_>,
    put: impl Fn(&mut Workspace) -> Result<(), ApiError>,
    show: impl FnOnce(&Workspace) -> Result<Answer, ApiError>,
) -> Result<Answer, ApiError> {
    let made = change(context, put).await?;
    Ok(Answer::created(show(&made)?.body))
}

/// Adds a part to those of its kind, `max` at most. One that is there already is our own, of an attempt whose confirmation
/// was lost.
pub fn add<K: Ord, V>(
    parts: &mut BTreeMap<K, V>,
    key: K,
    part: V,
    max: usize,
    kind: &str,
) -> Result<(), ApiError> {
    if !parts.contains_key(&key) {
        check_room(parts.len(), max, kind)?;
    }
    parts.insert(key, part);
    Ok(())
}

/// What the living Tasks of a Workspace need.
pub async fn in_use(
    context: &RequestContext<'_>,
    workspace: &Workspace,
) -> Result<PartsInUse, ApiError> {
    Ok(context
        .api
        .store
        .parts_in_use(workspace, context.now)
        .await?)
}

/// The Workspace may have no more of these.
pub fn check_room(count: usize, max: usize, kind: &str) -> Result<(), ApiError> {
    match count < max {
        true => Ok(()),
        false => Err(ApiError::State(format!(
            "The Workspace has {max} {kind}, as many as it may have"
        ))),
    }
}

/// The refusal to delete what somebody needs.
pub fn needed(
    kind: &str,
    name: impl std::fmt::Display,
    reason: impl std::fmt::Display,
) -> ApiError {
    ApiError::State(format!("Cannot delete {kind} {name}: {reason}"))
}

/// The dates every resource shows; null for a part that was written before dates were kept.
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

/// A part in a list, oldest first.
pub struct Row<T> {
    /// What is shown.
    pub part: T,
    place: Place,
}

impl<T> Row<T> {
    /// The row of a part: by its age, and by its SID among those of the same age.
    pub fn new(workspace: &Workspace, part: T, id: PartId, sid: impl ToString) -> Self {
        Self {
            part,
            place: Place::new(workspace.ledger.date_created(id), sid),
        }
    }

    /// The row of a part at another place.
    pub fn at(part: T, place: Place) -> Self {
        Self { part, place }
    }
}

impl<T> Listed for Row<T> {
    fn place(&self) -> Place {
        self.place.clone()
    }
}

/// The URL under a name: `None` if it is not there, `Some(None)` if it is empty, which takes away the one there was.
///
/// # Errors
/// [`ApiError::Parameter`] for anything but an absolute URL.
pub fn url(form: &Parameters, name: &str) -> Result<Option<Option<String>>, ApiError> {
    address(
        form,
        name,
        is_url,
        "expected an absolute URL such as https://example.com/events",
    )
}

/// As [`url`], or a path of our own, such as `/assignment`.
pub fn url_or_path(form: &Parameters, name: &str) -> Result<Option<Option<String>>, ApiError> {
    let expected = "expected an absolute URL such as https://example.com/assignment";
    address(
        form,
        name,
        |text| is_url(text) || is_own_path(text),
        expected,
    )
}

fn address(
    form: &Parameters,
    name: &str,
    is_right: impl Fn(&str) -> bool,
    expected: &str,
) -> Result<Option<Option<String>>, ApiError> {
    form.parsed(name, |text| match text {
        "" => Ok(None),
        text if is_right(text) => Ok(Some(text.to_owned())),
        _ => Err(expected.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_taken_left_out_or_taken_away() {
        let form = |text: &str| Parameters::of_query(text).unwrap();
        assert_eq!(url(&form("B=https://a.example"), "A").unwrap(), None);
        assert_eq!(
            url(&form("A=https://a.example/b"), "A").unwrap(),
            Some(Some("https://a.example/b".to_owned()))
        );
        let emptied = Parameters::of_form(&http::HeaderMap::new(), b"A=").unwrap();
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
    fn there_is_room_up_to_the_limit() {
        assert!(check_room(99, 100, "Activities").is_ok());
        let message = check_room(100, 100, "Activities").unwrap_err().to_string();
        assert_eq!(
            message,
            "The Workspace has 100 Activities, as many as it may have"
        );
    }
}
