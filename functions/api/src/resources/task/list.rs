//! The list of Tasks: filters and order.

use ids::time::Timestamp;
use ids::{TaskQueueSid, TaskSid, WorkflowSid};
use store::{Entry, Part, Reading, Store};
use task_router::model::{AssignmentStatus, Expression, Task, Workspace};
use task_router::router::expression::TaskScope;
use vocabulary::PRIORITY_MAX;

use super::{render, status_named, target_sid, url};
use crate::answer::Answer;
use crate::error::ApiError;
use crate::ordering::{self, Clause, Direction};
use crate::paging::{Paging, SortKey};
use crate::parameters::Parameters;
use crate::request_context::RequestContext;
use crate::resources::listing::{self, Listing};

/// The attributes that Tasks can be ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    DateCreated,
    Priority,
    VirtualStartTime,
}

const BY: [(&str, By); 3] = [
    ("DateCreated", By::DateCreated),
    ("Priority", By::Priority),
    ("VirtualStartTime", By::VirtualStartTime),
];

/// `GET …/Tasks`; filters `Priority`, `AssignmentStatus` (a comma list or repeated), `WorkflowSid`,
/// `WorkflowName`, `TaskQueueSid`, `TaskQueueName`, `EvaluateTaskAttributes`, `RoutingTarget`,
/// `HasAddons`; `Ordering` by `DateCreated`, `Priority`, `VirtualStartTime`. An order by
/// `DateCreated` alone reads one page; any other order reads all Tasks.
pub async fn list(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let paging = Paging::read(&context.query)?;
    let filter = Filter::read(&context.query)?;
    let order = order(&context.query)?;
    let workspace = context.workspace().await?;
    let tasks = Tasks {
        store: &context.api.store,
        workspace: &workspace,
        filter,
        now: context.now,
    };
    let page = match order[..] {
        [] => listing::page(&tasks, &paging, Direction::Ascending).await?,
        [
            Clause {
                attribute: By::DateCreated,
                direction,
            },
        ] => listing::page(&tasks, &paging, direction).await?,
        _ => paging.cut(listing::all(&tasks).await?, |task| sort_key(task, &order)),
    };
    let url = url(&context.view, workspace.sid);
    let answer = paging.show("tasks", &url, &page, |task| {
        render(&context.view, &workspace, task)
    })?;
    Ok(answer.with_versions(
        page.items
            .iter()
            .map(|task| (task.sid, task.visible_version())),
    ))
}

/// Parses `Ordering`. `DateCreated` and `VirtualStartTime` exclude each other (taskrouter.md
/// section 2.8).
fn order(query: &Parameters) -> Result<Vec<Clause<By>>, ApiError> {
    let order = ordering::read(query, &BY)?;
    let orders_by = |by| order.iter().any(|clause| clause.attribute == by);
    if orders_by(By::DateCreated) && orders_by(By::VirtualStartTime) {
        return Err(ApiError::parameter(
            "Ordering",
            "expected DateCreated or VirtualStartTime, not both",
        ));
    }
    Ok(order)
}

fn sort_key(task: &Task, order: &[Clause<By>]) -> SortKey {
    let value = |by| match by {
        By::DateCreated => task.date_created.as_millis(),
        By::Priority => i64::from(task.priority),
        By::VirtualStartTime => task.virtual_start_time.as_millis(),
    };
    SortKey::by(
        order
            .iter()
            .map(|clause| clause.direction.sort_field(value(clause.attribute)))
            .collect(),
        task.sid,
    )
}

/// The Tasks of a Workspace, with filters.
struct Tasks<'a> {
    store: &'a Store,
    workspace: &'a Workspace,
    filter: Filter<'a>,
    now: Timestamp,
}

impl Listing for Tasks<'_> {
    type Sid = TaskSid;
    type Item = Task;

    async fn part(&self, reading: &Reading, limit: usize) -> Result<Part<TaskSid>, store::Error> {
        self.store
            .listed_tasks(self.workspace.sid, reading, limit)
            .await
    }

    async fn read(&self, sids: &[TaskSid]) -> Result<Vec<Task>, store::Error> {
        self.store
            .readable_tasks(self.workspace, sids, self.now)
            .await
    }

    fn matches(&self, task: &Task) -> bool {
        self.filter.matches(task, self.workspace, self.now)
    }

    fn entry(task: &Task) -> Entry<TaskSid> {
        Entry {
            created: task.date_created,
            sid: task.sid,
        }
    }
}

/// The filters of a list of Tasks.
struct Filter<'q> {
    statuses: Vec<AssignmentStatus>,
    priority: Option<u32>,
    workflow_sid: Option<WorkflowSid>,
    workflow_name: Option<&'q str>,
    task_queue_sid: Option<TaskQueueSid>,
    task_queue_name: Option<&'q str>,
    expression: Option<Expression>,
    routing_target: Option<&'q str>,
    has_addons: Option<bool>,
}

impl<'q> Filter<'q> {
    fn read(query: &'q Parameters) -> Result<Self, ApiError> {
        Ok(Self {
            statuses: requested_statuses(query)?,
            priority: query.whole_number("Priority", 0..=PRIORITY_MAX)?,
            workflow_sid: query.sid("WorkflowSid")?,
            workflow_name: query.text("WorkflowName"),
            task_queue_sid: query.sid("TaskQueueSid")?,
            task_queue_name: query.text("TaskQueueName"),
            expression: query.expression("EvaluateTaskAttributes")?,
            routing_target: query.text("RoutingTarget"),
            has_addons: query.switch("HasAddons"),
        })
    }

    fn matches(&self, task: &Task, workspace: &Workspace, now: Timestamp) -> bool {
        let workflow = workspace.workflows.get(&task.workflow_sid);
        let workflow_name = workflow.map(|workflow| workflow.friendly_name.as_str());
        let queue = workspace.task_queues.get(&task.task_queue_sid);
        let queue_name = queue.map(|queue| queue.friendly_name.as_str());
        let statuses = &self.statuses;
        let satisfies = |expression: &Expression| expression.matches(&TaskScope { task, now });
        let has_target = |sid: &str| task.routing_target.map(target_sid).as_deref() == Some(sid);
        (statuses.is_empty() || statuses.contains(&task.assignment_status))
            && self.priority.is_none_or(|priority| task.priority == priority)
            && self.workflow_sid.is_none_or(|sid| task.workflow_sid == sid)
            && self.workflow_name.is_none_or(|name| workflow_name == Some(name))
            && self.task_queue_sid.is_none_or(|sid| task.task_queue_sid == sid)
            && self.task_queue_name.is_none_or(|name| queue_name == Some(name))
            && self.expression.as_ref().is_none_or(satisfies)
            && self.routing_target.is_none_or(has_target)
            // No Task has add-ons.
            && self.has_addons != Some(true)
    }
}

/// Parses `AssignmentStatus`; empty without it, which means every status.
fn requested_statuses(query: &Parameters) -> Result<Vec<AssignmentStatus>, ApiError> {
    let names = query
        .all("AssignmentStatus")
        .flat_map(|list| list.split(','));
    names
        .map(|name| {
            let known: Vec<&str> = AssignmentStatus::ALL
                .iter()
                .map(|status| status.as_str())
                .collect();
            let problem = || format!("expected a comma list of {}", known.join(", "));
            status_named(name.trim())
                .ok_or_else(|| ApiError::parameter("AssignmentStatus", problem()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::samples;

    #[test]
    fn filter_selects_tasks() {
        let workspace = samples::workspace();
        let task = samples::task();
        let queue = format!("TaskQueueSid={}", samples::QUEUE);
        let workflow = format!("WorkflowSid={}", samples::WORKFLOW);
        for (query, expected) in [
            ("", true),
            ("AssignmentStatus=pending", true),
            ("AssignmentStatus=assigned,pending", true),
            ("AssignmentStatus=assigned&AssignmentStatus=pending", true),
            ("AssignmentStatus=assigned,%20reserved", false),
            ("AssignmentStatus=assigned,%20pending", true),
            ("Priority=5", true),
            ("Priority=0", false),
            (&*queue, true),
            ("TaskQueueSid=WQ00000000000000000000000000000009", false),
            (&*workflow, true),
            ("WorkflowSid=WW00000000000000000000000000000009", false),
            ("WorkflowName=Incoming+Customer+Requests", true),
            ("WorkflowName=Others", false),
            ("TaskQueueName=Customer+Contact+Center+English", true),
            ("TaskQueueName=Others", false),
            (
                "EvaluateTaskAttributes=selected_language+%3D%3D+%27en%27",
                true,
            ),
            (
                "EvaluateTaskAttributes=selected_language+%3D%3D+%27hi%27",
                false,
            ),
            ("RoutingTarget=WK00000000000000000000000000000001", false),
            ("HasAddons=true", false),
            ("HasAddons=false", true),
            ("Priority=5&AssignmentStatus=completed", false),
        ] {
            let query_parameters = Parameters::of_query(query).unwrap();
            let filter = Filter::read(&query_parameters).unwrap();
            let now = task.date_created;
            assert_eq!(filter.matches(&task, &workspace, now), expected, "{query}");
        }
    }

    #[test]
    fn order_applies_clauses_in_sequence() {
        let read =
            |ordering: &str| order(&Parameters::of_query(&format!("Ordering={ordering}")).unwrap());
        let task = |priority, sid| Task {
            priority,
            sid: TaskSid::from_bytes([sid; 16]),
            ..samples::task()
        };
        let order = read("Priority:desc,DateCreated:asc").unwrap();
        let mut keys: Vec<SortKey> = [task(1, 1), task(5, 2), task(5, 3)]
            .iter()
            .map(|task| sort_key(task, &order))
            .collect();
        keys.sort_unstable();
        let sids: Vec<String> = keys
            .iter()
            .map(|key| key.first_field().1.to_owned())
            .collect();
        assert_eq!(
            sids,
            [2, 3, 1].map(|sid| TaskSid::from_bytes([sid; 16]).to_string())
        );
        for wrong in [
            "Age:asc",
            "Priority:up",
            "priority:asc",
            "Priority:asc,Priority:desc",
            "DateCreated,VirtualStartTime:asc",
            ",",
        ] {
            assert!(
                read(wrong)
                    .unwrap_err()
                    .to_string()
                    .starts_with("Ordering: "),
                "{wrong}"
            );
        }
    }
}
