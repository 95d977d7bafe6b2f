//! Stored webhooks: each once, in their order, with a time to live, and in a partition that the
//! stream's trigger ignores.

use ids::time::Millis;
use ids::{TaskSid, WebhookSid};
use shared::webhook::{Exchange, Way};
use store::keys::{self, Key};
use task_router::router::events::EVENT_KEPT;

use crate::world::{NOON, World};

fn exchange(name: &str, millis: u64, order: u32) -> Exchange {
    Exchange {
        sid: WebhookSid::derive(&[name]),
        way: Way::Sent,
        method: "POST".to_owned(),
        url: format!("https://app.example/{name}"),
        at: NOON + Millis::from_millis(millis),
        order,
        took: Millis::from_millis(7),
        status: Some(200),
        answer: String::new(),
        error: None,
        times: 1,
        counted: WebhookSid::derive(&[name]),
    }
}

#[tokio::test]
async fn webhooks_are_read_in_order_and_once() {
    let world = World::empty().await;
    let task = TaskSid::derive(&["task"]);
    let other = TaskSid::derive(&["other"]);
    let refused = Exchange {
        status: None,
        error: Some("time ran out".to_owned()),
        ..exchange("b", 1, 2)
    };
    for kept in [
        &exchange("c", 9, 0),
        &refused,
        &exchange("a", 1, 1),
        &exchange("c", 9, 0),
    ] {
        world.store.keep_webhook(task, kept, NOON).await.unwrap();
    }
    world
        .store
        .keep_webhook(other, &exchange("d", 0, 0), NOON)
        .await
        .unwrap();
    let found = world.store.webhooks(task).await.unwrap();
    assert_eq!(found, [exchange("a", 1, 1), refused, exchange("c", 9, 0)]);
    let item = world.item(&Key::webhook(task, found[0].sid)).await.unwrap();
    assert_eq!(
        item[keys::TTL].as_n().unwrap(),
        &(NOON + EVENT_KEPT).as_secs().to_string()
    );
    assert!(
        item[keys::PK].as_s().unwrap().starts_with("EVENTS#"),
        "the stream's trigger has to ignore it"
    );
}

#[tokio::test]
async fn repeated_webhooks_are_counted() {
    let world = World::empty().await;
    let task = TaskSid::derive(&["task"]);
    let round = |number: u32| Exchange {
        counted: WebhookSid::derive(&[&number.to_string()]),
        ..exchange("wait", u64::from(number), number)
    };
    for number in [0, 1, 1, 2] {
        world
            .store
            .count_webhook(task, &round(number), NOON)
            .await
            .unwrap();
    }
    assert_eq!(
        world.store.webhooks(task).await.unwrap(),
        [Exchange {
            times: 3,
            counted: round(2).counted,
            ..round(0)
        }]
    );
}
