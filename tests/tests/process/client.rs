//! A client of the REST API, and the contact centre that it uses: started again and again on the
//! same data and port.

use std::collections::BTreeSet;

use ids::AccountSid;
use reqwest::StatusCode;
use serde_json::Value;
use tempfile::TempDir;
use tests::process::{Process, free_port};

const AUTH_TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// The client.
pub struct Client {
    /// The folder of the configuration and the data.
    pub folder: TempDir,
    /// The data folder, below `folder`.
    pub data: &'static str,
    port: u16,
    account: String,
    workspace: String,
    workflow: String,
    http: reqwest::Client,
}

impl Client {
    /// A client of a centre with this configuration, which does not run yet.
    pub fn new(set_up: &str) -> Self {
        runtime::aws::install_tls();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("contact-centre.yaml"), set_up).unwrap();
        let account = AccountSid::derive(&["client"]);
        let read = config::read(set_up, "contact-centre.yaml", account).unwrap();
        Self {
            folder,
            data: "data",
            port: free_port(),
            account: account.to_string(),
            workspace: read.workspace.sid.to_string(),
            workflow: read.voice_settings.workflow_sid.to_string(),
            http: reqwest::Client::builder()
                .pool_max_idle_per_host(0)
                .build()
                .unwrap(),
        }
    }

    /// Starts the centre.
    pub async fn start(&self) -> Process {
        let environment = self.environment();
        let arguments = ["--data", self.data];
        Process::start_with(self.folder.path(), self.port, &arguments, &environment).await
    }

    /// Starts the centre so that the size of its files can be limited.
    pub async fn start_with_limits(&self) -> Process {
        let environment = self.environment();
        let arguments = ["--data", self.data];
        Process::start_with_limits(self.folder.path(), self.port, &arguments, &environment).await
    }

    fn environment(&self) -> [(&str, &str); 2] {
        [("ACCOUNT_SID", &self.account), ("AUTH_TOKEN", AUTH_TOKEN)]
    }

    /// The address of a resource of the Workspace.
    pub fn url(&self, path: &str) -> String {
        format!(
            "http://127.0.0.1:{}/v1/Workspaces/{}{path}",
            self.port, self.workspace
        )
    }

    /// GET.
    pub async fn get(&self, url: &str) -> Value {
        let request = self
            .http
            .get(url)
            .basic_auth(&self.account, Some(AUTH_TOKEN));
        request.send().await.unwrap().json().await.unwrap()
    }

    /// The answer to a request for a new Task, if there was one.
    pub async fn post_task(&self) -> Option<(StatusCode, Value)> {
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
        Some((answer.status(), answer.json().await.ok()?))
    }

    /// Creates a Task; its SID if that was acknowledged.
    pub async fn create_task(&self) -> Option<String> {
        let (status, task) = self.post_task().await?;
        assert_eq!(status, StatusCode::CREATED, "{task}");
        Some(task["sid"].as_str()?.to_owned())
    }

    /// Asserts that these Tasks can be read.
    pub async fn reads(&self, tasks: &BTreeSet<String>) {
        for task in tasks {
            let found = self.get(&self.url(&format!("/Tasks/{task}"))).await;
            assert_eq!(found["sid"], task.as_str(), "{found}");
        }
    }

    /// All stored Events.
    pub async fn stored_events(&self) -> Vec<Value> {
        let mut found = Vec::new();
        let mut next = Some(self.url("/Events?PageSize=1000"));
        while let Some(url) = next {
            let page = self.get(&url).await;
            found.extend(page["events"].as_array().unwrap().iter().cloned());
            next = page["meta"]["next_page_url"].as_str().map(str::to_owned);
        }
        found
    }
}
