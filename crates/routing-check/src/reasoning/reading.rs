//! Turns the comparisons of an expression into atoms, operator by operator (taskrouter.md sections
//! 8.3 and 8.4).

use serde_json::Value as Json;
use task_router::model::{Comparison, Operand, Operator, Path, PathStep, Term};

use super::domain::Test;
use super::minutes::TimeField;
use super::relation::{ANY, DIFFERENT, EQUAL, GREATER, LESS, SAME};
use super::scalar::Scalar;
use super::variable::{Context, Meaning, Owner, Variable, strip};
use super::{Atom, Formula, Reasoner};

/// One side of a comparison.
#[derive(Debug, Clone)]
enum Side {
    Scalar(Scalar),
    /// An array, with the elements that a scalar can be equal to.
    List(Vec<Element>),
    Object,
    Variable(usize),
    Time(TimeField),
}

/// An element of an array.
#[derive(Debug, Clone)]
enum Element {
    Scalar(Scalar),
    Variable(usize),
    /// A number of the time of day, about which nothing is known in an array.
    Time,
}

impl Reasoner<'_> {
    pub(super) fn term(&mut self, context: Context, term: &Term) -> Formula {
        match term {
            Term::Any(terms) => Formula::Any(self.terms(context, terms)),
            Term::All(terms) => Formula::All(self.terms(context, terms)),
            Term::Not(inner) => self.term(context, inner).negated(),
            Term::Compare(comparison) => self.comparison(context, comparison),
        }
    }

    fn terms(&mut self, context: Context, terms: &[Term]) -> Vec<Formula> {
        terms
            .iter()
            .map(|inner| self.term(context, inner))
            .collect()
    }

    /// The formula of one comparison that is written in `context`.
    pub fn comparison(&mut self, context: Context, comparison: &Comparison) -> Formula {
        let left = self.side(context, &comparison.left);
        let right = self.side(context, &comparison.right);
        // An unknown comparison is the same one wherever its text is the same.
        let text = format!("{context:?} {comparison}");
        let known = match comparison.operator {
            Operator::Equal | Operator::NotEqual => {
                self.equality(context, &left, comparison.operator, &right)
            }
            Operator::Less
            | Operator::LessOrEqual
            | Operator::Greater
            | Operator::GreaterOrEqual => self.order(context, &left, comparison.operator, &right),
            Operator::Contains => self.contains(&left, &right),
            Operator::Has => self.has(&left, &right),
            Operator::In => self.has(&right, &left),
            Operator::NotIn => self.not_in(&left, &right, &text),
        };
        known.unwrap_or_else(|| self.opaque(text))
    }

    fn opaque(&mut self, text: String) -> Formula {
        self.atom(Atom::Opaque(text))
    }

    fn side(&mut self, context: Context, operand: &Operand) -> Side {
        match operand {
            Operand::Array(elements) => {
                let elements =
                    elements
                        .iter()
                        .filter_map(|element| match self.side(context, element) {
                            Side::Scalar(scalar) => Some(Element::Scalar(scalar)),
                            Side::Variable(variable) => Some(Element::Variable(variable)),
                            Side::Time(_) => Some(Element::Time),
                            // No scalar is equal to an array or object.
                            Side::List(_) | Side::Object => None,
                        });
                Side::List(elements.collect())
            }
            Operand::Path(path) => self.path(context, path),
            Operand::Null | Operand::Bool(_) | Operand::Number(_) | Operand::Text(_) => {
                Side::Scalar(Scalar::of_operand(operand).unwrap_or(Scalar::Null))
            }
        }
    }

    fn path(&mut self, context: Context, path: &Path) -> Side {
        match context.meaning(path.steps()) {
            Meaning::Nothing => Side::Scalar(Scalar::Null),
            Meaning::Time(field) => Side::Time(field),
            Meaning::Variable(variable) => self
                .of_worker(context, path, &variable)
                .unwrap_or_else(|| Side::Variable(self.variable(variable))),
        }
    }

    /// The constant of a variable of the Worker, if the Worker is known.
    fn of_worker(&self, context: Context, path: &Path, variable: &Variable) -> Option<Side> {
        let worker = self.worker.filter(|_| variable.owner == Owner::Worker)?;
        let steps = strip(path.steps(), "worker").unwrap_or(path.steps());
        match variable.path.as_str() {
            "sid" => return Some(Side::Scalar(Scalar::Text(worker.sid.to_string()))),
            "friendly_name" => {
                return Some(Side::Scalar(Scalar::Text(worker.friendly_name.clone())));
            }
            "activity_sid" | "activity_name" => return None,
            _attribute => {}
        }
        let is_channel = matches!(steps.first(), Some(PathStep::Key(key)) if key == "channel");
        if is_channel && context == Context::Target {
            return None;
        }
        Some(constant(value_at(worker.attributes.as_object(), steps)))
    }

    fn equality(
        &mut self,
        context: Context,
        left: &Side,
        operator: Operator,
        right: &Side,
    ) -> Option<Formula> {
        let is_equal = operator == Operator::Equal;
        let test = |scalar: &Scalar| {
            if is_equal {
                Test::Equals(scalar.clone())
            } else {
                Test::Differs(scalar.clone())
            }
        };
        Some(match (left, right) {
            (Side::Scalar(left), Side::Scalar(right)) => {
                Formula::constant((left == right) == is_equal)
            }
            (Side::Scalar(scalar), Side::Variable(variable))
            | (Side::Variable(variable), Side::Scalar(scalar)) => {
                self.test(*variable, test(scalar))
            }
            (Side::Scalar(scalar), Side::Time(field))
            | (Side::Time(field), Side::Scalar(scalar)) => {
                self.time(context, *field, &test(scalar))
            }
            // An array or object equals nothing, and differs from null alone.
            (Side::List(_) | Side::Object, Side::Scalar(scalar))
            | (Side::Scalar(scalar), Side::List(_) | Side::Object) => {
                Formula::constant(!is_equal && *scalar == Scalar::Null)
            }
            (Side::List(_) | Side::Object, Side::Variable(variable))
            | (Side::Variable(variable), Side::List(_) | Side::Object) => {
                if is_equal {
                    Formula::constant(false)
                } else {
                    self.test(*variable, Test::Equals(Scalar::Null))
                }
            }
            (Side::List(_) | Side::Object, Side::List(_) | Side::Object | Side::Time(_))
            | (Side::Time(_), Side::List(_) | Side::Object) => Formula::constant(false),
            (Side::Variable(left), Side::Variable(right)) => {
                let holds = if is_equal {
                    SAME | EQUAL
                } else {
                    LESS | GREATER | DIFFERENT
                };
                self.relation(*left, *right, holds)?
            }
            (Side::Variable(_), Side::Time(_))
            | (Side::Time(_), Side::Variable(_) | Side::Time(_)) => return None,
        })
    }

    fn order(
        &mut self,
        context: Context,
        left: &Side,
        operator: Operator,
        right: &Side,
    ) -> Option<Formula> {
        let holds = match operator {
            Operator::Less => LESS,
            Operator::LessOrEqual => LESS | SAME,
            Operator::Greater => GREATER,
            Operator::GreaterOrEqual => GREATER | SAME,
            Operator::Equal
            | Operator::NotEqual
            | Operator::Contains
            | Operator::Has
            | Operator::In
            | Operator::NotIn => return None,
        };
        Some(match (left, right) {
            (Side::Scalar(left), Side::Scalar(right)) => {
                let relation = left.ordering(right).map_or(0, |ordering| match ordering {
                    std::cmp::Ordering::Less => LESS,
                    std::cmp::Ordering::Equal => SAME,
                    std::cmp::Ordering::Greater => GREATER,
                });
                Formula::constant(relation & holds != 0)
            }
            (Side::Variable(_) | Side::Time(_), Side::Scalar(Scalar::Null | Scalar::Bool(_)))
            | (Side::Scalar(Scalar::Null | Scalar::Bool(_)), Side::Variable(_) | Side::Time(_))
            | (Side::List(_) | Side::Object, _)
            | (_, Side::List(_) | Side::Object) => Formula::constant(false),
            (Side::Variable(variable), Side::Scalar(bound)) => {
                self.test(*variable, Test::Order(operator, bound.clone()))
            }
            (Side::Scalar(bound), Side::Variable(variable)) => {
                self.test(*variable, Test::Order(swapped(operator), bound.clone()))
            }
            (Side::Time(field), Side::Scalar(bound)) => {
                self.time(context, *field, &Test::Order(operator, bound.clone()))
            }
            (Side::Scalar(bound), Side::Time(field)) => {
                let test = Test::Order(swapped(operator), bound.clone());
                self.time(context, *field, &test)
            }
            (Side::Variable(left), Side::Variable(right)) => self.relation(*left, *right, holds)?,
            (Side::Variable(_), Side::Time(_))
            | (Side::Time(_), Side::Variable(_) | Side::Time(_)) => return None,
        })
    }

    fn contains(&mut self, left: &Side, right: &Side) -> Option<Formula> {
        match (left, right) {
            (Side::Scalar(Scalar::Text(text)), Side::Scalar(Scalar::Text(part))) => {
                Some(Formula::constant(text.contains(part.as_str())))
            }
            (Side::Variable(variable), Side::Scalar(Scalar::Text(part))) => {
                Some(self.test(*variable, Test::Contains(part.clone())))
            }
            (Side::Variable(_) | Side::Scalar(Scalar::Text(_)), Side::Variable(_)) => None,
            // Only texts contain anything, and only texts are contained.
            (Side::Scalar(_) | Side::List(_) | Side::Object | Side::Time(_), _)
            | (_, Side::Scalar(_) | Side::List(_) | Side::Object | Side::Time(_)) => {
                Some(Formula::constant(false))
            }
        }
    }

    /// `array HAS element`. `None`: nothing is known.
    fn has(&mut self, array: &Side, element: &Side) -> Option<Formula> {
        match (array, element) {
            (_, Side::List(_) | Side::Object)
            | (Side::Scalar(_) | Side::Object | Side::Time(_), _) => Some(Formula::constant(false)),
            (Side::Variable(array), Side::Scalar(element)) => {
                Some(self.test(*array, Test::Has(element.clone())))
            }
            (Side::Variable(array), Side::Variable(_) | Side::Time(_)) => {
                self.expect_array(*array);
                None
            }
            (Side::List(elements), Side::Scalar(wanted)) => {
                let equal = elements.iter().map(|element| match element {
                    Element::Scalar(scalar) => Some(Formula::constant(scalar == wanted)),
                    Element::Variable(variable) => {
                        Some(self.test(*variable, Test::Equals(wanted.clone())))
                    }
                    Element::Time => None,
                });
                equal.collect::<Option<_>>().map(Formula::Any)
            }
            (Side::List(elements), Side::Variable(wanted)) => {
                let mut equal = vec![self.test(*wanted, Test::OneOf(scalars(elements)?))];
                for element in elements {
                    if let Element::Variable(variable) = element {
                        equal.push(self.relation(*variable, *wanted, SAME | EQUAL)?);
                    }
                }
                Some(Formula::Any(equal))
            }
            (Side::List(_), Side::Time(_)) => None,
        }
    }

    /// `element NOT IN array`. `None`: nothing is known.
    fn not_in(&mut self, element: &Side, array: &Side, text: &str) -> Option<Formula> {
        match (element, array) {
            // A missing list rejects nothing.
            (_, Side::Scalar(Scalar::Null)) => Some(Formula::constant(true)),
            (_, Side::Scalar(_) | Side::Object | Side::Time(_))
            | (Side::List(_) | Side::Object, Side::List(_)) => Some(Formula::constant(false)),
            (Side::List(_) | Side::Object, Side::Variable(array)) => {
                Some(self.test(*array, Test::Equals(Scalar::Null)))
            }
            (Side::Scalar(element), Side::Variable(array)) => {
                Some(self.test(*array, Test::Lacks(element.clone())))
            }
            (Side::Scalar(_), Side::List(_)) => Some(self.has(array, element)?.negated()),
            (Side::Variable(variable), Side::List(elements)) => {
                let mut different = vec![self.test(*variable, Test::NoneOf(scalars(elements)?))];
                for element in elements {
                    if let Element::Variable(other) = element {
                        different.push(self.relation(*other, *variable, SAME | EQUAL)?.negated());
                    }
                }
                Some(Formula::All(different))
            }
            (Side::Variable(_) | Side::Time(_), Side::Variable(array)) => {
                self.expect_array(*array);
                // An element is not both in an array and not in it. Both are false for what is no
                // array.
                let has = text.replacen("NOT IN", "IN", 1);
                let has = self.opaque(has).negated();
                Some(Formula::All(vec![has, self.opaque(text.to_owned())]))
            }
            (Side::Time(_), Side::List(_)) => None,
        }
    }

    /// The atom that two variables are in one of these relations. `None`: they are one variable.
    fn relation(&mut self, left: usize, right: usize, holds: u8) -> Option<Formula> {
        match left.cmp(&right) {
            std::cmp::Ordering::Less => Some(self.atom(Atom::Relation(left, right, holds))),
            std::cmp::Ordering::Greater => {
                let rest = holds & (ANY & !(LESS | GREATER));
                let less = if holds & GREATER != 0 { LESS } else { 0 };
                let greater = if holds & LESS != 0 { GREATER } else { 0 };
                Some(self.atom(Atom::Relation(right, left, rest | less | greater)))
            }
            std::cmp::Ordering::Equal => None,
        }
    }
}

/// The scalars among elements. `None`: the time of day is among them.
fn scalars(elements: &[Element]) -> Option<Vec<Scalar>> {
    let mut scalars = Vec::new();
    for element in elements {
        match element {
            Element::Scalar(scalar) => scalars.push(scalar.clone()),
            Element::Variable(_) => {}
            Element::Time => return None,
        }
    }
    Some(scalars)
}

fn swapped(operator: Operator) -> Operator {
    match operator {
        Operator::Less => Operator::Greater,
        Operator::LessOrEqual => Operator::GreaterOrEqual,
        Operator::Greater => Operator::Less,
        Operator::GreaterOrEqual => Operator::LessOrEqual,
        same @ (Operator::Equal
        | Operator::NotEqual
        | Operator::Contains
        | Operator::Has
        | Operator::In
        | Operator::NotIn) => same,
    }
}

fn constant(value: Option<&Json>) -> Side {
    match value {
        None => Side::Scalar(Scalar::Null),
        Some(Json::Array(elements)) => {
            let elements = elements.iter().filter_map(Scalar::of_json);
            Side::List(elements.map(Element::Scalar).collect())
        }
        Some(value) => Scalar::of_json(value).map_or(Side::Object, Side::Scalar),
    }
}

/// The attribute at a path.
fn value_at<'a>(object: &'a serde_json::Map<String, Json>, path: &[PathStep]) -> Option<&'a Json> {
    let Some((PathStep::Key(key), rest)) = path.split_first() else {
        return None;
    };
    let mut value = object.get(key)?;
    for step in rest {
        value = match step {
            PathStep::Key(key) => value.as_object()?.get(key)?,
            PathStep::Index(index) => value.as_array()?.get(*index)?,
        };
    }
    Some(value)
}
