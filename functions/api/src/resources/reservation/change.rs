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
use crate::resources::activity;

const WORKER_ACTIVITY: &str = "WorkerActivitySid";
const INSTRUCTION: &str = "Instruction";

/// `POST …/Tasks/{TaskSid}/Reservations/{Sid}` with `ReservationStatus`, and `WorkerActivitySid` with `rejected`; or with
/// `Instruction` and its parameters, which answers before anybody is called.
pub async fn update_of_task(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let change = Change::read(&context.form)?;
    let found = find_under_task(context).await?;
    let url = found.url_under_task(&context.view);
    update(context, found, change, &url).await
}

/// `POST …/Workers/{WorkerSid}/Reservations/{Sid}`, as under the Task, but for the instruction `supervise`.
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

/// What somebody wants of a Reservation.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Change {
    /// Nothing.
    Nothing,
    /// The Worker takes the Task.
    Accept,
    /// The Worker does not, and moves to this Activity if one is named.
    Reject(Option<ActivitySid>),
    /// The conversation is over.
    Wrap,
    /// All is done.
    Complete,
    /// Calls shall be made.
    Instruct(Instruction),
}

impl Change {
    fn read(form: &Parameters) -> Result<Self, ApiError> {
        let instruction =
            Instruction::from_form(form.as_pairs()).map_err(|error| unreadable(&error))?;
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
    let (task, reservation) = (found.task.sid, found.reservation.sid);
    let answered = |answer| Command::Answered {
        task,
        reservation,
        answer,
    };
    let event = match change {
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
        return Err(is_over(&found));
    }
    let applied = context.apply(&event).await?;
    let task = applied.task.unwrap_or(found.task);
    let now = Found::all(&task)
        .find(|now| now.reservation.sid == reservation)
        .ok_or_else(|| context.not_found())?;
    // Of two programs that accept the same Reservation one is told that it did (taskrouter.md section 6).
    let is_answer = matches!(event, Command::Answered { .. });
    if is_answer && applied.outcome == Outcome::AlreadySo {
        Err(is_over(&now))
    } else {
        now.answer(context, url)
    }
}

/// Hands an instruction to whoever carries it out; what cannot be done as things stand is refused here.
async fn instruct(
    context: &RequestContext<'_>,
    workspace: &Workspace,
    found: &Found,
    instruction: Instruction,
) -> Result<(), ApiError> {
    let (task, reservation) = (&found.task, &found.reservation);
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
    let (task, reservation, request) = (task.sid, reservation.sid, context.api.ids.next_request());
    let name = instruction.name().as_str();
    // What changes between here and there makes the claim fail: the condition holds for the write, too.
    let expected_versions = context.expected_versions();
    let message = Callback::Instruct {
        task,
        reservation,
        instruction,
        request,
        expected_versions,
    };
    context.api.outbox.callback(message).await?;
    tracing::info!(task_sid = %task, reservation_sid = %reservation, instruction = name, "instruction handed on");
    Ok(())
}

/// Names the parameter, with its debugger code where it has one (taskrouter.md section 15).
fn unreadable(error: &InstructionError) -> ApiError {
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

/// The refusal of what a Reservation's status does not allow; one that was rescinded says that (taskrouter.md section 15).
fn refused(found: &Found, sentence: String) -> ApiError {
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
        | ReservationStatus::Completed => ApiError::State(sentence),
    }
}

/// A Reservation that has been answered, or is of an earlier round, can be answered no more.
fn is_over(found: &Found) -> ApiError {
    let (sid, is) = (found.reservation.sid, found.reservation.status.as_str());
    refused(
        found,
        format!("Reservation {sid} is {is} and no longer pending"),
    )
}

impl Found {
    /// The change of the Task that wrapping or completing its Reservation is (taskrouter.md section 11.4).
    fn status_set(&self, status: AssignmentStatus) -> Result<Command, ApiError> {
        let is_held = match self.reservation.status {
            ReservationStatus::Accepted | ReservationStatus::Wrapping => true,
            // Again: it is as it should be.
            ReservationStatus::Completed => status == AssignmentStatus::Completed,
            ReservationStatus::Pending
            | ReservationStatus::Rejected
            | ReservationStatus::Timeout
            | ReservationStatus::Canceled
            | ReservationStatus::Rescinded => false,
        };
        if !is_held {
            let (sid, is) = (self.reservation.sid, self.reservation.status.as_str());
            return Err(ApiError::State(format!(
                "Reservation {sid} is {is} and not currently accepted or wrapping."
            )));
        }
        Ok(Command::StatusSet {
            task: self.task.sid,
            status,
            reason: EndReason::Given(String::new()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::reservation::STATUSES;
    use crate::resources::reservation::tests::found;

    #[test]
    fn only_a_task_somebody_has_is_wrapped_up_or_completed_through_its_reservation() {
        for status in STATUSES {
            let allowed = |wanted| found(status).status_set(wanted).is_ok();
            let expected = match status.as_str() {
                "accepted" | "wrapping" => (true, true),
                "completed" => (false, true),
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
    fn a_status_that_cannot_be_asked_for_is_refused() {
        let read = |form: &str| {
            Change::read(&Parameters::of_form(&http::HeaderMap::new(), form.as_bytes()).unwrap())
        };
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
