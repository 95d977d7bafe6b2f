//! Findings for programs: one object for each.

use config::PlacedFinding;
use serde_json::{Value as Json, json};

use super::help_of;

pub(super) fn render(findings: &[PlacedFinding]) -> Json {
    let findings = findings.iter().map(finding);
    json!({ "findings": findings.collect::<Vec<_>>() })
}

fn finding(one: &PlacedFinding) -> Json {
    json!({
        "code": one.finding.rule,
        "title": one.finding.rule.title(),
        "level": one.finding.level,
        "file": one.file,
        "line": one.place.line,
        "column": one.place.column,
        "length": one.characters,
        "path": one.finding.spot.path,
        "message": one.finding.message,
        "help": help_of(one.finding.rule),
        "allowed": one.allowed,
    })
}
