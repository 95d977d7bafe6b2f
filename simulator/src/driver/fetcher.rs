//! Requests over real HTTP: signed, bounded in time and size (voice-webhooks.md sections 1 and 2).

use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, LOCATION, USER_AGENT};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode};
use shared::webhook::signature;
use url::Url;

use super::{Done, media};
use crate::network::{Fetch, Fetched, Purpose, Reply, Target, shown_url};
use crate::twiml::{DOCUMENT_BYTES_MAX, ErrorCode, Fault, Method};

/// A voice webhook in all, retries and redirects included.
const TOTAL_TIME_MAX: Duration = Duration::from_secs(15);
/// Until a connection stands.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(5);
/// Redirects followed.
const REDIRECTS_MAX: usize = 10;
/// Attempts when no connection can be made.
const CONNECT_ATTEMPTS_MAX: usize = 2;
/// Bytes of audio read: enough for any header.
const MEDIA_BYTES_MAX: usize = 64 * 1024;

/// Sends requests.
pub(super) struct Fetcher {
    client: Client,
    auth_token: String,
}

/// One attempt's address and parameters; a redirect makes another.
#[derive(Clone)]
struct Attempt {
    url: Url,
    method: Method,
    params: Vec<(String, String)>,
    credentials: Option<String>,
}

impl Fetcher {
    /// # Errors
    /// When the client cannot be built, which no setting here causes.
    pub fn new(auth_token: String) -> Result<Self, reqwest::Error> {
        // Whoever came first has installed the same provider.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().redirect(Policy::none()).connect_timeout(CONNECT_TIME_MAX).no_proxy().build()?;
        Ok(Self { client, auth_token })
    }

    /// Carries out a request, and always comes back with how it ended.
    pub async fn fetch(&self, fetch: Fetch) -> Done {
        let ended = tokio::time::timeout(TOTAL_TIME_MAX, self.exchange(&fetch)).await;
        let fetched = ended.unwrap_or_else(|_| {
            let text = format!("{} did not answer within {} s", fetch.target.shown(), TOTAL_TIME_MAX.as_secs());
            Err(Fault::new(ErrorCode::HttpFailure, text))
        });
        (fetch.id, fetched.unwrap_or_else(Fetched::Failed))
    }

    async fn exchange(&self, fetch: &Fetch) -> Result<Fetched, Fault> {
        let mut attempt = first_attempt(&fetch.target, &fetch.params)?;
        for _ in 0..=REDIRECTS_MAX {
            let mut response = self.send_patiently(fetch, &attempt).await?;
            if response.status() == StatusCode::UNAUTHORIZED && attempt.credentials.is_some() {
                response = self.send(fetch, &attempt, true).await.map_err(|error| failure(&attempt.url, &error))?;
            }
            match redirected(&attempt, &response)? {
                Some(next) => attempt = next,
                None => return read(fetch, response).await,
            }
        }
        let text = format!("{} redirects more than {REDIRECTS_MAX} times", fetch.target.shown());
        Err(Fault::new(ErrorCode::TooManyRedirects, text))
    }

    /// Tries again only where nothing can have arrived: without a connection.
    async fn send_patiently(&self, fetch: &Fetch, attempt: &Attempt) -> Result<Response, Fault> {
        let mut attempts = 1;
        loop {
            match self.send(fetch, attempt, false).await {
                Ok(response) => return Ok(response),
                Err(error) if error.is_connect() && attempts < CONNECT_ATTEMPTS_MAX => attempts += 1,
                Err(error) => return Err(failure(&attempt.url, &error)),
            }
        }
    }

    async fn send(&self, fetch: &Fetch, attempt: &Attempt, with_credentials: bool) -> Result<Response, reqwest::Error> {
        let url = attempt.url.clone();
        let signature = signature::sign(&self.auth_token, url.as_str(), form(attempt));
        let mut request = match attempt.method {
            Method::Get => self.client.get(url),
            Method::Post => {
                let body = serde_urlencoded::to_string(&attempt.params).unwrap_or_default();
                let form = "application/x-www-form-urlencoded; charset=UTF-8";
                self.client.post(url).header(CONTENT_TYPE, form).body(body)
            }
        };
        if let (true, Some(credentials)) = (with_credentials, &attempt.credentials) {
            request = request.header(AUTHORIZATION, credentials);
        }
        request
            .header("X-Twilio-Signature", signature)
            .header("I-Twilio-Idempotency-Token", &fetch.idempotency_token)
            .header(USER_AGENT, "TwilioProxy/1.1")
            .header(ACCEPT, "*/*")
            .send()
            .await
    }
}

/// What is signed beside the URL.
fn form(attempt: &Attempt) -> &[(String, String)] {
    match attempt.method {
        Method::Get => &[],
        Method::Post => &attempt.params,
    }
}

fn first_attempt(target: &Target, params: &[(String, String)]) -> Result<Attempt, Fault> {
    let invalid = |error| Fault::new(ErrorCode::InvalidUrl, format!("{}: {error}", target.shown()));
    let url = Url::parse(&target.url).map_err(invalid)?;
    Ok(attempt(url, target.method, params.to_vec()))
}

/// The URL without what is neither sent nor signed; for GET, with the parameters in its query.
fn attempt(mut url: Url, method: Method, params: Vec<(String, String)>) -> Attempt {
    let credentials = basic_credentials(&url);
    url.set_fragment(None);
    // Neither can fail for http and https.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    if method == Method::Get && !params.is_empty() {
        url.query_pairs_mut().extend_pairs(&params);
    }
    Attempt { url, method, params, credentials }
}

fn basic_credentials(url: &Url) -> Option<String> {
    use base64::Engine as _;
    if url.username().is_empty() {
        return None;
    }
    let pair = format!("{}:{}", decoded(url.username()), decoded(url.password().unwrap_or_default()));
    Some(format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair)))
}

/// Percent escapes of user and password undone, by way of a query's value.
fn decoded(text: &str) -> String {
    let text = format!("v={}", text.replace('+', "%2B"));
    url::form_urlencoded::parse(text.as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}

/// Where a redirect leads: 307 and 308 repeat the request, the others ask with GET and without a form.
fn redirected(attempt: &Attempt, response: &Response) -> Result<Option<Attempt>, Fault> {
    let repeats = match response.status().as_u16() {
        301..=303 => false,
        307 | 308 => true,
        _ => return Ok(None),
    };
    let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
    let invalid =
        || Fault::new(ErrorCode::HttpFailure, format!("{} redirects to nowhere", shown_url(attempt.url.as_str())));
    let url = attempt.url.join(location.ok_or_else(invalid)?).map_err(|_| invalid())?;
    if !["http", "https"].contains(&url.scheme()) {
        return Err(invalid());
    }
    Ok(Some(match (repeats, attempt.method) {
        (true, Method::Post) => self::attempt(url, Method::Post, attempt.params.clone()),
        (_, Method::Get) | (false, Method::Post) => self::attempt(url, Method::Get, Vec::new()),
    }))
}

async fn read(fetch: &Fetch, response: Response) -> Result<Fetched, Fault> {
    let status = response.status().as_u16();
    let content_type = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let body_bytes = response.content_length();
    match fetch.purpose {
        Purpose::Notification => Ok(Fetched::Reply(Reply { status, content_type, body: Vec::new() })),
        Purpose::Document(_) | Purpose::Reservation => {
            let body = head(fetch, response, DOCUMENT_BYTES_MAX + 1).await?;
            Ok(Fetched::Reply(Reply { status, content_type, body }))
        }
        Purpose::Media if !(200..300).contains(&status) => {
            Ok(Fetched::Reply(Reply { status, content_type, body: Vec::new() }))
        }
        Purpose::Media => {
            let body = head(fetch, response, MEDIA_BYTES_MAX).await?;
            media::length(&fetch.target.shown(), content_type.as_deref(), &body, body_bytes).map(Fetched::Length)
        }
    }
}

/// The first bytes of a body, however long it is.
async fn head(fetch: &Fetch, mut response: Response, bytes_max: usize) -> Result<Vec<u8>, Fault> {
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return Ok(body),
            Err(error) => {
                let text = format!("{}: {}", fetch.target.shown(), innermost_reason(&error));
                return Err(Fault::new(ErrorCode::HttpFailure, text));
            }
        }
        if body.len() >= bytes_max {
            body.truncate(bytes_max);
            return Ok(body);
        }
    }
}

/// The carrier's code for a failed exchange, and the innermost reason.
fn failure(url: &Url, error: &reqwest::Error) -> Fault {
    let all = reasons(error).join(" ").to_ascii_lowercase();
    let code = match () {
        () if error.is_connect() && all.contains("dns") => ErrorCode::HostName,
        () if error.is_connect() && (all.contains("certificate") || all.contains("tls")) => ErrorCode::Tls,
        () if error.is_connect() => ErrorCode::Connection,
        () => ErrorCode::HttpFailure,
    };
    Fault::new(code, format!("{}: {}", shown_url(url.as_str()), innermost_reason(error)))
}

/// What went wrong in the end. What the error itself says names the whole URL.
fn innermost_reason(error: &reqwest::Error) -> String {
    reasons(error).pop().unwrap_or_else(|| "the exchange broke off".to_owned())
}

/// Why, step by step, the innermost last.
fn reasons(error: &reqwest::Error) -> Vec<String> {
    let first = std::error::Error::source(error);
    std::iter::successors(first, |reason| reason.source()).map(ToString::to_string).collect()
}
