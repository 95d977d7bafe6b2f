//! `cargo run -p deterministic-simulation -- --seeds 1000`, and `-- --seed 123 --trace` for one.
#![allow(
    clippy::print_stdout,
    reason = "this is what the person at the terminal reads"
)]

use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use clap::Parser;
use deterministic_simulation::{Run, seeds};

/// Runs the whole contact centre in virtual time, under faults.
#[derive(Parser)]
struct Options {
    /// How many seeds, from --from on.
    #[arg(long, default_value_t = 1_000)]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// This one seed only.
    #[arg(long, conflicts_with_all = ["seeds", "from"])]
    seed: Option<u64>,
    /// Print everything that happens.
    #[arg(long, requires = "seed")]
    trace: bool,
}

fn main() -> std::io::Result<ExitCode> {
    let options = Options::parse();
    let failed = match options.seed {
        Some(seed) => one(seed, options.trace)?,
        None => many(options.from, options.seeds)?,
    };
    Ok(if failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn one(seed: u64, trace: bool) -> std::io::Result<bool> {
    let run = deterministic_simulation::run(seed, trace)?;
    println!(
        "seed {seed}: {} writes, {} Tasks, {} phones rung, fingerprint {:016x}",
        run.writes, run.tasks, run.calls_placed, run.fingerprint
    );
    Ok(report(&run, !trace))
}

fn many(from: u64, count: u64) -> std::io::Result<bool> {
    let (begun, writes) = (Instant::now(), AtomicUsize::new(0));
    let seen = |run: &Run| {
        writes.fetch_add(run.writes, Ordering::Relaxed);
        report(run, false);
    };
    let failed = seeds::run_all(from..from.saturating_add(count), seen)?;
    let writes = writes.into_inner();
    println!(
        "{count} seeds, {writes} writes, {} failed, {:.1} s",
        failed.len(),
        begun.elapsed().as_secs_f64()
    );
    Ok(!failed.is_empty())
}

/// Says what did not hold, and how to see it again.
fn report(run: &Run, with_trace: bool) -> bool {
    let Some(failure) = &run.failure else {
        return false;
    };
    for line in failure.trace.iter().filter(|_| with_trace) {
        println!("{line}");
    }
    println!(
        "seed {} violates {:?}: {}\n  {}",
        run.seed,
        failure.invariant,
        failure.what,
        run.command()
    );
    true
}
