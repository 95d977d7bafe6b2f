//! What-if in virtual time: a contact centre's file and a scenario in, service level, waits and
//! occupancy out.
//!
//! Reading order: [`scenario`] (the calls and agents of a day), [`Plan`] (a scenario for a
//! [`Centre`], with its names resolved), [`simulate`] and [`compare`] (replications on several
//! threads), [`Summary`] (means with 95 % intervals), [`report`].
//!
//! Every change of a Task or Worker is a Decision of the routing engine, `task_router::router`: the
//! crate contains no rule of routing. It has no clock and no IO, and the same plan gives the same
//! result, byte for byte, on any number of threads.

mod agents;
mod centre;
mod estimate;
mod figures;
mod metric;
mod plan;
mod random;
mod replications;
pub mod report;
pub mod scenario;
mod summary;
mod world;

use std::num::NonZeroUsize;

pub use centre::Centre;
pub use estimate::Estimate;
pub use metric::{AgentMetric, Metric, Unit};
pub use plan::{Group, GroupedBy, Load, Plan};
pub use summary::{Comparison, Summary};
pub use world::{CALLS_AT_ONCE_MAX, RunError};

/// Runs a plan's replications on `threads` threads.
///
/// # Errors
/// The error of the first replication that fails.
pub fn simulate(plan: &Plan, threads: NonZeroUsize) -> Result<Summary, RunError> {
    simulate_while(plan, threads, &|| true)
}

/// The same, until `goes_on` is false: the summary is then that of the replications that had begun.
///
/// # Errors
/// As [`simulate`].
pub fn simulate_while(
    plan: &Plan,
    threads: NonZeroUsize,
    goes_on: &(dyn Fn() -> bool + Sync),
) -> Result<Summary, RunError> {
    let mut summary = Summary::new(plan);
    replications::run(&[plan], plan.replications(), threads, goes_on, |figures| {
        figures.iter().for_each(|figures| summary.add(figures));
    })?;
    Ok(summary)
}

/// Runs the replications of two plans on common random numbers: as many as `base` has.
///
/// # Errors
/// The error of the first replication that fails.
pub fn compare(base: &Plan, other: &Plan, threads: NonZeroUsize) -> Result<Comparison, RunError> {
    let mut comparison = Comparison::new(base, other);
    let plans = [base, other];
    replications::run(&plans, base.replications(), threads, &|| true, |figures| {
        if let [base, other] = figures.as_slice() {
            comparison.add(base, other);
        }
    })?;
    Ok(comparison)
}
