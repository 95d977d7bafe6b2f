//! Sign-in: account SID and auth token, an API key, or a link with a ticket.

use http::{Method, StatusCode, header};
use ids::time::Timestamp;
use maud::{Markup, html};

use crate::console::{Body, Console, Refused};
use crate::form::Form;
use crate::layout;
use crate::reply::Reply;
use crate::request_context::IncomingRequest;
use crate::session::{Principal, Role, SESSION_LIFE, Session};

/// The address of the sign-in form.
pub const PATH: &str = "/console/sign-in";

/// The address of the sign-in form that leads back to `path`.
pub fn path_back_to(path: &str) -> String {
    let mut query = Form::default();
    query.push("then", path);
    format!("{PATH}?{}", query.encode_all())
}

/// Shows the form, or checks what was sent with it.
pub async fn answer(console: &Console, incoming: &IncomingRequest<'_>, now: Timestamp) -> Reply {
    let then = destination(incoming.query.text("then"));
    if *incoming.method != Method::POST {
        return if incoming.query.has("ticket") {
            confirm_link(console, incoming, then, now)
        } else {
            page(console, StatusCode::OK, then, "", None)
        };
    }
    let form = Form::read(incoming.body);
    if form.has("ticket") {
        redeem(console, incoming, form.text("ticket"), then, now).await
    } else {
        check_credentials(console, &form, then, now).await
    }
}

/// The message for a link that does not work.
const INVALID_LINK: &str = "This link was used before, has expired, or belongs to another contact centre. Sign in below, or request a new link.";

/// The message while wrong sign-ins are held back.
const TOO_MANY_WRONG: &str =
    "Too many sign-ins failed at the same time. Wait some seconds and try again.";

/// The page of a sign-in link, whose script sends its form. Fetching the link does not use it up,
/// because programs that preview links fetch it. The session begins on a page of the console
/// itself, so the browser sends its `SameSite` cookie wherever the link was placed.
fn confirm_link(
    console: &Console,
    incoming: &IncomingRequest<'_>,
    then: &str,
    now: Timestamp,
) -> Reply {
    let ticket = incoming.query.text("ticket");
    if console.signer.read_ticket(ticket, now).is_none() {
        return page(console, StatusCode::FORBIDDEN, then, "", Some(INVALID_LINK));
    }
    let content = html! {
        form method="post" action=(path_back_to(then)) data-send="" {
            input type="hidden" name="ticket" value=(ticket);
            button .primary type="submit" { "Sign in" }
        }
        p .quiet { "This link works once." }
    };
    layout::bare(StatusCode::OK, "Sign in to Cordboard", content)
}

/// Begins a session with an unused ticket. A used one is accepted in a browser that already has a
/// session with the same role, for example after the Back button.
async fn redeem(
    console: &Console,
    incoming: &IncomingRequest<'_>,
    ticket: &str,
    then: &str,
    now: Timestamp,
) -> Reply {
    let Some(ticket) = console.signer.read_ticket(ticket, now) else {
        return page(console, StatusCode::FORBIDDEN, then, "", Some(INVALID_LINK));
    };
    match console
        .api
        .store
        .use_once(&ticket.name, ticket.expires)
        .await
    {
        Ok(true) => begin(console, ticket.principal, then, now).await,
        Ok(false) if is_signed_in(console, incoming, ticket.principal, now).await => {
            Reply::see_other(then)
        }
        Ok(false) => {
            tracing::warn!(principal = %ticket.principal, "used sign-in link refused");
            page(console, StatusCode::FORBIDDEN, then, "", Some(INVALID_LINK))
        }
        Err(error) => {
            let refused = Refused::unavailable(error);
            page(console, refused.status, then, "", Some(&refused.message))
        }
    }
}

async fn is_signed_in(
    console: &Console,
    incoming: &IncomingRequest<'_>,
    principal: Principal,
    now: Timestamp,
) -> bool {
    let session = console.session(incoming.headers, now).await;
    matches!(session, Ok(Some(known)) if known.principal == principal)
}

/// Begins an administrator's session with credentials of the API.
async fn check_credentials(console: &Console, form: &Form, then: &str, now: Timestamp) -> Reply {
    let user = form.text("user").trim();
    let password = form.text("password").trim();
    let Some(checking) = console.sign_ins.admit() else {
        tracing::warn!("sign-in refused: too many wrong ones");
        let status = StatusCode::TOO_MANY_REQUESTS;
        return page(console, status, then, user, Some(TOO_MANY_WRONG))
            .with(header::RETRY_AFTER, "2");
    };
    match console
        .request_as(
            user,
            password,
            Method::GET,
            "/v1/Workspaces?PageSize=1",
            Body::Nothing,
        )
        .await
    {
        Ok(_) => {
            let principal = user.parse().map_or(Principal::Account, Principal::ApiKey);
            begin(console, principal, then, now).await
        }
        Err(refused) if refused.status == StatusCode::UNAUTHORIZED => {
            tracing::warn!("wrong sign-in");
            checking.hold_back().await;
            let wrong = "This is not the account SID and auth token of this contact centre, nor one of its API keys.";
            page(console, StatusCode::FORBIDDEN, then, user, Some(wrong))
        }
        Err(refused) => page(console, refused.status, then, user, Some(&refused.message)),
    }
}

/// Begins a session.
async fn begin(console: &Console, principal: Principal, then: &str, now: Timestamp) -> Reply {
    match cookies(console, principal, now).await {
        Ok(cookies) => {
            tracing::info!(%principal, "signed in");
            cookies
                .into_iter()
                .fold(Reply::see_other(then), |reply, cookie| {
                    reply.with(header::SET_COOKIE, cookie)
                })
        }
        Err(error) => {
            let refused = Refused::unavailable(error);
            page(console, refused.status, then, "", Some(&refused.message))
        }
    }
}

/// The cookies of a new session. An agent's pages show the Workspace of their Worker.
async fn cookies(
    console: &Console,
    principal: Principal,
    now: Timestamp,
) -> Result<Vec<String>, store::Error> {
    let store = &console.api.store;
    let session = Session {
        principal,
        generation: console.sessions.read(store, principal, now).await?,
        expires: now + SESSION_LIFE,
    };
    let mut cookies = vec![console.signer.cookie(&session, &console.api.api_keys)];
    if let Role::Agent(worker) = principal.role()
        && let Some(worker) = store.worker(worker).await?
    {
        cookies.push(console.signer.workspace_cookie(worker.workspace_sid));
    }
    Ok(cookies)
}

/// The destination after sign-in, restricted to pages of the console: a link must not redirect to
/// another site.
fn destination(then: &str) -> &str {
    let is_ours = then.starts_with("/console/")
        && then
            .chars()
            .all(|char| char.is_ascii_alphanumeric() || "/-".contains(char));
    if is_ours { then } else { "/console" }
}

fn page(
    console: &Console,
    status: StatusCode,
    then: &str,
    user: &str,
    problem: Option<&str>,
) -> Reply {
    let hint = if console.phones.is_some() {
        "The terminal that runs Cordboard shows a sign-in link, the account SID and the auth token."
    } else {
        "Use the account SID and auth token this contact centre was deployed with, or an API key and its secret."
    };
    layout::bare(
        status,
        "Sign in to Cordboard",
        html! {
            @if let Some(problem) = problem { p .alert #problem role="alert" { (problem) } }
            p #hint { (hint) }
            form .stacked method="post" action=(path_back_to(then)) {
                (field("user", "Account SID or API key SID", "text", "username", user))
                (field("password", "Auth token or API key secret", "password", "current-password", ""))
                button .primary type="submit" { "Sign in" }
            }
        },
    )
}

fn field(name: &str, label: &str, kind: &str, complete: &str, value: &str) -> Markup {
    html! {
        label for=(name) { (label) }
        input id=(name) name=(name) type=(kind) autocomplete=(complete) value=(value) required aria-describedby="hint";
    }
}

#[cfg(test)]
mod tests {
    use super::destination;

    #[test]
    fn sign_in_leads_to_console_pages_only() {
        assert_eq!(destination("/console/tasks/WT1"), "/console/tasks/WT1");
        for foreign in [
            "",
            "//evil.example",
            "https://evil.example",
            "/console//evil.example\\",
            "/console/a\r\nb",
            "/v1",
        ] {
            assert_eq!(destination(foreign), "/console", "{foreign}");
        }
    }
}
