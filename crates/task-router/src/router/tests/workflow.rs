//! How a Task travels through its Workflow (taskrouter.md section 7.2, rules 1 to 14).

use super::world::*;
use crate::model::*;
use crate::router::effects::{Callback, Effect};
use crate::router::*;
use ids::CallSid;

#[test]
fn the_first_filter_that_matches_owns_the_task() {
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
        "a filter without expression wants everything"
    );
}

#[test]
fn a_task_that_no_filter_wants_goes_to_the_default_filter_or_is_not_made() {
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
fn a_step_sets_queue_then_priority_and_one_without_priority_leaves_it() {
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
fn step_timeouts_add_up_on_the_clock_of_the_task() {
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
fn a_late_look_passes_every_step_whose_time_is_up() {
    let mut world = world().steps(vec![step("en", 10), step("hi", 10), step("en", 10)]);
    world.call("c1", "en");
    world.wait(25);
    world.advance("c1");
    assert_eq!(world.step_of("c1"), (0, 2));
}

#[test]
fn an_offer_outlives_its_step_and_the_next_step_has_what_is_left() {
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
fn after_a_failed_offer_a_task_stays_in_its_step_or_goes_on_as_the_workspace_says() {
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
fn going_on_after_a_failed_offer_ends_with_the_last_step_of_the_filter() {
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
        "a Workflow that is gone has no next step"
    );
}

#[test]
fn after_a_timeout_the_following_filters_get_their_turn_with_a_clock_of_their_own() {
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
        "the default filter is not for timeouts"
    );
}

#[test]
fn a_step_without_timeout_holds_the_task_even_if_its_queue_has_nobody() {
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
fn a_first_step_that_nobody_suits_makes_a_task_wait() {
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
fn a_caller_whose_task_times_out_is_sent_on() {
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
