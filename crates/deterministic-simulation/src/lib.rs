//! The whole contact centre in virtual time, under faults: one seed, one run.
//!
//! What runs are the real functions, over the real engine, with the real SDK, rung up by the simulated carrier. What is made
//! here is the weather: requests to the table that are refused, lost, or answered late; indexes that lag behind; functions that
//! die between two awaits; records, timers, messages and webhooks that come late, twice, early or never; and people who do as
//! they like. Time is tokio's, paused: it jumps to the next moment at which something happens, so nothing sleeps, and nothing
//! but the seed decides.
//!
//! Reading order: `run` (what happens in a run), [`invariants`] (what must hold), `faults` (what may go wrong), then where it
//! goes wrong: `table`, `history` (indexes), `invocation` (death), `stream`, `queues`, `web`, `exchange` (the carrier), `customer`; and
//! who makes things happen: `people`, `office`, `errands`. `centre` puts the parts together, `scenario` is the set-up, `again` hands everything over twice.

mod admin_actions;
mod carrier_outages;
mod centre;
mod customer;
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

use invariants::Invariant;

/// A fifth of a run is asking for memory and giving it back.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How one run went.
#[derive(Debug, Clone)]
pub struct Run {
    /// Its seed.
    pub seed: u64,
    /// Moments at which something was written to the table.
    pub writes: usize,
    /// Tasks made.
    pub tasks: usize,
    /// Workers' phones rung.
    pub calls_placed: usize,
    /// Depends on everything that happened: the same seed has the same.
    pub fingerprint: u64,
    /// What did not hold.
    pub failure: Option<Failure>,
}

/// Something that did not hold.
#[derive(Debug, Clone)]
pub struct Failure {
    /// Which promise.
    pub invariant: Invariant,
    /// What was found.
    pub what: String,
    /// The last lines of the trace.
    pub trace: Vec<String>,
}

impl Run {
    /// The one command that does the same again.
    pub fn command(&self) -> String {
        format!(
            "cargo run -p deterministic-simulation -- --seed {} --trace",
            self.seed
        )
    }
}

/// Runs one seed on this thread. `prints`: the trace is printed as it grows.
///
/// # Errors
/// When there is no runtime to be had.
pub fn run(seed: u64, prints: bool) -> std::io::Result<Run> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()?;
    Ok(runtime.block_on(run::run(seed, prints)))
}

#[allow(
    clippy::print_stdout,
    reason = "this is what the person at the terminal reads"
)]
fn print(line: &str) {
    println!("{line}");
}
