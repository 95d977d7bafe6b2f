//! Telling a Workspace's event callback what happened (taskrouter.md section 12.1).

use std::sync::Arc;
use std::time::Duration;

use ids::{EventSid, WorkspaceSid};
use task_router::model::{EventType, Workspace};
use task_router::router::events::{self, Notice, Parameter};
use vocabulary::CallbackMethod;

use crate::delivery::{DeliveryError, Sender, Webhook};
use crate::{Callbacks, Error};

/// How long the receiver may take, all attempts together (sections 12.1 and 14).
const EVENT_TIME_LIMIT: Duration = Duration::from_secs(15);

impl Callbacks {
    /// Posts an event. What is not delivered comes again, as often as the queue lets it, and holds up nothing but what
    /// else is about the same Task or Worker. A URL that may not be asked is not asked again.
    pub(crate) async fn tell(&self, notice: &Notice) -> Result<(), Error> {
        let Some(event) = self.store.event(notice.workspace, notice.event).await? else {
            tracing::warn!(event_sid = %notice.event, "an event to be told is not there");
            return Ok(());
        };
        let Some(workspace) = self.listener(notice.workspace, event.event_type).await? else {
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
            // A long answer is a success, too: nobody reads it.
            Ok(()) | Err(DeliveryError::TooLong) => Ok(()),
            Err(DeliveryError::Forbidden(forbidden)) => {
                tracing::error!(workspace_sid = %workspace.sid, %forbidden, "the Workspace's event callback cannot be asked");
                Ok(())
            }
            Err(error @ (DeliveryError::NoAnswer(_) | DeliveryError::Status(_))) => {
                Err(Error::Untold(error))
            }
        }
    }

    /// The Workspace, if it wants to be told of events of this type.
    async fn listener(
        &self,
        sid: WorkspaceSid,
        event_type: EventType,
    ) -> Result<Option<Arc<Workspace>>, Error> {
        let now = self.clock.now();
        let wants = |workspace: &Arc<Workspace>| events::is_wanted(workspace, event_type);
        match self.store.workspace(sid, now).await?.filter(wants) {
            Some(workspace) => Ok(Some(workspace)),
            // Whoever sent the notice may know newer configuration than this process.
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
        let (method, token) = (CallbackMethod::Post, &event.to_string());
        self.deliver(&Webhook {
            url,
            method,
            form,
            token,
            time_limit: EVENT_TIME_LIMIT,
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
    async fn a_listener_has_fifteen_seconds_and_not_more() {
        const LISTENER: &str = "https://app.example/events";
        for (takes, heard, elapsed) in [
            (14, true, 14),
            (16, false, 15),
            (A_MINUTE.as_secs(), false, 15),
        ] {
            let servers = Servers::new(&[(LISTENER, (Duration::from_secs(takes), Some(200), ""))]);
            let begun = Instant::now();
            let told = servers
                .sender()
                .post_event(LISTENER, EventSid::from_bytes([7; 16]), &[])
                .await;
            assert_eq!(
                (told.is_ok(), begun.elapsed().as_secs()),
                (heard, elapsed),
                "{takes}"
            );
        }
    }
}
