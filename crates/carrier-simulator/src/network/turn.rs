//! One input being handled: the state, the moment, and the outputs.

use std::collections::VecDeque;

use ids::CallSid;
use ids::time::Timestamp;

use super::address::without_numbers;
use super::call::{Call, Phase};
use super::{ENDED_CALL_KEPT, ENDED_CALLS_MAX, EntrySound, Event, Input, Network, Output, Refusal};

/// Timers handled in one turn; the remaining ones wait for the next tick, which follows at once.
const DEADLINES_PER_TURN_MAX: usize = 100_000;

/// The handling of one input. Its methods are spread over the files of this folder, one subject
/// each.
pub(super) struct Turn<'n> {
    pub network: &'n mut Network,
    pub now: Timestamp,
    /// Calls whose documents can continue.
    pub ready: VecDeque<CallSid>,
    outputs: Vec<Output>,
}

impl<'n> Turn<'n> {
    pub fn new(network: &'n mut Network, now: Timestamp) -> Self {
        Self {
            network,
            now,
            ready: VecDeque::new(),
            outputs: Vec::new(),
        }
    }

    pub fn finish(self) -> Vec<Output> {
        self.outputs
    }

    /// Handles every timer that is due, the earliest first.
    pub fn run_due_timers(&mut self) {
        for _ in 0..DEADLINES_PER_TURN_MAX {
            let Some(sid) = self.next_due() else { return };
            self.deadline(sid);
            self.run_ready();
        }
    }

    fn next_due(&self) -> Option<CallSid> {
        let due = self.network.live.iter().filter_map(|sid| {
            let call = self.network.calls.get(sid)?;
            let at = call.wake_at().filter(|at| *at <= self.now)?;
            Some((at, call.serial, *sid))
        });
        due.min().map(|(_, _, sid)| sid)
    }

    /// Applies the input itself, then runs the documents that can continue.
    pub fn apply(&mut self, input: Input) {
        let result = match input {
            Input::Tick => Ok(()),
            Input::Dial { from, to } => self.person_dials(from, to),
            Input::Digits { call, digits } => self.person_presses(call, &digits),
            Input::Say {
                call,
                text,
                confidence,
            } => self.person_says(call, &text, confidence),
            Input::Listen(call) => self.person_listens(call),
            Input::Answer(call) => self.person_answers(call),
            Input::Decline(call) => self.person_declines(call),
            Input::HangUp(call) => self.person_hangs_up(call),
            Input::Fetched(id, fetched) => {
                self.fetched(id, fetched);
                Ok(())
            }
            Input::CreateCall(call) => self.create_call(*call),
            Input::UpdateCall(call, update) => self.update_call(call, update),
            Input::CreateQueue { name, max_size } => self.create_queue(&name, max_size),
            Input::UpdateQueue {
                queue,
                name,
                max_size,
            } => self.update_queue(queue, name, max_size),
            Input::DeleteQueue(queue) => self.delete_queue(queue),
            Input::Dequeue {
                queue,
                call,
                target,
            } => self.dequeue(queue, call, target),
            Input::AddParticipant(new) => self.add_participant(*new),
            Input::UpdateParticipant {
                conference,
                call,
                update,
            } => self.update_participant(conference, call, update),
            Input::RemoveParticipant { conference, call } => {
                self.remove_participant(conference, call)
            }
            Input::DeleteRecording(recording) => self.delete_recording(recording),
            Input::EndConference(conference) => self.end_conference_for(conference),
            Input::UpdateNumber {
                number,
                voice_url,
                voice_method,
            } => self.update_number(&number, voice_url, voice_method),
            Input::TaskEnded { call, task, end } => self.task_ended(call, task, end),
        };
        if let Err(refusal) = result {
            self.emit(Output::Refused(refusal));
        }
        self.run_ready();
    }

    pub fn emit(&mut self, output: Output) {
        self.outputs.push(output);
    }

    pub fn call(&self, sid: CallSid) -> Option<&Call> {
        self.network.calls.get(&sid)
    }

    pub fn call_mut(&mut self, sid: CallSid) -> Option<&mut Call> {
        self.network.calls.get_mut(&sid)
    }

    /// The call that a person or program names.
    pub fn known_call(&self, sid: CallSid) -> Result<&Call, Refusal> {
        self.call(sid).ok_or(Refusal::UnknownCall(sid))
    }

    pub fn set_phase(&mut self, sid: CallSid, phase: Phase) {
        if let Some(call) = self.call_mut(sid) {
            call.phase = phase;
        }
    }

    /// Writes an entry into the transcript of a call.
    pub fn note(&mut self, sid: CallSid, event: Event, text: impl Into<String>) {
        self.note_sound(sid, event, text, None);
    }

    /// Writes an entry with the sound that the person hears.
    pub fn note_sound(
        &mut self,
        sid: CallSid,
        event: Event,
        text: impl Into<String>,
        sound: impl Into<Option<EntrySound>>,
    ) {
        let now = self.now;
        if let Some(call) = self.call_mut(sid) {
            call.transcript.push(now, event, text, sound.into());
        }
    }

    /// Writes a warning into the transcript and the log, because a developer should notice what is
    /// ignored.
    pub fn warn(&mut self, sid: CallSid, text: &str) {
        tracing::warn!(call_sid = %sid, "simulated carrier, call {sid}: {}", without_numbers(text));
        self.note(sid, Event::Warning, text);
    }

    /// Removes ended calls that are too old or too many.
    pub fn prune(&mut self) {
        while let Some((serial, sid)) = self.network.ended.first().copied() {
            let ended = self.call(sid).and_then(|call| call.ended);
            let is_old = ended.is_none_or(|ended| self.now.since(ended) > ENDED_CALL_KEPT);
            if !is_old && self.network.ended.len() <= ENDED_CALLS_MAX {
                return;
            }
            self.network.ended.remove(&(serial, sid));
            self.network.calls.remove(&sid);
        }
    }
}
