//! Workers and their channels.

use futures_util::future::join_all;
use ids::time::Millis;
use serde_json::{Value, json};
use store::EventFilter;
use task_router::model::EventType;
use task_router::router::REJECTIONS_AT_ONCE_MAX;
use tests::test_centre::{EXAMPLE, TestCentre};

use super::Client;

async fn make(client: &Client<'_>, name: &str) -> String {
    let (status, made) = client
        .post(
            "/Workers",
            &[("FriendlyName", name), ("Attributes", "{\"level\":3}")],
        )
        .await;
    assert_eq!(status, 201, "{made}");
    made["sid"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn workers_are_paged_filtered_and_ordered() {
    let test_centre = TestCentre::example().await;
    let client = Client(&test_centre);
    let example = client
        .pages("/Workers", "workers", "friendly_name")
        .await
        .concat();
    assert_eq!(example.len(), 3, "{example:?}");
    let mut made = Vec::new();
    for name in ["Ada", "Bo", "Cy", "Di"] {
        test_centre.advance(Millis::from_secs(1)).await;
        made.push(make(&client, name).await);
    }
    let pages = client
        .pages("/Workers?PageSize=3", "workers", "friendly_name")
        .await;
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [3, 3, 1]);
    assert_eq!(
        pages.concat()[3..],
        ["Ada", "Bo", "Cy", "Di"].map(Value::from),
        "oldest first"
    );

    let (_, last) = client.get("/Workers?PageSize=1000").await;
    assert_eq!(last["meta"]["next_page_url"], Value::Null);
    let (_, second) = client.get("/Workers?PageSize=2").await;
    let (_, second) = client
        .send(reqwest::Client::new().get(second["meta"]["next_page_url"].as_str().unwrap()))
        .await;
    let back = second["meta"]["previous_page_url"].as_str().unwrap();
    let (_, first) = client.send(reqwest::Client::new().get(back)).await;
    let names = |page: &Value| {
        page["workers"]
            .as_array()
            .unwrap()
            .iter()
            .map(|worker| worker["friendly_name"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&first), example[..2]);
    assert_eq!(first["meta"]["previous_page_url"], Value::Null);

    test_centre.advance(Millis::from_secs(1)).await;
    let available = client.activity("Available").await;
    client
        .post(
            &format!("/Workers/{}", made[1]),
            &[("ActivitySid", &available)],
        )
        .await;
    let english = "TaskQueueName=Customer%20Contact%20Center%20English";
    let by_sid = format!("ActivitySid={available}");
    for (query, expected) in [
        ("TargetWorkersExpression=level%20%3D%3D%203", 4),
        ("TargetWorkersExpression=languages%20HAS%20%22en%22", 2),
        (
            "TargetWorkersExpression=languages%20HAS%20%22en%22&FriendlyName=Maya",
            1,
        ),
        (english, 2),
        ("TaskQueueName=Nothing", 0),
        ("FriendlyName=Bo", 1),
        ("Available=true", 4),
        ("Available=false&PageSize=1", 3),
        (&*by_sid, 4),
        ("ActivityName=Available", 4),
    ] {
        let found = client
            .pages(&format!("/Workers?{query}"), "workers", "friendly_name")
            .await
            .concat();
        assert_eq!(found.len(), expected, "{query}: {found:?}");
    }
    let account = [("Attributes", r#"{"account":9007199254740993}"#)];
    client
        .post(&format!("/Workers/{}", made[0]), &account)
        .await;
    for (number, expected) in [("9007199254740993", 1), ("9007199254740992", 0)] {
        let query = format!("/Workers?TargetWorkersExpression=account%20%3D%3D%20{number}");
        let found = client.pages(&query, "workers", "friendly_name").await;
        assert_eq!(found.concat().len(), expected, "{query}");
    }
    let newest = client
        .pages(
            "/Workers?PageSize=2&Ordering=DateStatusChanged:desc",
            "workers",
            "friendly_name",
        )
        .await;
    assert_eq!(
        newest.concat()[..4],
        ["Bo", "Di", "Cy", "Ada"].map(Value::from)
    );
    test_centre.close().await;
}

/// Name, attributes and Activity of one request change together or not at all.
#[tokio::test]
async fn worker_update_is_one_write() {
    let test_centre = TestCentre::example().await;
    let client = Client(&test_centre);
    let path = format!("/Workers/{}", make(&client, "Ada").await);
    let before = client.etag(&path).await;
    test_centre.advance(Millis::from_secs(5)).await;
    let available = client.activity("Available").await;
    let form = [
        ("FriendlyName", "Ida"),
        ("Attributes", "{\"level\":4}"),
        ("ActivitySid", available.as_str()),
    ];
    let (status, worker) = client.post(&path, &form).await;
    assert_eq!(
        (status, &worker["friendly_name"], &worker["activity_name"]),
        (200, &"Ida".into(), &"Available".into())
    );
    assert_eq!(
        (
            worker["attributes"].as_str(),
            worker["date_updated"].as_str()
        ),
        (Some("{\"level\":4}"), Some("2026-11-22T12:00:05Z"))
    );
    assert_eq!(
        (before.as_str(), client.etag(&path).await.as_str()),
        ("\"0\"", "\"1\"")
    );

    // A request that fails in one part changes nothing.
    let (status, error) = client
        .post(
            &path,
            &[
                ("FriendlyName", "Eda"),
                ("ActivitySid", "WA00000000000000000000000000000009"),
            ],
        )
        .await;
    assert_eq!((status, &error["code"]), (400, &json!(20_001)));
    let (status, error) = client
        .post(&path, &[("FriendlyName", "mAYA"), ("Attributes", "{}")])
        .await;
    assert_eq!(
        (status, &error["message"]),
        (
            400,
            &"Worker with the same friendly name already exists".into()
        )
    );
    assert_eq!(client.etag(&path).await, "\"1\"");
    test_centre.close().await;
}

#[tokio::test]
async fn concurrent_patches_are_all_kept() {
    let test_centre = TestCentre::example().await;
    let client = Client(&test_centre);
    let path = format!("/Workers/{}", make(&client, "Ada").await);
    let patches =
        ["a", "b", "c", "d", "e"].map(|key| json!({ key: { "inner": 1 }, "level": null }));
    for (status, answer) in join_all(patches.iter().map(|patch| client.patch(&path, patch))).await {
        assert_eq!(status, 200, "{answer}");
    }
    let (_, worker) = client.get(&path).await;
    let attributes: Value = serde_json::from_str(worker["attributes"].as_str().unwrap()).unwrap();
    let inner = json!({ "inner": 1 });
    assert_eq!(
        attributes,
        json!({ "a": inner, "b": inner, "c": inner, "d": inner, "e": inner })
    );

    let (status, error) = client
        .patch(&path, &json!({ "a": "x".repeat(4_096) }))
        .await;
    assert_eq!((status, &error["code"]), (400, &json!(20_001)));
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .starts_with("Attributes: "),
        "{error}"
    );
    test_centre.close().await;
}

/// The channel is found by its SID, the TaskChannel's SID and the unique name.
#[tokio::test]
async fn worker_channel_update_publishes_events() {
    let test_centre = TestCentre::example().await;
    let client = Client(&test_centre);
    let home = format!("/Workers/{}/Channels", test_centre.worker("Maya").await.sid);
    let (_, all) = client.get(&home).await;
    assert_eq!(
        (
            all["channels"].as_array().unwrap().len(),
            &all["meta"]["key"]
        ),
        (5, &"channels".into())
    );
    let (_, voice) = client.get(&format!("{home}/voice")).await;
    for name in [
        voice["sid"].as_str().unwrap(),
        voice["task_channel_sid"].as_str().unwrap(),
    ] {
        assert_eq!(
            client.get(&format!("{home}/{name}")).await,
            (200, voice.clone())
        );
    }
    assert_eq!(client.get(&format!("{home}/fax")).await.0, 404);
    assert_eq!(
        (&voice["available"], &voice["configured_capacity"]),
        (&json!(true), &json!(1))
    );

    let (status, voice) = client
        .post(
            &format!("{home}/voice"),
            &[("Capacity", "3"), ("Available", "false")],
        )
        .await;
    assert_eq!(
        (status, &voice["configured_capacity"], &voice["available"]),
        (200, &json!(3), &json!(false))
    );
    assert_eq!(
        client.post(&format!("{home}/voice"), &[]).await,
        (200, voice)
    );
    test_centre.centre.settle().await;
    let now = ids::time::Clock::now(&*test_centre.clock);
    let around = EventFilter::between(now, now + Millis::from_secs(1));
    let workspace = test_centre.contact_centre.workspace.sid;
    for event_type in [
        EventType::WorkerCapacityUpdate,
        EventType::WorkerChannelAvailabilityUpdate,
    ] {
        let filter = EventFilter {
            event_type: Some(event_type),
            ..around.clone()
        };
        let published = test_centre
            .centre
            .store
            .events(workspace, &filter, None, 10)
            .await
            .unwrap()
            .events;
        assert_eq!(published.len(), 1, "{event_type:?}");
    }
    test_centre.close().await;
}

/// All pending Reservations of a Worker are rejected, even more than one write can reject; the
/// accepted one is kept.
#[tokio::test]
async fn reject_pending_exceeds_one_write() {
    let test_centre = TestCentre::example().await;
    let client = Client(&test_centre);
    let sid = make(&client, "Ada").await;
    let path = format!("/Workers/{sid}");
    client
        .post(
            &path,
            &[("ActivitySid", &client.activity("Available").await)],
        )
        .await;
    let offers = REJECTIONS_AT_ONCE_MAX + 3;
    for _ in 0..=offers {
        let (status, made) = client
            .post("/Tasks", &[("Attributes", "{}"), ("RoutingTarget", &sid)])
            .await;
        assert_eq!(status, 201, "{made}");
    }
    test_centre.centre.settle().await;
    let (_, page) = client.get(&format!("{path}/Reservations?PageSize=1")).await;
    let accepted = page["reservations"][0]["sid"].as_str().unwrap();
    let (status, _) = client
        .post(
            &format!("{path}/Reservations/{accepted}"),
            &[("ReservationStatus", "accepted")],
        )
        .await;
    assert_eq!(status, 200);

    let form = [
        ("ActivitySid", &*client.activity("Unavailable").await),
        ("RejectPendingReservations", "true"),
    ];
    let (status, worker) = client.post(&path, &form).await;
    assert_eq!(
        (status, &worker["activity_name"]),
        (200, &Value::from("Unavailable")),
        "{worker}"
    );
    for (status, expected) in [("pending", 0), ("rejected", offers), ("accepted", 1)] {
        let path = format!("{path}/Reservations?ReservationStatus={status}");
        assert_eq!(
            client
                .pages(&path, "reservations", "sid")
                .await
                .concat()
                .len(),
            expected,
            "{status}"
        );
    }
    test_centre.close().await;
}

#[tokio::test]
async fn workers_max_is_enforced() {
    let test_centre = TestCentre::open(
        &EXAMPLE.replace("workers_max: 15000", "workers_max: 4"),
        None,
    )
    .await;
    let client = Client(&test_centre);
    let bo = make(&client, "Bo").await;
    let (status, refused) = client.post("/Workers", &[("FriendlyName", "Cy")]).await;
    let sentence = "The Workspace has 4 Workers, which is the limit";
    assert_eq!(
        (status, &refused["code"], &refused["message"]),
        (400, &json!(20001), &json!(sentence))
    );
    assert_eq!(
        client.delete_if(&format!("/Workers/{bo}"), "*").await.0,
        204
    );
    make(&client, "Cy").await;
    test_centre.close().await;
}
