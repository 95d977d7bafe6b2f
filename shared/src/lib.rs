//! TwiML, webhooks and voice flows: what the voice functions, the carrier client and the carrier
//! simulator share.
//!
//! Reading order:
//!
//! 1. [`twiml`]: TwiML documents, and the only place where text is escaped.
//! 2. [`webhook`]: the carrier's requests, one typed struct for each webhook; signatures.
//! 3. [`menu`]: the menu, and the sentences and documents that callers and Workers hear, by
//!    language.
//! 4. [`voice_settings`]: the settings of the voice functions.
//! 5. [`phone_list`]: lists of numbers that a flow can ask.
//!
//! A voice function of your own is a function from a [`webhook::Request`] to a [`webhook::Reply`].
//! This one greets the caller and connects the call to an office:
//!
//! ```
//! use shared::twiml::{Dial, DialNoun, Response, Say};
//! use shared::webhook::{Checks, Error, IncomingCall, Reply, Request, admit};
//!
//! const CHECKS: Checks = Checks { verify_signatures: true, twiml_preview: true };
//!
//! fn answer(request: &Request, auth_token: &str) -> Result<Response, Error> {
//!     let admitted = admit(request, auth_token, CHECKS)?;
//!     let call = IncomingCall::parse(&admitted.parameters)?.call;
//!     let greeting = Say::new(format!("Welcome. You called {}.", call.to.as_str()));
//!     let office = DialNoun::Number("+17075550101".to_owned());
//!     Ok(Response::new().then(greeting).then(Dial::new(office)))
//! }
//!
//! fn handle(request: &Request, auth_token: &str) -> Reply {
//!     answer(request, auth_token).map_or_else(|error| error.reply(), |twiml| Reply::twiml(&twiml))
//! }
//!
//! // A browser previews the document: an unsigned GET, with sample parameters.
//! let preview = Request {
//!     method: shared::webhook::Method::Get,
//!     url: "https://example.com/my-voice-function".to_owned(),
//!     content_type: None,
//!     signature: None,
//!     body: Vec::new(),
//! };
//! let reply = handle(&preview, "auth token");
//! assert_eq!(reply.status, 200);
//! let twiml = String::from_utf8_lossy(&reply.body);
//! assert!(twiml.contains("<Say>Welcome. You called +17075550183.</Say>"));
//! assert!(twiml.contains("<Number>+17075550101</Number>"));
//!
//! let forged = Request { signature: Some("AAAA".to_owned()), ..preview };
//! assert_eq!(handle(&forged, "auth token").status, 403);
//! ```
//!
//! This crate has no IO, no clock, no randomness and no AWS type: `clippy.toml` beside it forbids
//! them, and `Cargo.toml` has no dependency that provides them. `now` and ids are arguments.

pub mod dialing;
pub mod flows_version;
pub mod menu;
pub mod phone_list;
pub mod twiml;
pub mod voice_settings;
pub mod webhook;
