//! Explores every state of the reservation protocol and prints how many there are: `cargo run -p
//! model-check`.

use std::io::Write;
use std::process::ExitCode;
use std::time::Instant;

use model_check::{Protocol, SCENARIOS, explore};

fn main() -> std::io::Result<ExitCode> {
    let mut out = std::io::stdout().lock();
    let mut holds = true;
    for (name, bounds) in SCENARIOS {
        let began = Instant::now();
        let report = explore(Protocol::new(bounds));
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
        holds &= report.failures.is_empty() && report.missing.is_empty();
    }
    Ok(if holds {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
