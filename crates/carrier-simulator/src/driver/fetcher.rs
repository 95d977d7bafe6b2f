//! Sends the carrier's HTTP requests: signed, bounded in time and size (voice-webhooks.md sections
//! 1 and 2).

use std::sync::Arc;
use std::time::Duration;

use http_client::http::header::{
    ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, LOCATION, USER_AGENT,
};
use http_client::http::{HeaderName, HeaderValue, StatusCode};
use http_client::{Answer, ClientError, Limits, NetworkClient, WebClient, WebError, WebErrorKind};
use shared::webhook::signature;
use url::Url;

use super::{Done, media};
use crate::network::{Fetch, Fetched, Purpose, Reply, Target, shown_url};
use crate::twiml::{DOCUMENT_BYTES_MAX, ErrorCode, Fault, Method};

/// Deadline of one webhook, its retries and redirects included.
const TOTAL_TIME_MAX: Duration = Duration::from_secs(15);
/// Deadline of one attempt to open a connection.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(5);
/// Redirects that are followed.
const REDIRECTS_MAX: usize = 10;
/// Attempts while no connection can be opened: one retry.
const CONNECT_ATTEMPTS_MAX: usize = 2;
/// Bytes of an audio file that are read: enough for any header.
const MEDIA_BYTES_MAX: usize = 64 * 1024;

/// Sends requests through a [`WebClient`] and signs them with the auth token.
pub(super) struct Fetcher {
    web: Arc<dyn WebClient>,
    auth_token: String,
}

/// The address and parameters of one attempt; a redirect leads to a new attempt.
#[derive(Clone)]
struct Attempt {
    url: Url,
    method: Method,
    params: Vec<(String, String)>,
    credentials: Option<HeaderValue>,
}

/// The client that [`Carrier::open`](super::Carrier::open) sends with.
///
/// # Errors
/// When the system has no root certificates.
pub fn web_client() -> Result<Arc<dyn WebClient>, ClientError> {
    Ok(Arc::new(NetworkClient::new()?))
}

impl Fetcher {
    pub fn new(web: Arc<dyn WebClient>, auth_token: String) -> Self {
        Self { web, auth_token }
    }

    /// Sends a request. Never fails: the result says how the request ended.
    pub async fn fetch(&self, fetch: Fetch) -> Done {
        let ended = tokio::time::timeout(TOTAL_TIME_MAX, self.exchange(&fetch)).await;
        let fetched = ended.unwrap_or_else(|_| {
            let text = format!(
                "{} did not answer within {} s",
                fetch.target.shown(),
                TOTAL_TIME_MAX.as_secs()
            );
            Err(Fault::new(ErrorCode::HttpFailure, text))
        });
        (fetch.id, fetched.unwrap_or_else(Fetched::Failed))
    }

    async fn exchange(&self, fetch: &Fetch) -> Result<Fetched, Fault> {
        let mut attempt = first_attempt(&fetch.target, &fetch.params)?;
        for _ in 0..=REDIRECTS_MAX {
            let mut answer = self.send_with_retry(fetch, &attempt).await?;
            // Credentials are sent only after the server has asked for them.
            if answer.status() == StatusCode::UNAUTHORIZED && attempt.credentials.is_some() {
                answer = self
                    .send(fetch, &attempt, attempt.credentials.as_ref())
                    .await
                    .map_err(|error| failure(&attempt.url, &error))?;
            }
            match redirected(&attempt, &answer)? {
                Some(next) => attempt = next,
                None => return read(fetch, answer),
            }
        }
        let text = format!(
            "{} redirects more than {REDIRECTS_MAX} times",
            fetch.target.shown()
        );
        Err(Fault::new(ErrorCode::TooManyRedirects, text))
    }

    /// Retries only when no connection was opened: then the server cannot have received the
    /// request.
    async fn send_with_retry(&self, fetch: &Fetch, attempt: &Attempt) -> Result<Answer, Fault> {
        let mut attempts = 1;
        loop {
            match self.send(fetch, attempt, None).await {
                Ok(answer) => return Ok(answer),
                Err(error) if is_without_connection(&error) && attempts < CONNECT_ATTEMPTS_MAX => {
                    attempts += 1
                }
                Err(error) => return Err(failure(&attempt.url, &error)),
            }
        }
    }

    async fn send(
        &self,
        fetch: &Fetch,
        attempt: &Attempt,
        credentials: Option<&HeaderValue>,
    ) -> Result<Answer, WebError> {
        let url = attempt.url.as_str();
        let signature = signature::sign(&self.auth_token, url, form(attempt));
        let mut request = match attempt.method {
            Method::Get => http_client::http::Request::get(url),
            Method::Post => {
                let form = "application/x-www-form-urlencoded; charset=UTF-8";
                http_client::http::Request::post(url).header(CONTENT_TYPE, form)
            }
        };
        if let Some(credentials) = credentials {
            request = request.header(AUTHORIZATION, credentials);
        }
        let request = request
            .header("X-Twilio-Signature", signature)
            .header("I-Twilio-Idempotency-Token", &fetch.idempotency_token)
            .header(USER_AGENT, "TwilioProxy/1.1")
            .header(ACCEPT, "*/*");
        let body = match attempt.method {
            Method::Get => String::new(),
            Method::Post => serde_urlencoded::to_string(&attempt.params).unwrap_or_default(),
        };
        let limits = Limits {
            connect: Some(CONNECT_TIME_MAX),
            ..Limits::new(TOTAL_TIME_MAX, wanted_bytes(fetch.purpose))
        };
        self.web
            .send(http_client::request(request, body.into_bytes())?, limits)
            .await
    }
}

/// The bytes to read of an answer: one more than a document may have, or the header of an audio
/// file.
fn wanted_bytes(purpose: Purpose) -> usize {
    match purpose {
        Purpose::Notification | Purpose::LeftQueue => 0,
        Purpose::Document(_) | Purpose::Reservation | Purpose::Task(_) => DOCUMENT_BYTES_MAX + 1,
        Purpose::Media => MEDIA_BYTES_MAX,
    }
}

/// Whether the request was never sent, so that a retry cannot deliver it twice.
fn is_without_connection(error: &WebError) -> bool {
    match error.kind {
        WebErrorKind::HostName | WebErrorKind::Tls | WebErrorKind::Connection => true,
        WebErrorKind::Request | WebErrorKind::Exchange => false,
    }
}

/// The form parameters, which are signed together with the URL. A GET request has none.
fn form(attempt: &Attempt) -> &[(String, String)] {
    match attempt.method {
        Method::Get => &[],
        Method::Post => &attempt.params,
    }
}

fn first_attempt(target: &Target, params: &[(String, String)]) -> Result<Attempt, Fault> {
    let invalid = |error| {
        Fault::new(
            ErrorCode::InvalidUrl,
            format!("{}: {error}", target.shown()),
        )
    };
    let url = Url::parse(&target.url).map_err(invalid)?;
    Ok(attempt(url, target.method, params.to_vec()))
}

/// Prepares a URL: takes out the credentials and the fragment, which are neither sent nor signed.
/// For GET, the parameters move into the query.
fn attempt(mut url: Url, method: Method, params: Vec<(String, String)>) -> Attempt {
    let credentials = http_client::take_credentials(&mut url);
    url.set_fragment(None);
    if method == Method::Get && !params.is_empty() {
        url.query_pairs_mut().extend_pairs(&params);
    }
    Attempt {
        url,
        method,
        params,
        credentials,
    }
}

/// The attempt that a redirect leads to. 307 and 308 repeat the request; 301 to 303 send a GET
/// without a form.
fn redirected(attempt: &Attempt, answer: &Answer) -> Result<Option<Attempt>, Fault> {
    let repeats = match answer.status().as_u16() {
        301..=303 => false,
        307 | 308 => true,
        _ => return Ok(None),
    };
    let location = header(answer, &LOCATION);
    let invalid = || {
        Fault::new(
            ErrorCode::HttpFailure,
            format!(
                "{} redirects to no usable http or https URL",
                shown_url(attempt.url.as_str())
            ),
        )
    };
    let url = attempt
        .url
        .join(location.ok_or_else(invalid)?)
        .map_err(|_| invalid())?;
    if !["http", "https"].contains(&url.scheme()) {
        return Err(invalid());
    }
    Ok(Some(match (repeats, attempt.method) {
        (true, Method::Post) => self::attempt(url, Method::Post, attempt.params.clone()),
        (_, Method::Get) | (false, Method::Post) => self::attempt(url, Method::Get, Vec::new()),
    }))
}

fn header<'a>(answer: &'a Answer, name: &HeaderName) -> Option<&'a str> {
    answer.headers().get(name)?.to_str().ok()
}

fn read(fetch: &Fetch, answer: Answer) -> Result<Fetched, Fault> {
    let status = answer.status().as_u16();
    let content_type = header(&answer, &CONTENT_TYPE).map(str::to_owned);
    let body_bytes = header(&answer, &CONTENT_LENGTH).and_then(|length| length.parse().ok());
    let body = answer.into_body();
    match fetch.purpose {
        Purpose::Notification | Purpose::LeftQueue => Ok(Fetched::Reply(Reply {
            status,
            content_type,
            body: Vec::new(),
        })),
        Purpose::Document(_) | Purpose::Reservation | Purpose::Task(_) => {
            Ok(Fetched::Reply(Reply {
                status,
                content_type,
                body,
            }))
        }
        Purpose::Media if !(200..300).contains(&status) => Ok(Fetched::Reply(Reply {
            status,
            content_type,
            body: Vec::new(),
        })),
        Purpose::Media => media::length(
            &fetch.target.shown(),
            content_type.as_deref(),
            &body,
            body_bytes,
        )
        .map(Fetched::Length),
    }
}

/// The carrier's error code for a failed exchange, with the innermost reason as text.
fn failure(url: &Url, error: &WebError) -> Fault {
    let code = match error.kind {
        WebErrorKind::Request => ErrorCode::InvalidUrl,
        WebErrorKind::HostName => ErrorCode::HostName,
        WebErrorKind::Tls => ErrorCode::Tls,
        WebErrorKind::Connection => ErrorCode::Connection,
        WebErrorKind::Exchange => ErrorCode::HttpFailure,
    };
    Fault::new(
        code,
        format!("{}: {}", shown_url(url.as_str()), error.reason),
    )
}
