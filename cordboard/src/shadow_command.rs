//! `cordboard shadow`: shows where a shadow Workflow would decide otherwise, and promotes it.
#![allow(
    clippy::print_stdout,
    reason = "this is what the person at the terminal reads"
)]

use std::time::Duration;

use ids::AccountSid;
use runtime::Env;
use serde_json::Value;

use crate::cli::{Promote, ShadowAction, ShadowOptions, Start};
use crate::credentials::Account;
use crate::local_client::LocalClient;
use crate::run_file::RunFile;
use crate::start::Failure;

/// Timeout of a request: the API's own limit.
const ANSWER_TIME_LIMIT: Duration = Duration::from_secs(29);

/// A Workflow with its shadow.
struct Shadowed {
    /// `/v1/Workspaces/WS…/Workflows/`
    workflows: String,
    sid: String,
    name: String,
    shadow: Value,
}

/// Shows or promotes the shadows of a contact centre: the one on `--port`, or the one at `--url`, with
/// ACCOUNT_SID and AUTH_TOKEN.
///
/// # Errors
/// The contact centre cannot be reached, or no Workflow has a shadow.
pub async fn run(options: &ShadowOptions, start: &Start) -> Result<(), Failure> {
    let client = client(options, start)?;
    let shadowed = shadowed(&client).await?;
    if shadowed.is_empty() {
        return Err("no Workflow has a shadow".into());
    }
    match &options.action {
        ShadowAction::Show => {
            for one in &shadowed {
                print!("{}", rendered(one));
            }
            Ok(())
        }
        ShadowAction::Promote(promote) => promoted(&client, &shadowed, promote).await,
    }
}

fn client(options: &ShadowOptions, start: &Start) -> Result<LocalClient, Failure> {
    let Some(url) = &options.url else {
        let base = format!("http://127.0.0.1:{}", start.port);
        let running = RunFile::read(start.port).ok_or_else(|| {
            format!("no contact centre of yours runs at {base}: name its --port, or its --url")
        })?;
        let client = LocalClient::new(&base, ANSWER_TIME_LIMIT)?;
        return Ok(client.signed_in(&running.account)?);
    };
    let env = Env::process();
    let account = Account {
        account_sid: env.required::<AccountSid>("ACCOUNT_SID", "AC and 32 hexadecimal digits")?,
        auth_token: env.required("AUTH_TOKEN", "the auth token")?,
        secondary_auth_token: None,
    };
    let client = LocalClient::new(url.trim_end_matches('/'), ANSWER_TIME_LIMIT)?;
    Ok(client.signed_in(&account)?)
}

/// The Workflows with a shadow, in every Workspace.
async fn shadowed(client: &LocalClient) -> Result<Vec<Shadowed>, Failure> {
    let mut found = Vec::new();
    for workspace in list(client, "/v1/Workspaces?PageSize=1000", "workspaces").await? {
        let workflows = format!("/v1/Workspaces/{}/Workflows", text(&workspace, "sid"));
        let first = format!("{workflows}?PageSize=1000");
        for workflow in list(client, &first, "workflows").await? {
            let sid = text(&workflow, "sid").to_owned();
            let shadow: Value = client.get(&format!("{workflows}/{sid}/Shadow")).await?;
            if !text(&shadow, "shadow_workflow_sid").is_empty() {
                found.push(Shadowed {
                    workflows: workflows.clone(),
                    name: text(&workflow, "friendly_name").to_owned(),
                    sid,
                    shadow,
                });
            }
        }
    }
    Ok(found)
}

async fn list(client: &LocalClient, first: &str, key: &str) -> Result<Vec<Value>, Failure> {
    let mut page = Some(first.to_owned());
    let mut found = Vec::new();
    while let Some(url) = page {
        let answer: Value = client.get(&url).await?;
        found.extend(
            answer
                .get(key)
                .and_then(Value::as_array)
                .cloned()
                .unwrap_or_default(),
        );
        let next = answer
            .pointer("/meta/next_page_url")
            .and_then(Value::as_str);
        page = next.map(str::to_owned);
    }
    Ok(found)
}

/// Copies the shadow's configuration to the Workflow and ends the shadow.
async fn promoted(
    client: &LocalClient,
    shadowed: &[Shadowed],
    promote: &Promote,
) -> Result<(), Failure> {
    let is_meant = |one: &&Shadowed| match &promote.workflow {
        Some(wanted) => one.sid == *wanted || one.name == *wanted,
        None => true,
    };
    let meant: Vec<&Shadowed> = shadowed.iter().filter(is_meant).collect();
    let [one] = meant.as_slice() else {
        let names: Vec<&str> = shadowed.iter().map(|one| one.name.as_str()).collect();
        let message = format!("expected --workflow with one of: {}", names.join(", "));
        return Err(message.into());
    };
    let (workflows, sid) = (&one.workflows, &one.sid);
    let shadow = text(&one.shadow, "shadow_workflow_sid");
    let other: Value = client.get(&format!("{workflows}/{shadow}")).await?;
    let reevaluate = promote.re_evaluate_tasks.to_string();
    let fields = [
        ("Configuration", text(&other, "configuration")),
        ("ReEvaluateTasks", &reevaluate),
    ];
    client
        .post_form(&format!("{workflows}/{sid}"), &fields)
        .await?;
    let end = [("ShadowWorkflowSid", "")];
    client
        .post_form(&format!("{workflows}/{sid}/Shadow"), &end)
        .await?;
    println!(
        "{} ({sid}) has the configuration of its shadow {} ({shadow}) now.",
        one.name,
        text(&other, "friendly_name")
    );
    println!(
        "If a file declares it, write the same into the file and remove its key `shadow`: the next \
         apply restores what the file says."
    );
    Ok(())
}

fn rendered(one: &Shadowed) -> String {
    let number = |name: &str| {
        one.shadow
            .get(name)
            .and_then(Value::as_u64)
            .unwrap_or_default()
    };
    let mut lines = format!(
        "{} ({}): its shadow {} differs in {} of the latest {} offers and waits\n",
        one.name,
        one.sid,
        text(&one.shadow, "shadow_workflow_sid"),
        number("differing"),
        number("compared"),
    );
    let differences = one.shadow.get("differences").and_then(Value::as_array);
    for difference in differences.into_iter().flatten() {
        lines.push_str(&format!(
            "  {} {}  {} → {}\n",
            text(difference, "date"),
            text(difference, "task_sid"),
            placement(difference.get("live")),
            placement(difference.get("shadow")),
        ));
    }
    lines
}

fn placement(placement: Option<&Value>) -> String {
    let Some(placement) = placement.filter(|placement| placement.is_object()) else {
        return "left the Workflow".to_owned();
    };
    let workers = placement.get("workers").and_then(Value::as_array);
    let names = workers.into_iter().flatten();
    let names: Vec<&str> = names.map(|worker| text(worker, "friendly_name")).collect();
    let worker = if names.is_empty() {
        "no Worker".to_owned()
    } else {
        names.join(" and ")
    };
    let priority = placement.get("priority").and_then(Value::as_u64);
    format!(
        "{worker}, {}, {}, priority {}",
        text(placement, "task_queue_friendly_name"),
        text(placement, "step"),
        priority.unwrap_or_default()
    )
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}
