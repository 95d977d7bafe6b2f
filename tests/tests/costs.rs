//! The cost of a call at the table. `cargo test -p tests --test costs -- --nocapture` prints the
//! bill.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on says so by panicking"
)]
#![allow(clippy::print_stdout, reason = "it prints the bill")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use store::compact::name_of;

use ids::time::{Clock, Millis, Timestamp};
use ids::{CallSid, TaskSid};
use serde_json::json;
use task_router::model::{AssignmentStatus, TaskChannelName};
use task_router::router::{NewTask, create_task};
use tests::metering::{Operation, Written};
use tests::test_centre::{EXAMPLE, Surroundings, TestCentre};

/// From the stream's record of a waiting Task to the reserved Task: the ready lists, all at once,
/// and the transaction.
const ROUND_TRIPS_TO_RESERVED_MAX: usize = 2;

/// Write units of one call from ring to completed, indexes and events included, whether a Worker is
/// free or not.
const WRITE_UNITS_PER_CALL_MAX: f64 = 20.0;

/// The ceiling of a call for which a Worker is free: the Task is not added to a waiting list, and
/// its creation and its Reservation share one Events item.
const WRITE_UNITS_PER_CALL_CEILING: f64 = 16.0;

/// The ceiling of such a call in a centre whose Workers are listed for more TaskChannels than
/// `voice`: a Worker on the telephone moves to the ready list of the others, and leaves it when the
/// call ends.
const WRITE_UNITS_PER_CALL_BESIDE_OTHER_CHANNELS_CEILING: f64 = 18.0;

/// The ceiling of a call in the flows of `examples/utility`, for which a Worker is free: two menus, a
/// queue, a greeting with a key, a conversation.
const WRITE_UNITS_PER_FLOW_CALL_CEILING: f64 = 19.0;

/// The ceiling of such a call that is recorded: the address of the recording is written at the end of
/// the call, and competes with that end.
const WRITE_UNITS_PER_RECORDED_CALL_CEILING: f64 = 25.0;

/// The webhooks of such a call before its Task is created: they write nothing.
const WRITE_UNITS_BEFORE_THE_QUEUE: f64 = 0.0;

/// From noon of the Sunday on which the clock begins to the opening hours of a Monday.
const UNTIL_MONDAY: Millis = Millis::from_secs(22 * 60 * 60);

/// The ceiling of a Worker's change of availability, without a call: the Worker's item, its ready
/// list and the Event.
const WRITE_UNITS_PER_RETURN_CEILING: f64 = 3.0;

/// The ceiling of the additional cost of the webhook journal for such a call (`KeepWebhooks` in
/// template.yaml states it).
const WRITE_UNITS_FOR_WEBHOOKS_CEILING: f64 = 11.0;

/// The additional cost of a shadow Workflow: an item for each offer, and for the begin of a wait
/// (docs/guide/shadow.md states it).
const WRITE_UNITS_FOR_A_COMPARISON: f64 = 1.0;

/// The read units of a comparison at most: the Task, and the ready lists of the shadow's TaskQueue.
const READ_UNITS_FOR_A_COMPARISON_MAX: f64 = 5.0;

/// Calls among which hot partitions are searched.
const CALLS: u32 = 50;

/// The share of all calls that may write one partition. A queue's ready list and a Worker are
/// written by their own calls only, and the example has two queues and three Workers; an item
/// shared by the Workspace would be written by all calls.
const HOT_SHARE_MAX: f64 = 0.6;

/// Tasks that wait while one Worker becomes free.
const WAITING: u32 = 1_000;

/// Read units from the stream's record of a new Task to the reserved Task, however many Workers are
/// free: half a unit for each list, and ten Workers of half a kilobyte.
const READ_UNITS_TO_RESERVED_MAX: f64 = 6.0;

/// Items read until that Worker has the first of them: a page of each waiting list and the
/// Workspace.
const ITEMS_READ_TO_SERVE_MAX: u64 = 50;

#[tokio::test]
async fn call_stays_below_its_ceiling() {
    let (test_centre, meter) = TestCentre::metered(EXAMPLE).await;
    warm_up(&test_centre).await;
    meter.take();
    let caller = dial_and_press(&test_centre, "+17075550193", "1").await;
    talk(&test_centre, caller).await;
    check_bill(
        "A call for which a Worker is free",
        &meter.take(),
        WRITE_UNITS_PER_CALL_CEILING,
    );
    wrap_up(&test_centre).await;
    check_bill(
        "Wrap-up ends",
        &meter.take(),
        WRITE_UNITS_PER_RETURN_CEILING,
    );
    test_centre.close().await;
}

/// The example lists Workers for `voice` alone, until a Task of another TaskChannel is created.
#[tokio::test]
async fn used_channels_cost_two_writes_of_a_call() {
    let all = "  task_channels:\n    - name: default\n    - name: chat\n    - name: sms\n    - name: video\n";
    let set_up = EXAMPLE.replace("  task_channels:\n", all);
    let (test_centre, meter) = TestCentre::metered(&set_up).await;
    warm_up(&test_centre).await;
    meter.take();
    let caller = dial_and_press(&test_centre, "+17075550193", "1").await;
    talk(&test_centre, caller).await;
    check_bill(
        "A call for which a Worker is free, who is listed for five TaskChannels",
        &meter.take(),
        WRITE_UNITS_PER_CALL_BESIDE_OTHER_CHANNELS_CEILING,
    );
    test_centre.close().await;
}

#[tokio::test]
async fn webhook_journal_costs_its_stated_price() {
    let surroundings = Surroundings {
        keep_webhooks: true,
        ..Surroundings::real()
    };
    let (test_centre, meter) = TestCentre::metered_in(EXAMPLE, surroundings).await;
    warm_up(&test_centre).await;
    meter.take();
    one_call(&test_centre, "+17075550193", "1").await;
    let operations = meter.take();
    println!("{}", bill(&operations));
    let all: f64 = operations.iter().map(Operation::all_write_units).sum();
    let webhooks: f64 = operations
        .iter()
        .filter_map(|operation| operation.write_units.get("WEBHOOK"))
        .sum();
    assert!(
        webhooks <= WRITE_UNITS_FOR_WEBHOOKS_CEILING,
        "{webhooks} write units for webhooks"
    );
    let ceiling = WRITE_UNITS_PER_CALL_CEILING + WRITE_UNITS_PER_RETURN_CEILING;
    assert!(
        all - webhooks <= ceiling,
        "{all} write units, {webhooks} of them for webhooks"
    );
    let template = tests::project::read("template.yaml");
    let described: Vec<&str> = template.split_whitespace().collect();
    let price = format!("It costs {WRITE_UNITS_FOR_WEBHOOKS_CEILING} write units a call");
    assert!(
        described.join(" ").contains(&price),
        "template.yaml states another price"
    );
    test_centre.close().await;
}

#[tokio::test]
async fn call_in_flows_stays_below_its_ceiling() {
    let recorded = tests::project::read("examples/utility/contact-centre.yaml");
    let plain = recorded.replace("- use: consent\n", "- tag: call\n");
    let ceiling = WRITE_UNITS_PER_FLOW_CALL_CEILING;
    check_flows("A call in the flows of examples/utility", &plain, ceiling).await;
    let ceiling = WRITE_UNITS_PER_RECORDED_CALL_CEILING;
    check_flows("The same call, recorded", &recorded, ceiling).await;
}

async fn check_flows(label: &str, set_up: &str, ceiling: f64) {
    let (test_centre, meter) = TestCentre::metered(set_up).await;
    test_centre.advance(UNTIL_MONDAY).await;
    test_centre.set_activity("Emil", "Available").await;
    for from in ["+17075550191", "+17075550192"] {
        let caller = in_flows(&test_centre, from).await;
        talk_by_key(&test_centre, caller).await;
        wrap_up(&test_centre).await;
    }
    meter.take();
    let caller = test_centre.dial("+17075550193").await;
    test_centre.advance(MENUS).await;
    check_bill(
        "The menus of a flow",
        &meter.take(),
        WRITE_UNITS_BEFORE_THE_QUEUE,
    );
    test_centre.press(caller, "0").await;
    test_centre.advance(CONSENT).await;
    talk_by_key(&test_centre, caller).await;
    check_bill(label, &meter.take(), ceiling);
    test_centre.close().await;
}

/// Until a caller who says nothing hears the topics.
const MENUS: Millis = Millis::from_secs(7);

/// Until a caller who says nothing is recorded, waits, and a telephone rings.
const CONSENT: Millis = Millis::from_secs(12);

/// A call that waits in the queue of the service.
async fn in_flows(test_centre: &TestCentre, from: &str) -> CallSid {
    let caller = test_centre.dial(from).await;
    test_centre.advance(MENUS).await;
    test_centre.press(caller, "0").await;
    test_centre.advance(CONSENT).await;
    caller
}

/// A Worker whose phone rings accepts by key; the caller hangs up after half a minute.
async fn talk_by_key(test_centre: &TestCentre, caller: CallSid) {
    let ringing: Vec<CallSid> = test_centre.ringing().await.into_values().collect();
    let [worker] = ringing[..] else {
        panic!("expected one ringing phone: {ringing:?}")
    };
    test_centre.at_phone(worker, "answer").await;
    test_centre.advance(Millis::from_secs(6)).await;
    test_centre.press(worker, "1").await;
    test_centre.advance(Millis::from_secs(30)).await;
    test_centre.at_phone(caller, "hangup").await;
    test_centre.advance(Millis::from_secs(5)).await;
}

#[tokio::test]
async fn shadow_costs_its_stated_price() {
    let (test_centre, meter) = TestCentre::metered(EXAMPLE).await;
    warm_up(&test_centre).await;
    meter.take();
    one_call(&test_centre, "+17075550193", "1").await;
    let without = meter.take();
    let sid = test_centre.contact_centre.workspace.sid;
    let store = &test_centre.centre.store;
    let now = test_centre.clock.now();
    let before = store.fresh_workspace(sid, now).await.unwrap().unwrap();
    let mut after = task_router::model::Workspace::clone(&before);
    let live = test_centre.contact_centre.voice_settings.workflow_sid;
    let shadow = task_router::model::Workflow {
        sid: ids::WorkflowSid::derive(&["shadow"]),
        friendly_name: "Shadow".to_owned(),
        ..after.workflows[&live].clone()
    };
    after.workflows.get_mut(&live).unwrap().shadow_sid = Some(shadow.sid);
    after.workflows.insert(shadow.sid, shadow);
    store
        .replace_workspace(Some(&before), &after, now)
        .await
        .unwrap();
    test_centre.advance(Millis::from_secs(10)).await;
    meter.take();
    one_call(&test_centre, "+17075550193", "1").await;
    let with = meter.take();
    println!("{}", bill(&with));
    let written = |operations: &[Operation]| -> f64 {
        operations.iter().map(Operation::all_write_units).sum()
    };
    let read = |operations: &[Operation]| -> f64 {
        operations
            .iter()
            .map(|operation| operation.read_units)
            .sum()
    };
    let price = written(&with) - written(&without);
    assert!(
        (price - WRITE_UNITS_FOR_A_COMPARISON).abs() < 0.01,
        "{price} write units"
    );
    let price = read(&with) - read(&without);
    println!("a comparison: {price} read units");
    assert!(
        price <= READ_UNITS_FOR_A_COMPARISON_MAX,
        "{price} read units"
    );
    test_centre.close().await;
}

#[tokio::test]
async fn waiting_call_stays_below_its_ceiling() {
    let (test_centre, meter) = TestCentre::metered(EXAMPLE).await;
    warm_up(&test_centre).await;
    for name in ["Maya", "Leela"] {
        test_centre.set_activity(name, "Offline").await;
    }
    test_centre.centre.settle().await;
    meter.take();
    let caller = dial_and_press(&test_centre, "+17075550193", "1").await;
    test_centre.advance(Millis::from_secs(60)).await;
    let mut operations = meter.take();
    test_centre.set_activity("Maya", "Available").await;
    meter.take();
    talk(&test_centre, caller).await;
    operations.extend(meter.take());
    // The Event of the Worker's availability is not part of the call's cost.
    let availability_event = operations
        .iter()
        .position(writes_worker_event_only)
        .unwrap();
    operations.remove(availability_event);
    check_bill(
        "A call that waits a minute",
        &operations,
        WRITE_UNITS_PER_CALL_MAX,
    );
    test_centre.close().await;
}

#[tokio::test]
async fn task_is_reserved_in_two_round_trips() {
    let (test_centre, meter) = TestCentre::metered(EXAMPLE).await;
    warm_up(&test_centre).await;
    create_waiting(&test_centre, "first", test_centre.clock.now()).await;
    meter.take();
    test_centre.centre.settle().await;
    let operations = until_reserved(meter.take());
    let round_trips = operations
        .iter()
        .filter(|operation| operation.begins_round_trip)
        .count();
    assert!(
        round_trips <= ROUND_TRIPS_TO_RESERVED_MAX,
        "{round_trips} round trips:\n{}",
        bill(&operations)
    );
    test_centre.close().await;
}

#[tokio::test]
async fn many_free_workers_cost_as_few() {
    for workers in [3, 300] {
        let mut set_up = String::from("workers:\n");
        for number in 3..workers {
            writeln!(
                set_up,
                "  - name: Agent {number}\n    attributes: {{\"languages\":[\"en\"]}}\n    activity: Available"
            )
            .unwrap();
        }
        let set_up = EXAMPLE.replace("workers:\n", &set_up);
        let (test_centre, meter) = TestCentre::metered(&set_up).await;
        create_waiting(&test_centre, "before", test_centre.clock.now()).await;
        test_centre.centre.settle().await;
        create_waiting(&test_centre, "first", test_centre.clock.now()).await;
        meter.take();
        test_centre.centre.settle().await;
        let operations = until_reserved(meter.take());
        let read: f64 = operations
            .iter()
            .map(|operation| operation.read_units)
            .sum();
        println!("{workers} free Workers: {read} read units to reserve a Task");
        assert!(
            read <= READ_UNITS_TO_RESERVED_MAX,
            "{workers} free Workers: {read} read units\n{}",
            bill(&operations)
        );
        test_centre.close().await;
    }
}

#[tokio::test]
async fn no_partition_is_hot() {
    let (test_centre, meter) = TestCentre::metered(EXAMPLE).await;
    meter.take();
    let mut calls_of = BTreeMap::<String, u32>::new();
    for number in 0..CALLS {
        let key = if number % 2 == 0 { "1" } else { "2" };
        one_call(&test_centre, &format!("+1707555{number:04}"), key).await;
        let operations = meter.take();
        assert_no_scan(&operations);
        let written = operations
            .into_iter()
            .flat_map(|operation| operation.written);
        let partitions: BTreeSet<String> = written.flat_map(|written| written.partitions).collect();
        for partition in partitions {
            *calls_of.entry(partition).or_default() += 1;
        }
    }
    let mut hottest: Vec<(u32, &String)> = calls_of
        .iter()
        .map(|(partition, calls)| (*calls, partition))
        .collect();
    hottest.sort_unstable_by(|one, other| other.cmp(one));
    println!(
        "{CALLS} calls wrote {} partitions; the hottest: {:#?}",
        calls_of.len(),
        &hottest[..8.min(hottest.len())]
    );
    let (calls, partition) = hottest[0];
    assert!(
        f64::from(calls) <= HOT_SHARE_MAX * f64::from(CALLS),
        "{partition} was written by {calls} calls"
    );
    test_centre.close().await;
}

/// For at most [`ITEMS_READ_TO_SERVE_MAX`] items read.
#[tokio::test]
async fn free_worker_gets_first_of_1000_tasks() {
    let everybody_offline = EXAMPLE.replace("    activity: Available", "    activity: Offline");
    let (test_centre, meter) = TestCentre::metered(&everybody_offline).await;
    let store = &test_centre.centre.store;
    let noon = test_centre.clock.now();
    for number in 0..WAITING {
        let start = noon + Millis::from_millis(u64::from(number));
        create_waiting(&test_centre, &number.to_string(), start).await;
    }
    meter.take();
    test_centre.centre.settle().await;
    let reads: f64 = meter
        .take()
        .iter()
        .map(|operation| operation.read_units)
        .sum();
    println!("{WAITING} Tasks for which no Worker is free: {reads} read units");
    test_centre.set_activity("Maya", "Available").await;
    meter.take();
    test_centre.centre.settle().await;
    let operations = meter.take();
    let reserved = operations
        .iter()
        .filter(|operation| reserves(operation))
        .count();
    assert_eq!(reserved, 1, "{}", bill(&operations));
    let first = store.task(TaskSid::derive(&["0"])).await.unwrap().unwrap();
    assert_eq!(first.assignment_status, AssignmentStatus::Reserved);
    let operations = until_reserved(operations);
    let items: u64 = operations
        .iter()
        .map(|operation| operation.items_read)
        .sum();
    println!("{WAITING} Tasks wait: {items} items read to serve one Worker");
    assert!(
        items <= ITEMS_READ_TO_SERVE_MAX,
        "{items} items read:\n{}",
        bill(&operations)
    );
    assert_no_scan(&operations);
    test_centre.close().await;
}

/// The first time a Worker of these queues is busy with a call and free for other channels, that
/// readiness is stored, once. After a call each, that has happened for both Workers who speak
/// English.
async fn warm_up(test_centre: &TestCentre) {
    for from in ["+17075550191", "+17075550192"] {
        one_call(test_centre, from, "1").await;
    }
}

/// A call from the first ring to the moment its Worker is free again.
async fn one_call(test_centre: &TestCentre, from: &str, key: &str) {
    let caller = dial_and_press(test_centre, from, key).await;
    talk(test_centre, caller).await;
    wrap_up(test_centre).await;
}

async fn dial_and_press(test_centre: &TestCentre, from: &str, key: &str) -> CallSid {
    let caller = test_centre.dial(from).await;
    test_centre.centre.settle().await;
    test_centre.press(caller, key).await;
    test_centre.centre.settle().await;
    caller
}

/// A Worker whose phone rings after a few seconds answers; the caller hangs up after half a minute.
async fn talk(test_centre: &TestCentre, caller: CallSid) {
    test_centre.advance(Millis::from_secs(5)).await;
    let ringing: Vec<CallSid> = test_centre.ringing().await.into_values().collect();
    let [worker] = ringing[..] else {
        panic!("expected one ringing phone: {ringing:?}")
    };
    test_centre.at_phone(worker, "answer").await;
    test_centre.advance(Millis::from_secs(30)).await;
    test_centre.at_phone(caller, "hangup").await;
    test_centre.advance(Millis::from_secs(5)).await;
}

/// The Worker's wrap-up times out.
async fn wrap_up(test_centre: &TestCentre) {
    test_centre.advance(Millis::from_secs(30)).await;
}

/// Creates a waiting Task for English.
async fn create_waiting(test_centre: &TestCentre, cause: &str, start: Timestamp) {
    let declared = &test_centre.contact_centre;
    let workspace = test_centre
        .centre
        .store
        .workspace(declared.workspace.sid, start)
        .await
        .unwrap()
        .unwrap();
    let attributes = json!({ "selected_language": "en" })
        .to_string()
        .parse()
        .unwrap();
    let new = NewTask::new(
        TaskSid::derive(&[cause]),
        attributes,
        TaskChannelName::VOICE,
    );
    let task = create_task(
        &workspace,
        &workspace.workflows[&declared.voice_settings.workflow_sid],
        new,
        start,
    )
    .unwrap();
    test_centre
        .centre
        .store
        .create_task(&task, &workspace)
        .await
        .unwrap();
}

fn reserves(operation: &Operation) -> bool {
    let reserved = json!({ "S": "reserved" });
    operation.done
        && operation.name == "TransactWriteItems"
        && operation
            .written
            .iter()
            .any(|written| written.item[name_of("assignment_status")] == reserved)
}

fn until_reserved(mut operations: Vec<Operation>) -> Vec<Operation> {
    let at = operations
        .iter()
        .position(reserves)
        .unwrap_or_else(|| panic!("no Task was reserved"));
    operations.truncate(at + 1);
    operations
}

/// Whether this is the write of a single Event of a Worker, without a Task.
fn writes_worker_event_only(operation: &Operation) -> bool {
    let is_of_a_task = |written: &Written| written.item.to_string().contains("\"WT");
    operation
        .written
        .iter()
        .any(|written| written.kind == "EVENTS" && !is_of_a_task(written))
}

fn check_bill(label: &str, operations: &[Operation], ceiling: f64) {
    println!("{label}\n{}", bill(operations));
    let units: f64 = operations.iter().map(Operation::all_write_units).sum();
    assert!(units <= ceiling, "{label}: {units} write units");
    assert_no_scan(operations);
}

fn assert_no_scan(operations: &[Operation]) {
    assert!(
        operations.iter().all(|operation| operation.name != "Scan"),
        "{}",
        bill(operations)
    );
}

/// A table with a line for each write and the reads before it, a sum, and the attributes of the
/// largest items.
fn bill(operations: &[Operation]) -> String {
    let mut text = format!(
        "{:<46}{:>11}{:>11}{:>12}  of these\n",
        "up to the write of", "round trips", "read units", "write units"
    );
    let mut sum = Line::default();
    let mut heaviest = BTreeMap::new();
    for step in operations.split_inclusive(|operation| !operation.written.is_empty()) {
        let line = Line::of(step);
        line.write(&mut text);
        sum = sum.plus(&line);
        for written in step.iter().flat_map(|operation| &operation.written) {
            let known = heaviest.entry(written.kind.clone()).or_insert(written);
            if known.bytes < written.bytes {
                *known = written;
            }
        }
    }
    Line {
        label: "all".to_owned(),
        ..sum
    }
    .write(&mut text);
    for (kind, written) in heaviest {
        let weights: Vec<String> = written
            .weights()
            .iter()
            .map(|(bytes, name)| format!("{name} {bytes}"))
            .collect();
        writeln!(
            text,
            "the largest {kind}, {} B: {}",
            written.bytes,
            weights.join(", ")
        )
        .unwrap();
    }
    text
}

#[derive(Default)]
struct Line {
    label: String,
    round_trips: usize,
    read_units: f64,
    write_units: BTreeMap<String, f64>,
}

impl Line {
    fn of(step: &[Operation]) -> Self {
        let mut line = Self {
            label: "nothing".to_owned(),
            ..Self::default()
        };
        for operation in step {
            line = line.plus(&Self {
                label: String::new(),
                round_trips: usize::from(operation.begins_round_trip),
                read_units: operation.read_units,
                write_units: operation.write_units.clone(),
            });
            let written: Vec<String> = operation
                .written
                .iter()
                .map(|written| format!("{}: {} B", written.label(), written.bytes))
                .collect();
            if !written.is_empty() {
                line.label = format!(
                    "{}{}",
                    if operation.done { "" } else { "(lost) " },
                    written.join(", ")
                );
            }
        }
        line
    }

    fn plus(mut self, other: &Self) -> Self {
        self.round_trips += other.round_trips;
        self.read_units += other.read_units;
        for (kind, units) in &other.write_units {
            *self.write_units.entry(kind.clone()).or_default() += units;
        }
        self
    }

    fn write(&self, text: &mut String) {
        // Added to 0, because the sum of no units is -0.
        let units = 0.0 + self.write_units.values().sum::<f64>();
        let parts: Vec<String> = self
            .write_units
            .iter()
            .map(|(kind, units)| format!("{kind} {units}"))
            .collect();
        let Self {
            label,
            round_trips,
            read_units,
            ..
        } = self;
        writeln!(
            text,
            "{label:<46}{round_trips:>11}{read_units:>11}{units:>12}  {}",
            parts.join(", ")
        )
        .unwrap();
    }
}
