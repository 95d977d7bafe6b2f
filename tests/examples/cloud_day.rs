//! A day of the deployed stack under AWS's rules of delivery, run by `scripts/cloud_day.sh`: prints
//! what happened, and fails when something did not happen as it must.
#![allow(clippy::print_stdout, reason = "it prints its results")]

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use tests::cloud::day::{self, Plan};

#[derive(Parser)]
#[command(about = "A day of the deployed stack under AWS's rules of delivery")]
struct Options {
    /// The folder of the built functions.
    #[arg(long)]
    binaries: PathBuf,
    /// Callers.
    #[arg(long, default_value_t = 400)]
    callers: usize,
    /// Milliseconds between two callers.
    #[arg(long, default_value_t = 1_200)]
    interval_ms: u64,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let options = Options::parse();
    let plan = Plan {
        callers: options.callers,
        interval: Duration::from_millis(options.interval_ms),
    };
    let report = day::run(&options.binaries, plan).await;
    println!(
        "{} callers in {} s, {} functions killed, Tasks: {:?}",
        plan.callers,
        report.duration.as_secs(),
        report.kills,
        report.tasks
    );
    if report.violations.is_empty() {
        println!("Everything happened as it must.");
        return ExitCode::SUCCESS;
    }
    for violation in report.violations {
        println!("- {violation}");
    }
    ExitCode::FAILURE
}
