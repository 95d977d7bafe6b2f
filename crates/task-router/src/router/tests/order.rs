//! Matching a Worker with a Task (taskrouter.md section 10).

use super::world::*;
use crate::model::*;
use crate::router::effects::{Callback, Effect};
use crate::router::order::{WaitingList, position_of, waiting_list_of, waiting_lists_for};
use crate::router::*;

/// The order in which one Worker is served these calls, each completed before the next.
fn order_of(mut world: World, worker_name: &str) -> Vec<&'static str> {
    const NAMES: [&str; 4] = ["c1", "c2", "c3", "c4"];
    let mut order = Vec::new();
    while world.serve(worker_name) == Outcome::Changed {
        let is_offered = |name: &&str| {
            world.tasks.contains_key(&task(name)) && !world.offered_to(name).is_empty()
        };
        let name = NAMES.into_iter().find(is_offered).unwrap();
        order.push(name);
        world.accept(name);
        world.caller_hangs_up(name);
    }
    order
}

#[test]
fn highest_priority_then_oldest() {
    let mut world = world().worker("Ben", ENGLISH);
    for (name, priority) in [("c1", 0), ("c2", 5), ("c3", 5), ("c4", 0)] {
        world
            .make(name, "en", |new| new.priority = priority)
            .unwrap();
        world.wait(1);
    }
    assert_eq!(order_of(world, "Ben"), ["c2", "c3", "c1", "c4"]);
}

#[test]
fn virtual_start_time_sets_age() {
    let mut world = world().worker("Ben", ENGLISH);
    world.call("c1", "en");
    world.wait(10);
    let hour_ago = world.now - Millis::from_secs(3_600);
    world
        .make("c2", "en", |new| new.virtual_start_time = Some(hour_ago))
        .unwrap();
    let later = world.now + Millis::from_secs(60);
    world
        .make("c3", "en", |new| new.virtual_start_time = Some(later))
        .unwrap();
    world.wait(10);
    world.call("c4", "en");
    assert_eq!(order_of(world, "Ben"), ["c2", "c1", "c4", "c3"]);
}

#[test]
fn smaller_sid_breaks_ties() {
    let mut world = world().worker("Ben", ENGLISH);
    for name in ["c1", "c2", "c3", "c4"] {
        world.call(name, "en");
    }
    let mut by_sid = ["c1", "c2", "c3", "c4"];
    by_sid.sort_by_key(|name| task(name));
    assert_eq!(order_of(world, "Ben"), by_sid);
}

#[test]
fn lifo_queue_serves_newest_first() {
    let mut world = world().worker("Ben", ENGLISH);
    world.queue("en").task_order = TaskOrder::Lifo;
    for (name, priority) in [("c1", 9), ("c2", 0), ("c3", 5)] {
        world
            .make(name, "en", |new| new.priority = priority)
            .unwrap();
        world.wait(1);
    }
    assert_eq!(order_of(world, "Ben"), ["c3", "c2", "c1"]);
}

#[test]
fn workspace_prioritizes_fifo_or_lifo_queues() {
    for (first, expected) in [
        (TaskOrder::Fifo, ["c1", "c3", "c4", "c2"]),
        (TaskOrder::Lifo, ["c4", "c2", "c1", "c3"]),
    ] {
        let mut world = world().worker("Ben", r#"{"languages":["en","hi"]}"#);
        world.queue("hi").task_order = TaskOrder::Lifo;
        world.workspace.rules.prioritize_queue_order = first;
        for (name, language) in [("c1", "en"), ("c2", "hi"), ("c3", "en"), ("c4", "hi")] {
            world.call(name, language);
            world.wait(1);
        }
        assert_eq!(order_of(world, "Ben"), expected, "{first:?}");
    }
}

#[test]
fn tasks_of_several_queues_compare_together() {
    let mut world = world().worker("Ben", r#"{"languages":["en","hi"]}"#);
    for (name, language, priority) in [
        ("c1", "en", 1),
        ("c2", "hi", 1),
        ("c3", "en", 1),
        ("c4", "hi", 3),
    ] {
        world
            .make(name, language, |new| new.priority = priority)
            .unwrap();
        world.wait(1);
    }
    assert_eq!(order_of(world, "Ben"), ["c4", "c1", "c2", "c3"]);
}

#[test]
fn changed_order_moves_waiting_tasks() {
    let mut world = world();
    world.call("c1", "en");
    let before = position_of(world.task("c1"));
    world.queue("en").task_order = TaskOrder::Lifo;
    let effects = world.advance("c1");
    assert_eq!(world.task("c1").filed, TaskOrder::Lifo);
    assert_ne!(position_of(world.task("c1")), before);
    assert!(
        effects.contains(&effects::Effect::MatchTask(task("c1"))),
        "{effects:?}"
    );
    assert_eq!(world.advance("c1"), []);
}

#[test]
fn expired_task_is_not_served() {
    let mut world = world().worker("Ben", ENGLISH);
    world.call("c1", "en");
    world.wait(STEP_SECS);
    assert_eq!(
        world.serve("Ben"),
        Outcome::AlreadySo,
        "its step has expired"
    );
    world.call("c2", "en");
    world.tasks.get_mut(&task("c2")).unwrap().rounds = RESERVATION_ROUNDS_MAX;
    assert_eq!(
        world.serve("Ben"),
        Outcome::AlreadySo,
        "it has used all rounds of Reservations"
    );
    world
        .make("c3", "en", |new| new.timeout = Millis::ZERO)
        .unwrap();
    assert_eq!(
        world.serve("Ben"),
        Outcome::AlreadySo,
        "its timeout has expired"
    );
}

#[test]
fn unknown_worker_is_refused() {
    let refused = Outcome::Refused(Refusal::NoSuchWorker(worker("unknown")));
    assert_eq!(world().serve("unknown"), refused);
}

#[test]
fn worker_reads_own_and_queue_waiting_lists() {
    let mut world = world().worker("Ben", ENGLISH);
    let ben = world.workers[&worker("Ben")].clone();
    let own = WaitingList::Worker(worker("Ben"));
    let waiting_lists = [TaskChannelName::CHAT, TaskChannelName::VOICE]
        .map(|channel| WaitingList::Queue(queue("en"), channel));
    assert_eq!(
        waiting_lists_for(&world.workspace, &ben),
        [own, waiting_lists[0], waiting_lists[1]]
    );
    world.call("c1", "en");
    assert_eq!(
        waiting_list_of(&world.workspace, world.task("c1")),
        Some(waiting_lists[1])
    );
    world.advance("c1");
    let busy = world.workers[&worker("Ben")].clone();
    assert_eq!(
        waiting_lists_for(&world.workspace, &busy),
        [own, waiting_lists[0]],
        "no free slot for calls"
    );
    world.set_activity("Ben", "Offline", false);
    let away = world.workers[&worker("Ben")].clone();
    assert_eq!(waiting_lists_for(&world.workspace, &away), [own]);
}

#[test]
fn full_waiting_list_cancels_new_task() {
    let full = |world: &mut World| world.happens(Command::WaitingListFull { task: task("c1") });
    let mut world = world();
    world.waiting("c2", "en");
    assert_eq!(
        world
            .happens(Command::WaitingListFull { task: task("c2") })
            .0,
        Outcome::AlreadySo
    );
    world.call("c1", "en");
    let (outcome, effects) = full(&mut world);
    assert_eq!(
        (outcome, world.reason("c1")),
        (Outcome::Changed, Some(EndReason::QueueFull))
    );
    assert!(
        effects
            .iter()
            .any(|effect| matches!(effect, Effect::Callback(Callback::SendCallerOn { .. }))),
        "{effects:?}"
    );
    assert_eq!(full(&mut world).0, Outcome::AlreadySo);
}
