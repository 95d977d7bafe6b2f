//! A power failure: the disk has lost what was written since its last synchronization, and the last
//! write may be torn. SQLite's log (WAL) is what is not synchronized, so it is cut at random places.

use std::fs;
use std::path::Path;

use ids::CallSid;
use ids::time::Millis;
use task_router::model::AssignmentStatus;
use tests::story::SLACK;
use tests::test_centre::{EXAMPLE, TestCentre};

/// Chooses where the logs are cut.
const SEED: u64 = 32;

/// Random cuts that are tried, besides the loss of one whole log.
const CUTS: usize = 2;

const LOGS: [&str; 2] = ["dynamodb.sqlite-wal", "telephone-network.sqlite-wal"];

/// How long after the failure the centre is started again.
const LATER: Millis = Millis::from_secs(60);

/// What is left of a log.
#[derive(Debug, Clone, Copy)]
enum Kept {
    Nothing,
    /// This part of its bytes, from 0 to 1, and a torn end.
    Part(f64),
    All,
}

/// Copies the data of a running centre, as a disk has it after a power failure.
fn fail(from: &Path, to: &Path, kept: [Kept; 2]) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name();
        let mut bytes = fs::read(entry.path()).unwrap();
        if name.to_string_lossy().ends_with("-shm") {
            continue;
        }
        if let Some(log) = LOGS.iter().position(|log| name == **log) {
            let bytes_kept = match kept[log] {
                Kept::Nothing => 0,
                Kept::Part(part) => (bytes.len() as f64 * part) as usize,
                Kept::All => bytes.len(),
            };
            bytes.truncate(bytes_kept);
            if let (Kept::Part(_), Some(last)) = (kept[log], bytes.last_mut()) {
                *last ^= 0xff;
            }
        }
        fs::write(to.join(name), bytes).unwrap();
    }
}

/// A caller who chooses English.
async fn caller(test_centre: &TestCentre, from: &str) -> CallSid {
    let caller = test_centre.dial(from).await;
    test_centre.centre.settle().await;
    test_centre.press(caller, "1").await;
    test_centre.advance(SLACK).await;
    caller
}

/// The calls that were left are ended, and so are their Tasks. The next call is connected and
/// completed.
async fn recovers(folder: &Path) {
    let test_centre = TestCentre::open_later(EXAMPLE, folder.to_owned(), LATER).await;
    let calls = test_centre.get("/simulator/calls").await;
    for call in calls["calls"].as_array().unwrap() {
        if call["status"] == "in-progress" {
            let sid = call["call_sid"].as_str().unwrap().parse().unwrap();
            test_centre.at_phone(sid, "hangup").await;
        }
    }
    // The sweep asks in every third minute whether a call still exists.
    for _ in 0..3 {
        test_centre.advance(Millis::from_secs(60)).await;
        test_centre.centre.sweep().await;
    }
    test_centre.centre.settle().await;
    let workspace = test_centre.contact_centre.workspace.sid;
    for sid in test_centre.centre.store.task_sids(workspace).await.unwrap() {
        let task = test_centre.centre.store.task(sid).await.unwrap();
        let status = task.map(|task| task.assignment_status);
        assert!(
            status.is_none_or(AssignmentStatus::is_end),
            "{sid} {status:?}"
        );
    }
    for name in ["Maya", "Arjun", "Leela"] {
        test_centre.set_activity(name, "Available").await;
    }
    test_centre.centre.settle().await;
    let caller = caller(&test_centre, "+17075550195").await;
    for phone in test_centre.ringing().await.into_values() {
        test_centre.at_phone(phone, "answer").await;
    }
    test_centre.advance(SLACK).await;
    let status = test_centre.task(caller).await.unwrap().assignment_status;
    assert_eq!(status, AssignmentStatus::Assigned);
    test_centre.close().await;
}

#[tokio::test]
async fn power_failure_leaves_a_working_centre() {
    let folder = tempfile::tempdir().unwrap();
    let test_centre = TestCentre::open(EXAMPLE, Some(folder.path().to_owned())).await;
    caller(&test_centre, "+17075550190").await;
    for phone in test_centre.ringing().await.into_values() {
        test_centre.at_phone(phone, "answer").await;
    }
    test_centre.advance(SLACK).await;
    for from in ["+17075550191", "+17075550192"] {
        caller(&test_centre, from).await;
    }
    let mut random = fastrand::Rng::with_seed(SEED);
    let cuts = std::iter::repeat_with(|| [(); 2].map(|()| Kept::Part(random.f64())));
    let whole = [[Kept::Nothing, Kept::All], [Kept::All, Kept::Nothing]];
    for kept in whole.into_iter().chain(cuts.take(CUTS)) {
        let left = tempfile::tempdir().unwrap();
        fail(folder.path(), left.path(), kept);
        recovers(left.path()).await;
    }
    test_centre.close().await;
}
