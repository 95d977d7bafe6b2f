//! Queues: enqueue, wait and leave (voice-webhooks.md sections 5.1 and 5.2).

use ids::time::{Millis, Timestamp};
use ids::{CallSid, QueueSid};
use serde::{Deserialize, Serialize};

use super::call::{Enqueued, Phase, Role, Transfer};
use super::interpreter::{Flow, ROUND_MIN};
use super::requests::{Params, param};
use super::task::QueuedTask;
use super::turn::Turn;
use super::{Event, QUEUES_MAX, Target};
use crate::twiml::{Enqueue, EnqueueInto, ErrorCode, Fault, Wait};

/// Longest name of a queue, in characters (voice-webhooks.md section 5.1).
pub const NAME_CHARS_MAX: usize = 64;
/// Largest size of a queue if the request does not say (voice-webhooks.md section 8).
pub const MEMBERS_DEFAULT: u32 = 1_000;
/// Largest size of the queue of a Workflow (taskrouter.md section 14).
pub const WORKFLOW_MEMBERS_DEFAULT: u32 = 100;
/// Limit of the largest size of a queue (voice-webhooks.md section 8).
pub const MEMBERS_MAX: u32 = 5_000;

/// A queue of waiting calls.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Queue {
    /// Derived from the seed and the serial number.
    pub sid: QueueSid,
    /// Number of the queue in the order of creation.
    pub serial: u64,
    /// The name; unique.
    pub name: String,
    /// Largest number of waiting calls.
    pub max_size: u32,
    /// The moment of creation.
    pub created: Timestamp,
    /// The moment of the last change of name or size.
    pub updated: Timestamp,
    /// The waiting calls, the head first.
    pub members: Vec<Member>,
}

/// A call that waits in a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The waiting call.
    pub call: CallSid,
    /// The start of its wait.
    pub since: Timestamp,
}

impl Queue {
    /// Average time that the waiting calls have waited, in whole seconds; zero for an empty queue.
    pub fn average_wait_secs(&self, now: Timestamp) -> u64 {
        let total: u64 = self
            .members
            .iter()
            .map(|member| now.since(member.since).as_millis())
            .sum();
        let count = self.members.len() as u64;
        total
            .checked_div(count)
            .map_or(0, |millis| Millis::from_millis(millis).as_secs())
    }

    /// The position of a call, from 1.
    pub fn position(&self, call: CallSid) -> Option<usize> {
        Some(self.members.iter().position(|member| member.call == call)? + 1)
    }
}

/// The reason why a call left its queue (voice-webhooks.md section 5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum QueueResult {
    Bridged,
    BridgingInProcess,
    Leave,
    Redirected,
    RedirectedFromBridged,
    Hangup,
    QueueFull,
    Error,
    SystemError,
}

impl QueueResult {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bridged => "bridged",
            Self::BridgingInProcess => "bridging-in-process",
            Self::Leave => "leave",
            Self::Redirected => "redirected",
            Self::RedirectedFromBridged => "redirected-from-bridged",
            Self::Hangup => "hangup",
            Self::QueueFull => "queue-full",
            Self::Error => "error",
            Self::SystemError => "system-error",
        }
    }
}

impl Turn<'_> {
    pub fn start_enqueue(&mut self, sid: CallSid, enqueue: Enqueue) -> Flow {
        let (action, wait) = match self.enqueue_targets(sid, &enqueue) {
            Ok(targets) => targets,
            Err(fault) => {
                self.fault(sid, &fault);
                return Flow::Wait;
            }
        };
        match self.enter_queue(sid, &enqueue.queue) {
            Ok(queue) => {
                let stay = Enqueued {
                    queue,
                    since: self.now,
                    left: None,
                    announcer: None,
                    action,
                    wait,
                    task: None,
                };
                self.wait_in(sid, stay, enqueue.queue);
            }
            Err((fault, result, queue)) => {
                self.note_fault(sid, &fault);
                let extra = queue_result_params(result, queue, Millis::ZERO);
                self.after_verb(sid, action.map(Ok), extra);
            }
        }
        Flow::Wait
    }

    fn enqueue_targets(
        &self,
        sid: CallSid,
        enqueue: &Enqueue,
    ) -> Result<(Option<Target>, Option<Target>), Fault> {
        let action = enqueue
            .action
            .as_ref()
            .map(|link| self.resolve(sid, link))
            .transpose();
        let wait = match &enqueue.wait {
            Wait::Document(link) => self.resolve(sid, link).map(Some),
            Wait::Music | Wait::Silence => Ok(None),
        };
        Ok((
            action.map_err(|fault| fault.with_url_code(ErrorCode::EnqueueActionUrl))?,
            wait.map_err(|fault| fault.with_url_code(ErrorCode::EnqueueWaitUrl))?,
        ))
    }

    fn enter_queue(
        &mut self,
        sid: CallSid,
        into: &EnqueueInto,
    ) -> Result<QueueSid, (Fault, QueueResult, Option<QueueSid>)> {
        let (name, max_size) = self
            .queue_name_and_size(into)
            .map_err(|(fault, result)| (fault, result, None))?;
        let queue_sid = self
            .queue_named(&name)
            .or_else(|| self.make_queue(&name, max_size));
        let Some(queue_sid) = queue_sid else {
            let text =
                format!("at most {QUEUES_MAX} queues are simulated and calls wait in all of them");
            return Err((
                Fault::new(ErrorCode::QueueFull, text),
                QueueResult::SystemError,
                None,
            ));
        };
        let member = Member {
            call: sid,
            since: self.now,
        };
        match self.network.queues.get_mut(&queue_sid) {
            Some(queue) if queue.members.len() < queue.max_size as usize => {
                queue.members.push(member)
            }
            Some(_) | None => {
                let fault = Fault::new(ErrorCode::QueueFull, format!("queue {name} is full"));
                return Err((fault, QueueResult::QueueFull, Some(queue_sid)));
            }
        }
        Ok(queue_sid)
    }

    /// The name of the queue, and its largest size if it has to be created.
    fn queue_name_and_size(
        &self,
        into: &EnqueueInto,
    ) -> Result<(String, u32), (Fault, QueueResult)> {
        match into {
            EnqueueInto::Queue(name) => {
                check_name(name).map_err(|fault| (fault, QueueResult::Error))?;
                Ok((name.clone(), MEMBERS_DEFAULT))
            }
            EnqueueInto::Workflow(noun) => {
                Ok((self.workflow_queue(noun)?, WORKFLOW_MEMBERS_DEFAULT))
            }
        }
    }

    fn wait_in(&mut self, sid: CallSid, stay: Enqueued, into: EnqueueInto) {
        let task = match &into {
            EnqueueInto::Queue(_) => None,
            EnqueueInto::Workflow(_) => self.next_task(sid),
        };
        if let Some(call) = self.call_mut(sid) {
            call.enqueued = Some(Enqueued { task, ..stay });
            call.phase = Phase::Holding;
        }
        match (into, task) {
            (EnqueueInto::Workflow(noun), Some(task)) => self.ask_for_task(sid, task.sid, noun),
            (EnqueueInto::Workflow(_) | EnqueueInto::Queue(_), _) => {
                self.note_position(sid);
                self.begin_waiting(sid);
            }
        }
    }

    /// Starts the wait: a Dial may take the call from now on; until then it hears its wait
    /// document.
    pub fn begin_waiting(&mut self, sid: CallSid) {
        let Some(queue) = self
            .call(sid)
            .and_then(|call| call.enqueued.as_ref())
            .map(|enqueued| enqueued.queue)
        else {
            return;
        };
        self.match_queue(queue);
        let still_waits = self
            .call(sid)
            .is_some_and(|call| call.phase == Phase::Holding);
        if still_waits {
            self.ask_wait_document(sid);
        }
    }

    /// The connection with this call was canceled. A call with a Task keeps its position and waits
    /// on, because the TaskRouter will offer it again; any other call continues with its own
    /// document.
    pub fn not_connected(&mut self, sid: CallSid) {
        if !self.return_to_queue(sid) {
            return self.leave_queue(sid, QueueResult::BridgingInProcess);
        }
        self.abandon_document(sid);
        if let Some(call) = self.call_mut(sid) {
            call.stack.truncate(1);
            call.phase = Phase::Holding;
        }
        self.note_position(sid);
        self.begin_waiting(sid);
    }

    /// Puts a call with a Task back into its queue, at the position of its original wait. False if
    /// it has none.
    fn return_to_queue(&mut self, sid: CallSid) -> bool {
        let Some(call) = self.network.calls.get_mut(&sid) else {
            return false;
        };
        let Some(stay) = call.enqueued.as_mut().filter(|stay| stay.task.is_some()) else {
            return false;
        };
        let Some(queue) = self.network.queues.get_mut(&stay.queue) else {
            return false;
        };
        let index = queue
            .members
            .partition_point(|member| member.since <= stay.since);
        queue.members.insert(
            index,
            Member {
                call: sid,
                since: stay.since,
            },
        );
        stay.announcer = None;
        // The wait continues, and is counted when the call leaves again.
        let counted = stay
            .left
            .take()
            .map_or(Millis::ZERO, |left| left.since(stay.since));
        call.queue_time = Millis::from_millis(
            call.queue_time
                .as_millis()
                .saturating_sub(counted.as_millis()),
        );
        true
    }

    fn ask_wait_document(&mut self, sid: CallSid) {
        let wait = self
            .call(sid)
            .and_then(|call| call.enqueued.as_ref())
            .and_then(|enqueued| enqueued.wait.clone());
        match wait {
            Some(target) => self.request(
                sid,
                Transfer {
                    role: Role::Wait,
                    target,
                    extra: Params::new(),
                },
            ),
            None => self.set_phase(sid, Phase::Holding),
        }
    }

    /// Fetches the wait document again after its end, at most once in [`ROUND_MIN`].
    pub fn wait_again(&mut self, sid: CallSid) {
        let Some(call) = self.call(sid) else { return };
        let began = call.stack.last().map_or(self.now, |frame| frame.began);
        let wait = call
            .enqueued
            .as_ref()
            .and_then(|enqueued| enqueued.wait.clone());
        match wait {
            Some(target) if self.now.since(began) < ROUND_MIN => {
                let next = Transfer {
                    role: Role::Wait,
                    target,
                    extra: Params::new(),
                };
                self.set_phase(
                    sid,
                    Phase::Resting {
                        until: began + ROUND_MIN,
                        next,
                    },
                );
            }
            Some(_) | None => self.ask_wait_document(sid),
        }
    }

    /// Additional parameters of the request for a wait document.
    pub fn queue_params(&self, sid: CallSid) -> Params {
        let enqueued = self.call(sid).and_then(|call| call.enqueued.as_ref());
        let Some(enqueued) = enqueued else {
            return Params::new();
        };
        let Some(queue) = self.network.queues.get(&enqueued.queue) else {
            return Params::new();
        };
        vec![
            param("QueueSid", queue.sid),
            param("QueuePosition", queue.position(sid).unwrap_or(0)),
            param("QueueTime", self.now.since(enqueued.since).as_secs()),
            param("AvgQueueTime", queue.average_wait_secs(self.now)),
            param("CurrentQueueSize", queue.members.len()),
            param("MaxQueueSize", queue.max_size),
        ]
    }

    /// Removes a call from its queue; it stays enqueued until the Enqueue is over.
    pub fn take_from_queue(&mut self, sid: CallSid) {
        let now = self.now;
        let Some(call) = self.call_mut(sid) else {
            return;
        };
        let Some(enqueued) = call
            .enqueued
            .as_mut()
            .filter(|enqueued| enqueued.left.is_none())
        else {
            return;
        };
        enqueued.left = Some(now);
        let queue = enqueued.queue;
        let waited = now.since(enqueued.since);
        call.queue_time = call.queue_time.saturating_add(waited);
        if let Some(queue) = self.network.queues.get_mut(&queue) {
            queue.members.retain(|member| member.call != sid);
        }
    }

    /// The Enqueue is over and the call continues: with its action, or with the verb after Enqueue.
    pub fn leave_queue(&mut self, sid: CallSid, result: QueueResult) {
        self.abandon_document(sid);
        let Some((action, extra)) = self.close_enqueue(sid, result) else {
            return;
        };
        if let Some(call) = self.call_mut(sid) {
            call.stack.truncate(1);
        }
        self.after_verb(sid, action.map(Ok), extra);
    }

    /// The Enqueue is over because its call ended or was transferred: the action is notified, and
    /// its answer ignored.
    pub fn leave_queue_notified(&mut self, sid: CallSid, result: QueueResult) {
        if let Some((Some(action), extra)) = self.close_enqueue(sid, result) {
            let mut params = self.call_params(sid, None);
            params.extend(extra);
            self.notify(sid, action, params);
        }
    }

    /// Ends the Enqueue of a call that is over, if there still is one.
    pub fn queue_abandoned(&mut self, sid: CallSid) {
        let Some(enqueued) = self.call(sid).and_then(|call| call.enqueued.as_ref()) else {
            return;
        };
        let result = match (enqueued.left, enqueued.announcer) {
            (Some(_), None) => QueueResult::Bridged,
            (None, _) | (Some(_), Some(_)) => QueueResult::Hangup,
        };
        if let Some(dialer) = enqueued.announcer {
            self.caller_lost(dialer);
        }
        self.leave_queue_notified(sid, result);
    }

    fn close_enqueue(
        &mut self,
        sid: CallSid,
        result: QueueResult,
    ) -> Option<(Option<Target>, Params)> {
        self.take_from_queue(sid);
        let enqueued = self.call_mut(sid)?.enqueued.take()?;
        let waited = enqueued.left.unwrap_or(self.now).since(enqueued.since);
        if result != QueueResult::Bridged {
            self.note(
                sid,
                Event::LeftQueue,
                format!("after {} s ({})", waited.as_secs(), result.as_str()),
            );
        }
        if let Some(QueuedTask {
            sid: task,
            is_made: true,
            ..
        }) = enqueued.task
        {
            self.notify_left_queue(sid, task, result, waited);
        }
        Some((
            enqueued.action,
            queue_result_params(result, Some(enqueued.queue), waited),
        ))
    }

    pub fn queue_named(&self, name: &str) -> Option<QueueSid> {
        self.network
            .queues
            .values()
            .find(|queue| queue.name == name)
            .map(|queue| queue.sid)
    }

    /// Creates a queue; `None` when there are too many and calls wait in all of them.
    pub fn make_queue(&mut self, name: &str, max_size: u32) -> Option<QueueSid> {
        if self.network.queues.len() >= QUEUES_MAX {
            let empty = self
                .network
                .queues
                .values()
                .filter(|queue| queue.members.is_empty());
            let oldest = empty.min_by_key(|queue| queue.serial)?.sid;
            self.network.queues.remove(&oldest);
        }
        let serial = self.network.next_serial();
        let sid = QueueSid::derive(&[&self.network.setup.seed, "queue", &serial.to_string()]);
        let now = self.now;
        let queue = Queue {
            sid,
            serial,
            name: name.to_owned(),
            max_size,
            created: now,
            updated: now,
            members: Vec::new(),
        };
        self.network.queues.insert(sid, queue);
        Some(sid)
    }
}

fn check_name(name: &str) -> Result<(), Fault> {
    match name.chars().count() {
        0 => Err(Fault::new(
            ErrorCode::QueueNameTooShort,
            "<Enqueue> needs the name of a queue",
        )),
        1..=NAME_CHARS_MAX => Ok(()),
        chars => {
            let text = format!(
                "the name of the queue has {chars} characters, at most {NAME_CHARS_MAX} are taken"
            );
            Err(Fault::new(ErrorCode::QueueNameTooLong, text))
        }
    }
}

fn queue_result_params(result: QueueResult, queue: Option<QueueSid>, waited: Millis) -> Params {
    let mut params = vec![param("QueueResult", result.as_str())];
    params.extend(queue.map(|queue| param("QueueSid", queue)));
    params.push(param("QueueTime", waited.as_secs()));
    params
}
