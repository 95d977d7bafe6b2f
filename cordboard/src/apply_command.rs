//! `cordboard apply`: applies a configuration file to the table of a deployed stack.
#![allow(
    clippy::print_stdout,
    reason = "this is what the person at the terminal reads"
)]

use ids::time::Clock;
use runtime::{Env, SystemClock, aws};

use crate::aws_access::{self, AWS_CLI};
use crate::cli::{Apply, Start};
use crate::start::{Failure, read_contact_centre};

/// Applies the file with the AWS credentials that [`aws_access`] finds.
pub async fn apply(options: &Apply, start: &Start) -> Result<(), Failure> {
    let account_sid = options
        .account_sid
        .parse()
        .map_err(|error| format!("--account-sid: {error}"))?;
    let (contact_centre, source) = read_contact_centre(start.config.as_deref(), account_sid)?;
    let env = Env::process();
    let access = aws_access::find(&env, AWS_CLI.as_ref()).await?;
    let endpoint: Option<String> = env.optional("AWS_ENDPOINT_URL_DYNAMODB", "a URL")?;
    let store = aws::store_with(access, endpoint, &options.table);
    let summary = config::apply(&store, &contact_centre, SystemClock.now()).await?;
    println!("{source} applied to table {}: {summary}", options.table);
    Ok(())
}
