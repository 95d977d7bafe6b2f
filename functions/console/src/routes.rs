//! The routes: every address of the console, and the role it requires.

use std::sync::Arc;

use http::{HeaderMap, Method, StatusCode, header};
use ids::WorkspaceSid;
use ids::time::Timestamp;
use task_router::model::Workspace;
use vocabulary::visible;

use crate::changes;
use crate::console::{Console, Refused};
use crate::form::Form;
use crate::pages::{
    calendars, desk, flows, home, phones, problem, resource, sign_in, simulation, wallboard,
    workspaces,
};
use crate::reply::Reply;
use crate::request_context::{IncomingRequest, RequestContext};
use crate::session::{self, Role, Session};

/// The header that carries the form token when htmx sends the request.
const CSRF_HEADER: &str = "x-csrf-token";

/// Answers a request. Without a session every page leads to the sign-in form.
pub async fn answer(console: &Console, incoming: IncomingRequest<'_>) -> Reply {
    let now = console.api.clock.now();
    if incoming.path == sign_in::PATH {
        return sign_in::answer(console, &incoming, now).await;
    }
    let session = match console.session(incoming.headers, now).await {
        Ok(Some(session)) => session,
        Ok(None) => return sign_in_first(&incoming),
        Err(refused) => return problem::plain(503, &refused.message),
    };
    let is_post = *incoming.method == Method::POST;
    let form = if is_post {
        Form::read(incoming.body)
    } else {
        Form::default()
    };
    let workspace = match workspace(console, incoming.headers, now).await {
        Ok(Some(workspace)) => workspace,
        Ok(None) => {
            return problem::plain(
                503,
                "there is no contact centre yet: apply contact-centre.yaml",
            );
        }
        Err(refused) => return problem::plain(503, &refused.message),
    };
    if is_post && !has_csrf_token(console, &session, workspace.sid, &form, incoming.headers) {
        return problem::plain(
            403,
            "this form belongs to another session or Workspace; open the page again",
        );
    }
    if is_outdated_page(console, &session, workspace.sid, incoming.headers) {
        return Reply::refresh();
    }
    let IncomingRequest {
        method,
        path,
        query,
        headers,
        ..
    } = incoming;
    let workspace_name = visible(&workspace.friendly_name).into_owned();
    let workspace = workspace.sid;
    let context = RequestContext {
        console,
        session,
        now,
        workspace,
        workspace_name,
        path,
        query,
        form,
        headers,
    };
    let reply = page(&context, method)
        .await
        .unwrap_or_else(|refused| problem::page(&context, &refused));
    match reply.location() {
        Some(address) if context.is_part() && !context.is_open_page(address) => {
            reply.into_navigation()
        }
        Some(_) | None => reply,
    }
}

/// The Workspace this browser has chosen, if it exists; otherwise the one that receives the
/// centre's calls.
async fn workspace(
    console: &Console,
    headers: &HeaderMap,
    now: Timestamp,
) -> Result<Option<Arc<Workspace>>, Refused> {
    let store = &console.api.store;
    if let Some(chosen) = session::chosen_workspace(headers)
        && let Some(workspace) = store
            .workspace(chosen, now)
            .await
            .map_err(Refused::unavailable)?
    {
        return Ok(Some(workspace));
    }
    match store
        .voice_settings(now)
        .await
        .map_err(Refused::unavailable)?
    {
        Some(settings) => store
            .workspace(settings.workspace_sid, now)
            .await
            .map_err(Refused::unavailable),
        None => Ok(None),
    }
}

/// Whether an open page fetches its live region with the token of another session or Workspace. The
/// whole page is then outdated and is reloaded.
fn is_outdated_page(
    console: &Console,
    session: &Session,
    workspace: WorkspaceSid,
    headers: &HeaderMap,
) -> bool {
    let token = headers
        .get(CSRF_HEADER)
        .map(|value| value.to_str().unwrap_or_default());
    headers.contains_key("hx-request")
        && token.is_some_and(|token| !console.signer.accepts_csrf(session, workspace, token))
}

fn has_csrf_token(
    console: &Console,
    session: &Session,
    workspace: WorkspaceSid,
    form: &Form,
    headers: &HeaderMap,
) -> bool {
    let header = headers
        .get(CSRF_HEADER)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    [form.text("csrf"), header]
        .into_iter()
        .any(|token| console.signer.accepts_csrf(session, workspace, token))
}

/// Dispatches on method and path. Path parts are SIDs and words, so none needs decoding.
async fn page(context: &RequestContext<'_>, method: &Method) -> Result<Reply, Refused> {
    let parts: Vec<&str> = context
        .path
        .split('/')
        .filter(|part| !part.is_empty())
        .skip(1)
        .collect();
    if let Role::Agent(worker) = context.session.role() {
        return agent_page(context, method, &parts, &worker.to_string()).await;
    }
    match (method.as_str(), parts.as_slice()) {
        ("GET", []) => Ok(home::first_page(context)),
        ("GET", ["phones"]) => phones::show(context).await,
        ("POST", ["phones"]) => phones::dial(context).await,
        ("POST", ["phones", call, "webhooks", document]) => {
            phones::send_again(context, call, document).await
        }
        ("POST", ["phones", call, "signal"]) => phones::signal(context, call),
        ("GET", ["phones", call, "signals"]) => phones::signals(context, call),
        ("POST", ["phones", call, what]) => phones::perform(context, call, what).await,
        ("GET", ["desk"]) => desk::choose(context).await,
        ("POST", ["desk", worker, "link"]) => desk::link(context, worker).await,
        ("POST", ["desk", worker, "end-sessions"]) => desk::end_sessions(context, worker).await,
        (_, ["desk", worker, rest @ ..]) => desk::answer(context, method, worker, rest).await,
        ("GET", ["wallboard"]) => wallboard::show(context).await,
        ("GET", ["wallboard", "plots"]) => wallboard::plots(context).await,
        ("GET", ["flows"]) => flows::show(context).await,
        ("GET", ["calendars"]) => calendars::list(context).await,
        ("POST", ["calendars", name]) => calendars::switch(context, name).await,
        ("GET", ["simulation"]) => simulation::show(context).await,
        ("POST", ["simulation"]) => simulation::run(context).await,
        ("GET", ["changes"]) => changes::answer(context).await,
        ("POST", ["sign-out"]) => sign_out(context).await,
        ("GET", ["workspaces"]) => workspaces::list(context).await,
        ("GET", ["workspaces", "new"]) => workspaces::new(context).await,
        ("POST", ["workspaces", "new"]) => workspaces::create(context).await,
        ("POST", ["workspaces", sid, "open"]) => workspaces::open(context, sid).await,
        (_, [kind, rest @ ..]) => resource::answer(context, method, kind, rest).await,
        _ => Err(context.no_such_page()),
    }
}

/// The pages of an agent: their own desktop.
async fn agent_page(
    context: &RequestContext<'_>,
    method: &Method,
    parts: &[&str],
    own: &str,
) -> Result<Reply, Refused> {
    match (method.as_str(), parts) {
        ("GET", [] | ["desk"]) => Ok(Reply::see_other(format!("/console/desk/{own}"))),
        (_, ["desk", worker, rest @ ..]) if *worker == own && *rest != ["link"] => {
            desk::answer(context, method, worker, rest).await
        }
        ("GET", ["changes"]) => changes::answer(context).await,
        ("POST", ["sign-out"]) => sign_out(context).await,
        _ => Err(Refused {
            status: StatusCode::FORBIDDEN,
            message: "this page is for administrators".to_owned(),
        }),
    }
}

/// Without a session, a browser is redirected to the sign-in form; a script or the long poll gets
/// 401.
fn sign_in_first(incoming: &IncomingRequest<'_>) -> Reply {
    let is_page = *incoming.method == Method::GET && !incoming.headers.contains_key("hx-request");
    if !is_page || incoming.path == changes::PATH {
        let reply = problem::plain(401, "sign in first");
        return reply.with(http::HeaderName::from_static("hx-redirect"), sign_in::PATH);
    }
    Reply::see_other(sign_in::path_back_to(incoming.path))
}

/// Ends all sessions of the principal, not only the one in this browser: a copy of the cookie must
/// not outlive the sign-out.
async fn sign_out(context: &RequestContext<'_>) -> Result<Reply, Refused> {
    let console = context.console;
    console
        .end_sessions(context.session.principal, context.now)
        .await?;
    let reply = Reply::see_other(sign_in::PATH);
    Ok(reply.with(header::SET_COOKIE, console.signer.clear_cookie()))
}
