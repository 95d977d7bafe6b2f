//! [`Console`]: the dependencies of the function, and its requests of the REST API.
//!
//! The console reads and changes everything by calling [`api::handle`] in the same process. A page
//! therefore never shows more than a program could read. The API takes every decision, and its
//! refusals are shown in its own words.

use std::borrow::Cow;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::{HeaderMap, Method, Request, StatusCode, Uri, header};
use ids::time::Timestamp;
use serde_json::Value;
use tokio::sync::Semaphore;
use vocabulary::visible;

use api::Api;

use crate::phones::Phones;
use crate::session::{Principal, Session, Sessions, Signer};
use crate::sign_ins::SignIns;

/// The media type of a form.
const FORM: &str = "application/x-www-form-urlencoded";

/// The dependencies of the function.
pub struct Console {
    /// The REST API, through which everything is read and changed.
    pub api: Arc<Api>,
    /// Signs and verifies sessions, sign-in links and form tokens.
    pub signer: Signer,
    /// The simulated telephones; `None` with a real carrier.
    pub phones: Option<Arc<dyn Phones>>,
    /// The generations of sessions.
    pub(crate) sessions: Sessions,
    /// Slows down wrong sign-ins.
    pub(crate) sign_ins: SignIns,
    /// One simulation at a time: it takes a processor for seconds.
    pub(crate) simulations: Arc<Semaphore>,
}

/// The body of a request of the API.
pub enum Body {
    /// No body.
    Nothing,
    /// An encoded form.
    Form(String),
    /// An encoded form, for a resource that must still have the version of this `ETag`.
    FormIfMatch(String, String),
    /// A JSON document.
    Json(String),
    /// A JSON merge patch of attributes.
    MergePatch(String),
}

/// A resource, and its `ETag` if it has versions.
pub struct Versioned {
    /// The resource.
    pub resource: Value,
    /// The `ETag`, with its quotes.
    pub etag: Option<String>,
}

/// An error answer of the API, or of the console itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refused {
    /// The HTTP status.
    pub status: StatusCode,
    /// The message to show.
    pub message: String,
}

impl Refused {
    /// 503: a request of the table failed.
    pub fn unavailable(error: store::Error) -> Self {
        tracing::error!(%error, "request of the table failed");
        Self {
            status: StatusCode::SERVICE_UNAVAILABLE,
            message: "the table does not answer; try again".to_owned(),
        }
    }

    /// The parameter at the beginning of the message, and what is wrong with it. An error in a part
    /// of a document names the part after the parameter:
    /// `Configuration: task_routing.filters[0]…`.
    pub fn field_error(&self) -> Option<(&str, &str)> {
        let (name, problem) = self.message.split_once(": ")?;
        let is_name = !name.is_empty() && name.chars().all(|char| char.is_ascii_alphanumeric());
        is_name.then_some((name, problem))
    }
}

impl Console {
    /// A console of this API.
    pub fn new(api: Arc<Api>, signer: Signer, phones: Option<Arc<dyn Phones>>) -> Self {
        Self {
            api,
            signer,
            phones,
            sessions: Sessions::default(),
            sign_ins: SignIns::default(),
            simulations: Arc::new(Semaphore::new(1)),
        }
    }

    /// The session of a request; `None` if there is none or it was ended.
    ///
    /// # Errors
    /// The request of the table failed.
    pub async fn session(
        &self,
        headers: &HeaderMap,
        now: Timestamp,
    ) -> Result<Option<Session>, Refused> {
        let Some(session) = self.signer.session(headers, &self.api.api_keys, now) else {
            return Ok(None);
        };
        let is_current = self
            .sessions
            .is_current(&self.api.store, &session, now)
            .await
            .map_err(Refused::unavailable)?;
        Ok(is_current.then_some(session))
    }

    /// Ends all sessions of a principal.
    ///
    /// # Errors
    /// The request of the table failed.
    pub async fn end_sessions(&self, principal: Principal, now: Timestamp) -> Result<(), Refused> {
        self.sessions
            .end(&self.api.store, principal, now)
            .await
            .map_err(Refused::unavailable)?;
        tracing::info!(%principal, "sessions ended");
        Ok(())
    }

    /// A link below `base` that signs an administrator in, once and within the next hour.
    pub fn sign_in_link(&self, base: &str, now: Timestamp) -> String {
        format!(
            "{base}/console/sign-in?ticket={}",
            self.signer.ticket(Principal::Account, now)
        )
    }

    /// Calls the API with the account's credentials. The answer is for pages: characters that a
    /// reader does not see are shown as code points.
    pub async fn request(
        &self,
        method: Method,
        address: &str,
        body: Body,
    ) -> Result<Value, Refused> {
        let mut answer = self.versioned(method, address, body).await?.resource;
        make_visible(&mut answer);
        Ok(answer)
    }

    /// Calls the API with the account's credentials. The answer is for forms: its texts are
    /// unchanged, and it has the version of the resource.
    pub async fn versioned(
        &self,
        method: Method,
        address: &str,
        body: Body,
    ) -> Result<Versioned, Refused> {
        let user = self.api.account_sid.to_string();
        let tokens = self.api.tokens.current();
        self.request_as(&user, &tokens.primary, method, address, body)
            .await
    }

    /// Calls the API with these credentials.
    pub async fn request_as(
        &self,
        user: &str,
        password: &str,
        method: Method,
        address: &str,
        body: Body,
    ) -> Result<Versioned, Refused> {
        let request = api_request(user, password, method, address, body)?;
        let answer = api::handle(Arc::clone(&self.api), request).await;
        let status = answer.status();
        let etag = answer
            .headers()
            .get(header::ETAG)
            .and_then(|etag| etag.to_str().ok())
            .map(str::to_owned);
        let body: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        if status.is_success() {
            return Ok(Versioned {
                resource: body,
                etag,
            });
        }
        let message = body
            .get("message")
            .and_then(Value::as_str)
            .unwrap_or("the API gave no reason")
            .to_owned();
        Err(Refused { status, message })
    }
}

fn api_request(
    user: &str,
    password: &str,
    method: Method,
    address: &str,
    body: Body,
) -> Result<Request<Vec<u8>>, Refused> {
    let uri: Uri = address.parse().map_err(|_| Refused {
        status: StatusCode::NOT_FOUND,
        message: "the address is not valid".to_owned(),
    })?;
    let credentials = format!("Basic {}", BASE64.encode(format!("{user}:{password}")));
    let (content_type, text, etag) = match body {
        Body::Nothing => (FORM, String::new(), None),
        Body::Form(form) => (FORM, form, None),
        Body::FormIfMatch(form, etag) => (FORM, form, Some(etag)),
        Body::Json(document) => ("application/json", document, None),
        Body::MergePatch(patch) => ("application/merge-patch+json", patch, None),
    };
    let mut request = Request::new(text.into_bytes());
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    let headers = request.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        header::HeaderValue::from_static(content_type),
    );
    // The API's own `ETag` and Base64 are always valid header values.
    headers.extend(
        etag.and_then(|etag| etag.try_into().ok())
            .map(|value| (header::IF_MATCH, value)),
    );
    headers.extend(
        credentials
            .try_into()
            .map(|value| (header::AUTHORIZATION, value)),
    );
    Ok(request)
}

/// Makes the hidden characters of all texts visible.
fn make_visible(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Cow::Owned(shown) = visible(text) {
                *text = shown;
            }
        }
        Value::Array(values) => values.iter_mut().for_each(make_visible),
        Value::Object(fields) => fields.values_mut().for_each(make_visible),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A text property of a resource; empty if the property is missing or of another type.
pub fn text<'v>(resource: &'v Value, key: &str) -> &'v str {
    resource
        .get(key)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// The entries of a list of the API.
pub fn entries(list: &Value) -> &[Value] {
    let key = list
        .pointer("/meta/key")
        .and_then(Value::as_str)
        .unwrap_or_default();
    list.get(key)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusal_names_its_parameter() {
        let field_error = |message: &str| {
            let refused = Refused {
                status: StatusCode::BAD_REQUEST,
                message: message.to_owned(),
            };
            refused
                .field_error()
                .map(|(name, problem)| (name.to_owned(), problem.to_owned()))
        };
        let pair = |name: &str, problem: &str| Some((name.to_owned(), problem.to_owned()));
        assert_eq!(
            field_error("Priority: expected a whole number"),
            pair("Priority", "expected a whole number")
        );
        assert_eq!(
            field_error("Configuration: filters[0]: x"),
            pair("Configuration", "filters[0]: x")
        );
        assert_eq!(field_error("Cannot do this: no"), None);
        assert_eq!(field_error("nothing"), None);
    }

    #[test]
    fn any_credentials_fit_into_the_header() {
        let request = api_request(
            "AC1",
            "p:\n\u{e9}",
            Method::GET,
            "/v1/Workspaces",
            Body::Nothing,
        )
        .unwrap();
        assert!(
            request.headers()[header::AUTHORIZATION]
                .to_str()
                .unwrap()
                .starts_with("Basic ")
        );
        assert!(api_request("a", "b", Method::GET, "/v1/ \u{0}", Body::Nothing).is_err());
    }
}
