//! `cordboard call`: plays a caller and a Worker, and shows a call from the ring to wrap-up.
#![allow(
    clippy::print_stdout,
    reason = "this is what the person at the terminal reads"
)]

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use carrier_simulator::network::{CallStatus, ListeningVerb};
use http::StatusCode;
use ids::CallSid;
use runtime::Env;
use serde::Deserialize;
use serde_json::{Value, json};
use task_router::model::AssignmentStatus;
use task_router::router::explain::TaskExplanation;
use tokio::time::{Instant, interval};

use crate::call_clock;
use crate::call_script::Step;
use crate::cli::{Call, Serve, Start};
use crate::explain_command::render;
use crate::local_client::LocalClient;
use crate::run_file::RunFile;
use crate::start::{Failure, Running};

/// Polling interval of the telephone network.
const POLL_EVERY: Duration = Duration::from_millis(100);

/// The interval at which a Task is looked at that no Worker takes, and how long it waits before the
/// first look: a Worker who is free takes it within milliseconds.
const EXPLAINED_AFTER: Duration = Duration::from_secs(2);

/// How long caller and Worker talk.
const CONVERSATION: Duration = Duration::from_millis(1_500);

/// Timeout of one request.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);

/// A call, as the simulated telephone network shows it.
#[derive(Debug, Clone, Deserialize)]
struct Phone {
    call_sid: CallSid,
    parent_call_sid: Option<CallSid>,
    to: String,
    direction: String,
    status: CallStatus,
    bridged_with: Option<CallSid>,
    listening: Option<Listening>,
    #[serde(default)]
    transcript: Vec<Entry>,
}

/// The Gather or Record that listens to a phone.
#[derive(Debug, Clone, Deserialize)]
struct Listening {
    number: u32,
    verb: ListeningVerb,
    keys: bool,
    speech: bool,
}

#[derive(Debug, Clone, Deserialize)]
struct Entry {
    at: String,
    event: String,
    text: String,
}

#[derive(Debug, Deserialize)]
struct Phones {
    calls: Vec<Phone>,
}

impl Phone {
    /// Whether a `<Dial>` rang this phone, not an offer to a Worker.
    fn is_of_dial(&self) -> bool {
        self.parent_call_sid.is_some()
    }

    /// The name of an answered phone in the output.
    fn side(&self) -> &'static str {
        if self.is_of_dial() {
            "called"
        } else {
            "worker"
        }
    }
}

/// Places a call at the contact centre on `--port`. If none runs there, starts one for this call
/// that keeps no data.
pub async fn call(options: &Call, start: &Start) -> Result<(), Failure> {
    let env = Env::process();
    let base = format!("http://127.0.0.1:{}", start.port);
    let http = LocalClient::new(&base, REQUEST_TIMEOUT)?;
    if options.at.is_none()
        && let Ok(answer) = http.fetch("/simulator/calls").await
    {
        // Without credentials, a centre that others reach does not even list its calls.
        if !answer.status().is_success() && answer.status() != StatusCode::UNAUTHORIZED {
            return Err(
                format!("{base} has no simulated telephone network to place a call in").into(),
            );
        }
        let running = RunFile::read(start.port).ok_or_else(|| {
            format!("the contact centre at {base} belongs to another user: start your own with another --port")
        })?;
        return Player::new(http, running)?.play(options).await;
    }
    if options.at.is_none() {
        println!("No contact centre runs at {base}: starting one for this call.");
    }
    let own_options = Start {
        in_memory: true,
        ..start.clone()
    };
    let clock = |centre: &_| call_clock::starting_at(options.at, centre);
    let own = Running::open_at(&Serve::default(), &own_options, 0, &env, clock).await?;
    let phone_number = own.contact_centre.voice_settings.phone_number.clone();
    let running = RunFile {
        account: own.account.clone(),
        phone_number,
    };
    let player = Player::new(http.at(&own.address), running)?;
    let played = player.play(options).await;
    let _already_stopped = own.stop.send(true);
    own.finished().await?;
    played
}

/// One call, and the state of both people in it.
struct Player {
    http: LocalClient,
    running: RunFile,
    printed: BTreeMap<CallSid, usize>,
    talking_since: Option<Instant>,
    /// What the caller has still to do.
    steps: VecDeque<Step>,
    /// The Gather or Record that the caller's last keys or words were for.
    entered_in: Option<u32>,
    waiting_since: Option<Instant>,
    /// The phone that was answered: of the Worker who is offered the Task, or of a `<Dial>`.
    worker: Option<Phone>,
    /// The Gather in which that phone accepted the call.
    accepted_in: Option<u32>,
    /// When the caller's Task was looked at last.
    looked_at: Instant,
    /// Whether the reason for which the Task waits was printed.
    is_explained: bool,
}

impl Player {
    fn new(http: LocalClient, running: RunFile) -> Result<Self, Failure> {
        Ok(Self {
            http: http.signed_in(&running.account)?,
            running,
            printed: BTreeMap::new(),
            talking_since: None,
            steps: VecDeque::new(),
            entered_in: None,
            waiting_since: None,
            worker: None,
            accepted_in: None,
            looked_at: Instant::now(),
            is_explained: false,
        })
    }

    async fn play(mut self, options: &Call) -> Result<(), Failure> {
        let to = options.to.as_ref().unwrap_or(&self.running.phone_number);
        let dialed = json!({ "from": options.from, "to": to });
        let placed: Value = self.http.post("/simulator/calls", &dialed).await?;
        let caller: CallSid = placed
            .get("call_sid")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .parse()?;
        self.steps = options.script.0.iter().cloned().collect();
        let patience = Duration::from_secs(options.patience) + options.script.waits();
        let followed = tokio::time::timeout(patience, self.follow(caller)).await;
        if let Ok(followed) = followed {
            return followed;
        }
        if !self.is_explained
            && let Err(error) = self.explain(caller, |_| true).await
        {
            tracing::warn!(%error, "the reason for which the Task waits could not be requested");
        }
        let patience = patience.as_secs();
        Err(format!("the call did not reach wrap-up within {patience} s").into())
    }

    /// Prints once why the caller's Task waits, as soon as no Worker can take it. The call goes on:
    /// its flow may lead out of the queue.
    async fn explain_wait(&mut self, caller: CallSid) -> Result<(), Failure> {
        let is_due = self.looked_at.elapsed() >= EXPLAINED_AFTER;
        if self.is_explained || self.worker.is_some() || !self.steps.is_empty() || !is_due {
            return Ok(());
        }
        self.looked_at = Instant::now();
        self.explain(caller, is_without_worker).await
    }

    /// Prints why the caller's Task waits, if it does and `is_wanted`: what `cordboard explain` prints.
    async fn explain(
        &mut self,
        caller: CallSid,
        is_wanted: fn(&TaskExplanation) -> bool,
    ) -> Result<(), Failure> {
        let Some(task) = self.task_of(caller).await? else {
            return Ok(());
        };
        let workspace = self.workspace().await?;
        let task = task.get("sid").and_then(Value::as_str).unwrap_or_default();
        let place = format!("/v1/Workspaces/{workspace}/Tasks/{task}/Explain");
        let explanation: TaskExplanation = serde_json::from_value(self.http.get(&place).await?)?;
        if is_wanted(&explanation) {
            self.is_explained = true;
            print!("\n{}", render::task(&explanation));
        }
        Ok(())
    }

    /// Performs the actions of the caller and the Worker, until the call is over and a Worker who
    /// talked is in wrap-up.
    async fn follow(&mut self, caller: CallSid) -> Result<(), Failure> {
        let mut ticks = interval(POLL_EVERY);
        loop {
            ticks.tick().await;
            let phone = self.poll(caller, "caller").await?;
            self.perform_step(&phone).await?;
            self.pick_up(caller).await?;
            if let Some(worker) = self.worker.clone() {
                let worker = self.poll(worker.call_sid, worker.side()).await?;
                self.accept(&worker).await?;
                self.talk_then_hang_up(&phone, &worker).await?;
            }
            if phone.status.is_over() {
                return self.conclude(caller).await;
            }
            self.explain_wait(caller).await?;
        }
    }

    /// Performs the next step of the script when the call is ready for it: keys and words need a
    /// Gather that has not got any, or a Record.
    async fn perform_step(&mut self, phone: &Phone) -> Result<(), Failure> {
        let Some(step) = self.steps.front().cloned() else {
            return Ok(());
        };
        if let Step::Wait(length) = step {
            let since = *self.waiting_since.get_or_insert_with(Instant::now);
            if since.elapsed() >= length {
                self.waiting_since = None;
                self.steps.pop_front();
            }
            return Ok(());
        }
        let Some(listening) = &phone.listening else {
            return Ok(());
        };
        let is_new = self.entered_in != Some(listening.number);
        let is_record = listening.verb == ListeningVerb::Record;
        let (action, body, is_heard) = match &step {
            Step::Keys(keys) => ("digits", json!({ "digits": keys }), listening.keys),
            Step::Say(text) => ("speech", json!({ "text": text }), listening.speech),
            Step::Wait(_) => return Ok(()),
        };
        if !is_heard || !(is_new || is_record) {
            return Ok(());
        }
        let path = format!("/simulator/calls/{}/{action}", phone.call_sid);
        self.http.post(&path, &body).await?;
        self.entered_in = Some(listening.number);
        self.steps.pop_front();
        Ok(())
    }

    /// Answers the phone of the Worker who is offered this caller's Task, or a phone that a
    /// `<Dial>` of this call rings. Other phones may ring for other callers.
    async fn pick_up(&mut self, caller: CallSid) -> Result<(), Failure> {
        if self.worker.is_some() {
            return Ok(());
        }
        let ringing: Phones = self.http.get("/simulator/calls?status=ringing").await?;
        let ringing = ringing.calls;
        let dialed = ringing
            .iter()
            .find(|phone| phone.parent_call_sid == Some(caller));
        let is_offer = |phone: &&Phone| phone.direction == "outbound-api";
        let worker = if let Some(dialed) = dialed {
            Some(dialed)
        } else if ringing.iter().any(|phone| is_offer(&phone)) {
            let offered_to = self.offered_to(caller).await?;
            let mut offers = ringing.iter().filter(is_offer);
            offers.find(|phone| Some(&phone.to) == offered_to.as_ref())
        } else {
            None
        };
        let Some(worker) = worker else { return Ok(()) };
        let path = format!("/simulator/calls/{}/answer", worker.call_sid);
        self.http.post(&path, &json!({})).await?;
        self.worker = Some(worker.clone());
        Ok(())
    }

    /// Presses 1 when the answered phone is asked for a key before the connection.
    async fn accept(&mut self, worker: &Phone) -> Result<(), Failure> {
        let Some(listening) = worker.listening.as_ref().filter(|gather| gather.keys) else {
            return Ok(());
        };
        if self.accepted_in == Some(listening.number) {
            return Ok(());
        }
        self.accepted_in = Some(listening.number);
        let path = format!("/simulator/calls/{}/digits", worker.call_sid);
        self.http.post(&path, &json!({ "digits": "1" })).await?;
        Ok(())
    }

    /// Ends the conversation: the caller hangs up, or the Worker when the caller has still
    /// something to do.
    async fn talk_then_hang_up(&mut self, caller: &Phone, worker: &Phone) -> Result<(), Failure> {
        let connected = caller.bridged_with == Some(worker.call_sid);
        let waits = matches!(self.steps.front(), Some(Step::Wait(_)));
        match self.talking_since {
            None if connected => self.talking_since = Some(Instant::now()),
            Some(since) if connected && !waits && since.elapsed() >= CONVERSATION => {
                let first = if self.steps.is_empty() {
                    caller
                } else {
                    worker
                };
                let path = format!("/simulator/calls/{}/hangup", first.call_sid);
                self.http.post(&path, &json!({})).await?;
            }
            None | Some(_) => {}
        }
        Ok(())
    }

    /// Says how the call ended.
    async fn conclude(&self, caller: CallSid) -> Result<(), Failure> {
        match (self.steps.front(), self.talking_since) {
            (Some(step), None) => {
                return Err(format!("the call ended before the caller could {step}").into());
            }
            (Some(step), Some(_)) => println!("The caller was not asked to {step}."),
            (None, _) => {}
        }
        match (&self.worker, self.talking_since) {
            (Some(phone), Some(_)) if phone.is_of_dial() => {
                println!("The caller talked with {}; no Task was created.", phone.to);
                Ok(())
            }
            (Some(worker), Some(_)) => self.wait_for_wrap_up(caller, worker.to.clone()).await,
            (None, _) | (Some(_), None) if self.task_of(caller).await?.is_some() => {
                Err("the call ended before a Worker answered it".into())
            }
            (None, _) | (Some(_), None) => {
                println!("The call is over; no Task was created.");
                Ok(())
            }
        }
    }

    /// The phone number of the Worker who is offered the caller's Task now, if there is one.
    async fn offered_to(&self, caller: CallSid) -> Result<Option<String>, Failure> {
        let Some(task) = self.task_of(caller).await? else {
            return Ok(None);
        };
        let workspace = format!("/v1/Workspaces/{}", self.workspace().await?);
        let task = task.get("sid").and_then(Value::as_str).unwrap_or_default();
        let offers: Value = self
            .http
            .get(&format!(
                "{workspace}/Tasks/{task}/Reservations?ReservationStatus=pending"
            ))
            .await?;
        let Some(worker) = offers
            .pointer("/reservations/0/worker_sid")
            .and_then(Value::as_str)
        else {
            return Ok(None);
        };
        let worker: Value = self
            .http
            .get(&format!("{workspace}/Workers/{worker}"))
            .await?;
        Ok(contact_uri(&worker))
    }

    /// Waits until the Task is completed and the Worker whose phone rang is in wrap-up.
    async fn wait_for_wrap_up(&self, caller: CallSid, phone: String) -> Result<(), Failure> {
        let workspace = self.workspace().await?;
        let mut ticks = interval(POLL_EVERY);
        loop {
            ticks.tick().await;
            let task = self.task_of(caller).await?;
            let workers: Value = self
                .http
                .get(&format!(
                    "/v1/Workspaces/{workspace}/Workers?ActivityName=Wrap-Up"
                ))
                .await?;
            let workers = workers
                .get("workers")
                .and_then(Value::as_array)
                .cloned()
                .unwrap_or_default();
            let worker = workers
                .iter()
                .find(|worker| contact_uri(worker).as_ref() == Some(&phone));
            let status = task
                .as_ref()
                .and_then(|task| task.get("assignment_status"))
                .and_then(Value::as_str);
            if let Some(worker) = worker
                && status == Some("completed")
            {
                let name = worker
                    .get("friendly_name")
                    .and_then(Value::as_str)
                    .unwrap_or_default();
                println!("The Task is completed and {name} is in Wrap-Up.");
                return Ok(());
            }
        }
    }

    /// The Task of a call, once it exists. Its SID depends on the program that created it, so it is
    /// searched for by the call in its attributes.
    async fn task_of(&self, caller: CallSid) -> Result<Option<Value>, Failure> {
        let workspace = self.workspace().await?;
        let of_caller = format!("EvaluateTaskAttributes=call_sid+%3D%3D+%22{caller}%22");
        let tasks: Value = self
            .http
            .get(&format!("/v1/Workspaces/{workspace}/Tasks?{of_caller}"))
            .await?;
        Ok(tasks.pointer("/tasks/0").cloned())
    }

    async fn workspace(&self) -> Result<String, Failure> {
        let workspaces: Value = self.http.get("/v1/Workspaces").await?;
        let sid = workspaces
            .pointer("/workspaces/0/sid")
            .and_then(Value::as_str);
        Ok(sid.ok_or("the contact centre has no Workspace")?.to_owned())
    }

    /// The current state of a phone; prints the new entries of its transcript.
    async fn poll(&mut self, call: CallSid, side: &str) -> Result<Phone, Failure> {
        let phone: Phone = self.http.get(&format!("/simulator/calls/{call}")).await?;
        let printed = self.printed.entry(call).or_default();
        for entry in phone.transcript.iter().skip(*printed) {
            let time = entry
                .at
                .split_once('T')
                .map_or(entry.at.as_str(), |(_date, time)| time);
            println!("{time}  {side:<6}  {:<10}  {}", entry.event, entry.text);
        }
        *printed = phone.transcript.len();
        Ok(phone)
    }
}

/// Whether the Task waits, and no Worker could take it now.
fn is_without_worker(explanation: &TaskExplanation) -> bool {
    explanation.assignment_status == AssignmentStatus::Pending
        && !explanation.more_not_looked_at
        && !explanation.workers.iter().any(|worker| worker.could_take)
}

/// The phone number in the attributes of a Worker, as the API shows them.
fn contact_uri(worker: &Value) -> Option<String> {
    let attributes: Value = serde_json::from_str(worker.get("attributes")?.as_str()?).ok()?;
    Some(attributes.get("contact_uri")?.as_str()?.to_owned())
}
