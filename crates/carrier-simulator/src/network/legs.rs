//! Dial of phones: which of them ring, the document that a called person hears before the
//! connection, and the one that is connected (voice-webhooks.md section 6.3).

use std::collections::VecDeque;

use ids::CallSid;
use ids::time::Millis;

use super::call::Phase;
use super::dial::DialEnd;
use super::turn::Turn;
use super::{CallStatus, Direction, Start, StatusCallback, address};
use crate::twiml::{Dial, ErrorCode, Fault, Phone};

impl Turn<'_> {
    /// Rings the phones: all of them, or with `sequential` the first one that can be dialled.
    pub fn dial_phones(&mut self, sid: CallSid, dial: Dial, mut phones: VecDeque<Phone>) {
        let mut legs = Vec::new();
        while let Some(phone) = phones.pop_front() {
            legs.extend(self.make_leg(sid, &dial, &phone));
            if dial.sequential && !legs.is_empty() {
                break;
            }
        }
        if legs.is_empty() {
            return self.dial_failed(sid, &dial);
        }
        self.set_phase(
            sid,
            Phase::DialingPhones {
                dial,
                legs: legs.clone(),
                waiting: phones,
            },
        );
        for leg in legs {
            self.ring(leg);
        }
    }

    fn make_leg(&mut self, parent: CallSid, dial: &Dial, phone: &Phone) -> Option<CallSid> {
        if let Err(fault) = self.check_dialable(&phone.address) {
            self.note_fault(parent, &fault);
            return None;
        }
        let screening = phone.screening.as_ref();
        let screening = match screening.map(|link| self.resolve(parent, link)).transpose() {
            Ok(screening) => screening,
            Err(fault) => {
                self.note_fault(parent, &fault);
                return None;
            }
        };
        let from = match &dial.caller_id {
            Some(number) if address::is_address(number) => number.clone(),
            Some(_) => {
                self.warn(
                    parent,
                    &format!(
                        "callerId of <Dial>: expected {}; ignored",
                        address::EXPECTED
                    ),
                );
                self.call(parent)?.from.clone()
            }
            None => self.call(parent)?.from.clone(),
        };
        let leg = match self.make_call(
            &from,
            &phone.address,
            Direction::OutboundDial,
            CallStatus::Queued,
            Phase::Queued,
        ) {
            Ok(leg) => leg,
            Err(refusal) => {
                self.note_fault(
                    parent,
                    &Fault::new(ErrorCode::HttpFailure, refusal.to_string()),
                );
                return None;
            }
        };
        let callback = phone.status_callback.as_ref();
        let status_callback = callback
            .and_then(|link| self.resolve(parent, link).ok())
            .map(|target| {
                StatusCallback::new(target.url, target.method, phone.status_events.clone())
            });
        let timeout = Millis::from_secs(dial.timeout_secs.into());
        if let Some(call) = self.call_mut(leg) {
            call.parent = Some(parent);
            call.status_callback = status_callback;
            call.ring_for = timeout;
            call.tones_on_answer = phone.send_digits.clone();
            call.start = screening.map(|target| Start::Screening {
                dialer: parent,
                target,
            });
        }
        Some(leg)
    }

    fn check_dialable(&self, number: &str) -> Result<(), Fault> {
        if !address::is_address(number) {
            return Err(Fault::new(
                ErrorCode::BadNumber,
                format!("<Dial>: expected {}", address::EXPECTED),
            ));
        }
        if self
            .network
            .setup
            .numbers
            .iter()
            .any(|centre| centre.number == number)
        {
            let text = "<Dial> of a number of the centre itself is not simulated";
            return Err(Fault::new(ErrorCode::BadNumber, text));
        }
        Ok(())
    }

    /// A phone that this call's Dial rang stopped ringing without a connection. When none rings, the
    /// next phone of a sequential Dial does, or the Dial is over.
    pub fn leg_ended(&mut self, parent: CallSid, leg: CallSid, status: CallStatus) {
        let was_picked_up = self.was_picked_up(leg);
        let Some(call) = self.call_mut(parent) else {
            return;
        };
        let Phase::DialingPhones {
            dial,
            legs,
            waiting,
        } = &mut call.phase
        else {
            return;
        };
        legs.retain(|other| *other != leg);
        if !legs.is_empty() {
            return;
        }
        let dial = dial.clone();
        if !waiting.is_empty() {
            let waiting = std::mem::take(waiting);
            return self.dial_phones(parent, dial, waiting);
        }
        // The person heard the document of the noun and did not accept the call.
        let status = if was_picked_up {
            CallStatus::NoAnswer
        } else {
            status
        };
        let end = DialEnd {
            status,
            leg: Some(leg),
            talked: None,
        };
        self.dial_over(parent, &dial, &end);
    }

    fn was_picked_up(&self, leg: CallSid) -> bool {
        self.call(leg).is_some_and(|leg| leg.answered.is_some())
    }

    /// A person accepts the call of a Dial, by picking up or at the end of the document of the
    /// noun: the other phones stop ringing.
    pub fn leg_accepts(&mut self, parent: CallSid, leg: CallSid) {
        let phase = self.call(parent).map(|call| call.phase.clone());
        let Some(Phase::DialingPhones { dial, legs, .. }) = phase else {
            return self.drop_leg(leg, "the other side is gone");
        };
        self.connect_leg(parent, leg, dial);
        for other in legs.into_iter().filter(|other| *other != leg) {
            self.drop_leg(other, "another phone was picked up");
        }
    }

    /// Ends a leg that was not connected.
    fn drop_leg(&mut self, leg: CallSid, how: &str) {
        let status = if self.was_picked_up(leg) {
            CallStatus::Completed
        } else {
            CallStatus::Canceled
        };
        self.end(leg, status, how);
    }

    /// The dialing call ended or was transferred while phones ring.
    pub fn dial_abandoned(&mut self, sid: CallSid, dial: &Dial, legs: &[CallSid]) {
        for leg in legs {
            self.drop_leg(*leg, "the other side hung up");
        }
        let end = DialEnd {
            status: CallStatus::Canceled,
            leg: legs.first().copied(),
            talked: None,
        };
        self.dial_notified(sid, dial, &end);
    }
}
