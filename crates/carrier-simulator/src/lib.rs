//! The simulated carrier: a telephone network that speaks TwiML, for one machine.
//!
//! It does what a carrier does for Cordboard, so that the code under test never knows the difference: it fetches the
//! voice webhooks over real HTTP with signatures, runs the verbs, keeps queues, rings phones, and serves the slice of
//! the carrier's REST API that moves calls. What it cannot do, it says, in the transcript of the call and in the log.
//!
//! Reading order:
//!
//! 1. [`twiml`]: a document's text into typed verbs.
//! 2. [`network`]: the whole telephone network as a pure state machine. Inputs and `now` in, outputs out.
//! 3. [`driver`]: [`Carrier`], the thin shell around it: real requests, real time, a journal on disk.
//! 4. [`http`]: people at their phones (`/simulator/…`) and the REST API (`/2010-04-01/…`).
//!
//! `network` and `twiml` have no IO, no clock and no randomness; only `driver` touches the world.

pub mod driver;
pub mod http;
pub mod network;
pub mod twiml;

pub use driver::{Carrier, Error, Journal, Settings, web_client};
pub use network::CentreNumber;
pub use twiml::Method;
