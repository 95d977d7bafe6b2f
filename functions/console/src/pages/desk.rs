//! An agent's desktop: the Activity, the offers with the time left to answer them, and the accepted
//! Tasks.

use std::borrow::Cow;
use std::sync::Arc;

use futures_util::future::try_join_all;
use http::{Method, StatusCode};
use ids::WorkerSid;
use maud::{Markup, html};
use serde_json::Value;
use task_router::model::{
    AssignmentStatus, Reservation, ReservationStatus, Task, Worker, Workspace,
};
use task_router::router::answer_by;
use vocabulary::visible;

use super::note;
use super::resource::{age, left_secs};
use crate::changes::Watch;
use crate::connected_call;
use crate::console::{Refused, entries, text};
use crate::form::Form;
use crate::layout::{self, Page, button, csrf};
use crate::reply::Reply;
use crate::request_context::RequestContext;
use crate::section::Section;
use crate::session::{Principal, Role, TICKET_LIFE};

/// Maximum number of Workers in the list of desktops.
const CHOICES_MAX: usize = 200;

/// The form field of the button that hangs up.
const HANG_UP: &str = "HangUp";

/// Time range of the statistics in minutes: a day.
const STATISTICS_MINUTES: u32 = 24 * 60;

/// The list of desktops, for an administrator.
pub async fn choose(context: &RequestContext<'_>) -> Result<Reply, Refused> {
    let list = context
        .get(&format!("Workers?PageSize={CHOICES_MAX}"))
        .await?;
    let live = html! {
        ul .choices {
            @for worker in entries(&list) {
                li {
                    a href={ "/console/desk/" (text(worker, "sid")) } { (text(worker, "friendly_name")) } " "
                    span .tag { (text(worker, "activity_name")) }
                }
            }
        }
    };
    let head = html! { p .lead { "Select the Worker whose desktop you want to open." } };
    Ok(layout::page(
        context,
        Page {
            title: "Agent desktop",
            section: Some(Section::Desk),
            watch: Some(Watch::Workers),
            head,
            live,
        },
    ))
}

/// A page with a sign-in link for this Worker's desktop.
pub async fn link(context: &RequestContext<'_>, worker: &str) -> Result<Reply, Refused> {
    let sid = sid(context, worker)?;
    let resource = context.get(&format!("Workers/{sid}")).await?;
    let address = format!(
        "/console/sign-in?ticket={}",
        context
            .console
            .signer
            .ticket(Principal::Agent(sid), context.now)
    );
    let live = html! {
        p { "This link signs " strong { (text(&resource, "friendly_name")) } " in, for " (TICKET_LIFE.as_secs() / 60)
            " minutes from now. It works once, and gives access to this desktop only." }
        p { a #ticket href=(address) { "Sign in as " (text(&resource, "friendly_name")) } }
    };
    Ok(layout::page(
        context,
        Page {
            title: "Sign-in link for an agent",
            section: Some(Section::Desk),
            watch: None,
            head: html! {},
            live,
        },
    ))
}

/// Ends all sessions of this Worker's agent.
pub async fn end_sessions(context: &RequestContext<'_>, worker: &str) -> Result<Reply, Refused> {
    let sid = sid(context, worker)?;
    let resource = context.get(&format!("Workers/{sid}")).await?;
    context
        .console
        .end_sessions(Principal::Agent(sid), context.now)
        .await?;
    let live = html! {
        p .done role="status" { "All sessions of " strong { (text(&resource, "friendly_name")) } " have ended. A sign-in link that was not used yet remains valid for its hour." }
        p { a href={ "/console/desk/" (sid) } { "Back to the desktop" } }
    };
    Ok(layout::page(
        context,
        Page {
            title: "Agent signed out",
            section: Some(Section::Desk),
            watch: None,
            head: html! {},
            live,
        },
    ))
}

/// Shows the desktop, or performs an action at it.
pub async fn answer(
    context: &RequestContext<'_>,
    method: &Method,
    worker: &str,
    rest: &[&str],
) -> Result<Reply, Refused> {
    let sid = sid(context, worker)?;
    let done = match (method.as_str(), rest) {
        ("GET", []) => return show(context, sid, None).await,
        ("GET", ["statistics"]) => {
            return Ok(Reply::page(StatusCode::OK, statistics(context, sid).await));
        }
        ("POST", ["activity"]) => set_activity(context, sid).await,
        ("POST", ["reservations", reservation]) => set_reservation(context, sid, reservation).await,
        ("POST", ["tasks", task]) => finish(context, sid, task).await,
        ("POST", ["tasks", task, "note"]) => return save_note(context, sid, task).await,
        _ => return Err(context.no_such_page()),
    };
    match done {
        Ok(_) => Ok(Reply::see_other(format!("/console/desk/{sid}"))),
        Err(refused) if context.is_part() => Err(refused),
        // The state has changed, for example because the call has ended: the desktop as it is now,
        // with the API's message.
        Err(refused) => show(context, sid, Some(&refused)).await,
    }
}

fn sid(context: &RequestContext<'_>, worker: &str) -> Result<WorkerSid, Refused> {
    worker.parse().map_err(|_| context.no_such_page())
}

async fn set_activity(context: &RequestContext<'_>, worker: WorkerSid) -> Result<Value, Refused> {
    context
        .post(
            &format!("Workers/{worker}"),
            &filled_fields(context, &["ActivitySid"]),
        )
        .await
}

async fn set_reservation(
    context: &RequestContext<'_>,
    worker: WorkerSid,
    reservation: &str,
) -> Result<Value, Refused> {
    let reservation: ids::ReservationSid =
        reservation.parse().map_err(|_| context.no_such_page())?;
    context
        .post(
            &format!("Workers/{worker}/Reservations/{reservation}"),
            &filled_fields(context, &["ReservationStatus"]),
        )
        .await
}

/// Hangs up, wraps up or completes a Task of this Worker. The agent's note is saved first.
async fn finish(
    context: &RequestContext<'_>,
    worker: WorkerSid,
    task: &str,
) -> Result<Value, Refused> {
    let desk = Desk::read(context, worker).await?;
    let held = desk
        .held
        .iter()
        .find(|held| held.task.sid.to_string() == task)
        .ok_or_else(|| context.no_such_page())?;
    note::save(context, &held.task, context.form.text(note::FIELD)).await?;
    if context.form.has(HANG_UP) {
        connected_call::hang_up(context, &held.task).await?;
        return Ok(Value::Null);
    }
    connected_call::refuse_while_connected(&held.task)?;
    let mut form = filled_fields(context, &["AssignmentStatus"]);
    let note = context.form.text(note::FIELD);
    if !note.is_empty() {
        form.push("Reason", note);
    }
    context
        .post(&format!("Tasks/{}", held.task.sid), &form)
        .await
}

/// Saves the note of a Task that this Worker has or had, while the agent types it or after the
/// caller has hung up.
async fn save_note(
    context: &RequestContext<'_>,
    worker: WorkerSid,
    task: &str,
) -> Result<Reply, Refused> {
    let task = note::task_of(context, worker, task)
        .await?
        .ok_or_else(|| context.no_such_page())?;
    note::save(context, &task, context.form.text(note::FIELD)).await?;
    if context.form.has(note::AUTOMATIC) {
        return Ok(Reply::page(StatusCode::NO_CONTENT, html! {}));
    }
    Ok(Reply::see_other(format!("/console/desk/{worker}")))
}

/// The form's values of these fields, without empty ones.
fn filled_fields(context: &RequestContext<'_>, names: &[&str]) -> Form {
    let mut form = Form::default();
    for name in names
        .iter()
        .filter(|name| !context.form.text(name).is_empty())
    {
        form.push(name, context.form.text(name));
    }
    form
}

/// A Worker with the open Reservations. It is read from the table, because no resource of the API
/// has the moment at which an offer ends.
struct Desk {
    workspace: Arc<Workspace>,
    worker: Worker,
    held: Vec<Held>,
    /// Ended Tasks whose notes the agent is still typing.
    noted: Vec<Task>,
}

struct Held {
    task: Task,
    reservation: Reservation,
}

impl Desk {
    async fn read(context: &RequestContext<'_>, sid: WorkerSid) -> Result<Self, Refused> {
        let store = &context.console.api.store;
        let workspace = store
            .workspace(context.workspace, context.now)
            .await
            .map_err(Refused::unavailable)?;
        let worker = store.worker(sid).await.map_err(Refused::unavailable)?;
        let worker = worker.filter(|worker| worker.workspace_sid == context.workspace);
        let (workspace, worker) = workspace
            .zip(worker)
            .ok_or_else(|| context.no_such_page())?;
        let tasks = try_join_all(
            worker
                .open_reservations
                .iter()
                .map(|open| store.task(open.task_sid)),
        )
        .await
        .map_err(Refused::unavailable)?;
        let is_open = |reservation: &Reservation| {
            reservation.worker_sid == sid && reservation.status.is_open()
        };
        let held: Vec<Held> = tasks
            .into_iter()
            .flatten()
            .filter_map(|task| {
                let reservation = task
                    .reservations
                    .iter()
                    .find(|reservation| is_open(reservation))?
                    .clone();
                Some(Held { task, reservation })
            })
            .collect();
        let mut noted = note::being_typed(context, sid).await?;
        noted.retain(|task| held.iter().all(|held| held.task.sid != task.sid));
        Ok(Self {
            workspace,
            held,
            worker,
            noted,
        })
    }
}

async fn show(
    context: &RequestContext<'_>,
    sid: WorkerSid,
    refused: Option<&Refused>,
) -> Result<Reply, Refused> {
    let desk = Desk::read(context, sid).await?;
    let live = html! {
        @if let Some(refused) = refused { p .alert role="alert" { (refused.message) } }
        (activities(context, &desk))
        section #tasks aria-labelledby="work" {
            h2 #work { "Work" }
            @if desk.held.is_empty() { p .empty { (nothing_to_do(&desk)) } }
            @for held in &desk.held { (card(context, &desk, held)) }
            @for task in &desk.noted { (ended_card(context, &desk, task)) }
        }
        p .unseen data-announce="" { (announcement(&desk)) }
    };
    let is_administrator = context.session.role() == Role::Administrator;
    let head = html! {
        @if is_administrator {
            div .controls {
                form .inline method="post" action={ "/console/desk/" (sid) "/link" } { (csrf(context)) button .quiet type="submit" { "Create a sign-in link for this agent" } }
                form .inline method="post" action={ "/console/desk/" (sid) "/end-sessions" } { (csrf(context)) button .quiet type="submit" { "Sign this agent out" } }
            }
        }
    };
    let title = format!("{}’s desktop", visible(&desk.worker.friendly_name));
    let page = Page {
        title: &title,
        section: Some(Section::Desk),
        watch: Some(Watch::Worker(sid)),
        head,
        live,
    };
    // The statistics are fetched separately, so that the work does not wait for them.
    let address = format!("/console/desk/{sid}/statistics");
    let tail =
        html! { div #day hx-get=(address) hx-trigger="load, every 60s" hx-swap="innerHTML" {} };
    Ok(layout::page_and(
        context,
        refused.map_or(StatusCode::OK, |refused| refused.status),
        page,
        tail,
    ))
}

fn activities(context: &RequestContext<'_>, desk: &Desk) -> Markup {
    let address = format!("/console/desk/{}/activity", desk.worker.sid);
    let since = context.now.since(desk.worker.date_status_changed).as_secs();
    let current = desk.workspace.activities.get(&desk.worker.activity_sid);
    html! {
        section aria-labelledby="activity" {
            h2 #activity { "Activity" }
            p { strong #current { (current.map_or(Cow::Borrowed(""), |activity| visible(&activity.friendly_name))) } " for " (age(Some(since))) }
            div #activities .controls role="group" aria-label="Change activity" {
                @for activity in desk.workspace.activities.values().filter(|activity| activity.sid != desk.worker.activity_sid) {
                    (button(context, &address, &visible(&activity.friendly_name), &[("ActivitySid", &activity.sid.to_string())], ""))
                }
            }
        }
    }
}

fn nothing_to_do(desk: &Desk) -> &'static str {
    if desk.workspace.is_available(desk.worker.activity_sid) {
        "You have no Tasks. A new offer appears here automatically."
    } else {
        "Your Activity is not available, so you are offered no Tasks."
    }
}

fn card(context: &RequestContext<'_>, desk: &Desk, held: &Held) -> Markup {
    let Held { task, reservation } = held;
    let queue = queue_name(desk, task);
    let is_offer = reservation.status == ReservationStatus::Pending;
    let class = if is_offer {
        "card ringing"
    } else {
        "card connected"
    };
    html! {
        article class=(class) id={ "task-" (task.sid) } aria-label={ "Task from " (queue) } {
            h3 { (title(task)) }
            p .state { (reservation.status.as_str()) " · " (queue) " · waited " (waited(held)) " s" }
            dl { @for (name, value) in attributes(task) { dt { (name) } dd { (attribute(&name, &value)) } } }
            @if is_offer { (offer(context, desk, held)) } @else { (work(context, desk, held)) }
        }
    }
}

fn queue_name<'d>(desk: &'d Desk, task: &Task) -> Cow<'d, str> {
    desk.workspace
        .task_queues
        .get(&task.task_queue_sid)
        .map_or(Cow::Borrowed(""), |queue| visible(&queue.friendly_name))
}

/// A Task that ended while its note was being typed, for example because the caller hung up.
fn ended_card(context: &RequestContext<'_>, desk: &Desk, task: &Task) -> Markup {
    let address = format!("/console/desk/{}/tasks/{}", desk.worker.sid, task.sid);
    html! {
        article .card id={ "task-" (task.sid) } aria-label={ "Ended Task from " (queue_name(desk, task)) } {
            h3 { (title(task)) }
            p .state { (task.assignment_status.as_str()) " · " (queue_name(desk, task)) }
            p { "This Task has ended. Finish your note and save it." }
            form .stacked method="post" action={ (address) "/note" } hx-post={ (address) "/note" } hx-target="#live" hx-select="#live" hx-swap="outerHTML" {
                (csrf(context))
                (note::field(&address, task))
                div .controls { button .primary id={ "save-" (task.sid) } type="submit" { "Save note" } }
            }
        }
    }
}

/// The attributes of a Task, its hidden characters as code points.
fn shown_attributes(task: &Task) -> Value {
    serde_json::from_str(&visible(&task.attributes.to_json())).unwrap_or_default()
}

/// The TaskChannel and, if the attributes name a person or number, that name.
fn title(task: &Task) -> String {
    let about = shown_attributes(task);
    let name = ["name", "from"]
        .into_iter()
        .find_map(|key| about.get(key).and_then(Value::as_str));
    match name {
        Some(name) => format!("{} · {name}", task.channel),
        None => task.channel.to_string(),
    }
}

fn waited(held: &Held) -> u64 {
    held.reservation
        .date_created
        .since(held.task.date_created)
        .as_secs()
}

fn attributes(task: &Task) -> Vec<(String, String)> {
    let about = shown_attributes(task);
    let shown = |value: &Value| {
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    };
    about
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(name, _)| *name != note::ATTRIBUTE)
        .map(|(name, value)| (name.clone(), shown(value)))
        .collect()
}

/// The attribute with the address of a recording, and the end of the names of others.
const RECORDING_URL: &str = "recording_url";

/// The value of an attribute: a link for a recording, so that the agent can listen to it.
fn attribute(name: &str, value: &str) -> Markup {
    let is_link = name.ends_with(RECORDING_URL)
        && (value.starts_with("https://") || value.starts_with("http://"));
    html! {
        @if is_link { a href=(value) target="_blank" rel="noopener noreferrer" { (value) } }
        @else { (value) }
    }
}

/// The controls of an offer. An offer with an instruction is a call, which is answered at the
/// phone.
fn offer(context: &RequestContext<'_>, desk: &Desk, held: &Held) -> Markup {
    let left = answer_by(&held.reservation).map(|until| until.since(context.now).as_secs());
    let address = format!(
        "/console/desk/{}/reservations/{}",
        desk.worker.sid, held.reservation.sid
    );
    html! {
        @if let Some(left) = left { p { "Time left to answer: " (left_secs(left)) } }
        @if held.reservation.instruction.is_some() {
            p { strong { @if left.is_some() { "Your phone is ringing. Answer it to take this call." } @else { "The call is being connected." } } }
        } @else {
            div .controls {
                (button(context, &address, "Accept", &[("ReservationStatus", "accepted")], "primary"))
                (button(context, &address, "Reject", &[("ReservationStatus", "rejected")], "danger"))
            }
        }
    }
}

fn work(context: &RequestContext<'_>, desk: &Desk, held: &Held) -> Markup {
    let address = format!("/console/desk/{}/tasks/{}", desk.worker.sid, held.task.sid);
    let is_wrapping = held.task.assignment_status == AssignmentStatus::Wrapping;
    let is_connected = held.task.connected_call().is_some();
    let sid = held.task.sid;
    html! {
        form .stacked method="post" action=(address) hx-post=(address) hx-target="#live" hx-select="#live" hx-swap="outerHTML" {
            (csrf(context))
            (note::field(&address, &held.task))
            div .controls {
                @if is_connected {
                    button .danger id={ "hang-up-" (sid) } type="submit" name=(HANG_UP) value="yes" { "Hang up" }
                } @else {
                    @if !is_wrapping { button id={ "wrap-" (sid) } type="submit" name="AssignmentStatus" value="wrapping" { "Wrap up" } }
                    button .primary id={ "complete-" (sid) } type="submit" name="AssignmentStatus" value="completed" { "Complete" }
                }
            }
            @if is_connected { p .quiet { "Hang up before you complete the Task." } }
        }
    }
}

/// The statistics of the last 24 hours; empty if the API has none.
async fn statistics(context: &RequestContext<'_>, sid: WorkerSid) -> Markup {
    let answer = context
        .get(&format!(
            "Workers/{sid}/Statistics?Minutes={STATISTICS_MINUTES}"
        ))
        .await
        .unwrap_or_default();
    let cumulative = answer
        .get("cumulative")
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default();
    let numbers = cumulative.iter().filter(|(_, value)| value.is_number());
    html! {
        @if !cumulative.is_empty() {
            section aria-labelledby="last-day" {
                h2 #last-day { "The last 24 hours" }
                dl { @for (name, value) in numbers { dt { (name.replace('_', " ")) } dd { (value) } } }
            }
        }
    }
}

fn announcement(desk: &Desk) -> String {
    let offers = desk
        .held
        .iter()
        .filter(|held| held.reservation.status == ReservationStatus::Pending)
        .count();
    match offers {
        0 => String::new(),
        1 => "You are offered a Task".to_owned(),
        more => format!("You are offered {more} Tasks"),
    }
}
