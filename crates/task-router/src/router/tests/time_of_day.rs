//! The time of day in filters and targets, and the timers that follow from it (taskrouter.md
//! section 8.2).

use super::world::*;
use crate::model::*;
use crate::router::effects::{self, Effect, Subject, Timer};
use crate::router::expression::next_change;
use crate::router::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A world at this moment whose step for calls in English has this expression and no timeout.
fn world_at(moment: &str, source: &str) -> World {
    let step = Target {
        expression: expression(source),
        ..Target::to(queue("en"))
    };
    let mut world = world().steps(vec![step]);
    world.now = at(moment);
    world.worker("Ben", ENGLISH)
}

/// A call in English that may wait for a month and wants to be called after 09:30.
fn patient_call(world: &mut World, name: &str) {
    let attributes = r#"{"selected_language":"en","call_after":930,"day":"Sun"}"#;
    let patient = |new: &mut NewTask| {
        new.timeout = Millis::from_secs(30 * 86_400);
        new.attributes = attributes.parse().unwrap();
    };
    world.make(name, "en", patient).unwrap();
}

/// 2027-01-15 is a Friday.
#[test]
fn next_change_is_when_a_comparison_flips() {
    const NOW: &str = "2027-01-15T12:34:56.789Z";
    let mut world = world_at(NOW, "1 == 1");
    patient_call(&mut world, "c1");
    for (source, expected) in [
        ("taskrouter.currentHour >= 9", Some("2027-01-16T00:00:00Z")),
        ("taskrouter.currentHour < 17", Some("2027-01-15T17:00:00Z")),
        (
            "taskrouter.currentTime >= 0800 AND taskrouter.currentTime <= 1759",
            Some("2027-01-15T18:00:00Z"),
        ),
        (
            "taskrouter.currentTime == 1234",
            Some("2027-01-15T12:35:00Z"),
        ),
        (
            "1235 == taskrouter.currentTime",
            Some("2027-01-15T12:35:00Z"),
        ),
        ("taskrouter.currentMin < 30", Some("2027-01-15T13:00:00Z")),
        (
            "taskrouter.dayOfWeek != 'Sun'",
            Some("2027-01-17T00:00:00Z"),
        ),
        (
            "taskrouter.dayOfWeek == 'Fri'",
            Some("2027-01-16T00:00:00Z"),
        ),
        (
            "taskrouter.dayOfWeek == task.day",
            Some("2027-01-17T00:00:00Z"),
        ),
        (
            "taskrouter.currentTime > task.call_after",
            Some("2027-01-16T00:00:00Z"),
        ),
        (
            "NOT (task.x == 1 OR taskrouter.currentHour == 14)",
            Some("2027-01-15T14:00:00Z"),
        ),
        // Arrays and attributes of Workers: the next value.
        (
            "taskrouter.dayOfWeek IN ['Mon', 'Tue']",
            Some("2027-01-16T00:00:00Z"),
        ),
        (
            "[10, taskrouter.currentHour] HAS 14",
            Some("2027-01-15T13:00:00Z"),
        ),
        (
            "taskrouter.currentTime >= worker.begin",
            Some("2027-01-15T12:35:00Z"),
        ),
        (
            "taskrouter.currentHour >= worker.begin",
            Some("2027-01-15T13:00:00Z"),
        ),
        // Always the same.
        ("taskrouter.currentHour < 24", None),
        (
            "taskrouter.currentTime >= 0000 AND taskrouter.currentTime <= 2359",
            None,
        ),
        ("taskrouter.dayOfWeek == 'Friday'", None),
        ("taskrouter.currentHour == task.day", None),
        ("task.call_after == 930 AND worker.level > 3", None),
        ("taskrouter.hour == 3", None),
    ] {
        let found = next_change(&source.parse().unwrap(), world.task("c1"), world.now);
        assert_eq!(found, expected.map(at), "{source}");
    }
}

/// At the moment of a change, the next change is another one.
#[test]
fn next_change_is_later_than_its_argument() {
    let mut world = world_at("2027-01-15T08:00:00Z", "1 == 1");
    patient_call(&mut world, "c1");
    let hours = "taskrouter.currentHour >= 9 AND taskrouter.currentHour < 17"
        .parse()
        .unwrap();
    let mut moment = world.now;
    for expected in ["15T09", "15T17", "16T00", "16T09", "16T17", "17T00"] {
        moment = next_change(&hours, world.task("c1"), moment).unwrap();
        assert_eq!(moment, at(&format!("2027-01-{expected}:00:00Z")));
    }
}

#[test]
fn waiting_task_is_offered_at_its_hour() {
    let mut world = world_at(
        "2027-01-15T08:59:30Z",
        "taskrouter.currentTime >= 0900 AND taskrouter.currentTime < task.call_after",
    );
    patient_call(&mut world, "c1");
    let opening = Timer {
        workspace: world.workspace.sid,
        subject: Subject::Task(task("c1")),
        at: at("2027-01-15T09:00:00Z"),
    };
    let effects = effects::of_task(&world.workspace, None, world.task("c1"));
    assert!(effects.contains(&Effect::Timer(opening)), "{effects:?}");
    world.advance("c1");
    assert_eq!(world.offered_to("c1"), [""; 0]);
    world.now = opening.at;
    world.advance("c1");
    assert_eq!(world.offered_to("c1"), ["Ben"]);

    world.now = at("2027-01-15T09:30:00Z");
    patient_call(&mut world, "c2");
    world.caller_hangs_up("c1");
    assert_eq!(world.serve("Ben"), Outcome::AlreadySo);
}

/// A write of a Task that waits on sends no second timer, even if the first one has fired.
#[test]
fn waiting_task_has_one_timer() {
    let mut world = world_at(
        "2027-01-15T08:59:30Z",
        "taskrouter.currentTime >= task.call_after AND 1 == 0",
    );
    patient_call(&mut world, "c1");
    world.now = at("2027-01-15T09:30:01Z");
    let (_, effects) = world.happens(Command::NoWorkerFound { task: task("c1") });
    assert_eq!(timers(&effects), []);
    let changes = TaskChanges {
        priority: Some(3),
        ..TaskChanges::default()
    };
    assert_eq!(timers(&world.update("c1", changes).1), []);
    // Another moment has a timer of its own.
    world.now = at("2027-01-15T10:00:00Z");
    let later = r#"{"selected_language":"en","call_after":1100}"#;
    let changes = TaskChanges {
        attributes: Some(later.parse::<Attributes>().unwrap().into()),
        ..TaskChanges::default()
    };
    let (_, effects) = world.update("c1", changes);
    assert_eq!(timers(&effects), [at("2027-01-15T11:00:00Z")]);
}

fn timers(effects: &[Effect]) -> Vec<Timestamp> {
    let moment = |effect: &Effect| match effect {
        Effect::Timer(timer) => Some(timer.at),
        Effect::MatchTask(_)
        | Effect::MatchWorker(_)
        | Effect::Release(_)
        | Effect::Callback(_)
        | Effect::UseChannel(_) => None,
    };
    effects.iter().filter_map(moment).collect()
}

/// A filter is evaluated when the Task is created, and when it leaves an earlier filter by timeout.
#[test]
fn filter_has_business_hours() {
    let hours = "taskrouter.dayOfWeek != 'Sun' AND taskrouter.currentHour < 18";
    let filter = |name: &str, source: &str, steps| Filter {
        filter_friendly_name: name.to_owned(),
        expression: expression(source),
        targets: steps,
    };
    let configuration = Configuration {
        filters: vec![
            filter("late", "selected_language == 'hi'", vec![step("hi", 60)]),
            filter("open", hours, vec![target("en")]),
        ],
        default_filter: Some(target("hi")),
        text: None,
    };
    let mut world = world();
    world.save(configuration, false);
    for (moment, expected) in [
        ("2027-01-15T17:59:59Z", "en"),
        ("2027-01-15T18:00:00Z", "hi"),
        ("2027-01-17T12:00:00Z", "hi"),
        ("2027-01-18T00:00:00Z", "en"),
    ] {
        world.now = at(moment);
        world.call("c1", "en");
        assert_eq!(world.task("c1").task_queue_sid, queue(expected), "{moment}");
    }
    for (moment, expected) in [
        ("2027-01-15T17:58:59Z", AssignmentStatus::Pending),
        ("2027-01-15T17:59:00Z", AssignmentStatus::Canceled),
    ] {
        world.now = at(moment);
        world.call("c2", "hi");
        world.wait(60);
        world.advance("c2");
        assert_eq!(world.status("c2"), expected, "{moment}");
    }
}

#[test]
fn explanation_shows_the_time_of_day() {
    let mut world = world_at(
        "2027-01-15T08:59:30Z",
        "taskrouter.currentTime >= task.call_after",
    );
    patient_call(&mut world, "c1");
    let workers: Vec<Worker> = world.workers.values().cloned().collect();
    let question = explain::TaskQuestion {
        workspace: &world.workspace,
        task: world.task("c1"),
        workers: &workers,
        more_workers: false,
        ahead: &[],
        more_ahead: false,
        now: world.now,
    };
    let summary = explain::of_task(&question).summary;
    assert!(
        summary.contains("`taskrouter.currentTime` is 859, `task.call_after` is 930"),
        "{summary}"
    );
    let now = at("2027-01-15T09:30:00Z");
    let summary = explain::of_task(&explain::TaskQuestion { now, ..question }).summary;
    assert!(summary.contains("offered to Ben at once"), "{summary}");
}

/// A pause that ends at the moment of the look has ended.
#[test]
fn ended_pause_has_no_timer() {
    let mut world = world();
    world.call("c1", "en");
    let at = world.now;
    let failed = FailedOffer {
        worker_sid: worker("Ben"),
        at,
        moved_caller: false,
    };
    let task = Task {
        failed_offers: vec![failed],
        ..world.task("c1").clone()
    };
    let pause_ends = at + world.workspace.rules.reoffer_pause;
    let next = |after| timers::of_task(&world.workspace, &task, after);
    assert_eq!(next(at), Some(pause_ends));
    assert_eq!(next(pause_ends), Some(at + Millis::from_secs(STEP_SECS)));
}
