//! `<Dial>`: connects the call to another party (voice-webhooks.md sections 5.3 and 6.3).

use super::Conference;
use super::xml::Element;

/// Connects this call to `noun`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dial {
    /// URL that is requested when the connection ended or failed; if unset, the next verb runs.
    pub action: Option<String>,
    /// Seconds to wait for an answer; if unset, the carrier's default of 30.
    pub timeout_secs: Option<u16>,
    /// Number shown to the dialed party; if unset, the caller's own.
    pub caller_id: Option<String>,
    /// Whether this call is answered only when the dialed party answers.
    pub answer_on_bridge: bool,
    /// The dialed party.
    pub noun: DialNoun,
}

/// The party that a [`Dial`] connects to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DialNoun {
    /// The first call in a queue of the carrier.
    Queue {
        /// Name of the queue.
        name: String,
        /// URL that is requested for the queued call immediately before both calls are connected.
        url: Option<String>,
    },
    /// A telephone number.
    Number(String),
    /// A SIP address: `sip:office@example.com`.
    Sip(String),
    /// A conference.
    Conference(Box<Conference>),
}

impl Dial {
    /// Connects to `noun`, with the carrier's defaults.
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
            DialNoun::Sip(address) => Element::text("Sip", address),
            DialNoun::Conference(conference) => conference.element(),
        };
        Element::parent("Dial", vec![noun])
            .attribute("action", self.action.as_ref())
            .attribute("timeout", self.timeout_secs)
            .attribute("callerId", self.caller_id.as_ref())
            .attribute("answerOnBridge", self.answer_on_bridge.then_some(true))
    }
}
