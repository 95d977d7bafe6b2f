//! Properties of all expressions. The seed is fixed, so a failure can be repeated.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::RngSeed;
use serde_json::{Value as Json, json};
use task_router::model::{Expression, Path};
use task_router::router::expression::WorkerScope;

use super::fixtures::{worker, workspace};
use super::naive::{self, Side, Tree};

const OPERATORS: [&str; 10] = [
    "==", "!=", "<", "<=", ">", ">=", "CONTAINS", "HAS", "IN", "NOT IN",
];

/// Pieces of expressions, to be joined at random.
const PIECES: [&str; 34] = [
    "a",
    "b.c",
    "x[0]",
    "[",
    "]",
    "(",
    ")",
    ",",
    ".",
    "==",
    "=",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    ">-",
    "<-",
    "AND",
    "OR",
    "NOT",
    "IN",
    "HAS",
    "contains",
    "null",
    "true",
    "'t'",
    "\"q\\\"\"",
    "'",
    "3",
    "-2.5",
    "-",
    "\\",
    "é",
];

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 512,
        rng_seed: RngSeed::Fixed(8),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

fn scalar() -> impl Strategy<Value = Json> {
    let texts = [
        "",
        "a",
        "b",
        "ab",
        "z",
        "é",
        "'",
        "it's \"so\" \\ done",
        "\\",
        "3",
    ];
    prop_oneof![
        1 => Just(Json::Null),
        2 => any::<bool>().prop_map(Json::from),
        4 => (-3_i64..4).prop_map(Json::from),
        1 => select(vec![(1_i64 << 53) - 1, 1 << 53, (1 << 53) + 1, i64::MIN, i64::MAX])
            .prop_map(Json::from),
        1 => select(vec![(1_u64 << 63) - 1, 1 << 63, u64::MAX - 1, u64::MAX]).prop_map(Json::from),
        2 => select(vec![0.5, -0.5, 2.0, 1e21, 1.7e-9]).prop_map(Json::from),
        5 => select(texts.to_vec()).prop_map(Json::from),
    ]
}

fn list() -> impl Strategy<Value = Json> {
    vec(
        prop_oneof![6 => scalar(), 1 => vec(scalar(), 0..3).prop_map(Json::from)],
        0..4,
    )
    .prop_map(Json::from)
}

fn attributes() -> impl Strategy<Value = Json> {
    let value = || prop_oneof![4 => scalar(), 2 => list(), 1 => scalar().prop_map(|inner| json!({"a": inner}))];
    (value(), value(), list(), value(), list()).prop_map(|(a, b, list, inner, inner_list)| {
        json!({"a": a, "b": b, "list": list, "deep": {"a": inner, "list": inner_list}})
    })
}

fn path() -> impl Strategy<Value = Side> {
    let paths = [
        json!(["a"]),
        json!(["a", "a"]),
        json!(["b"]),
        json!(["list"]),
        json!(["list", 0]),
        json!(["list", 1, 0]),
        json!(["deep"]),
        json!(["deep", "a"]),
        json!(["deep", "list"]),
        json!(["deep", "list", 2]),
        json!(["missing"]),
        json!(["missing", "in", 3]),
    ];
    select(paths.to_vec()).prop_map(|steps| Side::Path(steps.as_array().unwrap().clone()))
}

fn side() -> impl Strategy<Value = Side> {
    // The grammar has no numbers with an exponent.
    let constant = || {
        scalar().prop_filter("no exponent", |value| {
            !value.to_string().contains('e') || !value.is_number()
        })
    };
    let element = prop_oneof![4 => constant().prop_map(Side::Constant), 1 => path()];
    prop_oneof![
        5 => path(),
        3 => constant().prop_map(Side::Constant),
        2 => vec(element, 0..4).prop_map(Side::List),
    ]
}

fn tree() -> impl Strategy<Value = Tree> {
    let comparison = (side(), select(OPERATORS.to_vec()), side())
        .prop_map(|(left, operator, right)| Tree::Compare(left, operator, right));
    comparison.prop_recursive(4, 16, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 2..4).prop_map(Tree::Or),
            vec(inner.clone(), 2..4).prop_map(Tree::And),
            inner.prop_map(|inner| Tree::Not(Box::new(inner))),
        ]
    })
}

fn parse(source: &str) -> Expression {
    source
        .parse()
        .unwrap_or_else(|error| panic!("{source}: {error}"))
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn evaluator_agrees_with_naive_one(tree in tree(), attributes in attributes(), style in vec(any::<u8>(), 64)) {
        let source = naive::write(&tree, &mut style.into_iter());
        let worker = worker(&attributes.to_string());
        let workspace = workspace();
        let real = parse(&source).matches(&WorkerScope::new(&worker, &workspace));
        prop_assert_eq!(real, naive::truth(&tree, &attributes), "{} over {}", source, attributes);
    }

    #[test]
    fn normal_form_parses_to_same_condition(tree in tree(), style in vec(any::<u8>(), 64)) {
        let expression = parse(&naive::write(&tree, &mut style.into_iter()));
        let normal = expression.to_string();
        let again = parse(&normal);
        prop_assert_eq!(again.root(), expression.root(), "{}", normal);
        prop_assert_eq!(again.to_string(), normal);
    }

    #[test]
    fn any_text_parses_or_names_a_column(source in any::<String>()) {
        check_result(&source)?;
    }

    #[test]
    fn any_pieces_parse_or_name_a_column(pieces in vec(select(PIECES.to_vec()), 0..24)) {
        check_result(&pieces.join(" "))?;
        check_result(&pieces.concat())?;
    }
}

/// Parsing gives a column inside the text (or just after it), or an expression that survives being
/// printed.
fn check_result(source: &str) -> Result<(), TestCaseError> {
    if let Ok(path) = source.parse::<Path>() {
        prop_assert_eq!(path.to_string().parse::<Path>(), Ok(path));
    }
    match source.parse::<Expression>() {
        Err(error) => {
            prop_assert!(
                (1..=source.chars().count() + 1).contains(&error.column),
                "{source}: {error}"
            );
            prop_assert!(
                !error.message.is_empty() && error.message.chars().count() < 200,
                "{source}: {error}"
            );
        }
        Ok(expression) => {
            let normal = expression.to_string();
            let again = parse(&normal);
            prop_assert_eq!(
                again.root(),
                expression.root(),
                "{} from {}",
                normal,
                source
            );
            expression.warnings();
            let _ = expression.check_skip_if();
        }
    }
    Ok(())
}
