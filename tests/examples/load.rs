//! Load test of the REST API, run by `scripts/load.sh`. 32 clients, each on its own connection,
//! create Tasks, accept the Reservations, update Workers and read. The warm-up lasts until the
//! server's memory is steady ([`WARM_UP_MINUTES`]); then [`SPAN_SECONDS`], or LOAD_SECONDS, are
//! measured. Prints throughput, the 50th and 99th percentile of each operation, and the server's
//! memory minute by minute, as Markdown. Fails when a request fails, and when the memory of the
//! warm server grows. A shorter run has no warm-up, and its bound on memory is wider: a new server
//! keeps more with each Task that ends.
#![allow(clippy::print_stdout, reason = "it prints its results")]

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};

const CONNECTIONS: usize = 32;
/// Duration of the measured part, unless LOAD_SECONDS is set.
const SPAN_SECONDS: u64 = 720;
/// Warm-up. After it the server's memory no longer grows under this load: ended Tasks are kept for
/// five minutes (`ended_task_kept`) and deleted within the next one; everything else is kept for
/// less. The two further minutes are for the first ones, which are the fastest and leave more than
/// later ones do.
const WARM_UP_MINUTES: usize = 8;
const MINUTE: Duration = Duration::from_secs(60);
/// The interval at which memory is sampled.
const SAMPLE_INTERVAL: Duration = Duration::from_secs(1);
const SAMPLES_PER_MINUTE: usize = 60;
/// The bound on a shorter run's growth, kilobytes: the minimum of the last third over the minimum
/// of the third before. The memory that ended Tasks keep is still growing then. A leak of 4 kB a
/// request exceeds the bound, at 100 requests a second and twenty seconds a third.
const NEW_GROWTH_KILOBYTES_MAX: u64 = 8 * 1024;
/// The bound on a long run's growth, kilobytes: the average of the second half of the measured
/// minutes over that of the first half. The minimum of each minute counts, because requests in
/// flight need memory on top of what is kept. Kept memory lies in pages that are partly full, and
/// in other pages each minute, so that even the minimum of a minute varies by some 2 MB, and the
/// average of six by less than one. The halves are six minutes apart: at 200 requests a second a
/// leak of 30 bytes a request exceeds the bound.
const GROWTH_KILOBYTES_MAX: u64 = 2 * 1024;
/// The pause before a client polls again for a Reservation: the first one, and the maximum; it
/// doubles each time.
const POLL_PAUSE: (Duration, Duration) = (Duration::from_millis(25), Duration::from_millis(800));
/// Timeout of a Task's first Reservation.
const OFFERED_WITHIN: Duration = Duration::from_secs(60);

type Failure = Box<dyn Error + Send + Sync>;
type Form<'a> = &'a [(&'a str, &'a str)];

/// The durations of the requests of each operation.
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
    let warm_at = Instant::now() + warm_up;
    let span = Duration::from_secs(seconds);
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
        samples: Vec::new(),
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

/// A client of the API.
#[derive(Clone)]
struct Customer {
    http: Client,
    /// The address of the Workspace, once it is created.
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

    /// Creates a Workspace with a queue that every Worker serves.
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

    /// Creates a Task, accepts its Reservation, and completes it.
    async fn serve_a_task(&self) -> Result<(), Failure> {
        let form = [
            ("WorkflowSid", self.workflow.as_str()),
            ("Attributes", r#"{"selected_language":"en"}"#),
        ];
        let task = format!(
            "/Tasks/{}",
            sid(&self.post("CreateTask", "/Tasks", &form).await?)?
        );
        let begun = Instant::now();
        let (mut pause, pause_max) = POLL_PAUSE;
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
        Err(format!("{task} got no Reservation").into())
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

    /// Sends a request and records its duration under the operation's name; without a name it is
    /// not recorded.
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

/// The server's memory.
struct Memory {
    pid: String,
    /// Samples in kilobytes, one for each [`SAMPLE_INTERVAL`].
    samples: Vec<u64>,
}

impl Memory {
    async fn watch(&mut self, end: Instant) -> Result<(), Failure> {
        let mut next = Instant::now();
        while next + SAMPLE_INTERVAL <= end {
            next += SAMPLE_INTERVAL;
            tokio::time::sleep_until(next.into()).await;
            self.samples.push(own_kilobytes(&self.pid)?);
        }
        Ok(())
    }

    /// Prints the minimum of each minute, and compares the halves of the measured minutes.
    fn check_warm(&self) -> Result<(), Failure> {
        // The last minute may lack a sample or two.
        let minutes = self
            .samples
            .chunks(SAMPLES_PER_MINUTE)
            .filter(|samples| samples.len() > SAMPLES_PER_MINUTE / 2);
        let minutes = minutes.filter_map(|samples| samples.iter().min());
        let minutes: Vec<u64> = minutes.copied().collect();
        let shown: Vec<String> = minutes
            .iter()
            .map(|kilobytes| format!("{:.1}", *kilobytes as f64 / 1024.0))
            .collect();
        println!(
            "The server's own memory, the minimum of each minute, MB: {}.",
            shown.join(", ")
        );
        let (_warm_up, measured) = minutes
            .split_at_checked(WARM_UP_MINUTES)
            .ok_or("the run ended during the warm-up")?;
        let (first, second) = measured.split_at(measured.len() / 2);
        judge(average(first)?, average(second)?, GROWTH_KILOBYTES_MAX)
    }

    /// Compares the minima of the last two thirds.
    fn check_new(&self) -> Result<(), Failure> {
        let thirds: Vec<&[u64]> = self
            .samples
            .chunks(self.samples.len().div_ceil(3).max(1))
            .collect();
        let [_start, before, after] = thirds[..] else {
            return Err("the run was too short to compare memory".into());
        };
        let least = |third: &[u64]| third.iter().min().copied().unwrap_or_default();
        judge(least(before), least(after), NEW_GROWTH_KILOBYTES_MAX)
    }
}

fn judge(before: u64, after: u64, growth_max: u64) -> Result<(), Failure> {
    println!("From {before} kB to {after} kB; {growth_max} kB of growth are tolerated.");
    if after.saturating_sub(before) > growth_max {
        return Err("the server's memory grows".into());
    }
    Ok(())
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

/// The process's anonymous memory, kilobytes: without pages of files, which are the program itself.
fn own_kilobytes(pid: &str) -> Result<u64, Failure> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("RssAnon:"))
        .ok_or("no RssAnon in /proc")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
