//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::explain_command::Subject;

/// The port unless another is named.
pub const DEFAULT_PORT: u16 = 9000;

/// The contact centre you own, on this machine.
///
/// Without a command it starts the contact centre: every function, an embedded DynamoDB, a simulated telephone network.
#[derive(Debug, Parser)]
#[command(name = "cordboard", version)]
pub struct Cli {
    /// What to do instead of starting the contact centre.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// How to start it.
    #[command(flatten)]
    pub start: Start,
}

/// Other things to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Place a call, answer it as the Worker, and print the conversation; fails unless it reaches wrap-up.
    Call(Call),
    /// Say why a Task waits, or why nothing comes to a Worker: which condition keeps them apart, with its values.
    Explain(Explain),
    /// Apply a set-up file to the table of a deployed stack.
    Apply(Apply),
}

/// Options of starting.
#[derive(Debug, Clone, Args)]
pub struct Start {
    /// Port on 127.0.0.1.
    #[arg(long, default_value_t = DEFAULT_PORT, global = true)]
    pub port: u16,
    /// Folder the data is kept in.
    #[arg(long, value_name = "DIR", default_value = ".cordboard", global = true)]
    pub data: PathBuf,
    /// Keep nothing: everything is gone when it stops.
    #[arg(long, conflicts_with = "data", global = true)]
    pub in_memory: bool,
    /// The set-up [default: contact-centre.yaml in this folder, or else the built-in example].
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
}

/// Options of a call.
#[derive(Debug, Clone, Args)]
pub struct Call {
    /// The key pressed in the menu.
    #[arg(long, value_name = "DIGIT", default_value = "1", value_parser = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "*"])]
    pub press: String,
    /// The number the call comes from.
    #[arg(long, default_value = "+17075550199")]
    pub from: String,
    /// Seconds until it counts as failed.
    #[arg(long, default_value_t = 60)]
    pub patience: u64,
}

/// Options of an explanation.
#[derive(Debug, Clone, Args)]
pub struct Explain {
    /// The Task (WT…) or the Worker (WK…).
    #[arg(value_name = "SID")]
    pub sid: Subject,
}

/// Options of applying a set-up in the cloud.
#[derive(Debug, Clone, Args)]
pub struct Apply {
    /// The table: output `TableName` of the stack.
    #[arg(long)]
    pub table: String,
    /// The account the centre belongs to.
    #[arg(long, env = "ACCOUNT_SID")]
    pub account_sid: String,
}
