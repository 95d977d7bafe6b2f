//! A plan for people.

use std::fmt::{self, Display, Formatter};

use super::difference::{Change, PartChange, Setting};
use crate::export::tree::Tree;

/// The longest value that is shown on the line of its setting, in characters; of a setting that
/// changes, both values together.
const INLINE_CHARS_MAX: usize = 80;

/// Values beyond this number of characters are shortened.
const SHOWN_CHARS_MAX: usize = 2_000;

/// What a line is about, for colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Something is new.
    Added,
    /// Something is removed.
    Removed,
    /// Something changes.
    Changed,
    /// Everything else.
    Plain,
}

/// A line of text, with its mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What it is about.
    pub mark: Mark,
    /// The text.
    pub text: String,
}

impl Line {
    fn new(mark: Mark, text: impl Into<String>) -> Self {
        Self {
            mark,
            text: text.into(),
        }
    }
}

/// The parts that differ, with their settings.
pub fn lines(changes: &[PartChange]) -> Vec<Line> {
    let mut lines = Vec::new();
    for part in changes {
        match &part.change {
            Change::Created { after } => {
                lines.push(Line::new(Mark::Added, format!("+ {part}")));
                block(after, 4, Mark::Plain, &mut lines);
            }
            Change::Removed => lines.push(Line::new(Mark::Removed, format!("- {part}"))),
            Change::Changed { settings } => {
                lines.push(Line::new(Mark::Changed, format!("~ {part}")));
                settings
                    .iter()
                    .for_each(|setting| of_setting(setting, &mut lines));
            }
        }
    }
    lines
}

fn of_setting(setting: &Setting, lines: &mut Vec<Line>) {
    let path = setting.path.join(" › ");
    match (&setting.before, &setting.after) {
        (Some(before), Some(after)) => {
            if let (Some(before), Some(after)) = (inline(before), inline(after))
                && is_short(&format!("{before}{after}"))
            {
                let text = format!("    {path}: {before} → {after}");
                lines.push(Line::new(Mark::Plain, text));
                return;
            }
            lines.push(Line::new(Mark::Plain, format!("    {path}")));
            value("- ", before, Mark::Removed, lines);
            value("+ ", after, Mark::Added, lines);
        }
        (Some(before), None) => one("- ", &path, before, Mark::Removed, lines),
        (None, Some(after)) => one("+ ", &path, after, Mark::Added, lines),
        (None, None) => {}
    }
}

/// A setting that is only before or only after.
fn one(sign: &str, path: &str, tree: &Tree, mark: Mark, lines: &mut Vec<Line>) {
    match inline(tree) {
        Some(text) => lines.push(Line::new(mark, format!("  {sign}{path}: {text}"))),
        None => {
            lines.push(Line::new(mark, format!("  {sign}{path}")));
            block(tree, 8, Mark::Plain, lines);
        }
    }
}

/// A value below its setting, with a sign before it.
fn value(sign: &str, tree: &Tree, mark: Mark, lines: &mut Vec<Line>) {
    match scalar(tree) {
        Some(text) => lines.push(Line::new(mark, format!("      {sign}{}", shortened(&text)))),
        None => {
            let mut inner = Vec::new();
            block(tree, 0, mark, &mut inner);
            for line in inner {
                lines.push(Line::new(mark, format!("      {sign}{}", line.text)));
            }
        }
    }
}

/// A value as YAML, indented.
fn block(tree: &Tree, indent: usize, mark: Mark, lines: &mut Vec<Line>) {
    let is_empty = matches!(tree, Tree::Map(entries) if entries.is_empty());
    if is_empty {
        return;
    }
    let options = serde_saphyr::ser_options! { prefer_block_scalars: false };
    let yaml = serde_saphyr::to_string_with_options(tree, options).unwrap_or_default();
    let indent = " ".repeat(indent);
    for line in yaml.lines() {
        lines.push(Line::new(mark, format!("{indent}{}", shortened(line))));
    }
}

/// A short value on one line; `None`: it needs lines of its own.
fn inline(tree: &Tree) -> Option<String> {
    scalar(tree).filter(|text| is_short(text))
}

fn is_short(text: &str) -> bool {
    text.chars().count() <= INLINE_CHARS_MAX
}

/// A value without structure, or a list of such values.
fn scalar(tree: &Tree) -> Option<String> {
    match tree {
        Tree::Bool(value) => Some(value.to_string()),
        Tree::Number(number) => Some(number.to_string()),
        Tree::Null => Some("null".to_owned()),
        Tree::Text(text) => Some(text.replace('\n', " ")),
        Tree::Expression(condition) => Some(condition.normal_form().to_owned()),
        Tree::List(elements) => {
            let texts: Option<Vec<String>> = elements.iter().map(scalar).collect();
            texts.map(|texts| format!("[{}]", texts.join(", ")))
        }
        Tree::Map(_) => None,
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARS_MAX) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

impl Display for PartChange {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{} \"{name}\"", self.kind),
            None => f.write_str(&self.kind),
        }
    }
}
