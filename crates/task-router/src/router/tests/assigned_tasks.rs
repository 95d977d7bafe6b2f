//! `assigned_tasks` of Workers, where a step reads it (taskrouter.md sections 2.4, 4 and 9).

use super::world::*;
use crate::model::*;
use crate::router::effects::{Effect, of_task};
use crate::router::release::Release;
use crate::router::*;

const VOICE: TaskChannelName = TaskChannelName::VOICE;

/// Ben and Cai, with room for three calls each, and a step for calls in English.
fn busy_centre(step: Target) -> World {
    let mut world = world()
        .worker("Ben", ENGLISH)
        .worker("Cai", ENGLISH)
        .steps(vec![step]);
    for name in ["Ben", "Cai"] {
        world.share(name, VOICE).configured_capacity = 3;
    }
    world.channel(VOICE).after_conversation = AfterConversation::Wrap;
    world
}

fn ordered(by: &str) -> Target {
    Target {
        order_by: Some(OrderBy::try_from(by.to_owned()).unwrap()),
        ..target("en")
    }
}

fn on_condition(source: &str) -> Target {
    Target {
        expression: expression(source),
        ..target("en")
    }
}

fn accepted(world: &World, name: &str) -> usize {
    world.workers[&worker(name)].accepted(VOICE)
}

/// A new call, and the names of the Workers that it is offered to.
fn offered(world: &mut World, name: &str) -> Vec<String> {
    world.call(name, "en");
    world.advance(name);
    world.offered_to(name)
}

/// A pending offer and a Task in wrap-up take a slot but do not count in `assigned_tasks`.
#[test]
fn only_accepted_tasks_count_as_assigned() {
    let mut world = busy_centre(ordered("worker.channel.voice.assigned_tasks ASC"));
    assert_eq!(offered(&mut world, "c1"), ["Ben"]);
    assert_eq!(
        (
            accepted(&world, "Ben"),
            world.workers[&worker("Ben")].occupied(VOICE)
        ),
        (0, 1)
    );
    world.accept("c1");
    assert_eq!(accepted(&world, "Ben"), 1);
    world.caller_hangs_up("c1");
    assert_eq!(world.status("c1"), AssignmentStatus::Wrapping);
    assert_eq!(
        (
            accepted(&world, "Ben"),
            world.workers[&worker("Ben")].occupied(VOICE)
        ),
        (0, 1)
    );
    world.set_status("c1", AssignmentStatus::Completed);
    assert_eq!(
        (
            accepted(&world, "Ben"),
            world.workers[&worker("Ben")].occupied(VOICE)
        ),
        (0, 0)
    );
}

#[test]
fn order_by_counts_accepted_not_offered() {
    let mut world = busy_centre(ordered("worker.channel.voice.assigned_tasks ASC"));
    assert_eq!(offered(&mut world, "c1"), ["Ben"]);
    world.accept("c1");
    assert_eq!(
        offered(&mut world, "c2"),
        ["Cai"],
        "Ben has one, Cai has none"
    );
    assert_eq!(
        offered(&mut world, "c3"),
        ["Cai"],
        "an offer that is not accepted does not count"
    );
    world.accept("c2");
    world.accept("c3");
    assert_eq!(
        offered(&mut world, "c4"),
        ["Ben"],
        "Ben has one, Cai has two"
    );
}

#[test]
fn falling_count_matches_worker_again() {
    let mut world = busy_centre(on_condition("worker.channel.voice.assigned_tasks < 1"));
    world.workers.remove(&worker("Cai"));
    offered(&mut world, "c1");
    world.accept("c1");
    assert!(
        offered(&mut world, "c2").is_empty(),
        "a slot is free, but the step excludes Workers with a call"
    );
    let (_, effects) = world.caller_hangs_up("c1");
    assert_eq!(
        world.workers[&worker("Ben")].occupied(VOICE),
        1,
        "wrapping up takes the slot all the same"
    );
    world.set_activity("Ben", "Available", false);
    assert!(
        effects.contains(&Effect::MatchWorker(worker("Ben"))),
        "{effects:?}"
    );
    assert_eq!(
        (world.serve("Ben"), world.offered_to("c2")),
        (Outcome::Changed, vec!["Ben".to_owned()])
    );
}

/// Where no step reads `assigned_tasks`, accepting a Task does not write its Worker.
#[test]
fn accept_writes_task_only_when_unread() {
    for (step, writes_the_worker) in [
        (target("en"), false),
        (
            on_condition("worker.channel.voice.available_capacity_percentage > 10"),
            false,
        ),
        (
            ordered("worker.level DESC, worker.channel.voice.assigned_tasks ASC"),
            true,
        ),
        (
            on_condition("worker.level == 3 OR NOT worker.channel.chat.assigned_tasks IN [1, 2]"),
            true,
        ),
        (
            on_condition("1 IN [worker.level, worker.channel.voice.assigned_tasks]"),
            true,
        ),
    ] {
        let mut world = busy_centre(target("en"));
        offered(&mut world, "c1");
        world.workflow().configuration.filters[0].targets = vec![step.clone()];
        let before = world.workers[&worker("Ben")].version;
        world.accept("c1");
        assert_eq!(
            world.workers[&worker("Ben")].version > before,
            writes_the_worker,
            "{step:?}"
        );
    }
}

#[test]
fn superseded_configuration_still_counts() {
    let mut world = busy_centre(ordered("worker.channel.voice.assigned_tasks ASC"));
    offered(&mut world, "c1");
    let filters = vec![filter("en", vec![target("en")])];
    world.save(
        Configuration {
            filters,
            default_filter: None,
            text: None,
        },
        false,
    );
    world.accept("c1");
    assert_eq!(accepted(&world, "Ben"), 1);
}

/// The Effects of the Task's write repeat what the writer did not do, and a late repetition changes
/// nothing.
#[test]
fn release_repeats_lost_worker_write() {
    let mut world = busy_centre(ordered("worker.channel.voice.assigned_tasks ASC"));
    offered(&mut world, "c1");
    let before = world.task("c1").clone();
    let unwritten = world.workers[&worker("Ben")].clone();
    world.accept("c1");
    world.workers.insert(worker("Ben"), unwritten);
    let effects = of_task(&world.workspace, Some(&before), world.task("c1"));
    let noted = effects.iter().find_map(|effect| match effect {
        Effect::Release(release) => Some(release.clone()),
        Effect::MatchTask(_)
        | Effect::MatchWorker(_)
        | Effect::Timer(_)
        | Effect::Callback(_)
        | Effect::UseChannel(_) => None,
    });
    let noted: Release = noted.unwrap();
    assert_eq!(noted.keeps, Some(OpenStatus::Accepted));
    assert_eq!(
        world.happens(Command::Released(noted.clone())).0,
        Outcome::Changed
    );
    assert_eq!(accepted(&world, "Ben"), 1);
    assert_eq!(
        world.happens(Command::Released(noted.clone())).0,
        Outcome::AlreadySo
    );
    world.caller_hangs_up("c1");
    assert_eq!(
        world.happens(Command::Released(noted)).0,
        Outcome::AlreadySo,
        "the Worker wraps up"
    );
    assert_eq!(accepted(&world, "Ben"), 0);
}
