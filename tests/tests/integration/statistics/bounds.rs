//! The cost of statistics: reads that do not grow with the number of Tasks, and writes per minute
//! instead of per call.

use ids::TaskSid;
use ids::time::{Clock, Millis, Timestamp};
use task_router::model::EventType;
use task_router::router::events::{Cause, Event, EventCursor, Parameter, Parameters};
use tests::metering::Operation;
use tests::test_centre::{EXAMPLE, TestCentre};

use super::{get, pass, queue, refused, workflow};

/// Queries of rows and Events, and the reads around them.
const READS_MAX: usize = 5 + 2 * 16 + 4;

/// Units written by the roll-up of a minute with a few calls in it.
const WRITE_UNITS_PER_MINUTE_MAX: f64 = 8.0;

/// Write units per Task in a minute with very many Tasks: a kilobyte has room for a handful of
/// them.
const WRITE_UNITS_PER_TASK_MAX: f64 = 0.25;

/// Creates Tasks that wait and are canceled within a minute.
async fn busy_minute(test_centre: &TestCentre, tasks: u64) {
    for number in 0..tasks {
        let at = test_centre.clock.now() + Millis::from_millis(number * 10);
        task_that_waited(test_centre, at, number % 60).await;
    }
    pass(test_centre, 60).await;
}

/// Stores the Events of a Task that was created and canceled at this moment.
async fn task_that_waited(test_centre: &TestCentre, at: Timestamp, secs: u64) {
    let task = TaskSid::derive(&[&at.as_millis().to_string()]).to_string();
    let parameters = Parameters::new()
        .with(Parameter::TaskSid, &task)
        .with(Parameter::TaskQueueSid, queue(test_centre, "English"))
        .with(Parameter::WorkflowSid, workflow(test_centre))
        .with(Parameter::TaskChannelUniqueName, "voice")
        .with(Parameter::TaskAge, secs)
        .with(Parameter::TaskPriority, 0)
        .with(Parameter::TaskVersion, 1)
        .with(Parameter::TaskAssignmentStatus, "canceled")
        .with(Parameter::TaskDateCreated, at.as_secs())
        .with(Parameter::TaskQueueEnteredDate, at.as_secs());
    let event = |event_type, index| Event {
        earlier: None,
        place: EventCursor::of(Cause {
            about: &task,
            version: 1,
            at,
        })
        .numbered(index),
        event_type,
        workspace_sid: test_centre.contact_centre.workspace.sid,
        parameters: parameters.clone(),
    };
    let events = [
        event(EventType::TaskCreated, 0),
        event(EventType::TaskCanceled, 1),
    ];
    test_centre.centre.store.add_events(&events).await.unwrap();
}

#[tokio::test]
async fn event_stored_an_hour_late_is_counted() {
    let test_centre = TestCentre::example().await;
    test_centre.roll_up().await;
    busy_minute(&test_centre, 5).await;
    let at = test_centre.clock.now();
    for after in [1_200, 3_600] {
        pass(&test_centre, after).await;
        test_centre.roll_up().await;
    }
    let hour = "CumulativeStatistics?StartDate=2026-11-22T12:00:00Z&EndDate=2026-11-22T12:59:59Z";
    assert_eq!(get(&test_centre, hour).await["tasks_created"], 5);
    task_that_waited(&test_centre, at, 7).await;
    assert_eq!(
        get(&test_centre, hour).await["tasks_created"],
        5,
        "its hour is rolled up"
    );
    pass(&test_centre, 3_600).await;
    test_centre.roll_up().await;
    let found = get(&test_centre, hour).await;
    assert_eq!(
        (&found["tasks_created"], &found["tasks_canceled"]),
        (&6.into(), &6.into())
    );
    test_centre.close().await;
}

#[tokio::test]
async fn reads_do_not_depend_on_task_count() {
    let (test_centre, meter) = TestCentre::metered(EXAMPLE).await;
    pass(&test_centre, 60).await;
    test_centre.roll_up().await;
    let mut reads: Vec<usize> = Vec::new();
    let mut written: Vec<f64> = Vec::new();
    for tasks in [10, 1_000] {
        busy_minute(&test_centre, tasks).await;
        pass(&test_centre, 6).await;
        meter.take();
        test_centre.roll_up().await;
        written.push(meter.take().iter().map(Operation::all_write_units).sum());
        pass(&test_centre, 600).await;
        test_centre.roll_up().await;
        meter.take();
        let found = get(&test_centre, "CumulativeStatistics?Minutes=12").await;
        assert_eq!(
            (&found["tasks_created"], &found["tasks_canceled"]),
            (&tasks.into(), &tasks.into())
        );
        reads.push(meter.take().len());
    }
    assert!(reads[0] == reads[1] && reads[0] <= READS_MAX, "{reads:?}");
    assert!(written[0] <= WRITE_UNITS_PER_MINUTE_MAX, "{written:?}");
    assert!(
        written[1] <= 1_000.0 * WRITE_UNITS_PER_TASK_MAX,
        "{written:?}"
    );
    test_centre.close().await;
}

/// A page of Events reads a bounded number of items.
#[tokio::test]
async fn second_query_reads_only_new_events() {
    let (test_centre, meter) = TestCentre::metered(EXAMPLE).await;
    pass(&test_centre, 60).await;
    test_centre.roll_up().await;
    busy_minute(&test_centre, 1_000).await;
    let read = async |path: &str| {
        meter.take();
        get(&test_centre, path).await;
        meter
            .take()
            .iter()
            .map(|operation| operation.items_read)
            .sum::<u64>()
    };
    let path = format!(
        "TaskQueues/{}/RealTimeStatistics",
        queue(&test_centre, "English")
    );
    let first = read(&path).await;
    let second = read(&path).await;
    assert!(
        first >= 1_000 && second <= 24,
        "{first} items, {second} items"
    );
    let page = read("Events?PageSize=20").await;
    assert!(page <= 16 * 10, "{page} items for a page of twenty");
    test_centre.close().await;
}

#[tokio::test]
async fn days_are_read_from_rolled_up_rows() {
    let (test_centre, meter) = TestCentre::metered(EXAMPLE).await;
    test_centre.roll_up().await;
    for _ in 0..2 {
        busy_minute(&test_centre, 3).await;
        pass(&test_centre, 86_400 - 60).await;
        test_centre.roll_up().await;
    }
    meter.take();
    let found = get(&test_centre, "CumulativeStatistics?Minutes=2880").await;
    assert_eq!(
        (
            &found["tasks_created"],
            &found["wait_duration_until_canceled"]["total"]
        ),
        (&6.into(), &6.into())
    );
    let reads = meter.take().len();
    assert!(reads <= READS_MAX, "{reads}");
    test_centre.close().await;
}

/// Until then statistics are refused with 503.
#[tokio::test]
async fn missed_roll_ups_are_caught_up() {
    let test_centre = TestCentre::example().await;
    test_centre.roll_up().await;
    busy_minute(&test_centre, 5).await;
    pass(&test_centre, 5 * 3_600).await;
    let day = "CumulativeStatistics?StartDate=2026-11-22T12:00:00Z";
    assert_eq!(refused(&test_centre, day).await, (503, 20_503));
    assert_eq!(
        refused(&test_centre, "RealTimeStatistics").await,
        (503, 20_503)
    );
    test_centre.roll_up().await;
    assert_eq!(get(&test_centre, day).await["tasks_created"], 5);
    assert_eq!(
        get(&test_centre, "RealTimeStatistics").await["total_tasks"],
        0
    );
    test_centre.close().await;
}
