//! `cordboard plan`: what applying a configuration file would change; `cordboard diff`: the difference
//! of two files.
#![allow(
    clippy::print_stdout,
    reason = "this is what the person at the terminal reads"
)]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::Path;
use std::process::ExitCode;

use config::ContactCentre;
use config::plan::{Change, ConfigurationFiles, Line, Mark, PartChange, Plan, compare, lines};
use ids::AccountSid;
use serde_json::json;

use crate::cli::{Diff, DiffFormat, PlanOptions, Start};
use crate::contact_centre_source::{Source, lines as problem_lines};
use crate::start::{BUILT_IN, DEFAULT_FILE, Failure, read_beside};

/// Exit code with `--exit-code` when something changes.
const CHANGES: u8 = 2;

/// Makes a plan and prints it.
///
/// # Errors
/// The contact centre cannot be reached, or the file has problems.
pub async fn plan(options: &PlanOptions, start: &Start) -> Result<ExitCode, Failure> {
    let files = read_files(start.config.as_deref())?;
    let source = Source::find(&options.place, start).await?;
    let file = source.plan(files, &options.place).await?;
    match options.format {
        DiffFormat::Text => print(&text_of(&file.plan)),
        DiffFormat::Json => println!("{:#}", serde_json::to_value(&file.plan)?),
    }
    if let Some(out) = &options.out {
        std::fs::write(out, serde_json::to_vec_pretty(&file)?)
            .map_err(|error| format!("{}: {error}", out.display()))?;
    }
    Ok(exit_code(options.exit_code, !file.plan.is_empty()))
}

/// Prints the difference of two files.
///
/// # Errors
/// A file has problems.
pub fn diff(options: &Diff) -> Result<ExitCode, Failure> {
    let before = read_centre(&options.before)?;
    let after = read_centre(&options.after)?;
    let changes = compare(&before, &after);
    match options.format {
        DiffFormat::Text if changes.is_empty() => println!("no differences"),
        DiffFormat::Text => print(&lines(&changes)),
        DiffFormat::Json => println!("{:#}", json!({ "changes": changes })),
    }
    Ok(exit_code(options.exit_code, !changes.is_empty()))
}

fn exit_code(is_wanted: bool, has_changes: bool) -> ExitCode {
    if is_wanted && has_changes {
        ExitCode::from(CHANGES)
    } else {
        ExitCode::SUCCESS
    }
}

/// Both files are read for the same account, so that parts of the same name are the same.
fn read_centre(path: &Path) -> Result<ContactCentre, Failure> {
    let files = read_files(Some(path))?;
    let read = files.read(AccountSid::derive(&["diff"]));
    read.map_err(|problems| problem_lines(&problems).into())
}

/// The configuration file with the files that it names: the named one, otherwise the one in this
/// folder, otherwise the built-in example.
pub(crate) fn read_files(named: Option<&Path>) -> Result<ConfigurationFiles, Failure> {
    let default = Path::new(DEFAULT_FILE);
    let Some(path) = named.or_else(|| default.exists().then_some(default)) else {
        return Ok(ConfigurationFiles {
            name: "the built-in example".to_owned(),
            text: BUILT_IN.to_owned(),
            beside: BTreeMap::new(),
        });
    };
    let text =
        std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let found = RefCell::new(BTreeMap::new());
    let beside = |name: &str| {
        let content = read_beside(folder, name)?;
        found.borrow_mut().insert(name.to_owned(), content.clone());
        Ok(content)
    };
    let name = path.display().to_string();
    // Problems are reported when the file is read for its account.
    let _problems = config::read_with_files(&text, &name, AccountSid::derive(&["files"]), &beside);
    Ok(ConfigurationFiles {
        name,
        text,
        beside: found.into_inner(),
    })
}

/// The changes, their effects, and a summary.
fn text_of(plan: &Plan) -> Vec<Line> {
    let plain = |text: String| Line {
        mark: Mark::Plain,
        text,
    };
    let mut found = lines(&plan.changes);
    let sentences = [
        plan.effects.iter().map(ToString::to_string).collect(),
        plan.kept.clone(),
        plan.notes.clone(),
    ];
    for sentences in sentences
        .into_iter()
        .filter(|one: &Vec<String>| !one.is_empty())
    {
        if !found.is_empty() {
            found.push(plain(String::new()));
        }
        found.extend(sentences.into_iter().map(plain));
    }
    if !found.is_empty() {
        found.push(plain(String::new()));
    }
    found.push(plain(summary(&plan.changes)));
    found
}

fn summary(changes: &[PartChange]) -> String {
    if changes.is_empty() {
        return "Plan: nothing changes.".to_owned();
    }
    let count = |is: fn(&Change) -> bool| {
        let changes = changes.iter();
        changes.filter(|part| is(&part.change)).count()
    };
    let created = count(|change| matches!(change, Change::Created { .. }));
    let changed = count(|change| matches!(change, Change::Changed { .. }));
    let removed = count(|change| matches!(change, Change::Removed));
    format!("Plan: {created} to create, {changed} to change, {removed} to remove.")
}

/// Prints lines, coloured on a terminal.
pub(crate) fn print(lines: &[Line]) {
    let is_coloured = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    for line in lines {
        let colour = match line.mark {
            Mark::Added => "\u{1b}[32m",
            Mark::Removed => "\u{1b}[31m",
            Mark::Changed => "\u{1b}[33m",
            Mark::Plain => "",
        };
        if is_coloured && !colour.is_empty() {
            println!("{colour}{}\u{1b}[0m", line.text);
        } else {
            println!("{}", line.text);
        }
    }
}
