//! A whole centre in memory: Decisions depend on its state and on nothing else.

#![allow(clippy::unwrap_used, reason = "what cannot be set up cannot be tested")]

use std::fmt::Write;

use centre::{NOON, centre};
use ids::time::Millis;

mod centre;

/// Matches half of the Workers, then every Task; all Decisions in their order.
fn log(workers: u64, tasks: u64) -> String {
    let mut log = String::new();
    let mut centre = centre(workers, tasks);
    let half = centre.workers.len() / 2;
    for sid in &centre.workers[..half] {
        let decision = centre
            .table
            .choose_task(&centre.workspace, *sid, NOON)
            .unwrap();
        writeln!(log, "{decision:?}").unwrap();
        assert!(centre.table.commit(&centre.workspace, decision));
    }
    for (number, sid) in centre.tasks.iter().enumerate() {
        let now = NOON + Millis::from_millis(number as u64);
        let Some(decision) = centre.table.choose_workers(&centre.workspace, *sid, now) else {
            continue;
        };
        writeln!(log, "{decision:?}").unwrap();
        assert!(centre.table.commit(&centre.workspace, decision));
    }
    log
}

#[test]
fn decisions_are_deterministic() {
    let first = log(60, 400);
    assert_eq!(first.lines().count(), 60, "every Worker must have a Task");
    assert_eq!(first, log(60, 400));
}

/// A Worker gets the most urgent Task of the TaskQueues it serves, and a Task the longest idle
/// Worker that matches.
#[test]
fn most_urgent_task_and_longest_idle_worker_win() {
    let mut centre = centre(40, 200);
    let decision = centre
        .table
        .choose_task(&centre.workspace, centre.workers[4], NOON)
        .unwrap();
    let task = &decision.tasks[0];
    let queues = centre
        .table
        .worker(centre.workers[4])
        .unwrap()
        .queue_membership
        .clone();
    let rivals = centre
        .tasks
        .iter()
        .filter_map(|sid| centre.table.task(*sid));
    let mine = rivals.filter(|rival| queues.serves(rival.task_queue_sid));
    let best = mine
        .min_by_key(|rival| task_router::router::order::position_of(rival))
        .unwrap();
    assert_eq!(task.sid, best.sid);
    assert!(centre.table.commit(&centre.workspace, decision.clone()));
    assert!(
        !centre.table.commit(&centre.workspace, decision),
        "a Decision must be written once"
    );

    let sid = centre.tasks[1];
    let decision = centre
        .table
        .choose_workers(&centre.workspace, sid, NOON)
        .unwrap();
    assert_eq!(
        decision.workers[0].sid, centre.workers[0],
        "the first Worker of those who never had a Task"
    );
}
