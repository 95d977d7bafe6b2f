//! The list of Workers: filters and order.

use ids::{ActivitySid, TaskQueueSid, WorkerSid};
use store::{Entry, Part, Reading, Store};
use task_router::model::{Expression, Worker, Workspace};
use task_router::router::expression::WorkerScope;
use task_router::router::is_eligible;

use super::{activity_name, render, url};
use crate::answer::Answer;
use crate::error::ApiError;
use crate::ordering::{self, Clause, Direction};
use crate::paging::{Paging, SortKey};
use crate::parameters::Parameters;
use crate::request_context::RequestContext;
use crate::resources::configuration;
use crate::resources::listing::{self, Listing};

/// The attribute that Workers can be ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct DateStatusChanged;

/// `GET …/Workers`; filters `FriendlyName`, `ActivityName`, `ActivitySid`, `Available`,
/// `TaskQueueName`, `TaskQueueSid`, `TargetWorkersExpression`;
/// `Ordering=DateStatusChanged:asc|desc`, which reads all Workers.
pub async fn list(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let paging = Paging::read(&context.query)?;
    let filter = Filter::read(&context.query)?;
    let order = ordering::read(&context.query, &[("DateStatusChanged", DateStatusChanged)])?;
    let workspace = if filter.evaluates_expressions() {
        configuration::read(context).await?
    } else {
        context.workspace().await?
    };
    let workers = Workers {
        store: &context.api.store,
        workspace: &workspace,
        filter,
    };
    let page = match order.first() {
        None => listing::page(&workers, &paging, Direction::Ascending).await?,
        Some(by) => paging.cut(listing::all(&workers).await?, |worker| sort_key(worker, by)),
    };
    let url = url(&context.view, workspace.sid);
    let answer = paging.show("workers", &url, &page, |worker| {
        render(&context.view, &workspace, worker)
    })?;
    Ok(answer.with_versions(page.items.iter().map(|worker| (worker.sid, worker.version))))
}

fn sort_key(worker: &Worker, by: &Clause<DateStatusChanged>) -> SortKey {
    SortKey::by(
        vec![
            by.direction
                .sort_field(worker.date_status_changed.as_millis()),
        ],
        worker.sid,
    )
}

/// The Workers of a Workspace, with filters.
struct Workers<'a> {
    store: &'a Store,
    workspace: &'a Workspace,
    filter: Filter<'a>,
}

impl Listing for Workers<'_> {
    type Sid = WorkerSid;
    type Item = Worker;

    async fn part(&self, reading: &Reading, limit: usize) -> Result<Part<WorkerSid>, store::Error> {
        self.store
            .listed_workers(self.workspace.sid, reading, limit)
            .await
    }

    async fn read(&self, sids: &[WorkerSid]) -> Result<Vec<Worker>, store::Error> {
        self.store.workers(sids).await
    }

    fn matches(&self, worker: &Worker) -> bool {
        self.filter.matches(worker, self.workspace)
    }

    fn entry(worker: &Worker) -> Entry<WorkerSid> {
        Entry {
            created: worker.date_created,
            sid: worker.sid,
        }
    }
}

/// The filters of a list of Workers.
struct Filter<'q> {
    friendly_name: Option<&'q str>,
    activity_name: Option<&'q str>,
    activity_sid: Option<ActivitySid>,
    available: Option<bool>,
    task_queue_name: Option<&'q str>,
    task_queue_sid: Option<TaskQueueSid>,
    expression: Option<Expression>,
}

impl<'q> Filter<'q> {
    fn read(query: &'q Parameters) -> Result<Self, ApiError> {
        Ok(Self {
            friendly_name: query.text("FriendlyName"),
            activity_name: query.text("ActivityName"),
            activity_sid: query.sid("ActivitySid")?,
            available: query.switch("Available"),
            task_queue_name: query.text("TaskQueueName"),
            task_queue_sid: query.sid("TaskQueueSid")?,
            expression: query.expression("TargetWorkersExpression")?,
        })
    }

    /// Is an expression evaluated, a TaskQueue's or one of the request? Then the configuration must
    /// be the newest, or a TaskQueue that the client changed a moment ago has its previous Workers.
    fn evaluates_expressions(&self) -> bool {
        self.task_queue_name.is_some() || self.task_queue_sid.is_some() || self.expression.is_some()
    }

    fn matches(&self, worker: &Worker, workspace: &Workspace) -> bool {
        let available = workspace.is_available(worker.activity_sid);
        let satisfies =
            |expression: &Expression| expression.matches(&WorkerScope::new(worker, workspace));
        self.friendly_name
            .is_none_or(|name| worker.friendly_name == name)
            && self
                .activity_name
                .is_none_or(|name| activity_name(worker, workspace) == Some(name))
            && self
                .activity_sid
                .is_none_or(|sid| worker.activity_sid == sid)
            && self
                .available
                .is_none_or(|requested| available == requested)
            && self
                .task_queue_sid
                .is_none_or(|queue| is_eligible(workspace, worker, queue))
            && self
                .task_queue_name
                .is_none_or(|name| is_eligible_for_named(workspace, worker, name))
            && self.expression.as_ref().is_none_or(satisfies)
    }
}

/// Does the Worker satisfy the expression of the TaskQueue of this name?
pub fn is_eligible_for_named(workspace: &Workspace, worker: &Worker, name: &str) -> bool {
    let named = workspace
        .task_queues
        .values()
        .find(|queue| queue.friendly_name == name);
    named.is_some_and(|queue| is_eligible(workspace, worker, queue.sid))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::samples;

    #[test]
    fn filter_selects_workers() {
        let workspace = samples::workspace();
        let worker = samples::worker();
        let sid = format!("ActivitySid={}", worker.activity_sid);
        let queue = format!("TaskQueueSid={}", samples::QUEUE);
        for (query, expected) in [
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
            (&*queue, true),
            ("TaskQueueSid=WQ00000000000000000000000000000009", false),
            ("TaskQueueName=Customer+Contact+Center+English", true),
            ("TaskQueueName=customer+contact+center+english", false),
            ("TargetWorkersExpression=languages+HAS+%22en%22", true),
            ("TargetWorkersExpression=languages+HAS+%22hi%22", false),
            (
                "TargetWorkersExpression=worker.friendly_name+%3D%3D+%27Alice%27",
                true,
            ),
            (
                "TargetWorkersExpression=activity_name+%21%3D+%27Wrap-Up%27",
                false,
            ),
            ("Unknown=1", true),
        ] {
            let query_parameters = Parameters::of_query(query).unwrap();
            let filter = Filter::read(&query_parameters).unwrap();
            assert_eq!(filter.matches(&worker, &workspace), expected, "{query}");
        }
    }

    #[test]
    fn invalid_filter_names_its_parameter() {
        let deep = "(".repeat(1_000);
        let long = "a".repeat(10_000);
        for (name, value) in [
            ("ActivitySid", "WK00000000000000000000000000000001"),
            ("TaskQueueSid", "English"),
            ("TargetWorkersExpression", "skill-level > 3"),
            ("TargetWorkersExpression", &*deep),
            ("TargetWorkersExpression", &*long),
        ] {
            let pairs = form_urlencoded::Serializer::new(String::new())
                .append_pair(name, value)
                .finish();
            let query = Parameters::of_query(&pairs).unwrap();
            let error = Filter::read(&query).err().unwrap().to_string();
            assert!(error.starts_with(&format!("{name}: ")), "{error}");
        }
    }
}
