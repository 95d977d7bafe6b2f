//! The status callback of a call (voice-webhooks.md section 7).

use ids::CallSid;

use super::requests::{Params, param};
use super::turn::Turn;
use crate::twiml::StatusEvent;

impl Turn<'_> {
    /// Reports `event` to the call's status callback, if it has subscribed to the event.
    pub fn report(&mut self, sid: CallSid, event: StatusEvent) {
        self.report_with(sid, event, Params::new());
    }

    /// Like [`report`](Self::report), with additional parameters.
    pub fn report_with(&mut self, sid: CallSid, event: StatusEvent, extra: Params) {
        let Some(call) = self.call_mut(sid) else {
            return;
        };
        let duration = call.duration();
        let Some(status_callback) = call
            .status_callback
            .as_mut()
            .filter(|status_callback| status_callback.events.contains(&event))
        else {
            return;
        };
        let target = status_callback.target.clone();
        let number = status_callback.sent;
        status_callback.sent += 1;
        let status = (event == StatusEvent::Initiated).then_some("initiated");
        let mut params = self.call_params(sid, status);
        params.push(param("SequenceNumber", number));
        params.push(param("Timestamp", self.now.to_rfc2822()));
        params.push(param("CallbackSource", "call-progress-events"));
        if event == StatusEvent::Completed {
            params.push(param(
                "CallDuration",
                duration.unwrap_or_default().as_secs(),
            ));
        }
        params.extend(extra);
        self.notify(sid, target, params);
    }
}
