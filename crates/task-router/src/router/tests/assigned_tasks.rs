//! How many Tasks a Worker has accepted, where a step asks for it (taskrouter.md sections 2.4, 4 and 9).

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

/// A call that is offered to somebody.
fn offered(world: &mut World, name: &str) -> Vec<String> {
    world.call(name, "en");
    world.advance(name);
    world.offered_to(name)
}

#[test]
fn an_offer_or_a_wrap_up_takes_a_slot_and_only_an_accepted_task_is_assigned() {
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
fn who_has_accepted_least_comes_first_whoever_has_been_offered_what() {
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
fn a_worker_whose_count_falls_looks_again() {
    let mut world = busy_centre(on_condition("worker.channel.voice.assigned_tasks < 1"));
    world.workers.remove(&worker("Cai"));
    offered(&mut world, "c1");
    world.accept("c1");
    assert!(
        offered(&mut world, "c2").is_empty(),
        "there is a slot, and the step does not want who has a call"
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

#[test]
fn where_nothing_asks_accepting_writes_the_task_alone() {
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
fn a_task_of_an_earlier_configuration_still_asks() {
    let mut world = busy_centre(ordered("worker.channel.voice.assigned_tasks ASC"));
    offered(&mut world, "c1");
    let filters = vec![filter("en", vec![target("en")])];
    world.save(
        Configuration {
            filters,
            default_filter: None,
        },
        false,
    );
    world.accept("c1");
    assert_eq!(accepted(&world, "Ben"), 1);
}

#[test]
fn what_the_writer_left_undone_the_tasks_record_says_once_more_and_late_news_is_no_news() {
    let mut world = busy_centre(ordered("worker.channel.voice.assigned_tasks ASC"));
    offered(&mut world, "c1");
    let (before, unwritten) = (
        world.task("c1").clone(),
        world.workers[&worker("Ben")].clone(),
    );
    world.accept("c1");
    world.workers.insert(worker("Ben"), unwritten);
    let effects = of_task(&world.workspace, Some(&before), world.task("c1"));
    let noted = effects.iter().find_map(|effect| match effect {
        Effect::Release(release) => Some(release.clone()),
        Effect::MatchTask(_) | Effect::MatchWorker(_) | Effect::Timer(_) | Effect::Callback(_) => {
            None
        }
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
        "they wrap up"
    );
    assert_eq!(accepted(&world, "Ben"), 0);
}
