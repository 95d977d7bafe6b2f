//! Positions in a document: from a path such as `workflows[0].filters[2].expression` to a line and a
//! column. JSON is read by the same parser as YAML.

use serde_json::{Map, Value as Json};

use crate::document::{self, Entry, Node, Value, place};
use crate::problem::{Place, Problem};

/// A document with the positions of its values.
pub struct Outline<'s> {
    root: Node,
    source: &'s str,
}

/// One step of a path.
enum Step<'p> {
    Key(&'p str),
    Index(usize),
}

/// What a path leads to.
struct Found<'n, 'p> {
    node: &'n Node,
    /// The key of the value, if it is one of a mapping.
    entry: Option<&'n Entry>,
    /// The rest of the path, inside a text that is a document itself.
    rest: Vec<Step<'p>>,
}

impl<'s> Outline<'s> {
    /// Reads a document. The problem names it `file`.
    pub fn parse(source: &'s str, file: &str) -> Result<Self, Problem> {
        match document::parse(source) {
            Ok(root) => Ok(Self { root, source }),
            Err((place, message)) => Err(Problem {
                file: file.to_owned(),
                place,
                message,
            }),
        }
    }

    /// The position of a path, or of the innermost value on its way that exists.
    pub fn place(&self, path: &str) -> Place {
        let steps = steps_of(path);
        let found = self.find(steps);
        if !found.rest.is_empty()
            && let Value::Text(text) = &found.node.value
            && let Ok(inner) = Outline::parse(text, "")
        {
            let inside = inner.place_of_steps(found.rest);
            let index = index_of(text, inside);
            let outer = document::place_inside(found.node, text, index, self.source);
            return outer.unwrap_or_else(|| place(found.node));
        }
        start_of(&found)
    }

    /// The position of a character of the text at a path, counted from 0. `None`: the text is not
    /// on one line as it is.
    pub fn place_inside(&self, path: &str, character: usize) -> Option<Place> {
        let found = self.find(steps_of(path));
        let Value::Text(text) = &found.node.value else {
            return None;
        };
        if found.rest.is_empty() {
            return document::place_inside(found.node, text, character, self.source);
        }
        let inner = Outline::parse(text, "").ok()?;
        let inside = inner.find(found.rest);
        let Value::Text(innermost) = &inside.node.value else {
            return None;
        };
        let inside = document::place_inside(inside.node, innermost, character, text)?;
        document::place_inside(found.node, text, index_of(text, inside), self.source)
    }

    /// The text at a path, as it is written if it is a number. `None`: there is none.
    pub fn text(&self, path: &str) -> Option<&str> {
        let found = self.find(steps_of(path));
        match &found.node.value {
            Value::Text(text) if found.rest.is_empty() => Some(text),
            Value::Number(_) | Value::Bool(_) => Some(document::written(found.node, self.source)),
            Value::Text(_) | Value::Null | Value::List(_) | Value::Mapping(_) => None,
        }
    }

    /// How many elements the list at a path has; 0 if there is none.
    pub fn count(&self, path: &str) -> usize {
        match &self.find(steps_of(path)).node.value {
            Value::List(elements) => elements.len(),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Text(_)
            | Value::Mapping(_) => 0,
        }
    }

    /// Whether the document has a key at its top.
    pub fn has(&self, key: &str) -> bool {
        match &self.root.value {
            Value::Mapping(entries) => entries.iter().any(|entry| entry.key.value == key),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) | Value::List(_) => {
                false
            }
        }
    }

    /// The document as JSON.
    pub fn json(&self) -> Json {
        json_of(&self.root)
    }

    fn place_of_steps(&self, steps: Vec<Step<'_>>) -> Place {
        start_of(&self.find(steps))
    }

    fn find<'p>(&self, steps: Vec<Step<'p>>) -> Found<'_, 'p> {
        let mut found = Found {
            node: &self.root,
            entry: None,
            rest: Vec::new(),
        };
        let mut steps = steps.into_iter();
        while let Some(step) = steps.next() {
            let next = match (&found.node.value, &step) {
                (Value::Mapping(entries), Step::Key(key)) => {
                    let entry = entries.iter().rev().find(|entry| entry.key.value == *key);
                    entry.map(|entry| (&entry.value, Some(entry)))
                }
                (Value::List(elements), Step::Index(index)) => {
                    elements.get(*index).map(|node| (node, None))
                }
                (Value::Text(_), _) => {
                    found.rest = std::iter::once(step).chain(steps).collect();
                    return found;
                }
                (Value::Null | Value::Bool(_) | Value::Number(_) | Value::List(_), _)
                | (Value::Mapping(_), Step::Index(_)) => None,
            };
            let Some((node, entry)) = next else {
                return found;
            };
            found.node = node;
            found.entry = entry;
        }
        found
    }
}

/// Where a value starts for a reader: a list or mapping at its key.
fn start_of(found: &Found<'_, '_>) -> Place {
    match (&found.node.value, found.entry) {
        (Value::List(_) | Value::Mapping(_), Some(entry)) => place(&entry.key),
        _value => place(found.node),
    }
}

fn steps_of(path: &str) -> Vec<Step<'_>> {
    let mut steps = Vec::new();
    for part in path.split('.').filter(|part| !part.is_empty()) {
        let mut pieces = part.split('[');
        if let Some(key) = pieces.next().filter(|key| !key.is_empty()) {
            steps.push(Step::Key(key));
        }
        let indexes = pieces.filter_map(|piece| piece.trim_end_matches(']').parse().ok());
        steps.extend(indexes.map(Step::Index));
    }
    steps
}

/// The index of the character at a place of a text.
fn index_of(text: &str, place: Place) -> usize {
    let line = usize::try_from(place.line).unwrap_or(1).saturating_sub(1);
    let column = usize::try_from(place.column).unwrap_or(1).saturating_sub(1);
    let before: usize = text
        .split_inclusive('\n')
        .take(line)
        .map(|line| line.chars().count())
        .sum();
    before + column
}

fn json_of(node: &Node) -> Json {
    match &node.value {
        Value::Null => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        Value::Number(number) => Json::Number(number.clone()),
        Value::Text(text) => Json::String(text.clone()),
        Value::List(elements) => Json::Array(elements.iter().map(json_of).collect()),
        Value::Mapping(entries) => {
            let entry = |entry: &Entry| (entry.key.value.clone(), json_of(&entry.value));
            Json::Object(entries.iter().map(entry).collect::<Map<_, _>>())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const YAML: &str = "a:\n  - name: one\n    expression: x == \"y\" AND z\nb: 3\n";

    fn at(line: u64, column: u64) -> Place {
        Place { line, column }
    }

    #[test]
    fn path_leads_to_a_place() {
        let outline = Outline::parse(YAML, "f").unwrap();
        assert_eq!(outline.place("a[0].name"), at(2, 11));
        assert_eq!(outline.place("a"), at(1, 1));
        assert_eq!(outline.place("a[0].missing"), at(2, 5));
        assert_eq!(outline.place_inside("a[0].expression", 13), Some(at(3, 30)));
        assert_eq!(outline.text("b"), Some("3"));
        assert_eq!(outline.count("a"), 1);
    }

    #[test]
    fn path_leads_into_a_text_with_a_document() {
        let json = "{\n\t\"configuration\": \"{\\\"task_routing\\\":{\\\"filters\\\":[]}}\"\n}";
        let outline = Outline::parse(json, "f").unwrap();
        assert_eq!(outline.place("configuration"), at(2, 19));
        assert_eq!(
            outline.place("configuration.task_routing.filters"),
            at(2, 39)
        );
    }
}
