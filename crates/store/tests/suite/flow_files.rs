//! What flows keep in the table besides themselves: audio files, and numbers that are called back.

use ids::TaskSid;
use ids::time::Millis;
use store::CallbackNumber;
use store::keys::{Key, TTL};
use voice_flows::{Sound, SoundFormat};

use crate::world::{NOON, World};

/// A file of three pieces.
fn large() -> Sound {
    let bytes = (0..800_000_u32).map(|number| (number % 251) as u8);
    Sound::new(SoundFormat::Wav, bytes.collect())
}

#[tokio::test]
async fn large_file_is_read_from_its_pieces() {
    let world = World::empty().await;
    let sound = large();
    assert_eq!(world.store.sound(&sound.name).await.unwrap(), None);
    world.store.save_sounds(&[&sound]).await.unwrap();
    let process = world.another_store(Vec::new());
    let read = process.sound(&sound.name).await.unwrap();
    assert!(read == Some(sound.content.clone()), "other bytes");
    assert!(
        world
            .item(&Key::sound_piece(&sound.name, 2))
            .await
            .is_some()
    );
    assert!(
        world
            .item(&Key::sound_piece(&sound.name, 3))
            .await
            .is_none()
    );
}

#[tokio::test]
async fn retired_file_expires_until_it_is_saved_again() {
    let world = World::empty().await;
    let sound = large();
    let key = Key::sound_piece(&sound.name, 2);
    let ttl = async || {
        let item = world.item(&key).await.unwrap();
        item.get(TTL).and_then(|ttl| ttl.as_n().ok()).cloned()
    };
    world.store.save_sounds(&[&sound]).await.unwrap();
    assert_eq!(ttl().await, None);
    world
        .store
        .retire_sounds(&[&sound.name], NOON)
        .await
        .unwrap();
    let end = (NOON + store::FLOWS_KEPT).as_secs();
    assert_eq!(ttl().await, Some(end.to_string()));
    world.store.save_sounds(&[&sound]).await.unwrap();
    assert_eq!(ttl().await, None);
}

#[tokio::test]
async fn number_has_one_callback_at_a_time() {
    let world = World::open().await;
    let number = CallbackNumber {
        workspace: world.workspace().await.sid,
        number: "+17075550142",
    };
    let [first, second, third] = ["1", "2", "3"].map(|cause| TaskSid::derive(&[cause]));
    let until = NOON + Millis::from_secs(60);
    let claim = async |task, before| {
        let claimed = world.store.claim_callback(number, task, before, until);
        claimed.await.unwrap()
    };
    assert_eq!(world.store.callback_of(number).await.unwrap(), None);
    assert!(claim(first, None).await);
    assert!(!claim(second, None).await, "claimed at the same time");
    assert_eq!(world.store.callback_of(number).await.unwrap(), Some(first));
    assert!(claim(second, Some(first)).await);
    assert!(!claim(third, Some(first)).await, "claimed at the same time");
    let other = CallbackNumber {
        number: "+17075550143",
        ..number
    };
    assert_eq!(world.store.callback_of(other).await.unwrap(), None);
}
