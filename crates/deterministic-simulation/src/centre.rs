//! The parts of a run put together: the real functions over the real engine, the simulated carrier, and the network between.

use std::sync::Arc;

use api::{Api, ApiKeys, Ids, InFlight};
use callbacks::{Callbacks, Destinations};
use carrier::Carrier;
use config::ContactCentre;
use cordboard::http;
use dynamodb_in_process::InProcess;
use dynoxide::Database;
use http_client::WebClient;
use ids::AccountSid;
use ids::time::Clock;
use routing::{Incoming, Pages, Routing};
use runtime::{Voice, WebhookJournal};
use serde_json::json;
use shared::webhook::Checks;
use store::Store;

use crate::carrier_outages::Exchange;
use crate::history::History;
use crate::invocation::invoke;
use crate::queues::{Queues, Receivers};
use crate::scenario::AUTH_TOKEN;
use crate::stream::{SHARDS, deliver_shard};
use crate::table::{self, TABLE};
use crate::web::{CARRIER, CENTRE, Network, Sites};
use crate::world::World;

/// How often the schedule's sweep comes, as in `template.yaml`.
const SWEEP_EVERY: std::time::Duration = std::time::Duration::from_secs(60);

/// What `routing` reads at once: so little that the lines and boards of a small centre are long.
const PAGES: Pages = Pages {
    workers: 2,
    tasks: 1,
    tasks_further_on: 1,
    in_one_go: 1,
};

/// The whole centre.
pub struct Centre {
    /// What is shared.
    pub world: Arc<World>,
    /// What was written.
    pub history: Arc<History>,
    /// The network.
    pub network: Arc<Network>,
    /// The queues.
    pub queues: Arc<Queues>,
    /// The carrier.
    pub carrier: Arc<Exchange>,
    /// The routing function that gets timers and sweeps.
    pub routing: Arc<Routing>,
    /// The callbacks function.
    pub callbacks: Arc<Callbacks>,
    /// The centre's webhooks.
    pub webhooks: axum::Router,
    /// The account.
    pub account: AccountSid,
    api: Arc<Api>,
    client: aws_sdk_dynamodb::Client,
}

impl Centre {
    /// A centre of this set-up. Nothing runs yet.
    ///
    /// # Errors
    /// A sentence when a part cannot be made.
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
        let carrier = Exchange::open(world, Arc::clone(&web), account)?;
        // Each function is a process of its own, and keeps its own idea of the configuration.
        let own_store = || Store::new(client.clone(), TABLE);
        let routing = Routing::new(own_store(), Arc::clone(&queues) as _, Arc::clone(&clock))
            .with_pages(PAGES);
        let routing = Arc::new(routing);
        let token = || AUTH_TOKEN.to_owned();
        let callbacks = Arc::new(Callbacks {
            store: own_store(),
            carrier: Carrier::new(Arc::clone(&web), CARRIER, account, token())
                .map_err(|error| error.to_string())?,
            web,
            destinations: Destinations::Anywhere,
            auth_token: token(),
            account_sid: account,
            public_url: CENTRE.to_owned(),
            clock: Arc::clone(&clock),
            journal: WebhookJournal::off(),
        });
        let checks = Checks {
            verify_signatures: true,
            twiml_preview: false,
        };
        let mut voice = Voice::new(own_store(), token(), checks, Arc::clone(&clock));
        voice.outbox = Some(Arc::clone(&queues) as _);
        let webhooks = http::functions(&Arc::new(voice), CENTRE);
        let base_url = Some(CENTRE.to_owned());
        let api = Arc::new(Api {
            store: own_store(),
            account_sid: account,
            auth_token: token(),
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

    /// Lets everything work that works by itself.
    pub fn start(self: &Arc<Self>) {
        let carrier = Arc::clone(&self.carrier);
        tokio::spawn(async move { carrier.run().await });
        for shard in 0..SHARDS {
            // One process does the first shard, the timers and the sweeps; another one the rest.
            let routing = if shard == 0 {
                Arc::clone(&self.routing)
            } else {
                self.another_routing()
            };
            tokio::spawn(deliver_shard(
                Arc::clone(&self.world),
                Arc::clone(&self.history),
                routing,
                shard,
            ));
        }
        let centre = Arc::clone(self);
        tokio::spawn(async move { centre.sweep().await });
    }

    fn another_routing(&self) -> Arc<Routing> {
        let clock = Arc::clone(&self.world.clock) as Arc<dyn Clock>;
        let routing = Routing::new(self.another_store(), Arc::clone(&self.queues) as _, clock);
        Arc::new(routing.with_pages(PAGES))
    }

    /// A request to the REST API; its status.
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

    /// The table as another process sees it.
    pub fn another_store(&self) -> Store {
        Store::new(self.client.clone(), TABLE)
    }

    async fn sweep(&self) {
        loop {
            tokio::time::sleep(SWEEP_EVERY).await;
            let Ok(sweep) = Incoming::try_from(json!({ "sweep": "overdue" })) else {
                return;
            };
            self.world.note(format_args!("the sweep comes"));
            let _next_time_it_may_work =
                invoke(&self.world, "sweep", routing::handle(&self.routing, sweep)).await;
        }
    }
}

/// An empty database with the table in it.
async fn database() -> Result<Database, String> {
    let database = Database::memory().map_err(|error| error.to_string())?;
    let client = dynamodb_in_process::client(InProcess::new(database.clone()));
    store::schema::create_table(&client, TABLE)
        .await
        .map_err(|error| error.to_string())?;
    Ok(database)
}
