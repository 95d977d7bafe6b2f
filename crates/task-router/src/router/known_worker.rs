//! Why the known Worker of a step cannot have the Task (taskrouter.md section 7.4). It changes nothing: the Task waits for the
//! step's end. But whoever wrote the Workflow wants to know.

use super::workflow::target_at;
use crate::model::{KnownWorker, Task, Worker, Workspace};

/// What is wrong with what a Task says about its known Worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KnownWorkerTrouble {
    /// The Worker is there and does not serve the step's queue.
    #[error("the known Worker is not in the step's TaskQueue")]
    NotInQueue,
    /// The Task says nothing, or nothing that names a Worker.
    #[error("the Task names no known Worker, or nobody who exists")]
    NoWorker,
    /// The Worker is in another Workspace.
    #[error("the known Worker is in another Workspace")]
    OtherWorkspace,
}

impl KnownWorkerTrouble {
    /// TaskRouter's debugger code (section 15).
    pub fn code(self) -> u32 {
        match self {
            Self::NotInQueue => 40_152,
            Self::NoWorker => 40_154,
            Self::OtherWorkspace => 40_155,
        }
    }
}

/// Whom a Task in a step with a known Worker is meant for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meant<'t> {
    /// The Worker of this SID.
    Sid(&'t str),
    /// The Worker of this name.
    FriendlyName(&'t str),
    /// Nobody the Task would name.
    Nobody,
}

/// Whom the Task's step means; `None`: anybody, or the Task says `null`, which is how it says that it knows nobody.
pub fn meant_by<'t>(workspace: &Workspace, task: &'t Task) -> Option<Meant<'t>> {
    let known = target_at(workspace, task)?.known_worker.as_ref()?;
    if task
        .attributes
        .value_at(known.path())
        .is_some_and(serde_json::Value::is_null)
    {
        return None;
    }
    Some(said_by(task, known))
}

/// Whom the Task names where its step looks.
pub(super) fn said_by<'t>(task: &'t Task, known: &KnownWorker) -> Meant<'t> {
    match (known, task.attributes.text_at(known.path())) {
        (KnownWorker::Sid(_), Some(sid)) => Meant::Sid(sid),
        (KnownWorker::FriendlyName(_), Some(name)) => Meant::FriendlyName(name),
        (KnownWorker::Sid(_) | KnownWorker::FriendlyName(_), None) => Meant::Nobody,
    }
}

impl Meant<'_> {
    /// Is it this Worker?
    pub(super) fn is(self, worker: &Worker) -> bool {
        match self {
            Self::Sid(sid) => sid.parse() == Ok(worker.sid),
            Self::FriendlyName(name) => name == worker.friendly_name,
            Self::Nobody => false,
        }
    }
}

/// What is wrong with the known Worker, if anything is; `found` is who the Task names, if they exist.
pub fn trouble(task: &Task, found: Option<&Worker>) -> Option<KnownWorkerTrouble> {
    let Some(worker) = found else {
        return Some(KnownWorkerTrouble::NoWorker);
    };
    if worker.workspace_sid != task.workspace_sid {
        return Some(KnownWorkerTrouble::OtherWorkspace);
    }
    (!worker.roster.serves(task.task_queue_sid)).then_some(KnownWorkerTrouble::NotInQueue)
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
        let (home, queue) = (
            WorkspaceSid::derive(&["home"]),
            TaskQueueSid::derive(&["q"]),
        );
        let mut workspace = Workspace::new(home, "Home", ActivitySid::derive(&["offline"]));
        let friendly_name = "q".to_owned();
        let (target_workers, task_order) = ("1 == 1".parse().ok(), crate::model::TaskOrder::Fifo);
        let in_table = TaskQueue {
            sid: queue,
            friendly_name,
            target_workers,
            max_reserved_workers: 1,
            task_order,
        };
        workspace.task_queues.insert(queue, in_table);
        let target = Target {
            known_worker: Some(known),
            ..Target::to(queue)
        };
        let configuration = Configuration {
            filters: Vec::new(),
            default_filter: Some(target),
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
    fn a_step_means_whom_the_task_names_or_nobody() {
        let by_sid = || KnownWorker::Sid("agent".parse().unwrap());
        let by_name = || KnownWorker::FriendlyName("agent".parse().unwrap());
        for (known, attributes, expected) in [
            (by_sid(), r#"{"agent":"WK1"}"#, Some(Meant::Sid("WK1"))),
            (
                by_name(),
                r#"{"agent":"Maya"}"#,
                Some(Meant::FriendlyName("Maya")),
            ),
            (by_sid(), "{}", Some(Meant::Nobody)),
            (by_name(), r#"{"agent":7}"#, Some(Meant::Nobody)),
            (by_sid(), r#"{"agent":null}"#, None),
        ] {
            let (workspace, task) = world(known, attributes);
            assert_eq!(meant_by(&workspace, &task), expected, "{attributes}");
        }
    }

    #[test]
    fn a_known_worker_who_cannot_have_the_task_has_a_code() {
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
        let elsewhere = worker(WorkspaceSid::derive(&["elsewhere"]));
        let outside = worker(workspace.sid);
        let inside = Worker {
            roster: QueueMembership::new(vec![task.task_queue_sid]),
            ..worker(workspace.sid)
        };
        let code = |found| trouble(&task, found).map(KnownWorkerTrouble::code);
        assert_eq!(code(None), Some(40_154));
        assert_eq!(code(Some(&elsewhere)), Some(40_155));
        assert_eq!(code(Some(&outside)), Some(40_152));
        assert_eq!(code(Some(&inside)), None);
    }
}
