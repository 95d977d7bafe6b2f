//! What statistics cost: reads that do not grow with the Tasks there were, and writes that are the minute's and not the call's.

use ids::TaskSid;
use ids::time::{Clock, Millis, Timestamp};
use task_router::model::EventType;
use task_router::router::events::{Cause, Event, EventCursor, Parameter, Parameters};
use tests::metering::Operation;
use tests::test_centre::{EXAMPLE, TestCentre};

use crate::{get, pass, queue, refused, workflow};

/// Queries of rows and events, and what is read beside them.
const READS_MAX: usize = 5 + 2 * 16 + 4;

/// Units written by the roll-up of a minute with a few calls in it.
const WRITE_UNITS_PER_MINUTE_MAX: f64 = 8.0;

/// Units written for each of very many Tasks of a minute: there is room for a handful of them in a kilobyte.
const WRITE_UNITS_PER_TASK_MAX: f64 = 0.25;

/// Tasks that are made, wait and are canceled within a minute.
async fn busy_minute(laboratory: &TestCentre, tasks: u64) {
    for number in 0..tasks {
        let at = laboratory.clock.now() + Millis::from_millis(number * 10);
        task_that_waited(laboratory, at, number % 60).await;
    }
    pass(laboratory, 60).await;
}

/// Stores the events of a Task that was made and canceled at this moment.
async fn task_that_waited(laboratory: &TestCentre, at: Timestamp, secs: u64) {
    let task = TaskSid::derive(&[&at.as_millis().to_string()]).to_string();
    let parameters = Parameters::new()
        .with(Parameter::TaskSid, &task)
        .with(Parameter::TaskQueueSid, queue(laboratory, "English"))
        .with(Parameter::WorkflowSid, workflow(laboratory))
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
        workspace_sid: laboratory.contact_centre.workspace.sid,
        parameters: parameters.clone(),
    };
    let told = [
        event(EventType::TaskCreated, 0),
        event(EventType::TaskCanceled, 1),
    ];
    laboratory.centre.store.add_events(&told).await.unwrap();
}

#[tokio::test]
async fn an_event_that_is_stored_an_hour_after_it_happened_is_counted() {
    let laboratory = TestCentre::example().await;
    laboratory.roll_up().await;
    busy_minute(&laboratory, 5).await;
    let at = laboratory.clock.now();
    for after in [1_200, 3_600] {
        pass(&laboratory, after).await;
        laboratory.roll_up().await;
    }
    let hour = "CumulativeStatistics?StartDate=2026-11-22T12:00:00Z&EndDate=2026-11-22T12:59:59Z";
    assert_eq!(get(&laboratory, hour).await["tasks_created"], 5);
    task_that_waited(&laboratory, at, 7).await;
    assert_eq!(
        get(&laboratory, hour).await["tasks_created"],
        5,
        "its hour has been made"
    );
    pass(&laboratory, 3_600).await;
    laboratory.roll_up().await;
    let found = get(&laboratory, hour).await;
    assert_eq!(
        (&found["tasks_created"], &found["tasks_canceled"]),
        (&6.into(), &6.into())
    );
    laboratory.close().await;
}

#[tokio::test]
async fn an_answer_costs_as_many_reads_after_a_thousand_tasks_as_after_ten() {
    let (laboratory, meter) = TestCentre::metered(EXAMPLE).await;
    pass(&laboratory, 60).await;
    laboratory.roll_up().await;
    let mut reads: Vec<usize> = Vec::new();
    let mut written: Vec<f64> = Vec::new();
    for tasks in [10, 1_000] {
        busy_minute(&laboratory, tasks).await;
        pass(&laboratory, 6).await;
        meter.take();
        laboratory.roll_up().await;
        written.push(meter.take().iter().map(Operation::all_write_units).sum());
        pass(&laboratory, 600).await;
        laboratory.roll_up().await;
        meter.take();
        let found = get(&laboratory, "CumulativeStatistics?Minutes=12").await;
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
    laboratory.close().await;
}

#[tokio::test]
async fn a_second_look_at_what_there_is_reads_what_has_happened_since_and_a_page_of_events_its_share()
 {
    let (laboratory, meter) = TestCentre::metered(EXAMPLE).await;
    pass(&laboratory, 60).await;
    laboratory.roll_up().await;
    busy_minute(&laboratory, 1_000).await;
    let read = async |path: &str| {
        meter.take();
        get(&laboratory, path).await;
        meter
            .take()
            .iter()
            .map(|operation| operation.items_read)
            .sum::<u64>()
    };
    let path = format!(
        "TaskQueues/{}/RealTimeStatistics",
        queue(&laboratory, "English")
    );
    let (first, second) = (read(&path).await, read(&path).await);
    assert!(
        first >= 1_000 && second <= 20,
        "{first} items, {second} items"
    );
    let page = read("Events?PageSize=20").await;
    assert!(page <= 16 * 10, "{page} items for a page of twenty");
    laboratory.close().await;
}

#[tokio::test]
async fn days_are_answered_from_days_hours_and_minutes() {
    let (laboratory, meter) = TestCentre::metered(EXAMPLE).await;
    laboratory.roll_up().await;
    for _ in 0..2 {
        busy_minute(&laboratory, 3).await;
        pass(&laboratory, 86_400 - 60).await;
        laboratory.roll_up().await;
    }
    meter.take();
    let found = get(&laboratory, "CumulativeStatistics?Minutes=2880").await;
    assert_eq!(
        (
            &found["tasks_created"],
            &found["wait_duration_until_canceled"]["total"]
        ),
        (&6.into(), &6.into())
    );
    let reads = meter.take().len();
    assert!(reads <= READS_MAX, "{reads}");
    laboratory.close().await;
}

#[tokio::test]
async fn a_schedule_that_was_away_is_caught_up_with_and_says_so_until_then() {
    let laboratory = TestCentre::example().await;
    laboratory.roll_up().await;
    busy_minute(&laboratory, 5).await;
    pass(&laboratory, 5 * 3_600).await;
    let day = "CumulativeStatistics?StartDate=2026-11-22T12:00:00Z";
    assert_eq!(refused(&laboratory, day).await, (503, 20_503));
    assert_eq!(
        refused(&laboratory, "RealTimeStatistics").await,
        (503, 20_503)
    );
    laboratory.roll_up().await;
    assert_eq!(get(&laboratory, day).await["tasks_created"], 5);
    assert_eq!(
        get(&laboratory, "RealTimeStatistics").await["total_tasks"],
        0
    );
    laboratory.close().await;
}
