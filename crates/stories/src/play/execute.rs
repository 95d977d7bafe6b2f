//! Executes the steps of a story.

use std::time::Duration;

use http_client::http::{Method, Request, header};
use ids::CallSid;
use ids::time::Millis;
use serde_json::{Value, json};
use task_router::router::Command;

use super::signing::SignedRequest;
use super::{Centre, SLACK, Stage};
use crate::customer::Scripted;
use crate::sections::with_sections;
use crate::step::{PhoneAction, ScriptedAnswer, Step};

/// The callers' numbers end with the number of the caller in the story.
const CALLERS_PREFIX: &str = "+17075550";

/// Callers with a number of their own: 101 to 199 are the Workers' in the examples.
const FIRST_CALLER: usize = 190;

impl<C: Centre> Stage<'_, C> {
    pub(super) async fn execute(&mut self, step: &Step, below: &str) -> Result<(), String> {
        match step {
            Step::Nothing => Ok(()),
            Step::Dial {
                caller,
                from,
                to,
                digits,
            } => {
                let numbers = [from, to].map(Option::as_deref);
                self.dial(caller, numbers, digits.as_deref()).await?;
                Ok(())
            }
            Step::DialAndHangUp { caller, digits } => {
                let call = self.dial(caller, [None, None], Some(digits)).await?;
                self.centre.advance(Millis::from_secs(1)).await;
                self.at_phone(&call.to_string(), PhoneAction::HangUp).await
            }
            Step::Press { name, digits } => {
                let body = json!({ "digits": digits });
                self.enter(name, "digits", body).await
            }
            Step::Say { name, words } => {
                let body = json!({ "text": words });
                self.enter(name, "speech", body).await
            }
            Step::AtPhone { name, action } => {
                let call = self.phone_of(name, *action).await?;
                self.at_phone(&call, *action).await
            }
            Step::HangUpAtOnce(worker) => {
                let call = self.phone_of(worker, PhoneAction::Answer).await?;
                self.at_phone(&call, PhoneAction::Answer).await?;
                self.at_phone(&call, PhoneAction::HangUp).await
            }
            Step::Call {
                caller,
                number,
                document,
            } => self.call(caller, number, document).await,
            Step::Update { caller, document } => self.send_on(caller, document).await,
            Step::Become {
                worker,
                activity,
                reject_pending,
            } => self.become_(worker, activity, *reject_pending).await,
            Step::NobodyAvailable => self.all_unavailable().await,
            Step::Task { name, form } => self.create_task(name, form).await,
            Step::Answer {
                workers,
                task,
                form,
            } => self.answer(workers, task, form).await,
            Step::Request {
                method,
                path,
                form,
                if_match,
            } => {
                let method = Method::from_bytes(method.as_bytes());
                let method = method.map_err(|error| error.to_string())?;
                self.request(method, path, form, if_match.as_deref()).await;
                Ok(())
            }
            Step::Capacity {
                worker,
                channel,
                capacity,
            } => self.set_capacity(worker, channel, *capacity).await,
            Step::SetUp => {
                let below = self.centre.customer().with_address(below);
                self.set_up = with_sections(&self.set_up, &below)?;
                self.centre.apply(&self.set_up).await
            }
            Step::Script { url, answer } => self.script(url, answer, below).await,
            Step::Sign { url, form } => {
                self.signed = Some(SignedRequest::new(url.clone(), form.clone(), below));
                Ok(())
            }
            Step::Forge => self.signed.as_mut().map_or(Ok(()), SignedRequest::forge),
            Step::Restart => self.centre.restart(&self.set_up).await,
        }
    }

    async fn dial(
        &mut self,
        caller: &str,
        [from, to]: [Option<&str>; 2],
        digits: Option<&str>,
    ) -> Result<CallSid, String> {
        self.slack = SLACK;
        let number = FIRST_CALLER + self.callers.len() % 10;
        let from = from.map_or_else(|| format!("{CALLERS_PREFIX}{number}"), str::to_owned);
        let voice = &self.centre.configuration().voice_settings;
        let to = to.map_or_else(|| voice.phone_number.clone(), str::to_owned);
        let placed = self
            .telephone("calls", Some(json!({ "from": from, "to": to })))
            .await?;
        let call = call_in(&placed, "call_sid")?;
        self.callers.insert(caller.to_owned(), call);
        self.centre.advance(Millis::ZERO).await;
        if let Some(digits) = digits {
            let body = json!({ "digits": digits });
            self.telephone(&format!("calls/{call}/digits"), Some(body))
                .await?;
        }
        Ok(call)
    }

    /// Enters keys or words at a caller's phone, or at a Worker's in a call.
    async fn enter(&mut self, name: &str, way: &str, body: Value) -> Result<(), String> {
        let call = self.phone_of(name, PhoneAction::HangUp).await?;
        let path = format!("calls/{call}/{way}");
        self.telephone(&path, Some(body)).await.map(|_| ())
    }

    async fn at_phone(&self, call: &str, action: PhoneAction) -> Result<(), String> {
        let path = format!("calls/{call}/{}", action.as_str());
        self.telephone(&path, Some(json!({}))).await.map(|_| ())
    }

    /// The call at a name's phone: a caller's own call, or the Worker's leg that rings (or was picked
    /// up, to hang up, press or say). A caller whose own call has ended is called back.
    async fn phone_of(&self, name: &str, action: PhoneAction) -> Result<String, String> {
        if let Some(call) = self.callers.get(name) {
            let call = self.phone(&call.to_string()).await?;
            if !call.is_over() {
                return Ok(call.call_sid);
            }
        }
        let status = match action {
            PhoneAction::HangUp => "in-progress",
            PhoneAction::Answer | PhoneAction::Decline => "ringing",
        };
        let number = self.number(name).await?;
        let phones = self.phones_in(status).await?;
        let phone = phones.into_iter().find(|phone| phone.to == number);
        phone
            .map(|phone| phone.call_sid)
            .ok_or_else(|| format!("{name}'s phone is not {status}"))
    }

    /// The number of a caller's or a Worker's phone, or the number that a name is.
    pub(super) async fn number(&self, name: &str) -> Result<String, String> {
        if let Some(call) = self.callers.get(name) {
            return Ok(self.phone(&call.to_string()).await?.from);
        }
        if name.starts_with('+') {
            return Ok(name.to_owned());
        }
        self.number_of(name).await
    }

    /// Places a call through the carrier's API and answers it.
    async fn call(&mut self, caller: &str, number: &str, document: &str) -> Result<(), String> {
        self.slack = SLACK;
        let from = &self.centre.configuration().voice_settings.phone_number;
        let url = format!("{}{document}", self.centre.customer().base());
        let form = [("To", number), ("From", from.as_str()), ("Url", &url)];
        let call = self.at_carrier(Method::POST, "Calls.json", &form).await?;
        let call = call_in(&call, "sid")?;
        self.callers.insert(caller.to_owned(), call);
        self.centre.advance(Millis::ZERO).await;
        self.at_phone(&call.to_string(), PhoneAction::Answer).await
    }

    /// Redirects a waiting call, as a member of its queue, through the carrier's API.
    async fn send_on(&mut self, caller: &str, document: &str) -> Result<(), String> {
        let call = self.caller(caller)?;
        let url = format!("{}{document}", self.centre.customer().base());
        let queues = self.at_carrier(Method::GET, "Queues.json", &[]).await?;
        for queue in list(&queues, "queues") {
            let sid = queue.get("sid").and_then(Value::as_str).unwrap_or_default();
            let members = format!("Queues/{sid}/Members");
            let waiting = self
                .at_carrier(Method::GET, &format!("{members}.json"), &[])
                .await?;
            let mut waiting = list(&waiting, "queue_members");
            if waiting.any(|member| member["call_sid"] == call.to_string()) {
                let member = format!("{members}/{call}.json");
                self.at_carrier(Method::POST, &member, &[("Url", &url)])
                    .await?;
                return Ok(());
            }
        }
        Err(format!("{caller} waits in no queue"))
    }

    /// A request to the carrier's REST API.
    async fn at_carrier(
        &self,
        method: Method,
        path: &str,
        form: &[(&str, &str)],
    ) -> Result<Value, String> {
        let account = self.centre.account_sid();
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        let request = Request::builder()
            .method(method)
            .uri(format!("/2010-04-01/Accounts/{account}/{path}"))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let reply = self.send(request, body.into_bytes()).await;
        if reply.status < 300 {
            Ok(reply.body)
        } else {
            Err(format!("the carrier refused: {}", reply.body))
        }
    }

    async fn become_(
        &mut self,
        worker: &str,
        activity: &str,
        reject_pending: bool,
    ) -> Result<(), String> {
        let worker = self.worker(worker).await?.sid;
        let activities = self.centre.configuration().workspace.activities.values();
        let found = activities
            .clone()
            .find(|known| known.friendly_name == activity);
        let Some(found) = found else {
            let names = activities.map(|known| known.friendly_name.as_str());
            let names: Vec<&str> = names.collect();
            let names = names.join(", ");
            return Err(format!(
                "the configuration has no Activity {activity}; it has {names}"
            ));
        };
        let form = [
            ("ActivitySid".to_owned(), found.sid.to_string()),
            (
                "RejectPendingReservations".to_owned(),
                reject_pending.to_string(),
            ),
        ];
        let path = format!("Workers/{worker}");
        let reply = self.ask(Method::POST, &path, &form, None).await;
        self.replies.push(reply);
        Ok(())
    }

    /// Sets the first unavailable Activity for every Worker who is available.
    async fn all_unavailable(&mut self) -> Result<(), String> {
        let configuration = self.centre.configuration();
        let activities = &configuration.workspace.activities;
        let unavailable = activities.values().find(|activity| !activity.available);
        let unavailable = unavailable
            .ok_or("the configuration has no Activity that is unavailable")?
            .friendly_name
            .clone();
        let available: Vec<_> = activities
            .values()
            .filter(|activity| activity.available)
            .map(|activity| activity.sid)
            .collect();
        let workers = configuration.workers.iter();
        let names: Vec<String> = workers.map(|worker| worker.friendly_name.clone()).collect();
        for name in names {
            if available.contains(&self.worker(&name).await?.activity_sid) {
                self.become_(&name, &unavailable, false).await?;
            }
        }
        Ok(())
    }

    async fn create_task(&mut self, name: &str, form: &[(String, String)]) -> Result<(), String> {
        let reply = self.request(Method::POST, "Tasks", form, None).await;
        if let (201, Some(sid)) = (reply.0, reply.1) {
            let sid = sid.parse().map_err(|_| format!("{sid} is no Task's SID"))?;
            self.tasks.insert(name.to_owned(), sid);
        }
        Ok(())
    }

    /// Updates the Reservations of these Workers, at the same time.
    async fn answer(
        &mut self,
        workers: &[String],
        task: &str,
        form: &[(String, String)],
    ) -> Result<(), String> {
        let offered = self.task(task).await?;
        let offered = offered.ok_or_else(|| format!("there is no Task {task}"))?;
        let form = self.with_sids(form);
        let mut paths = Vec::new();
        for worker in workers {
            let mut reservations = offered.reservations.iter();
            let found = reservations.find(|offer| offer.worker_name == *worker);
            let found = found.ok_or_else(|| format!("{task} is not offered to {worker}"))?;
            paths.push(format!("Tasks/{}/Reservations/{}", offered.sid, found.sid));
        }
        let requests = paths
            .iter()
            .map(|path| self.ask(Method::POST, path, &form, None));
        self.replies = futures_util::future::join_all(requests).await;
        Ok(())
    }

    /// A request to the API; names in braces become SIDs. Returns the status, and the SID of what
    /// was answered.
    async fn request(
        &mut self,
        method: Method,
        path: &str,
        form: &[(String, String)],
        if_match: Option<&str>,
    ) -> (u16, Option<String>) {
        let path = self.with_sid(path);
        let form = self.with_sids(form);
        let reply = self.ask(method, &path, &form, if_match).await;
        let sid = reply.body.get("sid").and_then(Value::as_str);
        let answered = (reply.status, sid.map(str::to_owned));
        self.replies.push(reply);
        answered
    }

    async fn set_capacity(&self, worker: &str, channel: &str, capacity: u16) -> Result<(), String> {
        let command = Command::WorkerChannelUpdated {
            worker: self.worker(worker).await?.sid,
            channel: channel
                .parse()
                .map_err(|_| format!("{channel} is no TaskChannel"))?,
            capacity: Some(capacity),
            available: None,
        };
        let applied = self.centre.store().apply(&command, self.centre.now()).await;
        applied.map(|_| ()).map_err(|error| error.to_string())
    }

    async fn script(&self, url: &str, answer: &ScriptedAnswer, below: &str) -> Result<(), String> {
        let below = Some(below.trim()).filter(|below| !below.is_empty());
        let body = answer.body.as_deref().or(below).unwrap_or("{}");
        let customer = self.centre.customer();
        let body = self.with_sid(&customer.with_address(body));
        let body = self.with_reservations(&body).await?;
        let answer = Scripted {
            status: answer.status.unwrap_or(200),
            body,
            after: Duration::from_secs(answer.after_secs),
        };
        customer.script(url, answer);
        Ok(())
    }
}

fn list<'v>(answer: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> + use<'v> {
    answer
        .get(name)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn call_in(answer: &Value, name: &str) -> Result<CallSid, String> {
    let sid = answer.get(name).and_then(Value::as_str);
    let sid = sid.and_then(|sid| sid.parse().ok());
    sid.ok_or_else(|| format!("the telephone network answered {answer}"))
}
