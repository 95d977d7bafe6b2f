//! `cordboard apply`: applies a configuration file to the table of a deployed stack.
#![allow(
    clippy::print_stdout,
    reason = "this is what the person at the terminal reads"
)]

use std::path::Path;

use config::plan::{PlanFile, PlanFileError, lines};
use config::read_current;
use ids::AccountSid;
use ids::time::Clock;
use runtime::SystemClock;

use crate::cli::{Apply, Start};
use crate::contact_centre_source::{lines as problem_lines, open_table};
use crate::plan_command::print;
use crate::start::{Failure, read_contact_centre};

/// Applies the file or the plan with the AWS credentials that [`crate::aws_access`] finds.
///
/// # Errors
/// The file has problems, the contact centre has changed since the plan, or the table fails.
pub async fn apply(options: &Apply, start: &Start) -> Result<(), Failure> {
    let account_sid = options
        .account_sid
        .parse()
        .map_err(|error| format!("--account-sid: {error}"))?;
    if options.plan.is_some() && start.config.is_some() {
        return Err("--plan contains its configuration file: leave --config out".into());
    }
    let store = open_table(&options.table).await?;
    let (contact_centre, source) = match &options.plan {
        Some(plan) => read_plan(plan, account_sid, &store).await?,
        None => read_contact_centre(start.config.as_deref(), account_sid)?,
    };
    let summary = config::apply(&store, &contact_centre, SystemClock.now()).await?;
    println!("{source} applied to table {}: {summary}", options.table);
    Ok(())
}

/// The configuration of a plan, if nothing has changed since. Otherwise prints what has.
async fn read_plan(
    path: &Path,
    account_sid: AccountSid,
    store: &store::Store,
) -> Result<(config::ContactCentre, String), Failure> {
    let named = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let bytes = std::fs::read(path).map_err(|error| named(&error))?;
    let plan: PlanFile = serde_json::from_slice(&bytes).map_err(|error| named(&error))?;
    let read = plan.files.read(account_sid);
    let contact_centre = read.map_err(|problems| problem_lines(&problems))?;
    let now = SystemClock.now();
    let current = read_current(store, contact_centre.workspace.sid, now).await?;
    if let Err(error) = plan.check(account_sid, &current) {
        if let PlanFileError::Changed(changes) = &error {
            print(&lines(changes));
        }
        return Err(error.into());
    }
    Ok((contact_centre, path.display().to_string()))
}
