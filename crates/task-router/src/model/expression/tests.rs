//! The rows of taskrouter.md section 8.1, one test each, and the rules around them.

use super::number::Number;
use super::*;

fn parse(source: &str) -> Expression {
    source
        .parse()
        .unwrap_or_else(|error| panic!("{source}: {error}"))
}

#[track_caller]
fn same(left: &str, right: &str) {
    assert_eq!(
        parse(left).root(),
        parse(right).root(),
        "{left} and {right}"
    );
}

#[track_caller]
fn refused(source: &str, expected: &str) {
    let error = source.parse::<Expression>().unwrap_err().to_string();
    assert!(error.starts_with(expected), "{source}: {error}");
}

#[test]
fn keywords_ignore_letter_case() {
    same("a == 1 and b == 2 Or c == 3", "a == 1 AND b == 2 OR c == 3");
    same(
        "a has 1 AND b Contains 'x' AND c in [1] AND d not In [1]",
        "a HAS 1 AND b CONTAINS 'x' AND c IN [1] AND d NOT IN [1]",
    );
    same(
        "a == TRUE AND b == False AND c == NULL",
        "a == true AND b == false AND c == null",
    );
}

#[test]
fn keys_and_texts_keep_letter_case() {
    assert_ne!(parse("Level == 1").root(), parse("level == 1").root());
    assert_ne!(parse("a == 'X'").root(), parse("a == 'x'").root());
}

#[test]
fn aliases_parse_to_their_operators() {
    same("a = 1", "a == 1");
    same("languages >- 'en'", "languages HAS 'en'");
    same("'en' <- languages", "'en' IN languages");
}

/// `level <-1` compares with a negative number; it is not the alias of `IN`.
#[test]
fn less_than_negative_number_is_not_in() {
    same("a <-1", "a < -1");
    same("a>-1.5", "a > -1.5");
}

#[test]
fn precedence_is_not_and_or() {
    same(
        "a == 1 OR b == 1 AND c == 1",
        "a == 1 OR (b == 1 AND c == 1)",
    );
    same("NOT a == 1 AND b == 1", "(NOT a == 1) AND b == 1");
    assert_ne!(
        parse("a == 1 OR b == 1 AND c == 1").root(),
        parse("(a == 1 OR b == 1) AND c == 1").root()
    );
}

#[test]
fn not_takes_comparison_or_parentheses() {
    same("not (a == 1)", "NOT a == 1");
    assert!(matches!(
        parse("NOT (a == 1 OR b == 1)").root(),
        Term::Not(_)
    ));
    assert!(matches!(parse("NOT NOT a NOT IN [1]").root(), Term::Not(_)));
}

#[test]
fn bare_value_is_refused() {
    refused("languages", "column 10: expected an operator");
    refused("true", "column 5: expected an operator");
    refused("(vip) == true", "column 5: expected an operator");
    assert!("1==1".parse::<Expression>().is_ok());
}

#[test]
fn hyphen_in_key_is_refused() {
    refused(
        "skill-level > 3",
        "column 6: `-` cannot be in a key; expected an operator",
    );
    refused(
        "skill-3 > 3",
        "column 6: `-` cannot be in a key; expected an operator",
    );
    assert!("skill == 'a-b'".parse::<Expression>().is_ok());
}

#[test]
fn quoted_key_is_text_with_warning() {
    for source in [
        "\"language\" == \"spanish\"",
        "'languages' HAS 'en'",
        "a == 1 AND NOT ('level' > 3)",
        "'a' IN ['b']",
    ] {
        assert_eq!(parse(source).warnings().len(), 1, "{source}");
    }
    for source in [
        "language == 'spanish'",
        "'en' IN languages",
        "1 == 1",
        "'a' IN ['b', task.x]",
    ] {
        assert!(parse(source).warnings().is_empty(), "{source}");
    }
    assert_eq!(
        parse("'language' = 'spanish'").warnings(),
        ["`\"language\" == \"spanish\"` is about constants alone: a key is written without quotes"]
    );
}

#[test]
fn backslash_escapes_quotes_and_itself() {
    let text = |source: &str| {
        let expression = parse(source);
        let Term::Compare(Comparison {
            right: Operand::Text(text),
            ..
        }) = expression.root()
        else {
            panic!("{source}")
        };
        text.clone()
    };
    assert_eq!(text(r#"a == "say \"hi\"""#), r#"say "hi""#);
    assert_eq!(text(r"a == 'it\'s'"), "it's");
    assert_eq!(text(r"a == 'back\\slash'"), r"back\slash");
    assert_eq!(text(r"a == 'new\nline'"), r"new\nline");
    assert_eq!(text(r#"a == '"'"#), "\"");
}

#[test]
fn numbers_are_whole_decimal_or_negative() {
    same("a == 3.0", "a == 3");
    same("a == -0003.50", "a == -3.5");
    refused("a == .5", "column 6: expected a key");
    refused(
        "a == 1e3",
        "column 6: a number has no exponent and is followed by a blank",
    );
    refused(
        "a == 1AND b == 2",
        "column 6: a number has no exponent and is followed by a blank",
    );
    refused(
        "a == 3.",
        "column 7: expected `AND`, `OR` or the end, found `.`",
    );
    refused(
        &format!("a == {}", "9".repeat(400)),
        "column 6: `99999999999999999999…` is too large for a number",
    );
}

#[test]
fn paths_go_into_objects_and_arrays() {
    let Term::Compare(Comparison {
        left: Operand::Path(path),
        ..
    }) = parse("worker.skills[0].name == 1").root().clone()
    else {
        panic!()
    };
    let key = |key: &str| PathStep::Key(key.to_owned());
    assert_eq!(
        path.steps(),
        [
            key("worker"),
            key("skills"),
            PathStep::Index(0),
            key("name")
        ]
    );
    assert_eq!(path.to_string(), "worker.skills[0].name");
    assert_eq!("worker.skills[0].name".parse(), Ok(path));
    same("a . b [ 1 ] == 1", "a.b[1] == 1");
    same("$a_1.in.null == 1", "$a_1.in.null == 1");
}

#[test]
fn key_may_begin_with_a_digit() {
    for source in [
        "routing.levels.4seasons",
        "4seasons",
        "a.4",
        "a.4.5b[2].6",
        "2$",
    ] {
        let path: Path = source.parse().unwrap();
        assert_eq!(path.to_string(), source);
        assert_eq!(path.to_string().parse::<Path>().unwrap(), path);
    }
    let Term::Compare(Comparison { right, .. }) = parse("4seasons == 4.5").root().clone() else {
        panic!("expected a comparison");
    };
    assert_eq!(right, Operand::Number(Number::of_digits("4.5").unwrap()));
}

#[test]
fn path_parses_only_a_path() {
    for wrong in ["", "3", "'a'", "null", "[a]", "a == 1", "a b", "a."] {
        assert!(wrong.parse::<Path>().is_err(), "{wrong}");
    }
}

#[test]
fn arrays_hold_constants_and_paths() {
    assert!(
        matches!(parse("a IN []").root(), Term::Compare(Comparison { right: Operand::Array(none), .. }) if none.is_empty())
    );
    assert!(
        "a IN ['x', -1, true, null, task.b[0], [1]]"
            .parse::<Expression>()
            .is_ok()
    );
    refused("a IN [1,]", "column 9: expected a key");
    refused(
        "a IN [1 2]",
        "column 9: expected `,` or `]`, found the number 2",
    );
}

#[test]
fn regex_and_arithmetic_are_refused() {
    refused("a =~ 'x'", "column 4: `~` has no meaning here");
    refused("a + 1 == 2", "column 3: `+` has no meaning here");
    refused(
        "3-1 == 2",
        "column 2: `-` cannot be in a key; expected an operator",
    );
}

#[test]
fn errors_name_their_column() {
    for (source, expected) in [
        (
            "",
            "column 1: expected a key, a text in quotes, a number, true, false, null or an array, but the expression ends here",
        ),
        ("  ", "column 3: expected a key"),
        ("languages HAS", "column 14: expected a key"),
        (
            "(a == 1",
            "column 8: expected `)`, `AND` or `OR`, but the expression ends here",
        ),
        (
            "a == 1)",
            "column 7: expected `AND`, `OR` or the end, found `)`",
        ),
        (
            "a == 1 b == 2",
            "column 8: expected `AND`, `OR` or the end, found `b`",
        ),
        (
            "a == == 2",
            "column 6: expected a key, a text in quotes, a number, true, false, null or an array, found `==`",
        ),
        (
            "a == 'x",
            "column 6: the text that begins here has no closing '",
        ),
        (
            "a == 'x\\'",
            "column 6: the text that begins here has no closing '",
        ),
        ("a NOT b", "column 7: expected `IN` after `NOT`, found `b`"),
        ("a # b", "column 3: `#` has no meaning here"),
        ("a - b", "column 3: `-` must be followed by a digit"),
        ("a ! b", "column 3: `!` has no meaning here"),
        ("é == ' ' # b", "column 10: `#` has no meaning here"),
        (
            "a[x] == 1",
            "column 3: expected a whole number from 0 to 4096, found `x`",
        ),
        ("a[-1] == 1", "column 3: expected a whole number"),
        ("a[1.5] == 1", "column 3: expected a whole number"),
        ("a[99999999999] == 1", "column 3: expected a whole number"),
        ("a[1 == 1", "column 5: expected `]`"),
        ("a. == 1", "column 4: expected a key after `.`, found `==`"),
        ("AND == 1", "column 1: expected a key"),
        ("a == 1 AND", "column 11: expected a key"),
        (
            "-1a == 1",
            "column 1: a key cannot begin with a sign or a fraction",
        ),
        (
            "1.5a == 1",
            "column 1: a key cannot begin with a sign or a fraction",
        ),
        (
            "a == b == c",
            "column 8: expected `AND`, `OR` or the end, found `==`",
        ),
        (
            "a 'a text that is long enough to be cut'",
            "column 3: expected an operator (==, !=, <, <=, >, >=, CONTAINS, HAS, IN, NOT IN), found the text \"a text that is long …\"",
        ),
    ] {
        refused(source, expected);
    }
}

#[test]
fn length_is_limited() {
    let of_length = |chars: usize| format!("a == '{}'", "é".repeat(chars - 7));
    assert!(
        of_length(EXPRESSION_CHARS_MAX)
            .parse::<Expression>()
            .is_ok()
    );
    refused(
        &of_length(EXPRESSION_CHARS_MAX + 1),
        "column 8193: an expression has at most 8192 characters",
    );
}

#[test]
fn depth_is_limited() {
    let nested = |open: &str, inner: &str, close: &str, depth: usize| {
        format!("{}{inner}{}", open.repeat(depth), close.repeat(depth)).parse::<Expression>()
    };
    for (open, inner, close) in [
        ("(", "a == 1", ")"),
        ("NOT ", "a == 1", ""),
        ("NOT (", "a == 1", ")"),
    ] {
        let levels = open.split(' ').filter(|part| !part.is_empty()).count();
        assert!(
            nested(open, inner, close, EXPRESSION_DEPTH_MAX / levels).is_ok(),
            "{open}"
        );
        let error = nested(open, inner, close, EXPRESSION_DEPTH_MAX / levels + 1).unwrap_err();
        assert!(
            error.message.contains("inside one another"),
            "{open}: {error}"
        );
        assert!(nested(open, inner, close, 1_000).is_err(), "{open}");
    }
    let array = |depth: usize| {
        format!("a IN {}{}", "[".repeat(depth), "]".repeat(depth)).parse::<Expression>()
    };
    assert!(
        array(EXPRESSION_DEPTH_MAX + 1).is_ok(),
        "an array's own bracket is not inside another"
    );
    assert!(
        array(EXPRESSION_DEPTH_MAX + 2)
            .unwrap_err()
            .message
            .contains("inside one another")
    );
}

#[test]
fn normal_form_has_fewest_parentheses() {
    for (source, normal) in [
        ("a=1", "a == 1"),
        ("( (a == 1) )", "a == 1"),
        (
            "(a == 1 AND b == 2) OR c == 3",
            "a == 1 AND b == 2 OR c == 3",
        ),
        (
            "(a == 1 OR b == 2) AND c == 3",
            "(a == 1 OR b == 2) AND c == 3",
        ),
        (
            "(a == 1 OR b == 2) OR c == 3",
            "(a == 1 OR b == 2) OR c == 3",
        ),
        (
            "not (a >- 'it\\'s' and b <- [1, -2.50,\"q\\\"\"])",
            "NOT (a HAS \"it's\" AND b IN [1, -2.5, \"q\\\"\"])",
        ),
        ("x NOT  in task . tried[ 0 ]", "x NOT IN task.tried[0]"),
        (
            "a == 'back\\\\' AND b == NULL",
            "a == \"back\\\\\" AND b == null",
        ),
        (
            "a == 100000000000000000000000",
            "a == 100000000000000000000000",
        ),
    ] {
        assert_eq!(parse(source).to_string(), normal);
        same(source, normal);
    }
}

#[test]
fn source_text_is_stored() {
    let expression = parse("a=1  OR b >- 'x'");
    assert_eq!(
        serde_json::to_string(&expression).unwrap(),
        r#""a=1  OR b >- 'x'""#
    );
    assert_eq!(
        serde_json::from_str::<Expression>(r#""a=1  OR b >- 'x'""#).unwrap(),
        expression
    );
    let error = serde_json::from_str::<Expression>(r#""a-b""#)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("column 2: `-` cannot be in a key"),
        "{error}"
    );
}

#[test]
fn skip_if_allows_worker_counts_only() {
    for right in [
        "workers.available == 0",
        "1 == 1",
        "workers.available < 3 OR (workers.unavailable > 2 AND 5 >= workers.WA00000000000000000000000000000001)",
    ] {
        assert_eq!(parse(right).check_skip_if(), Ok(()), "{right}");
    }
    for (wrong, expected) in [
        (
            "task.x == 1",
            "`task.x` cannot be in a skip_if: expected `workers.available`",
        ),
        ("workers.WA1 == 1", "`workers.WA1` cannot be in a skip_if"),
        (
            "workers.available.x == 1",
            "`workers.available.x` cannot be in a skip_if",
        ),
        ("workers.available == '0'", "`\"0\"` cannot be in a skip_if"),
        (
            "1 == 1 AND workers.available IN [1]",
            "`IN` cannot be in a skip_if: expected ==, !=, <, <=, > or >=",
        ),
        ("NOT workers.available == 0", "`NOT` cannot be in a skip_if"),
    ] {
        let error = parse(wrong).check_skip_if().unwrap_err().to_string();
        assert!(error.starts_with(expected), "{wrong}: {error}");
    }
}
