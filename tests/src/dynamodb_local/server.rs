//! A DynamoDB Local of one round. It becomes slower with every record of a stream, so a later round
//! on the same server would be compared with an earlier one on a faster server.

use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::project;

/// A running DynamoDB Local.
pub struct Server {
    /// Its address.
    pub endpoint: String,
    child: Child,
}

impl Server {
    /// Starts a server, and waits until it accepts connections.
    pub async fn start() -> Self {
        let mut child = Command::new(project::root().join("scripts/dynamodb_local.sh"))
            // The server ends with the command that it runs, which ends with its input.
            .args(["sh", "-c", r#"echo "$DYNAMODB_ENDPOINT" && cat"#])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let endpoint = lines.next_line().await.unwrap();
        Self {
            endpoint: endpoint.expect("the script says on its standard error what is missing"),
            child,
        }
    }

    /// Stops the server.
    pub async fn stop(mut self) {
        drop(self.child.stdin.take());
        let status = self.child.wait().await.unwrap();
        assert!(status.success(), "scripts/dynamodb_local.sh: {status}");
    }
}
