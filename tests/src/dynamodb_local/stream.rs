//! A reader of the stream of a table in DynamoDB Local. DynamoDB Local answers in the form in which
//! Lambda delivers records, so they are passed on as JSON.

use serde_json::{Value, json};

use super::DynamoDbLocal;

/// Records of one answer; the API's maximum.
const RECORDS_MAX: u32 = 1_000;

/// Reads the one shard of a new table's stream, from its oldest record. DynamoDB Local begins the
/// next shard after four hours.
pub struct Stream {
    server: DynamoDbLocal,
    arn: String,
    iterator: String,
}

impl Stream {
    /// A reader of this table's stream.
    pub async fn open(endpoint: &str, table: &str) -> Self {
        let mut stream = Self {
            server: DynamoDbLocal::connect(endpoint).await,
            arn: String::new(),
            iterator: String::new(),
        };
        let listed = stream
            .ask("ListStreams", &json!({"TableName": table}))
            .await;
        stream.arn = text(&listed["Streams"][0]["StreamArn"]);
        let described = stream
            .ask("DescribeStream", &json!({"StreamArn": stream.arn}))
            .await;
        let shards = described["StreamDescription"]["Shards"].as_array().unwrap();
        assert_eq!(shards.len(), 1, "a new table's stream has one shard");
        let position = json!({
            "StreamArn": stream.arn,
            "ShardId": shards[0]["ShardId"],
            "ShardIteratorType": "TRIM_HORIZON",
        });
        stream.iterator = text(&stream.ask("GetShardIterator", &position).await["ShardIterator"]);
        stream
    }

    /// The next records, as Lambda delivers them; empty if there are none yet.
    pub async fn read(&mut self) -> Vec<Value> {
        let position = json!({"ShardIterator": self.iterator, "Limit": RECORDS_MAX});
        let mut page = self.ask("GetRecords", &position).await;
        self.iterator = text(&page["NextShardIterator"]);
        let Value::Array(mut records) = page["Records"].take() else {
            return Vec::new();
        };
        for record in &mut records {
            record["eventSource"] = json!("aws:dynamodb");
            record["eventSourceARN"] = json!(self.arn);
            record["eventVersion"] = json!("1.1");
        }
        records
    }

    async fn ask(&mut self, operation: &str, body: &Value) -> Value {
        let target = format!("DynamoDBStreams_20120810.{operation}");
        self.server.ask(&target, &body.to_string()).await
    }
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("no text: {value}"))
        .to_owned()
}
