//! The voice flows: a drawing of each, the callers at its steps, and the path of one call.
//!
//! Where a call is between two webhooks is known to the carrier alone, because the state is in the
//! URLs of its documents. A call with a Task is known: the Task has the step that created it.

mod calls;
mod drawing;
mod names;

use std::collections::BTreeSet;
use std::sync::Arc;

use maud::{Markup, html};
use serde_json::Value;
use voice_flows::{CallPath, Destination, Exit, Outline, Row, StepId, VoiceFlows};

use crate::changes::Watch;
use crate::console::{Refused, text};
use crate::layout::{self, Page};
use crate::reply::Reply;
use crate::request_context::RequestContext;
use crate::section::{Resource, Section};

use super::resource::{age, link};
use calls::{CallAtStep, CallsAtSteps};
pub use names::Names;

/// The console's address of the page.
const PATH: &str = "/console/flows";

/// The query parameter with the Task whose path is shown.
const TASK: &str = "task";

/// The page.
pub async fn show(context: &RequestContext<'_>) -> Result<Reply, Refused> {
    let (head, live) = match flows_of(context).await? {
        Some(flows) => drawn(context, &flows).await?,
        None => (html! {}, none()),
    };
    let page = Page {
        title: Section::Flows.title(),
        section: Some(Section::Flows),
        watch: Some(Watch::Tasks),
        head,
        live,
    };
    Ok(layout::page(context, page))
}

fn none() -> Markup {
    html! {
        p .empty {
            "This Workspace has no voice flows: callers hear the menu of contact-centre.yaml, or what an application answers."
        }
    }
}

/// The flows of new calls, if this Workspace receives them.
async fn flows_of(context: &RequestContext<'_>) -> Result<Option<Arc<VoiceFlows>>, Refused> {
    let store = &context.console.api.store;
    let settings = store
        .voice_settings(context.now)
        .await
        .map_err(Refused::unavailable)?;
    let settings = settings.filter(|settings| settings.workspace_sid == context.workspace);
    let Some(version) = settings.and_then(|settings| settings.flows.clone()) else {
        return Ok(None);
    };
    store
        .voice_flows(&version)
        .await
        .map_err(Refused::unavailable)
}

async fn drawn(
    context: &RequestContext<'_>,
    flows: &VoiceFlows,
) -> Result<(Markup, Markup), Refused> {
    let calls = calls::at_steps(context, flows).await?;
    let names = Names::read(context).await;
    let marked = marked(context, flows).await?;
    let outlines = flows.outlines();
    let numbers: Vec<(&String, &String)> = flows.numbers.iter().collect();
    let head = html! {
        p .lead {
            "What callers hear, as the file declares it. A number beside a step: calls whose Task waits or is worked on there."
        }
        nav aria-label="Flows" .row {
            @for outline in &outlines { a href={ "#flow-" (outline.name) } { (outline.name) } }
        }
    };
    let live = html! {
        @if calls.earlier > 0 {
            p .quiet { (calls.earlier) " calls are in an earlier version of the flows." }
        }
        @if calls.is_cut { p .quiet { "There are more Tasks than were read: the numbers are too low." } }
        @if let Some(task) = &marked { (marked_note(task)) }
        div .flows {
            @for outline in &outlines {
                @let path = marked.as_ref().map(|task| &task.steps);
                (card(outline, &numbers, &calls, &names, path))
            }
        }
    };
    Ok((head, live))
}

/// The path of one call that the page shows.
struct MarkedPath {
    task: String,
    steps: BTreeSet<StepId>,
}

/// The path of the Task in the query. A call in an earlier version has none in these drawings.
async fn marked(
    context: &RequestContext<'_>,
    flows: &VoiceFlows,
) -> Result<Option<MarkedPath>, Refused> {
    let task = context.query.text(TASK);
    if Resource::of_sid(task) != Some(Resource::Tasks) {
        return Ok(None);
    }
    let resource = context.get(&format!("Tasks/{task}")).await?;
    let path = path_of(&resource).filter(|path| is_current(path, flows));
    Ok(path.map(|path| MarkedPath {
        task: task.to_owned(),
        steps: path.steps.into_iter().collect(),
    }))
}

fn is_current(path: &CallPath, flows: &VoiceFlows) -> bool {
    flows.version().is_ok_and(|version| version == path.version)
}

fn marked_note(marked: &MarkedPath) -> Markup {
    html! {
        p .done {
            "The path of " (link(Resource::Tasks, &marked.task, "this Task")) " is marked. "
            a href=(PATH) { "Show the flows without it" } "."
        }
    }
}

fn card(
    outline: &Outline,
    numbers: &[(&String, &String)],
    calls: &CallsAtSteps,
    names: &Names,
    path: Option<&BTreeSet<StepId>>,
) -> Markup {
    let name = &outline.name;
    let of_numbers: Vec<&str> = numbers
        .iter()
        .filter(|(_, flow)| *flow == name)
        .map(|(number, _)| number.as_str())
        .collect();
    html! {
        section .card id={ "flow-" (name) } aria-labelledby={ "flow-name-" (name) } {
            h2 id={ "flow-name-" (name) } { (name) }
            p .state {
                @if !of_numbers.is_empty() { "Callers of " (of_numbers.join(", ")) ". " }
                @if let Some(to) = &outline.on_error { "A step that fails leads to " (destination(to)) "." }
            }
            div .scroll role="region" tabindex="0" aria-label={ "Drawing of the flow " (name) } {
                (drawing::of(outline, calls, names, path))
            }
            @let waiting: Vec<&CallAtStep> = outline.rows.iter().flat_map(|row| calls.at(row.step)).collect();
            @if !waiting.is_empty() {
                ul .reasons {
                    @for call in waiting { (call_at_step(call)) }
                }
            }
            details id={ "text-" (name) } {
                summary { "As text" }
                ol .reasons { @for row in &outline.rows { (line(outline, row, calls, names)) } }
            }
        }
    }
}

fn call_at_step(call: &CallAtStep) -> Markup {
    html! {
        li {
            (link(Resource::Tasks, &call.task, &call.from)) ": " (call.status) " at " code { (call.label) } ", since "
            (age(call.age_secs))
        }
    }
}

/// A step as a sentence.
fn line(outline: &Outline, row: &Row, calls: &CallsAtSteps, names: &Names) -> Markup {
    let under = row
        .from
        .and_then(|from| outline.rows.get(from))
        .filter(|from| from.depth < row.depth);
    let count = calls.at(row.step).len();
    html! {
        li {
            strong { (row.verb) } " " (names.about(&row.about))
            @if let Some(under) = under { " (under " (under.verb) ": " (row.via) ")" }
            @for exit in &row.exits { "; " (exit_text(exit)) }
            @if count > 0 { ". Calls here: " (count) }
        }
    }
}

fn exit_text(exit: &Exit) -> Markup {
    html! { @if !exit.when.is_empty() { (exit.when) ": " } (destination(&exit.to)) }
}

fn destination(to: &Destination) -> Markup {
    html! {
        @match to {
            Destination::Flow(name) => { a href={ (PATH) "#flow-" (name) } { (name) } },
            Destination::Step(_) | Destination::Next | Destination::End | Destination::HangUp => (words(to)),
        }
    }
}

/// A destination as plain words.
fn words(to: &Destination) -> &str {
    match to {
        Destination::Flow(name) | Destination::Step(name) => name,
        Destination::Next => "the next step",
        Destination::End => "the end",
        Destination::HangUp => "hang up",
    }
}

/// The path of a call in a Task's attributes, as the API shows them.
fn path_of(task: &Value) -> Option<CallPath> {
    let attributes: Value = serde_json::from_str(text(task, "attributes")).ok()?;
    CallPath::of_task(attributes.as_object()?)
}

/// The section of a Task's page: the steps through which its call came. Empty for a Task that no flow
/// created.
pub async fn path(context: &RequestContext<'_>, task: &Value) -> Markup {
    let Some(path) = path_of(task) else {
        return html! {};
    };
    let store = &context.console.api.store;
    let flows = store.voice_flows(&path.version).await;
    let flows = flows.map_err(Refused::unavailable);
    let names = Names::read(context).await;
    let sid = text(task, "sid");
    html! {
        section aria-labelledby="path" {
            h2 #path { "Path through the flow" }
            @match &flows {
                Ok(Some(flows)) => {
                    ol .reasons { @for step in &path.steps { (step_of(flows, *step, &names)) } }
                    p .quiet {
                        "The newest steps, up to the one that created this Task. "
                        a href={ (PATH) "?" (TASK) "=" (sid) } { "Show the path in the drawing" } "."
                    }
                },
                Ok(None) => { p .quiet { "The call's version of the flows is not stored any more." } },
                Err(refused) => { p .quiet { (refused.message) } },
            }
        }
    }
}

fn step_of(flows: &VoiceFlows, step: StepId, names: &Names) -> Markup {
    html! {
        li {
            @match flows.step(step) {
                Some(step) => {
                    @let (verb, about) = flows.about(step);
                    code { (step.label) } " " strong { (verb) } " " (names.about(&about))
                },
                None => { "step " (step.0) },
            }
        }
    }
}
