//! The adapter between Lambda's HTTP events and our handlers: of [`shared::webhook`] requests, and
//! of plain HTTP requests.

use std::future::Future;
use std::sync::Arc;

use lambda_http::http::{Method as HttpMethod, Request as HttpRequest, StatusCode, header};
use lambda_http::{Body, Request as LambdaRequest, Response, service_fn};
use shared::webhook::{Method, Reply, Request};

/// Serves HTTP events with `handle` until the platform ends the process.
pub async fn serve<D, F, R>(deps: Arc<D>, handle: F) -> Result<(), lambda_http::Error>
where
    D: Send + Sync + 'static,
    F: Fn(Arc<D>, Request) -> R + Copy + Send + Sync + 'static,
    R: Future<Output = Reply> + Send,
{
    let service = service_fn(move |event: LambdaRequest| {
        let deps = Arc::clone(&deps);
        async move {
            let reply = match request(event) {
                Ok(request) => handle(deps, request).await,
                Err(reply) => reply,
            };
            response(reply)
        }
    });
    lambda_http::run(service).await
}

/// Serves HTTP events with a handler of plain requests and responses until the platform ends the
/// process. The request's URI is the public one: API Gateway's scheme, host, path and query as
/// received.
pub async fn serve_plain<D, F, R>(deps: Arc<D>, handle: F) -> Result<(), lambda_http::Error>
where
    D: Send + Sync + 'static,
    F: Fn(Arc<D>, HttpRequest<Vec<u8>>) -> R + Copy + Send + Sync + 'static,
    R: Future<Output = Response<Vec<u8>>> + Send,
{
    let service = service_fn(move |event: LambdaRequest| {
        let deps = Arc::clone(&deps);
        async move {
            let (parts, bytes) = handle(deps, event.map(|body| body.to_vec()))
                .await
                .into_parts();
            let content_type = parts
                .headers
                .get(header::CONTENT_TYPE)
                .and_then(|kind| kind.to_str().ok());
            let body = body(bytes, content_type.unwrap_or_default());
            Ok::<_, lambda_http::Error>(Response::from_parts(parts, body))
        }
    });
    lambda_http::run(service).await
}

/// The event as a webhook request. Its URL is the public one: API Gateway's host, path and query as
/// received.
fn request(event: LambdaRequest) -> Result<Request, Reply> {
    let (parts, body) = event.into_parts();
    let Some(method) = method(&parts.method) else {
        return Err(method_not_allowed());
    };
    Ok(Request {
        method,
        url: parts.uri.to_string(),
        content_type: text(&parts, header::CONTENT_TYPE.as_str()),
        signature: text(&parts, "x-twilio-signature"),
        body: body.to_vec(),
    })
}

fn text(parts: &lambda_http::http::request::Parts, name: &str) -> Option<String> {
    parts.headers.get(name)?.to_str().ok().map(str::to_owned)
}

/// The method of a webhook; `None` for other methods.
pub fn method(method: &HttpMethod) -> Option<Method> {
    match *method {
        HttpMethod::GET => Some(Method::Get),
        HttpMethod::POST => Some(Method::Post),
        _ => None,
    }
}

/// The answer to any other method: 405.
pub fn method_not_allowed() -> Reply {
    let mut reply = Reply::error(405, "method not allowed: expected GET or POST");
    reply.headers.push(("allow", "GET, POST".to_owned()));
    reply
}

fn response(reply: Reply) -> Result<Response<Body>, lambda_http::Error> {
    let status = StatusCode::from_u16(reply.status)?;
    let mut response = Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, reply.content_type);
    for (name, value) in reply.headers {
        response = response.header(name, value);
    }
    Ok(response.body(body(reply.body.into_owned(), reply.content_type))?)
}

/// The body for the platform: text as it is, everything else base64-encoded.
fn body(bytes: Vec<u8>, content_type: &str) -> Body {
    let is_text = content_type.starts_with("text/") || content_type.starts_with("application/json");
    match String::from_utf8(bytes) {
        Ok(text) if is_text => Body::Text(text),
        Ok(text) => Body::Binary(text.into_bytes()),
        Err(binary) => Body::Binary(binary.into_bytes()),
    }
}
