//! Matching over a real table, where a board is longer than one read of it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on says so by panicking")]

use std::fmt::Write;

use tests::laboratory::{EXAMPLE, Laboratory};
use tests::story::SLACK;

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
    let laboratory = Laboratory::open(&set_up, None).await;
    let caller = laboratory.dial("+17075550190").await;
    laboratory.centre.settle().await;
    laboratory.press(caller, "1").await;
    laboratory.advance(SLACK).await;
    assert!(laboratory.ringing().await.contains_key("+17075550101"), "{:?}", laboratory.task(caller).await);
    laboratory.close().await;
}
