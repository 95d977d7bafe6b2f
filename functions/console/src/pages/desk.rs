//! An agent's desktop: their Activity, what they are offered and how long for, what they work on.

use std::sync::Arc;

use futures_util::future::try_join_all;
use http::{Method, StatusCode};
use ids::WorkerSid;
use maud::{Markup, html};
use serde_json::Value;
use task_router::model::{
    AssignmentStatus, Reservation, ReservationStatus, Task, Worker, Workspace,
};

use super::resource::{age, left_secs};
use crate::changes::Watch;
use crate::form::Form;
use crate::layout::{self, Page, button, csrf};
use crate::reply::Reply;
use crate::request_context::{Refused, RequestContext, entries, text};
use crate::routes::nothing_here;
use crate::session::{Role, TICKET_LIFE};

/// Workers one can choose from.
const CHOICES_MAX: usize = 200;

/// Minutes of the statistics: a day.
const STATISTICS_MINUTES: u32 = 24 * 60;

/// For an administrator: whose desktop?
pub async fn choose(visit: &RequestContext<'_>) -> Result<Reply, Refused> {
    let list = visit
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
    let head = html! { p .lead { "Whose desktop do you want to work at?" } };
    Ok(layout::page(
        visit,
        Page {
            title: "Agent desktop",
            section: "desk",
            watch: Some(Watch::Workers),
            head,
            live,
        },
    ))
}

/// A link that signs somebody in as this Worker, who then sees nothing else.
pub async fn link(visit: &RequestContext<'_>, worker: &str) -> Result<Reply, Refused> {
    let sid = sid(visit, worker)?;
    let resource = visit.get(&format!("Workers/{sid}")).await?;
    let address = format!(
        "/console/sign-in?ticket={}",
        visit.console.signer.ticket(Role::Agent(sid), visit.now)
    );
    let live = html! {
        p { "This link signs " strong { (text(&resource, "friendly_name")) } " in, for " (TICKET_LIFE.as_secs() / 60)
            " minutes from now. Whoever has it sees their desktop and nothing else." }
        p { a #ticket href=(address) { "Sign in as " (text(&resource, "friendly_name")) } }
    };
    Ok(layout::page(
        visit,
        Page {
            title: "A link for an agent",
            section: "desk",
            watch: None,
            head: html! {},
            live,
        },
    ))
}

/// The desktop, or what was done at it.
pub async fn answer(
    visit: &RequestContext<'_>,
    method: &Method,
    worker: &str,
    rest: &[&str],
) -> Result<Reply, Refused> {
    let sid = sid(visit, worker)?;
    let done = match (method.as_str(), rest) {
        ("GET", []) => return show(visit, sid, None).await,
        ("GET", ["statistics"]) => {
            return Ok(Reply::page(StatusCode::OK, statistics(visit, sid).await));
        }
        ("POST", ["activity"]) => set_activity(visit, sid).await,
        ("POST", ["reservations", reservation]) => set_reservation(visit, sid, reservation).await,
        ("POST", ["tasks", task]) => finish(visit, sid, task).await,
        _ => return Err(nothing_here(visit)),
    };
    match done {
        Ok(_) => Ok(Reply::see_other(format!("/console/desk/{sid}"))),
        Err(refused) if visit.is_part() => Err(refused),
        // Somebody was faster, or the call ended meanwhile: the desktop as it is, and the sentence.
        Err(refused) => show(visit, sid, Some(&refused)).await,
    }
}

fn sid(visit: &RequestContext<'_>, worker: &str) -> Result<WorkerSid, Refused> {
    worker.parse().map_err(|_| nothing_here(visit))
}

async fn set_activity(visit: &RequestContext<'_>, worker: WorkerSid) -> Result<Value, Refused> {
    visit
        .post(&format!("Workers/{worker}"), &only(visit, &["ActivitySid"]))
        .await
}

async fn set_reservation(
    visit: &RequestContext<'_>,
    worker: WorkerSid,
    reservation: &str,
) -> Result<Value, Refused> {
    let reservation: ids::ReservationSid = reservation.parse().map_err(|_| nothing_here(visit))?;
    visit
        .post(
            &format!("Workers/{worker}/Reservations/{reservation}"),
            &only(visit, &["ReservationStatus"]),
        )
        .await
}

/// Wraps up or completes a Task this Worker holds, with what they noted.
async fn finish(
    visit: &RequestContext<'_>,
    worker: WorkerSid,
    task: &str,
) -> Result<Value, Refused> {
    let desk = Desk::read(visit, worker).await?;
    let held = desk
        .held
        .iter()
        .find(|held| held.task.sid.to_string() == task)
        .ok_or_else(|| nothing_here(visit))?;
    visit
        .post(
            &format!("Tasks/{}", held.task.sid),
            &only(visit, &["AssignmentStatus", "Reason"]),
        )
        .await
}

/// These fields of the form, where there is something in them.
fn only(visit: &RequestContext<'_>, names: &[&str]) -> Form {
    let mut form = Form::default();
    for name in names
        .iter()
        .filter(|name| !visit.form.text(name).is_empty())
    {
        form.push(name, visit.form.text(name));
    }
    form
}

/// What a Worker has in hand. The moment an offer ends is in no resource of the API, so it is read from the table.
struct Desk {
    workspace: Arc<Workspace>,
    worker: Worker,
    held: Vec<Held>,
}

struct Held {
    task: Task,
    reservation: Reservation,
}

impl Desk {
    async fn read(visit: &RequestContext<'_>, sid: WorkerSid) -> Result<Self, Refused> {
        let store = &visit.console.api.store;
        let workspace = store
            .workspace(visit.workspace, visit.now)
            .await
            .map_err(Refused::away)?;
        let worker = store.worker(sid).await.map_err(Refused::away)?;
        let here = worker.filter(|worker| worker.workspace_sid == visit.workspace);
        let (workspace, worker) = workspace.zip(here).ok_or_else(|| nothing_here(visit))?;
        let tasks = try_join_all(
            worker
                .open_reservations
                .iter()
                .map(|open| store.task(open.task_sid)),
        )
        .await
        .map_err(Refused::away)?;
        let is_open = |reservation: &Reservation| {
            reservation.worker_sid == sid && reservation.status.is_open()
        };
        let held = tasks.into_iter().flatten().filter_map(|task| {
            let reservation = task
                .reservations
                .iter()
                .find(|reservation| is_open(reservation))?
                .clone();
            Some(Held { task, reservation })
        });
        Ok(Self {
            workspace,
            held: held.collect(),
            worker,
        })
    }
}

async fn show(
    visit: &RequestContext<'_>,
    sid: WorkerSid,
    refused: Option<&Refused>,
) -> Result<Reply, Refused> {
    let desk = Desk::read(visit, sid).await?;
    let live = html! {
        @if let Some(refused) = refused { p .alert role="alert" { (refused.message) } }
        (activities(visit, &desk))
        section aria-labelledby="work" {
            h2 #work { "Work" }
            @if desk.held.is_empty() { p .empty { (nothing_to_do(&desk)) } }
            @for held in &desk.held { (card(visit, &desk, held)) }
        }
        p .unseen data-announce="" { (announcement(&desk)) }
    };
    let is_administrator = visit.session.role == Role::Administrator;
    let head = html! {
        @if is_administrator {
            form method="post" action={ "/console/desk/" (sid) "/link" } { (csrf(visit)) button .quiet type="submit" { "A sign-in link for this agent" } }
        }
    };
    let title = format!("{}’s desktop", desk.worker.friendly_name);
    let page = Page {
        title: &title,
        section: "desk",
        watch: Some(Watch::Worker(sid)),
        head,
        live,
    };
    // A day's numbers are fetched beside the work, which must not wait for them.
    let address = format!("/console/desk/{sid}/statistics");
    let tail =
        html! { div #day hx-get=(address) hx-trigger="load, every 60s" hx-swap="innerHTML" {} };
    Ok(layout::page_and(
        visit,
        refused.map_or(StatusCode::OK, |refused| refused.status),
        page,
        tail,
    ))
}

fn activities(visit: &RequestContext<'_>, desk: &Desk) -> Markup {
    let address = format!("/console/desk/{}/activity", desk.worker.sid);
    let since = visit.now.since(desk.worker.date_status_changed).as_secs();
    let current = desk.workspace.activities.get(&desk.worker.activity_sid);
    html! {
        section aria-labelledby="activity" {
            h2 #activity { "Activity" }
            p { strong #current { (current.map_or("", |activity| activity.friendly_name.as_str())) } " for " (age(Some(since))) }
            div .controls role="group" aria-label="Change activity" {
                @for activity in desk.workspace.activities.values().filter(|activity| activity.sid != desk.worker.activity_sid) {
                    (button(visit, &address, &activity.friendly_name, &[("ActivitySid", &activity.sid.to_string())], ""))
                }
            }
        }
    }
}

fn nothing_to_do(desk: &Desk) -> &'static str {
    if desk.workspace.is_available(desk.worker.activity_sid) {
        "Nothing at the moment. What is offered to you appears here by itself."
    } else {
        "You are not available, so nothing is offered to you."
    }
}

fn card(visit: &RequestContext<'_>, desk: &Desk, held: &Held) -> Markup {
    let Held { task, reservation } = held;
    let queue = desk
        .workspace
        .task_queues
        .get(&task.task_queue_sid)
        .map_or("", |queue| queue.friendly_name.as_str());
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
            dl { @for (name, value) in attributes(task) { dt { (name) } dd { (value) } } }
            @if is_offer { (offer(visit, desk, held)) } @else { (work(visit, desk, held)) }
        }
    }
}

/// Who it is about, as far as the attributes say.
fn title(task: &Task) -> String {
    let about: Value = serde_json::from_str(&task.attributes.to_json()).unwrap_or_default();
    let who = ["name", "from"]
        .into_iter()
        .find_map(|key| about.get(key).and_then(Value::as_str));
    match who {
        Some(who) => format!("{} · {who}", task.channel),
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
    let about: Value = serde_json::from_str(&task.attributes.to_json()).unwrap_or_default();
    let shown = |value: &Value| {
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    };
    about
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.clone(), shown(value)))
        .collect()
}

/// A call is taken at the phone; everything else here.
fn offer(visit: &RequestContext<'_>, desk: &Desk, held: &Held) -> Markup {
    let left = held.reservation.expires_at.since(visit.now).as_secs();
    let address = format!(
        "/console/desk/{}/reservations/{}",
        desk.worker.sid, held.reservation.sid
    );
    html! {
        p { "Yours for " (left_secs(left)) " more" }
        @if held.reservation.instruction.is_some() {
            p { strong { "Your phone rings. Pick it up to take this call." } }
        } @else {
            div .controls {
                (button(visit, &address, "Accept", &[("ReservationStatus", "accepted")], "primary"))
                (button(visit, &address, "Reject", &[("ReservationStatus", "rejected")], "danger"))
            }
        }
    }
}

fn work(visit: &RequestContext<'_>, desk: &Desk, held: &Held) -> Markup {
    let address = format!("/console/desk/{}/tasks/{}", desk.worker.sid, held.task.sid);
    let is_wrapping = held.task.assignment_status == AssignmentStatus::Wrapping;
    let note = format!("note-{}", held.task.sid);
    html! {
        form .stacked method="post" action=(address) hx-post=(address) hx-target="#live" hx-select="#live" hx-swap="outerHTML" {
            (csrf(visit))
            label for=(note) { "Note" }
            textarea id=(note) name="Reason" rows="3" maxlength="1000" {}
            div .controls {
                @if !is_wrapping { button id={ "wrap-" (held.task.sid) } type="submit" name="AssignmentStatus" value="wrapping" { "Wrap up" } }
                button .primary id={ "complete-" (held.task.sid) } type="submit" name="AssignmentStatus" value="completed" { "Complete" }
            }
        }
    }
}

/// A day of one's own, if the API can tell.
async fn statistics(visit: &RequestContext<'_>, sid: WorkerSid) -> Markup {
    let answer = visit
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
