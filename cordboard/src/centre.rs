//! The contact centre of one process: all parts put together, and the pump that replaces AWS.
//!
//! The pump does what event source mappings and queues do in the cloud: it passes stream records
//! and due timers to `routing`, and callbacks and Events to `callbacks`. [`Centre::run`] does so in
//! real time: it starts work and does not wait for it. It also does what AWS does periodically.
//! [`Centre::settle`] waits for all work, until nothing is left to do at this moment, for tests
//! that control the clock.

mod addresses;
mod clients;
mod invoke;
mod network;
mod settings;

use std::future::Future;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use api::{Api, Ids, InFlight};
use callbacks::Callbacks;
use carrier::AuthTokens;
use carrier_simulator::Carrier as SimulatedCarrier;
use console::{Console, Signer, Transport};
use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream;
use http_client::{ClientError, Destinations};
use ids::time::{Millis, Timestamp};
use metrics::Metric;
use routing::{Routing, Sweep};
use runtime::voice::LookUps;
use runtime::{Outbox, Voice, WebhookJournal};
use serde_json::json;
use shared::webhook::Checks;
use store::Store;
use task_router::router::timers_queue::TimersMessage;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, Notify, Semaphore, watch};
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use crate::carrier_choice::CarrierChoice;
use crate::configuration_file;
use crate::connections;
use crate::embedded_dynamodb::{Durability, EmbeddedDynamoDb, Place, TABLE};
use crate::http::{self, Access};
use crate::lanes::{Batch, Blame, Lanes};
use crate::operations;
use crate::prometheus;
use crate::queues::{Message, QueueChanges, Queues};
use crate::recorder::{self, Recorder};
use crate::stream_reader::StreamReader;
use crate::table::Table;
use crate::task_router::TaskRouter;
use addresses::Addresses;
use invoke::{Work, deliver, invoke_routing, sqs_event};
use network::telephones;

pub use clients::Clients;
pub(crate) use network::JOURNAL_FILE;
pub use settings::Settings;

/// Maximum sleep of the pump. Every write and message in this process wakes it; this limit is for
/// writes of other processes, and for expired items.
const SLEEP_MAX: Duration = Duration::from_secs(1);

/// Maximum number of turns in [`Centre::settle`]; a test that needs more at one moment is in a
/// loop.
const SETTLE_TURNS_MAX: usize = 1_000;

/// Callbacks that are delivered at the same time. A server that does not answer holds a connection
/// for each, and a process can open a limited number of them. Events have a limit for each
/// Workspace.
pub const CALLBACKS_AT_ONCE_DEFAULT: NonZeroUsize =
    NonZeroUsize::new(256).expect("256 is not zero");

/// Checks of calls that are delivered at the same time, as in `template.yaml`. The sweep asks for many
/// at the same moment, and callbacks must not wait for them.
const CHECKS_AT_ONCE_MAX: usize = 5;

/// Interval of the sweep, as in `template.yaml`.
const SWEEP_EVERY: Duration = Duration::from_secs(60);

/// Interval of writing the progress: handled stream records, delivered Events. After each of them
/// it would cost a write each time. A crash repeats the work of this interval.
const PROGRESS_EVERY: Duration = Duration::from_secs(1);

/// Interval of the deletion of expired items.
const EXPIRE_EVERY: Duration = Duration::from_secs(60);

/// The reason for which a contact centre cannot start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The embedded DynamoDB cannot be opened.
    #[error(transparent)]
    DynamoDb(#[from] crate::embedded_dynamodb::Error),
    /// A request of the table failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The configuration cannot be applied.
    #[error(transparent)]
    SetUp(#[from] config::ApplyError),
    /// The simulated carrier cannot be opened.
    #[error(transparent)]
    Simulator(#[from] carrier_simulator::Error),
    /// The client of the real carrier cannot be created.
    #[error(transparent)]
    Carrier(#[from] carrier::Error),
    /// The HTTP client cannot be created.
    #[error("the HTTP client cannot be created")]
    Client(#[from] ClientError),
    /// The HTTP port cannot be used.
    #[error("the port cannot be used")]
    Port(#[from] std::io::Error),
}

/// A contact centre in one process.
pub struct Centre {
    /// The table.
    pub store: Store,
    /// The simulated carrier; `None` with a real carrier.
    pub network: Option<Arc<SimulatedCarrier>>,
    /// The console.
    pub console: Arc<Console>,
    /// The changes that applying the configuration made.
    pub summary: config::Summary,
    dynamodb: Table,
    stream: Mutex<StreamReader>,
    lanes: std::sync::Mutex<Lanes>,
    /// Whether the last write of progress failed: a failure is logged once. Locked while progress is
    /// written, so that an older position never replaces a newer one.
    progress_fails: Mutex<bool>,
    /// Timers that may be handled at the same time: as many as there are lanes.
    timers_at_once: NonZeroUsize,
    timer_permits: Semaphore,
    callback_permits: Semaphore,
    check_permits: Semaphore,
    queues: Arc<Queues>,
    routing: Routing,
    callbacks: Arc<Callbacks>,
    voice: Arc<Voice>,
    task_router: Option<Arc<TaskRouter>>,
    api: Arc<Api>,
    addresses: Addresses,
    /// Whether the graceful shutdown has begun.
    is_stopping: AtomicBool,
    nudge: Arc<Notify>,
    /// Whether the sweep after the start has begun.
    is_swept: AtomicBool,
    /// The recording under way, if there is one.
    recorder: OnceLock<std::sync::Mutex<Recorder>>,
}

impl Centre {
    /// Opens the contact centre for a server at `address` and applies the configuration.
    /// [`run`](Self::run) then continues what an earlier process left: calls in progress go on, and a
    /// sweep sends the messages again that were lost with the process.
    pub async fn open(settings: Settings, address: &str) -> Result<Arc<Self>, Error> {
        let place = match (settings.data.clone(), settings.durability) {
            (None, _) => Place::Temporary,
            (Some(folder), Durability::Normal) => Place::Folder(folder),
            (Some(folder), Durability::Full) => Place::SynchronizedFolder(folder),
        };
        Self::open_on(EmbeddedDynamoDb::open(place).await?, settings, address).await
    }

    /// The same on an open database.
    pub async fn open_on(
        dynamodb: EmbeddedDynamoDb,
        settings: Settings,
        address: &str,
    ) -> Result<Arc<Self>, Error> {
        Self::open_in(Clients::real()?, dynamodb.into(), settings, address).await
    }

    /// The same on any table, with these HTTP clients.
    pub async fn open_in(
        clients: Clients,
        dynamodb: Table,
        settings: Settings,
        address: &str,
    ) -> Result<Arc<Self>, Error> {
        let store = Store::new(dynamodb.client(), TABLE).as_only_writer();
        let now = settings.clock.now();
        let summary = config::apply(&store, &settings.contact_centre, now).await?;

        let nudge = dynamodb.written();
        let progress = dynamodb.progress().await?;
        let queues = Arc::new(Queues::restored(
            Arc::clone(&settings.clock),
            Arc::clone(&nudge),
            progress.undelivered,
        ));
        let addresses = Addresses::of(&settings, address);
        let account_sid = settings.account.account_sid;
        let tokens = AuthTokens::fixed(settings.account.tokens());
        let telephones = match settings.carrier {
            CarrierChoice::Simulated => Some(telephones(&settings, address, clients.telephones)?),
            CarrierChoice::Real { .. } => None,
        };
        let network = telephones
            .as_ref()
            .map(|telephones| Arc::clone(&telephones.carrier));
        let journal =
            WebhookJournal::new(settings.keep_webhooks, &store, Arc::clone(&settings.clock));
        let look_ups = LookUps {
            web: Arc::clone(&clients.customers),
            destinations: Destinations::Anywhere,
        };
        let callbacks = Callbacks {
            store: store.clone(),
            carrier: carrier::Carrier::new(
                clients.carrier,
                &addresses.carrier_api,
                account_sid,
                Arc::clone(&tokens),
            )?,
            web: clients.customers,
            destinations: Destinations::Anywhere,
            tokens: Arc::clone(&tokens),
            account_sid,
            public_url: addresses.webhooks.clone(),
            clock: Arc::clone(&settings.clock),
            outbox: Arc::clone(&queues) as _,
            journal: journal.clone(),
        };
        let api = Arc::new(Api {
            store: store.clone(),
            account_sid,
            tokens: Arc::clone(&tokens),
            api_keys: settings.api_keys.clone(),
            base_url: Some(addresses.public.clone()),
            clock: Arc::clone(&settings.clock),
            ids: Ids::seeded(format!("{account_sid} {}", now.as_millis())),
            outbox: Arc::clone(&queues) as _,
            in_flight: InFlight::default(),
        });
        let transport = if addresses.public.starts_with("https:") {
            Transport::Https
        } else {
            Transport::Http
        };
        let console = Console::new(
            Arc::clone(&api),
            Signer::new(Arc::clone(&tokens), transport),
            telephones.map(|telephones| Arc::new(telephones) as _),
        );
        let checks = Checks {
            verify_signatures: true,
            twiml_preview: settings.twiml_preview,
        };
        let mut voice = Voice::new(store.clone(), tokens, checks, Arc::clone(&settings.clock));
        voice.outbox = Some(Arc::clone(&queues) as _);
        voice.router = settings.router;
        voice.journal = journal;
        voice.look_ups = Some(look_ups);
        let task_router = network
            .as_ref()
            .map(|network| Arc::new(TaskRouter::new(store.clone(), Arc::clone(network))));
        let centre = Self {
            stream: Mutex::new(dynamodb.reader()),
            lanes: std::sync::Mutex::new(Lanes::new(settings.lanes).after(progress.handled)),
            progress_fails: Mutex::new(false),
            timers_at_once: settings.lanes,
            timer_permits: Semaphore::new(settings.lanes.get()),
            callback_permits: Semaphore::new(settings.callbacks_at_once.get()),
            check_permits: Semaphore::new(CHECKS_AT_ONCE_MAX),
            routing: Routing::new(
                store.clone(),
                Arc::clone(&queues) as _,
                Arc::clone(&settings.clock),
            ),
            voice: Arc::new(voice),
            task_router,
            callbacks: Arc::new(callbacks),
            api,
            console: Arc::new(console),
            store,
            network,
            summary,
            dynamodb,
            queues,
            addresses,
            is_stopping: AtomicBool::new(false),
            nudge,
            is_swept: AtomicBool::new(false),
            recorder: OnceLock::new(),
        };
        centre.dynamodb.log_failures();
        Ok(Arc::new(centre))
    }

    /// Sends the messages again that were lost with an earlier process, once. It takes seconds with
    /// a day's Tasks, and new calls are served beside it.
    async fn sweep_after_start(&self) {
        if self.is_swept.swap(true, Ordering::Relaxed) {
            return;
        }
        if let Err(error) = self.routing.sweep(Sweep::Everything).await {
            tracing::error!(%error, "sweep after the start failed, the next sweep retries");
        }
        self.release_callers().await;
    }

    /// Records from now on. It is called before [`run`](Self::run), so that no record is missed.
    ///
    /// # Errors
    /// The table cannot be read, or the recorder cannot write.
    pub async fn record(&self, mut recorder: Recorder) -> Result<(), recorder::Error> {
        recorder.snapshot(&self.store, self.now()).await?;
        // A second recording is not begun.
        let _recorded_already = self.recorder.set(std::sync::Mutex::new(recorder));
        Ok(())
    }

    /// The outbox of the functions.
    pub fn outbox(&self) -> Arc<dyn Outbox> {
        Arc::clone(&self.queues) as _
    }

    /// Serves HTTP on `listener` until `shutdown`, then shuts down gracefully: open long polls are
    /// answered, and requests under way are finished.
    pub async fn serve(
        self: Arc<Self>,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) {
        let (stopping, stopped) = watch::channel(false);
        let console = http::console(Arc::clone(&self.console), stopped);
        let site = self.interfaces().merge(console);
        let hosts = self.addresses.hosts();
        let site = site.merge(configuration_file::routes(Arc::clone(&self)));
        let operations = operations::routes(Arc::clone(&self), Arc::clone(&hosts));
        let site = http::guarded(site.merge(operations), hosts);
        let shutdown = async move {
            shutdown.await;
            // Long polls are answered. An error means that none is open.
            let _no_open_long_poll = stopping.send(true);
        };
        connections::serve(listener, site, shutdown).await;
    }

    /// What programs reach: the functions, the REST API and the simulated carrier.
    pub fn interfaces(&self) -> axum::Router {
        let webhooks = &self.addresses.webhooks;
        let site =
            http::functions(&self.voice, webhooks).merge(http::rest_api(Arc::clone(&self.api)));
        let Some(network) = &self.network else {
            return site;
        };
        let telephones = Arc::clone(network).http();
        site.merge(self.addresses.access.of_telephones(telephones, &self.api))
            .merge(http::task_router(&self.voice, webhooks))
    }

    /// Begins the graceful shutdown: the centre still works, and is no longer ready.
    pub fn begin_stopping(&self) {
        self.is_stopping.store(true, Ordering::Relaxed);
    }

    /// Who reaches it.
    pub(crate) fn access(&self) -> Access {
        self.addresses.access
    }

    pub(crate) fn api(&self) -> &Api {
        &self.api
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::Relaxed)
    }

    /// The age of the oldest stream record that was read and not handled. Those that were not read
    /// are younger.
    pub(crate) fn stream_lag(&self) -> Millis {
        let oldest = self.lanes().oldest_unhandled();
        oldest.map_or(Millis::ZERO, |written_at| self.now().since(written_at))
    }

    /// The levels that `/metrics` shows.
    pub(crate) fn levels(&self) -> Vec<(Metric, u64)> {
        let lengths = self.queues.lengths();
        let memory = prometheus::resident_memory();
        let mut levels = vec![
            (Metric::TimersQueued, lengths.timers),
            (Metric::CallbacksQueued, lengths.callbacks),
            (Metric::EventsQueued, lengths.events),
            (Metric::StreamLag, self.stream_lag().as_secs()),
        ];
        levels.extend(memory.map(|bytes| (Metric::ResidentMemory, bytes)));
        levels
    }

    /// Works in real time until `shutdown`. It stops at once, with whatever work is left: the next
    /// process continues it as it would after a crash.
    pub async fn run(self: Arc<Self>, shutdown: impl Future<Output = ()>) {
        tokio::select! {
            () = shutdown => {}
            () = self.pump() => {}
            () = self.run_periodic_work() => {}
            () = self.sweep_and_wait() => {}
        }
        self.write_progress().await;
    }

    async fn sweep_and_wait(&self) {
        self.sweep_after_start().await;
        std::future::pending().await
    }

    /// Does everything that can be done at this moment of the clock, calls included. For tests.
    pub async fn settle(&self) {
        self.sweep_after_start().await;
        for _ in 0..SETTLE_TURNS_MAX {
            let worked = self.turn().await;
            let network = match &self.network {
                Some(network) => network.settle().await,
                None => false,
            };
            if !worked && !network {
                return self.write_progress().await;
            }
        }
        tracing::error!(
            turns = SETTLE_TURNS_MAX,
            "settle did not finish: there is always more to do at this moment"
        );
    }

    /// The next moment at which something happens without an input.
    pub fn next_wake(&self) -> Option<Timestamp> {
        let network = self
            .network
            .as_ref()
            .and_then(|network| network.next_wake());
        [network, self.next_turn()].into_iter().flatten().min()
    }

    /// Starts work whenever there is some, and waits for none: neither a slow record nor a slow
    /// server delays other work. When it is dropped, records and timers under way are aborted.
    async fn pump(self: &Arc<Self>) {
        let mut working = JoinSet::new();
        let mut is_read_due = true;
        loop {
            is_read_due |= self.dynamodb.take_written();
            let room = self.lanes().room();
            if is_read_due && room > 0 {
                is_read_due = self.read_stream(room).await;
                self.start_due(&mut working);
                continue;
            }
            self.start_due(&mut working);
            let due = self
                .next_turn()
                .map_or(SLEEP_MAX, |at| at.since(self.now()).into());
            tokio::select! {
                () = self.nudge.notified() => {}
                () = tokio::time::sleep(due.min(SLEEP_MAX)) => is_read_due = true,
                Some(done) = working.join_next() => resume_panic(done),
            }
        }
    }

    /// Starts what is due: a task for each lane, timer, callback and Event.
    fn start_due(self: &Arc<Self>, working: &mut JoinSet<()>) {
        for batch in self.lanes().due(self.now()) {
            working.spawn(Arc::clone(self).work_lane(batch));
        }
        for timer in self.queues.due_timers() {
            working.spawn(Arc::clone(self).work_timer(timer));
        }
        for work in self.due_messages() {
            tokio::spawn(Arc::clone(self).work_message(work));
        }
    }

    /// Delivers a callback or an Event. The shutdown does not abort it: the process may end first.
    async fn work_message(self: Arc<Self>, work: Work) {
        // An error would mean that the semaphore was closed; nothing closes it.
        let _permit = match work {
            Work::Callback(_) => self.callback_permits.acquire().await.ok(),
            Work::Check(_) => self.check_permits.acquire().await.ok(),
            Work::Event(_) => None,
        };
        self.deliver(work).await;
        self.nudge.notify_one();
    }

    async fn deliver(&self, work: Work) {
        let task_router = self.task_router.as_deref();
        deliver(&self.callbacks, &self.queues, task_router, work).await;
    }

    /// Handles a batch, and then what its lane holds.
    async fn work_lane(self: Arc<Self>, batch: Batch) {
        let mut next = Some(batch);
        while let Some(batch) = next {
            let lane = batch.place.lane;
            self.handle_batch(batch).await;
            let is_starting = self.lanes().is_starting();
            if is_starting {
                self.write_progress().await;
            }
            // The pump may be waiting for room.
            self.nudge.notify_one();
            next = self.lanes().next(lane, self.now());
        }
    }

    async fn work_timer(self: Arc<Self>, timer: Message<TimersMessage>) {
        // An error would mean that the semaphore was closed; nothing closes it.
        let _permit = self.timer_permits.acquire().await;
        self.handle_timer(timer).await;
    }

    /// Periodic work: the schedule's sweep, and what DynamoDB does by itself.
    async fn run_periodic_work(&self) {
        let mut sweep = every(SWEEP_EVERY);
        let mut progress = every(PROGRESS_EVERY);
        let mut expire = every(EXPIRE_EVERY);
        loop {
            tokio::select! {
                _tick = sweep.tick() => self.sweep().await,
                _tick = progress.tick() => self.write_progress().await,
                _tick = expire.tick() => self.delete_expired().await,
            }
        }
    }

    /// The moment of the next turn without an input.
    fn next_turn(&self) -> Option<Timestamp> {
        let retry = self.lanes().retry_at();
        [retry, self.queues.next_due()].into_iter().flatten().min()
    }

    /// One round: stream records, timers, callbacks and Events, waiting for each. True if there was
    /// work.
    async fn turn(&self) -> bool {
        let room = self.lanes().room();
        let has_read = self.read_stream(room).await;
        let batches = self.lanes().due(self.now());
        let is_streamed = has_read || !batches.is_empty();
        join_all(batches.into_iter().map(|batch| self.handle_batch(batch))).await;

        let timers = self.queues.due_timers();
        let is_timed = !timers.is_empty();
        stream::iter(timers)
            .for_each_concurrent(self.timers_at_once.get(), |timer| self.handle_timer(timer))
            .await;

        let messages = self.due_messages();
        let is_called = !messages.is_empty();
        join_all(messages.into_iter().map(|message| self.deliver(message))).await;
        is_streamed || is_timed || is_called
    }

    /// Reads the next stream records into their lanes, at most `room`. True if there were any, so
    /// that there may be more.
    async fn read_stream(&self, room: usize) -> bool {
        match self.stream.lock().await.next(room).await {
            Ok(page) => {
                let has_read = page.last.is_some();
                if let Some(recorder) = self.recorder.get() {
                    let mut recorder = recorder.lock().unwrap_or_else(PoisonError::into_inner);
                    recorder.append(&page.records);
                }
                self.lanes().put(page);
                has_read
            }
            Err(error) => {
                tracing::error!(%error, "stream read failed, retrying");
                false
            }
        }
    }

    /// Passes a batch to `routing`, as an event source mapping does: a failed record is retried.
    async fn handle_batch(&self, batch: Batch) {
        let Batch { place, event } = batch;
        let failures_before = self.dynamodb.failures();
        let failed = invoke_routing(&self.routing, event).await;
        let Some(number) = failed.first() else {
            return self.lanes().handled(place);
        };
        let blame = if self.dynamodb.failures() > failures_before {
            Blame::Database
        } else {
            Blame::Record
        };
        self.lanes()
            .failed(place, number.parse().ok(), blame, self.now());
    }

    async fn handle_timer(&self, timer: Message<TimersMessage>) {
        let failed = invoke_routing(&self.routing, sqs_event(&timer.body)).await;
        if !failed.is_empty() {
            self.queues.timer_failed(timer);
        }
    }

    /// Takes the messages that are due for `callbacks`.
    fn due_messages(&self) -> Vec<Work> {
        let callbacks = self.queues.due_callbacks().into_iter().map(Work::Callback);
        let checks = self.queues.due_checks().into_iter().map(Work::Check);
        let events = self.queues.due_events().into_iter().map(Work::Event);
        callbacks.chain(checks).chain(events).collect()
    }

    fn lanes(&self) -> MutexGuard<'_, Lanes> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The present moment.
    pub fn now(&self) -> Timestamp {
        self.voice.clock.now()
    }

    /// Sends the events of the schedules in `template.yaml` to `routing`, each of which is an
    /// invocation of its own, and reconciles the callers who wait at the simulated carrier.
    pub async fn sweep(&self) {
        invoke_routing(&self.routing, json!({ "sweep": "overdue" })).await;
        invoke_routing(&self.routing, json!({ "statistics": "roll_up" })).await;
        self.release_callers().await;
    }

    async fn release_callers(&self) {
        let Some(task_router) = &self.task_router else {
            return;
        };
        if let Err(error) = task_router.release_callers().await {
            tracing::error!(%error, "release of callers without a Task failed, the next sweep retries");
        }
    }

    /// Writes how far the stream was handled, and which Events wait for delivery. The position is
    /// taken first: the Events of all records up to it are in the queue or delivered.
    async fn write_progress(&self) {
        let mut fails = self.progress_fails.lock().await;
        let handled = self.lanes().take_trimmable();
        let events = Arc::new(self.queues.take_event_changes());
        if handled.is_none() && *events == QueueChanges::default() {
            return;
        }
        let written = self.dynamodb.write_progress(handled, Arc::clone(&events));
        let failed_before = *fails;
        *fails = false;
        if let Err(error) = written.await {
            *fails = true;
            self.lanes().retry_trim();
            if !failed_before {
                tracing::warn!(%error, "progress not written, a restart would repeat the latest work");
            }
            self.queues
                .put_back_event_changes(Arc::unwrap_or_clone(events));
        }
    }

    async fn delete_expired(&self) {
        if let Err(error) = self.dynamodb.delete_expired().await {
            tracing::warn!(%error, "deletion of expired items failed, the next run retries");
        }
    }
}

/// Continues the panic of a task, which must not leave its lane in flight for ever.
fn resume_panic(done: Result<(), JoinError>) {
    if let Err(error) = done
        && let Ok(panic) = error.try_into_panic()
    {
        std::panic::resume_unwind(panic);
    }
}

/// Ticks once each `period`; missed ticks are skipped.
fn every(period: Duration) -> Interval {
    let mut interval = interval_at(Instant::now() + period, period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}

#[cfg(test)]
mod tests;
