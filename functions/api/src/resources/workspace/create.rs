//! Creation of a Workspace, with the parts of its template (taskrouter.md section 2.1).

use ids::{ActivitySid, TaskQueueSid, WorkflowSid, WorkspaceSid};
use task_router::model::{
    ALL_WORKERS, Activity, Configuration, PartId, Target, TaskOrder, TaskQueue, WORKSPACES_MAX,
    Workflow, Workspace,
};

use super::{Fields, render};
use crate::answer::Answer;
use crate::error::ApiError;
use crate::request_context::RequestContext;

/// The Activities of a new Workspace, and whether a Worker in them is available. The first is the
/// default Activity and the timeout Activity.
const ACTIVITIES: [(&str, bool); 3] = [
    ("Offline", false),
    ("Available", true),
    ("Unavailable", false),
];

const SAMPLE_QUEUE: &str = "Sample Queue";
const FIFO_WORKFLOW: &str = "Default Fifo Workflow";

/// The parts of a new Workspace in addition to its Activities and TaskChannels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Template {
    /// No further parts.
    None,
    /// A TaskQueue for every Worker and a Workflow that leads into it.
    Fifo,
}

/// `POST /v1/Workspaces` with `FriendlyName`, `EventCallbackUrl`, `EventsFilter`,
/// `MultiTaskEnabled`, `Template` and `PrioritizeQueueOrder`. One transaction writes all parts.
pub async fn create(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let fields = Fields::read(&context.form)?;
    if fields.friendly_name.is_none() {
        return Err(ApiError::missing("FriendlyName"));
    }
    let template = context
        .form
        .parsed("Template", template)?
        .unwrap_or(Template::None);
    let store = &context.api.store;
    if store.workspace_sids().await?.len() >= WORKSPACES_MAX {
        return Err(ApiError::State(format!(
            "The account has {WORKSPACES_MAX} Workspaces, which is the limit"
        )));
    }
    let [seed, count] = context.api.ids.next_cause();
    let mut workspace = of_template(WorkspaceSid::derive(&[&seed, &count]), template);
    fields.apply_to(&mut workspace);
    let created = match store.replace_workspace(None, &workspace, context.now).await {
        // Only this request knows the SID. So a conflict means that an attempt was written and its
        // response was lost.
        Err(store::Error::Conflict) => store
            .fresh_workspace(workspace.sid, context.now)
            .await?
            .as_deref()
            .cloned(),
        written => Some(written?),
    };
    let created = created.ok_or(store::Error::Conflict)?;
    Ok(Answer::created(render(&context.view, &created)?))
}

fn template(text: &str) -> Result<Template, String> {
    match text.to_ascii_uppercase().as_str() {
        "" | "NONE" => Ok(Template::None),
        "FIFO" => Ok(Template::Fifo),
        _ => Err("expected NONE or FIFO".to_owned()),
    }
}

fn of_template(sid: WorkspaceSid, template: Template) -> Workspace {
    let activity_sid = |name: &str| ActivitySid::derive(&[&sid.to_string(), name]);
    let [(default, _), ..] = ACTIVITIES;
    let mut workspace = Workspace::new(sid, "", activity_sid(default));
    for (name, available) in ACTIVITIES {
        let sid = activity_sid(name);
        workspace.ledger.append(PartId::Activity(sid));
        workspace.activities.insert(
            sid,
            Activity {
                sid,
                friendly_name: name.to_owned(),
                available,
            },
        );
    }
    if template == Template::Fifo {
        let queue = TaskQueueSid::derive(&[&sid.to_string(), SAMPLE_QUEUE]);
        let workflow = WorkflowSid::derive(&[&sid.to_string(), FIFO_WORKFLOW]);
        workspace.task_queues.insert(queue, sample_queue(queue));
        let configuration = Configuration {
            filters: Vec::new(),
            default_filter: Some(Target::to(queue)),
            text: None,
        };
        workspace.workflows.insert(
            workflow,
            Workflow::new(workflow, FIFO_WORKFLOW, configuration),
        );
    }
    workspace
}

fn sample_queue(sid: TaskQueueSid) -> TaskQueue {
    TaskQueue {
        sid,
        friendly_name: SAMPLE_QUEUE.to_owned(),
        target_workers: ALL_WORKERS.parse().ok(),
        max_reserved_workers: 1,
        task_order: TaskOrder::Fifo,
        reservation_activity_sid: None,
        assignment_activity_sid: None,
    }
}

#[cfg(test)]
mod tests {
    use task_router::model::{Expression, TaskChannelName};

    use super::*;
    use crate::resources::samples::WORKSPACE;

    #[test]
    fn template_is_parsed_by_name() {
        assert_eq!(
            (template("NONE"), template("fifo")),
            (Ok(Template::None), Ok(Template::Fifo))
        );
        assert_eq!(template("LIFO"), Err("expected NONE or FIFO".to_owned()));
    }

    #[test]
    fn new_workspace_has_activities_and_channels() {
        let workspace = of_template(WORKSPACE, Template::None);
        let mut names: Vec<_> = workspace
            .activities
            .values()
            .map(|one| (&*one.friendly_name, one.available))
            .collect();
        names.sort_unstable();
        assert_eq!(
            names,
            [
                ("Available", true),
                ("Offline", false),
                ("Unavailable", false)
            ]
        );
        assert_eq!(
            workspace.activities[&workspace.default_activity_sid].friendly_name,
            "Offline"
        );
        assert_eq!(
            workspace.timeout_activity_sid,
            workspace.default_activity_sid
        );
        assert!(
            TaskChannelName::STANDARD
                .iter()
                .all(|name| workspace.task_channels.contains_key(name))
        );
        assert!(workspace.task_queues.is_empty() && workspace.workflows.is_empty());
    }

    #[test]
    fn fifo_template_adds_queue_and_workflow() {
        let workspace = of_template(WORKSPACE, Template::Fifo);
        let queue = workspace.task_queues.values().next().unwrap();
        assert_eq!(
            queue.target_workers.as_ref().map(Expression::source),
            Some("1==1")
        );
        let workflow = workspace.workflows.values().next().unwrap();
        assert_eq!(
            (
                queue.friendly_name.as_str(),
                workflow.friendly_name.as_str()
            ),
            (SAMPLE_QUEUE, FIFO_WORKFLOW)
        );
        assert_eq!(
            workflow
                .configuration
                .targets()
                .map(|target| target.queue)
                .collect::<Vec<_>>(),
            [queue.sid]
        );
        assert_eq!(workflow.task_reservation_timeout.as_secs(), 120);
    }
}
