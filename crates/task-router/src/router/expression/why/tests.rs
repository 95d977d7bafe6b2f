//! Which comparisons an explanation contains, with their columns and values.

use super::*;
use crate::model::{Configuration, Target, Task, TaskChannelName, Worker, Workflow, Workspace};
use crate::router::WorkerCounts;
use crate::router::expression::{TargetScope, TaskScope, WorkerScope};
use crate::router::{NewTask, create_task};
use ids::time::Timestamp;
use ids::{ActivitySid, TaskSid, WorkerSid, WorkflowSid, WorkspaceSid};

const NOW: Timestamp = Timestamp::from_millis(0);

fn why(source: &str, attributes: &str) -> Option<FalseExpression> {
    let home = WorkspaceSid::derive(&["home"]);
    let workspace = Workspace::new(home, "Home", ActivitySid::derive(&["offline"]));
    let worker = Worker::new(
        WorkerSid::derive(&["a"]),
        home,
        "Maya",
        workspace.default_activity_sid,
        NOW,
    );
    let worker = Worker {
        attributes: attributes.parse().unwrap(),
        ..worker
    };
    let expression: Expression = source.parse().unwrap();
    let scope = WorkerScope::new(&worker, &workspace);
    let why = expression.why_false(&scope);
    assert_eq!(why.is_none(), expression.matches(&scope), "{source}");
    why
}

fn sentences(source: &str, attributes: &str) -> Vec<String> {
    let why = why(source, attributes).unwrap();
    why.because
        .clauses()
        .into_iter()
        .map(|clause| clause.text.clone())
        .collect()
}

#[test]
fn false_comparison_is_shown_with_its_values() {
    for (source, attributes, expected) in [
        (
            r#"languages HAS "hi""#,
            r#"{"languages":["en"]}"#,
            r#"`languages HAS "hi"` is false: `languages` is ["en"]"#,
        ),
        (
            "level >= 3",
            r#"{"level":2}"#,
            "`level >= 3` is false: `level` is 2",
        ),
        (
            "worker.level>=3",
            "{}",
            "`worker.level>=3` is false: the Worker has no `level`",
        ),
        (
            "level == 3",
            r#"{"level":null}"#,
            "`level == 3` is false: the Worker has no `level`",
        ),
        (
            "a.b[1] == c",
            r#"{"a":{"b":[1,2]},"c":3}"#,
            "`a.b[1] == c` is false: `a.b[1]` is 2, `c` is 3",
        ),
        (
            "level IN [1, wanted]",
            r#"{"level":2,"wanted":5}"#,
            "`level IN [1, wanted]` is false: `level` is 2, `[1, wanted]` is [1,5]",
        ),
        ("1 == 2", "{}", "`1 == 2` is false"),
        (
            "a == a.b",
            r#"{"a":{"x":1}}"#,
            "`a == a.b` is false: `a` is {…}, the Worker has no `a.b`",
        ),
    ] {
        assert_eq!(sentences(source, attributes), [expected]);
    }
}

#[test]
fn impossible_comparison_has_a_hint() {
    for (source, attributes, hint) in [
        (
            "level >= 3",
            r#"{"level":"2"}"#,
            "only two numbers or two texts have an order",
        ),
        (
            "level == '3'",
            r#"{"level":3}"#,
            "values of different kinds are never equal",
        ),
        (
            "languages == 'en'",
            r#"{"languages":["en"]}"#,
            "== and != compare single values; HAS and IN look into arrays",
        ),
        (
            "languages != 'en'",
            r#"{"languages":["en"]}"#,
            "== and != compare single values; HAS and IN look into arrays",
        ),
        (
            "languages CONTAINS 'en'",
            r#"{"languages":["en"]}"#,
            "CONTAINS looks for a text in a text; HAS looks into arrays",
        ),
        (
            "language HAS 'en'",
            r#"{"language":"en"}"#,
            "HAS wants an array on its left, one value on its right",
        ),
        (
            "'en' IN language",
            r#"{"language":"en"}"#,
            "IN wants one value on its left, an array on its right",
        ),
    ] {
        let explained = why(source, attributes).unwrap();
        assert_eq!(
            explained.because.clauses()[0].hint.as_deref(),
            Some(hint),
            "{source}"
        );
    }
    for source in [
        "level >= 3",
        "name == 'Asha'",
        "skills HAS 'x'",
        "missing HAS 'x'",
        "name CONTAINS 'x'",
    ] {
        let explained = why(source, r#"{"level":1,"name":"Maya","skills":["y"]}"#).unwrap();
        assert_eq!(explained.because.clauses()[0].hint, None, "{source}");
    }
}

#[test]
fn and_shows_false_terms_or_shows_all_terms() {
    let attributes = r#"{"a":1,"b":1}"#;
    let because_of = |source| why(source, attributes).unwrap().because;
    let texts = |why: &[Because]| why.iter().map(ToString::to_string).collect::<Vec<_>>();
    let Because::AllOf { all_of } = because_of("a == 2 AND b == 1 AND b == 3") else {
        panic!()
    };
    assert_eq!(
        texts(&all_of),
        ["`a == 2` is false: `a` is 1", "`b == 3` is false: `b` is 1"]
    );
    let Because::AnyOf { any_of } = because_of("a == 2 OR (b == 1 AND b == 3)") else {
        panic!()
    };
    assert_eq!(
        texts(&any_of),
        ["`a == 2` is false: `a` is 1", "`b == 3` is false: `b` is 1"]
    );
    let Because::AnyOf { any_of } = because_of("NOT (a == 1 AND b == 1)") else {
        panic!()
    };
    assert_eq!(
        texts(&any_of),
        ["`a == 1` is true: `a` is 1", "`b == 1` is true: `b` is 1"]
    );
    let Because::AllOf { all_of } = because_of("NOT (a == 1 OR a == 7 OR NOT b == 2)") else {
        panic!()
    };
    assert_eq!(
        texts(&all_of),
        ["`a == 1` is true: `a` is 1", "`b == 2` is false: `b` is 1"]
    );
    let Because::Clause(clause) = because_of("NOT NOT a == 2") else {
        panic!()
    };
    assert!(!clause.is && why("NOT NOT a == 1", attributes).is_none());
}

#[test]
fn clause_has_its_column_in_the_source() {
    let source = "(a==1  OR é == 'ü') AND  NOT( level>=3 )AND name IN ['x' ,'y'] ";
    let explained = why(source, r#"{"level":3,"name":"z"}"#).unwrap();
    let clauses: Vec<_> = explained
        .because
        .clauses()
        .into_iter()
        .map(|each| (each.column, each.clause.clone()))
        .collect();
    let expected = [
        (2, "a==1"),
        (11, "é == 'ü'"),
        (31, "level>=3"),
        (45, "name IN ['x' ,'y']"),
    ];
    assert_eq!(
        clauses,
        expected.map(|(column, clause)| (column, clause.to_owned()))
    );
    for (column, clause) in clauses {
        let found: String = source
            .chars()
            .skip(column - 1)
            .take(clause.chars().count())
            .collect();
        assert_eq!(found, clause);
    }
}

#[test]
fn long_expression_is_shortened() {
    let source = vec!["level == 1"; 500].join(" OR ");
    let explained = why(&source, "{}").unwrap();
    assert_eq!(
        (explained.because.clauses().len(), explained.more),
        (CLAUSES_MAX, 500 - CLAUSES_MAX)
    );
    let source = format!("name == '{}'", "ü".repeat(1_000));
    let explained = why(&source, &format!(r#"{{"name":"{}"}}"#, "é".repeat(1_000))).unwrap();
    assert!(explained.expression.chars().count() <= SHOWN_CHARS_MAX + 1);
    assert!(
        explained.because.to_string().chars().count() <= 3 * SHOWN_CHARS_MAX,
        "{}",
        explained.because
    );
}

/// A Workspace, and a Task in it whose level is 3.
fn workspace_with_a_task() -> (Workspace, Task) {
    let home = WorkspaceSid::derive(&["home"]);
    let mut workspace = Workspace::new(home, "Home", ActivitySid::derive(&["offline"]));
    let queue = ids::TaskQueueSid::derive(&["q"]);
    let task_queue = crate::model::TaskQueue {
        sid: queue,
        friendly_name: "q".to_owned(),
        target_workers: None,
        max_reserved_workers: 1,
        task_order: crate::model::TaskOrder::Fifo,
        reservation_activity_sid: None,
        assignment_activity_sid: None,
    };
    workspace.task_queues.insert(queue, task_queue);
    let configuration = Configuration {
        filters: Vec::new(),
        default_filter: Some(Target::to(queue)),
        text: None,
    };
    let workflow = Workflow::new(WorkflowSid::derive(&["w"]), "W", configuration);
    let new = NewTask::new(
        TaskSid::derive(&["t"]),
        r#"{"level":3}"#.parse().unwrap(),
        TaskChannelName::DEFAULT,
    );
    let task = create_task(&workspace, &workflow, new, NOW).unwrap();
    (workspace, task)
}

#[test]
fn target_names_the_owner_of_a_missing_key() {
    let (workspace, task) = workspace_with_a_task();
    let worker = Worker::new(
        WorkerSid::derive(&["a"]),
        workspace.sid,
        "Maya",
        workspace.default_activity_sid,
        NOW,
    );
    let scope = TargetScope {
        task: &task,
        worker: WorkerScope::new(&worker, &workspace),
        now: NOW,
    };
    let text = |source: &str| {
        source
            .parse::<Expression>()
            .unwrap()
            .why_false(&scope)
            .unwrap()
            .because
            .to_string()
    };
    assert_eq!(
        text("worker.level >= task.level"),
        "`worker.level >= task.level` is false: the Worker has no `level`, `task.level` is 3"
    );
    assert_eq!(
        text("task.vip == true"),
        "`task.vip == true` is false: the Task has no `vip`"
    );
    assert_eq!(
        text("level == 3"),
        "`level == 3` is false: the key `level` needs a prefix, `task.level` or `worker.level`"
    );
}

#[test]
fn clauses_are_marked_in_the_expression() {
    let explained = why("a == 1 AND b == 'ü' AND (c == 1)", r#"{"a":2,"b":"ü"}"#).unwrap();
    let piece = |text: &str, is_marked| (text.to_owned(), is_marked);
    assert_eq!(
        explained.marked(),
        [
            piece("a == 1", true),
            piece(" AND b == 'ü' AND (", false),
            piece("c == 1", true),
            piece(")", false)
        ]
    );
    let json = serde_json::to_string(&explained).unwrap();
    assert_eq!(
        serde_json::from_str::<FalseExpression>(&json).unwrap(),
        explained,
        "deserialization reverses serialization"
    );
}

#[test]
fn single_cause_is_not_a_group() {
    let why = why("level == 3 AND 1 == 1", "{}").unwrap();
    assert!(matches!(why.because, Because::Clause(_)), "{why:?}");
}

#[test]
fn clause_after_a_true_group_is_found() {
    assert_eq!(
        sentences("(1 == 1 OR 2 == 2) AND level == 3", r#"{"level":2}"#),
        ["`level == 3` is false: `level` is 2"]
    );
}

#[test]
fn literal_array_is_not_repeated() {
    assert_eq!(
        sentences("level IN [3, 4]", r#"{"level":2}"#),
        ["`level IN [3, 4]` is false: `level` is 2"]
    );
}

/// Each scope names the owner of a value that is missing.
#[test]
fn missing_value_names_its_owner() {
    let (_, task) = workspace_with_a_task();
    let of_task = TaskScope {
        task: &task,
        now: NOW,
    };
    let counts = WorkerCounts::default();
    let text = |source: &str, scope: &dyn Scope| {
        let expression: Expression = source.parse().unwrap();
        let why = expression.why_false(scope).unwrap();
        why.because.clauses()[0].text.clone()
    };
    assert_eq!(
        text("language == 'en'", &of_task),
        "`language == 'en'` is false: the Task has no `language`"
    );
    assert_eq!(
        text("workers.busy == 1", &counts),
        "`workers.busy == 1` is false: the TaskQueue has no `workers.busy`"
    );
}
