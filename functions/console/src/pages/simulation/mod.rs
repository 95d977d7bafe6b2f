//! Plays a scenario for the current set-up: what more calls or other shifts do to waits.
//!
//! Nothing is written. The Workers, TaskQueues and Workflows are those of the Workspace; the calls
//! and shifts are in a scenario that the person edits on the page.

mod scenario;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{Duration, Instant};

use capacity_simulation::{Centre, Plan, Summary, report, scenario as written, simulate_while};
use http::StatusCode;
use ids::time::{Millis, Timestamp};
use maud::{Markup, html};
use shared::voice_settings::VoiceSettings;
use task_router::model::{Worker, WorkerChannel};

use crate::console::Refused;
use crate::layout::{self, Page, csrf};
use crate::reply::Reply;
use crate::request_context::RequestContext;
use crate::section::Section;

/// The console's address of the page.
const PATH: &str = "/console/simulation";

/// How long replications are begun. In the cloud an answer must be there after 29 s.
const TIME_MAX: Duration = Duration::from_secs(10);

/// Most calls of a replication: it takes some 0.3 s, and 3 s in a function of 512 MB.
const CALLS_MAX: f64 = 20_000.0;

/// Most agents: a free agent is compared with all others.
const AGENTS_MAX: usize = 500;

/// The page with a scenario to begin with.
pub async fn show(context: &RequestContext<'_>) -> Result<Reply, Refused> {
    let centre = centre(context).await?;
    let text = match &centre {
        Some((_, settings)) => scenario::to_begin_with(settings),
        None => String::new(),
    };
    let live = html! {
        @if centre.is_none() { p .empty { "This Workspace receives no calls of the contact centre." } }
        @else { (form(context, &text)) }
    };
    Ok(page(context, StatusCode::OK, live))
}

/// Runs the scenario of the form.
pub async fn run(context: &RequestContext<'_>) -> Result<Reply, Refused> {
    let text = context.form.text("Scenario");
    let Some((centre, _)) = centre(context).await? else {
        return Err(context.no_such_page());
    };
    let plan = match plan(&centre, text) {
        Ok(plan) => plan,
        Err(problem) => {
            let live = html! {
                p .alert role="alert" { "The scenario was not run. " (problem) }
                (form(context, text))
            };
            return Ok(page(context, StatusCode::BAD_REQUEST, live));
        }
    };
    let wanted = plan.replications();
    let warnings = plan.warnings.clone();
    let summary = simulated(context, plan).await?;
    let live = html! {
        @for warning in &warnings { p .alert { (warning) } }
        @if summary.replications < wanted {
            p .alert role="status" {
                "After " (TIME_MAX.as_secs()) " s, " (summary.replications) " of " (wanted)
                " replications had run: the intervals are wider than asked for."
            }
        }
        div .simulation #figures { (report::tables_and_charts(&summary)) }
        h2 { "Change the scenario" }
        (form(context, text))
    };
    Ok(page(context, StatusCode::OK, live))
}

fn page(context: &RequestContext<'_>, status: StatusCode, live: Markup) -> Reply {
    let head = html! {
        p .lead {
            "A scenario is played in virtual time with the Workers, TaskQueues and Workflows of this Workspace. Nothing is written. "
            "At most " (CALLS_MAX) " calls a replication and " (AGENTS_MAX) " agents; "
            code { "cordboard simulate" } " has no such limits, and compares two set-ups."
        }
    };
    let page = Page {
        title: Section::Simulation.title(),
        section: Some(Section::Simulation),
        watch: None,
        head,
        live,
    };
    layout::page_with(context, status, page)
}

fn form(context: &RequestContext<'_>, text: &str) -> Markup {
    html! {
        form .stacked method="post" action=(PATH) {
            (csrf(context))
            label for="Scenario" { "Scenario" }
            textarea #Scenario name="Scenario" rows="24" spellcheck="false" required aria-describedby="scenario-help" { (text) }
            p #scenario-help .quiet { "YAML: the guide page “Simulate” explains every key." }
            button .primary type="submit" { "Run" }
        }
    }
}

/// The plan of a scenario within the limits of a page.
fn plan(centre: &Centre, text: &str) -> Result<Plan, String> {
    let no_files = |_: &std::path::Path| {
        Err("a page reads no files; run `cordboard simulate` for recorded calls".to_owned())
    };
    let scenario = written::read(text).map_err(|error| error.to_string())?;
    let plan = Plan::new(centre, scenario, &no_files).map_err(|error| error.to_string())?;
    let calls = plan.calls_per_replication();
    if calls > CALLS_MAX {
        return Err(format!(
            "A replication has {calls:.0} calls, and a page runs at most {CALLS_MAX}: take fewer days or calls, or run `cordboard simulate`."
        ));
    }
    let agents = plan.agents();
    if agents > AGENTS_MAX {
        return Err(format!(
            "The scenario has {agents} agents, and a page runs at most {AGENTS_MAX}: run `cordboard simulate`."
        ));
    }
    Ok(plan)
}

/// Runs replications for [`TIME_MAX`], beside the requests of the process. One run at a time.
async fn simulated(context: &RequestContext<'_>, plan: Plan) -> Result<Summary, Refused> {
    let Ok(permit) = Arc::clone(&context.console.simulations).try_acquire_owned() else {
        return Err(Refused {
            status: StatusCode::TOO_MANY_REQUESTS,
            message: "another simulation is running; try again in a few seconds".to_owned(),
        });
    };
    let failed = |message: String| Refused {
        status: StatusCode::UNPROCESSABLE_ENTITY,
        message: format!("the scenario cannot be simulated: {message}"),
    };
    let running = tokio::task::spawn_blocking(move || {
        let _held_until_the_end = permit;
        let began = Instant::now();
        let goes_on = || began.elapsed() < TIME_MAX;
        simulate_while(&plan, NonZeroUsize::MIN, &goes_on)
    });
    let ended = running.await.map_err(|error| failed(error.to_string()))?;
    ended.map_err(|error| failed(error.to_string()))
}

/// The set-up of the Workspace that the pages show, if it receives the centre's calls.
async fn centre(
    context: &RequestContext<'_>,
) -> Result<Option<(Centre, Arc<VoiceSettings>)>, Refused> {
    let store = &context.console.api.store;
    let settings = store.voice_settings(context.now).await;
    let settings = settings.map_err(Refused::unavailable)?;
    let settings = settings.filter(|settings| settings.workspace_sid == context.workspace);
    let Some(settings) = settings else {
        return Ok(None);
    };
    let workspace = store.workspace(context.workspace, context.now).await;
    let Some(workspace) = workspace.map_err(Refused::unavailable)? else {
        return Ok(None);
    };
    let sids = store.worker_sids(context.workspace).await;
    let sids = sids.map_err(Refused::unavailable)?;
    if sids.len() > AGENTS_MAX {
        return Err(Refused {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            message: format!(
                "the Workspace has {} Workers, and a page simulates at most {AGENTS_MAX}; run `cordboard simulate`",
                sids.len()
            ),
        });
    }
    let workers = store.recent_workers(&sids).await;
    let workers = workers.map_err(Refused::unavailable)?;
    let centre = Centre {
        workflow: settings.workflow_sid,
        workers: workers.iter().map(unoccupied).collect(),
        ring_timeout: Millis::from_secs(u64::from(settings.worker_ring_timeout_secs)),
        post_work_activity: settings.post_work_activity_sid,
        workspace: (*workspace).clone(),
    };
    Ok(Some((centre, settings)))
}

/// A Worker without Tasks and without a past.
fn unoccupied(worker: &Worker) -> Worker {
    let created = Timestamp::from_millis(0);
    let channel = |channel: &WorkerChannel| WorkerChannel {
        last_reserved_at: None,
        ..channel.clone()
    };
    Worker {
        attributes: worker.attributes.clone(),
        channels: worker.channels.iter().map(channel).collect(),
        ..Worker::new(
            worker.sid,
            worker.workspace_sid,
            &worker.friendly_name,
            worker.activity_sid,
            created,
        )
    }
}
