//! Calls to Workers: claims an instruction, then rings the Worker.

use carrier::{Execution, NewCall};
use ids::ActivitySid;
use planted_bugs::Bug;
use shared::webhook::{path, redact};
use task_router::model::IssuedInstruction;
use task_router::model::instruction::{Plan, RingTimeout, StatusCallback};
use task_router::router::{Command, Outcome};

use crate::assignment::Offer;
use crate::{Callbacks, Error};

/// A call to a Worker.
pub(crate) struct Ring {
    /// The call. Its status callback is always our own URL.
    pub call: NewCall,
    /// The log message if it cannot be placed.
    pub refused: &'static str,
}

impl Ring {
    /// The call events of an application's status callback. They are requested together with our
    /// own and relayed from there.
    pub fn events_of(callback: Option<&StatusCallback>) -> Vec<vocabulary::CallEvent> {
        callback
            .map(|callback| callback.events.clone())
            .unwrap_or_default()
    }
}

impl Callbacks {
    /// Claims an instruction: a conditional write of a random number, and of whether the
    /// instruction accepts the Reservation. True if this writer's number is the stored one; only
    /// then it may place the call.
    pub(crate) async fn claim(
        &self,
        offer: &Offer,
        plan: Plan,
        post_work_activity_sid: Option<ActivitySid>,
        timeout: RingTimeout,
        accepts: bool,
    ) -> Result<bool, Error> {
        let task = offer.task.sid;
        let reservation = offer.reservation.sid;
        let claim = fastrand::u64(..);
        let ring_timeout_secs = timeout.ring_secs();
        let instruction = IssuedInstruction {
            claim,
            plan,
            post_work_activity_sid,
            ring_timeout_secs,
            accepts,
            ..IssuedInstruction::default()
        };
        let issue = Command::InstructionIssued {
            task,
            reservation,
            instruction,
        };
        let expected = offer.expected_versions.as_deref();
        let issued = self
            .store
            .apply_if(&issue, expected, self.clock.now())
            .await?
            .task;
        let issued = issued
            .as_ref()
            .and_then(|task| task.reservation(reservation)?.instruction.as_ref());
        Ok(issued
            .is_some_and(|issued| issued.claim == claim || Bug::InstructionRepeated.is_planted()))
    }

    /// Places the call and stores its SID. A failure from here on must not fail the message: the
    /// instruction is claimed, so a redelivered message would not place another call.
    pub(crate) async fn ring(&self, offer: &Offer, ring: Ring) -> Result<(), Error> {
        let task = offer.task.sid;
        let reservation = offer.reservation.sid;
        let status_callback = Some(self.absolute(&path::worker_call_status(task, reservation)));
        let call = NewCall {
            status_callback,
            ..ring.call
        };
        let carrier = self.carrier_for(task);
        let worker_call = match carrier.create_call(&call).await {
            Ok(worker_call) => worker_call,
            Err(error) => {
                tracing::error!(
                    task_sid = %task, reservation_sid = %reservation, to = %redact(&call.to),
                    error = &error as &dyn std::error::Error, "{}", ring.refused
                );
                match error.execution() {
                    // The phone may be ringing: the Reservation's timeout decides.
                    Execution::Unknown => {}
                    Execution::NotExecuted | Execution::Refused => {
                        let failed = Command::WorkerCallEnded {
                            task,
                            reservation,
                            code: error.code(),
                        };
                        self.store.apply(&failed, self.clock.now()).await?;
                    }
                }
                return Ok(());
            }
        };
        let named = Command::WorkerCallNamed {
            task,
            reservation,
            call: worker_call,
        };
        let applied = self.store.apply(&named, self.clock.now()).await?;
        if let Outcome::Refused(refusal) = applied.outcome {
            tracing::info!(task_sid = %task, call_sid = %worker_call, %refusal, "the Task ended before the Worker's phone rang");
            carrier.end_call(worker_call).await?;
        }
        Ok(())
    }
}

/// The address to ring and the number to show. Both exist, because
/// [`task_router::model::instruction::check`] requires them.
pub(crate) fn parties<'a>(
    offer: &'a Offer,
    to: Option<&'a str>,
    from: Option<&'a str>,
) -> Option<(&'a str, &'a str)> {
    Some((
        to.or(offer.worker.contact_uri())?,
        from.or(offer.task.attributes.text("to"))?,
    ))
}
