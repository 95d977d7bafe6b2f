//! Matching over a real table, where a board is longer than one read of it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on says so by panicking"
)]

use std::fmt::Write;

use ids::time::Millis;
use tests::story::SLACK;
use tests::test_centre::{EXAMPLE, TestCentre};

/// More Workers than are read at once; all free, all serving the queue.
const BEGINNERS: usize = 105;

#[tokio::test]
async fn a_worker_behind_a_hundred_who_do_not_fit_is_found() {
    let mut beginners = String::new();
    for number in 0..BEGINNERS {
        writeln!(
            beginners,
            "  - name: Beginner {number}\n    attributes: {{\"languages\":[\"en\"],\"level\":1}}\n    activity: Available"
        )
        .unwrap();
    }
    let expert = "  - name: Maya\n    attributes: {\"languages\":[\"en\"],\"level\":5,";
    let set_up = EXAMPLE
        .replace("  - name: Maya\n    attributes: {\"languages\":[\"en\"],", &format!("{beginners}{expert}"))
        .replace(
            "          - queue: Customer Contact Center English\n",
            "          - queue: Customer Contact Center English\n            expression: worker.level >= 5\n",
        );
    let laboratory = TestCentre::open(&set_up, None).await;
    let caller = laboratory.dial("+17075550190").await;
    laboratory.centre.settle().await;
    laboratory.press(caller, "1").await;
    laboratory.advance(SLACK).await;
    assert!(
        laboratory.ringing().await.contains_key("+17075550101"),
        "{:?}",
        laboratory.task(caller).await
    );
    laboratory.close().await;
}

async fn goes(laboratory: &TestCentre, name: &str, activity: &str) {
    laboratory.set_activity(name, activity).await;
    laboratory.advance(SLACK).await;
}

/// ReadyLists of free Workers that a Task looks at.
async fn boards(laboratory: &TestCentre) -> usize {
    let (sid, now) = (
        laboratory.contact_centre.workspace.sid,
        ids::time::Clock::now(&*laboratory.clock),
    );
    laboratory
        .centre
        .store
        .fresh_workspace(sid, now)
        .await
        .unwrap()
        .unwrap()
        .ready_lists
        .len()
}

#[tokio::test]
async fn a_board_nobody_comes_to_any_more_is_not_looked_at_for_ever_and_who_comes_back_is_found() {
    let laboratory = TestCentre::example().await;
    for name in ["Maya", "Leela", "Arjun"] {
        goes(&laboratory, name, "Offline").await;
    }
    laboratory.centre.sweep().await;
    let before = boards(&laboratory).await;
    laboratory.advance(Millis::from_secs(4_200)).await;
    laboratory.centre.sweep().await;
    assert!(before >= 3, "{before}");
    assert_eq!(boards(&laboratory).await, 0);
    let caller = laboratory.dial("+17075550190").await;
    laboratory.centre.settle().await;
    laboratory.press(caller, "1").await;
    laboratory.advance(SLACK).await;
    goes(&laboratory, "Maya", "Available").await;
    assert!(
        laboratory.ringing().await.contains_key("+17075550101"),
        "{:?}",
        laboratory.task(caller).await
    );
    assert_eq!(boards(&laboratory).await, 1);
    laboratory.close().await;
}
