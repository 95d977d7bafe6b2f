//! The section `workspace`: Activities, TaskChannels, and the rules of routing.

use ids::{AccountSid, ActivitySid};
use task_router::model::{
    ACTIVITIES_MAX, Activity, AfterFailedReservation, OnTimeout, PartId, RoutingRules, WORKERS_MAX,
    Workspace, WrapUp,
};

use crate::document::{Node, place};
use crate::names::Names;
use crate::reader::{Fields, Reader};
use crate::task_queues::TASK_ORDERS;
use crate::{event_types, sids, task_channels, urls};

/// Longest wrap-up, in seconds: the maximum time of a Task in `assigned` (taskrouter.md section
/// 14).
const WRAP_UP_MAX_SECS: u32 = 86_400;

/// Longest pause before a Task is offered to the same Worker again, in seconds. A longer one would
/// leave callers without a Worker.
const REOFFER_PAUSE_MAX_SECS: u32 = 3_600;

/// Longest retention of an ended Task, in seconds: the maximum lifetime of a Task (taskrouter.md
/// section 14).
const ENDED_TASK_KEPT_MAX_SECS: u32 = 1_209_600;

/// Maximum of `task_queues_max`: every function reads all TaskQueues, every two seconds.
const TASK_QUEUES_LIMIT: u32 = 20_000;

/// Maximum of `waiting_calls_max`: a call that has to wait counts the calls before it.
const WAITING_CALLS_LIMIT: u32 = 10_000;

const WORKSPACE_KEYS: [&str; 16] = [
    "name",
    "default_activity",
    "timeout_activity",
    "activities",
    "wrap_up",
    "task_channels",
    "prioritize_queue_order",
    "on_timeout",
    "after_failed_reservation",
    "reoffer_pause",
    "ended_task_kept",
    "workers_max",
    "task_queues_max",
    "waiting_calls_max",
    "event_callback",
    "events_filter",
];

const ON_TIMEOUT: [(&str, OnTimeout); 2] = [
    ("compatible", OnTimeout::Compatible),
    ("stay", OnTimeout::Stay),
];

const AFTER_FAILED_RESERVATION: [(&str, AfterFailedReservation); 2] = [
    ("stay_in_step", AfterFailedReservation::StayInStep),
    ("next_step", AfterFailedReservation::NextStep),
];

/// The Workspace as far as it is read, and its Activities by name.
pub(crate) struct Base {
    pub workspace: Workspace,
    pub activities: Names<ActivitySid>,
}

impl Base {
    /// The placeholder for a Workspace that cannot be read.
    pub fn nameless(account: AccountSid) -> Self {
        let sid = sids::workspace(account, "");
        let no_activity = sids::activity(sid, "", false);
        Self {
            workspace: Workspace::new(sid, "", no_activity),
            activities: Names::new("activity"),
        }
    }
}

pub(crate) fn read(reader: &mut Reader<'_>, node: &Node, account: AccountSid) -> Option<Base> {
    let fields = reader.mapping(node, "the workspace", &WORKSPACE_KEYS)?;
    let mut base = Base::nameless(account);
    let name = reader
        .required(&fields, "name")
        .and_then(|node| reader.friendly_name(node, "name"));
    if let Some(name) = name {
        base.workspace = Workspace::new(
            sids::workspace(account, name),
            name,
            base.workspace.default_activity_sid,
        );
    }
    if let Some(activities) = reader.required(&fields, "activities") {
        for node in reader.list(activities, "activities", ACTIVITIES_MAX) {
            read_activity(reader, node, &mut base);
        }
    }
    let default = reference(reader, &fields, "default_activity", &base.activities);
    let timeout = reference(reader, &fields, "timeout_activity", &base.activities);
    base.workspace.default_activity_sid = default.unwrap_or(base.workspace.default_activity_sid);
    base.workspace.timeout_activity_sid = timeout.unwrap_or(base.workspace.timeout_activity_sid);
    base.workspace.wrap_up = fields
        .get("wrap_up")
        .and_then(|node| read_wrap_up(reader, node, &base.activities));
    base.workspace.rules = read_rules(reader, &fields);
    base.workspace.event_callback_url = fields
        .get("event_callback")
        .and_then(|node| urls::url(reader, node, "event_callback"));
    base.workspace.events_filter = fields
        .get("events_filter")
        .map(|node| event_types::read(reader, node, "events_filter"))
        .unwrap_or_default();
    task_channels::read(reader, fields.get("task_channels"), &mut base.workspace);
    Some(base)
}

/// The declared rules, and TaskRouter's defaults for the others.
fn read_rules(reader: &mut Reader<'_>, fields: &Fields<'_>) -> RoutingRules {
    let defaults = RoutingRules::default();
    let order = choice(reader, fields, "prioritize_queue_order", &TASK_ORDERS);
    let on_timeout = choice(reader, fields, "on_timeout", &ON_TIMEOUT);
    let after_failed = choice(
        reader,
        fields,
        "after_failed_reservation",
        &AFTER_FAILED_RESERVATION,
    );
    let workers_max = count(reader, fields, "workers_max", WORKERS_MAX);
    let task_queues_max = count(reader, fields, "task_queues_max", TASK_QUEUES_LIMIT);
    let waiting_calls_max = count(reader, fields, "waiting_calls_max", WAITING_CALLS_LIMIT);
    let mut duration = |key, max_secs| {
        let node = fields.get(key)?;
        reader.duration_within(node, key, 0..=max_secs)
    };
    RoutingRules {
        reoffer_pause: duration("reoffer_pause", REOFFER_PAUSE_MAX_SECS)
            .unwrap_or(defaults.reoffer_pause),
        ended_task_kept: duration("ended_task_kept", ENDED_TASK_KEPT_MAX_SECS)
            .unwrap_or(defaults.ended_task_kept),
        workers_max: workers_max.unwrap_or(defaults.workers_max),
        task_queues_max: task_queues_max.unwrap_or(defaults.task_queues_max),
        waiting_calls_max: waiting_calls_max.unwrap_or(defaults.waiting_calls_max),
        prioritize_queue_order: order.unwrap_or(defaults.prioritize_queue_order),
        on_timeout: on_timeout.unwrap_or(defaults.on_timeout),
        after_failed_reservation: after_failed.unwrap_or(defaults.after_failed_reservation),
    }
}

fn count(reader: &mut Reader<'_>, fields: &Fields<'_>, key: &str, limit: u32) -> Option<u32> {
    let node = fields.get(key)?;
    reader.whole_number(node, key, 1..=limit)
}

fn choice<T: Copy>(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    key: &str,
    choices: &[(&str, T)],
) -> Option<T> {
    let node = fields.get(key)?;
    reader.choice(node, key, choices)
}

fn read_activity(reader: &mut Reader<'_>, node: &Node, base: &mut Base) -> Option<()> {
    let fields = reader.mapping(node, "an activity", &["name", "available"])?;
    let available = reader
        .required(&fields, "available")
        .and_then(|node| reader.boolean(node, "available"));
    let name_node = reader.required(&fields, "name")?;
    let name = reader.friendly_name(name_node, "name")?;
    let available = available.unwrap_or_default();
    let sid = sids::activity(base.workspace.sid, name, available);
    reader.take(
        base.activities.declare(name, sid, place(name_node)),
        place(name_node),
    )?;
    reader.record_place(PartId::Activity(sid), place(name_node));
    base.workspace.ledger.append(PartId::Activity(sid));
    base.workspace.activities.insert(
        sid,
        Activity {
            sid,
            friendly_name: name.to_owned(),
            available,
        },
    );
    Some(())
}

fn read_wrap_up(
    reader: &mut Reader<'_>,
    node: &Node,
    activities: &Names<ActivitySid>,
) -> Option<WrapUp> {
    let fields = reader.mapping(node, "wrap_up", &["activity", "limit", "next"])?;
    let activity = reference(reader, &fields, "activity", activities);
    let limit = reader
        .required(&fields, "limit")
        .and_then(|node| reader.duration(node, "limit", WRAP_UP_MAX_SECS));
    let next = reference(reader, &fields, "next", activities);
    let wrap_up = WrapUp {
        activity_sid: activity?,
        limit: limit?,
        next_activity_sid: next?,
    };
    if wrap_up.activity_sid == wrap_up.next_activity_sid {
        reader.problem(
            place(node),
            "wrap_up: expected \"next\" to be an activity other than \"activity\"",
        );
        return None;
    }
    Some(wrap_up)
}

fn reference(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    key: &str,
    activities: &Names<ActivitySid>,
) -> Option<ActivitySid> {
    let node = reader.required(fields, key)?;
    reader.reference(node, key, activities)
}
