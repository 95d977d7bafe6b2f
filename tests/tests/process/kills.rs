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
struct Centre<'a> {
    folder: &'a Path,
    port: u16,
    account: String,
    workspace: String,
    workflow: String,
    http: reqwest::Client,
}

impl Centre<'_> {
    async fn start(&self) -> Process {
        let environment = [
            ("ACCOUNT_SID", self.account.as_str()),
            ("AUTH_TOKEN", AUTH_TOKEN),
        ];
        Process::start_with(self.folder, self.port, &["--data", "data"], &environment).await
    }

    fn url(&self, path: &str) -> String {
        format!(
            "http://127.0.0.1:{}/v1/Workspaces/{}{path}",
            self.port, self.workspace
        )
    }

    async fn get(&self, url: &str) -> Value {
        let request = self
            .http
            .get(url)
            .basic_auth(&self.account, Some(AUTH_TOKEN));
        request.send().await.unwrap().json().await.unwrap()
    }

    /// Creates a Task; its SID if that was acknowledged.
    async fn create_task(&self) -> Option<String> {
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

    /// The stored Events: their SIDs, by page.
    async fn stored_events(&self) -> BTreeSet<String> {
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
fn delivered(customer: &Customer) -> BTreeMap<String, Vec<String>> {
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
    runtime::aws::install_tls();
    let customer = Customer::open().await;
    let folder = tempfile::tempdir().unwrap();
    let callback = format!("event_callback: {}/events", customer.base);
    let set_up = EXAMPLE.replace("# event_callback: https://example.com/events", &callback);
    std::fs::write(folder.path().join("contact-centre.yaml"), &set_up).unwrap();
    let account = AccountSid::derive(&["kills"]);
    let read = config::read(&set_up, "contact-centre.yaml", account).unwrap();
    let centre = Centre {
        folder: folder.path(),
        port: free_port(),
        account: account.to_string(),
        workspace: read.workspace.sid.to_string(),
        workflow: read.voice_settings.workflow_sid.to_string(),
        http: reqwest::Client::builder()
            .pool_max_idle_per_host(0)
            .build()
            .unwrap(),
    };
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
    let mut missing = BTreeSet::new();
    for _ in 0..POLLS_MAX {
        let stored = centre.stored_events().await;
        let delivered: BTreeSet<String> = delivered(&customer).into_values().flatten().collect();
        missing = stored.difference(&delivered).cloned().collect();
        let tasks = self::delivered(&customer);
        if missing.is_empty() && acknowledged.iter().all(|task| tasks.contains_key(task)) {
            break;
        }
    }
    assert!(missing.is_empty(), "not delivered: {missing:?}");
    let delivered = delivered(&customer);
    for task in &acknowledged {
        let events = delivered.get(task);
        let events = events.unwrap_or_else(|| panic!("no Event of {task}"));
        assert!(events.is_sorted(), "{task}: {events:?}");
    }
    process.interrupt().await;
}
