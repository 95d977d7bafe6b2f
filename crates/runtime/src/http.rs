//! The adapter between Lambda's HTTP events and our handlers: of [`shared::webhook`] requests, and
//! of plain HTTP requests.

use std::future::Future;
use std::sync::Arc;

use ::http::{
    HeaderMap, Method as HttpMethod, Request as HttpRequest, Response, StatusCode, header,
};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use shared::webhook::{Method, Reply, Request};

use crate::http_event::{HttpAnswer, HttpEvent};

/// Serves HTTP events with `handle` until the platform ends the process.
pub async fn serve<D, F, R>(deps: Arc<D>, handle: F) -> Result<(), Error>
where
    D: Send + Sync + 'static,
    F: Fn(Arc<D>, Request) -> R + Copy + Send + Sync + 'static,
    R: Future<Output = Reply> + Send,
{
    let service = service_fn(move |event: LambdaEvent<HttpEvent>| {
        let deps = Arc::clone(&deps);
        async move {
            let reply = match webhook(event.payload.try_into()?) {
                // Boxed: the type of the whole future would be too deep for the compiler.
                Ok(request) => Box::pin(handle(deps, request)).await,
                Err(reply) => reply,
            };
            Ok::<_, Error>(HttpAnswer::from(response(reply)?))
        }
    });
    lambda_runtime::run(service).await
}

/// Serves HTTP events with a handler of plain requests and responses until the platform ends the
/// process. The request's URI is the public one: API Gateway's scheme, host, path and query as
/// received.
pub async fn serve_plain<D, F, R>(deps: Arc<D>, handle: F) -> Result<(), Error>
where
    D: Send + Sync + 'static,
    F: Fn(Arc<D>, HttpRequest<Vec<u8>>) -> R + Copy + Send + Sync + 'static,
    R: Future<Output = Response<Vec<u8>>> + Send,
{
    let service = service_fn(move |event: LambdaEvent<HttpEvent>| {
        let deps = Arc::clone(&deps);
        async move {
            let response = Box::pin(handle(deps, event.payload.try_into()?)).await;
            Ok::<_, Error>(HttpAnswer::from(response))
        }
    });
    lambda_runtime::run(service).await
}

/// The request as that of a webhook. Its URL is the public one.
fn webhook(request: HttpRequest<Vec<u8>>) -> Result<Request, Reply> {
    let (parts, body) = request.into_parts();
    let Some(method) = method(&parts.method) else {
        return Err(method_not_allowed());
    };
    Ok(Request {
        method,
        url: parts.uri.to_string(),
        content_type: text(&parts.headers, header::CONTENT_TYPE.as_str()),
        signature: text(&parts.headers, "x-twilio-signature"),
        body,
    })
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
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

fn response(reply: Reply) -> Result<Response<Vec<u8>>, Error> {
    let status = StatusCode::from_u16(reply.status)?;
    let mut response = Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, reply.content_type);
    for (name, value) in reply.headers {
        response = response.header(name, value);
    }
    Ok(response.body(reply.body.into_owned())?)
}
