//! The assignment callback: ask the application what to do with a Reservation, and do it (taskrouter.md section 11).

use std::time::Duration;

use carrier::NewCall;
use shared::model::{
    IssuedInstruction, Reservation, ReservationSid, ReservationStatus, Task, TaskSid, Worker, Workflow,
};
use shared::router::{Answer, Event, Outcome};
use shared::webhook::signature::{SIGNATURE_HEADER, sign};
use shared::webhook::{path, redact};
use web::http::header::CONTENT_TYPE;
use web::{Limits, WebError};

use crate::instruction::{Dequeue, Instruction, InstructionError, parse};
use crate::{Callbacks, Error};

/// How long the application may take (section 11.2).
const ANSWER_TIME_LIMIT: Duration = Duration::from_secs(5);

/// The most an answer may hold, in bytes: an instruction with every parameter is a hundredth of it.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// The same on every attempt to deliver one webhook, so that a receiver can tell a repetition.
const IDEMPOTENCY_HEADER: &str = "I-Twilio-Idempotency-Token";

/// An answer that is no answer: the fallback URL gets its turn.
#[derive(Debug, thiserror::Error)]
enum CallbackError {
    #[error(transparent)]
    Forbidden(#[from] crate::destination::Forbidden),
    #[error("the assignment callback did not answer")]
    NoAnswer(#[from] WebError),
    #[error("the assignment callback answered with HTTP {0}")]
    Status(u16),
    #[error("the assignment callback's answer has more than {ANSWER_BYTES_MAX} bytes")]
    TooLong,
    #[error(transparent)]
    Instruction(#[from] InstructionError),
}

/// A pending Reservation nobody has acted on, with all that belongs to it.
struct Offer {
    task: Task,
    reservation: Reservation,
    worker: Worker,
    workflow: Workflow,
}

impl Callbacks {
    /// Asks for an instruction and carries it out. What cannot be asked or used is logged and leaves the Reservation to
    /// its timeout.
    pub(crate) async fn assign(&self, task: TaskSid, reservation: ReservationSid) -> Result<(), Error> {
        let Some(offer) = self.load_offer(task, reservation).await? else { return Ok(()) };
        match self.ask(&offer).await {
            None => Ok(()),
            Some(Instruction::Accept) => self.answer(&offer, Answer::Accept).await,
            Some(Instruction::Reject { activity_sid }) => {
                self.answer(&offer, Answer::Reject { activity: activity_sid }).await
            }
            Some(Instruction::Dequeue(dequeue)) => self.dequeue(&offer, &dequeue).await,
        }
    }

    async fn load_offer(&self, task: TaskSid, reservation: ReservationSid) -> Result<Option<Offer>, Error> {
        let Some(task) = self.store.task(task).await? else { return Ok(None) };
        let Some(reservation) = task.reservation(reservation).cloned() else { return Ok(None) };
        if reservation.status != ReservationStatus::Pending || reservation.instruction.is_some() {
            return Ok(None);
        }
        let Some(worker) = self.store.worker(reservation.worker_sid).await? else { return Ok(None) };
        let workspace = self.store.workspace(task.workspace_sid, self.clock.now()).await?;
        let workflow = workspace.and_then(|workspace| workspace.workflows.get(&task.workflow_sid).cloned());
        Ok(workflow.map(|workflow| Offer { task, reservation, worker, workflow }))
    }

    /// The instruction of the callback or, if that fails, of the fallback.
    async fn ask(&self, offer: &Offer) -> Option<Instruction> {
        let urls = [&offer.workflow.assignment_callback_url, &offer.workflow.fallback_assignment_callback_url];
        for url in urls.into_iter().flatten() {
            match self.request(&self.absolute(url), offer).await {
                Ok(instruction) => return instruction,
                Err(error) => tracing::warn!(
                    task_sid = %offer.task.sid,
                    reservation_sid = %offer.reservation.sid,
                    workflow_sid = %offer.workflow.sid,
                    error = &error as &dyn std::error::Error,
                    "assignment callback failed"
                ),
            }
        }
        None
    }

    async fn request(&self, url: &str, offer: &Offer) -> Result<Option<Instruction>, CallbackError> {
        // Our own address is ours to ask, wherever it is.
        let ours = url.strip_prefix(&self.public_url).is_some_and(|rest| rest.starts_with('/'));
        let mut target = if ours { crate::Destinations::Anywhere } else { self.destinations }.check(url)?;
        target.set_fragment(None);
        let form = self.form(offer);
        let request = web::http::Request::post(target.as_str())
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(SIGNATURE_HEADER, sign(&self.auth_token, target.as_str(), &form))
            .header(IDEMPOTENCY_HEADER, offer.reservation.sid.to_string());
        let request = web::request(request, serde_urlencoded::to_string(&form).unwrap_or_default().into_bytes())?;
        // One byte more than is allowed tells that it is too much.
        let limits = Limits { time: ANSWER_TIME_LIMIT, body_bytes: ANSWER_BYTES_MAX + 1 };
        let answer = self.web.send(request, limits).await?;
        if !answer.status().is_success() {
            return Err(CallbackError::Status(answer.status().as_u16()));
        }
        if answer.body().len() > ANSWER_BYTES_MAX {
            return Err(CallbackError::TooLong);
        }
        let content_type = answer.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        Ok(parse(content_type.unwrap_or_default(), answer.body())?)
    }

    /// The parameters of section 11.1.
    fn form(&self, offer: &Offer) -> Vec<(String, String)> {
        let now = self.clock.now();
        let Offer { task, reservation, worker, workflow } = offer;
        [
            ("Timestamp", now.as_secs().to_string()),
            ("AccountSid", self.account_sid.to_string()),
            ("WorkspaceSid", task.workspace_sid.to_string()),
            ("WorkflowSid", workflow.sid.to_string()),
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

    async fn answer(&self, offer: &Offer, answer: Answer) -> Result<(), Error> {
        let event = Event::Answered { task: offer.task.sid, reservation: offer.reservation.sid, answer };
        let applied = self.store.apply(&event, self.clock.now()).await?;
        tracing::info!(task_sid = %offer.task.sid, reservation_sid = %offer.reservation.sid, outcome = ?applied.outcome, "instruction carried out");
        Ok(())
    }

    /// Rings the Worker; the TwiML of their leg accepts and connects (section 11.3, dequeue).
    async fn dequeue(&self, offer: &Offer, dequeue: &Dequeue) -> Result<(), Error> {
        let (task, reservation) = (offer.task.sid, offer.reservation.sid);
        if offer.task.call_sid().is_none() {
            tracing::error!(task_sid = %task, "40140: dequeue needs a Task with `call_sid` in its attributes");
            return Ok(());
        }
        let Some(to) = dequeue.to.as_deref().or(offer.worker.contact_uri()) else {
            tracing::error!(worker_sid = %offer.worker.sid, "40131: dequeue has no `to` and the Worker no `contact_uri`");
            return Ok(());
        };
        let Some(from) = dequeue.from.as_deref().or(offer.task.attributes.text("to")) else {
            tracing::error!(task_sid = %task, "40132: dequeue has no `from` and the Task no `to` in its attributes");
            return Ok(());
        };
        let claim = fastrand::u64(..);
        let instruction = IssuedInstruction {
            claim,
            plan: shared::model::instruction::Plan::default(),
            worker_call_sid: None,
            post_work_activity_sid: dequeue.post_work_activity_sid,
            ring_timeout_secs: dequeue.ring_timeout_secs(),
        };
        let issue = Event::InstructionIssued { task, reservation, instruction };
        let issued = self.store.apply(&issue, self.clock.now()).await?.task;
        let issued = issued.and_then(|task| task.reservation(reservation)?.instruction.clone());
        if issued.is_none_or(|issued| issued.claim != claim) {
            return Ok(());
        }
        let call = NewCall {
            to: to.to_owned(),
            from: from.to_owned(),
            url: self.absolute(&path::worker_call(task, reservation)),
            status_callback: self.absolute(&path::worker_call_status(task, reservation)),
            ring_timeout_secs: dequeue.ring_timeout_secs(),
        };
        self.ring(offer, &call).await
    }

    /// Places the call and notes its id. From here on nothing is an error of ours to repeat: the instruction is issued,
    /// and a second attempt would not place a second call.
    async fn ring(&self, offer: &Offer, call: &NewCall) -> Result<(), Error> {
        let (task, reservation) = (offer.task.sid, offer.reservation.sid);
        let worker_call = match self.carrier.create_call(call).await {
            Ok(worker_call) => worker_call,
            Err(error) => {
                tracing::error!(
                    task_sid = %task, reservation_sid = %reservation, to = %redact(&call.to),
                    error = &error as &dyn std::error::Error, "40133: the call to the Worker could not be placed"
                );
                // Without a clear refusal the phone may be ringing: the Reservation's deadline decides.
                if error.is_refusal() {
                    let failed = Event::WorkerCallEnded { task, reservation, code: error.code() };
                    self.store.apply(&failed, self.clock.now()).await?;
                }
                return Ok(());
            }
        };
        let named = Event::WorkerCallNamed { task, reservation, call: worker_call };
        let applied = self.store.apply(&named, self.clock.now()).await?;
        if let Outcome::Refused(refusal) = applied.outcome {
            tracing::info!(task_sid = %task, call_sid = %worker_call, %refusal, "the Task was gone before the Worker's phone rang");
            self.carrier.end_call(worker_call).await?;
        }
        Ok(())
    }
}
