//! The list of TaskQueues: which ones, and in which order.

use ids::time::Timestamp;
use ids::{TaskQueueSid, WorkerSid};
use task_router::model::{Attributes, PartId, QueueMembership, Worker, Workspace};
use task_router::router::queue_membership_of;

use super::render;
use crate::answer::Answer;
use crate::error::ApiError;
use crate::paging::{Paging, Place};
use crate::parameters::Parameters;
use crate::request_context::RequestContext;
use crate::resources::configuration::{self, Row};

/// `GET …/TaskQueues`; filters `FriendlyName`, `EvaluateWorkerAttributes` (the queues a Worker with these attributes would
/// serve) and `WorkerSid` (those this Worker serves); `Ordering=DateUpdated:asc` or `:desc`.
pub async fn list(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let paging = Paging::read(&context.query)?;
    let filter = Filter::read(&context.query)?;
    let order = context
        .query
        .parsed("Ordering", ordering)?
        .unwrap_or(Order::Created);
    let workspace = configuration::read(context).await?;
    let rosters = filter.rosters(context, &workspace).await?;
    let wanted = workspace.task_queues.values().filter(|queue| {
        filter
            .friendly_name
            .is_none_or(|name| queue.friendly_name == name)
            && rosters.iter().all(|roster| roster.serves(queue.sid))
    });
    let rows = wanted
        .map(|queue| Row::at(queue, order.place(&workspace, queue.sid)))
        .collect();
    let url = format!("{}/TaskQueues", context.view.workspace(workspace.sid));
    paging.answer("task_queues", &url, rows, |row| {
        render(&context.view, &workspace, row.part)
    })
}

/// Nothing for a Worker who is not there, or in another Workspace.
async fn roster_of_worker(
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

/// Which TaskQueues a list shows.
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

    /// What the Workers serve whom the filter speaks of.
    async fn rosters(
        &self,
        context: &RequestContext<'_>,
        workspace: &Workspace,
    ) -> Result<Vec<QueueMembership>, ApiError> {
        let mut rosters = Vec::new();
        if let Some(attributes) = &self.attributes {
            rosters.push(queue_membership_of(
                workspace,
                &somebody(workspace, attributes),
            ));
        }
        if let Some(worker) = self.worker {
            rosters.push(roster_of_worker(context, workspace, worker).await?);
        }
        Ok(rosters)
    }
}

/// A Worker of whom nothing is known but their attributes: new, in the default Activity.
fn somebody(workspace: &Workspace, attributes: &Attributes) -> Worker {
    let created = Timestamp::from_millis(0);
    let nobody = Worker::new(
        WorkerSid::from_bytes([0; 16]),
        workspace.sid,
        "",
        workspace.default_activity_sid,
        created,
    );
    Worker {
        attributes: attributes.clone(),
        ..nobody
    }
}

/// How a list is ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Created,
    OldestUpdate,
    NewestUpdate,
}

impl Order {
    fn place(self, workspace: &Workspace, sid: TaskQueueSid) -> Place {
        let dates = workspace.ledger.dates.get(&PartId::TaskQueue(sid));
        let updated = dates.map_or(Timestamp::from_millis(0), |dates| dates.date_updated);
        match self {
            Self::Created => Place::new(workspace.ledger.date_created(PartId::TaskQueue(sid)), sid),
            Self::OldestUpdate => Place::new(updated, sid),
            // Counted backwards, the newest comes first.
            Self::NewestUpdate => Place::new(Timestamp::from_millis(-updated.as_millis()), sid),
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
    fn attributes_lead_to_the_queues_their_worker_would_serve() {
        let workspace = samples::workspace();
        let serves = |attributes: &str| {
            queue_membership_of(
                &workspace,
                &somebody(&workspace, &attributes.parse().unwrap()),
            )
            .serves(samples::QUEUE)
        };
        assert!(serves(r#"{"languages":["en"]}"#));
        assert!(!serves(r#"{"languages":["hi"]}"#) && !serves("{}"));
    }

    #[test]
    fn queues_are_ordered_by_age_or_by_their_last_change_either_way() {
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
        let before = |order: Order| order.place(&workspace, one) < order.place(&workspace, other);
        assert!(before(Order::Created));
        assert!(!before(ordering("DateUpdated:asc").unwrap()));
        assert!(before(ordering("dateupdated:DESC").unwrap()));
        assert!(ordering("Priority:asc").is_err());
    }
}
