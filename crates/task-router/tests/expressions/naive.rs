//! A second evaluator, slow and plain: the tables of taskrouter.md sections 8.3 and 8.4 over JSON
//! values that are cloned at every step. It shares no code with the real one: a random tree is
//! printed as text for the real parser, and evaluated here.

use serde_json::Value as Json;

/// A condition.
#[derive(Debug, Clone)]
pub enum Tree {
    Or(Vec<Tree>),
    And(Vec<Tree>),
    Not(Box<Tree>),
    Compare(Side, &'static str, Side),
}

/// One side of a comparison.
#[derive(Debug, Clone)]
pub enum Side {
    Constant(Json),
    /// Keys as texts, indexes as numbers.
    Path(Vec<Json>),
    List(Vec<Side>),
}

/// Whether the condition is true over these attributes.
pub fn truth(tree: &Tree, attributes: &Json) -> bool {
    match tree {
        Tree::Or(trees) => trees.iter().any(|tree| truth(tree, attributes)),
        Tree::And(trees) => trees.iter().all(|tree| truth(tree, attributes)),
        Tree::Not(tree) => !truth(tree, attributes),
        Tree::Compare(left, operator, right) => compare(
            &resolve(left, attributes),
            operator,
            &resolve(right, attributes),
        ),
    }
}

fn resolve(side: &Side, attributes: &Json) -> Json {
    match side {
        Side::Constant(value) => value.clone(),
        Side::List(sides) => sides.iter().map(|side| resolve(side, attributes)).collect(),
        Side::Path(steps) => steps
            .iter()
            .fold(attributes.clone(), |value, step| match step {
                Json::String(key) => value.get(key).cloned().unwrap_or_default(),
                index => value
                    .get(index.as_u64().unwrap() as usize)
                    .cloned()
                    .unwrap_or_default(),
            }),
    }
}

fn compare(left: &Json, operator: &str, right: &Json) -> bool {
    let fits = |element: &Json, array: &Json| {
        array.is_array() && !element.is_array() && !element.is_object()
    };
    let holds = |array: &Json, element: &Json| {
        array
            .as_array()
            .unwrap()
            .iter()
            .any(|other| same(other, element))
    };
    match operator {
        "==" if left.is_null() || right.is_null() => left.is_null() && right.is_null(),
        "!=" if left.is_null() || right.is_null() => !(left.is_null() && right.is_null()),
        "==" => is_scalar(left) && is_scalar(right) && same(left, right),
        "!=" => is_scalar(left) && is_scalar(right) && !same(left, right),
        "<" => order(left, right) == Some(-1),
        "<=" => matches!(order(left, right), Some(-1 | 0)),
        ">" => order(left, right) == Some(1),
        ">=" => matches!(order(left, right), Some(0 | 1)),
        "CONTAINS" => match (left.as_str(), right.as_str()) {
            (Some(text), Some(part)) => {
                (0..=text.len()).any(|at| text.as_bytes()[at..].starts_with(part.as_bytes()))
            }
            _ => false,
        },
        "HAS" => fits(right, left) && holds(left, right),
        "IN" => fits(left, right) && holds(right, left),
        "NOT IN" => right.is_null() || fits(left, right) && !holds(right, left),
        other => panic!("no operator: {other}"),
    }
}

fn is_scalar(value: &Json) -> bool {
    value.is_boolean() || value.is_number() || value.is_string()
}

fn same(left: &Json, right: &Json) -> bool {
    if left.is_number() && right.is_number() {
        return order(left, right) == Some(0);
    }
    !left.is_array() && !left.is_object() && left == right
}

/// An integer of 64 bits.
fn integer(value: &Json) -> Option<i128> {
    let large = || value.as_u64().map(i128::from);
    value.as_i64().map(i128::from).or_else(large)
}

/// -1, 0, 1; `None` where the values have no order.
fn order(left: &Json, right: &Json) -> Option<i8> {
    if let (Some(left), Some(right)) = (integer(left), integer(right)) {
        return Some(i8::from(left > right) - i8::from(left < right));
    }
    // The decimals of the test are far from every integer beyond 53 bits.
    if let (Some(left), Some(right)) = (left.as_f64(), right.as_f64()) {
        return Some(i8::from(left > right) - i8::from(left < right));
    }
    let letters = |value: &Json| {
        value
            .as_str()
            .map(|text| text.chars().map(u32::from).collect::<Vec<_>>())
    };
    let left = letters(left)?;
    let right = letters(right)?;
    Some(i8::from(left > right) - i8::from(left < right))
}

/// Prints a tree; `style` decides what the grammar leaves open: blanks, letter case, aliases,
/// quotes, and redundant parentheses.
pub fn write(tree: &Tree, style: &mut dyn Iterator<Item = u8>) -> String {
    let joined = |trees: &[Tree], word: &str, style: &mut dyn Iterator<Item = u8>| {
        let terms: Vec<String> = trees
            .iter()
            .map(|inner| write_inner(inner, tree, style))
            .collect();
        terms.join(&format!(" {} ", cased(word, style)))
    };
    let text = match tree {
        Tree::Or(trees) => joined(trees, "OR", style),
        Tree::And(trees) => joined(trees, "AND", style),
        Tree::Not(inner) => format!(
            "{} {}",
            cased("NOT", style),
            write_inner(inner, tree, style)
        ),
        Tree::Compare(left, operator, right) => {
            let left = write_side(left, style);
            let operator = spelled(operator, style);
            let right = write_side(right, style);
            format!("{left} {operator} {right}")
        }
    };
    if choose(style, 8) == 0 {
        format!("( {text})")
    } else {
        text
    }
}

fn write_inner(inner: &Tree, outer: &Tree, style: &mut dyn Iterator<Item = u8>) -> String {
    let text = write(inner, style);
    match (outer, inner) {
        (Tree::Or(_), Tree::Or(_)) | (Tree::And(_) | Tree::Not(_), Tree::Or(_) | Tree::And(_)) => {
            format!("({text})")
        }
        _ => text,
    }
}

fn write_side(side: &Side, style: &mut dyn Iterator<Item = u8>) -> String {
    match side {
        Side::Constant(Json::String(text)) => {
            let quote = if choose(style, 2) == 0 { '"' } else { '\'' };
            let escaped = text
                .replace('\\', "\\\\")
                .replace(quote, &format!("\\{quote}"));
            format!("{quote}{escaped}{quote}")
        }
        Side::Constant(Json::Number(number)) => number.to_string(),
        Side::Constant(word) => cased(&word.to_string(), style),
        Side::List(sides) => {
            let sides: Vec<String> = sides.iter().map(|side| write_side(side, style)).collect();
            format!(
                "[{}]",
                sides.join(if choose(style, 2) == 0 { "," } else { " , " })
            )
        }
        Side::Path(steps) => {
            steps
                .iter()
                .enumerate()
                .fold(String::new(), |path, (position, step)| match step {
                    Json::String(key) if position == 0 => key.clone(),
                    Json::String(key) => format!("{path}.{key}"),
                    index => format!("{path}[{index}]"),
                })
        }
    }
}

fn spelled(operator: &str, style: &mut dyn Iterator<Item = u8>) -> String {
    match (operator, choose(style, 2)) {
        ("==", 0) => "=".to_owned(),
        ("HAS", 0) => ">-".to_owned(),
        ("IN", 0) => "<-".to_owned(),
        _ => cased(operator, style),
    }
}

fn cased(word: &str, style: &mut dyn Iterator<Item = u8>) -> String {
    if choose(style, 3) == 0 {
        word.to_lowercase()
    } else {
        word.to_uppercase()
    }
}

fn choose(style: &mut dyn Iterator<Item = u8>, choices: u8) -> u8 {
    style.next().unwrap_or(1) % choices
}
