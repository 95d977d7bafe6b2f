//! Random kills under load: what was acknowledged is kept, and each Event is delivered.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Mutex;

use futures_util::future::join_all;
use ids::AccountSid;
use serde_json::Value;
use tests::customer::Customer;
use tests::process::{Process, free_port};
use tests::test_centre::EXAMPLE;
use tokio::sync::Notify;

/// Chooses the moments of the kills.
const SEED: u64 = 15;

/// Processes that are killed.
const LIVES: usize = 4;

/// Clients that create Tasks at the same time.
const CLIENTS: usize = 4;

const AUTH_TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// Polls of the Events at the end, each of which takes a request; more means that they never come.
const POLLS_MAX: usize = 2_000;

/// A contact centre that is killed and started again, on the same data and port.
pub(super) struct Centre<'a> {
    pub folder: &'a Path,
    pub port: u16,
    /// The data folder, in `folder`.
    pub data: &'static str,
    account: String,
    workspace: String,
    workflow: String,
    http: reqwest::Client,
}

impl<'a> Centre<'a> {
    /// The example centre, with its configuration and data in `folder`, which sends its Events to
    /// this customer.
    pub async fn set_up(folder: &'a Path, customer: &Customer) -> Self {
        runtime::aws::install_tls();
        let callback = format!("event_callback: {}/events", customer.base);
        let set_up = EXAMPLE.replace("# event_callback: https://example.com/events", &callback);
        std::fs::write(folder.join("contact-centre.yaml"), &set_up).unwrap();
        let account = AccountSid::derive(&["kills"]);
        let read = config::read(&set_up, "contact-centre.yaml", account).unwrap();
        Self {
            folder,
            port: free_port(),
            data: "data",
            account: account.to_string(),
            workspace: read.workspace.sid.to_string(),
            workflow: read.voice_settings.workflow_sid.to_string(),
            http: reqwest::Client::builder()
                .pool_max_idle_per_host(0)
                .build()
                .unwrap(),
        }
    }

    pub async fn start(&self) -> Process {
        let environment = [
            ("ACCOUNT_SID", self.account.as_str()),
            ("AUTH_TOKEN", AUTH_TOKEN),
        ];
        Process::start_with(self.folder, self.port, &["--data", self.data], &environment).await
    }

    pub fn url(&self, path: &str) -> String {
        format!(
            "http://127.0.0.1:{}/v1/Workspaces/{}{path}",
            self.port, self.workspace
        )
    }

    pub async fn get(&self, url: &str) -> Value {
        let request = self
            .http
            .get(url)
            .basic_auth(&self.account, Some(AUTH_TOKEN));
        request.send().await.unwrap().json().await.unwrap()
    }

    /// Creates a Task; its SID if that was acknowledged.
    pub async fn create_task(&self) -> Option<String> {
        let form = [
            ("WorkflowSid", self.workflow.as_str()),
            ("Attributes", r#"{"selected_language":"en"}"#),
        ];
        let request = self
            .http
            .post(self.url("/Tasks"))
            .basic_auth(&self.account, Some(AUTH_TOKEN))
            .form(&form);
        let answer = request.send().await.ok()?;
        assert_eq!(answer.status(), 201);
        let task: Value = answer.json().await.ok()?;
        Some(task["sid"].as_str()?.to_owned())
    }

    /// Creates Tasks until the process is killed, after about `count` of them.
    async fn load_and_kill(&self, count: usize, acknowledged: &Mutex<BTreeSet<String>>) {
        let process = self.start().await;
        let until = acknowledged.lock().unwrap().len() + count;
        let enough = Notify::new();
        let client = async || {
            while let Some(task) = self.create_task().await {
                let mut known = acknowledged.lock().unwrap();
                known.insert(task);
                if known.len() >= until {
                    enough.notify_one();
                }
            }
        };
        let kill = async {
            enough.notified().await;
            process.kill().await;
        };
        tokio::join!(kill, join_all((0..CLIENTS).map(|_| client())));
    }

    /// Waits until each stored Event was delivered, one of each Task at least.
    pub async fn until_delivered(&self, customer: &Customer, tasks: &BTreeSet<String>) {
        let mut missing = BTreeSet::new();
        for _ in 0..POLLS_MAX {
            let stored = self.stored_events().await;
            let by_task = delivered(customer);
            let delivered: BTreeSet<String> = by_task.values().flatten().cloned().collect();
            missing = stored.difference(&delivered).cloned().collect();
            if missing.is_empty() && tasks.iter().all(|task| by_task.contains_key(task)) {
                return;
            }
        }
        panic!("not delivered: {missing:?}");
    }

    /// The stored Events: their SIDs, by page.
    pub async fn stored_events(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut next = Some(self.url("/Events?PageSize=1000"));
        while let Some(url) = next {
            let page = self.get(&url).await;
            let events = page["events"].as_array().unwrap();
            found.extend(
                events
                    .iter()
                    .map(|event| event["sid"].as_str().unwrap().to_owned()),
            );
            next = page["meta"]["next_page_url"].as_str().map(str::to_owned);
        }
        found
    }
}

/// The Events that a customer was sent: SIDs in the order of their first delivery, by Task.
pub(super) fn delivered(customer: &Customer) -> BTreeMap<String, Vec<String>> {
    let mut by_task: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for request in customer.requests("/events") {
        let parameter = |name: &str| {
            let found = request.form.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.clone()).unwrap_or_default()
        };
        let events = by_task.entry(parameter("TaskSid")).or_default();
        let event = parameter("Sid");
        if !events.contains(&event) {
            events.push(event);
        }
    }
    by_task
}

/// An acknowledged Task is there after the last start. Each stored Event was delivered, those of a
/// Task in order.
#[tokio::test]
async fn kills_lose_nothing_acknowledged() {
    let customer = Customer::open().await;
    let folder = tempfile::tempdir().unwrap();
    let centre = Centre::set_up(folder.path(), &customer).await;
    let mut random = fastrand::Rng::with_seed(SEED);
    let acknowledged = Mutex::default();
    for _ in 0..LIVES {
        centre
            .load_and_kill(random.usize(5..40), &acknowledged)
            .await;
    }
    let process = centre.start().await;
    let acknowledged = acknowledged.into_inner().unwrap();
    for task in &acknowledged {
        let found = centre.get(&centre.url(&format!("/Tasks/{task}"))).await;
        assert_eq!(found["sid"], task.as_str(), "{found}");
    }
    centre.until_delivered(&customer, &acknowledged).await;
    let delivered = delivered(&customer);
    for task in &acknowledged {
        let events = delivered.get(task);
        let events = events.unwrap_or_else(|| panic!("no Event of {task}"));
        assert!(events.is_sorted(), "{task}: {events:?}");
    }
    process.interrupt().await;
}
