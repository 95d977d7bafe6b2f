//! Worker (taskrouter.md section 2.3): create, fetch, update, delete and its JSON. `list` is a
//! submodule.

mod list;

use ids::{AccountSid, ActivitySid, WorkerSid, WorkspaceSid};
use serde::Serialize;
use serde_json::Value;
use store::COMMIT_ATTEMPTS_MAX;
use task_router::model::{Task, Worker, Workspace};
use task_router::router::{self, Command, WorkerChanges, queue_membership_of};

use super::configuration::{self, Kind};
use super::{activity, dialing, read_all};
use crate::answer::Answer;
use crate::error::ApiError;
use crate::request_context::RequestContext;
use crate::view::View;

pub use list::{is_eligible_for_named, list};

/// `GET …/Workers/{Sid}`
pub async fn fetch(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let workspace = context.workspace().await?;
    let worker = find(context, "Sid").await?;
    answer(context, &workspace, &worker)
}

/// `POST …/Workers` with `FriendlyName`, `Attributes` and `ActivitySid`.
pub async fn create(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let form = &context.form;
    let name = form
        .friendly_name("FriendlyName")?
        .ok_or_else(|| ApiError::missing("FriendlyName"))?;
    let attributes = form.attributes("Attributes")?.unwrap_or_default();
    let activity = form.sid("ActivitySid")?;
    // Read from the table: the queue membership must include a TaskQueue created a moment ago.
    let workspace = configuration::read(context).await?;
    activity::check(activity, "ActivitySid", &workspace)?;
    let activity = activity.unwrap_or(workspace.default_activity_sid);
    dialing::check_contact_uri(context, Some(&attributes.clone().into())).await?;
    check_count(context, &workspace).await?;
    let [seed, count] = context.api.ids.next_cause();
    let sid = WorkerSid::derive(&[&seed, &count]);
    let mut worker = Worker {
        attributes,
        ..Worker::new(sid, workspace.sid, name, activity, context.now)
    };
    worker.queue_membership = queue_membership_of(&workspace, &worker);
    match context.api.store.create_worker(&worker, &workspace).await {
        Ok(()) => Ok(Answer::created(render(&context.view, &workspace, &worker)?)
            .with_version(worker.version)),
        Err(store::Error::Conflict) => Err(duplicate_name()),
        Err(error) => Err(error.into()),
    }
}

/// `POST …/Workers/{Sid}` with `FriendlyName`, `Attributes`, `ActivitySid` and, for an unavailable
/// Activity, `RejectPendingReservations`, all in one Decision; or with a merge patch of the
/// attributes. Without any of them nothing changes.
pub async fn update(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let changes = changes(context)?;
    let workspace = context.workspace().await?;
    let worker = find(context, "Sid").await?;
    activity::check(changes.activity, "ActivitySid", &workspace)?;
    check_name(context, &worker, changes.friendly_name.as_deref()).await?;
    dialing::check_contact_uri(context, changes.attributes.as_ref()).await?;
    if changes == WorkerChanges::default() {
        context.check_version(worker.version)?;
        return answer(context, &workspace, &worker);
    }
    let rejects = changes.reject_pending
        && changes
            .activity
            .is_some_and(|activity| !workspace.is_available(activity));
    let mut updated = context
        .apply(&Command::WorkerUpdated {
            worker: worker.sid,
            changes,
        })
        .await?
        .worker
        .unwrap_or(worker);
    if rejects && !updated.open_reservations.is_empty() {
        updated = reject_offers(context, updated).await?;
    }
    answer(context, &workspace, &updated)
}

/// Rejects the pending Reservations that did not fit into the transaction that changed the Worker's
/// Activity, one after the other. Accepted Reservations are kept. Idempotent: after a failure the
/// same request continues.
async fn reject_offers(context: &RequestContext<'_>, worker: Worker) -> Result<Worker, ApiError> {
    for open in &worker.open_reservations {
        let answer = router::Answer::Reject { activity: None };
        let command = Command::Answered {
            task: open.task_sid,
            reservation: open.sid,
            answer,
        };
        context.api.store.apply(&command, context.now).await?;
    }
    Ok(context
        .api
        .store
        .worker(worker.sid)
        .await?
        .unwrap_or(worker))
}

/// `DELETE …/Workers/{Sid}`; refused while the Worker holds a Reservation (taskrouter.md section
/// 2.3). A conflict is retried with backoff, up to [`COMMIT_ATTEMPTS_MAX`] attempts.
pub async fn delete(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    for attempt in 1..=COMMIT_ATTEMPTS_MAX {
        let worker = find(context, "Sid").await?;
        context.check_version(worker.version)?;
        if let Some(open) = worker.open_reservations.first() {
            let message = format!(
                "Cannot delete Worker {} while they hold Reservation {}",
                worker.sid, open.sid
            );
            return Err(ApiError::State(message));
        }
        match context.api.store.delete_worker(&worker).await {
            Ok(()) => return Ok(Answer::no_content()),
            Err(store::Error::Conflict) => store::back_off(attempt).await,
            Err(error) => return Err(error.into()),
        }
    }
    Err(store::Error::Conflict.into())
}

/// The requested changes of an update.
fn changes(context: &RequestContext<'_>) -> Result<WorkerChanges, ApiError> {
    let activity = context.form.sid("ActivitySid")?;
    Ok(WorkerChanges {
        friendly_name: context
            .form
            .friendly_name("FriendlyName")?
            .map(str::to_owned),
        attributes: context.attributes_change()?,
        activity,
        reject_pending: activity.is_some()
            && context
                .form
                .switch("RejectPendingReservations")
                .unwrap_or(false),
    })
}

/// Checks that the Workspace may have one more Worker (taskrouter.md section 14). The count is
/// eventually consistent, so concurrent requests may exceed the limit a little.
async fn check_count(context: &RequestContext<'_>, workspace: &Workspace) -> Result<(), ApiError> {
    let max = workspace.rules.workers_max;
    let count = context.api.store.workers_count(workspace.sid, max).await?;
    let whole = |count: u32| usize::try_from(count).unwrap_or(usize::MAX);
    configuration::check_room(whole(count), whole(max), Kind::Worker)
}

/// Checks that no other Worker has this friendly name. If two Workers take it concurrently, the
/// conditional write of the second fails.
async fn check_name(
    context: &RequestContext<'_>,
    worker: &Worker,
    name: Option<&str>,
) -> Result<(), ApiError> {
    let Some(name) = name else { return Ok(()) };
    let holder = context
        .api
        .store
        .worker_named(worker.workspace_sid, name)
        .await?;
    match holder {
        Some(holder) if holder.sid != worker.sid => Err(duplicate_name()),
        Some(_) | None => Ok(()),
    }
}

fn duplicate_name() -> ApiError {
    ApiError::State("Worker with the same friendly name already exists".to_owned())
}

/// The Worker with the SID that the path has under `name`, in the Workspace in the path.
pub(super) async fn find(context: &RequestContext<'_>, name: &str) -> Result<Worker, ApiError> {
    let workspace: WorkspaceSid = context.sid("WorkspaceSid")?;
    let worker = context.api.store.worker(context.sid(name)?).await?;
    worker
        .filter(|worker| worker.workspace_sid == workspace)
        .ok_or_else(|| context.not_found())
}

/// The Tasks of the Worker's open Reservations, one read each.
pub(super) async fn open_tasks(
    context: &RequestContext<'_>,
    worker: &Worker,
) -> Result<Vec<Task>, ApiError> {
    read_all(
        worker
            .open_reservations
            .iter()
            .map(|open| open.task_sid)
            .collect(),
        |sid| context.api.store.task(sid),
    )
    .await
}

fn answer(
    context: &RequestContext<'_>,
    workspace: &Workspace,
    worker: &Worker,
) -> Result<Answer, ApiError> {
    let body = render(&context.view, workspace, worker)?;
    Ok(Answer::ok(body).with_version(worker.version))
}

/// The URL of a Workspace's Workers.
pub(super) fn url(view: &View, workspace: WorkspaceSid) -> String {
    format!("{}/Workers", view.workspace(workspace))
}

fn activity_name<'a>(worker: &Worker, workspace: &'a Workspace) -> Option<&'a str> {
    workspace
        .activities
        .get(&worker.activity_sid)
        .map(|activity| activity.friendly_name.as_str())
}

#[derive(Serialize)]
struct WorkerResource<'a> {
    account_sid: AccountSid,
    activity_name: Option<&'a str>,
    activity_sid: ActivitySid,
    attributes: String,
    available: bool,
    date_created: String,
    date_status_changed: String,
    date_updated: String,
    friendly_name: &'a str,
    sid: WorkerSid,
    workspace_sid: WorkspaceSid,
    url: String,
    links: WorkerLinks,
}

#[derive(Serialize)]
struct WorkerLinks {
    channels: String,
    activity: String,
    workspace: String,
    /// The statistics of all Workers, like the two links below.
    statistics: String,
    real_time_statistics: String,
    cumulative_statistics: String,
    worker_statistics: String,
    worker_channels: String,
    reservations: String,
}

fn render(view: &View, workspace: &Workspace, worker: &Worker) -> serde_json::Result<Value> {
    let workers = url(view, worker.workspace_sid);
    let url = format!("{workers}/{}", worker.sid);
    serde_json::to_value(WorkerResource {
        account_sid: view.account_sid,
        activity_name: activity_name(worker, workspace),
        activity_sid: worker.activity_sid,
        attributes: worker.attributes.to_json(),
        available: workspace.is_available(worker.activity_sid),
        date_created: worker.date_created.to_iso8601(),
        date_status_changed: worker.date_status_changed.to_iso8601(),
        date_updated: worker
            .date_updated
            .max(worker.date_status_changed)
            .to_iso8601(),
        friendly_name: &worker.friendly_name,
        sid: worker.sid,
        workspace_sid: worker.workspace_sid,
        links: WorkerLinks {
            channels: format!("{url}/Channels"),
            activity: format!(
                "{}/{}",
                activity::url(view, worker.workspace_sid),
                worker.activity_sid
            ),
            workspace: view.workspace(worker.workspace_sid),
            statistics: format!("{workers}/Statistics"),
            real_time_statistics: format!("{workers}/RealTimeStatistics"),
            cumulative_statistics: format!("{workers}/CumulativeStatistics"),
            worker_statistics: format!("{url}/Statistics"),
            worker_channels: format!("{url}/Channels"),
            reservations: format!("{url}/Reservations"),
        },
        url,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::samples;

    #[test]
    fn worker_equals_golden_file() {
        let rendered = render(&samples::view(), &samples::workspace(), &samples::worker());
        samples::assert_golden("worker", &rendered.unwrap());
    }
}
