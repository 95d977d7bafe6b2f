//! What is on its way, and what can happen next.

use ids::time::Timestamp;
use ids::{ActivitySid, ReservationSid, TaskSid, WorkerSid};
use task_router::model::{EndReason, OpenStatus, ReservationStatus};
use task_router::router::effects::{Callback, Effect, Subject};
use task_router::router::release::Release;
use task_router::router::{Answer, Command};

use crate::State;

/// Something somebody has to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Message {
    /// A Task waits.
    Match(TaskSid),
    /// A Worker is free.
    Serve(WorkerSid),
    /// A Worker gets back what they still hold.
    Release(
        WorkerSid,
        ReservationSid,
        Option<OpenStatus>,
        Option<ActivitySid>,
    ),
    /// A timer.
    Timer(TaskSid, Timestamp),
    /// An offer that somebody shall answer.
    Assignment(TaskSid, ReservationSid),
    /// The caller hangs up, sooner or later.
    HangUp(TaskSid),
}

/// How an offer is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Choice {
    /// Accept.
    Accept,
    /// Reject.
    Reject,
}

/// One step of one writer, or of the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// A writer takes a message, reads the table and decides; `Choice` counts for offers.
    Read(Message, Choice),
    /// A writer writes, if nothing it read has changed.
    Write(usize),
    /// A writer dies.
    Die(usize),
    /// Time passes.
    Tick,
}

impl Message {
    /// What follows from a write, as messages. Calls that are stopped or sent on are not part of the protocol.
    pub(crate) fn of_effect(effect: &Effect) -> Option<Self> {
        match effect {
            Effect::MatchTask(task) => Some(Self::Match(*task)),
            Effect::MatchWorker(worker) => Some(Self::Serve(*worker)),
            Effect::Release(Release {
                worker,
                reservation,
                keeps,
                activity,
            }) => Some(Self::Release(*worker, *reservation, *keeps, *activity)),
            Effect::Timer(wake) => match wake.subject {
                Subject::Task(task) => Some(Self::Timer(task, wake.at)),
                Subject::Worker(_) => None,
            },
            Effect::Callback(Callback::Assignment { task, reservation }) => {
                Some(Self::Assignment(*task, *reservation))
            }
            Effect::Callback(_) => None,
        }
    }

    /// The event it brings.
    pub(crate) fn event(self, choice: Choice) -> Command {
        match self {
            Self::Match(task) | Self::Timer(task, _) => Command::Advance { task },
            Self::Serve(worker) => Command::ServeWorker { worker },
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

    /// Can it come now?
    pub(crate) fn is_due(self, now: Timestamp) -> bool {
        match self {
            Self::Timer(_, at) => at <= now,
            Self::Match(_)
            | Self::Serve(_)
            | Self::Release(..)
            | Self::Assignment(..)
            | Self::HangUp(_) => true,
        }
    }

    /// Is it about something that has ended for good?
    pub(crate) fn is_over(self, state: &State) -> bool {
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
            Self::Match(_) | Self::Serve(_) | Self::Timer(..) => false,
        }
    }

    /// Is it up to people when it comes?
    pub(crate) fn is_peoples(self) -> bool {
        match self {
            Self::Assignment(..) | Self::HangUp(_) => true,
            Self::Match(_) | Self::Serve(_) | Self::Release(..) | Self::Timer(..) => false,
        }
    }

    pub(crate) fn choices(self) -> &'static [Choice] {
        match self {
            Self::Assignment(..) => &[Choice::Accept, Choice::Reject],
            Self::Match(_)
            | Self::Serve(_)
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
