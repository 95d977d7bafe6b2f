//! A contact centre without background work, with a meter on its table: the requests of a page are
//! then the only ones.

use std::sync::Arc;

use api::{Api, Ids, InFlight};
use aws_sdk_dynamodb::Client;
use axum::http::Request;
use carrier::AuthTokens;
use console::{Console, Signer, Transport};
use cordboard::carrier_choice::CarrierChoice;
use cordboard::centre::CALLBACKS_AT_ONCE_DEFAULT;
use cordboard::credentials::Account;
use cordboard::embedded_dynamodb::TABLE;
use cordboard::lanes::LANES_DEFAULT;
use cordboard::{Centre, Settings};
use futures_util::{StreamExt, stream};
use ids::TaskSid;
use ids::time::Clock;
use runtime::voice::Router;
use runtime::{Env, SystemClock};
use store::Store;
use task_router::model::TaskChannelName;
use task_router::router::{NewTask, create_task};
use tests::metering::{Meter, Operation};
use tests::test_centre::EXAMPLE;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::test_console::Turn;

/// Concurrent writes of Tasks.
const AT_ONCE: usize = 8;

/// The centre; it serves until it is dropped.
pub struct IdleConsole {
    pub centre: Arc<Centre>,
    pub address: String,
    pub client: Client,
    pub set_up: config::ContactCentre,
    account: Account,
    meter: Arc<Meter>,
    _stop: watch::Sender<()>,
    _turn: Turn,
}

impl IdleConsole {
    /// The example centre.
    pub async fn open(turn: Turn) -> Self {
        runtime::aws::install_tls();
        let (table, meter) = Meter::on_table().await;
        let account = Account::find(&Env::new(|_| None), None).unwrap();
        let set_up = config::read(EXAMPLE, "contact-centre.yaml", account.account_sid).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let settings = Settings {
            keep_webhooks: false,
            data: None,
            account: account.clone(),
            api_keys: Default::default(),
            contact_centre: set_up.clone(),
            carrier: CarrierChoice::Simulated,
            public_url: None,
            durability: Default::default(),
            twiml_preview: false,
            router: Router::Cordboard,
            voice_url: None,
            voice_method: carrier_simulator::twiml::Method::Post,
            lanes: LANES_DEFAULT,
            callbacks_at_once: CALLBACKS_AT_ONCE_DEFAULT,
            clock: Arc::new(SystemClock),
        };
        let client = table.client();
        let centre = Centre::open_on(table, settings, &address).await.unwrap();
        let (stop, mut stopped) = watch::channel(());
        tokio::spawn(Arc::clone(&centre).serve(listener, async move {
            let _dropped = stopped.changed().await;
        }));
        Self {
            centre,
            address,
            client,
            set_up,
            account,
            meter,
            _stop: stop,
            _turn: turn,
        }
    }

    /// Writes this many Tasks straight into the table.
    pub async fn fill(&self, tasks: usize) {
        let now = SystemClock.now();
        let store = &self.centre.store;
        let workspace = store
            .fresh_workspace(self.set_up.workspace.sid, now)
            .await
            .unwrap()
            .unwrap();
        let workflow = &workspace.workflows[&self.set_up.voice_settings.workflow_sid];
        let write = async |number: usize| {
            let known =
                format!(r#"{{"selected_language":"en","from":"+17075550142","number":{number}}}"#);
            let sid = TaskSid::derive(&[&number.to_string()]);
            let new = NewTask::new(sid, known.parse().unwrap(), TaskChannelName::VOICE);
            store
                .create_task(
                    &create_task(&workspace, workflow, new, now).unwrap(),
                    &workspace,
                )
                .await
                .unwrap();
        };
        stream::iter(0..tasks)
            .map(write)
            .buffer_unordered(AT_ONCE)
            .collect::<Vec<_>>()
            .await;
    }

    /// The console as in the cloud, where other processes store Events in its table.
    pub fn in_the_cloud(&self, clock: Arc<dyn Clock>) -> Arc<Console> {
        let tokens = AuthTokens::fixed(self.account.tokens());
        let api = Api {
            store: Store::new(self.client.clone(), TABLE),
            account_sid: self.account.account_sid,
            tokens: Arc::clone(&tokens),
            api_keys: Default::default(),
            base_url: None,
            clock,
            ids: Ids::seeded("in the cloud"),
            outbox: self.centre.outbox(),
            in_flight: InFlight::default(),
        };
        let signer = Signer::new(tokens, Transport::Http);
        Arc::new(Console::new(Arc::new(api), signer, None))
    }

    /// A sign-in link of an administrator.
    pub fn link(&self) -> String {
        self.centre
            .console
            .sign_in_link(&self.address, SystemClock.now())
    }

    /// Signs in as an administrator; the session cookie.
    pub async fn sign_in(&self) -> String {
        sign_in_to(&self.centre.console, &self.link()).await
    }

    /// A page, without a network.
    pub async fn get(&self, address: &str, cookie: &str) -> String {
        get(&self.centre.console, address, cookie).await
    }

    /// The operations at the table since the last call.
    pub fn operations(&self) -> Vec<Operation> {
        self.meter.take()
    }
}

/// Signs in by a link; the session cookie.
pub async fn sign_in_to(console: &Arc<Console>, link: &str) -> String {
    let (_, ticket) = link.split_once("?ticket=").unwrap();
    let request = Request::post("/console/sign-in")
        .body(format!("ticket={ticket}").into_bytes())
        .unwrap();
    let answer = console::handle(Arc::clone(console), request).await;
    let cookie = answer.headers()["set-cookie"].to_str().unwrap();
    cookie.split(';').next().unwrap().to_owned()
}

/// A page of a console, without a network.
pub async fn get(console: &Arc<Console>, address: &str, cookie: &str) -> String {
    let request = Request::get(address).header("cookie", cookie);
    let answer = console::handle(Arc::clone(console), request.body(Vec::new()).unwrap()).await;
    assert_eq!(answer.status(), 200, "{address}");
    String::from_utf8(answer.into_body()).unwrap()
}
