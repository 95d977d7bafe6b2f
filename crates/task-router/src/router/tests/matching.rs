//! Which Worker for a Task (taskrouter.md section 9).

use super::world::*;
use crate::model::*;
use crate::router::effects::Effect;
use crate::router::*;

#[test]
fn a_call_is_offered_to_a_worker_with_its_language() {
    let mut world = world()
        .worker("Ben", ENGLISH)
        .worker("Asha", r#"{"languages":["hi"]}"#);
    world.call("c1", "hi");
    let effects = world.advance("c1");
    assert_eq!(world.offered_to("c1"), ["Asha"]);
    assert_eq!(world.status("c1"), AssignmentStatus::Reserved);
    assert!(asks_for_assignment(&effects), "{effects:?}");
}

#[test]
fn nobody_is_chosen_while_nobody_has_looked_for_the_free_workers_of_its_queue() {
    let mut world = world().worker("Ben", ENGLISH);
    world.call("c1", "en");
    for candidates_of in [None, Some(queue("hi"))] {
        let mut snapshot = Snapshot::new(&world.workspace)
            .with_tasks(world.tasks.values().cloned())
            .with_workers(world.workers.values().cloned());
        snapshot.candidates_of = candidates_of;
        assert_eq!(
            decide(snapshot, &Command::Advance { task: task("c1") }, world.now).outcome,
            Outcome::AlreadySo
        );
    }
    let snapshot = Snapshot::new(&world.workspace)
        .with_tasks(world.tasks.values().cloned())
        .with_candidates(queue("en"), world.workers.values().cloned());
    assert_eq!(
        decide(snapshot, &Command::Advance { task: task("c1") }, world.now).outcome,
        Outcome::Changed
    );
}

#[test]
fn the_worker_idle_for_longest_comes_first_and_a_busy_one_not_at_all() {
    let mut world = world().worker("Ben", ENGLISH).worker("Cai", ENGLISH);
    let mut order = Vec::new();
    for name in ["c1", "c2", "c3"] {
        world.wait(1);
        world.call(name, "en");
        world.advance(name);
        order.push(world.offered_to(name));
    }
    assert_eq!(order, [vec!["Ben"], vec!["Cai"], vec![]]);
    for name in ["c1", "c2"] {
        world.accept(name);
        world.caller_hangs_up(name);
    }
    world.advance("c3");
    assert_eq!(world.offered_to("c3"), ["Ben"]);
}

#[test]
fn going_away_and_coming_back_does_not_make_a_worker_less_idle() {
    let mut world = world().worker("Ben", ENGLISH).worker("Cai", ENGLISH);
    world.set_activity("Ben", "Offline", false);
    world.wait(5);
    world.set_activity("Ben", "Available", false);
    world.call("c1", "en");
    world.advance("c1");
    assert_eq!(
        world.offered_to("c1"),
        ["Ben"],
        "never reserved, and made first"
    );
}

/// Who is offered the first calls, in this order of the step.
fn first_offers(workers: &[(&str, &str)], order_by: &str) -> Vec<String> {
    let mut world = world();
    for (name, more) in workers {
        world = world.worker(name, &format!(r#"{{"languages":["en"]{more}}}"#));
    }
    world.workflow().configuration.filters[0].targets[0].order_by =
        Some(OrderBy::try_from(order_by.to_owned()).unwrap());
    let calls: Vec<String> = (0..workers.len())
        .map(|number| format!("c{number}"))
        .collect();
    let offered = calls.iter().flat_map(|name| {
        world.call(name, "en");
        world.advance(name);
        world.offered_to(name)
    });
    offered.collect()
}

#[test]
fn an_order_by_beats_idle_time_and_workers_without_the_attribute_come_last_up_or_down() {
    let workers = [
        ("None", ""),
        ("Three", r#","level":3"#),
        ("Five", r#","level":5"#),
    ];
    assert_eq!(
        first_offers(&workers, "worker.level DESC"),
        ["Five", "Three", "None"]
    );
    assert_eq!(
        first_offers(&workers, "worker.level ASC"),
        ["Three", "Five", "None"]
    );
}

#[test]
fn what_is_no_integer_does_not_count_in_an_order() {
    let half = ("Half", r#","level":4.5"#);
    let text = ("Text", r#","level":"9""#);
    let list = ("List", r#","level":[9]"#);
    let workers = [
        half,
        text,
        list,
        ("One", r#","level":1"#),
        ("Two", r#","level":2.0"#),
    ];
    assert_eq!(
        first_offers(&workers, "worker.level DESC"),
        ["Two", "One", "Half", "Text", "List"]
    );
}

#[test]
fn a_tie_goes_to_the_next_clause_and_then_to_idle_time() {
    let workers = [
        ("Old", r#","level":3,"cost":7"#),
        ("Cheap", r#","level":3,"cost":1"#),
        ("Low", r#","level":1,"cost":0"#),
        ("Young", r#","level":3,"cost":7"#),
    ];
    let order = "worker.level DESC, worker.cost ASC";
    assert_eq!(
        first_offers(&workers, order),
        ["Cheap", "Old", "Young", "Low"]
    );
}

#[test]
fn the_least_busy_worker_can_come_first() {
    let mut world = world().worker("Busy", ENGLISH).worker("Idle", ENGLISH);
    let least_busy = "worker.channel.voice.available_capacity_percentage DESC";
    world.workflow().configuration.filters[0].targets[0].order_by =
        Some(OrderBy::try_from(least_busy.to_owned()).unwrap());
    for name in ["Busy", "Idle"] {
        world
            .share(name, TaskChannelName::VOICE)
            .configured_capacity = 2;
    }
    let offers = ["c1", "c2", "c3", "c4"].map(|name| {
        world.call(name, "en");
        world.advance(name);
        world.offered_to(name).concat()
    });
    assert_eq!(offers, ["Busy", "Idle", "Busy", "Idle"]);
}

#[test]
fn the_step_narrows_the_workers_of_its_queue() {
    let narrowed = Target {
        expression: expression("worker.level >= 3"),
        ..target("en")
    };
    let mut world = world()
        .worker("Ben", r#"{"languages":["en"],"level":2}"#)
        .worker("Cai", r#"{"languages":["hi"],"level":4}"#)
        .worker("Dee", r#"{"languages":["en"],"level":3}"#)
        .steps(vec![narrowed]);
    world.call("c1", "en");
    world.advance("c1");
    assert_eq!(world.offered_to("c1"), ["Dee"]);
}

#[test]
fn a_task_is_offered_to_as_many_workers_at_once_as_its_queue_says() {
    let mut world = world()
        .worker("Ben", ENGLISH)
        .worker("Cai", ENGLISH)
        .worker("Dee", ENGLISH);
    world.queue("en").max_reserved_workers = 2;
    world.call("c1", "en");
    world.call("c2", "en");
    world.advance("c1");
    world.advance("c2");
    assert_eq!(
        (world.offered_to("c1"), world.offered_to("c2")),
        (vec!["Ben".into(), "Cai".into()], vec!["Dee".into()])
    );
    assert_eq!(world.task("c1").rounds, 1, "parallel offers are one round");
}

#[test]
fn the_first_to_accept_has_the_task_and_the_others_are_free_again() {
    let mut world = world()
        .worker("Ben", ENGLISH)
        .worker("Cai", ENGLISH)
        .worker("Dee", ENGLISH);
    world.queue("en").max_reserved_workers = 3;
    world.call("c1", "en");
    world.advance("c1");
    let reservation = world.task("c1").reservations[1].sid;
    let (_, effects) = world.happens(Command::Answered {
        task: task("c1"),
        reservation,
        answer: Answer::Accept,
    });
    let statuses: Vec<_> = world
        .task("c1")
        .reservations
        .iter()
        .map(|offer| offer.status)
        .collect();
    use ReservationStatus::{Accepted, Rescinded};
    assert_eq!(statuses, [Rescinded, Accepted, Rescinded]);
    for name in ["Ben", "Dee"] {
        assert!(world.workers[&worker(name)].open_reservations.is_empty());
        assert!(
            effects.contains(&effects::Effect::MatchWorker(worker(name))),
            "{effects:?}"
        );
    }
    let late = world.task("c1").reservations[0].sid;
    let late = Command::Answered {
        task: task("c1"),
        reservation: late,
        answer: Answer::Accept,
    };
    assert!(matches!(
        world.happens(late).0,
        Outcome::Refused(Refusal::ReservationNotPending { .. })
    ));
}

#[test]
fn a_task_is_offered_again_only_when_all_parallel_offers_have_failed() {
    let mut world = world().worker("Ben", ENGLISH).worker("Cai", ENGLISH);
    world.queue("en").max_reserved_workers = 2;
    world.call("c1", "en");
    world.advance("c1");
    world.reject("c1", None);
    assert_eq!(
        (world.status("c1"), world.offered_to("c1")),
        (AssignmentStatus::Reserved, vec!["Cai".to_owned()])
    );
    let (_, effects) = world.reject("c1", None);
    assert_eq!(world.status("c1"), AssignmentStatus::Pending);
    assert!(
        effects.contains(&effects::Effect::MatchTask(task("c1"))),
        "{effects:?}"
    );
}

#[test]
fn a_new_task_for_which_nobody_is_free_is_put_in_line_and_looked_at_once_more() {
    let mut world = world();
    world.call("c1", "en");
    assert!(world.task("c1").is_pending() && !world.task("c1").is_in_waiting_list());
    assert_eq!(world.advance("c1"), []);
    let (outcome, effects) = world.happens(Command::NoWorkerFound { task: task("c1") });
    assert_eq!(
        (outcome, effects),
        (Outcome::Changed, vec![Effect::MatchTask(task("c1"))])
    );
    assert!(world.task("c1").is_in_waiting_list());
    assert_eq!(
        world.happens(Command::NoWorkerFound { task: task("c1") }),
        (Outcome::AlreadySo, vec![])
    );
}

#[test]
fn whatever_else_changes_a_new_task_puts_it_in_line_too() {
    let mut world = world();
    world.call("c1", "en");
    let (_, effects) = world.update(
        "c1",
        TaskChanges {
            priority: Some(3),
            ..TaskChanges::default()
        },
    );
    assert!(
        effects.contains(&Effect::MatchTask(task("c1"))) && world.task("c1").is_in_waiting_list(),
        "{effects:?}"
    );
}

#[test]
fn a_task_that_comes_back_from_a_failed_offer_is_in_line_at_once() {
    let mut world = world().worker("Ben", ENGLISH);
    world.call("c1", "en");
    world.advance("c1");
    let (_, effects) = world.reject("c1", None);
    assert!(
        effects.contains(&Effect::MatchTask(task("c1"))) && world.task("c1").is_in_waiting_list(),
        "{effects:?}"
    );
}
