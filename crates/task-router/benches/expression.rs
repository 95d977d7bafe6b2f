//! The cost of parsing and evaluating an expression: `cargo bench -p task-router --bench
//! expression`.

#![allow(
    clippy::unwrap_used,
    reason = "what cannot be set up cannot be measured"
)]

use divan::{Bencher, black_box};
use fixtures::{NOON, task, worker, workspace};
use task_router::model::Expression;
use task_router::router::expression::{TargetScope, WorkerScope};

#[path = "../tests/expressions/fixtures.rs"]
mod fixtures;

const SHORT: &str = r#"languages HAS "hi" AND level >= 3"#;

const ATTRIBUTES: &str = r#"{"contact_uri":"+17075550101","languages":["en","hi"],"level":3,"team":{"name":"night","site":"Pune"}}"#;

/// Everything that a target's expression can read, 40 times.
fn long() -> String {
    let condition = "(worker.languages HAS task.language AND worker.level >= task.level \
        AND worker.sid NOT IN task.tried AND worker.team.name IN ['day', 'night'])";
    vec![condition; 40].join(" AND ")
}

fn main() {
    divan::main();
}

#[divan::bench]
fn parse_short() -> Expression {
    black_box(SHORT).parse().unwrap()
}

#[divan::bench]
fn parse_long(bencher: Bencher<'_, '_>) {
    let source = long();
    bencher.bench(|| black_box(&source).parse::<Expression>());
}

#[divan::bench]
fn evaluate_short(bencher: Bencher<'_, '_>) {
    let worker = worker(ATTRIBUTES);
    let workspace = workspace();
    let expression: Expression = SHORT.parse().unwrap();
    bencher.bench(|| {
        black_box(&expression).matches(&WorkerScope::new(black_box(&worker), &workspace))
    });
}

#[divan::bench]
fn evaluate_sid(bencher: Bencher<'_, '_>) {
    let worker = worker(ATTRIBUTES);
    let workspace = workspace();
    let expression: Expression = format!("sid == '{}'", worker.sid).parse().unwrap();
    bencher.bench(|| {
        black_box(&expression).matches(&WorkerScope::new(black_box(&worker), &workspace))
    });
}

#[divan::bench]
fn evaluate_long(bencher: Bencher<'_, '_>) {
    let worker = worker(ATTRIBUTES);
    let workspace = workspace();
    let task = task(r#"{"language":"hi","level":2,"tried":["WK1","WK2"]}"#);
    let expression: Expression = long().parse().unwrap();
    assert!(expression.matches(&TargetScope {
        task: &task,
        worker: WorkerScope::new(&worker, &workspace),
        now: NOON,
    }));
    let scope = || TargetScope {
        task: &task,
        worker: WorkerScope::new(black_box(&worker), &workspace),
        now: NOON,
    };
    bencher.bench(|| black_box(&expression).matches(&scope()));
}
