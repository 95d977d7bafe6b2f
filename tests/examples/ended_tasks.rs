//! The start of a process on the data of a busy day: `ended_tasks PROGRAM [TASKS]` writes that many
//! ended Tasks (100,000 by default) into a new data folder, starts PROGRAM, a `cordboard`, on it, and
//! prints when it answers, and how long requests take while the sweep after the start reads the
//! Tasks. `scripts/ended_tasks.sh` runs it with the release build.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a measuring program prints its result and stops at a failure"
)]

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use cordboard::embedded_dynamodb::{EmbeddedDynamoDb, Place, SequenceNumber, TABLE};
use cordboard::stream_reader::StreamReader;
use futures_util::{StreamExt, stream};
use ids::time::Clock;
use ids::{AccountSid, TaskSid};
use runtime::SystemClock;
use store::Store;
use task_router::model::{AssignmentStatus, Task, TaskChannelName};
use task_router::router::{NewTask, create_task};
use tests::contention::processor_time;
use tests::process::free_port;
use tests::test_centre::EXAMPLE;

const TASKS_DEFAULT: usize = 100_000;

const AUTH_TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// Tasks that are written at the same time.
const AT_ONCE: usize = 16;

/// Pause between two requests.
const PAUSE: Duration = Duration::from_millis(20);

/// The sweep has ended when the process uses less than a tenth of a core for this time.
const QUIET: Duration = Duration::from_secs(2);

/// The process is given up after this time.
const TIMEOUT: Duration = Duration::from_secs(300);

#[tokio::main(flavor = "current_thread")]
async fn main() {
    runtime::aws::install_tls();
    let mut arguments = std::env::args().skip(1);
    let program = arguments
        .next()
        .unwrap_or_else(|| panic!("usage: ended_tasks PROGRAM [TASKS]"));
    let tasks = arguments
        .next()
        .map_or(TASKS_DEFAULT, |tasks| tasks.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let account = AccountSid::derive(&["ended"]);
    let workspace = fill(&folder.path().join("data"), account, tasks).await;
    let port = free_port();
    let url = format!("http://127.0.0.1:{port}/v1/Workspaces/{workspace}");
    let begun = Instant::now();
    let mut process = start(&program, folder.path(), port, account);
    let answers = answers(&process, begun, &url, account).await;
    process.kill().unwrap();
    process.wait().unwrap();
    let [first, rest @ ..] = answers.as_slice() else {
        panic!("no answer within {TIMEOUT:?}");
    };
    let swept = begun.elapsed().saturating_sub(QUIET);
    println!("{tasks} ended Tasks: first answer {first:.0?} after the start of the process");
    println!(
        "sweep ended after {swept:.1?}; slowest of {} requests beside it: {:.0?}",
        rest.len(),
        rest.iter().max().unwrap_or(&Duration::ZERO)
    );
}

/// Writes the configuration and the ended Tasks; the Workspace's SID.
async fn fill(data: &Path, account: AccountSid, tasks: usize) -> String {
    let database = EmbeddedDynamoDb::open(Place::Folder(data.to_owned()))
        .await
        .unwrap();
    let store = Store::new(database.client(), TABLE);
    let read = config::read(EXAMPLE, "contact-centre.yaml", account).unwrap();
    let now = SystemClock.now();
    config::apply(&store, &read, now).await.unwrap();
    let sid = read.workspace.sid;
    let workspace = store.fresh_workspace(sid, now).await.unwrap().unwrap();
    let workflow = &workspace.workflows[&read.voice_settings.workflow_sid];
    stream::iter(0..tasks)
        .for_each_concurrent(AT_ONCE, async |number| {
            let sid = TaskSid::derive(&["ended", &number.to_string()]);
            let new = NewTask::new(sid, "{}".parse().unwrap(), TaskChannelName::VOICE);
            let task = Task {
                assignment_status: AssignmentStatus::Canceled,
                ..create_task(&workspace, workflow, new, SystemClock.now()).unwrap()
            };
            store.create_task(&task, &workspace).await.unwrap();
        })
        .await;
    handle_all(&database).await;
    sid.to_string()
}

/// Marks all records of the stream as handled: the process that wrote them has done so.
async fn handle_all(database: &EmbeddedDynamoDb) {
    let write = async |record| {
        let written = database.write_progress(Some(record), Arc::default());
        written.await.unwrap();
    };
    // All but the newest record are deleted, and that one is then read.
    write(SequenceNumber::MAX).await;
    let mut reader = StreamReader::new(database.streams(), TABLE);
    write(reader.next(1).await.unwrap().last.unwrap()).await;
}

fn start(program: &str, folder: &Path, port: u16, account: AccountSid) -> Child {
    Command::new(program)
        .args(["--data", "data", "--port", &port.to_string()])
        .current_dir(folder)
        .env("ACCOUNT_SID", account.to_string())
        .env("AUTH_TOKEN", AUTH_TOKEN)
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

/// The time until the first answer, then that of each request until the process is quiet.
async fn answers(process: &Child, begun: Instant, url: &str, account: AccountSid) -> Vec<Duration> {
    let http = reqwest::Client::new();
    let get = async || {
        let request = http
            .get(url)
            .basic_auth(account.to_string(), Some(AUTH_TOKEN));
        let sent = Instant::now();
        let answer = request.send().await.ok()?;
        assert!(answer.status().is_success(), "{}", answer.status());
        Some(sent.elapsed())
    };
    let mut times = Vec::new();
    let mut quiet = (Instant::now(), processor_time::of(process.id()));
    while begun.elapsed() < TIMEOUT {
        let Some(time) = get().await else {
            continue;
        };
        times.push(if times.is_empty() {
            begun.elapsed()
        } else {
            time
        });
        tokio::time::sleep(PAUSE).await;
        if quiet.0.elapsed() >= QUIET {
            let used = processor_time::of(process.id());
            if used.saturating_sub(quiet.1) < QUIET / 10 {
                return times;
            }
            quiet = (Instant::now(), used);
        }
    }
    panic!("not quiet after {TIMEOUT:?}");
}
