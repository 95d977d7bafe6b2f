//! What the voice functions, the carrier and its simulator have in common.
//!
//! Reading order:
//!
//! 1. [`twiml`]: TwiML documents, and the only place where text is escaped.
//! 2. [`webhook`]: the carrier's requests, one typed struct for each webhook; signatures.
//! 3. [`menu`]: the menu, and the sentences and documents that callers and Workers hear, by language.
//! 4. [`voice_settings`]: the settings of the voice functions.
//!
//! There is no IO here, no clock, no randomness and no AWS type: `clippy.toml` beside this crate forbids them, and
//! `Cargo.toml` has no crate that could do them. `now` and ids are arguments.

pub mod menu;
pub mod twiml;
pub mod voice_settings;
pub mod webhook;
