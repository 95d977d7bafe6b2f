//! Carrying instructions out, whoever gave them: the assignment callback or the REST API (taskrouter.md section 11.3).
//!
//! Placing a call cannot be repeated safely. So whoever wants to first writes that they do, with a number of their own, and
//! goes on only if it is theirs that stands there.

use carrier::{Moved, NewCall, Recording};
use shared::webhook::path;
use task_router::model::Instruction;
use task_router::model::instruction::{Call, Dequeue, Plan, Redirect, RingTimeout, check};
use task_router::router::{Answer, Command};
use vocabulary::{CallEvent, CallRecord};

use crate::assignment::Offer;
use crate::ring::{Ring, parties};
use crate::{Callbacks, Error};

impl Callbacks {
    /// Does what `instruction` says, unless things no longer stand so. `request` is the same for the same instruction,
    /// however often it comes.
    pub(crate) async fn carry_out(
        &self,
        offer: &Offer,
        instruction: &Instruction,
        request: u64,
    ) -> Result<(), Error> {
        let supervisor = match instruction.supervisor() {
            Some(sid) => self.store.worker(sid).await?,
            None => None,
        };
        let worker = supervisor.as_ref().unwrap_or(&offer.worker);
        let Some(workspace) = self
            .store
            .workspace(offer.task.workspace_sid, self.clock.now())
            .await?
        else {
            return Ok(());
        };
        let (attributes, activities) = (&offer.task.attributes, &workspace.activities);
        if let Err(impossible) = check(
            instruction,
            attributes,
            &offer.reservation,
            worker.contact_uri(),
            activities,
        ) {
            let (code, reservation) = (impossible.code(), offer.reservation.sid);
            tracing::error!(code, reservation_sid = %reservation, error = %impossible, "an instruction is not carried out");
            return Ok(());
        }
        match instruction {
            Instruction::Accept => self.answer(offer, Answer::Accept).await,
            Instruction::Reject { activity_sid } => {
                self.answer(
                    offer,
                    Answer::Reject {
                        activity: *activity_sid,
                    },
                )
                .await
            }
            Instruction::Dequeue(dequeue) => self.dequeue(offer, dequeue).await,
            Instruction::Call(call) => self.call(offer, call).await,
            Instruction::Redirect(redirect) => self.redirect(offer, redirect).await,
            Instruction::Conference(conference) => self.conference(offer, conference).await,
            Instruction::Supervise(supervise) => {
                self.supervise(offer, supervise, worker, request).await
            }
        }
    }

    async fn answer(&self, offer: &Offer, answer: Answer) -> Result<(), Error> {
        let event = Command::Answered {
            task: offer.task.sid,
            reservation: offer.reservation.sid,
            answer,
        };
        let applied = self.store.apply(&event, self.clock.now()).await?;
        tracing::info!(task_sid = %offer.task.sid, reservation_sid = %offer.reservation.sid, outcome = ?applied.outcome, "instruction carried out");
        Ok(())
    }

    /// Rings the Worker; the TwiML of their leg leads to the caller.
    async fn dequeue(&self, offer: &Offer, dequeue: &Dequeue) -> Result<(), Error> {
        let Some((to, from)) = parties(offer, dequeue.to.as_deref(), dequeue.from.as_deref())
        else {
            return Ok(());
        };
        let plan = Plan::Dequeue {
            status_callback: dequeue.status_callback.clone(),
        };
        if !self
            .claim(
                offer,
                plan,
                dequeue.post_work_activity_sid,
                dequeue.timeout,
                false,
            )
            .await?
        {
            return Ok(());
        }
        let url = self.absolute(&path::worker_call(offer.task.sid, offer.reservation.sid));
        let call = NewCall {
            status_callback_events: Ring::events_of(dequeue.status_callback.as_ref()),
            recording: recording(dequeue.record),
            ..NewCall::new(to, from, url, dequeue.timeout.ring_secs())
        };
        self.ring(
            offer,
            Ring {
                call,
                refused: "40133: the call to the Worker could not be placed",
            },
        )
        .await
    }

    /// Rings the Worker; somebody's TwiML says what happens then. We hear of it by the call's notices only, the first of which
    /// stands in for the carrier's reply, should that be lost.
    async fn call(&self, offer: &Offer, call: &Call) -> Result<(), Error> {
        let Some((to, from)) = parties(offer, call.to.as_deref(), Some(&call.from)) else {
            return Ok(());
        };
        // That TwiML may ask for the caller by nothing but the Reservation.
        self.store
            .name_reservation(offer.reservation.sid, offer.task.sid, self.clock.now())
            .await?;
        let plan = Plan::Call {
            status_callback: call.status_callback.clone(),
            dialed_by: None,
        };
        if !self
            .claim(offer, plan, None, call.timeout, call.accept)
            .await?
        {
            return Ok(());
        }
        let mut events = Ring::events_of(call.status_callback.as_ref());
        let ours: &[_] = if call.accept {
            &[CallEvent::Initiated, CallEvent::Answered]
        } else {
            &[CallEvent::Answered]
        };
        let unasked: Vec<CallEvent> = ours
            .iter()
            .filter(|event| !events.contains(event))
            .copied()
            .collect();
        events.extend(unasked);
        let new = NewCall {
            status_callback_events: events,
            recording: recording(call.record),
            ..NewCall::new(to, from, call.url.clone(), call.timeout.ring_secs())
        };
        let ring = Ring {
            call: new,
            refused: "40113: the call to the Worker could not be placed",
        };
        self.ring(offer, ring).await
    }

    /// Sends a waiting call to somebody's TwiML. Nobody is rung, so the Reservation keeps its own time. Should the carrier's
    /// reply be lost, the caller's leaving the queue says the same (`queue-exit`).
    async fn redirect(&self, offer: &Offer, redirect: &Redirect) -> Result<(), Error> {
        if !self
            .claim(
                offer,
                Plan::Redirect,
                None,
                RingTimeout::default(),
                redirect.accept,
            )
            .await?
        {
            return Ok(());
        }
        let (task, reservation) = (offer.task.sid, offer.reservation.sid);
        let code = match self
            .carrier_for(task)
            .redirect_call(redirect.call_sid, &redirect.url)
            .await
        {
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
        self.store
            .apply(
                &Command::WorkerCallEnded {
                    task,
                    reservation,
                    code,
                },
                self.clock.now(),
            )
            .await?;
        Ok(())
    }
}

fn recording(record: CallRecord) -> Option<Recording> {
    match record {
        CallRecord::DoNotRecord => None,
        CallRecord::RecordFromAnswer => Some(Recording::default()),
    }
}
