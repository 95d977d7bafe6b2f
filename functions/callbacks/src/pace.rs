//! The pace of calls: the carrier starts so many calls a second that a program asks for, and holds
//! the others in a queue of its own (voice-webhooks.md section 8, "Pace"). A phone that is held there
//! does not ring, while the offer's time passes. So a call waits for its slot here, and its offer
//! with it ([decision 43](../../../docs/decisions/0043-pace-calls-with-slots.md)).

use ids::{ReservationSid, TaskSid};
use runtime::outbox::DELAY_MAX;
use task_router::model::Task;
use task_router::router::effects::Callback;
use task_router::router::{Command, Outcome, Refusal};

use crate::{Callbacks, Error};

/// Whether the message has a slot for its call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CallSlot {
    /// It needs one, if calls are paced.
    Needed,
    /// It was delayed until its slot.
    Taken,
}

/// When the call may be placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Now.
    Now,
    /// When the delayed message arrives.
    Later,
}

impl Callbacks {
    /// Takes a slot for a call. If it is later than now, the offer is extended and `callback` is
    /// sent again with a delay, and with the Task's `expected` versions from then on. Idempotent except for the slot: a duplicate takes another one, and
    /// the claim of the call prevents a second call.
    pub(crate) async fn take_turn(
        &self,
        slot: CallSlot,
        task: TaskSid,
        reservation: ReservationSid,
        expected: Option<&[u64]>,
        callback: impl FnOnce(Option<Vec<u64>>) -> Callback,
    ) -> Result<Turn, Error> {
        if slot == CallSlot::Taken {
            return Ok(Turn::Now);
        }
        let now = self.clock.now();
        let Some(per_second) = self.dialing().await?.calls_per_second else {
            return Ok(Turn::Now);
        };
        let at = self
            .store
            .take_call_slot(per_second, now, now + DELAY_MAX)
            .await?
            .ok_or(Error::NoCallSlot)?;
        if at <= now {
            return Ok(Turn::Now);
        }
        let postponed = Command::OfferPostponed {
            task,
            reservation,
            until: at,
        };
        let applied = self.store.apply_if(&postponed, expected, now).await?;
        if let Outcome::Refused(Refusal::WrongVersion { .. }) = applied.outcome {
            return Ok(Turn::Later);
        }
        // The condition holds from now on for the version that this write has made.
        let version = applied.task.as_ref().map(Task::visible_version);
        let expected = expected.and(version).map(|version| vec![version]);
        let delay = at.since(now);
        tracing::info!(task_sid = %task, reservation_sid = %reservation, delay_ms = delay.as_millis(), "call waits for its slot");
        let paced = Callback::Paced(Box::new(callback(expected)));
        self.outbox.callback_later(paced, delay).await?;
        Ok(Turn::Later)
    }
}
