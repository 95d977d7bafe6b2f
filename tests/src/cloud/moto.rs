//! moto in server mode: SQS, S3 and Parameter Store in one process, and a client that speaks their
//! protocols as JSON.

use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::process::{Child, Command};

use crate::project;

/// The account of everything that moto holds.
pub const ACCOUNT: &str = "123456789012";
/// The region of everything.
pub const REGION: &str = "eu-central-1";
/// The package; other versions may answer otherwise.
const PACKAGE: &str = "moto[server]==5.2.5";
/// Tries until the server listens, and the pause between them: half a minute.
const START_TRIES_MAX: u32 = 300;
const START_PAUSE: Duration = Duration::from_millis(100);

/// The running server. It ends when this is dropped.
pub struct Moto {
    _server: Child,
    client: Client,
}

/// A client of the server.
#[derive(Clone)]
pub struct Client {
    /// `http://127.0.0.1:…`
    pub endpoint: String,
    http: reqwest::Client,
}

impl Moto {
    /// Installs moto if it is missing, and starts it.
    pub async fn start() -> Self {
        let installed = Command::new(project::root().join("scripts/pypi_tool.sh"))
            .arg(PACKAGE)
            .stdout(Stdio::piped())
            .output()
            .await
            .unwrap();
        assert!(installed.status.success(), "scripts/pypi_tool.sh {PACKAGE}");
        let folder = String::from_utf8(installed.stdout).unwrap();
        let port = free_port().await;
        let server = Command::new(format!("{}/moto_server", folder.trim()))
            .args(["-H", "127.0.0.1", "-p", &port.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let client = Client {
            endpoint: format!("http://127.0.0.1:{port}"),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
        };
        for _ in 0..START_TRIES_MAX {
            if client.http.get(&client.endpoint).send().await.is_ok() {
                return Self {
                    _server: server,
                    client,
                };
            }
            tokio::time::sleep(START_PAUSE).await;
        }
        panic!("moto does not start");
    }

    /// A client of it.
    pub fn client(&self) -> Client {
        self.client.clone()
    }
}

impl Client {
    /// An operation of SQS: `SendMessage` and so on.
    pub async fn sqs(&self, operation: &str, request: &Value) -> Value {
        self.ask("sqs", &format!("AmazonSQS.{operation}"), request)
            .await
    }

    /// An operation of Parameter Store.
    pub async fn ssm(&self, operation: &str, request: &Value) -> Value {
        self.ask("ssm", &format!("AmazonSSM.{operation}"), request)
            .await
    }

    /// The URL of a queue of this name.
    pub fn queue_url(&self, name: &str) -> String {
        format!("{}/{ACCOUNT}/{name}", self.endpoint)
    }

    /// Writes an object; a key that ends in `/`, or is empty, makes the bucket.
    pub async fn put_object(&self, bucket: &str, key: &str, body: String) {
        let url = format!("{}/{bucket}/{key}", self.endpoint);
        let request = self
            .http
            .put(url)
            .header("authorization", authorization("s3"));
        let answer = request.body(body).send().await.unwrap();
        assert!(answer.status().is_success(), "{bucket}/{key}: {answer:?}");
    }

    /// The objects of a bucket, as JSON.
    pub async fn objects(&self, bucket: &str) -> Vec<Value> {
        let list = self.get(&format!("{bucket}?list-type=2")).await;
        let keys = list.split("<Key>").skip(1);
        let mut objects = Vec::new();
        for key in keys.filter_map(|rest| rest.split("</Key>").next()) {
            let object = self.get(&format!("{bucket}/{key}")).await;
            objects.push(serde_json::from_str(&object).unwrap());
        }
        objects
    }

    async fn get(&self, path: &str) -> String {
        let url = format!("{}/{path}", self.endpoint);
        let request = self
            .http
            .get(url)
            .header("authorization", authorization("s3"));
        request.send().await.unwrap().text().await.unwrap()
    }

    async fn ask(&self, service: &str, target: &str, request: &Value) -> Value {
        let sent = self
            .http
            .post(&self.endpoint)
            .header("authorization", authorization(service))
            .header("content-type", "application/x-amz-json-1.0")
            .header("x-amz-target", target)
            .body(request.to_string());
        let answer = sent.send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "{target}: {status} {text}");
        serde_json::from_str(&text).unwrap_or_else(|_| json!({}))
    }
}

/// moto checks no signature, but reads service and region from it.
fn authorization(service: &str) -> String {
    // In any other region a bucket is made with a document that names the region.
    let region = if service == "s3" { "us-east-1" } else { REGION };
    format!(
        "AWS4-HMAC-SHA256 Credential=day/20260101/{region}/{service}/aws4_request, \
         SignedHeaders=host, Signature=0"
    )
}

async fn free_port() -> u16 {
    let probe = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    probe.local_addr().unwrap().port()
}
