//! Going on at once when nobody is there (taskrouter.md sections 7.2, rules 5 and 10, and 7.3).

use super::world::*;
use crate::model::*;
use crate::router::*;

fn skipping(queue_name: &str, condition: &str) -> Target {
    let skip_if = condition.parse::<Expression>().unwrap();
    Target {
        skip_if: Some(skip_if),
        ..target(queue_name)
    }
}

#[test]
fn a_step_is_skipped_only_if_nobody_is_found_and_its_condition_holds() {
    let always = || vec![skipping("en", "1==1"), target("hi")];
    let mut world = world().worker("Ben", ENGLISH).steps(always());
    world.call("c1", "en");
    world.call("c2", "en");
    world.advance("c1");
    assert_eq!(
        (world.step_of("c1"), world.offered_to("c1")),
        ((0, 0), vec!["Ben".to_owned()])
    );
    world.advance("c2");
    assert_eq!(
        (world.step_of("c2"), world.task("c2").task_queue_sid),
        ((0, 1), queue("hi"))
    );
}

#[test]
fn the_condition_counts_the_workers_of_the_queue_by_activity_and_not_by_capacity() {
    let wrap_up = format!("workers.{} == 1", activity("Wrap-Up"));
    let gone = "workers.WA00000000000000000000000000000000 == 0";
    for (condition, skipped) in [
        ("workers.available == 1", true),
        ("workers.available == 0", false),
        ("workers.unavailable == 2", true),
        ("workers.available < 2 AND workers.unavailable > 1", true),
        ("workers.available == 0 OR workers.unavailable == 0", false),
        (&wrap_up, true),
        (gone, true),
    ] {
        let mut world = world()
            .worker("Busy", ENGLISH)
            .worker("Away", ENGLISH)
            .worker("Wraps", ENGLISH);
        world = world
            .worker("Asha", r#"{"languages":["hi"]}"#)
            .steps(vec![skipping("en", condition), target("en")]);
        world.call("c1", "en");
        world.advance("c1");
        world.set_activity("Away", "Offline", false);
        world.set_activity("Wraps", "Wrap-Up", false);
        world.call("c2", "en");
        world.advance("c2");
        assert_eq!(world.offered_to("c1"), ["Busy"]);
        assert_eq!(world.step_of("c2").1 == 1, skipped, "{condition}");
    }
}

#[test]
fn the_condition_is_looked_at_once() {
    let mut world = world()
        .worker("Ben", ENGLISH)
        .steps(vec![skipping("en", "workers.available == 0"), target("hi")]);
    world.call("c1", "en");
    world.call("c2", "en");
    world.advance("c1");
    assert!(may_skip(&world.workspace, world.task("c2")));
    world.advance("c2");
    assert_eq!(world.step_of("c2"), (0, 0), "Ben is busy, and there");
    assert!(!may_skip(&world.workspace, world.task("c2")));
    world.set_activity("Ben", "Offline", false);
    assert_eq!(world.advance("c2"), []);
    assert_eq!(world.step_of("c2"), (0, 0));
}

#[test]
fn a_task_that_was_offered_on_entering_its_step_does_not_skip_it_later() {
    let mut world = world()
        .worker("Ben", ENGLISH)
        .steps(vec![skipping("en", "1==1"), target("hi")]);
    world.call("c1", "en");
    world.advance("c1");
    world.reject("c1", None);
    world.settle("c1");
    assert_eq!(
        (world.step_of("c1"), world.status("c1")),
        ((0, 0), AssignmentStatus::Pending)
    );
}

#[test]
fn nothing_is_skipped_while_nobody_has_counted() {
    let mut world = world().steps(vec![skipping("en", "1==1"), target("hi")]);
    world.call("c1", "en");
    let snapshot = Snapshot::new(&world.workspace)
        .with_tasks(world.tasks.values().cloned())
        .with_candidates(queue("en"), []);
    let event = Command::Advance { task: task("c1") };
    assert_eq!(
        decide(snapshot.clone(), &event, world.now).outcome,
        Outcome::AlreadySo
    );
    let counted = snapshot.with_worker_counts(Some(WorkerCounts::default()));
    assert_eq!(decide(counted, &event, world.now).outcome, Outcome::Changed);
}

#[test]
fn a_skipped_filter_counts_as_not_matched_so_the_next_one_and_then_the_default_get_their_turn() {
    let mut world = world().steps(vec![skipping("en", "1==1")]);
    let configuration = &mut world.workflow().configuration;
    configuration.filters.push(filter(
        "en",
        vec![skipping("hi", "1==1"), skipping("en", "1==1")],
    ));
    configuration.default_filter = Some(Target::to(queue("hi")));
    world.call("c1", "en");
    let mut seen = Vec::new();
    for _ in 0..4 {
        world.advance("c1");
        seen.push(world.task("c1").position.step);
    }
    let (second, last) = (
        Step::Target {
            filter: 2,
            target: 0,
        },
        Step::Target {
            filter: 2,
            target: 1,
        },
    );
    assert_eq!(
        seen,
        [second, last, Step::DefaultFilter, Step::DefaultFilter]
    );
    assert_eq!(world.status("c1"), AssignmentStatus::Pending);
}

#[test]
fn with_nothing_left_a_skipped_task_is_canceled() {
    for default_filter in [None, Some(skipping("hi", "1==1"))] {
        let mut world = world().steps(vec![skipping("en", "1==1")]);
        world.workflow().configuration.default_filter = default_filter;
        world.call("c1", "en");
        world.settle("c1");
        assert_eq!(world.reason("c1"), Some(EndReason::WorkflowSkipped));
        assert_eq!(world.status("c1"), AssignmentStatus::Canceled);
    }
}

#[test]
fn a_skipped_step_still_counts_in_the_sum() {
    let quick = Target {
        timeout: Some(Millis::from_secs(10)),
        ..skipping("en", "1==1")
    };
    let mut world = world().steps(vec![quick, step("hi", 10)]);
    world.call("c1", "en");
    world.settle("c1");
    assert_eq!(world.step_of("c1"), (0, 1));
    world.wait(19);
    assert_eq!(world.advance("c1"), []);
    world.wait(1);
    world.advance("c1");
    assert_eq!(world.reason("c1"), Some(EndReason::WorkflowTimeout));
}

#[test]
fn counts_of_one_activity_add_up_and_an_activity_that_is_gone_is_unavailable() {
    let world = world();
    let counts = [
        (activity("Available"), 2),
        (activity("Helpful"), 1),
        (activity("Available"), 3),
        (activity("?"), 4),
    ];
    let presence = WorkerCounts::from_counts(counts, &world.workspace);
    assert_eq!((presence.available(), presence.unavailable()), (6, 4));
    assert_eq!(
        (
            presence.in_activity(activity("Available")),
            presence.in_activity(activity("Offline"))
        ),
        (5, 0)
    );
}
