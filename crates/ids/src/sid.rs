//! SIDs as types: two capitals that name the kind, then 32 hexadecimal digits (taskrouter.md
//! section 1, "SIDs").
//!
//! A SID is parsed once, at the edge of the program; passing one kind of SID for another does not
//! compile. A new SID is derived from its cause ([`derive`]), so that a retry is idempotent: it
//! names the same resource.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

/// Bytes in the variable part of a SID: 32 hexadecimal digits.
const SID_BYTES: usize = 16;

/// Characters of a SID: the two capitals of its prefix and the digits.
const SID_CHARS: usize = 2 + 2 * SID_BYTES;

/// The text of a SID in an array on the stack: printing a SID allocates nothing.
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
        for (slot, character) in text.iter_mut().zip(prefix.bytes().chain(digits)) {
            *slot = character;
        }
        Self(text)
    }

    /// Two capitals and 32 hexadecimal digits.
    pub fn as_str(&self) -> &str {
        // The array is ASCII by construction.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// The text is not a SID of the expected kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {prefix} followed by 32 hexadecimal digits, got {got_chars} characters{hint}")]
pub struct SidError {
    prefix: &'static str,
    got_chars: usize,
    hint: &'static str,
}

/// The first 16 bytes of the SHA-256 digest of `kind` and `cause`. Each part is preceded by its
/// length, so `["ab","c"]` and `["a","bc"]` differ.
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
            /// The two capitals that every SID of this kind begins with.
            pub const PREFIX: &'static str = $prefix;

            /// The SID of `cause`: equal causes give equal SIDs, so repeated work deduplicates.
            pub fn derive(cause: &[&str]) -> Self {
                Self(derive($prefix, cause))
            }

            /// The text of the SID, without allocation.
            pub fn text(&self) -> SidText {
                SidText::new($prefix, &self.0)
            }

            /// The SID with these bytes; for SIDs from a random source, which the engine does not
            /// have.
            pub const fn from_bytes(bytes: [u8; SID_BYTES]) -> Self {
                Self(bytes)
            }

            /// The 16 bytes after the prefix.
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
    /// The account that all Workspaces belong to.
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
    /// One Worker's share of one TaskChannel (a Worker channel).
    WorkerChannelSid = "WC";
    /// An API key; it has a secret of its own.
    ApiKeySid = "SK";
    /// An Event. Its bytes are a cursor: the position of the Event in the table (`EventCursor` in
    /// `task-router`).
    EventSid = "EV";
    /// A webhook in the webhook journal.
    WebhookSid = "WH";
    /// A call leg at the carrier.
    CallSid = "CA";
    /// A queue of calls at the carrier (not a TaskQueue).
    QueueSid = "QU";
    /// A recording at the carrier.
    RecordingSid = "RE";
    /// A conference at the carrier.
    ConferenceSid = "CF";
    /// A phone number at the carrier.
    PhoneNumberSid = "PN";
}

impl TaskSid {
    /// The Task of an incoming call: one call has one Task.
    pub fn of_call(call: CallSid) -> Self {
        Self::derive(&[call.text().as_str()])
    }

    /// The Task that the carrier creates for the `run`-th `<Enqueue workflowSid>` of a call; `run`
    /// counts from 1. A call that left one queue may enter another.
    pub fn of_enqueue(call: CallSid, run: u32) -> Self {
        Self::derive(&[call.text().as_str(), "enqueue", &run.to_string()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sid_roundtrips_through_text() {
        let sid = TaskSid::derive(&["CA1"]);
        assert_eq!(sid.to_string().parse::<TaskSid>(), Ok(sid));
        assert_eq!(sid.to_string().len(), 34);
    }

    #[test]
    fn derive_separates_parts_of_cause() {
        assert_eq!(TaskSid::derive(&["ab", "c"]), TaskSid::derive(&["ab", "c"]));
        assert_ne!(TaskSid::derive(&["ab", "c"]), TaskSid::derive(&["a", "bc"]));
    }

    #[test]
    fn parse_error_names_expected_form() {
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
