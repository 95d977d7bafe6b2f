//! The event sources of the routing function, with the attempts and the filter of `template.yaml`:
//! the records of the table's stream and the messages of the timers queue.
//!
//! Each record is delivered alone. The records of one item are delivered in order, those of
//! different items at once, one to each process. The stream's polling interval, its shards and
//! cold starts are not simulated.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use store::keys;
use store::stream::{self, Change};
use task_router::model::AssignmentStatus;
use tokio::sync::Semaphore;

use crate::aws::Aws;
use crate::dynamodb_local::stream::Stream;
use crate::lambda::{Lambda, Outcome};
use crate::template::Template;

/// The pause between two reads of the stream: short beside a Reservation, and long enough that the
/// reads are a small part of DynamoDB Local's work.
const READ_PAUSE: Duration = Duration::from_millis(30);
/// Undelivered records and messages; more are an endless loop. A Task has fewer than ten.
const BACKLOG_MAX: usize = 100_000;
/// When a failed message is redelivered: the first backoff that the routing function asks SQS for.
const REDELIVERY_DELAY: Duration = Duration::from_secs(2);

/// What `template.yaml` says about the function's event sources.
#[derive(Debug, Clone)]
pub struct Sources {
    /// How long a stream record is delivered again after it failed.
    record_age_max: Duration,
    /// Deliveries of a message before it is a dead letter.
    message_attempts: u64,
    /// Messages of one delivery.
    messages_per_delivery: usize,
    /// The prefix of the partition keys that the stream's filter excludes.
    excluded_prefix: String,
}

impl Sources {
    /// The sources of the function `Routing`.
    pub fn of(template: &Template) -> Self {
        let records = &template.resource("RoutingChanges").unwrap()["Properties"];
        let messages = &template.resource("RoutingDueTimers").unwrap()["Properties"];
        let queue = &template.resource("TimersQueue").unwrap()["Properties"];
        let filters = records["FilterCriteria"]["Filters"].as_array().unwrap();
        assert_eq!(filters.len(), 1, "one filter is understood: {filters:?}");
        let pattern: Value = serde_json::from_str(filters[0]["Pattern"].as_str().unwrap()).unwrap();
        let excluded = pattern.pointer("/dynamodb/Keys/pk/S/0/anything-but/prefix");
        Self {
            record_age_max: Duration::from_secs(
                records["MaximumRecordAgeInSeconds"].as_u64().unwrap(),
            ),
            message_attempts: queue["RedrivePolicy"]["maxReceiveCount"].as_u64().unwrap(),
            messages_per_delivery: messages["BatchSize"].as_u64().unwrap() as usize,
            excluded_prefix: excluded.and_then(Value::as_str).unwrap().to_owned(),
        }
    }
}

/// Deliveries that failed.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Failures {
    /// Deliveries of a record or message that the function gave up: it reported the item as failed,
    /// or failed itself.
    pub given_up: u64,
    /// Records and messages whose last attempt failed.
    pub dead_letters: u64,
}

/// Records and messages that are not handled yet, shared by the processes and the reader.
pub struct Backlog {
    sources: Sources,
    state: Mutex<State>,
    /// A permit for each of [`State::ready`].
    ready: Semaphore,
}

#[derive(Default)]
struct State {
    /// The unhandled records of each item, oldest first; the first one may be in delivery.
    records: HashMap<String, VecDeque<Value>>,
    ready: VecDeque<Delivery>,
    /// Messages by the moment at which they are due.
    delayed: BTreeMap<(Instant, u64), Message>,
    messages: u64,
    in_delivery: usize,
    reserved: HashSet<String>,
    last_reserved: Option<Instant>,
    failures: Failures,
}

/// What one invocation gets.
#[derive(Debug)]
enum Delivery {
    /// The oldest record of this item.
    Record(String),
    /// Due messages of the timers queue.
    Messages(Vec<Message>),
}

#[derive(Debug)]
struct Message {
    id: String,
    body: String,
    attempts: u64,
}

impl Backlog {
    /// An empty backlog.
    pub fn new(sources: Sources) -> Self {
        Self {
            sources,
            state: Mutex::default(),
            ready: Semaphore::new(0),
        }
    }

    /// The number of Tasks that have been reserved.
    pub fn reserved(&self) -> usize {
        self.state.lock().unwrap().reserved.len()
    }

    /// When the last Task was first reserved.
    pub fn last_reserved(&self) -> Option<Instant> {
        self.state.lock().unwrap().last_reserved
    }

    /// The failed deliveries so far.
    pub fn failures(&self) -> Failures {
        self.state.lock().unwrap().failures
    }

    /// Whether everything is handled that is not delayed.
    pub fn is_idle(&self) -> bool {
        let state = self.state.lock().unwrap();
        state.records.is_empty() && state.ready.is_empty() && state.in_delivery == 0
    }

    /// Reads the stream and the timers queue until it is aborted.
    pub async fn fill(&self, mut stream: Stream, aws: Arc<Aws>, timers_queue: String) {
        let mut taken = 0;
        loop {
            let records = stream.read().await;
            let sent = aws.messages_since(taken);
            taken += sent.len();
            let now = Instant::now();
            for record in records {
                self.add_record(record, now);
            }
            for message in sent {
                if message.queue_url == timers_queue {
                    let delay = Duration::from_secs(message.delay_secs);
                    self.delay(message.body, 0, now + delay);
                }
            }
            self.release_due(now);
            tokio::time::sleep(READ_PAUSE).await;
        }
    }

    fn add_record(&self, record: Value, now: Instant) {
        let keys = &record["dynamodb"]["Keys"];
        let partition = keys[keys::PK]["S"].as_str().unwrap();
        if partition.starts_with(&self.sources.excluded_prefix) {
            return;
        }
        let is_task = keys[keys::SK]["S"] == keys::TASK;
        let item = keys.to_string();
        let mut state = self.state.lock().unwrap();
        if is_task && is_reserved(&record) && state.reserved.insert(item.clone()) {
            state.last_reserved = Some(now);
        }
        assert!(state.records.len() < BACKLOG_MAX, "too many records");
        let records = state.records.entry(item.clone()).or_default();
        records.push_back(record);
        if records.len() == 1 {
            self.make_ready(&mut state, Delivery::Record(item));
        }
    }

    fn make_ready(&self, state: &mut State, delivery: Delivery) {
        state.ready.push_back(delivery);
        self.ready.add_permits(1);
    }

    fn delay(&self, body: String, attempts: u64, due: Instant) {
        let mut state = self.state.lock().unwrap();
        assert!(state.delayed.len() < BACKLOG_MAX, "too many messages");
        state.messages += 1;
        let number = state.messages;
        let message = Message {
            id: number.to_string(),
            body,
            attempts,
        };
        state.delayed.insert((due, number), message);
    }

    fn release_due(&self, now: Instant) {
        let mut state = self.state.lock().unwrap();
        let later = state.delayed.split_off(&(now, u64::MAX));
        let mut due = std::mem::replace(&mut state.delayed, later).into_values();
        loop {
            let messages: Vec<Message> = due
                .by_ref()
                .take(self.sources.messages_per_delivery)
                .collect();
            if messages.is_empty() {
                return;
            }
            self.make_ready(&mut state, Delivery::Messages(messages));
        }
    }

    /// Delivers to one process until it is aborted.
    pub async fn deliver_to(&self, lambda: &mut Lambda) {
        loop {
            match self.take().await {
                Delivery::Record(item) => self.deliver_record(lambda, item).await,
                Delivery::Messages(messages) => self.deliver_messages(lambda, messages).await,
            }
            self.state.lock().unwrap().in_delivery -= 1;
        }
    }

    async fn take(&self) -> Delivery {
        self.ready.acquire().await.unwrap().forget();
        let mut state = self.state.lock().unwrap();
        state.in_delivery += 1;
        state.ready.pop_front().unwrap()
    }

    async fn deliver_record(&self, lambda: &mut Lambda, item: String) {
        let record = self.oldest_record(&item);
        let sequence_number = record["dynamodb"]["SequenceNumber"]
            .as_str()
            .unwrap()
            .to_owned();
        let event = json!({ "Records": [record] });
        let begun = Instant::now();
        while begun.elapsed() < self.sources.record_age_max {
            if !Failed::of(&lambda.invoke(&event).await).contains(&sequence_number) {
                return self.remove_record(item);
            }
            self.state.lock().unwrap().failures.given_up += 1;
        }
        self.state.lock().unwrap().failures.dead_letters += 1;
        self.remove_record(item);
    }

    fn oldest_record(&self, item: &str) -> Value {
        self.state.lock().unwrap().records[item][0].clone()
    }

    /// Removes the oldest record of an item; then the next one is ready.
    fn remove_record(&self, item: String) {
        let mut state = self.state.lock().unwrap();
        let records = state.records.get_mut(&item).unwrap();
        records.pop_front();
        if records.is_empty() {
            state.records.remove(&item);
        } else {
            self.make_ready(&mut state, Delivery::Record(item));
        }
    }

    async fn deliver_messages(&self, lambda: &mut Lambda, messages: Vec<Message>) {
        let records: Vec<Value> = messages
            .iter()
            .map(|message| {
                json!({
                    "messageId": message.id,
                    "body": message.body,
                    "eventSource": "aws:sqs",
                })
            })
            .collect();
        let failed = Failed::of(&lambda.invoke(&json!({ "Records": records })).await);
        for message in messages {
            if !failed.contains(&message.id) {
                continue;
            }
            let attempts = message.attempts + 1;
            let is_dead = attempts >= self.sources.message_attempts;
            {
                let mut state = self.state.lock().unwrap();
                state.failures.given_up += 1;
                state.failures.dead_letters += u64::from(is_dead);
            }
            if !is_dead {
                self.delay(message.body, attempts, Instant::now() + REDELIVERY_DELAY);
            }
        }
    }
}

/// The items of a delivery that are delivered again.
enum Failed {
    /// The invocation failed, and with it every item.
    All,
    /// The items of `batchItemFailures`.
    Items(Vec<String>),
}

impl Failed {
    fn of(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Error(_) => Self::All,
            Outcome::Response(answer) => {
                let failures = answer["batchItemFailures"].as_array().into_iter().flatten();
                let items = failures.filter_map(|failure| failure["itemIdentifier"].as_str());
                Self::Items(items.map(str::to_owned).collect())
            }
        }
    }

    fn contains(&self, item: &str) -> bool {
        match self {
            Self::All => true,
            Self::Items(items) => items.iter().any(|failed| failed == item),
        }
    }
}

/// Whether a Task's record contains a reserved Task.
fn is_reserved(record: &Value) -> bool {
    let record = serde_json::from_value(record.clone()).unwrap();
    match stream::change(&record).unwrap() {
        Change::Task { new, .. } => new.assignment_status == AssignmentStatus::Reserved,
        Change::Worker { .. } | Change::WorkerRemoved { .. } | Change::Part(_) | Change::Other => {
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project;

    fn backlog() -> Backlog {
        let template = Template::parse(&project::read("template.yaml")).unwrap();
        Backlog::new(Sources::of(&template))
    }

    fn record(partition: &str, number: u32) -> Value {
        json!({"dynamodb": {
            "Keys": {"pk": {"S": partition}, "sk": {"S": "OTHER"}},
            "SequenceNumber": number.to_string(),
        }})
    }

    async fn taken_item(backlog: &Backlog) -> (String, Value) {
        match backlog.take().await {
            Delivery::Record(item) => {
                let record = backlog.oldest_record(&item);
                (item, record["dynamodb"]["SequenceNumber"].clone())
            }
            Delivery::Messages(messages) => panic!("no record, but {messages:?}"),
        }
    }

    #[tokio::test]
    async fn records_of_one_item_are_in_order() {
        let backlog = backlog();
        for (partition, number) in [("A", 1), ("EVENTS#A", 2), ("A", 3), ("B", 4)] {
            backlog.add_record(record(partition, number), Instant::now());
        }
        let (first, number) = taken_item(&backlog).await;
        assert_eq!(number, "1");
        assert_eq!(
            taken_item(&backlog).await.1,
            "4",
            "the second of A has to wait"
        );
        assert_eq!(backlog.ready.available_permits(), 0);
        backlog.remove_record(first);
        assert_eq!(taken_item(&backlog).await.1, "3");
    }

    #[tokio::test]
    async fn messages_wait_until_they_are_due() {
        let backlog = backlog();
        let now = Instant::now();
        for number in 0..12 {
            backlog.delay(number.to_string(), 0, now + Duration::from_secs(number));
        }
        backlog.release_due(now + Duration::from_secs(10));
        let sizes = [backlog.take().await, backlog.take().await].map(|delivery| match delivery {
            Delivery::Messages(messages) => messages.len(),
            Delivery::Record(item) => panic!("no messages, but {item}"),
        });
        assert_eq!(sizes, [10, 1]);
        assert_eq!(backlog.ready.available_permits(), 0);
    }
}
