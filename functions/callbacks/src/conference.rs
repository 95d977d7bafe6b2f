//! The instructions about conferences: `conference` and `supervise` (taskrouter.md section 11.3).

use carrier::{Execution, Moved, NewCall, NewParticipant, Recording, SipUser};
use ids::{CallSid, ConferenceSid, ReservationSid, TaskSid};
use shared::webhook::{CUSTOMER_LABEL, path, redact};
use task_router::model::instruction::{
    Conference, ConferencePlan, Plan, RingTimeout, Supervise, Supervision, Supervisor,
};
use task_router::model::{ReservationStatus, Task, Worker};
use task_router::router::effects::Callback;
use task_router::router::{Command, Outcome};

use crate::assignment::Offer;
use crate::pace::{CallSlot, Turn};
use crate::ring::{Ring, parties};
use crate::{Callbacks, Error};

impl Callbacks {
    /// Rings the Worker into the conference. The caller follows when the Worker has joined
    /// ([`Self::move_caller`]).
    pub(crate) async fn conference(
        &self,
        offer: &Offer,
        conference: &Conference,
    ) -> Result<(), Error> {
        let Some((to, from)) = parties(offer, conference.to.as_deref(), conference.from.as_deref())
        else {
            return Ok(());
        };
        let plan = ConferencePlan {
            conference: conference.clone(),
            ..ConferencePlan::default()
        };
        let plan = Plan::Conference(Box::new(plan));
        if !self
            .claim(
                offer,
                plan,
                conference.post_work_activity_sid,
                conference.timeout,
                false,
            )
            .await?
        {
            return Ok(());
        }
        let recording = conference.record.then(|| Recording {
            channels: conference.recording_channels,
            status_callback: conference.recording_status_callback.clone(),
        });
        let password = conference.sip_auth_password.clone();
        let url = self.absolute(&path::worker_call(offer.task.sid, offer.reservation.sid));
        let call = NewCall {
            status_callback_events: Ring::events_of(conference.status_callback.as_ref()),
            recording,
            sip_user: conference
                .sip_auth_username
                .clone()
                .map(|username| SipUser { username, password }),
            ..NewCall::new(to, from, url, conference.timeout.ring_secs())
        };
        self.ring(
            offer,
            Ring {
                call,
                refused: "40145: the call to the Worker could not be placed",
            },
        )
        .await
    }

    /// Moves the caller from the queue into the conference, after the Worker has joined. Done only
    /// while the Reservation is pending, because a second redirect would restart the caller's
    /// document.
    pub(crate) async fn move_caller(
        &self,
        call: CallSid,
        task: TaskSid,
        reservation: ReservationSid,
    ) -> Result<(), Error> {
        let found = self.store.task(task).await?;
        let offer = found
            .as_ref()
            .and_then(|task| task.reservation(reservation));
        if offer.is_none_or(|offer| offer.status != ReservationStatus::Pending) {
            return Ok(());
        }
        let command = match self
            .carrier_for(task)
            .redirect_call(call, &self.absolute(&path::customer(task, reservation)))
            .await
        {
            Ok(Moved::Yes) => return Ok(()),
            Ok(Moved::AlreadyOver) => {
                tracing::info!(task_sid = %task, "40144: the caller hung up before joining the conference");
                Command::CallerGone {
                    task,
                    reason: task_router::model::EndReason::Hangup,
                    carrier_queue: None,
                }
            }
            Err(error) => {
                tracing::error!(task_sid = %task, error = &error as &dyn std::error::Error, "40145: the caller could not be moved");
                match error.execution() {
                    // The Worker waits in the conference, and a redelivery moves the caller.
                    Execution::NotExecuted | Execution::Unknown => return Err(error.into()),
                    Execution::Refused => Command::WorkerCallEnded {
                        task,
                        reservation,
                        code: error.code(),
                    },
                }
            }
        };
        self.store.apply(&command, self.clock.now()).await?;
        Ok(())
    }

    /// Calls the customer of an outbound Task into the conference, after the Worker has joined.
    /// Placing a call is not idempotent, so it is claimed like the call to the Worker.
    pub(crate) async fn call_customer(
        &self,
        task: TaskSid,
        reservation: ReservationSid,
        slot: CallSlot,
    ) -> Result<(), Error> {
        let callback = |_any_version| Callback::CallCustomer { task, reservation };
        match self
            .take_turn(slot, task, reservation, None, callback)
            .await?
        {
            Turn::Now => {}
            Turn::Later => return Ok(()),
        }
        let claim = fastrand::u64(..);
        let issue = Command::CustomerCallIssued {
            task,
            reservation,
            claim,
        };
        let issued = self.store.apply(&issue, self.clock.now()).await?.task;
        let customer = issued
            .as_ref()
            .and_then(|task| customer_of(task, reservation, claim));
        let Some((conference, new)) = customer else {
            return Ok(());
        };
        if let Some(denied) = self.denial(&[&new.to]).await? {
            tracing::error!(task_sid = %task, reservation_sid = %reservation, error = %denied, "customer not called");
            let ended = Command::WorkerCallEnded {
                task,
                reservation,
                code: None,
            };
            self.store.apply(&ended, self.clock.now()).await?;
            return Ok(());
        }
        let command = match self
            .carrier_for(task)
            .add_participant(conference, &new)
            .await
        {
            Ok(call) => Command::CustomerCallNamed {
                task,
                reservation,
                call,
            },
            Err(error) => {
                tracing::error!(task_sid = %task, to = %redact(&new.to), error = &error as &dyn std::error::Error, "40145: the customer could not be called");
                match error.execution() {
                    // The phone may be ringing: the Reservation's timeout decides.
                    Execution::Unknown => return Ok(()),
                    Execution::NotExecuted | Execution::Refused => Command::WorkerCallEnded {
                        task,
                        reservation,
                        code: error.code(),
                    },
                }
            }
        };
        let applied = self.store.apply(&command, self.clock.now()).await?;
        if let (Command::CustomerCallNamed { call, .. }, Outcome::Refused(_)) =
            (command, applied.outcome)
        {
            return self.stop(call, Some(task)).await;
        }
        Ok(())
    }

    /// Rings a supervisor into a running conference. The outcome of that call does not change the
    /// Reservation.
    pub(crate) async fn supervise(
        &self,
        offer: &Offer,
        supervise: &Supervise,
        worker: &Worker,
        request: u64,
    ) -> Result<(), Error> {
        let task = offer.task.sid;
        let reservation = offer.reservation.sid;
        let mode = supervise.mode;
        let to = match &supervise.supervisor {
            Supervisor::Worker(sid) if worker.sid == *sid => worker.contact_uri(),
            Supervisor::Worker(_) => None,
            Supervisor::Uri(uri) => Some(uri.as_str()),
        };
        let from = supervise
            .from
            .as_deref()
            .or(offer.task.attributes.text("to"));
        let (Some(to), Some(from)) = (to, from) else {
            tracing::error!(reservation_sid = %reservation, "40147: there is no such supervisor");
            return Ok(());
        };
        let claim = fastrand::u64(..);
        let supervision = Supervision {
            request,
            claim,
            mode,
        };
        let issue = Command::SupervisionIssued {
            task,
            reservation,
            supervision,
        };
        let expected = offer.expected_versions.as_deref();
        let issued = self
            .store
            .apply_if(&issue, expected, self.clock.now())
            .await?
            .task;
        let issued = issued.as_ref().and_then(|task| {
            task.reservation(reservation)?
                .instruction
                .as_ref()?
                .conference()
        });
        if !issued.is_some_and(|plan| plan.supervisions.contains(&supervision)) {
            return Ok(());
        }
        let url = self.absolute(&path::supervisor(task, reservation, mode));
        let call = NewCall::new(to, from, url, RingTimeout::default().ring_secs());
        if let Err(error) = self.carrier_for(task).create_call(&call).await {
            tracing::error!(reservation_sid = %reservation, to = %redact(to), error = &error as &dyn std::error::Error, "the supervisor could not be called");
        }
        Ok(())
    }
}

/// The customer to call and the conference, if the claim of this attempt is the stored one.
fn customer_of(
    task: &Task,
    reservation: ReservationSid,
    claim: u64,
) -> Option<(ConferenceSid, NewParticipant)> {
    let offer = task
        .reservation(reservation)
        .filter(|offer| offer.status == ReservationStatus::Pending)?;
    let issued = offer.instruction.as_ref()?;
    let plan = issued.conference().filter(|plan| {
        plan.customer
            .is_some_and(|customer| customer.claim == claim)
    })?;
    let conference = &plan.conference;
    let new = NewParticipant {
        to: task.outbound_to()?.to_owned(),
        from: conference
            .from
            .as_deref()
            .or(task.attributes.text("to"))?
            .to_owned(),
        label: CUSTOMER_LABEL,
        ring_timeout_secs: issued.ring_timeout_secs,
        early_media: conference.early_media,
        beep: conference.customer_beep(),
        end_conference_on_exit: conference.end_conference_on_customer_exit,
    };
    Some((plan.sid?, new))
}
