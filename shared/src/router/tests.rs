//! The core by itself: what each event does to Tasks and Workers, and what follows from it.

use std::collections::BTreeMap;

use super::effects::{self, Callback, Effect, Subject};
use super::*;
use crate::model::{
    Activity, ActivitySid, AfterConversation, AssignmentStatus, Attributes, CallSid, Configuration, EndReason,
    Expression, Filter, IssuedInstruction, OrderBy, QueueSid, ReservationSid, ReservationStatus, Step, Target, Task,
    TaskChannel, TaskChannelName, TaskOrder, TaskQueue, TaskQueueSid, TaskSid, Worker, WorkerSid, Workflow,
    WorkflowSid, Workspace, WorkspaceSid, WrapUp,
};

const STEP_SECS: u64 = 60;
const RESERVATION_TIMEOUT_SECS: u64 = 20;
const RING_SECS: u32 = 15;

/// Tasks and Workers in memory, and a clock in seconds.
struct World {
    workspace: Workspace,
    tasks: BTreeMap<TaskSid, Task>,
    workers: BTreeMap<WorkerSid, Worker>,
    now: Timestamp,
}

fn activity(name: &str) -> ActivitySid {
    ActivitySid::derive(&[name])
}

fn queue(name: &str) -> TaskQueueSid {
    TaskQueueSid::derive(&[name])
}

fn worker(name: &str) -> WorkerSid {
    WorkerSid::derive(&[name])
}

fn task(name: &str) -> TaskSid {
    TaskSid::derive(&[name])
}

fn expression(source: &str) -> Option<Expression> {
    Some(source.parse().unwrap())
}

fn target(queue_name: &str) -> Target {
    Target { timeout: Some(Millis::from_secs(STEP_SECS)), ..Target::to(queue(queue_name)) }
}

/// Queues `en` and `hi`; Activities; a Workflow by language without default.
fn world() -> World {
    let task_queue = |name: &str| TaskQueue {
        sid: queue(name),
        friendly_name: name.to_owned(),
        target_workers: expression(&format!("languages HAS '{name}'")),
        max_reserved_workers: 1,
        task_order: TaskOrder::Fifo,
    };
    let filter = |name: &str| Filter {
        filter_friendly_name: name.to_owned(),
        expression: expression(&format!("selected_language == '{name}'")),
        targets: vec![target(name)],
    };
    let configuration = Configuration { filters: vec![filter("en"), filter("hi")], default_filter: None };
    let workflow = Workflow {
        task_reservation_timeout: Millis::from_secs(RESERVATION_TIMEOUT_SECS),
        ..Workflow::new(WorkflowSid::derive(&["calls"]), "calls", configuration)
    };
    let activities = [("Offline", false), ("Available", true), ("Wrap-Up", false)];
    let activities = activities.map(|(name, available)| {
        (activity(name), Activity { sid: activity(name), friendly_name: name.to_owned(), available })
    });
    let sid = WorkspaceSid::derive(&["centre"]);
    let voice =
        TaskChannel { after_conversation: AfterConversation::Complete, ..TaskChannel::of(sid, TaskChannelName::VOICE) };
    let workspace = Workspace {
        wrap_up: Some(WrapUp {
            activity_sid: activity("Wrap-Up"),
            limit: Millis::from_secs(30),
            next_activity_sid: activity("Available"),
        }),
        activities: activities.into_iter().collect(),
        task_queues: ["en", "hi"].map(|name| (queue(name), task_queue(name))).into_iter().collect(),
        workflows: [(workflow.sid, workflow)].into_iter().collect(),
        task_channels: [(voice.unique_name, voice)].into_iter().collect(),
        ..Workspace::new(sid, "centre", activity("Offline"))
    };
    World { workspace, tasks: BTreeMap::new(), workers: BTreeMap::new(), now: Timestamp::from_millis(1_000_000) }
}

impl World {
    fn worker(mut self, name: &str, attributes: &str) -> Self {
        let created = self.now + Millis::from_millis(self.workers.len() as u64);
        let mut made = Worker {
            attributes: attributes.parse().unwrap(),
            ..Worker::new(worker(name), self.workspace.sid, name, activity("Available"), created)
        };
        made.roster = roster_of(&self.workspace, &made);
        self.workers.insert(made.sid, made);
        self
    }

    fn workflow(&mut self) -> &mut Workflow {
        self.workspace.workflows.values_mut().next().unwrap()
    }

    fn call(&mut self, name: &str, language: &str) {
        let call = CallSid::derive(&[name]);
        let attributes = format!(r#"{{"selected_language":"{language}","call_sid":"{call}"}}"#);
        let new = NewTask {
            timeout: Millis::from_secs(3_600),
            ..NewTask::new(task(name), attributes.parse::<Attributes>().unwrap(), TaskChannelName::VOICE)
        };
        let workflow = self.workspace.workflows.values().next().unwrap();
        let made = create_task(&self.workspace, workflow, new, self.now).unwrap();
        self.tasks.insert(made.sid, made);
    }

    fn wait(&mut self, secs: u64) {
        self.now += Millis::from_secs(secs);
    }

    /// Decides over everything there is, writes the decision, checks the invariants, and says what follows.
    fn happens(&mut self, event: Event) -> (Outcome, Vec<Effect>) {
        let mut snapshot = Snapshot::new(&self.workspace)
            .with_tasks(self.tasks.values().cloned())
            .with_workers(self.workers.values().cloned());
        snapshot.candidates_of = event.task().and_then(|sid| Some(self.tasks.get(&sid)?.task_queue_sid));
        let decision = decide(snapshot, &event, self.now);
        let mut follows = Vec::new();
        for new in decision.tasks {
            let old = self.tasks.insert(new.sid, new.clone());
            assert_eq!(new.version, old.as_ref().unwrap().version + 1);
            follows.extend(effects::of_task(&self.workspace, old.as_ref(), &new));
        }
        for new in decision.workers {
            let old = self.workers.insert(new.sid, new.clone());
            follows.extend(effects::of_worker(&self.workspace, old.as_ref(), &new));
        }
        self.check_invariants();
        (decision.outcome, follows)
    }

    fn advance(&mut self, name: &str) -> Vec<Effect> {
        self.happens(Event::Advance { task: task(name) }).1
    }

    /// The one pending or accepted Reservation of the Task.
    fn offer(&self, name: &str) -> ReservationSid {
        self.tasks[&task(name)].open_reservations().next().unwrap().sid
    }

    fn offered_to(&self, name: &str) -> Vec<String> {
        self.tasks[&task(name)].open_reservations().map(|offer| offer.worker_name.clone()).collect()
    }

    fn status(&self, name: &str) -> AssignmentStatus {
        self.tasks[&task(name)].assignment_status
    }

    fn activity_of(&self, name: &str) -> String {
        self.workspace.activities[&self.workers[&worker(name)].activity_sid].friendly_name.clone()
    }

    fn issue(&mut self, name: &str) -> Outcome {
        let instruction = IssuedInstruction {
            claim: 1,
            plan: crate::model::instruction::Plan::default(),
            worker_call_sid: None,
            post_work_activity_sid: Some(activity("Wrap-Up")),
            ring_timeout_secs: RING_SECS,
        };
        self.happens(Event::InstructionIssued { task: task(name), reservation: self.offer(name), instruction }).0
    }

    fn rings(&mut self, name: &str) -> CallSid {
        assert_eq!(self.issue(name), Outcome::Changed);
        let call = CallSid::derive(&["worker leg", name]);
        self.happens(Event::WorkerCallNamed { task: task(name), reservation: self.offer(name), call });
        call
    }

    fn accept(&mut self, name: &str) -> (Outcome, Vec<Effect>) {
        let (task, reservation) = (task(name), self.offer(name));
        self.happens(Event::Answered { task, reservation, answer: Answer::Accept })
    }

    fn check_invariants(&self) {
        for task in self.tasks.values() {
            let open: Vec<_> = task.open_reservations().collect();
            let accepted = open.iter().filter(|offer| offer.status != ReservationStatus::Pending).count();
            let most = usize::from(self.workspace.task_queues[&task.task_queue_sid].max_reserved_workers);
            assert!(open.len() <= most && accepted <= 1, "{task:?}");
            for offer in open {
                let held = &self.workers[&offer.worker_sid].open_reservations;
                assert!(held.iter().any(|held| held.sid == offer.sid), "{offer:?} takes no slot");
            }
            let expected = match task.assignment_status {
                AssignmentStatus::Reserved => task.pending_reservations().next().is_some(),
                AssignmentStatus::Assigned => accepted == 1,
                AssignmentStatus::Pending | AssignmentStatus::Completed | AssignmentStatus::Canceled => {
                    task.open_reservations().next().is_none()
                }
                AssignmentStatus::Wrapping => true,
            };
            assert!(expected, "{task:?}");
        }
        for worker in self.workers.values() {
            assert!(worker.open_reservations.len() <= 1, "{worker:?}");
        }
    }
}

fn asks_for_assignment(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::Call(Callback::Assignment { .. })))
}

#[test]
fn a_call_is_offered_to_a_worker_with_its_language() {
    let mut world = world().worker("Ben", r#"{"languages":["en"]}"#).worker("Asha", r#"{"languages":["hi"]}"#);
    world.call("c1", "hi");
    let effects = world.advance("c1");
    assert_eq!(world.offered_to("c1"), ["Asha"]);
    assert_eq!(world.status("c1"), AssignmentStatus::Reserved);
    assert!(asks_for_assignment(&effects), "{effects:?}");
}

#[test]
fn a_call_without_a_matching_filter_is_not_made() {
    let world = world();
    let french = r#"{"selected_language":"fr"}"#.parse().unwrap();
    let new = NewTask::new(task("c1"), french, TaskChannelName::VOICE);
    let workflow = world.workspace.workflows.values().next().unwrap();
    assert!(create_task(&world.workspace, workflow, new, world.now).is_err());
}

#[test]
fn the_worker_idle_for_longest_comes_first_and_a_busy_one_not_at_all() {
    let mut world = world().worker("Ben", r#"{"languages":["en"]}"#).worker("Cai", r#"{"languages":["en"]}"#);
    let mut order = Vec::new();
    for name in ["c1", "c2", "c3"] {
        world.wait(1);
        world.call(name, "en");
        world.advance(name);
        order.push(world.offered_to(name));
    }
    assert_eq!(order, [vec!["Ben"], vec!["Cai"], vec![]]);
    for name in ["c1", "c2"] {
        world.accept(name);
        let gone = Event::CallerGone { task: task(name), reason: EndReason::Hangup, carrier_queue: None };
        world.happens(gone);
    }
    world.advance("c3");
    assert_eq!(world.offered_to("c3"), ["Ben"]);
}

#[test]
fn an_order_by_beats_idle_time_and_workers_without_the_attribute_come_last() {
    let mut world = world()
        .worker("None", r#"{"languages":["en"]}"#)
        .worker("Three", r#"{"languages":["en"],"level":3}"#)
        .worker("Five", r#"{"languages":["en"],"level":5}"#);
    world.workflow().configuration.filters[0].targets[0].order_by =
        Some(OrderBy::try_from("worker.level DESC".to_owned()).unwrap());
    let offered: Vec<Vec<String>> = ["c1", "c2", "c3"]
        .into_iter()
        .map(|name| {
            world.call(name, "en");
            world.advance(name);
            world.offered_to(name)
        })
        .collect();
    assert_eq!(offered, [["Five"], ["Three"], ["None"]]);
}

#[test]
fn an_unanswered_reservation_times_out_and_the_worker_goes_offline() {
    let mut world = world().worker("Ben", r#"{"languages":["en"]}"#);
    world.call("c1", "en");
    world.advance("c1");
    world.wait(RESERVATION_TIMEOUT_SECS - 1);
    assert_eq!(world.advance("c1"), []);
    world.wait(1);
    let effects = world.advance("c1");
    assert_eq!((world.status("c1"), world.activity_of("Ben")), (AssignmentStatus::Pending, "Offline".to_owned()));
    assert!(effects.contains(&Effect::Match(task("c1"))), "{effects:?}");
}

#[test]
fn a_ringing_phone_stops_the_clock_and_no_answer_is_canceled_not_timed_out() {
    let mut world = world().worker("Ben", r#"{"languages":["en"]}"#);
    world.workflow().configuration.filters[0].targets[0].timeout = None;
    world.call("c1", "en");
    world.advance("c1");
    world.rings("c1");
    world.wait(RESERVATION_TIMEOUT_SECS);
    assert_eq!(world.advance("c1"), [], "the phone still rings");
    world.wait(u64::from(RING_SECS));
    assert_eq!(world.advance("c1"), [], "whoever answered at the last moment is being connected");
    world.now += RING_MARGIN;
    world.advance("c1");
    let ended = &world.tasks[&task("c1")].reservations[0];
    assert_eq!(ended.status, ReservationStatus::Canceled);
    assert_eq!((world.status("c1"), world.activity_of("Ben")), (AssignmentStatus::Pending, "Available".to_owned()));
}

#[test]
fn a_worker_who_declined_is_spared_for_a_moment_and_others_are_not() {
    let mut world = world().worker("Ben", r#"{"languages":["en"]}"#).worker("Cai", r#"{"languages":["en"]}"#);
    world.call("c1", "en");
    world.advance("c1");
    world.rings("c1");
    let declined = Event::WorkerCallEnded { task: task("c1"), reservation: world.offer("c1"), code: None };
    world.happens(declined);
    world.advance("c1");
    assert_eq!(world.offered_to("c1"), ["Cai"]);
    world.rings("c1");
    world.happens(Event::WorkerCallEnded { task: task("c1"), reservation: world.offer("c1"), code: None });
    world.advance("c1");
    assert_eq!(world.offered_to("c1"), Vec::<String>::new(), "both declined a moment ago");
    let wake = wake::of_task(&world.workspace, &world.tasks[&task("c1")], world.now);
    assert_eq!(wake, Some(world.now + world.workspace.rules.reoffer_pause));
    world.now += world.workspace.rules.reoffer_pause;
    world.advance("c1");
    assert_eq!(world.offered_to("c1"), ["Ben"]);
}

#[test]
fn only_one_writer_may_place_the_call_to_the_worker() {
    let mut world = world().worker("Ben", r#"{"languages":["en"]}"#);
    world.call("c1", "en");
    world.advance("c1");
    assert_eq!(world.issue("c1"), Outcome::Changed);
    assert_eq!(world.issue("c1"), Outcome::AlreadySo);
}

#[test]
fn a_caller_who_hangs_up_frees_the_worker_and_stops_the_ringing() {
    let mut world = world().worker("Ben", r#"{"languages":["en"]}"#);
    world.call("c1", "en");
    world.advance("c1");
    let call = world.rings("c1");
    let gone = Event::CallerGone { task: task("c1"), reason: EndReason::Hangup, carrier_queue: None };
    let (_, effects) = world.happens(gone.clone());
    assert_eq!(world.tasks[&task("c1")].reason, Some(EndReason::Hangup));
    assert_eq!(world.status("c1"), AssignmentStatus::Canceled);
    assert!(effects.contains(&Effect::Call(Callback::StopWorkerCall { call })), "{effects:?}");
    assert!(effects.contains(&Effect::Serve(worker("Ben"))), "{effects:?}");
    assert_eq!(world.happens(gone), (Outcome::AlreadySo, vec![]));
}

#[test]
fn a_worker_who_finds_nobody_ends_a_task_whose_caller_left_unheard() {
    let mut world = world().worker("Ben", r#"{"languages":["en"]}"#);
    world.call("c1", "en");
    world.advance("c1");
    world.rings("c1");
    let not_found = Event::CallerNotFound { task: task("c1"), reservation: world.offer("c1") };
    world.happens(not_found.clone());
    assert_eq!(world.tasks[&task("c1")].reason, Some(EndReason::LeftQueue));
    assert_eq!(world.happens(not_found), (Outcome::AlreadySo, vec![]));
}

#[test]
fn a_roster_written_over_with_older_queues_is_mended() {
    let mut world = world().worker("Ben", r#"{"languages":["en"]}"#);
    world.workers.get_mut(&worker("Ben")).unwrap().roster = crate::model::Roster::default();
    let (outcome, effects) = world.happens(Event::AdvanceWorker { worker: worker("Ben") });
    assert_eq!((outcome, effects), (Outcome::Changed, vec![Effect::Serve(worker("Ben"))]));
    assert_eq!(world.happens(Event::AdvanceWorker { worker: worker("Ben") }).0, Outcome::AlreadySo);
}

#[test]
fn accepting_twice_is_accepting_once_and_too_late_is_refused() {
    let mut world = world().worker("Ben", r#"{"languages":["en"]}"#);
    world.call("c1", "en");
    world.advance("c1");
    let offer = world.offer("c1");
    world.rings("c1");
    let (_, effects) = world.accept("c1");
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Answered { .. })), "{effects:?}");
    assert_eq!(world.accept("c1").0, Outcome::AlreadySo);
    world.happens(Event::CallerGone { task: task("c1"), reason: EndReason::Hangup, carrier_queue: None });
    let late = Event::Answered { task: task("c1"), reservation: offer, answer: Answer::Accept };
    assert!(matches!(world.happens(late).0, Outcome::Refused(Refusal::ReservationNotPending { .. })));
}

#[test]
fn a_conversation_ends_in_wrap_up_and_wrap_up_ends_by_itself() {
    let mut world = world().worker("Ben", r#"{"languages":["en"]}"#);
    world.call("c1", "en");
    world.advance("c1");
    world.rings("c1");
    world.accept("c1");
    let ended = Event::WorkerCallEnded { task: task("c1"), reservation: world.offer("c1"), code: None };
    let (_, effects) = world.happens(ended.clone());
    assert_eq!((world.status("c1"), world.activity_of("Ben")), (AssignmentStatus::Completed, "Wrap-Up".to_owned()));
    let wakes =
        |effect: &Effect| matches!(effect, Effect::Wake(wake) if wake.subject == Subject::Worker(worker("Ben")));
    assert!(effects.iter().any(wakes), "{effects:?}");
    assert_eq!(world.happens(ended), (Outcome::AlreadySo, vec![]));
    world.wait(29);
    assert_eq!(world.happens(Event::AdvanceWorker { worker: worker("Ben") }).0, Outcome::AlreadySo);
    world.wait(1);
    let (_, effects) = world.happens(Event::AdvanceWorker { worker: worker("Ben") });
    assert_eq!(world.activity_of("Ben"), "Available");
    assert!(effects.contains(&Effect::Serve(worker("Ben"))), "{effects:?}");
}

#[test]
fn a_worker_takes_the_task_with_the_highest_priority_then_the_oldest() {
    let mut world = world().worker("Ben", r#"{"languages":["en"]}"#);
    for (name, priority) in [("p0", 0), ("p5 first", 5), ("p5 second", 5)] {
        world.call(name, "en");
        world.tasks.get_mut(&task(name)).unwrap().priority = priority;
        world.wait(1);
    }
    let mut order = Vec::new();
    for _ in 0..3 {
        world.happens(Event::ServeWorker { worker: worker("Ben") });
        let name = ["p0", "p5 first", "p5 second"].into_iter().find(|name| !world.offered_to(name).is_empty()).unwrap();
        order.push(name);
        world.accept(name);
        world.happens(Event::CallerGone { task: task(name), reason: EndReason::Hangup, carrier_queue: None });
    }
    assert_eq!(order, ["p5 first", "p5 second", "p0"]);
}

#[test]
fn parallel_offers_are_rescinded_when_one_worker_accepts() {
    let mut world = world().worker("Ben", r#"{"languages":["en"]}"#).worker("Cai", r#"{"languages":["en"]}"#);
    world.workspace.task_queues.get_mut(&queue("en")).unwrap().max_reserved_workers = 2;
    world.call("c1", "en");
    world.advance("c1");
    assert_eq!(world.offered_to("c1"), ["Ben", "Cai"]);
    world.accept("c1");
    let statuses: Vec<_> = world.tasks[&task("c1")].reservations.iter().map(|offer| offer.status).collect();
    assert_eq!(statuses, [ReservationStatus::Accepted, ReservationStatus::Rescinded]);
    assert!(world.workers[&worker("Cai")].open_reservations.is_empty());
}

#[test]
fn step_timeouts_add_up_on_the_clock_of_the_task() {
    let mut world = world();
    let ten = |name| Target { timeout: Some(Millis::from_secs(10)), ..target(name) };
    world.workflow().configuration.filters[0].targets = vec![ten("en"), ten("hi"), ten("en")];
    world.call("c1", "en");
    let mut seen = Vec::new();
    for age in [9, 10, 19, 20, 29, 30] {
        world.now = world.tasks[&task("c1")].date_created + Millis::from_secs(age);
        world.advance("c1");
        let now = &world.tasks[&task("c1")];
        let Step::Target { target, .. } = now.position.step else { panic!("{:?}", now.position) };
        seen.push((age, target, now.assignment_status));
    }
    use AssignmentStatus::{Canceled, Pending};
    let expected =
        [(9, 0, Pending), (10, 1, Pending), (19, 1, Pending), (20, 2, Pending), (29, 2, Pending), (30, 2, Canceled)];
    assert_eq!(seen, expected);
    assert_eq!(world.tasks[&task("c1")].reason, Some(EndReason::WorkflowTimeout));
}

#[test]
fn a_caller_whose_task_times_out_is_sent_on() {
    let mut world = world();
    world.call("c1", "en");
    world.wait(STEP_SECS);
    let effects = world.advance("c1");
    let call = CallSid::derive(&["c1"]);
    assert_eq!(effects, [Effect::Call(Callback::SendCallerOn { call, task: task("c1") })]);
}

#[test]
fn a_task_that_outlives_its_timeout_is_canceled() {
    let mut world = world();
    world.workflow().configuration.filters[0].targets[0].timeout = None;
    world.call("c1", "en");
    world.wait(3_600);
    world.advance("c1");
    assert_eq!(world.tasks[&task("c1")].reason, Some(EndReason::TaskTtlExceeded));
}

#[test]
fn going_unavailable_keeps_an_offer_unless_told_to_reject_it() {
    for (reject_pending, expected) in [(false, AssignmentStatus::Reserved), (true, AssignmentStatus::Pending)] {
        let mut world = world().worker("Ben", r#"{"languages":["en"]}"#);
        world.call("c1", "en");
        world.advance("c1");
        world.happens(Event::ActivitySet { worker: worker("Ben"), activity: activity("Offline"), reject_pending });
        assert_eq!(world.status("c1"), expected, "reject_pending {reject_pending}");
    }
}

#[test]
fn the_api_ends_a_task_only_from_the_statuses_that_allow_it() {
    use AssignmentStatus::{Assigned, Canceled, Completed, Pending, Reserved};
    for (status, end, allowed) in [
        (Pending, Completed, false),
        (Pending, Canceled, true),
        (Reserved, Completed, false),
        (Reserved, Canceled, true),
        (Assigned, Completed, true),
        (Assigned, Canceled, false),
    ] {
        let mut world = world().worker("Ben", r#"{"languages":["en"]}"#);
        world.call("c1", "en");
        if status != Pending {
            world.advance("c1");
        }
        if status == Assigned {
            world.accept("c1");
        }
        assert_eq!(world.status("c1"), status);
        let reason = EndReason::Given("done".to_owned());
        let (outcome, _) = world.happens(Event::StatusSet { task: task("c1"), status: end, reason });
        assert_eq!(outcome == Outcome::Changed, allowed, "{status:?} to {end:?}: {outcome:?}");
    }
}

#[test]
fn an_event_about_nothing_is_refused_and_changes_nothing() {
    let mut world = world();
    let outcome = world.happens(Event::Advance { task: task("nobody") }).0;
    assert_eq!(outcome, Outcome::Refused(Refusal::NoSuchTask(task("nobody"))));
}

mod instructions;
mod payloads;
mod told;
