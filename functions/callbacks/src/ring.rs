//! Ringing a Worker under an instruction.

use carrier::NewCall;
use ids::ActivitySid;
use planted_bugs::Bug;
use shared::webhook::{path, redact};
use task_router::model::IssuedInstruction;
use task_router::model::instruction::{Plan, RingTimeout, StatusCallback};
use task_router::router::{Command, Outcome};

use crate::assignment::Offer;
use crate::{Callbacks, Error};

/// A call to a Worker under an instruction.
pub(crate) struct Ring {
    /// The call. Who is told how it goes is always the centre.
    pub call: NewCall,
    /// What is said when it cannot be placed.
    pub refused: &'static str,
}

impl Ring {
    /// What somebody's status callback wants to know comes with the centre's own notices.
    pub fn events_of(callback: Option<&StatusCallback>) -> Vec<vocabulary::CallEvent> {
        callback
            .map(|callback| callback.events.clone())
            .unwrap_or_default()
    }
}

impl Callbacks {
    /// Writes that an instruction is being carried out, and whether that accepts the Reservation. True for the one who may.
    pub(crate) async fn claim(
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
        Ok(issued.is_some_and(|issued| issued.claim == claim || Bug::CalledAgain.is_planted()))
    }

    /// Places the call and notes its id. From here on nothing is an error of ours to repeat: the instruction is issued,
    /// and a second attempt would not place a second call.
    pub(crate) async fn ring(&self, offer: &Offer, ring: Ring) -> Result<(), Error> {
        let (task, reservation) = (offer.task.sid, offer.reservation.sid);
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
                // Without a clear refusal the phone may be ringing: the Reservation's deadline decides.
                if error.is_refusal() {
                    let failed = Command::WorkerCallEnded {
                        task,
                        reservation,
                        code: error.code(),
                    };
                    self.store.apply(&failed, self.clock.now()).await?;
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
            tracing::info!(task_sid = %task, call_sid = %worker_call, %refusal, "the Task was gone before the Worker's phone rang");
            carrier.end_call(worker_call).await?;
        }
        Ok(())
    }
}

/// Whom to ring and which number to show. Both are there: [`task_router::model::instruction::check`] saw to it.
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
