//! The recorded day beside the same day under another configuration.

use ids::TaskSid;
use ids::time::{Millis, Timestamp};

use crate::day::{Day, RecordedTask};
use crate::world::{Outcome, WaitEnd, ended};

/// A wait that differs by less counts as the same: functions and the carrier take some of it.
pub const WAIT_TOLERANCE: Millis = Millis::from_secs(1);

/// A Task that takes another course.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallChange {
    /// The Task.
    pub task: TaskSid,
    /// When it was created.
    pub created: Timestamp,
    /// What happened.
    pub recorded: Outcome,
    /// What would have happened.
    pub other: Outcome,
}

impl CallChange {
    /// Whether another Worker would have had the Task.
    pub fn is_another_worker(&self) -> bool {
        match (&self.recorded.end, &self.other.end) {
            (
                WaitEnd::Answered { worker, .. },
                WaitEnd::Answered {
                    worker: other_worker,
                    ..
                },
            ) => worker != other_worker,
            _one_unanswered => false,
        }
    }

    /// Whether the Task was answered and would not have been.
    pub fn is_newly_lost(&self) -> bool {
        is_answered(&self.recorded) && !is_answered(&self.other)
    }

    /// Whether the Task was not answered and would have been.
    pub fn is_newly_answered(&self) -> bool {
        !is_answered(&self.recorded) && is_answered(&self.other)
    }

    /// Whether the Task would have waited longer.
    pub fn waits_longer(&self) -> bool {
        self.other.wait >= self.recorded.wait.saturating_add(WAIT_TOLERANCE)
    }

    /// Whether the Task would have waited shorter.
    pub fn waits_shorter(&self) -> bool {
        self.recorded.wait >= self.other.wait.saturating_add(WAIT_TOLERANCE)
    }

    fn is_change(&self) -> bool {
        self.is_another_worker()
            || self.is_newly_lost()
            || self.is_newly_answered()
            || self.waits_longer()
            || self.waits_shorter()
    }
}

/// The totals of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Tasks whose wait ended.
    pub tasks: u64,
    /// Tasks that a Worker accepted.
    pub answered: u64,
    /// Tasks whose callers left.
    pub left: u64,
    /// Tasks that the centre ended without an answer.
    pub lost: u64,
    /// The sum of the waits of answered Tasks.
    answered_wait: u64,
    /// The longest wait.
    pub longest_wait: Millis,
}

impl Totals {
    fn add(&mut self, outcome: &Outcome) {
        self.tasks += 1;
        match outcome.end {
            WaitEnd::Answered { .. } => {
                self.answered += 1;
                self.answered_wait += outcome.wait.as_millis();
            }
            WaitEnd::Left => self.left += 1,
            WaitEnd::Lost(_) => self.lost += 1,
            WaitEnd::Open => {}
        }
        self.longest_wait = self.longest_wait.max(outcome.wait);
    }

    /// The mean wait of answered Tasks, ASA.
    pub fn mean_wait(&self) -> Millis {
        Millis::from_millis(
            self.answered_wait
                .checked_div(self.answered)
                .unwrap_or_default(),
        )
    }
}

/// The comparison.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Comparison {
    /// The totals of the recorded day.
    pub recorded: Totals,
    /// The totals under the other configuration.
    pub other: Totals,
    /// The Tasks that take another course, in the order of their creation.
    pub changes: Vec<CallChange>,
    /// Tasks that take another course under the recorded configuration, too: the error of the
    /// assumptions.
    pub assumption_errors: u64,
    /// Tasks that still waited when the recording ended; they are not compared.
    pub open: u64,
}

impl Comparison {
    /// Compares the recorded day with the outcomes under another configuration, and those under the
    /// recorded one.
    pub fn new(day: &Day, other: &[Outcome], again: &[Outcome]) -> Self {
        let mut comparison = Self::default();
        for ((task, other), again) in day.tasks.iter().zip(other).zip(again) {
            let recorded = recorded_outcome(task, day.ends);
            if recorded.end == WaitEnd::Open {
                comparison.open += 1;
                continue;
            }
            comparison.recorded.add(&recorded);
            comparison.other.add(other);
            let change = |other: &Outcome| CallChange {
                task: task.new.sid,
                created: task.created,
                recorded: recorded.clone(),
                other: other.clone(),
            };
            comparison.assumption_errors += u64::from(change(again).is_change());
            comparison
                .changes
                .extend(Some(change(other)).filter(CallChange::is_change));
        }
        comparison
    }
}

fn is_answered(outcome: &Outcome) -> bool {
    match outcome.end {
        WaitEnd::Answered { .. } => true,
        WaitEnd::Left | WaitEnd::Lost(_) | WaitEnd::Open => false,
    }
}

fn recorded_outcome(task: &RecordedTask, ends: Timestamp) -> Outcome {
    let (end, at) = match (&task.answered, &task.ended) {
        (Some(answered), _) => {
            let end = WaitEnd::Answered {
                worker: answered.worker,
                name: answered.name.clone(),
            };
            (end, answered.at)
        }
        (None, Some((at, _, reason))) => (ended(reason.as_ref()), *at),
        (None, None) => (WaitEnd::Open, ends),
    };
    Outcome {
        end,
        wait: at.since(task.created),
    }
}
