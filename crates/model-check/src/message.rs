//! The messages in flight, and the actions of the model.

use ids::time::Timestamp;
use ids::{ActivitySid, ReservationSid, TaskSid, WorkerSid};
use task_router::model::{EndReason, OpenStatus, ReservationStatus};
use task_router::router::effects::{Callback, Effect, Subject};
use task_router::router::release::Release;
use task_router::router::{Answer, Command};

use crate::State;

/// A message that a writer handles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Message {
    /// Search for Workers for this Task.
    MatchTask(TaskSid),
    /// Search for a Task for this Worker.
    MatchWorker(WorkerSid),
    /// Release a Worker's slot, or raise its status in the Worker's item.
    Release(
        WorkerSid,
        ReservationSid,
        Option<OpenStatus>,
        Option<ActivitySid>,
    ),
    /// A timer of a Task, and the moment it is due.
    Timer(TaskSid, Timestamp),
    /// An assignment callback: the application accepts or rejects the offer.
    Assignment(TaskSid, ReservationSid),
    /// The caller hangs up at some moment.
    HangUp(TaskSid),
}

/// The answer to an offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Choice {
    /// The Reservation is accepted.
    Accept,
    /// The Reservation is rejected.
    Reject,
}

/// One step of one writer, or of the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// A writer receives a message, reads the table and decides; `Choice` is the answer when the
    /// message is an offer.
    Read(Message, Choice),
    /// The writer with this index writes; the write is refused when what it read has changed.
    Write(usize),
    /// The writer with this index crashes.
    Crash(usize),
    /// The clock advances by one reservation timeout.
    Tick,
}

impl Message {
    /// The message that an Effect sends. Effects that stop or redirect calls, or that change the
    /// configuration, are not part of the protocol.
    pub(crate) fn of_effect(effect: &Effect) -> Option<Self> {
        match effect {
            Effect::MatchTask(task) => Some(Self::MatchTask(*task)),
            Effect::MatchWorker(worker) => Some(Self::MatchWorker(*worker)),
            Effect::Release(Release {
                worker,
                reservation,
                keeps,
                activity,
            }) => Some(Self::Release(*worker, *reservation, *keeps, *activity)),
            Effect::Timer(timer) => match timer.subject {
                Subject::Task(task) => Some(Self::Timer(task, timer.at)),
                Subject::Worker(_) => None,
            },
            Effect::Callback(Callback::Assignment { task, reservation }) => {
                Some(Self::Assignment(*task, *reservation))
            }
            Effect::Callback(_) | Effect::UseChannel(_) => None,
        }
    }

    /// The Command that a writer decides when it handles the message.
    pub(crate) fn command(self, choice: Choice) -> Command {
        match self {
            Self::MatchTask(task) | Self::Timer(task, _) => Command::Advance { task },
            Self::MatchWorker(worker) => Command::ServeWorker { worker },
            Self::Release(worker, reservation, keeps, activity) => Command::Released(Release {
                worker,
                reservation,
                keeps,
                activity,
            }),
            Self::Assignment(task, reservation) => Command::Answered {
                task,
                reservation,
                answer: choice.answer(),
            },
            Self::HangUp(task) => Command::CallerGone {
                task,
                reason: EndReason::Hangup,
                carrier_queue: None,
            },
        }
    }

    /// The Task for which the message starts a search.
    pub(crate) fn searched_task(self) -> Option<TaskSid> {
        match self {
            Self::MatchTask(task) | Self::Timer(task, _) => Some(task),
            Self::MatchWorker(_) | Self::Release(..) | Self::Assignment(..) | Self::HangUp(_) => {
                None
            }
        }
    }

    /// Whether the message can be delivered at `now`.
    pub(crate) fn is_due(self, now: Timestamp) -> bool {
        match self {
            Self::Timer(_, at) => at <= now,
            Self::MatchTask(_)
            | Self::MatchWorker(_)
            | Self::Release(..)
            | Self::Assignment(..)
            | Self::HangUp(_) => true,
        }
    }

    /// Whether the message is about an offer, a slot or a Task that has ended.
    pub(crate) fn is_obsolete(self, state: &State) -> bool {
        match self {
            Self::Assignment(task, reservation) => {
                let offer = state
                    .task(task)
                    .and_then(|task| task.reservation(reservation));
                offer.is_none_or(|offer| offer.status != ReservationStatus::Pending)
            }
            Self::HangUp(task) => state
                .task(task)
                .is_none_or(|task| task.assignment_status.is_end()),
            Self::Release(worker, reservation, keeps, activity) => {
                let slot = state.worker(worker).and_then(|worker| {
                    worker
                        .open_reservations
                        .iter()
                        .find(|slot| slot.sid == reservation)
                });
                let release = Release {
                    worker,
                    reservation,
                    keeps,
                    activity,
                };
                slot.is_none_or(|slot| !release.is_news_to(slot.status))
            }
            Self::MatchTask(_) | Self::MatchWorker(_) | Self::Timer(..) => false,
        }
    }

    /// Whether people decide when the message is sent. Such messages may stay in flight in a
    /// settled state.
    pub(crate) fn is_sent_by_people(self) -> bool {
        match self {
            Self::Assignment(..) | Self::HangUp(_) => true,
            Self::MatchTask(_) | Self::MatchWorker(_) | Self::Release(..) | Self::Timer(..) => {
                false
            }
        }
    }

    pub(crate) fn choices(self) -> &'static [Choice] {
        match self {
            Self::Assignment(..) => &[Choice::Accept, Choice::Reject],
            Self::MatchTask(_)
            | Self::MatchWorker(_)
            | Self::Release(..)
            | Self::Timer(..)
            | Self::HangUp(_) => &[Choice::Accept],
        }
    }
}

impl Choice {
    fn answer(self) -> Answer {
        match self {
            Self::Accept => Answer::Accept,
            Self::Reject => Answer::Reject { activity: None },
        }
    }
}
