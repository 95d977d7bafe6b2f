//! Execution of instructions, from the assignment callback or the REST API (taskrouter.md section
//! 11.3).
//!
//! Placing a call is not idempotent. So an instruction that places one is claimed first: a
//! conditional write stores a random number, and only the writer whose number is stored continues.

use carrier::{Execution, Moved, NewCall, Recording};
use shared::webhook::path;
use task_router::model::instruction::{Call, Dequeue, Plan, Redirect, RingTimeout, check};
use task_router::model::{Instruction, ReservationStatus};
use task_router::router::effects::Callback;
use task_router::router::{Answer, Command};
use vocabulary::{CallEvent, CallRecord};

use crate::assignment::Offer;
use crate::pace::{CallSlot, Turn};
use crate::ring::{Ring, parties};
use crate::{Callbacks, Error};

impl Callbacks {
    /// Executes `instruction`, unless the Reservation's state no longer allows it. `request`
    /// identifies the instruction and is the same in every delivery of the message.
    pub(crate) async fn carry_out(
        &self,
        offer: &Offer,
        instruction: &Instruction,
        request: u64,
        slot: CallSlot,
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
        let attributes = &offer.task.attributes;
        let activities = &workspace.activities;
        if let Err(impossible) = check(
            instruction,
            attributes,
            &offer.reservation,
            worker.contact_uri(),
            activities,
        ) {
            let code = impossible.code();
            let reservation = offer.reservation.sid;
            tracing::error!(code, reservation_sid = %reservation, error = %impossible, "instruction not carried out");
            return Ok(());
        }
        let dialed = instruction.dialed(&offer.task, worker.contact_uri());
        if !dialed.is_empty() {
            let task = offer.task.sid;
            let reservation = offer.reservation.sid;
            let callback = |expected_versions| Callback::Instruct {
                task,
                reservation,
                instruction: instruction.clone(),
                request,
                expected_versions,
            };
            let expected = offer.expected_versions.as_deref();
            let turn = self.take_turn(slot, task, reservation, expected, callback);
            match turn.await? {
                Turn::Now => {}
                Turn::Later => return Ok(()),
            }
            if let Some(denied) = self.denial(&dialed).await? {
                tracing::error!(task_sid = %task, reservation_sid = %reservation, error = %denied, "call not placed");
                return self.cancel_offer(offer).await;
            }
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

    /// Cancels a pending offer whose call must not be placed, as if the carrier had refused it: the
    /// Task is offered again. A supervisor is called for an accepted one, which stays.
    async fn cancel_offer(&self, offer: &Offer) -> Result<(), Error> {
        if offer.reservation.status == ReservationStatus::Pending {
            let ended = Command::WorkerCallEnded {
                task: offer.task.sid,
                reservation: offer.reservation.sid,
                code: None,
            };
            self.store.apply(&ended, self.clock.now()).await?;
        }
        Ok(())
    }

    async fn answer(&self, offer: &Offer, answer: Answer) -> Result<(), Error> {
        let command = Command::Answered {
            task: offer.task.sid,
            reservation: offer.reservation.sid,
            answer,
        };
        let applied = self.store.apply(&command, self.clock.now()).await?;
        tracing::info!(task_sid = %offer.task.sid, reservation_sid = %offer.reservation.sid, outcome = ?applied.outcome, "instruction carried out");
        Ok(())
    }

    /// Rings the Worker. The TwiML of the Worker's call connects it to the caller.
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

    /// Rings the Worker; the application's TwiML continues the call. Only the call's status
    /// webhooks report its progress. The first of them also replaces the carrier's reply to the
    /// request, should that be lost.
    async fn call(&self, offer: &Offer, call: &Call) -> Result<(), Error> {
        let Some((to, from)) = parties(offer, call.to.as_deref(), Some(&call.from)) else {
            return Ok(());
        };
        // That TwiML may name the caller by the Reservation only.
        self.store
            .index_reservation(offer.reservation.sid, offer.task.sid, self.clock.now())
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
        for event in ours {
            if !events.contains(event) {
                events.push(*event);
            }
        }
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

    /// Redirects a waiting call to the application's TwiML. No Worker is rung, so the Reservation
    /// keeps its own timeout. Should the carrier's reply be lost, the webhook of the caller's
    /// leaving the queue has the same effect (`queue-exit`).
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
        let task = offer.task.sid;
        let reservation = offer.reservation.sid;
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
                match error.execution() {
                    Execution::Unknown => return Ok(()),
                    Execution::NotExecuted | Execution::Refused => error.code(),
                }
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
