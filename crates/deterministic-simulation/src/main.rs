//! The command line of the simulation: `cargo run -p deterministic-simulation -- --seeds 1000` for
//! many seeds, `-- --seed 123 --trace` for one.
#![allow(
    clippy::print_stdout,
    reason = "the results are the output of the program"
)]

use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use clap::Parser;
use deterministic_simulation::{Disk, Run, Trace, seeds};

/// Runs the whole contact centre in virtual time and injects faults.
#[derive(Parser)]
struct Options {
    /// Number of seeds, beginning with --from.
    #[arg(long, default_value_t = 1_000)]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Run only this seed.
    #[arg(long, conflicts_with_all = ["seeds", "from"])]
    seed: Option<u64>,
    /// Print every step of the run.
    #[arg(long, requires = "seed")]
    trace: bool,
    /// The disk is full or cannot be read for a while, too.
    #[arg(long)]
    disk: bool,
}

fn main() -> std::io::Result<ExitCode> {
    let options = Options::parse();
    let disk = if options.disk {
        Disk::Faulty
    } else {
        Disk::Sound
    };
    let failed = match options.seed {
        Some(seed) if options.trace => one(seed, disk, Trace::Printed)?,
        Some(seed) => one(seed, disk, Trace::Kept)?,
        None => many(options.from, options.seeds, disk)?,
    };
    Ok(if failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn one(seed: u64, disk: Disk, trace: Trace) -> std::io::Result<bool> {
    let run = deterministic_simulation::run(seed, disk, trace)?;
    println!(
        "seed {seed}: {} writes, {} Tasks, {} calls to Workers, fingerprint {:016x}",
        run.writes, run.tasks, run.calls_placed, run.fingerprint
    );
    if trace == Trace::Kept {
        print_trace(&run);
    }
    Ok(report(&run))
}

fn many(from: u64, count: u64, disk: Disk) -> std::io::Result<bool> {
    let begun = Instant::now();
    let writes = AtomicUsize::new(0);
    let seen = |run: &Run| {
        writes.fetch_add(run.writes, Ordering::Relaxed);
        report(run);
    };
    let failed = seeds::run_all(from..from.saturating_add(count), disk, seen)?;
    let writes = writes.into_inner();
    println!(
        "{count} seeds, {writes} writes, {} failed, {:.1} s",
        failed.len(),
        begun.elapsed().as_secs_f64()
    );
    Ok(!failed.is_empty())
}

fn print_trace(run: &Run) {
    for line in run.failure.iter().flat_map(|failure| &failure.trace) {
        println!("{line}");
    }
}

/// Prints the violation of a failed run and the command that replays it. Returns whether the run
/// failed.
fn report(run: &Run) -> bool {
    let Some(failure) = &run.failure else {
        return false;
    };
    println!(
        "seed {} violates {:?}: {}\n  {}",
        run.seed,
        failure.invariant,
        failure.what,
        run.command()
    );
    true
}
