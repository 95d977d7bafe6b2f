//! Enqueue with a Workflow: the call waits in the Workflow's queue as a Task (taskrouter.md section
//! 16; voice-webhooks.md section 9).
//!
//! The TaskRouter owns the Task: the carrier requests its creation, and notifies the TaskRouter
//! when the call no longer waits. The carrier chooses the Task's SID from the call and the number
//! of its Enqueue, so the request is idempotent. The call enters the queue at once, so that a full
//! queue is noticed before there is a Task; a Dial can take it, and it hears music, only when the
//! Task is created. For each Task that may have been created, the TaskRouter is notified exactly
//! once when its call leaves; if the call leaves before the answer, the notification follows the
//! answer.

use ids::time::{Millis, Timestamp};
use ids::{CallSid, QueueSid, TaskSid, WorkflowSid};
use serde::{Deserialize, Serialize};

use super::queue::{Queue, QueueResult};
use super::requests::{http_failure, param};
use super::turn::Turn;
use super::{Event, Fetch, Fetched, Purpose, Refusal, Reply, Target};
use crate::twiml::{ErrorCode, Fault, Method, TaskNoun};

/// Path of the request that creates a Task, below the TaskRouter's URL.
const ENQUEUE: &str = "/enqueue";
/// Path of the notification that a call no longer waits.
const LEFT_QUEUE: &str = "/left-queue";
/// Status of the answer when an earlier request created the Task and it has ended since.
const GONE: u16 = 410;

/// How long a call stays in its queue after its Task has ended. An application that is notified of
/// the end by the event callback can redirect the call in this time (voice-webhooks.md section 9).
pub const ENDED_TASK_GRACE: Millis = Millis::from_secs(10);

/// The Task of a call in the queue of a Workflow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct QueuedTask {
    pub sid: TaskSid,
    /// Whether the TaskRouter has confirmed the Task.
    pub is_made: bool,
    /// The end of the Task. The call leaves its queue [`ENDED_TASK_GRACE`] later.
    #[serde(default)]
    pub ended: Option<Timestamp>,
}

impl QueuedTask {
    /// Whether the Task exists and can be given to a Worker.
    pub fn is_live(&self) -> bool {
        self.is_made && self.ended.is_none()
    }

    /// The moment at which the call of an ended Task leaves its queue.
    pub fn leaves_at(&self) -> Option<Timestamp> {
        Some(self.ended? + ENDED_TASK_GRACE)
    }
}

/// How the Task of a waiting call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskEnd {
    /// It was canceled, by a program, by its timeout or by its Workflow. The call leaves its queue
    /// after [`ENDED_TASK_GRACE`], unless it is redirected before.
    Ended,
    /// The waiting list of its TaskQueue is full. The call leaves at once, as from a full queue.
    QueueFull,
}

/// The TaskRouter's answer to a request to create a Task.
enum Answer {
    /// The call waits as this Task.
    Made,
    /// The Task has ended since the first request.
    Ended,
    /// The TaskRouter refused to create the Task.
    Refused(Fault),
    /// The request failed: the Task may exist or not.
    Unknown(Fault),
}

impl Turn<'_> {
    /// An absolute URL of the TaskRouter; `None` for a carrier without one.
    pub fn task_router(&self, path: &str) -> Option<Target> {
        let base = self.network.setup.task_router_url.as_ref()?;
        Some(Target {
            url: format!("{}{path}", base.trim_end_matches('/')),
            method: Method::Post,
        })
    }

    /// The name of the queue of an Enqueue's Workflow, which is the Workflow's SID
    /// (voice-webhooks.md section 9).
    pub fn workflow_queue(&self, noun: &TaskNoun) -> Result<String, (Fault, QueueResult)> {
        let workflow: WorkflowSid = noun.workflow.parse().map_err(|error| {
            let text = format!("workflowSid of <Enqueue>: {error}");
            (Fault::new(ErrorCode::WorkflowSid, text), QueueResult::Error)
        })?;
        match self.network.setup.task_router_url {
            Some(_) => Ok(workflow.to_string()),
            None => {
                let text =
                    format!("Workflow {workflow}: this carrier is coupled with no TaskRouter");
                Err((
                    Fault::new(ErrorCode::WorkflowSid, text),
                    QueueResult::SystemError,
                ))
            }
        }
    }

    /// The next Task of a call, not created yet.
    pub fn next_task(&mut self, sid: CallSid) -> Option<QueuedTask> {
        let call = self.call_mut(sid)?;
        call.enqueues += 1;
        Some(QueuedTask {
            sid: TaskSid::of_enqueue(sid, call.enqueues),
            is_made: false,
            ended: None,
        })
    }

    /// Requests the creation of the Task of a call that is in the queue of its Workflow.
    pub fn ask_for_task(&mut self, sid: CallSid, task: TaskSid, noun: TaskNoun) {
        let Some(target) = self.task_router(ENQUEUE) else {
            return;
        };
        let TaskNoun {
            workflow,
            attributes,
            priority,
            timeout_secs,
        } = noun;
        let mut params = self.call_params(sid, None);
        params.extend([param("TaskSid", task), param("WorkflowSid", workflow)]);
        params.extend(attributes.map(|attributes| param("TaskAttributes", attributes)));
        params.extend(priority.map(|priority| param("TaskPriority", priority)));
        params.extend(timeout_secs.map(|secs| param("TaskTimeout", secs)));
        if self
            .send(sid, target, params, Purpose::Task(task))
            .is_none()
        {
            self.note_fault(
                sid,
                &Fault::new(ErrorCode::HttpFailure, "too many requests are outstanding"),
            );
            self.leave_queue(sid, QueueResult::SystemError);
        }
    }

    /// Handles the TaskRouter's answer about a Task. The call may have left its queue before the
    /// answer.
    pub fn task_answered(&mut self, fetch: &Fetch, task: TaskSid, fetched: &Fetched) {
        let sid = fetch.call;
        let answer = answer(fetch, fetched);
        let is_requested = |waiting: &QueuedTask| waiting.sid == task && !waiting.is_made;
        if !self.task_of(sid).is_some_and(is_requested) {
            return self.answered_too_late(sid, task, &answer);
        }
        match answer {
            Answer::Made => {
                self.set_made(sid);
                self.note_position(sid);
                self.begin_waiting(sid);
            }
            Answer::Ended => self.leave_queue(sid, QueueResult::Leave),
            Answer::Refused(fault) => {
                self.note_fault(sid, &fault);
                self.leave_queue(sid, QueueResult::Error);
            }
            Answer::Unknown(fault) => {
                self.note_fault(sid, &fault);
                self.set_made(sid);
                self.leave_queue(sid, QueueResult::SystemError);
            }
        }
    }

    /// The answer arrived after the call had left its queue: the TaskRouter is notified if the Task
    /// may exist.
    fn answered_too_late(&mut self, sid: CallSid, task: TaskSid, answer: &Answer) {
        let result = match self.call(sid) {
            Some(call) if !call.status.is_over() => QueueResult::Redirected,
            Some(_) | None => QueueResult::Hangup,
        };
        match answer {
            Answer::Made | Answer::Unknown(_) => {
                self.notify_left_queue(sid, task, result, Millis::ZERO)
            }
            Answer::Ended | Answer::Refused(_) => {}
        }
    }

    fn task_of(&self, sid: CallSid) -> Option<&QueuedTask> {
        self.call(sid)?.enqueued.as_ref()?.task.as_ref()
    }

    fn set_made(&mut self, sid: CallSid) {
        let enqueued = self.call_mut(sid).and_then(|call| call.enqueued.as_mut());
        if let Some(task) = enqueued.and_then(|enqueued| enqueued.task.as_mut()) {
            task.is_made = true;
        }
    }

    /// Notifies the TaskRouter that no call waits as this Task any more.
    pub fn notify_left_queue(
        &mut self,
        sid: CallSid,
        task: TaskSid,
        result: QueueResult,
        waited: Millis,
    ) {
        let Some(target) = self.task_router(LEFT_QUEUE) else {
            return;
        };
        let mut params = self.call_params(sid, None);
        params.push(param("TaskSid", task));
        params.push(param("QueueResult", result.as_str()));
        params.push(param("QueueTime", waited.as_secs()));
        if self.send(sid, target, params, Purpose::LeftQueue).is_none() {
            let code = ErrorCode::TaskNotCleanedUp.number();
            self.warn(
                sid,
                &format!(
                    "{code}: the TaskRouter is not notified: too many requests are outstanding"
                ),
            );
        }
    }

    /// Handles the end of a Task: a call that waits as this Task leaves its queue and continues. No
    /// Dial takes the call any more.
    pub fn task_ended(&mut self, sid: CallSid, task: TaskSid, end: TaskEnd) -> Result<(), Refusal> {
        let call = self.known_call(sid)?;
        if !(1..=call.enqueues).any(|run| TaskSid::of_enqueue(sid, run) == task) {
            return Err(Refusal::NotItsTask(task));
        }
        let enqueued = call
            .enqueued
            .as_ref()
            .filter(|enqueued| enqueued.task.is_some_and(|own| own.sid == task));
        let Some(announcer) = enqueued.map(|enqueued| (enqueued.left, enqueued.announcer)) else {
            return Ok(());
        };
        let dialer = match announcer {
            (None, _) => None,
            (Some(_), Some(dialer)) => Some(dialer),
            // The call is in conversation; its end will be reported.
            (Some(_), None) => return Ok(()),
        };
        match end {
            TaskEnd::Ended => self.begin_grace(sid),
            TaskEnd::QueueFull => {
                let text = "as many calls as may wait in the TaskQueue do already";
                self.note_fault(sid, &Fault::new(ErrorCode::QueueFull, text));
                self.leave_queue(sid, QueueResult::QueueFull);
            }
        }
        if let Some(dialer) = dialer {
            self.caller_lost(dialer);
        }
        Ok(())
    }

    /// Keeps a call whose Task has ended in its queue for [`ENDED_TASK_GRACE`]. A caller who hears
    /// the announcement before a connection returns to the queue.
    fn begin_grace(&mut self, sid: CallSid) {
        let now = self.now;
        let Some(enqueued) = self.call_mut(sid).and_then(|call| call.enqueued.as_mut()) else {
            return;
        };
        let is_connecting = enqueued.announcer.is_some();
        let Some(task) = enqueued.task.as_mut().filter(|task| task.ended.is_none()) else {
            return;
        };
        task.ended = Some(now);
        let secs = ENDED_TASK_GRACE.as_secs();
        let text = format!("its Task has ended; leaves in {secs} s unless it is redirected");
        self.note(sid, Event::Waiting, text);
        if is_connecting {
            self.not_connected(sid);
        }
    }

    /// The queue that a Dial of this name serves: the queue of that name, or the one in which the
    /// call of the Task with this SID waits. So a TaskRouter can take each call of a Workflow's
    /// queue, at any position.
    pub fn dialed_queue(&self, name: &str) -> Option<QueueSid> {
        self.queue_named(name).or_else(|| {
            let task: TaskSid = name.parse().ok()?;
            let mut live = self
                .network
                .live
                .iter()
                .filter_map(|sid| self.network.calls.get(sid));
            let call = live.find(|call| call.waiting_task() == Some(task))?;
            Some(call.enqueued.as_ref()?.queue)
        })
    }

    /// The call that a Dial of this name takes from the queue: its head, or the call of that Task.
    pub fn dialed_member(&self, queue: &Queue, name: &str) -> Option<CallSid> {
        let task = if queue.name == name {
            None
        } else {
            Some(name.parse::<TaskSid>().ok()?)
        };
        let mut calls = queue
            .members
            .iter()
            .filter_map(|member| self.network.calls.get(&member.call));
        let member = calls.find(|call| match task {
            None => call.can_be_fetched(),
            Some(task) => call.waiting_task() == Some(task),
        });
        member.map(|call| call.sid)
    }

    /// Writes the position of a waiting call into its transcript.
    pub fn note_position(&mut self, sid: CallSid) {
        let Some(enqueued) = self.call(sid).and_then(|call| call.enqueued.as_ref()) else {
            return;
        };
        let Some(queue) = self.network.queues.get(&enqueued.queue) else {
            return;
        };
        let task = enqueued
            .task
            .map(|task| format!(" as Task {}", task.sid))
            .unwrap_or_default();
        let text = format!(
            "in queue {}, number {}{task}",
            queue.name,
            queue.position(sid).unwrap_or(0)
        );
        self.note(sid, Event::Waiting, text);
    }
}

fn answer(fetch: &Fetch, fetched: &Fetched) -> Answer {
    let reply = match fetched {
        Fetched::Reply(reply) => reply,
        Fetched::Failed(fault) => return Answer::Unknown(fault.clone()),
        Fetched::Length(_) => return Answer::Unknown(http_failure(&fetch.target, 200)),
    };
    match refusal(reply) {
        _ if reply.is_success() => Answer::Made,
        _ if reply.status == GONE => Answer::Ended,
        Some(fault) => Answer::Refused(fault),
        None => Answer::Unknown(http_failure(&fetch.target, reply.status)),
    }
}

/// The carrier's code in a refusal such as `{"code":14220,"message":"…"}`, the error format of a
/// TaskRouter's REST API (taskrouter.md section 1).
fn refusal(reply: &Reply) -> Option<Fault> {
    #[derive(Deserialize)]
    struct Error {
        code: u32,
        message: String,
    }
    let Error { code, message } = serde_json::from_slice(&reply.body).ok()?;
    let codes = [
        ErrorCode::WorkflowSid,
        ErrorCode::TaskAttributes,
        ErrorCode::NoTarget,
    ];
    let code = codes.into_iter().find(|known| known.number() == code)?;
    Some(Fault::new(code, message))
}
