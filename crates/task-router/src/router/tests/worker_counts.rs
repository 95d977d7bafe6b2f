//! `skip_if`: moving on at once when no Worker is available (taskrouter.md sections 7.2, rules 5
//! and 10, and 7.3).

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
fn skip_needs_no_worker_and_condition() {
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
fn skip_if_counts_by_activity() {
    let wrap_up = format!("workers.{} == 1", activity("Wrap-Up"));
    let deleted = "workers.WA00000000000000000000000000000000 == 0";
    for (condition, skipped) in [
        ("workers.available == 1", true),
        ("workers.available == 0", false),
        ("workers.unavailable == 2", true),
        ("workers.available < 2 AND workers.unavailable > 1", true),
        ("workers.available == 0 OR workers.unavailable == 0", false),
        (&wrap_up, true),
        (deleted, true),
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
fn skip_if_is_evaluated_once() {
    let mut world = world()
        .worker("Ben", ENGLISH)
        .steps(vec![skipping("en", "workers.available == 0"), target("hi")]);
    world.call("c1", "en");
    world.call("c2", "en");
    world.advance("c1");
    assert!(may_skip(&world.workspace, world.task("c2")));
    world.advance("c2");
    assert_eq!(world.step_of("c2"), (0, 0), "Ben is busy but available");
    assert!(!may_skip(&world.workspace, world.task("c2")));
    world.set_activity("Ben", "Offline", false);
    assert_eq!(world.advance("c2"), []);
    assert_eq!(world.step_of("c2"), (0, 0));
}

#[test]
fn offered_task_never_skips_step() {
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
fn no_skip_without_worker_counts() {
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

/// A skipped filter counts as not matched: the next filters are tried, then the default filter.
#[test]
fn skipped_filter_continues_with_next() {
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
    let second = Step::Target {
        filter: 2,
        target: 0,
    };
    let last = Step::Target {
        filter: 2,
        target: 1,
    };
    assert_eq!(
        seen,
        [second, last, Step::DefaultFilter, Step::DefaultFilter]
    );
    assert_eq!(world.status("c1"), AssignmentStatus::Pending);
}

#[test]
fn skip_of_last_step_cancels_task() {
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
fn skipped_step_counts_in_timeout_sum() {
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

/// Counts of one Activity add up.
#[test]
fn deleted_activity_counts_as_unavailable() {
    let world = world();
    let counts = [
        (activity("Available"), 2),
        (activity("Helpful"), 1),
        (activity("Available"), 3),
        (activity("?"), 4),
    ];
    let counts = WorkerCounts::from_counts(counts, &world.workspace);
    assert_eq!((counts.available(), counts.unavailable()), (6, 4));
    assert_eq!(
        (
            counts.in_activity(activity("Available")),
            counts.in_activity(activity("Offline"))
        ),
        (5, 0)
    );
}

/// Whether a step is skipped is decided for each step of a filter.
#[test]
fn next_step_decides_its_own_skip() {
    let mut world = world().steps(vec![step("en", 60), target("hi")]);
    world.call("c1", "en");
    let waiting = world.tasks.get_mut(&task("c1")).unwrap();
    waiting.position.skip_decided = true;
    world.wait(61);
    world.advance("c1");
    assert_eq!(world.step_of("c1"), (0, 1));
    assert!(!world.task("c1").position.skip_decided);
}
