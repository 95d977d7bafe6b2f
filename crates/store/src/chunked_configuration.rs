//! Chunked configuration: the configuration of a Workflow that is larger than a DynamoDB item (400
//! KB; taskrouter.md section 14 allows 1,038,576 bytes of JSON), stored in pieces in a partition of
//! its own.
//!
//! The partition's name contains Workflow, version and a digest of the content. So its content
//! never changes, and a process reads a partition once and caches it. The pieces are written before
//! the row that points to them, and stay for as long as a Task may follow them after the row points
//! to a newer partition: a reader has the old configuration or the new one, never a mixture.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;
use ids::WorkflowSid;
use ids::time::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use task_router::model::{Configuration, Workflow, Workspace};

use crate::items::{self, Item, number, text};
use crate::keys::Key;
use crate::{Error, Store};

/// The most bytes of JSON that stay in the row itself. A row may have 400 KB, and JSON is longer
/// than what DynamoDB stores of it.
const ROW_BYTES_MAX: usize = 300_000;

/// The most bytes of one piece. An item may have 400 KB.
const PIECE_BYTES_MAX: usize = 350_000;

/// Bytes of the digest in a partition's name.
const DIGEST_BYTES: usize = 16;

/// The most configurations in a process's cache. A full cache is cleared; its entries are read
/// again when needed.
const CACHED_MAX: usize = 32;

/// The attribute that replaces the configuration: the partition with its pieces.
const POINTER: &str = "configuration_pieces";

/// The attribute with the number of pieces.
const COUNT: &str = "configuration_pieces_count";

/// The attribute in which both kinds of rows have their configuration.
const CONFIGURATION: &str = "configuration";

/// The attributes of a row whose configuration is stored in pieces.
pub(crate) const NAMES: [&str; 2] = [POINTER, COUNT];

/// Chunked configurations by partition.
pub(crate) type Known = BTreeMap<String, Arc<Configuration>>;

#[derive(Serialize, Deserialize)]
struct Piece {
    text: String,
}

/// The pieces of a Workflow's configuration; none if the configuration stays in its row.
pub(crate) fn of(workflow: &Workflow) -> Result<Vec<Item>, Error> {
    let pieces = pieces_of(workflow.sid, workflow.version, &workflow.configuration)?;
    Ok(pieces.map(|pieces| pieces.items).unwrap_or_default())
}

/// A row with a pointer in place of its configuration, if that is too large for the row; otherwise
/// the row unchanged.
pub(crate) fn taken_out(
    mut row: Item,
    (sid, version): (WorkflowSid, u32),
    configuration: &Configuration,
) -> Result<Item, Error> {
    let Some(pieces) = pieces_of(sid, version, configuration)? else {
        return Ok(row);
    };
    row.remove(CONFIGURATION);
    row.insert(POINTER.to_owned(), text(&pieces.partition));
    row.insert(COUNT.to_owned(), number(pieces.items.len()));
    Ok(row)
}

/// The pieces of the chunked configurations of `before` that are no Workflow's current
/// configuration in `after`, each with the time `end` at which it expires.
pub(crate) fn retired(
    before: &Workspace,
    after: &Workspace,
    end: Timestamp,
) -> Result<Vec<Item>, Error> {
    let mut items = Vec::new();
    for workflow in before.workflows.values() {
        // A partition is named by version and content, and the content includes the text.
        let is_current = after.workflows.get(&workflow.sid).is_some_and(|current| {
            current.version == workflow.version && current.configuration == workflow.configuration
        });
        if is_current {
            continue;
        }
        items.extend(of(workflow)?.into_iter().map(|mut piece| {
            items::keep_until(&mut piece, end);
            piece
        }));
    }
    Ok(items)
}

/// A row that can be deserialized, with an empty configuration if the real one is chunked, and the
/// partition of the pieces.
pub(crate) fn readable(mut row: Item) -> (Item, Option<String>) {
    let pointer = pointer_of(&row).map(str::to_owned);
    if pointer.is_some() {
        row.insert(
            CONFIGURATION.to_owned(),
            AttributeValue::M(empty_configuration()),
        );
    }
    (row, pointer)
}

/// The same for a row in a stream record. Its configuration stays empty, because Events do not
/// contain it.
pub(crate) fn readable_image(mut image: serde_dynamo::Item) -> serde_dynamo::Item {
    if image.contains_key(POINTER) {
        let empty_configuration = serde_dynamo::Item::from(empty_configuration()).into_inner();
        image.insert(
            CONFIGURATION.to_owned(),
            serde_dynamo::AttributeValue::M(empty_configuration),
        );
    }
    image
}

impl Store {
    /// Reads every chunked configuration that one of these rows points to, through the cache.
    pub(crate) async fn large_configurations(&self, rows: &[Item]) -> Result<Known, Error> {
        let mut found = Known::new();
        for row in rows {
            let Some(partition) = pointer_of(row) else {
                continue;
            };
            let known = self
                .cache
                .lock()
                .await
                .configurations
                .get(partition)
                .cloned();
            let configuration = match known {
                Some(known) => known,
                None => self.read_pieces(partition, count_of(row)).await?,
            };
            found.insert(partition.to_owned(), configuration);
        }
        Ok(found)
    }

    async fn read_pieces(
        &self,
        partition: &str,
        count: usize,
    ) -> Result<Arc<Configuration>, Error> {
        let mut json = String::new();
        for number in 0..count {
            let piece: Option<Piece> = self
                .get(&Key::configuration_piece(partition, number))
                .await?;
            let Some(piece) = piece else {
                return Err(Error::Unavailable(format!(
                    "piece {number} of {partition} is missing"
                )));
            };
            json.push_str(&piece.text);
        }
        let read: Configuration = serde_json::from_str(&json).map_err(|error| {
            Error::Unavailable(format!(
                "the pieces of {partition} are not a valid configuration: {error}"
            ))
        })?;
        let read = Arc::new(read);
        let known = &mut self.cache.lock().await.configurations;
        if known.len() >= CACHED_MAX {
            known.clear();
        }
        known.insert(partition.to_owned(), Arc::clone(&read));
        Ok(read)
    }
}

struct Pieces {
    partition: String,
    items: Vec<Item>,
}

/// The pieces of a configuration; `None` if it is small enough for its row.
fn pieces_of(
    sid: WorkflowSid,
    version: u32,
    configuration: &Configuration,
) -> Result<Option<Pieces>, Error> {
    let json = serde_json::to_string(configuration)
        .map_err(|error| Error::Unavailable(error.to_string()))?;
    if json.len() <= ROW_BYTES_MAX {
        return Ok(None);
    }
    let digest: String = Sha256::digest(&json)
        .iter()
        .take(DIGEST_BYTES)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let partition = format!("{sid}#{version}#{digest}");
    let items = cut(&json)
        .into_iter()
        .enumerate()
        .map(|(number, text)| {
            items::with_key(
                &Piece { text },
                &Key::configuration_piece(&partition, number),
            )
        })
        .collect::<Result<_, _>>()?;
    Ok(Some(Pieces { partition, items }))
}

/// Cuts a text into pieces of at most [`PIECE_BYTES_MAX`] bytes, each of whole characters.
pub(crate) fn cut(text: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    for character in text.chars() {
        match pieces.last_mut() {
            Some(piece) if piece.len() + character.len_utf8() <= PIECE_BYTES_MAX => {
                piece.push(character)
            }
            Some(_) | None => pieces.push(character.to_string()),
        }
    }
    pieces
}

fn pointer_of(row: &Item) -> Option<&str> {
    row.get(POINTER)
        .and_then(|value| value.as_s().ok())
        .map(String::as_str)
}

fn count_of(row: &Item) -> usize {
    let count = row.get(COUNT).and_then(|value| value.as_n().ok());
    count
        .and_then(|count| count.parse().ok())
        .unwrap_or_default()
}

/// A configuration without filters, as a placeholder.
fn empty_configuration() -> Item {
    Item::from([("filters".to_owned(), AttributeValue::L(Vec::new()))])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_between_characters() {
        let text = format!(
            "{}é{}",
            "x".repeat(PIECE_BYTES_MAX - 1),
            "न".repeat(PIECE_BYTES_MAX)
        );
        let pieces = cut(&text);
        assert!(pieces.len() > 3 && pieces.iter().all(|piece| piece.len() <= PIECE_BYTES_MAX));
        assert_eq!(pieces.concat(), text);
    }
}
