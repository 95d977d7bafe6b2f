//! Hostile texts, and the memory that expressions take.

use allocation_counter::measure;
use task_router::model::{EXPRESSION_CHARS_MAX, Expression, Worker};
use task_router::router::WorkerCounts;
use task_router::router::expression::{Scope, TargetScope, TaskScope, WorkerScope};

use super::fixtures::{NOON, task, worker, workspace};

/// Bytes that an expression may allocate for each character, intermediate values included. The
/// worst case is a text of brackets: each is a token.
const BYTES_FOR_A_CHARACTER: u64 = 400;

/// Texts of a megabyte each: unlimited depth, unlimited width, and texts that could make a lexer
/// backtrack.
fn hostile() -> Vec<String> {
    let pieces = [
        "(",
        ")",
        "[",
        "a IN [",
        "NOT ",
        "a == 1 OR ",
        "a == 1 AND ",
        "a.",
        "a[0]",
        "'",
        "\"",
        "\\",
        "-",
        "1",
        "<-",
        ">-",
        "=",
        "a",
        "a ",
        "a == 'x' ",
        "(a == 1) OR ",
        "NOT (",
        "\u{10FFFF}",
        "\0",
        "[[],",
        "a IN [1, ",
        "😀 ",
        " ",
        "AND ",
    ];
    let repeated = |piece: &str, bytes: usize| piece.repeat(bytes / piece.len());
    let mut texts: Vec<String> = pieces
        .iter()
        .map(|piece| repeated(piece, 1 << 20))
        .collect();
    texts.extend(
        pieces
            .iter()
            .map(|piece| repeated(piece, EXPRESSION_CHARS_MAX)),
    );
    texts.extend(
        pieces
            .iter()
            .map(|piece| repeated(piece, EXPRESSION_CHARS_MAX - 10) + "a == 1"),
    );
    texts
}

#[test]
fn hostile_text_takes_bounded_memory() {
    let worker = worker(r#"{"a":1}"#);
    let workspace = workspace();
    for source in hostile() {
        let shown: String = source.chars().take(20).collect();
        let mut parsed = None;
        let used = measure(|| parsed = Some(source.parse::<Expression>()));
        let chars = source.chars().count().min(EXPRESSION_CHARS_MAX) as u64;
        assert!(
            used.bytes_total <= chars * BYTES_FOR_A_CHARACTER,
            "{shown}: {} bytes",
            used.bytes_total
        );
        if let Some(Ok(expression)) = parsed {
            expression.matches(&WorkerScope::new(&worker, &workspace));
            assert!(expression.to_string().len() <= 4 * source.len(), "{shown}");
            assert!(
                expression.warnings().concat().len() <= 100 * source.len(),
                "{shown}"
            );
        }
    }
}

#[test]
fn longest_chains_do_not_overflow_stack() {
    let worker = worker(r#"{"a":1}"#);
    let workspace = workspace();
    let scope = WorkerScope::new(&worker, &workspace);
    for (word, expected) in [("OR", false), ("AND", false)] {
        let chain = vec!["a=2"; EXPRESSION_CHARS_MAX / 8].join(&format!(" {word} "));
        let expression: Expression = chain.parse().unwrap();
        assert_eq!(expression.matches(&scope), expected);
        assert!(
            expression
                .to_string()
                .starts_with(&format!("a == 2 {word} a == 2"))
        );
    }
}

/// Asserts that evaluating `source` allocates nothing, the creation of the scope included.
#[track_caller]
fn allocates_nothing(source: &str, expected: bool, matches: impl Fn(&Expression) -> bool) {
    let expression: Expression = source.parse().unwrap();
    let mut result = None;
    let used = measure(|| result = Some(matches(&expression)));
    assert_eq!(result, Some(expected), "{source}");
    assert_eq!(used.count_total, 0, "{source}");
}

fn worker_with_skills() -> Worker {
    worker(r#"{"languages":["en","hi"],"level":3,"deep":{"list":[{"name":"Maria Lopez"}]}}"#)
}

#[test]
fn allocation_counter_counts() {
    assert!(measure(|| drop(worker_with_skills())).count_total > 1);
}

#[test]
fn worker_scope_allocates_nothing() {
    let worker = worker_with_skills();
    let workspace = workspace();
    for (source, expected) in [
        (r#"languages HAS "hi" AND level >= 3"#, true),
        (
            "sid == friendly_name OR activity_sid == 'WA' OR activity_name == 'Available'",
            true,
        ),
        (
            "deep.list[0].name CONTAINS 'Lop' AND NOT level NOT IN [1, 2, level]",
            true,
        ),
        ("worker.missing.step[3] != null OR languages == 'en'", false),
    ] {
        allocates_nothing(source, expected, |expression| {
            expression.matches(&WorkerScope::new(&worker, &workspace))
        });
    }
}

#[test]
fn other_scopes_allocate_nothing() {
    let (worker, workspace, task) = (
        worker_with_skills(),
        workspace(),
        task(r#"{"type":"sale","agents":[]}"#),
    );
    allocates_nothing("type == 'sale' AND task.agents != null", true, |filter| {
        filter.matches(&TaskScope {
            task: &task,
            now: NOON,
        })
    });
    let target =
        "worker.sid NOT IN task.agents AND worker.channel.chat.available_capacity_percentage >= 70";
    allocates_nothing(target, true, |target| {
        target.matches(&TargetScope {
            task: &task,
            worker: WorkerScope::new(&worker, &workspace),
            now: NOON,
        })
    });
    let presence = WorkerCounts::from_counts([(worker.activity_sid, 2)], &workspace);
    let skip_if = format!(
        "workers.available == 0 OR workers.{} > 1",
        worker.activity_sid
    );
    allocates_nothing(&skip_if, true, |skip_if| {
        skip_if.matches(&presence as &dyn Scope)
    });
}
