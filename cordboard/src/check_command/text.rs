//! Findings for people: the message, the line of the file, and a mark below it.

use std::fmt::Write;

use config::PlacedFinding;
use routing_check::Level;
use vocabulary::visible;

use super::File;

/// Characters of a line that are shown before and after the mark.
const CONTEXT_CHARS_MAX: usize = 100;

const BOLD: &str = "\u{1b}[1m";
const RED: &str = "\u{1b}[31m";
const YELLOW: &str = "\u{1b}[33m";
const BLUE: &str = "\u{1b}[34m";
const PLAIN: &str = "\u{1b}[0m";

/// All findings that no comment allows, and a summary.
pub(super) fn render(files: &[File], findings: &[PlacedFinding], is_coloured: bool) -> String {
    let mut text = String::new();
    for one in findings.iter().filter(|one| one.allowed.is_none()) {
        finding(&mut text, files, one, is_coloured);
    }
    summary(&mut text, findings);
    text
}

fn finding(text: &mut String, files: &[File], one: &PlacedFinding, is_coloured: bool) {
    let paint = |colour: &'static str| if is_coloured { colour } else { "" };
    let colour = match one.finding.level {
        Level::Error => RED,
        Level::Warning => YELLOW,
        Level::Note => BLUE,
    };
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "{}{}{}[{}]{}: {}",
        paint(BOLD),
        paint(colour),
        one.finding.level.as_str(),
        one.finding.rule,
        paint(PLAIN),
        visible(&one.finding.message)
    );
    let place = one.place;
    let _ = writeln!(text, "  --> {}:{}:{}", one.file, place.line, place.column);
    if let Some(line) = line_of(files, one) {
        let number = place.line.to_string();
        let margin = " ".repeat(number.len());
        let (shown, column) = window(line, place.column);
        let count = one.characters.unwrap_or(1).max(1);
        let rest = shown.chars().count().saturating_sub(column);
        let marks = "^".repeat(count.min(rest.max(1)));
        let _ = writeln!(text, "{margin} |");
        let _ = writeln!(text, "{number} | {}", visible(&shown));
        let _ = writeln!(
            text,
            "{margin} | {}{}{marks}{}",
            " ".repeat(column),
            paint(colour),
            paint(PLAIN)
        );
    }
    text.push('\n');
}

fn line_of<'f>(files: &'f [File], one: &PlacedFinding) -> Option<&'f str> {
    let file = files.iter().find(|file| file.name == one.file)?;
    let index = usize::try_from(one.place.line).ok()?.checked_sub(1)?;
    file.text.lines().nth(index)
}

/// The part of a line around a column, and the column in it, counted from 0.
fn window(line: &str, column: u64) -> (String, usize) {
    let column = usize::try_from(column).unwrap_or(1).saturating_sub(1);
    let start = column.saturating_sub(CONTEXT_CHARS_MAX);
    let shown = line.chars().skip(start).take(2 * CONTEXT_CHARS_MAX);
    // A tab is one character of the file and one column here.
    let shown = shown.map(|letter| if letter == '\t' { ' ' } else { letter });
    (shown.collect(), column - start)
}

fn summary(text: &mut String, findings: &[PlacedFinding]) {
    let (allowed, open): (Vec<_>, Vec<_>) = findings.iter().partition(|one| one.allowed.is_some());
    let count = |level| open.iter().filter(|one| one.finding.level == level).count();
    let allowed = match allowed.len() {
        0 => String::new(),
        count => format!("; {count} allowed by comments"),
    };
    let _ = writeln!(
        text,
        "{}, {}, {}{allowed}",
        counted(count(Level::Error), "error"),
        counted(count(Level::Warning), "warning"),
        counted(count(Level::Note), "note")
    );
}

fn counted(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}
