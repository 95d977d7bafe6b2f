//! Many seeds, those that once found something, and the same one twice.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test says what it finds, and fails")]

use std::time::Instant;

use simulation::seeds;

/// Seeds in a test run: what two cores do in two and a half minutes. The command does any number.
const SEEDS: u64 = 400;

/// Seeds that once found something: a number in each line, then what it was.
const FOUND: &str = include_str!("../seeds/found.txt");

#[test]
fn every_invariant_holds_in_every_run() {
    let begun = Instant::now();
    let failed = seeds::run_all(0..SEEDS, |_| {}).unwrap();
    println!("{SEEDS} seeds in {:.1} s", begun.elapsed().as_secs_f64());
    let told: Vec<String> = failed
        .iter()
        .filter_map(|run| run.failure.as_ref().map(|failure| (run, failure)))
        .map(|(run, failure)| format!("{:?}: {}\n  {}", failure.invariant, failure.what, run.command()))
        .collect();
    assert!(told.is_empty(), "{}", told.join("\n"));
}

#[test]
fn what_was_found_once_stays_mended() {
    let seeds = FOUND.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    for line in seeds {
        let seed = line.split_whitespace().next().unwrap().parse().unwrap();
        let run = simulation::run(seed, false).unwrap();
        assert!(run.failure.is_none(), "{line}: {:?}; {}", run.failure, run.command());
    }
}

#[test]
fn a_seed_does_the_same_each_time() {
    for seed in [3, 17, 40, 92, 93, 94, 95, 96] {
        let (one, another) = (simulation::run(seed, false).unwrap(), simulation::run(seed, false).unwrap());
        assert_eq!((one.fingerprint, one.writes), (another.fingerprint, another.writes), "seed {seed}");
    }
}
