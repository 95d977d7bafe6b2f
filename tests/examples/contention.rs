//! Contention of many routing processes on one TaskQueue, run by `scripts/contention.sh`: prints
//! the measured table as Markdown and fails when a limit is not kept.
#![allow(clippy::print_stdout, reason = "it prints its results")]

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use tests::contention::report::{self, Kind, Limits, Row};
use tests::contention::{Bench, Setting};

/// Processes of the burst row, unless other numbers are given: the most that are required.
const BURST_PROCESSES: usize = 20;

#[derive(Parser)]
#[command(about = "Contention of many routing processes on one TaskQueue")]
struct Options {
    /// The built routing function.
    #[arg(long)]
    routing: PathBuf,
    /// Processes of the routing function, a row each.
    #[arg(long, value_delimiter = ',', default_value = "1,4,12,20")]
    processes: Vec<usize>,
    /// Tasks created at once.
    #[arg(long, default_value_t = 100)]
    tasks: usize,
    /// Free Workers beyond the number of Tasks.
    #[arg(long, default_value_t = 50)]
    spare_workers: usize,
    /// Rounds of each row; the middle one counts.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Tolerated failed transactions, percent of the Reservations.
    #[arg(long, default_value_t = 20)]
    failed_transactions: u32,
    /// Tolerated loss of rate as processes are added, percent.
    #[arg(long, default_value_t = 10)]
    noise: u32,
    /// The least rate of the most processes on one TaskQueue, percent of the control's.
    #[arg(long, default_value_t = 70)]
    share_of_control: u32,
    /// Omits the control row, with as many TaskQueues as processes.
    #[arg(long)]
    no_control: bool,
    /// Adds a row in which so many Tasks find as many Workers.
    #[arg(long)]
    burst: Option<usize>,
}

impl Options {
    fn settings(&self) -> Vec<(Kind, Setting)> {
        let one_queue = |processes| Setting {
            processes,
            queues: 1,
            tasks: self.tasks,
            spare_workers: self.spare_workers,
        };
        let most = self.processes.iter().copied().max();
        let rows = self
            .processes
            .iter()
            .map(|processes| (Kind::OneQueue, one_queue(*processes)));
        let control = most.filter(|_| !self.no_control).map(|processes| {
            let queues = processes;
            (
                Kind::Control,
                Setting {
                    queues,
                    ..one_queue(processes)
                },
            )
        });
        let burst = self.burst.map(|tasks| {
            let setting = Setting {
                tasks,
                spare_workers: 0,
                ..one_queue(most.unwrap_or(BURST_PROCESSES))
            };
            (Kind::Burst, setting)
        });
        rows.chain(control).chain(burst).collect()
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let options = Options::parse();
    let bench = Bench::new(options.routing.clone());
    let mut rows = Vec::new();
    for (kind, setting) in options.settings() {
        let mut rounds = Vec::new();
        for _ in 0..options.rounds.max(1) {
            rounds.push(bench.round(&setting).await);
        }
        rows.push(Row {
            kind,
            setting,
            rounds,
        });
    }
    println!("{}\n{}", report::table(&rows), report::costs(&rows));
    let limits = Limits {
        failed_transactions: f64::from(options.failed_transactions) / 100.0,
        noise: f64::from(options.noise) / 100.0,
        share_of_control: f64::from(options.share_of_control) / 100.0,
    };
    let violations = report::violations(&rows, limits);
    if violations.is_empty() {
        println!("All limits are kept.");
        return ExitCode::SUCCESS;
    }
    println!("Limits that are not kept:");
    for violation in violations {
        println!("- {violation}");
    }
    ExitCode::FAILURE
}
