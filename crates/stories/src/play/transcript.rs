//! What was heard and done at the phones.

use serde::Deserialize;
use serde_json::Value;

use super::{Centre, Stage};

/// The phone of a call, as the simulated telephone network shows it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Phone {
    /// The call's SID.
    pub call_sid: String,
    /// The number that calls.
    pub from: String,
    /// The number that is called.
    pub to: String,
    /// Who placed the call: `inbound`, `outbound-api`, `outbound-dial`.
    pub direction: String,
    /// The status of the call.
    pub status: String,
    /// The call at the other end of the conversation.
    pub bridged_with: Option<String>,
    /// What was heard and done.
    #[serde(default)]
    pub transcript: Vec<Line>,
}

/// One line of a transcript.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Line {
    /// The moment, in ISO 8601.
    pub at: String,
    /// What kind of thing it is.
    pub event: String,
    /// What was heard or done.
    pub text: String,
    /// The sound.
    #[serde(default)]
    pub sound: Option<Value>,
}

/// The statuses of a call that is over.
const ENDED: [&str; 5] = ["completed", "busy", "no-answer", "failed", "canceled"];

impl Phone {
    /// Whether the call has ended.
    pub(super) fn is_over(&self) -> bool {
        ENDED.contains(&self.status.as_str())
    }
}

impl Line {
    /// The language of the voice that was heard.
    pub(super) fn language(&self) -> Option<&str> {
        self.sound.as_ref()?.pointer("/speech/language")?.as_str()
    }
}

#[derive(Deserialize)]
struct Phones {
    calls: Vec<Phone>,
}

impl<C: Centre> Stage<'_, C> {
    /// A call with its transcript.
    pub(super) async fn phone(&self, call: &str) -> Result<Phone, String> {
        let call = self.telephone(&format!("calls/{call}"), None).await?;
        serde_json::from_value(call).map_err(|error| error.to_string())
    }

    /// The calls to phones in this status.
    pub(super) async fn phones_in(&self, status: &str) -> Result<Vec<Phone>, String> {
        let calls = self
            .telephone(&format!("calls?status={status}"), None)
            .await?;
        let calls: Phones = serde_json::from_value(calls).map_err(|error| error.to_string())?;
        let outbound = calls.calls.into_iter();
        Ok(outbound
            .filter(|call| call.direction != "inbound")
            .collect())
    }

    /// Every call, oldest first; empty if the network does not answer.
    pub(super) async fn phones_so_far(&self) -> Vec<Phone> {
        let calls = self.telephone("calls", None).await.unwrap_or_default();
        let calls: Option<Phones> = serde_json::from_value(calls).ok();
        let mut phones = calls.map(|calls| calls.calls).unwrap_or_default();
        phones.reverse();
        phones
    }
}

impl Line {
    /// Whether these words are in the line: in its text, or in the name of what it is.
    pub(super) fn has(&self, words: &str) -> bool {
        format!("{} {}", self.event, self.text).contains(words)
    }
}
