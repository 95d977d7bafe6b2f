//! Reports for people.

use std::fmt::Write;

use ids::time::Millis;

use crate::check::{Checked, Subject, Verdict};
use crate::compare::{CallChange, Comparison, Totals};
use crate::world::{Outcome, WaitEnd};

/// Tasks that a report for people names. `--format json` names all.
const SHOWN_MAX: usize = 200;

/// The result of a check: a sentence, and the differences.
pub fn checked(checked: &Checked) -> String {
    let mut text = String::new();
    let raced = with_verdict(checked, Verdict::Raced);
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "{} decided again: {} new Tasks, {} Reservations, {} by time, {} releases, {} inputs; {} taken over",
        counted(checked.writes, "write"),
        checked.creations,
        checked.offers.len(),
        checked.by_time,
        checked.releases,
        checked.inputs,
        checked.taken_over,
    );
    if raced > 0 {
        let _ = writeln!(
            text,
            "{} the same only without what was written in the two seconds before (races)",
            counted(raced, "Reservation")
        );
    }
    for difference in checked.differences.iter().take(SHOWN_MAX) {
        let subject = match &difference.subject {
            Subject::Task(task) => task.to_string(),
            Subject::Worker(worker, name) => format!("{name} ({worker})"),
        };
        let _ = writeln!(
            text,
            "{} {subject} {}: recorded {}, replayed {}",
            difference.at.to_iso8601_millis(),
            difference.topic.as_str(),
            difference.recorded,
            difference.replayed
        );
    }
    let _ = match checked.difference_count {
        0 => writeln!(text, "no difference"),
        count => writeln!(text, "{}", counted(count, "difference")),
    };
    text
}

/// What another configuration would have done: each Task that takes another course, and the totals.
pub fn comparison(comparison: &Comparison) -> String {
    let mut text = String::new();
    for change in comparison.changes.iter().take(SHOWN_MAX) {
        let _ = writeln!(
            text,
            "{} {}  {} → {}",
            change.created.to_iso8601(),
            change.task,
            outcome(&change.recorded),
            outcome(&change.other)
        );
    }
    let more = comparison.changes.len().saturating_sub(SHOWN_MAX);
    if more > 0 {
        let _ = writeln!(text, "… and {more} more; --format json names all");
    }
    let count = |is: fn(&CallChange) -> bool| {
        comparison
            .changes
            .iter()
            .filter(|change| is(change))
            .count()
    };
    let _ = writeln!(
        text,
        "\n{} of {} take another course: {} to another Worker, {} wait longer, {} shorter, {} lost, {} no longer lost",
        comparison.changes.len(),
        counted(comparison.recorded.tasks, "Task"),
        count(CallChange::is_another_worker),
        count(CallChange::waits_longer),
        count(CallChange::waits_shorter),
        count(CallChange::is_newly_lost),
        count(CallChange::is_newly_answered),
    );
    let _ = writeln!(
        text,
        "\n{:10} {:>8} {:>8} {:>8} {:>8} {:>10} {:>12}",
        "", "Tasks", "answered", "left", "lost", "mean wait", "longest wait"
    );
    for (name, totals) in [
        ("recorded", &comparison.recorded),
        ("other", &comparison.other),
    ] {
        let _ = writeln!(text, "{}", row(name, totals));
    }
    let _ = writeln!(
        text,
        "\nassumptions: under the recorded configuration {} take another course than recorded",
        counted(comparison.assumption_errors, "Task")
    );
    if comparison.open > 0 {
        let _ = writeln!(
            text,
            "not compared: {} that waited when the recording ended",
            counted(comparison.open, "Task")
        );
    }
    text
}

fn row(name: &str, totals: &Totals) -> String {
    format!(
        "{name:10} {:>8} {:>8} {:>8} {:>8} {:>10} {:>12}",
        totals.tasks,
        totals.answered,
        totals.left,
        totals.lost,
        seconds(totals.mean_wait()),
        seconds(totals.longest_wait)
    )
}

fn outcome(outcome: &Outcome) -> String {
    let wait = seconds(outcome.wait);
    match &outcome.end {
        WaitEnd::Answered { name, .. } => format!("{name} after {wait}"),
        WaitEnd::Left => format!("left after {wait}"),
        WaitEnd::Lost(reason) => format!("lost after {wait} ({reason})"),
        WaitEnd::Open => format!("still waiting after {wait}"),
    }
}

fn seconds(span: Millis) -> String {
    let tenths = span.as_millis() / 100;
    format!("{}.{} s", tenths / 10, tenths % 10)
}

fn with_verdict(checked: &Checked, verdict: Verdict) -> u64 {
    let offers = checked.offers.iter();
    let count = offers.filter(|offer| offer.verdict == verdict).count();
    u64::try_from(count).unwrap_or(u64::MAX)
}

fn counted(count: u64, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}
