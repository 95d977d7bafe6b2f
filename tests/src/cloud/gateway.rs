//! The HTTP API of `template.yaml`: a request becomes an event in API Gateway's format 2.0, and the
//! function's answer becomes the response.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::functions::Function;
use crate::lambda::Outcome;
use crate::template::{FUNCTION, Template};

/// Largest request, bytes: the quota of API Gateway (10 MB).
const BODY_BYTES_MAX: usize = 10 * 1024 * 1024;

/// A route: the function's logical id by method and path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// `None` for `ANY`.
    method: Option<Method>,
    /// The path, or what comes before `{proxy+}`.
    path: String,
    is_prefix: bool,
    /// The logical id of the function.
    pub function: String,
}

impl Route {
    fn read(function: &str, event: &Value) -> Option<Self> {
        if event["Type"] != "HttpApi" {
            return None;
        }
        let properties = &event["Properties"];
        let method = properties["Method"].as_str()?;
        let path = properties["Path"].as_str()?;
        let prefix = path.strip_suffix("{proxy+}");
        Some(Self {
            method: (method != "ANY").then(|| method.parse().unwrap()),
            path: prefix.unwrap_or(path).to_owned(),
            is_prefix: prefix.is_some(),
            function: function.to_owned(),
        })
    }

    fn matches(&self, method: &Method, path: &str) -> bool {
        let is_path = if self.is_prefix {
            path.len() > self.path.len() && path.starts_with(&self.path)
        } else {
            path == self.path
        };
        is_path && self.method.as_ref().is_none_or(|own| own == method)
    }

    /// More specific routes are preferred: whole paths, then longer prefixes, then named methods.
    fn rank(&self) -> (bool, usize, bool) {
        (!self.is_prefix, self.path.len(), self.method.is_some())
    }
}

/// The routes of the template, the preferred ones first.
pub fn routes(template: &Template) -> Vec<Route> {
    let mut routes = Vec::new();
    for (id, function) in template.of_type(FUNCTION) {
        let events = function["Properties"]["Events"].as_object();
        let events = events.into_iter().flat_map(|events| events.values());
        routes.extend(events.filter_map(|event| Route::read(id, event)));
    }
    routes.sort_by_key(|route| std::cmp::Reverse(route.rank()));
    routes
}

/// The function of a request: the preferred route that matches.
pub fn function_of<'a>(routes: &'a [Route], method: &Method, path: &str) -> Option<&'a str> {
    let mut matching = routes.iter().filter(|route| route.matches(method, path));
    matching.next().map(|route| route.function.as_str())
}

struct Gateway {
    routes: Vec<Route>,
    functions: Arc<BTreeMap<String, Arc<Function>>>,
    host: String,
}

/// Serves the API on this listener until the process ends.
pub fn serve(
    listener: TcpListener,
    routes: Vec<Route>,
    functions: Arc<BTreeMap<String, Arc<Function>>>,
) {
    let gateway = Gateway {
        routes,
        functions,
        host: listener.local_addr().unwrap().to_string(),
    };
    let site = Router::new()
        .fallback(pass)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(Arc::new(gateway));
    tokio::spawn(async move { axum::serve(listener, site).await });
}

async fn pass(
    State(gateway): State<Arc<Gateway>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let function =
        function_of(&gateway.routes, &method, uri.path()).and_then(|id| gateway.functions.get(id));
    let Some(function) = function else {
        return message(StatusCode::NOT_FOUND, "Not Found");
    };
    let event = event(&gateway.host, &method, &uri, &headers, &body);
    match function.invoke(&event).await {
        Outcome::Response(answer) => response(&answer),
        Outcome::Error(error) if error["type"] == "TooManyRequestsException" => {
            message(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable")
        }
        Outcome::Error(_) => message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error"),
    }
}

fn event(host: &str, method: &Method, uri: &Uri, headers: &HeaderMap, body: &Bytes) -> Value {
    let mut sent: BTreeMap<&str, &str> = headers
        .iter()
        .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
        .collect();
    sent.extend([
        ("host", host),
        ("x-forwarded-for", "127.0.0.1"),
        ("x-forwarded-proto", "http"),
    ]);
    let path = uri.path();
    json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": uri.query().unwrap_or_default(),
        "headers": sent,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "cordboard0",
            "domainName": host,
            "http": {
                "method": method.as_str(),
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": sent.get("user-agent"),
            },
            "requestId": "day",
            "routeKey": "$default",
            "stage": "$default",
            "time": "22/Nov/2026:12:00:00 +0000",
            "timeEpoch": 1_795_348_800_000_u64,
        },
        "body": BASE64.encode(body),
        "isBase64Encoded": true,
    })
}

fn response(answer: &Value) -> Response {
    let status = answer["statusCode"].as_u64().unwrap_or_default() as u16;
    let text = answer["body"].as_str().unwrap_or_default();
    let body = if answer["isBase64Encoded"] == true {
        BASE64.decode(text).unwrap()
    } else {
        text.as_bytes().to_vec()
    };
    let mut response = (StatusCode::from_u16(status).unwrap(), body).into_response();
    response.headers_mut().clear();
    let headers = answer["headers"].as_object().into_iter().flatten();
    for (name, value) in headers {
        if let (Ok(name), Some(Ok(value))) = (
            axum::http::HeaderName::try_from(name.as_str()),
            value.as_str().map(str::parse),
        ) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn message(status: StatusCode, text: &str) -> Response {
    (status, axum::Json(json!({ "message": text }))).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project;

    #[test]
    fn requests_reach_their_functions() {
        let routes = routes(&Template::parse(&project::read("template.yaml")).unwrap());
        for (method, path, function) in [
            (Method::POST, "/incoming-call", Some("IncomingCall")),
            (Method::GET, "/wait-music/music.wav", Some("WaitMusic")),
            (Method::POST, "/worker-call/status", Some("WorkerCall")),
            (Method::DELETE, "/v1/Workspaces/WS1", Some("Api")),
            (Method::PUT, "/incoming-call", None),
            (Method::GET, "/elsewhere", None),
        ] {
            assert_eq!(
                function_of(&routes, &method, path),
                function,
                "{method} {path}"
            );
        }
    }
}
