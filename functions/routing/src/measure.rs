//! The metrics of a Task's write, from its images before and after. A record that is delivered twice
//! is measured twice.

use ids::time::Millis;
use metrics::Metric;
use task_router::model::{AssignmentStatus, EndReason, Reservation, Task};

/// What a write adds to the metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Measured {
    One(Metric),
    Took(Metric, Millis),
}

/// Measures a Task's write.
pub(crate) fn task(old: Option<&Task>, new: &Task) {
    for measured in of_task(old, new) {
        match measured {
            Measured::One(metric) => metrics::count(metric),
            Measured::Took(metric, duration) => metrics::observe(metric, duration),
        }
    }
}

fn of_task(old: Option<&Task>, new: &Task) -> Vec<Measured> {
    let Some(old) = old else {
        let offered = new.call_sid().map(|_| Measured::One(Metric::CallsOffered));
        return offered.into_iter().collect();
    };
    let mut measured = Vec::new();
    if new.call_sid().is_some() && old.assignment_status != new.assignment_status {
        measured.extend(call_outcome(new).map(Measured::One));
    }
    for reservation in &new.reservations {
        let before = old.reservation(reservation.sid);
        if before.is_none() {
            measured.push(Measured::One(Metric::Reservations));
        }
        if !before.is_some_and(is_ringing) && is_ringing(reservation) {
            let took = new.date_updated.since(reservation.date_created);
            measured.push(Measured::Took(Metric::TimeToRing, took));
        }
    }
    if old.rounds == 0 && new.rounds > 0 {
        let took = new.date_updated.since(new.date_created);
        measured.push(Measured::Took(Metric::TimeToReservation, took));
    }
    measured
}

/// What became of a call whose Task has just changed its status.
fn call_outcome(task: &Task) -> Option<Metric> {
    match (task.assignment_status, &task.reason) {
        (AssignmentStatus::Assigned, _) => Some(Metric::CallsAnswered),
        (AssignmentStatus::Canceled, Some(EndReason::Hangup)) => Some(Metric::CallsAbandoned),
        (
            AssignmentStatus::Canceled
            | AssignmentStatus::Pending
            | AssignmentStatus::Reserved
            | AssignmentStatus::Wrapping
            | AssignmentStatus::Completed,
            _,
        ) => None,
    }
}

/// Whether the carrier has accepted the call to the Worker.
fn is_ringing(reservation: &Reservation) -> bool {
    let instruction = reservation.instruction.as_ref();
    instruction.is_some_and(|instruction| instruction.worker_call_sid.is_some())
}

#[cfg(test)]
mod tests {
    use ids::time::Timestamp;
    use ids::{CallSid, ReservationSid, TaskSid, WorkerSid};
    use task_router::model::{Attributes, IssuedInstruction, TaskChannelName, Workflow, Workspace};
    use task_router::router::{NewTask, create_task};

    use super::*;

    const NOON: Timestamp = Timestamp::from_millis(1_795_348_800_000);

    fn later(secs: u64) -> Timestamp {
        NOON + Millis::from_secs(secs)
    }

    /// The Task of a call, and of other work.
    fn created(attributes: &str) -> Task {
        let set_up = config::read(
            include_str!("../../../contact-centre.yaml"),
            "contact-centre.yaml",
            ids::AccountSid::derive(&["measure"]),
        )
        .unwrap();
        let workspace: &Workspace = &set_up.workspace;
        let workflow: &Workflow = workspace.workflows.values().next().unwrap();
        let attributes: Attributes = attributes.parse().unwrap();
        let new = NewTask::new(TaskSid::derive(&["t"]), attributes, TaskChannelName::VOICE);
        create_task(workspace, workflow, new, NOON).unwrap()
    }

    fn call() -> Task {
        let call = CallSid::derive(&["c"]);
        created(&format!(
            r#"{{"selected_language":"en","call_sid":"{call}"}}"#
        ))
    }

    fn reserved(task: &Task) -> Task {
        let sid = ReservationSid::derive(&["r"]);
        let worker = WorkerSid::derive(&["w"]);
        let reservation = Reservation::new(sid, worker, "Maya", later(3), later(30));
        Task {
            assignment_status: AssignmentStatus::Reserved,
            reservations: vec![reservation],
            rounds: 1,
            date_updated: later(3),
            ..task.clone()
        }
    }

    #[test]
    fn answered_call_is_measured_step_by_step() {
        let created = call();
        assert_eq!(
            of_task(None, &created),
            [Measured::One(Metric::CallsOffered)]
        );
        let reserved = reserved(&created);
        assert_eq!(
            of_task(Some(&created), &reserved),
            [
                Measured::One(Metric::Reservations),
                Measured::Took(Metric::TimeToReservation, Millis::from_secs(3)),
            ]
        );
        let mut ringing = reserved.clone();
        ringing.date_updated = later(5);
        ringing.reservations[0].instruction = Some(IssuedInstruction {
            worker_call_sid: Some(CallSid::derive(&["worker"])),
            ..IssuedInstruction::default()
        });
        assert_eq!(
            of_task(Some(&reserved), &ringing),
            [Measured::Took(Metric::TimeToRing, Millis::from_secs(2))]
        );
        let assigned = Task {
            assignment_status: AssignmentStatus::Assigned,
            ..ringing.clone()
        };
        assert_eq!(
            of_task(Some(&ringing), &assigned),
            [Measured::One(Metric::CallsAnswered)]
        );
        assert_eq!(of_task(Some(&assigned), &assigned), []);
    }

    #[test]
    fn only_callers_who_hang_up_are_abandoned() {
        for (reason, expected) in [
            (
                EndReason::Hangup,
                vec![Measured::One(Metric::CallsAbandoned)],
            ),
            (EndReason::WorkflowTimeout, vec![]),
        ] {
            let waiting = call();
            let ended = Task {
                assignment_status: AssignmentStatus::Canceled,
                reason: Some(reason),
                ..waiting.clone()
            };
            assert_eq!(of_task(Some(&waiting), &ended), expected);
        }
    }

    #[test]
    fn other_work_is_no_call() {
        let created = created(r#"{"selected_language":"en"}"#);
        assert_eq!(of_task(None, &created), []);
        let assigned = Task {
            assignment_status: AssignmentStatus::Assigned,
            ..created.clone()
        };
        assert_eq!(of_task(Some(&created), &assigned), []);
    }
}
