//! `cordboard check`: faults of routing in files, without a network and without credentials.
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

use config::{CheckedFile, PlacedFinding, check_files_beside};
use routing_check::Level;

use crate::cli::{Check, CheckFormat};
use crate::start::DEFAULT_FILE;

/// Exit code when a finding is an error, or with `--strict` a warning.
const FOUND: u8 = 1;

/// Exit code when a file cannot be read.
const UNREADABLE: u8 = 2;

/// A file that was read.
struct File {
    name: String,
    text: String,
}

/// Checks the files and prints the findings.
pub fn check(options: &Check, config: Option<&Path>) -> ExitCode {
    let files = match read_all(options, config) {
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
        std::fs::read(folder.join(file)).map_err(|error| error.to_string())
    };
    match check_files_beside(&checked, &beside) {
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
