//! The simulated telephones: implements the console's port over the simulated carrier.

mod documents;
mod signals;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use carrier_simulator::Carrier;
use carrier_simulator::network::{
    self, CONFIDENCE, CallStatus, Direction, EntrySound, Input, Output,
};
use console::phones::{
    Action, CALLS_MAX, Call, CallState, Document, Phones, SendingAgain, Signal, Sound,
    TranscriptEntry,
};
use ids::CallSid;

pub use documents::Documents;
use signals::Signals;

/// The telephones of a simulated carrier, and the answers to its webhooks.
pub struct Telephones {
    /// The simulated carrier.
    pub carrier: Arc<Carrier>,
    /// The numbers of the contact centre.
    pub centre_numbers: Vec<String>,
    /// The answers of webhooks.
    pub documents: Arc<Documents>,
    /// The messages between windows.
    signals: Signals,
}

impl Telephones {
    /// The telephones of a carrier whose webhooks `documents` sends.
    pub fn new(
        carrier: Arc<Carrier>,
        centre_numbers: Vec<String>,
        documents: Arc<Documents>,
    ) -> Self {
        Self {
            carrier,
            centre_numbers,
            documents,
            signals: Signals::default(),
        }
    }

    fn call(&self, call: &network::Call) -> Call {
        Call {
            last_signal: self.signals.last(call.sid),
            ..shown(call)
        }
    }
}

impl Phones for Telephones {
    fn centre_numbers(&self) -> Vec<String> {
        self.centre_numbers.clone()
    }

    fn calls(&self) -> Vec<Call> {
        self.carrier.read(|network| {
            network
                .calls()
                .into_iter()
                .take(CALLS_MAX)
                .map(|call| self.call(call))
                .collect()
        })
    }

    fn documents(&self, call: CallSid) -> Vec<Document> {
        self.documents.of(call)
    }

    fn send_again(&self, call: CallSid, document: u64) -> SendingAgain<'_> {
        Box::pin(self.documents.send_again(call, document))
    }

    fn signal(&self, call: CallSid, message: &str) -> Result<(), String> {
        let other = self.carrier.read(|network| {
            let calls = network.calls();
            let found = calls.into_iter().find(|found| found.sid == call);
            found.and_then(network::Call::bridged_with)
        });
        let other = other.ok_or("this phone talks with no other phone")?;
        self.signals.keep(other, message)
    }

    fn signals(&self, call: CallSid, after: u64) -> Vec<Signal> {
        self.signals.of(call, after)
    }

    fn revision(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.carrier.read(|network| {
            for call in network.calls().into_iter().take(CALLS_MAX) {
                let last = call.transcript.entries().last().map(|entry| entry.at);
                (
                    call.sid,
                    call.status.as_str(),
                    call.transcript.entries().len(),
                    last,
                    call.listening().map(|listening| listening.number),
                    call.hears_ringing(),
                )
                    .hash(&mut hasher);
            }
        });
        self.documents.count().hash(&mut hasher);
        self.signals.count().hash(&mut hasher);
        hasher.finish()
    }

    fn dial(&self, from: &str, to: &str) -> Result<CallSid, String> {
        let outputs = self.carrier.handle(Input::Dial {
            from: from.to_owned(),
            to: to.to_owned(),
        });
        refusal(&outputs)?;
        let created = outputs.into_iter().find_map(|output| match output {
            Output::CallCreated(sid) => Some(sid),
            Output::Fetch(_)
            | Output::QueueCreated(_)
            | Output::Dequeued(_)
            | Output::Refused(_) => None,
        });
        created.ok_or_else(|| "the call could not be created".to_owned())
    }

    fn perform(&self, call: CallSid, action: Action) -> Result<(), String> {
        let input = match action {
            Action::Answer => Input::Answer(call),
            Action::Decline => Input::Decline(call),
            Action::HangUp => Input::HangUp(call),
            Action::Press(digits) => Input::Digits { call, digits },
            Action::Say(text) => Input::Say {
                call,
                text,
                confidence: CONFIDENCE,
            },
            Action::Listen => Input::Listen(call),
        };
        refusal(&self.carrier.handle(input))
    }
}

fn refusal(outputs: &[Output]) -> Result<(), String> {
    match outputs.first() {
        Some(Output::Refused(refusal)) => Err(refusal.to_string()),
        Some(
            Output::Fetch(_)
            | Output::CallCreated(_)
            | Output::QueueCreated(_)
            | Output::Dequeued(_),
        )
        | None => Ok(()),
    }
}

fn shown(call: &network::Call) -> Call {
    let line = |entry: &network::Entry| TranscriptEntry {
        at: entry.at,
        kind: kind(entry.event),
        text: entry.text.clone(),
        sound: entry.sound.clone().map(sound),
    };
    let listening = call.listening().filter(|listening| listening.speech);
    Call {
        sid: call.sid,
        phone: call.phone().to_owned(),
        is_caller: match call.direction {
            Direction::Inbound => true,
            Direction::OutboundApi | Direction::OutboundDial => false,
        },
        state: state(call.status),
        status: call.status.as_str().to_owned(),
        talking_with: call.bridged_with(),
        last_signal: 0,
        hears_ringing: call.hears_ringing(),
        hears_speech: listening.is_some()
            || call.bridged_with().is_some()
            || call.conference().is_some(),
        hints: listening.map_or_else(Vec::new, |listening| listening.hints.to_vec()),
        began: call.created,
        transcript: call.transcript.entries().iter().map(line).collect(),
    }
}

fn sound(sound: EntrySound) -> Sound {
    match sound {
        EntrySound::Speech { language } => Sound::Speech(language),
        EntrySound::Audio { url, loops } => Sound::Audio { url, loops },
    }
}

/// The name of an event, as in `/simulator/calls`.
fn kind(event: network::Event) -> String {
    serde_json::to_value(event)
        .ok()
        .and_then(|word| word.as_str().map(str::to_owned))
        .unwrap_or_default()
}

fn state(status: CallStatus) -> CallState {
    match status {
        CallStatus::Queued | CallStatus::Ringing => CallState::Ringing,
        CallStatus::InProgress => CallState::Connected,
        CallStatus::Completed
        | CallStatus::Busy
        | CallStatus::Failed
        | CallStatus::NoAnswer
        | CallStatus::Canceled => CallState::Ended,
    }
}
