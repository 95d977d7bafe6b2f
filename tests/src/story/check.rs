//! Checks the expectations of a story.

use std::collections::BTreeSet;

use reqwest::Method;
use task_router::model::Task;

use super::Stage;
use super::expectation::{
    CustomerExpectation, Expectation, PhoneExpectation, ReplyExpectation, TaskExpectation,
    WorkerExpectation,
};
use crate::customer::RecordedRequest;

impl Stage {
    /// `Err` with the actual state if the expectation does not hold.
    pub(super) async fn check(&self, expectation: &Expectation) -> Result<(), String> {
        match expectation {
            Expectation::Phone(expectation) => self.check_phones(expectation).await,
            Expectation::Worker(name, expectation) => self.check_worker(name, expectation).await,
            Expectation::Task(name, expectation) => self.check_task(name, expectation).await,
            Expectation::Reply(expectation) => self.check_replies(expectation),
            Expectation::Signature(expectation) => self.check_signature(expectation),
            Expectation::Customer(path, expectation) => self.check_customer(path, expectation),
        }
    }

    async fn check_phones(&self, expectation: &PhoneExpectation) -> Result<(), String> {
        let test_centre = &self.test_centre;
        match expectation {
            PhoneExpectation::Waits(caller) => {
                let call = test_centre.call(self.caller(caller)).await;
                let status = self
                    .task(caller)
                    .await
                    .map(|task| task.assignment_status.as_str());
                let waits = call["status"] == "in-progress" && call["bridged_with"].is_null();
                let is_offered = matches!(status, Some("pending" | "reserved"));
                expect(
                    waits && is_offered,
                    format!("{status:?} {}", call["status"]),
                )
            }
            PhoneExpectation::Talks(caller, worker) => {
                let call = test_centre.call(self.caller(caller)).await;
                let leg = match self.callers.get(worker) {
                    Some(other) => Some(other.to_string()),
                    None => {
                        let number = test_centre
                            .worker(worker)
                            .await
                            .contact_uri()
                            .unwrap()
                            .to_owned();
                        test_centre
                            .phones("in-progress")
                            .await
                            .get(&number)
                            .map(ToString::to_string)
                    }
                };
                let talks = leg.is_some() && call["bridged_with"].as_str() == leg.as_deref();
                expect(talks, call["bridged_with"].to_string())
            }
            PhoneExpectation::Gone(caller) => {
                let call = test_centre.call(self.caller(caller)).await;
                let ended = ["completed", "busy", "no-answer", "failed", "canceled"];
                expect(
                    ended.contains(&call["status"].as_str().unwrap_or_default()),
                    call["status"].to_string(),
                )
            }
            PhoneExpectation::Ended(caller, status) => {
                let call = test_centre.call(self.caller(caller)).await;
                expect(call["status"] == *status, call["status"].to_string())
            }
            PhoneExpectation::Rings(name) => {
                let number = self.number_of(name).await;
                let ringing = test_centre.ringing().await;
                expect(ringing.contains_key(&number), format!("{ringing:?}"))
            }
            PhoneExpectation::Hears(caller, words) => {
                expect(self.heard(caller, words).await, String::new())
            }
            PhoneExpectation::Silent(caller, words) => {
                expect(!self.heard(caller, words).await, String::new())
            }
            PhoneExpectation::NobodyRings => {
                let ringing = test_centre.ringing().await;
                expect(ringing.is_empty(), format!("{ringing:?}"))
            }
        }
    }

    /// Whether the transcript of the call, spoken text or noted event, contains these words: of a
    /// caller's call, or of the leg that a Worker has picked up.
    async fn heard(&self, name: &str, words: &str) -> bool {
        let call = match self.callers.get(name) {
            Some(call) => *call,
            None => {
                let number = self.number_of(name).await;
                let phones = self.test_centre.phones("in-progress").await;
                *phones
                    .get(&number)
                    .unwrap_or_else(|| panic!("{name} is not on the telephone: {phones:?}"))
            }
        };
        let call = self.test_centre.call(call).await;
        let transcript = call["transcript"].as_array().cloned().unwrap_or_default();
        let line = |entry: &serde_json::Value| {
            format!(
                "{} {}",
                entry["event"].as_str().unwrap_or_default(),
                entry["text"].as_str().unwrap_or_default()
            )
        };
        transcript.iter().any(|entry| line(entry).contains(words))
    }

    async fn check_worker(
        &self,
        name: &str,
        expectation: &WorkerExpectation,
    ) -> Result<(), String> {
        match expectation {
            WorkerExpectation::Activity(expected) => {
                let activity = self.test_centre.activity_of(name).await;
                expect(activity == *expected, activity)
            }
            WorkerExpectation::Holds(expected) => {
                let open = self.test_centre.worker(name).await.open_reservations;
                expect(open.len() == *expected, format!("{open:?}"))
            }
        }
    }

    async fn check_task(&self, name: &str, expectation: &TaskExpectation) -> Result<(), String> {
        let task = self.task(name).await;
        let seen = format!("{task:#?}");
        let holds = match (expectation, task) {
            (TaskExpectation::NeverMade, task) => task.is_none(),
            (TaskExpectation::Gone, _) => {
                let path = format!("Tasks/{}", self.task_sid(name));
                let reply = self
                    .test_centre
                    .request(Method::GET, &path, &[], None)
                    .await;
                reply.status == 404 && reply.body["code"] == 20_404
            }
            (
                TaskExpectation::Is {
                    status,
                    queue,
                    reason,
                },
                Some(task),
            ) => self.is(&task, status, queue.as_deref(), reason.as_deref()),
            (TaskExpectation::Priority(priority), Some(task)) => task.priority == *priority,
            (TaskExpectation::Offered(names), Some(task)) => {
                let offered = task
                    .pending_reservations()
                    .map(|offer| offer.worker_name.as_str());
                offered.collect::<BTreeSet<&str>>() == names.iter().map(String::as_str).collect()
            }
            (TaskExpectation::Belongs(worker), Some(task)) => task
                .held_reservation()
                .is_some_and(|held| held.worker_name == *worker),
            (TaskExpectation::Reservation { worker, status }, Some(task)) => {
                let found = task
                    .reservations
                    .iter()
                    .find(|found| found.worker_name == *worker);
                found.is_some_and(|found| found.status.as_str() == status)
            }
            (_, None) => false,
        };
        expect(holds, seen)
    }

    fn is(&self, task: &Task, status: &str, queue: Option<&str>, reason: Option<&str>) -> bool {
        let workspace = &self.test_centre.contact_centre.workspace;
        let in_queue = workspace
            .task_queues
            .get(&task.task_queue_sid)
            .map(|queue| queue.friendly_name.as_str());
        let actual_reason = task.reason.as_ref().map(|reason| reason.as_str());
        task.assignment_status.as_str() == status
            && queue.is_none_or(|queue| in_queue == Some(queue))
            && reason.is_none_or(|reason| actual_reason == Some(reason))
    }

    fn check_replies(&self, expectation: &ReplyExpectation) -> Result<(), String> {
        let holds = match expectation {
            ReplyExpectation::Http {
                status,
                code,
                message,
            } => self.replies.iter().all(|reply| {
                let actual = reply.body["message"].as_str().unwrap_or_default();
                reply.status == *status
                    && code.is_none_or(|code| reply.body["code"] == code)
                    && (message.is_empty() || self.fits(actual, message))
            }),
            ReplyExpectation::HttpEach(one, other) => {
                let mut seen: Vec<u16> = self.replies.iter().map(|reply| reply.status).collect();
                let mut expected = vec![*one, *other];
                seen.sort_unstable();
                expected.sort_unstable();
                seen == expected
            }
            ReplyExpectation::Contains(field, text) => {
                let shown = self.replies.last().map(|reply| &reply.body[field.as_str()]);
                shown.is_some_and(|shown| shown.to_string().contains(text))
            }
            ReplyExpectation::Shown(field, value) => {
                let shown = self.replies.last().map(|reply| &reply.body[field.as_str()]);
                shown.is_some_and(|shown| {
                    shown
                        .as_str()
                        .map_or_else(|| shown.to_string(), str::to_owned)
                        == *value
                })
            }
        };
        expect(
            holds && !self.replies.is_empty(),
            format!("{:#?}", self.replies),
        )
    }

    /// Whether the sentence contains these parts in this order. `…` matches any text.
    fn fits(&self, sentence: &str, pattern: &str) -> bool {
        let mut rest = sentence;
        pattern.split('…').all(|part| match rest.split_once(part) {
            Some((_, after)) => {
                rest = after;
                true
            }
            None => false,
        })
    }

    fn check_customer(&self, path: &str, expectation: &CustomerExpectation) -> Result<(), String> {
        let requests = self.customer.requests(path);
        let holds = match expectation {
            CustomerExpectation::Genuinely => return self.check_signatures(path),
            CustomerExpectation::Times(times) => requests.len() == *times,
            CustomerExpectation::OneToken => {
                let token = |request: &RecordedRequest| {
                    request.headers.get("i-twilio-idempotency-token").cloned()
                };
                let tokens: BTreeSet<Option<String>> = requests.iter().map(token).collect();
                tokens.len() == 1 && !tokens.contains(&None)
            }
            CustomerExpectation::With(name, value) => {
                let pair = (name.clone(), value.clone());
                requests
                    .last()
                    .is_some_and(|request| request.form.contains(&pair))
            }
        };
        expect(holds, format!("{requests:#?}"))
    }
}

fn expect(holds: bool, seen: String) -> Result<(), String> {
    if holds {
        Ok(())
    } else {
        Err(format!("seen: {seen}\n"))
    }
}
