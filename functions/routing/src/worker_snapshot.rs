//! What a sweep has seen of the Workers, and what it knows by that about a Task without asking the table.

use std::collections::BTreeMap;

use ids::time::Timestamp;
use ids::{ReservationSid, WorkerSid};
use task_router::model::{OpenStatus, Readiness, Task, Worker, Workspace};
use task_router::router::may_take;
use task_router::router::order::{self, WaitingList};
use task_router::router::release::Release;

/// Free Workers a sweep keeps whole to compare waiting Tasks with: some 2 KB of memory each, 70 KB if their attributes are as
/// long and as finely divided as they may be.
const FREE_KEPT_MAX: usize = 2_000;

/// Comparisons of a Task with a free Worker in one sweep: of 10,000 Tasks, each with 1,000 Workers. A processor takes 0.7 s for so
/// many (`cargo bench -p task-router --bench matching`); Lambda gives a seventh of one with the template's 256 MB.
const COMPARED_MAX: usize = 10_000_000;

/// What a sweep has seen of the Workers.
#[derive(Default)]
pub(crate) struct WorkerSnapshot {
    /// Those who are free, as long as there is room.
    free: Vec<Worker>,
    /// Where they stand, by the key of the readiness: the table's boards, as they must be.
    boards: BTreeMap<String, (Readiness, Standing)>,
    /// Each of them, for Tasks that are meant for one Worker.
    alone: BTreeMap<WorkerSid, Standing>,
    /// What all hold, and how far it has come.
    held: BTreeMap<ReservationSid, OpenStatus>,
    /// Could all be read?
    pub(crate) is_complete: bool,
    compared: usize,
}

/// Free Workers who stand together.
#[derive(Default)]
struct Standing {
    /// Places in [`WorkerSnapshot::free`].
    kept: Vec<usize>,
    /// Are there others, who were not kept?
    and_others: bool,
}

/// Is somebody free for a Task?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Suited {
    /// Somebody who could take it.
    Somebody,
    /// Nobody of all there are.
    Nobody,
    /// Not all could be looked at.
    Unknown,
}

impl WorkerSnapshot {
    /// Nobody yet.
    pub(crate) fn new() -> Self {
        Self {
            is_complete: true,
            ..Self::default()
        }
    }

    /// A Worker, as they were read.
    pub(crate) fn note(&mut self, workspace: &Workspace, worker: Worker) {
        self.held.extend(
            worker
                .open_reservations
                .iter()
                .map(|open| (open.sid, open.status)),
        );
        let Some(readiness) = worker.readiness(workspace) else {
            return;
        };
        let place = Some(self.free.len()).filter(|kept| *kept < FREE_KEPT_MAX);
        let (_, board) = self
            .boards
            .entry(readiness.key())
            .or_insert_with(|| (readiness, Standing::default()));
        board.note(place);
        self.alone.entry(worker.sid).or_default().note(place);
        if place.is_some() {
            self.free.push(worker);
        }
    }

    /// The boards on which somebody stands.
    pub(crate) fn boards(&self) -> impl Iterator<Item = (&String, &Readiness)> {
        self.boards
            .iter()
            .map(|(key, (readiness, _))| (key, readiness))
    }

    /// Does anybody stand on the board of this key?
    pub(crate) fn stands_on(&self, key: &str) -> bool {
        self.boards.contains_key(key)
    }

    fn who_look_at(&self, line: WaitingList) -> Vec<&Standing> {
        match line {
            WaitingList::Worker(sid) => self.alone.get(&sid).into_iter().collect(),
            WaitingList::Queue(queue, channel) => {
                let serving = self
                    .boards
                    .values()
                    .filter(|(readiness, _)| readiness.serves(queue, channel));
                serving.map(|(_, standing)| standing).collect()
            }
        }
    }

    /// Is there somebody for this Task? A Task that ignores how busy its Worker is waits for nobody to be free.
    pub(crate) fn suits(&mut self, workspace: &Workspace, task: &Task, now: Timestamp) -> Suited {
        if task.ignore_capacity {
            return Suited::Somebody;
        }
        if !self.is_complete {
            return Suited::Unknown;
        }
        let looking = order::waiting_list_of(workspace, task)
            .map(|line| self.who_look_at(line))
            .unwrap_or_default();
        let places = looking.iter().flat_map(|standing| &standing.kept);
        let mut compared = 0;
        let mut left = places
            .clone()
            .take(COMPARED_MAX.saturating_sub(self.compared));
        let is_suited = left.any(|place| {
            compared += 1;
            self.free
                .get(*place)
                .is_some_and(|worker| may_take(workspace, worker, task, now))
        });
        let not_all =
            looking.iter().any(|standing| standing.and_others) || compared < places.count();
        self.compared += compared;
        match is_suited {
            true => Suited::Somebody,
            false if not_all => Suited::Unknown,
            false => Suited::Nobody,
        }
    }

    /// May a Worker still hold what this gives back?
    pub(crate) fn may_hold(&self, release: &Release) -> bool {
        let held = self.held.get(&release.reservation);
        !self.is_complete || held.is_some_and(|held| release.is_news_to(*held))
    }
}

impl Standing {
    fn note(&mut self, place: Option<usize>) {
        match place {
            Some(place) => self.kept.push(place),
            None => self.and_others = true,
        }
    }
}

#[cfg(test)]
mod tests {
    use ids::{ActivitySid, TaskQueueSid, TaskSid, WorkerSid, WorkflowSid, WorkspaceSid};
    use task_router::model::{
        Activity, Configuration, Target, TaskChannelName, TaskOrder, TaskQueue, Workflow,
    };
    use task_router::router::{NewTask, advanced_worker, create_task};

    use super::*;

    const NOON: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    /// One queue for everybody, in which a call is for who speaks its language.
    fn workspace() -> Workspace {
        let available = ActivitySid::derive(&["Available"]);
        let queue = TaskQueue {
            sid: TaskQueueSid::derive(&["queue"]),
            friendly_name: "queue".to_owned(),
            target_workers: "1 == 1".parse().ok(),
            max_reserved_workers: 1,
            task_order: TaskOrder::Fifo,
        };
        let target = Target {
            expression: "task.language IN worker.languages".parse().ok(),
            ..Target::to(queue.sid)
        };
        let configuration = Configuration {
            filters: Vec::new(),
            default_filter: Some(target),
        };
        let workflow = Workflow::new(
            WorkflowSid::derive(&["workflow"]),
            "workflow",
            configuration,
        );
        let activity = Activity {
            sid: available,
            friendly_name: "Available".to_owned(),
            available: true,
        };
        Workspace {
            activities: [(available, activity)].into_iter().collect(),
            task_queues: [(queue.sid, queue)].into_iter().collect(),
            workflows: [(workflow.sid, workflow)].into_iter().collect(),
            ..Workspace::new(WorkspaceSid::derive(&["centre"]), "centre", available)
        }
    }

    fn worker(workspace: &Workspace, name: &str, language: &str) -> Worker {
        let attributes = format!(r#"{{"languages":["{language}"]}}"#)
            .parse()
            .unwrap_or_default();
        let sid = WorkerSid::derive(&[name]);
        let worker = Worker::new(
            sid,
            workspace.sid,
            name,
            workspace.default_activity_sid,
            NOON,
        );
        advanced_worker(
            workspace,
            Worker {
                attributes,
                ..worker
            },
            NOON,
        )
    }

    fn call(workspace: &Workspace, language: &str) -> Task {
        let attributes = format!(r#"{{"language":"{language}"}}"#)
            .parse()
            .unwrap_or_default();
        let new = NewTask::new(
            TaskSid::derive(&[language]),
            attributes,
            TaskChannelName::VOICE,
        );
        let workflow = &workspace.workflows[&WorkflowSid::derive(&["workflow"])];
        create_task(workspace, workflow, new, NOON).unwrap()
    }

    fn staff(workspace: &Workspace, workers: usize) -> WorkerSnapshot {
        let mut staff = WorkerSnapshot::new();
        for number in 0..workers {
            staff.note(workspace, worker(workspace, &number.to_string(), "es"));
        }
        staff
    }

    #[test]
    fn whether_somebody_is_free_for_a_task_is_known_from_all_who_are_free() {
        let workspace = workspace();
        let mut staff = staff(&workspace, 3);
        let (spanish, english) = (call(&workspace, "es"), call(&workspace, "en"));
        assert_eq!(staff.suits(&workspace, &spanish, NOON), Suited::Somebody);
        assert_eq!(staff.suits(&workspace, &english, NOON), Suited::Nobody);
        staff.note(&workspace, worker(&workspace, "Maya", "en"));
        assert_eq!(staff.suits(&workspace, &english, NOON), Suited::Somebody);
    }

    #[test]
    fn of_who_is_not_kept_nothing_is_known() {
        let workspace = workspace();
        let mut staff = staff(&workspace, FREE_KEPT_MAX);
        let (spanish, english) = (call(&workspace, "es"), call(&workspace, "en"));
        assert_eq!(staff.suits(&workspace, &english, NOON), Suited::Nobody);
        staff.note(&workspace, worker(&workspace, "Maya", "en"));
        assert_eq!(staff.suits(&workspace, &english, NOON), Suited::Unknown);
        assert_eq!(staff.suits(&workspace, &spanish, NOON), Suited::Somebody);
    }

    #[test]
    fn a_sweep_compares_so_many_and_no_more() {
        let workspace = workspace();
        let mut staff = staff(&workspace, 3);
        let english = call(&workspace, "en");
        staff.compared = COMPARED_MAX - 5;
        assert_eq!(staff.suits(&workspace, &english, NOON), Suited::Nobody);
        assert_eq!(staff.suits(&workspace, &english, NOON), Suited::Unknown);
        assert_eq!(staff.compared, COMPARED_MAX);
        assert_eq!(staff.suits(&workspace, &english, NOON), Suited::Unknown);
    }
}
