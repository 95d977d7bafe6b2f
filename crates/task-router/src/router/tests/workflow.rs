//! The path of a Task through its Workflow (taskrouter.md section 7.2, rules 1 to 14).

use super::world::*;
use crate::model::*;
use crate::router::effects::{Callback, Effect};
use crate::router::*;
use ids::CallSid;

#[test]
fn first_matching_filter_owns_task() {
    let mut world = world();
    let both = Filter {
        expression: expression("selected_language IN ['en', 'hi']"),
        ..filter("", vec![target("hi")])
    };
    world.workflow().configuration.filters.insert(1, both);
    world.call("c1", "en");
    world.call("c2", "hi");
    assert_eq!((world.step_of("c1"), world.step_of("c2")), ((0, 0), (1, 0)));
    world.workflow().configuration.filters.insert(
        0,
        Filter {
            expression: None,
            ..filter("", vec![target("hi")])
        },
    );
    world.call("c3", "en");
    assert_eq!(
        world.step_of("c3"),
        (0, 0),
        "a filter without expression matches every Task"
    );
}

#[test]
fn unmatched_task_uses_default_or_is_refused() {
    let mut world = world();
    let refused = Err(NotRoutable::NoFilterMatches {
        workflow_name: "calls".to_owned(),
    });
    assert_eq!(world.make("c1", "fr", |_| {}), refused);
    world.workflow().configuration.default_filter = Some(Target::to(queue("hi")));
    assert_eq!(world.make("c1", "fr", |_| {}), Ok(()));
    assert_eq!(
        (
            world.task("c1").position.step,
            world.task("c1").task_queue_sid
        ),
        (Step::DefaultFilter, queue("hi"))
    );
    world.at_age("c1", 3_599);
    assert_eq!(
        world.advance("c1"),
        [],
        "it waits there until its own timeout"
    );
    world.wait(1);
    world.advance("c1");
    assert_eq!(world.reason("c1"), Some(EndReason::TaskTtlExceeded));
}

#[test]
fn step_sets_queue_and_priority() {
    let urgent = Target {
        priority: Some(7),
        ..step("en", 10)
    };
    let mut world = world().steps(vec![step("en", 10), urgent, step("hi", 10)]);
    world.make("c1", "en", |new| new.priority = 2).unwrap();
    let mut seen = Vec::new();
    for age in [0, 10, 20] {
        world.at_age("c1", age);
        world.settle("c1");
        let now = world.task("c1");
        let in_queue_for = world.now.since(now.task_queue_entered_date).as_secs();
        seen.push((now.task_queue_sid, now.priority, in_queue_for));
    }
    assert_eq!(
        seen,
        [
            (queue("en"), 2, 0),
            (queue("en"), 7, 10),
            (queue("hi"), 7, 0)
        ]
    );
}

#[test]
fn step_timeouts_add_up() {
    let mut world = world().steps(vec![step("en", 10), step("hi", 10), step("en", 10)]);
    world.call("c1", "en");
    let mut seen = Vec::new();
    for age in [9, 10, 19, 20, 29, 30] {
        world.at_age("c1", age);
        world.advance("c1");
        seen.push((age, world.step_of("c1").1, world.status("c1")));
    }
    use AssignmentStatus::{Canceled, Pending};
    let expected = [
        (9, 0, Pending),
        (10, 1, Pending),
        (19, 1, Pending),
        (20, 2, Pending),
        (29, 2, Pending),
        (30, 2, Canceled),
    ];
    assert_eq!(seen, expected);
    assert_eq!(world.reason("c1"), Some(EndReason::WorkflowTimeout));
}

#[test]
fn late_advance_passes_expired_steps() {
    let mut world = world().steps(vec![step("en", 10), step("hi", 10), step("en", 10)]);
    world.call("c1", "en");
    world.wait(25);
    world.advance("c1");
    assert_eq!(world.step_of("c1"), (0, 2));
}

/// The next step has the rest of its own time.
#[test]
fn offer_outlives_step_timeout() {
    let mut world = world()
        .worker("Ben", ENGLISH)
        .worker("Asha", r#"{"languages":["hi"]}"#)
        .steps(vec![step("en", 10), step("hi", 20)]);
    world.set_activity("Asha", "Offline", false);
    world.call("c1", "en");
    world.wait(3);
    world.advance("c1");
    world.wait(7);
    assert_eq!(
        world.advance("c1"),
        [],
        "offered at 3, until 23, although the step ended at 10"
    );
    world.at_age("c1", 23);
    world.settle("c1");
    assert_eq!(
        (world.step_of("c1"), world.task("c1").task_queue_sid),
        ((0, 1), queue("hi"))
    );
    world.at_age("c1", 29);
    assert_eq!(world.advance("c1"), []);
    world.at_age("c1", 30);
    world.advance("c1");
    assert_eq!(
        world.reason("c1"),
        Some(EndReason::WorkflowTimeout),
        "10 + 20, not 23 + 20"
    );
}

#[test]
fn failed_offer_stays_or_moves_on() {
    use AfterFailedReservation::{NextStep, StayInStep};
    for (rule, expected) in [(StayInStep, (0, 0)), (NextStep, (0, 1))] {
        let mut world = world()
            .worker("Ben", ENGLISH)
            .steps(vec![step("en", 10), step("hi", 10)]);
        world.workspace.rules.after_failed_reservation = rule;
        world.call("c1", "en");
        world.wait(3);
        world.advance("c1");
        world.wait(5);
        world.reject("c1", None);
        assert_eq!(world.step_of("c1"), expected);
        world.at_age("c1", 19);
        world.settle("c1");
        assert_eq!(
            (world.step_of("c1"), world.status("c1")),
            ((0, 1), AssignmentStatus::Pending)
        );
        world.at_age("c1", 20);
        world.settle("c1");
        assert_eq!(
            world.reason("c1"),
            Some(EndReason::WorkflowTimeout),
            "a step left early counts in full"
        );
    }
}

#[test]
fn failed_offer_stops_at_last_step() {
    let mut world = world().worker("Ben", ENGLISH);
    world.workspace.rules.after_failed_reservation = AfterFailedReservation::NextStep;
    world.workspace.rules.reoffer_pause = Millis::ZERO;
    world.call("c1", "en");
    for _ in 0..3 {
        world.advance("c1");
        world.reject("c1", None);
        assert_eq!(
            (world.step_of("c1"), world.status("c1")),
            ((0, 0), AssignmentStatus::Pending)
        );
    }
    world.workspace.workflows.clear();
    world.advance("c1");
    world.reject("c1", None);
    assert_eq!(
        world.status("c1"),
        AssignmentStatus::Pending,
        "a deleted Workflow has no next step"
    );
}

/// Each filter adds up the timeouts of its own steps.
#[test]
fn step_timeout_enters_next_filter() {
    let mut world = world().steps(vec![step("en", 10)]);
    let english = vec![step("hi", 10), step("en", 10)];
    world
        .workflow()
        .configuration
        .filters
        .push(filter("en", english));
    world.workflow().configuration.default_filter = Some(Target::to(queue("hi")));
    world.call("c1", "en");
    let mut seen = Vec::new();
    for age in [9, 10, 19, 20, 29] {
        world.at_age("c1", age);
        world.advance("c1");
        seen.push(world.step_of("c1"));
    }
    assert_eq!(
        seen,
        [(0, 0), (2, 0), (2, 0), (2, 1), (2, 1)],
        "the filter for Hindi does not match"
    );
    world.at_age("c1", 30);
    world.advance("c1");
    assert_eq!(
        world.reason("c1"),
        Some(EndReason::WorkflowTimeout),
        "a timeout does not enter the default filter"
    );
}

#[test]
fn step_without_timeout_holds_task() {
    let mut world = world().steps(vec![
        step("en", 10),
        Target::to(queue("hi")),
        step("en", 10),
    ]);
    world.call("c1", "en");
    world.at_age("c1", 3_599);
    world.settle("c1");
    assert_eq!(
        (world.step_of("c1"), world.status("c1")),
        ((0, 1), AssignmentStatus::Pending)
    );
}

#[test]
fn first_step_without_workers_waits() {
    let delay = Target {
        expression: expression("1==0"),
        ..step("en", 10)
    };
    let mut world = world()
        .worker("Ben", ENGLISH)
        .steps(vec![delay, target("en")]);
    world.call("c1", "en");
    world.advance("c1");
    assert_eq!(world.offered_to("c1").len(), 0);
    world.wait(10);
    world.settle("c1");
    assert_eq!(world.offered_to("c1"), ["Ben"]);
}

#[test]
fn workflow_timeout_redirects_caller() {
    let mut world = world();
    world.call("c1", "en");
    world.wait(STEP_SECS);
    let effects = world.advance("c1");
    let call = CallSid::derive(&["c1"]);
    assert_eq!(
        effects,
        [Effect::Callback(Callback::SendCallerOn {
            call,
            task: task("c1")
        })]
    );
}

#[test]
fn steps_of_one_filter_are_together() {
    let at = |filter, target| Step::Target { filter, target };
    for (left, right, expected) in [
        (at(0, 0), at(0, 1), true),
        (at(0, 0), at(1, 0), false),
        (at(0, 0), Step::DefaultFilter, false),
        (Step::DefaultFilter, Step::DefaultFilter, true),
        (Step::DefaultFilter, Step::Direct, false),
    ] {
        assert_eq!(left.is_in_filter_of(right), expected, "{left:?} {right:?}");
    }
}
