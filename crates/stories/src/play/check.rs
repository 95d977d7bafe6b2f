//! Checks the expectations of a story.

use std::collections::BTreeSet;

use http_client::http::Method;
use ids::time::Millis;
use serde_json::Value;
use task_router::model::{AssignmentStatus, Task};

use super::{Centre, Stage};
use crate::customer::RecordedRequest;
use crate::expectation::{
    Bound, CustomerExpectation, Expectation, PhoneExpectation, ReplyExpectation, TaskExpectation,
    WorkerExpectation,
};
use crate::when::BEGIN;

/// How much a wait may differ from the expected one: a Worker's phone is answered in between.
const WAIT_TOLERANCE: Millis = Millis::from_secs(1);

impl<C: Centre> Stage<'_, C> {
    /// `Err` with the actual state if the expectation does not hold.
    pub(super) async fn check(&self, expectation: &Expectation) -> Result<(), String> {
        match expectation {
            Expectation::Phone(expectation) => self.check_phones(expectation).await,
            Expectation::Worker(name, expectation) => self.check_worker(name, expectation).await,
            Expectation::Task(name, expectation) => self.check_task(name, expectation).await,
            Expectation::Reply(expectation) => self.check_replies(expectation),
            Expectation::Signature(expectation) => self.check_signature(expectation),
            Expectation::Customer(url, expectation) => self.check_customer(url, expectation),
        }
    }

    async fn check_phones(&self, expectation: &PhoneExpectation) -> Result<(), String> {
        match expectation {
            PhoneExpectation::Waits(caller, queue) => {
                self.check_waiting(caller, queue.as_deref()).await
            }
            PhoneExpectation::Talks(caller, other) => self.check_talk(caller, other).await,
            PhoneExpectation::Gone(caller) => {
                let call = self.call_of(caller).await?;
                expect(call.is_over(), || format!("the call is {}", call.status))
            }
            PhoneExpectation::Ended(caller, status) => {
                let call = self.call_of(caller).await?;
                expect(call.status == *status, || {
                    format!("the call is {}", call.status)
                })
            }
            PhoneExpectation::Rings(worker) => {
                let number = self.number(worker).await?;
                let ringing = self.ringing().await?;
                expect(ringing.contains(&number), || rings(&ringing))
            }
            PhoneExpectation::NobodyRings => {
                let ringing = self.ringing().await?;
                expect(ringing.is_empty(), || rings(&ringing))
            }
            PhoneExpectation::Hears {
                name,
                words,
                language,
            } => self.check_heard(name, words, language.as_deref()).await,
            PhoneExpectation::Silent(name, words) => {
                let call = self.call_of(name).await?;
                let heard = call.transcript.iter().find(|line| line.has(words));
                heard.map_or(Ok(()), |line| {
                    Err(format!("{name} has heard {:?}", line.text))
                })
            }
        }
    }

    async fn check_waiting(&self, caller: &str, queue: Option<&str>) -> Result<(), String> {
        let call = self.call_of(caller).await?;
        let task = self.task(caller).await?;
        let Some(task) = task else {
            return Err(format!("{caller} has no Task; the call is {}", call.status));
        };
        let is_offered = match task.assignment_status {
            AssignmentStatus::Pending | AssignmentStatus::Reserved => true,
            AssignmentStatus::Assigned
            | AssignmentStatus::Wrapping
            | AssignmentStatus::Completed
            | AssignmentStatus::Canceled => false,
        };
        let waits = call.status == "in-progress" && call.bridged_with.is_none() && is_offered;
        let in_queue = self.queue_of(&task);
        expect(
            waits && queue.is_none_or(|queue| in_queue == Some(queue)),
            || format!("the call is {}, {}", call.status, self.shown(&task)),
        )
    }

    async fn check_talk(&self, caller: &str, other: &str) -> Result<(), String> {
        let call = self.call_of(caller).await?;
        let leg = match self.callers.get(other) {
            Some(other) => Some(other.to_string()),
            None => {
                let number = self.number(other).await?;
                let phones = self.phones_in("in-progress").await?;
                let phone = phones.into_iter().find(|phone| phone.to == number);
                phone.map(|phone| phone.call_sid)
            }
        };
        let talks = leg.is_some() && call.bridged_with == leg;
        expect(talks, || match &call.bridged_with {
            Some(other) => format!("{caller} talks to the call {other}"),
            None => format!("{caller} talks to nobody; the call is {}", call.status),
        })
    }

    async fn check_heard(
        &self,
        name: &str,
        words: &str,
        language: Option<&str>,
    ) -> Result<(), String> {
        let call = self.call_of(name).await?;
        let mut lines = call.transcript.iter().filter(|line| line.has(words));
        let found = lines.clone().next();
        let is_heard =
            lines.any(|line| language.is_none_or(|language| line.language() == Some(language)));
        expect(is_heard, || match found {
            Some(line) => format!("heard in {}", line.language().unwrap_or("no language")),
            None => {
                let last = call.transcript.iter().rev();
                let last = last.filter(|line| line.event == "heard").take(3);
                let last: Vec<String> = last.map(|line| format!("{:?}", line.text)).collect();
                format!("the last that was heard, newest first: {}", last.join(", "))
            }
        })
    }

    /// The call of a caller, or the newest call to a Worker's phone.
    async fn call_of(&self, name: &str) -> Result<super::Phone, String> {
        if let Some(call) = self.callers.get(name) {
            return self.phone(&call.to_string()).await;
        }
        let number = self.number(name).await?;
        let phones = self.phones_so_far().await;
        let newest = phones.into_iter().rev();
        let found = newest
            .filter(|phone| phone.direction != "inbound")
            .find(|phone| phone.to == number);
        let found = found.ok_or_else(|| format!("the phone of {name} has not rung"))?;
        self.phone(&found.call_sid).await
    }

    async fn ringing(&self) -> Result<Vec<String>, String> {
        let phones = self.phones_in("ringing").await?;
        Ok(phones.into_iter().map(|phone| phone.to).collect())
    }

    async fn check_worker(
        &self,
        name: &str,
        expectation: &WorkerExpectation,
    ) -> Result<(), String> {
        let worker = self.worker(name).await?;
        match expectation {
            WorkerExpectation::Activity(expected) => {
                let activities = &self.centre.configuration().workspace.activities;
                let activity = activities.get(&worker.activity_sid);
                let activity = activity.map(|activity| activity.friendly_name.as_str());
                expect(activity == Some(expected), || {
                    format!("{name} is {}", activity.unwrap_or("in no known Activity"))
                })
            }
            WorkerExpectation::Holds(expected) => {
                let open = worker.open_reservations.len();
                expect(open == *expected, || format!("{name} has {open} tasks"))
            }
        }
    }

    async fn check_task(&self, name: &str, expectation: &TaskExpectation) -> Result<(), String> {
        match expectation {
            TaskExpectation::Gone => {
                let path = format!("Tasks/{}", self.task_sid(name).await?);
                let reply = self.ask(Method::GET, &path, &[], None).await;
                return expect(reply.status == 404 && reply.body["code"] == 20_404, || {
                    format!("the API answers {}", reply.status)
                });
            }
            TaskExpectation::Event { kind, is_there } => {
                return self.check_event(name, kind, *is_there).await;
            }
            TaskExpectation::NeverMade
            | TaskExpectation::Is { .. }
            | TaskExpectation::Priority(_)
            | TaskExpectation::Offered(_)
            | TaskExpectation::Belongs(_)
            | TaskExpectation::Reservation { .. }
            | TaskExpectation::Waited(..)
            | TaskExpectation::Attribute { .. } => {}
        }
        let task = self.task(name).await?;
        if *expectation == TaskExpectation::NeverMade {
            return task.map_or(Ok(()), |task| Err(self.shown(&task)));
        }
        let task = task.ok_or_else(|| format!("{name} has no Task"))?;
        expect(self.is_so(&task, expectation), || self.shown(&task))
    }

    /// Whether a Task is as expected. Those that are not about a Task that exists are not.
    fn is_so(&self, task: &Task, expectation: &TaskExpectation) -> bool {
        match expectation {
            TaskExpectation::Is {
                status,
                queue,
                reason,
            } => {
                let actual_reason = task.reason.as_ref().map(|reason| reason.as_str());
                task.assignment_status.as_str() == status
                    && queue
                        .as_deref()
                        .is_none_or(|queue| self.queue_of(task) == Some(queue))
                    && reason
                        .as_deref()
                        .is_none_or(|reason| actual_reason == Some(reason))
            }
            TaskExpectation::Priority(priority) => task.priority == *priority,
            TaskExpectation::Offered(names) => {
                let offered = task
                    .pending_reservations()
                    .map(|offer| offer.worker_name.as_str());
                offered.collect::<BTreeSet<&str>>() == names.iter().map(String::as_str).collect()
            }
            TaskExpectation::Belongs(worker) => task
                .held_reservation()
                .is_some_and(|held| held.worker_name == *worker),
            TaskExpectation::Reservation { worker, status } => {
                let mut reservations = task.reservations.iter();
                let found = reservations.find(|found| found.worker_name == *worker);
                found.is_some_and(|found| found.status.as_str() == status)
            }
            TaskExpectation::Waited(bound, expected) => {
                let waited = self.wait_of(task);
                let shortest = expected
                    .as_millis()
                    .saturating_sub(WAIT_TOLERANCE.as_millis());
                let longest = expected.as_millis() + WAIT_TOLERANCE.as_millis();
                let waited = waited.as_millis();
                match bound {
                    Bound::Exactly => (shortest..=longest).contains(&waited),
                    Bound::AtMost => waited <= expected.as_millis(),
                    Bound::AtLeast => waited >= expected.as_millis(),
                }
            }
            TaskExpectation::Attribute { name, value } => {
                let actual = task.attributes.as_object().get(name);
                let json: Option<Value> = serde_json::from_str(value).ok();
                actual.is_some_and(|actual| {
                    actual.as_str() == Some(value) || json.as_ref() == Some(actual)
                })
            }
            TaskExpectation::NeverMade | TaskExpectation::Gone | TaskExpectation::Event { .. } => {
                false
            }
        }
    }

    /// How long a Task has waited: until now, or until a Worker accepted it.
    fn wait_of(&self, task: &Task) -> Millis {
        let accepted = task
            .held_reservation()
            .map(|held| held.date_updated)
            .filter(|_| task.assignment_status == AssignmentStatus::Assigned);
        let until = accepted.unwrap_or_else(|| self.centre.now());
        until.since(task.virtual_start_time)
    }

    fn queue_of(&self, task: &Task) -> Option<&str> {
        let queues = &self.centre.configuration().workspace.task_queues;
        let queue = queues.get(&task.task_queue_sid)?;
        Some(&queue.friendly_name)
    }

    /// A Task in a few words.
    fn shown(&self, task: &Task) -> String {
        let queue = self.queue_of(task).unwrap_or("an unknown TaskQueue");
        let offers = task.reservations.iter().map(|offer| {
            let status = offer.status.as_str();
            format!("{} {status}", offer.worker_name)
        });
        let offers: Vec<String> = offers.collect();
        let reason = task.reason.as_ref().map_or(String::new(), |reason| {
            format!(" because {}", reason.as_str())
        });
        format!(
            "the Task is {}{reason} in {queue}, priority {}, waited {} s, Reservations: [{}], attributes {}",
            task.assignment_status.as_str(),
            task.priority,
            self.wait_of(task).as_secs(),
            offers.join(", "),
            Value::Object(task.attributes.as_object().clone()),
        )
    }

    async fn check_event(&self, name: &str, kind: &str, is_there: bool) -> Result<(), String> {
        let task = self.task_sid(name).await?;
        let since = BEGIN.to_iso8601();
        let path = format!("Events?TaskSid={task}&PageSize=200&StartDate={since}");
        let reply = self.ask(Method::GET, &path, &[], None).await;
        let events = reply.body.get("events").and_then(Value::as_array);
        let types = events.into_iter().flatten().rev();
        let types: Vec<&str> = types
            .filter_map(|event| event.get("event_type")?.as_str())
            .collect();
        expect(types.contains(&kind) == is_there, || {
            format!("the events of {name}: {}", types.join(", "))
        })
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
                    && (message.is_empty() || fits(actual, message))
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
        expect(holds && !self.replies.is_empty(), || {
            format!("seen: {:#?}", self.replies)
        })
    }

    fn check_customer(&self, url: &str, expectation: &CustomerExpectation) -> Result<(), String> {
        let requests = self.centre.customer().requests(url);
        let holds = match expectation {
            CustomerExpectation::Genuinely => return self.check_signatures(&requests),
            CustomerExpectation::Times(times) => requests.len() == *times,
            CustomerExpectation::OneToken => {
                let token = |request: &RecordedRequest| {
                    request.headers.get("i-twilio-idempotency-token").cloned()
                };
                let tokens: BTreeSet<Option<String>> = requests.iter().map(token).collect();
                tokens.len() == 1 && !tokens.contains(&None)
            }
            CustomerExpectation::With(name, value) => {
                let value = self.with_sid(value);
                let pair = (name.clone(), value);
                requests
                    .last()
                    .is_some_and(|request| request.form.contains(&pair))
            }
        };
        let asked = || {
            let requests = requests
                .iter()
                .map(|request| format!("\n  {:?}", request.form));
            format!(
                "asked {} times:{}",
                requests.len(),
                requests.collect::<String>()
            )
        };
        expect(holds, asked)
    }
}

/// Whether the sentence contains these parts in this order. `…` matches any text.
fn fits(sentence: &str, pattern: &str) -> bool {
    let mut rest = sentence;
    pattern.split('…').all(|part| match rest.split_once(part) {
        Some((_, after)) => {
            rest = after;
            true
        }
        None => false,
    })
}

fn rings(ringing: &[String]) -> String {
    if ringing.is_empty() {
        "no phone rings".to_owned()
    } else {
        format!("these phones ring: {}", ringing.join(", "))
    }
}

fn expect(holds: bool, seen: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(seen()) }
}
