//! A proxy between a function and AWS: it forwards the requests that the function's policy allows,
//! refuses the others as AWS does, and records both.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::policy::{Access, Policy};

/// Headers of one connection, which are not forwarded.
const OF_CONNECTIONS: [&str; 4] = ["host", "content-length", "connection", "transfer-encoding"];

/// A running proxy.
pub struct Guard {
    /// The function's endpoint of every service.
    pub endpoint: String,
    shared: Arc<Shared>,
}

struct Shared {
    function: String,
    policy: Policy,
    /// The addresses of the table and of the other services.
    table: String,
    others: String,
    http: reqwest::Client,
    allowed: Mutex<BTreeSet<(String, String)>>,
    refused: Mutex<Vec<Access>>,
}

impl Guard {
    /// Starts a proxy before these services.
    pub async fn start(function: &str, policy: Policy, table: &str, others: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        runtime::aws::install_tls();
        let shared = Arc::new(Shared {
            function: function.to_owned(),
            policy,
            table: table.to_owned(),
            others: others.to_owned(),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            allowed: Mutex::default(),
            refused: Mutex::default(),
        });
        let routes = Router::new().fallback_service(post(pass).with_state(Arc::clone(&shared)));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { endpoint, shared }
    }

    /// The refused requests.
    pub fn refused(&self) -> Vec<Access> {
        self.shared.refused.lock().unwrap().clone()
    }

    /// The permissions that were never used: action and resource.
    pub fn unused(&self) -> BTreeSet<(String, String)> {
        let used = self.shared.allowed.lock().unwrap();
        self.shared
            .policy
            .permissions()
            .difference(&used)
            .cloned()
            .collect()
    }
}

async fn pass(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers
        .get("x-amz-target")
        .and_then(|target| target.to_str().ok())
        .unwrap_or_default();
    let request: Value = serde_json::from_slice(&body).unwrap_or_default();
    for access in Access::of_request(target, &request) {
        if !shared.policy.allows(&access) {
            let answer = shared.refusal(&access);
            shared.refused.lock().unwrap().push(access);
            return answer;
        }
        shared
            .allowed
            .lock()
            .unwrap()
            .insert((access.action, access.resource));
    }
    let service = if target.starts_with("DynamoDB") {
        &shared.table
    } else {
        &shared.others
    };
    let answer = shared
        .http
        .post(service)
        .headers(forwarded_headers(headers))
        .body(body)
        .send()
        .await
        .unwrap();
    let status = answer.status();
    let headers = forwarded_headers(answer.headers().clone());
    (status, headers, answer.bytes().await.unwrap()).into_response()
}

fn forwarded_headers(mut headers: HeaderMap) -> HeaderMap {
    for name in OF_CONNECTIONS {
        headers.remove(name);
    }
    headers
}

impl Shared {
    fn refusal(&self, access: &Access) -> Response {
        let Access {
            action, resource, ..
        } = access;
        let sentence = format!(
            "User: arn:aws:sts::123456789012:assumed-role/{0}/{0} is not authorized to perform: {action} on resource: {resource} \
             because no identity-based policy allows the {action} action",
            self.function
        );
        let body = json!({ "__type": "com.amazon.coral.service#AccessDeniedException", "Message": sentence });
        (
            StatusCode::BAD_REQUEST,
            [("content-type", "application/x-amz-json-1.0")],
            body.to_string(),
        )
            .into_response()
    }
}
