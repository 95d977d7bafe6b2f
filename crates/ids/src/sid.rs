//! Identifiers as types: two capitals naming the kind, then 32 hexadecimal digits (taskrouter.md section 1, "SIDs").
//!
//! An id is parsed once, at the edge; mixing two kinds up does not compile. New ids are derived from their cause
//! ([`derive`]), so whoever repeats the work names the same thing.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

/// Bytes in the variable part of an id: 32 hexadecimal digits.
const SID_BYTES: usize = 16;

/// Characters of an id: its two capitals and its digits.
const SID_CHARS: usize = 2 + 2 * SID_BYTES;

/// The text of an id, kept in place: making it allocates nothing.
#[derive(Clone, Copy)]
pub struct SidText([u8; SID_CHARS]);

impl SidText {
    fn new(prefix: &str, bytes: &[u8; SID_BYTES]) -> Self {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let digits = bytes.iter().flat_map(|byte| {
            [
                DIGITS[usize::from(byte >> 4)],
                DIGITS[usize::from(byte & 15)],
            ]
        });
        let mut text = [0; SID_CHARS];
        for (place, character) in text.iter_mut().zip(prefix.bytes().chain(digits)) {
            *place = character;
        }
        Self(text)
    }

    /// Two capitals and 32 hexadecimal digits.
    pub fn as_str(&self) -> &str {
        // It is ASCII by construction.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// Text that was expected to be an id and is not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {prefix} followed by 32 hexadecimal digits, got {got_chars} characters{hint}")]
pub struct SidError {
    prefix: &'static str,
    got_chars: usize,
    hint: &'static str,
}

/// 16 bytes that depend on nothing but `cause`. Parts are length-prefixed, so `["ab","c"]` and `["a","bc"]` differ.
fn derive(kind: &str, cause: &[&str]) -> [u8; SID_BYTES] {
    let mut hash = Sha256::new();
    for part in std::iter::once(&kind).chain(cause) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let mut bytes = [0; SID_BYTES];
    bytes.copy_from_slice(&hash.finalize()[..SID_BYTES]);
    bytes
}

fn parse(prefix: &'static str, text: &str) -> Result<[u8; SID_BYTES], SidError> {
    let error = |hint| SidError {
        prefix,
        got_chars: text.chars().count(),
        hint,
    };
    let digits = text
        .strip_prefix(prefix)
        .ok_or_else(|| error(" with another beginning"))?;
    if digits.len() != SID_BYTES * 2 {
        return Err(error(""));
    }
    let mut bytes = [0; SID_BYTES];
    for (byte, pair) in bytes.iter_mut().zip(digits.as_bytes().chunks_exact(2)) {
        let high = (pair[0] as char)
            .to_digit(16)
            .ok_or_else(|| error(" with other characters"))?;
        let low = (pair[1] as char)
            .to_digit(16)
            .ok_or_else(|| error(" with other characters"))?;
        *byte = (high * 16 + low) as u8;
    }
    Ok(bytes)
}

macro_rules! sids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; SID_BYTES]);

        impl $name {
            /// The two capitals every id of this kind begins with.
            pub const PREFIX: &'static str = $prefix;

            /// The id that belongs to `cause`, always the same one: doing a thing twice names it once.
            pub fn derive(cause: &[&str]) -> Self {
                Self(derive($prefix, cause))
            }

            /// Its text, without allocation.
            pub fn text(&self) -> SidText {
                SidText::new($prefix, &self.0)
            }

            /// The id with these bytes; for ids made from a random source outside the pure crate.
            pub const fn from_bytes(bytes: [u8; SID_BYTES]) -> Self {
                Self(bytes)
            }

            /// The bytes behind its two capitals.
            pub const fn to_bytes(self) -> [u8; SID_BYTES] {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.text().as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = SidError;
            fn from_str(text: &str) -> Result<Self, SidError> {
                parse($prefix, text).map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

sids! {
    /// The account everything belongs to.
    AccountSid = "AC";
    /// A Workspace.
    WorkspaceSid = "WS";
    /// An Activity.
    ActivitySid = "WA";
    /// A Worker.
    WorkerSid = "WK";
    /// A TaskQueue.
    TaskQueueSid = "WQ";
    /// A Workflow.
    WorkflowSid = "WW";
    /// A Task.
    TaskSid = "WT";
    /// A Reservation.
    ReservationSid = "WR";
    /// A TaskChannel.
    TaskChannelSid = "TC";
    /// One Worker's share of one TaskChannel.
    WorkerChannelSid = "WC";
    /// A key to the API, with a secret of its own.
    ApiKeySid = "SK";
    /// An event; its bytes say where it is kept ([`crate::router::events::EventCursor`]).
    EventSid = "EV";
    /// A webhook that was kept for its Task's story.
    WebhookSid = "WH";
    /// A call leg at the carrier.
    CallSid = "CA";
    /// A queue of calls at the carrier (not a TaskQueue).
    QueueSid = "QU";
    /// A recording at the carrier.
    RecordingSid = "RE";
    /// A conference at the carrier.
    ConferenceSid = "CF";
}

impl TaskSid {
    /// The Task of a caller: there is one for one call.
    pub fn of_call(call: CallSid) -> Self {
        Self::derive(&[call.text().as_str()])
    }

    /// The Task the carrier makes of a call at the `run`-th `<Enqueue workflowSid>` it comes to, from 1. A call that has
    /// left its queue may come to another.
    pub fn of_enqueue(call: CallSid, run: u32) -> Self {
        Self::derive(&[call.text().as_str(), "enqueue", &run.to_string()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sid_survives_printing_and_parsing() {
        let sid = TaskSid::derive(&["CA1"]);
        assert_eq!(sid.to_string().parse::<TaskSid>(), Ok(sid));
        assert_eq!(sid.to_string().len(), 34);
    }

    #[test]
    fn the_same_cause_names_the_same_thing_and_another_cause_another() {
        assert_eq!(TaskSid::derive(&["ab", "c"]), TaskSid::derive(&["ab", "c"]));
        assert_ne!(TaskSid::derive(&["ab", "c"]), TaskSid::derive(&["a", "bc"]));
    }

    #[test]
    fn text_that_is_no_sid_is_refused_with_the_shape_that_was_expected() {
        for text in [
            "",
            "WT",
            "WK00000000000000000000000000000000",
            "WT0000000000000000000000000000000g",
            "WT000000000000000000000000000000é",
        ] {
            let error = text.parse::<TaskSid>().unwrap_err().to_string();
            assert!(
                error.starts_with("expected WT followed by 32 hexadecimal digits"),
                "{text}: {error}"
            );
        }
    }
}
