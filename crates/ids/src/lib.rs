//! Identifiers and times: the types that the routing engine, the TwiML documents and the carrier have in common.
//!
//! 1. SIDs ([`TaskSid`], [`CallSid`], …): one type for each kind of resource.
//! 2. [`time`]: [`time::Timestamp`], [`time::Millis`] and the port [`time::Clock`].

mod sid;
pub mod time;

pub use sid::*;
