//! What the black-box tests share: a contact centre to test, the project's own files as data, and
//! the Lambda binaries in the environment that Lambda starts them in.
//!
//! - [`process`]: the built program, started as a process of its own.
//! - [`project`]: the folders under `functions/`, their code, the files under `events/`.
//! - [`template`]: `template.yaml`, with its loops unrolled.
//! - [`centre`]: a small configuration with readable ids, its Worker and its Tasks.
//! - [`test_centre`]: the whole contact centre with a manual clock; [`story`]: tests in plain text
//!   that run in it.
//! - [`browser`]: a headless browser; [`process_tree`]: a process with its descendants.
//! - [`application`]: a customer's application, which answers callbacks with instructions.
//! - [`metering`]: a layer around the table that counts round trips, capacity units, bytes and
//!   keys.
//! - [`customer`]: a customer's server with scripted answers; [`rest`]: a customer's client of the
//!   REST API.
//! - [`offer_order`]: the order of a Workspace's Reservations, judged from its Events.
//! - [`settings`]: the environment variables that a function's code reads.
//! - [`lambda`]: AWS's side of a Lambda function: the Runtime API.
//! - [`deployment`]: the deployed stack on this machine; [`policy`]: the policies of its functions;
//!   [`guard`]: the proxy that enforces them.
//! - [`aws`]: the other AWS services a function talks to: Parameter Store and SQS.
//! - [`dynamodb`]: the table served over HTTP, for other processes.
//! - [`binaries`]: the paths of the built binaries.
//! - [`dynamodb_local`]: AWS's own DynamoDB Local.
//! - [`cloud`]: the deployed stack as AWS runs it: event source mappings, queues, faults.
//! - [`contention`]: many processes of the built routing function over DynamoDB Local.
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
pub mod cloud;
pub mod contention;
pub mod customer;
pub mod deployment;
pub mod dynamodb;
pub mod dynamodb_local;
pub mod guard;
pub mod lambda;
pub mod metering;
pub mod offer_order;
pub mod policy;
pub mod process;
pub mod process_tree;
pub mod project;
pub mod rest;
pub mod settings;
pub mod story;
pub mod template;
pub mod test_centre;
