//! Every access pattern of the store, by name, against a real engine: the embedded one, each test with a database of its
//! own, or, with `DYNAMODB_ENDPOINT=http://127.0.0.1:PORT`, the one at that address, each test with a table of its own.
//!
//! `scripts/dynamodb_local.sh cargo test -p store` runs it against AWS's DynamoDB Local.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on says so by panicking"
)]

mod apply;
mod boards;
mod configuration;
mod events;
mod interloper;
mod leftovers;
mod listings;
mod readinesses;
mod revisions;
mod sizes;
mod statistics;
mod stream;
mod throttling;
mod webhooks;
mod workers;
mod world;
mod writes;
