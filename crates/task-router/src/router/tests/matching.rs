//! Matching a Task with a Worker (taskrouter.md section 9).

use super::world::*;
use crate::model::*;
use crate::router::effects::Effect;
use crate::router::*;

#[test]
fn call_is_offered_to_worker_of_its_language() {
    let mut world = world()
        .worker("Ben", ENGLISH)
        .worker("Asha", r#"{"languages":["hi"]}"#);
    world.call("c1", "hi");
    let effects = world.advance("c1");
    assert_eq!(world.offered_to("c1"), ["Asha"]);
    assert_eq!(world.status("c1"), AssignmentStatus::Reserved);
    assert!(asks_for_assignment(&effects), "{effects:?}");
}

/// Without a candidate search in the Task's own queue, the snapshot has no candidates and nothing
/// is decided.
#[test]
fn no_offer_without_candidate_search() {
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
fn longest_idle_worker_comes_first() {
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
fn activity_change_keeps_idle_time() {
    let mut world = world().worker("Ben", ENGLISH).worker("Cai", ENGLISH);
    world.set_activity("Ben", "Offline", false);
    world.wait(5);
    world.set_activity("Ben", "Available", false);
    world.call("c1", "en");
    world.advance("c1");
    assert_eq!(
        world.offered_to("c1"),
        ["Ben"],
        "never reserved, and created first"
    );
}

/// The Workers that the first calls are offered to, with this `order_by` of the step.
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

/// Workers without the attribute come last, in either direction.
#[test]
fn order_by_beats_idle_time() {
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
fn order_by_ignores_non_integers() {
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
fn order_by_tells_large_integers_apart() {
    let workers = [
        ("Less", r#","account":9007199254740992"#),
        ("More", r#","account":9007199254740993"#),
        ("Most", r#","account":18446744073709551615"#),
        ("Least", r#","account":-9223372036854775808"#),
    ];
    assert_eq!(
        first_offers(&workers, "worker.account DESC"),
        ["Most", "More", "Less", "Least"]
    );
    assert_eq!(
        first_offers(&workers, "worker.account ASC"),
        ["Least", "Less", "More", "Most"]
    );
}

#[test]
fn order_by_tie_uses_next_clause_then_idle() {
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
fn least_busy_worker_can_come_first() {
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
fn step_expression_narrows_queue() {
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
fn max_reserved_workers_offers_in_parallel() {
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
fn accept_rescinds_parallel_offers() {
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
fn next_round_waits_for_all_offers() {
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

/// The Task is added to its waiting list and then matched once more, because a Worker may have
/// become available since the search.
#[test]
fn no_worker_found_adds_to_waiting_list() {
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
fn any_second_write_adds_to_waiting_list() {
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
fn failed_offer_returns_to_waiting_list() {
    let mut world = world().worker("Ben", ENGLISH);
    world.call("c1", "en");
    world.advance("c1");
    let (_, effects) = world.reject("c1", None);
    assert!(
        effects.contains(&Effect::MatchTask(task("c1"))) && world.task("c1").is_in_waiting_list(),
        "{effects:?}"
    );
}

/// A new Task finds a Worker for whom an earlier Task waits: the Worker is offered the earlier one.
#[test]
fn new_task_does_not_overtake_a_waiting_one() {
    let mut world = world().worker("Ben", ENGLISH);
    world.set_activity("Ben", "Offline", false);
    world.waiting("c1", "en");
    world.wait(1);
    world.set_activity("Ben", "Available", false);
    world.call("c2", "en");
    world.advance("c2");
    assert_eq!(world.offered_to("c1"), ["Ben"]);
    assert_eq!(world.status("c2"), AssignmentStatus::Pending);
}

/// Priority comes before age: a new Task of a higher priority is offered first.
#[test]
fn urgent_new_task_comes_before_a_waiting_one() {
    let mut world = world().worker("Ben", ENGLISH);
    world.set_activity("Ben", "Offline", false);
    world.waiting("c1", "en");
    world.wait(1);
    world.set_activity("Ben", "Available", false);
    world.make("c2", "en", |new| new.priority = 10).unwrap();
    world.advance("c2");
    assert_eq!(world.offered_to("c2"), ["Ben"]);
    assert_eq!(world.status("c1"), AssignmentStatus::Pending);
}

/// A waiting Task that the Worker may not take keeps no Worker from a new Task.
#[test]
fn unsuitable_waiting_task_does_not_block_a_new_one() {
    let mut world = world().worker("Ben", ENGLISH);
    world.waiting("c1", "hi");
    world.wait(1);
    world.call("c2", "en");
    world.advance("c2");
    assert_eq!(world.offered_to("c2"), ["Ben"]);
    assert_eq!(world.status("c1"), AssignmentStatus::Pending);
}

/// The first Workers of the ready lists are enough only if every Worker of the TaskQueue fits, in the
/// order of the lists.
#[test]
fn first_workers_of_lists_are_enough() {
    let wanted = |change: fn(&mut World), target: Target| {
        let mut world = world().worker("Ben", ENGLISH).steps(vec![target]);
        world.queue("en").max_reserved_workers = 2;
        change(&mut world);
        world.call("c1", "en");
        let mut task = world.task("c1").clone();
        if world.now > Timestamp::from_millis(1_000_000) {
            task.failed_offers.push(FailedOffer {
                worker_sid: worker("Ben"),
                at: world.now,
                moved_caller: false,
            });
        }
        first_workers_wanted(&world.workspace, &task)
    };
    let unchanged: fn(&mut World) = |_| {};
    assert_eq!(wanted(unchanged, target("en")), Some(2));
    assert_eq!(wanted(|world| world.wait(1), target("en")), None, "failed");
    let optimized: fn(&mut World) = |world| {
        let voice = world.channel(TaskChannelName::VOICE);
        voice.channel_optimized_routing = true;
    };
    assert_eq!(wanted(optimized, target("en")), None, "channel optimized");
    let conditional = Target {
        expression: expression("1 == 1"),
        ..target("en")
    };
    let known = Target {
        known_worker: Some(KnownWorker::FriendlyName("agent".parse().unwrap())),
        ..target("en")
    };
    let ordered = Target {
        order_by: Some("worker.level DESC".to_owned().try_into().unwrap()),
        ..target("en")
    };
    for target in [conditional, known, ordered] {
        assert_eq!(wanted(unchanged, target.clone()), None, "{target:?}");
    }
}

#[test]
fn may_take_follows_the_worker() {
    let mut world = world().worker("Ben", ENGLISH);
    world.call("c1", "en");
    let takes = |world: &World| {
        let ben = &world.workers[&worker("Ben")];
        may_take(&world.workspace, ben, world.task("c1"), world.now)
    };
    assert!(takes(&world));
    world.set_activity("Ben", "Offline", false);
    assert!(!takes(&world));
}

#[test]
fn eligible_worker_satisfies_the_expression() {
    let world = world().worker("Ben", ENGLISH);
    let ben = &world.workers[&worker("Ben")];
    for (name, expected) in [("en", true), ("hi", false), ("unknown", false)] {
        assert_eq!(is_eligible(&world.workspace, ben, queue(name)), expected);
    }
}

fn everything(world: &World) -> Snapshot<'_> {
    Snapshot::new(&world.workspace)
        .with_tasks(world.tasks.values().cloned())
        .with_candidates(queue("en"), world.workers.values().cloned())
}

/// What a Decision leaves as it is comes back with it: every Task and Worker is in exactly one of
/// both.
#[test]
fn rest_of_a_snapshot_comes_back() {
    let mut world = world().worker("Ben", ENGLISH).worker("Cai", ENGLISH);
    world.call("c1", "en");
    let advance = Command::Advance { task: task("c1") };
    let (decision, rest) = decide_keeping_rest(everything(&world), &advance, world.now);
    assert_eq!(decision, decide(everything(&world), &advance, world.now));
    assert_eq!((decision.tasks.len(), decision.workers.len()), (1, 1));
    let left: Vec<&String> = rest.workers.values().map(|it| &it.friendly_name).collect();
    assert_eq!((rest.tasks.len(), left), (0, vec![&"Cai".to_owned()]));
    let unknown = Command::Advance { task: task("none") };
    let (_, rest) = decide_keeping_rest(everything(&world), &unknown, world.now);
    assert_eq!((rest.tasks.len(), rest.workers.len()), (1, 2));
}

/// The Workers that are best of the free ones are those that the engine reserves.
#[test]
fn best_workers_are_those_reserved() {
    let mut world = world().worker("Ben", ENGLISH).worker("Cai", ENGLISH);
    world.call("c1", "en");
    let mut free: Vec<&Worker> = world.workers.values().collect();
    free.sort_by_key(|worker| worker.idle_key());
    let best = best_workers_of(
        &world.workspace,
        world.task("c1"),
        free.into_iter(),
        world.now,
    );
    let best: Vec<String> = best.iter().map(|it| it.friendly_name.clone()).collect();
    world.advance("c1");
    assert_eq!(best, world.offered_to("c1"));
}
