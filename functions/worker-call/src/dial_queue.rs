//! `/worker-call/dial-queue`: a call asks for the caller of a Reservation, `<Dial><Queue reservationSid>` (voice-webhooks.md section
//! 5.3). The carrier asks us which queue that is; without an answer the call gets error 14217.

use runtime::voice::{Failure, Voice, Webhook};
use shared::menu::documents;
use shared::webhook::{DialQueue, Reply};
use task_router::router::{Command, Outcome};

/// The queue of the Reservation's caller, if the Reservation is pending and no other call has asked for it.
pub(crate) async fn dialed(voice: &Voice, webhook: &Webhook) -> Result<Reply, Failure> {
    let asked = DialQueue::parse(&webhook.parameters)?;
    let (reservation, call) = (asked.reservation_sid, asked.call.call_sid);
    let task = voice
        .store
        .task_of_reservation(reservation)
        .await?
        .filter(|_| !webhook.is_preview());
    let Some(task) = task else {
        return Ok(unknown());
    };
    let event = Command::WorkerDialed {
        task,
        reservation,
        call,
        post_work_activity: asked.post_work_activity_sid,
    };
    let applied = voice.store.apply(&event, voice.now()).await?;
    tracing::info!(call_sid = %call, reservation_sid = %reservation, outcome = ?applied.outcome, "a call asks for the caller");
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
        "there is no pending Reservation of this SID whose caller could be dialed",
    )
}
