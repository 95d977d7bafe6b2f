//! The simulated telephones, for the console's page about them.

mod documents;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use carrier_simulator::Carrier;
use carrier_simulator::network::{self, CallStatus, Direction, Input, Output};
use console::phones::{Act, CALLS_MAX, Call, Document, Line, Phones, State};
use ids::CallSid;

pub use documents::Documents;

/// The telephones of a simulated carrier, with the documents its webhooks returned.
pub struct Telephones {
    /// The carrier.
    pub carrier: Arc<Carrier>,
    /// The number that reaches the centre.
    pub centre_number: String,
    /// What webhooks returned.
    pub documents: Arc<Documents>,
}

impl Phones for Telephones {
    fn centre_number(&self) -> String {
        self.centre_number.clone()
    }

    fn calls(&self) -> Vec<Call> {
        self.carrier.read(|network| {
            network
                .calls()
                .into_iter()
                .take(CALLS_MAX)
                .map(call)
                .collect()
        })
    }

    fn documents(&self, call: CallSid) -> Vec<Document> {
        self.documents.of(call)
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
                )
                    .hash(&mut hasher);
            }
        });
        self.documents.count().hash(&mut hasher);
        hasher.finish()
    }

    fn dial(&self, from: &str) -> Result<CallSid, String> {
        let outputs = self.carrier.handle(Input::Dial {
            from: from.to_owned(),
            to: self.centre_number.clone(),
        });
        refusal(&outputs)?;
        let made = outputs.into_iter().find_map(|output| match output {
            Output::CallCreated(sid) => Some(sid),
            Output::Fetch(_)
            | Output::QueueCreated(_)
            | Output::Dequeued(_)
            | Output::Refused(_) => None,
        });
        made.ok_or_else(|| "the call was not made".to_owned())
    }

    fn act(&self, call: CallSid, act: Act) -> Result<(), String> {
        let input = match act {
            Act::Answer => Input::Answer(call),
            Act::Decline => Input::Decline(call),
            Act::HangUp => Input::HangUp(call),
            Act::Press(digits) => Input::Digits { call, digits },
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

fn call(call: &network::Call) -> Call {
    let line = |entry: &network::Entry| Line {
        at: entry.at,
        kind: kind(entry.event),
        text: entry.text.clone(),
    };
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
        began: call.created,
        transcript: call.transcript.entries().iter().map(line).collect(),
    }
}

/// The word of the transcript, as `/simulator/calls` has it.
fn kind(event: network::Event) -> String {
    serde_json::to_value(event)
        .ok()
        .and_then(|word| word.as_str().map(str::to_owned))
        .unwrap_or_default()
}

fn state(status: CallStatus) -> State {
    match status {
        CallStatus::Queued | CallStatus::Ringing => State::Ringing,
        CallStatus::InProgress => State::Connected,
        CallStatus::Completed
        | CallStatus::Busy
        | CallStatus::Failed
        | CallStatus::NoAnswer
        | CallStatus::Canceled => State::Over,
    }
}
