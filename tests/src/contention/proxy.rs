//! The proxy between the routing processes and DynamoDB Local: it adds the latencies of DynamoDB on
//! AWS, and counts requests by operation and the transactions that were refused.
//!
//! One proxy serves all processes, and has a connection to DynamoDB Local for each of theirs. It
//! must be cheap, because it shares the processors with what it measures.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::net::{TcpListener, TcpStream};

use crate::dynamodb_local::connection::{Connection, Message};

/// The quantile of the standard normal distribution at 99 %.
const NORMAL_99: f64 = 2.326;

/// A running proxy.
pub struct Proxy {
    /// Its address: `AWS_ENDPOINT_URL_DYNAMODB` of the processes.
    pub endpoint: String,
    shared: Arc<Shared>,
    server: tokio::task::JoinHandle<()>,
}

/// What passed the proxy.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Counts {
    /// The requests of each operation.
    pub operations: BTreeMap<String, Operation>,
    /// Transactions that were refused because of a condition or a concurrent transaction.
    pub failed_transactions: u64,
    /// Other writes that were refused because of a condition.
    pub failed_conditions: u64,
    /// Requests that failed otherwise.
    pub failed_otherwise: u64,
}

/// The requests of one operation.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Operation {
    /// The number of requests.
    pub requests: u64,
    /// The sum of their durations, added latency included.
    pub duration: Duration,
}

struct Shared {
    /// Host and port of DynamoDB Local.
    upstream: String,
    counts: Mutex<Counts>,
}

impl Proxy {
    /// Starts a proxy before the DynamoDB at this `http://` address.
    pub async fn start(upstream: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            upstream: upstream.trim_start_matches("http://").to_owned(),
            counts: Mutex::default(),
        });
        let server = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Self {
            endpoint,
            shared,
            server,
        }
    }

    /// The counts since the last call.
    pub fn take_counts(&self) -> Counts {
        std::mem::take(&mut self.shared.counts.lock().unwrap())
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        let (client, _) = listener.accept().await.unwrap();
        let shared = Arc::clone(&shared);
        // A connection that breaks concerns its client alone, which retries its request.
        tokio::spawn(async move { shared.serve(client).await });
    }
}

impl Shared {
    async fn serve(&self, client: TcpStream) -> io::Result<()> {
        let mut client = Connection::new(client)?;
        let mut upstream = None;
        while let Some(request) = client.receive().await? {
            let begun = Instant::now();
            let operation = operation_of(&request);
            let latency = Latency::of(&operation);
            tokio::time::sleep(latency.request.draw()).await;
            let answer = self.ask(&mut upstream, &request).await?;
            tokio::time::sleep(latency.answer.draw()).await;
            self.count(operation, begun.elapsed(), &answer);
            client.send(&answer.bytes).await?;
        }
        Ok(())
    }

    /// Forwards a request. DynamoDB Local may have closed a connection that was idle: then the
    /// request is sent once more, on a new one.
    async fn ask(
        &self,
        upstream: &mut Option<Connection>,
        request: &Message,
    ) -> io::Result<Message> {
        if let Some(mut kept) = upstream.take()
            && let Ok(answer) = exchange(&mut kept, request).await
        {
            *upstream = Some(kept);
            return Ok(answer);
        }
        let mut new = Connection::to(&self.upstream).await?;
        let answer = exchange(&mut new, request).await?;
        *upstream = Some(new);
        Ok(answer)
    }

    fn count(&self, operation: String, duration: Duration, answer: &Message) {
        let mut counts = self.counts.lock().unwrap();
        if !answer.first_line().starts_with("HTTP/1.1 200") {
            match Refusal::of(&answer.body()) {
                Refusal::Transaction => counts.failed_transactions += 1,
                Refusal::Condition => counts.failed_conditions += 1,
                Refusal::Other => counts.failed_otherwise += 1,
            }
        }
        let operation = counts.operations.entry(operation).or_default();
        operation.requests += 1;
        operation.duration += duration;
    }
}

async fn exchange(upstream: &mut Connection, request: &Message) -> io::Result<Message> {
    upstream.send(&request.bytes).await?;
    upstream
        .receive()
        .await?
        .ok_or(io::ErrorKind::UnexpectedEof.into())
}

/// `Query` for the header `x-amz-target: DynamoDB_20120810.Query`.
fn operation_of(request: &Message) -> String {
    let target = request.header("x-amz-target").unwrap_or_default();
    target
        .rsplit_once('.')
        .map_or(target, |(_, operation)| operation)
        .to_owned()
}

/// Why DynamoDB refused a request.
#[derive(Debug, PartialEq)]
enum Refusal {
    /// A transaction, because of a condition or a concurrent transaction.
    Transaction,
    /// A single write, for one of these reasons.
    Condition,
    /// Another reason.
    Other,
}

impl Refusal {
    fn of(body: &[u8]) -> Self {
        let body = String::from_utf8_lossy(body);
        if !(body.contains("ConditionalCheckFailed") || body.contains("TransactionConflict")) {
            Self::Other
        } else if body.contains("TransactionCanceledException") {
            Self::Transaction
        } else {
            Self::Condition
        }
    }
}

/// The latency that is added to one request.
#[derive(Debug, Clone, Copy)]
struct Latency {
    /// Before DynamoDB Local gets it.
    request: Delay,
    /// Before its answer is passed on.
    answer: Delay,
}

/// A log-normal distribution, in milliseconds.
#[derive(Debug, Clone, Copy)]
struct Delay {
    median: f64,
    percentile_99: f64,
}

impl Latency {
    /// The latencies were chosen, not measured: DynamoDB on AWS answers within single-digit
    /// milliseconds, and a transaction takes twice as long.
    fn of(operation: &str) -> Self {
        let between = |median, percentile_99| Delay {
            median,
            percentile_99,
        };
        let (request, answer) = match operation {
            "Query" => (between(6.0, 25.0), Delay::constant(2.0)),
            "GetItem" => (between(4.0, 15.0), Delay::constant(1.0)),
            "BatchGetItem" => (between(8.0, 30.0), Delay::constant(1.0)),
            "PutItem" | "UpdateItem" | "DeleteItem" => (between(5.0, 20.0), Delay::constant(1.0)),
            "TransactGetItems" => (between(7.0, 30.0), Delay::constant(2.0)),
            "TransactWriteItems" => (between(7.0, 30.0), between(6.0, 30.0)),
            _ => (Delay::constant(3.0), Delay::constant(0.0)),
        };
        Self { request, answer }
    }
}

impl Delay {
    fn constant(milliseconds: f64) -> Self {
        Self {
            median: milliseconds,
            percentile_99: milliseconds,
        }
    }

    fn draw(self) -> Duration {
        if self.median >= self.percentile_99 {
            return Duration::from_secs_f64(self.median / 1000.0);
        }
        let sigma = (self.percentile_99 / self.median).ln() / NORMAL_99;
        Duration::from_secs_f64(self.median * (sigma * standard_normal()).exp() / 1000.0)
    }
}

/// The Box-Muller transform.
fn standard_normal() -> f64 {
    let radius = (-2.0 * (1.0 - fastrand::f64()).ln()).sqrt();
    radius * (std::f64::consts::TAU * fastrand::f64()).cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_have_their_median_and_tail() {
        fastrand::seed(1);
        let delay = Delay {
            median: 6.0,
            percentile_99: 25.0,
        };
        let mut drawn: Vec<f64> = (0..10_000)
            .map(|_| delay.draw().as_secs_f64() * 1000.0)
            .collect();
        drawn.sort_unstable_by(f64::total_cmp);
        assert!((5.5..6.5).contains(&drawn[5_000]), "{}", drawn[5_000]);
        assert!((20.0..30.0).contains(&drawn[9_900]), "{}", drawn[9_900]);
    }

    #[test]
    fn refusals_are_told_apart() {
        let canceled = r#"{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","CancellationReasons":[{"Code":"None"},{"Code":"ConditionalCheckFailed"}]}"#;
        assert_eq!(Refusal::of(canceled.as_bytes()), Refusal::Transaction);
        let condition =
            r#"{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"}"#;
        assert_eq!(Refusal::of(condition.as_bytes()), Refusal::Condition);
        let throttled = r#"{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","CancellationReasons":[{"Code":"ThrottlingError"}]}"#;
        assert_eq!(Refusal::of(throttled.as_bytes()), Refusal::Other);
    }
}
