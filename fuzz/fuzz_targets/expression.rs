//! Fuzzes expressions: parsed, or refused with a column inside the source. A parsed expression can
//! be evaluated, a false result has a reason, and the normal form has the same meaning.

#![no_main]

use libfuzzer_sys::fuzz_target;
use task_router::model::{Expression, PathStep};
use task_router::router::expression::{Scope, Value};

/// Every path has a value, so that operators have operands.
struct Texts;

impl Scope for Texts {
    fn lookup<'a>(&'a self, path: &[PathStep]) -> Value<'a> {
        match path.len() % 4 {
            0 => Value::Null,
            1 => Value::Text("text"),
            2 => Value::Number(2_u32.into()),
            _ => Value::Bool(true),
        }
    }

    fn owner(&self, _path: &[PathStep]) -> Option<&'static str> {
        None
    }
}

fuzz_target!(|source: &str| {
    match source.parse::<Expression>() {
        Err(error) => assert!(
            (1..=source.chars().count() + 1).contains(&error.column),
            "{error}"
        ),
        Ok(expression) => {
            assert_eq!(
                expression.why_false(&Texts).is_none(),
                expression.matches(&Texts)
            );
            let normal = expression.to_string();
            if let Ok(again) = normal.parse::<Expression>() {
                assert_eq!(again.root(), expression.root());
                assert_eq!(again.matches(&Texts), expression.matches(&Texts));
            } else {
                assert!(
                    normal.len() > source.len(),
                    "a normal form may only be refused for its length: {normal}"
                );
            }
            expression.warnings();
            let _ = expression.check_skip_if();
        }
    }
});
