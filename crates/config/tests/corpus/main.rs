//! The corpus: planted faults that must be found, and clean centres about which nothing must be said.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on says so by panicking"
)]

mod clean;
mod faults;
mod flow_faults;
#[path = "../utility/mod.rs"]
mod utility;

use std::collections::BTreeSet;

use config::{CheckedFile, PlacedFinding, Surroundings, check_files, check_files_in};
use faults::{CLEAN_DOCUMENT, DOCUMENT_FAULTS, FAULTS, Fault};
use flow_faults::FLOW_FAULTS;

const BASE: &str = include_str!("base.yaml");
const FLOWS: &str = include_str!("flows.yaml");
const EXAMPLES: [&str; 2] = [
    include_str!("../../../../contact-centre.yaml"),
    utility::UTILITY,
];

fn findings(text: &str) -> Vec<PlacedFinding> {
    let file = CheckedFile { name: "f", text };
    let surroundings = Surroundings {
        beside: &|_, name| utility::file(name),
        now: Some("2026-12-01T12:00:00Z".parse().unwrap()),
    };
    check_files_in(&[file], surroundings).unwrap_or_else(|problems| panic!("{problems:#?}\n{text}"))
}

/// Findings above the level of a note that no comment allows, as text.
fn complaints(text: &str) -> Vec<String> {
    let found = findings(text);
    let open = found
        .iter()
        .filter(|one| one.allowed.is_none() && one.finding.level > routing_check::Level::Note);
    open.map(|one| {
        let place = one.place;
        format!(
            "{}:{} {} {}",
            place.line, place.column, one.finding.rule, one.finding.message
        )
    })
    .collect()
}

/// Every planted fault is found: more than the goal of 95 % of errors and 85 % of warnings.
#[test]
fn planted_faults_are_found() {
    let documents = DOCUMENT_FAULTS
        .iter()
        .map(|fault| (fault.code, "", fault.json.to_owned()));
    let files = planted(BASE, FAULTS).chain(planted(FLOWS, FLOW_FAULTS));
    let mut missed = Vec::new();
    for (code, change, text) in files.chain(documents) {
        let found = findings(&text);
        if !found.iter().any(|one| one.finding.rule.code() == code) {
            missed.push(format!("{code}: {change}: {:?}", complaints(&text)));
        }
    }
    assert!(missed.is_empty(), "{:#?}", missed);
}

/// The code, the change and the file of each fault.
fn planted<'f>(
    base: &'f str,
    faults: &'f [Fault],
) -> impl Iterator<Item = (&'f str, &'f str, String)> {
    faults.iter().map(move |fault| {
        assert_eq!(base.matches(fault.from).count(), 1, "{}", fault.from);
        (fault.code, fault.to, base.replace(fault.from, fault.to))
    })
}

#[test]
fn every_rule_has_a_planted_fault() {
    let planted: BTreeSet<&str> = FAULTS
        .iter()
        .map(|fault| fault.code)
        .chain(DOCUMENT_FAULTS.iter().map(|fault| fault.code))
        .chain(FLOW_FAULTS.iter().map(|fault| fault.code))
        .collect();
    let without: Vec<_> = routing_check::Rule::ALL
        .iter()
        .filter(|rule| rule.level() > routing_check::Level::Note && !planted.contains(rule.code()))
        .collect();
    assert!(without.is_empty(), "{without:?}");
    assert!(FAULTS.len() + DOCUMENT_FAULTS.len() >= 60);
}

/// The guide has a heading for each code, to which the output of `cordboard check` leads.
#[test]
fn every_rule_is_in_the_guide() {
    let guide = include_str!("../../../../docs/guide/check.md");
    for rule in routing_check::Rule::ALL {
        let heading = format!("\n#### {rule}\n");
        assert_eq!(guide.matches(&heading).count(), 1, "{rule}");
    }
}

#[test]
fn clean_twins_have_no_finding() {
    for clean in [BASE, FLOWS].into_iter().chain(EXAMPLES) {
        assert_eq!(complaints(clean), Vec::<String>::new());
    }
    assert_eq!(complaints(CLEAN_DOCUMENT), Vec::<String>::new());
}

#[test]
fn clean_centres_have_no_finding() {
    let mut alarms = Vec::new();
    let mut count = 0;
    for (name, text) in clean::all() {
        count += 1;
        let found = complaints(&text);
        if !found.is_empty() {
            alarms.push(format!("{name}: {found:#?}"));
        }
    }
    assert!(count >= 120, "{count}");
    assert!(
        alarms.is_empty(),
        "{}\n{} false alarms",
        alarms.join("\n"),
        alarms.len()
    );
}

#[test]
fn comment_allows_a_finding_with_its_reason() {
    let hidden = "expression: type == \"chat\" AND returning == true AND topic == \"billing\"";
    let from = "expression: type == \"chat\" AND topic == \"billing\"";
    let on_line = BASE.replace(
        from,
        &format!("{hidden} # check: allow CB101 kept for a test"),
    );
    let above = BASE.replace(
        from,
        &format!("# check: allow CB101 kept for a test\n        {hidden}"),
    );
    for text in [on_line, above] {
        let found = findings(&text);
        let allowed = found
            .iter()
            .find(|one| one.finding.rule.code() == "CB101")
            .unwrap();
        assert_eq!(allowed.allowed.as_deref(), Some("kept for a test"));
        assert_eq!(complaints(&text), Vec::<String>::new());
    }
}

/// A file with a line less, or a line twice, is checked or refused, and never a panic.
#[test]
fn damaged_files_are_answered() {
    let lines: Vec<&str> = BASE.lines().collect();
    for at in (0..lines.len()).step_by(6) {
        let without = lines.iter().enumerate().filter(|(index, _)| *index != at);
        let without: Vec<&str> = without.map(|(_, line)| *line).collect();
        let mut twice = lines.clone();
        twice.insert(at, lines[at]);
        for damaged in [without, twice] {
            let text = damaged.join("\n");
            let file = CheckedFile {
                name: "f",
                text: &text,
            };
            if let Err(problems) = check_files(&[file]) {
                assert!(!problems.is_empty());
            }
        }
    }
}
