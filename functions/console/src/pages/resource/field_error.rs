//! The position of an error in the entered text, read from the API's message: `column 7: …` for an
//! expression, `line 3 column 9` for JSON, or both the path in a document and the column there,
//! `task_routing.filters[0].expression: column 7: …`.

use maud::{Markup, html};
use serde_json::Value;

/// Characters that are shown before and after the position.
const AROUND: usize = 60;

/// A line of the text, and the 0-based column of the character at which the error begins.
#[derive(Debug, PartialEq, Eq)]
struct Spot {
    line: String,
    column: usize,
}

/// The message, and the line with a mark below the position.
pub fn show(id: &str, problem: &str, value: &str) -> Markup {
    html! {
        p .field-error id=(id) { (problem) }
        @if let Some(spot) = find(problem, value) {
            @let (before, at) = spot.around();
            pre .spot aria-hidden="true" { (before) mark { (at) } "\n" (" ".repeat(before.chars().count())) "▲" }
        }
    }
}

impl Spot {
    /// The text before the position, and the text from there on.
    fn around(&self) -> (String, String) {
        let skipped = self.column.saturating_sub(AROUND);
        let before = self
            .line
            .chars()
            .skip(skipped)
            .take(self.column - skipped)
            .collect();
        let at: String = self.line.chars().skip(self.column).take(AROUND).collect();
        (before, if at.is_empty() { " ".to_owned() } else { at })
    }
}

fn find(problem: &str, value: &str) -> Option<Spot> {
    if let Some((_, place)) = problem.rsplit_once(" at line ") {
        let (line, column) = place.split_once(" column ")?;
        let line = number(line)?.checked_sub(1)?;
        let column = number(column)?;
        return spot(
            value.lines().nth(line).unwrap_or_default(),
            column.saturating_sub(1),
        );
    }
    let (place, rest) = match problem.strip_prefix("column ") {
        Some(rest) => (None, rest),
        None => problem
            .split_once(": column ")
            .map(|(place, rest)| (Some(place), rest))?,
    };
    let column = number(rest.split_once(':')?.0)?.checked_sub(1)?;
    match place {
        None => spot(value, column),
        Some(place) => spot(
            part(&serde_json::from_str(value).ok()?, place)?.as_str()?,
            column,
        ),
    }
}

fn spot(line: &str, column: usize) -> Option<Spot> {
    (column <= line.chars().count()).then(|| Spot {
        line: line.to_owned(),
        column,
    })
}

fn number(text: &str) -> Option<usize> {
    text.trim().parse().ok()
}

/// The part of a document at a path such as `task_routing.filters[0].expression`.
fn part<'d>(document: &'d Value, place: &str) -> Option<&'d Value> {
    let pointer: String = place
        .replace(']', "")
        .split(['.', '['])
        .map(|step| format!("/{step}"))
        .collect();
    document.pointer(&pointer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(problem: &str, value: &str) -> Option<(String, usize)> {
        find(problem, value).map(|spot| (spot.line, spot.column))
    }

    #[test]
    fn position_is_found_in_text_and_json() {
        let pair = |line: &str, column| Some((line.to_owned(), column));
        assert_eq!(
            found("column 3: expected an operator", "a = = 1"),
            pair("a = = 1", 2)
        );
        assert_eq!(
            found("not JSON: expected value at line 2 column 4", "{\n\"a\":}"),
            pair("\"a\":}", 3)
        );
        let document = r#"{"task_routing":{"filters":[{},{"expression":"ä = 1"}]}}"#;
        assert_eq!(
            found("task_routing.filters[1].expression: column 3: x", document),
            pair("ä = 1", 2)
        );
    }

    #[test]
    fn message_without_position_marks_nothing() {
        for problem in [
            "expected a whole number",
            "column 99: x",
            "column 0: x",
            "column x: y",
            "a[0].b: column 1: x",
            "x at line 0 column 1",
            "x at line 7 column 2",
            "column",
        ] {
            assert_eq!(found(problem, "1==1"), None, "{problem}");
        }
    }

    #[test]
    fn entered_text_is_escaped_and_marked() {
        let shown = show("x", "column 3: <b>", "1 <script>").into_string();
        assert!(
            shown.contains("<p class=\"field-error\" id=\"x\">column 3: &lt;b&gt;</p>"),
            "{shown}"
        );
        assert!(
            shown.contains("1 <mark>&lt;script&gt;</mark>\n  ▲"),
            "{shown}"
        );
    }
}
