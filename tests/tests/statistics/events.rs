//! The Events resource (taskrouter.md section 12.5).

use ids::time::Millis;
use ids::{CallSid, TaskSid};
use serde_json::{Value, json};
use tests::test_centre::TestCentre;

use crate::{caller, get, pass, queue, refused, workflow};

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

#[tokio::test]
async fn events_are_listed_newest_first_by_everything_they_can_be_asked_for() {
    let laboratory = TestCentre::example().await;
    pass(&laboratory, 1_200).await;
    let call = caller(&laboratory, "+17075550190").await;
    pass(&laboratory, 5).await;
    laboratory.at_phone(call, "hangup").await;
    pass(&laboratory, 5).await;
    let of_task = get(&laboratory, &format!("Events?TaskSid={}", task(call))).await;
    let told = types(&of_task);
    assert_eq!(
        (told.first(), told.last()),
        (Some(&"task.canceled"), Some(&"workflow.entered")),
        "{told:?}"
    );
    let everything = get(&laboratory, "Events").await;
    assert!(types(&everything).len() >= told.len());
    let (english, hindi) = (queue(&laboratory, "English"), queue(&laboratory, "Hindi"));
    let maya = laboratory.worker("Maya").await.sid;
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
                workflow(&laboratory)
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
            types(&get(&laboratory, &format!("Events?{query}")).await),
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
    let of_reservation = get(&laboratory, &format!("Events?ReservationSid={reservation}")).await;
    assert_eq!(
        types(&of_reservation),
        ["reservation.canceled", "reservation.created"]
    );
    laboratory.close().await;
}

#[tokio::test]
async fn an_event_has_every_property_and_is_found_by_its_id() {
    let laboratory = TestCentre::example().await;
    let call = caller(&laboratory, "+17075550190").await;
    let listed = get(
        &laboratory,
        &format!("Events?TaskSid={}&EventType=task.created", task(call)),
    )
    .await;
    let event = &listed["events"][0];
    let sid = event["sid"].as_str().unwrap();
    assert_eq!(get(&laboratory, &format!("Events/{sid}")).await, *event);
    assert_eq!(
        get(&laboratory, &format!("Events?Sid={sid}")).await["events"],
        json!([event])
    );
    let workspace = laboratory.contact_centre.workspace.sid;
    let home = format!("{}/v1/Workspaces/{workspace}", laboratory.base);
    for (name, expected) in [
        ("account_sid", json!(laboratory.account.account_sid)),
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
        refused(&laboratory, "Events/EV00000000000000000000000000000000").await,
        (404, 20_404)
    );
    assert_eq!(
        refused(&laboratory, "Events/WT00000000000000000000000000000000").await,
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
            refused(&laboratory, &format!("Events?{query}")).await,
            (400, 20_001),
            "{query}"
        );
    }
    laboratory.close().await;
}

#[tokio::test]
async fn pages_follow_one_another_without_a_gap() {
    let laboratory = TestCentre::example().await;
    for _ in 0..3 {
        caller(&laboratory, "+17075550190").await;
        laboratory.advance(Millis::from_secs(1)).await;
    }
    let all = get(&laboratory, "Events?PageSize=1000").await;
    assert_eq!(all["meta"]["next_page_url"], Value::Null);
    let mut found = Vec::new();
    let mut path = "Events?PageSize=4".to_owned();
    loop {
        let page = get(&laboratory, &path).await;
        assert!(page["events"].as_array().unwrap().len() <= 4);
        found.extend(page["events"].as_array().unwrap().clone());
        let Some(next) = page["meta"]["next_page_url"].as_str() else {
            break;
        };
        path = next.rsplit_once('/').unwrap().1.to_owned();
    }
    assert_eq!(json!(found), all["events"]);
    laboratory.close().await;
}
