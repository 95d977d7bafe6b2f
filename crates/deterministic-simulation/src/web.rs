//! The network between carrier, centre and customers' servers: requests are handed over in this process, late, broken off
//! or served twice.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use axum::Router;
use axum::body::{Body, to_bytes};
use http_client::http::StatusCode;
use http_client::http::header::CONTENT_TYPE;
use http_client::{Answer, Limits, Request, Sending, WebClient, WebError, WebErrorKind};
use ids::EventSid;
use shared::webhook::path;
use tower::ServiceExt;

use crate::carrier_outages::Exchange;
use crate::customer;
use crate::invariants::Invariant;
use crate::invocation::{self, invoke};
use crate::world::World;

/// Where the centre is.
pub const CENTRE: &str = "http://centre.test";
/// Where the carrier is.
pub const CARRIER: &str = "http://carrier.test";
/// Where a customer's own server is.
pub const CUSTOMER: &str = "http://customer.test";

/// Where the carrier's API calls somebody into a conference.
const PARTICIPANTS: &str = "/Participants.json";

/// The largest answer anybody here gives, in bytes: the music.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;

/// The network.
pub struct Network {
    world: Arc<World>,
    sites: OnceLock<Sites>,
    served: Mutex<Served>,
}

/// Who is reached.
pub struct Sites {
    /// The centre's webhooks.
    pub centre: Router,
    /// The carrier, whose API can be away.
    pub carrier: Arc<Exchange>,
}

/// What was asked so far.
#[derive(Default)]
struct Served {
    /// Every request to the centre's webhooks that was carried out.
    webhooks: Vec<Request>,
    /// For each call to a Worker that the carrier placed, the address of its document, which names the Reservation.
    placed: Vec<String>,
    /// Each event the customer took: the Task, or whatever else it is about, and its id.
    told: Vec<(String, EventSid)>,
}

impl Network {
    /// A network that reaches nobody before [`Network::connect`].
    pub fn new(world: Arc<World>) -> Arc<Self> {
        Arc::new(Self {
            world,
            sites: OnceLock::new(),
            served: Mutex::default(),
        })
    }

    /// Says who is where.
    pub fn connect(&self, sites: Sites) {
        let _connected_once = self.sites.set(sites);
    }

    /// Every request to the centre's webhooks that was carried out so far.
    pub fn webhooks(&self) -> Vec<Request> {
        self.served().webhooks.clone()
    }

    /// Calls to Workers placed so far.
    pub fn calls_placed(&self) -> usize {
        self.served().placed.len()
    }

    /// Hands a webhook to the centre.
    pub async fn ask_centre(world: Arc<World>, site: Router, request: Request) -> Answer {
        let (path, wanted) = (request.uri().path().to_owned(), wants_twiml(&request));
        match invoke(&world, &path, serve(site, request)).await {
            Ok(answer) => {
                if wanted {
                    check_document(&world, &path, &answer);
                }
                answer
            }
            // What API Gateway says for a function that died.
            Err(invocation::Killed) => status(StatusCode::BAD_GATEWAY),
        }
    }

    /// Every event the customer took so far.
    pub fn told(&self) -> Vec<(String, EventSid)> {
        self.served().told.clone()
    }

    async fn to_customer(&self, request: Request) -> Result<Answer, WebError> {
        let answer = customer::answer(&self.world, &request).await?;
        if let Some(told) = customer::event(&request).filter(|_| answer.status().is_success()) {
            self.served().told.push(told);
        }
        Ok(answer)
    }

    async fn exchange(&self, request: Request) -> Result<Answer, WebError> {
        let sites = self
            .sites
            .get()
            .ok_or_else(|| broken(WebErrorKind::Connection))?;
        match request.uri().host() {
            Some("centre.test") => self.to_centre(&sites.centre, request).await,
            Some("carrier.test") => self.to_carrier(&sites.carrier, request).await,
            Some("customer.test") => self.to_customer(request).await,
            _ => Err(broken(WebErrorKind::HostName)),
        }
    }

    async fn to_centre(&self, site: &Router, request: Request) -> Result<Answer, WebError> {
        let (world, faults) = (&self.world, &self.world.faults);
        world.pass(1, 20).await;
        let breaks = world.strikes(faults.broken);
        if breaks && world.happens(0.5) {
            world.note(format_args!(
                "{} does not get through",
                request.uri().path()
            ));
            return Err(broken(WebErrorKind::Connection));
        }
        let copy = request.clone();
        let ask =
            |request| tokio::spawn(Self::ask_centre(Arc::clone(world), site.clone(), request));
        if world.strikes(faults.twice / 2.0) {
            let (world, site, again) = (Arc::clone(world), site.clone(), request.clone());
            tokio::spawn(async move {
                world.pass(1, 20_000).await;
                Self::ask_centre(world, site, again).await
            });
        }
        let path = request.uri().path().to_owned();
        let answer = ask(request).await.map_err(|error| {
            world.violated(Invariant::Panics, format_args!("{path}: {error}"));
            broken(WebErrorKind::Exchange)
        })?;
        if answer.status().is_success() {
            self.served().webhooks.push(copy);
        }
        match breaks {
            true => Err(broken(WebErrorKind::Exchange)),
            false => Ok(answer),
        }
    }

    async fn to_carrier(&self, carrier: &Exchange, request: Request) -> Result<Answer, WebError> {
        let (world, faults) = (&self.world, &self.world.faults);
        world.pass(5, 80).await;
        let Some(site) = carrier.site() else {
            return Err(broken(WebErrorKind::Connection));
        };
        let (breaks, errs, dies) = (
            world.strikes(faults.broken),
            world.strikes(faults.erring / 2.0),
            world.strikes(faults.killed),
        );
        let happens = world.happens(0.5);
        if !happens && (breaks || errs || dies) {
            world.note(format_args!(
                "{} does not reach the carrier",
                request.uri().path()
            ));
        }
        match () {
            () if dies && !happens => invocation::die().await,
            () if breaks && !happens => return Err(broken(WebErrorKind::Exchange)),
            () if errs && !happens => {
                let code = world.choose([
                    StatusCode::INTERNAL_SERVER_ERROR,
                    StatusCode::TOO_MANY_REQUESTS,
                ]);
                return Ok(status(code.unwrap_or_default()));
            }
            () => {}
        }
        let placed = document_of_new_call(&request);
        let answer = serve(site, request).await;
        if let Some(document) = placed.filter(|_| answer.status().is_success()) {
            self.note_placed(document);
        }
        match () {
            () if dies => invocation::die().await,
            () if breaks => return Err(broken(WebErrorKind::Exchange)),
            () if errs => return Ok(status(StatusCode::BAD_GATEWAY)),
            () => {}
        }
        world.pass(5, 80).await;
        Ok(answer)
    }

    /// One Reservation, one call.
    fn note_placed(&self, document: String) {
        let mut served = self.served();
        // Who supervises may be called as often as somebody asks for it; a customer, once for each Worker who joined.
        let may_repeat = document.contains(path::SUPERVISOR) || document.ends_with(PARTICIPANTS);
        let again = served.placed.contains(&document) && !may_repeat;
        served.placed.push(document.clone());
        drop(served);
        self.world
            .note(format_args!("a call to a Worker is placed: {document}"));
        if again {
            self.world
                .violated(Invariant::OneCallForAReservation, document);
        }
    }

    fn served(&self) -> std::sync::MutexGuard<'_, Served> {
        self.served.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl WebClient for Network {
    fn send(&self, request: Request, limits: Limits) -> Sending<'_> {
        Box::pin(async move {
            let answer = tokio::time::timeout(limits.time, self.exchange(request)).await;
            let (parts, mut body) = answer
                .map_err(|_| broken(WebErrorKind::Exchange))??
                .into_parts();
            body.truncate(limits.body_bytes);
            Ok(Answer::from_parts(parts, body))
        })
    }
}

/// Hands a request to a site.
pub async fn serve(site: Router, request: Request) -> Answer {
    let served = match site.oneshot(request.map(Body::from)).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    let (parts, body) = served.into_parts();
    let body = to_bytes(body, ANSWER_BYTES_MAX)
        .await
        .map(|bytes| bytes.to_vec())
        .unwrap_or_default();
    Answer::from_parts(parts, body)
}

/// An answer of nothing but a status.
pub fn status(status: StatusCode) -> Answer {
    let mut answer = Answer::new(Vec::new());
    *answer.status_mut() = status;
    answer
}

/// A request without an answer.
pub fn broken(kind: WebErrorKind) -> WebError {
    WebError {
        kind,
        reason: "simulated".to_owned(),
    }
}

/// Does a person listen to what the answer says? Not to a notice, to music, or when they have hung up or were moved.
fn wants_twiml(request: &Request) -> bool {
    let notices = [
        path::ASSIGNMENT,
        path::MUSIC,
        path::WORKER_CALL_STATUS,
        path::CONFERENCE_STATUS,
        path::DIAL_QUEUE,
    ];
    let is_document = !notices.contains(&request.uri().path());
    let is_heard = |name: &str, value: &str| match name {
        "CallStatus" => !["completed", "busy", "failed", "no-answer", "canceled"].contains(&value),
        "QueueResult" => {
            ["bridged", "leave", "queue-full", "error", "system-error"].contains(&value)
        }
        _ => true,
    };
    is_document
        && form_urlencoded::parse(request.body()).all(|(name, value)| is_heard(&name, &value))
}

fn check_document(world: &World, path: &str, answer: &Answer) {
    let is_xml = answer
        .headers()
        .get(CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/xml"));
    let problem = match carrier_simulator::twiml::parse(answer.body()) {
        _ if answer.status() != StatusCode::OK => format!("HTTP {}", answer.status()),
        _ if !is_xml => format!("{:?}", answer.headers().get(CONTENT_TYPE)),
        Err(fault) => fault.to_string(),
        Ok(document) if !document.warnings.is_empty() => document.warnings.join("; "),
        Ok(_) => return,
    };
    world.violated(Invariant::ValidTwiml, format_args!("{path}: {problem}"));
}

/// What is the same for two requests that place the same call: the address of its document, or the conference it is for.
fn document_of_new_call(request: &Request) -> Option<String> {
    let (path, posts) = (
        request.uri().path(),
        request.method() == http_client::http::Method::POST,
    );
    if posts && path.ends_with(PARTICIPANTS) {
        return Some(path.to_owned());
    }
    let mut form =
        form_urlencoded::parse(request.body()).filter(|_| posts && path.ends_with("/Calls.json"));
    form.find(|(name, _)| name == "Url")
        .map(|(_, url)| url.into_owned())
}
