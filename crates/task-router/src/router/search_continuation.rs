//! The rest of a candidate search, when ten pages of each list contained no match.
//!
//! A Worker who becomes free reads the waiting lists of their TaskQueues, and a Task reads the
//! ready lists, and the first entry nearly always fits. Where a step's expression excludes every
//! candidate on the first pages, the search stops and is continued by a message that carries a
//! cursor. All waiting lists share one order of Positions, and all ready lists share one order of
//! idle time. So one cursor says how far each list has been read, however many lists there are.

use serde::{Deserialize, Serialize};

use super::order::Position;
use super::timers::Subject;
use crate::model::IdleKey;
use ids::{TaskSid, WorkerSid};

/// The Worker or Task that a search is for, and its cursor. It holds ids alone, so its receiver
/// reads the current state from the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SearchContinuation {
    /// Searches all waiting lists that the Worker serves for a Task that the Worker could take.
    Tasks {
        /// The Worker who has a free slot.
        worker: WorkerSid,
        /// The cursor: no Task up to this Position fits, in any list.
        #[serde(rename = "behind")]
        after: Position,
    },
    /// Searches all ready lists of the Task's queue for Workers who could take the Task.
    Workers {
        /// The Task that waits.
        task: TaskSid,
        /// The cursor: no Worker up to this key fits, in any list.
        #[serde(rename = "behind")]
        after: IdleKey,
    },
}

impl SearchContinuation {
    /// The Worker or Task that the search is for.
    pub fn subject(&self) -> Subject {
        match self {
            Self::Tasks { worker, .. } => Subject::Worker(*worker),
            Self::Workers { task, .. } => Subject::Task(*task),
        }
    }

    /// Will this search, if it has not begun yet, read everything that the other one would?
    pub fn covers(&self, other: &Self) -> bool {
        if self.subject() != other.subject() {
            return false;
        }
        match (self, other) {
            (Self::Tasks { after, .. }, Self::Tasks { after: other, .. }) => after <= other,
            (Self::Workers { after, .. }, Self::Workers { after: other, .. }) => after <= other,
            (Self::Tasks { .. } | Self::Workers { .. }, _) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ids::time::Timestamp;

    fn for_worker(name: &str, urgency: u32) -> SearchContinuation {
        let after = Position {
            urgency,
            moment: 0,
            sid: TaskSid::derive(&["last"]),
        };
        SearchContinuation::Tasks {
            worker: WorkerSid::derive(&[name]),
            after,
        }
    }

    fn for_task(name: &str, idle_since: i64) -> SearchContinuation {
        let moment = Timestamp::from_millis(idle_since);
        SearchContinuation::Workers {
            task: TaskSid::derive(&[name]),
            after: (moment, moment, WorkerSid::derive(&["last"])),
        }
    }

    /// A search covers those for the same Worker or Task whose cursor is not before its own.
    #[test]
    fn search_covers_later_cursors() {
        let table = [
            (for_worker("Maya", 1), for_worker("Maya", 1), true),
            (for_worker("Maya", 1), for_worker("Maya", 2), true),
            (for_worker("Maya", 2), for_worker("Maya", 1), false),
            (for_worker("Maya", 1), for_worker("Leela", 2), false),
            (for_task("call", 1), for_task("call", 2), true),
            (for_task("call", 2), for_task("call", 1), false),
            (for_task("call", 1), for_task("other", 2), false),
            (for_task("call", 1), for_worker("Maya", 2), false),
        ];
        for (one, other, covers) in table {
            assert_eq!(one.covers(&other), covers, "{one:?} and {other:?}");
        }
    }

    #[test]
    fn search_is_for_a_worker_or_a_task() {
        assert_eq!(
            for_worker("Maya", 1).subject(),
            Subject::Worker(WorkerSid::derive(&["Maya"]))
        );
        assert_eq!(
            for_task("call", 1).subject(),
            Subject::Task(TaskSid::derive(&["call"]))
        );
    }

    #[test]
    fn search_has_less_than_200_bytes() {
        for search in [for_worker("Maya", u32::MAX), for_task("call", i64::MAX)] {
            let body = serde_json::to_string(&search).unwrap();
            assert!(body.len() < 190, "{body}");
            assert_eq!(
                serde_json::from_str::<SearchContinuation>(&body).unwrap(),
                search
            );
        }
    }
}
