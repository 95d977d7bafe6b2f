//! The rows of taskrouter.md sections 8.2, 8.3 and 8.4, one test for each row.

use serde_json::{Map, Value as Json};

use super::scopes::attribute;
use super::*;

struct Object(Map<String, Json>);

impl Scope for Object {
    fn lookup<'a>(&'a self, path: &[PathStep]) -> Value<'a> {
        attribute(&self.0, path)
    }

    fn owner(&self, _path: &[PathStep]) -> Option<&'static str> {
        Some("the object")
    }
}

#[track_caller]
fn check(attributes: &str, cases: &[(&str, bool)]) {
    let scope = Object(serde_json::from_str(attributes).unwrap());
    for (source, expected) in cases {
        let expression: Expression = source.parse().unwrap();
        assert_eq!(
            expression.matches(&scope),
            *expected,
            "{source} over {attributes}"
        );
    }
}

/// All of these are true.
#[track_caller]
fn holds(attributes: &str, sources: &[&str]) {
    check(
        attributes,
        &sources
            .iter()
            .map(|source| (*source, true))
            .collect::<Vec<_>>(),
    );
}

/// All of these are false.
#[track_caller]
fn fails(attributes: &str, sources: &[&str]) {
    check(
        attributes,
        &sources
            .iter()
            .map(|source| (*source, false))
            .collect::<Vec<_>>(),
    );
}

// 8.3, operators.

#[test]
fn equality_compares_two_scalars() {
    let attributes = r#"{"level":3,"name":"Maria","vip":true}"#;
    holds(
        attributes,
        &[
            "level == 3",
            "name == 'Maria'",
            "vip == true",
            "level != 4",
            "name != 'maria'",
            "vip != false",
            "1 == 1",
        ],
    );
    fails(
        attributes,
        &[
            "level == 4",
            "name == 'maria'",
            "vip == false",
            "level != 3",
            "name != 'Maria'",
            "1 == 0",
        ],
    );
}

#[test]
fn order_compares_numbers_as_numbers() {
    let attributes = r#"{"level":3}"#;
    holds(
        attributes,
        &[
            "level < 10",
            "level <= 3",
            "level > -1",
            "level >= 3",
            "level > 2.9",
        ],
    );
    fails(
        attributes,
        &["level < 3", "level <= 2", "level > 3", "level >= 3.1"],
    );
}

#[test]
fn order_compares_texts_by_code_points() {
    holds(
        r#"{"name":"b"}"#,
        &[
            "name > 'a'",
            "name > 'B'",
            "name >= 'b'",
            "name < 'ba'",
            "name < 'é'",
            "'10' < '9'",
        ],
    );
    fails(
        r#"{"name":"b"}"#,
        &["name < 'a'", "name < 'B'", "name > 'ba'"],
    );
}

#[test]
fn contains_finds_a_text_in_a_text() {
    let attributes = r#"{"name":"Maria Lopez","tags":["Lop"]}"#;
    holds(attributes, &["name CONTAINS 'Lop'", "name CONTAINS ''"]);
    fails(
        attributes,
        &[
            "name CONTAINS 'lop'",
            "'Lop' CONTAINS name",
            "tags CONTAINS 'Lop'",
            "name CONTAINS 1",
            "1 CONTAINS 1",
        ],
    );
}

#[test]
fn has_finds_a_scalar_in_an_array() {
    let attributes = r#"{"skills":["a",1,true]}"#;
    holds(
        attributes,
        &[
            "skills HAS 'a'",
            "skills HAS 1.0",
            "skills HAS true",
            "['x', 'y'] HAS 'y'",
        ],
    );
    fails(
        attributes,
        &[
            "skills HAS 'b'",
            "skills HAS '1'",
            "skills HAS false",
            "[] HAS 'a'",
        ],
    );
}

#[test]
fn in_finds_a_scalar_in_an_array() {
    let attributes = r#"{"level":3,"levels":[1,3]}"#;
    holds(
        attributes,
        &[
            "level IN [1, 2, 3]",
            "level IN levels",
            "2 NOT IN levels",
            "level NOT IN []",
        ],
    );
    fails(
        attributes,
        &["level IN [1, 2]", "2 IN levels", "level NOT IN levels"],
    );
}

#[test]
fn array_literal_may_contain_keys() {
    let attributes = r#"{"me":"b","first":"a","second":"b"}"#;
    holds(
        attributes,
        &[
            "me IN [first, second]",
            "[first, second] HAS 'a'",
            "me NOT IN [first]",
        ],
    );
    fails(attributes, &["me IN [first]", "me IN ['first', 'second']"]);
}

// 8.3, situations.

#[test]
fn scalar_operator_with_an_array_is_false() {
    let attributes = r#"{"tags":["x","y"],"one":["x"],"deep":{"a":1}}"#;
    fails(
        attributes,
        &[
            "tags == 'x'",
            "tags != 'x'",
            "'x' == one",
            "one == one",
            "one != one",
            "one == ['x']",
            "['x'] != ['y']",
        ],
    );
    fails(
        attributes,
        &[
            "tags < 'z'",
            "tags >= 1",
            "'a' < tags",
            "deep == 1",
            "deep != 1",
            "deep == deep",
        ],
    );
}

#[test]
fn has_and_in_without_an_array_are_false() {
    let attributes = r#"{"skills":"a","level":3,"deep":{"a":1}}"#;
    fails(
        attributes,
        &["skills HAS 'a'", "level HAS 3", "deep HAS 'a'"],
    );
    fails(
        attributes,
        &[
            "'a' IN skills",
            "3 IN level",
            "'b' NOT IN skills",
            "4 NOT IN level",
            "'a' NOT IN deep",
        ],
    );
}

#[test]
fn array_is_never_in_an_array() {
    let attributes = r#"{"tags":["x"],"nested":[["x"]]}"#;
    fails(
        attributes,
        &[
            "tags IN nested",
            "nested HAS tags",
            "tags IN [['x']]",
            "tags NOT IN ['y']",
            "tags NOT IN nested",
        ],
    );
}

#[test]
fn different_types_differ_without_order() {
    let attributes = r#"{"level":3,"vip":true}"#;
    holds(
        attributes,
        &["level != '3'", "'3' != 3", "vip != 'true'", "vip != 1"],
    );
    fails(
        attributes,
        &[
            "level == '3'",
            "'3' == 3",
            "vip == 'true'",
            "vip == 1",
            "level < '4'",
            "level >= '3'",
            "'a' > 1",
        ],
    );
}

#[test]
fn integer_equals_the_same_decimal() {
    holds(
        r#"{"whole":3,"decimal":3.0}"#,
        &[
            "whole == 3.0",
            "decimal == 3",
            "whole == decimal",
            "whole <= decimal",
        ],
    );
    holds("{}", &["-0 == 0", "0.1 < 0.2"]);
}

/// Decimals of 64 bits cannot tell these integers from their neighbours.
#[test]
fn integers_of_64_bits_are_exact() {
    let attributes = r#"{"account":9007199254740993,"least":-9223372036854775808,
        "largest":18446744073709551615,"accounts":[9007199254740993]}"#;
    holds(
        attributes,
        &[
            "account == 9007199254740993",
            "account != 9007199254740992",
            "account > 9007199254740992",
            "account > 9007199254740992.0",
            "9007199254740994 > account",
            "least < -9223372036854775807",
            "largest == 18446744073709551615",
            "largest > 18446744073709551614",
            "largest < 18446744073709551616",
            "accounts HAS 9007199254740993",
            "account IN [9007199254740992, 9007199254740993]",
            "9007199254740992 NOT IN accounts",
        ],
    );
    fails(
        attributes,
        &[
            "account == 9007199254740992",
            "account <= 9007199254740992",
            "least == -9223372036854775807",
            "largest == 18446744073709551614",
            "accounts HAS 9007199254740992",
            "account IN [9007199254740992]",
        ],
    );
}

#[test]
fn booleans_have_no_order() {
    fails(
        r#"{"vip":true}"#,
        &["vip > false", "vip >= true", "false < vip", "vip <= true"],
    );
}

// 8.4.

#[test]
fn null_comparison_asks_whether_a_key_exists() {
    holds("{}", &["x == null", "null == null", "x == y"]);
    fails("{}", &["x != null", "null != null", "x != y"]);
    for attributes in [r#"{"x":null}"#, r#"{"X":1}"#] {
        holds(attributes, &["x == null"]);
    }
    for attributes in [
        r#"{"x":0}"#,
        r#"{"x":""}"#,
        r#"{"x":false}"#,
        r#"{"x":[]}"#,
        r#"{"x":{}}"#,
    ] {
        holds(attributes, &["x != null", "null != x"]);
        fails(attributes, &["x == null", "null == x"]);
    }
}

#[test]
fn missing_key_differs_from_each_constant() {
    fails("{}", &["x == 'a'", "x == 0", "x == false", "x == []"]);
    holds("{}", &["x != 'a'", "x != true", "x != 0"]);
}

#[test]
fn missing_key_has_no_order_and_no_elements() {
    fails(
        "{}",
        &[
            "x > 1",
            "x < 1",
            "x <= null",
            "x >= x",
            "x CONTAINS 'a'",
            "'a' CONTAINS x",
            "x HAS 'a'",
            "x HAS null",
        ],
    );
}

#[test]
fn missing_key_is_in_no_literal() {
    fails("{}", &["x IN ['a']", "x IN []"]);
    holds("{}", &["x NOT IN ['a']", "x NOT IN []", "x IN [null]"]);
}

#[test]
fn missing_list_contains_nothing() {
    fails("{}", &["'a' IN x", "null IN x"]);
    holds("{}", &["'a' NOT IN x", "y NOT IN x"]);
}

// 8.2: paths and grouping.

#[test]
fn missing_path_step_gives_null() {
    let attributes = r#"{"deep":{"list":[{"k":"v"},["w"]]},"text":"abc"}"#;
    holds(
        attributes,
        &["deep.list[0].k == 'v'", "deep.list[1][0] == 'w'"],
    );
    for path in [
        "deep.list[2]",
        "deep.list[0].x",
        "deep.list.k",
        "deep[0]",
        "text[0]",
        "text.x",
        "x.y.z[3]",
        "deep.list[0].k.v",
    ] {
        holds(attributes, &[&format!("{path} == null")]);
    }
}

#[test]
fn conditions_combine_by_and_or_not() {
    let attributes = r#"{"a":1}"#;
    holds(
        attributes,
        &[
            "a == 1 OR b == 1 AND c == 1",
            "NOT b == 1",
            "NOT (a == 1 AND b == 1)",
            "NOT NOT a == 1",
        ],
    );
    fails(
        attributes,
        &[
            "(a == 1 OR b == 1) AND c == 1",
            "NOT a == 1",
            "NOT (a == 1 OR b == 1)",
        ],
    );
}
