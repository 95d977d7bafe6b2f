//! Reservation (taskrouter.md sections 2.9, 6 and 11.4), under its Task and under its Worker.
//!
//! A Reservation is stored inside its Task, and its version is the Task's. Reservations of earlier
//! rounds are reconstructed from Events (`history`). Answers and instructions are in `change`.

mod change;
mod history;

use ids::{AccountSid, ReservationSid, TaskSid, WorkerSid, WorkspaceSid};
use serde::Serialize;
use serde_json::Value;
use task_router::model::{Reservation, ReservationStatus, Task, Worker, Workspace};

use super::{task, worker};
use crate::answer::Answer;
use crate::error::ApiError;
use crate::paging::{Listed, Paging, SortKey};
use crate::request_context::RequestContext;
use crate::view::View;

pub use change::{update_of_task, update_of_worker};

const STATUS: &str = "ReservationStatus";

/// Every status, in the order of taskrouter.md section 6.
const STATUSES: [ReservationStatus; 8] = [
    ReservationStatus::Pending,
    ReservationStatus::Accepted,
    ReservationStatus::Rejected,
    ReservationStatus::Timeout,
    ReservationStatus::Canceled,
    ReservationStatus::Rescinded,
    ReservationStatus::Wrapping,
    ReservationStatus::Completed,
];

/// `GET …/Tasks/{TaskSid}/Reservations`; filters `ReservationStatus`, `WorkerSid`.
pub async fn list_of_task(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let paging = Paging::read(&context.query)?;
    let status = context.query.parsed(STATUS, any_status)?;
    let worker: Option<WorkerSid> = context.query.sid("WorkerSid")?;
    let task = task::find(context, "TaskSid").await?;
    let earlier = history::of_task(context, &task).await?;
    let all = earlier
        .into_iter()
        .map(|reservation| Found {
            task: task.clone(),
            reservation,
        })
        .chain(Found::all(&task));
    let found: Vec<Found> = all.filter(|found| found.matches(status, worker)).collect();
    let url = format!(
        "{}/{}/Reservations",
        task::url(&context.view, task.workspace_sid),
        task.sid
    );
    let answer = paging.answer("reservations", &url, found, |found| {
        found.render(&context.view, &url)
    })?;
    Ok(answer.with_versions([(task.sid, task.visible_version())].into_iter()))
}

/// `GET …/Workers/{WorkerSid}/Reservations`; filter `ReservationStatus`. The list has the Worker's
/// open Reservations, and those that ended within the time for which ended Tasks are readable.
pub async fn list_of_worker(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let paging = Paging::read(&context.query)?;
    let status = context.query.parsed(STATUS, any_status)?;
    let workspace = context.workspace().await?;
    let worker = worker::find(context, "WorkerSid").await?;
    let mut found = open_of(context, &worker).await?;
    for ended in history::of_worker(context, &workspace, &worker).await? {
        if found
            .iter()
            .all(|known| known.reservation.sid != ended.reservation.sid)
        {
            found.push(ended);
        }
    }
    found.retain(|found| found.matches(status, Some(worker.sid)));
    let url = url_under_worker(&context.view, &worker);
    let answer = paging.answer("reservations", &url, found, |found| {
        found.render(&context.view, &url)
    })?;
    Ok(answer.with_versions([(worker.sid, worker.version)].into_iter()))
}

/// `GET …/Tasks/{TaskSid}/Reservations/{Sid}`
pub async fn fetch_of_task(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let found = find_under_task(context).await?;
    found.answer(context, &found.url_under_task(&context.view))
}

/// `GET …/Workers/{WorkerSid}/Reservations/{Sid}`
pub async fn fetch_of_worker(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let (worker, found) = find_under_worker(context).await?;
    found.answer(context, &url_under_worker(&context.view, &worker))
}

/// A Reservation with its Task.
#[derive(Debug, Clone)]
struct Found {
    task: Task,
    reservation: Reservation,
}

impl Found {
    fn all(task: &Task) -> impl Iterator<Item = Self> {
        task.reservations.iter().map(|reservation| Self {
            task: task.clone(),
            reservation: reservation.clone(),
        })
    }

    fn matches(&self, status: Option<ReservationStatus>, worker: Option<WorkerSid>) -> bool {
        status.is_none_or(|status| self.reservation.status == status)
            && worker.is_none_or(|worker| self.reservation.worker_sid == worker)
    }

    fn url_under_task(&self, view: &View) -> String {
        format!(
            "{}/{}/Reservations",
            task::url(view, self.task.workspace_sid),
            self.task.sid
        )
    }

    fn answer(&self, context: &RequestContext<'_>, url: &str) -> Result<Answer, ApiError> {
        Ok(Answer::ok(self.render(&context.view, url)?).with_version(self.task.visible_version()))
    }

    fn render(&self, view: &View, url: &str) -> serde_json::Result<Value> {
        let task = &self.task;
        let reservation = &self.reservation;
        let workers = worker::url(view, task.workspace_sid);
        serde_json::to_value(ReservationResource {
            account_sid: view.account_sid,
            date_created: reservation.date_created.to_iso8601(),
            date_updated: reservation.date_updated.to_iso8601(),
            reservation_status: reservation.status.as_str(),
            sid: reservation.sid,
            task_sid: task.sid,
            worker_name: &reservation.worker_name,
            worker_sid: reservation.worker_sid,
            workspace_sid: task.workspace_sid,
            url: format!("{url}/{}", reservation.sid),
            links: ReservationLinks {
                task: format!("{}/{}", task::url(view, task.workspace_sid), task.sid),
                worker: format!("{workers}/{}", reservation.worker_sid),
                workspace: view.workspace(task.workspace_sid),
            },
        })
    }
}

impl Listed for Found {
    fn sort_key(&self) -> SortKey {
        SortKey::new(self.reservation.date_created, self.reservation.sid)
    }
}

fn url_under_worker(view: &View, worker: &Worker) -> String {
    format!(
        "{}/{}/Reservations",
        worker::url(view, worker.workspace_sid),
        worker.sid
    )
}

async fn find_under_task(context: &RequestContext<'_>) -> Result<Found, ApiError> {
    let sid: ReservationSid = context.sid("Sid")?;
    let task = task::find(context, "TaskSid").await?;
    find_in(context, task, sid)
        .await?
        .ok_or_else(|| context.not_found())
}

/// A Reservation of the Task, in its latest round or in an earlier one.
async fn find_in(
    context: &RequestContext<'_>,
    task: Task,
    sid: ReservationSid,
) -> Result<Option<Found>, ApiError> {
    let reservation = match task.reservation(sid) {
        Some(reservation) => Some(reservation.clone()),
        None => history::of_task(context, &task)
            .await?
            .into_iter()
            .find(|reservation| reservation.sid == sid),
    };
    Ok(reservation.map(|reservation| Found { task, reservation }))
}

/// The Worker and the Reservation in the path. The Task of an open Reservation is stored with its
/// Worker. The Task of an ended one is in the table's reservation index if the Worker was called by
/// it; otherwise it is found in recent Events.
async fn find_under_worker(context: &RequestContext<'_>) -> Result<(Worker, Found), ApiError> {
    let sid: ReservationSid = context.sid("Sid")?;
    let workspace = context.workspace().await?;
    let worker = worker::find(context, "WorkerSid").await?;
    let open = worker
        .open_reservations
        .iter()
        .find(|open| open.sid == sid)
        .map(|open| open.task_sid);
    let task = match open {
        Some(task) => Some(task),
        None => context.api.store.task_of_reservation(sid).await?,
    };
    let found = match task {
        Some(task) => match readable_task(context, &workspace, task).await? {
            Some(task) => find_in(context, task, sid).await?,
            None => None,
        },
        None => history::of_worker(context, &workspace, &worker)
            .await?
            .into_iter()
            .find(|found| found.reservation.sid == sid),
    };
    let found = found
        .filter(|found| found.reservation.worker_sid == worker.sid)
        .ok_or_else(|| context.not_found())?;
    Ok((worker, found))
}

/// The Task, unless it has ended and is not readable any more.
async fn readable_task(
    context: &RequestContext<'_>,
    workspace: &Workspace,
    sid: TaskSid,
) -> Result<Option<Task>, ApiError> {
    let task = context.api.store.task(sid).await?;
    Ok(task.filter(|task| task.is_readable(workspace.rules.ended_task_kept, context.now)))
}

/// The Worker's open Reservations, which occupy slots of the Worker.
async fn open_of(context: &RequestContext<'_>, worker: &Worker) -> Result<Vec<Found>, ApiError> {
    let tasks = worker::open_tasks(context, worker).await?;
    Ok(tasks
        .iter()
        .flat_map(Found::all)
        .filter(|found| found.reservation.worker_sid == worker.sid)
        .collect())
}

fn any_status(text: &str) -> Result<ReservationStatus, String> {
    let known = || STATUSES.map(ReservationStatus::as_str).join(", ");
    STATUSES
        .into_iter()
        .find(|status| status.as_str() == text)
        .ok_or_else(|| format!("expected one of {}", known()))
}

#[derive(Serialize)]
struct ReservationResource<'a> {
    account_sid: AccountSid,
    date_created: String,
    date_updated: String,
    reservation_status: &'static str,
    sid: ReservationSid,
    task_sid: TaskSid,
    worker_name: &'a str,
    worker_sid: WorkerSid,
    workspace_sid: WorkspaceSid,
    url: String,
    links: ReservationLinks,
}

#[derive(Serialize)]
struct ReservationLinks {
    task: String,
    worker: String,
    workspace: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::samples::{self, NOON};

    pub(super) fn found(status: ReservationStatus) -> Found {
        let task = samples::task();
        let worker = samples::worker();
        let sid = Reservation::derive_sid(task.sid, 1, worker.sid);
        let reservation = Reservation {
            status,
            ..Reservation::new(sid, worker.sid, worker.friendly_name, NOON, NOON)
        };
        Found { task, reservation }
    }

    #[test]
    fn reservation_has_every_official_property() {
        for status in STATUSES {
            let found = found(status);
            let rendered = found
                .render(&samples::view(), &found.url_under_task(&samples::view()))
                .unwrap();
            samples::assert_official("reservation", &rendered);
            assert_eq!(rendered["reservation_status"], status.as_str());
        }
    }
}
