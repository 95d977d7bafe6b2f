//! The start of a flow that an application's TwiML names.

use std::sync::Arc;

use runtime::voice::{Failure, Voice, Webhook};
use serde_json::{Map, Value};
use shared::webhook::{Parameters, path};
use voice_flows::{State, StateError, VoiceFlows};

/// The parameter of `/flows/NAME` with the values that the flow begins with, a JSON object.
const VALUES: &str = "values";

/// The flow that an application's TwiML names: `/flows/NAME?values={…}&return=URL`. The carrier signs
/// the request with its whole URL, so only the account's own applications can state values.
pub(crate) async fn of_application(
    voice: &Voice,
    webhook: &Webhook,
    name: &str,
) -> Result<(Arc<VoiceFlows>, State), Failure> {
    let (flows, version) = voice
        .flows()
        .await?
        .ok_or(Failure::NotSetUp("voice flow"))?;
    let at = flows.flows.get(name).copied();
    let at = at.ok_or(Failure::NotSetUp("voice flow of this name"))?;
    let mut state = State::new(version, at);
    state.language = webhook.parameters.optional(path::LANGUAGE)?;
    state.application = webhook.parameters.optional(path::FLOW_RETURN)?;
    for (name, value) in values_of(&webhook.parameters)? {
        let set = state.values.set(&name, value);
        if let Err(error) = set {
            tracing::warn!(%error, "value of an application left out");
        }
    }
    Ok((flows, state))
}

fn values_of(parameters: &Parameters) -> Result<Map<String, Value>, Failure> {
    Ok(parameters.optional(VALUES)?.unwrap_or_default())
}

/// A state that no document contained. A retry cannot help.
pub(crate) fn unreadable(error: StateError) -> Failure {
    match error {
        StateError::Parameter(error) => Failure::Parameter(error),
        StateError::TooLong => Failure::FlowTooLong,
    }
}
