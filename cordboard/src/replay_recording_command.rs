//! `cordboard replay`: repeats the decisions of a recorded day, shows what another configuration would
//! have done with its calls, or writes the story of one Task.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this is what the person at the terminal reads"
)]

use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use config::ContactCentre;
use ids::AccountSid;
use ids::time::Timestamp;
use recorded_day::{Change, Comparison, Day, RunError, Write, check, report, story, what_if};
use task_router::model::Worker;

use crate::cli::{ReplayFormat, ReplayRecording, Start};
use crate::recording::{self, Recording};
use crate::start::{DEFAULT_FILE, Failure, read_contact_centre};

/// Exit code when a decision differs.
const DIFFERS: u8 = 1;

/// Exit code when a file cannot be read, or the configuration does not fit.
const UNREADABLE: u8 = 2;

/// Replays a recording and prints the result.
pub fn replay(options: &ReplayRecording, start: &Start) -> ExitCode {
    match replayed(options, start) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(UNREADABLE)
        }
    }
}

fn replayed(options: &ReplayRecording, start: &Start) -> Result<ExitCode, Failure> {
    let recording = recording::read(&options.folder)?;
    let config = start.config.as_deref();
    if let Some(task) = options.story {
        let file = config.unwrap_or(Path::new(DEFAULT_FILE));
        let all = recording.values().flatten();
        print(&story::story(all, task, &file.display().to_string())?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let recording = with_configuration(recording, options, config)?;
    match &options.with {
        None => repeat(recording, options.format),
        Some(file) => compare(recording, file, options.format),
    }
}

/// Decides everything again, Workspace by Workspace.
fn repeat(recording: Recording, format: ReplayFormat) -> Result<ExitCode, Failure> {
    let mut code = ExitCode::SUCCESS;
    for writes in recording.into_values() {
        let (checked, _) = check(writes);
        if checked.difference_count > 0 {
            code = ExitCode::from(DIFFERS);
        }
        print(&match format {
            ReplayFormat::Text => report::text_checked(&checked),
            ReplayFormat::Json => pretty(&report::json_checked(&checked))?,
        })?;
    }
    Ok(code)
}

/// Compares the day with another configuration. Of several Workspaces it is the one that has the
/// name of the file's.
fn compare(recording: Recording, file: &Path, format: ReplayFormat) -> Result<ExitCode, Failure> {
    // Ids are derived from it; parts are found by their names.
    let account = AccountSid::derive(&["replay"]);
    let (other, source) = read_contact_centre(Some(file), account)?;
    let is_only = recording.len() == 1;
    let days = recording.into_values().filter_map(|writes| check(writes).1);
    let mut days = days
        .filter(|day| is_only || day.last_workspace.friendly_name == other.workspace.friendly_name);
    let day = days.next().ok_or_else(|| {
        let name = &other.workspace.friendly_name;
        format!("the recording has no configured Workspace \"{name}\"")
    })?;
    let comparison = compared(&day, &other).map_err(|error| format!("{source}: {error}"))?;
    print(&match format {
        ReplayFormat::Text => report::text_comparison(&comparison),
        ReplayFormat::Json => pretty(&report::json_comparison(&comparison))?,
    })?;
    Ok(ExitCode::SUCCESS)
}

/// A recording of a stack may lack the configuration: then it is that of the file, whose ids follow
/// from the account.
fn with_configuration(
    mut recording: Recording,
    options: &ReplayRecording,
    config: Option<&Path>,
) -> Result<Recording, Failure> {
    let is_configured = |writes: &Vec<Write>| {
        let mut changes = writes.iter().map(|write| &write.change);
        changes.any(|change| matches!(change, Change::Configuration(_)))
    };
    if recording.values().all(is_configured) {
        return Ok(recording);
    }
    let missing = "the recording has no configuration: name that of the day with --config, and its \
                   account with --account-sid";
    let account: AccountSid = match &options.account_sid {
        Some(account) => account
            .parse()
            .map_err(|_| "--account-sid: expected AC and 32 hexadecimal digits")?,
        None => return Err(missing.into()),
    };
    let (centre, source) = read_contact_centre(config, account)?;
    let sid = centre.workspace.sid;
    let Some(writes) = recording.get_mut(&sid) else {
        let found: Vec<String> = recording.keys().map(ToString::to_string).collect();
        let message = format!(
            "the recording is of {}, and {source} with account {account} is {sid}",
            found.join(", ")
        );
        return Err(message.into());
    };
    if !is_configured(writes)
        && let Some(at) = writes.first().map(|first| first.at)
    {
        let change = Change::Configuration(Arc::new(centre.workspace));
        writes.insert(0, Write { at, change });
    }
    Ok(recording)
}

fn compared(day: &Day, other: &ContactCentre) -> Result<Comparison, RunError> {
    let created = Timestamp::from_millis(0);
    let workers = other.workers.iter();
    let workers: Vec<Worker> = workers
        .map(|it| it.to_worker(other.workspace.sid, created))
        .collect();
    let with_other = what_if(day, &other.workspace, &workers)?;
    let again = what_if(day, &day.last_workspace, &[])?;
    Ok(Comparison::new(day, &with_other, &again))
}

fn pretty(value: &serde_json::Value) -> Result<String, Failure> {
    Ok(serde_json::to_string_pretty(value)? + "\n")
}

/// Prints a report. A reader such as `head` may close the pipe before its end.
fn print(text: &str) -> Result<(), Failure> {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}
