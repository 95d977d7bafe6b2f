//! The way in: account SID and auth token, an API key, or a link that carries a ticket.

use http::{Method, StatusCode, header};
use ids::time::Timestamp;
use maud::{Markup, html};

use crate::Console;
use crate::form::Form;
use crate::layout;
use crate::reply::Reply;
use crate::request_context::{Body, Refused};
use crate::routes::Incoming;
use crate::session::{Role, SESSION_LIFE, Session};

/// The address of the way in.
pub const PATH: &str = "/console/sign-in";

/// The address of the way in that leads back to `path` afterwards.
pub fn path_back_to(path: &str) -> String {
    let mut query = Form::default();
    query.push("then", path);
    format!("{PATH}?{}", query.encode_all())
}

/// The form, or what was sent with it.
pub async fn answer(console: &Console, incoming: &Incoming<'_>, now: Timestamp) -> Reply {
    let then = destination(incoming.query.text("then"));
    if *incoming.method != Method::POST {
        return match incoming.query.has("ticket") {
            true => offer(console, incoming, then, now),
            false => page(console, StatusCode::OK, then, "", None),
        };
    }
    let form = Form::read(incoming.body);
    match form.has("ticket") {
        true => redeem(console, incoming, form.text("ticket"), then, now).await,
        false => check(console, &form, then, now).await,
    }
}

/// Says what a link is not any more.
const USELESS: &str = "This link was used before, has expired, or is not of this contact centre. Sign in below, or ask for a new link.";

/// Fetching a link uses nothing up: programs that preview links fetch them, too. The page sends its form by itself. The session
/// then begins on a page of ours, so the browser brings its cookie along, wherever the link stood.
fn offer(console: &Console, incoming: &Incoming<'_>, then: &str, now: Timestamp) -> Reply {
    let ticket = incoming.query.text("ticket");
    if console.signer.read_ticket(ticket, now).is_none() {
        return page(console, StatusCode::FORBIDDEN, then, "", Some(USELESS));
    }
    let content = html! {
        form method="post" action=(path_back_to(then)) data-send="" {
            input type="hidden" name="ticket" value=(ticket);
            button .primary type="submit" { "Sign in" }
        }
        p .quiet { "This link signs you in once." }
    };
    layout::bare(StatusCode::OK, "Sign in to Cordboard", content)
}

/// Begins a session with a link nobody has used. Whoever used it in this browser is in already and goes on.
async fn redeem(
    console: &Console,
    incoming: &Incoming<'_>,
    ticket: &str,
    then: &str,
    now: Timestamp,
) -> Reply {
    let Some(ticket) = console.signer.read_ticket(ticket, now) else {
        return page(console, StatusCode::FORBIDDEN, then, "", Some(USELESS));
    };
    match console
        .api
        .store
        .use_once(&ticket.name, ticket.expires)
        .await
    {
        Ok(true) => begin(console, ticket.role, then, now).await,
        Ok(false)
            if console
                .signer
                .session(incoming.headers, now)
                .is_some_and(|known| known.role == ticket.role) =>
        {
            Reply::see_other(then)
        }
        Ok(false) => page(console, StatusCode::FORBIDDEN, then, "", Some(USELESS)),
        Err(error) => {
            let refused = Refused::away(error);
            page(console, refused.status, then, "", Some(&refused.message))
        }
    }
}

/// Whoever may use the API may use the console.
async fn check(console: &Console, form: &Form, then: &str, now: Timestamp) -> Reply {
    let (user, password) = (form.text("user").trim(), form.text("password").trim());
    match console
        .ask_as(
            user,
            password,
            Method::GET,
            "/v1/Workspaces?PageSize=1",
            Body::Nothing,
        )
        .await
    {
        Ok(_) => begin(console, Role::Administrator, then, now).await,
        Err(refused) if refused.status == StatusCode::UNAUTHORIZED => {
            let wrong = "That is not the account SID and auth token of this contact centre, nor an API key of it.";
            page(console, StatusCode::FORBIDDEN, then, user, Some(wrong))
        }
        Err(refused) => page(console, refused.status, then, user, Some(&refused.message)),
    }
}

/// An agent's pages show the Workspace they work in.
async fn begin(console: &Console, role: Role, then: &str, now: Timestamp) -> Reply {
    let session = Session {
        role,
        expires: now + SESSION_LIFE,
    };
    let reply = Reply::see_other(then).with(header::SET_COOKIE, console.signer.cookie(&session));
    let Role::Agent(worker) = role else {
        return reply;
    };
    match console.api.store.worker(worker).await {
        Ok(Some(worker)) => reply.with(
            header::SET_COOKIE,
            console.signer.workspace_cookie(worker.workspace_sid),
        ),
        Ok(None) => reply,
        Err(error) => {
            let refused = Refused::away(error);
            page(console, refused.status, then, "", Some(&refused.message))
        }
    }
}

/// Only pages of the console: a link must not lead elsewhere from here.
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
        "The terminal in which Cordboard runs shows a link that signs you in, and both of these."
    } else {
        "The account SID and auth token this contact centre was deployed with, or an API key and its secret."
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
    fn a_link_leads_to_a_page_of_the_console_and_nowhere_else() {
        assert_eq!(destination("/console/tasks/WT1"), "/console/tasks/WT1");
        for elsewhere in [
            "",
            "//evil.example",
            "https://evil.example",
            "/console//evil.example\\",
            "/console/a\r\nb",
            "/v1",
        ] {
            assert_eq!(destination(elsewhere), "/console", "{elsewhere}");
        }
    }
}
