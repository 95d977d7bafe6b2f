//! The parameters of Events, group by group (taskrouter.md section 12.3).

use ids::AccountSid;
use ids::WorkflowSid;
use ids::WorkspaceSid;
use serde_json::{Value, json};

use super::super::events::{self, EventType, Part, PartChange};
use super::events::{offered, published};
use super::world::*;
use crate::model::*;
use crate::router::*;

const ACCOUNT: AccountSid = AccountSid::from_bytes([0xac; 16]);
const DIGITS: &str = "acacacacacacacacacacacacacacacac";

/// The parameters of the Event without the common group, which is checked here.
fn own(event: &events::Event) -> Value {
    let form = event.form(ACCOUNT);
    let mut data = event.event_data(ACCOUNT);
    assert_eq!(form.len(), data.len(), "a parameter was repeated");
    assert!(data.values().all(Value::is_string), "{data:?}");
    let mut take = |name: &str| data.remove(name).unwrap().as_str().unwrap().to_owned();
    assert_eq!(take("event_type"), event.event_type.as_str());
    assert_eq!(take("sid"), event.sid().to_string());
    assert_eq!(take("event_description"), event.description());
    assert_eq!(take("timestamp"), event.at().as_secs().to_string());
    assert_eq!(take("timestamp_ms"), event.at().as_millis().to_string());
    assert_eq!(take("account_sid"), format!("AC{DIGITS}"));
    assert_eq!(take("operating_unit_sid"), format!("OU{DIGITS}"));
    assert_eq!(
        take("workspace_sid"),
        WorkspaceSid::derive(&["centre"]).to_string()
    );
    assert_eq!(take("workspace_name"), "centre");
    assert_eq!(
        (take("resource_type"), take("resource_sid")),
        (
            event.resource_type().as_str().to_owned(),
            event.resource_sid()
        )
    );
    Value::Object(data)
}

fn merged(parts: &[Value]) -> Value {
    let objects = parts.iter().filter_map(Value::as_object);
    Value::Object(objects.flat_map(|object| object.clone()).collect())
}

/// The groups task, queue and workflow of the call.
fn task_group(world: &World) -> Value {
    let task = &world.tasks[&task("c1")];
    json!({
        "task_sid": task.sid.to_string(),
        "task_attributes": task.attributes.to_json(),
        "task_age": task.date_updated.since(task.date_created).as_secs().to_string(),
        "task_priority": "0",
        "task_assignment_status": task.assignment_status.as_str(),
        "task_version": task.visible_version().to_string(),
        "task_date_created": task.date_created.as_secs().to_string(),
        "task_queue_entered_date": task.date_created.as_secs().to_string(),
        "task_channel_sid": world.workspace.task_channels[&TaskChannelName::VOICE].sid.to_string(),
        "task_channel_unique_name": "voice",
        "task_queue_sid": queue("en").to_string(),
        "task_queue_name": "en",
        "task_queue_target_expression": "languages HAS 'en'",
        "workflow_sid": WorkflowSid::derive(&["calls"]).to_string(),
        "workflow_name": "calls",
    })
}

fn worker_group(world: &World) -> Value {
    let ben = &world.workers[&worker("Ben")];
    json!({
        "worker_sid": ben.sid.to_string(),
        "worker_name": "Ben",
        "worker_attributes": r#"{"languages":["en"]}"#,
        "worker_version": ben.version.to_string(),
        "worker_activity_sid": ben.activity_sid.to_string(),
        "worker_activity_name": world.activity_of("Ben"),
    })
}

#[test]
fn new_task_events_have_queue_and_workflow() {
    let mut world = world();
    world.call("c1", "en");
    let group = task_group(&world);
    let made = world.task("c1").clone();
    let published = published(&mut world, Command::NoWorkerFound { task: made.sid });
    let [entered, queued, created, matched] = published.as_slice() else {
        panic!("{published:?}")
    };
    for event in [entered, queued, created] {
        assert_eq!(own(event), group, "{:?}", event.event_type);
    }
    let step = json!({ "workflow_filter_name": "en", "workflow_filter_target_name": "en" });
    assert_eq!(own(matched), merged(&[group, step]));
    assert_eq!(created.description(), format!("Task {} created", made.sid));
    for event in &published {
        assert_eq!(
            (event.resource_type().as_str(), event.resource_sid()),
            ("task", made.sid.to_string())
        );
    }
}

#[test]
fn reservation_events_have_task_and_worker() {
    let mut world = world().worker("Ben", r#"{"languages":["en"]}"#);
    world.waiting("c1", "en");
    world.wait(3);
    let published = published(&mut world, Command::Advance { task: task("c1") });
    let reservation = world.offer("c1").to_string();
    let sid = json!({ "reservation_sid": reservation });
    assert_eq!(
        own(&published[0]),
        merged(&[task_group(&world), worker_group(&world), sid])
    );
    assert_eq!(
        (
            published[0].resource_type().as_str(),
            published[0].resource_sid()
        ),
        ("reservation", reservation.clone())
    );
    let expected = format!(
        "Task {} assigned to Worker Ben with Reservation {reservation}",
        task("c1")
    );
    assert_eq!(published[0].description(), expected);
}

/// A Reservation that was canceled together with its Task has no reason code.
#[test]
fn failed_call_states_reason_code() {
    let mut world = offered();
    world.rings("c1");
    let reservation = world.offer("c1");
    let sid = json!({ "reservation_sid": reservation.to_string() });
    let failed = Command::WorkerCallEnded {
        task: task("c1"),
        reservation,
        code: Some(13_223),
    };
    let events = published(&mut world, failed);
    let code = json!({ "canceled_reason_code": "13223" });
    assert_eq!(
        own(&events[0]),
        merged(&[task_group(&world), worker_group(&world), sid.clone(), code])
    );
    let mut world = offered();
    let hang_up = Command::CallerGone {
        task: task("c1"),
        reason: EndReason::Hangup,
        carrier_queue: None,
    };
    let events = published(&mut world, hang_up);
    let reason = json!({ "task_canceled_reason": "hangup", "reason": "hangup" });
    assert_eq!(
        own(&events[0]),
        merged(&[
            task_group(&world),
            worker_group(&world),
            sid,
            reason.clone()
        ])
    );
    assert_eq!(own(&events[1]), merged(&[task_group(&world), reason]));
}

#[test]
fn completed_task_states_reason() {
    let mut world = offered();
    world.accept("c1");
    let reason = EndReason::Given("solved".to_owned());
    let ended = Command::StatusSet {
        task: task("c1"),
        status: AssignmentStatus::Completed,
        reason,
        attributes: None,
    };
    let events = published(&mut world, ended);
    let reason = json!({ "task_completed_reason": "solved", "reason": "solved" });
    assert_eq!(own(&events[0]), merged(&[task_group(&world), reason]));
}

#[test]
fn activity_update_states_previous_activity() {
    let mut world = world().worker("Ben", r#"{"languages":["en"]}"#);
    world.now += Millis::from_millis(61_500);
    let moved = Command::ActivitySet {
        worker: worker("Ben"),
        activity: activity("Offline"),
        reject_pending: false,
    };
    let events = published(&mut world, moved);
    let before = json!({
        "worker_time_in_previous_activity": "61",
        "worker_time_in_previous_activity_ms": "61500",
        "worker_previous_activity_sid": activity("Available").to_string(),
        "worker_previous_activity_name": "Available",
    });
    assert_eq!(
        own(&events[0]),
        merged(&[worker_group(&world), before.clone()])
    );
    assert_eq!(
        events[0].description(),
        "Worker Ben updated to Offline Activity"
    );
    assert_eq!((events[0].at(), events.len()), (world.now, 1));
    world.set_activity("Ben", "Available", false);
    world.call("c1", "en");
    let published = published(&mut world, Command::Advance { task: task("c1") });
    let offer = published
        .iter()
        .find(|event| event.event_type == EventType::ReservationCreated)
        .unwrap();
    let said = own(offer);
    let previous = [
        ("worker_activity_name", "Available"),
        ("worker_time_in_previous_activity_ms", "0"),
        ("worker_previous_activity_name", "Offline"),
    ];
    for (name, value) in previous {
        assert_eq!(
            said[name], value,
            "every Event about the Worker has it: {said}"
        );
    }
}

#[test]
fn worker_lifecycle_events_are_complete() {
    let world = world().worker("Ben", r#"{"languages":["en"]}"#);
    let at = world.now + Millis::from_secs(9);
    let ben = world.workers[&worker("Ben")].clone();
    let other = Worker {
        attributes: r#"{"languages":["hi"]}"#.parse().unwrap(),
        version: 1,
        ..ben.clone()
    };
    let busy = Worker {
        version: 1,
        queue_membership: crate::model::QueueMembership::default(),
        ..ben.clone()
    };
    for (old, new, expected) in [
        (None, Some(&ben), vec![EventType::WorkerCreated]),
        (
            Some(&ben),
            Some(&other),
            vec![EventType::WorkerAttributesUpdate],
        ),
        (Some(&ben), Some(&busy), vec![]),
        (Some(&ben), None, vec![EventType::WorkerDeleted]),
        (None, None, vec![]),
    ] {
        let events = events::of_worker(&world.workspace, old, new, at);
        assert_eq!(
            events
                .iter()
                .map(|event| event.event_type)
                .collect::<Vec<_>>(),
            expected
        );
        if let ([event], Some(said)) = (events.as_slice(), new.or(old)) {
            let mut group = worker_group(&world);
            group["worker_attributes"] = json!(said.attributes.to_json());
            group["worker_version"] = json!(said.version.to_string());
            assert_eq!(own(event), group);
            assert_eq!(event.resource_sid(), ben.sid.to_string());
        }
    }
}

#[test]
fn capacity_update_states_old_and_new() {
    let mut world = offered();
    let voice = TaskChannelName::VOICE;
    let mut set = |capacity, available| {
        let worker = worker("Ben");
        published(
            &mut world,
            Command::WorkerChannelUpdated {
                worker,
                channel: voice,
                capacity,
                available,
            },
        )
    };
    let larger = set(Some(3), None);
    let closed = set(None, Some(false));
    let share = |available: &str, previous: &str| {
        json!({
            "task_channel_sid": world.workspace.task_channels[&voice].sid.to_string(),
            "task_channel_unique_name": "voice",
            "worker_channel_available": available,
            "worker_channel_available_capacity": "2",
            "worker_channel_previous_capacity": previous,
            "worker_channel_task_count": "1",
        })
    };
    let mut group = worker_group(&world);
    assert_eq!(
        own(&closed[0]),
        merged(&[group.clone(), share("false", "3")])
    );
    assert_eq!(
        closed[0].event_type,
        EventType::WorkerChannelAvailabilityUpdate
    );
    let version = world.workers[&worker("Ben")].version - 1;
    group["worker_version"] = json!(version.to_string());
    assert_eq!(own(&larger[0]), merged(&[group, share("true", "1")]));
    assert_eq!(
        (larger[0].event_type, larger.len()),
        (EventType::WorkerCapacityUpdate, 1)
    );
}

#[test]
fn configuration_events_describe_their_part() {
    let world = world();
    let workspace = &world.workspace;
    let part_activity = workspace.activities[&activity("Available")].clone();
    let part_queue = workspace.task_queues[&queue("en")].clone();
    let part_workflow = workspace.workflows.values().next().unwrap().clone();
    let channel = workspace.task_channels[&TaskChannelName::VOICE].clone();
    let other_queue = TaskQueue {
        target_workers: expression("1==1"),
        ..part_queue.clone()
    };
    let activity_group = json!({
        "activity_sid": part_activity.sid.to_string(), "activity_name": "Available", "activity_available": "true",
    });
    let queue_group = |expression: &str| {
        json!({
            "task_queue_sid": part_queue.sid.to_string(),
            "task_queue_name": "en",
            "task_queue_target_expression": expression,
        })
    };
    let workflow_group =
        json!({ "workflow_sid": part_workflow.sid.to_string(), "workflow_name": "calls" });
    let channel_group = json!({
        "task_channel_sid": channel.sid.to_string(),
        "task_channel_name": "voice",
        "task_channel_unique_name": "voice",
        "task_channel_optimized_routing": "false",
    });
    let renamed = |part: &Part| match part.clone() {
        Part::Workspace(was) => Part::Workspace(Box::new(Workspace {
            event_callback_url: Some("https://x".into()),
            ..*was
        })),
        Part::Activity(was) => Part::Activity(Activity {
            friendly_name: "Available".into(),
            available: false,
            ..was
        }),
        Part::TaskQueue(_) => Part::TaskQueue(other_queue.clone()),
        Part::Workflow(was) => Part::Workflow(Box::new(Workflow { version: 9, ..*was })),
        Part::TaskChannel(was) => Part::TaskChannel(TaskChannel {
            after_conversation: AfterConversation::Wrap,
            ..was
        }),
    };
    let mut other_activity = activity_group.clone();
    other_activity["activity_available"] = json!("false");
    for (family, part, said, said_later, updated) in [
        (
            "workspace",
            Part::Workspace(Box::new(workspace.clone())),
            json!({}),
            json!({}),
            "updated",
        ),
        (
            "activity",
            Part::Activity(part_activity.clone()),
            activity_group,
            other_activity,
            "updated",
        ),
        (
            "task-queue",
            Part::TaskQueue(part_queue.clone()),
            queue_group("languages HAS 'en'"),
            queue_group("1==1"),
            "expression.updated",
        ),
        (
            "workflow",
            Part::Workflow(Box::new(part_workflow)),
            workflow_group.clone(),
            workflow_group,
            "updated",
        ),
        (
            "task-channel",
            Part::TaskChannel(channel),
            channel_group.clone(),
            channel_group,
            "updated",
        ),
    ] {
        let event = |old: Option<&Part>, new: Option<&Part>| {
            let old = old.cloned();
            let new = new.cloned();
            let change = PartChange {
                workspace_sid: workspace.sid,
                old,
                new,
                version: 1,
                at: world.now,
            };
            events::of_part(Some(workspace), &change)
        };
        let created = event(None, Some(&part));
        let deleted = event(Some(&part), None);
        let later = renamed(&part);
        let changed = event(Some(&part), Some(&later));
        for (events, verb, said) in [
            (created, "created", &said),
            (deleted, "deleted", &said),
            (changed, updated, &said_later),
        ] {
            let [event] = events.as_slice() else {
                panic!("{family}.{verb}: {events:?}")
            };
            assert_eq!(event.event_type.as_str(), format!("{family}.{verb}"));
            assert_eq!(own(event), *said, "{family}.{verb}");
            assert_eq!(event.resource_type().as_str(), family.replace('-', ""));
            assert_eq!(event.resource_sid(), part.sid());
        }
        assert!(event(Some(&part), Some(&part)).is_empty(), "{family}");
    }
    let silent = |old: Part, new: Part| {
        let change = PartChange {
            workspace_sid: workspace.sid,
            old: Some(old),
            new: Some(new),
            version: 1,
            at: world.now,
        };
        events::of_part(Some(workspace), &change).is_empty()
    };
    let renamed_queue = TaskQueue {
        friendly_name: "English".to_owned(),
        ..part_queue.clone()
    };
    assert!(silent(
        Part::TaskQueue(part_queue.clone()),
        Part::TaskQueue(renamed_queue)
    ));
    let voice = workspace.task_channels[&TaskChannelName::VOICE].clone();
    let first_used = TaskChannel {
        usage: ChannelUse::Unused,
        ..voice.clone()
    };
    assert!(silent(
        Part::TaskChannel(first_used),
        Part::TaskChannel(voice)
    ));
    let created = PartChange {
        workspace_sid: workspace.sid,
        old: Some(Part::TaskQueue(part_queue.clone())),
        new: Some(Part::TaskQueue(other_queue)),
        version: 1,
        at: world.now,
    };
    let published = events::of_part(Some(workspace), &created);
    assert_eq!(
        published[0].description(),
        format!("TaskQueue {} expression updated to '1==1'", part_queue.sid)
    );
}
