//! The Events resource (taskrouter.md section 12.5).

use ids::time::Millis;
use ids::{CallSid, TaskSid};
use serde_json::{Value, json};
use tests::test_centre::TestCentre;

use super::{caller, get, pass, queue, refused, workflow};

fn types(answer: &Value) -> Vec<&str> {
    answer["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["event_type"].as_str().unwrap())
        .collect()
}

fn task(call: CallSid) -> String {
    TaskSid::derive(&[&call.to_string()]).to_string()
}

/// With every filter.
#[tokio::test]
async fn events_are_listed_newest_first() {
    let test_centre = TestCentre::example().await;
    pass(&test_centre, 1_200).await;
    let call = caller(&test_centre, "+17075550190").await;
    pass(&test_centre, 5).await;
    test_centre.at_phone(call, "hangup").await;
    pass(&test_centre, 5).await;
    let of_task = get(&test_centre, &format!("Events?TaskSid={}", task(call))).await;
    let task_types = types(&of_task);
    assert_eq!(
        (task_types.first(), task_types.last()),
        (Some(&"task.canceled"), Some(&"workflow.entered")),
        "{task_types:?}"
    );
    let everything = get(&test_centre, "Events").await;
    assert!(types(&everything).len() >= task_types.len());
    let english = queue(&test_centre, "English");
    let hindi = queue(&test_centre, "Hindi");
    let maya = test_centre.worker("Maya").await.sid;
    for (query, expected) in [
        ("EventType=task.created".to_owned(), vec!["task.created"]),
        (
            format!("TaskQueueSid={english}&EventType=task-queue.entered"),
            vec!["task-queue.entered"],
        ),
        (format!("TaskQueueSid={hindi}"), vec![]),
        (
            format!(
                "WorkflowSid={}&EventType=workflow.entered",
                workflow(&test_centre)
            ),
            vec!["workflow.entered"],
        ),
        (
            format!("WorkerSid={maya}&EventType=reservation.created"),
            vec!["reservation.created"],
        ),
        (
            "TaskChannel=voice&EventType=task.created".to_owned(),
            vec!["task.created"],
        ),
        ("TaskChannel=chat".to_owned(), vec![]),
        ("EndDate=2026-11-22T12:19:59Z&Minutes=1".to_owned(), vec![]),
        (
            "StartDate=2026-11-22T12:00:00Z&EndDate=2026-11-22T12:20:00Z&EventType=task.created"
                .to_owned(),
            vec!["task.created"],
        ),
    ] {
        assert_eq!(
            types(&get(&test_centre, &format!("Events?{query}")).await),
            expected,
            "{query}"
        );
    }
    let reservation = everything["events"]
        .as_array()
        .unwrap()
        .iter()
        .find(|event| event["resource_type"] == "reservation");
    let reservation = reservation.unwrap()["resource_sid"].as_str().unwrap();
    let of_reservation = get(
        &test_centre,
        &format!("Events?ReservationSid={reservation}"),
    )
    .await;
    assert_eq!(
        types(&of_reservation),
        ["reservation.canceled", "reservation.created"]
    );
    test_centre.close().await;
}

#[tokio::test]
async fn event_has_all_properties() {
    let test_centre = TestCentre::example().await;
    let call = caller(&test_centre, "+17075550190").await;
    let listed = get(
        &test_centre,
        &format!("Events?TaskSid={}&EventType=task.created", task(call)),
    )
    .await;
    let event = &listed["events"][0];
    let sid = event["sid"].as_str().unwrap();
    assert_eq!(get(&test_centre, &format!("Events/{sid}")).await, *event);
    assert_eq!(
        get(&test_centre, &format!("Events?Sid={sid}")).await["events"],
        json!([event])
    );
    let workspace = test_centre.contact_centre.workspace.sid;
    let home = format!("{}/v1/Workspaces/{workspace}", test_centre.base);
    for (name, expected) in [
        ("account_sid", json!(test_centre.account.account_sid)),
        ("actor_sid", json!(workspace)),
        ("actor_type", json!("workspace")),
        ("actor_url", json!(home)),
        ("description", json!(format!("Task {} created", task(call)))),
        ("event_date", json!("2026-11-22T12:00:00Z")),
        ("event_date_ms", json!(1_795_348_800_000_i64)),
        ("event_type", json!("task.created")),
        ("resource_sid", json!(task(call))),
        ("resource_type", json!("task")),
        (
            "resource_url",
            json!(format!("{home}/Tasks/{}", task(call))),
        ),
        ("source", json!("twilio")),
        ("source_ip_address", Value::Null),
        ("url", json!(format!("{home}/Events/{sid}"))),
        ("workspace_sid", json!(workspace)),
    ] {
        assert_eq!(event[name], expected, "{name}");
    }
    assert_eq!(event.as_object().unwrap().len(), 17);
    let data = event["event_data"].as_object().unwrap();
    assert!(data.values().all(Value::is_string));
    assert_eq!(
        (&data["task_priority"], &data["task_assignment_status"]),
        (&json!("0"), &json!("pending"))
    );

    assert_eq!(
        refused(&test_centre, "Events/EV00000000000000000000000000000000").await,
        (404, 20_404)
    );
    assert_eq!(
        refused(&test_centre, "Events/WT00000000000000000000000000000000").await,
        (404, 20_404)
    );
    for query in [
        "EventType=task.made",
        "TaskSid=1",
        "Minutes=x",
        "PageToken=PAWT1-1",
        "PageToken=PBEV1-1",
        "Sid=1",
    ] {
        assert_eq!(
            refused(&test_centre, &format!("Events?{query}")).await,
            (400, 20_001),
            "{query}"
        );
    }
    test_centre.close().await;
}

#[tokio::test]
async fn event_pages_have_no_gap() {
    let test_centre = TestCentre::example().await;
    for _ in 0..3 {
        caller(&test_centre, "+17075550190").await;
        test_centre.advance(Millis::from_secs(1)).await;
    }
    let all = get(&test_centre, "Events?PageSize=1000").await;
    assert_eq!(all["meta"]["next_page_url"], Value::Null);
    let mut found = Vec::new();
    let mut path = "Events?PageSize=4".to_owned();
    loop {
        let page = get(&test_centre, &path).await;
        assert!(page["events"].as_array().unwrap().len() <= 4);
        found.extend(page["events"].as_array().unwrap().clone());
        let Some(next) = page["meta"]["next_page_url"].as_str() else {
            break;
        };
        path = next.rsplit_once('/').unwrap().1.to_owned();
    }
    assert_eq!(json!(found), all["events"]);
    test_centre.close().await;
}
