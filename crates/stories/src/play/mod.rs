//! Plays a story in a centre.

mod centre;
mod check;
mod execute;
mod names;
mod signing;
mod transcript;

use std::collections::BTreeMap;

use http_client::http::{Method, Request, header};
use ids::time::{Millis, Timestamp};
use ids::{CallSid, TaskSid};
use serde_json::Value;
use task_router::model::{Task, Worker};
use task_router::router::explain::TaskExplanation;

pub use centre::Centre;
pub use transcript::{Line, Phone};

use crate::file::{Moment, Story};
use crate::problem::Place;
use crate::when::BEGIN;
use signing::SignedRequest;

/// How long a step may take to have its effect at telephones: a greeting is spoken, a webhook is
/// answered.
pub const SLACK: Millis = Millis::from_secs(6);

/// The most Tasks of one call in its flow.
const TASKS_OF_CALL_MAX: u32 = 20;

/// The most names in a message.
const NAMES_SHOWN_MAX: usize = 5;

/// A story that does not hold.
#[derive(Debug, Clone)]
pub struct Failure {
    /// The place in the file.
    pub place: Place,
    /// What was expected and what is.
    pub message: String,
    /// The moment of the clock.
    pub at: Timestamp,
    /// What was heard and done at each phone so far.
    pub phones: Vec<Phone>,
    /// Why each Task that is not assigned waits.
    pub explanations: Vec<TaskExplanation>,
}

/// An answer of the REST API.
#[derive(Debug, Clone, PartialEq)]
struct Reply {
    status: u16,
    body: Value,
}

/// A story being played.
struct Stage<'c, C> {
    centre: &'c mut C,
    /// The configuration, as it is applied.
    set_up: String,
    slack: Millis,
    /// Whether the callers' Tasks are created by `<Enqueue workflowSid>`.
    enqueues: bool,
    callers: BTreeMap<String, CallSid>,
    tasks: BTreeMap<String, TaskSid>,
    /// The API's answers to the last step.
    replies: Vec<Reply>,
    /// The last signed request.
    signed: Option<SignedRequest>,
}

/// Plays a story in a centre that was opened with `set_up` at [`BEGIN`].
///
/// # Errors
/// The first line that does not hold.
pub async fn play<C: Centre>(
    story: &Story,
    centre: &mut C,
    set_up: &str,
) -> Result<(), Box<Failure>> {
    let mut stage = Stage {
        centre,
        set_up: set_up.to_owned(),
        slack: Millis::ZERO,
        enqueues: story.documents.is_some(),
        callers: BTreeMap::new(),
        tasks: BTreeMap::new(),
        replies: Vec::new(),
        signed: None,
    };
    stage.script_documents(story);
    let mut before = BEGIN;
    for moment in &story.moments {
        let played = stage.moment(moment, &mut before, story).await;
        if let Err((place, message)) = played {
            return Err(Box::new(stage.failure(place, message).await));
        }
    }
    Ok(())
}

impl<C: Centre> Stage<'_, C> {
    async fn moment(
        &mut self,
        moment: &Moment,
        before: &mut Timestamp,
        story: &Story,
    ) -> Result<(), (Place, String)> {
        let at = moment.when.moment(*before, &story.zone);
        let at = at.map_err(|message| (moment.place, message))?;
        let now = self.centre.now();
        if at < now {
            let message = format!(
                "this moment has passed: the line before is checked {} after its step",
                self.slack.in_words()
            );
            return Err((moment.place, message));
        }
        *before = at;
        self.centre.advance(at.since(now)).await;
        self.replies.clear();
        let done = self.execute(&moment.step, &moment.below).await;
        done.map_err(|message| (moment.step_place, message))?;
        self.centre.advance(self.slack).await;
        self.expect_success(moment)
            .map_err(|message| (moment.step_place, message))?;
        for placed in &moment.expectations {
            if let Err(seen) = self.check(&placed.expectation).await {
                let message = format!("expected `{}`; {seen}", placed.text);
                return Err((placed.place, message));
            }
        }
        Ok(())
    }

    /// An API request may fail only if the line expects an HTTP status.
    fn expect_success(&self, moment: &Moment) -> Result<(), String> {
        let mut expectations = moment.expectations.iter();
        if expectations.any(|placed| placed.expectation.is_of_status()) {
            return Ok(());
        }
        match self.replies.iter().find(|reply| reply.status >= 300) {
            Some(failed) => Err(format!(
                "the API refused with {}: {}",
                failed.status, failed.body
            )),
            None => Ok(()),
        }
    }

    async fn failure(&self, place: Place, message: String) -> Failure {
        Failure {
            place,
            message,
            at: self.centre.now(),
            phones: self.phones_so_far().await,
            explanations: self.explanations().await,
        }
    }

    /// The explanations of the story's Tasks that no Worker has.
    async fn explanations(&self) -> Vec<TaskExplanation> {
        let mut explanations = Vec::new();
        for name in self.tasks.keys().chain(self.callers.keys()) {
            let Ok(sid) = self.task_sid(name).await else {
                continue;
            };
            let reply = self
                .ask(Method::GET, &format!("Tasks/{sid}/Explain"), &[], None)
                .await;
            if reply.status == 200
                && let Ok(explanation) = serde_json::from_value(reply.body)
            {
                explanations.push(explanation);
            }
        }
        explanations
    }

    /// A request below the Workspace's address in the REST API.
    async fn ask(
        &self,
        method: Method,
        path: &str,
        form: &[(String, String)],
        if_match: Option<&str>,
    ) -> Reply {
        let workspace = self.centre.configuration().workspace.sid;
        let mut request = Request::builder()
            .method(method.clone())
            .uri(format!("/v1/Workspaces/{workspace}/{path}"));
        if let Some(tag) = if_match {
            request = request.header(header::IF_MATCH, tag);
        }
        let body = if method == Method::POST {
            request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
            form_urlencoded::Serializer::new(String::new())
                .extend_pairs(form)
                .finish()
        } else {
            String::new()
        };
        self.send(request, body.into_bytes()).await
    }

    /// A request to the control API of the simulated telephones.
    async fn telephone(&self, path: &str, body: Option<Value>) -> Result<Value, String> {
        let uri = format!("/simulator/{path}");
        let reply = match body {
            None => self.send(Request::get(uri), Vec::new()).await,
            Some(body) => {
                let request = Request::post(uri).header(header::CONTENT_TYPE, "application/json");
                self.send(request, body.to_string().into_bytes()).await
            }
        };
        if reply.status < 300 {
            return Ok(reply.body);
        }
        let message = reply.body.get("message").and_then(Value::as_str);
        Err(message.map_or_else(|| reply.body.to_string(), str::to_owned))
    }

    async fn send(&self, request: http_client::http::request::Builder, body: Vec<u8>) -> Reply {
        // The path of a step may contain any text.
        let request = match request.body(body) {
            Ok(request) => request,
            Err(error) => {
                return Reply {
                    status: 400,
                    body: Value::String(error.to_string()),
                };
            }
        };
        let answer = self.centre.send(request).await;
        Reply {
            status: answer.status().as_u16(),
            body: serde_json::from_slice(answer.body()).unwrap_or_default(),
        }
    }

    fn caller(&self, name: &str) -> Result<CallSid, String> {
        let call = self.callers.get(name).copied();
        call.ok_or_else(|| format!("no caller {name} has dialed"))
    }

    /// The Task of a name. Of a caller who entered a queue again, the newest one.
    async fn task_sid(&self, name: &str) -> Result<TaskSid, String> {
        if let Some(task) = self.tasks.get(name) {
            return Ok(*task);
        }
        let call = self.caller(name)?;
        let mut newest = self.task_of(call);
        if self.enqueues {
            return Ok(newest);
        }
        for number in 2..=TASKS_OF_CALL_MAX {
            let next = TaskSid::of_enqueue(call, number);
            let found = self.centre.store().task(next).await;
            if found.map_err(|error| error.to_string())?.is_none() {
                break;
            }
            newest = next;
        }
        Ok(newest)
    }

    fn task_of(&self, caller: CallSid) -> TaskSid {
        if self.enqueues {
            TaskSid::of_enqueue(caller, 1)
        } else {
            TaskSid::of_call(caller)
        }
    }

    async fn task(&self, name: &str) -> Result<Option<Task>, String> {
        let sid = self.task_sid(name).await?;
        let task = self.centre.store().task(sid).await;
        task.map_err(|error| error.to_string())
    }

    /// A Worker by name.
    async fn worker(&self, name: &str) -> Result<Worker, String> {
        let workers = &self.centre.configuration().workers;
        let declared = workers.iter().find(|worker| worker.friendly_name == name);
        let Some(declared) = declared else {
            return Err(self.no_worker(name));
        };
        let worker = self.centre.store().worker(declared.sid).await;
        let worker = worker.map_err(|error| error.to_string())?;
        worker.ok_or_else(|| format!("the Worker {name} was deleted"))
    }

    fn no_worker(&self, name: &str) -> String {
        if self.callers.contains_key(name) {
            return format!("{name} is a caller: a Task is meant by `task {name} is …`");
        }
        let workers = self.centre.configuration().workers.iter();
        let names = workers.map(|worker| worker.friendly_name.as_str());
        let near: Vec<&str> = vocabulary::nearest(name, names)
            .into_iter()
            .take(NAMES_SHOWN_MAX)
            .collect();
        let near = near.join(", ");
        format!("the configuration has no Worker {name}; it has {near}")
    }

    /// The phone number of a Worker.
    async fn number_of(&self, name: &str) -> Result<String, String> {
        let worker = self.worker(name).await?;
        let number = worker.contact_uri().map(str::to_owned);
        number.ok_or_else(|| format!("the Worker {name} has no contact_uri"))
    }
}
