//! Many seeds, those that once found something, and the same one twice.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test says what it finds, and fails"
)]

use std::time::Instant;

use deterministic_simulation::seeds;

/// Seeds in a test run: what two cores do in half a minute.
const SEEDS: u64 = 100;

/// Where another number of them is said: CI wants a thousand.
const SEEDS_VARIABLE: &str = "SIMULATION_SEEDS";

/// Seeds that once found something: a number in each line, then what it was.
const FOUND: &str = include_str!("../seeds/found.txt");

#[test]
fn every_invariant_holds_in_every_run() {
    let seeds = std::env::var(SEEDS_VARIABLE).map_or(SEEDS, |seeds| seeds.parse().unwrap());
    let begun = Instant::now();
    let failed = seeds::run_all(0..seeds, |_| {}).unwrap();
    let seconds = begun.elapsed().as_secs_f64();
    println!(
        "{seeds} seeds in {seconds:.0} s, {:.1} a second",
        seeds as f64 / seconds
    );
    let told: Vec<String> = failed
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
    assert!(told.is_empty(), "{}", told.join("\n"));
}

#[test]
fn what_was_found_once_stays_mended() {
    let seeds = FOUND
        .lines()
        .filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    for line in seeds {
        let seed = line.split_whitespace().next().unwrap().parse().unwrap();
        let run = deterministic_simulation::run(seed, false).unwrap();
        assert!(
            run.failure.is_none(),
            "{line}: {:?}; {}",
            run.failure,
            run.command()
        );
    }
}

#[test]
fn a_seed_does_the_same_each_time() {
    for seed in [3, 17, 40, 92, 93, 94, 95, 96] {
        let (one, another) = (
            deterministic_simulation::run(seed, false).unwrap(),
            deterministic_simulation::run(seed, false).unwrap(),
        );
        assert_eq!(
            (one.fingerprint, one.writes),
            (another.fingerprint, another.writes),
            "seed {seed}"
        );
    }
}
