//! Why a Worker gets no Task. The causes agree with matching.

use super::world::*;
use crate::model::*;
use crate::router::explain::*;
use crate::router::order::waiting_list_of;
use crate::router::*;

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
