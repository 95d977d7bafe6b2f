//! The slots of paced calls, and the count of a minute.

use std::collections::BTreeSet;
use std::num::NonZeroU32;

use futures_util::future::join_all;
use ids::time::{Millis, Timestamp};

use crate::world::{NOON, World};

const TWO_A_SECOND: NonZeroU32 = NonZeroU32::new(2).unwrap();

fn after_millis(millis: u64) -> Timestamp {
    NOON + Millis::from_millis(millis)
}

async fn slot_at(world: &World, now: Timestamp, latest: Timestamp) -> Option<Timestamp> {
    let slot = world.store.take_call_slot(TWO_A_SECOND, now, latest);
    slot.await.unwrap()
}

#[tokio::test]
async fn slots_follow_the_pace() {
    let world = World::empty().await;
    let latest = after_millis(1_000);
    for (now, expected) in [
        (0, Some(0)),
        (0, Some(500)),
        (100, Some(1_000)),
        (100, None),
        (100, None),
    ] {
        let slot = slot_at(&world, after_millis(now), latest).await;
        assert_eq!(slot, expected.map(after_millis), "{now}");
    }
    // Unused time is not made up for.
    let later = after_millis(60_000);
    let latest = after_millis(120_000);
    assert_eq!(slot_at(&world, later, latest).await, Some(later));
    let second = slot_at(&world, later, latest).await;
    assert_eq!(second, Some(after_millis(60_500)));
}

#[tokio::test]
async fn processes_get_different_slots() {
    let world = World::empty().await;
    let latest = after_millis(60_000);
    let slots = join_all((0..20).map(|_| slot_at(&world, NOON, latest))).await;
    let slots: BTreeSet<_> = slots.into_iter().flatten().collect();
    let expected: BTreeSet<_> = (0..20).map(|number| after_millis(number * 500)).collect();
    assert_eq!(slots, expected);
}

#[tokio::test]
async fn minute_has_so_many_calls() {
    let world = World::empty().await;
    let count = async |now| world.store.count_call(TWO_A_SECOND, now).await.unwrap();
    for (now, is_counted) in [
        (0, true),
        (59_999, true),
        (59_999, false),
        (0, false),
        (60_000, true),
    ] {
        assert_eq!(count(after_millis(now)).await, is_counted, "{now}");
    }
    let all = join_all((0..20).map(|_| count(after_millis(120_000)))).await;
    assert_eq!(all.iter().filter(|is_counted| **is_counted).count(), 2);
}
