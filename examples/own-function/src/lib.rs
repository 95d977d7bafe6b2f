//! A voice function of one's own: `/own-function` greets a caller and hands the call to a flow,
//! regular callers to another one than the rest. docs/guide/application.md explains it.

use std::sync::Arc;

use shared::twiml::{Redirect, Response, Say};
use shared::webhook::{Call, Checks, Error, Reply, Request, admit};

/// What the function needs to know.
pub struct Greeting {
    /// Signs the carrier's requests.
    pub auth_token: String,
    /// The address of the contact centre, such as `https://centre.example`.
    pub centre: String,
    /// The numbers of regular callers.
    pub regulars: Vec<String>,
}

/// Answers the webhook of a new call.
pub async fn handle(greeting: Arc<Greeting>, request: Request) -> Reply {
    match answer(&greeting, &request) {
        Ok(document) => Reply::twiml(&document),
        Err(error) => error.reply(),
    }
}

fn answer(greeting: &Greeting, request: &Request) -> Result<Response, Error> {
    let checks = Checks {
        verify_signatures: true,
        twiml_preview: false,
    };
    let admitted = admit(request, &greeting.auth_token, checks)?;
    let call = Call::parse(&admitted.parameters)?;
    let is_regular = greeting
        .regulars
        .iter()
        .any(|number| *number == call.from.as_str());
    let (hello, flow) = if is_regular {
        ("Good to hear from you again.", "regulars")
    } else {
        ("Welcome.", "main")
    };
    let url = format!("{}/flows/{flow}", greeting.centre);
    Ok(Response::new()
        .then(Say::new(hello))
        .then(Redirect::new(url)))
}

#[cfg(test)]
mod tests;
