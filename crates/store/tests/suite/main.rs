//! Every access pattern of the store against a real engine: the embedded one, with a database for
//! each test, or, with `DYNAMODB_ENDPOINT=http://127.0.0.1:PORT`, the engine at that address, with
//! a table for each test.
//!
//! `scripts/dynamodb_local.sh cargo test -p store` runs the suite against AWS's DynamoDB Local.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot continue panics"
)]

mod apply;
mod call_slots;
mod competing_writes;
mod configuration;
mod events;
mod expired_tasks;
mod flow_files;
mod listings;
mod readiness;
mod ready_lists;
mod revisions;
mod sizes;
mod statistics;
mod stream;
mod throttling;
mod versions;
mod webhooks;
mod workers;
mod world;
mod writes;
