//! Why a Task waits: one test for each cause that keeps Workers from it. The causes agree with
//! matching.

use super::world::*;
use crate::model::*;
use crate::router::explain::*;
use crate::router::*;

const HINDI: &str = r#"{"languages":["hi"]}"#;

/// The explanation of a Task, with all other Tasks before it in its waiting list.
fn explained(world: &World, name: &str) -> TaskExplanation {
    let task = world.task(name);
    let waiting_list = order::waiting_list_of(&world.workspace, task);
    let before = |other: &&Task| {
        other.is_pending()
            && order::waiting_list_of(&world.workspace, other) == waiting_list
            && order::position_of(other) < order::position_of(task)
    };
    let mut ahead: Vec<Task> = world.tasks.values().filter(before).cloned().collect();
    ahead.sort_by_key(order::position_of);
    explained_after(world, name, &ahead)
}

/// The explanation of a Task with these Tasks before it.
pub(super) fn explained_after(world: &World, name: &str, ahead: &[Task]) -> TaskExplanation {
    let workers: Vec<Worker> = world.workers.values().cloned().collect();
    of_task(&TaskQuestion {
        workspace: &world.workspace,
        task: world.task(name),
        workers: &workers,
        more_workers: false,
        ahead,
        more_ahead: false,
        now: world.now,
    })
}

fn candidate(explanation: &TaskExplanation, name: &str) -> Candidate {
    explanation
        .workers
        .iter()
        .find(|each| each.friendly_name == name)
        .unwrap()
        .clone()
}

fn kinds(explanation: &TaskExplanation, name: &str) -> Vec<ReasonKind> {
    candidate(explanation, name)
        .obstacles
        .iter()
        .map(|reason| reason.kind)
        .collect()
}

/// What the explanation of a call in English says about Ben.
fn about_ben(change: impl Fn(&mut World)) -> (TaskExplanation, Vec<ReasonKind>, String) {
    let mut world = world().worker("Ben", ENGLISH);
    change(&mut world);
    world.call("c1", "en");
    let explanation = explained(&world, "c1");
    let ben = candidate(&explanation, "Ben");
    (
        explanation.clone(),
        kinds(&explanation, "Ben"),
        ben.obstacles
            .first()
            .map(|first| first.text.clone())
            .unwrap_or_default(),
    )
}

#[test]
fn free_worker_is_offered_task_at_once() {
    let (explanation, kinds, _) = about_ben(|_| {});
    assert!(kinds.is_empty() && candidate(&explanation, "Ben").could_take);
    assert_eq!(
        explanation.summary,
        "It is offered to Ben at once: nothing keeps them from it."
    );
}

#[test]
fn explanation_roundtrips_through_json() {
    let mut world = world().worker("Ben", ENGLISH);
    world.call("c1", "en");
    world.advance("c1");
    world.reject("c1", None);
    let spared = explained(&world, "c1");
    assert!(
        candidate(&spared, "Ben").obstacles[0].until.is_some(),
        "the pause ends at one moment, the other causes at none"
    );
    let text = serde_json::to_string(&spared).unwrap();
    assert_eq!(
        serde_json::from_str::<TaskExplanation>(&text).unwrap(),
        spared
    );
    assert!(
        text.contains(&format!(
            "{:?}",
            spared.workers[0].obstacles[0].until.unwrap().to_iso8601()
        )),
        "{text}"
    );
}

#[test]
fn unavailable_activity_is_named() {
    let (explanation, kinds, text) = about_ben(|world| {
        world.set_activity("Ben", "Offline", false);
    });
    assert_eq!(
        (kinds.as_slice(), text.as_str()),
        (
            &[ReasonKind::ActivityNotAvailable][..],
            "their Activity Offline takes no Tasks"
        )
    );
    let expected = "The only Worker in TaskQueue en, Ben, cannot take it: their Activity Offline takes no Tasks.";
    assert_eq!(explanation.summary, expected);
}

/// Matching and the ready lists know a missing TaskChannel, and so does the explanation.
#[test]
fn missing_channel_is_named() {
    let (explanation, kinds, text) = about_ben(|world| {
        world
            .workspace
            .task_channels
            .remove(&TaskChannelName::VOICE);
    });
    assert_eq!(
        (kinds.as_slice(), text.as_str()),
        (
            &[ReasonKind::NoSuchTaskChannel][..],
            "the Workspace has no TaskChannel voice"
        )
    );
    assert!(!explanation.workers[0].could_take);
    let (_, kinds, _) =
        about_ben(|world| world.channel(TaskChannelName::VOICE).usage = ChannelUse::Unused);
    assert_eq!(kinds.as_slice(), &[ReasonKind::TaskChannelUnused][..]);
}

#[test]
fn full_channel_lists_what_fills_it() {
    let (_, kinds, text) =
        about_ben(|world| world.share("Ben", TaskChannelName::VOICE).available = false);
    assert_eq!(
        (kinds.as_slice(), text.as_str()),
        (
            &[ReasonKind::ChannelNotAvailable][..],
            "their TaskChannel voice is set to unavailable"
        )
    );
    let (_, kinds, text) = about_ben(|world| {
        world
            .share("Ben", TaskChannelName::VOICE)
            .configured_capacity = 0
    });
    assert_eq!(
        (kinds.as_slice(), text.as_str()),
        (
            &[ReasonKind::NoCapacity][..],
            "their capacity for voice is 0"
        )
    );
    let (explanation, kinds, text) = about_ben(|world| {
        world.call("earlier", "en");
        world.advance("earlier");
    });
    let earlier = task("earlier");
    assert_eq!(
        (kinds.as_slice(), text),
        (
            &[ReasonKind::NoCapacity][..],
            format!("their capacity of 1 voice Task is taken by {earlier}")
        )
    );
    let reason = &candidate(&explanation, "Ben").obstacles[0];
    assert_eq!(
        (reason.capacity, reason.task_sids.as_slice()),
        (
            Some(Capacity {
                configured: 1,
                assigned: 1
            }),
            &[earlier][..]
        )
    );
}

#[test]
fn pause_after_failed_offer_is_named() {
    let mut world = world().worker("Ben", ENGLISH);
    world.call("c1", "en");
    world.advance("c1");
    world.reject("c1", None);
    let explanation = explained(&world, "c1");
    let until = world.now + world.workspace.rules.reoffer_pause;
    assert_eq!(kinds(&explanation, "Ben"), [ReasonKind::Spared]);
    assert_eq!(
        candidate(&explanation, "Ben").obstacles[0].until,
        Some(until)
    );
    assert!(
        explanation
            .summary
            .contains("spared it until 00:16:45 UTC, in 5 s"),
        "{}",
        explanation.summary
    );
    world.wait(5);
    assert!(candidate(&explained(&world, "c1"), "Ben").could_take);
}

#[test]
fn queue_clause_that_fails_is_named() {
    let mut world = world().worker("Ben", ENGLISH);
    world.call("c1", "hi");
    let explanation = explained(&world, "c1");
    let ben = candidate(&explanation, "Ben");
    assert!(!ben.in_task_queue);
    assert_eq!(kinds(&explanation, "Ben"), [ReasonKind::NotInTaskQueue]);
    let clause = ben.obstacles[0]
        .expression
        .as_ref()
        .unwrap()
        .because
        .clauses()[0]
        .clone();
    assert_eq!(
        (clause.clause.as_str(), clause.left.value.as_deref()),
        ("languages HAS 'hi'", Some(r#"["en"]"#))
    );
    assert_eq!(
        explanation.summary,
        "No Worker is in TaskQueue hi; Ben: they are not in TaskQueue hi: `languages HAS 'hi'` is false: `languages` is [\"en\"]."
    );
    world.queue("hi").target_workers = None;
    assert!(
        explained(&world, "c1")
            .summary
            .contains("has no expression, so it matches no Worker")
    );
    world.queue("hi").target_workers = expression("1 == 1");
    assert!(
        explained(&world, "c1").summary.contains("just being added"),
        "the stored queue membership decides"
    );
}

#[test]
fn step_expression_shows_both_values() {
    let step = Target {
        expression: expression("worker.level >= task.level AND worker.vip == true"),
        ..target("en")
    };
    let mut world = world()
        .worker("Ben", r#"{"languages":["en"],"level":2}"#)
        .steps(vec![step]);
    let attributes = r#"{"selected_language":"en","level":3}"#;
    world
        .make("c1", "en", |new| {
            new.attributes = attributes.parse().unwrap()
        })
        .unwrap();
    let explanation = explained(&world, "c1");
    assert_eq!(kinds(&explanation, "Ben"), [ReasonKind::StepExpression]);
    assert_eq!(
        candidate(&explanation, "Ben").obstacles[0].text,
        "the step’s expression: `worker.level >= task.level` is false: `worker.level` is 2, `task.level` is 3, and \
         `worker.vip == true` is false: the Worker has no `vip`"
    );
}

#[test]
fn routing_target_explains_one_worker() {
    let mut world = world().worker("Ben", ENGLISH).worker("Asha", HINDI);
    world.set_activity("Asha", "Offline", false);
    world
        .make("c1", "en", |new| {
            new.routing_target = Some(RoutingTarget::Worker(worker("Asha")))
        })
        .unwrap();
    let explanation = explained(&world, "c1");
    assert_eq!(explanation.workers.len(), 1);
    assert_eq!(
        explanation.summary,
        "It is for Worker Asha alone, and their Activity Offline takes no Tasks."
    );
    world.workers.remove(&worker("Asha"));
    assert!(
        explained(&world, "c1")
            .summary
            .ends_with("alone, who does not exist.")
    );
}

#[test]
fn known_worker_shows_task_attribute() {
    let known = Some(KnownWorker::FriendlyName("agent".parse().unwrap()));
    let step = Target {
        known_worker: known,
        ..target("en")
    };
    let mut world = world()
        .worker("Ben", ENGLISH)
        .worker("Cai", ENGLISH)
        .steps(vec![step]);
    let attributes = r#"{"selected_language":"en","agent":"Cai"}"#;
    world
        .make("c1", "en", |new| {
            new.attributes = attributes.parse().unwrap()
        })
        .unwrap();
    let explanation = explained(&world, "c1");
    assert_eq!(
        (kinds(&explanation, "Ben"), kinds(&explanation, "Cai")),
        (vec![ReasonKind::NotTheKnownWorker], vec![])
    );
    let text = &candidate(&explanation, "Ben").obstacles[0].text;
    assert_eq!(
        text,
        "the step is for the known Worker whose name `task.agent` gives, and that is \"Cai\""
    );
    let journey = explanation.workflow.unwrap();
    assert_eq!(journey.known_worker.as_deref(), Some("task.agent"));
    world.call("c2", "en");
    assert!(
        candidate(&explained(&world, "c2"), "Ben").obstacles[0]
            .text
            .ends_with("names no Worker")
    );
}

#[test]
fn parallel_offers_limit_eligible_workers() {
    let mut world = world()
        .worker("Ann", ENGLISH)
        .worker("Ben", ENGLISH)
        .worker("Cai", ENGLISH);
    world.queue("en").max_reserved_workers = 2;
    world.call("c1", "en");
    let explanation = explained(&world, "c1");
    assert_eq!(kinds(&explanation, "Cai"), [ReasonKind::OtherWorkersFirst]);
    assert_eq!(
        explanation.summary,
        "It is offered to Ann and Ben at once: nothing keeps them from it."
    );
}

#[test]
fn earlier_task_takes_worker_first() {
    let mut world = world().worker("Ben", ENGLISH);
    world.waiting("first", "en");
    world.wait(1);
    world.waiting("second", "en");
    let explanation = explained(&world, "second");
    assert_eq!(
        explanation.ahead,
        Some(Ahead {
            tasks: 1,
            at_least: false
        })
    );
    assert_eq!(kinds(&explanation, "Ben"), [ReasonKind::AnotherTaskFirst]);
    assert_eq!(
        candidate(&explanation, "Ben").obstacles[0].task_sids,
        [task("first")]
    );
    assert!(candidate(&explained(&world, "first"), "Ben").could_take);
    let mut elsewhere = world.task("first").clone();
    elsewhere.channel = TaskChannelName::CHAT;
    world.share("Ben", TaskChannelName::CHAT).available = false;
    assert!(
        candidate(&explained_after(&world, "second", &[elsewhere]), "Ben").could_take,
        "the Worker cannot take the first Task"
    );
}

#[test]
fn every_cause_is_listed() {
    let step = Target {
        expression: expression("worker.level >= 3"),
        ..target("en")
    };
    let mut world = world()
        .worker("Ben", r#"{"languages":["en"],"level":2}"#)
        .steps(vec![step]);
    world.set_activity("Ben", "Offline", false);
    world.share("Ben", TaskChannelName::VOICE).available = false;
    world
        .share("Ben", TaskChannelName::VOICE)
        .configured_capacity = 0;
    world.call("c1", "en");
    use ReasonKind::*;
    let expected = [
        ActivityNotAvailable,
        ChannelNotAvailable,
        NoCapacity,
        StepExpression,
    ];
    assert_eq!(kinds(&explained(&world, "c1"), "Ben"), expected);
}

#[test]
fn summary_counts_and_nearest_come_first() {
    let mut world = world();
    for name in ["Ann", "Ben", "Cai", "Dai"] {
        world = world.worker(name, ENGLISH);
        world.set_activity(name, "Offline", false);
    }
    world = world.worker("Eve", ENGLISH).worker("Asha", HINDI);
    world
        .share("Eve", TaskChannelName::VOICE)
        .configured_capacity = 0;
    world.share("Ann", TaskChannelName::VOICE).available = false;
    world.call("c1", "en");
    let explanation = explained(&world, "c1");
    let names: Vec<&str> = explanation
        .workers
        .iter()
        .map(|each| each.friendly_name.as_str())
        .collect();
    assert_eq!(names, ["Ben", "Cai", "Dai", "Eve", "Ann", "Asha"]);
    assert_eq!(
        explanation.summary,
        "None of the 5 Workers in TaskQueue en can take it: 4 in an Activity that takes no Tasks and 1 without a free \
         slot. Nearest: Ben: their Activity Offline takes no Tasks."
    );
}

#[test]
fn number_of_explained_workers_is_limited() {
    let mut world = world();
    for number in 0..60 {
        world = world
            .worker(&format!("in {number}"), ENGLISH)
            .worker(&format!("out {number}"), HINDI);
    }
    world.call("c1", "en");
    let explanation = explained(&world, "c1");
    assert_eq!(
        explanation.workers.len(),
        WORKERS_SHOWN_MAX + OUTSIDERS_SHOWN_MAX
    );
    assert_eq!(
        (explanation.more_in_task_queue, explanation.more_outside),
        (10, 40)
    );
}

#[test]
fn workflow_position_shows_next_step() {
    let mut world = world().steps(vec![step("en", 60), target("hi")]);
    world.call("c1", "en");
    let journey = |world: &World| explained(world, "c1").workflow.unwrap();
    let first = journey(&world);
    assert_eq!(first.place, "step 1 of 2 of filter en");
    assert_eq!(
        (first.step, first.steps, first.filter_expression.as_deref()),
        (Some(1), Some(2), Some("selected_language == 'en'"))
    );
    assert_eq!(
        first.outlook,
        "until 00:17:40 UTC, in 1 min 0 s; then step 2 of 2 of filter en, TaskQueue hi"
    );
    assert_eq!(first.next.task_queue_sid, Some(queue("hi")));
    world.wait(60);
    assert_eq!(
        explained(&world, "c1").summary,
        "Its time in step 1 of 2 of filter en is over: it is just being moved on."
    );
    world.settle("c1");
    let last = journey(&world);
    assert!(
        last.next.is_canceled
            && last
                .outlook
                .ends_with("then it is canceled: Task canceled on Workflow timeout"),
        "{last:?}"
    );
    world
        .make("c2", "fr", |new| {
            new.routing_target = Some(RoutingTarget::TaskQueue(queue("hi")))
        })
        .unwrap();
    let direct = explained(&world, "c2").workflow.unwrap();
    assert_eq!(
        (
            direct.place.as_str(),
            direct.step,
            direct.next.text.as_str()
        ),
        (
            "straight to its TaskQueue",
            None,
            "it is canceled: Task TTL Exceeded"
        )
    );
    world.workflow().configuration.default_filter = Some(Target::to(queue("en")));
    world.call("c3", "fr");
    let default = explained(&world, "c3").workflow.unwrap();
    assert!(
        default.is_default_filter
            && default.place == "the default filter"
            && default.filter_friendly_name.is_none()
    );
}

#[test]
fn task_that_does_not_wait_gets_a_sentence() {
    let mut world = world().worker("Ben", ENGLISH);
    world.channel(TaskChannelName::VOICE).after_conversation =
        AfterConversation::WrapFor(Millis::from_secs(30));
    world.call("c1", "en");
    world.advance("c1");
    world.wait(4);
    let summary = |world: &World| explained(world, "c1").summary;
    assert_eq!(
        summary(&world),
        "It does not wait: it is offered to Ben (since 00:16:40 UTC, 4 s ago; until 00:17:00 UTC, in 16 s)."
    );
    world.accept("c1");
    world.wait(2);
    assert_eq!(
        summary(&world),
        "It does not wait: Ben has it since 00:16:44 UTC, 2 s ago."
    );
    world.set_status("c1", AssignmentStatus::Wrapping);
    assert_eq!(
        summary(&world),
        "It does not wait: Ben is wrapping it up since 00:16:46 UTC, now; it ends by itself at 00:17:16 UTC, in 30 s."
    );
    world.set_status("c1", AssignmentStatus::Completed);
    assert_eq!(
        summary(&world),
        "It was completed at 00:16:46 UTC, now: done."
    );
    world.call("c2", "en");
    world.caller_hangs_up("c2");
    assert_eq!(
        explained(&world, "c2").summary,
        "It was canceled at 00:16:46 UTC, now: hangup."
    );
    assert!(
        explained(&world, "c2").workers.is_empty() && explained(&world, "c2").workflow.is_none()
    );
}

#[test]
fn few_workers_are_explained_one_by_one() {
    let mut world = world().worker("Ben", ENGLISH).worker("Cai", ENGLISH);
    world.set_activity("Ben", "Offline", false);
    world.share("Cai", TaskChannelName::VOICE).available = false;
    world.call("c1", "en");
    let summary = explained(&world, "c1").summary;
    let expected = "None of the 2 Workers in TaskQueue en can take it. Ben: their Activity Offline takes no Tasks; Cai: ";
    assert!(summary.starts_with(expected), "{summary}");
}

#[test]
fn workers_not_read_are_stated() {
    let mut world = world().worker("Ben", ENGLISH);
    world.call("c1", "en");
    let workers: Vec<Worker> = world.workers.values().cloned().collect();
    for more_workers in [true, false] {
        let explanation = of_task(&TaskQuestion {
            workspace: &world.workspace,
            task: world.task("c1"),
            workers: &workers,
            more_workers,
            ahead: &[],
            more_ahead: false,
            now: world.now,
        });
        assert_eq!(explanation.more_not_looked_at, more_workers);
    }
}

/// A step that ends with its Task is not left before, and another day has its date.
#[test]
fn outlook_ends_with_the_task() {
    let mut world = world().steps(vec![step("en", 200_000), target("hi")]);
    let secs = |secs| move |new: &mut NewTask| new.timeout = Millis::from_secs(secs);
    world.make("c1", "en", secs(200_000)).unwrap();
    let outlook = explained(&world, "c1").workflow.unwrap().outlook;
    assert!(
        outlook.ends_with("canceled: Task TTL Exceeded"),
        "{outlook}"
    );
    assert!(outlook.starts_with("until 1970-01-03T"), "{outlook}");
}
