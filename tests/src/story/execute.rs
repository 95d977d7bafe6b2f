//! Executes the steps of a story.

use std::time::Duration;

use ids::CallSid;
use ids::time::{Clock, Millis};
use reqwest::Method;
use task_router::router::Command;

use super::signing::SignedRequest;
use super::step::{ScriptedAnswer, Step};
use super::{SLACK, Stage, file};
use crate::customer::Scripted;
use crate::rest::Reply;

impl Stage {
    pub(super) async fn execute(mut self, step: Step, below: &str) -> Self {
        match step {
            Step::Nothing => {}
            Step::Dial { caller, digits } => {
                self.dial(caller, digits.as_deref()).await;
            }
            Step::DialAndHangUp { caller, digits } => {
                let call = self.dial(caller, Some(&digits)).await;
                self.test_centre.advance(Millis::from_secs(1)).await;
                self.test_centre.at_phone(call, "hangup").await;
            }
            Step::Press { caller, digits } => {
                let call = self.phone(&caller, "press").await;
                self.test_centre.press(call, &digits).await;
            }
            Step::AtPhone { name, action } => {
                let call = self.phone(&name, action).await;
                self.test_centre.at_phone(call, action).await;
            }
            Step::HangUpAtOnce(worker) => {
                let call = self.phone(&worker, "answer").await;
                self.test_centre.at_phone(call, "answer").await;
                self.test_centre.at_phone(call, "hangup").await;
            }
            Step::Call {
                caller,
                number,
                document,
            } => self.call(caller, number, &document).await,
            Step::Update { caller, document } => self.send_on(&caller, &document).await,
            Step::Become {
                worker,
                activity,
                reject_pending,
            } => {
                let mut form = vec![("ActivitySid".to_owned(), format!("{{{activity}}}"))];
                form.push((
                    "RejectPendingReservations".to_owned(),
                    reject_pending.to_string(),
                ));
                self.ask(Method::POST, &format!("Workers/{{{worker}}}"), &form, None)
                    .await;
            }
            Step::Task { name, form } => {
                let reply = self.ask(Method::POST, "Tasks", &form, None).await;
                if reply.status == 201 {
                    self.tasks
                        .insert(name, reply.body["sid"].as_str().unwrap().parse().unwrap());
                }
            }
            Step::Answer {
                workers,
                task,
                form,
            } => self.answer(&workers, &task, &form).await,
            Step::Request {
                method,
                path,
                form,
                if_match,
            } => {
                let method = Method::from_bytes(method.as_bytes()).unwrap();
                self.ask(method, &path, &form, if_match.as_deref()).await;
            }
            Step::Capacity {
                worker,
                channel,
                capacity,
            } => {
                let worker = self.test_centre.worker(&worker).await.sid;

                let command = Command::WorkerChannelUpdated {
                    worker,
                    channel: channel.parse().unwrap(),
                    capacity: Some(capacity),
                    available: None,
                };
                self.test_centre
                    .centre
                    .store
                    .apply(&command, self.test_centre.clock.now())
                    .await
                    .unwrap();
            }
            Step::SetUp => {
                let below = below.replace("{customer}", &self.customer.base);
                self.set_up = file::with_sections(&self.set_up, &below);
                self.test_centre.apply_configuration(&self.set_up).await;
            }
            Step::Script { path, answer } => self.script(&path, answer, below).await,
            Step::Sign { url, form } => self.signed = Some(SignedRequest::new(url, form, below)),
            Step::Forge => self.signed.iter_mut().for_each(SignedRequest::forge),
            Step::Restart => {
                let folder = self.folder.path().to_owned();
                self.test_centre = self.test_centre.restarted(&self.set_up, folder).await;
            }
        }
        self
    }

    async fn dial(&mut self, caller: String, digits: Option<&str>) -> CallSid {
        self.slack = SLACK;
        let from = format!("+1707555019{}", self.callers.len() % 10);
        let call = self.test_centre.dial(&from).await;
        self.callers.insert(caller, call);
        self.test_centre.centre.settle().await;
        if let Some(digits) = digits {
            self.test_centre.press(call, digits).await;
        }
        call
    }

    /// The call at a name's phone: a caller's own call, or the Worker's leg that rings (or was picked
    /// up, for `hangup` and `press`). A caller whose own call has ended is called back.
    async fn phone(&self, name: &str, action: &str) -> CallSid {
        if let Some(call) = self.own_call(name).await {
            return call;
        }
        let number = self.number_of(name).await;
        let status = match action {
            "answer" | "decline" => "ringing",
            _ => "in-progress",
        };
        let phones = self.test_centre.phones(status).await;
        *phones
            .get(&number)
            .unwrap_or_else(|| panic!("{name}'s phone is not {status}: {phones:?}"))
    }

    /// A caller's own call, unless it has ended.
    async fn own_call(&self, name: &str) -> Option<CallSid> {
        let call = *self.callers.get(name)?;
        let status = &self.test_centre.call(call).await["status"];
        (*status == "ringing" || *status == "in-progress").then_some(call)
    }

    /// The number of a caller's or a Worker's telephone.
    pub(super) async fn number_of(&self, name: &str) -> String {
        if let Some(call) = self.callers.get(name) {
            let call = self.test_centre.call(*call).await;
            return call["from"].as_str().unwrap().to_owned();
        }
        let worker = self.test_centre.worker(name).await;
        worker.contact_uri().unwrap().to_owned()
    }

    /// Places a call through the carrier's API and answers it.
    async fn call(&mut self, caller: String, number: String, document: &str) {
        self.slack = SLACK;
        let from = self
            .test_centre
            .contact_centre
            .voice_settings
            .phone_number
            .clone();
        let url = format!("{}{document}", self.customer.base);
        let form = [("To", number), ("From", from), ("Url", url)];
        let call = self.at_carrier(Method::POST, "Calls.json", &form).await;
        let call: CallSid = call["sid"].as_str().unwrap().parse().unwrap();
        self.callers.insert(caller, call);
        self.test_centre.centre.settle().await;
        self.test_centre.at_phone(call, "answer").await;
    }

    /// Redirects a waiting call, as a member of its queue, through the carrier's API.
    async fn send_on(&mut self, caller: &str, document: &str) {
        let call = self.caller(caller);
        let url = format!("{}{document}", self.customer.base);
        let queues = self.at_carrier(Method::GET, "Queues.json", &[]).await;
        for queue in queues["queues"].as_array().unwrap() {
            let members = format!("Queues/{}/Members", queue["sid"].as_str().unwrap());
            let waiting = self
                .at_carrier(Method::GET, &format!("{members}.json"), &[])
                .await;
            let mut waiting = waiting["queue_members"].as_array().unwrap().iter();
            if waiting.any(|member| member["call_sid"] == call.to_string()) {
                self.at_carrier(
                    Method::POST,
                    &format!("{members}/{call}.json"),
                    &[("Url", url)],
                )
                .await;
                return;
            }
        }
        panic!("{caller} waits in no queue: {queues}");
    }

    /// A request to the carrier's REST API.
    async fn at_carrier(
        &self,
        method: Method,
        path: &str,
        form: &[(&str, String)],
    ) -> serde_json::Value {
        let account = &self.test_centre.account;
        let url = format!(
            "{}/2010-04-01/Accounts/{}/{path}",
            self.test_centre.base, account.account_sid
        );
        let request = self.test_centre.http.request(method, url).form(form);
        let answer = request
            .basic_auth(account.account_sid, Some(&account.auth_token))
            .send()
            .await
            .unwrap();
        assert!(
            answer.status().is_success(),
            "{path}: {}",
            answer.text().await.unwrap()
        );
        answer.json().await.unwrap()
    }

    /// Updates the Reservations of these Workers, at the same time.
    async fn answer(&mut self, workers: &[String], task: &str, form: &[(String, String)]) {
        let offered = self
            .task(task)
            .await
            .unwrap_or_else(|| panic!("there is no Task {task}"));
        let form = self.with_sids(form);
        let reservation = |worker: &String| {
            let found = offered
                .reservations
                .iter()
                .find(|offer| offer.worker_name == *worker);
            found
                .unwrap_or_else(|| panic!("{task} is not offered to {worker}: {offered:?}"))
                .sid
        };
        let path = |worker| format!("Tasks/{}/Reservations/{}", offered.sid, reservation(worker));
        let requests = workers.iter().map(|worker| {
            let path = path(worker);
            let form = form.clone();
            let test_centre = &self.test_centre;
            async move { test_centre.request(Method::POST, &path, &form, None).await }
        });
        self.replies = futures_util::future::join_all(requests).await;
    }

    /// A request to the API; names in braces become SIDs.
    async fn ask(
        &mut self,
        method: Method,
        path: &str,
        form: &[(String, String)],
        if_match: Option<&str>,
    ) -> Reply {
        let path = self.with_sid(path);
        let form = self.with_sids(form);
        let reply = self
            .test_centre
            .request(method, &path, &form, if_match)
            .await;
        self.replies.push(reply.clone());
        reply
    }

    fn with_sids(&self, form: &[(String, String)]) -> Vec<(String, String)> {
        form.iter()
            .map(|(name, value)| (name.clone(), self.with_sid(value)))
            .collect()
    }

    /// The text, each known name in braces replaced by its SID.
    pub(super) fn with_sid(&self, text: &str) -> String {
        let set_up = &self.test_centre.contact_centre;
        let workspace = &set_up.workspace;
        let tasks = self
            .tasks
            .iter()
            .map(|(name, sid)| (name.clone(), sid.to_string()));
        let workers = set_up
            .workers
            .iter()
            .map(|worker| (worker.friendly_name.clone(), worker.sid.to_string()));
        let queues = workspace
            .task_queues
            .values()
            .map(|queue| (queue.friendly_name.clone(), queue.sid.to_string()));
        let flows = workspace
            .workflows
            .values()
            .map(|flow| (flow.friendly_name.clone(), flow.sid.to_string()));
        let activities = workspace
            .activities
            .values()
            .map(|known| (known.friendly_name.clone(), known.sid.to_string()));
        let callers = self.callers.iter().flat_map(|(name, call)| {
            let task = self.task_of(*call).to_string();
            [
                (format!("call of {name}"), call.to_string()),
                (format!("task of {name}"), task),
            ]
        });
        let known = tasks
            .chain(workers)
            .chain(queues)
            .chain(flows)
            .chain(activities)
            .chain(callers);
        known.fold(text.to_owned(), |text, (name, sid)| {
            text.replace(&format!("{{{name}}}"), &sid)
        })
    }

    async fn script(
        &self,
        path: &str,
        ScriptedAnswer {
            body,
            status,
            after_secs,
        }: ScriptedAnswer,
        below: &str,
    ) {
        let below = Some(below.trim()).filter(|below| !below.is_empty());
        let body = body
            .or(below.map(str::to_owned))
            .unwrap_or_else(|| "{}".to_owned());
        let body = self.with_sid(&body.replace("{customer}", &self.customer.base));
        let body = self.with_reservations(&body).await;
        let answer = Scripted {
            status: status.unwrap_or(200),
            body,
            after: Duration::from_secs(after_secs),
        };
        self.customer.script(path, answer);
    }

    /// The text, `{reservation of c1}` replaced by the SID of the first Reservation of c1's Task.
    async fn with_reservations(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for name in self.callers.keys().chain(self.tasks.keys()) {
            let placeholder = format!("{{reservation of {name}}}");
            if text.contains(&placeholder) {
                let task = self
                    .task(name)
                    .await
                    .unwrap_or_else(|| panic!("{name} has no Task"));
                text = text.replace(&placeholder, &task.reservations[0].sid.to_string());
            }
        }
        text
    }
}
