//! A flow as a drawing: a box for each step, in the order of the file, nested as the file nests it.
//!
//! The boxes are one below the other, so that lines do not cross and a narrow screen shows the same
//! drawing. A screen reader gets the same content as text.

use std::collections::BTreeSet;

use maud::{Markup, html};
use voice_flows::{Outline, Row, StepId};

use super::calls::CallsAtSteps;
use super::names::Names;
use super::words;

/// Width of a box: it fits a screen of 360 pixels.
const BOX: usize = 300;
/// What a nested list is moved to the right.
const INDENT: usize = 28;
/// Where the line leaves a box, from its left side.
const STEM: usize = 14;
/// Height of a line of text.
const LINE: usize = 18;
/// Between the border of a box and its text.
const PADDING: usize = 8;
/// Between two boxes; a label of a line fits in.
const GAP: usize = 26;
/// Half of the width of an arrow's head, and its length.
const HEAD: usize = 5;
/// Width of the sign with the number of calls.
const SIGN: usize = 74;
/// Characters of a line of text in a box.
const LINE_CHARS: usize = 42;
/// Lines of a text in a box; the whole text is below the drawing.
const LINES_MAX: usize = 2;

/// A row with its place.
struct Placed<'o> {
    row: &'o Row,
    lines: Vec<String>,
    x: usize,
    y: usize,
    height: usize,
}

/// The drawing of a flow; the steps of `path` are marked.
pub fn of(
    outline: &Outline,
    calls: &CallsAtSteps,
    names: &Names,
    path: Option<&BTreeSet<StepId>>,
) -> Markup {
    let boxes = placed(outline, names);
    let last = boxes.last();
    let height = last.map_or(0, |last| last.y + last.height + 2);
    let right = boxes.iter().map(|place| place.x + BOX + 2);
    let width = right.max().unwrap_or(BOX);
    html! {
        svg .flow-drawing width=(width) height=(height) viewBox=(format!("0 0 {width} {height}")) role="img"
            aria-label={ "The flow " (outline.name) ", as in the text below" } {
            @for place in &boxes {
                @if let Some(from) = place.row.from.and_then(|from| boxes.get(from)) { (arrow(from, place)) }
            }
            @for place in &boxes {
                @let is_on_path = path.is_some_and(|path| path.contains(&place.row.step));
                (step(place, calls.at(place.row.step).len(), is_on_path))
            }
        }
    }
}

fn placed<'o>(outline: &'o Outline, names: &Names) -> Vec<Placed<'o>> {
    let mut boxes = Vec::new();
    let mut y = 1;
    for row in &outline.rows {
        let mut lines = wrapped(&names.about(&row.about));
        lines.extend(row.exits.iter().map(|exit| {
            let when = if exit.when.is_empty() { "" } else { " " };
            cut(&format!("{}{when}→ {}", exit.when, words(&exit.to)))
        }));
        if !row.via.is_empty() {
            y += LINE;
        }
        let height = 2 * PADDING + LINE * (1 + lines.len());
        boxes.push(Placed {
            row,
            lines,
            x: 1 + INDENT * row.depth,
            y,
            height,
        });
        y += height + GAP;
    }
    boxes
}

fn step(place: &Placed<'_>, calls: usize, is_on_path: bool) -> Markup {
    let Placed { row, x, y, .. } = place;
    let class = if is_on_path {
        "flow-box flow-marked"
    } else {
        "flow-box"
    };
    let baseline = |line: usize| y + PADDING + LINE * line + LINE - 5;
    html! {
        g id={ "step-" (row.step.0) } {
            rect class=(class) x=(x) y=(y) width=(BOX) height=(place.height) rx="6" {}
            text .flow-verb x=(x + PADDING + 2) y=(baseline(0)) { (row.verb) }
            @for (number, line) in place.lines.iter().enumerate() {
                text .flow-text x=(x + PADDING + 2) y=(baseline(number + 1)) { (line) }
            }
            @if calls > 0 {
                rect .flow-sign x=(x + BOX - SIGN - 6) y=(y + 6) width=(SIGN) height=(LINE + 2) rx="10" {}
                text .flow-count x=(x + BOX - SIGN / 2 - 6) y=(y + LINE + 2) text-anchor="middle" {
                    (calls) @if calls == 1 { " call" } @else { " calls" }
                }
            }
        }
    }
}

/// The line from a step to one that it leads to: down to the next one, or down and to the right into
/// a nested list.
fn arrow(from: &Placed<'_>, to: &Placed<'_>) -> Markup {
    let x = from.x + STEM;
    let start = from.y + from.height;
    let (line, head) = if to.x > from.x {
        let (end, y) = (to.x - HEAD, to.y + to.height / 2);
        let head = (to.x, y, end - HEAD, y - HEAD, end - HEAD, y + HEAD);
        (format!("M{x} {start} V{y} H{end}"), head)
    } else {
        let end = to.y - HEAD;
        let head = (x, to.y, x - HEAD, end - HEAD, x + HEAD, end - HEAD);
        (format!("M{x} {start} V{end}"), head)
    };
    let (x0, y0, x1, y1, x2, y2) = head;
    html! {
        path .flow-line d=(line) {}
        path .flow-head d=(format!("M{x0} {y0} L{x1} {y1} L{x2} {y2} Z")) {}
        @if !to.row.via.is_empty() {
            text .flow-when x=(to.x) y=(to.y - 6) { (cut(&to.row.via)) }
        }
    }
}

/// A text in lines of at most [`LINE_CHARS`] characters.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= LINE_CHARS => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) | None => lines.push(word.to_owned()),
        }
    }
    let is_cut = lines.len() > LINES_MAX;
    lines.truncate(LINES_MAX);
    if is_cut && let Some(line) = lines.last_mut() {
        line.push_str(" …");
    }
    lines.iter().map(|line| cut(line)).collect()
}

/// At most [`LINE_CHARS`] characters of a text.
fn cut(text: &str) -> String {
    if text.chars().count() <= LINE_CHARS {
        return text.to_owned();
    }
    text.chars().take(LINE_CHARS - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_text_is_cut() {
        assert_eq!(wrapped("one two"), ["one two"]);
        assert_eq!(wrapped(""), Vec::<String>::new());
        let long = "word ".repeat(40);
        let lines = wrapped(&long);
        assert_eq!(lines.len(), LINES_MAX);
        assert!(lines[1].ends_with('…'), "{lines:?}");
        let lines = wrapped(&"x".repeat(100));
        assert_eq!(lines[0].chars().count(), LINE_CHARS);
    }
}
