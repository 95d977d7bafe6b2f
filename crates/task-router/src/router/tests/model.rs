//! What the model tells of a Task, a Worker and the configuration.

use super::world::*;
use crate::model::*;
use crate::router::*;
use ids::{ReservationSid, TaskSid};

/// An ended Task can be read for a span, a deleted one cannot.
#[test]
fn ended_task_is_readable_for_a_span() {
    let mut world = world();
    world.call("c1", "en");
    let kept = Millis::from_secs(300);
    let waiting = world.task("c1").clone();
    let ended = Task {
        assignment_status: AssignmentStatus::Completed,
        ..waiting.clone()
    };
    let deleted = Task {
        removal: Some(Removal::Deleted),
        ..waiting.clone()
    };
    let end = ended.date_updated + kept;
    for (task, at, expected) in [
        (&waiting, end, true),
        (&ended, end - Millis::from_millis(1), true),
        (&ended, end, false),
        (&deleted, waiting.date_updated, false),
    ] {
        assert_eq!(task.is_readable(kept, at), expected, "{task:?}");
    }
}

#[test]
fn worker_states_slots_and_address() {
    let mut world = world().worker(
        "Ben",
        r#"{"languages":["en"],"contact_uri":"sip:ben@example.com"}"#,
    );
    let has_slot = |world: &World| world.workers[&worker("Ben")].has_slot(TaskChannelName::VOICE);
    assert!(has_slot(&world));
    world.call("c1", "en");
    world.advance("c1");
    assert!(!has_slot(&world), "the only slot is taken");
    let ben = &world.workers[&worker("Ben")];
    assert_eq!(ben.contact_uri(), Some("sip:ben@example.com"));
}

#[test]
fn readiness_serves_queues_in_channels() {
    let mut world = world().worker("Ben", ENGLISH);
    world.share("Ben", TaskChannelName::CHAT).available = false;
    let ben = &world.workers[&worker("Ben")];
    let ready = ben.readiness(&world.workspace).unwrap();
    assert!(ready.serves(queue("en"), TaskChannelName::VOICE));
    assert!(!ready.serves(queue("en"), TaskChannelName::CHAT));
    assert!(!ready.serves(queue("hi"), TaskChannelName::VOICE));
}

/// Defaults are not stored, so that items written before are equal to those written now.
#[test]
fn defaults_are_not_stored() {
    let open = |status| OpenReservation {
        sid: ReservationSid::derive(&["r"]),
        task_sid: task("c1"),
        channel: TaskChannelName::VOICE,
        status,
    };
    let world = world();
    let channel = |usage| TaskChannel {
        usage,
        ..world.workspace.task_channels[&TaskChannelName::VOICE].clone()
    };
    let size = |value: serde_json::Value| value.as_object().unwrap().len();
    let stored = |open: &OpenReservation| size(serde_json::to_value(open).unwrap());
    assert_eq!(
        stored(&open(OpenStatus::Pending)) + 1,
        stored(&open(OpenStatus::Accepted))
    );
    let stored = |channel: &TaskChannel| size(serde_json::to_value(channel).unwrap());
    assert_eq!(
        stored(&channel(ChannelUse::Used)) + 1,
        stored(&channel(ChannelUse::Unused))
    );
    assert_eq!(format!("{:?}", TaskChannelName::VOICE), "voice");
}

/// A configuration keeps the text that it was written as, if another one means the same.
#[test]
fn equal_configuration_keeps_its_text() {
    let mut world = world();
    world.workflow().configuration.text = Some("first".to_owned());
    let before = world.workflow().clone();
    let replaced = |text: Option<&str>, steps: Option<Vec<Target>>| {
        let mut new = before.clone();
        new.configuration.text = text.map(str::to_owned);
        if let Some(steps) = steps {
            new.configuration.filters[0].targets = steps;
        }
        let (saved, superseded) = new.replacing(&before, false);
        (saved.configuration.text, superseded.is_some())
    };
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(replaced(None, None), (text("first"), false));
    assert_eq!(replaced(Some("second"), None), (text("second"), false));
    assert_eq!(replaced(None, Some(vec![target("hi")])), (None, true));
}

#[test]
fn activities_are_listed_by_creation() {
    let mut world = world();
    let names = ["Offline", "Wrap-Up", "Helpful", "Available"];
    for name in names {
        let part = PartId::Activity(activity(name));
        world.workspace.ledger.append(part);
    }
    let listed = world.workspace.activities_in_order();
    let listed: Vec<&str> = listed
        .iter()
        .map(|activity| activity.friendly_name.as_str())
        .collect();
    assert_eq!(listed, names);
}

#[test]
fn workspace_knows_the_configuration_of_a_task() {
    let mut world = world();
    world.call("c1", "en");
    let later = |versions| Task {
        workflow_version: world.task("c1").workflow_version + versions,
        ..world.task("c1").clone()
    };
    assert!(world.workspace.is_as_new_as(&later(0)));
    assert!(!world.workspace.is_as_new_as(&later(1)));
}

/// Real-time statistics apply a write once, and check Tasks that have not changed for long.
#[test]
fn written_tasks_are_counted_and_checked() {
    use crate::statistics::{ActiveTasks, WrittenTask};
    let mut world = world();
    for name in ["c1", "c2", "c3"] {
        world.call(name, "en");
    }
    let mut tasks = ActiveTasks::default();
    let apply =
        |tasks: &mut ActiveTasks, task: &Task| tasks.apply(task.sid, &WrittenTask::of(task));
    for task in world.tasks.values() {
        assert!(apply(&mut tasks, task));
        assert!(!apply(&mut tasks, task), "again");
    }
    assert_eq!(tasks.waiting(), 3);
    let ended = Task {
        assignment_status: AssignmentStatus::Canceled,
        version: 1,
        ..world.task("c3").clone()
    };
    assert!(apply(&mut tasks, &ended));
    assert_eq!(tasks.waiting(), 2);
    let age = Millis::from_secs(600);
    let check = |tasks: &ActiveTasks, minutes: u64, limit| {
        let now = Timestamp::from_millis(1_000_000) + age + Millis::from_secs(60 * minutes);
        tasks.to_check(age, now, limit)
    };
    let mut open: Vec<TaskSid> = vec![task("c1"), task("c2")];
    open.sort_unstable();
    assert_eq!(
        tasks.to_check(age, world.now + age - Millis::from_millis(1), 9),
        []
    );
    let mut all = check(&tasks, 0, 9);
    all.sort_unstable();
    assert_eq!(all, open);
    assert_ne!(
        check(&tasks, 0, 1),
        check(&tasks, 1, 1),
        "each has its turn"
    );
    assert_eq!(check(&tasks, 0, 1), check(&tasks, 2, 1));
    let deleted = Task {
        removal: Some(Removal::Deleted),
        version: 2,
        ..ended
    };
    assert!(apply(&mut tasks, &deleted));
    assert_eq!(tasks.tasks().count(), 2);
    tasks.correct(task("c1"), None);
    tasks.correct(task("c3"), Some(world.task("c3")));
    let mut left: Vec<TaskSid> = tasks.tasks().map(|(sid, _)| sid).collect();
    left.sort_unstable();
    let mut expected = vec![task("c2"), task("c3")];
    expected.sort_unstable();
    assert_eq!(left, expected);
}

/// Rows are as full as their limit allows, and contain every entry.
#[test]
fn entries_are_packed_into_full_rows() {
    use crate::statistics::{ActiveTasks, WrittenTask, pack, unpack};
    /// An item may have 400 KB.
    const ROW_BYTES_MAX: usize = 300_000;
    let mut world = world();
    world.call("c1", "en");
    let mut tasks = ActiveTasks::default();
    let written = WrittenTask::of(world.task("c1"));
    let number = 3 * ROW_BYTES_MAX / 100;
    for number in 0..number {
        tasks.apply(task(&number.to_string()), &written);
    }
    let entries = tasks.by_hour().into_values().next().unwrap();
    let rows = pack(&entries).unwrap();
    let longest = entries
        .iter()
        .map(|entry| serde_json::to_string(entry).unwrap().len())
        .max();
    let (last, full) = rows.split_last().unwrap();
    assert!(!full.is_empty() && last.len() <= ROW_BYTES_MAX);
    for row in full {
        assert!(row.len() <= ROW_BYTES_MAX, "{}", row.len());
        assert!(
            row.len() + longest.unwrap() + 1 > ROW_BYTES_MAX,
            "{}",
            row.len()
        );
    }
    let read: Vec<_> = rows.iter().flat_map(|row| unpack(row).unwrap()).collect();
    assert_eq!(read, entries);
}
