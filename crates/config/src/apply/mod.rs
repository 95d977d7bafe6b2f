//! Writing a set-up to the table: what differs is written, what does not is kept.
//!
//! Order is what makes it safe to stop anywhere and start again: parts before whoever refers to them, the note of what
//! was written after the writing. Nothing here ends a call. Tasks that wait and Workers of whom the file says nothing new
//! follow the changed Workspace as they follow any: by its stream records, which `routing` reads.

mod declaration;
mod names;
mod summary;
mod workers;
mod workspace;

use ids::time::Timestamp;
use shared::voice_settings::VoiceSettings;
use store::{Error, Store};

pub use names::ApplyError;
pub use summary::{Kept, Reason, Summary, Thing};

use crate::ContactCentre;

/// Brings the table to what the file says, as of `now`. Applying the same set-up again changes nothing.
///
/// Fails when the table does, or when somebody else keeps writing the same Worker; applying again then goes on where it
/// stopped. Fails before anything is written when the API has made a part of a name that the file declares.
pub async fn apply(
    store: &Store,
    contact_centre: &ContactCentre,
    now: Timestamp,
) -> Result<Summary, ApplyError> {
    let mut summary = Summary::default();
    let workspace = workspace::apply(store, contact_centre, now, &mut summary).await?;
    workers::apply(
        store,
        &workspace,
        &contact_centre.workers,
        now,
        &mut summary,
    )
    .await?;
    // Last: callers come in once there is somebody to route them to.
    apply_centre(store, &contact_centre.centre, now, &mut summary).await?;
    Ok(summary)
}

async fn apply_centre(
    store: &Store,
    centre: &VoiceSettings,
    now: Timestamp,
    summary: &mut Summary,
) -> Result<(), Error> {
    let before = store.voice_settings(now).await?;
    match before.as_deref() {
        Some(before) if before == centre => return Ok(()),
        Some(before) => {
            summary.changed.push(Thing::Centre);
            if before.workspace_sid != centre.workspace_sid {
                leave_workspace(store, before, now, summary).await?;
            }
        }
        None => summary.created.push(Thing::Centre),
    }
    store.save_voice_settings(centre).await
}

/// The number now leads to another Workspace. The one before stays as it is, with the calls in it.
async fn leave_workspace(
    store: &Store,
    before: &VoiceSettings,
    now: Timestamp,
    summary: &mut Summary,
) -> Result<(), Error> {
    if let Some(workspace) = store.workspace(before.workspace_sid, now).await? {
        let thing = Thing::Workspace(workspace.friendly_name.clone());
        summary.kept.push(Kept {
            thing,
            reason: Reason::AnotherWorkspace,
        });
    }
    Ok(())
}
