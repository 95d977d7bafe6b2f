//! Expressions from outside: what keys mean in each context, presence, and properties that hold for all of them.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on says so by panicking"
)]
#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "the enum is serde_json's, which has what JSON has"
)]

mod fixtures;
mod hostile;
mod naive;
mod presence;
mod properties;
mod scopes;
