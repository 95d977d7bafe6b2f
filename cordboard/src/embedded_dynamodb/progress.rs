//! What the next process must know to continue: how far the stream was handled, and which Events
//! wait for delivery. Both are in tables of ours in the engine's file, so that one transaction
//! writes them: a record that was handled has delivered its Events, or they are written here.

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::{SequenceNumber, TABLE};
use crate::queues::{QueueChanges, Undelivered};

const CREATE: &str = "CREATE TABLE IF NOT EXISTS cordboard_handled (id INTEGER PRIMARY KEY CHECK (id = 0), record INTEGER NOT NULL); \
     CREATE TABLE IF NOT EXISTS cordboard_undelivered (number INTEGER PRIMARY KEY, notice TEXT NOT NULL)";

const HANDLED: &str = "INSERT OR REPLACE INTO cordboard_handled (id, record) VALUES (0, ?1)";

/// Keeps the newest record, because the engine continues from the highest number it finds.
const TRIM: &str = "DELETE FROM _stream_records WHERE table_name = ?1 AND CAST(sequence_number AS INTEGER) <= ?2 \
     AND CAST(sequence_number AS INTEGER) < (SELECT MAX(CAST(sequence_number AS INTEGER)) FROM _stream_records WHERE table_name = ?1)";

/// The offset that the engine adds to a stored sequence number, for the length that the API
/// requires.
const SEQUENCE_NUMBER_OFFSET: SequenceNumber = 100_000_000_000_000_000_000;

/// The progress of earlier processes.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// The last record of the stream that was handled, with all before it.
    pub handled: Option<SequenceNumber>,
    /// The Events that were published and not delivered, in order.
    pub undelivered: Vec<Undelivered>,
}

pub(super) fn create(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(CREATE)
}

pub(super) fn read(connection: &Connection) -> rusqlite::Result<Progress> {
    let handled: Option<i64> = connection
        .query_row("SELECT record FROM cordboard_handled", [], |row| row.get(0))
        .optional()?;
    let mut select =
        connection.prepare("SELECT number, notice FROM cordboard_undelivered ORDER BY number")?;
    let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let rows: Vec<(i64, String)> = rows.collect::<rusqlite::Result<_>>()?;
    Ok(Progress {
        handled: handled
            .and_then(|stored| SequenceNumber::try_from(stored).ok())
            .map(|stored| stored + SEQUENCE_NUMBER_OFFSET),
        undelivered: rows.into_iter().filter_map(undelivered).collect(),
    })
}

/// An Event that waits. One that cannot be read, of another version of this program, is left out:
/// it must not prevent the start.
fn undelivered((number, notice): (i64, String)) -> Option<Undelivered> {
    match serde_json::from_str(&notice) {
        Ok(notice) => Some(Undelivered {
            number: u64::try_from(number).ok()?,
            notice,
        }),
        Err(error) => {
            tracing::error!(number, %error, "undelivered Event unreadable, dropped");
            None
        }
    }
}

pub(super) fn write(
    connection: &mut Connection,
    handled: Option<SequenceNumber>,
    events: &QueueChanges,
) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    write_events(&transaction, events)?;
    if let Some(handled) = handled {
        let stored =
            i64::try_from(handled.saturating_sub(SEQUENCE_NUMBER_OFFSET)).unwrap_or(i64::MAX);
        transaction.prepare_cached(HANDLED)?.execute([stored])?;
        transaction
            .prepare_cached(TRIM)?
            .execute(params![TABLE, stored])?;
    }
    transaction.commit()
}

fn write_events(transaction: &Transaction<'_>, events: &QueueChanges) -> rusqlite::Result<()> {
    let mut add = transaction.prepare_cached(
        "INSERT OR REPLACE INTO cordboard_undelivered (number, notice) VALUES (?1, ?2)",
    )?;
    for Undelivered { number, notice } in &events.added {
        // Ids and text, so it cannot fail.
        let notice = serde_json::to_string(notice).unwrap_or_default();
        add.execute(params![stored_number(*number), notice])?;
    }
    let mut remove =
        transaction.prepare_cached("DELETE FROM cordboard_undelivered WHERE number = ?1")?;
    for number in &events.removed {
        remove.execute([stored_number(*number)])?;
    }
    Ok(())
}

/// SQLite's integers have a sign; no queue reaches the limit.
fn stored_number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use ids::{EventSid, WorkspaceSid};
    use task_router::router::events::Notice;

    use super::*;

    fn event(number: u64) -> Undelivered {
        let notice = Notice {
            workspace: WorkspaceSid::derive(&["a"]),
            event: EventSid::derive(&[&number.to_string()]),
            about: "WT1".to_owned(),
        };
        Undelivered { number, notice }
    }

    #[test]
    fn written_progress_is_read_back() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch("CREATE TABLE _stream_records (table_name TEXT, sequence_number TEXT)")
            .unwrap();
        create(&connection).unwrap();
        assert_eq!(read(&connection).unwrap(), Progress::default());
        let changes = |added: &[u64], removed: &[u64]| QueueChanges {
            added: added.iter().map(|number| event(*number)).collect(),
            removed: removed.to_vec(),
        };
        let handled = |record| Some(SEQUENCE_NUMBER_OFFSET + record);
        write(&mut connection, handled(7), &changes(&[1, 2], &[])).unwrap();
        write(&mut connection, None, &changes(&[3], &[1])).unwrap();
        assert_eq!(
            read(&connection).unwrap(),
            Progress {
                handled: handled(7),
                undelivered: vec![event(2), event(3)]
            }
        );
        write(&mut connection, handled(9), &changes(&[], &[2, 3])).unwrap();
        assert_eq!(read(&connection).unwrap().handled, handled(9));
        assert!(read(&connection).unwrap().undelivered.is_empty());
    }
}
