//! `cordboard calendar`: shows the calendars of the voice flows, and closes or opens one at once.
#![allow(
    clippy::print_stdout,
    reason = "this is what the person at the terminal reads"
)]

use std::fmt::Write;
use std::time::Duration;

use calendars::Zone;
use clap::{Args, Subcommand};
use ids::time::Timestamp;
use runtime::Env;
use serde::Deserialize;
use serde_json::Value;

use crate::cli::Start;
use crate::credentials::Account;
use crate::local_client::LocalClient;
use crate::run_file::RunFile;
use crate::start::Failure;

/// Timeout of a request: the API's own limit.
const ANSWER_TIME_LIMIT: Duration = Duration::from_secs(29);

/// Options of `calendar`.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
    /// The URL of a deployed contact centre; ACCOUNT_SID and AUTH_TOKEN are read from the environment
    /// [default: the contact centre on --port].
    #[arg(long, value_name = "URL", global = true)]
    pub url: Option<String>,
}

/// What `calendar` does.
#[derive(Debug, Clone, Subcommand)]
pub enum Action {
    /// Show whether each calendar is open, by which rule, and until when.
    List,
    /// Close, whatever the calendar says.
    Close(Switch),
    /// Open, whatever the calendar says.
    Open(Switch),
    /// Turn the switch off: the calendar applies again.
    Reset {
        /// The name of the calendar in contact-centre.yaml.
        name: String,
    },
}

/// Options of `calendar close` and `calendar open`.
#[derive(Debug, Clone, Args)]
pub struct Switch {
    /// The name of the calendar in contact-centre.yaml.
    pub name: String,
    /// When the calendar applies again, in its time zone: 18:00, "Mon 08:00", "2026-12-24 18:00" or 2h
    /// [default: after `calendar reset`].
    #[arg(long, value_name = "MOMENT")]
    pub until: Option<String>,
    /// The reason, which conditions of voice flows can use.
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// Your name, for the others [default: the SID of the credentials].
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
}

#[derive(Deserialize)]
struct Calendars {
    calendars: Vec<Calendar>,
}

/// A calendar, as the API shows it.
#[derive(Deserialize)]
struct Calendar {
    name: String,
    time_zone: String,
    open: bool,
    rule: String,
    rule_name: String,
    next_change: Option<String>,
    switch: Option<Switched>,
}

#[derive(Deserialize)]
struct Switched {
    until: Option<String>,
    set_by: String,
    set_at: String,
}

/// Asks the contact centre, and prints the calendars.
///
/// # Errors
/// There is no contact centre, or it refuses the request.
pub async fn run(options: &Options, start: &Start) -> Result<(), Failure> {
    let http = client(options, start)?;
    let calendars = calendars_of(&http).await?;
    match &options.action {
        Action::List => {
            let list: Calendars = http.get(&calendars).await?;
            if list.calendars.is_empty() {
                println!("The contact centre has no calendars.");
            }
            list.calendars
                .iter()
                .for_each(|one| print!("{}", line(one)));
        }
        Action::Close(switch) => {
            set(&http, &calendars, &switch.name, &fields("closed", switch)).await?;
        }
        Action::Open(switch) => {
            set(&http, &calendars, &switch.name, &fields("open", switch)).await?;
        }
        Action::Reset { name } => set(&http, &calendars, name, &[("Switch", "off")]).await?,
    }
    Ok(())
}

fn client(options: &Options, start: &Start) -> Result<LocalClient, Failure> {
    if let Some(url) = &options.url {
        let env = Env::process();
        let account = Account {
            account_sid: env.required("ACCOUNT_SID", "the account SID of the contact centre")?,
            auth_token: env.required("AUTH_TOKEN", "the auth token of ACCOUNT_SID")?,
            secondary_auth_token: None,
        };
        let url = url.trim_end_matches('/');
        return Ok(LocalClient::new(url, ANSWER_TIME_LIMIT)?.signed_in(&account)?);
    }
    let base = format!("http://127.0.0.1:{}", start.port);
    let running = RunFile::read(start.port).ok_or_else(|| {
        format!("no contact centre of yours runs at {base}: start one with `cordboard`, or name its --port or --url")
    })?;
    Ok(LocalClient::new(&base, ANSWER_TIME_LIMIT)?.signed_in(&running.account)?)
}

/// The path of the calendars: those of the only Workspace that has any.
async fn calendars_of(http: &LocalClient) -> Result<String, Failure> {
    let workspaces: Value = http.get("/v1/Workspaces?PageSize=100").await?;
    let workspaces = workspaces.get("workspaces").and_then(Value::as_array);
    let mut path = None;
    for workspace in workspaces.into_iter().flatten() {
        let sid = workspace.get("sid").and_then(Value::as_str);
        let found = format!("/v1/Workspaces/{}/Calendars", sid.unwrap_or_default());
        let list: Calendars = http.get(&found).await?;
        if !list.calendars.is_empty() {
            return Ok(found);
        }
        path = Some(found);
    }
    path.ok_or_else(|| "the contact centre has no Workspace".into())
}

fn fields<'s>(state: &'static str, switch: &'s Switch) -> Vec<(&'static str, &'s str)> {
    let optional = [
        ("Until", &switch.until),
        ("Reason", &switch.reason),
        ("SetBy", &switch.by),
    ];
    let given = optional
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.as_deref()?)));
    [("Switch", state)].into_iter().chain(given).collect()
}

async fn set(
    http: &LocalClient,
    calendars: &str,
    name: &str,
    fields: &[(&str, &str)],
) -> Result<(), Failure> {
    let calendar = http
        .post_form(&format!("{calendars}/{name}"), fields)
        .await?;
    print!("{}", line(&serde_json::from_value(calendar)?));
    Ok(())
}

/// A calendar in one line: `support: closed until Mon 2026-12-07 18:00 (Europe/Berlin), …`.
fn line(calendar: &Calendar) -> String {
    let zone: Option<Zone> = calendar.time_zone.parse().ok();
    let shown = |moment: &str| match (&zone, moment.parse::<Timestamp>()) {
        (Some(zone), Ok(moment)) => format!("{} ({zone})", zone.shown(moment)),
        (_, _) => moment.to_owned(),
    };
    let state = if calendar.open { "open" } else { "closed" };
    let mut line = format!("{}: {state}", calendar.name);
    if let Some(change) = &calendar.next_change {
        let _infallible = write!(line, " until {}", shown(change));
    }
    let _infallible = match &calendar.switch {
        Some(switch) => write!(
            line,
            ", by the switch of {} on {}{}",
            switch.set_by,
            shown(&switch.set_at),
            switch
                .until
                .as_deref()
                .map_or_else(String::new, |until| format!(" until {}", shown(until))),
        ),
        None if calendar.rule_name.is_empty() => write!(line, ", by its {}", calendar.rule),
        None => write!(line, ", {}: {}", calendar.rule, calendar.rule_name),
    };
    line.push('\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calendar(switch: Option<Switched>) -> Calendar {
        Calendar {
            name: "support".to_owned(),
            time_zone: "Europe/Berlin".to_owned(),
            open: switch.is_none(),
            rule: "hours".to_owned(),
            rule_name: String::new(),
            next_change: Some("2026-12-07T17:00:00Z".to_owned()),
            switch,
        }
    }

    #[test]
    fn line_shows_state_end_and_person() {
        assert_eq!(
            line(&calendar(None)),
            "support: open until Mon 2026-12-07 18:00 (Europe/Berlin), by its hours\n"
        );
        let switched = Switched {
            until: None,
            set_by: "Robin".to_owned(),
            set_at: "2026-12-07T09:00:00Z".to_owned(),
        };
        assert_eq!(
            line(&calendar(Some(switched))),
            "support: closed until Mon 2026-12-07 18:00 (Europe/Berlin), by the switch of Robin on Mon 2026-12-07 10:00 (Europe/Berlin)\n"
        );
    }
}
