//! Many seeds, on as many threads as there are processors.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use crate::Run;

/// Runs all seeds of a range and tells `seen` of each run, as they end. Returns those that failed.
///
/// # Errors
/// When a run cannot be started.
pub fn run_all(seeds: Range<u64>, seen: impl Fn(&Run) + Sync) -> std::io::Result<Vec<Run>> {
    let next = AtomicU64::new(seeds.start);
    let worker = || -> std::io::Result<Vec<Run>> {
        let mut failed = Vec::new();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                return Ok(failed);
            }
            let run = crate::run(seed, false)?;
            seen(&run);
            failed.extend(Some(run).filter(|run| run.failure.is_some()));
        }
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(worker)).collect();
        let mut failed = Vec::new();
        for worker in workers {
            let ended = worker.join().map_err(|_| std::io::Error::other("a run panicked outside the functions"))?;
            failed.extend(ended?);
        }
        failed.sort_by_key(|run| run.seed);
        Ok(failed)
    })
}

/// The first run that fails, in the order of the seeds, with this bug planted.
///
/// # Errors
/// When a run cannot be started.
#[cfg(debug_assertions)]
pub fn first_failure(mut seeds: Range<u64>, bug: Option<shared::planted::Bug>) -> std::io::Result<Option<Run>> {
    shared::planted::plant(bug);
    let found = seeds.find_map(|seed| match crate::run(seed, false) {
        Ok(run) => run.failure.is_some().then_some(Ok(run)),
        Err(error) => Some(Err(error)),
    });
    shared::planted::plant(None);
    found.transpose()
}
