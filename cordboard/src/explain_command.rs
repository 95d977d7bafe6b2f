//! `cordboard explain`: prints why a Task waits, or why a Worker is offered no Task.
#![allow(
    clippy::print_stdout,
    reason = "this is what the person at the terminal reads"
)]

pub(crate) mod render;

use std::time::Duration;

use http::StatusCode;
use http_client::{WebError, WebErrorKind};
use serde::de::DeserializeOwned;
use serde_json::Value;
use task_router::router::explain::{TaskExplanation, WorkerExplanation};

use crate::cli::{Explain, Start, Subject};
use crate::local_client::{LocalClient, json};
use crate::run_file::RunFile;
use crate::start::Failure;

/// Timeout of a request: the API's own limit.
const ANSWER_TIME_LIMIT: Duration = Duration::from_secs(29);

/// Requests the explanation from the contact centre on `--port`, and prints it.
///
/// # Errors
/// If no contact centre of this user runs on the port, or it has no such Task or Worker.
pub async fn explain(options: &Explain, start: &Start) -> Result<(), Failure> {
    let base = format!("http://127.0.0.1:{}", start.port);
    let not_running = || {
        format!(
            "no contact centre of yours runs at {base}: start one with `cordboard`, or name its --port"
        )
    };
    let running = RunFile::read(start.port).ok_or_else(not_running)?;
    let http = LocalClient::new(&base, ANSWER_TIME_LIMIT)?;
    let client = ExplainClient(http.signed_in(&running.account)?);
    let rendered = match options.sid {
        Subject::Task(task) => client
            .explanation::<TaskExplanation>("Tasks", &task.to_string())
            .await
            .map(|found| found.map(|explanation| render::task(&explanation))),
        Subject::Worker(worker) => client
            .explanation::<WorkerExplanation>("Workers", &worker.to_string())
            .await
            .map(|found| found.map(|explanation| render::worker(&explanation))),
    };
    let rendered = rendered.map_err(|error| {
        let unsent = error.downcast_ref::<WebError>();
        if unsent.is_some_and(|error| error.kind == WebErrorKind::Connection) {
            not_running().into()
        } else {
            error
        }
    })?;
    let rendered = rendered.ok_or_else(|| match options.sid {
        Subject::Task(task) => {
            format!("there is no Task {task}; an ended Task is kept for a few minutes only")
        }
        Subject::Worker(worker) => format!("there is no Worker {worker}"),
    })?;
    print!("{rendered}");
    Ok(())
}

/// A client of the API of a running contact centre.
struct ExplainClient(LocalClient);

impl ExplainClient {
    /// The explanation of a resource, searched for in every Workspace; `None` if there is no such
    /// resource.
    async fn explanation<T: DeserializeOwned>(
        &self,
        place: &str,
        sid: &str,
    ) -> Result<Option<T>, Failure> {
        let mut page = Some("/v1/Workspaces".to_owned());
        while let Some(url) = page {
            let workspaces: Value = self.0.get(&url).await?;
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
                let explained = format!("/v1/Workspaces/{workspace}/{place}/{sid}/Explain");
                let answer = self.0.fetch(&explained).await?;
                if answer.status() != StatusCode::NOT_FOUND {
                    return json(&answer).map(Some);
                }
            }
            page = workspaces
                .pointer("/meta/next_page_url")
                .and_then(Value::as_str)
                .map(str::to_owned);
        }
        Ok(None)
    }
}
