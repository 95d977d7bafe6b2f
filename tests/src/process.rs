//! The built program as a user starts it: a process of its own, real time, a port, a data folder.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::{interval, timeout};

use crate::binaries;

/// Timeout of anything a test waits for; many times what it takes on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The interval at which a condition is polled.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// A free port.
pub fn free_port() -> u16 {
    std::net::TcpListener::bind(("127.0.0.1", 0))
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

/// A shell script that becomes the program in its arguments. A write beyond the limit of a file's
/// size then fails in it, as on a full disk; the signal of it would end the program.
const IGNORES_SIZE_SIGNAL: &str = r#"trap "" XFSZ; exec "$@""#;

/// `cordboard` with these arguments, in `folder`, its output captured.
pub fn command(folder: &Path, arguments: &[&str]) -> Command {
    captured(Command::new(binaries::path("cordboard")), folder, arguments)
}

/// The same, for [`Process::limit_file_size`].
fn command_with_limits(folder: &Path, arguments: &[&str]) -> Command {
    let mut shell = Command::new("sh");
    shell
        .args(["-c", IGNORES_SIZE_SIGNAL, "sh"])
        .arg(binaries::path("cordboard"));
    captured(shell, folder, arguments)
}

fn captured(mut command: Command, folder: &Path, arguments: &[&str]) -> Command {
    command
        .args(arguments)
        .current_dir(folder)
        .env_remove("ACCOUNT_SID")
        .env_remove("AUTH_TOKEN")
        .env_remove("CARRIER")
        .env_remove("ROUTER")
        .env_remove("VOICE_URL");
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// A contact centre in a process of its own.
pub struct Process {
    child: Child,
    /// The lines printed until it was ready.
    pub banner: Vec<String>,
    /// `http://127.0.0.1:…`
    pub base: String,
    http: reqwest::Client,
}

impl Process {
    /// Starts one and waits until it has printed how to place a call.
    pub async fn start(folder: &Path, port: u16, arguments: &[&str]) -> Self {
        Self::start_with(folder, port, arguments, &[]).await
    }

    /// The same, with these environment variables.
    pub async fn start_with(
        folder: &Path,
        port: u16,
        arguments: &[&str],
        environment: &[(&str, &str)],
    ) -> Self {
        Self::spawn(command(folder, &[]), port, arguments, environment).await
    }

    /// The same, with a limit of the size of its files that can be changed.
    pub async fn start_with_limits(
        folder: &Path,
        port: u16,
        arguments: &[&str],
        environment: &[(&str, &str)],
    ) -> Self {
        let command = command_with_limits(folder, &[]);
        Self::spawn(command, port, arguments, environment).await
    }

    async fn spawn(
        mut command: Command,
        port: u16,
        arguments: &[&str],
        environment: &[(&str, &str)],
    ) -> Self {
        runtime::aws::install_tls();
        command
            .args(["--port", &port.to_string()])
            .args(arguments)
            .envs(environment.iter().copied());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut banner = Vec::new();
        let ready = async {
            while let Some(line) = lines.next_line().await.unwrap() {
                banner.push(line.clone());
                if line.starts_with("Place a call") {
                    return;
                }
            }
            panic!("it ended before it printed how to place a call: {banner:?}");
        };
        timeout(TIMEOUT, ready).await.unwrap();
        let http = reqwest::Client::builder()
            .pool_max_idle_per_host(0)
            .build()
            .unwrap();
        Self {
            child,
            banner,
            base: format!("http://127.0.0.1:{port}"),
            http,
        }
    }

    /// Kills it (SIGKILL), as a power failure would.
    pub async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Limits the size of its files, in bytes: 0 is a full disk. `None`: no limit.
    pub async fn limit_file_size(&self, bytes: Option<u64>) {
        let pid = self.child.id().unwrap().to_string();
        let soft = bytes.map_or("unlimited".to_owned(), |bytes| bytes.to_string());
        let set = Command::new("prlimit")
            .args(["--pid", &pid, &format!("--fsize={soft}:unlimited")])
            .status()
            .await
            .unwrap();
        assert!(set.success());
    }

    /// Sends SIGINT, as Ctrl-C does.
    pub async fn send_interrupt(&self) {
        self.send_signal("-INT").await;
    }

    /// Sends SIGTERM, as a service manager does.
    pub async fn send_terminate(&self) {
        self.send_signal("-TERM").await;
    }

    async fn send_signal(&self, signal: &str) {
        let pid = self.child.id().unwrap().to_string();
        let sent = Command::new("kill")
            .args([signal, &pid])
            .status()
            .await
            .unwrap();
        assert!(sent.success());
    }

    /// Sends SIGINT and waits for the end; the exit code.
    pub async fn interrupt(self) -> Option<i32> {
        self.send_interrupt().await;
        self.ended().await.0
    }

    /// Waits for the end; the exit code, and what it has logged.
    pub async fn ended(mut self) -> (Option<i32>, String) {
        let ended = timeout(TIMEOUT, self.child.wait()).await.unwrap().unwrap();
        let mut log = String::new();
        let mut stderr = self.child.stderr.take().unwrap();
        stderr.read_to_string(&mut log).await.unwrap();
        (ended.code(), log)
    }

    /// GET, as JSON.
    pub async fn get(&self, path: &str) -> Value {
        self.http
            .get(format!("{}{path}", self.base))
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap()
    }

    /// Begins a request; its body of nine bytes is missing.
    pub async fn begin_request(&self) -> TcpStream {
        let mut stream = TcpStream::connect(self.address()).await.unwrap();
        stream
            .write_all(
                b"POST /simulator/calls HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\n",
            )
            .await
            .unwrap();
        stream
    }

    /// Status and text of the answer to a GET with these headers.
    pub async fn text(&self, path: &str, headers: &[(&str, &str)]) -> (u16, String) {
        let request = self.http.get(format!("{}{path}", self.base));
        let request = headers.iter().fold(request, |request, (name, value)| {
            request.header(*name, *value)
        });
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// Waits until it refuses connections, the first step of the graceful shutdown.
    pub async fn until_it_refuses_connections(&self) {
        let mut polls = interval(POLL_INTERVAL);
        let refused = async {
            while TcpStream::connect(self.address()).await.is_ok() {
                polls.tick().await;
            }
        };
        timeout(TIMEOUT, refused).await.unwrap();
    }

    /// The HTTP status of the answer to a POST of this text with these headers.
    pub async fn status_of(&self, path: &str, headers: &[(&str, &str)], body: &str) -> u16 {
        let request = self
            .http
            .post(format!("{}{path}", self.base))
            .body(body.to_owned());
        let request = headers.iter().fold(request, |request, (name, value)| {
            request.header(*name, *value)
        });
        request.send().await.unwrap().status().as_u16()
    }

    fn address(&self) -> &str {
        self.base.trim_start_matches("http://")
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
        assert!(
            answer.status().is_success(),
            "POST {path}: {}",
            answer.status()
        );
        answer.json().await.unwrap()
    }

    /// Polls `path` until `found` returns a value.
    pub async fn until<T>(&self, path: &str, found: impl Fn(&Value) -> Option<T>) -> T {
        let mut polls = interval(POLL_INTERVAL);
        let mut last = Value::Null;
        let polling = async {
            loop {
                polls.tick().await;
                last = self.get(path).await;
                if let Some(found) = found(&last) {
                    return found;
                }
            }
        };
        let found = timeout(TIMEOUT, polling).await;
        found.unwrap_or_else(|_| {
            panic!("{path} never had the expected content; last seen: {last:#}")
        })
    }
}
