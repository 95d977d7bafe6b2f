//! `cordboard simulate`: plays a scenario for a configuration file in virtual time, and prints
//! service level, waits and occupancy.

use std::fs;
use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::path::Path;
use std::thread;

use capacity_simulation::scenario::{self, RECORDED_BYTES_MAX, Scenario};
use capacity_simulation::{Centre, Comparison, Plan, Summary, compare, report, simulate};
use config::ContactCentre;
use ids::AccountSid;
use ids::time::{Millis, Timestamp};

use crate::cli::{ReportFormat, Simulate, Start};
use crate::start::{Failure, read_contact_centre};

/// Runs the simulation and prints its report.
///
/// # Errors
/// If a file cannot be read or has a mistake, or the simulation fails.
pub fn run(options: &Simulate, start: &Start) -> Result<(), Failure> {
    // Ids are derived from it, and no id is printed.
    let account = AccountSid::derive(&["simulation"]);
    let (centre, _) = read_contact_centre(start.config.as_deref(), account)?;
    let plan = plan(options, &centre, &options.scenario)?;
    let threads = options
        .threads
        .or_else(|| thread::available_parallelism().ok());
    let threads = threads.unwrap_or(NonZeroUsize::MIN);
    match &options.compare {
        None => {
            let summary = simulate(&plan, threads)?;
            print(&print_summary(options.format, &summary)?)?;
            write_report(options, || report::html(&summary))
        }
        Some(other) => {
            let other = other_plan(options, &centre, other, account)?;
            let comparison = compare(&plan, &other, threads)?;
            print(&print_comparison(options.format, &comparison)?)?;
            write_report(options, || report::html_comparison(&comparison))
        }
    }
}

/// The other set-up: another configuration file with the same scenario, or another scenario with
/// the same configuration file. A configuration file has a `workspace`.
fn other_plan(
    options: &Simulate,
    centre: &ContactCentre,
    file: &Path,
    account: AccountSid,
) -> Result<Plan, Failure> {
    let text = read_file(file, scenario::FILE_BYTES_MAX)?;
    if text.lines().any(|line| line.starts_with("workspace:")) {
        let (other, _) = read_contact_centre(Some(file), account)?;
        return plan(options, &other, &options.scenario);
    }
    plan(options, centre, file)
}

fn plan(options: &Simulate, centre: &ContactCentre, file: &Path) -> Result<Plan, Failure> {
    let text = read_file(file, scenario::FILE_BYTES_MAX)?;
    let in_file = |error: scenario::ScenarioError| {
        let separator = if error.place.is_some() { ":" } else { ": " };
        format!("{}{separator}{error}", file.display())
    };
    let mut scenario: Scenario = scenario::read(&text).map_err(in_file)?;
    if let Some(seed) = options.seed {
        scenario.seed = seed;
    }
    if let Some(replications) = options.replications {
        scenario.replications = replications;
    }
    let folder = file.parent().unwrap_or(Path::new(""));
    let load = |path: &Path| {
        read_file(&folder.join(path), RECORDED_BYTES_MAX).map_err(|error| error.to_string())
    };
    let plan = Plan::new(&simulated(centre), scenario, &load).map_err(in_file)?;
    for warning in &plan.warnings {
        eprintln!("{}: warning: {warning}", file.display());
    }
    Ok(plan)
}

/// The part of a configuration file that is simulated.
fn simulated(centre: &ContactCentre) -> Centre {
    let settings = &centre.voice_settings;
    let workspace = &centre.workspace;
    let created = Timestamp::from_millis(0);
    let workers = centre.workers.iter();
    Centre {
        workflow: settings.workflow_sid,
        workers: workers
            .map(|it| it.to_worker(workspace.sid, created))
            .collect(),
        ring_timeout: Millis::from_secs(u64::from(settings.worker_ring_timeout_secs)),
        post_work_activity: settings.post_work_activity_sid,
        workspace: workspace.clone(),
    }
}

fn read_file(file: &Path, bytes_max: usize) -> Result<String, Failure> {
    let named = |error: io::Error| format!("{}: {error}", file.display());
    let size = fs::metadata(file).map_err(named)?.len();
    if usize::try_from(size).map_or(true, |size| size > bytes_max) {
        let message = format!(
            "{}: expected at most {bytes_max} bytes, got {size}",
            file.display()
        );
        return Err(message.into());
    }
    Ok(fs::read_to_string(file).map_err(named)?)
}

fn print_summary(format: ReportFormat, summary: &Summary) -> Result<String, Failure> {
    Ok(match format {
        ReportFormat::Text => report::text(summary),
        ReportFormat::Json => serde_json::to_string_pretty(&report::json(summary))? + "\n",
        ReportFormat::Csv => report::csv(summary),
    })
}

fn print_comparison(format: ReportFormat, comparison: &Comparison) -> Result<String, Failure> {
    Ok(match format {
        ReportFormat::Text => report::text_comparison(comparison),
        ReportFormat::Json => {
            serde_json::to_string_pretty(&report::json_comparison(comparison))? + "\n"
        }
        ReportFormat::Csv => report::csv_comparison(comparison),
    })
}

/// Prints figures. A reader such as `head` may close the pipe before their end.
fn print(text: &str) -> Result<(), Failure> {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}

fn write_report(options: &Simulate, page: impl FnOnce() -> String) -> Result<(), Failure> {
    let Some(file) = &options.report else {
        return Ok(());
    };
    let named = |error: io::Error| format!("{}: {error}", file.display());
    fs::write(file, page()).map_err(named)?;
    eprintln!("report: {}", file.display());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Cli, Command};
    use clap::Parser;

    /// Runs the example scenario with the example centre, and these options.
    fn simulated(options: &[&str]) -> Result<(), Failure> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
        let (scenario, centre) = (
            format!("{folder}/scenario.yaml"),
            format!("{folder}/contact-centre.yaml"),
        );
        let words = ["cordboard", "simulate", &scenario, "--config", &centre];
        let few = ["--replications", "2"];
        let cli = Cli::parse_from(words.iter().chain(&few).chain(options));
        let Some(Command::Simulate(simulate)) = cli.command else {
            panic!("another command");
        };
        run(&simulate, &cli.start)
    }

    #[test]
    fn example_scenario_fits_its_centre() {
        let folder = tempfile::tempdir().unwrap();
        let report = folder.path().join("report.html");
        simulated(&["--report", report.to_str().unwrap()]).unwrap();
        let page = fs::read_to_string(&report).unwrap();
        assert!(page.contains("<svg") && !page.contains("http"), "{page}");
    }

    #[test]
    fn mistake_names_file_and_place() {
        let folder = tempfile::tempdir().unwrap();
        let other = folder.path().join("other.yaml");
        fs::write(&other, "day: { from: '08:00', to: '8' }\n").unwrap();
        let error = simulated(&["--compare", other.to_str().unwrap()]).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("other.yaml:1:27: expected a time of day"),
            "{error}"
        );
    }
}
