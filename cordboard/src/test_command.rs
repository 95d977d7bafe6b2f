//! `cordboard test`: plays the stories of files, in memory and in virtual time.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this is what the person at the terminal reads"
)]

mod junit;
mod plan;
mod record;
mod report;
mod run;
mod watch;

use std::io::IsTerminal;
use std::process::ExitCode;

use crate::cli::{Start, Test, TestFormat};
use crate::log;
use crate::start::Failure;
pub use plan::{Plan, StoryFile};
pub use run::{Outcome, Verdict, run};

/// Exit code when a story does not hold.
const FAILED: u8 = 1;

/// Exit code when a file cannot be read, or there is no story.
const UNREADABLE: u8 = 2;

/// Plays the stories and prints the results.
pub async fn test(options: &Test, start: &Start) -> ExitCode {
    if let Some(task) = options.record {
        return match record::story(task, start).await {
            Ok(story) => {
                print!("{story}");
                ExitCode::SUCCESS
            }
            Err(error) => {
                log::report(&*error, start.log_format);
                ExitCode::from(UNREADABLE)
            }
        };
    }
    if options.watch {
        return watch::play_until_stopped(options, start).await;
    }
    play(options, start)
}

/// Plays all stories once.
fn play(options: &Test, start: &Start) -> ExitCode {
    let plan = match plan(options, start) {
        Ok(plan) => plan,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(UNREADABLE);
        }
    };
    let verdict = match run(&plan, options.threads) {
        Ok(verdict) => verdict,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(UNREADABLE);
        }
    };
    print_verdict(options.format, &plan, &verdict);
    if verdict.holds() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(FAILED)
    }
}

/// The results as a person reads them.
pub fn describe(plan: &Plan, verdict: &Verdict) -> String {
    report::text(plan, verdict, false)
}

fn plan(options: &Test, start: &Start) -> Result<Plan, Failure> {
    Plan::read(
        &options.paths,
        options.name.as_deref(),
        start.config.as_deref(),
    )
}

fn print_verdict(format: TestFormat, plan: &Plan, verdict: &Verdict) {
    match format {
        TestFormat::Text => {
            let stdout = std::io::stdout();
            let is_coloured = stdout.is_terminal() && std::env::var_os("NO_COLOR").is_none();
            print!("{}", report::text(plan, verdict, is_coloured));
        }
        TestFormat::Json => println!("{:#}", report::json(plan, verdict)),
        TestFormat::Junit => print!("{}", junit::render(plan, verdict)),
    }
}

#[cfg(test)]
mod tests;
