//! The story of a Task that happened in a running contact centre.

use std::time::Duration;

use ids::TaskSid;
use serde_json::Value;

use crate::cli::Start;
use crate::local_client::LocalClient;
use crate::run_file::RunFile;
use crate::start::Failure;

/// Timeout of a request: the API's own limit.
const ANSWER_TIME_LIMIT: Duration = Duration::from_secs(29);

/// How far back Events are searched, minutes: as long as they are kept.
const MINUTES: u32 = 30 * 24 * 60;

/// Pages of Events that are read: a Task with more is no test.
const PAGES_MAX: usize = 100;

/// The story of this Task, from its Events at the contact centre on `--port`.
pub(super) async fn story(task: TaskSid, start: &Start) -> Result<String, Failure> {
    let base = format!("http://127.0.0.1:{}", start.port);
    let running = RunFile::read(start.port).ok_or_else(|| {
        format!(
            "no contact centre of yours runs at {base}: start one with `cordboard`, or name its --port"
        )
    })?;
    let http = LocalClient::new(&base, ANSWER_TIME_LIMIT)?.signed_in(&running.account)?;
    let workspaces: Value = http.get("/v1/Workspaces?PageSize=1000").await?;
    for workspace in list(&workspaces, "workspaces") {
        let sid = workspace.get("sid").and_then(Value::as_str);
        let events = events(&http, sid.unwrap_or_default(), task).await?;
        if !events.is_empty() {
            return Ok(stories::record::story(&task.to_string(), &events)?);
        }
    }
    Err(format!("there are no events of a Task {task}; they are kept for 30 days").into())
}

/// The Events of the Task, oldest first.
async fn events(http: &LocalClient, workspace: &str, task: TaskSid) -> Result<Vec<Value>, Failure> {
    let path = format!("/v1/Workspaces/{workspace}/Events");
    let mut page = Some(format!(
        "{path}?TaskSid={task}&Minutes={MINUTES}&PageSize=1000"
    ));
    let mut events = Vec::new();
    for _ in 0..PAGES_MAX {
        let Some(url) = page else { break };
        let answer: Value = http.get(&url).await?;
        events.extend(list(&answer, "events").cloned());
        let next = answer.pointer("/meta/next_page_url");
        page = next.and_then(Value::as_str).map(str::to_owned);
    }
    events.reverse();
    Ok(events)
}

fn list<'v>(answer: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> + use<'v> {
    answer
        .get(name)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}
