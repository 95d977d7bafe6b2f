//! Every address of the console, and who may go there.

use http::{HeaderMap, Method, StatusCode, header};

use crate::Console;
use crate::changes;
use crate::form::Form;
use crate::pages::{desk, home, phones, problem, resource, sign_in, wallboard};
use crate::reply::Reply;
use crate::session::{Role, Session};
use crate::visit::{Refused, Visit};

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
    let Some(session) = console.signer.session(incoming.headers, now) else { return sign_in_first(&incoming) };
    let form = match *incoming.method {
        Method::POST => Form::read(incoming.body),
        _ => Form::default(),
    };
    if *incoming.method == Method::POST && !is_genuine(console, &session, &form, incoming.headers) {
        return problem::plain(403, "this form was not made for this session; open the page again");
    }
    let workspace = match console.api.store.centre(now).await {
        Ok(Some(centre)) => centre.workspace_sid,
        Ok(None) => return problem::plain(503, "there is no contact centre yet: apply contact-centre.yaml"),
        Err(error) => {
            tracing::error!(%error, "the contact centre could not be read");
            return problem::plain(503, "the table does not answer at the moment; try again");
        }
    };
    let Incoming { method, path, query, headers, .. } = incoming;
    let visit = Visit { console, session, now, workspace, path, query, form, headers };
    page(&visit, method).await.unwrap_or_else(|refused| problem::page(&visit, &refused))
}

fn is_genuine(console: &Console, session: &Session, form: &Form, headers: &HeaderMap) -> bool {
    let header = headers.get(CSRF_HEADER).and_then(|value| value.to_str().ok()).unwrap_or_default();
    console.signer.is_csrf(session, form.text("csrf")) || console.signer.is_csrf(session, header)
}

/// The address that is asked for, its parts taken apart. Parts are SIDs and words, so none needs decoding.
async fn page(visit: &Visit<'_>, method: &Method) -> Result<Reply, Refused> {
    let parts: Vec<&str> = visit.path.split('/').filter(|part| !part.is_empty()).skip(1).collect();
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
        (_, [kind, rest @ ..]) => resource::answer(visit, method, kind, rest).await,
        _ => Err(nothing_here(visit)),
    }
}

/// What an agent may open: their own desktop.
async fn agent_page(visit: &Visit<'_>, method: &Method, parts: &[&str], own: &str) -> Result<Reply, Refused> {
    match (method.as_str(), parts) {
        ("GET", [] | ["desk"]) => Ok(Reply::see_other(format!("/console/desk/{own}"))),
        (_, ["desk", worker, rest @ ..]) if *worker == own && *rest != ["link"] => {
            desk::answer(visit, method, worker, rest).await
        }
        ("GET", ["changes"]) => changes::answer(visit).await,
        ("POST", ["sign-out"]) => Ok(sign_out(visit)),
        _ => Err(Refused { status: StatusCode::FORBIDDEN, message: "this page is for administrators".to_owned() }),
    }
}

/// There is no such address.
pub fn nothing_here(visit: &Visit<'_>) -> Refused {
    Refused { status: StatusCode::NOT_FOUND, message: format!("there is no page {}", visit.path) }
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

fn sign_out(visit: &Visit<'_>) -> Reply {
    Reply::see_other(sign_in::PATH).with(header::SET_COOKIE, visit.console.signer.no_cookie())
}
