//! `/incoming-call`: begins the flow of the number, or plays the welcome and the language menu.

use std::sync::Arc;

use runtime::voice::{Failure, Voice, Webhook};
use shared::menu::documents;
use shared::twiml::Response;
use shared::webhook::{IncomingCall, Reply, Request};
use voice_flows::{Run, State, Turn, VoiceFlows};

/// Answers an incoming call, or a call that hears the menu again.
pub async fn handle(voice: Arc<Voice>, request: Request) -> Reply {
    voice.document(&request, answer).await
}

async fn answer(voice: &Voice, webhook: &Webhook) -> Result<Response, Failure> {
    let incoming = IncomingCall::parse(&webhook.parameters)?;
    let settings = voice.settings().await?;
    if settings.flows.is_some()
        && let Some((flows, state)) = voice.flow_of_number(&incoming.call).await?
    {
        return begin(voice, webhook, &incoming, &flows, state).await;
    }
    tracing::info!(call_sid = %incoming.call.call_sid, from = ?incoming.call.from, attempt = incoming.attempt, "menu played");
    Ok(documents::menu(&settings.menu, incoming.attempt))
}

/// The first document of a flow. A step that needs the outside world is left to `/flow-step`.
async fn begin(
    voice: &Voice,
    webhook: &Webhook,
    incoming: &IncomingCall,
    flows: &VoiceFlows,
    state: State,
) -> Result<Response, Failure> {
    let call = &incoming.call;
    let switches = voice.switches(webhook, flows).await;
    let answered = voice_flows::Webhook {
        call,
        parameters: &webhook.parameters,
        switches: &switches,
        now: voice.now(),
    };
    let mut run = Run::new(flows, state, answered)?;
    let turn = run.advance();
    tracing::info!(call_sid = %call.call_sid, from = ?call.from, step = run.label(), "flow begins");
    Ok(match turn {
        Turn::Document(document) => document,
        Turn::LookUp { .. } | Turn::Figures(_) | Turn::CreateTask(_) | Turn::LeaveQueue(_) => {
            run.redirect()
        }
    })
}
