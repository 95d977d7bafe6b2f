//! The tests that start no other program, as one program: each program links the whole AWS SDK, and
//! twenty of them take minutes to link. A module is a subject, and its name selects its tests:
//! `cargo test -p tests --test integration sweep::`.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on says so by panicking"
)]

// The fuzz targets import their macro from this name.
extern crate self as libfuzzer_sys;

mod api;
mod assignment_callback;
mod backfill;
mod conformance;
mod enqueued_tasks;
mod erasure;
mod event_callback;
mod event_payloads;
mod event_throttling;
mod example_suites;
mod flows;
mod full_queue;
mod fuzz_corpus;
mod instructions;
mod lanes;
mod lost_replies;
mod matcher_burst;
mod matching;
mod outbox;
mod power_failure;
mod queue_order;
mod replay;
mod routing_alone;
mod search_continuation;
mod setup;
mod statistics;
mod stories;
mod sweep;
mod template;
mod token_rotation;
mod voice;
mod webhooks;
