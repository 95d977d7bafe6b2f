//! `cordboard explain`: why a Task waits, or why nothing comes to a Worker, at the terminal.
#![allow(
    clippy::print_stdout,
    reason = "this is what the person at the terminal reads"
)]

mod render;

use std::str::FromStr;
use std::time::Duration;

use ids::{TaskSid, WorkerSid};
use reqwest::{Client, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;
use task_router::router::explain::{TaskExplanation, WorkerExplanation};

use crate::cli::{Explain, Start};
use crate::run_file::RunFile;
use crate::start::Failure;

/// How long an answer may take: as long as a request of the API.
const ANSWER_TIME_LIMIT: Duration = Duration::from_secs(29);

/// What is to be explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// Why a Task waits.
    Task(TaskSid),
    /// Why nothing comes to a Worker.
    Worker(WorkerSid),
}

impl FromStr for Subject {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let task = || text.parse().map(Self::Task).ok();
        let worker = || text.parse().map(Self::Worker).ok();
        task()
            .or_else(worker)
            .ok_or_else(|| "expected the SID of a Task (WT…) or of a Worker (WK…)".to_owned())
    }
}

/// Asks the contact centre on `--port`, and prints what it says.
///
/// # Errors
/// When none of this user's runs there, or it has no such Task or Worker.
pub async fn explain(options: &Explain, start: &Start) -> Result<(), Failure> {
    runtime::aws::install_tls();
    let http = Client::builder().timeout(ANSWER_TIME_LIMIT).build()?;
    let base = format!("http://127.0.0.1:{}", start.port);
    let not_running = || {
        format!(
            "no contact centre of yours runs at {base}: start one with `cordboard`, or name its --port"
        )
    };
    let running = RunFile::read(start.port).ok_or_else(not_running)?;
    let asked = Asked {
        http,
        base: base.clone(),
        running,
    };
    let told = match options.sid {
        Subject::Task(task) => asked
            .about::<TaskExplanation>("Tasks", &task.to_string())
            .await
            .map(|told| told.map(|told| render::task(&told))),
        Subject::Worker(worker) => asked
            .about::<WorkerExplanation>("Workers", &worker.to_string())
            .await
            .map(|told| told.map(|told| render::worker(&told))),
    };
    let told = told.map_err(|error| {
        if error.is_connect() {
            not_running().into()
        } else {
            Failure::from(error)
        }
    })?;
    let told = told.ok_or_else(|| match options.sid {
        Subject::Task(task) => {
            format!("there is no Task {task}, or not any more: one that has ended is kept for some minutes")
        }
        Subject::Worker(worker) => format!("there is no Worker {worker}"),
    })?;
    print!("{told}");
    Ok(())
}

/// A running centre that can be asked.
struct Asked {
    http: Client,
    base: String,
    running: RunFile,
}

impl Asked {
    /// The explanation of something, in whichever Workspace it is.
    async fn about<T: DeserializeOwned>(
        &self,
        place: &str,
        sid: &str,
    ) -> Result<Option<T>, reqwest::Error> {
        let mut page = Some(format!("{}/v1/Workspaces", self.base));
        while let Some(url) = page {
            let workspaces: Value = self.get(&url).await?.error_for_status()?.json().await?;
            for workspace in workspaces
                .get("workspaces")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
            {
                let workspace = workspace
                    .get("sid")
                    .and_then(Value::as_str)
                    .unwrap_or_default();
                let answer = self
                    .get(&format!(
                        "{}/v1/Workspaces/{workspace}/{place}/{sid}/Explain",
                        self.base
                    ))
                    .await?;
                if answer.status() != StatusCode::NOT_FOUND {
                    return answer.error_for_status()?.json().await.map(Some);
                }
            }
            page = workspaces
                .pointer("/meta/next_page_url")
                .and_then(Value::as_str)
                .map(str::to_owned);
        }
        Ok(None)
    }

    async fn get(&self, url: &str) -> Result<reqwest::Response, reqwest::Error> {
        let account = &self.running.account;
        self.http
            .get(url)
            .basic_auth(account.account_sid, Some(&account.auth_token))
            .send()
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_and_workers_are_explained_and_nothing_else() {
        let task = TaskSid::derive(&["t"]);
        assert_eq!(task.to_string().parse(), Ok(Subject::Task(task)));
        let worker = WorkerSid::derive(&["w"]);
        assert_eq!(worker.to_string().parse(), Ok(Subject::Worker(worker)));
        for wrong in ["", "WT1", "Maya", "WQ00000000000000000000000000000001"] {
            assert!(
                wrong.parse::<Subject>().unwrap_err().contains("WT…"),
                "{wrong}"
            );
        }
    }
}
