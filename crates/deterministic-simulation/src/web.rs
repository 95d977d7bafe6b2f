//! The network between carrier, centre and customers' servers. Requests are late, duplicated, or
//! broken off before or after they take effect.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use axum::Router;
use axum::body::{Body, to_bytes};
use http_client::http::StatusCode;
use http_client::http::header::CONTENT_TYPE;
use http_client::{Answer, Limits, Request, Sending, WebClient, WebError, WebErrorKind};
use ids::EventSid;
use shared::webhook::path;
use tower::ServiceExt;

use crate::carrier_outages::UnreliableCarrier;
use crate::customer;
use crate::invariants::Invariant;
use crate::invocation::{self, invoke};
use crate::world::World;

/// Base URL of the centre.
pub const CENTRE: &str = "http://centre.test";
/// Base URL of the carrier.
pub const CARRIER: &str = "http://carrier.test";
/// Base URL of a customer's own server.
pub const CUSTOMER: &str = "http://customer.test";

/// End of the carrier's API paths that call a participant into a conference.
const PARTICIPANTS: &str = "/Participants.json";

/// Largest response in bytes; the largest one is the music.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;

/// The simulated network.
pub struct Network {
    world: Arc<World>,
    sites: OnceLock<Sites>,
    served: Mutex<Served>,
}

/// The servers on the network.
pub struct Sites {
    /// The centre's webhooks.
    pub centre: Router,
    /// The carrier, which may be down.
    pub carrier: Arc<UnreliableCarrier>,
}

/// The requests that took effect.
#[derive(Default)]
struct Served {
    /// Requests to the centre's webhooks.
    webhooks: Vec<Request>,
    /// For each call that the carrier placed, the URL of its document, which names the Reservation.
    placed: Vec<String>,
    /// Events that the customer accepted: the SID of the subject, and the SID of the Event.
    events: Vec<(String, EventSid)>,
}

impl Network {
    /// A network without servers. Requests fail before [`Network::connect`].
    pub fn new(world: Arc<World>) -> Arc<Self> {
        Arc::new(Self {
            world,
            sites: OnceLock::new(),
            served: Mutex::default(),
        })
    }

    /// Connects the servers.
    pub fn connect(&self, sites: Sites) {
        let _connected_once = self.sites.set(sites);
    }

    /// All requests to the centre's webhooks that took effect.
    pub fn webhooks(&self) -> Vec<Request> {
        self.served().webhooks.clone()
    }

    /// Number of calls placed to Workers.
    pub fn calls_placed(&self) -> usize {
        self.served().placed.len()
    }

    /// Delivers a webhook to the centre.
    pub async fn request_centre(world: Arc<World>, site: Router, request: Request) -> Answer {
        let path = request.uri().path().to_owned();
        let is_document = wants_twiml(&request);
        match invoke(&world, &path, serve(site, request)).await {
            Ok(answer) => {
                if is_document {
                    check_document(&world, &path, &answer);
                }
                answer
            }
            // The response of API Gateway for a killed function.
            Err(invocation::Killed) => status(StatusCode::BAD_GATEWAY),
        }
    }

    /// All Events that the customer accepted, in order.
    pub fn delivered_events(&self) -> Vec<(String, EventSid)> {
        self.served().events.clone()
    }

    async fn to_customer(&self, request: Request) -> Result<Answer, WebError> {
        let answer = customer::answer(&self.world, &request).await?;
        if answer.status().is_success()
            && let Some(event) = customer::event(&request)
        {
            self.served().events.push(event);
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
        let world = &self.world;
        let faults = &self.world.faults;
        world.pass(1, 20).await;
        let breaks = world.strikes(faults.broken);
        if breaks && world.happens(0.5) {
            world.note(format_args!(
                "{} does not reach the centre",
                request.uri().path()
            ));
            return Err(broken(WebErrorKind::Connection));
        }
        let copy = request.clone();
        let send = |request| {
            tokio::spawn(Self::request_centre(
                Arc::clone(world),
                site.clone(),
                request,
            ))
        };
        if world.strikes(faults.twice / 2.0) {
            let world = Arc::clone(world);
            let site = site.clone();
            let duplicate = request.clone();
            tokio::spawn(async move {
                world.pass(1, 20_000).await;
                Self::request_centre(world, site, duplicate).await
            });
        }
        let path = request.uri().path().to_owned();
        let answer = send(request).await.map_err(|error| {
            world.violated(Invariant::Panics, format_args!("{path}: {error}"));
            broken(WebErrorKind::Exchange)
        })?;
        if answer.status().is_success() {
            self.served().webhooks.push(copy);
        }
        if breaks {
            return Err(broken(WebErrorKind::Exchange));
        }
        Ok(answer)
    }

    async fn to_carrier(
        &self,
        carrier: &UnreliableCarrier,
        request: Request,
    ) -> Result<Answer, WebError> {
        let world = &self.world;
        let faults = &self.world.faults;
        world.pass(5, 80).await;
        let Some(site) = carrier.site() else {
            return Err(broken(WebErrorKind::Connection));
        };
        let breaks = world.strikes(faults.broken);
        let errs = world.strikes(faults.erring / 2.0);
        let dies = world.strikes(faults.killed);
        let takes_effect = world.happens(0.5);
        if !takes_effect && (breaks || errs || dies) {
            world.note(format_args!(
                "{} does not reach the carrier",
                request.uri().path()
            ));
            if dies {
                invocation::kill().await;
            } else if breaks {
                return Err(broken(WebErrorKind::Exchange));
            } else {
                let code = world.choose([
                    StatusCode::INTERNAL_SERVER_ERROR,
                    StatusCode::TOO_MANY_REQUESTS,
                ]);
                return Ok(status(code.unwrap_or_default()));
            }
        }
        let placed = document_of_new_call(&request);
        let answer = serve(site, request).await;
        if answer.status().is_success()
            && let Some(document) = placed
        {
            self.note_placed(document);
        }
        if dies {
            invocation::kill().await;
        } else if breaks {
            return Err(broken(WebErrorKind::Exchange));
        } else if errs {
            return Ok(status(StatusCode::BAD_GATEWAY));
        }
        world.pass(5, 80).await;
        Ok(answer)
    }

    /// Notes a placed call, and checks that it is the only one for its Reservation.
    fn note_placed(&self, document: String) {
        let mut served = self.served();
        // A supervisor may be called repeatedly; a customer once for each Worker who joined the
        // conference.
        let may_repeat = document.contains(path::SUPERVISOR) || document.ends_with(PARTICIPANTS);
        let is_duplicate = served.placed.contains(&document) && !may_repeat;
        served.placed.push(document.clone());
        drop(served);
        self.world
            .note(format_args!("a call to a Worker is placed: {document}"));
        if is_duplicate {
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

/// Serves a request, without faults.
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

/// A response with a status and no body.
pub fn status(status: StatusCode) -> Answer {
    let mut answer = Answer::new(Vec::new());
    *answer.status_mut() = status;
    answer
}

/// The error of a request without a response.
pub fn broken(kind: WebErrorKind) -> WebError {
    WebError {
        kind,
        reason: "simulated".to_owned(),
    }
}

/// Whether a caller or Worker hears the response. Status callbacks and music are not TwiML, and a
/// party who has hung up or was moved does not hear it.
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

/// The key that two requests share when they place the same call: the URL of its document, or the
/// path of the conference.
fn document_of_new_call(request: &Request) -> Option<String> {
    let path = request.uri().path();
    if request.method() != http_client::http::Method::POST {
        return None;
    }
    if path.ends_with(PARTICIPANTS) {
        return Some(path.to_owned());
    }
    if !path.ends_with("/Calls.json") {
        return None;
    }
    let mut form = form_urlencoded::parse(request.body());
    form.find(|(name, _)| name == "Url")
        .map(|(_, url)| url.into_owned())
}
