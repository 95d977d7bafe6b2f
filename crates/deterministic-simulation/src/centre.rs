//! The harness of a run: the real functions over the embedded DynamoDB, the simulated carrier, and
//! the network between them.

use std::sync::Arc;

use api::{Api, ApiKeys, Ids, InFlight};
use callbacks::Callbacks;
use carrier::{AuthTokens, Carrier, Tokens};
use config::ContactCentre;
use cordboard::http;
use dynamodb_in_process::InProcess;
use dynoxide::Database;
use http_client::Destinations;
use http_client::WebClient;
use ids::AccountSid;
use ids::time::Clock;
use routing::{Incoming, Pages, Routing};
use runtime::{Voice, WebhookJournal};
use serde_json::json;
use shared::webhook::Checks;
use store::Store;

use crate::carrier_outages::UnreliableCarrier;
use crate::history::History;
use crate::invocation::invoke;
use crate::queues::{Queues, Receivers};
use crate::scenario::AUTH_TOKEN;
use crate::stream::{LANES, deliver_lane};
use crate::table::{self, TABLE};
use crate::web::{CARRIER, CENTRE, Network, Sites};
use crate::world::World;

/// Period of the scheduled sweep, as in `template.yaml`.
const SWEEP_EVERY: std::time::Duration = std::time::Duration::from_secs(60);

/// Page sizes of `routing`: so small that the waiting lists and ready lists of a small centre have
/// many pages.
const PAGES: Pages = Pages {
    workers: 2,
    tasks: 1,
    tasks_further_on: 1,
    batch: 2,
    in_one_go: 1,
    listed: 5_000,
    swept_tasks: 100_000,
};

/// The whole contact centre.
pub struct Centre {
    /// Clock, random choices and trace.
    pub world: Arc<World>,
    /// All writes so far.
    pub history: Arc<History>,
    /// The simulated network.
    pub network: Arc<Network>,
    /// The simulated SQS queues.
    pub queues: Arc<Queues>,
    /// The simulated carrier.
    pub carrier: Arc<UnreliableCarrier>,
    /// The `routing` process that receives timers and sweeps.
    pub routing: Arc<Routing>,
    /// The `callbacks` function.
    pub callbacks: Arc<Callbacks>,
    /// The webhooks of the voice functions.
    pub webhooks: axum::Router,
    /// The account of all ids.
    pub account: AccountSid,
    api: Arc<Api>,
    client: aws_sdk_dynamodb::Client,
}

impl Centre {
    /// Builds a centre with this configuration. Nothing runs yet.
    ///
    /// # Errors
    /// A message when a part cannot be built.
    pub async fn open(
        world: &Arc<World>,
        contact_centre: &ContactCentre,
        account: AccountSid,
    ) -> Result<Arc<Self>, String> {
        let history = History::new(database().await?, database().await?)?;
        let client = table::client(world, &history);
        let store = Store::new(client.clone(), TABLE);
        config::apply(&store, contact_centre, world.now())
            .await
            .map_err(|error| error.to_string())?;
        let network = Network::new(Arc::clone(world));
        let queues = Queues::new(Arc::clone(world));
        let web = Arc::clone(&network) as Arc<dyn WebClient>;
        let clock = Arc::clone(&world.clock) as Arc<dyn Clock>;
        let carrier = UnreliableCarrier::open(world, Arc::clone(&web), account)?;
        // Each function is a process of its own with its own cache of the configuration.
        let own_store = || Store::new(client.clone(), TABLE);
        let routing = Routing::new(own_store(), Arc::clone(&queues) as _, Arc::clone(&clock))
            .with_pages(PAGES);
        let routing = Arc::new(routing);
        let tokens = || AuthTokens::fixed(Tokens::one(AUTH_TOKEN));
        let callbacks = Arc::new(Callbacks {
            store: own_store(),
            carrier: Carrier::new(Arc::clone(&web), CARRIER, account, tokens())
                .map_err(|error| error.to_string())?,
            web,
            destinations: Destinations::Anywhere,
            tokens: tokens(),
            account_sid: account,
            public_url: CENTRE.to_owned(),
            clock: Arc::clone(&clock),
            outbox: Arc::clone(&queues) as _,
            journal: WebhookJournal::off(),
        });
        let checks = Checks {
            verify_signatures: true,
            twiml_preview: false,
        };
        let mut voice = Voice::new(own_store(), tokens(), checks, Arc::clone(&clock));
        voice.outbox = Some(Arc::clone(&queues) as _);
        let webhooks = http::functions(&Arc::new(voice), CENTRE);
        let base_url = Some(CENTRE.to_owned());
        let api = Arc::new(Api {
            store: own_store(),
            account_sid: account,
            tokens: tokens(),
            api_keys: ApiKeys::default(),
            base_url,
            clock,
            ids: Ids::seeded("simulation".to_owned()),
            outbox: Arc::clone(&queues) as _,
            in_flight: InFlight::default(),
        });
        network.connect(Sites {
            centre: webhooks.clone(),
            carrier: Arc::clone(&carrier),
        });
        queues.connect(Receivers {
            routing: Arc::clone(&routing),
            callbacks: Arc::clone(&callbacks),
        });
        Ok(Arc::new(Self {
            world: Arc::clone(world),
            history,
            network,
            queues,
            carrier,
            routing,
            callbacks,
            webhooks,
            account,
            api,
            client,
        }))
    }

    /// Starts everything that runs without being called.
    pub fn start(self: &Arc<Self>) {
        let carrier = Arc::clone(&self.carrier);
        tokio::spawn(async move { carrier.run().await });
        for lane in 0..LANES {
            // One process handles the first lane, the timers and a sweep; each other lane has a
            // process of its own.
            let routing = if lane == 0 {
                Arc::clone(&self.routing)
            } else {
                self.another_routing()
            };
            tokio::spawn(deliver_lane(
                Arc::clone(&self.world),
                Arc::clone(&self.history),
                routing,
                lane,
            ));
        }
        // The schedule may deliver an event twice: two processes sweep at the same time.
        for routing in [Arc::clone(&self.routing), self.another_routing()] {
            let centre = Arc::clone(self);
            tokio::spawn(async move { centre.sweep(routing).await });
        }
    }

    fn another_routing(&self) -> Arc<Routing> {
        let clock = Arc::clone(&self.world.clock) as Arc<dyn Clock>;
        let routing = Routing::new(self.another_store(), Arc::clone(&self.queues) as _, clock);
        Arc::new(routing.with_pages(PAGES))
    }

    /// Sends a request to the REST API. Returns the status; `None` if the function was killed.
    pub async fn post_to_api(&self, path: &str, form: &[(&str, &str)]) -> Option<u16> {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        let authorization =
            http_client::basic_authorization(&self.account.to_string(), AUTH_TOKEN).ok()?;
        let request = http_client::http::Request::post(format!("{CENTRE}{path}"))
            .header("authorization", authorization)
            .header("content-type", "application/x-www-form-urlencoded");
        let request = http_client::request(request, body.into_bytes()).ok()?;
        let answer = invoke(
            &self.world,
            "api",
            api::handle(Arc::clone(&self.api), request),
        )
        .await
        .ok()?;
        Some(answer.status().as_u16())
    }

    /// Access to the table with a cache of its own, like another process.
    pub fn another_store(&self) -> Store {
        Store::new(self.client.clone(), TABLE)
    }

    async fn sweep(&self, routing: Arc<Routing>) {
        loop {
            tokio::time::sleep(SWEEP_EVERY).await;
            for (name, event) in [
                ("sweep", json!({ "sweep": "overdue" })),
                ("statistics", json!({ "statistics": "roll_up" })),
            ] {
                let Ok(event) = Incoming::try_from(event) else {
                    return;
                };
                self.world.note(format_args!("{name}"));
                // One that fails is repeated a minute later.
                let _reply = invoke(&self.world, name, routing::handle(&routing, event)).await;
            }
        }
    }
}

/// An empty database with the table.
async fn database() -> Result<Database, String> {
    let database = Database::memory().map_err(|error| error.to_string())?;
    let client = dynamodb_in_process::client(InProcess::new(database.clone()));
    store::schema::create_table(&client, TABLE)
        .await
        .map_err(|error| error.to_string())?;
    Ok(database)
}
