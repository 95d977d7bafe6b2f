//! Every scenario holds; and each property can fail: with a mistake in the writers' place the model finds it.

use ids::time::Timestamp;
use model_check::properties::{CAPACITY, ENDS_ONCE, NO_SLOT_LOST, NOBODY_FORGOTTEN, ONE_ACCEPTED};
use model_check::{Bounds, Protocol, Report, Rules, SCENARIOS, visit};
use task_router::model::{ReservationStatus, Task, Worker, Workspace};
use task_router::router::effects::{self, Effect};
use task_router::router::{
    Answer, Command, Decision, Snapshot, TaskChanges, WorkersWritten, decide,
};

/// Fewer states than this, and most of the protocol is not there.
const STATES_MIN: usize = 10_000;

fn holds(scenario: usize) {
    let (name, bounds) = SCENARIOS[scenario];
    let report = visit(Protocol::new(bounds));
    assert!(report.failures.is_empty(), "{name}: {:#?}", report.failures);
    assert!(report.missing.is_empty(), "{name}: {:?}", report.missing);
    assert!(
        report.states > STATES_MIN,
        "{name}: {} states",
        report.states
    );
}

#[test]
fn it_holds_for_two_tasks_two_workers_and_two_rounds() {
    holds(0);
}

#[test]
fn it_holds_with_parallel_offers_and_callers_who_hang_up() {
    holds(1);
}

#[test]
fn it_holds_when_nobody_answers_in_time() {
    holds(2);
}

#[test]
fn it_holds_when_every_message_comes_again() {
    holds(3);
}

/// Looks until this mistake is found, where two Workers are offered a Task at once.
fn find(rules: Rules) -> Report {
    let bounds = Bounds {
        offers_at_once: 2,
        idle: true,
        hang_ups: true,
        ..Bounds::default()
    };
    visit(Protocol::new(bounds).with_rules(rules))
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
fn writing_without_conditions_is_found() {
    let report = find(Rules {
        conditional: false,
        ..Rules::default()
    });
    assert_found(&report, &[CAPACITY]);
}

#[test]
fn accepting_without_rescinding_is_found() {
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
        &find(Rules {
            decide: without_rescinding,
            ..Rules::default()
        }),
        &[ONE_ACCEPTED, CAPACITY],
    );
}

#[test]
fn taking_a_slot_after_the_task_is_found() {
    fn one_after_the_other(snapshot: Snapshot<'_>, event: &Command, now: Timestamp) -> Decision {
        Decision {
            workers_written: WorkersWritten::AfterTheTask,
            ..decide(snapshot, event, now)
        }
    }
    assert_found(
        &find(Rules {
            decide: one_after_the_other,
            ..Rules::default()
        }),
        &[CAPACITY],
    );
}

#[test]
fn an_end_that_is_taken_back_is_found() {
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
        &find(Rules {
            decide: accepting_anything,
            ..Rules::default()
        }),
        &[ENDS_ONCE, ONE_ACCEPTED],
    );
}

#[test]
fn a_task_that_waits_and_nobody_is_told_is_found() {
    fn without_match(workspace: &Workspace, old: Option<&Task>, new: &Task) -> Vec<Effect> {
        let all = effects::of_task(workspace, old, new).into_iter();
        all.filter(|effect| !matches!(effect, Effect::MatchTask(_)))
            .collect()
    }
    assert_found(
        &find(Rules {
            of_task: without_match,
            ..Rules::default()
        }),
        &[NOBODY_FORGOTTEN],
    );
}

#[test]
fn a_new_task_that_is_never_put_in_line_is_found() {
    fn without_a_line(snapshot: Snapshot<'_>, event: &Command, now: Timestamp) -> Decision {
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
        decide: without_a_line,
        ..Rules::default()
    };
    let bounds = Bounds {
        workers: 1,
        hang_ups: true,
        ..Bounds::default()
    };
    assert_found(
        &visit(Protocol::new(bounds).with_rules(rules)),
        &[NOBODY_FORGOTTEN],
    );
}

#[test]
fn a_worker_who_is_free_again_and_looks_for_nothing_is_found() {
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
        &visit(Protocol::new(bounds).with_rules(rules)),
        &[NOBODY_FORGOTTEN],
    );
}

#[test]
fn a_slot_that_only_a_living_writer_gives_back_is_found() {
    fn without_release(workspace: &Workspace, old: Option<&Task>, new: &Task) -> Vec<Effect> {
        let all = effects::of_task(workspace, old, new).into_iter();
        all.filter(|effect| !matches!(effect, Effect::Release(_)))
            .collect()
    }
    assert_found(
        &find(Rules {
            of_task: without_release,
            ..Rules::default()
        }),
        &[NO_SLOT_LOST],
    );
}
