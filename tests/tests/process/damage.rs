//! Damaged data is refused at the start, with a sentence.

use std::fs;

use tests::process::{Process, command, free_port};

/// Chooses the bytes that are changed.
const SEED: u64 = 27;

type Damage = fn(&mut Vec<u8>);

fn half(bytes: &mut Vec<u8>) {
    bytes.truncate(bytes.len() / 2);
}

fn changed_bytes(bytes: &mut Vec<u8>) {
    let mut random = fastrand::Rng::with_seed(SEED);
    for _ in 0..500 {
        let at = random.usize(..bytes.len());
        bytes[at] = random.u8(..);
    }
}

/// The database has its structure, and its items cannot be read.
fn unreadable_items(bytes: &mut Vec<u8>) {
    let key = b"\"pk\":{\"S\"";
    let places: Vec<usize> = (0..bytes.len() - key.len())
        .filter(|at| bytes[*at..].starts_with(key))
        .collect();
    assert!(!places.is_empty(), "no item was found");
    for at in places {
        bytes[at + 1] = 0xff;
    }
}

#[tokio::test]
async fn damaged_data_is_refused_with_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let process = Process::start(folder.path(), free_port(), &["--data", "data"]).await;
    process.interrupt().await;
    let file = folder.path().join("data/dynamodb.sqlite");
    let sound = fs::read(&file).unwrap();
    let port = free_port().to_string();
    let damages: [(&str, Damage); 3] = [
        ("half of the file", half),
        ("500 changed bytes", changed_bytes),
        ("unreadable items", unreadable_items),
    ];
    for (name, damage) in damages {
        let mut bytes = sound.clone();
        damage(&mut bytes);
        fs::write(&file, bytes).unwrap();
        let arguments = ["--port", &port, "--data", "data"];
        let output = command(folder.path(), &arguments).output().await.unwrap();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{name}: {text}");
        assert!(
            text.contains("restore data from a backup"),
            "{name}: {text}"
        );
        assert!(text.lines().count() <= 2, "{name}: {text}");
        for dump in ["Error {", "ServiceError", "SdkBody", "panicked"] {
            assert!(!text.contains(dump), "{name}: {text}");
        }
    }
    fs::write(&file, sound).unwrap();
    let process = Process::start(folder.path(), free_port(), &["--data", "data"]).await;
    process.interrupt().await;
}
