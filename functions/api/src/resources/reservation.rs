//! Reservation (taskrouter.md sections 2.9, 6 and 11.4), under its Task and under its Worker.
//!
//! A Reservation lives inside its Task, and its version is the Task's. Of earlier rounds nothing is kept but events.

use serde::Serialize;
use serde_json::Value;
use shared::model::{
    AccountSid, AssignmentStatus, EndReason, Reservation, ReservationSid, ReservationStatus, Task, TaskSid, Worker,
    WorkerSid, WorkspaceSid,
};
use shared::router::{Answer as Reply, Event};

use super::{activity, read_all, task, worker};
use crate::answer::Answer;
use crate::call::Call;
use crate::error::ApiError;
use crate::paging::{Listed, Paging, Place};
use crate::parameters::Parameters;
use crate::view::View;

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
pub async fn list_of_task(call: &Call<'_>) -> Result<Answer, ApiError> {
    let paging = Paging::read(&call.query)?;
    let (status, worker): (_, Option<WorkerSid>) =
        (call.query.parsed(STATUS, any_status)?, call.query.sid("WorkerSid")?);
    let task = task::find(call, "TaskSid").await?;
    let found: Vec<Found> = Found::all(&task).filter(|found| found.wanted(status, worker)).collect();
    let url = format!("{}/{}/Reservations", task::url(&call.view, task.workspace_sid), task.sid);
    paging.answer("reservations", &url, found, |found| found.render(&call.view, &url))
}

/// `GET …/Workers/{WorkerSid}/Reservations`; filter `ReservationStatus`.
pub async fn list_of_worker(call: &Call<'_>) -> Result<Answer, ApiError> {
    let paging = Paging::read(&call.query)?;
    let status = call.query.parsed(STATUS, any_status)?;
    let worker = worker::find(call, "WorkerSid").await?;
    let tasks = every_task(call, &worker).await?;
    let of_worker = |found: &Found| found.wanted(status, Some(worker.sid));
    let found: Vec<Found> = tasks.iter().flat_map(Found::all).filter(of_worker).collect();
    let url = url_under_worker(&call.view, &worker);
    paging.answer("reservations", &url, found, |found| found.render(&call.view, &url))
}

/// `GET …/Tasks/{TaskSid}/Reservations/{Sid}`
pub async fn fetch_of_task(call: &Call<'_>) -> Result<Answer, ApiError> {
    let found = find_under_task(call).await?;
    found.answer(call, &found.url_under_task(&call.view))
}

/// `GET …/Workers/{WorkerSid}/Reservations/{Sid}`
pub async fn fetch_of_worker(call: &Call<'_>) -> Result<Answer, ApiError> {
    let (worker, found) = find_under_worker(call).await?;
    found.answer(call, &url_under_worker(&call.view, &worker))
}

/// `POST …/Tasks/{TaskSid}/Reservations/{Sid}` with `ReservationStatus`, and `WorkerActivitySid` with `rejected`.
pub async fn update_of_task(call: &Call<'_>) -> Result<Answer, ApiError> {
    let change = Change::read(&call.form)?;
    let found = find_under_task(call).await?;
    let url = found.url_under_task(&call.view);
    update(call, found, change, &url).await
}

/// `POST …/Workers/{WorkerSid}/Reservations/{Sid}`, as under the Task.
pub async fn update_of_worker(call: &Call<'_>) -> Result<Answer, ApiError> {
    let change = Change::read(&call.form)?;
    let (worker, found) = find_under_worker(call).await?;
    let url = url_under_worker(&call.view, &worker);
    update(call, found, change, &url).await
}

const STATUS: &str = "ReservationStatus";
const WORKER_ACTIVITY: &str = "WorkerActivitySid";

/// What somebody wants of a Reservation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    /// Nothing.
    Nothing,
    /// The Worker takes the Task.
    Accept,
    /// The Worker does not.
    Reject,
    /// The conversation is over.
    Wrap,
    /// All is done.
    Complete,
}

impl Change {
    fn read(form: &Parameters) -> Result<Self, ApiError> {
        form.refuse(&["Instruction"])?;
        let change = form.parsed(STATUS, |text| match text {
            "accepted" => Ok(Self::Accept),
            "rejected" => Ok(Self::Reject),
            "wrapping" => Ok(Self::Wrap),
            "completed" => Ok(Self::Complete),
            _ => Err("expected accepted, rejected, wrapping or completed".to_owned()),
        })?;
        Ok(change.unwrap_or(Self::Nothing))
    }

    /// The event, if the Reservation's status allows it.
    fn event(self, call: &Call<'_>, found: &Found) -> Result<Option<Event>, ApiError> {
        let (task, reservation) = (found.task.sid, found.reservation.sid);
        let answered = |answer| Ok(Some(Event::Answered { task, reservation, answer }));
        match self {
            Self::Nothing => Ok(None),
            Self::Accept => answered(Reply::Accept),
            Self::Reject => answered(Reply::Reject { activity: call.form.sid(WORKER_ACTIVITY)? }),
            Self::Wrap => found.status_set(AssignmentStatus::Wrapping).map(Some),
            Self::Complete => found.status_set(AssignmentStatus::Completed).map(Some),
        }
    }
}

async fn update(call: &Call<'_>, found: Found, change: Change, url: &str) -> Result<Answer, ApiError> {
    let workspace = call.workspace().await?;
    activity::check(call.form.sid(WORKER_ACTIVITY)?, WORKER_ACTIVITY, &workspace)?;
    let Some(event) = change.event(call, &found)? else {
        call.check_version(found.task.version)?;
        return found.answer(call, url);
    };
    let applied = call.apply(&event).await?;
    let task = applied.task.unwrap_or(found.task);
    let now = Found::all(&task).find(|now| now.reservation.sid == found.reservation.sid);
    now.ok_or_else(|| call.not_found())?.answer(call, url)
}

/// A Reservation and the Task it is of.
#[derive(Debug, Clone)]
struct Found {
    task: Task,
    reservation: Reservation,
}

impl Found {
    fn all(task: &Task) -> impl Iterator<Item = Self> {
        task.reservations.iter().map(|reservation| Self { task: task.clone(), reservation: reservation.clone() })
    }

    fn wanted(&self, status: Option<ReservationStatus>, worker: Option<WorkerSid>) -> bool {
        status.is_none_or(|status| self.reservation.status == status)
            && worker.is_none_or(|worker| self.reservation.worker_sid == worker)
    }

    /// The change of the Task that wrapping or completing its Reservation is (taskrouter.md section 11.4).
    fn status_set(&self, status: AssignmentStatus) -> Result<Event, ApiError> {
        let is_held = match self.reservation.status {
            ReservationStatus::Accepted | ReservationStatus::Wrapping => true,
            // Again: it is as it should be.
            ReservationStatus::Completed => status == AssignmentStatus::Completed,
            ReservationStatus::Pending
            | ReservationStatus::Rejected
            | ReservationStatus::Timeout
            | ReservationStatus::Canceled
            | ReservationStatus::Rescinded => false,
        };
        if !is_held {
            let (sid, is) = (self.reservation.sid, self.reservation.status.as_str());
            return Err(ApiError::State(format!("Reservation {sid} is {is} and not currently accepted or wrapping.")));
        }
        Ok(Event::StatusSet { task: self.task.sid, status, reason: EndReason::Given(String::new()) })
    }

    fn url_under_task(&self, view: &View) -> String {
        format!("{}/{}/Reservations", task::url(view, self.task.workspace_sid), self.task.sid)
    }

    fn answer(&self, call: &Call<'_>, url: &str) -> Result<Answer, ApiError> {
        Ok(Answer::ok(self.render(&call.view, url)?).with_version(self.task.version))
    }

    fn render(&self, view: &View, url: &str) -> serde_json::Result<Value> {
        let (task, reservation) = (&self.task, &self.reservation);
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
    fn place(&self) -> Place {
        Place::new(self.reservation.date_created, self.reservation.sid)
    }
}

fn url_under_worker(view: &View, worker: &Worker) -> String {
    format!("{}/{}/Reservations", worker::url(view, worker.workspace_sid), worker.sid)
}

async fn find_under_task(call: &Call<'_>) -> Result<Found, ApiError> {
    let sid: ReservationSid = call.sid("Sid")?;
    let task = task::find(call, "TaskSid").await?;
    Found::all(&task).find(|found| found.reservation.sid == sid).ok_or_else(|| call.not_found())
}

/// An open Reservation is named by its Worker; one that has ended is looked for in every Task.
async fn find_under_worker(call: &Call<'_>) -> Result<(Worker, Found), ApiError> {
    let sid: ReservationSid = call.sid("Sid")?;
    let worker = worker::find(call, "WorkerSid").await?;
    let open = worker.open_reservations.iter().find(|open| open.sid == sid);
    let tasks = match open {
        Some(open) => call.api.store.task(open.task_sid).await?.into_iter().collect(),
        None => every_task(call, &worker).await?,
    };
    let is_it = |found: &Found| found.reservation.sid == sid && found.reservation.worker_sid == worker.sid;
    let found = tasks.iter().flat_map(Found::all).find(is_it).ok_or_else(|| call.not_found())?;
    Ok((worker, found))
}

/// Every Task of the Worker's Workspace that can be read.
async fn every_task(call: &Call<'_>, worker: &Worker) -> Result<Vec<Task>, ApiError> {
    let (store, workspace) = (&call.api.store, call.workspace().await?);
    let mut tasks = read_all(store.task_sids(worker.workspace_sid).await?, |sid| store.task(sid)).await?;
    tasks.retain(|task: &Task| task.is_readable(workspace.rules.ended_task_kept, call.now));
    Ok(tasks)
}

fn any_status(text: &str) -> Result<ReservationStatus, String> {
    let known = || STATUSES.map(ReservationStatus::as_str).join(", ");
    STATUSES.into_iter().find(|status| status.as_str() == text).ok_or_else(|| format!("expected one of {}", known()))
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

    fn found(status: ReservationStatus) -> Found {
        let (task, worker) = (samples::task(), samples::worker());
        let sid = Reservation::derive_sid(task.sid, 1, worker.sid);
        let reservation = Reservation { status, ..Reservation::new(sid, worker.sid, worker.friendly_name, NOON, NOON) };
        Found { task, reservation }
    }

    #[test]
    fn a_reservation_has_every_property_of_the_official_document() {
        for status in STATUSES {
            let found = found(status);
            let rendered = found.render(&samples::view(), &found.url_under_task(&samples::view())).unwrap();
            samples::assert_official("reservation", &rendered);
            assert_eq!(rendered["reservation_status"], status.as_str());
        }
    }

    #[test]
    fn only_a_task_somebody_has_is_wrapped_up_or_completed_through_its_reservation() {
        for status in STATUSES {
            let allowed = |wanted| found(status).status_set(wanted).is_ok();
            let expected = match status.as_str() {
                "accepted" | "wrapping" => (true, true),
                "completed" => (false, true),
                _ => (false, false),
            };
            assert_eq!(
                (allowed(AssignmentStatus::Wrapping), allowed(AssignmentStatus::Completed)),
                expected,
                "{status:?}"
            );
        }
    }

    #[test]
    fn a_status_that_cannot_be_asked_for_is_refused() {
        let read = |form: &str| Change::read(&Parameters::of_form(&http::HeaderMap::new(), form.as_bytes()).unwrap());
        assert_eq!(read("").unwrap(), Change::Nothing);
        assert_eq!(read("ReservationStatus=rejected").unwrap(), Change::Reject);
        for wrong in ["pending", "timeout", "canceled", "rescinded", "Accepted", ""] {
            assert!(read(&format!("ReservationStatus={wrong}")).is_err(), "{wrong}");
        }
        assert!(read("Instruction=dequeue").is_err());
    }
}
