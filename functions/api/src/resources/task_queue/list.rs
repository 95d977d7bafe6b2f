//! The list of TaskQueues: filters and order.

use ids::time::Timestamp;
use ids::{TaskQueueSid, WorkerSid};
use task_router::model::{Attributes, PartId, QueueMembership, Worker, Workspace};
use task_router::router::queue_membership_of;

use super::render;
use crate::answer::Answer;
use crate::error::ApiError;
use crate::paging::{Paging, SortKey};
use crate::parameters::Parameters;
use crate::request_context::RequestContext;
use crate::resources::configuration::{self, Row};

/// `GET …/TaskQueues`; filters `FriendlyName`, `EvaluateWorkerAttributes` (the TaskQueues that a
/// Worker with these attributes would serve) and `WorkerSid` (the TaskQueues that this Worker
/// serves); `Ordering=DateUpdated:asc` or `:desc`.
pub async fn list(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let paging = Paging::read(&context.query)?;
    let filter = Filter::read(&context.query)?;
    let order = context
        .query
        .parsed("Ordering", ordering)?
        .unwrap_or(Order::Created);
    let workspace = configuration::read(context).await?;
    let memberships = filter.memberships(context, &workspace).await?;
    let matching = workspace.task_queues.values().filter(|queue| {
        filter
            .friendly_name
            .is_none_or(|name| queue.friendly_name == name)
            && memberships.iter().all(|known| known.serves(queue.sid))
    });
    let rows = matching
        .map(|queue| Row::with_key(queue, order.sort_key(&workspace, queue.sid)))
        .collect();
    let url = format!("{}/TaskQueues", context.view.workspace(workspace.sid));
    paging.answer("task_queues", &url, rows, |row| {
        render(&context.view, &workspace, row.part)
    })
}

/// The queue membership of a Worker; empty if the Workspace has no such Worker.
async fn membership_of_worker(
    context: &RequestContext<'_>,
    workspace: &Workspace,
    sid: WorkerSid,
) -> Result<QueueMembership, ApiError> {
    let worker = context
        .api
        .store
        .worker(sid)
        .await?
        .filter(|worker| worker.workspace_sid == workspace.sid);
    Ok(worker.map_or_else(
        || QueueMembership::new(Vec::new()),
        |worker| queue_membership_of(workspace, &worker),
    ))
}

/// The filters of a list of TaskQueues.
struct Filter<'q> {
    friendly_name: Option<&'q str>,
    attributes: Option<Attributes>,
    worker: Option<WorkerSid>,
}

impl<'q> Filter<'q> {
    fn read(query: &'q Parameters) -> Result<Self, ApiError> {
        Ok(Self {
            friendly_name: query.text("FriendlyName"),
            attributes: query.attributes("EvaluateWorkerAttributes")?,
            worker: query.sid("WorkerSid")?,
        })
    }

    /// The queue memberships of the Workers in the filter. A TaskQueue must be in all of them.
    async fn memberships(
        &self,
        context: &RequestContext<'_>,
        workspace: &Workspace,
    ) -> Result<Vec<QueueMembership>, ApiError> {
        let mut memberships = Vec::new();
        if let Some(attributes) = &self.attributes {
            let worker = hypothetical_worker(workspace, attributes);
            memberships.push(queue_membership_of(workspace, &worker));
        }
        if let Some(worker) = self.worker {
            memberships.push(membership_of_worker(context, workspace, worker).await?);
        }
        Ok(memberships)
    }
}

/// A Worker with these attributes who does not exist: new, in the default Activity.
fn hypothetical_worker(workspace: &Workspace, attributes: &Attributes) -> Worker {
    let worker = Worker::new(
        WorkerSid::from_bytes([0; 16]),
        workspace.sid,
        "",
        workspace.default_activity_sid,
        Timestamp::from_millis(0),
    );
    Worker {
        attributes: attributes.clone(),
        ..worker
    }
}

/// The order of a list of TaskQueues.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Created,
    OldestUpdate,
    NewestUpdate,
}

impl Order {
    fn sort_key(self, workspace: &Workspace, sid: TaskQueueSid) -> SortKey {
        let dates = workspace.ledger.dates.get(&PartId::TaskQueue(sid));
        let updated = dates.map_or(Timestamp::from_millis(0), |dates| dates.date_updated);
        match self {
            Self::Created => configuration::created(workspace, PartId::TaskQueue(sid), sid),
            Self::OldestUpdate => SortKey::new(updated, sid),
            // Sort keys ascend: with its date negated the newest is first.
            Self::NewestUpdate => SortKey::new(Timestamp::from_millis(-updated.as_millis()), sid),
        }
    }
}

fn ordering(text: &str) -> Result<Order, String> {
    match text.to_ascii_lowercase().as_str() {
        "dateupdated:asc" => Ok(Order::OldestUpdate),
        "dateupdated:desc" => Ok(Order::NewestUpdate),
        _ => Err("expected DateUpdated:asc or DateUpdated:desc".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use task_router::model::Dates;

    use super::*;
    use crate::resources::samples;

    #[test]
    fn attributes_select_the_queues_they_match() {
        let workspace = samples::workspace();
        let serves = |attributes: &str| {
            queue_membership_of(
                &workspace,
                &hypothetical_worker(&workspace, &attributes.parse().unwrap()),
            )
            .serves(samples::QUEUE)
        };
        assert!(serves(r#"{"languages":["en"]}"#));
        assert!(!serves(r#"{"languages":["hi"]}"#) && !serves("{}"));
    }

    #[test]
    fn queues_are_ordered_by_creation_or_update() {
        let mut workspace = samples::workspace();
        let [one, other] = ["one", "other"].map(|name| TaskQueueSid::derive(&[name]));
        let at = Timestamp::from_millis;
        for (sid, created, updated) in [(one, 1, 9), (other, 2, 5)] {
            let dates = Dates {
                date_created: at(created),
                date_updated: at(updated),
            };
            workspace.ledger.dates.insert(PartId::TaskQueue(sid), dates);
        }
        let before =
            |order: Order| order.sort_key(&workspace, one) < order.sort_key(&workspace, other);
        assert!(before(Order::Created));
        assert!(!before(ordering("DateUpdated:asc").unwrap()));
        assert!(before(ordering("dateupdated:DESC").unwrap()));
        assert!(ordering("Priority:asc").is_err());
    }
}
