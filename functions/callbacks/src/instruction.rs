//! Carrying instructions out, whoever gave them: the assignment callback or the REST API (taskrouter.md section 11.3).
//!
//! Placing a call cannot be repeated safely. So whoever wants to first writes that they do, with a number of their own, and
//! goes on only if it is theirs that stands there.

use carrier::{Moved, NewCall, Recording, SipUser};
use shared::model::instruction::{
    Call, CallEvent, CallRecord, Conference, ConferencePlan, Dequeue, Plan, Redirect, RingTimeout, StatusCallback,
    Supervise, Supervision, Supervisor, check,
};
use shared::model::{
    ActivitySid, CallSid, Instruction, IssuedInstruction, ReservationSid, ReservationStatus, TaskSid, Worker,
};
use shared::planted::{self, Bug};
use shared::router::{Answer, Event, Outcome};
use shared::webhook::{path, redact};

use crate::assignment::Offer;
use crate::{Callbacks, Error};

/// A call to a Worker under an instruction.
struct Ring<'a> {
    to: &'a str,
    from: &'a str,
    /// Asked for TwiML when it is answered.
    url: String,
    timeout: RingTimeout,
    status_callback: Option<&'a StatusCallback>,
    /// What we want to be told ourselves, before its end.
    told: &'a [CallEvent],
    recording: Option<Recording>,
    sip_user: Option<SipUser>,
    /// What is said when it cannot be placed.
    refused: &'static str,
}

impl Ring<'_> {
    /// What the carrier is to tell before the end of the call: what somebody asked for, and what we need.
    fn events(&self) -> Vec<CallEvent> {
        let theirs = self.status_callback.map(|callback| callback.events.as_slice()).unwrap_or_default();
        let ours = self.told.iter().filter(|event| !theirs.contains(*event));
        theirs.iter().chain(ours).copied().collect()
    }
}

impl Callbacks {
    /// Carries out an instruction that came through the REST API.
    pub(crate) async fn instruct(
        &self,
        task: TaskSid,
        reservation: ReservationSid,
        instruction: &Instruction,
        request: u64,
    ) -> Result<(), Error> {
        let Some(offer) = self.load_offer(task, reservation).await? else { return Ok(()) };
        self.carry_out(&offer, instruction, request).await
    }

    /// Does what `instruction` says, unless things no longer stand so. `request` is the same for the same instruction,
    /// however often it comes.
    pub(crate) async fn carry_out(&self, offer: &Offer, instruction: &Instruction, request: u64) -> Result<(), Error> {
        let supervisor = match instruction {
            Instruction::Supervise(supervise) => self.supervisor(supervise).await?,
            Instruction::Accept
            | Instruction::Reject { .. }
            | Instruction::Dequeue(_)
            | Instruction::Call(_)
            | Instruction::Redirect(_)
            | Instruction::Conference(_) => None,
        };
        let worker = supervisor.as_ref().unwrap_or(&offer.worker);
        let Some(workspace) = self.store.workspace(offer.task.workspace_sid, self.clock.now()).await? else {
            return Ok(());
        };
        let (attributes, activities) = (&offer.task.attributes, &workspace.activities);
        if let Err(impossible) = check(instruction, attributes, &offer.reservation, worker.contact_uri(), activities) {
            let (code, reservation) = (impossible.code(), offer.reservation.sid);
            tracing::error!(code, reservation_sid = %reservation, error = %impossible, "an instruction is not carried out");
            return Ok(());
        }
        match instruction {
            Instruction::Accept => self.answer(offer, Answer::Accept).await,
            Instruction::Reject { activity_sid } => {
                self.answer(offer, Answer::Reject { activity: *activity_sid }).await
            }
            Instruction::Dequeue(dequeue) => self.dequeue(offer, dequeue).await,
            Instruction::Call(call) => self.call(offer, call).await,
            Instruction::Redirect(redirect) => self.redirect(offer, redirect).await,
            Instruction::Conference(conference) => self.conference(offer, conference).await,
            Instruction::Supervise(supervise) => self.supervise(offer, supervise, worker, request).await,
        }
    }

    async fn answer(&self, offer: &Offer, answer: Answer) -> Result<(), Error> {
        let event = Event::Answered { task: offer.task.sid, reservation: offer.reservation.sid, answer };
        let applied = self.store.apply(&event, self.clock.now()).await?;
        tracing::info!(task_sid = %offer.task.sid, reservation_sid = %offer.reservation.sid, outcome = ?applied.outcome, "instruction carried out");
        Ok(())
    }

    /// Rings the Worker; the TwiML of their leg leads to the caller.
    async fn dequeue(&self, offer: &Offer, dequeue: &Dequeue) -> Result<(), Error> {
        let (Some(to), Some(from)) = parties(offer, dequeue.to.as_deref(), dequeue.from.as_deref()) else {
            return Ok(());
        };
        let plan = Plan::Dequeue { status_callback: dequeue.status_callback.clone() };
        if !self.claim(offer, plan, dequeue.post_work_activity_sid, dequeue.timeout, false).await? {
            return Ok(());
        }
        let ring = Ring {
            to,
            from,
            url: self.absolute(&path::worker_call(offer.task.sid, offer.reservation.sid)),
            timeout: dequeue.timeout,
            status_callback: dequeue.status_callback.as_ref(),
            told: &[],
            recording: recording(dequeue.record),
            sip_user: None,
            refused: "40133: the call to the Worker could not be placed",
        };
        self.ring(offer, &ring).await
    }

    /// Rings the Worker; somebody's TwiML says what happens then. We hear of it by the call's notices only, the first of which
    /// stands in for the carrier's reply, should that be lost.
    async fn call(&self, offer: &Offer, call: &Call) -> Result<(), Error> {
        let (Some(to), Some(from)) = parties(offer, call.to.as_deref(), Some(&call.from)) else { return Ok(()) };
        // That TwiML may ask for the caller by nothing but the Reservation.
        self.store.name_reservation(offer.reservation.sid, offer.task.sid, self.clock.now()).await?;
        let plan = Plan::Call { status_callback: call.status_callback.clone(), dialed_by: None };
        if !self.claim(offer, plan, None, call.timeout, call.accept).await? {
            return Ok(());
        }
        let ring = Ring {
            to,
            from,
            url: call.url.clone(),
            timeout: call.timeout,
            status_callback: call.status_callback.as_ref(),
            told: if call.accept { &[CallEvent::Initiated, CallEvent::Answered] } else { &[CallEvent::Answered] },
            recording: recording(call.record),
            sip_user: None,
            refused: "40113: the call to the Worker could not be placed",
        };
        self.ring(offer, &ring).await
    }

    /// Sends a waiting call to somebody's TwiML. Nobody is rung, so the Reservation keeps its own time. Should the carrier's
    /// reply be lost, the caller's leaving the queue says the same (`queue-exit`).
    async fn redirect(&self, offer: &Offer, redirect: &Redirect) -> Result<(), Error> {
        if !self.claim(offer, Plan::Redirect, None, RingTimeout::default(), redirect.accept).await? {
            return Ok(());
        }
        let (task, reservation) = (offer.task.sid, offer.reservation.sid);
        let code = match self.carrier.redirect_call(redirect.call_sid, &redirect.url).await {
            Ok(Moved::Yes) if redirect.accept => return self.answer(offer, Answer::Accept).await,
            Ok(Moved::Yes) => return Ok(()),
            Ok(Moved::AlreadyOver) => None,
            Err(error) => {
                tracing::error!(reservation_sid = %reservation, error = &error as &dyn std::error::Error, "40122: the call could not be redirected");
                if !error.is_refusal() {
                    return Ok(());
                }
                error.code()
            }
        };
        self.store.apply(&Event::WorkerCallEnded { task, reservation, code }, self.clock.now()).await?;
        Ok(())
    }

    /// Rings the Worker into the conference; the caller follows when the Worker is in ([`Self::move_caller`]).
    async fn conference(&self, offer: &Offer, conference: &Conference) -> Result<(), Error> {
        let (Some(to), Some(from)) = parties(offer, conference.to.as_deref(), conference.from.as_deref()) else {
            return Ok(());
        };
        let plan = ConferencePlan { conference: conference.clone(), ..ConferencePlan::default() };
        let plan = Plan::Conference(Box::new(plan));
        if !self.claim(offer, plan, conference.post_work_activity_sid, conference.timeout, false).await? {
            return Ok(());
        }
        let record = || Recording {
            channels: conference.recording_channels,
            status_callback: conference.recording_status_callback.clone(),
        };
        let password = conference.sip_auth_password.clone();
        let ring = Ring {
            to,
            from,
            url: self.absolute(&path::worker_call(offer.task.sid, offer.reservation.sid)),
            timeout: conference.timeout,
            status_callback: conference.status_callback.as_ref(),
            told: &[],
            recording: conference.record.then(record),
            sip_user: conference.sip_auth_username.clone().map(|username| SipUser { username, password }),
            refused: "40145: the call to the Worker could not be placed",
        };
        self.ring(offer, &ring).await
    }

    /// The Worker is in the conference: the caller leaves the queue for it. Moving them again would begin their document
    /// anew, so it is done only while nobody has accepted.
    pub(crate) async fn move_caller(
        &self,
        call: CallSid,
        task: TaskSid,
        reservation: ReservationSid,
    ) -> Result<(), Error> {
        let found = self.store.task(task).await?;
        let offer = found.as_ref().and_then(|task| task.reservation(reservation));
        if offer.is_none_or(|offer| offer.status != ReservationStatus::Pending) {
            return Ok(());
        }
        let event = match self.carrier.redirect_call(call, &self.absolute(&path::customer(task, reservation))).await {
            Ok(Moved::Yes) => return Ok(()),
            Ok(Moved::AlreadyOver) => {
                tracing::info!(task_sid = %task, "40144: the caller hung up before they could join the conference");
                Event::CallerGone { task, reason: shared::model::EndReason::Hangup, carrier_queue: None }
            }
            Err(error) if error.is_refusal() => {
                tracing::error!(task_sid = %task, error = &error as &dyn std::error::Error, "40145: the caller could not be moved");
                Event::WorkerCallEnded { task, reservation, code: error.code() }
            }
            Err(error) => return Err(error.into()),
        };
        self.store.apply(&event, self.clock.now()).await?;
        Ok(())
    }

    /// The Worker who supervises, if it is one.
    async fn supervisor(&self, supervise: &Supervise) -> Result<Option<Worker>, Error> {
        match supervise.supervisor {
            Supervisor::Worker(sid) => Ok(self.store.worker(sid).await?),
            Supervisor::Uri(_) => Ok(None),
        }
    }

    /// Rings a supervisor into a conference that goes on. The Reservation stays as it is, whatever becomes of that call.
    async fn supervise(
        &self,
        offer: &Offer,
        supervise: &Supervise,
        worker: &Worker,
        request: u64,
    ) -> Result<(), Error> {
        let (task, reservation, mode) = (offer.task.sid, offer.reservation.sid, supervise.mode);
        let to = match &supervise.supervisor {
            Supervisor::Worker(sid) => Some(worker).filter(|worker| worker.sid == *sid).and_then(Worker::contact_uri),
            Supervisor::Uri(uri) => Some(uri.as_str()),
        };
        let from = supervise.from.as_deref().or(offer.task.attributes.text("to"));
        let (Some(to), Some(from)) = (to, from) else {
            tracing::error!(reservation_sid = %reservation, "40147: there is no such supervisor");
            return Ok(());
        };
        let claim = fastrand::u64(..);
        let supervision = Supervision { request, claim, mode };
        let issue = Event::SupervisionIssued { task, reservation, supervision };
        let issued = self.store.apply(&issue, self.clock.now()).await?.task;
        let issued = issued.as_ref().and_then(|task| task.reservation(reservation)?.instruction.as_ref()?.conference());
        if !issued.is_some_and(|plan| plan.supervisions.contains(&supervision)) {
            return Ok(());
        }
        let call = NewCall {
            to: to.to_owned(),
            from: from.to_owned(),
            url: self.absolute(&path::supervisor(task, reservation, mode)),
            status_callback: None,
            status_callback_events: Vec::new(),
            ring_timeout_secs: RingTimeout::default().ring_secs(),
            recording: None,
            sip_user: None,
        };
        if let Err(error) = self.carrier.create_call(&call).await {
            tracing::error!(reservation_sid = %reservation, to = %redact(to), error = &error as &dyn std::error::Error, "the supervisor could not be called");
        }
        Ok(())
    }

    /// Writes that an instruction is being carried out. True for the one who may.
    async fn claim(
        &self,
        offer: &Offer,
        plan: Plan,
        post_work_activity_sid: Option<ActivitySid>,
        timeout: RingTimeout,
        accepts: bool,
    ) -> Result<bool, Error> {
        let (task, reservation) = (offer.task.sid, offer.reservation.sid);
        let claim = fastrand::u64(..);
        let ring_timeout_secs = timeout.ring_secs();
        let instruction =
            IssuedInstruction { claim, plan, post_work_activity_sid, ring_timeout_secs, accepts, ..Default::default() };
        let issue = Event::InstructionIssued { task, reservation, instruction };
        let issued = self.store.apply(&issue, self.clock.now()).await?.task;
        let issued = issued.as_ref().and_then(|task| task.reservation(reservation)?.instruction.as_ref());
        Ok(issued.is_some_and(|issued| issued.claim == claim || planted::is(Bug::CalledAgain)))
    }

    /// Places the call and notes its id. From here on nothing is an error of ours to repeat: the instruction is issued,
    /// and a second attempt would not place a second call.
    async fn ring(&self, offer: &Offer, ring: &Ring<'_>) -> Result<(), Error> {
        let (task, reservation) = (offer.task.sid, offer.reservation.sid);
        let call = NewCall {
            to: ring.to.to_owned(),
            from: ring.from.to_owned(),
            url: ring.url.clone(),
            status_callback: Some(self.absolute(&path::worker_call_status(task, reservation))),
            status_callback_events: ring.events(),
            ring_timeout_secs: ring.timeout.ring_secs(),
            recording: ring.recording.clone(),
            sip_user: ring.sip_user.clone(),
        };
        let worker_call = match self.carrier.create_call(&call).await {
            Ok(worker_call) => worker_call,
            Err(error) => {
                tracing::error!(
                    task_sid = %task, reservation_sid = %reservation, to = %redact(ring.to),
                    error = &error as &dyn std::error::Error, "{}", ring.refused
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

/// Whom to ring and which number to show. Both are there: [`check`] saw to it.
fn parties<'a>(offer: &'a Offer, to: Option<&'a str>, from: Option<&'a str>) -> (Option<&'a str>, Option<&'a str>) {
    (to.or(offer.worker.contact_uri()), from.or(offer.task.attributes.text("to")))
}

fn recording(record: CallRecord) -> Option<Recording> {
    match record {
        CallRecord::DoNotRecord => None,
        CallRecord::RecordFromAnswer => Some(Recording::default()),
    }
}
