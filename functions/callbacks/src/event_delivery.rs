//! Delivery of Events to a Workspace's event callback (taskrouter.md section 12.1).

use std::sync::Arc;
use std::time::Duration;

use ids::{EventSid, WorkspaceSid};
use task_router::model::{EventType, Workspace};
use task_router::router::events::{self, Notice, Parameter};
use vocabulary::CallbackMethod;

use crate::delivery::{DeliveryError, Sender, Webhook};
use crate::{Callbacks, Error};

/// Timeout of all attempts together (sections 12.1 and 14).
const EVENT_TIMEOUT: Duration = Duration::from_secs(15);

impl Callbacks {
    /// Posts an Event. A failed delivery is retried by the queue, up to the dead letter queue, and
    /// holds up only Events about the same Task or Worker. A forbidden URL is not retried.
    pub(crate) async fn deliver_event(&self, notice: &Notice) -> Result<(), Error> {
        let Some(event) = self.store.event(notice.workspace, notice.event).await? else {
            tracing::warn!(event_sid = %notice.event, "Event not found, not delivered");
            return Ok(());
        };
        let Some(workspace) = self
            .workspace_that_wants(notice.workspace, event.event_type)
            .await?
        else {
            return Ok(());
        };
        let url = workspace.event_callback_url.as_deref().unwrap_or_default();
        let web = self.web_for(
            event
                .parameters
                .get(Parameter::TaskSid)
                .and_then(|task| task.parse().ok()),
        );
        match self
            .sender(&*web)
            .post_event(url, notice.event, &event.form(self.account_sid))
            .await
        {
            // An answer that is too long is a success, too: its content is not used.
            Ok(()) | Err(DeliveryError::TooLong) => Ok(()),
            Err(DeliveryError::Forbidden(forbidden)) => {
                tracing::error!(workspace_sid = %workspace.sid, %forbidden, "the Workspace's event callback URL is forbidden");
                Ok(())
            }
            Err(error @ (DeliveryError::NoAnswer(_) | DeliveryError::Status(_))) => {
                Err(Error::EventNotDelivered(error))
            }
        }
    }

    /// The Workspace, if its event callback wants Events of this type.
    async fn workspace_that_wants(
        &self,
        sid: WorkspaceSid,
        event_type: EventType,
    ) -> Result<Option<Arc<Workspace>>, Error> {
        let now = self.clock.now();
        let wants = |workspace: &Arc<Workspace>| events::is_wanted(workspace, event_type);
        match self.store.workspace(sid, now).await?.filter(wants) {
            Some(workspace) => Ok(Some(workspace)),
            // The sender of the notice may have newer configuration than this process's cache.
            None => Ok(self.store.fresh_workspace(sid, now).await?.filter(wants)),
        }
    }
}

impl Sender<'_> {
    async fn post_event(
        &self,
        url: &str,
        event: EventSid,
        form: &[(String, String)],
    ) -> Result<(), DeliveryError> {
        let method = CallbackMethod::Post;
        let token = &event.to_string();
        self.deliver(&Webhook {
            url,
            method,
            form,
            token,
            timeout: EVENT_TIMEOUT,
        })
        .await
        .map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;
    use crate::delivery::tests::{A_MINUTE, Servers};

    #[tokio::test(start_paused = true)]
    async fn event_callback_times_out_after_15_s() {
        const LISTENER: &str = "https://app.example/events";
        for (takes, delivered, elapsed) in [
            (14, true, 14),
            (16, false, 15),
            (A_MINUTE.as_secs(), false, 15),
        ] {
            let servers = Servers::new(&[(LISTENER, (Duration::from_secs(takes), Some(200), ""))]);
            let begun = Instant::now();
            let result = servers
                .sender()
                .post_event(LISTENER, EventSid::from_bytes([7; 16]), &[])
                .await;
            assert_eq!(
                (result.is_ok(), begun.elapsed().as_secs()),
                (delivered, elapsed),
                "{takes}"
            );
        }
    }
}
