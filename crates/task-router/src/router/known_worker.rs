//! The known Worker of a step (taskrouter.md section 7.4), and why that Worker cannot have the
//! Task.
//!
//! A problem changes nothing: the Task waits for the end of the step. It is logged for the author
//! of the Workflow.

use super::workflow::target_at;
use crate::model::{KnownWorker, Task, Worker, Workspace};

/// Why the known Worker of a step cannot have the Task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KnownWorkerProblem {
    /// The Worker exists and does not serve the step's TaskQueue.
    #[error("the known Worker is not in the step's TaskQueue")]
    NotInQueue,
    /// The Task names no Worker, or one that does not exist.
    #[error("the Task names no known Worker, or one that does not exist")]
    NoWorker,
    /// The Worker belongs to another Workspace.
    #[error("the known Worker is in another Workspace")]
    OtherWorkspace,
}

impl KnownWorkerProblem {
    /// TaskRouter's debugger code (section 15).
    pub fn code(self) -> u32 {
        match self {
            Self::NotInQueue => 40_152,
            Self::NoWorker => 40_154,
            Self::OtherWorkspace => 40_155,
        }
    }
}

/// The Worker that a Task wants in a step with a known Worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WantedWorker<'t> {
    /// The Worker with this SID.
    Sid(&'t str),
    /// The Worker with this friendly name.
    FriendlyName(&'t str),
    /// The Task's attributes name no Worker.
    Unnamed,
}

/// The Worker that the Task's step wants. `None`: any Worker, or the Task's attribute is `null`,
/// which says that the Task has no known Worker.
pub fn wanted_by<'t>(workspace: &Workspace, task: &'t Task) -> Option<WantedWorker<'t>> {
    let known = target_at(workspace, task)?.known_worker.as_ref()?;
    if task
        .attributes
        .value_at(known.path())
        .is_some_and(serde_json::Value::is_null)
    {
        return None;
    }
    Some(named_by(task, known))
}

/// The Worker that the Task's attributes name at the path of `known`.
pub(super) fn named_by<'t>(task: &'t Task, known: &KnownWorker) -> WantedWorker<'t> {
    match (known, task.attributes.text_at(known.path())) {
        (KnownWorker::Sid(_), Some(sid)) => WantedWorker::Sid(sid),
        (KnownWorker::FriendlyName(_), Some(name)) => WantedWorker::FriendlyName(name),
        (KnownWorker::Sid(_) | KnownWorker::FriendlyName(_), None) => WantedWorker::Unnamed,
    }
}

impl WantedWorker<'_> {
    /// Is it this Worker?
    pub(super) fn is(self, worker: &Worker) -> bool {
        match self {
            Self::Sid(sid) => sid.parse() == Ok(worker.sid),
            Self::FriendlyName(name) => name == worker.friendly_name,
            Self::Unnamed => false,
        }
    }
}

/// Why the known Worker cannot have the Task. `None`: they can. `found` is the Worker that the Task
/// names, if that Worker exists.
pub fn problem(task: &Task, found: Option<&Worker>) -> Option<KnownWorkerProblem> {
    let Some(worker) = found else {
        return Some(KnownWorkerProblem::NoWorker);
    };
    if worker.workspace_sid != task.workspace_sid {
        return Some(KnownWorkerProblem::OtherWorkspace);
    }
    if worker.queue_membership.serves(task.task_queue_sid) {
        return None;
    }
    Some(KnownWorkerProblem::NotInQueue)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        Configuration, QueueMembership, Target, TaskChannelName, TaskQueue, Workflow,
    };
    use crate::router::{NewTask, create_task};
    use ids::time::Timestamp;
    use ids::{ActivitySid, TaskQueueSid, TaskSid, WorkerSid, WorkflowSid, WorkspaceSid};

    const NOW: Timestamp = Timestamp::from_millis(0);

    fn world(known: KnownWorker, attributes: &str) -> (Workspace, Task) {
        let home = WorkspaceSid::derive(&["home"]);
        let queue = TaskQueueSid::derive(&["q"]);
        let mut workspace = Workspace::new(home, "Home", ActivitySid::derive(&["offline"]));
        let task_queue = TaskQueue {
            sid: queue,
            friendly_name: "q".to_owned(),
            target_workers: "1 == 1".parse().ok(),
            max_reserved_workers: 1,
            task_order: crate::model::TaskOrder::Fifo,
            reservation_activity_sid: None,
            assignment_activity_sid: None,
        };
        workspace.task_queues.insert(queue, task_queue);
        let target = Target {
            known_worker: Some(known),
            ..Target::to(queue)
        };
        let configuration = Configuration {
            filters: Vec::new(),
            default_filter: Some(target),
            text: None,
        };
        let workflow = Workflow::new(WorkflowSid::derive(&["w"]), "W", configuration);
        workspace.workflows.insert(workflow.sid, workflow.clone());
        let new = NewTask::new(
            TaskSid::derive(&["t"]),
            attributes.parse().unwrap(),
            TaskChannelName::DEFAULT,
        );
        let task = create_task(&workspace, &workflow, new, NOW).unwrap();
        (workspace, task)
    }

    #[test]
    fn step_wants_the_worker_the_task_names() {
        let by_sid = || KnownWorker::Sid("agent".parse().unwrap());
        let by_name = || KnownWorker::FriendlyName("agent".parse().unwrap());
        for (known, attributes, expected) in [
            (
                by_sid(),
                r#"{"agent":"WK1"}"#,
                Some(WantedWorker::Sid("WK1")),
            ),
            (
                by_name(),
                r#"{"agent":"Maya"}"#,
                Some(WantedWorker::FriendlyName("Maya")),
            ),
            (by_sid(), "{}", Some(WantedWorker::Unnamed)),
            (by_name(), r#"{"agent":7}"#, Some(WantedWorker::Unnamed)),
            (by_sid(), r#"{"agent":null}"#, None),
        ] {
            let (workspace, task) = world(known, attributes);
            assert_eq!(wanted_by(&workspace, &task), expected, "{attributes}");
        }
    }

    #[test]
    fn problem_has_a_debugger_code() {
        let (workspace, task) = world(KnownWorker::Sid("agent".parse().unwrap()), "{}");
        let worker = |home| {
            Worker::new(
                WorkerSid::derive(&["a"]),
                home,
                "A",
                workspace.default_activity_sid,
                NOW,
            )
        };
        let foreign = worker(WorkspaceSid::derive(&["other"]));
        let outside = worker(workspace.sid);
        let inside = Worker {
            queue_membership: QueueMembership::new(vec![task.task_queue_sid]),
            ..worker(workspace.sid)
        };
        let code = |found| problem(&task, found).map(KnownWorkerProblem::code);
        assert_eq!(code(None), Some(40_154));
        assert_eq!(code(Some(&foreign)), Some(40_155));
        assert_eq!(code(Some(&outside)), Some(40_152));
        assert_eq!(code(Some(&inside)), None);
    }
}
