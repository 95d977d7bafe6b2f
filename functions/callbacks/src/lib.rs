//! `callbacks`: requests to other servers, from a queue, so that a slow server does not delay
//! matching.
//!
//! Every message may be delivered twice. Asking for an instruction again is harmless (idempotent);
//! placing a call again is not. So a call is claimed first by a conditional write
//! ([`Command::InstructionIssued`]), and only one writer succeeds. If the process dies between that
//! write and the call, the Reservation times out and the Task is offered again. A message that
//! keeps failing ends in the dead letter queue.

mod assignment;
mod conference;
mod delivery;
mod event;
mod event_delivery;
mod instruction;
mod pace;
mod permission;
mod relay;
mod ring;

use std::sync::Arc;

use carrier::{AuthTokens, Carrier, Moved};
use http_client::{Destinations, WebClient};
use ids::time::Clock;
use ids::{CallSid, TaskSid};
use runtime::{Outbox, OutboxError, WebhookJournal};
use shared::dialing::Dialing;
use shared::webhook::path;
use store::Store;
use task_router::model::{EndReason, Task};
use task_router::router::Command;
use task_router::router::effects::Callback;

use assignment::Offer;
pub use event::handle;
use pace::CallSlot;

/// The function's dependencies.
pub struct Callbacks {
    /// The table.
    pub store: Store,
    /// The carrier's API.
    pub carrier: Carrier,
    /// The client of assignment callbacks and other webhooks; made by [`http_client::web_client`].
    pub web: Arc<dyn WebClient>,
    /// The URLs to which callbacks may be sent.
    pub destinations: Destinations,
    /// The auth tokens; the primary one signs.
    pub tokens: Arc<AuthTokens>,
    /// The account's SID, a parameter of every webhook.
    pub account_sid: ids::AccountSid,
    /// The base URL of our own paths, `https://…` without a slash at the end.
    pub public_url: String,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The callbacks queue, for calls that wait for their slot.
    pub outbox: Arc<dyn Outbox>,
    /// The journal of sent webhooks.
    pub journal: WebhookJournal,
}

/// The reason why a message failed. The queue delivers it again after a backoff.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The table failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The carrier's API failed.
    #[error(transparent)]
    Carrier(#[from] carrier::Error),
    /// More calls wait for their slot than the queue can delay.
    #[error("too many calls wait for their slot; is calls_per_second right?")]
    NoCallSlot,
    /// A delayed message could not be sent.
    #[error(transparent)]
    Outbox(#[from] OutboxError),
    /// The Workspace's event callback did not take the Event.
    #[error("Event not delivered")]
    EventNotDelivered(#[source] delivery::DeliveryError),
}

impl Callbacks {
    /// Handles one message.
    pub async fn on_callback(&self, callback: &Callback) -> Result<(), Error> {
        if let Callback::Paced(paced) = callback {
            return self.handle(paced, CallSlot::Taken).await;
        }
        self.handle(callback, CallSlot::Needed).await
    }

    async fn handle(&self, callback: &Callback, slot: CallSlot) -> Result<(), Error> {
        match callback {
            // Only `take_turn` makes one, of work that is not paced yet.
            Callback::Paced(_) => Ok(()),
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
                self.carry_out(&offer, instruction, *request, slot).await
            }
            Callback::MoveCaller {
                call,
                task,
                reservation,
            } => self.move_caller(*call, *task, *reservation).await,
            Callback::CallCustomer { task, reservation } => {
                self.call_customer(*task, *reservation, slot).await
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

    /// The limits of calls; none before the voice settings are stored.
    async fn dialing(&self) -> Result<Dialing, Error> {
        let settings = self.store.voice_settings(self.clock.now()).await?;
        Ok(settings.map_or_else(Dialing::default, |settings| settings.dialing.clone()))
    }

    async fn stop(&self, call: CallSid, task: Option<TaskSid>) -> Result<(), Error> {
        let carrier = task.map_or_else(|| self.carrier.clone(), |task| self.carrier_for(task));
        match (carrier.end_call(call).await?, task) {
            (Moved::Yes, _) => {
                tracing::info!(call_sid = %call, "Worker's call ended by request");
                Ok(())
            }
            (Moved::AlreadyOver, Some(task)) => self.reconcile_ended_call(call, task).await,
            (Moved::AlreadyOver, None) => Ok(()),
        }
    }

    /// Ends the conversation of a Worker's call that has ended although no webhook said so. Without
    /// this an agent could never complete its Task, because a connected call is hung up first.
    async fn reconcile_ended_call(&self, call: CallSid, task: TaskSid) -> Result<(), Error> {
        let connected = self
            .store
            .task(task)
            .await?
            .and_then(|task| task.connected_call());
        let Some((reservation, _)) = connected.filter(|(_, connected)| *connected == call) else {
            return Ok(());
        };
        let ended = Command::WorkerCallEnded {
            task,
            reservation,
            code: None,
        };
        let applied = self.store.apply(&ended, self.clock.now()).await?;
        tracing::warn!(task_sid = %task, call_sid = %call, outcome = ?applied.outcome, "Worker's call ended, its webhook was lost");
        Ok(())
    }

    /// Redirects the caller of a canceled Task: the caller leaves the queue and hears the reason.
    async fn send_on(&self, call: CallSid, task: TaskSid) -> Result<(), Error> {
        let task_now = self.store.task(task).await?;
        // A caller who has left the queue hears a document already. A redirect would restart it.
        if task_now
            .as_ref()
            .is_some_and(|task| task.carrier_queue_sid.is_some())
        {
            return Ok(());
        }
        let language = task_now
            .as_ref()
            .and_then(selected_language)
            .unwrap_or_default();
        let reason = task_now.as_ref().and_then(|task| task.reason.as_ref());
        let url = self.absolute(&match reason {
            Some(EndReason::QueueFull) => path::queue_full(Some(task), &language),
            Some(_) | None => path::timed_out(Some(task), &language),
        });
        let moved = self.carrier_for(task).redirect_call(call, &url).await?;
        tracing::info!(task_sid = %task, call_sid = %call, ?moved, "caller redirected, the Task was canceled");
        Ok(())
    }

    /// Reconciles a Task with its call. The carrier reports the end of a call once, and that
    /// webhook may be lost.
    async fn check_caller(&self, call: CallSid, task: TaskSid) -> Result<(), Error> {
        if self.carrier_for(task).is_live(call).await? {
            return Ok(());
        }
        let ended = Command::CallerGone {
            task,
            reason: EndReason::Hangup,
            carrier_queue: None,
        };
        let applied = self.store.apply(&ended, self.clock.now()).await?;
        tracing::warn!(task_sid = %task, call_sid = %call, outcome = ?applied.outcome, "call ended, its webhook was lost");
        Ok(())
    }

    /// The carrier's client whose requests are recorded for a Task.
    fn carrier_for(&self, task: TaskSid) -> Carrier {
        self.carrier.through(|web| self.journal.about(task, web))
    }

    /// The client of other servers, whose requests are recorded for `task` if there is one.
    fn web_for(&self, task: Option<TaskSid>) -> Arc<dyn WebClient> {
        let web = Arc::clone(&self.web);
        match task {
            Some(task) => self.journal.about(task, web),
            None => web,
        }
    }

    /// The absolute URL; a path is relative to our base URL.
    fn absolute(&self, url: &str) -> String {
        absolute(&self.public_url, url)
    }
}

fn absolute(public_url: &str, url: &str) -> String {
    if url.starts_with('/') {
        format!("{public_url}{url}")
    } else {
        url.to_owned()
    }
}

fn selected_language(task: &Task) -> Option<String> {
    task.attributes.text("selected_language").map(str::to_owned)
}
