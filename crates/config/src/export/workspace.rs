//! The sections `workspace` and `task_queues`.

use task_router::model::{
    ALL_WORKERS, AfterConversation, AfterFailedReservation, ChannelUse, OnTimeout, PartId,
    RoutingRules, TaskChannel, TaskChannelName, TaskOrder, TaskQueue, Workspace, WrapUp,
};

use super::Notes;
use super::names::PartNames;
use super::tree::{Entries, Tree};

pub(super) fn write(workspace: &Workspace, names: &PartNames, notes: &mut Notes) -> Tree {
    let mut entries = Entries::new();
    entries.set("name", Tree::text(&*workspace.friendly_name));
    let activities = workspace.activities_in_order().into_iter().map(|activity| {
        let mut entries = Entries::new();
        let name = names.activity(activity.sid).unwrap_or_default();
        entries.set("name", Tree::text(name));
        entries.set("available", Tree::Bool(activity.available));
        entries.into_tree()
    });
    entries.set("activities", Tree::List(activities.collect()));
    let activity = |sid| names.activity(sid).map(Tree::text);
    entries.set_some("default_activity", activity(workspace.default_activity_sid));
    entries.set_some("timeout_activity", activity(workspace.timeout_activity_sid));
    entries.set_some(
        "wrap_up",
        workspace
            .wrap_up
            .as_ref()
            .and_then(|limit| wrap_up(limit, names)),
    );
    entries.set_some("task_channels", task_channels(workspace, notes));
    rules(&workspace.rules, &mut entries);
    let callback = workspace.event_callback_url.as_ref();
    entries.set_some("event_callback", callback.map(|url| Tree::text(&**url)));
    if !workspace.events_filter.is_empty() {
        let types = workspace.events_filter.iter();
        let types = types.map(|one| Tree::text(one.as_str())).collect();
        entries.set("events_filter", Tree::List(types));
    }
    entries.into_tree()
}

fn wrap_up(wrap_up: &WrapUp, names: &PartNames) -> Option<Tree> {
    let mut entries = Entries::new();
    entries.set(
        "activity",
        Tree::text(names.activity(wrap_up.activity_sid)?),
    );
    entries.set("limit", Tree::duration(wrap_up.limit));
    entries.set(
        "next",
        Tree::text(names.activity(wrap_up.next_activity_sid)?),
    );
    Some(entries.into_tree())
}

/// The list of TaskChannels; `None` if it is the one of a file without the key.
fn task_channels(workspace: &Workspace, notes: &mut Notes) -> Option<Tree> {
    let is_default = |channel: &TaskChannel| {
        let default = TaskChannel {
            after_conversation: AfterConversation::Complete,
            sid: channel.sid,
            ..TaskChannel::of(workspace.sid, channel.unique_name)
        };
        *channel == default
    };
    let channels = &workspace.task_channels;
    let all_standard = TaskChannelName::STANDARD
        .iter()
        .all(|name| channels.get(name).is_some_and(is_default));
    if all_standard && channels.len() == TaskChannelName::STANDARD.len() {
        return None;
    }
    let used = channels
        .values()
        .filter(|channel| channel.usage == ChannelUse::Used);
    let mut list: Vec<Tree> = used.map(task_channel).collect();
    let voice = TaskChannelName::VOICE;
    if !channels
        .get(&voice)
        .is_some_and(|channel| channel.usage == ChannelUse::Used)
    {
        notes.add("TaskChannel \"voice\": a file always has it; here it is not in use".to_owned());
        list.push(task_channel(&TaskChannel {
            after_conversation: AfterConversation::Complete,
            ..TaskChannel::of(workspace.sid, voice)
        }));
    }
    Some(Tree::List(list))
}

fn task_channel(channel: &TaskChannel) -> Tree {
    let mut entries = Entries::new();
    let name = channel.unique_name.as_str();
    entries.set("name", Tree::text(name));
    entries.set_unless("friendly_name", &&*channel.friendly_name, &name, |name| {
        Tree::text(*name)
    });
    if channel.channel_optimized_routing {
        entries.set("optimized_routing", Tree::Bool(true));
    }
    match channel.after_conversation {
        AfterConversation::Complete => {}
        AfterConversation::Wrap => entries.set("after_conversation", Tree::text("wrap")),
        AfterConversation::WrapFor(limit) => {
            let wrap_for = vec![("wrap_for".to_owned(), Tree::duration(limit))];
            entries.set("after_conversation", Tree::Map(wrap_for));
        }
    }
    entries.into_tree()
}

fn rules(rules: &RoutingRules, entries: &mut Entries) {
    let default = RoutingRules::default();
    let RoutingRules {
        prioritize_queue_order,
        on_timeout,
        after_failed_reservation,
        reoffer_pause,
        ended_task_kept,
        workers_max,
        task_queues_max,
        waiting_calls_max,
    } = rules;
    entries.set_unless(
        "prioritize_queue_order",
        prioritize_queue_order,
        &default.prioritize_queue_order,
        |order| task_order(*order),
    );
    entries.set_unless("on_timeout", on_timeout, &default.on_timeout, |choice| {
        Tree::text(match choice {
            OnTimeout::Compatible => "compatible",
            OnTimeout::Stay => "stay",
        })
    });
    entries.set_unless(
        "after_failed_reservation",
        after_failed_reservation,
        &default.after_failed_reservation,
        |choice| {
            Tree::text(match choice {
                AfterFailedReservation::StayInStep => "stay_in_step",
                AfterFailedReservation::NextStep => "next_step",
            })
        },
    );
    for (key, value, default) in [
        ("reoffer_pause", reoffer_pause, default.reoffer_pause),
        ("ended_task_kept", ended_task_kept, default.ended_task_kept),
    ] {
        entries.set_unless(key, value, &default, |limit| Tree::duration(*limit));
    }
    for (key, value, default) in [
        ("workers_max", workers_max, default.workers_max),
        ("task_queues_max", task_queues_max, default.task_queues_max),
        (
            "waiting_calls_max",
            waiting_calls_max,
            default.waiting_calls_max,
        ),
    ] {
        entries.set_unless(key, value, &default, |limit| Tree::number(*limit));
    }
}

fn task_order(order: TaskOrder) -> Tree {
    Tree::text(match order {
        TaskOrder::Fifo => "FIFO",
        TaskOrder::Lifo => "LIFO",
    })
}

/// The section `task_queues`.
pub(super) fn task_queues(workspace: &Workspace, names: &PartNames, notes: &mut Notes) -> Tree {
    let mut queues: Vec<&TaskQueue> = workspace.task_queues.values().collect();
    queues.sort_by_key(|queue| {
        let part = PartId::TaskQueue(queue.sid);
        (workspace.ledger.position(part), queue.sid)
    });
    let queues = queues
        .into_iter()
        .map(|queue| task_queue(queue, names, notes));
    Tree::List(queues.collect())
}

fn task_queue(queue: &TaskQueue, names: &PartNames, notes: &mut Notes) -> Tree {
    let mut entries = Entries::new();
    let name = names.task_queue(queue.sid).unwrap_or_default();
    entries.set("name", Tree::text(name));
    let is_all = |source: &str| source == ALL_WORKERS;
    match &queue.target_workers {
        Some(expression) if is_all(expression.source()) => {}
        Some(expression) => entries.set("target_workers", Tree::expression(expression)),
        None => entries.set("target_workers", Tree::text("")),
    }
    if queue.max_reserved_workers != 1 {
        let max = Tree::number(queue.max_reserved_workers);
        entries.set("max_reserved_workers", max);
    }
    entries.set_unless(
        "task_order",
        &queue.task_order,
        &TaskOrder::default(),
        |order| task_order(*order),
    );
    let activities = [
        ("reservation", queue.reservation_activity_sid),
        ("assignment", queue.assignment_activity_sid),
    ];
    for (kind, sid) in activities {
        if let Some(activity) = sid.and_then(|sid| names.activity(sid)) {
            notes.add(format!(
                "TaskQueue \"{name}\": its {kind} Activity \"{activity}\" can be set through the REST API only"
            ));
        }
    }
    entries.into_tree()
}
