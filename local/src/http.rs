//! One port for everything: our functions under their paths, the simulated carrier's control and REST API beside them.

use std::future::Future;
use std::sync::Arc;

use api::Api;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request as HttpRequest, State};
use axum::http::{Response, StatusCode, header};
use axum::middleware::{self, Next};
use axum::routing::any;
use runtime::Voice;
use runtime::http::{method, method_not_allowed};
use shared::webhook::{MAX_BODY_BYTES, Reply, Request, path};
use tokio::sync::Notify;

/// The functions, each under the path it has in `template.yaml`.
pub fn functions(voice: &Arc<Voice>, public_url: &str) -> Router {
    let site = |handle| Site { voice: Arc::clone(voice), public_url: public_url.into(), handle };
    let below = |path: &str| format!("{path}/{{*rest}}");
    Router::new()
        .route(path::INCOMING_CALL, any(serve).with_state(site(boxed(incoming_call::handle))))
        .route(path::ENQUEUE_CALL, any(serve).with_state(site(boxed(enqueue_call::handle))))
        .route(path::WAIT_MUSIC, any(serve).with_state(site(boxed(wait_music::handle))))
        .route(path::MUSIC, any(serve).with_state(site(boxed(wait_music::handle))))
        .route(path::ASSIGNMENT, any(serve).with_state(site(boxed(assignment::handle))))
        .route(path::WORKER_CALL, any(serve).with_state(site(boxed(worker_call::handle))))
        .route(&below(path::WORKER_CALL), any(serve).with_state(site(boxed(worker_call::handle))))
        .route(path::QUEUE_EXIT, any(serve).with_state(site(boxed(queue_exit::handle))))
        .route(&below(path::QUEUE_EXIT), any(serve).with_state(site(boxed(queue_exit::handle))))
}

/// The REST API, under the path it has in `template.yaml`.
pub fn rest_api(api: Arc<Api>) -> Router {
    Router::new().route("/v1/{*rest}", any(serve_api).with_state(api))
}

async fn serve_api(State(api): State<Arc<Api>>, request: HttpRequest) -> Response<Body> {
    let (parts, body) = request.into_parts();
    // One byte more than is allowed: the function sees that it is too much and says so.
    let Ok(body) = to_bytes(body, api::BODY_BYTES_MAX + 1).await else {
        return response(Reply::error(413, "the body is too large"));
    };
    api::handle(api, HttpRequest::from_parts(parts, body.to_vec())).await.map(Body::from)
}

/// Tells `nudge` after every request that something may have changed.
pub fn nudging(router: Router, nudge: Arc<Notify>) -> Router {
    router.layer(middleware::from_fn_with_state(
        nudge,
        async |State(nudge): State<Arc<Notify>>, request, next: Next| {
            let response = next.run(request).await;
            nudge.notify_one();
            response
        },
    ))
}

type Handle = Arc<dyn Fn(Arc<Voice>, Request) -> std::pin::Pin<Box<dyn Future<Output = Reply> + Send>> + Send + Sync>;

/// A function and what it needs.
#[derive(Clone)]
struct Site {
    voice: Arc<Voice>,
    public_url: Arc<str>,
    handle: Handle,
}

fn boxed<R>(handle: fn(Arc<Voice>, Request) -> R) -> Handle
where
    R: Future<Output = Reply> + Send + 'static,
{
    Arc::new(move |voice, request| Box::pin(handle(voice, request)))
}

async fn serve(State(site): State<Site>, request: HttpRequest) -> Response<Body> {
    match webhook_request(&site.public_url, request).await {
        Ok(request) => response((site.handle)(site.voice, request).await),
        Err(reply) => response(reply),
    }
}

/// The request as the function sees it. Its URL is the public one: our address, path and query as they came in.
async fn webhook_request(public_url: &str, request: HttpRequest) -> Result<Request, Reply> {
    let (parts, body) = request.into_parts();
    let Some(method) = method(&parts.method) else { return Err(method_not_allowed()) };
    // One byte more than is allowed: the function sees that it is too much and says so.
    let body = to_bytes(body, MAX_BODY_BYTES + 1).await;
    let body = body.map_err(|_| Reply::error(413, "the body is too large")).map(|body| body.to_vec())?;
    let text = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    Ok(Request {
        method,
        url: format!("{public_url}{path}"),
        content_type: text(header::CONTENT_TYPE.as_str()),
        signature: text("x-twilio-signature"),
        body,
    })
}

fn response(reply: Reply) -> Response<Body> {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = Response::builder().status(status).header(header::CONTENT_TYPE, reply.content_type);
    for (name, value) in reply.headers {
        response = response.header(name, value);
    }
    response.body(Body::from(reply.body.into_owned())).unwrap_or_default()
}
