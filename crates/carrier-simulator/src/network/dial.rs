//! Dial: its start, its end, and taking the caller at the head of a queue. Phones, conferences and
//! reservations have files of their own (voice-webhooks.md sections 5.3 and 6.3).

use ids::time::Millis;
use ids::{CallSid, QueueSid};

use super::call::{Phase, Role, Transfer};
use super::interpreter::Flow;
use super::requests::{Params, param};
use super::turn::Turn;
use super::{CallStatus, Event};
use crate::twiml::{Dial, DialTo, ErrorCode, Fault, Link};

/// How a Dial ended (voice-webhooks.md section 6.3).
pub(super) struct DialEnd {
    pub status: CallStatus,
    pub leg: Option<CallSid>,
    /// Length of the conversation; `None` if there was none.
    pub talked: Option<Millis>,
}

impl Turn<'_> {
    pub fn start_dial(&mut self, sid: CallSid, dial: Dial) -> Flow {
        match dial.to.clone() {
            DialTo::Phones(phones) => self.dial_phones(sid, dial, phones.into()),
            DialTo::Queue { name, .. } => self.dial_queue(sid, dial, &name),
            DialTo::Reservation {
                reservation,
                post_work_activity,
            } => {
                self.dial_reservation(sid, dial, &reservation, post_work_activity.as_deref());
            }
            DialTo::Conference(noun) => self.join_conference(sid, dial, &noun),
        }
        Flow::Wait
    }

    pub fn dial_queue(&mut self, sid: CallSid, dial: Dial, name: &str) {
        let until = self.now + Millis::from_secs(dial.timeout_secs.into());
        self.note(sid, Event::Dialed, format!("queue {name}"));
        self.set_phase(
            sid,
            Phase::DialingQueue {
                dial,
                since: self.now,
                until,
                connecting: None,
            },
        );
        match self.dialed_queue(name) {
            Some(queue) => self.match_queue(queue),
            None => self.note(sid, Event::Waiting, format!("for a caller in queue {name}")),
        }
    }

    /// Connects callers that wait in a queue with calls that dial it. The call that has dialled for
    /// longest is served first.
    pub fn match_queue(&mut self, sid: QueueSid) {
        while let Some((dialer, caller)) = self.next_pair(sid) {
            self.connect(dialer, caller);
        }
    }

    fn next_pair(&self, sid: QueueSid) -> Option<(CallSid, CallSid)> {
        let queue = self
            .network
            .queues
            .get(&sid)
            .filter(|queue| !queue.members.is_empty())?;
        let pairs = self.network.live.iter().filter_map(|sid| {
            let call = self.network.calls.get(sid)?;
            let Phase::DialingQueue {
                dial,
                since,
                connecting: None,
                ..
            } = &call.phase
            else {
                return None;
            };
            let DialTo::Queue { name, .. } = &dial.to else {
                return None;
            };
            let caller = self.dialed_member(queue, name)?;
            Some((*since, call.serial, *sid, caller))
        });
        let (_, _, dialer, caller) = pairs.min()?;
        Some((dialer, caller))
    }

    /// The caller leaves the queue: to the announcement if the Dial has one, else to the
    /// conversation.
    fn connect(&mut self, dialer: CallSid, caller: CallSid) {
        self.abandon_document(caller);
        self.take_from_queue(caller);
        let Some(link) = self.announcement(dialer) else {
            return self.bridge(dialer, caller);
        };
        match self.resolve(dialer, &link) {
            Ok(target) => self.announce(dialer, caller, target),
            Err(fault) => {
                self.note_fault(
                    dialer,
                    &Fault {
                        code: ErrorCode::DialQueueUrl,
                        ..fault
                    },
                );
                self.bridge(dialer, caller);
            }
        }
    }

    /// The document that the caller hears before the connection, if the dialer's Dial has one.
    fn announcement(&self, dialer: CallSid) -> Option<Link> {
        let Phase::DialingQueue { dial, .. } = &self.call(dialer)?.phase else {
            return None;
        };
        match &dial.to {
            DialTo::Queue { announcement, .. } => announcement.clone(),
            DialTo::Phones(_) | DialTo::Reservation { .. } | DialTo::Conference(_) => None,
        }
    }

    fn announce(&mut self, dialer: CallSid, caller: CallSid, target: super::Target) {
        if let Some(call) = self.call_mut(dialer)
            && let Phase::DialingQueue { connecting, .. } = &mut call.phase
        {
            *connecting = Some(caller);
        }
        if let Some(call) = self.call_mut(caller) {
            call.stack.truncate(1);
            if let Some(enqueued) = &mut call.enqueued {
                enqueued.announcer = Some(dialer);
            }
        }
        self.request(
            caller,
            Transfer {
                role: Role::Announcement { dialer },
                target,
                extra: Params::new(),
            },
        );
    }

    /// Additional parameters of the request for the announcement (voice-webhooks.md section 5.3).
    pub fn announcement_params(&self, caller: CallSid, dialer: CallSid) -> Params {
        let enqueued = self.call(caller).and_then(|call| call.enqueued.as_ref());
        let Some(enqueued) = enqueued else {
            return Params::new();
        };
        let waited = enqueued.left.unwrap_or(self.now).since(enqueued.since);
        vec![
            param("QueueSid", enqueued.queue),
            param("QueueTime", waited.as_secs()),
            param("DequeingCallSid", dialer),
        ]
    }

    /// The caller hung up during the announcement: the dialer waits for the next caller until its
    /// timeout.
    pub fn caller_lost(&mut self, dialer: CallSid) {
        let Some(call) = self.call_mut(dialer) else {
            return;
        };
        let Phase::DialingQueue {
            connecting, dial, ..
        } = &mut call.phase
        else {
            return;
        };
        *connecting = None;
        let DialTo::Queue { name, .. } = &dial.to else {
            return;
        };
        let name = name.clone();
        if let Some(queue) = self.dialed_queue(&name) {
            self.match_queue(queue);
        }
    }

    /// The dialer ended or was transferred while it waited for a caller, or while the caller heard
    /// the announcement.
    pub fn queue_dial_abandoned(&mut self, sid: CallSid, dial: &Dial, connecting: Option<CallSid>) {
        let end = DialEnd {
            status: CallStatus::Canceled,
            leg: connecting,
            talked: None,
        };
        self.dial_notified(sid, dial, &end);
        self.release_connecting(connecting);
    }

    /// Cancels the connection of a caller who hears the announcement.
    pub fn release_connecting(&mut self, connecting: Option<CallSid>) {
        let Some(caller) = connecting else { return };
        if let Some(enqueued) = self
            .call_mut(caller)
            .and_then(|call| call.enqueued.as_mut())
        {
            enqueued.announcer = None;
        }
        self.not_connected(caller);
    }

    /// No caller entered the queue within the Dial's timeout.
    pub fn dial_unanswered(&mut self, sid: CallSid, dial: &Dial) {
        self.dial_over(
            sid,
            dial,
            &DialEnd {
                status: CallStatus::NoAnswer,
                leg: None,
                talked: None,
            },
        );
    }

    /// The Dial failed before a phone rang or a queue was dialled.
    pub fn dial_failed(&mut self, sid: CallSid, dial: &Dial) {
        self.dial_over(
            sid,
            dial,
            &DialEnd {
                status: CallStatus::Failed,
                leg: None,
                talked: None,
            },
        );
    }

    /// The Dial is over and its call continues: with the action, or with the next verb.
    pub fn dial_over(&mut self, sid: CallSid, dial: &Dial, end: &DialEnd) {
        let params = self.end_params(sid, dial, end);
        self.go_on_after_dial(sid, dial, params);
    }

    /// The Dial is over because its call ended or was transferred: the action is notified, and its
    /// answer ignored.
    pub fn dial_notified(&mut self, sid: CallSid, dial: &Dial, end: &DialEnd) {
        let params = self.end_params(sid, dial, end);
        self.notify_dial_action(sid, dial, params);
    }

    fn end_params(&mut self, sid: CallSid, dial: &Dial, end: &DialEnd) -> Params {
        let mut params = dial_params(end);
        params.extend(self.keep_dial_recording(sid, dial, end));
        params
    }

    /// Continues after a Dial whose result is `extra`: with its action, or with the next verb.
    pub fn go_on_after_dial(&mut self, sid: CallSid, dial: &Dial, extra: Params) {
        self.notify_task_router(sid, dial, &extra);
        let action = dial.action.as_ref().map(|link| self.resolve(sid, link));
        self.after_verb(sid, action, extra);
    }

    /// Notifies the action of a Dial of the result `extra`; the answer is ignored.
    pub fn notify_dial_action(&mut self, sid: CallSid, dial: &Dial, extra: Params) {
        self.notify_task_router(sid, dial, &extra);
        let Some(Ok(target)) = dial
            .action
            .as_ref()
            .map(|link: &Link| self.resolve(sid, link))
        else {
            return;
        };
        let mut params = self.call_params(sid, None);
        params.extend(extra);
        self.notify(sid, target, params);
    }
}

fn dial_params(end: &DialEnd) -> Params {
    let mut params = vec![param("DialCallStatus", end.status.as_str())];
    params.extend(end.leg.map(|leg| param("DialCallSid", leg)));
    params.extend(
        end.talked
            .map(|talked| param("DialCallDuration", talked.as_secs())),
    );
    params.push(param("DialBridged", end.talked.is_some()));
    params
}
