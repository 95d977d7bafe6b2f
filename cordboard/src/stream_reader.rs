//! Reads the table's stream with the Streams API and hands its records over as the event a Lambda would get.

use aws_sdk_dynamodbstreams::Client;
use aws_sdk_dynamodbstreams::error::DisplayErrorContext;
use aws_sdk_dynamodbstreams::types::{OperationType, Record, ShardIteratorType};
use ids::time::{Millis, Timestamp};
use serde_json::{Map, Value, json};

/// Records read in one go; what an event source mapping's batch might be.
const BATCH_RECORDS_MAX: i32 = 100;

/// Times a record is handed over before it is given up, as `MaximumRetryAttempts` in `template.yaml`: one that cannot be
/// handled must not block those behind it.
const RECORD_ATTEMPTS_MAX: u32 = 5;

/// How long a failed record stays away before it comes again: its attempts shall outlast a hiccup.
const REDELIVERY_DELAY: Millis = Millis::from_secs(1);

/// A record's place in the stream: a number of 21 to 40 digits.
pub type SequenceNumber = u128;

/// Reads one stream, in order, from the oldest record that is left.
pub struct StreamReader {
    client: Client,
    table: String,
    iterator: Option<String>,
    /// The last record handled: a new iterator begins behind it.
    handled: Option<SequenceNumber>,
    /// The record that holds up those behind it.
    failing: Option<Failing>,
    /// The last record handled, until somebody trims the stream.
    trimmable: Option<SequenceNumber>,
}

struct Failing {
    record: SequenceNumber,
    attempts: u32,
    again_at: Timestamp,
}

/// The stream cannot be read; worth trying again.
#[derive(Debug, thiserror::Error)]
#[error("the table's stream cannot be read: {0}")]
pub struct Error(String);

/// Records as an event, and where they end.
#[derive(Debug)]
pub struct Batch {
    /// `{"Records":[…]}`, as an event source mapping sends it.
    pub event: Value,
    /// The highest sequence number in it.
    pub last: SequenceNumber,
}

impl StreamReader {
    /// A reader of this table's stream.
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

    /// The next records, if there are any and none that failed is kept back. They come again until
    /// [`handled`](Self::handled) or [`failed`](Self::failed) says what became of them.
    pub async fn next(&mut self, now: Timestamp) -> Result<Option<Batch>, Error> {
        if self.again_at().is_some_and(|again_at| now < again_at) {
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

    /// Everything up to `last` was handled; the next read begins behind it.
    pub fn handled(&mut self, last: SequenceNumber) {
        self.handled = Some(last);
        self.trimmable = Some(last);
        self.iterator = None;
        self.failing = None;
    }

    /// Everything before `record` was handled, `record` failed. It comes again after [`REDELIVERY_DELAY`], or is given up,
    /// loudly, after [`RECORD_ATTEMPTS_MAX`] attempts.
    pub fn failed(&mut self, record: SequenceNumber, now: Timestamp) {
        let before = self
            .failing
            .take()
            .filter(|failing| failing.record == record)
            .map_or(0, |failing| failing.attempts);
        let attempts = before + 1;
        if attempts >= RECORD_ATTEMPTS_MAX {
            tracing::error!(record, attempts, "stream record given up");
            return self.handled(record);
        }
        self.handled(record.saturating_sub(1));
        self.failing = Some(Failing {
            record,
            attempts,
            again_at: now + REDELIVERY_DELAY,
        });
    }

    /// When the record that failed comes again.
    pub fn again_at(&self) -> Option<Timestamp> {
        self.failing.as_ref().map(|failing| failing.again_at)
    }

    /// The record up to which the stream can be trimmed; `None` when nothing was handled since the last time.
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
            .ok_or_else(|| Error("the stream gave no iterator".to_owned()))
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

/// One record in the form of a Lambda event.
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

    /// A table into which two items were written, and a reader of its stream.
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
    async fn a_failed_record_comes_again_after_a_pause_and_is_given_up_at_last() {
        let (_database, mut reader) = two_records().await;
        let mut now = NOON;
        for attempt in 1..=RECORD_ATTEMPTS_MAX {
            let batch = reader.next(now).await.unwrap().unwrap();
            assert_eq!(keys(&batch), ["first", "second"], "attempt {attempt}");
            reader.failed(sequence_number(&batch, 0), now);
            if attempt < RECORD_ATTEMPTS_MAX {
                assert_eq!(reader.again_at(), Some(now + REDELIVERY_DELAY));
                assert!(
                    reader
                        .next(now + Millis::from_millis(999))
                        .await
                        .unwrap()
                        .is_none(),
                    "it came at once"
                );
                now += REDELIVERY_DELAY;
            }
        }
        let batch = reader.next(now).await.unwrap().unwrap();
        assert_eq!(
            keys(&batch),
            ["second"],
            "given up, the first holds up nobody"
        );
        reader.handled(batch.last);
        assert!(reader.next(now).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn what_was_handled_is_trimmed_once_and_does_not_come_again() {
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
        assert_eq!(keys(&another), ["second"], "the newest stays");
    }
}
