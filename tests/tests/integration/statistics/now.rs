//! Real-time statistics, from the Events and from the state of the last roll-up.

use ids::TaskSid;
use ids::time::{Clock, Millis};
use reqwest::Method;
use serde_json::{Value, json};
use tests::test_centre::TestCentre;

use super::{caller, get, pass, queue, set_activity, workflow};

fn task(call: ids::CallSid) -> String {
    TaskSid::derive(&[&call.to_string()]).to_string()
}

fn by_status(counts: [u64; 6]) -> Value {
    let [pending, reserved, assigned, wrapping, completed, canceled] = counts;
    json!({
        "pending": pending, "reserved": reserved, "assigned": assigned, "wrapping": wrapping,
        "completed": completed, "canceled": canceled,
    })
}

fn workers_in(answer: &Value, activity: &str) -> u64 {
    let all = answer["activity_statistics"].as_array().unwrap();
    all.iter()
        .find(|known| known["friendly_name"] == activity)
        .unwrap()["workers"]
        .as_u64()
        .unwrap()
}

/// One Task is assigned to Maya, one has waited for 40 s and one for 10 s, one was canceled a
/// moment ago.
async fn check(test_centre: &TestCentre, first: &str) {
    let english = queue(test_centre, "English");
    let hindi = queue(test_centre, "Hindi");
    for path in [
        "RealTimeStatistics".to_owned(),
        format!("TaskQueues/{english}/RealTimeStatistics"),
        format!("Workflows/{}/RealTimeStatistics", workflow(test_centre)),
    ] {
        let now = get(test_centre, &path).await;
        assert_eq!(
            now["tasks_by_status"],
            by_status([2, 0, 1, 0, 0, 1]),
            "{path}"
        );
        assert_eq!(
            (&now["total_tasks"], &now["tasks_by_priority"]),
            (&json!(3), &json!({ "0": 3 })),
            "{path}"
        );
        assert_eq!(
            (
                &now["longest_task_waiting_age"],
                &now["longest_task_waiting_sid"]
            ),
            (&json!(40), &json!(first))
        );
        let both = get(test_centre, &path.replace("RealTime", "")).await;
        assert_eq!(both["realtime"]["tasks_by_status"], now["tasks_by_status"]);
        let dated = get(
            test_centre,
            &format!("{path}?StartDate=2020-01-01T00:00:00Z&Minutes=x"),
        )
        .await;
        assert_eq!(
            dated["total_tasks"], now["total_tasks"],
            "real-time statistics ignore dates"
        );
        let chat = get(test_centre, &format!("{path}?TaskChannel=chat")).await;
        assert_eq!(
            (&chat["total_tasks"], &chat["longest_task_waiting_sid"]),
            (&json!(0), &Value::Null)
        );
    }
    let workspace = get(test_centre, "RealTimeStatistics").await;
    assert_eq!(workspace["total_workers"], 3);
    let workers = get(test_centre, "Workers/RealTimeStatistics").await;
    for answer in [&workspace, &workers] {
        assert_eq!(
            (
                workers_in(answer, "Available"),
                workers_in(answer, "Unavailable")
            ),
            (1, 2)
        );
    }
    let of_queue = get(
        test_centre,
        &format!("TaskQueues/{english}/RealTimeStatistics"),
    )
    .await;
    assert_eq!(
        (
            &of_queue["total_eligible_workers"],
            &of_queue["total_available_workers"]
        ),
        (&json!(2), &json!(1))
    );
    assert_eq!(
        (
            workers_in(&of_queue, "Available"),
            workers_in(&of_queue, "Unavailable")
        ),
        (1, 1)
    );
    let relative = (
        &of_queue["longest_relative_task_age_in_queue"],
        &of_queue["longest_relative_task_sid_in_queue"],
    );
    assert_eq!(relative, (&json!(40), &json!(first)));
    let of_queue = get(
        test_centre,
        &format!("TaskQueues/{hindi}/RealTimeStatistics"),
    )
    .await;
    assert_eq!(
        (
            &of_queue["total_tasks"],
            &of_queue["longest_task_waiting_age"]
        ),
        (&json!(0), &json!(0))
    );
    check_bulk(test_centre, &english, &hindi).await;
}

async fn check_bulk(test_centre: &TestCentre, english: &str, hindi: &str) {
    let url = format!(
        "{}/v1/Workspaces/{}/TaskQueues/RealTimeStatistics",
        test_centre.base, test_centre.contact_centre.workspace.sid
    );
    let account = &test_centre.account;
    for name in ["QueueSids", "queueSids"] {
        let body = json!({ name: [english, hindi, "WQ00000000000000000000000000000000"] });
        let request = reqwest::Client::new()
            .post(&url)
            .basic_auth(account.account_sid, Some(&account.auth_token));
        let answer = request.json(&body).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 200);
        let answer: Value = answer.json().await.unwrap();
        let queues = answer["task_queue_data"].as_array().unwrap();
        assert_eq!(
            (&answer["task_queue_response_count"], queues.len()),
            (&json!(3), 3)
        );
        assert_eq!(
            (&queues[0]["task_queue_sid"], &queues[0]["total_tasks"]),
            (&json!(english), &json!(3))
        );
        assert_eq!(
            (&queues[1]["task_queue_sid"], &queues[1]["total_tasks"]),
            (&json!(hindi), &json!(0))
        );
        let unknown = &queues[2];
        assert_eq!(
            (&unknown["total_tasks"], &unknown["total_eligible_workers"]),
            (&json!(0), &json!(0)),
            "{unknown}"
        );
    }
    let reply = test_centre
        .request(
            Method::POST,
            "TaskQueues/RealTimeStatistics",
            &[("a".into(), "b".into())],
            None,
        )
        .await;
    assert_eq!((reply.status, &reply.body["code"]), (400, &json!(20_001)));
}

/// The numbers from Events alone, and from the rolled-up state plus later Events.
#[tokio::test]
async fn real_time_is_equal_after_roll_up() {
    let test_centre = super::with_chat().await;
    for away in ["Arjun", "Leela"] {
        set_activity(&test_centre, away, "Unavailable").await;
    }
    pass(&test_centre, 120).await;
    caller(&test_centre, "+17075550190").await;
    pass(&test_centre, 5).await;
    let phones = test_centre.ringing().await;
    test_centre.at_phone(phones["+17075550101"], "answer").await;
    pass(&test_centre, 60).await;
    let lost = caller(&test_centre, "+17075550191").await;
    let first = caller(&test_centre, "+17075550192").await;
    pass(&test_centre, 30).await;
    caller(&test_centre, "+17075550193").await;
    test_centre.at_phone(lost, "hangup").await;
    pass(&test_centre, 10).await;
    let first = task(first);
    check(&test_centre, &first).await;
    test_centre.roll_up().await;
    check(&test_centre, &first).await;
    test_centre.roll_up().await;
    check(&test_centre, &first).await;

    // Ten minutes later the canceled Task has expired, with and without a roll-up.
    pass(&test_centre, 600).await;
    for _ in 0..2 {
        let now = get(&test_centre, "RealTimeStatistics").await;
        assert_eq!(now["tasks_by_status"], by_status([2, 0, 1, 0, 0, 0]));
        assert_eq!(now["longest_task_waiting_age"], 640);
        test_centre.roll_up().await;
    }
    test_centre.close().await;
}

#[tokio::test]
async fn expected_wait_is_the_last_hours_average() {
    let test_centre = TestCentre::example().await;
    let expected = async |language| {
        let queue = queue(&test_centre, language).parse().unwrap();
        test_centre
            .centre
            .store
            .expected_wait(queue, test_centre.clock.now())
            .await
            .unwrap()
    };
    test_centre.roll_up().await;
    caller(&test_centre, "+17075550190").await;
    pass(&test_centre, 12).await;
    let phones = test_centre.ringing().await;
    test_centre
        .at_phone(*phones.values().next().unwrap(), "answer")
        .await;
    pass(&test_centre, 60).await;
    assert_eq!(expected("English").await, None);
    test_centre.roll_up().await;
    assert_eq!(expected("English").await, Some(Millis::from_secs(12)));
    assert_eq!(expected("Hindi").await, None);
    pass(&test_centre, 3_700).await;
    test_centre.roll_up().await;
    assert_eq!(expected("English").await, None);
    test_centre.close().await;
}

/// The stream has handled nothing yet: routing is behind.
#[tokio::test]
async fn statistics_include_what_the_api_has_shown() {
    let test_centre = TestCentre::example().await;
    for name in ["Maya", "Leela", "Arjun"] {
        test_centre.set_activity(name, "Offline").await;
    }
    test_centre.centre.settle().await;
    let post = async |path: &str, form: &[(&str, &str)]| {
        let form: Vec<(String, String)> = form
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let reply = test_centre.request(Method::POST, path, &form, None).await;
        assert!(reply.status < 300, "{reply:?}");
        reply.body["sid"].as_str().unwrap().to_owned()
    };
    let counts = async || get(&test_centre, "RealTimeStatistics").await["tasks_by_status"].clone();
    assert_eq!(counts().await, by_status([0; 6]));
    let create = [("Attributes", r#"{"selected_language":"en"}"#)];
    let first = post("Tasks", &create).await;
    assert_eq!(counts().await, by_status([1, 0, 0, 0, 0, 0]));
    post("Tasks", &create).await;
    let canceled = [("AssignmentStatus", "canceled"), ("Reason", "x")];
    post(&format!("Tasks/{first}"), &canceled).await;
    assert_eq!(counts().await, by_status([1, 0, 0, 0, 0, 1]));
    let path = format!("Tasks/{first}");
    let deleted = test_centre.request(Method::DELETE, &path, &[], None);
    assert_eq!(deleted.await.status, 204);
    assert_eq!(counts().await, by_status([1, 0, 0, 0, 0, 0]));
    // What the Events show afterwards is the same, also after the rows were read again.
    test_centre.centre.settle().await;
    assert_eq!(counts().await, by_status([1, 0, 0, 0, 0, 0]));
    test_centre.advance(Millis::from_secs(90)).await;
    assert_eq!(counts().await, by_status([1, 0, 0, 0, 0, 0]));
    test_centre.close().await;
}
