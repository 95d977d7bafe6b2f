//! Calls a second of the simulation: `cargo bench -p capacity-simulation --bench calls -- WEEKS
//! THREADS`. `scripts/simulate_bench.sh` measures the same scenario in SimPy and Ciw.

#![allow(
    clippy::unwrap_used,
    reason = "what cannot be set up cannot be measured"
)]
#![allow(clippy::print_stdout, reason = "the table is what it is for")]
#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use std::num::NonZeroUsize;
use std::time::Instant;

use capacity_simulation::{Metric, Plan, scenario, simulate};
use support::bench_centre;

#[path = "../tests/support/mod.rs"]
mod support;

/// The allocator of the `cordboard` program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SCENARIO: &str = include_str!("scenario.yaml");

fn main() {
    let mut arguments = std::env::args().filter_map(|argument| argument.parse().ok());
    let replications = arguments.next().unwrap_or(2);
    let threads = arguments.next().unwrap_or(1);
    let threads = NonZeroUsize::new(usize::try_from(threads).unwrap()).unwrap();
    let scenario = scenario::Scenario {
        replications,
        ..scenario::read(SCENARIO).unwrap()
    };
    let plan = Plan::new(&bench_centre(), scenario, &|_| Err("no file".to_owned())).unwrap();
    let begun = Instant::now();
    let summary = simulate(&plan, threads).unwrap();
    let secs = begun.elapsed().as_secs_f64();
    let cpu_secs = cpu_secs().unwrap_or(secs * f64::from(u32::try_from(threads.get()).unwrap()));
    let calls = f64::from(u32::try_from(summary.calls).unwrap());
    let mean = |metric| summary.day(0, metric).unwrap().mean;
    println!(
        "Cordboard, {threads} threads: {calls} calls in {secs:.2} s, {cpu_secs:.2} s of CPU: {:.0} calls/s of CPU; \
         service level {:.4}, ASA {:.2} s, abandonment {:.4}; peak memory {}",
        calls / cpu_secs,
        mean(Metric::ServiceLevel),
        mean(Metric::SpeedOfAnswer),
        mean(Metric::Abandonment),
        peak_memory().unwrap_or_default(),
    );
}

/// The processor time of this program so far, if the system reports it (Linux): other programs do not
/// count.
fn cpu_secs() -> Option<f64> {
    // `man 5 proc`: the fields after the name, utime and stime in hundredths of a second.
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |index: usize| fields.get(index)?.parse::<f64>().ok();
    Some((ticks(11)? + ticks(12)?) / 100.0)
}

/// The most resident memory of this program so far, if the system reports it (Linux).
fn peak_memory() -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().to_owned())
}
