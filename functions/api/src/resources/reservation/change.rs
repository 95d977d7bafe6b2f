//! Answers to Reservations, and instructions for them (taskrouter.md section 11.4).

use ids::ActivitySid;
use task_router::model::instruction::{InstructionError, check};
use task_router::model::{
    AssignmentStatus, EndReason, Instruction, ReservationStatus, Worker, Workspace,
};
use task_router::router::effects::Callback;
use task_router::router::{Answer as Reply, Command, Outcome};

use super::{Found, STATUS, find_under_task, find_under_worker, url_under_worker};
use crate::answer::Answer;
use crate::error::ApiError;
use crate::parameters::Parameters;
use crate::request_context::RequestContext;
use crate::resources::{activity, dialing};

const WORKER_ACTIVITY: &str = "WorkerActivitySid";
const INSTRUCTION: &str = "Instruction";

/// `POST …/Tasks/{TaskSid}/Reservations/{Sid}` with `ReservationStatus`, and `WorkerActivitySid`
/// with `rejected`; or with `Instruction` and its parameters. An instruction is answered before it
/// is carried out.
pub async fn update_of_task(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let change = Change::read(&context.form)?;
    let found = find_under_task(context).await?;
    let url = found.url_under_task(&context.view);
    update(context, found, change, &url).await
}

/// `POST …/Workers/{WorkerSid}/Reservations/{Sid}`, as under the Task, but without the instruction
/// `supervise`.
pub async fn update_of_worker(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let change = Change::read(&context.form)?;
    if matches!(change, Change::Instruct(Instruction::Supervise(_))) {
        return Err(ApiError::parameter(
            INSTRUCTION,
            "supervise is given under the Task, not under the Worker",
        ));
    }
    let (worker, found) = find_under_worker(context).await?;
    let url = url_under_worker(&context.view, &worker);
    update(context, found, change, &url).await
}

/// The requested change of a Reservation.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Change {
    /// No change.
    Nothing,
    /// The Worker accepts the Task.
    Accept,
    /// The Worker rejects the Task, and moves to the Activity if there is one.
    Reject(Option<ActivitySid>),
    /// The conversation has ended and the Worker wraps up.
    Wrap,
    /// The Task is completed.
    Complete,
    /// An instruction is to be carried out at the carrier.
    Instruct(Instruction),
}

impl Change {
    fn read(form: &Parameters) -> Result<Self, ApiError> {
        let instruction =
            Instruction::from_form(form.as_pairs()).map_err(|error| invalid_instruction(&error))?;
        let activity = form.sid(WORKER_ACTIVITY)?;
        let status = form.parsed(STATUS, |text| match text {
            "accepted" => Ok(Self::Accept),
            "rejected" => Ok(Self::Reject(activity)),
            "wrapping" => Ok(Self::Wrap),
            "completed" => Ok(Self::Complete),
            _ => Err("expected accepted, rejected, wrapping or completed".to_owned()),
        })?;
        match (status, instruction) {
            (Some(_), Some(_)) => Err(ApiError::parameter(
                INSTRUCTION,
                format!("cannot be given with {STATUS}"),
            )),
            (Some(status), None) => Ok(status),
            (None, Some(Instruction::Accept)) => Ok(Self::Accept),
            (None, Some(Instruction::Reject { activity_sid })) => Ok(Self::Reject(activity_sid)),
            (None, Some(instruction)) => Ok(Self::Instruct(instruction)),
            (None, None) => Ok(Self::Nothing),
        }
    }
}

async fn update(
    context: &RequestContext<'_>,
    found: Found,
    change: Change,
    url: &str,
) -> Result<Answer, ApiError> {
    let workspace = context.workspace().await?;
    activity::check(
        context.form.sid(WORKER_ACTIVITY)?,
        WORKER_ACTIVITY,
        &workspace,
    )?;
    let reservation = found.reservation.sid;
    let answered = |answer| Command::Answered {
        task: found.task.sid,
        reservation,
        answer,
    };
    let command = match change {
        Change::Nothing => {
            context.check_version(found.task.visible_version())?;
            return found.answer(context, url);
        }
        Change::Instruct(instruction) => {
            context.check_version(found.task.visible_version())?;
            instruct(context, &workspace, &found, instruction).await?;
            return found.answer(context, url);
        }
        Change::Accept => answered(Reply::Accept),
        Change::Reject(activity) => answered(Reply::Reject { activity }),
        Change::Wrap => found.status_set(AssignmentStatus::Wrapping)?,
        Change::Complete => found.status_set(AssignmentStatus::Completed)?,
    };
    if found.task.reservation(reservation).is_none() {
        return Err(not_pending(&found));
    }
    let applied = context.apply(&command).await?;
    let task = applied.task.unwrap_or(found.task);
    let updated = Found::all(&task)
        .find(|found| found.reservation.sid == reservation)
        .ok_or_else(|| context.not_found())?;
    // When two programs accept the same Reservation, only one gets a success (taskrouter.md
    // section 6). So an answer is not idempotent for its clients, although it is for the engine.
    let is_answer = matches!(command, Command::Answered { .. });
    if is_answer && applied.outcome == Outcome::AlreadySo {
        Err(not_pending(&updated))
    } else {
        updated.answer(context, url)
    }
}

/// Checks an instruction against the present state and sends it to the callbacks queue, which
/// carries it out.
async fn instruct(
    context: &RequestContext<'_>,
    workspace: &Workspace,
    found: &Found,
    instruction: Instruction,
) -> Result<(), ApiError> {
    let task = &found.task;
    let reservation = &found.reservation;
    let worker = context
        .api
        .store
        .worker(instruction.supervisor().unwrap_or(reservation.worker_sid))
        .await?;
    let contact_uri = worker.as_ref().and_then(Worker::contact_uri);
    check(
        &instruction,
        &task.attributes,
        reservation,
        contact_uri,
        &workspace.activities,
    )
    .map_err(|impossible| refused(found, impossible.to_string()))?;
    let dialing = dialing::limits(context).await?;
    for address in instruction.dialed(task, contact_uri) {
        dialing.check(address).map_err(|error| {
            let instruction = instruction.name().title();
            ApiError::State(format!(
                "Unable to execute {instruction} instruction. {error}"
            ))
        })?;
    }
    let name = instruction.name().as_str();
    // The condition of `If-Match` is sent along: a change of the Task between this check and the
    // claim of the instruction makes the claim fail.
    let message = Callback::Instruct {
        task: task.sid,
        reservation: reservation.sid,
        instruction,
        request: context.api.ids.next_request(),
        expected_versions: context.expected_versions(),
    };
    context.api.outbox.callback(message).await?;
    tracing::info!(
        task_sid = %task.sid,
        reservation_sid = %reservation.sid,
        instruction = name,
        "instruction sent to the callbacks queue"
    );
    Ok(())
}

/// The error for an invalid instruction: the parameter, and its debugger code if it has one
/// (taskrouter.md section 15).
fn invalid_instruction(error: &InstructionError) -> ApiError {
    match error {
        InstructionError::Parameter { parameter, .. } => {
            ApiError::parameter(parameter, error.to_string())
        }
        InstructionError::Unknown(_)
        | InstructionError::ContentType(_)
        | InstructionError::NotJson(_)
        | InstructionError::NoInstruction => ApiError::parameter(INSTRUCTION, error.to_string()),
    }
}

/// The error for a change that the Reservation's status does not allow. A rescinded Reservation has
/// an error of its own (taskrouter.md section 15).
fn refused(found: &Found, message: String) -> ApiError {
    match found.reservation.status {
        ReservationStatus::Rescinded => ApiError::Rescinded {
            reservation: found.reservation.sid,
        },
        ReservationStatus::Pending
        | ReservationStatus::Accepted
        | ReservationStatus::Rejected
        | ReservationStatus::Timeout
        | ReservationStatus::Canceled
        | ReservationStatus::Wrapping
        | ReservationStatus::Completed => ApiError::State(message),
    }
}

/// The error for an answer to a Reservation that has been answered or is of an earlier round.
fn not_pending(found: &Found) -> ApiError {
    let sid = found.reservation.sid;
    let status = found.reservation.status.as_str();
    let message = format!("Reservation {sid} is {status} and no longer pending");
    refused(found, message)
}

impl Found {
    /// The Command that wraps or completes the Task of this Reservation (taskrouter.md section
    /// 11.4).
    fn status_set(&self, status: AssignmentStatus) -> Result<Command, ApiError> {
        let is_held = match self.reservation.status {
            ReservationStatus::Accepted | ReservationStatus::Wrapping => true,
            ReservationStatus::Pending
            | ReservationStatus::Completed
            | ReservationStatus::Rejected
            | ReservationStatus::Timeout
            | ReservationStatus::Canceled
            | ReservationStatus::Rescinded => false,
        };
        if !is_held {
            let sid = self.reservation.sid;
            let is = self.reservation.status.as_str();
            let message =
                format!("Reservation {sid} is {is} and not currently accepted or wrapping.");
            return Err(refused(self, message));
        }
        Ok(Command::StatusSet {
            task: self.task.sid,
            status,
            reason: EndReason::Given(String::new()),
            attributes: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::reservation::STATUSES;
    use crate::resources::reservation::tests::found;

    /// Only an accepted or wrapping Reservation is wrapped or completed.
    #[test]
    fn only_held_reservation_is_wrapped_or_completed() {
        for status in STATUSES {
            let allowed = |requested| found(status).status_set(requested).is_ok();
            let expected = match status.as_str() {
                "accepted" | "wrapping" => (true, true),
                _ => (false, false),
            };
            assert_eq!(
                (
                    allowed(AssignmentStatus::Wrapping),
                    allowed(AssignmentStatus::Completed)
                ),
                expected,
                "{status:?}"
            );
        }
    }

    #[test]
    fn invalid_change_is_refused() {
        let read = |form: &str| Change::read(&Parameters::url_encoded(form.as_bytes()).unwrap());
        assert_eq!(read("").unwrap(), Change::Nothing);
        assert_eq!(
            read("ReservationStatus=rejected").unwrap(),
            Change::Reject(None)
        );
        for wrong in [
            "pending",
            "timeout",
            "canceled",
            "rescinded",
            "Accepted",
            "",
        ] {
            assert!(
                read(&format!("ReservationStatus={wrong}")).is_err(),
                "{wrong}"
            );
        }
        let activity = "WA00000000000000000000000000000002";
        let rejected = Change::Reject(activity.parse().ok());
        assert_eq!(
            read(&format!("Instruction=reject&WorkerActivitySid={activity}")).unwrap(),
            rejected
        );
        assert_eq!(read("Instruction=accept").unwrap(), Change::Accept);
        for (wrong, sentence) in [
            ("Instruction=dance", "Instruction: 55555"),
            (
                "Instruction=accept&ReservationStatus=accepted",
                "Instruction: cannot be given with ReservationStatus",
            ),
            (
                "Instruction=dequeue&DequeueTimeout=1000",
                "DequeueTimeout: ",
            ),
            (
                "Instruction=dequeue&DequeuePostWorkActivitySid=WK1",
                "DequeuePostWorkActivitySid: 40130",
            ),
            ("Instruction=call&CallFrom=%2B17075550100", "CallUrl: 40112"),
            ("Instruction=redirect", "RedirectCallSid: 40121"),
            (
                "Instruction=conference&MaxParticipants=1",
                "MaxParticipants: ",
            ),
            (
                "Instruction=conference&ConferenceStatusCallback=nowhere",
                "ConferenceStatusCallback: ",
            ),
            ("Instruction=supervise", "Supervisor: "),
            (
                "Instruction=supervise&Supervisor=client:eve&SupervisorMode=sing",
                "SupervisorMode: ",
            ),
        ] {
            let error = read(wrong).unwrap_err().to_string();
            assert!(error.starts_with(sentence), "{wrong}: {error}");
        }
        let dequeue =
            read("Instruction=dequeue&DequeueTo=client%3Aalice&DequeueTimeout=20").unwrap();
        let Change::Instruct(Instruction::Dequeue(dequeue)) = dequeue else {
            panic!("{dequeue:?}")
        };
        assert_eq!(
            (dequeue.to.as_deref(), dequeue.timeout.as_secs()),
            (Some("client:alice"), 20)
        );
    }
}
