//! Explores every state of the reservation protocol and of the matcher's lease and prints how many there are: `cargo run -p
//! model-check`.

use std::fmt::Debug;
use std::io::Write;
use std::process::ExitCode;
use std::time::Instant;

use model_check::matcher::{LEASE_SCENARIOS, MatcherProtocol};
use model_check::{Protocol, Report, SCENARIOS, explore};

fn main() -> std::io::Result<ExitCode> {
    let mut out = std::io::stdout().lock();
    let mut holds = true;
    for (name, bounds) in SCENARIOS {
        let began = Instant::now();
        let report = explore(Protocol::new(bounds));
        holds &= print(&mut out, name, &report, began)?;
    }
    for (name, bounds) in LEASE_SCENARIOS {
        let began = Instant::now();
        let report = explore(MatcherProtocol::new(bounds));
        holds &= print(&mut out, name, &report, began)?;
    }
    Ok(if holds {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Prints a report, and says whether all properties hold.
fn print<A: Debug>(
    out: &mut impl Write,
    name: &str,
    report: &Report<A>,
    began: Instant,
) -> std::io::Result<bool> {
    let seconds = began.elapsed().as_secs_f64();
    writeln!(
        out,
        "{name}: {} states, {} steps, depth {}, {seconds:.1} s",
        report.states, report.steps, report.depth
    )?;
    for (property, path) in &report.failures {
        writeln!(out, "  does not hold: {property}")?;
        for action in path {
            writeln!(out, "    {action:?}")?;
        }
    }
    for property in &report.missing {
        writeln!(out, "  never reached: {property}")?;
    }
    Ok(report.failures.is_empty() && report.missing.is_empty())
}
