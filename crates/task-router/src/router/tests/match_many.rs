//! Matching in batches (taskrouter.md sections 9 and 10).

use super::world::*;
use crate::model::*;
use crate::router::*;

const HINDI: &str = r#"{"languages":["hi"]}"#;
const BOTH: &str = r#"{"languages":["en","hi"]}"#;

impl World {
    /// Matches all Tasks and Workers, writes the Decisions, and returns `Task:Worker` pairs in the
    /// order of the Decisions.
    fn match_all(&mut self, unread: &Unread) -> Vec<String> {
        let snapshot = Snapshot::new(&self.workspace)
            .with_tasks(self.tasks.values().cloned())
            .with_workers(self.workers.values().cloned());
        let decisions = match_many(&snapshot, unread, self.now);
        let names: std::collections::BTreeMap<_, _> = ["c1", "c2", "c3", "c4"]
            .map(|name| (task(name), name))
            .into_iter()
            .collect();
        let mut pairs = Vec::new();
        let mut written = std::collections::BTreeSet::new();
        for decision in decisions {
            for new in decision.tasks {
                for offer in new.pending_reservations() {
                    pairs.push(format!("{}:{}", names[&new.sid], offer.worker_name));
                }
                let old = self.tasks.insert(new.sid, new.clone());
                assert_eq!(new.version, old.unwrap().version + 1);
            }
            for new in decision.workers {
                assert!(written.insert(new.sid), "a Worker is in two Decisions");
                let old = self.workers.insert(new.sid, new.clone());
                assert_eq!(new.version, old.unwrap().version + 1);
            }
        }
        pairs
    }

    fn match_everything(&mut self) -> Vec<String> {
        self.match_all(&Unread::default())
    }

    fn prioritized(&mut self, name: &str, priority: u32) {
        self.make(name, "en", |new| new.priority = priority)
            .unwrap();
    }
}

#[test]
fn pairs_follow_rank_and_idle_time() {
    let mut world = world().worker("Ben", ENGLISH).worker("Cai", ENGLISH);
    world.call("c1", "en");
    world.wait(1);
    world.call("c2", "en");
    world.prioritized("c3", 5);
    assert_eq!(world.match_everything(), ["c3:Ben", "c1:Cai"]);
    assert_eq!(world.status("c2"), AssignmentStatus::Pending);
    assert!(world.match_everything().is_empty(), "no Worker is left");
}

/// A Worker of both queues takes the older call, and the other Worker what is left.
#[test]
fn queues_share_workers() {
    let mut world = world().worker("Ada", BOTH).worker("Hari", HINDI);
    world.call("c1", "en");
    world.wait(1);
    world.call("c2", "hi");
    world.call("c3", "en");
    assert_eq!(world.match_everything(), ["c1:Ada", "c2:Hari"]);
}

#[test]
fn worker_is_in_one_decision_of_a_batch() {
    let mut world = world().worker("Ben", ENGLISH);
    world
        .share("Ben", TaskChannelName::VOICE)
        .configured_capacity = 2;
    for name in ["c1", "c2", "c3"] {
        world.wait(1);
        world.call(name, "en");
    }
    let batches = [(); 3].map(|()| world.match_everything());
    assert_eq!(batches, [vec!["c1:Ben"], vec!["c2:Ben"], vec![]]);
}

#[test]
fn batch_offers_in_parallel() {
    let mut world = world()
        .worker("Ben", ENGLISH)
        .worker("Cai", ENGLISH)
        .worker("Dee", ENGLISH);
    world.queue("en").max_reserved_workers = 2;
    world.call("c1", "en");
    world.wait(1);
    world.call("c2", "en");
    assert_eq!(world.match_everything(), ["c1:Ben", "c1:Cai", "c2:Dee"]);
}

#[test]
fn batch_follows_order_by() {
    let mut world = world()
        .worker("Low", r#"{"languages":["en"],"level":1}"#)
        .worker("High", r#"{"languages":["en"],"level":3}"#);
    world.workflow().configuration.filters[0].targets[0].order_by =
        Some(OrderBy::try_from("worker.level DESC".to_owned()).unwrap());
    world.call("c1", "en");
    world.wait(1);
    world.call("c2", "en");
    assert_eq!(world.match_everything(), ["c1:High", "c2:Low"]);
}

#[test]
fn batch_respects_step_expression() {
    let narrowed = Target {
        expression: expression("worker.level >= 3"),
        ..target("en")
    };
    let mut world = world()
        .worker("Low", r#"{"languages":["en"],"level":1}"#)
        .worker("High", r#"{"languages":["en"],"level":3}"#)
        .steps(vec![narrowed]);
    world.call("c1", "en");
    world.call("c2", "en");
    assert_eq!(world.match_everything().len(), 1);
    assert_eq!(world.workers[&worker("Low")].open_reservations, []);
}

#[test]
fn task_for_one_worker_is_matched() {
    let mut world = world().worker("Ben", ENGLISH).worker("Cai", ENGLISH);
    world
        .make("c1", "en", |new| {
            new.routing_target = Some(RoutingTarget::Worker(worker("Cai")))
        })
        .unwrap();
    world.wait(1);
    world.call("c2", "en");
    assert_eq!(world.match_everything(), ["c1:Cai", "c2:Ben"]);
}

/// The Task after the last one that was read of a full list may rank before those of other lists.
#[test]
fn later_tasks_wait_for_unread_ones() {
    let mut world = world().worker("Ada", BOTH).worker("Bo", BOTH);
    world.call("c1", "en");
    world.wait(1);
    world.call("c2", "hi");
    let unread = Unread {
        tasks: vec![task("c1")],
        workers: Vec::new(),
    };
    assert_eq!(world.match_all(&unread), ["c1:Ada"]);
    assert_eq!(
        world.match_all(&unread),
        ["c2:Bo"],
        "no match is left before the unread Tasks"
    );
}

#[test]
fn later_workers_wait_for_unread_ones() {
    let mut world = world().worker("Ada", BOTH).worker("Bo", BOTH);
    world.call("c1", "en");
    world.wait(1);
    world.call("c2", "en");
    let unread = Unread {
        tasks: Vec::new(),
        workers: vec![worker("Ada")],
    };
    assert_eq!(world.match_all(&unread), ["c1:Ada"]);
    assert_eq!(world.match_all(&unread), ["c2:Bo"]);
}

/// A saved Workflow may change the rank of a Task, so nothing is reserved before all are up to
/// date.
#[test]
fn outdated_tasks_are_reevaluated_first() {
    let mut world = world().worker("Ben", ENGLISH);
    world.waiting("c1", "en");
    world.wait(1);
    world.waiting("c2", "en");
    let mut configuration = world.workflow().configuration.clone();
    configuration.filters[0].targets[0].priority = Some(7);
    world.save(configuration, true);
    world.call("c3", "en");
    assert!(world.match_everything().is_empty());
    assert_eq!(
        ["c1", "c2"].map(|name| world.task(name).priority),
        [7, 7],
        "both were re-evaluated in one batch"
    );
    assert_eq!(world.match_everything(), ["c1:Ben"]);
}

/// A Task whose TaskQueue has another order by now has another Position.
#[test]
fn changed_order_is_applied_first() {
    let mut world = world().worker("Ben", ENGLISH);
    world.waiting("c1", "en");
    world.wait(1);
    world.waiting("c2", "en");
    world.queue("en").task_order = TaskOrder::Lifo;
    assert!(world.match_everything().is_empty());
    assert_eq!(
        ["c1", "c2"].map(|name| world.task(name).filed),
        [TaskOrder::Lifo; 2]
    );
    assert_eq!(world.match_everything(), ["c2:Ben"]);
}

#[test]
fn overdue_task_is_not_offered() {
    let mut world = world().worker("Ben", ENGLISH);
    world.call("c1", "en");
    world.wait(STEP_SECS + 1);
    assert!(world.match_everything().is_empty());
}

/// A Task whose step is over is moved on by its timer, and is not an outdated one.
#[test]
fn overdue_task_is_left_to_its_timer() {
    let mut world = world().steps(vec![step("en", 60), target("hi")]);
    world.waiting("c1", "en");
    world.wait(61);
    let snapshot = Snapshot::new(&world.workspace).with_tasks(world.tasks.values().cloned());
    let decisions = match_many(&snapshot, &Unread::default(), world.now);
    assert!(decisions.is_empty(), "{decisions:?}");
}
