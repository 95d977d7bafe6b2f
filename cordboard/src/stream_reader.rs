//! Reads the table's stream with the Streams API, and returns its records as in the event of a
//! Lambda.

use std::collections::HashMap;

use aws_sdk_dynamodbstreams::Client;
use aws_sdk_dynamodbstreams::error::DisplayErrorContext;
use aws_sdk_dynamodbstreams::types::{
    AttributeValue, OperationType, Record, ShardIteratorType, StreamRecord as Change,
};
use ids::time::Timestamp;
use memory_table::MemoryTable;
use serde_json::{Map, Value, json};
use store::keys;

use crate::embedded_dynamodb::SequenceNumber;

/// Maximum number of records in one read. More would delay the lanes' start for their conversion.
const PAGE_RECORDS_MAX: usize = 100;

/// Reads one stream in order, from its oldest record.
pub struct StreamReader {
    source: Source,
    /// The last record that was read; a new iterator begins after it.
    read: Option<SequenceNumber>,
}

/// The origin of the records.
enum Source {
    /// The Streams API.
    Api(Api),
    /// A table in this process, whose records need no conversion.
    Memory(MemoryTable),
}

/// The position in a stream of the Streams API.
struct Api {
    client: Client,
    table: String,
    /// Where the next read begins; `None` before the first read and after a failed one.
    iterator: Option<String>,
}

/// The stream cannot be read. A retry may succeed.
#[derive(Debug, thiserror::Error)]
#[error("the table's stream cannot be read: {0}")]
pub struct Error(String);

/// The records of one read, oldest first, without those from which nothing follows.
#[derive(Debug, Default)]
pub struct Page {
    /// The records for `routing`.
    pub records: Vec<StreamRecord>,
    /// The last record that was read, for `routing` or not. `None`: there was nothing to read.
    pub last: Option<SequenceNumber>,
}

/// One record of the stream.
#[derive(Debug)]
pub struct StreamRecord {
    /// The position in the stream.
    pub number: SequenceNumber,
    /// The partition key of the item that was written.
    pub partition_key: String,
    /// When it was written, to the second.
    pub written_at: Timestamp,
    /// The record as it is in a Lambda event.
    pub event: Value,
}

impl StreamReader {
    /// Creates a reader of this table's stream.
    pub fn new(client: Client, table: &str) -> Self {
        let api = Api {
            client,
            table: table.to_owned(),
            iterator: None,
        };
        Self {
            source: Source::Api(api),
            read: None,
        }
    }

    /// Creates a reader of the stream of a table in memory.
    pub(crate) fn of_memory(table: MemoryTable) -> Self {
        Self {
            source: Source::Memory(table),
            read: None,
        }
    }

    /// The next records, at most `limit`. Each record is returned once.
    ///
    /// # Errors
    /// The stream cannot be read. A retry may succeed.
    pub async fn next(&mut self, limit: usize) -> Result<Page, Error> {
        let limit = limit.min(PAGE_RECORDS_MAX);
        let page = match &mut self.source {
            Source::Api(api) => api.next(self.read, limit).await?,
            Source::Memory(table) => page_of(table.records_after(self.read, limit)),
        };
        self.read = page.last.or(self.read);
        Ok(page)
    }
}

/// The records of a table in memory, without those from which nothing follows.
fn page_of(records: Vec<memory_table::Record>) -> Page {
    let last = records.last().map(|record| record.number);
    let records = records
        .into_iter()
        .filter(|record| !record.partition_key.starts_with(keys::UNROUTED))
        .map(|record| StreamRecord {
            number: record.number,
            partition_key: record.partition_key,
            written_at: record.written_at,
            event: record.event,
        });
    Page {
        records: records.collect(),
        last,
    }
}

impl Api {
    async fn next(&mut self, read: Option<SequenceNumber>, limit: usize) -> Result<Page, Error> {
        let iterator = match self.iterator.take() {
            Some(iterator) => iterator,
            None => self.new_iterator(read).await?,
        };
        let answer = self
            .client
            .get_records()
            .shard_iterator(iterator)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .send()
            .await;
        let answer = answer.map_err(|error| Error(DisplayErrorContext(error).to_string()))?;
        self.iterator = answer.next_shard_iterator;
        let mut page = Page::default();
        for record in answer.records.unwrap_or_default() {
            let Some(number) = sequence_number(&record) else {
                continue;
            };
            page.last = Some(number);
            page.records.extend(stream_record(number, record));
        }
        Ok(page)
    }

    async fn new_iterator(&self, read: Option<SequenceNumber>) -> Result<String, Error> {
        let streams = self
            .client
            .list_streams()
            .table_name(&self.table)
            .send()
            .await;
        let streams = streams
            .map_err(|error| Error(DisplayErrorContext(error).to_string()))?
            .streams;
        let arn = streams
            .unwrap_or_default()
            .into_iter()
            .find_map(|stream| stream.stream_arn);
        let arn = arn.ok_or_else(|| Error(format!("table {} has no stream", self.table)))?;
        let described = self.client.describe_stream().stream_arn(&arn).send().await;
        let described = described
            .map_err(|error| Error(DisplayErrorContext(error).to_string()))?
            .stream_description;
        let shards = described
            .and_then(|stream| stream.shards)
            .unwrap_or_default();
        let shard = shards.into_iter().find_map(|shard| shard.shard_id);
        let shard = shard
            .ok_or_else(|| Error(format!("the stream of table {} has no shard", self.table)))?;
        let request = self
            .client
            .get_shard_iterator()
            .stream_arn(arn)
            .shard_id(shard);
        let request = match read {
            None => request.shard_iterator_type(ShardIteratorType::TrimHorizon),
            Some(read) => request
                .shard_iterator_type(ShardIteratorType::AfterSequenceNumber)
                .sequence_number(read.to_string()),
        };
        let iterator = request
            .send()
            .await
            .map_err(|error| Error(DisplayErrorContext(error).to_string()))?;
        iterator
            .shard_iterator
            .ok_or_else(|| Error("the stream returned no iterator".to_owned()))
    }
}

fn sequence_number(record: &Record) -> Option<SequenceNumber> {
    record
        .dynamodb
        .as_ref()?
        .sequence_number
        .as_ref()?
        .parse()
        .ok()
}

/// A record for `routing`; `None`: nothing follows from it, and the event source mapping in
/// `template.yaml` filters it out, too.
fn stream_record(number: SequenceNumber, record: Record) -> Option<StreamRecord> {
    let change = record.dynamodb.as_ref()?;
    let written_at = change
        .approximate_creation_date_time
        .map_or(0, |at| at.secs());
    let partition_key = change.keys.as_ref()?.get(keys::PK)?.as_s().ok()?.clone();
    if partition_key.starts_with(keys::UNROUTED) {
        return None;
    }
    Some(StreamRecord {
        number,
        partition_key,
        written_at: Timestamp::from_millis(written_at.saturating_mul(1_000)),
        event: event(record),
    })
}

/// One record as it is in a Lambda event.
fn event(record: Record) -> Value {
    let change = record.dynamodb.unwrap_or_else(|| Change::builder().build());
    let mut images = json!({
        "ApproximateCreationDateTime": change.approximate_creation_date_time.map_or(0, |time| time.secs()),
        "Keys": image(change.keys),
        "SequenceNumber": change.sequence_number,
        "SizeBytes": change.size_bytes.unwrap_or_default(),
        "StreamViewType": "NEW_AND_OLD_IMAGES",
    });
    if let (Some(old), Some(images)) = (change.old_image, images.as_object_mut()) {
        images.insert("OldImage".to_owned(), image(Some(old)));
    }
    if let (Some(new), Some(images)) = (change.new_image, images.as_object_mut()) {
        images.insert("NewImage".to_owned(), image(Some(new)));
    }
    let mut event = json!({
        "awsRegion": "local",
        "eventID": record.event_id,
        "eventName": record.event_name.as_ref().map(OperationType::as_str),
        "eventSource": "aws:dynamodb",
        "eventVersion": "1.1",
    });
    // Not within `json!`, which would serialize both images again.
    if let Some(event) = event.as_object_mut() {
        event.insert("dynamodb".to_owned(), images);
    }
    event
}

fn image(item: Option<HashMap<String, AttributeValue>>) -> Value {
    let attributes = item.unwrap_or_default().into_iter().map(|(name, value)| {
        let value = serde_dynamo::AttributeValue::from(value);
        (name, serde_json::to_value(value).unwrap_or_default())
    });
    Value::Object(attributes.collect::<Map<String, Value>>())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::embedded_dynamodb::{EmbeddedDynamoDb, Place, TABLE};

    /// A table with new items with these partition keys, and a reader of its stream.
    async fn items(partition_keys: &[&str]) -> (EmbeddedDynamoDb, StreamReader) {
        let database = EmbeddedDynamoDb::open(Place::Temporary).await.unwrap();
        put(&database, partition_keys).await;
        let reader = StreamReader::new(database.streams(), TABLE);
        (database, reader)
    }

    async fn put(database: &EmbeddedDynamoDb, partition_keys: &[&str]) {
        for pk in partition_keys {
            let put = database.client().put_item().table_name(TABLE);
            let put = put
                .item(keys::PK, store::items::text(*pk))
                .item(keys::SK, store::items::text("-"));
            put.send().await.unwrap();
        }
    }

    fn partition_keys(page: &Page) -> Vec<&str> {
        let records = page.records.iter();
        records
            .map(|record| {
                record.event["dynamodb"]["Keys"]["pk"]["S"]
                    .as_str()
                    .unwrap()
            })
            .collect()
    }

    fn iterator(reader: &mut StreamReader) -> &mut Option<String> {
        match &mut reader.source {
            Source::Api(api) => &mut api.iterator,
            Source::Memory(_) => panic!("the reader has no iterator"),
        }
    }

    #[tokio::test]
    async fn each_record_is_read_once() {
        let (database, mut reader) = items(&["first", "second"]).await;
        let page = reader.next(1).await.unwrap();
        assert_eq!(partition_keys(&page), ["first"]);
        assert!(iterator(&mut reader).is_some(), "the iterator is kept");
        put(&database, &["third"]).await;
        let page = reader.next(10).await.unwrap();
        assert_eq!(partition_keys(&page), ["second", "third"]);
        assert_eq!(page.records[1].partition_key, "third");
        assert_eq!(page.last, Some(page.records[1].number));
        assert_eq!(reader.next(10).await.unwrap().last, None);
    }

    #[tokio::test]
    async fn new_iterator_begins_after_last_record() {
        let (_database, mut reader) = items(&["first", "second"]).await;
        reader.next(1).await.unwrap();
        *iterator(&mut reader) = None;
        let page = reader.next(10).await.unwrap();
        assert_eq!(partition_keys(&page), ["second"]);
    }

    #[tokio::test]
    async fn stored_events_are_left_out() {
        let event = format!("{}WS0", keys::UNROUTED);
        let (_database, mut reader) = items(&["first", &event]).await;
        let page = reader.next(10).await.unwrap();
        assert_eq!(partition_keys(&page), ["first"]);
        assert!(page.last > Some(page.records[0].number), "it was not read");
    }

    #[tokio::test]
    async fn newest_record_is_not_trimmed() {
        let (database, mut reader) = items(&["first", "second"]).await;
        let last = reader.next(10).await.unwrap().last.unwrap();
        database
            .write_progress(Some(last), Arc::default())
            .await
            .unwrap();
        let mut another = StreamReader::new(database.streams(), TABLE);
        let page = another.next(10).await.unwrap();
        assert_eq!(
            partition_keys(&page),
            ["second"],
            "the newest record is kept"
        );
    }
}
