//! AWS's own DynamoDB Local, and a client of it that sends JSON. Harnesses use it beside the functions
//! that they measure: the SDK takes several times the processor time in a debug build.

pub mod connection;
pub mod server;
pub mod stream;

use serde_json::Value;

use connection::Connection;

/// DynamoDB Local does not check signatures, but expects one.
const SIGNATURE: &str = "AWS4-HMAC-SHA256 Credential=local/20260101/eu-central-1/dynamodb/aws4_request, \
                         SignedHeaders=host, Signature=0";

/// A connection to DynamoDB Local.
pub struct DynamoDbLocal(Connection);

impl DynamoDbLocal {
    /// Connects to this `http://` address.
    pub async fn connect(endpoint: &str) -> Self {
        let address = endpoint.trim_start_matches("http://");
        Self(Connection::to(address).await.unwrap())
    }

    /// The answer to a request; `target` is `DynamoDB_20120810.Query` or alike.
    pub async fn ask(&mut self, target: &str, body: &str) -> Value {
        let length = body.len();
        let request = format!(
            "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-amz-json-1.0\r\n\
             x-amz-target: {target}\r\nx-amz-date: 20260101T000000Z\r\n\
             authorization: {SIGNATURE}\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        self.0.send(request.as_bytes()).await.unwrap();
        let answer = self.0.receive().await.unwrap().unwrap();
        let body = answer.body();
        let status = answer.first_line();
        assert!(
            status.starts_with("HTTP/1.1 200"),
            "{target}: {status} {}",
            String::from_utf8_lossy(&body)
        );
        serde_json::from_slice(&body).unwrap()
    }
}
