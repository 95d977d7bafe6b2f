//! Audio files of the configuration, in partitions that are named by their content.
//!
//! The content of a partition never changes, so a process reads it once and caches it. Files are
//! written before the flows that name them, and stay for as long as flows that name them.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use ids::time::Timestamp;
use voice_flows::{Sound, SoundName};

use crate::items::{self, Item};
use crate::keys::{self, Key};
use crate::{Error, FLOWS_KEPT, Store};

/// The most bytes of one piece. An item may have 400 KB.
const PIECE_BYTES_MAX: usize = 350_000;

/// The most bytes in a process's cache: eight of the largest files. A full cache is cleared; its
/// entries are read again when needed.
const CACHED_BYTES_MAX: usize = 32 * 1024 * 1024;

/// The attribute with the bytes of a piece.
const BYTES: &str = "bytes";

/// The attribute with the number of pieces.
const COUNT: &str = "count";

/// Audio files by name.
pub(crate) type KnownSounds = BTreeMap<SoundName, Arc<[u8]>>;

impl Store {
    /// The content of an audio file; `None` if it is not stored (any more).
    ///
    /// # Errors
    /// [`Error`] when the table fails, or when a piece is missing or damaged.
    pub async fn sound(&self, name: &SoundName) -> Result<Option<Arc<[u8]>>, Error> {
        if let Some(known) = self.cache.lock().await.sounds.get(name) {
            return Ok(Some(Arc::clone(known)));
        }
        let Some(first) = self.get_item(&Key::sound_piece(name, 0)).await? else {
            return Ok(None);
        };
        let count = count_of(&first);
        let mut content = bytes_of(first).ok_or_else(|| damaged(name))?;
        for number in 1..count {
            let piece = self.get_item(&Key::sound_piece(name, number)).await?;
            let bytes = piece.and_then(bytes_of).ok_or_else(|| damaged(name))?;
            content.extend(bytes);
        }
        let content: Arc<[u8]> = content.into();
        self.keep_sound(name, &content).await;
        Ok(Some(content))
    }

    /// Writes audio files. Idempotent: the same file is the same items.
    ///
    /// # Errors
    /// [`Error`] when the table fails.
    pub async fn save_sounds(&self, sounds: &[&Sound]) -> Result<(), Error> {
        for sound in sounds {
            for item in pieces_of(&sound.name, &sound.content) {
                self.put(item).await?;
            }
        }
        Ok(())
    }

    /// Has audio files expire, as of `now`, because the flows of new calls do not name them.
    ///
    /// # Errors
    /// [`Error`] when the table fails.
    pub async fn retire_sounds(&self, names: &[&SoundName], now: Timestamp) -> Result<(), Error> {
        for name in names {
            let Some(content) = self.sound(name).await? else {
                continue;
            };
            for mut item in pieces_of(name, &content) {
                items::keep_until(&mut item, now + FLOWS_KEPT);
                self.put(item).await?;
            }
        }
        Ok(())
    }

    async fn keep_sound(&self, name: &SoundName, content: &Arc<[u8]>) {
        let known = &mut self.cache.lock().await.sounds;
        let cached: usize = known.values().map(|content| content.len()).sum();
        if cached + content.len() > CACHED_BYTES_MAX {
            known.clear();
        }
        known.insert(name.clone(), Arc::clone(content));
    }
}

fn pieces_of(name: &SoundName, content: &[u8]) -> Vec<Item> {
    let pieces = content.chunks(PIECE_BYTES_MAX);
    let count = pieces.len();
    let numbered = pieces.enumerate();
    numbered
        .map(|(number, bytes)| {
            let key = Key::sound_piece(name, number);
            Item::from([
                (keys::PK.to_owned(), items::text(&key.pk)),
                (keys::SK.to_owned(), items::text(&key.sk)),
                (COUNT.to_owned(), items::number(count)),
                (BYTES.to_owned(), AttributeValue::B(Blob::new(bytes))),
            ])
        })
        .collect()
}

fn count_of(item: &Item) -> usize {
    let count = item.get(COUNT).and_then(|value| value.as_n().ok());
    count.and_then(|count| count.parse().ok()).unwrap_or(1)
}

fn bytes_of(mut item: Item) -> Option<Vec<u8>> {
    let AttributeValue::B(bytes) = item.remove(BYTES)? else {
        return None;
    };
    Some(bytes.into_inner())
}

fn damaged(name: &SoundName) -> Error {
    Error::Unavailable(format!(
        "the audio file {name} cannot be read: a piece is missing"
    ))
}
