//! The parts of an expression, in the order in which they are written: comparisons, and the paths in
//! them.

use super::{Comparison, Expression, Operand, Path, PathStep, Term};

/// A comparison of an expression.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Condition<'e> {
    /// The comparison.
    pub comparison: &'e Comparison,
    /// Whether it makes the expression true when it is true: it is below an even number of `NOT`.
    pub is_positive: bool,
}

impl Expression {
    /// Every comparison.
    pub fn conditions(&self) -> Vec<Condition<'_>> {
        self.root().conditions()
    }

    /// Every path, those in arrays included.
    pub fn paths(&self) -> Vec<&Path> {
        let conditions = self.conditions().into_iter();
        conditions
            .flat_map(|condition| condition.comparison.paths())
            .collect()
    }
}

impl Term {
    /// Every comparison.
    pub fn conditions(&self) -> Vec<Condition<'_>> {
        let mut found = Vec::new();
        self.collect(true, &mut found);
        found
    }

    fn collect<'e>(&'e self, is_positive: bool, found: &mut Vec<Condition<'e>>) {
        match self {
            Self::Any(terms) | Self::All(terms) => {
                for term in terms {
                    term.collect(is_positive, found);
                }
            }
            Self::Not(term) => term.collect(!is_positive, found),
            Self::Compare(comparison) => found.push(Condition {
                comparison,
                is_positive,
            }),
        }
    }
}

impl Comparison {
    /// Every path of both operands.
    pub fn paths(&self) -> Vec<&Path> {
        let mut found = Vec::new();
        self.left.collect(&mut found);
        self.right.collect(&mut found);
        found
    }
}

impl Operand {
    fn collect<'e>(&'e self, found: &mut Vec<&'e Path>) {
        match self {
            Self::Path(path) => found.push(path),
            Self::Array(elements) => {
                for element in elements {
                    element.collect(found);
                }
            }
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) => {}
        }
    }
}

impl Path {
    /// The keys, without the indexes of arrays.
    pub fn keys(&self) -> Vec<&str> {
        let keys = self.steps().iter().filter_map(|step| match step {
            PathStep::Key(key) => Some(key.as_str()),
            PathStep::Index(_) => None,
        });
        keys.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_in_written_order() {
        let expression: Expression = r#"a == 1 AND NOT (b.c[0] IN [d, "x"] OR NOT e HAS "y")"#
            .parse()
            .unwrap();
        let conditions = expression.conditions();
        let seen: Vec<(String, bool)> = conditions
            .iter()
            .map(|one| (one.comparison.to_string(), one.is_positive))
            .collect();
        let expected = [
            ("a == 1", true),
            (r#"b.c[0] IN [d, "x"]"#, false),
            (r#"e HAS "y""#, true),
        ];
        assert_eq!(
            seen,
            expected.map(|(text, is_positive)| (text.to_owned(), is_positive))
        );
        let paths: Vec<String> = expression.paths().iter().map(ToString::to_string).collect();
        assert_eq!(paths, ["a", "b.c[0]", "d", "e"]);
        assert_eq!(expression.paths()[1].keys(), ["b", "c"]);
    }
}
