//! The actions of people at their phones, and ringing phones.

use ids::CallSid;
use ids::time::Millis;

use super::call::{KeyListener, Phase};
use super::conference::Departure;
use super::transcript::Transcript;
use super::turn::Turn;
use super::{
    Call, CallStatus, DIGITS_MAX, Direction, Event, LIVE_CALLS_MAX, Output, Refusal, Start,
    StatusCallback, Target, address,
};
use crate::twiml::{Method, StatusEvent};

/// Ringing time of a phone if the request does not say (voice-webhooks.md section 8).
pub const RING_DEFAULT: Millis = Millis::from_secs(60);

impl Turn<'_> {
    pub fn person_dials(&mut self, from: String, to: String) -> Result<(), Refusal> {
        if !address::is_address(&from) {
            return Err(Refusal::BadAddress { field: "from" });
        }
        if !address::is_address(&to) {
            return Err(Refusal::BadAddress { field: "to" });
        }
        let numbers = &self.network.setup.numbers;
        let Some(centre) = numbers.iter().find(|centre| centre.number == to).cloned() else {
            let numbers = numbers.iter().map(|centre| centre.number.clone()).collect();
            return Err(Refusal::NotACentreNumber { numbers });
        };
        // An inbound call rings at the contact centre while its first document is fetched and run.
        let sid = self.make_call(
            &from,
            &to,
            Direction::Inbound,
            CallStatus::Ringing,
            Phase::Holding,
        )?;
        let method = centre.voice_method;
        let fallback = centre.voice_fallback_url;
        if let Some(call) = self.call_mut(sid) {
            call.fallback = fallback.map(|url| Target { url, method });
            call.status_callback = centre
                .status_callback
                .map(|url| StatusCallback::new(url, Method::Post, Vec::new()));
        }
        self.note(sid, Event::Dialed, to);
        self.emit(Output::CallCreated(sid));
        self.begin(
            sid,
            Start::Url(Target {
                url: centre.voice_url,
                method,
            }),
        );
        Ok(())
    }

    /// Creates a call leg with its first status and phase.
    pub fn make_call(
        &mut self,
        from: &str,
        to: &str,
        direction: Direction,
        status: CallStatus,
        phase: Phase,
    ) -> Result<CallSid, Refusal> {
        if self.network.live.len() >= LIVE_CALLS_MAX {
            return Err(Refusal::TooMany {
                what: "calls",
                max: LIVE_CALLS_MAX,
            });
        }
        let serial = self.network.next_serial();
        let sid = CallSid::derive(&[&self.network.setup.seed, "call", &serial.to_string()]);
        let call = Call {
            sid,
            serial,
            from: from.to_owned(),
            to: to.to_owned(),
            direction,
            status,
            parent: None,
            created: self.now,
            updated: self.now,
            answered: None,
            ended: None,
            queue_time: Millis::ZERO,
            transcript: Transcript::default(),
            stack: Vec::new(),
            phase,
            enqueued: None,
            enqueues: 0,
            is_audible: false,
            listened: 0,
            conferring: None,
            invited: None,
            early_media: false,
            start: None,
            fallback: None,
            status_callback: None,
            ring_for: RING_DEFAULT,
            time_limit: None,
            tones_on_answer: None,
            recording: None,
            started_recording: None,
            hurried_rounds: 0,
        };
        self.network.calls.insert(sid, call);
        self.network.live.insert(sid);
        Ok(sid)
    }

    /// Dials the phone of an outbound call: it rings, or it is busy.
    pub fn ring(&mut self, sid: CallSid) {
        let now = self.now;
        self.report(sid, StatusEvent::Initiated);
        let Some(phone) = self.call(sid).map(|call| call.phone().to_owned()) else {
            return;
        };
        if self.is_in_use(sid, &phone) {
            return self.end(sid, CallStatus::Busy, "the phone is in use");
        }
        let Some(call) = self.call_mut(sid) else {
            return;
        };
        let from = call.from.clone();
        call.status = CallStatus::Ringing;
        call.updated = now;
        call.phase = Phase::Ringing {
            until: now + call.ring_for,
        };
        self.note(sid, Event::Ringing, format!("{from} is calling"));
        self.announce_ringing(sid);
        self.report(sid, StatusEvent::Ringing);
    }

    /// Whether the phone's only line is in use by another call, ringing included.
    fn is_in_use(&self, sid: CallSid, phone: &str) -> bool {
        let other_calls = self.network.live.iter().filter(|other| **other != sid);
        let mut others = other_calls.filter_map(|other| self.network.calls.get(other));
        others.any(|call| call.phase != Phase::Queued && call.phone() == phone)
    }

    pub fn person_answers(&mut self, sid: CallSid) -> Result<(), Refusal> {
        self.must_ring(sid)?;
        let now = self.now;
        let Some(call) = self.call_mut(sid) else {
            return Err(Refusal::UnknownCall(sid));
        };
        call.status = CallStatus::InProgress;
        call.answered = Some(now);
        call.updated = now;
        let parent = call.parent;
        let start = call.start.take();
        let tones = call.tones_on_answer.take();
        self.note(sid, Event::Answered, "picked up");
        self.report(sid, StatusEvent::Answered);
        if let Some(tones) = tones {
            self.note(sid, Event::Playing, format!("tones {tones}"));
        }
        match (start, parent) {
            (Some(start), _) => self.begin(sid, start),
            (None, Some(parent)) => self.leg_accepts(parent, sid),
            (None, None) => self.end(sid, CallStatus::Completed, "nothing was to be done"),
        }
        Ok(())
    }

    pub fn person_declines(&mut self, sid: CallSid) -> Result<(), Refusal> {
        self.must_ring(sid)?;
        self.note(sid, Event::Declined, "refused the call");
        self.end(sid, CallStatus::Busy, "the call was declined");
        Ok(())
    }

    fn must_ring(&self, sid: CallSid) -> Result<(), Refusal> {
        let call = self.known_call(sid)?;
        if matches!(call.phase, Phase::Ringing { .. }) {
            Ok(())
        } else {
            Err(wrong_state(call, "a ringing phone"))
        }
    }

    pub fn person_hangs_up(&mut self, sid: CallSid) -> Result<(), Refusal> {
        let call = self.known_call(sid)?;
        let status = match (call.status, call.direction) {
            (CallStatus::InProgress, _) => CallStatus::Completed,
            (CallStatus::Ringing, Direction::Inbound) => CallStatus::Canceled,
            (CallStatus::Ringing | CallStatus::Queued, _) => {
                return Err(wrong_state(
                    call,
                    "in-progress; a ringing phone is declined, not hung up",
                ));
            }
            (
                CallStatus::Completed
                | CallStatus::Busy
                | CallStatus::Failed
                | CallStatus::NoAnswer
                | CallStatus::Canceled,
                _,
            ) => return Err(wrong_state(call, "in-progress, or ringing for a caller")),
        };
        self.note(sid, Event::HungUp, "hung up");
        self.end(sid, status, "the person hung up");
        Ok(())
    }

    pub fn person_presses(&mut self, sid: CallSid, digits: &str) -> Result<(), Refusal> {
        let count = digits.chars().count();
        let all_keys = digits
            .chars()
            .all(|key| key.is_ascii_digit() || key == '*' || key == '#');
        if count == 0 || count > DIGITS_MAX || !all_keys {
            return Err(Refusal::BadDigits);
        }
        let call = self.known_call(sid)?;
        if call.status != CallStatus::InProgress {
            return Err(wrong_state(call, "in-progress"));
        }
        let listening = if call.key_listener().is_some() {
            ""
        } else {
            " (nothing was listening)"
        };
        self.note(sid, Event::Pressed, format!("{digits}{listening}"));
        for key in digits.chars() {
            self.press(sid, key);
        }
        Ok(())
    }

    pub fn person_listens(&mut self, sid: CallSid) -> Result<(), Refusal> {
        self.known_call(sid)?;
        if let Some(call) = self.call_mut(sid) {
            call.is_audible = true;
        }
        Ok(())
    }

    fn press(&mut self, sid: CallSid, key: char) {
        match self.call(sid).and_then(Call::key_listener) {
            Some(KeyListener::Gather) => self.gather_key(sid, key),
            Some(KeyListener::Record) => self.record_key(sid, key),
            Some(KeyListener::Conversation) if key == '*' => {
                self.conversation_over(sid, "the star key ended the conversation");
            }
            Some(KeyListener::Conference) if key == '*' => {
                self.leave_conference(sid, Departure::HungUp)
            }
            Some(KeyListener::Conversation | KeyListener::Conference) | None => {}
        }
    }
}

pub(super) fn wrong_state(call: &Call, expected: &'static str) -> Refusal {
    Refusal::WrongState {
        call: call.sid,
        status: call.status,
        expected,
    }
}
