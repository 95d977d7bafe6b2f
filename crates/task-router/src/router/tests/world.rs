//! The test world: Tasks and Workers in memory, and a clock that the test sets.

use ids::ActivitySid;
use ids::CallSid;
use ids::ReservationSid;
use ids::TaskQueueSid;
use ids::TaskSid;
use ids::WorkerSid;
use ids::WorkflowSid;
use ids::WorkspaceSid;
use std::collections::BTreeMap;

pub(super) use ids::time::Millis;

use crate::model::*;
use crate::router::effects::{self, Callback, Effect};
use crate::router::*;

pub(super) const STEP_SECS: u64 = 60;
pub(super) const RESERVATION_TIMEOUT_SECS: u64 = 20;
pub(super) const RING_SECS: u32 = 15;
pub(super) const ENGLISH: &str = r#"{"languages":["en"]}"#;

pub(super) struct World {
    pub workspace: Workspace,
    pub tasks: BTreeMap<TaskSid, Task>,
    pub workers: BTreeMap<WorkerSid, Worker>,
    pub now: Timestamp,
}

pub(super) fn activity(name: &str) -> ActivitySid {
    ActivitySid::derive(&[name])
}

pub(super) fn queue(name: &str) -> TaskQueueSid {
    TaskQueueSid::derive(&[name])
}

pub(super) fn worker(name: &str) -> WorkerSid {
    WorkerSid::derive(&[name])
}

pub(super) fn task(name: &str) -> TaskSid {
    TaskSid::derive(&[name])
}

pub(super) fn expression(source: &str) -> Option<Expression> {
    Some(source.parse().unwrap())
}

/// A step of one minute in this TaskQueue.
pub(super) fn target(queue_name: &str) -> Target {
    step(queue_name, STEP_SECS)
}

/// A step of `secs` seconds in this TaskQueue.
pub(super) fn step(queue_name: &str, secs: u64) -> Target {
    Target {
        timeout: Some(Millis::from_secs(secs)),
        ..Target::to(queue(queue_name))
    }
}

/// A filter for calls that selected this language, with these steps.
pub(super) fn filter(language: &str, targets: Vec<Target>) -> Filter {
    Filter {
        filter_friendly_name: language.to_owned(),
        expression: expression(&format!("selected_language == '{language}'")),
        targets,
    }
}

/// Queues `en` and `hi`; Activities; a Workflow by language without a default filter. Calls end
/// without wrapping.
pub(super) fn world() -> World {
    let task_queue = |name: &str| TaskQueue {
        sid: queue(name),
        friendly_name: name.to_owned(),
        target_workers: expression(&format!("languages HAS '{name}'")),
        max_reserved_workers: 1,
        task_order: TaskOrder::Fifo,
        reservation_activity_sid: None,
        assignment_activity_sid: None,
    };
    let filters = ["en", "hi"]
        .map(|name| filter(name, vec![target(name)]))
        .to_vec();
    let configuration = Configuration {
        filters,
        default_filter: None,
        text: None,
    };
    let workflow = Workflow {
        task_reservation_timeout: Millis::from_secs(RESERVATION_TIMEOUT_SECS),
        ..Workflow::new(WorkflowSid::derive(&["calls"]), "calls", configuration)
    };
    let activities = [
        ("Offline", false),
        ("Available", true),
        ("Helpful", true),
        ("Wrap-Up", false),
    ];
    let activities = activities.map(|(name, available)| {
        (
            activity(name),
            Activity {
                sid: activity(name),
                friendly_name: name.to_owned(),
                available,
            },
        )
    });
    let sid = WorkspaceSid::derive(&["centre"]);
    let channel = |name| TaskChannel {
        after_conversation: AfterConversation::Complete,
        ..TaskChannel::of(sid, name)
    };
    let channels =
        [TaskChannelName::VOICE, TaskChannelName::CHAT].map(|name| (name, channel(name)));
    let workspace = Workspace {
        wrap_up: Some(WrapUp {
            activity_sid: activity("Wrap-Up"),
            limit: Millis::from_secs(30),
            next_activity_sid: activity("Available"),
        }),
        activities: activities.into_iter().collect(),
        task_queues: ["en", "hi"]
            .map(|name| (queue(name), task_queue(name)))
            .into_iter()
            .collect(),
        workflows: [(workflow.sid, workflow)].into_iter().collect(),
        task_channels: channels.into_iter().collect(),
        ..Workspace::new(sid, "centre", activity("Offline"))
    };
    World {
        workspace,
        tasks: BTreeMap::new(),
        workers: BTreeMap::new(),
        now: Timestamp::from_millis(1_000_000),
    }
}

/// Set-up.
impl World {
    /// Adds an available Worker; each is created a millisecond after the one before.
    pub fn worker(mut self, name: &str, attributes: &str) -> Self {
        let now = self.now + Millis::from_millis(self.workers.len() as u64);
        let mut created = Worker {
            attributes: attributes.parse().unwrap(),
            ..Worker::new(
                worker(name),
                self.workspace.sid,
                name,
                activity("Available"),
                now,
            )
        };
        created.queue_membership = queue_membership_of(&self.workspace, &created);
        self.workers.insert(created.sid, created);
        self
    }

    /// Sets these steps for calls in English.
    pub fn steps(mut self, targets: Vec<Target>) -> Self {
        self.workflow().configuration.filters[0].targets = targets;
        self
    }

    pub fn workflow(&mut self) -> &mut Workflow {
        self.workspace.workflows.values_mut().next().unwrap()
    }

    pub fn queue(&mut self, name: &str) -> &mut TaskQueue {
        self.workspace.task_queues.get_mut(&queue(name)).unwrap()
    }

    pub fn channel(&mut self, name: TaskChannelName) -> &mut TaskChannel {
        self.workspace.task_channels.get_mut(&name).unwrap()
    }

    pub fn share(&mut self, name: &str, channel: TaskChannelName) -> &mut WorkerChannel {
        self.workers
            .get_mut(&worker(name))
            .unwrap()
            .share_mut(channel)
    }

    /// Saves this configuration as the next version of the Workflow.
    pub fn save(&mut self, configuration: Configuration, reevaluate: bool) {
        let before = self.workflow().clone();
        let (saved, superseded) = Workflow {
            configuration,
            ..before.clone()
        }
        .replacing(&before, reevaluate);
        if let Some(superseded) = superseded {
            self.workspace
                .superseded
                .insert((before.sid, before.version), superseded);
        }
        *self.workflow() = saved;
    }

    /// Creates a call in this language with a timeout of an hour.
    pub fn call(&mut self, name: &str, language: &str) {
        self.make(name, language, |_| {}).unwrap();
    }

    /// Creates a call and adds it to its waiting list: no Worker was available.
    pub fn waiting(&mut self, name: &str, language: &str) {
        self.call(name, language);
        assert_eq!(
            self.happens(Command::NoWorkerFound { task: task(name) }).0,
            Outcome::Changed
        );
    }

    /// Creates a call that `change` has modified.
    pub fn make(
        &mut self,
        name: &str,
        language: &str,
        change: impl Fn(&mut NewTask),
    ) -> Result<(), NotRoutable> {
        let call = CallSid::derive(&[name]);
        let attributes = format!(r#"{{"selected_language":"{language}","call_sid":"{call}"}}"#);
        let mut new = NewTask {
            timeout: Millis::from_secs(3_600),
            ..NewTask::new(
                task(name),
                attributes.parse().unwrap(),
                TaskChannelName::VOICE,
            )
        };
        change(&mut new);
        let workflow = self.workspace.workflows.values().next().unwrap();
        let created = create_task(&self.workspace, workflow, new, self.now)?;
        self.tasks.insert(created.sid, created);
        Ok(())
    }

    pub fn wait(&mut self, secs: u64) {
        self.now += Millis::from_secs(secs);
    }

    /// Sets the clock to the moment at which the Task has this age.
    pub fn at_age(&mut self, name: &str, secs: u64) {
        self.now = self.task(name).date_created + Millis::from_secs(secs);
    }
}

/// Commands.
impl World {
    /// Decides a Command over all Tasks and Workers, writes the Decision, checks the invariants,
    /// and returns the Effects.
    pub fn happens(&mut self, command: Command) -> (Outcome, Vec<Effect>) {
        let decision = decide(self.snapshot(&command), &command, self.now);
        assert_eq!(
            decision,
            decide(self.snapshot(&command), &command, self.now),
            "the Decision must be deterministic"
        );
        let mut all_effects = Vec::new();
        for new in decision.tasks {
            let old = self.tasks.insert(new.sid, new.clone());
            assert_eq!(new.version, old.as_ref().unwrap().version + 1);
            all_effects.extend(effects::of_task(&self.workspace, old.as_ref(), &new));
        }
        for new in decision.workers {
            let old = self.workers.insert(new.sid, new.clone());
            assert_eq!(new.version, old.as_ref().unwrap().version + 1);
            all_effects.extend(effects::of_worker(&self.workspace, old.as_ref(), &new));
        }
        self.check_invariants();
        (decision.outcome, all_effects)
    }

    fn snapshot(&self, command: &Command) -> Snapshot<'_> {
        let about = command.task().and_then(|sid| self.tasks.get(&sid));
        let counted = about.filter(|task| may_skip(&self.workspace, task));
        let counts = counted.map(|task| {
            WorkerCounts::of_queue(task.task_queue_sid, self.workers.values(), &self.workspace)
        });
        let mut snapshot = Snapshot::new(&self.workspace)
            .with_tasks(self.tasks.values().cloned())
            .with_workers(self.workers.values().cloned())
            .with_worker_counts(counts);
        snapshot.candidates_of = about.map(|task| task.task_queue_sid);
        snapshot
    }

    pub fn advance(&mut self, name: &str) -> Vec<Effect> {
        self.happens(Command::Advance { task: task(name) }).1
    }

    /// Advances the Task until nothing changes any more.
    pub fn settle(&mut self, name: &str) {
        for _ in 0..20 {
            if self.happens(Command::Advance { task: task(name) }).0 != Outcome::Changed {
                return;
            }
        }
        panic!("{:?} never settles", self.task(name));
    }

    pub fn serve(&mut self, name: &str) -> Outcome {
        self.happens(Command::ServeWorker {
            worker: worker(name),
        })
        .0
    }

    pub fn issue(&mut self, name: &str) -> Outcome {
        let instruction = IssuedInstruction {
            claim: 1,
            plan: instruction::Plan::default(),
            post_work_activity_sid: Some(activity("Wrap-Up")),
            ring_timeout_secs: RING_SECS,
            ..IssuedInstruction::default()
        };
        self.happens(Command::InstructionIssued {
            task: task(name),
            reservation: self.offer(name),
            instruction,
        })
        .0
    }

    pub fn rings(&mut self, name: &str) -> CallSid {
        assert_eq!(self.issue(name), Outcome::Changed);
        let call = CallSid::derive(&["worker leg", name]);
        self.happens(Command::WorkerCallNamed {
            task: task(name),
            reservation: self.offer(name),
            call,
        });
        call
    }

    pub fn accept(&mut self, name: &str) -> (Outcome, Vec<Effect>) {
        let reservation = self.offer(name);
        self.happens(Command::Answered {
            task: task(name),
            reservation,
            answer: Answer::Accept,
        })
    }

    pub fn reject(&mut self, name: &str, activity: Option<ActivitySid>) -> (Outcome, Vec<Effect>) {
        let reservation = self.offer(name);
        self.happens(Command::Answered {
            task: task(name),
            reservation,
            answer: Answer::Reject { activity },
        })
    }

    pub fn worker_hangs_up(&mut self, name: &str, code: Option<u32>) -> (Outcome, Vec<Effect>) {
        self.happens(Command::WorkerCallEnded {
            task: task(name),
            reservation: self.offer(name),
            code,
        })
    }

    pub fn caller_hangs_up(&mut self, name: &str) -> (Outcome, Vec<Effect>) {
        self.happens(Command::CallerGone {
            task: task(name),
            reason: EndReason::Hangup,
            carrier_queue: None,
        })
    }

    pub fn set_status(&mut self, name: &str, status: AssignmentStatus) -> Outcome {
        let reason = EndReason::Given("done".to_owned());
        self.happens(Command::StatusSet {
            task: task(name),
            status,
            reason,
            attributes: None,
        })
        .0
    }

    pub fn set_activity(
        &mut self,
        name: &str,
        to: &str,
        reject_pending: bool,
    ) -> (Outcome, Vec<Effect>) {
        self.happens(Command::ActivitySet {
            worker: worker(name),
            activity: activity(to),
            reject_pending,
        })
    }

    pub fn update(&mut self, name: &str, changes: TaskChanges) -> (Outcome, Vec<Effect>) {
        self.happens(Command::TaskUpdated {
            task: task(name),
            changes,
        })
    }
}

/// Queries.
impl World {
    pub fn task(&self, name: &str) -> &Task {
        &self.tasks[&task(name)]
    }

    /// The first pending, accepted or wrapping Reservation of the Task.
    pub fn offer(&self, name: &str) -> ReservationSid {
        self.task(name).open_reservations().next().unwrap().sid
    }

    pub fn offered_to(&self, name: &str) -> Vec<String> {
        self.task(name)
            .open_reservations()
            .map(|offer| offer.worker_name.clone())
            .collect()
    }

    pub fn status(&self, name: &str) -> AssignmentStatus {
        self.task(name).assignment_status
    }

    pub fn reason(&self, name: &str) -> Option<EndReason> {
        self.task(name).reason.clone()
    }

    pub fn activity_of(&self, name: &str) -> &str {
        &self.workspace.activities[&self.workers[&worker(name)].activity_sid].friendly_name
    }

    /// Filter and target, by index.
    pub fn step_of(&self, name: &str) -> (u16, u16) {
        match self.task(name).position.step {
            Step::Target { filter, target } => (filter, target),
            other @ (Step::DefaultFilter | Step::Direct) => panic!("{other:?}"),
        }
    }

    fn check_invariants(&self) {
        self.tasks.values().for_each(|task| self.check_task(task));
        for worker in self.workers.values() {
            let waived = |open: &&OpenReservation| {
                self.tasks
                    .get(&open.task_sid)
                    .is_some_and(|task| task.ignore_capacity)
            };
            for share in &worker.channels {
                let of_channel = worker
                    .open_reservations
                    .iter()
                    .filter(|open| open.channel == share.channel);
                let counted = of_channel.filter(|open| !waived(open)).count();
                assert!(
                    counted <= usize::from(share.configured_capacity).max(1),
                    "{worker:?}"
                );
            }
        }
    }

    fn check_task(&self, task: &Task) {
        let open: Vec<_> = task.open_reservations().collect();
        let held = open
            .iter()
            .filter(|offer| offer.status != ReservationStatus::Pending)
            .count();
        let offers_max = self
            .workspace
            .task_queues
            .get(&task.task_queue_sid)
            .map_or(1, |queue| queue.max_reserved_workers);
        assert!(
            open.len() <= usize::from(offers_max) && held <= 1,
            "{task:?}"
        );
        for offer in &open {
            let slots = self
                .workers
                .get(&offer.worker_sid)
                .map(|worker| &worker.open_reservations);
            assert!(
                slots.is_none_or(|slots| slots.iter().any(|slot| slot.sid == offer.sid)),
                "{offer:?} has no slot"
            );
        }
        let expected = match task.assignment_status {
            AssignmentStatus::Reserved => open.len() > held && held == 0,
            AssignmentStatus::Assigned | AssignmentStatus::Wrapping => open.len() == 1 && held == 1,
            AssignmentStatus::Pending
            | AssignmentStatus::Completed
            | AssignmentStatus::Canceled => open.is_empty(),
        };
        assert!(expected, "{task:?}");
    }
}

pub(super) fn asks_for_assignment(effects: &[Effect]) -> bool {
    effects
        .iter()
        .any(|effect| matches!(effect, Effect::Callback(Callback::Assignment { .. })))
}
