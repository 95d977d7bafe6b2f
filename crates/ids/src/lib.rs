//! Identifiers and times: the types that the routing engine, the TwiML documents and the carrier
//! have in common.
//!
//! 1. SIDs ([`TaskSid`], [`CallSid`], …): one type for each kind of resource, parsed, printed and
//!    derived.
//! 2. [`time`]: [`time::Timestamp`], [`time::Millis`] and the port [`time::Clock`].
//!
//! ```
//! use ids::time::{Millis, Timestamp};
//! use ids::{CallSid, TaskSid};
//!
//! // A SID is derived from its cause: a webhook that is delivered twice names the same Task.
//! let call: CallSid = "CA00000000000000000000000000000001".parse()?;
//! let task = TaskSid::of_call(call);
//! assert_eq!(task, TaskSid::of_call(call));
//! assert_eq!(TaskSid::derive(&["a", "b"]), TaskSid::derive(&["a", "b"]));
//! assert_ne!(TaskSid::derive(&["a", "b"]), TaskSid::derive(&["ab"]));
//!
//! // Display prints the prefix and 32 hexadecimal digits, and `parse` reads them back.
//! assert!(task.to_string().starts_with("WT"));
//! assert_eq!(task.to_string().parse::<TaskSid>()?, task);
//!
//! // Another kind of SID, or another prefix, is refused.
//! assert!(call.to_string().parse::<TaskSid>().is_err());
//!
//! let created: Timestamp = "2015-07-31T01:09:51Z".parse()?;
//! let expires = created + Millis::from_secs(20);
//! assert_eq!(expires.to_iso8601(), "2015-07-31T01:10:11Z");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod sid;
pub mod time;

pub use sid::*;
