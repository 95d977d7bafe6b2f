//! Worker (taskrouter.md section 2.3).

use serde::Serialize;
use serde_json::Value;
use shared::model::{AccountSid, ActivitySid, Worker, WorkerSid, Workspace, WorkspaceSid};
use shared::router::{Event, Outcome};

use super::{activity, read_all};
use crate::answer::Answer;
use crate::call::Call;
use crate::error::ApiError;
use crate::paging::{Listed, Paging, Place};
use crate::parameters::Parameters;
use crate::view::View;

/// List parameters of TaskRouter that are not carried out.
const FILTERS_NOT_SERVED: &[&str] = &["TaskQueueSid", "TaskQueueName", "TargetWorkersExpression", "Ordering"];

/// Update parameters of TaskRouter that are not carried out.
const UPDATES_NOT_SERVED: &[&str] = &["Attributes", "FriendlyName"];

/// `GET …/Workers`; filters `FriendlyName`, `ActivityName`, `ActivitySid`, `Available`.
pub async fn list(call: &Call<'_>) -> Result<Answer, ApiError> {
    let paging = Paging::read(&call.query)?;
    let filter = Filter::read(&call.query)?;
    let workspace = call.workspace().await?;
    let store = &call.api.store;
    let mut workers = read_all(store.worker_sids(workspace.sid).await?, |sid| store.worker(sid)).await?;
    workers.retain(|worker| filter.wants(worker, &workspace));
    paging.answer("workers", &url(&call.view, workspace.sid), workers, |worker| render(&call.view, &workspace, worker))
}

/// `GET …/Workers/{Sid}`
pub async fn fetch(call: &Call<'_>) -> Result<Answer, ApiError> {
    let (workspace, worker) = (call.workspace().await?, find(call).await?);
    answer(call, &workspace, &worker)
}

/// `POST …/Workers/{Sid}` with `ActivitySid` and `RejectPendingReservations`; without an `ActivitySid` nothing changes.
pub async fn update(call: &Call<'_>) -> Result<Answer, ApiError> {
    call.form.refuse(UPDATES_NOT_SERVED)?;
    let activity: Option<ActivitySid> = call.form.sid("ActivitySid")?;
    let reject_pending = call.form.switch("RejectPendingReservations").unwrap_or(false);
    let (workspace, worker) = (call.workspace().await?, find(call).await?);
    call.check_if_match(worker.version)?;
    let Some(activity) = activity else { return answer(call, &workspace, &worker) };
    let event = Event::ActivitySet { worker: worker.sid, activity, reject_pending };
    let applied = call.api.store.apply(&event, call.now).await?;
    match (applied.outcome, applied.worker) {
        (Outcome::Refused(refusal), _) => Err(ApiError::refused(&refusal, call.path)),
        (Outcome::Changed | Outcome::AlreadySo, Some(worker)) => answer(call, &workspace, &worker),
        (Outcome::Changed | Outcome::AlreadySo, None) => Err(call.not_found()),
    }
}

impl Listed for Worker {
    fn place(&self) -> Place {
        Place::new(self.date_created, self.sid)
    }
}

/// Which Workers a list shows.
struct Filter<'q> {
    friendly_name: Option<&'q str>,
    activity_name: Option<&'q str>,
    activity_sid: Option<ActivitySid>,
    available: Option<bool>,
}

impl<'q> Filter<'q> {
    fn read(query: &'q Parameters) -> Result<Self, ApiError> {
        query.refuse(FILTERS_NOT_SERVED)?;
        Ok(Self {
            friendly_name: query.text("FriendlyName"),
            activity_name: query.text("ActivityName"),
            activity_sid: query.sid("ActivitySid")?,
            available: query.switch("Available"),
        })
    }

    fn wants(&self, worker: &Worker, workspace: &Workspace) -> bool {
        let available = workspace.is_available(worker.activity_sid);
        self.friendly_name.is_none_or(|name| worker.friendly_name == name)
            && self.activity_name.is_none_or(|name| activity_name(worker, workspace) == Some(name))
            && self.activity_sid.is_none_or(|sid| worker.activity_sid == sid)
            && self.available.is_none_or(|wanted| available == wanted)
    }
}

/// The Worker the path names, in the Workspace the path names.
async fn find(call: &Call<'_>) -> Result<Worker, ApiError> {
    let workspace: WorkspaceSid = call.sid("WorkspaceSid")?;
    let worker = call.api.store.worker(call.sid("Sid")?).await?;
    worker.filter(|worker| worker.workspace_sid == workspace).ok_or_else(|| call.not_found())
}

fn answer(call: &Call<'_>, workspace: &Workspace, worker: &Worker) -> Result<Answer, ApiError> {
    let body = render(&call.view, workspace, worker)?;
    Ok(Answer::ok(body).with_version(worker.version))
}

fn url(view: &View, workspace: WorkspaceSid) -> String {
    format!("{}/Workers", view.workspace(workspace))
}

fn activity_name<'a>(worker: &Worker, workspace: &'a Workspace) -> Option<&'a str> {
    workspace.activities.get(&worker.activity_sid).map(|activity| activity.friendly_name.as_str())
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
    /// This and the two below are about all Workers.
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
    // A Worker keeps no moment of their last change; the last one that clients look for is that of the Activity.
    let date_updated = worker.date_status_changed.max(worker.date_created);
    serde_json::to_value(WorkerResource {
        account_sid: view.account_sid,
        activity_name: activity_name(worker, workspace),
        activity_sid: worker.activity_sid,
        attributes: worker.attributes.to_json(),
        available: workspace.is_available(worker.activity_sid),
        date_created: worker.date_created.to_iso8601(),
        date_status_changed: worker.date_status_changed.to_iso8601(),
        date_updated: date_updated.to_iso8601(),
        friendly_name: &worker.friendly_name,
        sid: worker.sid,
        workspace_sid: worker.workspace_sid,
        links: WorkerLinks {
            channels: format!("{url}/Channels"),
            activity: format!("{}/{}", activity::url(view, worker.workspace_sid), worker.activity_sid),
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
    fn a_worker_looks_like_the_golden_file_and_has_every_property_of_the_official_document() {
        let rendered = render(&samples::view(), &samples::workspace(), &samples::worker());
        samples::assert_golden("worker", &rendered.unwrap());
    }

    #[test]
    fn a_filter_shows_the_workers_it_describes() {
        let workspace = samples::workspace();
        let worker = samples::worker();
        let sid = format!("ActivitySid={}", worker.activity_sid);
        for (query, wanted) in [
            ("", true),
            ("FriendlyName=Alice", true),
            ("FriendlyName=alice", false),
            ("FriendlyName=", true),
            ("ActivityName=Wrap-Up", true),
            ("ActivityName=Available", false),
            (&*sid, true),
            ("ActivitySid=WA00000000000000000000000000000009", false),
            ("Available=true", false),
            ("Available=0", true),
            ("ActivityName=Wrap-Up&Available=yes", false),
            ("Unknown=1", true),
        ] {
            let query_parameters = Parameters::of_query(query).unwrap();
            let filter = Filter::read(&query_parameters).unwrap();
            assert_eq!(filter.wants(&worker, &workspace), wanted, "{query}");
        }
    }
}
