//! Expressions through the public API: what keys mean in each context, counts of Workers, and
//! properties of all expressions.
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
mod properties;
mod scopes;
mod worker_counts;
