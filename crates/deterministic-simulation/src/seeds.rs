//! Runs many seeds, on as many threads as there are processors.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use crate::{Disk, Run, Trace};

/// Runs all seeds of a range and calls `seen` with each run as it ends. Returns the runs that
/// failed.
///
/// # Errors
/// When the runtime of a run cannot be built, or a run panics.
pub fn run_all(
    seeds: Range<u64>,
    disk: Disk,
    seen: impl Fn(&Run) + Sync,
) -> std::io::Result<Vec<Run>> {
    let next = AtomicU64::new(seeds.start);
    let worker = || -> std::io::Result<Vec<Run>> {
        let mut failed = Vec::new();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                return Ok(failed);
            }
            let run = crate::run(seed, disk, Trace::Kept)?;
            seen(&run);
            if run.failure.is_some() {
                failed.push(run);
            }
        }
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(worker)).collect();
        let mut failed = Vec::new();
        for worker in workers {
            let ended = worker
                .join()
                .map_err(|_| std::io::Error::other("a run panicked outside of the functions"))?;
            failed.extend(ended?);
        }
        failed.sort_by_key(|run| run.seed);
        Ok(failed)
    })
}

/// The first run that fails with this bug planted, in the order of the seeds. A release build has no
/// planted bugs.
///
/// # Errors
/// When the runtime of a run cannot be built.
#[cfg(debug_assertions)]
pub fn first_failure(
    mut seeds: Range<u64>,
    bug: Option<planted_bugs::Bug>,
) -> std::io::Result<Option<Run>> {
    planted_bugs::plant(bug);
    let found = seeds.find_map(|seed| match crate::run(seed, Disk::Sound, Trace::Kept) {
        Ok(run) => run.failure.is_some().then_some(Ok(run)),
        Err(error) => Some(Err(error)),
    });
    planted_bugs::plant(None);
    found.transpose()
}
