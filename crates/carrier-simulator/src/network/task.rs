//! Enqueue with a Workflow: the call waits in the Workflow's queue as a Task (taskrouter.md section 16;
//! voice-webhooks.md section 9).
//!
//! The Task is the TaskRouter's: it is asked to make one, and told when the call waits no longer. The carrier gives the
//! Task its SID, which follows from the call and the number of its Enqueue, so asking twice makes one. The call is in
//! the queue from the first moment, so that a full one is noticed before there is a Task; it can be fetched, and hears
//! music, once the Task is made. Every Task that may have been made is told about exactly when its call leaves: if that is
//! before the answer, then with the answer.

use ids::time::Millis;
use ids::{CallSid, QueueSid, TaskSid, WorkflowSid};
use serde::{Deserialize, Serialize};

use super::queue::{Queue, QueueResult};
use super::requests::{http_failure, param};
use super::turn::Turn;
use super::{Event, Fetch, Fetched, Purpose, Refusal, Reply, Target};
use crate::twiml::{ErrorCode, Fault, Method, TaskNoun};

/// Where a TaskRouter is asked to make a Task, below its URL.
const ENQUEUE: &str = "/enqueue";
/// Where it is told that a call waits no longer.
const LEFT_QUEUE: &str = "/left-queue";
/// The Task was made when it was asked for before, and has ended since.
const GONE: u16 = 410;

/// The Task of a call in the queue of a Workflow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct QueuedTask {
    pub sid: TaskSid,
    /// Whether the TaskRouter has said so.
    pub is_made: bool,
}

/// How the Task of a waiting call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskEnd {
    /// It was canceled: by somebody, by its timeout, by its Workflow. The call leaves its queue.
    Ended,
    /// As many calls as may wait in its TaskQueue did already. The call leaves as from a full queue.
    QueueFull,
}

/// What a TaskRouter says of a Task it was asked to make.
enum Answer {
    /// The call waits as this Task.
    Made,
    /// It has ended since it was asked for first.
    Ended,
    /// There is none, and will be none.
    Refused(Fault),
    /// Nobody knows whether there is one.
    Unknown(Fault),
}

impl Turn<'_> {
    /// An absolute URL of the TaskRouter's; none when the carrier is coupled with none.
    pub fn task_router(&self, path: &str) -> Option<Target> {
        let base = self.network.setup.task_router_url.as_ref()?;
        Some(Target {
            url: format!("{}{path}", base.trim_end_matches('/')),
            method: Method::Post,
        })
    }

    /// The queue of the Workflow that an Enqueue names is named like it (voice-webhooks.md section 9).
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

    /// The next Task of a call.
    pub fn next_task(&mut self, sid: CallSid) -> Option<QueuedTask> {
        let call = self.call_mut(sid)?;
        call.enqueues += 1;
        Some(QueuedTask {
            sid: TaskSid::of_enqueue(sid, call.enqueues),
            is_made: false,
        })
    }

    /// Asks for the Task of a call that is in the queue of its Workflow.
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

    /// The TaskRouter has made a Task, or has not. The call may wait no longer.
    pub fn task_answered(&mut self, fetch: &Fetch, task: TaskSid, fetched: &Fetched) {
        let sid = fetch.call;
        let answer = answer(fetch, fetched);
        let asks = |waiting: &QueuedTask| waiting.sid == task && !waiting.is_made;
        if !self.task_of(sid).is_some_and(asks) {
            return self.answered_too_late(sid, task, &answer);
        }
        match answer {
            Answer::Made => {
                self.set_made(sid);
                self.note_place(sid);
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

    /// Nobody waits as the Task that has just been made.
    fn answered_too_late(&mut self, sid: CallSid, task: TaskSid, answer: &Answer) {
        let result = match self.call(sid) {
            Some(call) if !call.status.is_over() => QueueResult::Redirected,
            Some(_) | None => QueueResult::Hangup,
        };
        match answer {
            Answer::Made | Answer::Unknown(_) => {
                self.tell_left_queue(sid, task, result, Millis::ZERO)
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

    /// Tells the TaskRouter that a call waits as this Task no longer.
    pub fn tell_left_queue(
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
                &format!("{code}: the TaskRouter is not told: too many requests are outstanding"),
            );
        }
    }

    /// The Task of a call has ended: if the call waits as it, it leaves the queue and goes on.
    pub fn task_ended(&mut self, sid: CallSid, task: TaskSid, end: TaskEnd) -> Result<(), Refusal> {
        let call = self.known(sid)?;
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
            // The call talks already; the end of that will be told.
            (Some(_), None) => return Ok(()),
        };
        let result = match end {
            TaskEnd::Ended => QueueResult::Leave,
            TaskEnd::QueueFull => {
                let text = "as many calls as may wait in the TaskQueue do already";
                self.note_fault(sid, &Fault::new(ErrorCode::QueueFull, text));
                QueueResult::QueueFull
            }
        };
        self.leave_queue(sid, result);
        if let Some(dialer) = dialer {
            self.caller_lost(dialer);
        }
        Ok(())
    }

    /// The queue that a Dial of this name leads to: the one of that name, or the one where the call of the Task of this SID
    /// waits. So a TaskRouter reaches each call of a Workflow's queue, wherever it stands in line.
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

    /// Whom a Dial of this name gets out of the queue: its head, or the call of that Task.
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

    /// Writes where a call waits into its transcript.
    pub fn note_place(&mut self, sid: CallSid) {
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

/// `{"code":14220,"message":"…"}`, as the REST API of a TaskRouter words its errors (taskrouter.md section 1).
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
