//! `cordboard`: the whole contact centre in one process.
//!
//! Every function, an embedded DynamoDB and a simulated telephone network, put together as [`Centre`]. The code under
//! it is the code that runs in the cloud: functions get the very events a Lambda gets, the table is a real DynamoDB
//! API, webhooks travel over real HTTP with real signatures.
//!
//! Reading order: [`Centre`], [`embedded_dynamodb`], [`stream_reader`], [`queues`], [`http`], [`task_router`], then the commands.

pub mod apply_command;
pub mod call_command;
pub mod carrier_choice;
pub mod centre;
pub mod cli;
pub mod credentials;
pub mod embedded_dynamodb;
pub mod explain_command;
pub mod http;
mod ordered_queue;
mod phones;
pub mod queues;
pub mod run_file;
pub mod start;
pub mod stream_reader;
pub mod task_router;

pub use centre::{Centre, Settings};
