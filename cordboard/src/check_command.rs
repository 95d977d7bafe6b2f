//! `cordboard check`: faults of routing in files, without a network and without credentials; or in a
//! contact centre that runs or is deployed.
#![allow(
    clippy::print_stdout,
    reason = "this is what the person at the terminal reads"
)]

mod json;
mod sarif;
mod text;

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use config::{CheckedFile, PlacedFinding, Surroundings, check_files_in};
use ids::time::Clock;
use routing_check::Level;
use runtime::SystemClock;

use crate::cli::{Check, CheckFormat, Place, Start};
use crate::contact_centre_source::Source;
use crate::start::{DEFAULT_FILE, Failure, read_beside};

/// Exit code when a finding is an error, or with `--strict` a warning.
const FOUND: u8 = 1;

/// Exit code when a file cannot be read.
const UNREADABLE: u8 = 2;

/// A file that was read.
struct File {
    name: String,
    text: String,
}

/// Checks the files, or a contact centre, and prints the findings.
pub async fn check(options: &Check, start: &Start) -> ExitCode {
    let files = match &options.url.as_ref().or(options.table.as_ref()) {
        Some(place) => read_centre(options, place, start)
            .await
            .map(|file| vec![file])
            .map_err(|error| error.to_string()),
        None => read_all(options, start.config.as_deref()),
    };
    let files = match files {
        Ok(files) => files,
        Err(message) => {
            eprintln!("{message}");
            return ExitCode::from(UNREADABLE);
        }
    };
    let checked: Vec<CheckedFile<'_>> = files
        .iter()
        .map(|file| CheckedFile {
            name: &file.name,
            text: &file.text,
        })
        .collect();
    let beside = |config: &str, file: &str| {
        let folder = Path::new(config).parent().unwrap_or(Path::new(""));
        read_beside(folder, file)
    };
    let surroundings = Surroundings {
        beside: &beside,
        now: Some(SystemClock.now()),
    };
    match check_files_in(&checked, surroundings) {
        Ok(findings) => {
            print(options.format, &files, &findings);
            verdict(&findings, options.strict)
        }
        Err(problems) => {
            for problem in problems {
                eprintln!("{problem}");
            }
            ExitCode::from(UNREADABLE)
        }
    }
}

/// Prints the JSON schema of `contact-centre.yaml`.
pub fn print_schema() {
    print!("{}", config::SCHEMA);
}

/// A contact centre as the file that would be exported; `name` is its URL or table.
async fn read_centre(options: &Check, name: &str, start: &Start) -> Result<File, Failure> {
    let place = Place {
        url: options.url.clone(),
        table: options.table.clone(),
        account_sid: std::env::var("ACCOUNT_SID").ok(),
    };
    let source = Source::find(&place, start).await?;
    let text = source.export(options.workspace.as_deref()).await?;
    Ok(File {
        name: name.to_owned(),
        text,
    })
}

fn read_all(options: &Check, config: Option<&Path>) -> Result<Vec<File>, String> {
    let default = config.unwrap_or(Path::new(DEFAULT_FILE)).to_path_buf();
    let named = &options.files;
    let paths = if named.is_empty() {
        std::slice::from_ref(&default)
    } else {
        named
    };
    paths.iter().map(read).collect()
}

fn read(path: &PathBuf) -> Result<File, String> {
    let name = path.display().to_string();
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(File { name, text }),
        Err(error) => Err(format!("{name}: {error}")),
    }
}

fn print(format: CheckFormat, files: &[File], findings: &[PlacedFinding]) {
    match format {
        CheckFormat::Text => {
            let stdout = std::io::stdout();
            let is_coloured = stdout.is_terminal() && std::env::var_os("NO_COLOR").is_none();
            print!("{}", text::render(files, findings, is_coloured));
        }
        CheckFormat::Json => println!("{:#}", json::render(findings)),
        CheckFormat::Sarif => println!("{:#}", sarif::render(findings)),
    }
}

fn verdict(findings: &[PlacedFinding], strict: bool) -> ExitCode {
    let worst = findings
        .iter()
        .filter(|one| one.allowed.is_none())
        .map(|one| one.finding.level)
        .max();
    let limit = if strict { Level::Warning } else { Level::Error };
    if worst.is_some_and(|worst| worst >= limit) {
        ExitCode::from(FOUND)
    } else {
        ExitCode::SUCCESS
    }
}

/// The page of a rule, below the documentation of the release.
fn help_of(rule: routing_check::Rule) -> String {
    format!("docs/guide/check.md#{}", rule.code().to_ascii_lowercase())
}

#[cfg(test)]
mod tests;
