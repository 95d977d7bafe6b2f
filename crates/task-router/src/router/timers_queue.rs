//! The messages of the timers queue: timers, backfills, continued searches and runs of the matcher.
//!
//! All have one JSON form, `{"workspace": …, "subject": …, "at": …}`, in which `subject` says which
//! of them it is.

use serde::{Deserialize, Serialize};

use super::backfill::Backfill;
use super::search_continuation::SearchContinuation;
use super::timers::{Subject, Timer};
use ids::time::Timestamp;
use ids::{TaskQueueSid, TaskSid, WorkerSid, WorkspaceSid};

/// A message of the timers queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Wire", into = "Wire")]
pub enum TimersMessage {
    /// A Task's deadline or the end of a Worker's wrap-up.
    Timer(Timer),
    /// The next part of a backfill.
    Backfill(BackfillMessage),
    /// The next part of a candidate search.
    ResumeSearch(ResumeSearch),
    /// A run of the matcher.
    RunMatcher(RunMatcher),
}

/// Runs the next part of a backfill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackfillMessage {
    /// The Workspace whose Tasks or Workers are visited.
    pub workspace: WorkspaceSid,
    /// The items to visit, and the cursor.
    pub backfill: Backfill,
    /// The moment at which this part begins.
    pub at: Timestamp,
}

/// Resumes a candidate search at its cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResumeSearch {
    /// The Workspace of the Task or Worker.
    pub workspace: WorkspaceSid,
    /// The Task or Worker that the search is for, and the cursor.
    pub search: SearchContinuation,
    /// The moment at which the search is resumed.
    pub at: Timestamp,
}

/// Runs the matcher of a pool ([`super::matcher_lease`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunMatcher {
    /// The Workspace of the pool.
    pub workspace: WorkspaceSid,
    /// A TaskQueue of the pool.
    pub queue: TaskQueueSid,
    /// The moment at which the matcher runs.
    pub at: Timestamp,
}

impl TimersMessage {
    /// The moment at which the message is due. It may arrive earlier, and is sent on then.
    pub fn at(&self) -> Timestamp {
        match self {
            Self::Timer(timer) => timer.at,
            Self::Backfill(message) => message.at,
            Self::ResumeSearch(resume) => resume.at,
            Self::RunMatcher(run) => run.at,
        }
    }
}

impl From<Timer> for TimersMessage {
    fn from(timer: Timer) -> Self {
        Self::Timer(timer)
    }
}

impl From<BackfillMessage> for TimersMessage {
    fn from(message: BackfillMessage) -> Self {
        Self::Backfill(message)
    }
}

impl From<ResumeSearch> for TimersMessage {
    fn from(resume: ResumeSearch) -> Self {
        Self::ResumeSearch(resume)
    }
}

impl From<RunMatcher> for TimersMessage {
    fn from(run: RunMatcher) -> Self {
        Self::RunMatcher(run)
    }
}

/// The JSON of a message.
#[derive(Serialize, Deserialize)]
struct Wire {
    workspace: WorkspaceSid,
    subject: WireSubject,
    at: Timestamp,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WireSubject {
    Task(TaskSid),
    Worker(WorkerSid),
    #[serde(rename = "all")]
    Backfill(Backfill),
    #[serde(rename = "rest")]
    ResumeSearch(SearchContinuation),
    #[serde(rename = "matcher")]
    RunMatcher(TaskQueueSid),
}

impl From<TimersMessage> for Wire {
    fn from(message: TimersMessage) -> Self {
        let (workspace, subject) = match message {
            TimersMessage::Timer(timer) => {
                let subject = match timer.subject {
                    Subject::Task(sid) => WireSubject::Task(sid),
                    Subject::Worker(sid) => WireSubject::Worker(sid),
                };
                (timer.workspace, subject)
            }
            TimersMessage::Backfill(BackfillMessage {
                workspace,
                backfill,
                ..
            }) => (workspace, WireSubject::Backfill(backfill)),
            TimersMessage::ResumeSearch(ResumeSearch {
                workspace, search, ..
            }) => (workspace, WireSubject::ResumeSearch(search)),
            TimersMessage::RunMatcher(RunMatcher {
                workspace, queue, ..
            }) => (workspace, WireSubject::RunMatcher(queue)),
        };
        Self {
            workspace,
            subject,
            at: message.at(),
        }
    }
}

impl From<Wire> for TimersMessage {
    fn from(wire: Wire) -> Self {
        let Wire {
            workspace,
            subject,
            at,
        } = wire;
        let timer = |subject| {
            Self::Timer(Timer {
                workspace,
                subject,
                at,
            })
        };
        match subject {
            WireSubject::Task(sid) => timer(Subject::Task(sid)),
            WireSubject::Worker(sid) => timer(Subject::Worker(sid)),
            WireSubject::Backfill(backfill) => Self::Backfill(BackfillMessage {
                workspace,
                backfill,
                at,
            }),
            WireSubject::ResumeSearch(search) => Self::ResumeSearch(ResumeSearch {
                workspace,
                search,
                at,
            }),
            WireSubject::RunMatcher(queue) => Self::RunMatcher(RunMatcher {
                workspace,
                queue,
                at,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::backfill::Listed;
    use super::super::order::Position;
    use super::*;

    const AT: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    fn messages() -> [(TimersMessage, &'static str); 8] {
        let workspace = WorkspaceSid::from_bytes([1; 16]);
        let task = TaskSid::from_bytes([2; 16]);
        let worker = WorkerSid::from_bytes([3; 16]);
        let timer = |subject| {
            TimersMessage::from(Timer {
                workspace,
                subject,
                at: AT,
            })
        };
        let backfill = |backfill| {
            TimersMessage::from(BackfillMessage {
                workspace,
                backfill,
                at: AT,
            })
        };
        let resume = |search| {
            TimersMessage::from(ResumeSearch {
                workspace,
                search,
                at: AT,
            })
        };
        let after = Position {
            urgency: 7,
            moment: 8,
            sid: task,
        };
        let listed = Listed {
            created: AT,
            sid: worker,
        };
        [
            (timer(Subject::Task(task)), r#"{"task":"WT02"}"#),
            (timer(Subject::Worker(worker)), r#"{"worker":"WK03"}"#),
            (
                backfill(Backfill::TASKS),
                r#"{"all":{"tasks":{"after":null}}}"#,
            ),
            (
                backfill(Backfill::WORKERS),
                r#"{"all":{"workers":{"after":null}}}"#,
            ),
            (
                backfill(Backfill::Workers {
                    after: Some(listed),
                }),
                r#"{"all":{"workers":{"after":{"created":1800000000000,"sid":"WK03"}}}}"#,
            ),
            (
                resume(SearchContinuation::Tasks { worker, after }),
                r#"{"rest":{"tasks":{"worker":"WK03","behind":{"urgency":7,"moment":8,"sid":"WT02"}}}}"#,
            ),
            (
                resume(SearchContinuation::Workers {
                    task,
                    after: (AT, AT, worker),
                }),
                r#"{"rest":{"workers":{"task":"WT02","behind":[1800000000000,1800000000000,"WK03"]}}}"#,
            ),
            (
                RunMatcher {
                    workspace,
                    queue: TaskQueueSid::from_bytes([4; 16]),
                    at: AT,
                }
                .into(),
                r#"{"matcher":"WQ04"}"#,
            ),
        ]
    }

    /// The JSON of the queue is what earlier releases sent: messages of both may be in it.
    #[test]
    fn message_json_is_stable() {
        for (message, subject) in messages() {
            let subject = subject
                .replace("WT02", &format!("WT{}", "02".repeat(16)))
                .replace("WK03", &format!("WK{}", "03".repeat(16)))
                .replace("WQ04", &format!("WQ{}", "04".repeat(16)));
            let workspace = "01".repeat(16);
            let expected = format!(
                r#"{{"workspace":"WS{workspace}","subject":{subject},"at":1800000000000}}"#
            );
            assert_eq!(serde_json::to_string(&message).unwrap(), expected);
        }
    }

    #[test]
    fn message_survives_the_round_trip() {
        for (message, _) in messages() {
            let body = serde_json::to_string(&message).unwrap();
            assert_eq!(
                serde_json::from_str::<TimersMessage>(&body).unwrap(),
                message
            );
        }
    }
}
