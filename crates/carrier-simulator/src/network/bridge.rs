//! Two calls in conversation, and what each does when the conversation ends (voice-webhooks.md
//! sections 5 and 6.3).

use ids::CallSid;
use ids::time::{Millis, Timestamp};
use shared::webhook::redact;

use super::call::{Phase, Side};
use super::dial::DialEnd;
use super::queue::QueueResult;
use super::turn::Turn;
use super::{CallStatus, Event};
use crate::twiml::Dial;

impl Turn<'_> {
    /// Connects a caller, who has left the queue, with the call whose Dial took the caller from it.
    pub fn bridge(&mut self, dialer: CallSid, caller: CallSid) {
        let Some(Phase::DialingQueue { dial, .. }) =
            self.call(dialer).map(|call| call.phase.clone())
        else {
            return self.not_connected(caller);
        };
        if let Some(call) = self.call_mut(caller) {
            call.stack.truncate(1);
            if let Some(enqueued) = &mut call.enqueued {
                enqueued.announcer = None;
            }
        }
        self.join(dialer, caller, dial, Side::FromQueue);
    }

    /// Connects a leg, whose phone was picked up, with the call whose Dial rang it.
    pub fn connect_leg(&mut self, dialer: CallSid, leg: CallSid, dial: Dial) {
        self.join(dialer, leg, dial, Side::Leg);
    }

    fn join(&mut self, dialer: CallSid, other: CallSid, dial: Dial, side: Side) {
        self.pick_up(dialer);
        let since = self.now;
        let until = Some(since + Millis::from_secs(dial.time_limit_secs.into()));
        self.set_phase(
            dialer,
            Phase::Bridged {
                with: other,
                since,
                until,
                side: Side::Dialer(dial),
            },
        );
        self.set_phase(
            other,
            Phase::Bridged {
                with: dialer,
                since,
                until: None,
                side,
            },
        );
        self.note_bridged(dialer, other);
        self.note_bridged(other, dialer);
    }

    fn note_bridged(&mut self, sid: CallSid, with: CallSid) {
        let phone = self
            .call(with)
            .map(|call| call.phone().to_owned())
            .unwrap_or_default();
        tracing::info!(call_sid = %sid, with = %with, "simulated carrier: call {sid} is bridged with {}", redact(&phone));
        self.note(
            sid,
            Event::Bridged,
            format!("talking with {phone} (call {with})"),
        );
    }

    /// One end has left the conversation: it ended or was transferred. Its own Dial's action is
    /// notified, and the other end continues.
    pub fn conversation_left(&mut self, sid: CallSid, with: CallSid, since: Timestamp, side: Side) {
        let talked = Some(self.now.since(since));
        if let Side::Dialer(dial) = side {
            let end = DialEnd {
                status: CallStatus::Completed,
                leg: Some(with),
                talked,
            };
            self.dial_notified(sid, &dial, &end);
        }
        self.left_alone(with, sid, "the other side is gone");
    }

    /// The dialing side ends the conversation and continues: by the `*` key, or by its time limit.
    pub fn conversation_over(&mut self, sid: CallSid, how: &str) {
        let phase = self.call(sid).map(|call| call.phase.clone());
        let Some(Phase::Bridged {
            with,
            since,
            side: Side::Dialer(dial),
            ..
        }) = phase
        else {
            return;
        };
        self.set_phase(sid, Phase::Holding);
        self.note(sid, Event::Unbridged, how);
        self.left_alone(with, sid, how);
        let talked = Some(self.now.since(since));
        self.dial_over(
            sid,
            &dial,
            &DialEnd {
                status: CallStatus::Completed,
                leg: Some(with),
                talked,
            },
        );
    }

    /// Continues the end that remains after `left` has left the conversation.
    fn left_alone(&mut self, sid: CallSid, left: CallSid, how: &str) {
        let phase = self.call(sid).map(|call| call.phase.clone());
        let Some(Phase::Bridged {
            with, since, side, ..
        }) = phase
        else {
            return;
        };
        if with != left {
            return;
        }
        self.note(sid, Event::Unbridged, how);
        let talked = self.now.since(since);
        match side {
            Side::FromQueue => self.leave_queue(sid, QueueResult::Bridged),
            Side::Leg => self.end(sid, CallStatus::Completed, how),
            Side::Dialer(dial) => {
                let end = DialEnd {
                    status: CallStatus::Completed,
                    leg: Some(with),
                    talked: Some(talked),
                };
                self.dial_over(sid, &dial, &end);
            }
        }
    }
}
