//! A day of a contact centre in the cloud, in a minute: callers dial, choose a language, and wait;
//! some hang up early. Workers answer, some decline. Meanwhile functions are killed and throttled,
//! the stream's shards split, and a record arrives that no function can read.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::AttributeValue;
use ids::{CallSid, TaskSid};
use serde_json::{Value, json};
use store::keys;
use task_router::model::AssignmentStatus;
use tokio::task::JoinSet;

use super::functions::Function;
use super::stack::Stack;
use crate::deployment::{ACCOUNT_SID, AUTH_TOKEN};

/// The configuration: the example with a wrap-up of a second, so that three Workers have time for a
/// day's calls.
const EXAMPLE: &str = include_str!("../../../contact-centre.yaml");
/// Interval at which the people at the phones look.
const LOOK_INTERVAL: Duration = Duration::from_millis(100);
/// How long a conversation lasts.
const TALK: Duration = Duration::from_millis(400);
/// How long a caller without patience waits.
const PATIENCE: Duration = Duration::from_secs(3);
/// Every so many callers one has no patience, and every so many offers one is declined.
const IMPATIENT_EVERY: usize = 6;
const DECLINED_EVERY: usize = 9;
/// How long a function is throttled.
const THROTTLED: Duration = Duration::from_secs(2);
/// How long a fault waits for an environment that handles an event, and how often it looks.
const KILL_TIME_LIMIT: Duration = Duration::from_secs(5);
const KILL_INTERVAL: Duration = Duration::from_millis(2);
/// Time limit of the day, after its last caller has dialed.
const CALM_LIMIT: Duration = Duration::from_secs(120);
/// How long nothing may happen at the end.
const CALM: Duration = Duration::from_secs(3);
/// The partition key of the record that no function can read.
const POISON: &str = "WT00000000000000000000000000000bad";

/// The size of a day.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Callers.
    pub callers: usize,
    /// The interval between two of them.
    pub interval: Duration,
}

/// What happened.
#[derive(Debug, Default)]
pub struct Report {
    /// Tasks that ended, by status.
    pub tasks: BTreeMap<String, usize>,
    /// Functions that were killed while they handled an event.
    pub kills: usize,
    /// How long the day took.
    pub duration: Duration,
    /// What should not have happened, a sentence each.
    pub violations: Vec<String>,
}

/// A caller.
struct Caller {
    call: CallSid,
    key: &'static str,
    has_pressed: bool,
    hangs_up_at: Option<Instant>,
    bridged_at: Option<Instant>,
    has_ended: bool,
}

/// The people, and what they have done so far.
struct People<'a> {
    stack: &'a Stack,
    http: reqwest::Client,
    callers: Vec<Caller>,
    offers: BTreeSet<String>,
}

/// Runs a day with the built functions in this folder.
pub async fn run(binaries: &Path, plan: Plan) -> Report {
    let set_up = EXAMPLE.replace("limit: 10s", "limit: 1s");
    assert_ne!(set_up, EXAMPLE);
    let mut stack = Stack::start(binaries, &set_up).await;
    let begun = Instant::now();
    let mut report = Report::default();
    let mut people = People {
        stack: &stack,
        http: reqwest::Client::builder().no_proxy().build().unwrap(),
        callers: Vec::new(),
        offers: BTreeSet::new(),
    };
    let mut dials = tokio::time::interval(plan.interval);
    let mut kills = JoinSet::new();
    for number in 0..plan.callers {
        dials.tick().await;
        people.dial(number).await;
        people.look().await;
        disturb(&stack, number, plan.callers, &mut kills).await;
    }
    let last = Instant::now();
    let mut calm_since = None;
    loop {
        people.look().await;
        if people.callers.iter().all(|caller| caller.has_ended) && is_calm(&stack).await {
            let since: &mut Instant = calm_since.get_or_insert_with(Instant::now);
            if since.elapsed() >= CALM {
                break;
            }
        } else {
            calm_since = None;
        }
        if last.elapsed() > CALM_LIMIT {
            report
                .violations
                .push("the centre does not become calm".to_owned());
            break;
        }
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
    stack.run_schedules().await;
    let killed = kills.join_all().await;
    report.kills = killed.iter().filter(|killed| **killed).count();
    if report.kills == 0 {
        report.violations.push("no function was killed".to_owned());
    }
    let found = violations(&people, &mut report.tasks).await;
    report.violations.extend(found);
    stack.check();
    let printed = stack.stop().await;
    if printed.contains("+1707") || printed.contains("+1555") {
        report
            .violations
            .push("a function logs a phone number".to_owned());
    }
    report.duration = begun.elapsed();
    report
}

/// The faults, each at its place in the day.
async fn disturb(stack: &Stack, number: usize, callers: usize, kills: &mut JoinSet<bool>) {
    let at = |part: usize| number == callers * part / 10;
    if at(2) || at(3) || at(6) {
        kills.spawn(kill_when_busy(Arc::clone(&stack.functions["Routing"])));
    }
    if at(4) {
        stack.stream.split();
        write_poison(stack).await;
        stack.run_schedules().await;
    }
    if at(5) {
        kills.spawn(kill_when_busy(Arc::clone(&stack.functions["Callbacks"])));
    }
    if at(7) || at(8) {
        let throttled = if at(7) { "Routing" } else { "Callbacks" };
        let function = Arc::clone(&stack.functions[throttled]);
        function.throttle(true);
        tokio::spawn(async move {
            tokio::time::sleep(THROTTLED).await;
            function.throttle(false);
        });
    }
}

/// Kills an environment of the function as soon as one handles an event. Returns whether it did.
async fn kill_when_busy(function: Arc<Function>) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < KILL_TIME_LIMIT {
        if function.kill_busy() {
            return true;
        }
        tokio::time::sleep(KILL_INTERVAL).await;
    }
    false
}

/// Writes an item that looks like a Task and cannot be read.
async fn write_poison(stack: &Stack) {
    let put = stack
        .table
        .put_item()
        .table_name(stack.table_name)
        .item(keys::PK, AttributeValue::S(POISON.to_owned()))
        .item(keys::SK, AttributeValue::S(keys::TASK.to_owned()))
        .item("body", AttributeValue::S("not a Task".to_owned()));
    put.send().await.unwrap();
}

async fn is_calm(stack: &Stack) -> bool {
    if !stack.stream.is_idle() {
        return false;
    }
    for name in stack.queues.values() {
        if !name.contains("DeadLetters") && stack.messages(name).await > 0 {
            return false;
        }
    }
    true
}

impl People<'_> {
    async fn dial(&mut self, number: usize) {
        let to = &self.stack.contact_centre.voice_settings.phone_number;
        let from = format!("+1555010{number:04}");
        let placed = self.post("calls", &json!({"from": from, "to": to})).await;
        let patience = (number % IMPATIENT_EVERY == IMPATIENT_EVERY - 1).then_some(PATIENCE);
        self.callers.push(Caller {
            call: placed.unwrap()["call_sid"]
                .as_str()
                .unwrap()
                .parse()
                .unwrap(),
            key: if number % 3 == 2 { "2" } else { "1" },
            has_pressed: false,
            hangs_up_at: patience.map(|patience| Instant::now() + patience),
            bridged_at: None,
            has_ended: false,
        });
    }

    /// Everybody looks at their phone once, and acts.
    async fn look(&mut self) {
        self.answer_offers().await;
        let mut callers = std::mem::take(&mut self.callers);
        for caller in callers.iter_mut().filter(|caller| !caller.has_ended) {
            self.act(caller).await;
        }
        self.callers = callers;
    }

    async fn act(&self, caller: &mut Caller) {
        let path = format!("calls/{}", caller.call);
        let phone = self.get(&path).await;
        let has = |event| has(&phone, event);
        if has("ended") {
            caller.has_ended = true;
            return;
        }
        if !caller.has_pressed && has("heard") {
            caller.has_pressed = true;
            // A refusal means that the call has just ended.
            let _ended = self
                .post(&format!("{path}/digits"), &json!({"digits": caller.key}))
                .await;
        }
        if !phone["bridged_with"].is_null() && caller.bridged_at.is_none() {
            caller.bridged_at = Some(Instant::now());
        }
        let has_talked = caller.bridged_at.is_some_and(|at| at.elapsed() >= TALK);
        let gives_up = caller.bridged_at.is_none()
            && caller.hangs_up_at.is_some_and(|at| at <= Instant::now());
        if has_talked || gives_up {
            let _ended = self.post(&format!("{path}/hangup"), &json!({})).await;
        }
    }

    /// Whether the caller had a conversation.
    async fn was_connected(&self, caller: &Caller) -> bool {
        has(
            &self.get(&format!("calls/{}", caller.call)).await,
            "bridged",
        )
    }

    async fn answer_offers(&mut self) {
        let ringing = self.get("calls?status=ringing").await;
        for phone in ringing["calls"].as_array().into_iter().flatten() {
            let call = phone["call_sid"].as_str().unwrap().to_owned();
            if phone["direction"] == "inbound" || !self.offers.insert(call.clone()) {
                continue;
            }
            let declines = self.offers.len() % DECLINED_EVERY == 0;
            let action = if declines { "decline" } else { "answer" };
            let _ended = self
                .post(&format!("calls/{call}/{action}"), &json!({}))
                .await;
        }
    }

    async fn get(&self, path: &str) -> Value {
        let url = format!("{}/simulator/{path}", self.stack.carrier);
        self.http
            .get(url)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap()
    }

    /// `None` if the carrier refuses.
    async fn post(&self, path: &str, body: &Value) -> Option<Value> {
        let url = format!("{}/simulator/{path}", self.stack.carrier);
        let answer = self.http.post(url).json(body).send().await.unwrap();
        if !answer.status().is_success() {
            return None;
        }
        answer.json().await.ok()
    }
}

/// Whether the transcript of a call has an entry of this kind.
fn has(phone: &Value, event: &str) -> bool {
    let mut entries = phone["transcript"].as_array().into_iter().flatten();
    entries.any(|entry| entry["event"] == event)
}

/// What must be true at the end of the day, and is not.
async fn violations(people: &People<'_>, tasks: &mut BTreeMap<String, usize>) -> Vec<String> {
    let stack = people.stack;
    let mut violations = Vec::new();
    for caller in &people.callers {
        let sid = TaskSid::of_call(caller.call);
        let Some(task) = stack.store.task(sid).await.unwrap() else {
            if caller.has_pressed && caller.hangs_up_at.is_none() {
                violations.push(format!("{sid}: there is no Task"));
            }
            continue;
        };
        let status = task.assignment_status;
        *tasks.entry(format!("{status:?}")).or_default() += 1;
        // The network knows it: a caller without patience may hang up in the moment of the bridge.
        let was_connected = people.was_connected(caller).await;
        let is_expected = match status {
            AssignmentStatus::Completed => was_connected,
            AssignmentStatus::Canceled => !was_connected,
            AssignmentStatus::Pending
            | AssignmentStatus::Reserved
            | AssignmentStatus::Assigned
            | AssignmentStatus::Wrapping => false,
        };
        if !is_expected {
            violations.push(format!("{sid} is {status:?}, connected: {was_connected}"));
        }
        if !was_connected && caller.hangs_up_at.is_none() {
            violations.push(format!("{sid}: the caller waited and was not connected"));
        }
        violations.extend(missing_events(stack, sid, status).await);
    }
    violations.extend(dead_letters(stack).await);
    violations
}

/// The Events of a Task: created and ended once each, and accepted once if there was a conversation.
async fn missing_events(stack: &Stack, task: TaskSid, status: AssignmentStatus) -> Vec<String> {
    let workspace = stack.contact_centre.workspace.sid;
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = format!(
        "{}/v1/Workspaces/{workspace}/Events?TaskSid={task}&PageSize=100",
        stack.api
    );
    let request = http.get(url).basic_auth(ACCOUNT_SID, Some(AUTH_TOKEN));
    let page: Value = request.send().await.unwrap().json().await.unwrap();
    let events = page["events"].as_array().cloned().unwrap_or_default();
    let count = |kind: &str| {
        events
            .iter()
            .filter(|event| event["event_type"] == kind)
            .count()
    };
    let is_completed = status == AssignmentStatus::Completed;
    [
        ("task.created", 1),
        ("task.completed", usize::from(is_completed)),
        ("task.canceled", usize::from(!is_completed)),
        ("reservation.accepted", usize::from(is_completed)),
    ]
    .into_iter()
    .filter(|(kind, expected)| count(kind) != *expected)
    .map(|(kind, expected)| {
        format!(
            "{task}: {} Events {kind} instead of {expected}",
            count(kind)
        )
    })
    .collect()
}

/// Dead letters that should not be there, and the one that should.
async fn dead_letters(stack: &Stack) -> Vec<String> {
    let mut violations = Vec::new();
    for name in stack
        .queues
        .values()
        .filter(|name| name.contains("DeadLetters"))
    {
        let count = stack.messages(name).await;
        if count > 0 {
            violations.push(format!("{name}: {count} messages"));
        }
    }
    let objects = stack.aws.objects(&stack.bucket).await;
    let records: Vec<&Value> = objects
        .iter()
        .flat_map(|object| {
            object["payload"]["Records"]
                .as_array()
                .into_iter()
                .flatten()
        })
        .collect();
    let is_poison = |record: &&Value| record["dynamodb"]["Keys"]["pk"]["S"] == POISON;
    if records.len() != 1 || !records.iter().all(|record| is_poison(&record)) {
        violations.push(format!("discarded records: {records:?}"));
    }
    violations
}
