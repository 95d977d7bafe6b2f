//! The embedded DynamoDB served over loopback, for functions that run in processes of their own.

use cordboard::embedded_dynamodb::EmbeddedDynamoDb;
use dynoxide::server;
use tokio::net::TcpListener;

/// The server; it stops when this is dropped.
pub struct Served {
    /// Its address: `AWS_ENDPOINT_URL_DYNAMODB` of the other process.
    pub endpoint: String,
    server: tokio::task::JoinHandle<()>,
}

impl Served {
    /// Serves this database on a free port.
    pub async fn start(database: &EmbeddedDynamoDb) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let server = tokio::spawn(server::serve_on(listener, database.database()));
        Self { endpoint, server }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.server.abort();
    }
}
