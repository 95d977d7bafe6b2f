//! Reads the table's stream with the Streams API, and returns batches of its records as the event
//! of a Lambda.

use aws_sdk_dynamodbstreams::Client;
use aws_sdk_dynamodbstreams::error::DisplayErrorContext;
use aws_sdk_dynamodbstreams::types::{OperationType, Record, ShardIteratorType};
use ids::time::{Millis, Timestamp};
use serde_json::{Map, Value, json};

use crate::embedded_dynamodb::SequenceNumber;

/// Maximum number of records in a batch, as an event source mapping might have it.
const BATCH_RECORDS_MAX: i32 = 100;

/// Maximum number of deliveries of a record, as `MaximumRetryAttempts` in `template.yaml`. After
/// the last one the record is a dead letter, so that it does not block the records after it.
const RECORD_ATTEMPTS_MAX: u32 = 5;

/// Backoff before a failed record is retried, long enough to outlast a short failure.
const REDELIVERY_DELAY: Millis = Millis::from_secs(1);

/// Reads one stream in order, from its oldest record.
pub struct StreamReader {
    client: Client,
    table: String,
    iterator: Option<String>,
    /// The last handled record; a new iterator begins after it.
    handled: Option<SequenceNumber>,
    /// The record that failed and blocks those after it.
    failing: Option<Failing>,
    /// The last handled record, until the stream is trimmed.
    trimmable: Option<SequenceNumber>,
}

struct Failing {
    record: SequenceNumber,
    attempts: u32,
    retry_at: Timestamp,
}

/// The stream cannot be read. A retry may succeed.
#[derive(Debug, thiserror::Error)]
#[error("the table's stream cannot be read: {0}")]
pub struct Error(String);

/// A batch of records as an event, and its end.
#[derive(Debug)]
pub struct Batch {
    /// The event `{"Records":[…]}` of an event source mapping.
    pub event: Value,
    /// The highest sequence number of the batch.
    pub last: SequenceNumber,
}

impl StreamReader {
    /// Creates a reader of this table's stream.
    pub fn new(client: Client, table: &str) -> Self {
        Self {
            client,
            table: table.to_owned(),
            iterator: None,
            handled: None,
            failing: None,
            trimmable: None,
        }
    }

    /// The next batch; `None` if there are no records, or while a failed one is delayed. The batch
    /// is returned again until [`handled`](Self::handled) or [`failed`](Self::failed) reports its
    /// result.
    pub async fn next(&mut self, now: Timestamp) -> Result<Option<Batch>, Error> {
        if self.retry_at().is_some_and(|retry_at| now < retry_at) {
            return Ok(None);
        }
        let iterator = match self.iterator.take() {
            Some(iterator) => iterator,
            None => self.new_iterator().await?,
        };
        let read = self
            .client
            .get_records()
            .shard_iterator(iterator)
            .limit(BATCH_RECORDS_MAX)
            .send()
            .await;
        let read = read.map_err(|error| Error(DisplayErrorContext(error).to_string()))?;
        let records: Vec<Record> = read.records.unwrap_or_default();
        if records.is_empty() {
            self.iterator = read.next_shard_iterator;
            return Ok(None);
        }
        let last = records
            .iter()
            .filter_map(sequence_number)
            .max()
            .unwrap_or_default();
        if self.handled.is_some_and(|handled| last <= handled) {
            return Ok(None);
        }
        let records: Vec<Value> = records.into_iter().map(record).collect();
        Ok(Some(Batch {
            event: json!({ "Records": records }),
            last,
        }))
    }

    /// Reports that all records up to `last` were handled; the next read begins after it.
    pub fn handled(&mut self, last: SequenceNumber) {
        self.handled = Some(last);
        self.trimmable = Some(last);
        self.iterator = None;
        self.failing = None;
    }

    /// Reports that all records before `record` were handled and `record` failed. It is retried
    /// after `REDELIVERY_DELAY`; after `RECORD_ATTEMPTS_MAX` attempts it is a dead letter,
    /// which is logged and dropped.
    pub fn failed(&mut self, record: SequenceNumber, now: Timestamp) {
        let earlier_attempts = match self.failing.take() {
            Some(failing) if failing.record == record => failing.attempts,
            Some(_) | None => 0,
        };
        let attempts = earlier_attempts + 1;
        if attempts >= RECORD_ATTEMPTS_MAX {
            tracing::error!(record, attempts, "dead letter: stream record dropped");
            return self.handled(record);
        }
        self.handled(record.saturating_sub(1));
        self.failing = Some(Failing {
            record,
            attempts,
            retry_at: now + REDELIVERY_DELAY,
        });
    }

    /// The moment at which the failed record is retried.
    pub fn retry_at(&self) -> Option<Timestamp> {
        self.failing.as_ref().map(|failing| failing.retry_at)
    }

    /// The record up to which the stream can be trimmed; `None` if no record was handled since the
    /// last call.
    pub fn take_trimmable(&mut self) -> Option<SequenceNumber> {
        self.trimmable.take()
    }

    async fn new_iterator(&self) -> Result<String, Error> {
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
        let request = match self.handled {
            None => request.shard_iterator_type(ShardIteratorType::TrimHorizon),
            Some(handled) => request
                .shard_iterator_type(ShardIteratorType::AfterSequenceNumber)
                .sequence_number(handled.to_string()),
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

/// One record as it is in a Lambda event.
fn record(record: Record) -> Value {
    let change = record
        .dynamodb
        .unwrap_or_else(|| aws_sdk_dynamodbstreams::types::StreamRecord::builder().build());
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
    json!({
        "awsRegion": "local",
        "dynamodb": images,
        "eventID": record.event_id,
        "eventName": record.event_name.as_ref().map(OperationType::as_str),
        "eventSource": "aws:dynamodb",
        "eventVersion": "1.1",
    })
}

fn image(
    item: Option<std::collections::HashMap<String, aws_sdk_dynamodbstreams::types::AttributeValue>>,
) -> Value {
    let attributes = item.unwrap_or_default().into_iter().map(|(name, value)| {
        let value = serde_dynamo::AttributeValue::from(value);
        (name, serde_json::to_value(value).unwrap_or_default())
    });
    Value::Object(attributes.collect::<Map<String, Value>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embedded_dynamodb::{EmbeddedDynamoDb, Place, TABLE};

    const NOON: Timestamp = Timestamp::from_millis(1_795_348_800_000);

    /// A table with two new items, and a reader of its stream.
    async fn two_records() -> (EmbeddedDynamoDb, StreamReader) {
        let database = EmbeddedDynamoDb::open(Place::Temporary).await.unwrap();
        for pk in ["first", "second"] {
            let put = database.client().put_item().table_name(TABLE);
            let put = put
                .item(store::keys::PK, store::items::text(pk))
                .item(store::keys::SK, store::items::text("-"));
            put.send().await.unwrap();
        }
        let reader = StreamReader::new(database.streams(), TABLE);
        (database, reader)
    }

    fn keys(batch: &Batch) -> Vec<&str> {
        let records = batch.event["Records"].as_array().unwrap();
        records
            .iter()
            .map(|record| record["dynamodb"]["Keys"]["pk"]["S"].as_str().unwrap())
            .collect()
    }

    fn sequence_number(batch: &Batch, record: usize) -> SequenceNumber {
        batch.event["Records"][record]["dynamodb"]["SequenceNumber"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap()
    }

    #[tokio::test]
    async fn failed_record_is_retried_then_dropped() {
        let (_database, mut reader) = two_records().await;
        let mut now = NOON;
        for attempt in 1..=RECORD_ATTEMPTS_MAX {
            let batch = reader.next(now).await.unwrap().unwrap();
            assert_eq!(keys(&batch), ["first", "second"], "attempt {attempt}");
            reader.failed(sequence_number(&batch, 0), now);
            if attempt < RECORD_ATTEMPTS_MAX {
                assert_eq!(reader.retry_at(), Some(now + REDELIVERY_DELAY));
                assert!(
                    reader
                        .next(now + Millis::from_millis(999))
                        .await
                        .unwrap()
                        .is_none(),
                    "the record was retried without a delay"
                );
                now += REDELIVERY_DELAY;
            }
        }
        let batch = reader.next(now).await.unwrap().unwrap();
        assert_eq!(keys(&batch), ["second"], "the dead letter blocks no record");
        reader.handled(batch.last);
        assert!(reader.next(now).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn handled_records_are_trimmed_once() {
        let (database, mut reader) = two_records().await;
        assert_eq!(reader.take_trimmable(), None);
        let batch = reader.next(NOON).await.unwrap().unwrap();
        reader.handled(batch.last);
        let trimmable = reader.take_trimmable();
        assert_eq!(
            (trimmable, reader.take_trimmable()),
            (Some(batch.last), None)
        );
        database.trim_stream(batch.last).await.unwrap();
        let another = StreamReader::new(database.streams(), TABLE)
            .next(NOON)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(keys(&another), ["second"], "the newest record is kept");
    }
}
