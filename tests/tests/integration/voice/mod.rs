//! The voice functions as the carrier calls them: forms in, documents out, over a real table.
//!
//! Every document is compared with a golden file, `tests/golden/twiml/<function>.<situation>.xml`.
//! For an intended change, `UPDATE_GOLDEN=1 cargo test -p tests --test integration voice::` rewrites the files;
//! review the diff.

mod assignment;
mod fallback;
mod golden;
mod menu;
mod queue_exit;
mod trouble;
mod waiting;
mod worker_call;
mod world;
