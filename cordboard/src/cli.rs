//! The command line.

use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::str::FromStr;

use calendars::Moment;
use clap::{Args, Parser, Subcommand, ValueEnum};
use ids::{TaskSid, WorkerSid};

use crate::calendar_command;
use crate::call_script::Script;
use crate::embedded_dynamodb::Durability;
use crate::exposure::PublicUrl;
use crate::log::LogFormat;

/// The default of `--port`.
pub const DEFAULT_PORT: u16 = 9000;

/// The address of `serve` without `--bind`: this machine only.
const LOCALHOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// The contact centre you own, on this machine.
///
/// Without a command, it starts the contact centre as `serve` does without options: every function,
/// an embedded DynamoDB and a simulated telephone network.
#[derive(Debug, Parser)]
#[command(name = "cordboard", version)]
pub struct Cli {
    /// The command; none is `serve`.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Options for the contact centre.
    #[command(flatten)]
    pub start: Start,
}

/// Commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start the contact centre, for this machine or for others.
    Serve(Serve),
    /// Place a call, do what --press, --digits, --say and --wait say in their order, answer as the
    /// Worker, and print the conversation; fails when a Task is created and its Worker does not
    /// reach wrap-up.
    Call(Call),
    /// Show the calendars of the voice flows, and close or open one at once.
    Calendar(calendar_command::Options),
    /// Explain why a Task waits, or why a Worker is offered no Task: each condition that is not
    /// met, with its values.
    Explain(Explain),
    /// Find faults of routing in a configuration file, or in TaskRouter's resources: filters that no
    /// Task reaches, steps that no Worker can serve. Reads only the files.
    Check(Check),
    /// Play routing tests: stories in plain text, with the configuration file, in virtual time and in
    /// memory.
    Test(Test),
    /// Print the JSON schema of the configuration file, for editors.
    Schema,
    /// Play a day of calls for the configuration file in virtual time, and print service level, waits
    /// and occupancy.
    Simulate(Simulate),
    /// Repeat the routing decisions of a recorded day, or show what another configuration file would
    /// have done with its calls.
    Replay(ReplayRecording),
    /// Show what applying the configuration file would change, and which waiting Tasks and Workers
    /// it affects: in a running contact centre, or in the table of a deployed stack.
    Plan(PlanOptions),
    /// Apply a configuration file, or a plan, to the table of a deployed stack.
    Apply(Apply),
    /// Show the difference of two configuration files, part by part.
    Diff(Diff),
    /// Write the configuration file of what is there: of a running contact centre, of a deployed
    /// stack, or of a Workspace of hosted TaskRouter.
    Export(Export),
    /// Show where a shadow Workflow would decide otherwise than the live one, or promote it.
    Shadow(ShadowOptions),
    /// Erase what is stored about a caller: the attributes of ended Tasks, their events and webhooks.
    Erase(Erase),
    /// Copy the data of a contact centre, which may be running, to a new file.
    Backup(BackupFile),
    /// Create a data folder from a backup.
    Restore(BackupFile),
    /// Handle again what a deployed stack could not handle: send the messages of a dead-letter queue to
    /// their queue, or invoke routing with stream records that failed.
    ReplayDeadLetters(Replay),
}

impl Default for Command {
    fn default() -> Self {
        Self::Serve(Serve::default())
    }
}

/// Options that all commands share.
#[derive(Debug, Clone, Args)]
pub struct Start {
    /// Port of the contact centre.
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
    /// Format of log lines on standard error.
    #[arg(
        long,
        value_name = "FORMAT",
        value_enum,
        default_value_t,
        global = true
    )]
    pub log_format: LogFormat,
}

/// Options of `serve`.
#[derive(Debug, Clone, Args)]
pub struct Serve {
    /// IP address to listen at, such as 0.0.0.0 for every network. An address that other machines
    /// reach requires --public-url.
    #[arg(long, value_name = "ADDRESS", default_value_t = LOCALHOST)]
    pub bind: IpAddr,
    /// URL at which others reach the contact centre, such as `https://centre.example` [env:
    /// PUBLIC_URL]. It requires ACCOUNT_SID and AUTH_TOKEN in the environment.
    #[arg(long, value_name = "URL")]
    pub public_url: Option<PublicUrl>,
    /// What a write waits for: `normal` survives a crash of the program, `full` a power failure,
    /// too.
    #[arg(long, value_name = "LEVEL", value_enum, default_value_t)]
    pub durability: Durability,
    /// Record the day in this folder, for `cordboard replay`. The files have the numbers of callers.
    #[arg(long, value_name = "FOLDER")]
    pub record: Option<PathBuf>,
}

impl Default for Serve {
    fn default() -> Self {
        Self {
            bind: LOCALHOST,
            public_url: None,
            durability: Durability::default(),
            record: None,
        }
    }
}

/// Options of `call`.
#[derive(Debug, Clone, Args)]
pub struct Call {
    /// What the caller does.
    #[command(flatten)]
    pub script: Script,
    /// The caller's number.
    #[arg(long, default_value = "+17075550199")]
    pub from: String,
    /// The number to dial [default: the contact centre's first one].
    #[arg(long, value_name = "NUMBER")]
    pub to: Option<String>,
    /// The moment at which the call takes place, for the hours of its flow: 18:00, "Mon 18:05" or
    /// "2026-12-24 18:00". A contact centre is started for the call, with a clock that shows it.
    #[arg(long, value_name = "MOMENT")]
    pub at: Option<Moment>,
    /// Timeout in seconds, beside the waits, after which the call counts as failed.
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

/// Options of `check`.
///
/// Exit code 0: no error was found, 1: an error was found (with --strict also a warning), 2: a file
/// cannot be read.
#[derive(Debug, Clone, Args)]
pub struct Check {
    /// contact-centre.yaml files, and JSON files with Workflows, TaskQueues and Workers, which are
    /// checked together [default: the file of --config].
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Format of the findings.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    pub format: CheckFormat,
    /// Fail on warnings, too.
    #[arg(long)]
    pub strict: bool,
    /// Check a running contact centre instead of files: its URL.
    #[arg(long, value_name = "URL", conflicts_with_all = ["table", "files"])]
    pub url: Option<String>,
    /// Check a deployed stack instead of files: the name of its table.
    #[arg(long, value_name = "NAME", conflicts_with = "files")]
    pub table: Option<String>,
    /// The name or SID of the Workspace to check [default: that of calls, or the only one].
    #[arg(long, value_name = "NAME")]
    pub workspace: Option<String>,
}

/// Format of the findings of `check`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum CheckFormat {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
    /// For code hosts and editors: SARIF 2.1.0.
    Sarif,
}

/// Options of `test`.
///
/// Exit code 0: every story holds, 1: a story does not hold, 2: a file cannot be read, or there is
/// no story.
#[derive(Debug, Clone, Args)]
pub struct Test {
    /// Files of stories, and folders with files that end in .story.
    #[arg(value_name = "PATH", default_value = "tests")]
    pub paths: Vec<PathBuf>,
    /// Play only stories whose heading, or whose file's name, contains this text.
    #[arg(long, value_name = "TEXT")]
    pub name: Option<String>,
    /// Format of the results on standard output.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    pub format: TestFormat,
    /// Play again whenever a file of the stories or of the configuration changes, until Ctrl-C.
    #[arg(long)]
    pub watch: bool,
    /// Threads; the results do not depend on them [default: one for each core].
    #[arg(long, value_name = "NUMBER")]
    pub threads: Option<NonZeroUsize>,
    /// Print the story of a Task that happened in the contact centre on --port, from its events.
    #[arg(long, value_name = "SID", conflicts_with_all = ["watch", "name", "paths"])]
    pub record: Option<TaskSid>,
}

/// Format of the results of `test`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum TestFormat {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
    /// For CI servers: JUnit's XML.
    Junit,
}

/// Options of `simulate`.
#[derive(Debug, Clone, Args)]
pub struct Simulate {
    /// The scenario: calls, agents and lengths of time.
    #[arg(value_name = "SCENARIO")]
    pub scenario: PathBuf,
    /// Compare with this file, on common random numbers: another configuration file, or another
    /// scenario.
    #[arg(long, value_name = "FILE")]
    pub compare: Option<PathBuf>,
    /// Format of the figures on standard output.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    pub format: ReportFormat,
    /// Write a report with charts to this HTML file.
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Replications [default: those of the scenario].
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub replications: Option<u32>,
    /// The seed of all random numbers [default: that of the scenario].
    #[arg(long, value_name = "NUMBER")]
    pub seed: Option<u64>,
    /// Threads; the result does not depend on them [default: one for each core].
    #[arg(long, value_name = "NUMBER")]
    pub threads: Option<NonZeroUsize>,
}

/// The format of figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum ReportFormat {
    /// Tables.
    #[default]
    Text,
    /// Everything, as one object.
    Json,
    /// A line for each figure.
    Csv,
}

/// The contact centre that a command asks.
#[derive(Debug, Clone, Default, Args)]
pub struct Place {
    /// The URL of a running contact centre [default: the one on --port]. With AUTH_TOKEN in the
    /// environment it can be another user's.
    #[arg(long, value_name = "URL", conflicts_with = "table")]
    pub url: Option<String>,
    /// The name of the table of a deployed stack: its output `TableName`.
    #[arg(long, value_name = "NAME")]
    pub table: Option<String>,
    /// The account SID of the contact centre.
    #[arg(long, value_name = "SID", env = "ACCOUNT_SID")]
    pub account_sid: Option<String>,
}

/// Options of `plan`.
///
/// Exit code 0: the plan was made, 1: it was not; with --exit-code 2: something would change.
#[derive(Debug, Clone, Args)]
pub struct PlanOptions {
    /// The contact centre.
    #[command(flatten)]
    pub place: Place,
    /// Write the plan to this file, for `apply --plan`.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Format of the plan on standard output.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    pub format: DiffFormat,
    /// Exit with 2 if something would change.
    #[arg(long)]
    pub exit_code: bool,
}

/// Options of `diff`.
///
/// Exit code 0: the files were compared, 1: a file cannot be read; with --exit-code 2: they differ.
#[derive(Debug, Clone, Args)]
pub struct Diff {
    /// The file before.
    #[arg(value_name = "BEFORE")]
    pub before: PathBuf,
    /// The file after.
    #[arg(value_name = "AFTER")]
    pub after: PathBuf,
    /// Format of the difference.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    pub format: DiffFormat,
    /// Exit with 2 if the files differ.
    #[arg(long)]
    pub exit_code: bool,
}

/// The format of plans and differences.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum DiffFormat {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

/// Options of `export`.
#[derive(Debug, Clone, Args)]
pub struct Export {
    /// The contact centre.
    #[command(flatten)]
    pub place: Place,
    /// Read a Workspace of hosted TaskRouter through its REST API, with TWILIO_ACCOUNT_SID and
    /// TWILIO_AUTH_TOKEN of the environment.
    #[arg(long, conflicts_with_all = ["url", "table"])]
    pub twilio: bool,
    /// The address of TaskRouter's REST API.
    #[arg(
        long,
        value_name = "URL",
        requires = "twilio",
        default_value = "https://taskrouter.twilio.com"
    )]
    pub twilio_url: String,
    /// The name or SID of the Workspace [default: that of calls, or the only one].
    #[arg(long, value_name = "NAME")]
    pub workspace: Option<String>,
    /// Write the file here [default: standard output].
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// Options of `replay`.
///
/// Exit code 0: every decision is the same, or the comparison was made; 1: a decision differs;
/// 2: a file cannot be read, or the configuration does not fit the recording.
#[derive(Debug, Clone, Args)]
pub struct ReplayRecording {
    /// The folder of the recording: that of `serve --record`, or a copy of the bucket of a stack.
    #[arg(value_name = "FOLDER")]
    pub folder: PathBuf,
    /// Show what this configuration file would have done with the recorded calls.
    #[arg(long, value_name = "FILE", conflicts_with = "story")]
    pub with: Option<PathBuf>,
    /// Print the story of this Task, for `cordboard test`.
    #[arg(long, value_name = "SID")]
    pub story: Option<TaskSid>,
    /// Format of the report.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    pub format: ReplayFormat,
    /// The account SID of the contact centre, for a recording without configuration: that of
    /// --config is used then.
    #[arg(long, env = "ACCOUNT_SID")]
    pub account_sid: Option<String>,
}

/// Format of the report of `replay`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum ReplayFormat {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

/// Options of `apply`.
#[derive(Debug, Clone, Args)]
pub struct Apply {
    /// Apply this plan of `cordboard plan --out`, if the contact centre has not changed since.
    #[arg(long, value_name = "FILE")]
    pub plan: Option<PathBuf>,
    /// The name of the table: the stack's output `TableName`.
    #[arg(long)]
    pub table: String,
    /// The account SID of the contact centre.
    #[arg(long, env = "ACCOUNT_SID")]
    pub account_sid: String,
}

/// Options of `shadow`.
#[derive(Debug, Clone, Args)]
pub struct ShadowOptions {
    /// What to do.
    #[command(subcommand)]
    pub action: ShadowAction,
    /// The URL of a contact centre that runs elsewhere, with ACCOUNT_SID and AUTH_TOKEN in the
    /// environment [default: the one on --port].
    #[arg(long, value_name = "URL", global = true)]
    pub url: Option<String>,
}

/// What `shadow` does.
#[derive(Debug, Clone, Subcommand)]
pub enum ShadowAction {
    /// Print the latest differences.
    Show,
    /// Copy the configuration of a shadow to its Workflow, and end the shadow.
    Promote(Promote),
}

/// Options of `shadow promote`.
#[derive(Debug, Clone, Args)]
pub struct Promote {
    /// The name or SID of the live Workflow, if several have a shadow.
    #[arg(long, value_name = "NAME")]
    pub workflow: Option<String>,
    /// Pending Tasks restart in the new configuration.
    #[arg(long)]
    pub re_evaluate_tasks: bool,
}

/// The argument of `backup` and `restore`.
#[derive(Debug, Clone, Args)]
pub struct BackupFile {
    /// The file of the backup.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

/// Options of `erase`.
#[derive(Debug, Clone, Args)]
pub struct Erase {
    /// The caller's number: a plus, the country code, the number.
    #[arg(long, value_name = "NUMBER", value_parser = number)]
    pub number: String,
    /// The name of the table of a deployed stack, its output `TableName` [default: the data folder].
    #[arg(long)]
    pub table: Option<String>,
}

/// A number in E.164: part of a number would erase the data of other callers.
fn number(text: &str) -> Result<String, String> {
    let digits = text.strip_prefix('+').unwrap_or_default();
    let is_number =
        (8..=15).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit());
    if is_number {
        Ok(text.to_owned())
    } else {
        Err("expected a plus, the country code and the number, such as +17075550142".to_owned())
    }
}

/// Options of `replay-dead-letters`.
#[derive(Debug, Clone, Args)]
pub struct Replay {
    /// The URL of the dead-letter queue.
    #[arg(long, value_name = "URL")]
    pub dead_letters: String,
    /// The URL of the queue that the messages return to.
    #[arg(
        long,
        value_name = "URL",
        required_unless_present = "function",
        conflicts_with = "function"
    )]
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
    fn serve_without_options_is_the_default() {
        let parsed = Cli::parse_from(["cordboard", "serve"]).command;
        let Some(Command::Serve(parsed)) = parsed else {
            panic!("another command: {parsed:?}");
        };
        assert_eq!(format!("{parsed:?}"), format!("{:?}", Serve::default()));
    }

    #[test]
    fn erased_number_is_whole() {
        assert_eq!(number("+17075550142"), Ok("+17075550142".to_owned()));
        for wrong in [
            "",
            "+1707",
            "17075550142",
            "+1707555014x",
            "+1234567890123456",
        ] {
            assert!(number(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn replay_has_one_destination() {
        let parse = |arguments: &str| {
            let words = arguments.split(' ');
            Cli::try_parse_from(
                ["cordboard", "replay-dead-letters"]
                    .into_iter()
                    .chain(words),
            )
        };
        for (arguments, is_right) in [
            ("--dead-letters a --to b", true),
            ("--dead-letters a --function b", true),
            ("--dead-letters a", false),
            ("--to b", false),
            ("--dead-letters a --to b --function c", false),
        ] {
            assert_eq!(parse(arguments).is_ok(), is_right, "{arguments}");
        }
    }

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
