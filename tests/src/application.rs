//! A customer's application: it records requests and gives configured answers.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::IntoResponse;
use axum::routing::any;
use serde_json::Value;
use tokio::net::TcpListener;

use crate::test_centre::{EXAMPLE, TestCentre};

/// The answer at a path: status, content type, body. In a body, `{base}` is replaced by the
/// application's address, and any other name in braces by the request's parameter, or else the
/// Task's attribute, of that name.
pub type Answer = (u16, &'static str, &'static str);

/// Content type of an instruction.
pub const JSON: &str = "application/json";
/// Content type of a document.
pub const XML: &str = "text/xml";

/// A recorded request.
#[derive(Debug, Clone)]
pub struct RecordedRequest {
    /// GET or POST.
    pub method: Method,
    /// Its path.
    pub path: String,
    /// Path and query.
    pub target: String,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its parameters: of the query, then of the form.
    pub parameters: Vec<(String, String)>,
}

impl RecordedRequest {
    /// A parameter's value; empty if it is missing.
    pub fn get(&self, name: &str) -> &str {
        self.parameters
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
            .unwrap_or_default()
    }
}

/// The application, running until the test ends.
#[derive(Clone)]
pub struct Application {
    /// `http://127.0.0.1:…`
    pub base: String,
    answers: Arc<BTreeMap<&'static str, Answer>>,
    requests: Arc<Mutex<Vec<RecordedRequest>>>,
}

impl Application {
    /// An application with these paths.
    pub async fn start(answers: &[(&'static str, Answer)]) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let application = Self {
            base,
            answers: Arc::new(answers.iter().copied().collect()),
            requests: Arc::default(),
        };
        let site = axum::Router::new()
            .route("/{path}", any(answer))
            .with_state(application.clone());
        tokio::spawn(async move { axum::serve(listener, site).await.unwrap() });
        application
    }

    /// The example centre with these paths of the application as assignment callback and fallback.
    pub async fn test_centre(&self, callback: &str, fallback: &str) -> TestCentre {
        let urls = format!(
            "assignment_callback: {base}{callback}\n    fallback_assignment_callback: {base}{fallback}",
            base = self.base
        );
        let set_up = EXAMPLE.replace("assignment_callback: /assignment", &urls);
        assert_ne!(set_up, EXAMPLE);
        TestCentre::open(&set_up, None).await
    }

    /// The requests so far.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.requests.lock().unwrap().clone()
    }

    /// The requests to `path` so far.
    pub fn requests_to(&self, path: &str) -> Vec<RecordedRequest> {
        self.requests()
            .into_iter()
            .filter(|request| request.path == path)
            .collect()
    }

    /// The paths of the requests so far.
    pub fn paths(&self) -> Vec<String> {
        self.requests()
            .into_iter()
            .map(|request| request.path)
            .collect()
    }
}

async fn answer(
    State(application): State<Application>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: String,
) -> impl IntoResponse {
    let query = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned();
    let parameters: Vec<_> = query
        .chain(form_urlencoded::parse(body.as_bytes()).into_owned())
        .collect();
    let (status, content_type, body) = application.answers[uri.path()];
    let body = filled(body, &application.base, &parameters);
    application.requests.lock().unwrap().push(RecordedRequest {
        method,
        path: uri.path().to_owned(),
        target: uri.to_string(),
        headers,
        parameters,
    });
    (
        StatusCode::from_u16(status).unwrap(),
        [("content-type", content_type)],
        body,
    )
}

fn filled(body: &str, base: &str, parameters: &[(String, String)]) -> String {
    let mut text = body.replace("{base}", base);
    for (name, value) in parameters {
        text = text.replace(&format!("{{{name}}}"), value);
    }
    let attributes = parameters.iter().find(|(name, _)| name == "TaskAttributes");
    let attributes: Value = attributes
        .and_then(|(_, json)| serde_json::from_str(json).ok())
        .unwrap_or_default();
    for (name, value) in attributes.as_object().into_iter().flatten() {
        text = text.replace(&format!("{{{name}}}"), value.as_str().unwrap_or_default());
    }
    text
}
