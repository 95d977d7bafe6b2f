//! The REST API's requests about calls and queues (voice-webhooks.md section 8).

use ids::time::Millis;
use ids::{CallSid, QueueSid};
use url::Url;

use super::call::Phase;
use super::conference::Departure;
use super::queue::{MEMBERS_MAX, NAME_CHARS_MAX, QueueResult};
use super::turn::Turn;
use super::{
    CallRecording, CallStatus, Direction, Output, QUEUES_MAX, Refusal, Start, StatusCallback,
    Target, address,
};
use crate::twiml::Method;

/// A call to be created.
#[derive(Debug, Clone, PartialEq)]
pub struct NewCall {
    /// The address to call.
    pub to: String,
    /// The number that the phone shows.
    pub from: String,
    /// What the call starts with once it is answered.
    pub start: Start,
    /// The URL that is used when the start document cannot be fetched.
    pub fallback: Option<Target>,
    /// The status callback.
    pub status_callback: Option<StatusCallback>,
    /// Longest ringing time.
    pub ring_for: Millis,
    /// Time limit of the call.
    pub time_limit: Option<Millis>,
    /// Tones that are sent after the answer.
    pub send_digits: Option<String>,
    /// The recording, if the call is recorded.
    pub recording: Option<CallRecording>,
}

/// A change of a call; a field that is `None` stays as it is.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CallUpdate {
    /// The document it continues with.
    pub start: Option<Start>,
    /// How it ends: `canceled` only before the answer, `completed` at any time.
    pub end: Option<EndAs>,
    /// The new fallback.
    pub fallback: Option<Target>,
    /// The new status callback.
    pub status_callback: Option<StatusCallback>,
    /// The new time limit, counted from the answer.
    pub time_limit: Option<Millis>,
}

/// The status with which a program ends a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndAs {
    /// Possible while the call is queued or ringing.
    Canceled,
    /// Possible at any time.
    Completed,
}

impl Turn<'_> {
    pub fn create_call(&mut self, new: NewCall) -> Result<(), Refusal> {
        self.check_reachable(&new.to, &new.from)?;
        check_target(
            "RecordingStatusCallback",
            new.recording
                .as_ref()
                .and_then(|wanted| wanted.callback.as_ref()),
        )?;
        check_start(Some(&new.start))?;
        check_target("FallbackUrl", new.fallback.as_ref())?;
        check_target(
            "StatusCallback",
            new.status_callback
                .as_ref()
                .map(|status_callback| &status_callback.target),
        )?;
        let sid = self.make_call(
            &new.from,
            &new.to,
            Direction::OutboundApi,
            CallStatus::Queued,
            Phase::Queued,
        )?;
        if let Some(call) = self.call_mut(sid) {
            call.start = Some(new.start);
            call.fallback = new.fallback;
            call.status_callback = new.status_callback;
            call.ring_for = new.ring_for;
            call.time_limit = new.time_limit;
            call.tones_on_answer = new.send_digits;
            call.recording = new.recording;
        }
        self.emit(Output::CallCreated(sid));
        Ok(())
    }

    /// Checks both addresses of an outbound call. A number of the contact centre itself cannot be
    /// called.
    pub fn check_reachable(&self, to: &str, from: &str) -> Result<(), Refusal> {
        if !address::is_address(to) {
            return Err(Refusal::BadAddress { field: "To" });
        }
        if !address::is_address(from) {
            return Err(Refusal::BadAddress { field: "From" });
        }
        if self
            .network
            .setup
            .numbers
            .iter()
            .any(|centre| centre.number == to)
        {
            return Err(Refusal::CentreNumber);
        }
        Ok(())
    }

    pub fn update_call(&mut self, sid: CallSid, update: CallUpdate) -> Result<(), Refusal> {
        let call = self.known_call(sid)?;
        let status = call.status;
        let sent_before = call
            .status_callback
            .as_ref()
            .map_or(0, |status_callback| status_callback.sent);
        let wrong_state = |expected| {
            Err(Refusal::WrongState {
                call: sid,
                status,
                expected,
            })
        };
        if status.is_over() {
            return wrong_state("queued, ringing or in-progress");
        }
        if update.start.is_some() && status != CallStatus::InProgress {
            return wrong_state("in-progress");
        }
        if update.end == Some(EndAs::Canceled) && status == CallStatus::InProgress {
            return wrong_state("queued or ringing");
        }
        check_start(update.start.as_ref())?;
        check_target("FallbackUrl", update.fallback.as_ref())?;
        check_target(
            "StatusCallback",
            update
                .status_callback
                .as_ref()
                .map(|status_callback| &status_callback.target),
        )?;
        if let Some(call) = self.call_mut(sid) {
            call.fallback = update.fallback.or(call.fallback.take());
            call.time_limit = update.time_limit.or(call.time_limit);
            if let Some(status_callback) = update.status_callback {
                call.status_callback = Some(StatusCallback {
                    sent: sent_before,
                    ..status_callback
                });
            }
        }
        match (update.end, update.start) {
            (Some(EndAs::Canceled), _) => self.end(
                sid,
                CallStatus::Canceled,
                "the application canceled the call",
            ),
            (Some(EndAs::Completed), _) if status == CallStatus::InProgress => {
                self.conference_abandoned(sid, Departure::UpdatedViaApi);
                self.end(sid, CallStatus::Completed, "the application ended the call");
            }
            (Some(EndAs::Completed), _) => {
                self.end(sid, CallStatus::Canceled, "the application ended the call")
            }
            (None, Some(start)) => self.replace_document(sid, start),
            (None, None) => {}
        }
        Ok(())
    }

    /// Stops whatever a call does, and runs another document.
    fn replace_document(&mut self, sid: CallSid, start: Start) {
        self.abandon_document(sid);
        let Some(call) = self.call_mut(sid) else {
            return;
        };
        call.hurried_rounds = 0;
        let phase = std::mem::replace(&mut call.phase, Phase::Holding);
        let was_bridged = matches!(phase, Phase::Bridged { .. });
        let announcer = call
            .enqueued
            .as_mut()
            .and_then(|enqueued| enqueued.announcer.take());
        self.release_phase(sid, phase);
        if let Some(dialer) = announcer {
            self.caller_lost(dialer);
        }
        let result = if was_bridged {
            QueueResult::RedirectedFromBridged
        } else {
            QueueResult::Redirected
        };
        self.leave_queue_notified(sid, result);
        self.conference_abandoned(sid, Departure::UpdatedViaApi);
        if let Some(call) = self.call_mut(sid) {
            call.stack.clear();
        }
        self.begin(sid, start);
    }

    pub fn create_queue(&mut self, name: &str, max_size: u32) -> Result<(), Refusal> {
        self.check_queue(name, max_size)?;
        let made = self.make_queue(name, max_size).ok_or(Refusal::TooMany {
            what: "queues",
            max: QUEUES_MAX,
        })?;
        self.emit(Output::QueueCreated(made));
        Ok(())
    }

    pub fn update_queue(
        &mut self,
        sid: QueueSid,
        name: Option<String>,
        max_size: Option<u32>,
    ) -> Result<(), Refusal> {
        let queue = self
            .network
            .queues
            .get(&sid)
            .ok_or(Refusal::UnknownQueue(sid))?;
        let new_name = name.filter(|name| *name != queue.name);
        let new_size = max_size.unwrap_or(queue.max_size);
        match &new_name {
            Some(name) => self.check_queue(name, new_size)?,
            None => check_size(new_size)?,
        }
        let now = self.now;
        if let Some(queue) = self.network.queues.get_mut(&sid) {
            queue.name = new_name.unwrap_or_else(|| queue.name.clone());
            queue.max_size = new_size;
            queue.updated = now;
        }
        self.match_queue(sid);
        Ok(())
    }

    fn check_queue(&self, name: &str, max_size: u32) -> Result<(), Refusal> {
        if name.is_empty() || name.chars().count() > NAME_CHARS_MAX {
            return Err(Refusal::BadQueueName);
        }
        check_size(max_size)?;
        match self.queue_named(name) {
            Some(other) => Err(Refusal::QueueExists(other)),
            None => Ok(()),
        }
    }

    pub fn delete_queue(&mut self, sid: QueueSid) -> Result<(), Refusal> {
        let queue = self
            .network
            .queues
            .get(&sid)
            .ok_or(Refusal::UnknownQueue(sid))?;
        if !queue.members.is_empty() {
            return Err(Refusal::QueueNotEmpty(sid));
        }
        self.network.queues.remove(&sid);
        Ok(())
    }

    pub fn dequeue(
        &mut self,
        sid: QueueSid,
        call: Option<CallSid>,
        target: Target,
    ) -> Result<(), Refusal> {
        let queue = self
            .network
            .queues
            .get(&sid)
            .ok_or(Refusal::UnknownQueue(sid))?;
        let mut members = queue.members.iter().map(|member| member.call);
        let member = members.find(|member| call.is_none_or(|call| call == *member));
        let member = member.ok_or(Refusal::NotAMember(sid))?;
        let start = Start::Url(target);
        check_start(Some(&start))?;
        self.emit(Output::Dequeued(member));
        self.replace_document(member, start);
        Ok(())
    }

    /// Changes the voice configuration of a number of the contact centre.
    pub fn update_number(
        &mut self,
        number: &str,
        voice_url: Option<String>,
        voice_method: Option<Method>,
    ) -> Result<(), Refusal> {
        if let Some(url) = &voice_url {
            check_url("VoiceUrl", url)?;
        }
        let mut numbers = self.network.setup.numbers.iter_mut();
        if let Some(centre) = numbers.find(|centre| centre.number == number) {
            centre.voice_url = voice_url.unwrap_or_else(|| centre.voice_url.clone());
            centre.voice_method = voice_method.unwrap_or(centre.voice_method);
        }
        Ok(())
    }
}

fn check_size(max_size: u32) -> Result<(), Refusal> {
    if (1..=MEMBERS_MAX).contains(&max_size) {
        Ok(())
    } else {
        Err(Refusal::BadQueueSize)
    }
}

fn check_start(start: Option<&Start>) -> Result<(), Refusal> {
    match start {
        Some(Start::Url(target)) => check_target("Url", Some(target)),
        Some(Start::Twiml(_) | Start::Screening { .. } | Start::Conference(_)) | None => Ok(()),
    }
}

pub(super) fn check_target(field: &'static str, target: Option<&Target>) -> Result<(), Refusal> {
    target.map_or(Ok(()), |target| check_url(field, &target.url))
}

fn check_url(field: &'static str, url: &str) -> Result<(), Refusal> {
    match Url::parse(url) {
        Ok(url) if ["http", "https"].contains(&url.scheme()) && url.has_host() => Ok(()),
        Ok(_) | Err(_) => Err(Refusal::BadUrl { field }),
    }
}
