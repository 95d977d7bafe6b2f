//! The results for people, and as JSON.

use std::fmt::Write;

use serde_json::{Value, json};
use stories::{Failure, Phone};
use vocabulary::visible;

use super::plan::{Plan, Planned};
use super::run::{Outcome, Verdict};
use crate::explain_command::render;

const BOLD: &str = "\u{1b}[1m";
const RED: &str = "\u{1b}[31m";
const GREEN: &str = "\u{1b}[32m";
const PLAIN: &str = "\u{1b}[0m";

/// The version of the JSON, which changes when a field changes its meaning.
const JSON_VERSION: u32 = 1;

/// A line for each story, and what is known of each that does not hold.
pub(super) fn text(plan: &Plan, verdict: &Verdict, is_coloured: bool) -> String {
    let paint = |colour: &'static str| if is_coloured { colour } else { "" };
    let mut text = String::new();
    let mut file = None;
    for (planned, outcome) in plan.stories.iter().zip(&verdict.outcomes) {
        if file != Some(planned.file) {
            file = Some(planned.file);
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{}", plan.files[planned.file].name);
        }
        let (colour, word) = match &outcome.failure {
            None => (GREEN, "ok  "),
            Some(_) => (RED, "FAIL"),
        };
        let _ = writeln!(
            text,
            "  {}{word}{}  {} ({} ms)",
            paint(colour),
            paint(PLAIN),
            visible(planned.name(plan)),
            outcome.took.as_millis()
        );
    }
    for (planned, failure) in failures(plan, verdict) {
        let _ = writeln!(
            text,
            "\n{}{}FAIL{} {}",
            paint(BOLD),
            paint(RED),
            paint(PLAIN),
            visible(planned.name(plan))
        );
        text.push_str(&details(plan, planned, failure));
    }
    summary(&mut text, verdict);
    text
}

/// The stories that do not hold.
pub(super) fn failures<'v>(
    plan: &'v Plan,
    verdict: &'v Verdict,
) -> impl Iterator<Item = (&'v Planned, &'v Failure)> {
    let played = plan.stories.iter().zip(&verdict.outcomes);
    played.filter_map(|(planned, outcome)| Some((planned, outcome.failure.as_deref()?)))
}

/// The message with its line, the transcript of each phone, and why each Task waits.
pub(super) fn details(plan: &Plan, planned: &Planned, failure: &Failure) -> String {
    let file = &plan.files[planned.file];
    let mut text = format!("error: {}\n", visible(&failure.message));
    text.push_str(&failure.place.render(&file.name, &file.text));
    let _ = writeln!(
        text,
        "  at {} of the story's clock",
        failure.at.to_iso8601()
    );
    for phone in &failure.phones {
        transcript(&mut text, phone);
    }
    for explanation in &failure.explanations {
        text.push('\n');
        text.push_str(&render::task(explanation));
    }
    text
}

fn transcript(text: &mut String, phone: &Phone) {
    let _ = writeln!(
        text,
        "\nCall from {} to {}: {}",
        phone.from, phone.to, phone.status
    );
    for line in &phone.transcript {
        // 2026-11-22T12:00:06.000Z
        let time = line.at.get(11..19).unwrap_or(&line.at);
        let _ = writeln!(
            text,
            "  {time}  {:<10}  {}",
            line.event,
            visible(&line.text)
        );
    }
}

fn summary(text: &mut String, verdict: &Verdict) {
    let all = verdict.outcomes.len();
    let failed = verdict.failed();
    let stories = if all == 1 { "story" } else { "stories" };
    let _ = writeln!(
        text,
        "\n{all} {stories}: {} ok, {failed} failed ({:.2} s)",
        all - failed,
        verdict.took.as_secs_f64()
    );
}

/// Everything as one object.
pub(super) fn json(plan: &Plan, verdict: &Verdict) -> Value {
    let played = plan.stories.iter().zip(&verdict.outcomes);
    let stories: Vec<Value> = played
        .map(|(planned, outcome)| story(plan, planned, outcome))
        .collect();
    json!({
        "version": JSON_VERSION,
        "ok": verdict.outcomes.len() - verdict.failed(),
        "failed": verdict.failed(),
        "seconds": verdict.took.as_secs_f64(),
        "stories": stories,
    })
}

fn story(plan: &Plan, planned: &Planned, outcome: &Outcome) -> Value {
    let failure = outcome.failure.as_ref().map(|failure| {
        let phones = failure.phones.iter().map(|phone| {
            let lines = phone.transcript.iter();
            let lines =
                lines.map(|line| json!({ "at": line.at, "event": line.event, "text": line.text }));
            json!({
                "call_sid": phone.call_sid, "from": phone.from, "to": phone.to,
                "status": phone.status, "transcript": lines.collect::<Vec<_>>(),
            })
        });
        json!({
            "line": failure.place.line,
            "column": failure.place.column,
            "message": failure.message,
            "at": failure.at.to_iso8601(),
            "phones": phones.collect::<Vec<_>>(),
            "explanations": failure.explanations,
        })
    });
    json!({
        "file": plan.files[planned.file].name,
        "line": planned.story.line,
        "name": planned.name(plan),
        "seconds": outcome.took.as_secs_f64(),
        "ok": outcome.failure.is_none(),
        "failure": failure,
    })
}
