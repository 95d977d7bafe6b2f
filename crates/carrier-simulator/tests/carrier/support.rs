//! A clock, a webhook server and an API client for the tests.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "clippy.toml permits both in tests, and does not see that these helpers are part of one"
)]

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use carrier_simulator::twiml::Method as VoiceMethod;
use carrier_simulator::{Carrier, CentreNumber, Journal, Settings};
use ids::AccountSid;
use ids::time::{Clock, Millis, Timestamp};
use serde_json::Value;
use tokio::sync::Semaphore;

pub const CENTRE: &str = "+17075550183";
pub const CALLER: &str = "+15550100001";
pub const WORKER: &str = "+17075550101";
pub const TOKEN: &str = "a token for tests";
pub const ACCOUNT: AccountSid = AccountSid::from_bytes([7; 16]);
pub const PUBLIC_URL: &str = "http://carrier.test";

/// A clock that only moves when a test moves it.
pub struct ManualClock(Mutex<Timestamp>);

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

impl ManualClock {
    pub fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new("2026-11-22T15:00:00Z".parse().unwrap())))
    }

    /// Advances the clock, and stops at every timer of the carrier.
    pub async fn pass(&self, carrier: &Carrier, secs: u64) {
        let end = self.now() + Millis::from_secs(secs);
        while let Some(wake) = carrier.next_wake().filter(|wake| *wake <= end) {
            let now = self.now().max(wake);
            *self.0.lock().unwrap() = now;
            carrier.settle().await;
        }
        *self.0.lock().unwrap() = end;
    }
}

struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap();
        Timestamp::from_millis(since.as_millis().try_into().unwrap())
    }
}

pub fn system_clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock)
}

pub fn settings(webhooks: &Webhooks) -> Settings {
    let centre = CentreNumber {
        number: CENTRE.to_owned(),
        voice_url: webhooks.url("/voice"),
        voice_method: VoiceMethod::Post,
        voice_fallback_url: None,
        status_callback: None,
    };
    Settings {
        account_sid: ACCOUNT,
        auth_token: TOKEN.to_owned(),
        numbers: vec![centre],
        public_base_url: Some(PUBLIC_URL.to_owned()),
        task_router_url: Some(webhooks.url("")),
        seed: "tests".to_owned(),
    }
}

pub fn open(webhooks: &Webhooks, clock: &Arc<ManualClock>, journal: Journal) -> Arc<Carrier> {
    Carrier::open(settings(webhooks), clock.clone(), journal).unwrap()
}

/// Requests about a call in a test in real time. The slowest test needs a few thousand; more means
/// that the state never comes.
const POLLS_MAX: usize = 100_000;

/// Polls a call until its JSON is as wanted. Each poll is a request of its own, during which the
/// carrier continues.
pub async fn until(api: &Api, call: &str, wanted: impl Fn(&str) -> bool) {
    let mut shown = String::new();
    for _ in 0..POLLS_MAX {
        shown = api
            .get(&format!("/simulator/calls/{call}"))
            .await
            .1
            .to_string();
        if wanted(&shown) {
            return;
        }
    }
    panic!("after {POLLS_MAX} polls the call is {shown}");
}

/// A request that a webhook received.
#[derive(Clone)]
pub struct ReceivedRequest {
    pub method: String,
    pub uri: String,
    pub headers: HeaderMap,
    pub form: Vec<(String, String)>,
}

impl ReceivedRequest {
    pub fn param(&self, name: &str) -> &str {
        self.form
            .iter()
            .find(|(key, _)| key == name)
            .map_or("", |(_, value)| value)
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

/// A webhook server on a port of its own.
pub struct Webhooks {
    address: String,
    table: Arc<Table>,
}

#[derive(Default)]
struct Table {
    requests: Mutex<Vec<ReceivedRequest>>,
    documents: Mutex<HashMap<String, String>>,
    redirects: Mutex<HashMap<String, (u16, String)>>,
    credentials: Mutex<HashMap<String, String>>,
    gates: Mutex<HashMap<String, Arc<Semaphore>>>,
}

impl Webhooks {
    pub async fn start() -> Self {
        let table = Arc::new(Table::default());
        let address = serve(Router::new().fallback(webhook).with_state(table.clone())).await;
        Self { address, table }
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }

    pub fn serve(&self, path: &str, verbs: &str) {
        let document =
            format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response>{verbs}</Response>");
        self.table
            .documents
            .lock()
            .unwrap()
            .insert(path.to_owned(), document);
    }

    pub fn redirect(&self, path: &str, status: u16, to: &str) {
        self.table
            .redirects
            .lock()
            .unwrap()
            .insert(path.to_owned(), (status, to.to_owned()));
    }

    pub fn require(&self, path: &str, credentials: &str) {
        self.table
            .credentials
            .lock()
            .unwrap()
            .insert(path.to_owned(), credentials.to_owned());
    }

    /// Makes answers at `path` wait for permits.
    pub fn hold(&self, path: &str) -> Arc<Semaphore> {
        let gate = Arc::new(Semaphore::new(0));
        self.table
            .gates
            .lock()
            .unwrap()
            .insert(path.to_owned(), gate.clone());
        gate
    }

    pub fn requests(&self, path: &str) -> Vec<ReceivedRequest> {
        let requests = self.table.requests.lock().unwrap();
        requests
            .iter()
            .filter(|request| request.uri.split('?').next() == Some(path))
            .cloned()
            .collect()
    }
}

async fn webhook(
    State(table): State<Arc<Table>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let form = url::form_urlencoded::parse(&body).into_owned().collect();
    let path = uri.path().to_owned();
    let required = table.credentials.lock().unwrap().get(&path).cloned();
    let given = headers
        .get("authorization")
        .map(|value| value.to_str().unwrap().to_owned());
    let requests = ReceivedRequest {
        method: method.to_string(),
        uri: uri.to_string(),
        headers,
        form,
    };
    table.requests.lock().unwrap().push(requests);
    if required.is_some() && required != given {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    if path == "/music.wav" {
        return ([("content-type", "audio/wav")], one_second_of_audio()).into_response();
    }
    if let Some((status, to)) = table.redirects.lock().unwrap().get(&path).cloned() {
        return (StatusCode::from_u16(status).unwrap(), [("location", to)]).into_response();
    }
    let gate = table.gates.lock().unwrap().get(&path).cloned();
    if let Some(gate) = gate {
        gate.acquire().await.unwrap().forget();
    }
    match table.documents.lock().unwrap().get(&path).cloned() {
        Some(document) => ([("content-type", "text/xml; charset=utf-8")], document).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn one_second_of_audio() -> Vec<u8> {
    let mut wav = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x07\0\x01\0".to_vec();
    wav.extend(8_000_u32.to_le_bytes());
    wav.extend(8_000_u32.to_le_bytes());
    wav.extend(b"\x01\0\x08\0data");
    wav.extend(8_000_u32.to_le_bytes());
    wav.resize(44 + 8_000, 0xff);
    wav
}

async fn serve(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    address
}

/// A client of the carrier's own HTTP interface.
pub struct Api {
    address: String,
    client: reqwest::Client,
}

impl Api {
    pub async fn start(carrier: &Arc<Carrier>) -> Self {
        let address = serve(carrier.clone().http()).await;
        Self {
            address,
            client: reqwest::Client::builder().no_proxy().build().unwrap(),
        }
    }

    pub async fn dial(&self, from: &str, to: &str) -> String {
        let (status, reply) = self
            .post(
                "/simulator/calls",
                serde_json::json!({ "from": from, "to": to }),
            )
            .await;
        assert_eq!(status, 201, "{reply}");
        reply["call_sid"].as_str().unwrap().to_owned()
    }

    pub async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        let request = self.client.post(format!("{}{path}", self.address));
        let request = if body.is_null() {
            request
        } else {
            request.json(&body)
        };
        reply(request).await
    }

    pub async fn get(&self, path: &str) -> (u16, Value) {
        reply(self.client.get(format!("{}{path}", self.address))).await
    }

    pub async fn bytes(&self, path: &str) -> Vec<u8> {
        self.client
            .get(format!("{}{path}", self.address))
            .send()
            .await
            .unwrap()
            .bytes()
            .await
            .unwrap()
            .to_vec()
    }

    pub async fn errors(&self, call: &str) -> String {
        let shown = self.get(&format!("/simulator/calls/{call}")).await.1;
        let entries = shown["transcript"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|entry| entry["event"] == "error");
        entries
            .map(|entry| entry["text"].as_str().unwrap())
            .collect::<Vec<_>>()
            .join("\n")
    }

    /// Posts a form to a path of the account.
    pub async fn rest(&self, path: &str, form: &[(&str, &str)]) -> (u16, Value) {
        reply(
            self.account(self.client.post(self.account_url(path)))
                .form(form),
        )
        .await
    }

    pub async fn rest_get(&self, path: &str) -> (u16, Value) {
        reply(self.account(self.client.get(self.account_url(path)))).await
    }

    pub async fn rest_delete(&self, path: &str) -> (u16, Value) {
        reply(self.account(self.client.delete(self.account_url(path)))).await
    }

    pub async fn rest_as(&self, credentials: Option<(&str, &str)>, path: &str) -> (u16, Value) {
        let mut request = self.client.get(format!("{}{path}", self.address));
        if let Some((user, password)) = credentials {
            request = request.basic_auth(user, Some(password));
        }
        reply(request).await
    }

    fn account_url(&self, path: &str) -> String {
        format!("{}/2010-04-01/Accounts/{ACCOUNT}/{path}", self.address)
    }

    fn account(&self, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        request.basic_auth(ACCOUNT, Some(TOKEN))
    }
}

async fn reply(request: reqwest::RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    (
        status,
        serde_json::from_slice(&response.bytes().await.unwrap()).unwrap_or(Value::Null),
    )
}
