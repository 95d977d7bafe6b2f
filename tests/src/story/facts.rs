//! Facts, checked.

use std::collections::BTreeSet;

use reqwest::Method;
use shared::model::{Reservation, Task};

use super::Stage;
use super::fact::Fact;

impl Stage {
    /// What was seen instead, if it is not so.
    pub(super) async fn check(&self, fact: &Fact) -> Result<(), String> {
        match fact {
            Fact::Waits(_)
            | Fact::Talks(..)
            | Fact::Gone(_)
            | Fact::Rings(_)
            | Fact::NobodyRings
            | Fact::Hears(..)
            | Fact::Silent(..) => self.check_phones(fact).await,
            Fact::Activity(..) | Fact::Holds(..) => self.check_worker(fact).await,
            Fact::Task { .. }
            | Fact::TaskGone(_)
            | Fact::Priority(..)
            | Fact::Offered(..)
            | Fact::Belongs(..)
            | Fact::Reservation { .. }
            | Fact::NoTask(_) => self.check_task(fact).await,
            Fact::Http { .. } | Fact::HttpEach(..) | Fact::Shown(..) => self.check_replies(fact),
            Fact::Asked(..) | Fact::OneToken(_) | Fact::AskedWith(..) => self.check_customer(fact),
        }
    }

    async fn check_phones(&self, fact: &Fact) -> Result<(), String> {
        let laboratory = &self.laboratory;
        match fact {
            Fact::Waits(caller) => {
                let call = laboratory.call(self.caller(caller)).await;
                let status = self.task(caller).await.map(|task| task.assignment_status.as_str());
                let waits = call["status"] == "in-progress" && call["bridged_with"].is_null();
                let is_offered = matches!(status, Some("pending" | "reserved"));
                expect(waits && is_offered, format!("{status:?} {}", call["status"]))
            }
            Fact::Talks(caller, worker) => {
                let call = laboratory.call(self.caller(caller)).await;
                let leg = match self.callers.get(worker) {
                    Some(other) => Some(other.to_string()),
                    None => {
                        let number = laboratory.worker(worker).await.contact_uri().unwrap().to_owned();
                        laboratory.phones("in-progress").await.get(&number).map(ToString::to_string)
                    }
                };
                let talks = leg.is_some() && call["bridged_with"].as_str() == leg.as_deref();
                expect(talks, call["bridged_with"].to_string())
            }
            Fact::Gone(who) => {
                let call = laboratory.call(self.caller(who)).await;
                let ended = ["completed", "busy", "no-answer", "failed", "canceled"];
                expect(ended.contains(&call["status"].as_str().unwrap_or_default()), call["status"].to_string())
            }
            Fact::Rings(worker) => {
                let number = laboratory.worker(worker).await.contact_uri().unwrap().to_owned();
                let ringing = laboratory.ringing().await;
                expect(ringing.contains_key(&number), format!("{ringing:?}"))
            }
            Fact::Hears(caller, words) => expect(self.heard(caller, words).await, String::new()),
            Fact::Silent(caller, words) => expect(!self.heard(caller, words).await, String::new()),
            _ => {
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
            format!("{} {}", entry["event"].as_str().unwrap_or_default(), entry["text"].as_str().unwrap_or_default())
        };
        transcript.iter().any(|entry| line(entry).contains(words))
    }

    async fn check_worker(&self, fact: &Fact) -> Result<(), String> {
        match fact {
            Fact::Activity(worker, expected) => {
                let activity = self.laboratory.activity_of(worker).await;
                expect(activity == *expected, activity)
            }
            Fact::Holds(worker, expected) => {
                let open = self.laboratory.worker(worker).await.open_reservations;
                expect(open.len() == *expected, format!("{open:?}"))
            }
            other => Err(format!("{other:?} is not about a Worker\n")),
        }
    }

    async fn check_task(&self, fact: &Fact) -> Result<(), String> {
        if let Fact::TaskGone(name) = fact {
            let path = format!("Tasks/{}", self.task_sid(name));
            let reply = self.laboratory.request(Method::GET, &path, &[], None).await;
            return expect(reply.status == 404 && reply.body["code"] == 20_404, format!("{reply:?}"));
        }
        if let Fact::NoTask(caller) = fact {
            let task = self.task(caller).await;
            return expect(task.is_none(), format!("{task:?}"));
        }
        let (Fact::Task { task: name, .. }
        | Fact::Priority(name, _)
        | Fact::Offered(name, _)
        | Fact::Belongs(name, _)
        | Fact::Reservation { task: name, .. }) = fact
        else {
            return Err(format!("{fact:?} is not about a Task\n"));
        };
        let task = self.task(name).await.ok_or_else(|| format!("seen: no Task {name}\n"))?;
        let so = self.is_so(fact, &task);
        expect(so, format!("{task:#?}"))
    }

    fn is_so(&self, fact: &Fact, task: &Task) -> bool {
        let workspace = &self.laboratory.contact_centre.workspace;
        match fact {
            Fact::Task { status, queue, reason, .. } => {
                let in_queue =
                    workspace.task_queues.get(&task.task_queue_sid).map(|queue| queue.friendly_name.as_str());
                let because = task.reason.as_ref().map(|reason| reason.as_str());
                task.assignment_status.as_str() == status
                    && queue.as_ref().is_none_or(|queue| in_queue == Some(queue))
                    && reason.as_ref().is_none_or(|reason| because == Some(reason))
            }
            Fact::Priority(_, priority) => task.priority == *priority,
            Fact::Offered(_, names) => {
                let offered: BTreeSet<&str> =
                    task.pending_reservations().map(|offer| offer.worker_name.as_str()).collect();
                offered == names.iter().map(String::as_str).collect()
            }
            Fact::Belongs(_, worker) => {
                task.held_reservation().is_some_and(|held: &Reservation| held.worker_name == *worker)
            }
            Fact::Reservation { worker, status, .. } => {
                let found = task.reservations.iter().find(|found| found.worker_name == *worker);
                found.is_some_and(|found| found.status.as_str() == status)
            }
            _ => false,
        }
    }

    fn check_replies(&self, fact: &Fact) -> Result<(), String> {
        let so = match fact {
            Fact::Http { status, code, message } => self.replies.iter().all(|reply| {
                let said = reply.body["message"].as_str().unwrap_or_default();
                reply.status == *status
                    && code.is_none_or(|code| reply.body["code"] == code)
                    && (message.is_empty() || self.fits(said, message))
            }),
            Fact::HttpEach(one, other) => {
                let mut seen: Vec<u16> = self.replies.iter().map(|reply| reply.status).collect();
                let mut expected = vec![*one, *other];
                seen.sort_unstable();
                expected.sort_unstable();
                seen == expected
            }
            Fact::Shown(field, value) => {
                let shown = self.replies.last().map(|reply| &reply.body[field.as_str()]);
                shown.is_some_and(|shown| shown.as_str().map_or_else(|| shown.to_string(), str::to_owned) == *value)
            }
            other => return Err(format!("{other:?} is not about an answer\n")),
        };
        expect(so && !self.replies.is_empty(), format!("{:#?}", self.replies))
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

    fn check_customer(&self, fact: &Fact) -> Result<(), String> {
        match fact {
            Fact::Asked(path, times) => {
                let asked = self.customer.asked(path);
                expect(asked.len() == *times, format!("{asked:#?}"))
            }
            Fact::OneToken(path) => {
                let asked = self.customer.asked(path);
                let token = |asked: &crate::customer::Asked| asked.headers.get("i-twilio-idempotency-token").cloned();
                let tokens: BTreeSet<Option<String>> = asked.iter().map(token).collect();
                expect(tokens.len() == 1 && !tokens.contains(&None), format!("{tokens:?}"))
            }
            Fact::AskedWith(path, name, value) => {
                let asked = self.customer.asked(path);
                let pair = (name.clone(), value.clone());
                expect(asked.last().is_some_and(|asked| asked.form.contains(&pair)), format!("{asked:#?}"))
            }
            other => Err(format!("{other:?} is not about the customer's server\n")),
        }
    }
}

fn expect(so: bool, seen: String) -> Result<(), String> {
    if so { Ok(()) } else { Err(format!("seen: {seen}\n")) }
}
