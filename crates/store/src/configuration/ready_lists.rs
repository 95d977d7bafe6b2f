//! Which readinesses there are, so that a Task knows on which boards free Workers stand.
//!
//! A readiness becomes known before the first Worker who has it is written, and is forgotten when nobody has had it for long. In
//! between, no Task may miss a Worker. So the end has two steps. A sweep that sees nobody on a board notes since when
//! ([`Store::note_empty`]); that changes nothing for Tasks, which look there as before. When the note is
//! [`READINESS_KEPT`] old, whoever writes a Worker with this readiness makes it known anew first, which takes the note away. When it
//! is older still by [`MARGIN`], a sweep removes the readiness, on condition that the note is there. By then every writer who
//! did not make it known anew is done, so whoever they wrote is seen on the board, and a process whose configuration is some
//! seconds old, or whose clock is wrong by minutes, knows of the note all the same.

use ids::WorkspaceSid;
use ids::time::{Millis, Timestamp};
use serde::Deserialize;
use task_router::model::{Readiness, Worker, Workspace};

use crate::items::{self, Item, number};
use crate::keys::{self, Key, Part};
use crate::{Error, Store};

/// How long a readiness that nobody has is known without being made known anew.
pub const READINESS_KEPT: Millis = Millis::from_secs(3_600);

/// How much later it is forgotten: longer than any write takes, any configuration is kept, and clocks differ.
const MARGIN: Millis = Millis::from_secs(600);

/// How old a note is left alone though somebody is on the board: they come and go.
const NOTE_LEFT: Millis = Millis::from_secs(1_800);

/// The attribute that says since when nobody has been seen on the board.
const EMPTY_SINCE: &str = "empty_since";

#[derive(Deserialize)]
struct Note {
    #[serde(default)]
    empty_since: Option<Timestamp>,
}

/// A readiness of the table, and since when nobody has been seen on its board.
pub(super) fn of_row(row: Item) -> Result<(Readiness, Option<Timestamp>), Error> {
    let note: Note = items::read(row.clone())?;
    Ok((items::read(row)?, note.empty_since))
}

impl Store {
    /// Makes a readiness known, whatever was noted of its board.
    pub async fn save_readiness(
        &self,
        workspace: WorkspaceSid,
        readiness: &Readiness,
    ) -> Result<(), Error> {
        self.forget_workspace(workspace).await;
        self.put(items::with_key(readiness, &key(workspace, readiness))?)
            .await
    }

    /// Does for a readiness what a sweep does that has just looked at every Worker: `is_stood_on` if one of them has it.
    pub async fn tend_readiness(
        &self,
        workspace: &Workspace,
        readiness: &Readiness,
        is_stood_on: bool,
        now: Timestamp,
    ) -> Result<(), Error> {
        let empty_since = workspace.empty_ready_lists.get(&readiness.key()).copied();
        match (is_stood_on, empty_since) {
            (true, None) => Ok(()),
            // A note is taken away well before anybody has to heed it, and not each time somebody comes and goes.
            (true, Some(since)) if now.since(since) < NOTE_LEFT => Ok(()),
            (true, Some(_)) => self.save_readiness(workspace.sid, readiness).await,
            (false, None) => self.note_empty(workspace.sid, readiness, now).await,
            (false, Some(since)) if now.since(since) >= READINESS_KEPT.saturating_add(MARGIN) => {
                self.forget_readiness(workspace, readiness, since).await
            }
            (false, Some(_)) => Ok(()),
        }
    }

    /// Notes that nobody is on the board, if nothing of the kind is noted.
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
        unless_outrun(
            put.condition_expression(condition)
                .send()
                .await
                .map(drop)
                .map_err(Error::from),
        )
    }

    /// Forgets the readiness, unless somebody is on its board after all, or it was made known anew.
    async fn forget_readiness(
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
        unless_outrun(delete.send().await.map(drop).map_err(Error::from))
    }

    /// A readiness that nobody had before, or that may be forgotten any moment, becomes known before the Worker who has it is
    /// written, so that no Task misses them.
    pub(crate) async fn register_ready_list(
        &self,
        worker: &Worker,
        workspace: &Workspace,
    ) -> Result<(), Error> {
        let Some(readiness) = worker.readiness(workspace) else {
            return Ok(());
        };
        let is_kept = |since: &Timestamp| worker.date_updated.since(*since) < READINESS_KEPT;
        let key = readiness.key();
        let is_known = workspace.boards.contains_key(&key)
            && workspace.empty_ready_lists.get(&key).is_none_or(is_kept);
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

/// Somebody else was faster: the next sweep looks again.
fn unless_outrun(written: Result<(), Error>) -> Result<(), Error> {
    match written {
        Err(Error::Conflict) => Ok(()),
        other => other,
    }
}
