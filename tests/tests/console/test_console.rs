//! A running contact centre and browsers.

use std::path::PathBuf;
use std::time::Duration;

use cordboard::cli::{Serve, Start};
use cordboard::start::Running;
use ids::time::Clock;
use runtime::{Env, SystemClock};
use serde_json::Value;
use tempfile::TempDir;
use tests::browser::{Browser, Driver, Look};
use tests::project;
use tests::test_centre::{EXAMPLE, UTILITY};
use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

/// The interval at which the telephone network is polled.
const POLL_INTERVAL: Duration = Duration::from_millis(25);

/// Timeout of anything that is waited for there.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The SID of the first call to a Worker; empty if there is none.
fn worker_call(list: &Value) -> String {
    let calls = list["calls"].as_array().into_iter().flatten();
    let to_worker = calls
        .filter(|call| call["direction"] == "outbound-api")
        .find_map(|call| call["call_sid"].as_str());
    to_worker.unwrap_or_default().to_owned()
}

/// A running contact centre, and a driver of browsers.
pub struct TestConsole {
    pub running: Running,
    pub driver: Driver,
    http: reqwest::Client,
    _folder: TempDir,
    _turn: Turn,
}

/// Tests run in parallel; measuring tests run alone.
static MACHINE: RwLock<()> = RwLock::const_new(());

/// A test's lock on the machine.
pub enum Turn {
    /// Shared with other tests.
    Shared(#[expect(dead_code, reason = "held, not read")] RwLockReadGuard<'static, ()>),
    /// Alone.
    Alone(#[expect(dead_code, reason = "held, not read")] RwLockWriteGuard<'static, ()>),
}

impl Turn {
    /// Waits until no other test runs.
    pub async fn alone() -> Self {
        Self::Alone(MACHINE.write().await)
    }

    /// Waits until no measuring test runs.
    pub async fn shared() -> Self {
        Self::Shared(MACHINE.read().await)
    }
}

impl TestConsole {
    /// The example centre.
    pub async fn open() -> Self {
        Self::of(EXAMPLE, Turn::shared().await).await
    }

    /// The example of voice flows.
    pub async fn utility() -> Self {
        Self::of(UTILITY, Turn::shared().await).await
    }

    /// The example, with the machine to itself.
    pub async fn alone() -> Self {
        Self::of(EXAMPLE, Turn::alone().await).await
    }

    /// The example without an assignment callback: Reservations are answered at the desktop.
    pub async fn without_telephony() -> Self {
        let line = EXAMPLE
            .lines()
            .find(|line| line.trim_start().starts_with("assignment_callback:"))
            .unwrap();
        Self::of(
            &EXAMPLE
                .replace(line, "")
                .replace("reservation_timeout: 120s", "reservation_timeout: 10s"),
            Turn::shared().await,
        )
        .await
    }

    async fn of(set_up: &str, turn: Turn) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("contact-centre.yaml");
        std::fs::write(&config, set_up).unwrap();
        let music = project::file_beside("hold.wav").unwrap();
        std::fs::write(folder.path().join("hold.wav"), music).unwrap();
        let options = Start {
            port: 0,
            data: PathBuf::new(),
            in_memory: true,
            config: Some(config),
            log_format: Default::default(),
        };
        runtime::aws::install_tls();
        let running = Running::open(&Serve::default(), &options, 0, &Env::new(|_| None))
            .await
            .unwrap();
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        Self {
            running,
            driver: Driver::start().await,
            http,
            _folder: folder,
            _turn: turn,
        }
    }

    /// The address of a page.
    pub fn at(&self, page: &str) -> String {
        format!("{}/console{page}", self.running.address)
    }

    /// A browser in which an administrator has signed in with the link of the terminal, at `page`.
    pub async fn administrator(&self, look: Look, page: &str) -> Browser {
        let browser = self.driver.open(look).await;
        sign_in(
            &browser,
            &self
                .running
                .centre
                .console
                .sign_in_link(&self.running.address, SystemClock.now()),
        )
        .await;
        browser.go(&self.at(page)).await;
        browser
    }

    /// Sends a request of the REST API; the JSON of its answer.
    pub async fn api(&self, method: reqwest::Method, place: &str, form: &[(&str, &str)]) -> Value {
        let workspace = self.running.contact_centre.workspace.sid;
        let account = &self.running.account;
        let address = format!("{}/v1/Workspaces/{workspace}/{place}", self.running.address);
        let request = self
            .http
            .request(method, address)
            .basic_auth(account.account_sid, Some(&account.auth_token));
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        let request = request
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body);
        request
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap_or_default()
    }

    /// Creates a voice Task in the only Workflow; its SID.
    pub async fn task(&self, attributes: &str) -> String {
        let made = self
            .api(
                reqwest::Method::POST,
                "Tasks",
                &[("Attributes", attributes), ("TaskChannel", "voice")],
            )
            .await;
        made["sid"]
            .as_str()
            .unwrap_or_else(|| panic!("{made}"))
            .to_owned()
    }

    /// Sends a request of the simulated telephone network; the JSON of its answer.
    pub async fn network(&self, method: reqwest::Method, place: &str, body: &Value) -> Value {
        let address = format!("{}/simulator/{place}", self.running.address);
        let request = self.http.request(method, address).json(body);
        let answer = request.send().await.unwrap();
        assert!(answer.status().is_success(), "{place}");
        answer.json().await.unwrap_or_default()
    }

    /// A caller who pressed 1; the SID of the call.
    pub async fn caller(&self) -> String {
        let to = &self.running.contact_centre.voice_settings.phone_number;
        let dialed = serde_json::json!({ "from": "+17075550142", "to": to });
        let made = self.network(reqwest::Method::POST, "calls", &dialed).await;
        let sid = made["call_sid"].as_str().unwrap().to_owned();
        let heard = |call: &Value| call["transcript"].to_string().contains("heard");
        self.until_call(&format!("calls/{sid}"), heard).await;
        let one = serde_json::json!({ "digits": "1" });
        self.network(reqwest::Method::POST, &format!("calls/{sid}/digits"), &one)
            .await;
        sid
    }

    /// Answers the phone that rings at a Worker; the SID of that call.
    pub async fn answer(&self) -> String {
        let rings = |list: &Value| !worker_call(list).is_empty();
        let list = self.until_call("calls?status=ringing", rings).await;
        let sid = worker_call(&list);
        let nothing = serde_json::json!({});
        self.network(
            reqwest::Method::POST,
            &format!("calls/{sid}/answer"),
            &nothing,
        )
        .await;
        sid
    }

    /// Polls a call or a list of calls until it is as expected.
    pub async fn until_call(&self, place: &str, expected: impl Fn(&Value) -> bool) -> Value {
        let nothing = Value::Null;
        let polling = async {
            let mut polls = tokio::time::interval(POLL_INTERVAL);
            loop {
                polls.tick().await;
                let found = self.network(reqwest::Method::GET, place, &nothing).await;
                if expected(&found) {
                    return found;
                }
            }
        };
        let waited = tokio::time::timeout(TIMEOUT, polling).await;
        waited.unwrap_or_else(|_| panic!("{place} did not become as expected"))
    }

    /// The SID of a Worker, by name.
    pub fn worker(&self, name: &str) -> String {
        let workers = &self.running.contact_centre.workers;
        workers
            .iter()
            .find(|worker| worker.friendly_name == name)
            .unwrap()
            .sid
            .to_string()
    }

    /// A request without a browser, which does not follow redirects.
    pub fn request(&self, method: reqwest::Method, page: &str) -> reqwest::RequestBuilder {
        self.http.request(method, self.at(page))
    }

    /// Stops the centre and waits until it has ended.
    pub async fn close(self) {
        self.running.stop.send(true).unwrap();
        self.running.finished().await.unwrap();
    }
}

/// Opens a sign-in link and waits until the browser is signed in.
pub async fn sign_in(browser: &Browser, link: &str) {
    browser.go(link).await;
    browser
        .until(
            "a page behind the link",
            "return location.pathname !== '/console/sign-in'",
        )
        .await;
}
