//! `/worker-call/dial-queue`: a call asks for the caller of a Reservation, `<Dial><Queue
//! reservationSid>` (voice-webhooks.md section 5.3). The carrier asks us for the queue of that
//! caller; without an answer the call fails with error 14217.

use runtime::voice::{Failure, Voice, Webhook};
use shared::menu::documents;
use shared::webhook::{DialQueue, Reply};
use task_router::router::{Command, Outcome};

/// The queue of the Reservation's caller, if the Reservation is pending and no other call has asked
/// for it.
pub(crate) async fn dialed(voice: &Voice, webhook: &Webhook) -> Result<Reply, Failure> {
    let asked = DialQueue::parse(&webhook.parameters)?;
    let reservation = asked.reservation_sid;
    let call = asked.call.call_sid;
    let task = voice.store.task_of_reservation(reservation).await?;
    let Some(task) = task else {
        return Ok(unknown());
    };
    if webhook.is_preview() {
        return Ok(unknown());
    }
    let command = Command::WorkerDialed {
        task,
        reservation,
        call,
        post_work_activity: asked.post_work_activity_sid,
    };
    let applied = voice.store.apply(&command, voice.now()).await?;
    tracing::info!(call_sid = %call, reservation_sid = %reservation, outcome = ?applied.outcome, "call dials the caller of a Reservation");
    Ok(match applied.outcome {
        Outcome::Changed | Outcome::AlreadySo => {
            Reply::twiml(&documents::dial_queue(task, reservation))
        }
        Outcome::Refused(_) => unknown(),
    })
}

fn unknown() -> Reply {
    Reply::error(
        404,
        "there is no pending Reservation with this SID whose caller can be dialed",
    )
}
