//! HTTP requests as API Gateway sends them to a Lambda (payload format 2.0), and the answers that it
//! expects. A library with the events of all services of AWS would add ten seconds to the first build.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{COOKIE, HOST, SET_COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response};
use serde::{Deserialize, Serialize};
use url::Url;

/// The scheme of a request whose event names none.
const DEFAULT_SCHEME: &str = "https";

/// The stage that is not part of a path.
const DEFAULT_STAGE: &str = "$default";

/// The event of one request, without the fields that are not used.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HttpEvent {
    raw_path: String,
    raw_query_string: Option<String>,
    cookies: Option<Vec<String>>,
    headers: Option<BTreeMap<String, String>>,
    request_context: RequestContext,
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext {
    domain_name: Option<String>,
    stage: Option<String>,
    http: RequestLine,
}

#[derive(Debug, Deserialize)]
struct RequestLine {
    method: String,
}

/// An event that is no HTTP request.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EventError {
    #[error("requestContext.http.method: expected a method of HTTP")]
    Method(#[from] http::method::InvalidMethod),
    #[error("headers: expected a name of HTTP")]
    HeaderName(#[from] http::header::InvalidHeaderName),
    #[error("headers, cookies: expected values of HTTP")]
    HeaderValue(#[from] http::header::InvalidHeaderValue),
    #[error("rawPath and the host: expected the parts of a URL")]
    Url(#[from] url::ParseError),
    #[error("rawPath and rawQueryString: expected the parts of a URI")]
    Uri(#[from] http::uri::InvalidUri),
    #[error("body: expected base64")]
    Body(#[from] base64::DecodeError),
}

impl TryFrom<HttpEvent> for Request<Vec<u8>> {
    type Error = EventError;

    /// The request at its public URL: API Gateway's scheme, host, path and query as received.
    fn try_from(event: HttpEvent) -> Result<Self, EventError> {
        let headers = headers(event.headers.unwrap_or_default(), event.cookies)?;
        let path = path_with_stage(event.request_context.stage.as_deref(), &event.raw_path);
        let host = text(&headers, HOST.as_str()).or(event.request_context.domain_name.as_deref());
        let mut url = public_url(text(&headers, "x-forwarded-proto"), host, &path)?;
        if let Some(query) = event.raw_query_string.filter(|query| !query.is_empty()) {
            url.push('?');
            url.push_str(&query);
        }
        let body = match (event.body, event.is_base64_encoded) {
            (None, _) => Vec::new(),
            (Some(text), false) => text.into_bytes(),
            (Some(text), true) => STANDARD.decode(text)?,
        };
        let mut request = Self::new(body);
        *request.method_mut() = Method::from_bytes(event.request_context.http.method.as_bytes())?;
        *request.uri_mut() = url.parse()?;
        *request.headers_mut() = headers;
        Ok(request)
    }
}

fn headers(
    named: BTreeMap<String, String>,
    cookies: Option<Vec<String>>,
) -> Result<HeaderMap, EventError> {
    let mut headers = HeaderMap::with_capacity(named.len() + 1);
    for (name, value) in named {
        let name: HeaderName = name.parse()?;
        headers.insert(name, HeaderValue::from_str(&value)?);
    }
    if let Some(cookies) = cookies {
        headers.insert(COOKIE, HeaderValue::from_str(&cookies.join("; "))?);
    }
    Ok(headers)
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

/// The path under which the client has requested it: API Gateway omits the stage in some events.
fn path_with_stage(stage: Option<&str>, path: &str) -> String {
    match stage {
        None | Some(DEFAULT_STAGE) => path.to_owned(),
        Some(stage) if path.starts_with(&format!("/{stage}/")) => path.to_owned(),
        Some(stage) => format!("/{stage}{path}"),
    }
}

fn public_url(
    scheme: Option<&str>,
    host: Option<&str>,
    path: &str,
) -> Result<String, url::ParseError> {
    match host {
        Some(host) => {
            let scheme = scheme.unwrap_or(DEFAULT_SCHEME);
            Ok(Url::parse(&format!("{scheme}://{host}{path}"))?.into())
        }
        None => Ok(Url::parse(&format!("http://localhost{path}"))?
            .path()
            .to_owned()),
    }
}

/// The answer to an [`HttpEvent`].
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HttpAnswer {
    status_code: u16,
    headers: BTreeMap<String, String>,
    cookies: Vec<String>,
    body: String,
    is_base64_encoded: bool,
}

impl From<Response<Vec<u8>>> for HttpAnswer {
    fn from(response: Response<Vec<u8>>) -> Self {
        let (mut parts, body) = response.into_parts();
        let kind = text(&parts.headers, "content-type").unwrap_or_default();
        let is_text = kind.starts_with("text/") || kind.starts_with("application/json");
        let (body, is_base64_encoded) = encoded(body, is_text);
        let cookies = parts.headers.get_all(SET_COOKIE).iter();
        let cookies = cookies.map(shown).collect();
        parts.headers.remove(SET_COOKIE);
        Self {
            status_code: parts.status.as_u16(),
            headers: joined(&parts.headers),
            cookies,
            body,
            is_base64_encoded,
        }
    }
}

/// The body for the platform: text as it is, everything else base64-encoded.
fn encoded(body: Vec<u8>, is_text: bool) -> (String, bool) {
    match String::from_utf8(body) {
        Ok(text) if is_text || text.is_empty() => (text, false),
        Ok(text) => (STANDARD.encode(text), true),
        Err(binary) => (STANDARD.encode(binary.into_bytes()), true),
    }
}

/// Headers, those with the same name in one.
fn joined(headers: &HeaderMap) -> BTreeMap<String, String> {
    let values = |name| {
        let values: Vec<String> = headers.get_all(name).iter().map(shown).collect();
        values.join(", ")
    };
    headers
        .keys()
        .map(|name| (name.to_string(), values(name)))
        .collect()
}

fn shown(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn event(changes: &[(&str, Value)]) -> Result<Request<Vec<u8>>, EventError> {
        let mut event = json!({
            "version": "2.0",
            "rawPath": "/v1/Workspaces",
            "rawQueryString": "A=1&B=%20",
            "cookies": ["a=1", "b=2"],
            "headers": { "host": "cordboard.example", "x-forwarded-proto": "https", "content-type": "text/plain" },
            "requestContext": { "domainName": "other.example", "stage": "$default", "http": { "method": "POST" } },
            "body": "text",
            "isBase64Encoded": false,
        });
        for (pointer, value) in changes {
            *event.pointer_mut(pointer).unwrap() = value.clone();
        }
        serde_json::from_value::<HttpEvent>(event)
            .unwrap()
            .try_into()
    }

    #[test]
    fn event_becomes_the_public_request() {
        let request = event(&[]).unwrap();
        assert_eq!(request.method(), Method::POST);
        assert_eq!(
            request.uri(),
            "https://cordboard.example/v1/Workspaces?A=1&B=%20"
        );
        assert_eq!(request.headers()["cookie"], "a=1; b=2");
        assert_eq!(request.headers()["content-type"], "text/plain");
        assert_eq!(request.body(), b"text");
    }

    #[test]
    fn url_follows_from_host_stage_and_scheme() {
        for (pointer, value, url) in [
            (
                "/rawQueryString",
                json!(""),
                "https://cordboard.example/v1/Workspaces",
            ),
            (
                "/rawQueryString",
                Value::Null,
                "https://cordboard.example/v1/Workspaces",
            ),
            (
                "/rawPath",
                json!("/a b"),
                "https://cordboard.example/a%20b?A=1&B=%20",
            ),
            (
                "/headers",
                json!({}),
                "https://other.example/v1/Workspaces?A=1&B=%20",
            ),
            (
                "/headers/x-forwarded-proto",
                json!("http"),
                "http://cordboard.example/v1/Workspaces?A=1&B=%20",
            ),
            (
                "/requestContext/stage",
                json!("live"),
                "https://cordboard.example/live/v1/Workspaces?A=1&B=%20",
            ),
            (
                "/requestContext/stage",
                json!("v1"),
                "https://cordboard.example/v1/Workspaces?A=1&B=%20",
            ),
        ] {
            let request = event(&[(pointer, value)]).unwrap();
            assert_eq!(request.uri().to_string(), url, "{pointer}");
        }
    }

    #[test]
    fn body_is_decoded() {
        let encoded = [("/body", json!("AP8=")), ("/isBase64Encoded", json!(true))];
        assert_eq!(event(&encoded).unwrap().body(), &[0, 255]);
        assert!(event(&[("/body", Value::Null)]).unwrap().body().is_empty());
    }

    #[test]
    fn malformed_event_is_an_error() {
        for (pointer, value, part) in [
            ("/requestContext/http/method", json!("GET it"), "method"),
            ("/headers", json!({ "a b": "c" }), "name"),
            ("/headers/content-type", json!("a\nb"), "values"),
            ("/headers/host", json!("a b"), "URL"),
            ("/rawQueryString", json!("a b"), "URI"),
        ] {
            let error = event(&[(pointer, value)]).unwrap_err().to_string();
            assert!(error.contains(part), "{pointer}: {error}");
        }
    }

    fn answer(response: http::response::Builder, body: &[u8]) -> Value {
        let response = response.body(body.to_vec()).unwrap();
        serde_json::to_value(HttpAnswer::from(response)).unwrap()
    }

    #[test]
    fn answer_has_the_platforms_form() {
        let response = Response::builder()
            .status(201)
            .header("content-type", "text/html; charset=utf-8")
            .header("vary", "accept")
            .header("vary", "cookie")
            .header("set-cookie", "a=1")
            .header("set-cookie", "b=2");
        assert_eq!(
            answer(response, b"<p>"),
            json!({
                "statusCode": 201,
                "headers": { "content-type": "text/html; charset=utf-8", "vary": "accept, cookie" },
                "cookies": ["a=1", "b=2"],
                "body": "<p>",
                "isBase64Encoded": false,
            })
        );
    }

    #[test]
    fn binary_body_is_base64() {
        for (kind, body, encoded, is_base64) in [
            ("audio/wav", &b"RIFF"[..], "UklGRg==", true),
            ("text/plain", &[0xff], "/w==", true),
            ("application/json", b"{}", "{}", false),
            ("audio/wav", b"", "", false),
        ] {
            let answer = answer(Response::builder().header("content-type", kind), body);
            assert_eq!(
                (&answer["body"], &answer["isBase64Encoded"]),
                (&json!(encoded), &json!(is_base64)),
                "{kind}"
            );
        }
    }
}
