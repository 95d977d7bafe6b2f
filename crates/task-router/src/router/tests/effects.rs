//! The Effects of a write, and what each Command is about.

use super::world::*;
use crate::model::*;
use crate::router::effects::{
    Callback, Effect, Subject, Timer, image_before_move, of_task, of_worker,
};
use crate::router::*;
use ids::CallSid;
use ids::QueueSid;
use ids::ReservationSid;

#[test]
fn new_task_is_matched_and_has_timer() {
    let mut world = world();
    world.call("c1", "en");
    let made = world.task("c1");
    let wake = Timer {
        workspace: world.workspace.sid,
        subject: Subject::Task(made.sid),
        at: world.now + Millis::from_secs(STEP_SECS),
    };
    assert_eq!(
        of_task(&world.workspace, None, made),
        [Effect::MatchTask(made.sid), Effect::Timer(wake)]
    );
    assert_eq!(
        of_task(&world.workspace, Some(made), made),
        [],
        "a write that changes nothing has no effects"
    );
}

#[test]
fn first_task_puts_channel_to_use() {
    let mut world = world().worker("Ben", ENGLISH);
    world.channel(TaskChannelName::VOICE).usage = ChannelUse::Unused;
    world.call("c1", "en");
    let made = world.task("c1");
    let effects = of_task(&world.workspace, None, made);
    assert_eq!(
        effects[..2],
        [
            Effect::UseChannel(TaskChannelName::VOICE),
            Effect::MatchTask(made.sid)
        ]
    );
    world.advance("c1");
    assert_eq!(
        world.status("c1"),
        AssignmentStatus::Pending,
        "no Worker is listed for the channel"
    );
    world.channel(TaskChannelName::VOICE).usage = ChannelUse::Used;
    world.advance("c1");
    assert_eq!(world.status("c1"), AssignmentStatus::Reserved);
    world.channel(TaskChannelName::VOICE).usage = ChannelUse::Unused;
    assert_eq!(
        of_task(&world.workspace, None, world.task("c1"))
            .iter()
            .filter(|effect| matches!(effect, Effect::UseChannel(_)))
            .count(),
        0,
        "only a waiting Task needs Workers"
    );
}

/// A Worker that only the configuration moved to another ready list may be ready for more than
/// before, although both images look alike by the present configuration.
#[test]
fn worker_moved_by_configuration_is_matched() {
    let world = world().worker("Ben", ENGLISH);
    let ben = &world.workers[&worker("Ben")];
    let matched = |moved: bool, old: &Worker| {
        let before = image_before_move(&world.workspace, Some(old), ben, moved);
        !of_worker(&world.workspace, before, ben).is_empty()
    };
    assert!(matched(true, ben) && !matched(false, ben));
    let mut freer = ben.clone();
    freer.channels = Vec::new();
    let mut busy = ben.clone();
    busy.share_mut(TaskChannelName::VOICE).available = false;
    let before = image_before_move(&world.workspace, Some(&freer), &busy, true);
    assert_eq!(before, Some(&freer), "the slot explains the move");
}

#[test]
fn new_worker_is_matched_if_available() {
    let mut world = world().worker("Ben", ENGLISH);
    let ben = |world: &World| of_worker(&world.workspace, None, &world.workers[&worker("Ben")]);
    assert_eq!(ben(&world), [Effect::MatchWorker(worker("Ben"))]);
    for channel in [TaskChannelName::VOICE, TaskChannelName::CHAT] {
        world.share("Ben", channel).available = false;
    }
    assert_eq!(ben(&world), []);
    world.workspace.activities.remove(&activity("Available"));
    assert_eq!(ben(&world), [], "a deleted Activity is unavailable");
}

#[test]
fn each_offer_calls_back_once_with_timer() {
    let mut world = world().worker("Ben", ENGLISH).worker("Cai", ENGLISH);
    world.queue("en").max_reserved_workers = 2;
    world.call("c1", "en");
    let effects = world.advance("c1");
    let offers: Vec<ReservationSid> = world
        .task("c1")
        .reservations
        .iter()
        .map(|offer| offer.sid)
        .collect();
    for reservation in offers {
        let asked = Effect::Callback(Callback::Assignment {
            task: task("c1"),
            reservation,
        });
        assert_eq!(effects.iter().filter(|effect| **effect == asked).count(), 1);
    }
    let at = world.now + Millis::from_secs(RESERVATION_TIMEOUT_SECS);
    assert!(
        effects
            .iter()
            .any(|effect| matches!(effect, Effect::Timer(wake) if wake.at == at)),
        "{effects:?}"
    );
}

#[test]
fn caller_who_left_is_not_redirected() {
    for (reason, sent_on) in [
        (EndReason::Hangup, false),
        (EndReason::LeftQueue, false),
        (EndReason::Deleted, true),
    ] {
        let mut world = world();
        world.call("c1", "en");
        let (_, effects) = world.happens(Command::CallerGone {
            task: task("c1"),
            reason,
            carrier_queue: None,
        });
        let call = CallSid::derive(&["c1"]);
        assert_eq!(
            effects.contains(&Effect::Callback(Callback::SendCallerOn {
                call,
                task: task("c1")
            })),
            sent_on
        );
    }
}

/// After a failed offer the carrier is asked whether the caller is still there.
#[test]
fn failed_offer_checks_caller_at_carrier() {
    let mut world = world().worker("Ben", ENGLISH).worker("Cai", ENGLISH);
    world.queue("en").max_reserved_workers = 2;
    world.call("c1", "en");
    world.advance("c1");
    let asked = Effect::Callback(Callback::CheckCaller {
        call: CallSid::derive(&["c1"]),
        task: task("c1"),
    });
    assert!(
        !world.reject("c1", None).1.contains(&asked),
        "the Task is still offered to another Worker"
    );
    assert!(world.reject("c1", None).1.contains(&asked));
    world.wait(10);
    world.advance("c1");
    assert!(!world.accept("c1").1.contains(&asked));
    assert!(!world.caller_hangs_up("c1").1.contains(&asked));
}

#[test]
fn carrier_callbacks_name_kind_and_task() {
    let call = CallSid::derive(&["leg"]);
    let reservation = ReservationSid::derive(&["r"]);
    let a_task = task("c1");
    let queue = QueueSid::derive(&["q"]);
    let instruction = Instruction::Accept;
    for (callback, name, about) in [
        (
            Callback::Assignment {
                task: a_task,
                reservation,
            },
            "assignment",
            Some(a_task),
        ),
        (
            Callback::StopWorkerCall {
                call,
                task: Some(a_task),
            },
            "stop_worker_call",
            None,
        ),
        (
            Callback::SendCallerOn { call, task: a_task },
            "send_caller_on",
            Some(a_task),
        ),
        (
            Callback::Instruct {
                task: a_task,
                reservation,
                instruction,
                request: 1,
                expected_versions: None,
            },
            "instruct",
            Some(a_task),
        ),
        (
            Callback::MoveCaller {
                call,
                task: a_task,
                reservation,
            },
            "move_caller",
            Some(a_task),
        ),
        (
            Callback::CallCustomer {
                task: a_task,
                reservation,
            },
            "call_customer",
            Some(a_task),
        ),
        (
            Callback::CheckCaller { call, task: a_task },
            "check_caller",
            Some(a_task),
        ),
        (Callback::DeleteQueue { queue }, "delete_queue", None),
    ] {
        assert_eq!((callback.name(), callback.task()), (name, about));
    }
}

#[test]
fn every_end_reason_has_a_text() {
    let reasons = [
        (EndReason::Hangup, "hangup"),
        (EndReason::TaskTtlExceeded, "Task TTL Exceeded"),
        (
            EndReason::WorkflowTimeout,
            "Task canceled on Workflow timeout",
        ),
        (EndReason::WorkflowSkipped, "Task canceled on Workflow skip"),
        (
            EndReason::NoFilterMatches,
            "Task canceled because no Workflow filter matches",
        ),
        (EndReason::Given("because".to_owned()), "because"),
    ];
    for (reason, text) in reasons {
        assert_eq!(reason.as_str(), text);
    }
}

#[test]
fn command_is_about_task_or_worker() {
    let (a_task, a_worker, reservation) =
        (task("c1"), worker("Ben"), ReservationSid::derive(&["r"]));
    let about_workers = [
        Command::ServeWorker { worker: a_worker },
        Command::AdvanceWorker { worker: a_worker },
        Command::ActivitySet {
            worker: a_worker,
            activity: activity("Offline"),
            reject_pending: false,
        },
        Command::WorkerUpdated {
            worker: a_worker,
            changes: WorkerChanges::default(),
        },
        Command::WorkerChannelUpdated {
            worker: a_worker,
            channel: TaskChannelName::VOICE,
            capacity: None,
            available: None,
        },
    ];
    for event in about_workers {
        assert_eq!(
            (event.task(), event.worker()),
            (None, Some(a_worker)),
            "{event:?}"
        );
        assert!(!event.concerns_offers(), "{event:?}");
    }
    let leaves = WorkerChanges {
        activity: Some(activity("Offline")),
        reject_pending: true,
        ..WorkerChanges::default()
    };
    for event in [
        Command::ActivitySet {
            worker: a_worker,
            activity: activity("Offline"),
            reject_pending: true,
        },
        Command::WorkerUpdated {
            worker: a_worker,
            changes: leaves.clone(),
        },
    ] {
        assert!(event.concerns_offers(), "{event:?}");
    }
    let stays = Command::WorkerUpdated {
        worker: a_worker,
        changes: WorkerChanges {
            activity: None,
            ..leaves
        },
    };
    assert!(
        !stays.concerns_offers(),
        "without a new Activity no offer is rejected"
    );
    let about_tasks = [
        Command::Advance { task: a_task },
        Command::TaskDeleted { task: a_task },
        Command::TaskUpdated {
            task: a_task,
            changes: TaskChanges::default(),
        },
        Command::CallerNotFound {
            task: a_task,
            reservation,
        },
        Command::WorkerCallEnded {
            task: a_task,
            reservation,
            code: None,
        },
    ];
    for event in about_tasks {
        assert_eq!(
            (event.task(), event.worker()),
            (Some(a_task), None),
            "{event:?}"
        );
    }
}

#[test]
fn refusals_name_what_is_wrong() {
    let reservation = ReservationSid::derive(&["r"]);
    let refusal = Refusal::ReservationNotPending {
        reservation,
        status: ReservationStatus::Timeout,
    };
    assert_eq!(
        refusal.to_string(),
        format!("Reservation {reservation} is timeout and no longer pending")
    );
    let refusal = Refusal::WrongStatus {
        task: task("c1"),
        status: AssignmentStatus::Wrapping,
    };
    assert_eq!(
        refusal.to_string(),
        format!("Task {} is wrapping, which does not allow this", task("c1"))
    );
}

/// Callbacks to the carrier among the Effects.
fn callbacks(effects: &[Effect]) -> Vec<Callback> {
    let mut found = Vec::new();
    for effect in effects {
        if let Effect::Callback(callback) = effect {
            found.push(callback.clone());
        }
    }
    found
}

#[test]
fn plain_offer_moves_no_caller() {
    let mut world = world().worker("Ben", ENGLISH);
    world.call("c1", "en");
    let offered = callbacks(&world.advance("c1"));
    let asked = Callback::Assignment {
        task: task("c1"),
        reservation: world.offer("c1"),
    };
    assert_eq!(offered, [asked]);
}

#[test]
fn answered_worker_call_is_not_stopped() {
    let mut world = world().worker("Ben", ENGLISH);
    world.call("c1", "en");
    world.advance("c1");
    let call = world.rings("c1");
    let stop = Callback::StopWorkerCall {
        call,
        task: Some(task("c1")),
    };
    let rejected = {
        let mut other = World {
            workspace: world.workspace.clone(),
            tasks: world.tasks.clone(),
            workers: world.workers.clone(),
            now: world.now,
        };
        other.reject("c1", None).1
    };
    assert!(callbacks(&rejected).contains(&stop));
    assert!(!callbacks(&world.accept("c1").1).contains(&stop));
}

/// The carrier's queue is deleted once, when its Task has ended.
#[test]
fn carrier_queue_is_deleted_once() {
    let mut world = world();
    world.call("c1", "en");
    let queue = QueueSid::derive(&["q"]);
    let waiting = Task {
        carrier_queue_sid: Some(queue),
        ..world.task("c1").clone()
    };
    let ended = Task {
        assignment_status: AssignmentStatus::Canceled,
        ..waiting.clone()
    };
    let deleted = |old: &Task, new: &Task| {
        let effects = of_task(&world.workspace, Some(old), new);
        callbacks(&effects).contains(&Callback::DeleteQueue { queue })
    };
    assert!(!deleted(&waiting, &waiting));
    assert!(deleted(&waiting, &ended));
    assert!(!deleted(&ended, &ended));
}

/// A Task that waits in another way than before gets a timer of its own, although the end of a pause
/// has passed between the two writes.
#[test]
fn changed_task_gets_a_new_timer() {
    let mut world = world().worker("Ben", ENGLISH);
    world.call("c1", "en");
    let failed = FailedOffer {
        worker_sid: worker("Ben"),
        at: world.now,
        moved_caller: false,
    };
    let old = Task {
        failed_offers: vec![failed],
        ..world.task("c1").clone()
    };
    let new = Task {
        date_updated: old.date_updated + world.workspace.rules.reoffer_pause + Millis::from_secs(1),
        ..old.clone()
    };
    let has_timer = |new: &Task| {
        let effects = of_task(&world.workspace, Some(&old), new);
        effects
            .iter()
            .any(|effect| matches!(effect, Effect::Timer(_)))
    };
    assert!(!has_timer(&new));
    let changes: [fn(&mut Task); 3] = [
        |new| new.attributes = r#"{"selected_language":"en"}"#.parse().unwrap(),
        |new| new.workflow_version += 1,
        |new| new.failed_offers[0].worker_sid = worker("Cai"),
    ];
    for change in changes {
        let mut changed = new.clone();
        change(&mut changed);
        assert!(has_timer(&changed), "{changed:?}");
    }
}

/// Every change after which a step's expression can be true of a Worker is a search for that Worker.
#[test]
fn each_freeing_change_is_matched() {
    type Change = fn(&mut Worker);
    let mut world = world().worker("Ben", ENGLISH);
    world
        .share("Ben", TaskChannelName::VOICE)
        .configured_capacity = 3;
    let open = OpenReservation {
        sid: ReservationSid::derive(&["r"]),
        task_sid: task("c1"),
        channel: TaskChannelName::VOICE,
        status: OpenStatus::Pending,
    };
    let mut busy = world.workers[&worker("Ben")].clone();
    busy.open_reservations = vec![open.clone()];
    let changes: [(&str, bool, Change); 6] = [
        ("nothing", false, |_| {}),
        ("name", true, |new| {
            new.friendly_name = "Benjamin".to_owned()
        }),
        ("attributes", true, |new| {
            new.attributes = r#"{"languages":["en"],"level":2}"#.parse().unwrap();
        }),
        ("Activity", true, |new| {
            new.activity_sid = activity("Helpful");
        }),
        ("slot given back", true, |new| new.open_reservations.clear()),
        ("slot taken", false, |new| {
            let again = new.open_reservations.clone();
            new.open_reservations.extend(again);
        }),
    ];
    for (what, expected, change) in changes {
        let mut new = busy.clone();
        change(&mut new);
        let matched = of_worker(&world.workspace, Some(&busy), &new)
            .contains(&Effect::MatchWorker(worker("Ben")));
        assert_eq!(matched, expected, "{what}");
    }
}
