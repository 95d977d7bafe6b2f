//! The assignment callback: ask the application what to do with a Reservation (taskrouter.md sections 11.1 and 11.2).

use std::time::Duration;

use shared::model::instruction::{CallbackMethod, InstructionError};
use shared::model::{Instruction, Reservation, ReservationSid, ReservationStatus, Task, TaskSid, Worker, Workflow};
use web::http::header::CONTENT_TYPE;

use crate::delivery::{DeliveryError, Webhook};
use crate::{Callbacks, Error};

/// How long the application may take (section 11.2).
const ANSWER_TIME_LIMIT: Duration = Duration::from_secs(5);

/// An answer that is no answer: the fallback URL gets its turn.
#[derive(Debug, thiserror::Error)]
enum CallbackError {
    #[error("the assignment callback was not answered")]
    Delivery(#[from] DeliveryError),
    #[error(transparent)]
    Instruction(InstructionError),
}

/// A Reservation with all that belongs to it.
pub(crate) struct Offer {
    pub task: Task,
    pub reservation: Reservation,
    pub worker: Worker,
}

impl Callbacks {
    /// Asks for an instruction and carries it out. What cannot be asked or used is logged and leaves the Reservation to
    /// its timeout.
    pub(crate) async fn assign(&self, task: TaskSid, reservation: ReservationSid) -> Result<(), Error> {
        let Some(offer) = self.load_offer(task, reservation).await? else { return Ok(()) };
        if offer.reservation.status != ReservationStatus::Pending || offer.reservation.instruction.is_some() {
            return Ok(());
        }
        let workspace = self.store.workspace(offer.task.workspace_sid, self.clock.now()).await?;
        let workflow = workspace.as_ref().and_then(|workspace| workspace.workflows.get(&offer.task.workflow_sid));
        let Some(workflow) = workflow else { return Ok(()) };
        match self.ask(&offer, workflow).await {
            Some(instruction) => self.carry_out(&offer, &instruction, fastrand::u64(..)).await,
            // The application may connect the Worker by a call of its own.
            None => Ok(self.store.name_reservation(reservation, task, self.clock.now()).await?),
        }
    }

    /// Everything about a Reservation, if it is of the Task's latest round.
    pub(crate) async fn load_offer(&self, task: TaskSid, reservation: ReservationSid) -> Result<Option<Offer>, Error> {
        let Some(task) = self.store.task(task).await? else { return Ok(None) };
        let Some(reservation) = task.reservation(reservation).cloned() else { return Ok(None) };
        let worker = self.store.worker(reservation.worker_sid).await?;
        Ok(worker.map(|worker| Offer { task, reservation, worker }))
    }

    /// The instruction of the callback or, if that fails, of the fallback.
    async fn ask(&self, offer: &Offer, workflow: &Workflow) -> Option<Instruction> {
        let urls = [&workflow.assignment_callback_url, &workflow.fallback_assignment_callback_url];
        for url in urls.into_iter().flatten() {
            match self.request(url, offer).await {
                Ok(instruction) => return instruction,
                Err(error) => tracing::warn!(
                    task_sid = %offer.task.sid,
                    reservation_sid = %offer.reservation.sid,
                    workflow_sid = %workflow.sid,
                    error = &error as &dyn std::error::Error,
                    "assignment callback failed"
                ),
            }
        }
        None
    }

    async fn request(&self, url: &str, offer: &Offer) -> Result<Option<Instruction>, CallbackError> {
        let webhook = Webhook {
            url,
            method: CallbackMethod::Post,
            form: &self.form(offer),
            token: &offer.reservation.sid.to_string(),
            time_limit: ANSWER_TIME_LIMIT,
        };
        let answer = self.deliver(&webhook).await?;
        let content_type = answer.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        match Instruction::from_json(content_type.unwrap_or_default(), answer.body()) {
            Ok(instruction) => Ok(instruction),
            Err(error) if error.is_failure() => Err(CallbackError::Instruction(error)),
            Err(error) => {
                tracing::error!(reservation_sid = %offer.reservation.sid, %error, "an instruction that cannot be used");
                Ok(None)
            }
        }
    }

    /// The parameters of section 11.1.
    fn form(&self, offer: &Offer) -> Vec<(String, String)> {
        let now = self.clock.now();
        let Offer { task, reservation, worker } = offer;
        [
            ("Timestamp", now.as_secs().to_string()),
            ("AccountSid", self.account_sid.to_string()),
            ("WorkspaceSid", task.workspace_sid.to_string()),
            ("WorkflowSid", task.workflow_sid.to_string()),
            ("TaskQueueSid", task.task_queue_sid.to_string()),
            ("TaskSid", task.sid.to_string()),
            ("TaskAttributes", task.attributes.to_json()),
            ("TaskAge", now.since(task.date_created).as_secs().to_string()),
            ("TaskPriority", task.priority.to_string()),
            ("ReservationSid", reservation.sid.to_string()),
            ("WorkerSid", worker.sid.to_string()),
            ("WorkerName", worker.friendly_name.clone()),
            ("WorkerAttributes", worker.attributes.to_json()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec()
    }
}
