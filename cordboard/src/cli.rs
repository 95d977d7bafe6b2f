//! The command line.

use std::path::PathBuf;

use std::str::FromStr;

use clap::{Args, Parser, Subcommand};
use ids::{TaskSid, WorkerSid};

/// The default of `--port`.
pub const DEFAULT_PORT: u16 = 9000;

/// The contact centre you own, on this machine.
///
/// Without a command, it starts the contact centre: every function, an embedded DynamoDB and a
/// simulated telephone network.
#[derive(Debug, Parser)]
#[command(name = "cordboard", version)]
pub struct Cli {
    /// The command; none starts the contact centre.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Options for the contact centre.
    #[command(flatten)]
    pub start: Start,
}

/// Commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Place a call, answer it as the Worker, and print the conversation; fails unless the Worker
    /// reaches wrap-up.
    Call(Call),
    /// Explain why a Task waits, or why a Worker is offered no Task: each condition that is not
    /// met, with its values.
    Explain(Explain),
    /// Apply a configuration file to the table of a deployed stack.
    Apply(Apply),
    /// Handle again what a deployed stack could not handle: send the messages of a dead-letter queue to
    /// their queue, or invoke routing with stream records that failed.
    ReplayDeadLetters(Replay),
}

/// Options that all commands share.
#[derive(Debug, Clone, Args)]
pub struct Start {
    /// Port on 127.0.0.1.
    #[arg(long, default_value_t = DEFAULT_PORT, global = true)]
    pub port: u16,
    /// Folder of the data.
    #[arg(long, value_name = "DIR", default_value = ".cordboard", global = true)]
    pub data: PathBuf,
    /// Keep no data after the program stops.
    #[arg(long, conflicts_with = "data", global = true)]
    pub in_memory: bool,
    /// The configuration file [default: contact-centre.yaml in this folder, otherwise the built-in
    /// example].
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
}

/// Options of `call`.
#[derive(Debug, Clone, Args)]
pub struct Call {
    /// The key to press in the menu.
    #[arg(long, value_name = "DIGIT", default_value = "1", value_parser = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "*"])]
    pub press: String,
    /// The caller's number.
    #[arg(long, default_value = "+17075550199")]
    pub from: String,
    /// Timeout in seconds, after which the call counts as failed.
    #[arg(long, default_value_t = 60)]
    pub patience: u64,
}

/// Options of `explain`.
#[derive(Debug, Clone, Args)]
pub struct Explain {
    /// The SID of a Task (WT…) or of a Worker (WK…).
    #[arg(value_name = "SID")]
    pub sid: Subject,
}

/// Options of `apply`.
#[derive(Debug, Clone, Args)]
pub struct Apply {
    /// The name of the table: the stack's output `TableName`.
    #[arg(long)]
    pub table: String,
    /// The account SID of the contact centre.
    #[arg(long, env = "ACCOUNT_SID")]
    pub account_sid: String,
}

/// Options of `replay-dead-letters`.
#[derive(Debug, Clone, Args)]
#[group(id = "destination", required = true, multiple = false, args = ["to", "function"])]
pub struct Replay {
    /// The URL of the dead-letter queue.
    #[arg(long, value_name = "URL")]
    pub dead_letters: String,
    /// The URL of the queue that the messages return to.
    #[arg(long, value_name = "URL")]
    pub to: Option<String>,
    /// For `ChangesDeadLetters`: the name of the routing function, which is invoked with the records.
    #[arg(long, value_name = "NAME")]
    pub function: Option<String>,
}

/// The resource to explain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// Why this Task waits.
    Task(TaskSid),
    /// Why this Worker is offered no Task.
    Worker(WorkerSid),
}

impl FromStr for Subject {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(task) = text.parse() {
            return Ok(Self::Task(task));
        }
        if let Ok(worker) = text.parse() {
            return Ok(Self::Worker(worker));
        }
        Err("expected the SID of a Task (WT…) or of a Worker (WK…)".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subject_is_a_task_or_a_worker() {
        let task = TaskSid::derive(&["t"]);
        assert_eq!(task.to_string().parse(), Ok(Subject::Task(task)));
        let worker = WorkerSid::derive(&["w"]);
        assert_eq!(worker.to_string().parse(), Ok(Subject::Worker(worker)));
        for wrong in ["", "WT1", "Maya", "WQ00000000000000000000000000000001"] {
            assert!(
                wrong.parse::<Subject>().unwrap_err().contains("WT…"),
                "{wrong}"
            );
        }
    }
}
