//! Whether the engine offers a Task to the recorded Workers again.

use std::collections::BTreeSet;

use ids::WorkerSid;
use ids::time::Timestamp;
use task_router::model::{Task, Worker, Workspace};
use task_router::router::{Command, Decision, Snapshot, best_workers_of, decide, may_take};

use super::difference::{Difference, Subject, Topic, fields};
use super::state::{State, UNSEEN};

/// How a recorded offer compares with the engine's decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The same Task and Worker, field by field.
    Same,
    /// The same, if the search had not yet seen what was written in the two seconds before it: a
    /// race of two writers, or the lag of an index.
    Raced,
    /// Another Worker, or no offer.
    Different,
}

impl Verdict {
    /// The name in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Raced => "raced",
            Self::Different => "different",
        }
    }
}

/// What was found about an offer.
pub(super) struct Found {
    pub verdict: Verdict,
    /// The engine's Decision, if it is the recorded one.
    pub decision: Option<Decision>,
    pub difference: Option<Difference>,
}

/// What a search had read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sight {
    Everything,
    /// Nothing that was written within [`UNSEEN`], but for the Task and its Workers.
    Older,
}

impl State {
    /// Decides a recorded offer again. A search begins at the Task, or at a Worker who has become
    /// free: either may have led to the offer.
    pub fn offer(&self, old: &Task, new: &Task) -> Found {
        let now = offered_at(new);
        for (sight, verdict) in [
            (Sight::Everything, Verdict::Same),
            (Sight::Older, Verdict::Raced),
        ] {
            for workspace in self.configurations(now) {
                let mut decisions = self.searches(workspace, old, new, now, sight);
                let same = decisions.find(|decision| is_of(decision, new));
                if let Some(decision) = same {
                    return Found {
                        verdict,
                        decision: Some(decision),
                        difference: None,
                    };
                }
            }
        }
        Found {
            verdict: Verdict::Different,
            decision: None,
            difference: Some(self.offer_difference(old, new, now)),
        }
    }

    fn searches<'s>(
        &'s self,
        workspace: &'s Workspace,
        old: &'s Task,
        new: &'s Task,
        now: Timestamp,
        sight: Sight,
    ) -> impl Iterator<Item = Decision> + 's {
        let from_task = std::iter::once_with(move || {
            let candidates = self.candidates(workspace, old, new, now, sight);
            self.advance(workspace, old, now, sight, candidates)
        });
        let from_workers = new.reservations.iter().filter_map(move |offer| {
            let worker = self.workers.get(&offer.worker_sid)?;
            Some(self.serve(workspace, old, worker, now, sight))
        });
        from_task.chain(from_workers)
    }

    /// The Workers to which the Task would be offered, of those that the search had seen.
    fn candidates<'s>(
        &'s self,
        workspace: &Workspace,
        old: &Task,
        new: &Task,
        now: Timestamp,
        sight: Sight,
    ) -> Vec<&'s Worker> {
        let recorded: BTreeSet<WorkerSid> =
            new.reservations.iter().map(|it| it.worker_sid).collect();
        let is_seen = |worker: &&Worker| {
            let written = self.worker_written.get(&worker.sid);
            sight == Sight::Everything
                || recorded.contains(&worker.sid)
                || written.is_none_or(|at| now.since(*at) > UNSEEN)
        };
        let mut free: Vec<&Worker> = self.workers.values().filter(is_seen).collect();
        free.retain(|worker| may_take(workspace, worker, old, now));
        free.sort_by_key(|worker| worker.idle_key());
        best_workers_of(workspace, old, free.into_iter(), now)
    }

    fn advance(
        &self,
        workspace: &Workspace,
        old: &Task,
        now: Timestamp,
        sight: Sight,
        candidates: Vec<&Worker>,
    ) -> Decision {
        let snapshot = Snapshot::new(workspace)
            .with_tasks(self.competing(old, now, sight))
            .with_tasks([old.clone()])
            .with_candidates(old.task_queue_sid, candidates.into_iter().cloned());
        decide(snapshot, &Command::Advance { task: old.sid }, now)
    }

    fn serve(
        &self,
        workspace: &Workspace,
        old: &Task,
        worker: &Worker,
        now: Timestamp,
        sight: Sight,
    ) -> Decision {
        let snapshot = Snapshot::new(workspace)
            .with_tasks(self.competing(old, now, sight))
            .with_tasks([old.clone()])
            .with_workers([worker.clone()]);
        decide(snapshot, &Command::ServeWorker { worker: worker.sid }, now)
    }

    /// The other waiting Tasks that the search had seen.
    fn competing(&self, old: &Task, now: Timestamp, sight: Sight) -> Vec<Task> {
        let is_seen = |task: &&Task| {
            let written = self.task_written.get(&task.sid);
            sight == Sight::Everything || written.is_none_or(|at| now.since(*at) > UNSEEN)
        };
        let waiting = self.tasks.values().filter(|task| {
            task.is_in_waiting_list() && task.channel == old.channel && task.sid != old.sid
        });
        waiting.filter(is_seen).cloned().collect()
    }

    fn offer_difference(&self, old: &Task, new: &Task, now: Timestamp) -> Difference {
        let replayed = self.workspace.as_ref().map(|workspace| {
            let candidates = self.candidates(workspace, old, new, now, Sight::Everything);
            self.advance(workspace, old, now, Sight::Everything, candidates)
        });
        Difference {
            at: now,
            subject: Subject::Task(new.sid),
            topic: Topic::Offer,
            recorded: offered_to(new),
            replayed: replayed.map_or_else(String::new, |decision| described(&decision, new)),
        }
    }
}

fn offered_at(new: &Task) -> Timestamp {
    let first = new.reservations.first();
    first.map_or(new.date_updated, |it| it.date_created)
}

fn is_of(decision: &Decision, new: &Task) -> bool {
    matches!(decision.tasks.as_slice(), [task] if task == new)
}

/// `offered to Maya and Arjun`
fn offered_to(task: &Task) -> String {
    let names: Vec<&str> = task
        .reservations
        .iter()
        .map(|it| it.worker_name.as_str())
        .collect();
    format!("offered to {}", names.join(" and "))
}

fn described(decision: &Decision, new: &Task) -> String {
    let Some(task) = decision.tasks.first() else {
        return "no offer".to_owned();
    };
    let recorded: Vec<WorkerSid> = new.reservations.iter().map(|it| it.worker_sid).collect();
    let replayed: Vec<WorkerSid> = task.reservations.iter().map(|it| it.worker_sid).collect();
    if task.sid != new.sid && !replayed.is_empty() {
        return format!("Task {} first, {}", task.sid, offered_to(task));
    }
    if recorded == replayed {
        return fields(task, new);
    }
    if replayed.is_empty() {
        return format!("no offer; {}", fields(task, new));
    }
    offered_to(task)
}
