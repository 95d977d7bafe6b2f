use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::*;
use crate::model::EventType;
use crate::router::events::{Cause, EventCursor, Parameters};
use ids::time::{Millis, Timestamp};
use ids::{ActivitySid, TaskQueueSid, TaskSid, WorkerSid, WorkspaceSid};

/// 2026-11-22T12:00:00Z
const NOON: Timestamp = Timestamp::from_millis(1_795_348_800_000);

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 256,
        rng_seed: RngSeed::Fixed(13),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

fn at(secs: u64) -> Timestamp {
    NOON + Millis::from_secs(secs)
}

fn sid<T: std::str::FromStr<Err: std::fmt::Debug>>(prefix: &str, number: u8) -> T {
    format!("{prefix}{number:032x}").parse().unwrap()
}

fn event(event_type: EventType, moment: Timestamp, version: u64, parameters: Parameters) -> Event {
    let about = parameters
        .get(Parameter::TaskSid)
        .or(parameters.get(Parameter::WorkerSid))
        .unwrap_or("")
        .to_owned();
    let place = EventCursor::of(Cause {
        about: &about,
        version,
        at: moment,
    });
    Event {
        place,
        earlier: None,
        event_type,
        workspace_sid: WorkspaceSid::derive(&["a"]),
        parameters,
    }
}

/// An Event about a Task that was created at noon and entered its TaskQueue then.
fn of_task(
    event_type: EventType,
    task: u8,
    queue: u8,
    secs: u64,
    status: &str,
    worker: Option<u8>,
) -> Event {
    let parameters = Parameters::new()
        .with(Parameter::TaskSid, sid::<TaskSid>("WT", task))
        .with(Parameter::TaskQueueSid, sid::<TaskQueueSid>("WQ", queue))
        .with(Parameter::WorkflowSid, format!("WW{:032x}", queue % 2))
        .with(
            Parameter::TaskChannelUniqueName,
            if task.is_multiple_of(3) {
                "chat"
            } else {
                "voice"
            },
        )
        .with(Parameter::TaskAge, secs)
        .with(Parameter::TaskAssignmentStatus, status)
        .with(Parameter::TaskPriority, task % 2)
        .with(Parameter::TaskVersion, secs)
        .with(Parameter::TaskDateCreated, NOON.as_secs())
        .with(Parameter::TaskQueueEnteredDate, NOON.as_secs())
        .with_some(
            Parameter::WorkerSid,
            worker.map(|worker| sid::<WorkerSid>("WK", worker)),
        );
    event(event_type, at(secs), secs, parameters)
}

/// A Worker changes from one Activity to another; 0 = the Worker does not exist.
fn of_worker(worker: u8, before: u8, after: u8, moment: Timestamp) -> Event {
    let activity = |number: u8| sid::<ActivitySid>("WA", number);
    let (event_type, shown) = match (before, after) {
        (0, after) => (EventType::WorkerCreated, after),
        (before, 0) => (EventType::WorkerDeleted, before),
        (_, after) => (EventType::WorkerActivityUpdate, after),
    };
    let is_update = event_type == EventType::WorkerActivityUpdate;
    let parameters = Parameters::new()
        .with(Parameter::WorkerSid, sid::<WorkerSid>("WK", worker))
        .with(Parameter::WorkerActivitySid, activity(shown))
        .with_some(
            Parameter::WorkerPreviousActivitySid,
            is_update.then(|| activity(before)),
        );
    event(event_type, moment, 1, parameters)
}

fn counted<'e>(events: impl IntoIterator<Item = &'e Event>) -> Tallies {
    let mut tallies = Tallies::default();
    for event in events {
        tallies.count(event);
    }
    tallies
}

/// Any Events, in their order.
fn history() -> impl Strategy<Value = Vec<Event>> {
    let some = (
        0..EventType::ALL.len(),
        0_u8..4,
        0_u8..3,
        0_u8..3,
        0_u64..400,
    );
    vec(some, 0..60).prop_map(|some| {
        let mut secs = 0;
        let mut activities = [1_u8; 4];
        let next = |(index, task, queue, worker, pause): (usize, u8, u8, u8, u64)| {
            secs += pause;
            let known = &mut activities[usize::from(worker)];
            let before = *known;
            *known = 1 + (before + 1 + queue) % 3;
            match EventType::ALL[index] {
                event_type if event_type.as_str().starts_with("worker.") => {
                    of_worker(worker, before, *known, at(secs))
                }
                event_type => {
                    *known = before;
                    of_task(event_type, task, queue, secs, "pending", Some(worker))
                }
            }
        };
        some.into_iter().map(next).collect()
    })
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn merged_counts_equal_direct_counts(events in history(), cuts in vec(0_usize..60, 0..8), turn in 0_usize..8) {
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(events.len())).chain([0, events.len()]).collect();
        cuts.sort_unstable();
        let mut pieces: Vec<Tallies> = cuts.windows(2).map(|cut| counted(&events[cut[0]..cut[1]])).collect();
        // Stored counts are the counts themselves.
        for piece in &mut pieces {
            let kept = [Family::Tasks, Family::Workers].into_iter().flat_map(|family| pack(&piece.entries(family)).unwrap());
            let kept = Tallies::of(kept.flat_map(|row| unpack(&row).unwrap()).collect::<Vec<_>>());
            prop_assert_eq!(&kept, piece);
        }
        // Neighbours may be merged first on either side, as hours and days are.
        let (early, late) = pieces.split_at(turn.min(pieces.len()));
        let sum = |pieces: &[Tallies]| pieces.iter().fold(Tallies::default(), |mut sum, piece| { sum.merge(piece); sum });
        let mut both = sum(late);
        both.merge(&sum(early));
        prop_assert_eq!(both, counted(&events));
    }

    #[test]
    fn time_range_parts_are_contiguous(
        from in 0_i64..200_000_000, length in 0_i64..3_000_000_000, minutes in 0_i64..60_000, unrolled in 0_i64..3_000
    ) {
        let from = Timestamp::from_millis(NOON.as_millis() + from);
        let until = from + Millis::from_millis(length.unsigned_abs());
        let minutes = Timestamp::from_millis(NOON.as_millis() + minutes * 60_000);
        let hours = Grain::Hour.floor(minutes - Millis::from_secs(unrolled.unsigned_abs() * 60));
        let rolled = RolledUp { minutes, hours, days: Grain::Day.floor(hours) };
        let parts = parts(from, until, &rolled);
        let mut next = from;
        for part in &parts {
            let (begin, end) = match *part {
                Part::Events { from, until } => (from, until),
                Part::Rows { grain, from, until } => {
                    prop_assert_eq!((grain.floor(from), grain.floor(until)), (from, until));
                    prop_assert!(until <= rolled.until(grain));
                    (from, until)
                }
            };
            prop_assert!(begin == next && begin < end);
            next = end;
        }
        prop_assert_eq!(next, until);
        let rows = parts.iter().filter(|part| matches!(part, Part::Rows { .. })).count();
        prop_assert!(rows <= 5 && parts.len() - rows <= 2);
    }

    #[test]
    fn replaying_events_is_idempotent(events in history(), again in 0_usize..60) {
        let mut active_tasks = ActiveTasks::default();
        events.iter().for_each(|event| active_tasks.follow(event));
        let once = active_tasks.clone();
        events.iter().skip(again).for_each(|event| active_tasks.follow(event));
        prop_assert_eq!(&active_tasks, &once);
        let rows = active_tasks.by_hour().into_values().flat_map(|entries| pack(&entries).unwrap());
        prop_assert_eq!(ActiveTasks::of(rows.flat_map(|row| unpack(&row).unwrap()).collect::<Vec<_>>()), once);
    }
}

#[test]
fn wait_times_are_exact_up_to_an_hour() {
    let mut wait_times = WaitTimes::default();
    assert_eq!(
        (
            wait_times.avg_secs(),
            wait_times.min_secs(),
            wait_times.max_secs(),
            wait_times.below(5)
        ),
        (0, 0, 0, 0)
    );
    for secs in [3, 5, 5, 29, 3_600, 3_659, 90_000] {
        wait_times.merge(&WaitTimes::of(secs));
    }
    assert_eq!(
        (
            wait_times.count(),
            wait_times.total_secs(),
            wait_times.min_secs(),
            wait_times.max_secs()
        ),
        (7, 97_301, 3, 90_000)
    );
    assert_eq!(wait_times.avg_secs(), 97_301 / 7);
    for (threshold, below) in [
        (0, 0),
        (3, 0),
        (4, 1),
        (5, 1),
        (6, 3),
        (30, 4),
        (3_600, 4),
        (3_660, 6),
        (90_001, 7),
    ] {
        assert_eq!(wait_times.below(threshold), below, "{threshold}");
    }
}

#[test]
fn activity_durations_are_clipped_to_range() {
    let [first, second] = [1, 2].map(|number| sid::<ActivitySid>("WA", number));
    let events = [
        of_worker(1, 1, 2, at(100)),
        of_worker(1, 2, 1, at(130)),
        of_worker(1, 1, 2, at(190)),
    ];
    let tallies = counted(&events);
    let activity_durations = &tallies.activity_durations[&sid::<WorkerSid>("WK", 1)];
    assert_eq!(activity_durations.before(), Some(first));
    let within = activity_durations.within(at(90), at(200));
    let shown = |activity| {
        let durations: &Durations = &within[&activity];
        (
            durations.total_secs(),
            durations.min_secs(),
            durations.max_secs(),
            durations.avg_secs(),
        )
    };
    // In the first Activity from 90 to 100 and from 130 to 190, in the second from 100 to 130 and
    // from 190 to 200.
    assert_eq!(
        (shown(first), shown(second)),
        ((70, 10, 60, 35), (40, 10, 30, 20))
    );

    // Before its creation and after its deletion the Worker is in no Activity.
    let events = [of_worker(1, 0, 1, at(100)), of_worker(1, 1, 0, at(130))];
    let within =
        counted(&events).activity_durations[&sid::<WorkerSid>("WK", 1)].within(at(0), at(1_000));
    assert_eq!(within.len(), 1);
    assert_eq!(within[&first].total_secs(), 30);
}

#[test]
fn moved_task_counts_in_old_lives_in_new_queue() {
    let mut active_tasks = ActiveTasks::default();
    let events = [
        of_task(EventType::TaskCreated, 1, 1, 0, "pending", None),
        of_task(EventType::TaskQueueMoved, 1, 1, 30, "pending", None),
        of_task(EventType::TaskQueueEntered, 1, 2, 30, "pending", None),
        of_task(EventType::TaskCanceled, 2, 2, 40, "canceled", None),
        of_task(EventType::TaskDeleted, 4, 2, 40, "assigned", None),
    ];
    events.iter().for_each(|event| active_tasks.follow(event));
    let [one, two] = [1, 2].map(|number| sid::<TaskQueueSid>("WQ", number));
    let tallies = counted(&events);
    let of = |queue, counter| tallies.of_tasks(|cell| cell.queue == queue).get(counter);
    assert_eq!(
        (of(one, Counter::TasksMoved), of(two, Counter::TasksMoved)),
        (1, 0)
    );
    assert_eq!(
        (
            of(one, Counter::TasksEnteredQueue),
            of(two, Counter::TasksEnteredQueue)
        ),
        (0, 1)
    );
    let queues: Vec<_> = active_tasks
        .tasks()
        .map(|(_, task)| (task.cell.queue, task.status.as_str()))
        .collect();
    assert_eq!(queues, [(two, "pending"), (two, "canceled")]);
    let kept = Millis::from_secs(300);
    active_tasks.forget(kept, at(339));
    assert_eq!(active_tasks.tasks().count(), 2);
    active_tasks.forget(kept, at(340));
    assert_eq!(
        active_tasks.tasks().count(),
        1,
        "an ended Task must be readable for five minutes"
    );
}

/// Two changes in one millisecond are in their order, and the Activity between them lasted no time.
#[test]
fn changes_of_one_moment_keep_their_order() {
    let [first, second, third] = [1, 2, 3].map(|number| sid::<ActivitySid>("WA", number));
    let events = [of_worker(1, 1, 2, at(100)), of_worker(1, 2, 3, at(100))];
    let tallies = counted(&events);
    let within = tallies.activity_durations[&sid::<WorkerSid>("WK", 1)].within(at(90), at(120));
    let secs = |activity| within.get(&activity).map(Durations::total_secs);
    assert_eq!(
        (secs(first), secs(second), secs(third)),
        (Some(10), None, Some(20))
    );
}

#[test]
fn accepted_and_canceled_tasks_have_their_waits() {
    let events = [
        of_task(EventType::ReservationCreated, 1, 1, 30, "reserved", Some(1)),
        of_task(
            EventType::ReservationAccepted,
            1,
            1,
            40,
            "assigned",
            Some(1),
        ),
        of_task(EventType::TaskCompleted, 1, 1, 90, "completed", Some(1)),
        of_task(EventType::TaskCanceled, 2, 2, 50, "canceled", None),
    ];
    let tallies = counted(&events);
    let tasks = tallies.of_tasks(|_| true);
    let shown = |waits: &WaitTimes| (waits.count(), waits.total_secs());
    assert_eq!(
        [
            shown(&tasks.until_accepted),
            shown(&tasks.in_queue_until_accepted),
            shown(&tasks.until_canceled)
        ],
        [(1, 40), (1, 40), (1, 50)]
    );
    let queues = tallies.until_accepted_by_queue();
    let queues: Vec<_> = queues
        .iter()
        .map(|(queue, waits)| (*queue, shown(waits)))
        .collect();
    assert_eq!(queues, [(sid::<TaskQueueSid>("WQ", 1), (1, 40))]);
    let offers = tallies.of_offers(|cell| cell.worker == sid::<WorkerSid>("WK", 1));
    assert_eq!(
        [
            Counter::ReservationsCreated,
            Counter::ReservationsAccepted,
            Counter::TasksCompleted
        ]
        .map(|counter| offers.get(counter)),
        [1, 1, 0]
    );
    assert_eq!(shown(&offers.until_accepted), (0, 0));
}

#[test]
fn empty_tallies_have_no_count_at_all() {
    let only_tasks = counted(&[of_task(EventType::TaskCreated, 1, 1, 0, "pending", None)]);
    let only_changes = counted(&[of_worker(1, 1, 2, at(100))]);
    assert!(Tallies::default().is_empty());
    assert!(!only_tasks.is_empty() && !only_changes.is_empty());
}

#[test]
fn roll_up_begins_an_hour_ago() {
    let hour = Millis::from_secs(3_600);
    let rolled = RolledUp::beginning(NOON + hour + Millis::from_secs(1_800));
    assert_eq!((rolled.minutes, rolled.hours), (NOON, NOON));
    let rolled = RolledUp {
        minutes: NOON + hour,
        ..rolled
    };
    let whole = parts(at(60), at(120), &rolled);
    assert!(
        whole.iter().all(|part| matches!(part, Part::Rows { .. })),
        "{whole:?}"
    );
}

/// Beyond a day a wait time counts from the hour in which it ends.
#[test]
fn long_waits_are_exact_to_the_hour() {
    let waits = WaitTimes::of(91_000);
    assert_eq!((waits.below(90_000), waits.below(90_001)), (0, 1));
}
