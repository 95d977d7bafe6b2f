//! The reasoner against the engine's evaluator: whatever it claims to be never true must be false
//! for every Task, and whatever it claims to follow must follow.

use std::sync::LazyLock;

use ids::time::Timestamp;
use ids::{ActivitySid, TaskQueueSid, TaskSid, WorkflowSid, WorkspaceSid};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::RngSeed;
use serde_json::{Value as Json, json};
use task_router::model::{
    Configuration, Expression, Target, Task, TaskChannelName, TaskOrder, TaskQueue, Workflow,
    Workspace,
};
use task_router::router::expression::TaskScope;
use task_router::router::{NewTask, create_task};

use super::variable::Context;
use super::{Formula, Reasoner, STEPS_MAX, Verdict};

/// 2027-01-15T00:00:00Z, a Friday.
const MIDNIGHT: i64 = 1_799_971_200_000;

const MINUTE: i64 = 60_000;

fn task(attributes: &Json) -> Task {
    let queue = TaskQueueSid::derive(&["queue"]);
    let sid = WorkspaceSid::derive(&["centre"]);
    let mut workspace = Workspace::new(sid, "centre", ActivitySid::derive(&["Offline"]));
    workspace.task_queues.insert(
        queue,
        TaskQueue {
            sid: queue,
            friendly_name: "queue".to_owned(),
            target_workers: None,
            max_reserved_workers: 1,
            task_order: TaskOrder::Fifo,
            reservation_activity_sid: None,
            assignment_activity_sid: None,
        },
    );
    let configuration = Configuration {
        filters: Vec::new(),
        default_filter: Some(Target::to(queue)),
        text: None,
    };
    let workflow = Workflow::new(WorkflowSid::derive(&["w"]), "w", configuration);
    let attributes = attributes.to_string().parse().unwrap();
    let new = NewTask::new(TaskSid::derive(&["t"]), attributes, TaskChannelName::VOICE);
    create_task(&workspace, &workflow, new, Timestamp::from_millis(MIDNIGHT)).unwrap()
}

/// A Task like every other, which is made once.
static TASK: LazyLock<Task> = LazyLock::new(|| task(&json!({})));

fn is_true(expression: &Expression, attributes: &Json, minute: i64) -> bool {
    let mut task = TASK.clone();
    task.attributes = attributes.to_string().parse().unwrap();
    let now = Timestamp::from_millis(MIDNIGHT + minute * MINUTE);
    expression.matches(&TaskScope { task: &task, now })
}

fn scalar() -> impl Strategy<Value = Json> {
    prop_oneof![
        1 => Just(Json::Null),
        1 => any::<bool>().prop_map(Json::from),
        3 => (-1_i64..3).prop_map(Json::from),
        1 => select(vec![0.5, 1.0]).prop_map(Json::from),
        4 => select(vec!["", "a", "b", "ab"]).prop_map(Json::from),
    ]
}

fn value() -> impl Strategy<Value = Json> {
    prop_oneof![
        6 => scalar(),
        2 => vec(scalar(), 0..3).prop_map(Json::from),
        1 => Just(json!({"x": 1})),
    ]
}

fn attributes() -> impl Strategy<Value = Json> {
    (value(), value(), value()).prop_map(|(a, b, c)| json!({"a": a, "b": b, "d": {"c": c}}))
}

fn operand() -> impl Strategy<Value = String> {
    let time = ["currentTime", "currentHour", "currentMin", "dayOfWeek"];
    let element = || prop_oneof![4 => scalar().prop_map(|value| value.to_string()), 1 => Just("b".to_owned())];
    prop_oneof![
        6 => select(vec!["a", "task.a", "b", "d.c", "a[0]"]).prop_map(str::to_owned),
        6 => scalar().prop_map(|value| value.to_string()),
        1 => select(vec!["900", "17", "\"Fri\"", "30"]).prop_map(str::to_owned),
        2 => vec(element(), 0..3).prop_map(|elements| format!("[{}]", elements.join(", "))),
        2 => select(time.to_vec()).prop_map(|name| format!("taskrouter.{name}")),
    ]
}

fn condition() -> impl Strategy<Value = String> {
    let operators = [
        "==", "!=", "<", "<=", ">", ">=", "CONTAINS", "HAS", "IN", "NOT IN",
    ];
    let comparison = (operand(), select(operators.to_vec()), operand())
        .prop_map(|(left, operator, right)| format!("{left} {operator} {right}"));
    comparison.prop_recursive(3, 10, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 2..4).prop_map(|all| format!("({})", all.join(" AND "))),
            vec(inner.clone(), 2..4).prop_map(|any| format!("({})", any.join(" OR "))),
            inner.prop_map(|inner| format!("NOT ({inner})")),
        ]
    })
}

fn parse(source: &str) -> Expression {
    source
        .parse()
        .unwrap_or_else(|error| panic!("{source}: {error}"))
}

fn implies(left: &str, right: &str) -> bool {
    let mut reasoner = Reasoner::new();
    let left = reasoner.formula(Context::Filter, &parse(left));
    let right = reasoner.formula(Context::Filter, &parse(right));
    reasoner.implies(&left, &right)
}

fn is_never(context: Context, source: &str) -> bool {
    let mut reasoner = Reasoner::new();
    let formula = reasoner.formula(context, &parse(source));
    reasoner.is_never(&[&formula])
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 150,
        rng_seed: RngSeed::Fixed(11),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn never_true_is_false_for_every_task(
        source in condition(), tasks in vec(attributes(), 12), minute in 0..10_080_i64,
    ) {
        if is_never(Context::Filter, &source) {
            let expression = parse(&source);
            for attributes in tasks {
                prop_assert!(!is_true(&expression, &attributes, minute), "{} {}", source, attributes);
            }
        }
    }

    #[test]
    fn implied_condition_is_true(
        left in condition(), right in condition(), tasks in vec(attributes(), 12),
        minute in 0..10_080_i64,
    ) {
        if implies(&left, &right) {
            let (left, right) = (parse(&left), parse(&right));
            for attributes in tasks {
                let follows = !is_true(&left, &attributes, minute) || is_true(&right, &attributes, minute);
                prop_assert!(follows, "{} => {}: {}", left, right, attributes);
            }
        }
    }

    /// Without opaque parts, what is not refuted has an example that the engine confirms.
    #[test]
    fn example_is_true(source in condition()) {
        let mut reasoner = Reasoner::new();
        let expression = parse(&source);
        let formula = reasoner.formula(Context::Filter, &expression);
        if let Verdict::Sometimes(solution) = reasoner.solve(&[&formula])
            && solution.is_exact() && solution.time(Context::Filter).is_none()
            && solution.day(&reasoner, Context::Filter).is_none()
            && !source.contains("a[0]")
            && let Some(example) = solution.example(&reasoner)
        {
            prop_assert!(is_true(&expression, &Json::Object(example.clone()), 0), "{} {:?}", source, example);
        }
    }
}

#[test]
fn contradictions_are_proven() {
    for source in [
        "1 == 0",
        "a == 1 AND a == 2",
        "a == \"x\" AND NOT (a == \"x\" OR b == 1)",
        "a > 3 AND a < 3",
        "a > 3 AND a == \"4\"",
        "a HAS 1 AND a == 1",
        "a HAS \"x\" AND \"x\" NOT IN a",
        "a CONTAINS \"ab\" AND NOT a CONTAINS \"a\"",
        "a IN [1, 2] AND a NOT IN [1, 2, 3]",
        "a == b AND a != b",
        "a < b AND b < a",
        "a > true",
        "taskrouter.dayOfWeek == \"Monday\"",
        "taskrouter.currentHour == 24",
        "taskrouter.currentTime >= 1700 AND taskrouter.currentHour < 17",
        "taskrouter.currentTime == 1275",
    ] {
        assert!(is_never(Context::Filter, source), "{source}");
    }
}

#[test]
fn possible_conditions_are_not_refuted() {
    for source in [
        "a > 0 AND a < 1",
        "a != 1 AND a != 2",
        "a > \"a\" AND a < \"b\"",
        "a == b AND b == 3",
        "taskrouter.dayOfWeek == \"Mon\" AND taskrouter.currentTime == 1200",
    ] {
        assert!(!is_never(Context::Filter, source), "{source}");
    }
}

#[test]
fn counts_are_whole_and_not_negative() {
    for source in [
        "workers.available < 0",
        "workers.available > 0 AND workers.available < 1",
    ] {
        assert!(is_never(Context::SkipIf, source), "{source}");
    }
}

#[test]
fn implications_are_proven() {
    for (left, right) in [
        ("a == 5", "a > 3"),
        ("a == \"x\"", "a IN [\"x\", \"y\"]"),
        ("a == \"x\" AND b == 1", "a == \"x\""),
        ("a > 3", "a != null"),
        ("a == null", "a != \"x\""),
        ("taskrouter.currentTime < 830", "taskrouter.currentHour < 9"),
    ] {
        assert!(implies(left, right), "{left} => {right}");
        assert!(!implies(right, left), "{right} => {left}");
    }
}

/// `x != "a" OR x != "b"` is false for an array only.
#[test]
fn single_values_can_be_assumed() {
    let source = "a != \"x\" OR a != \"y\"";
    let is_always = |mut reasoner: Reasoner<'_>| {
        let formula = reasoner.formula(Context::Filter, &parse(source)).negated();
        reasoner.is_never(&[&formula])
    };
    assert!(!is_always(Reasoner::new()));
    assert!(is_always(Reasoner::new().assuming_single_values()));
}

/// Forty choices of three have more combinations than could be tried.
#[test]
fn long_search_is_short_or_given_up() {
    let choices: Vec<String> = (0..40)
        .map(|at| format!("(a{at} == b{at} OR a{at} HAS c OR c{at} CONTAINS d)"))
        .collect();
    for (rest, expected) in [("x == y AND x != y", true), ("e IN x AND x == 1", false)] {
        let mut reasoner = Reasoner::new();
        let source = format!("{} AND {rest}", choices.join(" AND "));
        let formula = reasoner.formula(Context::Filter, &parse(&source));
        assert_eq!(reasoner.is_never(&[&formula]), expected, "{rest}");
        assert!(reasoner.steps() <= STEPS_MAX + choices.len());
    }
}

/// The questions about a Workflow of 100 filters: is each of them hidden by those before it?
#[test]
fn hundred_filters_take_few_steps() {
    let mut reasoner = Reasoner::new();
    let mut formulas = Vec::new();
    for at in 0..100 {
        let source = format!(
            "type == \"t{}\" AND topic IN [\"a{at}\", \"b{at}\"] AND (level > {at} OR vip == true)",
            at % 10
        );
        formulas.push(reasoner.formula(Context::Filter, &parse(&source)));
    }
    let negated: Vec<_> = formulas.iter().map(Formula::negated).collect();
    for (at, formula) in formulas.iter().enumerate() {
        let earlier = negated.iter().take(at);
        let all: Vec<&Formula> = earlier.chain([formula]).collect();
        assert!(!reasoner.is_never(&all), "{at}");
    }
    // Each question looks at a few atoms of each earlier filter.
    let steps = reasoner.steps();
    assert!(steps < 50_000, "{steps}");
}

/// Comparisons of one attribute with constants: each operator on each side that it has.
const TESTS: [&str; 34] = [
    "a == null",
    "a != null",
    "a == true",
    "a != true",
    "a == 1",
    "a != 1",
    "1 != a",
    "a == \"a\"",
    "a != \"a\"",
    "a == [\"a\"]",
    "a != [\"a\"]",
    "a < 1",
    "a <= 1",
    "a > 1",
    "1 <= a",
    "a < \"a\"",
    "a <= \"a\"",
    "a > \"a\"",
    "\"a\" > a",
    "a > true",
    "a CONTAINS \"a\"",
    "a CONTAINS \"\"",
    "a CONTAINS 1",
    "a HAS 1",
    "a HAS null",
    "\"a\" IN a",
    "1 NOT IN a",
    "\"a\" NOT IN a",
    "[1] NOT IN a",
    "a IN [1, \"a\"]",
    "a IN [null, true]",
    "a NOT IN [1, \"a\"]",
    "a NOT IN []",
    "a NOT IN \"a\"",
];

/// At least one value on each side of each constant.
fn values() -> Vec<Json> {
    let texts = ["", "A", "Aa", "a", "aa", "b"].map(Json::from);
    let numbers = [json!(0), json!(1), json!(1.5), json!(2)];
    let arrays = [
        json!([]),
        json!([1]),
        json!(["a"]),
        json!([1, "a"]),
        json!([null]),
        json!([null, 1]),
        json!([null, "a"]),
        json!([null, 1, "a"]),
    ];
    let others = [json!(null), json!(true), json!(false), json!({"x": 1})];
    texts
        .into_iter()
        .chain(numbers)
        .chain(arrays)
        .chain(others)
        .collect()
}

/// For every two tests of one attribute, each of them plain or negated, the reasoner says "never"
/// exactly when the evaluator finds them true together for no value.
#[test]
fn two_tests_are_decided_exactly() {
    let negated = TESTS.map(|test| format!("NOT ({test})"));
    let all: Vec<&str> = TESTS
        .iter()
        .copied()
        .chain(negated.iter().map(String::as_str))
        .collect();
    let values = values();
    let truths: Vec<Vec<bool>> = all
        .iter()
        .map(|test| {
            let expression = parse(test);
            let is_true = |value: &Json| is_true(&expression, &json!({ "a": value }), 0);
            values.iter().map(is_true).collect()
        })
        .collect();
    for (left, of_left) in all.iter().zip(&truths) {
        for (right, of_right) in all.iter().zip(&truths) {
            let mut both = of_left.iter().zip(of_right);
            let is_possible = both.any(|(left, right)| *left && *right);
            let source = format!("{left} AND {right}");
            assert_eq!(is_never(Context::Filter, &source), !is_possible, "{source}");
        }
    }
}

/// The same for two attributes that are compared with each other.
#[test]
fn relations_are_decided_exactly() {
    let relations = ["a == b", "a != b", "a < b", "a <= b", "b < a", "a >= b"];
    let negated = relations.map(|relation| format!("NOT ({relation})"));
    let all: Vec<&str> = relations
        .iter()
        .copied()
        .chain(negated.iter().map(String::as_str))
        .collect();
    let values = values();
    for left in &all {
        for right in &all {
            let source = format!("{left} AND {right}");
            let expression = parse(&source);
            let mut pairs = values
                .iter()
                .flat_map(|a| values.iter().map(move |b| (a, b)));
            let is_possible = pairs.any(|(a, b)| is_true(&expression, &json!({"a": a, "b": b}), 0));
            assert_eq!(is_never(Context::Filter, &source), !is_possible, "{source}");
        }
    }
}
