//! The assignment callback.

use ids::ActivitySid;
use serde_json::{Value, json};
use shared::webhook::Reply;

use super::world::World;

async fn callback(world: &World, workspace_sid: &str) -> Value {
    let attributes = r#"{"call_sid":"CA00000000000000000000000000000001"}"#;
    let reply = reply(world, workspace_sid, attributes).await;
    assert_eq!(
        (reply.status, reply.content_type),
        (200, "application/json")
    );
    serde_json::from_slice(&reply.body).unwrap()
}

async fn reply(world: &World, workspace_sid: &str, attributes: &str) -> Reply {
    world
        .post(
            "/assignment",
            &[
                ("Timestamp", "1795348860"),
                ("WorkspaceSid", workspace_sid),
                ("WorkflowSid", "WW00000000000000000000000000000001"),
                ("TaskQueueSid", "WQ00000000000000000000000000000001"),
                ("TaskSid", "WT00000000000000000000000000000001"),
                ("TaskAttributes", attributes),
                ("TaskAge", "3"),
                ("TaskPriority", "0"),
                ("ReservationSid", "WR00000000000000000000000000000001"),
                ("WorkerSid", "WK00000000000000000000000000000001"),
                ("WorkerName", "Alice"),
                ("WorkerAttributes", "{}"),
            ],
        )
        .await
}

/// The Worker of a voicemail accepts it on the desktop; no phone rings.
#[tokio::test]
async fn other_work_gets_no_instruction() {
    let world = World::open().await;
    let reply = reply(&world, OURS, r#"{"type":"voicemail"}"#).await;
    assert_eq!((reply.status, reply.body.len()), (204, 0));
}

const OURS: &str = "WS00000000000000000000000000000001";
const HOSTED: &str = "WS00000000000000000000000000000009";

#[tokio::test]
async fn reservation_is_answered_with_dequeue() {
    let world = World::open().await;
    let dequeue = json!({"instruction": "dequeue", "from": "+17075550183", "timeout": 30});
    let mut with_wrap_up = dequeue.clone();
    with_wrap_up["post_work_activity_sid"] = json!("WA00000000000000000000000000000003");
    assert_eq!(callback(&world, OURS).await, with_wrap_up);
    // The centre's Activity does not exist in another Workspace.
    assert_eq!(callback(&world, HOSTED).await, dequeue);

    let without = World::with(|centre| centre.post_work_activity_sid = None, |_| {}).await;
    assert_eq!(callback(&without, OURS).await, dequeue);

    let activity = ActivitySid::from_bytes([0x55; 16]);
    let hosted = World::with(
        |_| {},
        |voice| voice.post_work_activity_sid = Some(activity),
    )
    .await;
    with_wrap_up["post_work_activity_sid"] = json!(activity);
    assert_eq!(callback(&hosted, HOSTED).await, with_wrap_up);
}

/// A 4xx makes the carrier ask the fallback.
#[tokio::test]
async fn invalid_callback_is_refused() {
    let world = World::open().await;
    let reply = world.post("/assignment", &[]).await;
    assert_eq!(reply.status, 400);
    let sentence = String::from_utf8_lossy(&reply.body).into_owned();
    assert_eq!(
        sentence,
        "WorkspaceSid is missing: expected WS followed by 32 hexadecimal digits\n"
    );
}
