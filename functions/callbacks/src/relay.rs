//! Telling somebody's status callback what the carrier told us (taskrouter.md section 11.3, `status_callback`).

use std::time::Duration;

use shared::router::effects::Relay;

use crate::Callbacks;
use crate::delivery::Webhook;

/// How long the receiver may take, all attempts together: the carrier's own limit (voice-webhooks.md section 1).
const RELAY_TIME_LIMIT: Duration = Duration::from_secs(15);

impl Callbacks {
    /// Sends a notice on. Like the carrier's own notices it is not repeated beyond what its URL asks for.
    pub(crate) async fn relay(&self, relay: &Relay) {
        let webhook = Webhook {
            url: &relay.url,
            method: relay.method,
            form: &relay.parameters,
            token: &relay.idempotency_token,
            time_limit: RELAY_TIME_LIMIT,
        };
        let web = self.web_for(relay.task);
        if let Err(error) = self.sender(&*web).deliver(&webhook).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "a status callback was not delivered");
        }
    }
}
