//! The deployed stack on this machine: a table, Parameter Store, queues, and the built functions in
//! Lambda's environment, each with the environment variables and under the policies that
//! `template.yaml` gives it.

use std::collections::{BTreeMap, BTreeSet};

use cordboard::embedded_dynamodb::{EmbeddedDynamoDb, Place, TABLE};
use cordboard::lanes::BATCH_RECORDS_MAX;
use cordboard::stream_reader::StreamReader;
use ids::TaskSid;
use runtime::aws::{Access, sqs_with};
use serde_json::{Value, json};
use store::items::Item;
use store::keys::Key;
use store::{Store, items};
use task_router::model::AssignmentStatus;

use crate::aws::Aws;
use crate::dynamodb::Served;
use crate::guard::Guard;
use crate::lambda::{Lambda, Outcome};
use crate::policy::Policy;
use crate::template::{FUNCTION, Template, binary, dashed, logical_id};
use crate::{binaries, centre, project};

/// The account every event is signed for (scripts/sign_events.py).
pub const ACCOUNT_SID: &str = "AC00000000000000000000000000000001";

/// Its auth token.
pub const AUTH_TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// An address at which nothing listens: requests to it are refused at once.
const NOWHERE: &str = "http://127.0.0.1:9";

/// Rounds of records and messages that follow from each other; more is an endless loop.
const ROUNDS_MAX: usize = 12;

/// The stack.
pub struct Deployment {
    template: Template,
    /// Parameters that are not at their default.
    parameters: BTreeMap<&'static str, &'static str>,
    /// Conditions of the template that hold.
    holding: &'static [&'static str],
    table: EmbeddedDynamoDb,
    served: Served,
    stream: StreamReader,
    aws: Aws,
    /// How many of the sent messages were delivered to their functions.
    delivered: usize,
    running: BTreeMap<String, (Lambda, Guard)>,
}

impl Deployment {
    /// A stack with every parameter at its default, and with [`centre`] in its table.
    pub async fn open() -> Self {
        Self::with(&[], &[]).await
    }

    /// A stack with the webhook journal on.
    pub async fn keeping_webhooks() -> Self {
        Self::with(&[("KeepWebhooks", "true")], &["KeepsWebhooks"]).await
    }

    async fn with(
        parameters: &[(&'static str, &'static str)],
        holding: &'static [&'static str],
    ) -> Self {
        let template = Template::parse(&project::read("template.yaml")).unwrap();
        let table = EmbeddedDynamoDb::open(Place::Temporary).await.unwrap();
        centre::open(&Store::new(table.client(), TABLE)).await;
        let parameter = template
            .part("/Parameters/AuthTokenParameter/Default")
            .as_str()
            .unwrap();
        let aws = Aws::start(parameter, AUTH_TOKEN).await;
        let served = Served::start(&table).await;
        let stream = StreamReader::new(table.streams(), TABLE);
        let parameters = parameters.iter().copied().collect();
        Self {
            template,
            parameters,
            holding,
            table,
            served,
            stream,
            aws,
            delivered: 0,
            running: BTreeMap::new(),
        }
    }

    /// The table, without a policy.
    pub fn store(&self) -> Store {
        Store::new(self.table.client(), TABLE)
    }

    /// A Task's status.
    pub async fn status_of(&self, task: TaskSid) -> AssignmentStatus {
        self.store()
            .task(task)
            .await
            .unwrap()
            .unwrap()
            .assignment_status
    }

    /// The messages sent to a queue, by the end of its name.
    pub fn messages_to(&self, queue: &str) -> Vec<String> {
        let sent = self
            .aws
            .messages()
            .into_iter()
            .filter(|message| message.queue_url.ends_with(queue));
        sent.map(|message| message.body).collect()
    }

    /// The same with their groups.
    pub fn messages_with_groups_to(&self, queue: &str) -> Vec<(String, Option<String>)> {
        let sent = self.aws.messages().into_iter();
        let sent = sent.filter(|message| message.queue_url.ends_with(queue));
        sent.map(|message| (message.body, message.group)).collect()
    }

    /// The address of a queue.
    pub fn queue_url(&self, name: &str) -> String {
        self.aws.queue_url(name)
    }

    /// A client of the queues, without a policy.
    pub fn sqs(&self) -> aws_sdk_sqs::Client {
        let access = Access::new("eu-central-1", "AKIDEXAMPLE", "secret", None);
        sqs_with(access, Some(self.aws.endpoint.clone()))
    }

    /// Adds a message to a dead-letter queue.
    pub fn add_dead_letter(&self, queue: &str, body: &str, group: Option<&str>) {
        self.aws.add_dead_letter(queue, body, group);
    }

    /// Ends the visibility timeout of every received dead letter.
    pub fn dead_letters_reappear(&self) {
        self.aws.dead_letters_reappear();
    }

    /// The new records of the table's stream, which are not given to routing.
    pub async fn take_records(&mut self) -> Vec<Value> {
        let mut records = Vec::new();
        loop {
            let page = self.stream.next(BATCH_RECORDS_MAX).await.unwrap();
            if page.last.is_none() {
                return records;
            }
            records.extend(page.records.into_iter().map(|read| read.event));
        }
    }

    /// Makes the Workspace's item unreadable, so that no record of it can be handled; the item as it
    /// was.
    pub async fn poison_workspace(&mut self) -> Item {
        // A process that has cached the configuration ends.
        if let Some((mut lambda, _guard)) = self.running.remove("routing") {
            lambda.stop().await;
        }
        let whole = self.workspace_item().await;
        let mut poisoned = whole.clone();
        poisoned.insert("friendly_name".to_owned(), items::number(7));
        self.put(poisoned).await;
        whole
    }

    /// Puts the Workspace's item back.
    pub async fn mend_workspace(&self, whole: Item) {
        self.put(whole).await;
    }

    async fn workspace_item(&self) -> Item {
        let key = items::key_attributes(&Key::workspace(centre::WORKSPACE));
        let get = self.table.client().get_item().table_name(TABLE);
        let get = get.set_key(Some(key)).send().await.unwrap();
        get.item.unwrap()
    }

    async fn put(&self, item: Item) {
        let put = self.table.client().put_item().table_name(TABLE);
        put.set_item(Some(item)).send().await.unwrap();
    }

    /// The messages whose visibility timeout was changed: receipt handle, and seconds until the
    /// redelivery.
    pub fn hidden(&self) -> Vec<(String, u64)> {
        self.aws.hidden()
    }

    /// The functions of the stack, by name: `event-streams` for `EventStreams`.
    pub fn deployed(&self) -> BTreeSet<String> {
        let functions = self.template.of_type(FUNCTION);
        functions.map(|(id, _)| dashed(id)).collect()
    }

    /// Sends an event to a function, which is started by its first event. Panics with the
    /// function's log when it reports an error.
    pub async fn invoke(&mut self, function: &str, payload: &Value) -> Value {
        if !self.running.contains_key(function) {
            let started = self.start(function).await;
            self.running.insert(function.to_owned(), started);
        }
        let (lambda, _) = self.running.get_mut(function).unwrap();
        match lambda.invoke(payload).await {
            Outcome::Response(answer) => answer,
            Outcome::Error(error) => {
                let log = self.running.remove(function).unwrap().0.stop().await;
                panic!("{function} failed: {error}\n{log}")
            }
        }
    }

    /// Delivers records and messages to their functions, as AWS does, until none is left. Timers
    /// are delivered at once.
    pub async fn settle(&mut self) {
        for _ in 0..ROUNDS_MAX {
            let streamed = self.deliver_records().await;
            if !self.deliver_messages().await && !streamed {
                return;
            }
        }
    }

    async fn deliver_records(&mut self) -> bool {
        let mut any = false;
        loop {
            let page = self.stream.next(BATCH_RECORDS_MAX).await.unwrap();
            if page.last.is_none() {
                return any;
            }
            any = true;
            let records: Vec<Value> = page.records.into_iter().map(|read| read.event).collect();
            if !records.is_empty() {
                self.invoke("routing", &json!({ "Records": records })).await;
            }
        }
    }

    async fn deliver_messages(&mut self) -> bool {
        let new = self.aws.messages_since(self.delivered);
        self.delivered += new.len();
        for message in &new {
            let function = if message.queue_url.ends_with("/TimersQueue") {
                "routing"
            } else {
                "callbacks"
            };
            let record =
                json!({ "messageId": "1", "body": message.body, "eventSource": "aws:sqs" });
            self.invoke(function, &json!({ "Records": [record] })).await;
        }
        !new.is_empty()
    }

    /// The refused requests of all functions, a sentence each.
    pub fn refused(&self) -> BTreeSet<String> {
        let refused = self.running.iter().flat_map(|(function, (_, guard))| {
            guard
                .refused()
                .into_iter()
                .map(move |access| (function, access))
        });
        refused
            .map(|(function, access)| {
                format!(
                    "{function} may not {} on {}",
                    access.action, access.resource
                )
            })
            .collect()
    }

    /// The permissions of the functions that ran that were never used: `api dynamodb:GetItem
    /// Table`.
    pub fn unused(&self) -> BTreeSet<String> {
        let unused = self.running.iter().flat_map(|(function, (_, guard))| {
            guard
                .unused()
                .into_iter()
                .map(move |(action, resource)| format!("{function} {action} {resource}"))
        });
        unused.collect()
    }

    /// The functions that were started.
    pub fn functions(&self) -> BTreeSet<String> {
        self.running.keys().cloned().collect()
    }

    /// Ends the functions. Asserts that none of them logged a whole phone number or made a refused
    /// request. Returns what they logged.
    pub async fn close(mut self) -> String {
        assert_eq!(self.refused(), BTreeSet::new());
        let mut logs = String::new();
        for (function, (lambda, _)) in &mut self.running {
            let log = lambda.stop().await;
            assert!(
                !log.contains("+1707"),
                "{function} logs a phone number:\n{log}"
            );
            logs += &log;
        }
        logs
    }

    async fn start(&self, function: &str) -> (Lambda, Guard) {
        let id = logical_id(function);
        let policy = Policy::of(&self.template, &id, self.holding);
        let guard = Guard::start(function, policy, &self.served.endpoint, &self.aws.endpoint).await;
        let resource = self
            .template
            .resource(&id)
            .unwrap_or_else(|| panic!("no resource for {function}"));
        let variables = self.template.environment(resource).into_iter();
        let mut environment: BTreeMap<String, String> = variables
            .map(|(name, value)| (name, self.resolve(&value)))
            .collect();
        for service in ["DYNAMODB", "SSM", "SQS"] {
            environment.insert(
                format!("AWS_ENDPOINT_URL_{service}"),
                guard.endpoint.clone(),
            );
        }
        environment.insert("CARRIER_URL".to_owned(), NOWHERE.to_owned());
        (
            Lambda::start(function, &binaries::path(binary(resource)), &environment).await,
            guard,
        )
    }

    /// A value of the template, its reference resolved.
    fn resolve(&self, value: &str) -> String {
        match value {
            "AccountSid" => ACCOUNT_SID.to_owned(),
            "TableName" => TABLE.to_owned(),
            queue if queue.ends_with("Queue") => self.aws.queue_url(queue),
            address if address.contains("${HttpApi}") => NOWHERE.to_owned(),
            other => {
                let default = self.template.part(&format!("/Parameters/{other}/Default"));
                self.parameters
                    .get(other)
                    .copied()
                    .or(default.as_str())
                    .unwrap_or(other)
                    .to_owned()
            }
        }
    }
}
