//! Why a Worker gets no Task. The causes agree with matching.

use super::world::*;
use crate::model::*;
use crate::router::explain::*;
use crate::router::order::waiting_list_of;
use crate::router::*;
use ids::TaskSid;

/// The explanation of a Worker, with everything read that it needs.
pub(super) fn explained(world: &World, name: &str) -> WorkerExplanation {
    let asked = &world.workers[&worker(name)];
    let waits = |task: &&Task| task.is_in_waiting_list();
    let line = |line| {
        let of_line = |task: &&Task| waiting_list_of(&world.workspace, task) == Some(line);
        let mut tasks: Vec<Task> = world
            .tasks
            .values()
            .filter(waits)
            .filter(of_line)
            .cloned()
            .collect();
        tasks.sort_by_key(order::position_of);
        WaitingListHead {
            waiting_list: line,
            tasks,
            more: false,
        }
    };
    let heads: Vec<WaitingListHead> = WorkerQuestion::waiting_lists(&world.workspace, asked)
        .into_iter()
        .map(line)
        .collect();
    of_worker(&WorkerQuestion {
        workspace: &world.workspace,
        worker: asked,
        heads: &heads,
        now: world.now,
    })
}

fn queue_of<'a>(explanation: &'a WorkerExplanation, name: &str) -> &'a Queue {
    explanation
        .task_queues
        .iter()
        .find(|queue| queue.friendly_name == name)
        .unwrap()
}

#[test]
fn empty_queues_are_stated() {
    let world = world().worker("Ben", r#"{"languages":["en","hi"]}"#);
    let explanation = explained(&world, "Ben");
    assert!(
        explanation
            .summary
            .starts_with("Nothing waits for Ben: their TaskQueues "),
        "{}",
        explanation.summary
    );
    assert!(
        explanation.summary.ends_with(" are empty."),
        "{}",
        explanation.summary
    );
    assert_eq!(
        queue_of(&explanation, "en").waiting,
        Some(Ahead {
            tasks: 0,
            at_least: false
        })
    );
}

#[test]
fn unavailable_activity_comes_first() {
    let mut world = world().worker("Ben", ENGLISH);
    world.waiting("c1", "en");
    world.wait(3);
    world.set_activity("Ben", "Offline", false);
    world.wait(4);
    let explanation = explained(&world, "Ben");
    let expected = "Nothing comes to Ben: their Activity Offline takes no Tasks, since 00:16:43 UTC, 4 s ago; 1 Task waits in their TaskQueues.";
    assert_eq!(
        (explanation.summary.as_str(), explanation.available),
        (expected, false)
    );
}

#[test]
fn unserved_queue_names_failing_clause() {
    let mut world = world().worker("Ben", ENGLISH);
    world.waiting("c1", "hi");
    let explanation = explained(&world, "Ben");
    let hindi = queue_of(&explanation, "hi");
    assert!(queue_of(&explanation, "en").serves && !hindi.serves);
    assert_eq!(
        hindi.waiting,
        Some(Ahead {
            tasks: 1,
            at_least: false
        })
    );
    let text = &hindi.obstacle.as_ref().unwrap().text;
    assert_eq!(
        text,
        r#"they are not in TaskQueue hi: `languages HAS 'hi'` is false: `languages` is ["en"]"#
    );
    assert!(
        explanation.summary.starts_with("Nothing waits for Ben"),
        "Tasks of other TaskQueues do not count: {}",
        explanation.summary
    );
    let explanation = explained(&world.worker("Nobody", "{}"), "Nobody");
    assert!(
        explanation.summary.starts_with(
            "Nothing comes to Nobody: they are in no TaskQueue; they are not in TaskQueue"
        ),
        "{}",
        explanation.summary
    );
}

#[test]
fn waiting_task_names_its_causes() {
    let step = Target {
        expression: expression("worker.level >= 3"),
        ..target("en")
    };
    let mut world = world()
        .worker("Ben", r#"{"languages":["en"],"level":2}"#)
        .steps(vec![step]);
    world.waiting("c1", "en");
    let explanation = explained(&world, "Ben");
    assert_eq!(
        explanation.summary,
        format!(
            "Task {} waits in TaskQueue en, but not for Ben: the step’s expression: `worker.level >= 3` is false: `worker.level` is 2.",
            task("c1")
        )
    );
    assert_eq!(
        queue_of(&explanation, "en").tasks[0].obstacles[0].kind,
        ReasonKind::StepExpression
    );
}

#[test]
fn full_channels_list_their_tasks() {
    let mut world = world().worker("Ben", ENGLISH);
    world.call("c1", "en");
    world.advance("c1");
    world.waiting("c2", "en");
    let explanation = explained(&world, "Ben");
    let voice = explanation
        .channels
        .iter()
        .find(|channel| channel.task_channel_unique_name == TaskChannelName::VOICE)
        .unwrap();
    assert_eq!(
        (
            voice.configured_capacity,
            voice.occupied,
            voice.has_slot,
            voice.task_sids.as_slice()
        ),
        (1, 1, false, &[task("c1")][..])
    );
    assert!(
        explanation
            .summary
            .contains("their capacity of 1 voice Task is taken by"),
        "{}",
        explanation.summary
    );
    world.tasks.remove(&task("c2"));
    assert!(
        explained(&world, "Ben")
            .summary
            .ends_with(&format!("is empty; they have {}.", task("c1")))
    );
}

#[test]
fn next_task_comes_first_others_follow() {
    let mut world = world().worker("Ben", ENGLISH);
    world.waiting("c1", "en");
    world.wait(1);
    world.waiting("c2", "en");
    let explanation = explained(&world, "Ben");
    assert_eq!(
        explanation.summary,
        format!(
            "Task {} comes to Ben at once: nothing keeps it from them.",
            task("c1")
        )
    );
    let second = &queue_of(&explanation, "en").tasks[1];
    assert_eq!(
        (second.task_sid, second.obstacles[0].kind),
        (task("c2"), ReasonKind::AnotherTaskFirst)
    );
}

#[test]
fn task_for_this_worker_is_marked() {
    let mut world = world().worker("Ben", ENGLISH);
    world.set_activity("Ben", "Offline", false);
    world
        .make("c1", "en", |new| {
            new.routing_target = Some(RoutingTarget::Worker(worker("Ben")))
        })
        .unwrap();
    world.happens(Command::NoWorkerFound { task: task("c1") });
    let explanation = explained(&world, "Ben");
    assert_eq!(
        explanation
            .waiting_for_them
            .iter()
            .map(|each| each.task_sid)
            .collect::<Vec<_>>(),
        [task("c1")]
    );
    assert!(
        explanation
            .task_queues
            .iter()
            .all(|queue| queue.tasks.is_empty())
    );
}

#[test]
fn number_of_explained_queues_is_limited() {
    let mut world = world().worker("Ben", ENGLISH);
    let english = world.queue("en").clone();
    for number in 0..30 {
        let name = format!("queue {number}");
        let target_workers = expression(if number % 2 == 0 { "1 == 1" } else { "1 == 2" });
        let made = TaskQueue {
            sid: queue(&name),
            friendly_name: name,
            target_workers,
            ..english.clone()
        };
        world.workspace.task_queues.insert(made.sid, made);
    }
    for number in 0..40 {
        world.waiting(&format!("c{number}"), "en");
    }
    let mut ben = world.workers[&worker("Ben")].clone();
    ben.queue_membership = queue_membership_of(&world.workspace, &ben);
    world.workers.insert(ben.sid, ben);
    let explanation = explained(&world, "Ben");
    assert_eq!(
        (
            explanation.task_queues.len(),
            explanation.more_served,
            explanation.more_not_served
        ),
        (16 + 16, 0, 0)
    );
    assert_eq!(
        (
            queue_of(&explanation, "en").tasks.len(),
            queue_of(&explanation, "en").waiting.unwrap().tasks
        ),
        (WAITING_SHOWN_MAX, 40)
    );
    world
        .workspace
        .task_queues
        .values_mut()
        .for_each(|queue| queue.target_workers = expression("1 == 1"));
    let mut ben = world.workers[&worker("Ben")].clone();
    ben.queue_membership = queue_membership_of(&world.workspace, &ben);
    world.workers.insert(ben.sid, ben);
    let explanation = explained(&world, "Ben");
    assert_eq!(
        (explanation.task_queues.len(), explanation.more_served),
        (QUEUES_SHOWN_MAX, 12)
    );
}

#[test]
fn served_queues_come_first() {
    let mut world = world().worker("Ben", ENGLISH);
    let english = world.queue("en").clone();
    for number in 0..30 {
        let name = format!("queue {number}");
        let made = TaskQueue {
            sid: queue(&name),
            friendly_name: name,
            ..english.clone()
        };
        world.workspace.task_queues.insert(made.sid, made);
    }
    let mut ben = world.workers[&worker("Ben")].clone();
    ben.queue_membership = queue_membership_of(&world.workspace, &ben);
    world.workers.insert(ben.sid, ben);
    let explanation = explained(&world, "Ben");
    let served: Vec<bool> = explanation
        .task_queues
        .iter()
        .map(|queue| queue.serves)
        .collect();
    assert_eq!(served, [vec![true; QUEUES_SHOWN_MAX], vec![false]].concat());
    assert_eq!(
        (explanation.more_served, explanation.more_not_served),
        (11, 0)
    );
    assert!(
        explanation.summary.contains(" and 26 more are empty"),
        "{}",
        explanation.summary
    );
}

#[test]
fn empty_queues_are_named() {
    let world = world().worker("Ben", r#"{"languages":["en","hi"]}"#);
    let names: Vec<String> = world.workers[&worker("Ben")]
        .queue_membership
        .queues()
        .iter()
        .map(|queue| world.workspace.task_queues[queue].friendly_name.clone())
        .collect();
    assert_eq!(
        explained(&world, "Ben").summary,
        format!(
            "Nothing waits for Ben: their TaskQueues {} are empty.",
            names.join(" and ")
        )
    );
}

#[test]
fn blocked_task_is_not_the_next() {
    let step = Target {
        expression: expression("worker.level >= task.level"),
        ..target("en")
    };
    let mut world = world()
        .worker("Ben", r#"{"languages":["en"],"level":2}"#)
        .steps(vec![step]);
    for (name, level) in [("c1", 3), ("c2", 1), ("c3", 4)] {
        let attributes = format!(r#"{{"selected_language":"en","level":{level}}}"#);
        world
            .make(name, "en", |new| {
                new.attributes = attributes.parse().unwrap();
            })
            .unwrap();
        world.happens(Command::NoWorkerFound { task: task(name) });
        world.wait(1);
    }
    let explanation = explained(&world, "Ben");
    let takes: Vec<(TaskSid, bool)> = queue_of(&explanation, "en")
        .tasks
        .iter()
        .map(|each| (each.task_sid, each.could_take))
        .collect();
    assert_eq!(
        takes,
        [(task("c1"), false), (task("c2"), true), (task("c3"), false)]
    );
    let third = &queue_of(&explanation, "en").tasks[2];
    let kinds: Vec<ReasonKind> = third.obstacles.iter().map(|each| each.kind).collect();
    assert_eq!(
        kinds,
        [ReasonKind::StepExpression],
        "not for a Task before it"
    );
}

/// A number of waiting Tasks is exact if the waiting lists of all TaskChannels were read to their end.
#[test]
fn incomplete_lists_are_a_lower_bound() {
    let world = world().worker("Ben", ENGLISH);
    let head = |channel, more| WaitingListHead {
        waiting_list: order::WaitingList::Queue(queue("en"), channel),
        tasks: Vec::new(),
        more,
    };
    let voice = |more| head(TaskChannelName::VOICE, more);
    let chat = head(TaskChannelName::CHAT, false);
    for (heads, expected) in [
        (vec![voice(false), chat.clone()], false),
        (vec![voice(true), chat], true),
        (vec![voice(false)], true),
    ] {
        let explanation = of_worker(&WorkerQuestion {
            workspace: &world.workspace,
            worker: &world.workers[&worker("Ben")],
            heads: &heads,
            now: world.now,
        });
        let waiting = queue_of(&explanation, "en").waiting.unwrap();
        assert_eq!(waiting.at_least, expected);
    }
}

#[test]
fn task_for_a_worker_outside_counts() {
    let mut world = world().worker("Ben", "{}");
    world.set_activity("Ben", "Offline", false);
    world
        .make("c1", "en", |new| {
            new.routing_target = Some(RoutingTarget::Worker(worker("Ben")));
        })
        .unwrap();
    world.happens(Command::NoWorkerFound { task: task("c1") });
    let summary = explained(&world, "Ben").summary;
    assert!(
        summary.ends_with("1 Task waits in their TaskQueues."),
        "{summary}"
    );
}
