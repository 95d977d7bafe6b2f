//! Every address of the console, and who may go there.

use std::sync::Arc;

use http::{HeaderMap, Method, StatusCode, header};
use ids::WorkspaceSid;
use ids::time::Timestamp;
use task_router::model::Workspace;

use crate::Console;
use crate::changes;
use crate::form::Form;
use crate::pages::{desk, home, phones, problem, resource, sign_in, wallboard, workspaces};
use crate::reply::Reply;
use crate::request_context::{Refused, RequestContext};
use crate::session::{self, Role, Session};

/// A request before anybody knows who sent it.
pub struct Incoming<'r> {
    /// The method.
    pub method: &'r Method,
    /// The address, without the query.
    pub path: &'r str,
    /// The query.
    pub query: Form,
    /// The body.
    pub body: &'r [u8],
    /// The headers.
    pub headers: &'r HeaderMap,
}

/// Where a browser may send the token, if not in the form.
const CSRF_HEADER: &str = "x-csrf-token";

/// The answer to a request. Without a session there is nothing but the way in.
pub async fn answer(console: &Console, incoming: Incoming<'_>) -> Reply {
    let now = console.api.clock.now();
    if incoming.path == sign_in::PATH {
        return sign_in::answer(console, &incoming, now).await;
    }
    let Some(session) = console.signer.session(incoming.headers, now) else {
        return sign_in_first(&incoming);
    };
    let form = match *incoming.method {
        Method::POST => Form::read(incoming.body),
        _ => Form::default(),
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
    if *incoming.method == Method::POST
        && !is_genuine(console, &session, workspace.sid, &form, incoming.headers)
    {
        return problem::plain(
            403,
            "this form was not made for this session and Workspace; open the page again",
        );
    }
    if is_of_another_page(console, &session, workspace.sid, incoming.headers) {
        return Reply::refresh();
    }
    let Incoming {
        method,
        path,
        query,
        headers,
        ..
    } = incoming;
    let (workspace, workspace_name) = (workspace.sid, workspace.friendly_name.clone());
    let visit = RequestContext {
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
    page(&visit, method)
        .await
        .unwrap_or_else(|refused| problem::page(&visit, &refused))
}

/// The Workspace this browser has chosen, if it is there; otherwise the one the centre's callers come into.
async fn workspace(
    console: &Console,
    headers: &HeaderMap,
    now: Timestamp,
) -> Result<Option<Arc<Workspace>>, Refused> {
    let store = &console.api.store;
    if let Some(chosen) = session::chosen_workspace(headers)
        && let Some(workspace) = store.workspace(chosen, now).await.map_err(Refused::away)?
    {
        return Ok(Some(workspace));
    }
    match store.voice_settings(now).await.map_err(Refused::away)? {
        Some(centre) => store
            .workspace(centre.workspace_sid, now)
            .await
            .map_err(Refused::away),
        None => Ok(None),
    }
}

/// Whether a page that fetches its region anew was opened in another session, or showed another Workspace: then all of it is old.
fn is_of_another_page(
    console: &Console,
    session: &Session,
    workspace: WorkspaceSid,
    headers: &HeaderMap,
) -> bool {
    let token = headers
        .get(CSRF_HEADER)
        .map(|value| value.to_str().unwrap_or_default());
    headers.contains_key("hx-request")
        && token.is_some_and(|token| !console.signer.is_csrf(session, workspace, token))
}

fn is_genuine(
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
        .any(|token| console.signer.is_csrf(session, workspace, token))
}

/// The address that is asked for, its parts taken apart. Parts are SIDs and words, so none needs decoding.
async fn page(visit: &RequestContext<'_>, method: &Method) -> Result<Reply, Refused> {
    let parts: Vec<&str> = visit
        .path
        .split('/')
        .filter(|part| !part.is_empty())
        .skip(1)
        .collect();
    if let Role::Agent(own) = visit.session.role {
        return agent_page(visit, method, &parts, &own.to_string()).await;
    }
    match (method.as_str(), parts.as_slice()) {
        ("GET", []) => Ok(home::first_page(visit)),
        ("GET", ["phones"]) => phones::show(visit).await,
        ("POST", ["phones"]) => phones::dial(visit).await,
        ("POST", ["phones", call, what]) => phones::act(visit, call, what).await,
        ("GET", ["desk"]) => desk::choose(visit).await,
        ("POST", ["desk", worker, "link"]) => desk::link(visit, worker).await,
        (_, ["desk", worker, rest @ ..]) => desk::answer(visit, method, worker, rest).await,
        ("GET", ["wallboard"]) => wallboard::show(visit).await,
        ("GET", ["wallboard", "plots"]) => wallboard::plots(visit).await,
        ("GET", ["changes"]) => changes::answer(visit).await,
        ("POST", ["sign-out"]) => Ok(sign_out(visit)),
        ("GET", ["workspaces"]) => workspaces::list(visit).await,
        ("GET", ["workspaces", "new"]) => workspaces::new(visit).await,
        ("POST", ["workspaces", "new"]) => workspaces::create(visit).await,
        ("POST", ["workspaces", sid, "open"]) => workspaces::open(visit, sid).await,
        (_, [kind, rest @ ..]) => resource::answer(visit, method, kind, rest).await,
        _ => Err(nothing_here(visit)),
    }
}

/// What an agent may open: their own desktop.
async fn agent_page(
    visit: &RequestContext<'_>,
    method: &Method,
    parts: &[&str],
    own: &str,
) -> Result<Reply, Refused> {
    match (method.as_str(), parts) {
        ("GET", [] | ["desk"]) => Ok(Reply::see_other(format!("/console/desk/{own}"))),
        (_, ["desk", worker, rest @ ..]) if *worker == own && *rest != ["link"] => {
            desk::answer(visit, method, worker, rest).await
        }
        ("GET", ["changes"]) => changes::answer(visit).await,
        ("POST", ["sign-out"]) => Ok(sign_out(visit)),
        _ => Err(Refused {
            status: StatusCode::FORBIDDEN,
            message: "this page is for administrators".to_owned(),
        }),
    }
}

/// There is no such address.
pub fn nothing_here(visit: &RequestContext<'_>) -> Refused {
    Refused {
        status: StatusCode::NOT_FOUND,
        message: format!("there is no page {}", visit.path),
    }
}

/// People are shown the way in, programs are told.
fn sign_in_first(incoming: &Incoming<'_>) -> Reply {
    let is_page = *incoming.method == Method::GET && !incoming.headers.contains_key("hx-request");
    if !is_page || incoming.path == changes::PATH {
        let reply = problem::plain(401, "sign in first");
        return reply.with(http::HeaderName::from_static("hx-redirect"), sign_in::PATH);
    }
    Reply::see_other(sign_in::path_back_to(incoming.path))
}

fn sign_out(visit: &RequestContext<'_>) -> Reply {
    Reply::see_other(sign_in::PATH).with(header::SET_COOKIE, visit.console.signer.no_cookie())
}
