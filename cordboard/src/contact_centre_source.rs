//! Where `plan`, `export` and `check` find a contact centre: a running one by its URL, or the table of
//! a deployed stack.

use std::time::Duration;

use config::plan::{ConfigurationFiles, PlanFile, plan};
use config::{choose_workspace, export_current, read_current};
use http_client::{WebError, WebErrorKind};
use ids::AccountSid;
use ids::time::Clock;
use runtime::{Env, SystemClock, aws};
use store::Store;
use url::form_urlencoded;

use crate::aws_access::{self, AWS_CLI};
use crate::cli::{Place, Start};
use crate::configuration_file::{FILE, PLAN};
use crate::credentials::Account;
use crate::local_client::{LocalClient, text};
use crate::run_file::RunFile;
use crate::start::Failure;

/// Timeout of a request: a large contact centre is read item by item.
const ANSWER_TIME_LIMIT: Duration = Duration::from_secs(120);

/// A contact centre.
pub(crate) enum Source {
    /// One that runs.
    Running(Box<LocalClient>),
    /// The table of a deployed stack.
    Table(Store),
}

impl Source {
    /// The contact centre that the options name; without them the one that runs on `--port`.
    pub async fn find(place: &Place, start: &Start) -> Result<Self, Failure> {
        if let Some(table) = &place.table {
            return Ok(Self::Table(open_table(table).await?));
        }
        let base = match &place.url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => format!("http://127.0.0.1:{}", start.port),
        };
        let account = account(place, &base, start)?;
        let client = LocalClient::new(&base, ANSWER_TIME_LIMIT)?;
        Ok(Self::Running(Box::new(client.signed_in(&account)?)))
    }

    /// The contact centre as YAML.
    pub async fn export(&self, workspace: Option<&str>) -> Result<String, Failure> {
        match self {
            Self::Running(client) => {
                let query = workspace.map_or(String::new(), |workspace| {
                    let query = form_urlencoded::Serializer::new(String::new())
                        .append_pair("workspace", workspace)
                        .finish();
                    format!("?{query}")
                });
                let answer = client.fetch(&format!("{FILE}{query}")).await;
                text(&answer.map_err(not_running)?)
            }
            Self::Table(store) => {
                let now = SystemClock.now();
                let sid = choose_workspace(store, workspace, now).await?;
                let current = read_current(store, sid, now).await?;
                let exported = export_current(&current).ok_or("there is no Workspace")?;
                Ok(exported.to_yaml()?)
            }
        }
    }

    /// The plan of applying files.
    pub async fn plan(
        &self,
        files: ConfigurationFiles,
        place: &Place,
    ) -> Result<PlanFile, Failure> {
        match self {
            Self::Running(client) => {
                let body = serde_json::to_value(&files)?;
                Ok(serde_json::from_value(client.post(PLAN, &body).await?)?)
            }
            Self::Table(store) => {
                let account_sid = account_of_table(place)?;
                let wanted = files
                    .read(account_sid)
                    .map_err(|problems| lines(&problems))?;
                let now = SystemClock.now();
                let current = read_current(store, wanted.workspace.sid, now).await?;
                let made = plan(&current, &wanted, now)?;
                Ok(PlanFile::new(account_sid, made, files, &current))
            }
        }
    }
}

/// The table of a deployed stack, with the AWS credentials that [`aws_access`] finds.
pub(crate) async fn open_table(table: &str) -> Result<Store, Failure> {
    let env = Env::process();
    let access = aws_access::find(&env, AWS_CLI.as_ref()).await?;
    let endpoint: Option<String> = env.optional("AWS_ENDPOINT_URL_DYNAMODB", "a URL")?;
    Ok(aws::store_with(access, endpoint, table))
}

fn account_of_table(place: &Place) -> Result<AccountSid, Failure> {
    let account = place.account_sid.as_deref();
    let account =
        account.ok_or("--table needs --account-sid, or ACCOUNT_SID in the environment")?;
    account
        .parse()
        .map_err(|error| format!("--account-sid: {error}").into())
}

/// The account of the environment, otherwise that of the contact centre of this user.
fn account(place: &Place, base: &str, start: &Start) -> Result<Account, Failure> {
    let env = Env::process();
    let token: Option<String> = env.optional("AUTH_TOKEN", "the auth token of ACCOUNT_SID")?;
    if let (Some(account_sid), Some(auth_token)) = (&place.account_sid, token) {
        let account_sid = account_sid
            .parse()
            .map_err(|error| format!("--account-sid: {error}"))?;
        return Ok(Account {
            account_sid,
            auth_token,
            secondary_auth_token: None,
        });
    }
    let port = port_of(base).unwrap_or(start.port);
    let running = RunFile::read(port).ok_or_else(|| {
        format!(
            "no contact centre of yours runs at {base}: start one with `cordboard`, or set ACCOUNT_SID and AUTH_TOKEN"
        )
    })?;
    Ok(running.account)
}

fn port_of(base: &str) -> Option<u16> {
    url::Url::parse(base).ok()?.port_or_known_default()
}

fn not_running(error: WebError) -> Failure {
    if error.kind == WebErrorKind::Connection {
        format!("the contact centre does not answer: {error}").into()
    } else {
        error.into()
    }
}

/// Problems, one on each line.
pub(crate) fn lines(problems: &[config::Problem]) -> String {
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    lines.join("\n")
}
