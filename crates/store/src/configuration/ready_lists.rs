//! Known Readinesses: a Workspace stores each Readiness, so that a Task knows which ready lists
//! exist.
//!
//! A Readiness is registered before the first Worker who has it is written, and it expires when no
//! Worker has had it for long. No Task may miss a Worker in between, so a Readiness expires in two
//! steps:
//!
//! 1. A sweep that sees no Worker on the ready list notes the moment (`note_empty`). Searches still
//!    read the list.
//! 2. When the note is [`READINESS_KEPT`] old, a writer of a Worker with this Readiness registers
//!    it again first, which removes the note. When the note is older by [`MARGIN`], a sweep deletes
//!    the Readiness, on condition that the note is still there and the list is empty.
//!
//! By the second step every writer that did not register the Readiness again has finished, and its
//! Worker is visible on the list. A process whose configuration is some seconds old, or whose clock
//! is minutes off, has still seen the note.

use ids::WorkspaceSid;
use ids::time::{Millis, Timestamp};
use serde::Deserialize;
use task_router::model::{Readiness, Worker, Workspace};

use crate::items::{self, Item, number};
use crate::keys::{self, Key, Part};
use crate::{Error, Store};

/// How long a Readiness without Workers is known without a new registration.
pub const READINESS_KEPT: Millis = Millis::from_secs(3_600);

/// How much later the Readiness is deleted: longer than any write takes, than any process caches
/// configuration, and than clocks differ.
const MARGIN: Millis = Millis::from_secs(600);

/// The age up to which a note is ignored although the list has a Worker: Workers leave and return
/// often.
const NOTE_LEFT: Millis = Millis::from_secs(1_800);

/// The attribute with the moment since which the ready list has been empty.
const EMPTY_SINCE: &str = "empty_since";

/// The ready list of a Readiness, as a sweep saw it when it had read every Worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadyListSeen {
    /// At least one Worker was on it.
    Occupied,
    /// No Worker was on it.
    Empty,
}

#[derive(Deserialize)]
struct Note {
    #[serde(default)]
    empty_since: Option<Timestamp>,
}

/// A stored Readiness, and the moment since which its ready list has been empty.
pub(super) fn of_row(row: Item) -> Result<(Readiness, Option<Timestamp>), Error> {
    let note: Note = items::read(row.clone())?;
    Ok((items::read(row)?, note.empty_since))
}

impl Store {
    /// Registers a Readiness and removes the note of an empty list.
    pub async fn save_readiness(
        &self,
        workspace: WorkspaceSid,
        readiness: &Readiness,
    ) -> Result<(), Error> {
        self.forget_workspace(workspace).await;
        self.put(items::with_key(readiness, &key(workspace, readiness))?)
            .await
    }

    /// Reconciles a Readiness with what a sweep saw of its ready list: notes an empty list, removes
    /// an outdated note, or deletes an expired Readiness.
    pub async fn tend_readiness(
        &self,
        workspace: &Workspace,
        readiness: &Readiness,
        seen: ReadyListSeen,
        now: Timestamp,
    ) -> Result<(), Error> {
        let empty_since = workspace.empty_ready_lists.get(&readiness.key()).copied();
        match (seen, empty_since) {
            (ReadyListSeen::Occupied, None) => Ok(()),
            // Not with each Worker who leaves and returns, but well before the note takes effect.
            (ReadyListSeen::Occupied, Some(since)) if now.since(since) < NOTE_LEFT => Ok(()),
            (ReadyListSeen::Occupied, Some(_)) => {
                self.save_readiness(workspace.sid, readiness).await
            }
            (ReadyListSeen::Empty, None) => self.note_empty(workspace.sid, readiness, now).await,
            (ReadyListSeen::Empty, Some(since))
                if now.since(since) >= READINESS_KEPT.saturating_add(MARGIN) =>
            {
                self.delete_readiness(workspace, readiness, since).await
            }
            (ReadyListSeen::Empty, Some(_)) => Ok(()),
        }
    }

    /// Notes that the ready list is empty, unless that is noted already.
    async fn note_empty(
        &self,
        workspace: WorkspaceSid,
        readiness: &Readiness,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut item = items::with_key(readiness, &key(workspace, readiness))?;
        item.insert(EMPTY_SINCE.to_owned(), number(now.as_millis()));
        let put = self
            .client
            .put_item()
            .table_name(&*self.table)
            .set_item(Some(item));
        let condition = format!(
            "attribute_exists({}) AND attribute_not_exists({EMPTY_SINCE})",
            keys::PK
        );
        ignoring_conflict(
            put.condition_expression(condition)
                .send()
                .await
                .map(drop)
                .map_err(Error::from),
        )
    }

    /// Deletes the Readiness, unless a Worker is on its ready list or it was registered again.
    async fn delete_readiness(
        &self,
        workspace: &Workspace,
        readiness: &Readiness,
        since: Timestamp,
    ) -> Result<(), Error> {
        if !self
            .free_workers(workspace, readiness, None, 1)
            .await?
            .is_empty()
        {
            return Ok(());
        }
        let delete = self
            .client
            .delete_item()
            .table_name(&*self.table)
            .set_key(Some(items::key_attributes(&key(workspace.sid, readiness))))
            .condition_expression(format!("{EMPTY_SINCE} = :since"))
            .expression_attribute_values(":since", number(since.as_millis()));
        self.forget_workspace(workspace.sid).await;
        ignoring_conflict(delete.send().await.map(drop).map_err(Error::from))
    }

    /// Registers the Readiness of a Worker that is about to be written, if it is new or may be
    /// deleted soon. Without this, a Task could miss the Worker.
    pub(crate) async fn register_ready_list(
        &self,
        worker: &Worker,
        workspace: &Workspace,
    ) -> Result<(), Error> {
        let Some(readiness) = worker.readiness(workspace) else {
            return Ok(());
        };
        let key = readiness.key();
        let is_known = workspace.ready_lists.contains_key(&key)
            && workspace
                .empty_ready_lists
                .get(&key)
                .is_none_or(|since| worker.date_updated.since(*since) < READINESS_KEPT);
        if is_known {
            Ok(())
        } else {
            self.save_readiness(workspace.sid, &readiness).await
        }
    }
}

fn key(workspace: WorkspaceSid, readiness: &Readiness) -> Key {
    Key::part(workspace, Part::Readiness, readiness.key())
}

/// Ignores a conflict: another process wrote first, and the next sweep checks again.
fn ignoring_conflict(written: Result<(), Error>) -> Result<(), Error> {
    match written {
        Err(Error::Conflict) => Ok(()),
        other => other,
    }
}
