//! Facts, checked.

use std::collections::BTreeSet;

use reqwest::Method;
use task_router::model::Task;

use super::Stage;
use super::expectation::{CustomerFact, Fact, PhoneFact, ReplyFact, TaskFact, WorkerFact};
use crate::customer::Asked;

impl Stage {
    /// What was seen instead, if it is not so.
    pub(super) async fn check(&self, fact: &Fact) -> Result<(), String> {
        match fact {
            Fact::Phone(fact) => self.check_phones(fact).await,
            Fact::Worker(name, fact) => self.check_worker(name, fact).await,
            Fact::Task(name, fact) => self.check_task(name, fact).await,
            Fact::Reply(fact) => self.check_replies(fact),
            Fact::Signature(fact) => self.check_signature(fact),
            Fact::Customer(path, fact) => self.check_customer(path, fact),
        }
    }

    async fn check_phones(&self, fact: &PhoneFact) -> Result<(), String> {
        let laboratory = &self.laboratory;
        match fact {
            PhoneFact::WaitTimes(caller) => {
                let call = laboratory.call(self.caller(caller)).await;
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
            PhoneFact::Talks(caller, worker) => {
                let call = laboratory.call(self.caller(caller)).await;
                let leg = match self.callers.get(worker) {
                    Some(other) => Some(other.to_string()),
                    None => {
                        let number = laboratory
                            .worker(worker)
                            .await
                            .contact_uri()
                            .unwrap()
                            .to_owned();
                        laboratory
                            .phones("in-progress")
                            .await
                            .get(&number)
                            .map(ToString::to_string)
                    }
                };
                let talks = leg.is_some() && call["bridged_with"].as_str() == leg.as_deref();
                expect(talks, call["bridged_with"].to_string())
            }
            PhoneFact::Gone(who) => {
                let call = laboratory.call(self.caller(who)).await;
                let ended = ["completed", "busy", "no-answer", "failed", "canceled"];
                expect(
                    ended.contains(&call["status"].as_str().unwrap_or_default()),
                    call["status"].to_string(),
                )
            }
            PhoneFact::Ended(who, status) => {
                let call = laboratory.call(self.caller(who)).await;
                expect(call["status"] == *status, call["status"].to_string())
            }
            PhoneFact::Rings(worker) => {
                let number = laboratory
                    .worker(worker)
                    .await
                    .contact_uri()
                    .unwrap()
                    .to_owned();
                let ringing = laboratory.ringing().await;
                expect(ringing.contains_key(&number), format!("{ringing:?}"))
            }
            PhoneFact::Hears(caller, words) => {
                expect(self.heard(caller, words).await, String::new())
            }
            PhoneFact::Silent(caller, words) => {
                expect(!self.heard(caller, words).await, String::new())
            }
            PhoneFact::NobodyRings => {
                let ringing = laboratory.ringing().await;
                expect(ringing.is_empty(), format!("{ringing:?}"))
            }
        }
    }

    /// Is it in what the caller heard, or in what the network noted about the call?
    async fn heard(&self, caller: &str, words: &str) -> bool {
        let call = self.laboratory.call(self.caller(caller)).await;
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

    async fn check_worker(&self, name: &str, fact: &WorkerFact) -> Result<(), String> {
        match fact {
            WorkerFact::Activity(expected) => {
                let activity = self.laboratory.activity_of(name).await;
                expect(activity == *expected, activity)
            }
            WorkerFact::Holds(expected) => {
                let open = self.laboratory.worker(name).await.open_reservations;
                expect(open.len() == *expected, format!("{open:?}"))
            }
        }
    }

    async fn check_task(&self, name: &str, fact: &TaskFact) -> Result<(), String> {
        let task = self.task(name).await;
        let seen = format!("{task:#?}");
        let so = match (fact, task) {
            (TaskFact::NeverMade, task) => task.is_none(),
            (TaskFact::Gone, _) => {
                let path = format!("Tasks/{}", self.task_sid(name));
                let reply = self.laboratory.request(Method::GET, &path, &[], None).await;
                reply.status == 404 && reply.body["code"] == 20_404
            }
            (
                TaskFact::Is {
                    status,
                    queue,
                    reason,
                },
                Some(task),
            ) => self.is(&task, status, queue.as_deref(), reason.as_deref()),
            (TaskFact::Priority(priority), Some(task)) => task.priority == *priority,
            (TaskFact::Offered(names), Some(task)) => {
                let offered = task
                    .pending_reservations()
                    .map(|offer| offer.worker_name.as_str());
                offered.collect::<BTreeSet<&str>>() == names.iter().map(String::as_str).collect()
            }
            (TaskFact::Belongs(worker), Some(task)) => task
                .held_reservation()
                .is_some_and(|held| held.worker_name == *worker),
            (TaskFact::Reservation { worker, status }, Some(task)) => {
                let found = task
                    .reservations
                    .iter()
                    .find(|found| found.worker_name == *worker);
                found.is_some_and(|found| found.status.as_str() == status)
            }
            (_, None) => false,
        };
        expect(so, seen)
    }

    fn is(&self, task: &Task, status: &str, queue: Option<&str>, reason: Option<&str>) -> bool {
        let workspace = &self.laboratory.contact_centre.workspace;
        let in_queue = workspace
            .task_queues
            .get(&task.task_queue_sid)
            .map(|queue| queue.friendly_name.as_str());
        let because = task.reason.as_ref().map(|reason| reason.as_str());
        task.assignment_status.as_str() == status
            && queue.is_none_or(|queue| in_queue == Some(queue))
            && reason.is_none_or(|reason| because == Some(reason))
    }

    fn check_replies(&self, fact: &ReplyFact) -> Result<(), String> {
        let so = match fact {
            ReplyFact::Http {
                status,
                code,
                message,
            } => self.replies.iter().all(|reply| {
                let said = reply.body["message"].as_str().unwrap_or_default();
                reply.status == *status
                    && code.is_none_or(|code| reply.body["code"] == code)
                    && (message.is_empty() || self.fits(said, message))
            }),
            ReplyFact::HttpEach(one, other) => {
                let mut seen: Vec<u16> = self.replies.iter().map(|reply| reply.status).collect();
                let mut expected = vec![*one, *other];
                seen.sort_unstable();
                expected.sort_unstable();
                seen == expected
            }
            ReplyFact::Shown(field, value) => {
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
            so && !self.replies.is_empty(),
            format!("{:#?}", self.replies),
        )
    }

    /// Does a sentence have these parts, in this order? `…` stands for anything.
    fn fits(&self, sentence: &str, pattern: &str) -> bool {
        let mut rest = sentence;
        pattern.split('…').all(|part| match rest.split_once(part) {
            Some((_, behind)) => {
                rest = behind;
                true
            }
            None => false,
        })
    }

    fn check_customer(&self, path: &str, fact: &CustomerFact) -> Result<(), String> {
        let asked = self.customer.asked(path);
        let so = match fact {
            CustomerFact::Genuinely => return self.check_asked_genuinely(path),
            CustomerFact::Times(times) => asked.len() == *times,
            CustomerFact::OneToken => {
                let token =
                    |asked: &Asked| asked.headers.get("i-twilio-idempotency-token").cloned();
                let tokens: BTreeSet<Option<String>> = asked.iter().map(token).collect();
                tokens.len() == 1 && !tokens.contains(&None)
            }
            CustomerFact::With(name, value) => {
                let pair = (name.clone(), value.clone());
                asked.last().is_some_and(|asked| asked.form.contains(&pair))
            }
        };
        expect(so, format!("{asked:#?}"))
    }
}

fn expect(so: bool, seen: String) -> Result<(), String> {
    if so {
        Ok(())
    } else {
        Err(format!("seen: {seen}\n"))
    }
}
