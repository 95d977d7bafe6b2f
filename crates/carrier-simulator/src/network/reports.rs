//! Status callbacks (voice-webhooks.md section 7).

use ids::CallSid;

use super::requests::{Params, param};
use super::turn::Turn;
use crate::twiml::StatusEvent;

impl Turn<'_> {
    /// Tells whoever asked for it that a call has come to `event`.
    pub fn report(&mut self, sid: CallSid, event: StatusEvent) {
        self.report_with(sid, event, Params::new());
    }

    /// The same, with what else is to be said.
    pub fn report_with(&mut self, sid: CallSid, event: StatusEvent, extra: Params) {
        let Some(call) = self.call_mut(sid) else {
            return;
        };
        let duration = call.duration();
        let Some(reporter) = call
            .reporter
            .as_mut()
            .filter(|reporter| reporter.events.contains(&event))
        else {
            return;
        };
        let (target, number) = (reporter.target.clone(), reporter.sent);
        reporter.sent += 1;
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
