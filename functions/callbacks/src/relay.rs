//! Telling somebody's status callback what the carrier told us (taskrouter.md section 11.3, `status_callback`).

use std::time::Duration;

use task_router::router::effects::Relay;

use crate::Callbacks;
use crate::delivery::{DeliveryError, Sender, Webhook};

/// How long the receiver may take, all attempts together: the carrier's own limit (voice-webhooks.md section 1).
const RELAY_TIME_LIMIT: Duration = Duration::from_secs(15);

impl Callbacks {
    /// Sends a notice on. Like the carrier's own notices it is not repeated beyond what its URL asks for.
    pub(crate) async fn relay(&self, relay: &Relay) {
        let web = self.web_for(relay.task);
        if let Err(error) = self.sender(&*web).relay(relay).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "a status callback was not delivered"
            );
        }
    }
}

impl Sender<'_> {
    async fn relay(&self, relay: &Relay) -> Result<(), DeliveryError> {
        let webhook = Webhook {
            url: &relay.url,
            method: relay.method,
            form: &relay.parameters,
            token: &relay.idempotency_token,
            time_limit: RELAY_TIME_LIMIT,
        };
        self.deliver(&webhook).await.map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;
    use vocabulary::CallbackMethod;

    use super::*;
    use crate::delivery::tests::{A_MINUTE, Servers};

    #[tokio::test(start_paused = true)]
    async fn a_receiver_that_does_not_answer_is_waited_for_fifteen_seconds_in_all() {
        for fragment in ["", "#tt=15000&rt=15000&rc=5&rp=all", "#rt=6000&rc=5&rp=all"] {
            let servers =
                Servers::new(&[("https://app.example/status", (A_MINUTE, Some(204), ""))]);
            let relay = Relay {
                task: None,
                url: format!("https://app.example/status{fragment}"),
                method: CallbackMethod::Post,
                parameters: Vec::new(),
                idempotency_token: "t".to_owned(),
            };
            let begun = Instant::now();
            assert!(servers.sender().relay(&relay).await.is_err());
            assert_eq!(begun.elapsed(), RELAY_TIME_LIMIT, "{fragment}");
        }
    }
}
