//! Load test for the order of Reservations, run by `scripts/order.sh`. At each of three rates Tasks
//! of two priorities are created at a steady rate, faster than ten Workers can complete them. The
//! Workers accept every Reservation at once, work, and complete the Task. Then the Events of the
//! Workspace are read, and each Reservation is judged: an earlier Task that had been pending for
//! 250 ms must not have been passed over.
//!
//! `--minutes N`: the duration of all rates together, five by default. `--rate N`: only this one of
//! the rates. `--limits`: the limits of speed ([`Limits`]) must hold, too, which needs a quiet
//! machine.
#![allow(clippy::print_stdout, reason = "it prints its results")]

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::routing::post;
use ids::time::{Clock, Millis, Timestamp};
use reqwest::{Client, RequestBuilder};
use runtime::SystemClock;
use serde_json::{Value, json};
use tests::offer_order::{History, Occurrence, Overtaking};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

const WORKERS: u64 = 10;
/// The priority of the Tasks whose number is a multiple of [`URGENT_EVERY`]; the others have 0.
const URGENT: &str = "10";
const URGENT_EVERY: u32 = 4;
const MINUTES: f64 = 5.0;

/// The arrivals a second, and the time that a Worker works on a Task. The two lower rates are 15 %
/// more than ten Workers can complete, so that some Tasks always wait. At the highest rate the
/// queue grows by thirty Tasks a second.
const RATES: [Rate; 3] = [
    Rate {
        arrivals: 2.5,
        work: Duration::from_millis(4_600),
    },
    Rate {
        arrivals: 9.0,
        work: Duration::from_millis(1_278),
    },
    Rate {
        arrivals: 40.0,
        work: Duration::from_millis(1_000),
    },
];

/// With `--limits`, the bounds of every rate.
struct Limits;

impl Limits {
    /// The median time until a free Worker is offered the next Task.
    const IDLE_MEDIAN_MAX: Millis = Millis::from_millis(100);
    /// The offers made, as a percentage of those that the Workers had time for.
    const SHARE_MIN: f64 = 95.0;
    /// The time from the end of the load until all Events can be read.
    const EVENTS_WITHIN: Duration = Duration::from_secs(2);
}

/// A Worker learns of a Reservation from the event callback. The poll finds those whose callback is
/// late; it is rare enough to be no load.
const POLL_EVERY: Duration = Duration::from_millis(200);
/// Reservations known from callbacks that a Worker has not seen. A Worker has one at a time; more
/// are those whose callback came after the poll.
const CALLBACKS_WAITING_MAX: usize = 16;
/// The part of the Events that is read again and again at the end: those of this time before it. It
/// is short, so that reading takes less time than is to be measured.
const RECENT: Millis = Millis::from_secs(5);
const READ_EVENTS_EVERY: Duration = Duration::from_millis(100);
/// The test fails when Events are missing for longer.
const EVENTS_TIMEOUT: Duration = Duration::from_secs(300);
/// Violations that are printed one by one, for each rate.
const SHOWN_MAX: usize = 5;

type Failure = Box<dyn Error + Send + Sync>;

#[derive(Debug, Clone, Copy)]
struct Rate {
    /// Tasks a second.
    arrivals: f64,
    work: Duration,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    runtime::aws::install_tls();
    let options = Options::parse(std::env::args().skip(1))?;
    let callbacks = Callbacks::serve().await?;
    let span = Duration::from_secs_f64(options.minutes * 60.0) / options.rates.len() as u32;
    print_head();
    let mut results = Vec::new();
    for rate in options.rates {
        let measured = Load::set_up(rate, &callbacks).await?.run(span).await?;
        println!("{}", measured.row());
        results.push(measured);
    }
    print_violations(&results);
    let mut failures: Vec<String> = results.iter().flat_map(Measured::violations).collect();
    if options.limits {
        failures.extend(results.iter().flat_map(Measured::exceeded_limits));
    }
    if failures.is_empty() {
        return Ok(());
    }
    Err(failures.join("; ").into())
}

struct Options {
    minutes: f64,
    rates: Vec<Rate>,
    limits: bool,
}

impl Options {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, Failure> {
        let mut options = Self {
            minutes: MINUTES,
            rates: RATES.to_vec(),
            limits: false,
        };
        while let Some(argument) = arguments.next() {
            let mut number = || -> Result<f64, Failure> {
                let value = arguments.next();
                Ok(value.ok_or("expected a number at the end")?.parse()?)
            };
            match argument.as_str() {
                "--minutes" => options.minutes = number()?,
                "--rate" => {
                    let arrivals = number()?;
                    options.rates.retain(|rate| rate.arrivals == arrivals);
                }
                "--limits" => options.limits = true,
                _ => return Err(format!("unknown argument {argument}").into()),
            }
        }
        if options.rates.is_empty() {
            return Err("--rate: expected 2.5, 9 or 40".into());
        }
        Ok(options)
    }
}

/// The receiver of the event callbacks: it passes each Reservation to its Worker.
#[derive(Clone)]
struct Callbacks {
    url: String,
    workers: Arc<Mutex<BTreeMap<String, mpsc::Sender<Offer>>>>,
}

/// A Reservation, as its Worker learns of it.
struct Offer {
    reservation: String,
    task: String,
}

impl Callbacks {
    async fn serve() -> Result<Self, Failure> {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let callbacks = Self {
            url: format!("http://{}/events", listener.local_addr()?),
            workers: Arc::default(),
        };
        let site = axum::Router::new()
            .route("/events", post(Self::receive))
            .with_state(callbacks.clone());
        tokio::spawn(async move { axum::serve(listener, site).await });
        Ok(callbacks)
    }

    async fn receive(
        State(callbacks): State<Self>,
        Form(mut form): Form<BTreeMap<String, String>>,
    ) -> StatusCode {
        let mut take = |key| form.remove(key).unwrap_or_default();
        let worker = take("WorkerSid");
        let offer = Offer {
            reservation: take("ReservationSid"),
            task: take("TaskSid"),
        };
        if let Some(sender) = callbacks.workers().get(&worker) {
            // A Worker whose channel is full finds the Reservation by its poll.
            let _full_or_finished = sender.try_send(offer);
        }
        StatusCode::NO_CONTENT
    }

    fn subscribe(&self, worker: &str) -> mpsc::Receiver<Offer> {
        let (sender, receiver) = mpsc::channel(CALLBACKS_WAITING_MAX);
        self.workers().insert(worker.to_owned(), sender);
        receiver
    }

    fn workers(&self) -> MutexGuard<'_, BTreeMap<String, mpsc::Sender<Offer>>> {
        self.workers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A client of the REST API of one Workspace.
#[derive(Clone)]
struct Api {
    http: Client,
    /// The address of the Workspace, once it is created.
    base: String,
    account: (String, String),
}

impl Api {
    fn new() -> Result<Self, Failure> {
        let text = std::env::var;
        Ok(Self {
            http: Client::new(),
            base: format!("{}/v1/Workspaces", text("CORDBOARD_URL")?),
            account: (text("ACCOUNT_SID")?, text("AUTH_TOKEN")?),
        })
    }

    async fn get(&self, path: &str) -> Result<Value, Failure> {
        self.get_url(&format!("{}{path}", self.base)).await
    }

    async fn get_url(&self, url: &str) -> Result<Value, Failure> {
        self.send(url, self.http.get(url)).await
    }

    async fn post(&self, path: &str, form: &[(&str, &str)]) -> Result<Value, Failure> {
        let url = format!("{}{path}", self.base);
        self.send(&url, self.http.post(&url).form(form)).await
    }

    async fn send(&self, url: &str, request: RequestBuilder) -> Result<Value, Failure> {
        let request = request.basic_auth(&self.account.0, Some(&self.account.1));
        let answer = request.send().await?;
        let status = answer.status();
        let body: Value = answer.json().await?;
        if !status.is_success() {
            return Err(format!("{url}: {status} {body}").into());
        }
        Ok(body)
    }

    /// The SID of the Activity of this name.
    async fn activity(&self, name: &str) -> Result<String, Failure> {
        let found = self
            .get(&format!("/Activities?FriendlyName={name}"))
            .await?;
        sid(&found["activities"][0])
    }

    /// Reads all Events since a moment, page by page.
    async fn events(&self, since: Timestamp) -> Result<Vec<Value>, Failure> {
        let start = since.to_iso8601();
        let mut url = format!("{}/Events?PageSize=1000&StartDate={start}", self.base);
        let mut events = Vec::new();
        loop {
            let page = self.get_url(&url).await?;
            events.extend(page["events"].as_array().into_iter().flatten().cloned());
            match page["meta"]["next_page_url"].as_str() {
                Some(next) => next.clone_into(&mut url),
                None => return Ok(events),
            }
        }
    }
}

/// The load at one rate, in a Workspace of its own.
#[derive(Clone)]
struct Load {
    api: Api,
    rate: Rate,
    begun: Timestamp,
    workflow: String,
    offline: String,
    workers: Vec<String>,
    callbacks: Callbacks,
    expected: Expected,
}

/// The Events to expect, by type and Task, with the moment before the request: no Event is earlier.
#[derive(Clone, Default)]
struct Expected(Arc<Mutex<BTreeMap<(String, String), Timestamp>>>);

impl Expected {
    fn add(&self, event_type: &str, task: &str, requested: Timestamp) {
        self.get()
            .insert((event_type.to_owned(), task.to_owned()), requested);
    }

    fn remove(&self, event: &Value) {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let key = (
            text(&event["event_type"]),
            text(&event["event_data"]["task_sid"]),
        );
        self.get().remove(&key);
    }

    fn any_since(&self, since: Timestamp) -> bool {
        self.get().values().any(|at| *at >= since)
    }

    fn get(&self) -> MutexGuard<'_, BTreeMap<(String, String), Timestamp>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Load {
    /// Creates a Workspace with one queue and its Workers.
    async fn set_up(rate: Rate, callbacks: &Callbacks) -> Result<Self, Failure> {
        let mut api = Api::new()?;
        let begun = SystemClock.now();
        let form = [
            ("FriendlyName", "Order"),
            ("EventCallbackUrl", callbacks.url.as_str()),
            ("EventsFilter", "reservation.created"),
        ];
        let workspace = api.post("", &form).await?;
        api.base = format!("{}/{}", api.base, sid(&workspace)?);
        let available = api.activity("Available").await?;
        let form = [("FriendlyName", "All"), ("TargetWorkers", "1==1")];
        let queue = sid(&api.post("/TaskQueues", &form).await?)?;
        let configuration =
            json!({"task_routing": {"filters": [], "default_filter": {"queue": queue}}})
                .to_string();
        let form = [
            ("FriendlyName", "To all"),
            ("Configuration", configuration.as_str()),
        ];
        let workflow = sid(&api.post("/Workflows", &form).await?)?;
        let mut workers = Vec::new();
        for number in 1..=WORKERS {
            let name = format!("Worker {number}");
            let form = [("FriendlyName", name.as_str()), ("ActivitySid", &available)];
            workers.push(sid(&api.post("/Workers", &form).await?)?);
        }
        Ok(Self {
            offline: api.activity("Offline").await?,
            api,
            rate,
            begun,
            workflow,
            workers,
            callbacks: callbacks.clone(),
            expected: Expected::default(),
        })
    }

    async fn run(self, span: Duration) -> Result<Measured, Failure> {
        let (stop, stopped) = watch::channel(false);
        let mut workers = JoinSet::new();
        for worker in &self.workers {
            let worker = WorkerClient {
                load: self.clone(),
                path: format!("/Workers/{worker}"),
                callbacks: self.callbacks.subscribe(worker),
                known: BTreeSet::new(),
                stopped: stopped.clone(),
            };
            workers.spawn(worker.run());
        }
        let tasks = self.create_tasks(span, &mut workers).await?;
        let end = SystemClock.now();
        stop.send(true)?;
        while let Some(ended) = workers.join_next().await {
            ended??;
        }
        let (events, events_after) = self.await_events().await?;
        let occurrences = events.iter().filter_map(Occurrence::read).collect();
        let history = History::of(occurrences);
        Ok(Measured::of(&self, &history, tasks, end, events_after))
    }

    /// Creates Tasks at steady intervals, without waiting for the answers. Fails with a Worker that
    /// fails.
    async fn create_tasks(
        &self,
        span: Duration,
        workers: &mut JoinSet<Result<(), Failure>>,
    ) -> Result<u32, Failure> {
        let interval = Duration::from_secs_f64(self.rate.arrivals.recip());
        let begun = Instant::now();
        let mut requests = JoinSet::new();
        let mut tasks = 0;
        while interval * tasks < span {
            tokio::select! {
                () = tokio::time::sleep_until((begun + interval * tasks).into()) => {}
                Some(ended) = workers.join_next() => {
                    ended??;
                    return Err("a Worker ended too early".into());
                }
            }
            requests.spawn(self.clone().create_task(tasks));
            tasks += 1;
        }
        while let Some(created) = requests.join_next().await {
            created??;
        }
        Ok(tasks)
    }

    async fn create_task(self, number: u32) -> Result<(), Failure> {
        let priority = if number.is_multiple_of(URGENT_EVERY) {
            URGENT
        } else {
            "0"
        };
        let form = [
            ("WorkflowSid", self.workflow.as_str()),
            ("Priority", priority),
        ];
        let requested = SystemClock.now();
        let task = sid(&self.api.post("/Tasks", &form).await?)?;
        self.expected.add("task.created", &task, requested);
        Ok(())
    }

    /// Waits until all expected Events can be read: first the recent ones, which are the last to be
    /// stored, then all. Returns them, and how long it took.
    async fn await_events(&self) -> Result<(Vec<Value>, Duration), Failure> {
        let stopped = SystemClock.now();
        let begun = Instant::now();
        let (_, _) = self.read_events(stopped - RECENT, begun).await?;
        let after = begun.elapsed();
        match self.read_events(self.begun, begun).await? {
            (events, 1) => Ok((events, after)),
            (events, _) => Ok((events, begun.elapsed())),
        }
    }

    /// Reads the Events since a moment until none of that time is missing. Also returns how often
    /// they were read.
    async fn read_events(
        &self,
        since: Timestamp,
        begun: Instant,
    ) -> Result<(Vec<Value>, u32), Failure> {
        let mut reads = 0;
        while begun.elapsed() < EVENTS_TIMEOUT {
            let events = self.api.events(since).await?;
            reads += 1;
            events.iter().for_each(|event| self.expected.remove(event));
            if !self.expected.any_since(since) {
                return Ok((events, reads));
            }
            tokio::time::sleep(READ_EVENTS_EVERY).await;
        }
        let missing = self.expected.get().len();
        Err(format!("{missing} Events are missing after {EVENTS_TIMEOUT:?}").into())
    }
}

/// A Worker: waits for a Reservation, accepts it, works, completes the Task.
struct WorkerClient {
    load: Load,
    path: String,
    callbacks: mpsc::Receiver<Offer>,
    /// The Reservations that were accepted: a callback may come after the poll.
    known: BTreeSet<String>,
    stopped: watch::Receiver<bool>,
}

impl WorkerClient {
    async fn run(mut self) -> Result<(), Failure> {
        while let Some(offer) = self.next_offer().await? {
            self.serve(offer).await?;
        }
        self.go_offline().await
    }

    /// The next Reservation; `None` at the end of the load.
    async fn next_offer(&mut self) -> Result<Option<Offer>, Failure> {
        loop {
            let offer = tokio::select! {
                biased;
                () = end_of_load(&mut self.stopped) => return Ok(None),
                offer = self.callbacks.recv() => offer,
                () = tokio::time::sleep(POLL_EVERY) => self.poll().await?,
            };
            match offer {
                Some(offer) if self.known.insert(offer.reservation.clone()) => {
                    return Ok(Some(offer));
                }
                Some(_) | None => {}
            }
        }
    }

    async fn poll(&self) -> Result<Option<Offer>, Failure> {
        let path = format!("{}/Reservations?ReservationStatus=pending", self.path);
        let found = self.load.api.get(&path).await?;
        let offer = &found["reservations"][0];
        let text = |key: &str| offer[key].as_str().map(str::to_owned);
        Ok(text("sid")
            .zip(text("task_sid"))
            .map(|(reservation, task)| Offer { reservation, task }))
    }

    /// Work that is under way at the end of the load is cut short.
    async fn serve(&mut self, offer: Offer) -> Result<(), Failure> {
        let load = &self.load;
        let task = format!("/Tasks/{}", offer.task);
        let reservation = format!("{task}/Reservations/{}", offer.reservation);
        let form = [("ReservationStatus", "accepted")];
        let requested = SystemClock.now();
        load.api.post(&reservation, &form).await?;
        load.expected
            .add("reservation.accepted", &offer.task, requested);
        tokio::select! {
            () = tokio::time::sleep(load.rate.work) => {}
            () = end_of_load(&mut self.stopped) => self.go_offline().await?,
        }
        let load = &self.load;
        let form = [("AssignmentStatus", "completed")];
        let requested = SystemClock.now();
        load.api.post(&task, &form).await?;
        load.expected.add("task.completed", &offer.task, requested);
        Ok(())
    }

    /// No further Reservation is made for the Worker.
    async fn go_offline(&self) -> Result<(), Failure> {
        let form = [
            ("ActivitySid", self.load.offline.as_str()),
            ("RejectPendingReservations", "true"),
        ];
        self.load.api.post(&self.path, &form).await?;
        Ok(())
    }
}

async fn end_of_load(stopped: &mut watch::Receiver<bool>) {
    // An error means that the load was dropped, which ends it as well.
    let _stopped_or_dropped = stopped.wait_for(|stopped| *stopped).await;
}

/// The figures of one rate.
struct Measured {
    rate: Rate,
    tasks: u32,
    offers: usize,
    /// The percentage of the Workers' time that they were busy, while Tasks waited.
    share: f64,
    /// How long Workers who became free waited for the next Task, while Tasks waited. Ascending.
    idle: Vec<Millis>,
    /// A Worker's own delay: to learn of the Reservation, to accept it, and to complete the Task.
    turnaround: Millis,
    events_after: Duration,
    overtakings: Vec<Overtaking>,
}

impl Measured {
    fn of(
        load: &Load,
        history: &History,
        tasks: u32,
        end: Timestamp,
        events_after: Duration,
    ) -> Self {
        let used = history.use_of(WORKERS, end);
        let busy = history.mean_busy(end).unwrap_or_default().as_millis();
        let turnaround = busy.saturating_sub(load.rate.work.as_millis() as u64);
        Self {
            rate: load.rate,
            tasks,
            offers: history.offers(),
            share: 100.0 * used.busy.as_millis() as f64 / used.available.as_millis().max(1) as f64,
            idle: history.idle_times(end),
            turnaround: Millis::from_millis(turnaround),
            events_after,
            overtakings: history.overtakings(),
        }
    }

    fn idle_at(&self, percent: usize) -> Millis {
        let last = self.idle.len().saturating_sub(1);
        let index = (self.idle.len() * percent / 100).min(last);
        self.idle.get(index).copied().unwrap_or_default()
    }

    fn violations(&self) -> Option<String> {
        let count = self.overtakings.len();
        (count > 0).then(|| {
            let arrivals = self.rate.arrivals;
            format!("at {arrivals} Tasks a second {count} Reservations passed over an earlier Task")
        })
    }

    fn exceeded_limits(&self) -> Vec<String> {
        let mut exceeded = Vec::new();
        let median = self.idle_at(50);
        if median > Limits::IDLE_MEDIAN_MAX {
            exceeded.push(format!("a free Worker waits {median:?} in the median"));
        }
        if self.share < Limits::SHARE_MIN {
            exceeded.push(format!("{:.1} % of the possible offers", self.share));
        }
        if self.events_after > Limits::EVENTS_WITHIN {
            exceeded.push(format!("Events complete after {:.1?}", self.events_after));
        }
        let arrivals = self.rate.arrivals;
        let at_rate = |text| format!("at {arrivals} Tasks a second: {text}");
        exceeded.into_iter().map(at_rate).collect()
    }

    fn row(&self) -> String {
        let waited = self.overtakings.iter().map(|overtaking| overtaking.waited);
        format!(
            "| {} | {:.1} | {} | {} | {:.0} | {:.1} % | {} | {} | {} | {} | {:.1} | {} | {:.1} |",
            self.rate.arrivals,
            self.rate.work.as_secs_f64(),
            self.tasks,
            self.offers,
            self.offers as f64 * 100.0 / self.share,
            self.share,
            self.idle_at(50).as_millis(),
            self.idle_at(95).as_millis(),
            self.idle_at(100).as_millis(),
            self.turnaround.as_millis(),
            self.events_after.as_secs_f64(),
            self.overtakings.len(),
            waited.max().unwrap_or_default().as_millis() as f64 / 1000.0,
        )
    }
}

fn print_head() {
    println!(
        "| Tasks a second | work, s | Tasks created | offers | offers possible | share | Worker free to next offer, ms: \
         median | 95th percentile | maximum | turnaround, ms | Events complete after, s | violations | longest wait of a \
         Task passed over, s |"
    );
    println!("|{}", "---|".repeat(13));
}

fn print_violations(results: &[Measured]) {
    println!();
    for result in results {
        for overtaking in result.overtakings.iter().take(SHOWN_MAX) {
            println!("- {} a second: {overtaking:?}", result.rate.arrivals);
        }
    }
}

fn sid(resource: &Value) -> Result<String, Failure> {
    Ok(resource["sid"]
        .as_str()
        .ok_or_else(|| format!("no sid in {resource}"))?
        .to_owned())
}
