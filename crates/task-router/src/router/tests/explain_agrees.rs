//! Explanations agree with matching: in random centres, for Tasks and for Workers.

use ids::TaskSid;
use ids::WorkerSid;
use proptest::prelude::*;

use super::explain_task::explained_after;
use super::explain_worker::explained;
use super::world::*;
use crate::model::*;
use crate::router::*;

/// A Worker of a random centre: Activity, languages, level, and the state of the channel.
fn people() -> impl Strategy<Value = Vec<(u8, u8, u8, u8)>> {
    prop::collection::vec((0_u8..4, 0_u8..4, 0_u8..4, 0_u8..6), 0..7)
}

/// A centre in which some Workers are busy, some unavailable, and some do not match.
fn random_world(people: &[(u8, u8, u8, u8)], at_once: u8, steps: u8) -> World {
    let mut world = world();
    world.queue("en").max_reserved_workers = at_once;
    let fussy = Target {
        expression: expression("worker.level >= task.level OR worker.vip == true"),
        ..target("en")
    };
    let known = Target {
        known_worker: Some(KnownWorker::FriendlyName("agent".parse().unwrap())),
        ..target("en")
    };
    let orderly = Target {
        order_by: Some("worker.level DESC".to_owned().try_into().unwrap()),
        ..fussy.clone()
    };
    world = world.steps(vec![
        [target("en"), fussy, known, orderly][usize::from(steps % 4)].clone(),
        target("hi"),
    ]);
    for (number, (activity, languages, level, trouble)) in people.iter().enumerate() {
        let name = format!("W{number}");
        let languages = [r#"["en"]"#, r#"["hi"]"#, r#"["en","hi"]"#, "[]"][usize::from(*languages)];
        world = world.worker(
            &name,
            &format!(r#"{{"languages":{languages},"level":{level}}}"#),
        );
        match trouble {
            0 => world.share(&name, TaskChannelName::VOICE).available = false,
            1 => {
                world
                    .share(&name, TaskChannelName::VOICE)
                    .configured_capacity = 0
            }
            2 => {
                world
                    .share(&name, TaskChannelName::VOICE)
                    .configured_capacity = 2
            }
            _ => {}
        }
        if *activity == 0 {
            world.set_activity(&name, "Offline", false);
        }
    }
    world
}

fn random_call(world: &mut World, name: &str, (language, level, agent): (bool, u8, u8)) {
    let attributes = format!(
        r#"{{"selected_language":"{}","level":{level},"agent":"W{agent}"}}"#,
        if language { "en" } else { "hi" }
    );
    let target = (agent == 6).then(|| RoutingTarget::Worker(worker("W0")));
    world
        .make(name, "en", |new| {
            new.attributes = attributes.parse().unwrap();
            new.routing_target = target;
            new.ignore_capacity = level == 0;
        })
        .unwrap();
}

proptest! {
    #[test]
    fn eligible_workers_are_those_matching_offers(
        people in people(),
        at_once in 1_u8..4,
        steps in 0_u8..4,
        calls in prop::collection::vec((any::<bool>(), 0_u8..4, 0_u8..7), 1..4),
        refuses in any::<bool>(),
        secs in prop_oneof![Just(0_u64), Just(3), Just(70)],
    ) {
        let mut world = random_world(&people, at_once, steps);
        for (number, call) in calls.iter().enumerate() {
            let name = format!("c{number}");
            random_call(&mut world, &name, *call);
            // The last Task is explained before any search for its Workers.
            if number + 1 < calls.len() {
                world.advance(&name);
            }
        }
        let name = format!("c{}", calls.len() - 1);
        if refuses {
            world.advance(&name);
            if world.task(&name).pending_reservations().next().is_some() {
                world.reject(&name, None);
            }
        }
        world.wait(secs);
        prop_assume!(world.task(&name).is_pending());
        // Matching a Task does not consider the other waiting Tasks.
        let explanation = explained_after(&world, &name, &[]);
        let mut could: Vec<WorkerSid> =
            explanation.workers.iter().filter(|each| each.could_take).map(|each| each.worker_sid).collect();
        for each in &explanation.workers {
            prop_assert_eq!(each.could_take, each.obstacles.is_empty());
        }
        let before = world.task(&name).rounds;
        world.advance(&name);
        let after = world.task(&name);
        let mut offered: Vec<WorkerSid> = if after.rounds > before {
            after.pending_reservations().map(|offer| offer.worker_sid).collect()
        } else {
            Vec::new()
        };
        could.sort_unstable();
        offered.sort_unstable();
        prop_assert_eq!(could, offered, "{:#?}", explanation);
        prop_assert!(explanation.summary.ends_with('.'), "{}", explanation.summary);
    }

    #[test]
    fn next_task_is_the_one_serving_reserves(
        people in people(),
        steps in 0_u8..4,
        calls in prop::collection::vec((any::<bool>(), 0_u8..4, 0_u8..7), 1..5),
        secs in prop_oneof![Just(0_u64), Just(70)],
    ) {
        prop_assume!(!people.is_empty());
        let mut world = random_world(&people, 1, steps);
        for (number, call) in calls.iter().enumerate() {
            let name = format!("c{number}");
            random_call(&mut world, &name, *call);
            world.happens(Command::NoWorkerFound { task: task(&name) });
            world.wait(1);
        }
        world.wait(secs);
        for number in 0..people.len() {
            let name = format!("W{number}");
            let explanation = explained(&world, &name);
            let waiting = explanation.task_queues.iter().flat_map(|queue| &queue.tasks).chain(&explanation.waiting_for_them);
            let next: Vec<TaskSid> = waiting.filter(|task| task.could_take).map(|task| task.task_sid).collect();
            prop_assert!(explanation.summary.ends_with('.'));
            let held = world.workers[&worker(&name)].open_reservations.clone();
            world.serve(&name);
            let after = &world.workers[&worker(&name)].open_reservations;
            let reserved: Vec<TaskSid> = after.iter().filter(|open| !held.contains(open)).map(|open| open.task_sid).collect();
            prop_assert_eq!(next, reserved, "{:#?}", explanation);
        }
    }
}
