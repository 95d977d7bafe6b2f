//! Two calls and a day: every cumulative number, counted by hand, from the Events and from rows of
//! minutes, hours and days.

use ids::time::Clock;
use serde_json::{Value, json};
use tests::test_centre::TestCentre;

use super::{caller, get, pass, queue, refused, set_activity, workflow};

/// The time range of the numbers: ten minutes, with everything that happens.
const SPAN: &str =
    "StartDate=2026-11-22T12:01:00Z&EndDate=2026-11-22T12:11:00Z&SplitByWaitTime=12,13,45";

/// The first minute only sets up the centre; then every Worker but Maya is Unavailable. At 1:00 a
/// call is offered to Maya, who accepts at 1:12; it ends at 2:30. She wraps up for ten seconds. At
/// 4:00 she is Unavailable, too. At 5:00 a second caller dials and hangs up at 5:45.
async fn two_calls(test_centre: &TestCentre) {
    pass(test_centre, 60).await;
    for away in ["Arjun", "Leela"] {
        set_activity(test_centre, away, "Unavailable").await;
    }
    pass(test_centre, 60).await;
    let taken = caller(test_centre, "+17075550190").await;
    pass(test_centre, 12).await;
    let phones = test_centre.ringing().await;
    test_centre.at_phone(phones["+17075550101"], "answer").await;
    pass(test_centre, 78).await;
    test_centre.at_phone(taken, "hangup").await;
    pass(test_centre, 90).await;
    assert_eq!(test_centre.activity_of("Maya").await, "Available");
    set_activity(test_centre, "Maya", "Unavailable").await;
    pass(test_centre, 60).await;
    let lost = caller(test_centre, "+17075550191").await;
    pass(test_centre, 45).await;
    test_centre.at_phone(lost, "hangup").await;
    pass(test_centre, 255).await;
}

fn waits(secs: u64) -> Value {
    json!({ "avg": secs, "min": secs, "max": secs, "total": secs })
}

/// The reservation counts of the two calls.
fn reservations() -> Value {
    json!({
        "reservations_created": 1, "reservations_accepted": 1, "reservations_rejected": 0,
        "reservations_timed_out": 0, "reservations_canceled": 0, "reservations_rescinded": 0,
        "start_time": "2026-11-22T12:01:00Z", "end_time": "2026-11-22T12:11:00Z",
    })
}

/// The part that Workspace, TaskQueue and Workflow have in common.
fn tasks() -> Value {
    let side = |accepted: u64, canceled: u64| json!({ "reservations_accepted": accepted, "tasks_canceled": canceled });
    with(
        reservations(),
        json!({
            "avg_task_acceptance_time": 12,
            "tasks_canceled": 1, "tasks_completed": 1, "tasks_deleted": 0, "tasks_moved": 0,
            "wait_duration_until_accepted": waits(12), "wait_duration_until_canceled": waits(45),
            "split_by_wait_time": {
                "12": { "below": side(0, 0), "above": side(1, 1) },
                "13": { "below": side(1, 0), "above": side(0, 1) },
                "45": { "below": side(1, 0), "above": side(0, 1) },
            },
        }),
    )
}

fn with(mut object: Value, more: Value) -> Value {
    let Value::Object(more) = more else {
        panic!("{more} is no object")
    };
    object.as_object_mut().unwrap().extend(more);
    object
}

/// The answer without the properties that identify its subject.
fn numbers(mut answer: Value) -> Value {
    let object = answer.as_object_mut().unwrap();
    for name in [
        "account_sid",
        "workspace_sid",
        "task_queue_sid",
        "workflow_sid",
        "worker_sid",
        "url",
    ] {
        object.remove(name);
    }
    answer
}

/// `min`, `max`, `avg` and `total` of the seconds in an Activity.
fn activity_seconds(answer: &Value, activity: &str) -> [u64; 4] {
    let all = answer["activity_durations"].as_array().unwrap();
    let found = all
        .iter()
        .find(|entry| entry["friendly_name"] == activity)
        .unwrap();
    ["min", "max", "avg", "total"].map(|name| found[name].as_u64().unwrap())
}

/// Checks every statistic of the two calls.
async fn check(test_centre: &TestCentre) {
    let english = queue(test_centre, "English");
    let hindi = queue(test_centre, "Hindi");
    let workflow = workflow(test_centre);
    let workspace = with(
        tasks(),
        json!({ "tasks_created": 2, "tasks_timed_out_in_workflow": 0 }),
    );
    let of_queue = with(
        tasks(),
        json!({ "tasks_entered": 2, "wait_duration_in_queue_until_accepted": waits(12) }),
    );
    let of_workflow = with(
        tasks(),
        json!({ "tasks_entered": 2, "tasks_timed_out_in_workflow": 0 }),
    );
    for (path, expected) in [
        (String::new(), &workspace),
        (format!("TaskQueues/{english}/"), &of_queue),
        (format!("Workflows/{workflow}/"), &of_workflow),
    ] {
        let answer = get(test_centre, &format!("{path}CumulativeStatistics?{SPAN}")).await;
        assert!(
            answer["url"]
                .as_str()
                .unwrap()
                .ends_with(&format!("{path}CumulativeStatistics"))
        );
        assert_eq!(numbers(answer), *expected, "{path}");
        let both = get(test_centre, &format!("{path}Statistics?{SPAN}")).await;
        assert_eq!(&both["cumulative"], expected, "{path}");
        let voice = get(
            test_centre,
            &format!("{path}Statistics?{SPAN}&TaskChannel=voice"),
        )
        .await;
        assert_eq!(voice["cumulative"], both["cumulative"]);
        let chat = get(
            test_centre,
            &format!("{path}Statistics?{SPAN}&TaskChannel=chat"),
        )
        .await;
        assert_eq!(
            (
                &chat["cumulative"]["tasks_canceled"],
                &chat["cumulative"]["reservations_created"]
            ),
            (&json!(0), &json!(0))
        );
    }
    let queues = get(test_centre, &format!("TaskQueues/Statistics?{SPAN}")).await;
    let queues = queues["task_queues_statistics"].as_array().unwrap();
    assert_eq!(queues.len(), 2);
    for queue in queues {
        let created = if queue["task_queue_sid"] == json!(hindi) {
            0
        } else {
            1
        };
        assert_eq!(queue["cumulative"]["reservations_created"], created);
    }
    check_workers(test_centre).await;
}

async fn check_workers(test_centre: &TestCentre) {
    let answer = get(test_centre, &format!("Workers/CumulativeStatistics?{SPAN}")).await;
    let mut seen = numbers(answer.clone());
    seen.as_object_mut().unwrap().remove("activity_durations");
    assert_eq!(seen, reservations());
    // Maya: until 2:30, and from 2:40 to 4:00.
    assert_eq!(activity_seconds(&answer, "Available"), [80, 150, 115, 230]);
    assert_eq!(activity_seconds(&answer, "Wrap-Up"), [10, 10, 10, 10]);
    // Maya from 4:00, the other two all the time.
    assert_eq!(
        activity_seconds(&answer, "Unavailable"),
        [360, 600, 520, 1_560]
    );
    assert_eq!(activity_seconds(&answer, "Offline"), [0, 0, 0, 0]);

    let maya = test_centre.worker("Maya").await.sid;
    let answer = get(test_centre, &format!("Workers/{maya}/Statistics?{SPAN}")).await;
    assert_eq!(
        activity_seconds(&answer["cumulative"], "Unavailable"),
        [360, 360, 360, 360]
    );
    assert_eq!(answer["cumulative"]["reservations_accepted"], 1);
    let answer = get(
        test_centre,
        &format!("Workers/Statistics?{SPAN}&FriendlyName=Leela"),
    )
    .await;
    assert_eq!(
        activity_seconds(&answer["cumulative"], "Unavailable"),
        [600, 600, 600, 600]
    );
    assert_eq!(
        (
            &answer["cumulative"]["reservations_created"],
            &answer["realtime"]["total_workers"]
        ),
        (&json!(0), &json!(1))
    );

    // A time range that begins and ends within an Activity and within a minute.
    let part = "StartDate=2026-11-22T12:03:20Z&EndDate=2026-11-22T12:04:05Z";
    let answer = get(test_centre, &format!("Workers/{maya}/Statistics?{part}")).await;
    assert_eq!(
        activity_seconds(&answer["cumulative"], "Available"),
        [10, 25, 17, 35]
    );
    assert_eq!(
        activity_seconds(&answer["cumulative"], "Wrap-Up"),
        [10, 10, 10, 10]
    );
    // A time range without a change.
    let quiet = "StartDate=2026-11-22T12:02:25Z&EndDate=2026-11-22T12:02:50Z";
    let answer = get(test_centre, &format!("Workers/{maya}/Statistics?{quiet}")).await;
    assert_eq!(
        activity_seconds(&answer["cumulative"], "Available"),
        [25, 25, 25, 25]
    );
}

/// From Events, and from rows of minutes, hours and days.
#[tokio::test]
async fn day_is_equal_from_events_and_rows() {
    let test_centre = super::with_chat().await;
    two_calls(&test_centre).await;
    assert_eq!(test_centre.clock.now().to_iso8601(), "2026-11-22T12:11:00Z");
    check(&test_centre).await;
    // From rows of minutes.
    pass(&test_centre, 60).await;
    test_centre.roll_up().await;
    check(&test_centre).await;
    test_centre.roll_up().await;
    check(&test_centre).await;
    // From the row of the hour, the next morning, and from the row of the day.
    pass(&test_centre, 86_400).await;
    test_centre.roll_up().await;
    check(&test_centre).await;
    let day = get(
        &test_centre,
        "CumulativeStatistics?StartDate=2026-11-22&EndDate=2026-11-23",
    )
    .await;
    assert_eq!(
        (&day["tasks_created"], &day["wait_duration_until_canceled"]),
        (&json!(2), &waits(45))
    );
    let part = get(
        &test_centre,
        "CumulativeStatistics?StartDate=2026-11-22T12:02:01Z&EndDate=2026-11-23T00:00:00Z",
    )
    .await;
    assert_eq!(
        (&part["tasks_created"], &part["reservations_accepted"]),
        (&json!(1), &json!(1))
    );
    let part = get(
        &test_centre,
        "CumulativeStatistics?StartDate=2026-11-22T12:01:00Z&EndDate=2026-11-22T12:06:44Z",
    )
    .await;
    assert_eq!(
        (&part["tasks_created"], &part["tasks_canceled"]),
        (&json!(2), &json!(0))
    );
    test_centre.close().await;
}

#[tokio::test]
async fn invalid_query_is_refused() {
    let test_centre = TestCentre::example().await;
    let english = queue(&test_centre, "English");
    for (path, expected) in [
        (
            "Statistics?StartDate=2026-10-22T00:00:00Z".to_owned(),
            (400, 14_241),
        ),
        ("Statistics?Minutes=43201".to_owned(), (400, 14_241)),
        ("Statistics?Minutes=0".to_owned(), (400, 20_001)),
        ("Statistics?StartDate=a".to_owned(), (400, 20_001)),
        (
            "CumulativeStatistics?SplitByWaitTime=a".to_owned(),
            (400, 20_001),
        ),
        (
            "RealTimeStatistics?TaskChannel=fax".to_owned(),
            (400, 20_001),
        ),
        (
            "TaskQueues/WQ00000000000000000000000000000000/Statistics".to_owned(),
            (404, 20_404),
        ),
        (
            "Workflows/WW00000000000000000000000000000000/RealTimeStatistics".to_owned(),
            (404, 20_404),
        ),
        (
            "Workers/WK00000000000000000000000000000000/Statistics".to_owned(),
            (404, 20_404),
        ),
        (
            "Workers/Statistics?TaskQueueSid=a".to_owned(),
            (400, 20_001),
        ),
        (
            format!("TaskQueues/{english}/Statistics?EndDate=a"),
            (400, 20_001),
        ),
    ] {
        assert_eq!(refused(&test_centre, &path).await, expected, "{path}");
    }
    test_centre.close().await;
}
