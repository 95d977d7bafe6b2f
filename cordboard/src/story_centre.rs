//! The contact centre in which a routing test plays: the real functions over a table in memory, the
//! simulated telephone network, and no socket. Its clock moves only when the story advances it.
//!
//! A [`Prepared`] set-up is made once for a configuration: a table with the configuration in it.
//! Each story gets a copy of that table.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use api::ApiKeys;
use axum::Router;
use axum::body::{Body, to_bytes};
use config::ContactCentre;
use http::header::AUTHORIZATION;
use http_client::{
    Answer, Limits, Request, Sending, WebClient, WebError, WebErrorKind, basic_authorization,
};
use ids::AccountSid;
use ids::time::{Clock, Millis, Timestamp};
use runtime::voice;
use store::Store;
use stories::customer::Customer;
use stories::{BEGIN, ManualClock, Story};
use tower::ServiceExt;

use crate::carrier_choice::CarrierChoice;
use crate::centre::{self, CALLBACKS_AT_ONCE_DEFAULT, Centre, Clients, Settings};
use crate::credentials::Account;
use crate::start::Failure;
use crate::table::InMemory;

/// Base URL of the contact centre.
const CENTRE: &str = "http://centre.test";

/// Host of that URL.
const CENTRE_HOST: &str = "centre.test";

/// Base URL of the server that the paths of a story belong to.
const CUSTOMER: &str = "http://customer.test";

/// Bytes of an answer that is read; the largest one is the music.
const ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Timers that may fire within one [`advance`](stories::Centre::advance); more is an endless loop.
const TIMERS_MAX: usize = 100_000;

/// The SID of the account of every story.
pub fn account_sid() -> AccountSid {
    AccountSid::derive(&["stories"])
}

fn account() -> Account {
    Account {
        account_sid: account_sid(),
        auth_token: "0123456789abcdef0123456789abcdef".to_owned(),
        secondary_auth_token: None,
    }
}

/// The servers of every story, before it scripts their answers.
pub fn customer() -> Customer {
    Customer::new(CUSTOMER)
}

/// A configuration, and a table that has it.
pub struct Prepared {
    /// Its text, as the file has it.
    pub text: String,
    configuration: ContactCentre,
    table: InMemory,
    read: ReadConfiguration,
}

/// Reads a configuration from its text.
pub type ReadConfiguration = Arc<dyn Fn(&str) -> Result<ContactCentre, Failure> + Send + Sync>;

impl Prepared {
    /// Reads and applies a configuration.
    ///
    /// # Errors
    /// The configuration has mistakes, or cannot be applied.
    pub async fn new(text: String, read: ReadConfiguration) -> Result<Self, Failure> {
        let configuration = read(&text)?;
        let clock = Arc::new(ManualClock::at(BEGIN));
        let table = InMemory::create(Arc::clone(&clock) as Arc<dyn Clock>).await?;
        let network = Arc::new(Network::new(customer()));
        let settings = settings(&configuration, clock, None);
        let clients = Clients::all(Arc::clone(&network) as Arc<dyn WebClient>);
        let centre = Centre::open_in(clients, table.clone().into(), settings, CENTRE).await?;
        network.connect(centre.interfaces());
        // The records of the new parts are handled once, not in each story.
        centre.settle().await;
        network.disconnect();
        Ok(Self {
            text,
            configuration,
            table,
            read,
        })
    }
}

/// A contact centre for one story.
pub struct StoryCentre {
    centre: Arc<Centre>,
    clock: Arc<ManualClock>,
    configuration: ContactCentre,
    account: Account,
    customer: Customer,
    network: Arc<Network>,
    table: InMemory,
    read: ReadConfiguration,
    voice_url: Option<String>,
    /// The journal of the telephone network, for a story with a restart.
    folder: Option<tempfile::TempDir>,
}

impl StoryCentre {
    /// Opens a centre for this story at [`BEGIN`].
    ///
    /// # Errors
    /// A part of the centre cannot be opened.
    pub async fn open(prepared: &Prepared, story: &Story) -> Result<Self, Failure> {
        let clock = Arc::new(ManualClock::at(BEGIN));
        let table = prepared.table.copy(Arc::clone(&clock) as Arc<dyn Clock>);
        let customer = customer();
        let has_documents = story.documents.is_some();
        let voice_url = has_documents.then(|| format!("{CUSTOMER}/voice"));
        let folder = if story.has_restart() {
            Some(tempfile::tempdir()?)
        } else {
            None
        };
        let network = Arc::new(Network::new(customer.clone()));
        let mut settings = settings(
            &prepared.configuration,
            Arc::clone(&clock),
            voice_url.clone(),
        );
        settings.data = folder.as_ref().map(|folder| folder.path().to_owned());
        let clients = Clients::all(Arc::clone(&network) as Arc<dyn WebClient>);
        let centre = Centre::open_in(clients, table.clone().into(), settings, CENTRE).await?;
        network.connect(centre.interfaces());
        centre.settle().await;
        Ok(Self {
            centre,
            clock,
            configuration: prepared.configuration.clone(),
            account: account(),
            customer,
            network,
            table,
            read: Arc::clone(&prepared.read),
            voice_url,
            folder,
        })
    }

    async fn reopened(&self) -> Result<Arc<Centre>, centre::Error> {
        let clock = Arc::clone(&self.clock);
        let mut settings = settings(&self.configuration, clock, self.voice_url.clone());
        settings.data = self.folder.as_ref().map(|folder| folder.path().to_owned());
        let clients = Clients::all(Arc::clone(&self.network) as Arc<dyn WebClient>);
        Centre::open_in(clients, self.table.clone().into(), settings, CENTRE).await
    }
}

/// The network and the centre refer to each other.
impl Drop for StoryCentre {
    fn drop(&mut self) {
        self.network.disconnect();
    }
}

fn settings(
    configuration: &ContactCentre,
    clock: Arc<ManualClock>,
    voice_url: Option<String>,
) -> Settings {
    Settings {
        data: None,
        account: account(),
        api_keys: ApiKeys::default(),
        contact_centre: configuration.clone(),
        carrier: CarrierChoice::Simulated,
        public_url: None,
        durability: Default::default(),
        twiml_preview: false,
        keep_webhooks: false,
        router: voice::Router::Cordboard,
        voice_url,
        voice_method: carrier_simulator::twiml::Method::Post,
        // What happens at one moment happens in the order of the writes.
        lanes: NonZeroUsize::MIN,
        callbacks_at_once: CALLBACKS_AT_ONCE_DEFAULT,
        clock,
    }
}

impl stories::Centre for StoryCentre {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    async fn advance(&self, duration: Millis) {
        let end = self.clock.now() + duration;
        for _ in 0..TIMERS_MAX {
            self.centre.settle().await;
            match self.centre.next_wake().filter(|timer| *timer <= end) {
                Some(timer) => self.clock.set(timer.max(self.clock.now())),
                None => {
                    self.clock.set(end);
                    return self.centre.settle().await;
                }
            }
        }
        tracing::error!(timers = TIMERS_MAX, "a story has more timers than it may");
        self.clock.set(end);
    }

    async fn send(&self, request: Request) -> Answer {
        let user = self.account.account_sid.to_string();
        let mut request = request;
        if let Ok(credentials) = basic_authorization(&user, &self.account.auth_token) {
            request.headers_mut().insert(AUTHORIZATION, credentials);
        }
        let Some(site) = self.network.site() else {
            let mut answer = Answer::new(Vec::new());
            *answer.status_mut() = http::StatusCode::SERVICE_UNAVAILABLE;
            return answer;
        };
        answer_of(site, request).await
    }

    fn store(&self) -> &Store {
        &self.centre.store
    }

    fn configuration(&self) -> &ContactCentre {
        &self.configuration
    }

    fn account_sid(&self) -> AccountSid {
        self.account.account_sid
    }

    fn auth_token(&self) -> &str {
        &self.account.auth_token
    }

    fn customer(&self) -> &Customer {
        &self.customer
    }

    async fn apply(&mut self, set_up: &str) -> Result<(), String> {
        self.configuration = (self.read)(set_up).map_err(|error| error.to_string())?;
        let applied =
            config::apply(&self.centre.store, &self.configuration, self.clock.now()).await;
        applied.map(|_| ()).map_err(|error| error.to_string())
    }

    async fn restart(&mut self, _set_up: &str) -> Result<(), String> {
        self.network.disconnect();
        let centre = self.reopened().await.map_err(|error| error.to_string())?;
        self.network.connect(centre.interfaces());
        self.centre = centre;
        self.centre.settle().await;
        Ok(())
    }
}

/// The network between the centre, its telephones and other servers, in this process.
struct Network {
    site: Mutex<Option<Router>>,
    customer: Customer,
}

impl Network {
    fn new(customer: Customer) -> Self {
        Self {
            site: Mutex::default(),
            customer,
        }
    }

    fn connect(&self, site: Router) {
        *self.site.lock().unwrap_or_else(PoisonError::into_inner) = Some(site);
    }

    fn disconnect(&self) {
        self.site
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
    }

    fn site(&self) -> Option<Router> {
        let site = self.site.lock().unwrap_or_else(PoisonError::into_inner);
        site.clone()
    }
}

impl WebClient for Network {
    fn send(&self, request: Request, limits: Limits) -> Sending<'_> {
        if request.uri().host() != Some(CENTRE_HOST) {
            return self.customer.send(request, limits);
        }
        let site = self.site();
        Box::pin(async move {
            let site = site.ok_or_else(|| WebError {
                kind: WebErrorKind::Connection,
                reason: "the centre does not run".to_owned(),
            })?;
            let (parts, mut body) = answer_of(site, request).await.into_parts();
            body.truncate(limits.body_bytes);
            Ok(Answer::from_parts(parts, body))
        })
    }
}

/// The answer of a site.
async fn answer_of(site: Router, request: Request) -> Answer {
    let served = match site.oneshot(request.map(Body::from)).await {
        Ok(served) => served,
        Err(never) => match never {},
    };
    let (parts, body) = served.into_parts();
    let body = to_bytes(body, ANSWER_BYTES_MAX).await;
    let body = body.map(|bytes| bytes.to_vec()).unwrap_or_default();
    Answer::from_parts(parts, body)
}
