//! What the tests from outside share: the project's own files as data, and the Lambda binaries as Lambda runs them.
//!
//! - [`process`]: the built program as a person starts it.
//! - [`project`]: the folders under `functions/`, their code, the files under `events/`.
//! - [`template`]: `template.yaml`, with its loops unrolled.
//! - [`centre`]: a contact centre to test with.
//! - [`test_centre`]: the whole contact centre with a clock of its own; [`story`]: its days as plain files.
//! - [`browser`]: a person's browser, headless; [`family`]: the processes that belong to it.
//! - [`application`]: somebody else's application, which gives instructions.
//! - [`metering`]: what a layer around the table counts: round trips, units, bytes, keys.
//! - [`customer`]: a customer's server, with scripted answers; [`rest`]: a customer's client of the REST API.
//! - [`settings`]: which environment variables a function's code reads.
//! - [`lambda`]: AWS's side of a function: the Runtime API a binary talks to.
//! - [`deployment`]: the deployed stack on this machine; [`policy`]: what its functions may; [`guard`]: who sees to it.
//! - [`aws`]: the other AWS services a function talks to: Parameter Store and SQS.
//! - [`dynamodb`]: the table served to another process.
//! - [`binaries`]: where Cargo put the binaries.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on says so by panicking"
)]

pub mod application;
pub mod aws;
pub mod binaries;
pub mod browser;
pub mod centre;
pub mod customer;
pub mod deployment;
pub mod dynamodb;
pub mod guard;
pub mod lambda;
pub mod metering;
pub mod policy;
pub mod process;
pub mod process_tree;
pub mod project;
pub mod rest;
pub mod settings;
pub mod story;
pub mod template;
pub mod test_centre;
