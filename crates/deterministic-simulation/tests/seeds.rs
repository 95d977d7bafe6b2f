//! Many seeds, the seeds that once found a bug, and the same seed twice.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test prints its result and panics on a failure"
)]

use std::time::Instant;

use deterministic_simulation::{Disk, Run, Trace, seeds};

/// Number of seeds in a test run: two cores take half a minute. CI runs a thousand.
const SEEDS: u64 = 30;

/// Variable that overrides the number of seeds.
const SEEDS_VARIABLE: &str = "SIMULATION_SEEDS";

/// Seeds that once found a bug: a number in each line, then a description.
const FOUND: &str = include_str!("../seeds/found.txt");

fn seeds_to_run() -> u64 {
    std::env::var(SEEDS_VARIABLE).map_or(SEEDS, |seeds| seeds.parse().unwrap())
}

/// Number of seeds whose disk is full or cannot be read for a while.
const DISK_SEEDS: u64 = 20;

#[test]
fn every_invariant_holds_in_every_run() {
    let seeds = seeds_to_run();
    let begun = Instant::now();
    let failed = seeds::run_all(0..seeds, Disk::Sound, |_| {}).unwrap();
    let seconds = begun.elapsed().as_secs_f64();
    println!(
        "{seeds} seeds in {seconds:.0} s, {:.1} a second",
        seeds as f64 / seconds
    );
    assert_none_failed(&failed);
}

/// Nothing that was acknowledged is lost while the disk is full or cannot be read, and afterwards
/// everything comes right without a restart.
#[test]
fn invariants_hold_on_a_faulty_disk() {
    assert_none_failed(&seeds::run_all(0..DISK_SEEDS, Disk::Faulty, |_| {}).unwrap());
}

fn assert_none_failed(failed: &[Run]) {
    let violations: Vec<String> = failed
        .iter()
        .filter_map(|run| run.failure.as_ref().map(|failure| (run, failure)))
        .map(|(run, failure)| {
            format!(
                "{:?}: {}\n  {}",
                failure.invariant,
                failure.what,
                run.command()
            )
        })
        .collect();
    assert!(violations.is_empty(), "{}", violations.join("\n"));
}

#[test]
fn recorded_seeds_pass() {
    let seeds = FOUND
        .lines()
        .filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    for line in seeds {
        let seed = line.split_whitespace().next().unwrap().parse().unwrap();
        let run = deterministic_simulation::run(seed, Disk::Sound, Trace::Kept).unwrap();
        assert!(
            run.failure.is_none(),
            "{line}: {:?}; {}",
            run.failure,
            run.command()
        );
    }
}

/// Each run is done twice: all eight in CI's run of a thousand seeds, two in a run of thirty.
#[test]
fn same_seed_same_fingerprint() {
    let checked = if seeds_to_run() > SEEDS { 8 } else { 2 };
    for seed in [3, 92, 17, 40, 93, 94, 95, 96].into_iter().take(checked) {
        let first = deterministic_simulation::run(seed, Disk::Sound, Trace::Kept).unwrap();
        let second = deterministic_simulation::run(seed, Disk::Sound, Trace::Kept).unwrap();
        assert_eq!(
            (first.fingerprint, first.writes),
            (second.fingerprint, second.writes),
            "seed {seed}"
        );
    }
}
