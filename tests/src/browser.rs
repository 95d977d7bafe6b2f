//! Headless Chromium, driven over WebDriver. Debian's `chromium` and `chromium-driver` have to be
//! installed; `.ci/run` installs them.
//!
//! No test sleeps for a fixed time: each waits for the content it expects, and fails after a
//! timeout with the page's content.

use std::collections::BTreeSet;
use std::process::Stdio;
use std::time::Duration;

use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::error::CmdError;
use fantoccini::wd::{Capabilities, WindowHandle};
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::{interval, timeout};

use crate::process_tree;

/// Timeout of anything a test waits for; many times what it takes on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Attempts to start a driver.
const STARTS_MAX: usize = 4;

/// The interval at which a page is polled.
const POLL_INTERVAL: Duration = Duration::from_millis(25);

/// No background services, no first-run pages, no sandbox (it needs rights that containers lack). A
/// microphone that beeps, sound without a click, and addresses of this machine without multicast DNS, which containers lack.
const FLAGS: [&str; 13] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--hide-scrollbars",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
];

/// Window size and colour scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// A desktop screen, light.
    Light,
    /// A desktop screen, dark.
    Dark,
    /// A phone's screen, light.
    Narrow,
}

impl Look {
    fn flags(self) -> [&'static str; 2] {
        // `preferredColorScheme`: 0 is dark, 1 is light.
        match self {
            Self::Light => [
                "--window-size=1280,900",
                "--blink-settings=preferredColorScheme=1",
            ],
            Self::Dark => [
                "--window-size=1280,900",
                "--blink-settings=preferredColorScheme=0",
            ],
            Self::Narrow => [
                "--window-size=500,900",
                "--blink-settings=preferredColorScheme=1",
            ],
        }
    }
}

/// A driver that opens browsers. Each browser has its own cookies.
pub struct Driver {
    process: Child,
    address: String,
    /// The browsers' profiles; deleted with the driver.
    _folder: TempDir,
}

/// A browser with one window.
pub struct Browser {
    /// The client of its session.
    pub client: Client,
    /// The address of its session at the driver.
    session: String,
}

impl Driver {
    /// Starts one on a free port. Of several drivers that start at the same moment, one may find
    /// its port taken: the start is retried.
    pub async fn start() -> Self {
        for _ in 1..STARTS_MAX {
            if let Some(driver) = Self::try_start().await {
                return driver;
            }
        }
        Self::try_start()
            .await
            .expect("chromedriver ended before it printed its port")
    }

    async fn try_start() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("chromedriver");
        command.env("TMPDIR", folder.path());
        command
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let started = command.kill_on_drop(true).spawn();
        let mut process = started
            .expect("chromedriver does not start; `apt-get install chromium chromium-driver`");
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let port = async {
            while let Some(line) = lines.next_line().await.unwrap() {
                if let Some((_, port)) = line.split_once("started successfully on port ") {
                    return Some(port.trim_end_matches('.').to_owned());
                }
            }
            None
        };
        let port = timeout(TIMEOUT, port).await.unwrap()?;
        Some(Self {
            process,
            address: format!("http://127.0.0.1:{port}"),
            _folder: folder,
        })
    }

    /// The driver's process and its descendants, the browsers included.
    pub fn processes(&self) -> BTreeSet<u32> {
        self.process.id().map(process_tree::of).unwrap_or_default()
    }

    /// Opens a browser.
    pub async fn open(&self, look: Look) -> Browser {
        let flags: Vec<&str> = FLAGS.into_iter().chain(look.flags()).collect();
        let chrome = json!({ "args": flags });
        let capabilities = Capabilities::from_iter([
            ("goog:chromeOptions".to_owned(), chrome),
            ("goog:loggingPrefs".to_owned(), json!({ "browser": "ALL" })),
        ]);
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&self.address)
            .await;
        let client = client.unwrap();
        let id = client.session_id().await.unwrap().unwrap();
        let session = format!("{}/session/{id}", self.address);
        Browser { client, session }
    }
}

impl Drop for Driver {
    /// Kills the driver and its browsers, also when a test fails before it has closed them.
    fn drop(&mut self) {
        process_tree::end(&self.processes());
    }
}

/// The beginning of the focused element.
const FOCUSED: &str = "return document.activeElement?.outerHTML.slice(0, 200)";

impl Browser {
    /// Loads an address.
    pub async fn go(&self, address: &str) {
        self.client.goto(address).await.unwrap();
    }

    /// Runs a script and returns its result.
    pub async fn run(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap()
    }

    /// Polls a script until it returns something other than false, null or nothing, and returns
    /// that.
    pub async fn until(&self, label: &str, script: &str) -> Value {
        let mut polls = interval(POLL_INTERVAL);
        let polling = async {
            loop {
                polls.tick().await;
                // While a page is unloaded, scripts fail.
                match self.client.execute(script, Vec::new()).await {
                    Ok(Value::Null | Value::Bool(false)) | Err(_) => {}
                    Ok(found) => return found,
                }
            }
        };
        match timeout(TIMEOUT, polling).await {
            Ok(found) => found,
            Err(_) => {
                let focused = self.run(FOCUSED).await;
                panic!(
                    "{label} did not appear; focused: {focused}; the page: {}",
                    self.text().await
                )
            }
        }
    }

    /// Waits until an element that the selector matches contains `text`.
    pub async fn sees(&self, selector: &str, text: &str) {
        let selector_json = json!(selector);
        let text_json = json!(text);
        let script = format!(
            "return [...document.querySelectorAll({selector_json})].some((e) => e.textContent.includes({text_json}));"
        );
        self.until(&format!("“{text}” in {selector}"), &script)
            .await;
    }

    /// Waits until no element that the selector matches contains `text`.
    pub async fn sees_no(&self, selector: &str, text: &str) {
        let selector_json = json!(selector);
        let text_json = json!(text);
        let script = format!(
            "return ![...document.querySelectorAll({selector_json})].some((e) => e.textContent.includes({text_json}));"
        );
        self.until(&format!("the end of “{text}” in {selector}"), &script)
            .await;
    }

    /// Clicks the first element that the selector matches, once it exists.
    pub async fn press(&self, selector: &str) {
        let script = format!(
            "const e = document.querySelector({}); if (!e) return false; e.scrollIntoView({{block: 'center'}}); e.click(); return true;",
            json!(selector)
        );
        self.until(selector, &script).await;
    }

    /// Clicks the button with this label.
    pub async fn press_button(&self, within: &str, label: &str) {
        let script = format!(
            "const e = [...document.querySelectorAll({})].find((e) => e.textContent.trim() === {}); if (!e) return false; e.click(); return true;",
            json!(format!("{within} :is(button, a, summary)")),
            json!(label)
        );
        self.until(&format!("the button {label} in {within}"), &script)
            .await;
    }

    /// Replaces the content of a field; retries when the page is refreshed in between.
    pub async fn fill(&self, selector: &str, text: &str) {
        let mut polls = interval(POLL_INTERVAL);
        let filling = async {
            while self.try_fill(selector, text).await.is_err() {
                polls.tick().await;
            }
        };
        timeout(TIMEOUT, filling)
            .await
            .unwrap_or_else(|_| panic!("{selector} could not be filled in"));
    }

    async fn try_fill(&self, selector: &str, text: &str) -> Result<(), CmdError> {
        let field = self.client.find(Locator::Css(selector)).await?;
        field.clear().await?;
        field.send_keys(text).await
    }

    /// Types on the keyboard, into whatever has the focus at each key: a page that is refreshed in
    /// between may replace the element. [`Key`](fantoccini::key::Key)s are characters, too.
    pub async fn type_keys(&self, keys: &str) {
        let mut actions = KeyActions::new("keyboard".to_owned());
        for value in keys.chars() {
            actions = actions
                .then(KeyAction::Down { value })
                .then(KeyAction::Up { value });
        }
        self.client.perform_actions(actions).await.unwrap();
    }

    /// All the text of the page.
    pub async fn text(&self) -> String {
        let text = self
            .client
            .execute("return document.body.innerText", Vec::new())
            .await
            .unwrap_or_default();
        text.as_str().unwrap_or_default().to_owned()
    }

    /// A screenshot of the window, PNG.
    pub async fn picture(&self) -> Vec<u8> {
        self.client.screenshot().await.unwrap()
    }

    /// The serious and critical violations that axe-core finds on the page: rule, and the first
    /// element it is about.
    pub async fn barriers(&self) -> Vec<String> {
        self.run(include_str!("../data/axe-core/axe.min.js")).await;
        let script = "const done = arguments[arguments.length - 1]; axe.run().then((r) => done(r.violations), (e) => done(String(e)));";
        let violations = self.client.execute_async(script, Vec::new()).await.unwrap();
        let violations = violations
            .as_array()
            .unwrap_or_else(|| panic!("axe-core: {violations}"))
            .clone();
        let serious = violations
            .iter()
            .filter(|found| found["impact"] == "serious" || found["impact"] == "critical");
        serious
            .map(|found| format!("{}: {}", found["id"], found["nodes"][0]["html"]))
            .collect()
    }

    /// Opens an address in a new tab, which the following requests are about; the name of the tab.
    pub async fn open_tab(&self, address: &str) -> WindowHandle {
        let tab = self.client.new_window(true).await.unwrap().handle;
        self.client.switch_to_window(tab.clone()).await.unwrap();
        self.go(address).await;
        tab
    }

    /// The messages and errors in the browser's console since the last call, those of the content
    /// security policy included.
    pub async fn console_messages(&self) -> Vec<String> {
        let address = format!("{}/se/log", self.session);
        let request = reqwest::Client::new().post(address);
        let answer = request.json(&json!({ "type": "browser" })).send().await;
        let log: Value = answer.unwrap().json().await.unwrap();
        let entries = log["value"].as_array().cloned().unwrap_or_default();
        entries
            .iter()
            .map(|entry| entry["message"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    /// Ends the browser's session.
    pub async fn close(self) {
        self.client.close().await.unwrap();
    }
}
