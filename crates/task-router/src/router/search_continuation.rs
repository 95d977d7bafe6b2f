//! A search that goes on: who fits stands behind more who do not than are looked at in one go.
//!
//! A Worker who becomes free looks along the lines of their queues, a Task along the boards of free Workers, and nearly
//! always the first place will do. Where a step's expression excludes everybody near, the search stops after some pages and
//! is sent on as a message, with the place it has come to. All lines are in one order of places, and all boards in one
//! order of idle time, so one place says of each of them how far it has been read, however many there are.

use serde::{Deserialize, Serialize};

use super::effects::Subject;
use super::order::Position;
use crate::model::IdleKey;
use ids::{TaskSid, WorkerSid};

/// The rest of a search: for whom, and behind which place. It holds ids alone, so whoever goes on sees everybody as they are then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SearchContinuation {
    /// For a Task this Worker could take, in all lines they look at.
    Tasks {
        /// The Worker.
        worker: WorkerSid,
        /// Up to here nothing in any line was for them.
        behind: Position,
    },
    /// For Workers who could take this Task, on all boards of its queue.
    Workers {
        /// The Task.
        task: TaskSid,
        /// Up to here nobody on any board could take it.
        behind: IdleKey,
    },
}

impl SearchContinuation {
    /// For whom it is.
    pub fn subject(&self) -> Subject {
        match self {
            Self::Tasks { worker, .. } => Subject::Worker(*worker),
            Self::Workers { task, .. } => Subject::Task(*task),
        }
    }

    /// Will this search, if it has not begun yet, see everything the other one would?
    pub fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (
                Self::Tasks { worker, behind },
                Self::Tasks {
                    worker: other,
                    behind: place,
                },
            ) => worker == other && behind <= place,
            (
                Self::Workers { task, behind },
                Self::Workers {
                    task: other,
                    behind: place,
                },
            ) => task == other && behind <= place,
            (Self::Tasks { .. } | Self::Workers { .. }, _) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ids::time::Timestamp;

    fn for_worker(name: &str, urgency: u32) -> SearchContinuation {
        let behind = Position {
            urgency,
            moment: 0,
            sid: TaskSid::derive(&["last"]),
        };
        SearchContinuation::Tasks {
            worker: WorkerSid::derive(&[name]),
            behind,
        }
    }

    fn for_task(name: &str, idle_since: i64) -> SearchContinuation {
        let moment = Timestamp::from_millis(idle_since);
        SearchContinuation::Workers {
            task: TaskSid::derive(&[name]),
            behind: (moment, moment, WorkerSid::derive(&["last"])),
        }
    }

    #[test]
    fn a_search_covers_those_for_the_same_that_begin_no_earlier() {
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
    fn a_search_is_for_a_worker_or_for_a_task() {
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
    fn a_search_that_is_sent_on_weighs_little() {
        for search in [for_worker("Maya", u32::MAX), for_task("call", i64::MAX)] {
            let body = serde_json::to_string(&Subject::Rest(search)).unwrap();
            assert!(body.len() < 200, "{body}");
            assert_eq!(
                serde_json::from_str::<Subject>(&body).unwrap(),
                Subject::Rest(search)
            );
        }
    }
}
