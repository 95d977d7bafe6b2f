//! Every property holds in every scenario, and each property can fail: the model finds a mistake in
//! the rules of the writers.

use ids::time::Timestamp;
use model_check::properties::{CAPACITY, ENDS_ONCE, NO_SLOT_LOST, NO_TASK_FORGOTTEN, ONE_ACCEPTED};
use model_check::{Bounds, Protocol, Report, Rules, SCENARIOS, explore};
use task_router::model::{ReservationStatus, Task, Worker, Workspace};
use task_router::router::effects::{self, Effect};
use task_router::router::{
    Answer, Command, Decision, Snapshot, TaskChanges, WorkersWritten, decide,
};

/// A scenario with fewer states than this lacks most of the protocol.
const STATES_MIN: usize = 10_000;

fn holds(scenario: usize) {
    let (name, bounds) = SCENARIOS[scenario];
    let report = explore(Protocol::new(bounds));
    assert!(report.failures.is_empty(), "{name}: {:#?}", report.failures);
    assert!(report.missing.is_empty(), "{name}: {:?}", report.missing);
    assert!(
        report.states > STATES_MIN,
        "{name}: {} states",
        report.states
    );
}

#[test]
fn properties_hold_for_two_rounds() {
    holds(0);
}

#[test]
fn properties_hold_for_parallel_offers() {
    holds(1);
}

#[test]
fn properties_hold_when_offers_time_out() {
    holds(2);
}

#[test]
fn properties_hold_with_redelivery() {
    holds(3);
}

/// Explores with a mistake in the rules, where two Workers are offered a Task at once, until a
/// property fails.
fn explore_with(rules: Rules) -> Report {
    let bounds = Bounds {
        offers_at_once: 2,
        workers_idle: true,
        hang_ups: true,
        ..Bounds::default()
    };
    explore(Protocol::new(bounds).with_rules(rules))
}

fn assert_found(report: &Report, properties: &[&str]) {
    let found: Vec<&str> = report
        .failures
        .iter()
        .map(|(property, _)| *property)
        .collect();
    assert!(
        properties.iter().any(|property| found.contains(property)),
        "found {found:?}"
    );
}

#[test]
fn finds_unconditional_writes() {
    let report = explore_with(Rules {
        conditional: false,
        ..Rules::default()
    });
    assert_found(&report, &[CAPACITY]);
}

#[test]
fn finds_accept_without_rescind() {
    fn without_rescinding(snapshot: Snapshot<'_>, event: &Command, now: Timestamp) -> Decision {
        let mut decision = decide(snapshot, event, now);
        let accepts = matches!(
            event,
            Command::Answered {
                answer: Answer::Accept,
                ..
            }
        );
        for offer in decision
            .tasks
            .iter_mut()
            .flat_map(|task| &mut task.reservations)
        {
            if accepts && offer.status == ReservationStatus::Rescinded {
                offer.status = ReservationStatus::Pending;
            }
        }
        decision
    }
    assert_found(
        &explore_with(Rules {
            decide: without_rescinding,
            ..Rules::default()
        }),
        &[ONE_ACCEPTED, CAPACITY],
    );
}

#[test]
fn finds_slot_taken_after_task() {
    fn one_after_the_other(snapshot: Snapshot<'_>, event: &Command, now: Timestamp) -> Decision {
        Decision {
            workers_written: WorkersWritten::AfterTheTask,
            ..decide(snapshot, event, now)
        }
    }
    assert_found(
        &explore_with(Rules {
            decide: one_after_the_other,
            ..Rules::default()
        }),
        &[CAPACITY],
    );
}

#[test]
fn finds_reopened_reservation() {
    fn accepting_anything(mut snapshot: Snapshot<'_>, event: &Command, now: Timestamp) -> Decision {
        if let Command::Answered {
            task,
            reservation,
            answer: Answer::Accept,
        } = event
            && let Some(task) = snapshot.tasks.get_mut(task)
            && let Some(offer) = task
                .reservations
                .iter_mut()
                .find(|offer| offer.sid == *reservation)
        {
            offer.status = ReservationStatus::Pending;
        }
        decide(snapshot, event, now)
    }
    assert_found(
        &explore_with(Rules {
            decide: accepting_anything,
            ..Rules::default()
        }),
        &[ENDS_ONCE, ONE_ACCEPTED],
    );
}

#[test]
fn finds_missing_match_of_waiting_task() {
    fn without_match(workspace: &Workspace, old: Option<&Task>, new: &Task) -> Vec<Effect> {
        let all = effects::of_task(workspace, old, new).into_iter();
        all.filter(|effect| !matches!(effect, Effect::MatchTask(_)))
            .collect()
    }
    assert_found(
        &explore_with(Rules {
            of_task: without_match,
            ..Rules::default()
        }),
        &[NO_TASK_FORGOTTEN],
    );
}

#[test]
fn finds_task_outside_waiting_list() {
    fn without_waiting_list(snapshot: Snapshot<'_>, event: &Command, now: Timestamp) -> Decision {
        if let Command::NoWorkerFound { task } = event {
            let nothing = Command::TaskUpdated {
                task: *task,
                changes: TaskChanges::default(),
            };
            return decide(snapshot, &nothing, now);
        }
        decide(snapshot, event, now)
    }
    let rules = Rules {
        decide: without_waiting_list,
        ..Rules::default()
    };
    let bounds = Bounds {
        workers: 1,
        hang_ups: true,
        ..Bounds::default()
    };
    assert_found(
        &explore(Protocol::new(bounds).with_rules(rules)),
        &[NO_TASK_FORGOTTEN],
    );
}

#[test]
fn finds_missing_match_of_free_worker() {
    fn without_serve(_: &Workspace, _: Option<&Worker>, _: &Worker) -> Vec<Effect> {
        Vec::new()
    }
    let rules = Rules {
        of_worker: without_serve,
        ..Rules::default()
    };
    let bounds = Bounds {
        workers: 1,
        hang_ups: true,
        ..Bounds::default()
    };
    assert_found(
        &explore(Protocol::new(bounds).with_rules(rules)),
        &[NO_TASK_FORGOTTEN],
    );
}

#[test]
fn finds_slot_lost_by_crashed_writer() {
    fn without_release(workspace: &Workspace, old: Option<&Task>, new: &Task) -> Vec<Effect> {
        let all = effects::of_task(workspace, old, new).into_iter();
        all.filter(|effect| !matches!(effect, Effect::Release(_)))
            .collect()
    }
    assert_found(
        &explore_with(Rules {
            of_task: without_release,
            ..Rules::default()
        }),
        &[NO_SLOT_LOST],
    );
}
