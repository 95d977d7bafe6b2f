//! One request being answered: who asks, for what, and the centre as the REST API shows it.
//!
//! The console reads and changes everything through the API's own function, without a network between. So a page never
//! knows more than a program could, nothing is decided here, and what is refused there is refused here in the same words.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::{HeaderMap, Method, Request, StatusCode, Uri, header};
use ids::WorkspaceSid;
use ids::time::Timestamp;
use serde_json::Value;
use std::sync::Arc;

use crate::Console;
use crate::form::Form;
use crate::session::Session;

/// The media type of a form.
const FORM: &str = "application/x-www-form-urlencoded";

/// What a request of the API carries.
pub enum Body {
    /// Nothing.
    Nothing,
    /// A form, encoded.
    Form(String),
    /// A document.
    Json(String),
}

/// A request with everything known about it.
pub struct RequestContext<'v> {
    /// The console's world.
    pub console: &'v Console,
    /// Who asks.
    pub session: Session,
    /// The moment the request came in.
    pub now: Timestamp,
    /// Where everything is.
    pub workspace: WorkspaceSid,
    /// What people call it.
    pub workspace_name: String,
    /// The address asked for, without the query.
    pub path: &'v str,
    /// The query.
    pub query: Form,
    /// The form, of a POST.
    pub form: Form,
    /// The headers.
    pub headers: &'v HeaderMap,
}

/// Why the API did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refused {
    /// The HTTP status.
    pub status: StatusCode,
    /// What it said.
    pub message: String,
}

impl Refused {
    /// The table does not answer.
    pub fn away(error: store::Error) -> Self {
        tracing::error!(%error, "the table could not be read");
        Self {
            status: StatusCode::SERVICE_UNAVAILABLE,
            message: "the table does not answer; try again".to_owned(),
        }
    }

    /// The parameter the message is about, which it begins with, and what is wrong with it. An error of a part of a document
    /// names the part behind the parameter: `Configuration: task_routing.filters[0]…`.
    pub fn about(&self) -> Option<(&str, &str)> {
        let (name, problem) = self.message.split_once(": ")?;
        let is_name = !name.is_empty() && name.chars().all(|char| char.is_ascii_alphanumeric());
        is_name.then_some((name, problem))
    }
}

impl RequestContext<'_> {
    /// Changes or reads something below the Workspace, with a document.
    pub async fn post_json(&self, place: &str, document: &Value) -> Result<Value, Refused> {
        self.console
            .ask(
                Method::POST,
                &self.at(place),
                Body::Json(document.to_string()),
            )
            .await
    }

    /// An address of the API below the Workspace.
    pub fn at(&self, place: &str) -> String {
        format!("/v1/Workspaces/{}/{place}", self.workspace)
    }

    /// Reads something below the Workspace: `Tasks?PageSize=50`.
    pub async fn get(&self, place: &str) -> Result<Value, Refused> {
        self.console
            .ask(Method::GET, &self.at(place), Body::Nothing)
            .await
    }

    /// Changes or makes something below the Workspace.
    pub async fn post(&self, place: &str, form: &Form) -> Result<Value, Refused> {
        self.console
            .ask(Method::POST, &self.at(place), Body::Form(form.encode_all()))
            .await
    }

    /// Removes something below the Workspace.
    pub async fn delete(&self, place: &str) -> Result<Value, Refused> {
        self.console
            .ask(Method::DELETE, &self.at(place), Body::Nothing)
            .await
    }

    /// Whether a page asks for a part of itself.
    pub fn is_part(&self) -> bool {
        self.headers.contains_key("hx-request")
    }

    /// The token every form carries.
    pub fn csrf(&self) -> String {
        self.console.signer.csrf(&self.session, self.workspace)
    }
}

impl Console {
    /// Asks the API, with the account's own credentials.
    pub async fn ask(&self, method: Method, address: &str, body: Body) -> Result<Value, Refused> {
        let (user, password) = (
            self.api.account_sid.to_string(),
            self.api.auth_token.clone(),
        );
        self.ask_as(&user, &password, method, address, body).await
    }

    /// Asks the API with these credentials.
    pub async fn ask_as(
        &self,
        user: &str,
        password: &str,
        method: Method,
        address: &str,
        body: Body,
    ) -> Result<Value, Refused> {
        let answer = api::handle(
            Arc::clone(&self.api),
            request(user, password, method, address, body)?,
        )
        .await;
        let status = answer.status();
        let body: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        match status.is_success() {
            true => Ok(body),
            false => {
                let message = body
                    .get("message")
                    .and_then(Value::as_str)
                    .unwrap_or("no answer")
                    .to_owned();
                Err(Refused { status, message })
            }
        }
    }
}

fn request(
    user: &str,
    password: &str,
    method: Method,
    address: &str,
    body: Body,
) -> Result<Request<Vec<u8>>, Refused> {
    let unusable = |_| Refused {
        status: StatusCode::NOT_FOUND,
        message: "there is no such address".to_owned(),
    };
    let uri: Uri = address.parse().map_err(unusable)?;
    let credentials = format!("Basic {}", BASE64.encode(format!("{user}:{password}")));
    let (kind, text) = match body {
        Body::Nothing => (FORM, String::new()),
        Body::Form(form) => (FORM, form),
        Body::Json(document) => ("application/json", document),
    };
    let mut request = Request::new(text.into_bytes());
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    let headers = request.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
    // Base64 is always a header value.
    headers.extend(
        credentials
            .try_into()
            .map(|value| (header::AUTHORIZATION, value)),
    );
    Ok(request)
}

/// A text of a resource; nothing where there is none.
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
    fn a_refusal_says_which_parameter_it_is_about() {
        let about = |message: &str| {
            let refused = Refused {
                status: StatusCode::BAD_REQUEST,
                message: message.to_owned(),
            };
            refused
                .about()
                .map(|(name, problem)| (name.to_owned(), problem.to_owned()))
        };
        let pair = |name: &str, problem: &str| Some((name.to_owned(), problem.to_owned()));
        assert_eq!(
            about("Priority: expected a whole number"),
            pair("Priority", "expected a whole number")
        );
        assert_eq!(
            about("Configuration: filters[0]: x"),
            pair("Configuration", "filters[0]: x")
        );
        assert_eq!(about("Cannot do this: no"), None);
        assert_eq!(about("nothing"), None);
    }

    #[test]
    fn credentials_go_into_the_header_whatever_they_contain() {
        let request = request(
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
        assert!(super::request("a", "b", Method::GET, "/v1/ \u{0}", Body::Nothing).is_err());
    }
}
