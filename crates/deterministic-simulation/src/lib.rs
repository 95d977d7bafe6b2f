//! The deterministic simulation: a test harness that runs the whole contact centre in virtual time
//! and injects faults. One **seed** determines one run.
//!
//! The harness runs the real functions over the embedded DynamoDB with the real SDK, called by the
//! simulated carrier. Around them it simulates the environment: requests to the table that are
//! refused, lost or answered late; indexes that lag behind; functions that are killed at an
//! `await`; records, timers, messages and webhooks that are late, duplicated, early or lost; and
//! people who act at random. Time is tokio's paused clock, which jumps to the next scheduled
//! moment. Nothing sleeps, and all random choices come from the seed, so a run can be replayed line
//! by line.
//!
//! A **fault** is one such event; its rate is in `faults`. An **invariant** is a property that must
//! hold after every write or at the end of a run; the first violation ends the run and reports the
//! seed. A run has two phases: a storm with faults, and a calm without, in which everything must
//! recover. A refused transaction, and one whose function is killed before it takes effect, is a
//! **rollback**: it leaves nothing in the table, and retries or the sweep have to recover from it.
//!
//! Replay a seed with `cargo run -p deterministic-simulation -- --seed N --trace`.
//!
//! Reading order: `run` (the phases of a run), [`invariants`] (what must hold), `faults` (what is
//! injected). Then the places of the faults: `table`, `history` (indexes), `invocation` (kills),
//! `disk`, `stream`, `queues`, `web`, `carrier_outages`, `customer`. Then the actors: `people`,
//! `admin_actions`, `non_voice_tasks`. `centre` builds the harness, `scenario` its configuration,
//! and `replay` delivers everything twice.

mod admin_actions;
mod carrier_outages;
mod centre;
mod customer;
mod disk;
mod faults;
mod history;
pub mod invariants;
mod invocation;
mod non_voice_tasks;
mod people;
mod queues;
mod replay;
mod run;
mod scenario;
pub mod seeds;
mod stream;
mod table;
mod web;
mod world;

pub use disk::Disk;
use invariants::Invariant;

/// A fifth of a run is spent on memory allocation.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What happens to the trace of a run, its line-by-line record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trace {
    /// The last lines are kept, for the report of a failure.
    Kept,
    /// Every line is printed as it is written, too.
    Printed,
}

/// The result of one run.
#[derive(Debug, Clone)]
pub struct Run {
    /// Seed of the run.
    pub seed: u64,
    /// Whether the disk could fail.
    pub disk: Disk,
    /// Number of writes to the table; a transaction counts once.
    pub writes: usize,
    /// Number of Tasks created.
    pub tasks: usize,
    /// Number of calls placed to Workers' phones.
    pub calls_placed: usize,
    /// Hash of the trace. Two runs of one seed have the same fingerprint.
    pub fingerprint: u64,
    /// The first violation of an invariant.
    pub failure: Option<Failure>,
}

/// A violated invariant.
#[derive(Debug, Clone)]
pub struct Failure {
    /// The invariant.
    pub invariant: Invariant,
    /// Description of the violation.
    pub what: String,
    /// The last lines of the trace.
    pub trace: Vec<String>,
}

impl Run {
    /// The command that replays the run.
    pub fn command(&self) -> String {
        let disk = match self.disk {
            Disk::Sound => "",
            Disk::Faulty => " --disk",
        };
        format!(
            "cargo run -p deterministic-simulation -- --seed {} --trace{disk}",
            self.seed
        )
    }
}

/// Runs one seed on this thread. With [`Trace::Printed`] the trace is printed as it grows.
///
/// # Errors
/// When the tokio runtime cannot be built.
pub fn run(seed: u64, disk: Disk, trace: Trace) -> std::io::Result<Run> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()?;
    Ok(runtime.block_on(run::run(seed, disk, trace)))
}

#[allow(
    clippy::print_stdout,
    reason = "the trace is the output of the program"
)]
fn print(line: &str) {
    println!("{line}");
}
