//! A whole contact centre with a manual clock: the real functions, the embedded DynamoDB, the
//! simulated carrier, real HTTP between them. Time passes only when a test advances it; nothing
//! sleeps.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;

use config::ContactCentre;
use cordboard::carrier_choice::CarrierChoice;
use cordboard::centre::{CALLBACKS_AT_ONCE_DEFAULT, Centre, Clients, Settings};
use cordboard::credentials::Account;
use cordboard::embedded_dynamodb::{EmbeddedDynamoDb, Place};
use http_client::WebClient;
use http_client::{Destinations, web_client};
use ids::time::{Clock, Millis};
use ids::{AccountSid, CallSid, TaskSid};
use runtime::voice::Router;
use serde_json::{Value, json};
pub use stories::ManualClock;
use task_router::model::{Task, Worker};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::metering::Meter;
use crate::project;

/// The configuration of tests that do not bring their own: the example.
pub const EXAMPLE: &str = include_str!("../../contact-centre.yaml");

/// The example of voice flows: a utility in two countries.
pub const UTILITY: &str = include_str!("../../examples/utility/contact-centre.yaml");

/// The example with one queue for every caller, which every Worker serves. Its step matches Workers
/// who speak the caller's language. Every Worker is Offline.
pub fn one_queue_for_all() -> String {
    let step = "          - queue: Customer Contact Center English\n";
    let changes = [
        (
            "target_workers: languages HAS \"en\"",
            "target_workers: 1 == 1",
        ),
        (
            "expression: selected_language == \"en\"",
            "expression: 1 == 1",
        ),
        (
            step,
            &*format!("{step}            expression: task.selected_language IN worker.languages\n"),
        ),
        ("    activity: Available", "    activity: Offline"),
    ];
    changes.iter().fold(EXAMPLE.to_owned(), |text, (old, new)| {
        assert!(text.contains(old), "the example has no {old:?}");
        text.replace(old, new)
    })
}

/// The API key of every test centre, with its secret.
pub const API_KEY: &str = "SK00000000000000000000000000000001:0123456789abcdef";

/// Timers that may fire within one [`TestCentre::advance`]; more is an endless loop.
const TIMERS_MAX: usize = 10_000;

/// The environment of a test centre.
#[derive(Clone)]
pub struct Surroundings {
    /// The HTTP client for requests to customers' servers.
    pub web: Arc<dyn WebClient>,
    /// The URL that is asked for the first document of a call to the centre's number; `None`: the
    /// centre itself.
    pub voice_url: Option<String>,
    /// Whether the webhook journal is on.
    pub keep_webhooks: bool,
    /// The lanes of the pump.
    pub lanes: NonZeroUsize,
}

impl Surroundings {
    /// The real network, no journal, and one lane: what happens at one moment happens in the order
    /// of the writes.
    pub fn real() -> Self {
        Self {
            web: Arc::new(web_client(Destinations::Anywhere).unwrap()),
            voice_url: None,
            keep_webhooks: false,
            lanes: NonZeroUsize::MIN,
        }
    }
}

/// A running centre, and the phones of its callers and Workers.
pub struct TestCentre {
    /// The centre.
    pub centre: Arc<Centre>,
    /// Its clock.
    pub clock: Arc<ManualClock>,
    /// `http://127.0.0.1:…`
    pub base: String,
    /// Its account.
    pub account: Account,
    /// Its configuration.
    pub contact_centre: ContactCentre,
    /// A client of its table, for a second process.
    pub table: aws_sdk_dynamodb::Client,
    pub(crate) http: reqwest::Client,
    address: SocketAddr,
    surroundings: Surroundings,
    stop: Option<oneshot::Sender<()>>,
    served: tokio::task::JoinHandle<()>,
}

impl TestCentre {
    /// The example centre, with a temporary table.
    pub async fn example() -> Self {
        Self::open(EXAMPLE, None).await
    }

    /// A centre with this configuration, its data in `folder` if there is one.
    pub async fn open(set_up: &str, folder: Option<PathBuf>) -> Self {
        let clock = Arc::new(ManualClock::at(crate::centre::NOON));
        Self::open_at(
            set_up,
            folder,
            clock,
            SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            Surroundings::real(),
        )
        .await
    }

    /// A centre with this configuration, its data in `folder`, in these surroundings.
    pub async fn open_with(set_up: &str, folder: PathBuf, surroundings: Surroundings) -> Self {
        let clock = Arc::new(ManualClock::at(crate::centre::NOON));
        Self::open_at(
            set_up,
            Some(folder),
            clock,
            SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            surroundings,
        )
        .await
    }

    /// A centre on data of an earlier one, `later` than the moment at which tests begin.
    pub async fn open_later(set_up: &str, folder: PathBuf, later: Millis) -> Self {
        let now = crate::centre::NOON + later;
        let clock = Arc::new(ManualClock::at(now));
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self::open_at(set_up, Some(folder), clock, address, Surroundings::real()).await
    }

    /// The same centre after a restart: what is not in `folder` is lost.
    pub async fn restarted(self, set_up: &str, folder: PathBuf) -> Self {
        let clock = Arc::clone(&self.clock);
        let address = self.address;
        let surroundings = self.surroundings.clone();
        self.close().await;
        Self::open_at(set_up, Some(folder), clock, address, surroundings).await
    }

    /// Applies another configuration, as `cordboard apply` does.
    pub async fn apply_configuration(&mut self, set_up: &str) {
        self.contact_centre = contact_centre(set_up, self.account.account_sid);
        config::apply(&self.centre.store, &self.contact_centre, self.clock.now())
            .await
            .unwrap();
    }

    /// A centre with this configuration, a temporary table and a meter on the table.
    pub async fn metered(set_up: &str) -> (Self, Arc<Meter>) {
        Self::metered_in(set_up, Surroundings::real()).await
    }

    /// The same, in these surroundings.
    pub async fn metered_in(set_up: &str, surroundings: Surroundings) -> (Self, Arc<Meter>) {
        let (table, meter) = Meter::on_table().await;
        let clock = Arc::new(ManualClock::at(crate::centre::NOON));
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        (
            Self::open_on(table, set_up, None, clock, address, surroundings).await,
            meter,
        )
    }

    async fn open_at(
        set_up: &str,
        folder: Option<PathBuf>,
        clock: Arc<ManualClock>,
        address: SocketAddr,
        surroundings: Surroundings,
    ) -> Self {
        let table = EmbeddedDynamoDb::open(folder.clone().map_or(Place::Temporary, Place::Folder))
            .await
            .unwrap();
        Self::open_on(table, set_up, folder, clock, address, surroundings).await
    }

    async fn open_on(
        table: EmbeddedDynamoDb,
        set_up: &str,
        folder: Option<PathBuf>,
        clock: Arc<ManualClock>,
        address: SocketAddr,
        surroundings: Surroundings,
    ) -> Self {
        let account_sid = AccountSid::derive(&["laboratory"]);
        let account = Account {
            account_sid,
            auth_token: "0123456789abcdef0123456789abcdef".to_owned(),
            secondary_auth_token: None,
        };
        let contact_centre = contact_centre(set_up, account_sid);
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let base = format!("http://{address}");
        let settings = Settings {
            data: folder,
            account: account.clone(),
            api_keys: API_KEY.parse().unwrap(),
            contact_centre: contact_centre.clone(),
            carrier: CarrierChoice::Simulated,
            public_url: None,
            durability: Default::default(),
            twiml_preview: true,
            keep_webhooks: surroundings.keep_webhooks,
            router: Router::Cordboard,
            voice_url: surroundings.voice_url.clone(),
            voice_method: carrier_simulator::twiml::Method::Post,
            lanes: surroundings.lanes,
            callbacks_at_once: CALLBACKS_AT_ONCE_DEFAULT,
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
        };
        let client = table.client();
        let clients = Clients {
            customers: Arc::clone(&surroundings.web),
            ..Clients::real().unwrap()
        };
        let centre = Centre::open_in(clients, table.into(), settings, &base)
            .await
            .unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let served = tokio::spawn(Arc::clone(&centre).serve(listener, async move {
            let _dropped = stopped.await;
        }));
        let http = reqwest::Client::builder()
            .pool_max_idle_per_host(0)
            .build()
            .unwrap();
        let stop = Some(stop);
        let test_centre = Self {
            centre,
            clock,
            base,
            address,
            account,
            contact_centre,
            table: client,
            http,
            surroundings,
            stop,
            served,
        };
        test_centre.centre.settle().await;
        test_centre
    }

    /// Stops the server and waits until it has ended.
    pub async fn close(mut self) {
        drop(self.stop.take());
        self.served.await.unwrap();
    }

    /// Advances the clock, stopping at each due timer.
    pub async fn advance(&self, duration: Millis) {
        let end = self.clock.now() + duration;
        for _ in 0..TIMERS_MAX {
            self.centre.settle().await;
            match self.centre.next_wake().filter(|timer| *timer <= end) {
                Some(timer) => self.clock.set(timer.max(self.clock.now())),
                None => {
                    self.clock.set(end);
                    self.centre.settle().await;
                    return;
                }
            }
        }
        panic!("more than {TIMERS_MAX} timers fired within {duration:?}");
    }

    /// Rolls up statistics, as the schedule does each minute.
    pub async fn roll_up(&self) {
        let clock = Arc::clone(&self.clock) as Arc<dyn Clock>;
        let routing = routing::Routing::new(self.centre.store.clone(), self.centre.outbox(), clock);
        routing.roll_up().await.unwrap();
    }

    /// Sets a Worker's Activity, both by name.
    pub async fn set_activity(&self, name: &str, activity: &str) {
        let activities = &self.contact_centre.workspace.activities;
        let activity = activities
            .values()
            .find(|known| known.friendly_name == activity)
            .unwrap()
            .sid;
        let worker = self.worker(name).await.sid;
        let set = task_router::router::Command::ActivitySet {
            worker,
            activity,
            reject_pending: false,
        };
        self.centre
            .store
            .apply(&set, self.clock.now())
            .await
            .unwrap();
    }

    /// Dials the centre's number; the caller's call.
    pub async fn dial(&self, from: &str) -> CallSid {
        let body = json!({ "from": from, "to": self.contact_centre.voice_settings.phone_number });
        let placed = self.post("/simulator/calls", &body).await;
        placed["call_sid"].as_str().unwrap().parse().unwrap()
    }

    /// Places a call to `to` over the carrier's REST API, as an application does, with its TwiML at
    /// `url`.
    pub async fn call_to(&self, to: &str, url: &str) -> CallSid {
        let account = self.account.account_sid.to_string();
        let from = self.contact_centre.voice_settings.phone_number.clone();
        let form = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("To", to), ("From", &from), ("Url", url)])
            .finish();
        let request = self
            .http
            .post(format!(
                "{}/2010-04-01/Accounts/{account}/Calls.json",
                self.base
            ))
            .basic_auth(&account, Some(&self.account.auth_token))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form);
        let placed: Value = request.send().await.unwrap().json().await.unwrap();
        placed["sid"].as_str().unwrap().parse().unwrap()
    }

    /// Does `action` at the phone of `call`: `answer`, `decline`, `hangup`.
    pub async fn at_phone(&self, call: CallSid, action: &str) {
        self.post(&format!("/simulator/calls/{call}/{action}"), &json!({}))
            .await;
    }

    /// Presses keys at the phone of `call`.
    pub async fn press(&self, call: CallSid, digits: &str) {
        self.post(
            &format!("/simulator/calls/{call}/digits"),
            &json!({ "digits": digits }),
        )
        .await;
    }

    /// A call, as the simulated carrier shows it.
    pub async fn call(&self, call: CallSid) -> Value {
        self.get(&format!("/simulator/calls/{call}")).await
    }

    /// The ringing phones: number → call.
    pub async fn ringing(&self) -> BTreeMap<String, CallSid> {
        self.phones("ringing").await
    }

    /// Calls to phones in this status: number → call.
    pub async fn phones(&self, status: &str) -> BTreeMap<String, CallSid> {
        let calls = self.get(&format!("/simulator/calls?status={status}")).await;
        let calls = calls["calls"].as_array().unwrap().clone();
        let outbound = calls.iter().filter(|call| call["direction"] != "inbound");
        let pair = |call: &Value| {
            (
                call["to"].as_str().unwrap().to_owned(),
                call["call_sid"].as_str().unwrap().parse().unwrap(),
            )
        };
        outbound.map(pair).collect()
    }

    /// The Task of a caller.
    pub async fn task(&self, caller: CallSid) -> Option<Task> {
        self.centre
            .store
            .task(TaskSid::of_call(caller))
            .await
            .unwrap()
    }

    /// A Worker by name.
    pub async fn worker(&self, name: &str) -> Worker {
        let declared = self
            .contact_centre
            .workers
            .iter()
            .find(|declared| declared.friendly_name == name);
        let sid = declared
            .unwrap_or_else(|| panic!("the configuration has no Worker {name}"))
            .sid;
        self.centre.store.worker(sid).await.unwrap().unwrap()
    }

    /// The name of a Worker's Activity.
    pub async fn activity_of(&self, name: &str) -> String {
        let worker = self.worker(name).await;
        self.contact_centre.workspace.activities[&worker.activity_sid]
            .friendly_name
            .clone()
    }

    /// GET, as JSON.
    pub async fn get(&self, path: &str) -> Value {
        let answer = self
            .http
            .get(format!("{}{path}", self.base))
            .send()
            .await
            .unwrap();
        assert!(
            answer.status().is_success(),
            "GET {path}: {}",
            answer.status()
        );
        answer.json().await.unwrap()
    }

    /// POST of JSON, answered with JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Value {
        let answer = self
            .http
            .post(format!("{}{path}", self.base))
            .json(body)
            .send()
            .await
            .unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "POST {path}: {status} {text}");
        serde_json::from_str(&text).unwrap()
    }
}

fn contact_centre(set_up: &str, account_sid: AccountSid) -> ContactCentre {
    let files = &project::file_beside;
    config::read_with_files(set_up, "contact-centre.yaml", account_sid, files).unwrap()
}
