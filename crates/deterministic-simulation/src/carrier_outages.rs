//! The simulated carrier with outages: it stops for a while and restarts with its calls or without
//! them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use carrier_simulator::network::{Input, Network, Output};
use carrier_simulator::{Carrier, CentreNumber, Journal, Settings};
use http_client::WebClient;
use ids::AccountSid;
use ids::time::Clock;
use shared::webhook::path;
use tokio::sync::Notify;

use crate::scenario::{AUTH_TOKEN, NUMBER};
use crate::web::{CARRIER, CENTRE};
use crate::world::World;

/// Shortest and longest outage, in milliseconds: shorter than the time until a message is retried.
const OUTAGE_MILLIS: (u64, u64) = (1_000, 15_000);

/// What a restart does to the carrier's calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Calls {
    /// The carrier continues with its calls and retries its open requests.
    Kept,
    /// The carrier drops every call without a notice.
    Lost,
}

/// The carrier process of the moment, which outages replace.
pub struct UnreliableCarrier {
    world: Arc<World>,
    web: Arc<dyn WebClient>,
    account: AccountSid,
    state: Mutex<State>,
    stops: Notify,
    restarts: Notify,
}

struct State {
    carrier: Arc<Carrier>,
    site: Router,
    is_down: bool,
    /// Number of restarts that lost the calls.
    restarts_without_calls: u32,
}

impl UnreliableCarrier {
    /// Starts a carrier without calls that reaches other servers through `web`.
    ///
    /// # Errors
    /// A message when the carrier cannot start.
    pub fn open(
        world: &Arc<World>,
        web: Arc<dyn WebClient>,
        account: AccountSid,
    ) -> Result<Arc<Self>, String> {
        let carrier = carrier(world, &web, account, 0)?;
        let site = Arc::clone(&carrier).http();
        Ok(Arc::new(Self {
            world: Arc::clone(world),
            web,
            account,
            state: Mutex::new(State {
                carrier,
                site,
                is_down: false,
                restarts_without_calls: 0,
            }),
            stops: Notify::new(),
            restarts: Notify::new(),
        }))
    }

    /// Gives the network an input, such as a pressed key.
    pub fn handle(&self, input: Input) -> Vec<Output> {
        self.carrier().handle(input)
    }

    /// Reads the state of the network.
    pub fn read<T>(&self, look: impl FnOnce(&Network) -> T) -> T {
        self.carrier().read(look)
    }

    /// The carrier's API; `None` during an outage.
    pub fn site(&self) -> Option<Router> {
        let state = self.state();
        (!state.is_down).then(|| state.site.clone())
    }

    /// Runs the carrier forever, except during outages.
    pub async fn run(&self) {
        loop {
            self.carrier().run(self.stops.notified()).await;
            self.restarts.notified().await;
        }
    }

    /// Stops the carrier in the middle of its work, and restarts it after an outage.
    pub async fn restart(&self, calls: Calls) {
        if self.is_down() {
            return;
        }
        self.stop(calls);
        self.stops.notify_one();
        self.world.pass(OUTAGE_MILLIS.0, OUTAGE_MILLIS.1).await;
        self.state().is_down = false;
        self.restarts.notify_one();
        self.world.note(format_args!("the carrier is up again"));
    }

    fn is_down(&self) -> bool {
        self.state().is_down
    }

    fn stop(&self, calls: Calls) {
        let mut state = self.state();
        self.world.note(format_args!(
            "the carrier is down{}",
            match calls {
                Calls::Kept => "",
                Calls::Lost => " and loses every call",
            }
        ));
        let restarts = state.restarts_without_calls + 1;
        if calls == Calls::Lost
            && let Ok(carrier) = carrier(&self.world, &self.web, self.account, restarts)
        {
            let site = Arc::clone(&carrier).http();
            *state = State {
                carrier,
                site,
                is_down: true,
                restarts_without_calls: restarts,
            };
        }
        state.is_down = true;
    }

    fn carrier(&self) -> Arc<Carrier> {
        Arc::clone(&self.state().carrier)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A carrier without calls. The seed of its ids contains the number of restarts, so the ids differ
/// from those before.
fn carrier(
    world: &World,
    web: &Arc<dyn WebClient>,
    account_sid: AccountSid,
    restarts_without_calls: u32,
) -> Result<Arc<Carrier>, String> {
    let number = CentreNumber {
        number: NUMBER.to_owned(),
        voice_url: format!("{CENTRE}{}", path::INCOMING_CALL),
        voice_method: carrier_simulator::Method::Post,
        voice_fallback_url: None,
        status_callback: None,
    };
    let settings = Settings {
        account_sid,
        auth_token: AUTH_TOKEN.to_owned(),
        numbers: vec![number],
        public_base_url: Some(CARRIER.to_owned()),
        seed: format!("{account_sid}-{restarts_without_calls}"),
        task_router_url: Some(format!("{CENTRE}{}", path::WORKER_CALL)),
    };
    let clock = Arc::clone(&world.clock) as Arc<dyn Clock>;
    Carrier::open_over(Arc::clone(web), settings, clock, Journal::none())
        .map_err(|error| error.to_string())
}
