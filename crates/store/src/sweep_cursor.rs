//! Where the next sweep of a Workspace's Tasks continues, if one sweep did not reach the end of
//! their listing.

use ids::time::{Millis, Timestamp};
use ids::{TaskSid, WorkspaceSid};
use serde::{Deserialize, Serialize};

use crate::keys::Key;
use crate::{Error, Store, items};

/// How long a cursor is kept: a sweep that begins later starts over.
const KEPT: Millis = Millis::from_secs(3_600);

/// The progress of sweeps that each read a part of a Workspace's Tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SweepCursor {
    /// Creation time and id of the last Task that was listed; `None`: the next sweep begins at the
    /// first Task.
    pub after: Option<(Timestamp, TaskSid)>,
}

impl Store {
    /// Where the sweep of a Workspace's Tasks continues; `None` if one sweep reads them all.
    ///
    /// # Errors
    /// The request of the table failed.
    pub async fn sweep_cursor(
        &self,
        workspace: WorkspaceSid,
    ) -> Result<Option<SweepCursor>, Error> {
        self.get(&Key::sweep_cursor(workspace)).await
    }

    /// Stores where the next sweep continues. Two sweeps at the same time may each store theirs:
    /// every sweep is idempotent, and reading some Tasks twice changes nothing.
    ///
    /// # Errors
    /// The request of the table failed.
    pub async fn save_sweep_cursor(
        &self,
        workspace: WorkspaceSid,
        cursor: &SweepCursor,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut item = items::with_key(cursor, &Key::sweep_cursor(workspace))?;
        items::keep_until(&mut item, now + KEPT);
        self.put(item).await
    }

    /// Notes that one sweep reads all Tasks.
    ///
    /// # Errors
    /// The request of the table failed.
    pub async fn forget_sweep_cursor(&self, workspace: WorkspaceSid) -> Result<(), Error> {
        self.delete(&Key::sweep_cursor(workspace)).await
    }
}
