//! A person's browser: headless Chromium, driven over WebDriver. Debian's `chromium` and `chromium-driver` have to be there;
//! `.ci/run` installs them.
//!
//! Nothing here sleeps blindly: a test waits for what it expects to see, and gives up with what there was instead.

use std::collections::BTreeSet;
use std::process::Stdio;
use std::time::Duration;

use fantoccini::error::CmdError;
use fantoccini::wd::Capabilities;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::{interval, timeout};

use crate::process_tree;

/// How long anything may take before the test gives up; many times what it takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often a driver is started at most.
const STARTS_MAX: usize = 4;

/// How often a page is looked at again.
const LOOK_EVERY: Duration = Duration::from_millis(25);

/// No services of its own, no first-run pages, no sandbox, which needs rights that containers lack.
const FLAGS: [&str; 9] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--hide-scrollbars",
];

/// What the window looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// A desk's screen, by day.
    Light,
    /// A desk's screen, by night.
    Dark,
    /// A telephone's screen.
    Narrow,
}

impl Look {
    fn flags(self) -> [&'static str; 2] {
        // 0 is dark, 1 is light.
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

/// A driver, from which browsers are opened. Each has cookies of its own.
pub struct Driver {
    process: Child,
    address: String,
    /// Where browsers keep their profiles; goes with the driver.
    _folder: TempDir,
}

/// A browser with one window.
pub struct Browser(pub Client);

impl Driver {
    /// Starts one on a free port. Of several that start at the same moment, one may find its port taken: it is started again.
    pub async fn start() -> Self {
        for _ in 1..STARTS_MAX {
            if let Some(driver) = Self::try_start().await {
                return driver;
            }
        }
        Self::try_start()
            .await
            .expect("chromedriver ended without a word on its port")
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
        let port = timeout(PATIENCE, port).await.unwrap()?;
        Some(Self {
            process,
            address: format!("http://127.0.0.1:{port}"),
            _folder: folder,
        })
    }

    /// Its processes and those of its browsers.
    pub fn processes(&self) -> BTreeSet<u32> {
        self.process.id().map(process_tree::of).unwrap_or_default()
    }

    /// Opens a browser.
    pub async fn open(&self, look: Look) -> Browser {
        let flags: Vec<&str> = FLAGS.into_iter().chain(look.flags()).collect();
        let chrome = json!({ "args": flags });
        let capabilities = Capabilities::from_iter([("goog:chromeOptions".to_owned(), chrome)]);
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&self.address)
            .await;
        Browser(client.unwrap())
    }
}

impl Drop for Driver {
    /// Ends it and the browsers it opened, also when a test fails before it has closed them.
    fn drop(&mut self) {
        process_tree::end(&self.processes());
    }
}

impl Browser {
    /// Goes to an address.
    pub async fn go(&self, address: &str) {
        self.0.goto(address).await.unwrap();
    }

    /// What a script returns.
    pub async fn run(&self, script: &str) -> Value {
        self.0.execute(script, Vec::new()).await.unwrap()
    }

    /// WaitTimes until a script returns something that is not false, null or nothing, and returns it.
    pub async fn until(&self, what: &str, script: &str) -> Value {
        let mut looks = interval(LOOK_EVERY);
        let looking = async {
            loop {
                looks.tick().await;
                // While a page is being left there is nothing to ask.
                match self.0.execute(script, Vec::new()).await {
                    Ok(Value::Null | Value::Bool(false)) | Err(_) => {}
                    Ok(found) => return found,
                }
            }
        };
        match timeout(PATIENCE, looking).await {
            Ok(found) => found,
            Err(_) => panic!(
                "{what} was never seen; the page says: {}",
                self.text().await
            ),
        }
    }

    /// WaitTimes until something that fits the selector says `text`.
    pub async fn sees(&self, selector: &str, text: &str) {
        let (selector_json, text_json) = (json!(selector), json!(text));
        let script = format!(
            "return [...document.querySelectorAll({selector_json})].some((e) => e.textContent.includes({text_json}));"
        );
        self.until(&format!("“{text}” in {selector}"), &script)
            .await;
    }

    /// WaitTimes until nothing that fits the selector says `text`.
    pub async fn sees_no(&self, selector: &str, text: &str) {
        let (selector_json, text_json) = (json!(selector), json!(text));
        let script = format!(
            "return ![...document.querySelectorAll({selector_json})].some((e) => e.textContent.includes({text_json}));"
        );
        self.until(&format!("the end of “{text}” in {selector}"), &script)
            .await;
    }

    /// Presses the first thing that fits the selector, once it is there.
    pub async fn press(&self, selector: &str) {
        let script = format!(
            "const e = document.querySelector({}); if (!e) return false; e.scrollIntoView({{block: 'center'}}); e.click(); return true;",
            json!(selector)
        );
        self.until(selector, &script).await;
    }

    /// Presses the button with this label.
    pub async fn press_button(&self, within: &str, label: &str) {
        let script = format!(
            "const e = [...document.querySelectorAll({})].find((e) => e.textContent.trim() === {}); if (!e) return false; e.click(); return true;",
            json!(format!("{within} :is(button, a, summary)")),
            json!(label)
        );
        self.until(&format!("the button {label} in {within}"), &script)
            .await;
    }

    /// Replaces what stands in a field; begins anew when the page is fetched anew meanwhile.
    pub async fn fill(&self, selector: &str, text: &str) {
        let mut looks = interval(LOOK_EVERY);
        let filling = async {
            while self.try_fill(selector, text).await.is_err() {
                looks.tick().await;
            }
        };
        timeout(PATIENCE, filling)
            .await
            .unwrap_or_else(|_| panic!("{selector} could not be filled in"));
    }

    async fn try_fill(&self, selector: &str, text: &str) -> Result<(), CmdError> {
        let field = self.0.find(Locator::Css(selector)).await?;
        field.clear().await?;
        field.send_keys(text).await
    }

    /// Types on the keyboard, into whatever has the focus; [`Key`](fantoccini::key::Key)s are characters, too.
    pub async fn type_keys(&self, keys: &str) {
        self.0
            .active_element()
            .await
            .unwrap()
            .send_keys(keys)
            .await
            .unwrap();
    }

    /// All the text of the page.
    pub async fn text(&self) -> String {
        let text = self
            .0
            .execute("return document.body.innerText", Vec::new())
            .await
            .unwrap_or_default();
        text.as_str().unwrap_or_default().to_owned()
    }

    /// A picture of the window, PNG.
    pub async fn picture(&self) -> Vec<u8> {
        self.0.screenshot().await.unwrap()
    }

    /// What axe-core finds on the page that is serious or critical: rule, and the first element it is about.
    pub async fn barriers(&self) -> Vec<String> {
        self.run(include_str!("../data/axe-core/axe.min.js")).await;
        let script = "const done = arguments[arguments.length - 1]; axe.run().then((r) => done(r.violations), (e) => done(String(e)));";
        let violations = self.0.execute_async(script, Vec::new()).await.unwrap();
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

    /// Closes it.
    pub async fn close(self) {
        self.0.close().await.unwrap();
    }
}
