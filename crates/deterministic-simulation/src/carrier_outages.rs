//! The carrier, as the world has it: it goes away for a while, and comes back with or without what it knew.

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

/// The shortest and the longest time a carrier is away, in milliseconds: less than a message comes again.
const AWAY_MILLIS: (u64, u64) = (1_000, 15_000);

/// The carrier of the moment.
pub struct Exchange {
    world: Arc<World>,
    web: Arc<dyn WebClient>,
    account: AccountSid,
    state: Mutex<State>,
    goes_away: Notify,
    is_back: Notify,
}

struct State {
    carrier: Arc<Carrier>,
    site: Router,
    is_away: bool,
    memories_lost: u32,
}

impl Exchange {
    /// A carrier in whose network nobody has called yet, and which reaches others by `web`.
    ///
    /// # Errors
    /// A sentence when it cannot start.
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
                is_away: false,
                memories_lost: 0,
            }),
            goes_away: Notify::new(),
            is_back: Notify::new(),
        }))
    }

    /// Lets something happen at somebody's phone.
    pub fn handle(&self, input: Input) -> Vec<Output> {
        self.carrier().handle(input)
    }

    /// Looks at the network as it is.
    pub fn read<T>(&self, look: impl FnOnce(&Network) -> T) -> T {
        self.carrier().read(look)
    }

    /// Its API; none while it is away.
    pub fn site(&self) -> Option<Router> {
        let state = self.state();
        (!state.is_away).then(|| state.site.clone())
    }

    /// Works for ever, but for the times it is away.
    pub async fn run(&self) {
        loop {
            self.carrier().run(self.goes_away.notified()).await;
            self.is_back.notified().await;
        }
    }

    /// Goes away in the middle of whatever it does, and comes back. One that `forgets` has dropped every call, and tells
    /// nobody; another one asks again for what it was asking.
    pub async fn restart(&self, forgets: bool) {
        if !self.leave(forgets) {
            return;
        }
        self.goes_away.notify_one();
        self.world.pass(AWAY_MILLIS.0, AWAY_MILLIS.1).await;
        self.state().is_away = false;
        self.is_back.notify_one();
        self.world.note(format_args!("the carrier is back"));
    }

    /// False if it is away already.
    fn leave(&self, forgets: bool) -> bool {
        let mut state = self.state();
        if state.is_away {
            return false;
        }
        self.world.note(format_args!(
            "the carrier is away{}",
            if forgets {
                " and forgets every call"
            } else {
                ""
            }
        ));
        let lost = state.memories_lost + 1;
        if forgets && let Ok(carrier) = carrier(&self.world, &self.web, self.account, lost) {
            let site = Arc::clone(&carrier).http();
            *state = State {
                carrier,
                site,
                is_away: true,
                memories_lost: lost,
            };
        }
        state.is_away = true;
        true
    }

    fn carrier(&self) -> Arc<Carrier> {
        Arc::clone(&self.state().carrier)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A carrier without memory; what it names has other names than what those before it named.
fn carrier(
    world: &World,
    web: &Arc<dyn WebClient>,
    account_sid: AccountSid,
    memories_lost: u32,
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
        seed: format!("{account_sid}-{memories_lost}"),
        task_router_url: Some(format!("{CENTRE}{}", path::WORKER_CALL)),
    };
    let clock = Arc::clone(&world.clock) as Arc<dyn Clock>;
    Carrier::open_over(Arc::clone(web), settings, clock, Journal::none())
        .map_err(|error| error.to_string())
}
