//! The shell around the [`Network`]: HTTP requests, the clock, and the journal.
//!
//! Every input passes through [`Carrier::handle`]: the network decides, the journal is written, and
//! only then are the outputs carried out. [`Carrier::run`] works in real time; [`Carrier::settle`]
//! does everything that is possible at one moment, for tests and for virtual time.

mod fetcher;
mod journal;
mod media;
mod throttle;

use std::collections::VecDeque;
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http_client::{ClientError, WebClient};
use ids::AccountSid;
use ids::time::{Clock, Timestamp};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::network::{
    CentreNumber, Fetch, FetchId, Fetched, Input, Network, Output, RowError, Setup, is_address,
};
use fetcher::Fetcher;
pub use fetcher::web_client;
pub use journal::Journal;
pub use throttle::Throttle;

/// Requests in flight at the same time; the others wait in order. More would only exhaust the
/// machine's sockets.
const FETCHES_AT_ONCE_MAX: usize = 256;
/// Longest sleep of the driver when no timer is due; a nudge wakes it earlier.
const SLEEP_MAX: Duration = Duration::from_secs(3_600);
/// Rounds of one [`Carrier::settle`]. A call that fetches a thousand documents at one moment is in
/// a loop.
const SETTLE_ROUNDS_MAX: usize = 1_000;

/// The settings of a simulated carrier.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The account of all calls; also the user name of the REST API.
    pub account_sid: AccountSid,
    /// Signs the webhooks; also the password of the REST API.
    pub auth_token: String,
    /// The numbers that reach the contact centre. They replace the numbers of an earlier start;
    /// live calls are kept.
    pub numbers: Vec<CentreNumber>,
    /// The address of [`Carrier::http`], such as `http://127.0.0.1:9000`. Without it, recordings
    /// have no URL.
    pub public_base_url: Option<String>,
    /// The TaskRouter that this carrier works with: signed POSTs to `/enqueue`, `/left-queue` and
    /// `/dial-queue` below this URL ([`Setup::task_router_url`]). Without a URL, `<Enqueue
    /// workflowSid>` fails with 14220 and `<Dial><Queue reservationSid>` with 14217.
    pub task_router_url: Option<String>,
    /// Ids are derived from the seed and, with a journal, from the moment at which its file was
    /// created. Two carriers that share a store of Tasks but no journal need different seeds.
    pub seed: String,
}

/// An error that prevents the carrier from starting, or the journal from being written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The journal's file cannot be used.
    #[error(
        "the simulated carrier's journal {path} cannot be used; is the folder writable, and does no other process use the file?"
    )]
    Journal {
        /// The path of the file.
        path: String,
        /// The cause, by SQLite.
        source: rusqlite::Error,
    },
    /// The journal was written by another version of this program.
    #[error(
        "the simulated carrier's journal has version {found}, expected {expected}; delete the file to start with an empty network"
    )]
    JournalVersion {
        /// The version in the file.
        found: i64,
        /// The version that this program writes.
        expected: i64,
    },
    /// The journal's rows cannot be read or written.
    #[error(
        "the simulated carrier's journal has invalid rows; delete the file to start with an empty network"
    )]
    Row(#[from] RowError),
    /// The HTTP client cannot be built.
    #[error("the simulated carrier's HTTP client cannot be built")]
    Client(#[from] ClientError),
    /// A setting is unusable.
    #[error("simulated carrier: {0}")]
    Setting(String),
}

/// The simulated carrier: a network, its journal, and the client that sends its requests.
pub struct Carrier {
    account_sid: AccountSid,
    auth_token: String,
    clock: Arc<dyn Clock>,
    fetcher: Arc<Fetcher>,
    state: Mutex<State>,
    throttle: Mutex<Throttle>,
    nudge: Notify,
}

struct State {
    network: Network,
    journal: Journal,
    /// Whether the last write of the journal failed. A failure is logged once, not at each input.
    journal_fails: bool,
    /// Requests that are not sent yet, in order.
    pending: VecDeque<Fetch>,
}

impl Carrier {
    /// Opens the carrier on the state in the journal: live calls continue, and outstanding requests
    /// are sent again with the same idempotency token.
    ///
    /// # Errors
    /// [`Error`] when a setting or the journal is unusable.
    pub fn open(
        settings: Settings,
        clock: Arc<dyn Clock>,
        journal: Journal,
    ) -> Result<Arc<Self>, Error> {
        Self::open_over(fetcher::web_client()?, settings, clock, journal)
    }

    /// Like [`open`](Self::open), with another client to send requests.
    ///
    /// # Errors
    /// [`Error`] when a setting or the journal is unusable.
    pub fn open_over(
        web: Arc<dyn WebClient>,
        settings: Settings,
        clock: Arc<dyn Clock>,
        journal: Journal,
    ) -> Result<Arc<Self>, Error> {
        check(&settings)?;
        let setup = Setup {
            account_sid: settings.account_sid,
            seed: journal.seed(&settings.seed, clock.now())?,
            numbers: settings.numbers,
            public_base_url: settings.public_base_url,
            task_router_url: settings.task_router_url,
        };
        let network = Network::from_rows(setup, journal.rows()?)?;
        let pending = network.outstanding().cloned().collect();
        Ok(Arc::new(Self {
            account_sid: settings.account_sid,
            fetcher: Arc::new(Fetcher::new(web, settings.auth_token.clone())),
            auth_token: settings.auth_token,
            clock,
            state: Mutex::new(State {
                network,
                journal,
                journal_fails: false,
                pending,
            }),
            throttle: Mutex::default(),
            nudge: Notify::new(),
        }))
    }

    /// Applies an input now. The requests that follow are queued, for [`run`](Self::run) or
    /// [`settle`](Self::settle) to send; the other outputs are returned.
    pub fn handle(&self, input: Input) -> Vec<Output> {
        let mut state = self.state();
        // The clock is read inside the lock, so that inputs happen in the order of their moments.
        let now = self.clock.now();
        let outputs = state.network.handle(input, now);
        state.write_journal();
        let mut reply = Vec::new();
        for output in outputs {
            match output {
                Output::Fetch(fetch) => state.pending.push_back(fetch),
                Output::CallCreated(_)
                | Output::QueueCreated(_)
                | Output::Dequeued(_)
                | Output::Refused(_) => {
                    reply.push(output);
                }
            }
        }
        drop(state);
        self.nudge.notify_one();
        reply
    }

    /// Reads the network under the lock.
    pub fn read<T>(&self, read: impl FnOnce(&Network) -> T) -> T {
        read(&self.state().network)
    }

    /// Runs in real time until `shutdown` completes. A slow webhook delays its own call only.
    /// Requests in flight at shutdown are dropped; the next run sends them again with the same
    /// idempotency token.
    pub async fn run(&self, shutdown: impl Future<Output = ()>) {
        let mut shutdown = pin!(shutdown);
        let mut fetches = JoinSet::new();
        self.queue_outstanding();
        loop {
            self.tick_if_due();
            while fetches.len() < FETCHES_AT_ONCE_MAX
                && let Some(fetch) = self.next_fetch()
            {
                let fetcher = Arc::clone(&self.fetcher);
                fetches.spawn(async move { fetcher.fetch(fetch).await });
            }
            // `biased` polls in this order instead of a random one, so that two runs in virtual
            // time are equal.
            tokio::select! {
                biased;
                () = &mut shutdown => return,
                Some(done) = fetches.join_next() => match done {
                    Ok((id, fetched)) => { self.handle(Input::Fetched(id, fetched)); }
                    Err(error) => tracing::error!("simulated carrier: request task failed: {error}"),
                },
                () = self.nudge.notified() => {}
                () = tokio::time::sleep(self.time_to_wake()) => {}
            }
        }
    }

    /// Does everything that is possible at this moment of the clock, including the replies of
    /// webhooks, until nothing is left to do. True if there was anything to do.
    pub async fn settle(&self) -> bool {
        let mut happened = false;
        for _ in 0..SETTLE_ROUNDS_MAX {
            let ticked = self.tick_if_due();
            let fetches: Vec<Fetch> = std::iter::from_fn(|| self.next_fetch()).collect();
            if !ticked && fetches.is_empty() {
                return happened;
            }
            happened = true;
            // Replies are applied in the order of the requests, not of arrival, so that two runs
            // are equal.
            let replies = fetches.into_iter().map(|fetch| self.fetcher.fetch(fetch));
            for (id, fetched) in futures_util::future::join_all(replies).await {
                self.handle(Input::Fetched(id, fetched));
            }
        }
        tracing::error!(
            "simulated carrier: more than {SETTLE_ROUNDS_MAX} rounds at one moment, continuing later"
        );
        happened
    }

    /// The moment of the next timer of the network.
    pub fn next_wake(&self) -> Option<Timestamp> {
        self.state().network.next_wake()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn account_sid(&self) -> AccountSid {
        self.account_sid
    }

    pub(crate) fn auth_token(&self) -> &str {
        &self.auth_token
    }

    fn tick_if_due(&self) -> bool {
        let is_due = self
            .next_wake()
            .is_some_and(|wake| wake <= self.clock.now());
        if is_due {
            self.handle(Input::Tick);
        }
        is_due
    }

    fn time_to_wake(&self) -> Duration {
        let wake = self
            .next_wake()
            .map(|wake| Duration::from(wake.since(self.clock.now())));
        wake.map_or(SLEEP_MAX, |wake| wake.min(SLEEP_MAX))
    }

    fn queue_outstanding(&self) {
        let mut state = self.state();
        state.pending = state.network.outstanding().cloned().collect();
    }

    /// The next pending request whose answer the network still waits for.
    fn next_fetch(&self) -> Option<Fetch> {
        let mut state = self.state();
        loop {
            let fetch = state.pending.pop_front()?;
            if state.network.is_outstanding(fetch.id) {
                return Some(fetch);
            }
        }
    }

    /// The state, even after a panic in another thread that held the lock: that panic must not end
    /// every call.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// A journal that cannot be written does not stop the calls: the next write contains the
    /// missing changes.
    fn write_journal(&mut self) {
        if self.journal.is_none() {
            return self.network.changes_written();
        }
        let written = self
            .network
            .changes()
            .map_err(Error::from)
            .and_then(|changes| self.journal.write(&changes));
        let failed_before = std::mem::replace(&mut self.journal_fails, written.is_err());
        match written {
            Ok(()) => {
                self.network.changes_written();
                if failed_before {
                    tracing::warn!("simulated carrier: journal is written again");
                }
            }
            Err(_) if failed_before => {}
            Err(error) => {
                let cause = std::error::Error::source(&error)
                    .map(ToString::to_string)
                    .unwrap_or_default();
                tracing::error!(
                    "simulated carrier: journal write failed, a restart would lose the latest changes: {error}: {cause}"
                );
            }
        }
    }
}

fn check(settings: &Settings) -> Result<(), Error> {
    for centre in &settings.numbers {
        if !is_address(&centre.number) {
            return Err(Error::Setting(format!(
                "number: expected {}",
                crate::network::ADDRESS_EXPECTED
            )));
        }
        let urls = [
            Some(&centre.voice_url),
            centre.voice_fallback_url.as_ref(),
            centre.status_callback.as_ref(),
        ];
        for url in urls.into_iter().flatten() {
            check_url(url)?;
        }
    }
    if let Some(url) = &settings.task_router_url {
        check_url(url)?;
    }
    Ok(())
}

fn check_url(url: &str) -> Result<(), Error> {
    let usable = url::Url::parse(url).is_ok_and(|url| ["http", "https"].contains(&url.scheme()));
    if !usable {
        return Err(Error::Setting(format!(
            "\"{url}\" is not an absolute http or https URL"
        )));
    }
    Ok(())
}

/// A request and its result.
type Done = (FetchId, Fetched);
