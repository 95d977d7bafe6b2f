//! `<Dial>`: connect the call to another one (voice-webhooks.md sections 5.3 and 6.3).

use super::Conference;
use super::xml::Element;

/// Connects this call to `noun`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dial {
    /// Asked when the other party is gone or was not reached; the next verb runs if not set.
    pub action: Option<String>,
    /// Seconds to wait for the other party; the carrier's default, 30, if not set.
    pub timeout_secs: Option<u16>,
    /// Number the other party sees; the caller's own if not set.
    pub caller_id: Option<String>,
    /// Whether this call is picked up only when the other party answers.
    pub answer_on_bridge: bool,
    /// Who is dialed.
    pub noun: DialNoun,
}

/// Who a [`Dial`] means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DialNoun {
    /// The head of a queue of calls at the carrier.
    Queue {
        /// The queue's name.
        name: String,
        /// Asked, for the call that leaves the queue, in the moment before both are connected.
        url: Option<String>,
    },
    /// A telephone number.
    Number(String),
    /// A room several calls meet in.
    Conference(Box<Conference>),
}

impl Dial {
    /// Connects to `noun`, everything else as the carrier does it by itself.
    pub fn new(noun: DialNoun) -> Self {
        Self {
            action: None,
            timeout_secs: None,
            caller_id: None,
            answer_on_bridge: false,
            noun,
        }
    }

    pub(super) fn element(&self) -> Element {
        let noun = match &self.noun {
            DialNoun::Queue { name, url } => {
                Element::text("Queue", name).attribute("url", url.as_ref())
            }
            DialNoun::Number(number) => Element::text("Number", number),
            DialNoun::Conference(conference) => conference.element(),
        };
        Element::parent("Dial", vec![noun])
            .attribute("action", self.action.as_ref())
            .attribute("timeout", self.timeout_secs)
            .attribute("callerId", self.caller_id.as_ref())
            .attribute("answerOnBridge", self.answer_on_bridge.then_some(true))
    }
}
