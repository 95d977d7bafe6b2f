//! `cordboard`: the contact centre in one process.
//!
//! [`Centre`] puts together every function, an embedded DynamoDB and a simulated telephone network.
//! The code is the code that runs in the cloud: functions receive the events of a Lambda, the table
//! is accessed through the DynamoDB API, and webhooks use real HTTP with real signatures.
//!
//! Reading order: [`Centre`], [`embedded_dynamodb`], [`stream_reader`], [`lanes`], [`queues`], [`http`],
//! [`connections`], [`task_router`], then the commands.

pub mod apply_command;
pub mod aws_access;
pub mod backup_command;
pub mod calendar_command;
mod call_clock;
pub mod call_command;
pub mod call_script;
pub mod carrier_choice;
pub mod centre;
pub mod check_command;
pub mod cli;
mod configuration_file;
pub mod connections;
mod contact_centre_source;
pub mod credentials;
pub mod data_folder;
pub mod embedded_dynamodb;
pub mod erase_command;
pub mod explain_command;
pub mod export_command;
pub mod exposure;
pub mod http;
pub mod lanes;
mod local_client;
pub mod log;
mod message;
pub mod operations;
mod ordered_queue;
mod phones;
pub mod plan_command;
pub mod prometheus;
pub mod queues;
pub mod readiness;
pub mod recorder;
pub mod recording;
pub mod replay_command;
pub mod replay_recording_command;
pub mod run_file;
pub mod shadow_command;
pub mod simulate_command;
pub mod start;
pub mod steady_clock;
mod stop_signals;
pub mod story_centre;
pub mod stream_reader;
pub mod table;
pub mod task_router;
pub mod test_command;

pub use centre::{Centre, Settings};
