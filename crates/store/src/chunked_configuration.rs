//! A Workflow's configuration that is larger than an item may be (400 KB; taskrouter.md section 14 allows 1,038,576 bytes of
//! JSON): kept in pieces, in a partition of its own.
//!
//! That partition is named by Workflow, version and content, so what is in it never changes, and any process reads it once.
//! It is written before the row that points to it, and lives on for as long as a Task may follow it after the row has gone
//! on to another: a reader has the old configuration or the new one, never a mixture.

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

/// Bytes of JSON that stay in the row itself. It may have 400 KB, and JSON is longer than what DynamoDB makes of it.
const IN_THE_ROW_MAX: usize = 300_000;

/// Bytes of one piece: an item may have 400 KB.
const PIECE_BYTES_MAX: usize = 350_000;

/// Bytes of the digest in a partition's name.
const DIGEST_BYTES: usize = 16;

/// Configurations a process remembers. Forgetting them costs reading them again.
const REMEMBERED_MAX: usize = 32;

/// The attribute in the place of the configuration: the partition it is in.
const POINTER: &str = "configuration_pieces";

/// How many pieces there are in it.
const COUNT: &str = "configuration_pieces_count";

/// The attribute both kinds of rows have their configuration in.
const CONFIGURATION: &str = "configuration";

/// Large configurations by their partition.
pub(crate) type Known = BTreeMap<String, Arc<Configuration>>;

#[derive(Serialize, Deserialize)]
struct Piece {
    text: String,
}

/// The pieces of a Workflow's configuration; none if it stays in its row.
pub(crate) fn of(workflow: &Workflow) -> Result<Vec<Item>, Error> {
    let pieces = pieces_of(workflow.sid, workflow.version, &workflow.configuration)?;
    Ok(pieces.map(|pieces| pieces.items).unwrap_or_default())
}

/// A row without its configuration, if that is too large for it.
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

/// The configurations that `before` has in pieces and `after` no longer has as a Workflow's own: their pieces.
pub(crate) fn retired(
    before: &Workspace,
    after: &Workspace,
    end: Timestamp,
) -> Result<Vec<Item>, Error> {
    let mut items = Vec::new();
    for workflow in before.workflows.values() {
        let current = after
            .workflows
            .get(&workflow.sid)
            .map(|workflow| workflow.version);
        if current == Some(workflow.version) {
            continue;
        }
        items.extend(of(workflow)?.into_iter().map(|mut piece| {
            items::keep_until(&mut piece, end);
            piece
        }));
    }
    Ok(items)
}

/// A row as it can be read, without its configuration if that is elsewhere, and where it is.
pub(crate) fn readable(mut row: Item) -> (Item, Option<String>) {
    let pointer = pointer_of(&row).map(str::to_owned);
    if pointer.is_some() {
        row.insert(CONFIGURATION.to_owned(), AttributeValue::M(nothing()));
    }
    (row, pointer)
}

/// The same for a row as the stream shows it: events are not about what a configuration says.
pub(crate) fn readable_image(mut image: serde_dynamo::Item) -> serde_dynamo::Item {
    if image.contains_key(POINTER) {
        let nothing = serde_dynamo::Item::from(nothing()).into_inner();
        image.insert(
            CONFIGURATION.to_owned(),
            serde_dynamo::AttributeValue::M(nothing),
        );
    }
    image
}

impl Store {
    /// Every configuration that one of these rows of a Workspace points to.
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
            let missing =
                || Error::Unavailable(format!("piece {number} of {partition} is missing"));
            json.push_str(&piece.ok_or_else(missing)?.text);
        }
        let read: Configuration = serde_json::from_str(&json).map_err(|error| {
            Error::Unavailable(format!(
                "the pieces of {partition} are no configuration: {error}"
            ))
        })?;
        let read = Arc::new(read);
        let known = &mut self.cache.lock().await.configurations;
        if known.len() >= REMEMBERED_MAX {
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

/// A configuration in pieces; `None`: it is small enough to stay whole.
fn pieces_of(
    sid: WorkflowSid,
    version: u32,
    configuration: &Configuration,
) -> Result<Option<Pieces>, Error> {
    let json = serde_json::to_string(configuration)
        .map_err(|error| Error::Unavailable(error.to_string()))?;
    if json.len() <= IN_THE_ROW_MAX {
        return Ok(None);
    }
    let digest: String = Sha256::digest(&json)
        .iter()
        .take(DIGEST_BYTES)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let partition = format!("{sid}#{version}#{digest}");
    let item = |(number, text): (usize, String)| {
        items::with_key(
            &Piece { text },
            &Key::configuration_piece(&partition, number),
        )
    };
    let items = cut(&json)
        .into_iter()
        .enumerate()
        .map(item)
        .collect::<Result<_, _>>()?;
    Ok(Some(Pieces { partition, items }))
}

/// A text in pieces of at most [`PIECE_BYTES_MAX`], none of which ends within a character.
fn cut(text: &str) -> Vec<String> {
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

/// A configuration that does nothing.
fn nothing() -> Item {
    Item::from([("filters".to_owned(), AttributeValue::L(Vec::new()))])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_characters_and_none_is_lost() {
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
