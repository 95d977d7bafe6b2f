//! The contact centre of one process: the parts put together, and the pump that stands in for AWS.
//!
//! What event source mappings and queues do in the cloud, [`Centre::turn`] does here: stream records to `routing`, due
//! timers to `routing`, callbacks to `callbacks`. [`Centre::run`] turns in real time and does what AWS does from time to
//! time; [`Centre::settle`] turns until nothing is left to do at this moment, for a clock that somebody else owns.

mod invoke;
mod network;
mod settings;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use api::{Api, Ids, InFlight};
use callbacks::{Callbacks, Destinations, web_client};
use carrier_simulator::Carrier as SimulatedCarrier;
use console::{Console, Signer};
use futures_util::future::join_all;
use http_client::WebClient;
use ids::time::Timestamp;
use routing::{Routing, Sweep};
use runtime::{Outbox, Voice, WebhookJournal};
use serde_json::json;
use shared::webhook::Checks;
use store::Store;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, Notify, watch};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use crate::carrier_choice::CarrierChoice;
use crate::credentials::Account;
use crate::embedded_dynamodb::{EmbeddedDynamoDb, Place, TABLE};
use crate::http;
use crate::queues::Queues;
use crate::stream_reader::{SequenceNumber, StreamReader};
use crate::task_router::TaskRouter;
use invoke::{Work, deliver, invoke_routing, sqs_event};
use network::telephones;

pub use settings::Settings;

/// The longest the pump sleeps. It is nudged by everything that happens here; this is for what happens elsewhere.
const SLEEP_MAX: Duration = Duration::from_secs(1);

/// Turns of [`Centre::settle`]: a story that needs more at one moment is a loop.
const SETTLE_TURNS_MAX: usize = 1_000;

/// How often the schedule's sweep comes, as in `template.yaml`.
const SWEEP_EVERY: Duration = Duration::from_secs(60);

/// How often handled stream records are trimmed: more would cost every batch a write of its own.
const TRIM_EVERY: Duration = Duration::from_secs(1);

/// How often ended Tasks are cleaned up.
const CLEAN_UP_EVERY: Duration = Duration::from_secs(60);

/// Why a centre cannot start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database.
    #[error(transparent)]
    DynamoDb(#[from] crate::embedded_dynamodb::Error),
    /// The table.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The set-up.
    #[error(transparent)]
    SetUp(#[from] config::ApplyError),
    /// The simulated carrier.
    #[error(transparent)]
    Simulator(#[from] carrier_simulator::Error),
    /// The real carrier.
    #[error(transparent)]
    Carrier(#[from] carrier::Error),
    /// The HTTP client.
    #[error("the HTTP client cannot be made")]
    Client(#[from] reqwest::Error),
    /// The port.
    #[error("the port cannot be used")]
    Port(#[from] std::io::Error),
}

/// A contact centre in one process.
pub struct Centre {
    /// The table, for whoever wants to look.
    pub store: Store,
    /// The telephone network, unless the carrier is real.
    pub network: Option<Arc<SimulatedCarrier>>,
    /// The web pages.
    pub console: Arc<Console>,
    /// What applying the set-up changed.
    pub summary: config::Summary,
    dynamodb: EmbeddedDynamoDb,
    stream: Mutex<StreamReader>,
    queues: Arc<Queues>,
    routing: Routing,
    callbacks: Arc<Callbacks>,
    voice: Arc<Voice>,
    task_router: Option<Arc<TaskRouter>>,
    api: Arc<Api>,
    public_url: String,
    nudge: Arc<Notify>,
}

impl Centre {
    /// Puts everything together for a server at `address`, applies the set-up, and takes up what an earlier process
    /// left: live calls go on, and the messages it held are sent anew.
    pub async fn open(settings: Settings, address: &str) -> Result<Arc<Self>, Error> {
        let place = settings
            .data
            .clone()
            .map_or(Place::Temporary, Place::Folder);
        Self::open_on(EmbeddedDynamoDb::open(place).await?, settings, address).await
    }

    /// The same on a database that is open.
    pub async fn open_on(
        dynamodb: EmbeddedDynamoDb,
        settings: Settings,
        address: &str,
    ) -> Result<Arc<Self>, Error> {
        Self::open_in(
            Arc::new(web_client(Destinations::Anywhere)?),
            dynamodb,
            settings,
            address,
        )
        .await
    }

    /// The same, with another way to other people's servers.
    pub async fn open_in(
        web: Arc<dyn WebClient>,
        dynamodb: EmbeddedDynamoDb,
        settings: Settings,
        address: &str,
    ) -> Result<Arc<Self>, Error> {
        let store = Store::new(dynamodb.client(), TABLE).as_only_writer();
        let now = settings.clock.now();
        let summary = config::apply(&store, &settings.contact_centre, now).await?;

        let nudge = Arc::new(Notify::new());
        let queues = Arc::new(Queues::new(Arc::clone(&settings.clock), Arc::clone(&nudge)));
        let (carrier_url, public_url) = match &settings.carrier {
            CarrierChoice::Simulated => (address.to_owned(), address.to_owned()),
            CarrierChoice::Real {
                api_url,
                public_url,
            } => (api_url.clone(), public_url.clone()),
        };
        let Account {
            account_sid,
            auth_token,
        } = settings.account.clone();
        let telephones = match settings.carrier {
            CarrierChoice::Simulated => Some(telephones(&settings, address)?),
            CarrierChoice::Real { .. } => None,
        };
        let network = telephones
            .as_ref()
            .map(|telephones| Arc::clone(&telephones.carrier));
        let journal =
            WebhookJournal::new(settings.keep_webhooks, &store, Arc::clone(&settings.clock));
        let callbacks = Callbacks {
            store: store.clone(),
            carrier: carrier::Carrier::new(
                Arc::new(web_client(Destinations::Anywhere)?),
                &carrier_url,
                account_sid,
                auth_token.clone(),
            )?,
            web,
            destinations: Destinations::Anywhere,
            auth_token: auth_token.clone(),
            account_sid,
            public_url: public_url.clone(),
            clock: Arc::clone(&settings.clock),
            journal: journal.clone(),
        };
        let api = Arc::new(Api {
            store: store.clone(),
            account_sid,
            auth_token: auth_token.clone(),
            api_keys: settings.api_keys.clone(),
            base_url: Some(public_url.clone()),
            clock: Arc::clone(&settings.clock),
            ids: Ids::seeded(format!("{account_sid} {}", now.as_millis())),
            outbox: Arc::clone(&queues) as _,
            in_flight: InFlight::default(),
        });
        let console = Console {
            api: Arc::clone(&api),
            signer: Signer::new(&auth_token, public_url.starts_with("https:")),
            phones: telephones.map(|telephones| Arc::new(telephones) as _),
        };
        let checks = Checks {
            verify_signatures: true,
            twiml_preview: settings.twiml_preview,
        };
        let mut voice = Voice::new(
            store.clone(),
            auth_token,
            checks,
            Arc::clone(&settings.clock),
        );
        voice.outbox = Some(Arc::clone(&queues) as _);
        voice.router = settings.router;
        voice.journal = journal;
        let task_router = network
            .as_ref()
            .map(|network| Arc::new(TaskRouter::new(store.clone(), Arc::clone(network))));
        let centre = Self {
            stream: Mutex::new(StreamReader::new(dynamodb.streams(), TABLE)),
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
            public_url,
            nudge,
        };
        if let Err(error) = centre.routing.sweep(Sweep::Everything).await {
            // The centre can serve new calls, and the schedule's sweep looks again.
            tracing::error!(%error, "not everything an earlier process left could be taken up");
        }
        centre.look_after_callers().await;
        Ok(Arc::new(centre))
    }

    /// Where a function sends its messages.
    pub fn outbox(&self) -> Arc<dyn Outbox> {
        Arc::clone(&self.queues) as _
    }

    /// Serves HTTP on `listener` until `shutdown`.
    pub async fn serve(
        self: Arc<Self>,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> std::io::Result<()> {
        let (stopping, stopped) = watch::channel(false);
        let mut site = http::functions(&self.voice, &self.public_url)
            .merge(http::rest_api(Arc::clone(&self.api)))
            .merge(http::console(Arc::clone(&self.console), stopped));
        if let Some(network) = &self.network {
            site = site
                .merge(Arc::clone(network).http())
                .merge(http::task_router(&self.voice, &self.public_url));
        }
        let site = http::guarded(
            http::nudging(site, Arc::clone(&self.nudge)),
            &self.public_url,
        );
        let shutdown = async move {
            shutdown.await;
            // Pages that wait for news are told to come back; without them nobody listens.
            let _nobody_listens = stopping.send(true);
        };
        axum::serve(listener, site)
            .with_graceful_shutdown(shutdown)
            .await
    }

    /// Works in real time until `shutdown`. It stops where it stands, however much there is to do: what it leaves is what
    /// a process that dies leaves, and the next one takes it up.
    pub async fn run(self: Arc<Self>, shutdown: impl Future<Output = ()>) {
        tokio::select! {
            () = shutdown => {}
            () = self.pump() => {}
            () = self.keep_house() => {}
        }
    }

    /// Does everything that can be done at this moment of the clock, calls included. For tests.
    pub async fn settle(&self) {
        for _ in 0..SETTLE_TURNS_MAX {
            let worked = self.turn().await;
            let network = match &self.network {
                Some(network) => network.settle().await,
                None => false,
            };
            if !worked && !network {
                return self.trim_stream().await;
            }
        }
        tracing::error!(turns = SETTLE_TURNS_MAX, "the centre does not come to rest");
    }

    /// The next moment at which something happens by itself.
    pub fn next_wake(&self) -> Option<Timestamp> {
        let network = self
            .network
            .as_ref()
            .and_then(|network| network.next_wake());
        [network, self.next_turn()].into_iter().flatten().min()
    }

    /// Turns whenever there may be something to do.
    async fn pump(&self) {
        loop {
            if self.turn_detached().await {
                continue;
            }
            let due = self
                .next_turn()
                .map_or(SLEEP_MAX, |at| at.since(self.voice.clock.now()).into());
            tokio::select! {
                () = self.nudge.notified() => {}
                () = tokio::time::sleep(due.min(SLEEP_MAX)) => {}
            }
        }
    }

    /// Does what has its time: the schedule's part and the database's.
    async fn keep_house(&self) {
        let (mut sweep, mut trim, mut clean_up) =
            (every(SWEEP_EVERY), every(TRIM_EVERY), every(CLEAN_UP_EVERY));
        loop {
            tokio::select! {
                _tick = sweep.tick() => self.sweep().await,
                _tick = trim.tick() => self.trim_stream().await,
                _tick = clean_up.tick() => self.clean_up().await,
            }
        }
    }

    /// When the next turn is due by itself.
    fn next_turn(&self) -> Option<Timestamp> {
        // The lock is held only within a turn, and who is in a turn need not wait for one.
        let again = self
            .stream
            .try_lock()
            .ok()
            .and_then(|stream| stream.again_at());
        [again, self.queues.next_due()].into_iter().flatten().min()
    }

    /// One round: stream, timers, callbacks, waiting for each. True if there was anything.
    async fn turn(&self) -> bool {
        let (worked, work) = self.turn_routing().await;
        let task_router = self.task_router.as_deref();
        join_all(
            work.into_iter()
                .map(|message| deliver(&self.callbacks, &self.queues, task_router, message)),
        )
        .await;
        worked
    }

    /// One round that does not wait for callbacks: a slow server holds up nobody.
    async fn turn_detached(&self) -> bool {
        let (worked, work) = self.turn_routing().await;
        for message in work {
            let (callbacks, queues, nudge) = (
                Arc::clone(&self.callbacks),
                Arc::clone(&self.queues),
                Arc::clone(&self.nudge),
            );
            let task_router = self.task_router.clone();
            tokio::spawn(async move {
                deliver(&callbacks, &queues, task_router.as_deref(), message).await;
                nudge.notify_one();
            });
        }
        worked
    }

    /// What `routing` has to do, and what is due then for `callbacks`. True if there was anything of either.
    async fn turn_routing(&self) -> (bool, Vec<Work>) {
        let streamed = self.turn_stream().await;
        let timed = self.turn_timers().await;
        let callbacks = self.queues.due_callbacks().into_iter().map(Work::Callback);
        let work: Vec<Work> = callbacks
            .chain(self.queues.due_events().into_iter().map(Work::Event))
            .collect();
        (streamed || timed || !work.is_empty(), work)
    }

    /// Hands the next stream records to `routing`, as an event source mapping does: what failed comes again.
    async fn turn_stream(&self) -> bool {
        let mut stream = self.stream.lock().await;
        let batch = match stream.next(self.voice.clock.now()).await {
            Ok(Some(batch)) => batch,
            Ok(None) => return false,
            Err(error) => {
                tracing::error!(%error, "the stream could not be read");
                return false;
            }
        };
        let failed = invoke_routing(&self.routing, batch.event).await;
        match failed
            .first()
            .and_then(|number| number.parse::<SequenceNumber>().ok())
        {
            None => stream.handled(batch.last),
            Some(record) => stream.failed(record, self.voice.clock.now()),
        }
        stream.again_at().is_none()
    }

    async fn turn_timers(&self) -> bool {
        let timers = self.queues.due_timers();
        let any = !timers.is_empty();
        for message in timers {
            if !invoke_routing(&self.routing, sqs_event(&message.body))
                .await
                .is_empty()
            {
                self.queues.timer_failed(message);
            }
        }
        any
    }

    /// The event of the schedule in `template.yaml`, and the same for whoever waits at the simulated carrier.
    pub async fn sweep(&self) {
        invoke_routing(&self.routing, json!({ "sweep": "overdue" })).await;
        self.look_after_callers().await;
    }

    async fn look_after_callers(&self) {
        let Some(task_router) = &self.task_router else {
            return;
        };
        if let Err(error) = task_router.look_after_callers().await {
            tracing::error!(%error, "callers who wait for nothing could not be let go; the next sweep tries again");
        }
    }

    async fn trim_stream(&self) {
        let Some(handled) = self.stream.lock().await.take_trimmable() else {
            return;
        };
        if let Err(error) = self.dynamodb.trim_stream(handled).await {
            tracing::warn!(%error, "handled stream records could not be trimmed");
        }
    }

    async fn clean_up(&self) {
        if let Err(error) = self.dynamodb.clean_up().await {
            tracing::warn!(%error, "ended Tasks could not be cleaned up");
        }
    }
}

/// Ticks once each `period`; those that were missed are not made up for.
fn every(period: Duration) -> Interval {
    let mut interval = interval_at(Instant::now() + period, period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}

#[cfg(test)]
mod tests;
