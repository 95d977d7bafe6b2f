//! Event streams: no Event is lost and none is repeated, however often a client reconnects.

use ids::TaskSid;
use ids::time::{Clock, Millis, Timestamp};
use serde_json::Value;
use task_router::model::EventType;
use task_router::router::events::{Cause, Event, EventCursor, Parameter, Parameters};
use tests::test_centre::TestCentre;

use super::{caller, get, pass, refused};

/// The answer to one request of a stream.
struct Batch {
    events: Vec<(String, String, Value)>,
    id: String,
}

/// Requests the Events since `id`, without a long poll.
async fn ask(test_centre: &TestCentre, path: &str, id: Option<&str>) -> Batch {
    let url = format!(
        "{}/v1/Workspaces/{}/{path}?Wait=0",
        test_centre.base, test_centre.contact_centre.workspace.sid
    );
    let account = &test_centre.account;
    let mut request = reqwest::Client::new()
        .get(url)
        .basic_auth(account.account_sid, Some(&account.auth_token));
    if let Some(id) = id {
        request = request.header("Last-Event-ID", id);
    }
    let answer = request.send().await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["content-type"]),
        (200, &"text/event-stream".parse().unwrap())
    );
    let mut batch = Batch {
        events: Vec::new(),
        id: String::new(),
    };
    for block in answer.text().await.unwrap().split_terminator("\n\n") {
        let field = |name: &str| {
            block
                .lines()
                .find_map(|line| line.strip_prefix(name))
                .map(str::to_owned)
        };
        if let Some(id) = field("id: ") {
            batch.id.clone_from(&id);
            let event = field("event: ").zip(field("data: "));
            batch
                .events
                .extend(event.map(|(kind, data)| (id, kind, serde_json::from_str(&data).unwrap())));
        } else {
            assert_eq!(block, "retry: 250");
        }
    }
    batch
}

#[tokio::test]
async fn reconnecting_client_gets_each_event_once() {
    let test_centre = TestCentre::example().await;
    pass(&test_centre, 60).await;
    let maya = test_centre.worker("Maya").await.sid;
    let paths = [
        "EventStream".to_owned(),
        format!("Workers/{maya}/EventStream"),
    ];
    let mut received = [Vec::new(), Vec::new()];
    let mut ids = [String::new(), String::new()];
    for (path, id) in paths.iter().zip(&mut ids) {
        let batch = ask(&test_centre, path, None).await;
        assert!(batch.events.is_empty(), "a new stream begins now");
        *id = batch.id;
    }
    for step in 0..30 {
        if step % 7 == 0 {
            caller(&test_centre, "+17075550190").await;
        }
        pass(&test_centre, 1).await;
        for ((path, id), received) in paths.iter().zip(&mut ids).zip(&mut received) {
            let batch = ask(&test_centre, path, Some(id)).await;
            for (sid, kind, data) in batch.events {
                assert_eq!(
                    (data["sid"].as_str(), data["event_type"].as_str()),
                    (Some(&*sid), Some(&*kind))
                );
                received.push(sid);
            }
            *id = batch.id;
        }
    }
    for (received, query) in received.iter().zip(["", &format!("&WorkerSid={maya}")]) {
        let start = "StartDate=2026-11-22T12:01:00Z&EndDate=2026-11-22T12:01:28Z";
        let all = get(
            &test_centre,
            &format!("Events?PageSize=1000&{start}{query}"),
        )
        .await;
        let mut all: Vec<&str> = all["events"]
            .as_array()
            .unwrap()
            .iter()
            .map(|event| event["sid"].as_str().unwrap())
            .collect();
        all.reverse();
        assert!(!all.is_empty());
        assert_eq!(*received, all, "{query}");
    }
    test_centre.close().await;
}

#[tokio::test]
async fn late_event_is_streamed_in_order() {
    let test_centre = TestCentre::example().await;
    pass(&test_centre, 60).await;
    let begin = test_centre.clock.now();
    let mut id = ask(&test_centre, "EventStream", None).await.id;
    let event = |number: u64, at: Timestamp| {
        let task = TaskSid::derive(&[&number.to_string()]).to_string();
        Event {
            earlier: None,
            place: EventCursor::of(Cause {
                about: &task,
                version: 0,
                at,
            }),
            event_type: EventType::TaskCreated,
            workspace_sid: test_centre.contact_centre.workspace.sid,
            parameters: Parameters::new().with(Parameter::TaskSid, &task),
        }
    };
    let mut expected = Vec::new();
    let mut received = Vec::new();
    for step in 0..20_u64 {
        pass(&test_centre, 1).await;
        // An Event of this moment, and one that happened 1.5 s ago.
        let now = test_centre.clock.now();
        for event in [
            event(step, now),
            event(100 + step, now - Millis::from_millis(1_500)),
        ] {
            test_centre
                .centre
                .store
                .add_events(std::slice::from_ref(&event))
                .await
                .unwrap();
            expected.push(event.place);
        }
        let batch = ask(&test_centre, "EventStream", Some(&id)).await;
        received.extend(batch.events.into_iter().map(|(sid, ..)| sid));
        id = batch.id;
    }
    pass(&test_centre, 5).await;
    received.extend(
        ask(&test_centre, "EventStream", Some(&id))
            .await
            .events
            .into_iter()
            .map(|(sid, ..)| sid),
    );
    // The first late Event happened before the stream began.
    expected.retain(|place| place.at >= begin);
    expected.sort_unstable();
    let expected: Vec<String> = expected
        .into_iter()
        .map(|place| place.sid().to_string())
        .collect();
    assert_eq!(received, expected);
    test_centre.close().await;
}

#[tokio::test]
async fn invalid_stream_request_is_refused() {
    let test_centre = TestCentre::example().await;
    for (path, expected) in [
        ("EventStream?Wait=21", (400, 20_001)),
        ("EventStream?Last-Event-ID=WT1", (400, 20_001)),
        (
            "Workers/WK00000000000000000000000000000000/EventStream",
            (404, 20_404),
        ),
    ] {
        assert_eq!(refused(&test_centre, path).await, expected, "{path}");
    }
    test_centre.close().await;
}
