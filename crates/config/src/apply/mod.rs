//! Applies a configuration to the table: writes the differences, and keeps the rest.
//!
//! The order makes an interrupted apply safe to repeat: a part is written before the parts that
//! refer to it, and the stored declaration of a Worker after the Worker. No call is ended. Waiting
//! Tasks and unchanged Workers follow the changed Workspace as they follow any change: `routing`
//! reads its stream records.

pub(crate) mod declaration;
pub(crate) mod names;
mod summary;
pub(crate) mod workers;
pub(crate) mod workspace;

use std::collections::BTreeSet;

use ids::time::Timestamp;
use shared::flows_version::FlowsVersion;
use shared::voice_settings::VoiceSettings;
use store::{Error, Store};
use voice_flows::{Sound, SoundName};

pub use names::ApplyError;
pub use summary::{Kept, Reason, Summary, Thing};

use crate::ContactCentre;

/// Updates the table to the file, as of `now`. Idempotent: applying the same configuration again
/// changes nothing.
///
/// Fails when the table fails, or when contention on one Worker persists; a retry continues where
/// this attempt stopped. Fails before the first write when the API has created a part with a name
/// that the file declares.
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
    // Last: a caller can reach the number only when there are Workers to route to.
    apply_voice_settings(store, contact_centre, now, &mut summary).await?;
    Ok(summary)
}

async fn apply_voice_settings(
    store: &Store,
    contact_centre: &ContactCentre,
    now: Timestamp,
    summary: &mut Summary,
) -> Result<(), Error> {
    let settings = &contact_centre.voice_settings;
    let before = store.voice_settings(now).await?;
    match before.as_deref() {
        Some(before) if before == settings => return Ok(()),
        Some(before) => {
            summary.changed.push(Thing::VoiceSettings);
            if before.workspace_sid != settings.workspace_sid {
                leave_workspace(store, before, now, summary).await?;
            }
        }
        None => summary.created.push(Thing::VoiceSettings),
    }
    // The flows are there before the settings refer to them. Calls that started in the flows of
    // before continue in them.
    let old = before.and_then(|before| before.flows.clone());
    let old = old.filter(|old| Some(old) != settings.flows.as_ref());
    let old_sounds = match &old {
        Some(old) => sounds_of(store, old).await?,
        None => BTreeSet::new(),
    };
    if let Some(flows) = &contact_centre.voice_flows {
        let mut new: Vec<&Sound> = contact_centre.sounds.iter().collect();
        new.retain(|sound| !old_sounds.contains(&sound.name));
        store.save_sounds(&new).await?;
        store.save_voice_flows(flows).await?;
    }
    store.save_voice_settings(settings).await?;
    let Some(old) = old else {
        return Ok(());
    };
    let mut unused: Vec<&SoundName> = old_sounds.iter().collect();
    unused.retain(|name| {
        let flows = contact_centre.voice_flows.as_ref();
        !flows.is_some_and(|flows| flows.sounds.contains(*name))
    });
    store.retire_sounds(&unused, now).await?;
    store.retire_voice_flows(&old, now).await
}

/// The audio files of stored flows.
async fn sounds_of(store: &Store, version: &FlowsVersion) -> Result<BTreeSet<SoundName>, Error> {
    let flows = store.voice_flows(version).await?;
    Ok(flows.map(|flows| flows.sounds.clone()).unwrap_or_default())
}

/// Reports that the number now leads to another Workspace. The previous Workspace and its calls
/// stay unchanged.
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
