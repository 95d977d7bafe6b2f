//! The voice flows, in a partition that is named by their version.
//!
//! The content of a partition never changes, so a process reads it once and caches it. A version is
//! written before the voice settings refer to it, and stays for [`FLOWS_KEPT`] after they refer to
//! another one: a call continues in the version in which it started.

use std::collections::BTreeMap;
use std::sync::Arc;

use ids::time::{Millis, Timestamp};
use serde::{Deserialize, Serialize};
use shared::flows_version::FlowsVersion;
use voice_flows::VoiceFlows;

use crate::chunked_configuration::cut;
use crate::items::{self, Item};
use crate::keys::Key;
use crate::{Error, Store};

/// How long replaced flows are kept: as long as a carrier lets a call last.
pub const FLOWS_KEPT: Millis = Millis::from_secs(24 * 60 * 60);

/// The most versions in a process's cache. A full cache is cleared; its entries are read again when
/// needed.
const CACHED_MAX: usize = 8;

/// Flows by version.
pub(crate) type KnownFlows = BTreeMap<FlowsVersion, Arc<VoiceFlows>>;

/// One piece of the flows' content.
#[derive(Serialize, Deserialize)]
struct Piece {
    /// The number of pieces.
    count: usize,
    text: String,
}

impl Store {
    /// The flows of a version; `None` if they are not stored (any more).
    ///
    /// # Errors
    /// [`Error`] when the table fails, or when a piece is missing or damaged.
    pub async fn voice_flows(
        &self,
        version: &FlowsVersion,
    ) -> Result<Option<Arc<VoiceFlows>>, Error> {
        if let Some(known) = self.cache.lock().await.flows.get(version) {
            return Ok(Some(Arc::clone(known)));
        }
        let Some(first) = self.piece(version, 0).await? else {
            return Ok(None);
        };
        let mut content = first.text;
        for number in 1..first.count {
            let Some(piece) = self.piece(version, number).await? else {
                return Err(damaged(version, "a piece is missing"));
            };
            content.push_str(&piece.text);
        }
        let flows = serde_json::from_str::<VoiceFlows>(&content)
            .map_err(|error| damaged(version, &error.to_string()))?;
        let flows = Arc::new(flows);
        let known = &mut self.cache.lock().await.flows;
        if known.len() >= CACHED_MAX {
            known.clear();
        }
        known.insert(version.clone(), Arc::clone(&flows));
        Ok(Some(flows))
    }

    /// Writes flows. Idempotent: the same flows are the same items.
    ///
    /// # Errors
    /// [`Error`] when the table fails.
    pub async fn save_voice_flows(&self, flows: &VoiceFlows) -> Result<(), Error> {
        for item in pieces_of(flows)? {
            self.put(item).await?;
        }
        Ok(())
    }

    /// Has the flows of a version expire, as of `now`, because new calls get another one.
    ///
    /// # Errors
    /// [`Error`] when the table fails.
    pub async fn retire_voice_flows(
        &self,
        version: &FlowsVersion,
        now: Timestamp,
    ) -> Result<(), Error> {
        let Some(flows) = self.voice_flows(version).await? else {
            return Ok(());
        };
        for mut item in pieces_of(&flows)? {
            items::keep_until(&mut item, now + FLOWS_KEPT);
            self.put(item).await?;
        }
        Ok(())
    }

    async fn piece(&self, version: &FlowsVersion, number: usize) -> Result<Option<Piece>, Error> {
        self.get(&Key::flows_piece(version, number)).await
    }
}

fn pieces_of(flows: &VoiceFlows) -> Result<Vec<Item>, Error> {
    let unreadable = |error: serde_json::Error| Error::Unavailable(error.to_string());
    let content = flows.content().map_err(unreadable)?;
    let version = FlowsVersion::of(content.as_bytes());
    let pieces = cut(&content);
    let count = pieces.len();
    let numbered = pieces.into_iter().enumerate();
    numbered
        .map(|(number, text)| {
            let key = Key::flows_piece(&version, number);
            items::with_key(&Piece { count, text }, &key)
        })
        .collect()
}

fn damaged(version: &FlowsVersion, reason: &str) -> Error {
    Error::Unavailable(format!(
        "the voice flows {version} cannot be read: {reason}"
    ))
}
