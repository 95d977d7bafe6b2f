//! Reads the table's stream with the Streams API and hands its records over as the event a Lambda would get.

use aws_sdk_dynamodbstreams::Client;
use aws_sdk_dynamodbstreams::error::DisplayErrorContext;
use aws_sdk_dynamodbstreams::types::{OperationType, Record, ShardIteratorType};
use serde_json::{Map, Value, json};

/// Records read in one go; what an event source mapping's batch might be.
const BATCH_RECORDS_MAX: i32 = 100;

/// Times a record is handed over before it is given up, as `MaximumRetryAttempts` in `template.yaml`: one that cannot be
/// handled must not block those behind it.
const RECORD_ATTEMPTS_MAX: u32 = 5;

/// A record's place in the stream: a number of 21 to 40 digits.
pub type SequenceNumber = u128;

/// Reads one stream, in order, from the oldest record that is left.
pub struct StreamReader {
    client: Client,
    table: String,
    iterator: Option<String>,
    /// The last record handled: a new iterator begins behind it.
    handled: Option<SequenceNumber>,
    /// The record that failed last, and how often.
    failing: Option<(SequenceNumber, u32)>,
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
        Self { client, table: table.to_owned(), iterator: None, handled: None, failing: None }
    }

    /// The next records, if there are any. They come again until [`advance`](Self::advance) says they were handled.
    pub async fn next(&mut self) -> Result<Option<Batch>, Error> {
        let iterator = match self.iterator.take() {
            Some(iterator) => iterator,
            None => self.new_iterator().await?,
        };
        let read = self.client.get_records().shard_iterator(iterator).limit(BATCH_RECORDS_MAX).send().await;
        let read = read.map_err(|error| Error(DisplayErrorContext(error).to_string()))?;
        let records: Vec<Record> = read.records.unwrap_or_default();
        if records.is_empty() {
            self.iterator = read.next_shard_iterator;
            return Ok(None);
        }
        let last = records.iter().filter_map(sequence_number).max().unwrap_or_default();
        if self.handled.is_some_and(|handled| last <= handled) {
            return Ok(None);
        }
        let records: Vec<Value> = records.into_iter().map(record).collect();
        Ok(Some(Batch { event: json!({ "Records": records }), last }))
    }

    /// Everything up to `last` was handled; the next read begins behind it.
    pub fn advance(&mut self, last: SequenceNumber) {
        self.handled = Some(last);
        self.iterator = None;
    }

    /// Notes that this record failed; true when it has had all its attempts.
    pub fn failed_too_often(&mut self, record: SequenceNumber) -> bool {
        let before = self.failing.filter(|(failing, _)| *failing == record).map_or(0, |(_, attempts)| attempts);
        self.failing = Some((record, before + 1));
        before + 1 >= RECORD_ATTEMPTS_MAX
    }

    async fn new_iterator(&self) -> Result<String, Error> {
        let streams = self.client.list_streams().table_name(&self.table).send().await;
        let streams = streams.map_err(|error| Error(DisplayErrorContext(error).to_string()))?.streams;
        let arn = streams.unwrap_or_default().into_iter().find_map(|stream| stream.stream_arn);
        let arn = arn.ok_or_else(|| Error(format!("table {} has no stream", self.table)))?;
        let described = self.client.describe_stream().stream_arn(&arn).send().await;
        let described = described.map_err(|error| Error(DisplayErrorContext(error).to_string()))?.stream_description;
        let shards = described.and_then(|stream| stream.shards).unwrap_or_default();
        let shard = shards.into_iter().find_map(|shard| shard.shard_id);
        let shard = shard.ok_or_else(|| Error(format!("the stream of table {} has no shard", self.table)))?;
        let request = self.client.get_shard_iterator().stream_arn(arn).shard_id(shard);
        let request = match self.handled {
            None => request.shard_iterator_type(ShardIteratorType::TrimHorizon),
            Some(handled) => {
                request.shard_iterator_type(ShardIteratorType::AfterSequenceNumber).sequence_number(handled.to_string())
            }
        };
        let iterator = request.send().await.map_err(|error| Error(DisplayErrorContext(error).to_string()))?;
        iterator.shard_iterator.ok_or_else(|| Error("the stream gave no iterator".to_owned()))
    }
}

fn sequence_number(record: &Record) -> Option<SequenceNumber> {
    record.dynamodb.as_ref()?.sequence_number.as_ref()?.parse().ok()
}

/// One record in the form of a Lambda event.
fn record(record: Record) -> Value {
    let change = record.dynamodb.unwrap_or_else(|| aws_sdk_dynamodbstreams::types::StreamRecord::builder().build());
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

fn image(item: Option<std::collections::HashMap<String, aws_sdk_dynamodbstreams::types::AttributeValue>>) -> Value {
    let attributes = item.unwrap_or_default().into_iter().map(|(name, value)| {
        let value = serde_dynamo::AttributeValue::from(value);
        (name, serde_json::to_value(value).unwrap_or_default())
    });
    Value::Object(attributes.collect::<Map<String, Value>>())
}
