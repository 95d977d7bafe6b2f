//! The replications of a plan, on several threads.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::thread;

use crate::figures::Figures;
use crate::plan::Plan;
use crate::world::{self, RunError};

/// Results per thread that may wait for an earlier replication: figures of a replication are some
/// 100 KB.
const RESULTS_AHEAD: usize = 4;

/// Runs the replications of all plans, on `threads` threads, and hands their figures to `take` in
/// the order of the replications: those of one replication, one for each plan. So the result does
/// not depend on the number of threads. No further replication begins once `goes_on` is false.
///
/// # Errors
/// The error of the first replication that fails.
pub(crate) fn run(
    plans: &[&Plan],
    replications: u32,
    threads: NonZeroUsize,
    goes_on: &(dyn Fn() -> bool + Sync),
    mut take: impl FnMut(Vec<Figures>),
) -> Result<(), RunError> {
    let next = AtomicU32::new(0);
    let (sender, receiver) = mpsc::sync_channel(threads.get() * RESULTS_AHEAD);
    thread::scope(|scope| {
        for _ in 0..threads.get() {
            let sender = sender.clone();
            let next = &next;
            scope.spawn(move || {
                while goes_on() {
                    let replication = next.fetch_add(1, Ordering::Relaxed);
                    if replication >= replications {
                        break;
                    }
                    let figures: Result<Vec<Figures>, RunError> = plans
                        .iter()
                        .map(|plan| world::run(plan, replication))
                        .collect();
                    // The receiver is dropped after an error: then there is nothing left to do.
                    if sender.send((replication, figures)).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        let mut early = BTreeMap::new();
        let mut wanted = 0;
        for (replication, figures) in receiver {
            early.insert(replication, figures);
            while let Some(figures) = early.remove(&wanted) {
                take(figures?);
                wanted += 1;
            }
        }
        Ok(())
    })
}
