//! The effect of a saved Workflow on Tasks that are in it (taskrouter.md sections 2.7 and 7.2, rule
//! 15).

use super::world::*;
use crate::model::*;
use crate::router::effects::Effect;
use crate::router::*;

fn only(filter: Filter) -> Configuration {
    Configuration {
        filters: vec![filter],
        default_filter: None,
        text: None,
    }
}

#[test]
fn task_keeps_its_configuration() {
    let mut world = world().steps(vec![step("en", 10), step("hi", 10)]);
    world.call("c1", "en");
    world.save(only(filter("en", vec![step("hi", 100)])), false);
    world.call("c2", "en");
    assert_eq!(
        (
            world.task("c1").workflow_version,
            world.task("c2").workflow_version
        ),
        (0, 1)
    );
    world.wait(15);
    world.settle("c1");
    world.settle("c2");
    assert_eq!((world.step_of("c1"), world.step_of("c2")), ((0, 1), (0, 0)));
    world.wait(5);
    world.settle("c1");
    assert_eq!(
        (world.reason("c1"), world.status("c2")),
        (Some(EndReason::WorkflowTimeout), AssignmentStatus::Pending)
    );
}

#[test]
fn unknown_configuration_uses_current() {
    let mut world = world().steps(vec![step("en", 10)]);
    world.call("c1", "en");
    world.save(only(filter("en", vec![step("en", 30)])), false);
    world.workspace.superseded.clear();
    world.wait(20);
    world.settle("c1");
    assert_eq!(world.status("c1"), AssignmentStatus::Pending);
}

#[test]
fn deleted_workflow_leaves_task_in_queue() {
    let mut world = world().worker("Ben", ENGLISH);
    let picky = Target {
        expression: expression("1==0"),
        ..step("en", 10)
    };
    world = world.steps(vec![picky]);
    world.call("c1", "en");
    world.workspace.workflows.clear();
    world.wait(20);
    world.advance("c1");
    assert_eq!(world.offered_to("c1"), ["Ben"]);
}

#[test]
fn reevaluation_restarts_pending_tasks() {
    let mut world = world()
        .worker("Asha", r#"{"languages":["hi"]}"#)
        .steps(vec![step("en", 10), step("en", 100)]);
    world.call("c1", "en");
    world.wait(15);
    world.settle("c1");
    let urgent = Target {
        priority: Some(3),
        ..step("hi", 20)
    };
    world.save(only(filter("en", vec![urgent])), true);
    let effects = world.advance("c1");
    let now = world.task("c1");
    assert_eq!(
        (now.task_queue_sid, now.priority, now.workflow_version),
        (queue("hi"), 3, 1)
    );
    assert_eq!(
        (now.position.step, now.position.filter_entered_at),
        (
            Step::Target {
                filter: 0,
                target: 0
            },
            world.now
        )
    );
    assert!(
        effects.contains(&Effect::MatchTask(task("c1"))),
        "{effects:?}"
    );
    world.settle("c1");
    assert_eq!(world.offered_to("c1"), ["Asha"]);
}

#[test]
fn restart_in_same_step_matches_again() {
    let mut world = world().steps(vec![target("en")]);
    world.call("c1", "en");
    world.save(only(filter("en", vec![target("hi")])), true);
    let effects = world.advance("c1");
    assert!(
        effects.contains(&Effect::MatchTask(task("c1"))),
        "{effects:?}"
    );
    let mut world = super::world::world().steps(vec![Target {
        expression: expression("1==0"),
        ..target("en")
    }]);
    world.call("c1", "en");
    world.save(only(filter("en", vec![target("en")])), true);
    let effects = world.advance("c1");
    assert!(
        effects.contains(&Effect::MatchTask(task("c1"))),
        "even in the same queue: {effects:?}"
    );
}

#[test]
fn offered_task_restarts_when_pending() {
    let mut world = world().worker("Ben", ENGLISH);
    world.call("c1", "en");
    world.advance("c1");
    world.save(only(filter("en", vec![target("hi")])), true);
    assert_eq!(world.advance("c1"), []);
    world.reject("c1", None);
    world.advance("c1");
    assert_eq!(
        (
            world.task("c1").task_queue_sid,
            world.task("c1").workflow_version
        ),
        (queue("hi"), 1)
    );
}

#[test]
fn reevaluation_without_match_ends_workflow() {
    let mut world = world();
    world.call("c1", "en");
    world.save(only(filter("hi", vec![target("hi")])), true);
    world.advance("c1");
    assert_eq!(
        (world.status("c1"), world.reason("c1")),
        (AssignmentStatus::Canceled, Some(EndReason::NoFilterMatches))
    );
}

#[test]
fn routing_target_is_not_reevaluated() {
    let mut world = world();
    world
        .make("c1", "en", |new| {
            new.routing_target = Some(RoutingTarget::TaskQueue(queue("hi")))
        })
        .unwrap();
    world.save(only(filter("fr", vec![target("en")])), true);
    assert_eq!(world.advance("c1"), []);
    assert_eq!(world.task("c1").position.step, Step::Direct);
}

fn with_attributes(attributes: &str) -> TaskChanges {
    TaskChanges {
        attributes: Some(attributes.parse::<Attributes>().unwrap().into()),
        ..TaskChanges::default()
    }
}

/// A supervisor marks a waiting Task for another team.
#[test]
fn changed_attributes_lead_to_another_filter() {
    let mut world = world().worker("Asha", r#"{"languages":["hi"]}"#);
    world.waiting("c1", "en");
    world.wait(30);
    let created = world.task("c1").date_created;
    let (_, effects) = world.update("c1", with_attributes(r#"{"selected_language":"hi"}"#));
    assert!(
        effects.contains(&Effect::MatchTask(task("c1"))),
        "{effects:?}"
    );
    let moved = world.task("c1");
    assert_eq!(
        (world.step_of("c1"), moved.task_queue_sid),
        ((1, 0), queue("hi"))
    );
    assert_eq!(
        (moved.date_created, moved.virtual_start_time),
        (created, created),
        "the Task keeps its age"
    );
    world.advance("c1");
    assert_eq!(world.offered_to("c1"), ["Asha"]);
}

/// No filter matches, the Task's own filter does, or the Task is being offered.
#[test]
fn changed_attributes_keep_the_step() {
    let mut world = world().worker("Ben", ENGLISH);
    let timed = Target {
        timeout: Some(Millis::from_secs(20)),
        ..target("hi")
    };
    world = world.steps(vec![timed, target("hi")]);
    world.waiting("c1", "en");
    world.at_age("c1", 20);
    world.advance("c1");
    assert_eq!(world.step_of("c1"), (0, 1));
    for attributes in [
        r#"{"selected_language":"fr"}"#,
        r#"{"selected_language":"fr","note":"calls back"}"#,
        r#"{"selected_language":"en","note":"is back"}"#,
    ] {
        world.update("c1", with_attributes(attributes));
        assert_eq!(world.step_of("c1"), (0, 1), "{attributes}");
    }
    world = world.steps(vec![target("en")]);
    world.call("c2", "en");
    world.advance("c2");
    assert_eq!(world.status("c2"), AssignmentStatus::Reserved);
    world.update("c2", with_attributes(r#"{"selected_language":"hi"}"#));
    assert_eq!(world.step_of("c2"), (0, 0));
}

#[test]
fn attributes_do_not_restart_workflow() {
    let suited = Target {
        expression: expression("worker.level >= task.level"),
        ..target("en")
    };
    let mut world = world()
        .worker("Ben", r#"{"languages":["en"],"level":2}"#)
        .steps(vec![suited]);
    let attributes = |level: u8| {
        format!(r#"{{"selected_language":"en","level":{level}}}"#)
            .parse::<Attributes>()
            .unwrap()
    };
    let english: Attributes = r#"{"selected_language":"en","level":5}"#.parse().unwrap();
    world
        .make("c1", "en", |new| new.attributes = english.clone())
        .unwrap();
    world.advance("c1");
    assert_eq!(world.offered_to("c1").len(), 0);
    let changes = TaskChanges {
        attributes: Some(attributes(1).into()),
        ..TaskChanges::default()
    };
    let (_, effects) = world.update("c1", changes);
    assert!(
        effects.contains(&Effect::MatchTask(task("c1"))),
        "{effects:?}"
    );
    world.advance("c1");
    assert_eq!(
        (world.step_of("c1"), world.offered_to("c1")),
        ((0, 0), vec!["Ben".to_owned()])
    );
}

/// A backfill visits waiting Tasks in any order. The first one visited finds a Worker, and an
/// earlier Task that is not re-evaluated yet is re-evaluated before the Worker is offered anything.
#[test]
fn earlier_task_is_reevaluated_first() {
    let mut world = world().worker("Ben", ENGLISH);
    let nothing = Target {
        expression: expression("1 == 0"),
        ..target("en")
    };
    world = world.steps(vec![nothing]);
    world.waiting("c1", "en");
    world.wait(1);
    world.waiting("c2", "en");
    let configuration = Configuration {
        filters: vec![filter("en", vec![target("en")])],
        default_filter: None,
        text: None,
    };
    world.save(configuration, true);
    for _ in 0..4 {
        world.advance("c2");
    }
    assert_eq!(world.offered_to("c1"), ["Ben"]);
    assert_eq!(world.status("c2"), AssignmentStatus::Pending);
}
