//! The assignment callback: asks the application for an instruction for a Reservation
//! (taskrouter.md sections 11.1 and 11.2).

use std::time::Duration;

use http_client::http::header::CONTENT_TYPE;
use ids::{ReservationSid, TaskSid};
use planted_bugs::Bug;
use task_router::model::instruction::InstructionError;
use task_router::model::{Instruction, Reservation, ReservationStatus, Task, Worker};
use vocabulary::CallbackMethod;

use crate::delivery::{DeliveryError, Sender, Webhook};
use crate::pace::CallSlot;
use crate::{Callbacks, Error};

/// Timeout of the application's answer (section 11.2).
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// A failed request, after which the fallback URL is asked.
#[derive(Debug, thiserror::Error)]
enum CallbackError {
    #[error("the assignment callback was not answered")]
    Delivery(#[from] DeliveryError),
    #[error(transparent)]
    Instruction(InstructionError),
}

/// A Reservation with its Task and Worker.
pub(crate) struct Offer {
    pub task: Task,
    pub reservation: Reservation,
    pub worker: Worker,
    /// The versions of which the Task must have one when an instruction is claimed; `None`: any
    /// version.
    pub expected_versions: Option<Vec<u64>>,
}

impl Callbacks {
    /// Asks the application for an instruction and executes it. A failed request or an invalid
    /// instruction is logged, and the Reservation times out.
    pub(crate) async fn assign(
        &self,
        task: TaskSid,
        reservation: ReservationSid,
    ) -> Result<(), Error> {
        let Some(offer) = self.load_offer(task, reservation).await? else {
            return Ok(());
        };
        let issued =
            offer.reservation.instruction.is_some() && !Bug::InstructionRepeated.is_planted();
        if offer.reservation.status != ReservationStatus::Pending || issued {
            return Ok(());
        }
        let workspace = self
            .store
            .workspace(offer.task.workspace_sid, self.clock.now())
            .await?;
        let workflow = workspace
            .as_ref()
            .and_then(|workspace| workspace.workflows.get(&offer.task.workflow_sid));
        let Some(workflow) = workflow else {
            return Ok(());
        };
        let urls = [
            &workflow.assignment_callback_url,
            &workflow.fallback_assignment_callback_url,
        ];
        let urls = urls.into_iter().flatten().map(String::as_str);
        let web = self.web_for(Some(task));
        match self
            .sender(&*web)
            .ask(urls, &self.form(&offer), offer.reservation.sid)
            .await
        {
            Some(instruction) => {
                self.carry_out(&offer, &instruction, fastrand::u64(..), CallSlot::Needed)
                    .await
            }
            // Without an instruction the application may connect the Worker by a call of its own.
            None => Ok(self
                .store
                .index_reservation(reservation, task, self.clock.now())
                .await?),
        }
    }

    /// A Reservation with its Task and Worker; `None` if it is not of the Task's latest round or an
    /// item is missing.
    pub(crate) async fn load_offer(
        &self,
        task: TaskSid,
        reservation: ReservationSid,
    ) -> Result<Option<Offer>, Error> {
        let Some(task) = self.store.task(task).await? else {
            return Ok(None);
        };
        let Some(reservation) = task.reservation(reservation).cloned() else {
            return Ok(None);
        };
        let worker = self.store.worker(reservation.worker_sid).await?;
        Ok(worker.map(|worker| Offer {
            task,
            reservation,
            worker,
            expected_versions: None,
        }))
    }

    /// The parameters of section 11.1.
    fn form(&self, offer: &Offer) -> Vec<(String, String)> {
        let now = self.clock.now();
        let Offer {
            task,
            reservation,
            worker,
            ..
        } = offer;
        [
            ("Timestamp", now.as_secs().to_string()),
            ("AccountSid", self.account_sid.to_string()),
            ("WorkspaceSid", task.workspace_sid.to_string()),
            ("WorkflowSid", task.workflow_sid.to_string()),
            ("TaskQueueSid", task.task_queue_sid.to_string()),
            ("TaskSid", task.sid.to_string()),
            ("TaskAttributes", task.attributes.to_json()),
            (
                "TaskAge",
                now.since(task.date_created).as_secs().to_string(),
            ),
            ("TaskPriority", task.priority.to_string()),
            ("ReservationSid", reservation.sid.to_string()),
            ("WorkerSid", worker.sid.to_string()),
            ("WorkerName", worker.friendly_name.clone()),
            ("WorkerAttributes", worker.attributes.to_json()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec()
    }
}

impl Sender<'_> {
    /// The instruction of the callback URL or, if that fails, of the fallback URL.
    async fn ask<'u>(
        &self,
        urls: impl Iterator<Item = &'u str>,
        form: &[(String, String)],
        reservation: ReservationSid,
    ) -> Option<Instruction> {
        for url in urls {
            match self.request(url, form, reservation).await {
                Ok(instruction) => return instruction,
                Err(error) => tracing::warn!(
                    reservation_sid = %reservation,
                    error = &error as &dyn std::error::Error,
                    "assignment callback failed"
                ),
            }
        }
        None
    }

    async fn request(
        &self,
        url: &str,
        form: &[(String, String)],
        reservation: ReservationSid,
    ) -> Result<Option<Instruction>, CallbackError> {
        let method = CallbackMethod::Post;
        let token = &reservation.to_string();
        let answer = self
            .deliver(&Webhook {
                url,
                method,
                form,
                token,
                timeout: ANSWER_TIMEOUT,
            })
            .await?;
        let content_type = answer
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok());
        match Instruction::from_json(content_type.unwrap_or_default(), answer.body()) {
            Ok(instruction) => Ok(instruction),
            Err(error) if error.is_failure() => Err(CallbackError::Instruction(error)),
            Err(error) => {
                tracing::error!(reservation_sid = %reservation, %error, "invalid instruction, not carried out");
                Ok(None)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::tests::{Behaviour, Servers};

    const RESERVATION: ReservationSid = ReservationSid::from_bytes([1; 16]);
    const ACCEPT: &str = r#"{"instruction":"accept"}"#;

    async fn ask(fragment: &str, first: Behaviour) -> (Option<Instruction>, Vec<String>) {
        let fallback = "https://app.example/again";
        let servers = Servers::new(&[
            ("https://app.example/ask", first),
            (fallback, (Duration::ZERO, Some(200), ACCEPT)),
        ]);
        let url = format!("https://app.example/ask{fragment}");
        let instruction = servers
            .sender()
            .ask([url.as_str(), fallback].into_iter(), &[], RESERVATION)
            .await;
        let paths = servers
            .asked()
            .iter()
            .map(|url| url.replace("https://app.example/", ""))
            .collect();
        (instruction, paths)
    }

    #[tokio::test(start_paused = true)]
    async fn slow_application_is_replaced_by_fallback() {
        for (fragment, secs, status, expected) in [
            ("", 4, 200, &["ask"][..]),
            ("", 6, 200, &["ask", "again"]),
            ("#tt=15000&rt=15000", 6, 200, &["ask", "again"]),
            ("#rp=5xx&rc=2", 0, 503, &["ask", "ask", "ask", "again"]),
            ("", 0, 503, &["ask", "again"]),
        ] {
            let (instruction, asked) =
                ask(fragment, (Duration::from_secs(secs), Some(status), ACCEPT)).await;
            assert_eq!(
                (instruction, asked.as_slice()),
                (Some(Instruction::Accept), &*to_strings(expected)),
                "{fragment} {secs}"
            );
        }
    }

    fn to_strings(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn empty_answer_is_no_failure() {
        for body in [
            "",
            "{}",
            r#"{"hello":1}"#,
            r#"{"instruction":"call","from":"+1"}"#,
        ] {
            let (instruction, asked) = ask("", (Duration::ZERO, Some(200), body)).await;
            assert_eq!((instruction, asked), (None, to_strings(&["ask"])), "{body}");
        }
    }
}
