//! Whether a contact centre can take calls now.

use ids::TaskSid;
use ids::time::Millis;

use crate::Centre;

/// How late stream records may be handled in a centre that is ready. At this age an alarm fires on
/// AWS, too (`RoutingIteratorAgeAlarm` in `template.yaml`).
pub const STREAM_LAG_MAX: Millis = Millis::from_secs(30);

/// Why a contact centre should get no requests now.
#[derive(Debug, thiserror::Error)]
pub enum NotReady {
    /// It is stopping: it finishes the requests under way.
    #[error("the contact centre is stopping")]
    Stopping,
    /// The table cannot be read.
    #[error("the table cannot be read")]
    Table(#[source] store::Error),
    /// Routing is behind the table's stream.
    #[error(
        "routing is {} s behind the table's stream, expected at most {} s",
        .0.as_secs(), STREAM_LAG_MAX.as_secs()
    )]
    Behind(Millis),
}

impl Centre {
    /// Checks that the table can be read and that routing follows its stream.
    ///
    /// # Errors
    /// [`NotReady`]
    pub async fn check_ready(&self) -> Result<(), NotReady> {
        if self.is_stopping() {
            return Err(NotReady::Stopping);
        }
        // No cache holds a Task, and no Task has this SID: one read of the table.
        let no_task = TaskSid::derive(&["readyz"]);
        self.store.task(no_task).await.map_err(NotReady::Table)?;
        match self.stream_lag() {
            lag if lag > STREAM_LAG_MAX => Err(NotReady::Behind(lag)),
            _in_time => Ok(()),
        }
    }
}
