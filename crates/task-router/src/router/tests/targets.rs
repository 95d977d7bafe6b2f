//! Routing targets and known Workers (taskrouter.md sections 2.8 and 7.4).

use super::world::*;
use crate::model::*;
use crate::router::order::{WaitingList, waiting_list_of};
use crate::router::*;

fn to_worker(name: &str) -> Option<RoutingTarget> {
    Some(RoutingTarget::Worker(worker(name)))
}

#[test]
fn worker_target_waits_for_that_worker() {
    let mut world = world()
        .worker("Ben", ENGLISH)
        .worker("Asha", r#"{"languages":["hi"]}"#);
    world
        .make("c1", "en", |new| new.routing_target = to_worker("Asha"))
        .unwrap();
    assert_eq!(world.task("c1").position.step, Step::Direct);
    assert_eq!(
        waiting_list_of(&world.workspace, world.task("c1")),
        Some(WaitingList::Worker(worker("Asha")))
    );
    world.set_activity("Asha", "Offline", false);
    world.advance("c1");
    assert_eq!(
        (world.offered_to("c1"), world.serve("Ben")),
        (vec![], Outcome::AlreadySo)
    );
    world.set_activity("Asha", "Available", false);
    assert_eq!(
        world.serve("Asha"),
        Outcome::Changed,
        "the TaskQueues of the Worker do not matter"
    );
    assert_eq!(world.offered_to("c1"), ["Asha"]);
}

#[test]
fn ignore_capacity_offers_to_busy_worker() {
    for (ignore_capacity, expected) in [(true, vec!["Ben".to_owned()]), (false, vec![])] {
        let mut world = world().worker("Ben", ENGLISH);
        world.call("c1", "en");
        world.advance("c1");
        world.set_activity("Ben", "Offline", false);
        let meant = |new: &mut NewTask| {
            (new.routing_target, new.ignore_capacity) = (to_worker("Ben"), ignore_capacity);
        };
        world.make("c2", "en", meant).unwrap();
        world.advance("c2");
        assert_eq!(
            world.offered_to("c2"),
            expected,
            "ignore_capacity {ignore_capacity}"
        );
        world
            .make("c3", "en", |new| new.ignore_capacity = ignore_capacity)
            .unwrap();
        assert!(
            !world.task("c3").ignore_capacity,
            "ignore_capacity needs a Worker as target"
        );
    }
}

#[test]
fn queue_target_bypasses_filters() {
    let mut world = world().worker("Asha", r#"{"languages":["hi"]}"#);
    world.set_activity("Asha", "Offline", false);
    world
        .make("c1", "fr", |new| {
            new.routing_target = Some(RoutingTarget::TaskQueue(queue("hi")))
        })
        .unwrap();
    world.wait(10 * STEP_SECS);
    assert_eq!(world.advance("c1"), []);
    assert_eq!(
        (world.task("c1").task_queue_sid, world.status("c1")),
        (queue("hi"), AssignmentStatus::Pending)
    );
    world.set_activity("Asha", "Available", false);
    world.advance("c1");
    assert_eq!(world.offered_to("c1"), ["Asha"]);
    world.at_age("c1", 3_600);
    world.advance("c1");
    assert_eq!(world.reason("c1"), Some(EndReason::TaskTtlExceeded));
}

#[test]
fn workflow_target_uses_filters() {
    let mut world = world();
    let calls = world.workflow().sid;
    world
        .make("c1", "hi", |new| {
            new.routing_target = Some(RoutingTarget::Workflow(calls))
        })
        .unwrap();
    assert_eq!(
        (world.task("c1").task_queue_sid, world.step_of("c1")),
        (queue("hi"), (1, 0))
    );
}

#[test]
fn direct_task_is_counted_in_a_queue() {
    let mut world = world().worker("Ben", ENGLISH);
    world
        .make("c1", "en", |new| {
            (new.routing_target, new.task_queue) = (to_worker("Ben"), Some(queue("hi")));
        })
        .unwrap();
    world
        .make("c2", "en", |new| new.routing_target = to_worker("Ben"))
        .unwrap();
    let first = *world.workspace.task_queues.keys().next().unwrap();
    assert_eq!(
        (
            world.task("c1").task_queue_sid,
            world.task("c2").task_queue_sid
        ),
        (queue("hi"), first)
    );
}

#[test]
fn unknown_queue_target_is_refused() {
    let mut world = world();
    let nowhere = queue("nowhere");
    let missing = Err(NotRoutable::NoSuchTaskQueue(nowhere));
    let target = Some(RoutingTarget::TaskQueue(nowhere));
    assert_eq!(
        world.make("c1", "en", |new| new.routing_target = target),
        missing
    );
    assert_eq!(
        world.make("c1", "en", |new| new.task_queue = Some(nowhere)),
        missing
    );
    world.workspace.task_queues.clear();
    assert_eq!(
        world.make("c1", "en", |new| new.routing_target = to_worker("Ben")),
        Err(NotRoutable::NoTaskQueue)
    );
}

#[test]
fn only_known_worker_is_considered() {
    let by_sid = KnownWorker::Sid("agent.sid".parse().unwrap());
    let by_name = KnownWorker::FriendlyName("agent.name".parse().unwrap());
    for known in [by_sid, by_name] {
        let step = Target {
            known_worker: Some(known.clone()),
            ..target("en")
        };
        let mut world = world()
            .worker("Ben", ENGLISH)
            .worker("Cai", ENGLISH)
            .steps(vec![step]);
        let attributes = format!(
            r#"{{"selected_language":"en","agent":{{"sid":"{}","name":"Cai"}}}}"#,
            worker("Cai")
        );
        world
            .make("c1", "en", |new| {
                new.attributes = attributes.parse().unwrap()
            })
            .unwrap();
        assert_eq!(world.serve("Ben"), Outcome::AlreadySo);
        world.advance("c1");
        assert_eq!(world.offered_to("c1"), ["Cai"], "{known:?}");
    }
}

/// A Task for a known Worker waits in that Worker's list, in its queue, or in none.
#[test]
fn known_worker_decides_waiting_list() {
    let ben = worker("Ben").to_string();
    let voice = Some(WaitingList::Queue(queue("en"), TaskChannelName::VOICE));
    let sid = || KnownWorker::Sid("agent".parse().unwrap());
    let name = || KnownWorker::FriendlyName("agent".parse().unwrap());
    for (known, agent, line) in [
        (
            sid(),
            ben.as_str(),
            Some(WaitingList::Worker(worker("Ben"))),
        ),
        (sid(), "Ben", None),
        (name(), "Ben", voice),
    ] {
        let step = Target {
            known_worker: Some(known),
            ..target("en")
        };
        let mut world = world().worker("Ben", ENGLISH).steps(vec![step]);
        let attributes = format!(r#"{{"selected_language":"en","agent":"{agent}"}}"#);
        world
            .make("c1", "en", |new| {
                new.attributes = attributes.parse().unwrap()
            })
            .unwrap();
        assert_eq!(
            waiting_list_of(&world.workspace, world.task("c1")),
            line,
            "{agent}"
        );
        world.advance("c1");
        assert_eq!(world.offered_to("c1").is_empty(), line.is_none(), "{agent}");
    }
}

#[test]
fn known_worker_must_match_queue_and_step() {
    let known = Some(KnownWorker::FriendlyName("agent".parse().unwrap()));
    let step = Target {
        known_worker: known,
        expression: expression("worker.level > 1"),
        ..target("en")
    };
    for (agent, expected) in [("Asha", 0), ("Low", 0), ("High", 1), ("Unknown", 0)] {
        let mut world = world()
            .worker("Asha", r#"{"languages":["hi"],"level":5}"#)
            .worker("Low", r#"{"languages":["en"],"level":1}"#)
            .worker("High", r#"{"languages":["en"],"level":2}"#)
            .steps(vec![step.clone()]);
        let attributes = format!(r#"{{"selected_language":"en","agent":"{agent}"}}"#);
        world
            .make("c1", "en", |new| {
                new.attributes = attributes.parse().unwrap()
            })
            .unwrap();
        world.advance("c1");
        assert_eq!(world.offered_to("c1").len(), expected, "{agent}");
    }
}

#[test]
fn missing_known_worker_waits_for_timeout() {
    for known in [
        KnownWorker::Sid("agent".parse().unwrap()),
        KnownWorker::FriendlyName("agent".parse().unwrap()),
    ] {
        let first = Target {
            known_worker: Some(known),
            ..step("en", 10)
        };
        let mut world = world()
            .worker("Ben", ENGLISH)
            .steps(vec![first, target("en")]);
        world.call("c1", "en");
        world.settle("c1");
        assert_eq!(
            (
                waiting_list_of(&world.workspace, world.task("c1")),
                world.offered_to("c1").len()
            ),
            (None, 0)
        );
        world.wait(10);
        world.settle("c1");
        assert_eq!(world.offered_to("c1"), ["Ben"]);
    }
}
