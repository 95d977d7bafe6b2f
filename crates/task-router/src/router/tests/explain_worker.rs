//! Why nothing comes to a Worker: what is told is what matching does.

use super::world::*;
use crate::model::*;
use crate::router::explain::*;
use crate::router::order::waiting_list_of;
use crate::router::*;

/// The answer about a Worker, everything read that is to be read.
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
fn where_nothing_waits_that_is_said() {
    let world = world().worker("Ben", r#"{"languages":["en","hi"]}"#);
    let told = explained(&world, "Ben");
    assert!(
        told.summary
            .starts_with("Nothing waits for Ben: their TaskQueues "),
        "{}",
        told.summary
    );
    assert!(told.summary.ends_with(" are empty."), "{}", told.summary);
    assert_eq!(
        queue_of(&told, "en").waiting,
        Some(Ahead {
            tasks: 0,
            at_least: false
        })
    );
}

#[test]
fn an_activity_that_takes_nothing_comes_first_with_how_many_wait() {
    let mut world = world().worker("Ben", ENGLISH);
    world.waiting("c1", "en");
    world.wait(3);
    world.set_activity("Ben", "Offline", false);
    world.wait(4);
    let told = explained(&world, "Ben");
    let expected = "Nothing comes to Ben: their Activity Offline takes no Tasks, since 00:16:43 UTC, 4 s ago; 1 Task waits in their TaskQueues.";
    assert_eq!((told.summary.as_str(), told.available), (expected, false));
}

#[test]
fn a_queue_they_do_not_serve_says_which_clause_keeps_them_out() {
    let mut world = world().worker("Ben", ENGLISH);
    world.waiting("c1", "hi");
    let told = explained(&world, "Ben");
    let hindi = queue_of(&told, "hi");
    assert!(queue_of(&told, "en").serves && !hindi.serves);
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
        told.summary.starts_with("Nothing waits for Ben"),
        "what waits elsewhere is not for them: {}",
        told.summary
    );
    let told = explained(&world.worker("Nobody", "{}"), "Nobody");
    assert!(
        told.summary.starts_with(
            "Nothing comes to Nobody: they are in no TaskQueue; they are not in TaskQueue"
        ),
        "{}",
        told.summary
    );
}

#[test]
fn a_waiting_task_says_what_keeps_it_from_them() {
    let step = Target {
        expression: expression("worker.level >= 3"),
        ..target("en")
    };
    let mut world = world()
        .worker("Ben", r#"{"languages":["en"],"level":2}"#)
        .steps(vec![step]);
    world.waiting("c1", "en");
    let told = explained(&world, "Ben");
    assert_eq!(
        told.summary,
        format!(
            "Task {} waits in TaskQueue en, but not for Ben: the step’s expression: `worker.level >= 3` is false: `worker.level` is 2.",
            task("c1")
        )
    );
    assert_eq!(
        queue_of(&told, "en").tasks[0].obstacles[0].kind,
        ReasonKind::StepExpression
    );
}

#[test]
fn what_fills_their_channels_is_told() {
    let mut world = world().worker("Ben", ENGLISH);
    world.call("c1", "en");
    world.advance("c1");
    world.waiting("c2", "en");
    let told = explained(&world, "Ben");
    let voice = told
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
        told.summary
            .contains("their capacity of 1 voice Task is taken by"),
        "{}",
        told.summary
    );
    world.tasks.remove(&task("c2"));
    assert!(
        explained(&world, "Ben")
            .summary
            .ends_with(&format!("is empty; they have {}.", task("c1")))
    );
}

#[test]
fn of_tasks_they_could_take_the_first_comes_and_the_others_stand_behind_it() {
    let mut world = world().worker("Ben", ENGLISH);
    world.waiting("c1", "en");
    world.wait(1);
    world.waiting("c2", "en");
    let told = explained(&world, "Ben");
    assert_eq!(
        told.summary,
        format!(
            "Task {} comes to Ben at once: nothing keeps it from them.",
            task("c1")
        )
    );
    let second = &queue_of(&told, "en").tasks[1];
    assert_eq!(
        (second.task_sid, second.obstacles[0].kind),
        (task("c2"), ReasonKind::AnotherTaskFirst)
    );
}

#[test]
fn a_task_for_them_alone_is_told_apart() {
    let mut world = world().worker("Ben", ENGLISH);
    world.set_activity("Ben", "Offline", false);
    world
        .make("c1", "en", |new| {
            new.routing_target = Some(RoutingTarget::Worker(worker("Ben")))
        })
        .unwrap();
    world.happens(Command::NoWorkerFound { task: task("c1") });
    let told = explained(&world, "Ben");
    assert_eq!(
        told.waiting_for_them
            .iter()
            .map(|each| each.task_sid)
            .collect::<Vec<_>>(),
        [task("c1")]
    );
    assert!(told.task_queues.iter().all(|queue| queue.tasks.is_empty()));
}

#[test]
fn however_many_queues_there_are_a_bounded_number_is_told_of() {
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
    ben.roster = queue_membership_of(&world.workspace, &ben);
    world.workers.insert(ben.sid, ben);
    let told = explained(&world, "Ben");
    assert_eq!(
        (
            told.task_queues.len(),
            told.more_served,
            told.more_not_served
        ),
        (16 + 16, 0, 0)
    );
    assert_eq!(
        (
            queue_of(&told, "en").tasks.len(),
            queue_of(&told, "en").waiting.unwrap().tasks
        ),
        (WAITING_SHOWN_MAX, 40)
    );
    world
        .workspace
        .task_queues
        .values_mut()
        .for_each(|queue| queue.target_workers = expression("1 == 1"));
    let mut ben = world.workers[&worker("Ben")].clone();
    ben.roster = queue_membership_of(&world.workspace, &ben);
    world.workers.insert(ben.sid, ben);
    let told = explained(&world, "Ben");
    assert_eq!(
        (told.task_queues.len(), told.more_served),
        (QUEUES_SHOWN_MAX, 12)
    );
}
