//! Parses a file of stories: headings, configurations, moments.

use std::path::Path;

use crate::project;

/// The base of a story's own configuration.
const PLAIN: &str = include_str!("plain.yaml");

/// One story of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Story {
    /// The text after `==`; empty in a file without headings.
    pub heading: String,
    /// The story's own configuration; `None`: the example's.
    pub set_up: Option<String>,
    /// The customer's documents, by path. With documents, the number belongs to the customer's
    /// server.
    pub documents: Option<Vec<(String, String)>>,
    /// The lines in order.
    pub moments: Vec<Moment>,
}

/// One line of a story, and the indented lines below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// `mm:ss step -> expectations`
    pub line: String,
    /// The text indented below the line, one indentation less.
    pub below: String,
    /// `file:line: text`
    pub location: String,
}

/// Reads a file of stories.
pub fn read(file: &Path) -> Vec<Story> {
    let text = std::fs::read_to_string(file).unwrap();
    let mut stories: Vec<Story> = Vec::new();
    for (moment, below) in lines_with_below(&text, file) {
        if let Some(heading) = moment.line.strip_prefix("==") {
            stories.push(Story::new(heading.trim()));
            continue;
        }
        if stories.is_empty() {
            stories.push(Story::new(""));
        }
        let Some(story) = stories.last_mut() else {
            continue;
        };
        if let Some(path) = moment.line.strip_prefix("file ") {
            story.set_up = Some(project::read(path.trim()));
            continue;
        }
        match moment.line.as_str() {
            "set-up" => story.set_up = Some(with_sections(PLAIN, &below)),
            "documents" => story.documents = Some(documents(&below)),
            _ => story.moments.push(Moment { below, ..moment }),
        }
    }
    stories
}

impl Story {
    fn new(heading: &str) -> Self {
        Self {
            heading: heading.to_owned(),
            set_up: None,
            documents: None,
            moments: Vec::new(),
        }
    }
}

/// The lines with content, each with the text indented below it. `#` begins a comment at the start
/// of a line or after a blank, but not in indented text, which has a syntax of its own.
fn lines_with_below(text: &str, file: &Path) -> Vec<(Moment, String)> {
    let mut found: Vec<(Moment, String)> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        if let (Some(indented), Some((_, below))) = (line.strip_prefix("  "), found.last_mut()) {
            below.push_str(indented);
            below.push('\n');
            continue;
        }
        let content = line.split(" #").next().unwrap_or_default().trim();
        if !content.is_empty() && !content.starts_with('#') {
            let location = format!("{}:{}: {content}", file.display(), number + 1);
            found.push((
                Moment {
                    line: content.to_owned(),
                    below: String::new(),
                    location,
                },
                String::new(),
            ));
        }
    }
    found
}

/// `base` with the top-level sections of `changes` in place of its own.
pub fn with_sections(base: &str, changes: &str) -> String {
    let mut sections = sections(base);
    for (key, text) in self::sections(changes) {
        match sections.iter_mut().find(|(known, _)| *known == key) {
            Some(section) => section.1 = text,
            None => sections.push((key, text)),
        }
    }
    sections.into_iter().map(|(_, text)| text).collect()
}

fn sections(yaml: &str) -> Vec<(String, String)> {
    let mut sections: Vec<(String, String)> = Vec::new();
    for line in yaml
        .lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with('#'))
    {
        match line.split_once(':') {
            Some((key, _)) if !line.starts_with(' ') => {
                sections.push((key.to_owned(), format!("{line}\n")));
            }
            Some(_) | None => {
                let (_, section) = sections
                    .last_mut()
                    .unwrap_or_else(|| panic!("expected `key:`, got {line}"));
                section.push_str(line);
                section.push('\n');
            }
        }
    }
    sections
}

fn documents(below: &str) -> Vec<(String, String)> {
    let document = |line: &str| {
        let (path, document) = line
            .split_once(' ')
            .unwrap_or_else(|| panic!("expected `/path <Response>…`: {line}"));
        (path.to_owned(), document.trim().to_owned())
    };
    below
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(document)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_replaced_or_appended() {
        let base = "a: 1\nb:\n  - x\n# a comment\nc: 3\n";
        assert_eq!(
            with_sections(base, "b:\n  - y\n  - z\nd: 4\n"),
            "a: 1\nb:\n  - y\n  - z\nc: 3\nd: 4\n"
        );
    }
}
