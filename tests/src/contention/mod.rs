//! Contention: many processes of the built routing function, a burst of Tasks, and AWS's own
//! DynamoDB Local with the latencies of DynamoDB added. `scripts/contention.sh` runs it.
//!
//! One round has a DynamoDB Local of its own. Its Workspace and free Workers are written first. Then
//! the processes start, the Tasks are written at once, and [`event_sources`] delivers records and
//! messages until every Task is reserved and everything is handled. [`proxy`] counts the requests.

pub mod event_sources;
pub mod processor_time;
pub mod proxy;
pub mod report;
mod table;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::aws::Aws;
use crate::dynamodb_local::server::Server;
use crate::dynamodb_local::stream::Stream;
use crate::lambda::{Lambda, Outcome};
use crate::project;
use crate::template::Template;
use event_sources::{Backlog, Failures, Sources};
use proxy::{Counts, Proxy};
use table::Table;

/// How long a round waits for its Reservations: several times what the slowest one took.
const ROUND_TIME_LIMIT: Duration = Duration::from_secs(90);
/// How long it waits then until all records are handled.
const DRAIN_TIME_LIMIT: Duration = Duration::from_secs(20);
/// How long nothing may happen before everything is considered handled: several reads of the
/// stream.
const CALM: Duration = Duration::from_millis(200);
/// The interval at which the harness checks its conditions.
const CHECK_INTERVAL: Duration = Duration::from_millis(10);

/// The name of the table.
const TABLE: &str = "contention";

/// One row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// Processes of the routing function.
    pub processes: usize,
    /// TaskQueues, each with Workers of its own.
    pub queues: usize,
    /// Tasks that are created at once.
    pub tasks: usize,
    /// Free Workers beyond the number of Tasks.
    pub spare_workers: usize,
}

impl Setting {
    fn workers(&self) -> usize {
        self.tasks + self.spare_workers
    }
}

/// What one round measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Round {
    /// Tasks that were reserved.
    pub reserved: usize,
    /// From the first Task's write to the last Reservation's.
    pub duration: Duration,
    /// The requests of the routing processes.
    pub counts: Counts,
    /// The failed deliveries.
    pub failures: Failures,
    /// The processor time, until everything was handled.
    pub processor: ProcessorTime,
}

/// The processor time of one round.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct ProcessorTime {
    /// Of the routing processes.
    pub routing: Duration,
    /// Of the harness, with the proxy.
    pub harness: Duration,
    /// Of everything else on the machine: DynamoDB Local, and any other load.
    pub others: Duration,
}

impl Round {
    /// Reservations a second.
    pub fn rate(&self) -> f64 {
        self.reserved as f64 / self.duration.as_secs_f64().max(f64::EPSILON)
    }

    /// Failed transactions for each Reservation.
    pub fn failed_transactions(&self) -> f64 {
        self.counts.failed_transactions as f64 / self.reserved.max(1) as f64
    }
}

/// The environment of all rounds.
pub struct Bench {
    /// The built routing function.
    routing: PathBuf,
    template: Template,
}

impl Bench {
    /// A bench with this binary of the routing function.
    pub fn new(routing: PathBuf) -> Self {
        Self {
            routing,
            template: Template::parse(&project::read("template.yaml")).unwrap(),
        }
    }

    /// Runs one round.
    pub async fn round(&self, setting: &Setting) -> Round {
        let server = Server::start().await;
        let proxy = Proxy::start(&server.endpoint).await;
        let table = Table::create(&server.endpoint, TABLE, setting).await;
        let mut stream = Stream::open(&server.endpoint, TABLE).await;
        let ignored = set_up_record(&mut stream).await;
        let aws = Arc::new(Aws::start("", "").await);
        let environment = self.environment(&proxy, &aws);
        let processes = self.start(setting.processes, &environment, &ignored).await;
        let pids: Vec<u32> = processes.iter().filter_map(Lambda::pid).collect();
        let backlog = Arc::new(Backlog::new(Sources::of(&self.template)));
        let mut running = JoinSet::new();
        for mut process in processes {
            let backlog = Arc::clone(&backlog);
            running.spawn(async move { backlog.deliver_to(&mut process).await });
        }
        let timers_queue = aws.queue_url("TimersQueue");
        let reader = Arc::clone(&backlog);
        running.spawn(async move { reader.fill(stream, aws, timers_queue).await });
        let tasks = table.tasks(setting.tasks);
        proxy.take_counts();
        let processor = Usage::of(&pids);
        let begun = Instant::now();
        table.write(&tasks).await;
        let all_reserved = || backlog.reserved() >= setting.tasks;
        wait_until(&mut running, begun + ROUND_TIME_LIMIT, all_reserved).await;
        let end = backlog.last_reserved().unwrap_or_else(Instant::now);
        let drained = drained(&backlog);
        wait_until(&mut running, Instant::now() + DRAIN_TIME_LIMIT, drained).await;
        let processor = Usage::of(&pids).since(&processor);
        running.shutdown().await;
        let counts = proxy.take_counts();
        server.stop().await;
        Round {
            reserved: backlog.reserved(),
            duration: end - begun,
            counts,
            failures: backlog.failures(),
            processor,
        }
    }

    /// Starts the processes, and waits until each has handled a record from which nothing follows.
    async fn start(
        &self,
        count: usize,
        environment: &BTreeMap<String, String>,
        ignored: &Value,
    ) -> Vec<Lambda> {
        let started = (0..count).map(|_| async {
            let mut lambda = Lambda::start("routing", &self.routing, environment).await;
            match lambda.invoke(ignored).await {
                Outcome::Response(_) => lambda,
                Outcome::Error(error) => panic!("routing does not start: {error}"),
            }
        });
        join_all(started).await
    }

    /// The variables that `template.yaml` gives the function, with values of this machine.
    fn environment(&self, proxy: &Proxy, aws: &Aws) -> BTreeMap<String, String> {
        let function = self.template.resource("Routing").unwrap();
        let variables = self.template.environment(function).into_iter();
        let mut environment: BTreeMap<String, String> = variables
            .map(|(name, value)| match value.as_str() {
                "TableName" => (name, TABLE.to_owned()),
                queue if queue.ends_with("Queue") => (name, aws.queue_url(queue)),
                _ => (name, value),
            })
            .collect();
        let endpoints = [
            ("AWS_ENDPOINT_URL_DYNAMODB", proxy.endpoint.as_str()),
            ("AWS_ENDPOINT_URL_SQS", aws.endpoint.as_str()),
            // Lines for each record would be part of the measurement.
            ("RUST_LOG", "warn"),
        ];
        environment.extend(endpoints.map(|(name, value)| (name.to_owned(), value.to_owned())));
        environment
    }
}

/// Reads the records of the set-up, which are not delivered: nothing follows from them while there
/// are no Tasks. Returns an event with one that the function ignores.
async fn set_up_record(stream: &mut Stream) -> Value {
    let mut ignored = None;
    loop {
        let records = stream.read().await;
        if records.is_empty() {
            break;
        }
        ignored = ignored.or_else(|| records.into_iter().find(is_ignored));
    }
    json!({ "Records": [ignored.unwrap()] })
}

fn is_ignored(record: &Value) -> bool {
    let record = serde_json::from_value(record.clone()).unwrap();
    store::stream::change(&record).unwrap() == store::stream::Change::Other
}

/// A condition: nothing has happened for the time of [`CALM`].
fn drained(backlog: &Backlog) -> impl FnMut() -> bool {
    let mut idle_since = None;
    move || {
        if !backlog.is_idle() {
            idle_since = None;
            return false;
        }
        idle_since.get_or_insert_with(Instant::now).elapsed() >= CALM
    }
}

/// Waits until the condition holds or the time is over. Panics when a task of the harness ends:
/// they end only by a panic.
async fn wait_until(
    running: &mut JoinSet<()>,
    limit: Instant,
    mut condition: impl FnMut() -> bool,
) {
    while !condition() && Instant::now() < limit {
        if let Some(ended) = running.try_join_next() {
            panic!("a part of the harness ended: {ended:?}");
        }
        tokio::time::sleep(CHECK_INTERVAL).await;
    }
}

/// The processor time used so far.
struct Usage {
    routing: Duration,
    harness: Duration,
    machine: Duration,
}

impl Usage {
    fn of(pids: &[u32]) -> Self {
        Self {
            routing: pids.iter().map(|pid| processor_time::of(*pid)).sum(),
            harness: processor_time::of(std::process::id()),
            machine: processor_time::of_machine(),
        }
    }

    fn since(&self, before: &Self) -> ProcessorTime {
        let routing = self.routing - before.routing;
        let harness = self.harness - before.harness;
        let machine = self.machine - before.machine;
        ProcessorTime {
            routing,
            harness,
            others: machine.saturating_sub(routing + harness),
        }
    }
}
