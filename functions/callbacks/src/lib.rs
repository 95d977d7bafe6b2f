//! `callbacks`: requests to other people's servers, from a queue, so that a slow one never holds up matching.
//!
//! Every message may come twice. Asking for an instruction again is harmless; placing a call again is not, so whoever
//! wants to place one first writes that they do ([`Command::InstructionIssued`]) and only one writer gets through. If the
//! process dies between that write and the call, the Reservation's deadline ends it and the Task is offered again.

mod assignment;
mod conference;
mod delivery;
mod destination;
mod event;
mod event_delivery;
mod instruction;
mod relay;
mod ring;

use std::sync::Arc;

use carrier::{Carrier, Moved};
use http_client::WebClient;
use ids::time::Clock;
use ids::{CallSid, TaskSid};
use runtime::WebhookJournal;
use shared::webhook::path;
use store::Store;
use task_router::model::{EndReason, Task};
use task_router::router::Command;
use task_router::router::effects::Callback;

use assignment::Offer;
pub use destination::{Destinations, web_client};
pub use event::handle;

/// The function's world.
pub struct Callbacks {
    /// The table.
    pub store: Store,
    /// The carrier's API.
    pub carrier: Carrier,
    /// For assignment callbacks; made by [`web_client`].
    pub web: Arc<dyn WebClient>,
    /// Where callbacks may go.
    pub destinations: Destinations,
    /// Signs what we send.
    pub auth_token: String,
    /// Named in what we send.
    pub account_sid: ids::AccountSid,
    /// What our own paths are relative to, `https://…` without a slash at the end.
    pub public_url: String,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where what is sent is kept for its Task's story.
    pub journal: WebhookJournal,
}

/// Why a message could not be handled; it will come again.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The table.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The carrier.
    #[error(transparent)]
    Carrier(#[from] carrier::Error),
    /// Whoever wants to be told of events.
    #[error("an event was not delivered")]
    Untold(#[source] delivery::DeliveryError),
}

impl Callbacks {
    /// Carries out one message.
    pub async fn on_callback(&self, callback: &Callback) -> Result<(), Error> {
        match callback {
            Callback::Assignment { task, reservation } => self.assign(*task, *reservation).await,
            Callback::Instruct {
                task,
                reservation,
                instruction,
                request,
                expected_versions,
            } => {
                let Some(offer) = self.load_offer(*task, *reservation).await? else {
                    return Ok(());
                };
                let offer = Offer {
                    expected_versions: expected_versions.clone(),
                    ..offer
                };
                self.carry_out(&offer, instruction, *request).await
            }
            Callback::MoveCaller {
                call,
                task,
                reservation,
            } => self.move_caller(*call, *task, *reservation).await,
            Callback::CallCustomer { task, reservation } => {
                self.call_customer(*task, *reservation).await
            }
            Callback::Relay(relay) => {
                self.relay(relay).await;
                Ok(())
            }
            Callback::StopWorkerCall { call, task } => self.stop(*call, *task).await,
            Callback::SendCallerOn { call, task } => self.send_on(*call, *task).await,
            Callback::CheckCaller { call, task } => self.check_caller(*call, *task).await,
            Callback::DeleteQueue { queue } => {
                self.carrier.delete_queue(*queue).await?;
                Ok(())
            }
        }
    }

    async fn stop(&self, call: CallSid, task: Option<TaskSid>) -> Result<(), Error> {
        let carrier = task.map_or_else(|| self.carrier.clone(), |task| self.carrier_for(task));
        if carrier.end_call(call).await? == Moved::Yes {
            tracing::info!(call_sid = %call, "Worker's phone stopped ringing: the Task is no longer offered");
        }
        Ok(())
    }

    /// The Task ended while its caller waited: they leave the queue and are told.
    async fn send_on(&self, call: CallSid, task: TaskSid) -> Result<(), Error> {
        let ended = self.store.task(task).await?;
        // Who has left the queue listens to something already; moving them would begin it anew.
        if ended
            .as_ref()
            .is_some_and(|task| task.carrier_queue_sid.is_some())
        {
            return Ok(());
        }
        let language = ended
            .as_ref()
            .and_then(selected_language)
            .unwrap_or_default();
        let reason = ended.as_ref().and_then(|task| task.reason.as_ref());
        let url = self.absolute(&match reason {
            Some(EndReason::QueueFull) => path::queue_full(Some(task), &language),
            Some(_) | None => path::timed_out(Some(task), &language),
        });
        let moved = self.carrier_for(task).redirect_call(call, &url).await?;
        tracing::info!(task_sid = %task, call_sid = %call, ?moved, "caller sent on: the Task was canceled");
        Ok(())
    }

    /// The end of a call is told once; whoever did not hear it asks.
    async fn check_caller(&self, call: CallSid, task: TaskSid) -> Result<(), Error> {
        if self.carrier_for(task).is_live(call).await? {
            return Ok(());
        }
        let gone = Command::CallerGone {
            task,
            reason: EndReason::Hangup,
            carrier_queue: None,
        };
        let applied = self.store.apply(&gone, self.clock.now()).await?;
        tracing::warn!(task_sid = %task, call_sid = %call, outcome = ?applied.outcome, "the call had ended unheard");
        Ok(())
    }

    /// The carrier, for what is done for a Task.
    fn carrier_for(&self, task: TaskSid) -> Carrier {
        self.carrier.through(|web| self.journal.about(task, web))
    }

    /// The way to other people's servers, for what is sent about a Task, if it is about one.
    fn web_for(&self, task: Option<TaskSid>) -> Arc<dyn WebClient> {
        let web = Arc::clone(&self.web);
        match task {
            Some(task) => self.journal.about(task, web),
            None => web,
        }
    }

    /// A URL somebody else can use: our own paths get our address.
    fn absolute(&self, url: &str) -> String {
        absolute(&self.public_url, url)
    }
}

fn absolute(public_url: &str, url: &str) -> String {
    match url.starts_with('/') {
        true => format!("{public_url}{url}"),
        false => url.to_owned(),
    }
}

fn selected_language(task: &Task) -> Option<String> {
    task.attributes.text("selected_language").map(str::to_owned)
}
