//! Load on the REST API, put there by `scripts/load.sh`. 32 customers, each on a connection of its own, make Tasks, take what their
//! Workers are offered, change Workers and read: first for as long as the server needs to fill what it keeps for a while
//! ([`WARM_UP_MINUTES`]), then for [`SPAN_SECONDS`], or as many seconds as LOAD_SECONDS says, which is what is measured. Prints
//! throughput, the 50th and 99th percentile of each operation, and the server's memory minute by minute, as Markdown; fails when any
//! request does, and when the memory of the warm server grows. A shorter one is not preceded by a warm-up, and its bound on memory is
//! wider: a new server keeps more with each Task that ends.
#![allow(clippy::print_stdout, reason = "its table is its answer")]

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};

const CONNECTIONS: usize = 32;
/// How long the measured part lasts, unless LOAD_SECONDS says.
const SPAN_SECONDS: u64 = 720;
/// After it the server holds what it ever will of this load: ended Tasks are kept for five minutes (`ended_task_kept`), and
/// cleaned up within the next one. What else is kept in memory is kept for less. Two minutes more, since the first are the fastest:
/// they leave more than is kept later.
const WARM_UP_MINUTES: usize = 8;
const MINUTE: Duration = Duration::from_secs(60);
/// How often memory is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
const LOOKS_A_MINUTE: usize = 60;
/// How far the last third of a shorter run may lie above the one before, each at its least: what a server keeps of so many ended Tasks
/// is not there yet. A leak of 4 kB a request is more than this, at 100 requests a second and twenty seconds a third.
const NEW_GROWTH_KILOBYTES_MAX: u64 = 8 * 1024;
/// How far the second half of the measured minutes may lie above the first, on average. Of each minute the least counts: what requests
/// under way need comes on top of what is kept, and goes. What is kept lies in pages that are not full, in other ones each minute, so
/// even the least of a minute goes up and down by some 2 MB, and the average of six by less than one. The halves are six minutes
/// apart: at 200 requests a second a leak of 30 bytes a request is more than this.
const GROWTH_KILOBYTES_MAX: u64 = 2 * 1024;
/// How long a customer waits before they look again for an offer; twice as long each time, up to this.
const LOOK_AGAIN: (Duration, Duration) = (Duration::from_millis(25), Duration::from_millis(800));
/// How long a Task may wait for an offer.
const OFFERED_WITHIN: Duration = Duration::from_secs(60);

type Failure = Box<dyn Error + Send + Sync>;
type Form<'a> = &'a [(&'a str, &'a str)];

/// How long each request of an operation took.
type Times = BTreeMap<&'static str, Vec<Duration>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    runtime::aws::install_tls();
    let pid = std::env::var("CORDBOARD_PID")?;
    let centre = Arc::new(Customer::new()?.set_up().await?);
    let seconds = std::env::var("LOAD_SECONDS").map_or(Ok(SPAN_SECONDS), |text| text.parse())?;
    let warm_up = if seconds < SPAN_SECONDS {
        Duration::ZERO
    } else {
        MINUTE * WARM_UP_MINUTES as u32
    };
    let (warm_at, span) = (Instant::now() + warm_up, Duration::from_secs(seconds));
    let mut customers = tokio::task::JoinSet::new();
    for _ in 0..CONNECTIONS {
        let customer = Customer {
            http: client()?,
            ..Customer::clone(&centre)
        };
        customers.spawn(async move { customer.until(warm_at + span).await });
    }
    let mut memory = Memory {
        pid,
        looks: Vec::new(),
    };
    memory.watch(warm_at).await?;
    centre.times().clear();
    memory.watch(warm_at + span).await?;
    while let Some(ended) = customers.join_next().await {
        ended??;
    }
    print(&centre.times(), warm_at.elapsed());
    if warm_up.is_zero() {
        memory.check_new()
    } else {
        memory.check_warm()
    }
}

/// Somebody who uses the API.
#[derive(Clone)]
struct Customer {
    http: Client,
    /// The address of the Workspace, once there is one.
    base: String,
    account: (String, String),
    queue: String,
    workflow: String,
    available: String,
    times: Arc<Mutex<Times>>,
}

impl Customer {
    fn new() -> Result<Self, Failure> {
        let text = std::env::var;
        Ok(Self {
            http: client()?,
            base: format!("{}/v1/Workspaces", text("CORDBOARD_URL")?),
            account: (text("ACCOUNT_SID")?, text("AUTH_TOKEN")?),
            queue: String::new(),
            workflow: String::new(),
            available: String::new(),
            times: Arc::default(),
        })
    }

    /// A Workspace with a queue everybody serves.
    async fn set_up(mut self) -> Result<Self, Failure> {
        let workspace = self.post("", "", &[("FriendlyName", "Load")]).await?;
        self.base = format!("{}/{}", self.base, sid(&workspace)?);
        let activities = self.get("", "/Activities?FriendlyName=Available").await?;
        self.available = sid(&activities["activities"][0])?;
        self.queue = sid(&self
            .post(
                "",
                "/TaskQueues",
                &[("FriendlyName", "All"), ("TargetWorkers", "1==1")],
            )
            .await?)?;
        let configuration =
            json!({"task_routing": {"filters": [], "default_filter": {"queue": self.queue}}})
                .to_string();
        let form = [
            ("FriendlyName", "To all"),
            ("Configuration", configuration.as_str()),
        ];
        self.workflow = sid(&self.post("", "/Workflows", &form).await?)?;
        Ok(self)
    }

    async fn until(self, end: Instant) -> Result<(), Failure> {
        let name = format!("Worker {:x}", fastrand::u64(..));
        let form = [
            ("FriendlyName", name.as_str()),
            ("ActivitySid", &self.available),
        ];
        let worker = format!(
            "/Workers/{}",
            sid(&self.post("CreateWorker", "/Workers", &form).await?)?
        );
        while Instant::now() < end {
            self.serve_a_task().await?;
            self.get("FetchWorker", &worker).await?;
            let level = format!(r#"{{"level":{}}}"#, fastrand::u8(..));
            self.post("UpdateWorker", &worker, &[("Attributes", &level)])
                .await?;
            self.get("ListWorker", "/Workers?PageSize=20").await?;
            self.get("ListTask", "/Tasks?PageSize=20").await?;
            self.get("ListEvent", "/Events?PageSize=20").await?;
            self.get(
                "FetchTaskQueueRealTimeStatistics",
                &format!("/TaskQueues/{}/RealTimeStatistics", self.queue),
            )
            .await?;
        }
        Ok(())
    }

    /// Makes a Task, accepts it for whomever it is offered to, and completes it.
    async fn serve_a_task(&self) -> Result<(), Failure> {
        let form = [
            ("WorkflowSid", self.workflow.as_str()),
            ("Attributes", r#"{"selected_language":"en"}"#),
        ];
        let task = format!(
            "/Tasks/{}",
            sid(&self.post("CreateTask", "/Tasks", &form).await?)?
        );
        let (begun, (mut pause, pause_max)) = (Instant::now(), LOOK_AGAIN);
        while begun.elapsed() < OFFERED_WITHIN {
            let offers = self
                .get("ListTaskReservation", &format!("{task}/Reservations"))
                .await?;
            let Ok(offer) = sid(&offers["reservations"][0]) else {
                tokio::time::sleep(pause).await;
                pause = pause_max.min(pause * 2);
                continue;
            };
            let offer = format!("{task}/Reservations/{offer}");
            self.post(
                "UpdateTaskReservation",
                &offer,
                &[("ReservationStatus", "accepted")],
            )
            .await?;
            self.get("FetchTask", &task).await?;
            self.post("UpdateTask", &task, &[("AssignmentStatus", "completed")])
                .await?;
            return Ok(());
        }
        Err(format!("{task} was offered to nobody").into())
    }

    async fn get(&self, operation: &'static str, path: &str) -> Result<Value, Failure> {
        self.send(operation, self.http.get(format!("{}{path}", self.base)))
            .await
    }

    async fn post(
        &self,
        operation: &'static str,
        path: &str,
        form: Form<'_>,
    ) -> Result<Value, Failure> {
        self.send(
            operation,
            self.http.post(format!("{}{path}", self.base)).form(form),
        )
        .await
    }

    /// Sends a request and notes how long it took under the operation's name; under none, it is not counted.
    async fn send(
        &self,
        operation: &'static str,
        request: RequestBuilder,
    ) -> Result<Value, Failure> {
        let begun = Instant::now();
        let answer = request
            .basic_auth(&self.account.0, Some(&self.account.1))
            .send()
            .await?;
        let status = answer.status();
        let body: Value = answer.json().await?;
        if !status.is_success() {
            return Err(format!("{operation}: {status} {body}").into());
        }
        if !operation.is_empty() {
            self.times()
                .entry(operation)
                .or_default()
                .push(begun.elapsed());
        }
        Ok(body)
    }

    fn times(&self) -> MutexGuard<'_, Times> {
        self.times.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the server holds in memory.
struct Memory {
    pid: String,
    /// In kilobytes, one for each [`LOOK_EVERY`].
    looks: Vec<u64>,
}

impl Memory {
    async fn watch(&mut self, end: Instant) -> Result<(), Failure> {
        let mut next = Instant::now();
        while next + LOOK_EVERY <= end {
            next += LOOK_EVERY;
            tokio::time::sleep_until(next.into()).await;
            self.looks.push(own_kilobytes(&self.pid)?);
        }
        Ok(())
    }

    /// Prints the least of each minute, and compares the halves of those that are measured.
    fn check_warm(&self) -> Result<(), Failure> {
        // The last one may be a look or two short.
        let minutes = self
            .looks
            .chunks(LOOKS_A_MINUTE)
            .filter(|looks| looks.len() > LOOKS_A_MINUTE / 2);
        let minutes = minutes.filter_map(|looks| looks.iter().min());
        let minutes: Vec<u64> = minutes.copied().collect();
        let shown: Vec<String> = minutes
            .iter()
            .map(|kilobytes| format!("{:.1}", *kilobytes as f64 / 1024.0))
            .collect();
        println!(
            "The server's own memory, the least of each minute, MB: {}.",
            shown.join(", ")
        );
        let (_warm_up, measured) = minutes
            .split_at_checked(WARM_UP_MINUTES)
            .ok_or("it ended before the server was warm")?;
        let (first, second) = measured.split_at(measured.len() / 2);
        judge(average(first)?, average(second)?, GROWTH_KILOBYTES_MAX)
    }

    /// Compares the last third with the one before.
    fn check_new(&self) -> Result<(), Failure> {
        let thirds: Vec<&[u64]> = self
            .looks
            .chunks(self.looks.len().div_ceil(3).max(1))
            .collect();
        let [_start, before, after] = thirds[..] else {
            return Err("it ended before there was a memory to compare".into());
        };
        let least = |third: &[u64]| third.iter().min().copied().unwrap_or_default();
        judge(least(before), least(after), NEW_GROWTH_KILOBYTES_MAX)
    }
}

fn judge(before: u64, after: u64, growth_max: u64) -> Result<(), Failure> {
    println!("From {before} kB to {after} kB; {growth_max} kB more may come by chance.");
    match after.saturating_sub(before) <= growth_max {
        true => Ok(()),
        false => Err("the server's memory grows".into()),
    }
}

fn average(kilobytes: &[u64]) -> Result<u64, Failure> {
    let count = u64::try_from(kilobytes.len())?;
    Ok(kilobytes
        .iter()
        .sum::<u64>()
        .checked_div(count)
        .ok_or("there are too few minutes to compare")?)
}

/// A client that keeps one connection.
fn client() -> Result<Client, Failure> {
    Ok(Client::builder().pool_max_idle_per_host(1).build()?)
}

fn sid(resource: &Value) -> Result<String, Failure> {
    Ok(resource["sid"]
        .as_str()
        .ok_or_else(|| format!("no sid in {resource}"))?
        .to_owned())
}

fn print(times: &Times, took: Duration) {
    let requests: usize = times.values().map(Vec::len).sum();
    let tasks = times.get("CreateTask").map_or(0, Vec::len);
    let a_second = |count: usize| count as f64 / took.as_secs_f64();
    println!(
        "{requests} requests in {took:.0?} over {CONNECTIONS} connections, no error: {:.0} a second; {:.0} Tasks a second from their \
         making to their end.\n",
        a_second(requests),
        a_second(tasks)
    );
    println!("| operation | requests | median, ms | 99th percentile, ms |\n|---|---|---|---|");
    for (operation, times) in times {
        let mut times = times.clone();
        times.sort_unstable();
        let at = |part: usize| {
            times
                .get(times.len() * part / 100)
                .map_or(0.0, |time| time.as_secs_f64() * 1000.0)
        };
        println!(
            "| {operation} | {} | {:.1} | {:.1} |",
            times.len(),
            at(50),
            at(99)
        );
    }
    println!();
}

/// What the kernel says a process holds in memory, but for pages of files, which are the program itself.
fn own_kilobytes(pid: &str) -> Result<u64, Failure> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("RssAnon:"))
        .ok_or("no RssAnon in /proc")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
