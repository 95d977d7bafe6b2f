//! Relay: passes the carrier's call events on to an application's status callback (taskrouter.md
//! section 11.3, `status_callback`).

use std::time::Duration;

use task_router::router::effects::Relay;

use crate::Callbacks;
use crate::delivery::{DeliveryError, Sender, Webhook};

/// Timeout of all attempts together: the carrier's own limit (voice-webhooks.md section 1).
const RELAY_TIMEOUT: Duration = Duration::from_secs(15);

impl Callbacks {
    /// Relays a call event. As with the carrier's own webhooks, there are no retries but those that
    /// the URL asks for.
    pub(crate) async fn relay(&self, relay: &Relay) {
        let web = self.web_for(relay.task);
        if let Err(error) = self.sender(&*web).relay(relay).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "status callback not delivered"
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
            timeout: RELAY_TIMEOUT,
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
    async fn relay_times_out_after_15_s() {
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
            assert_eq!(begun.elapsed(), RELAY_TIMEOUT, "{fragment}");
        }
    }
}
