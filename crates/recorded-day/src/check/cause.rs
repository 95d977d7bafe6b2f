//! What caused a write: time, a Decision about another item, or an input from outside.
//!
//! A recording has results and no Commands. A Command is found by trying: of those that could have
//! led to the write, the one whose Decision is what was written.

use std::collections::BTreeMap;

use ids::time::Timestamp;
use ids::{ReservationSid, TaskSid};
use task_router::model::{EndReason, Reservation, ReservationStatus, Task, Worker, Workspace};
use task_router::router::release::Release;
use task_router::router::{
    Answer, CALL_CREATION_LIMIT, Command, Decision, Snapshot, TaskChanges, WorkerChanges, decide,
    may_skip,
};

use super::difference::fields;
use super::state::State;

/// The cause of a Worker's write.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum WorkerCause {
    /// A decision of the engine.
    Decision {
        /// The Task whose Reservation gave the Worker something back.
        after: Option<TaskSid>,
    },
    /// A request.
    Input,
    /// Unknown: a backfill of changed configuration, or a request that changed several things.
    Unknown,
}

impl State {
    /// The Decision by time, or by the end of a search, that led to a write.
    pub fn by_time(&self, old: &Task, new: &Task) -> Option<Decision> {
        let now = new.date_updated;
        let task = old.sid;
        self.configurations(now).find_map(|workspace| {
            let alone = self.snapshot_of(workspace, old);
            let commands = [
                Command::Advance { task },
                Command::NoWorkerFound { task },
                Command::WaitingListFull { task },
            ];
            let decided = commands
                .iter()
                .map(|command| decide(alone.clone(), command, now));
            let skipped = may_skip(workspace, old)
                .then(|| self.skip(workspace, old, now))
                .into_iter();
            decided
                .chain(skipped)
                .find(|decision| leads_to_task(decision, new))
        })
    }

    fn skip(&self, workspace: &Workspace, old: &Task, now: Timestamp) -> Decision {
        let snapshot = Snapshot::new(workspace)
            .with_tasks([old.clone()])
            .with_candidates(old.task_queue_sid, None)
            .with_worker_counts(Some(self.worker_counts(workspace, old)));
        decide(snapshot, &Command::Advance { task: old.sid }, now)
    }

    /// What the engine decides by time at the moment of a write.
    pub fn replayed_by_time(&self, old: &Task, new: &Task) -> String {
        let Some(workspace) = &self.workspace else {
            return String::new();
        };
        let command = Command::Advance { task: old.sid };
        let decision = decide(self.snapshot_of(workspace, old), &command, new.date_updated);
        match decision.tasks.first() {
            Some(task) => fields(task, new),
            None => "nothing is due".to_owned(),
        }
    }

    /// The Decision about an input that led to a write.
    pub fn by_input(&self, old: &Task, new: &Task) -> Option<Decision> {
        let commands = inputs(old, new);
        let now = new.date_updated;
        self.configurations(now).find_map(|workspace| {
            let alone = self.snapshot_of(workspace, old);
            commands
                .iter()
                .map(|command| decide(alone.clone(), command, now))
                .find(|decision| leads_to_task(decision, new))
        })
    }

    pub(super) fn cause_of_worker(
        &self,
        old: &Worker,
        new: &Worker,
        releases: &BTreeMap<ReservationSid, (TaskSid, Release)>,
    ) -> WorkerCause {
        let now = new.date_updated;
        let leads = |command: &Command| {
            self.configurations(now).any(|workspace| {
                let snapshot = Snapshot::new(workspace).with_workers([old.clone()]);
                let decision = decide(snapshot, command, now);
                matches!(decision.workers.as_slice(), [worker] if worker == new)
            })
        };
        let worker = old.sid;
        for open in &old.open_reservations {
            if let Some((task, release)) = releases.get(&open.sid)
                && leads(&Command::Released(release.clone()))
            {
                return WorkerCause::Decision { after: Some(*task) };
            }
        }
        if leads(&Command::AdvanceWorker { worker }) {
            return WorkerCause::Decision { after: None };
        }
        if worker_inputs(old, new).iter().any(leads) {
            return WorkerCause::Input;
        }
        // A request that rejects pending offers with the Activity changes Tasks and Worker at once.
        let without_offers = Worker {
            open_reservations: new.open_reservations.clone(),
            ..old.clone()
        };
        let set = Command::ActivitySet {
            worker,
            activity: new.activity_sid,
            reject_pending: false,
        };
        let has_set = self.configurations(now).any(|workspace| {
            let snapshot = Snapshot::new(workspace).with_workers([without_offers.clone()]);
            let decision = decide(snapshot, &set, now);
            matches!(decision.workers.as_slice(), [worker] if worker == new)
        });
        if has_set {
            return WorkerCause::Input;
        }
        WorkerCause::Unknown
    }
}

fn leads_to_task(decision: &Decision, new: &Task) -> bool {
    decision.tasks.iter().any(|task| task == new)
}

/// Whether only the engine writes such a change: time has passed, or a search has ended.
pub(super) fn is_by_engine(old: &Task, new: &Task) -> bool {
    let timed_out = new
        .reservations_changed_since(Some(old))
        .any(|it| it.status == ReservationStatus::Timeout);
    let has_moved = old.attributes == new.attributes
        && old.position.step != new.position.step
        && old.reservations == new.reservations;
    let ended = match &new.reason {
        Some(
            EndReason::QueueFull
            | EndReason::TaskTtlExceeded
            | EndReason::WorkflowTimeout
            | EndReason::WorkflowSkipped
            | EndReason::NoFilterMatches
            | EndReason::MaxAssignmentsExceeded
            | EndReason::CustomerNotReached
            | EndReason::WrapUpLimit,
        ) => old.reason.is_none(),
        Some(
            EndReason::Hangup
            | EndReason::LeftQueue
            | EndReason::ConversationEnded
            | EndReason::Deleted
            | EndReason::Given(_),
        )
        | None => false,
    };
    timed_out || has_moved || ended
}

/// The inputs that may have led to a Task's write.
fn inputs(old: &Task, new: &Task) -> Vec<Command> {
    let task = old.sid;
    let mut commands = Vec::new();
    for after in &new.reservations {
        if let Some(before) = old.reservation(after.sid)
            && before != after
        {
            reservation_inputs(task, before, after, &mut commands);
        }
    }
    if let Some(reason) = &new.reason {
        commands.push(Command::CallerGone {
            task,
            reason: reason.clone(),
            carrier_queue: new.carrier_queue_sid,
        });
        commands.push(Command::StatusSet {
            task,
            status: new.assignment_status,
            reason: reason.clone(),
            attributes: None,
        });
    } else {
        commands.push(Command::CallerGone {
            task,
            reason: EndReason::Hangup,
            carrier_queue: new.carrier_queue_sid,
        });
        commands.push(Command::StatusSet {
            task,
            status: new.assignment_status,
            reason: EndReason::ConversationEnded,
            attributes: None,
        });
        commands.push(Command::CallerMoved {
            task,
            carrier_queue: new.carrier_queue_sid,
        });
    }
    commands.push(Command::TaskUpdated {
        task,
        changes: task_changes(old, new),
    });
    commands.push(Command::TaskDeleted { task });
    commands
}

/// The fields of a Task that the API can change.
pub(crate) fn task_changes(old: &Task, new: &Task) -> TaskChanges {
    fn changed<T: PartialEq + Clone>(old: &T, new: &T) -> Option<T> {
        (old != new).then(|| new.clone())
    }
    TaskChanges {
        attributes: changed(&old.attributes, &new.attributes).map(Into::into),
        priority: changed(&old.priority, &new.priority),
        channel: changed(&old.channel, &new.channel),
        virtual_start_time: changed(&old.virtual_start_time, &new.virtual_start_time),
    }
}

fn reservation_inputs(
    task: TaskSid,
    before: &Reservation,
    after: &Reservation,
    commands: &mut Vec<Command>,
) {
    let reservation = after.sid;
    commands.push(Command::Answered {
        task,
        reservation,
        answer: Answer::Accept,
    });
    commands.push(Command::Answered {
        task,
        reservation,
        answer: Answer::Reject {
            activity: after.rejected_into,
        },
    });
    commands.push(Command::WorkerCallEnded {
        task,
        reservation,
        code: after.canceled_reason_code,
    });
    commands.push(Command::CallerNotFound { task, reservation });
    commands.push(Command::ConferenceJoined { task, reservation });
    commands.push(Command::OfferPostponed {
        task,
        reservation,
        until: after.expires_at - CALL_CREATION_LIMIT,
    });
    let Some(instruction) = &after.instruction else {
        return;
    };
    if before.instruction.is_none() {
        commands.push(Command::InstructionIssued {
            task,
            reservation,
            instruction: instruction.clone(),
        });
    }
    if let Some(call) = instruction.worker_call_sid {
        commands.push(Command::WorkerCallNamed {
            task,
            reservation,
            call,
        });
        commands.push(Command::WorkerCallAnswered {
            task,
            reservation,
            call,
        });
        commands.push(Command::WorkerDialed {
            task,
            reservation,
            call,
            post_work_activity: instruction.post_work_activity_sid,
        });
    }
}

fn worker_inputs(old: &Worker, new: &Worker) -> Vec<Command> {
    let worker = old.sid;
    let mut commands = vec![
        Command::ActivitySet {
            worker,
            activity: new.activity_sid,
            reject_pending: false,
        },
        Command::WorkerUpdated {
            worker,
            changes: WorkerChanges {
                friendly_name: Some(new.friendly_name.clone()),
                attributes: Some(new.attributes.clone().into()),
                activity: (old.activity_sid != new.activity_sid).then_some(new.activity_sid),
                reject_pending: false,
            },
        },
    ];
    commands.extend(
        new.channels
            .iter()
            .map(|share| Command::WorkerChannelUpdated {
                worker,
                channel: share.channel,
                capacity: Some(share.configured_capacity),
                available: Some(share.available),
            }),
    );
    commands
}
