//! The simulated carrier: a telephone network that executes TwiML, for one machine.
//!
//! It behaves towards Cordboard as a carrier does, so that the code under test cannot tell the
//! difference: it fetches the voice webhooks over HTTP with signatures, runs the verbs, holds
//! queues, rings phones, and serves the part of the carrier's REST API that moves calls. A feature
//! that it does not simulate is reported in the transcript of the call and in the log.
//!
//! Reading order:
//!
//! 1. [`twiml`]: parses a document's text into typed verbs.
//! 2. [`network`]: the telephone network as a pure state machine. Inputs and `now` in, outputs out.
//! 3. [`driver`]: [`Carrier`], the shell around it: HTTP requests, the clock, a journal on disk.
//! 4. [`http`]: the control API for people and tests (`/simulator/…`) and the REST API
//!    (`/2010-04-01/…`).
//!
//! `network` and `twiml` have no IO, no clock and no randomness; only `driver` has.

pub mod driver;
pub mod http;
pub mod network;
pub mod twiml;

pub use driver::{Carrier, Error, Journal, Settings, Throttle, web_client};
pub use network::CentreNumber;
pub use twiml::Method;
