//! `cordboard export`: the configuration file of what is there.
#![allow(
    clippy::print_stdout,
    reason = "this is what the person at the terminal reads"
)]

use std::time::Duration;

use config::export::{Content, export as export_content};
use config::resources::Resources;
use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::Value as Json;

use crate::cli::{Export, Start};
use crate::contact_centre_source::Source;
use crate::credentials::Account;
use crate::local_client::LocalClient;
use crate::start::Failure;

/// Timeout of a request to TaskRouter's REST API.
const ANSWER_TIME_LIMIT: Duration = Duration::from_secs(30);

/// Requests for the channels of Workers that are under way at the same time: TaskRouter's limit of an
/// account is far higher.
const REQUESTS_AT_ONCE: usize = 8;

/// Most pages of one list: 100 with a thousand resources each.
const PAGES_MAX: usize = 100;

/// Resources of a page: the most that TaskRouter sends.
const PAGE_SIZE: usize = 1_000;

/// Prints the file, or writes it.
///
/// # Errors
/// The contact centre cannot be reached, or the file cannot be written.
pub async fn export(options: &Export, start: &Start) -> Result<(), Failure> {
    let workspace = options.workspace.as_deref();
    let yaml = if options.twilio {
        of_task_router(options).await?
    } else {
        let source = Source::find(&options.place, start).await?;
        source.export(workspace).await?
    };
    match &options.out {
        Some(out) => {
            std::fs::write(out, yaml).map_err(|error| format!("{}: {error}", out.display()))?;
        }
        None => print!("{yaml}"),
    }
    Ok(())
}

/// The file of a Workspace that TaskRouter's REST API has.
async fn of_task_router(options: &Export) -> Result<String, Failure> {
    let account = twilio_account()?;
    let client = LocalClient::new(options.twilio_url.trim_end_matches('/'), ANSWER_TIME_LIMIT)?;
    let client = client.signed_in(&account)?;
    let workspace = choose(&client, options.workspace.as_deref()).await?;
    let sid = text(&workspace, "sid");
    let below = |kind: &str| format!("/v1/Workspaces/{sid}/{kind}");
    let workers = list(&client, &below("Workers"), "workers").await?;
    let with_channels = async |worker: Json| {
        let channels = format!("{}/{}/Channels", below("Workers"), text(&worker, "sid"));
        let channels = list(&client, &channels, "channels").await?;
        Ok::<_, Failure>((worker, channels))
    };
    let workers: Vec<(Json, Vec<Json>)> = stream::iter(workers)
        .map(with_channels)
        .buffered(REQUESTS_AT_ONCE)
        .try_collect()
        .await?;
    let resources = Resources {
        activities: list(&client, &below("Activities"), "activities").await?,
        task_channels: list(&client, &below("TaskChannels"), "channels").await?,
        task_queues: list(&client, &below("TaskQueues"), "task_queues").await?,
        workflows: list(&client, &below("Workflows"), "workflows").await?,
        workspace,
        workers,
    };
    let (workspace, workers) = resources.read()?;
    let exported = export_content(Content {
        workspace: &workspace,
        workers: &workers,
        voice_settings: None,
        voice_flows: None,
        re_evaluate_tasks: &Default::default(),
    });
    Ok(exported.to_yaml()?)
}

/// `TWILIO_ACCOUNT_SID` with `TWILIO_AUTH_TOKEN`, as Twilio's own programs read them.
fn twilio_account() -> Result<Account, Failure> {
    let env = runtime::Env::process();
    Ok(Account {
        account_sid: env.required("TWILIO_ACCOUNT_SID", "an account SID, AC…")?,
        auth_token: env.required("TWILIO_AUTH_TOKEN", "the account's auth token")?,
        secondary_auth_token: None,
    })
}

/// The Workspace with this name or SID, or the only one.
async fn choose(client: &LocalClient, wanted: Option<&str>) -> Result<Json, Failure> {
    let all = list(client, "/v1/Workspaces", "workspaces").await?;
    let names: Vec<String> = all
        .iter()
        .map(|one| format!("\"{}\"", text(one, "friendly_name")))
        .collect();
    let names = names.join(", ");
    let is_wanted = |one: &&Json| {
        wanted.is_none_or(|wanted| [text(one, "friendly_name"), text(one, "sid")].contains(&wanted))
    };
    let mut found = all.iter().filter(is_wanted);
    match (found.next(), found.next()) {
        (Some(only), None) => Ok(only.clone()),
        (None, _) => Err(format!("there is no such Workspace; there are {names}").into()),
        (Some(_), Some(_)) => Err(format!(
            "there are several Workspaces, {names}; choose one with --workspace"
        )
        .into()),
    }
}

fn text<'j>(json: &'j Json, key: &str) -> &'j str {
    json.get(key).and_then(Json::as_str).unwrap_or_default()
}

/// All pages of a list.
async fn list(client: &LocalClient, path: &str, key: &str) -> Result<Vec<Json>, Failure> {
    let mut resources = Vec::new();
    let mut next = Some(format!("{path}?PageSize={PAGE_SIZE}"));
    for _ in 0..PAGES_MAX {
        let Some(place) = next else {
            return Ok(resources);
        };
        let mut page: Json = client.get(&place).await?;
        if let Some(Json::Array(elements)) = page.get_mut(key).map(Json::take) {
            resources.extend(elements);
        }
        let url = page.pointer("/meta/next_page_url").and_then(Json::as_str);
        next = url.map(|url| client.path_of(url)).transpose()?;
    }
    Err(format!("{path}: expected at most {PAGES_MAX} pages").into())
}
