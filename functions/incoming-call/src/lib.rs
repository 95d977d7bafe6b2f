//! `/incoming-call`: plays the welcome and the language menu.

use std::sync::Arc;

use runtime::voice::{Failure, Voice, Webhook};
use shared::menu::documents;
use shared::twiml::Response;
use shared::webhook::{IncomingCall, Reply, Request};

/// Answers an incoming call, or a call that hears the menu again.
pub async fn handle(voice: Arc<Voice>, request: Request) -> Reply {
    voice.document(&request, answer).await
}

async fn answer(voice: &Voice, webhook: &Webhook) -> Result<Response, Failure> {
    let incoming = IncomingCall::parse(&webhook.parameters)?;
    let settings = voice.settings().await?;
    tracing::info!(call_sid = %incoming.call.call_sid, from = ?incoming.call.from, attempt = incoming.attempt, "menu played");
    Ok(documents::menu(&settings.menu, incoming.attempt))
}
