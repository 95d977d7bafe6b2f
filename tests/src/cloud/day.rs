//! A day of a contact centre in the cloud, in a minute: callers dial, choose a language, and wait;
//! some hang up early. Workers answer, some decline. Meanwhile functions are killed and throttled,
//! the stream's shards split, and a record arrives that no function can read.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::AttributeValue;
use store::keys;
use tokio::task::JoinSet;

use super::functions::Function;
use super::people::People;
use super::stack::Stack;
use super::violations::violations;

/// The configuration: the example with a wrap-up of a second, so that three Workers have time for a
/// day's calls.
const EXAMPLE: &str = include_str!("../../../contact-centre.yaml");
/// Interval at which the people at the phones look.
const LOOK_INTERVAL: Duration = Duration::from_millis(100);
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
pub(super) const POISON: &str = "WT00000000000000000000000000000bad";

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

/// Runs a day with the built functions in this folder.
pub async fn run(binaries: &Path, plan: Plan) -> Report {
    let set_up = EXAMPLE.replace("limit: 10s", "limit: 1s");
    assert_ne!(set_up, EXAMPLE);
    let mut stack = Stack::start(binaries, &set_up).await;
    let begun = Instant::now();
    let mut report = Report::default();
    let mut people = People::new(&stack);
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
