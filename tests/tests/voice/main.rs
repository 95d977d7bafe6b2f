//! The voice functions as the carrier meets them: forms in, documents out, over a real table.
//!
//! Every document is compared as a whole with a file in `tests/golden/twiml`, `<function>.<situation>.xml`. When a change
//! is meant, `UPDATE_GOLDEN=1 cargo test -p tests --test voice` writes the files anew; read the difference.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on says so by panicking"
)]

mod assignment;
mod golden;
mod menu;
mod queue_exit;
mod trouble;
mod waiting;
mod worker_call;
mod world;
