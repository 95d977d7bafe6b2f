//! Round trip: a file, read and exported, is the same contact centre; and exported again it is the
//! same file.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on says so by panicking"
)]

mod generator;
mod same_flows;
#[path = "../utility/mod.rs"]
mod utility;

use std::collections::BTreeSet;

use config::export::export;
use config::{ContactCentre, read_with_files};
use ids::AccountSid;
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use task_router::model::{Ledger, Workspace};

const ACCOUNT: AccountSid = AccountSid::from_bytes([7; 16]);
const EXAMPLE: &str = include_str!("../../../../contact-centre.yaml");
const CORPUS: &str = include_str!("../corpus/base.yaml");

fn read_text(text: &str) -> ContactCentre {
    let read = read_with_files(text, "f.yaml", ACCOUNT, &utility::file);
    read.unwrap_or_else(|problems| panic!("{problems:#?}\n{text}"))
}

/// The file of a contact centre, which must need no notes but the one about audio files.
fn exported(centre: &ContactCentre) -> String {
    let exported = export(centre.content());
    let mut notes = exported.notes.iter();
    assert!(
        notes.all(|note| note.starts_with("flows: audio files")),
        "{:?}",
        exported.notes
    );
    exported.to_yaml().unwrap()
}

/// Exports, reads and exports again.
fn assert_round_trip(text: &str) {
    let first = read_text(text);
    let file = exported(&first);
    let second = read_text(&file);
    assert_eq!(exported(&second), file);
    assert_eq!(without_ledger(&second), without_ledger(&first), "{file}");
    assert_eq!(second.workers, first.workers, "{file}");
    let mut settings = second.voice_settings.clone();
    settings.flows.clone_from(&first.voice_settings.flows);
    assert_eq!(settings, first.voice_settings, "{file}");
    match (&first.voice_flows, &second.voice_flows) {
        (Some(first), Some(second)) => {
            let same = (same_flows::numbered(first), same_flows::numbered(second));
            assert_eq!(same.0, same.1, "{file}");
        }
        (first, second) => assert_eq!(first, second),
    }
}

/// The places of parts differ for standard TaskChannels, which are in no order of a file.
fn without_ledger(centre: &ContactCentre) -> (Workspace, BTreeSet<ids::WorkflowSid>) {
    let workspace = Workspace {
        ledger: Ledger::default(),
        ..centre.workspace.clone()
    };
    (workspace, centre.re_evaluate_tasks.clone())
}

#[test]
fn known_files_make_the_round_trip() {
    for text in [EXAMPLE, utility::UTILITY, CORPUS] {
        assert_round_trip(text);
    }
}

#[test]
fn defaults_are_left_out() {
    let file = exported(&read_text(EXAMPLE));
    for default in [
        "reoffer_pause",
        "assignment_callback",
        "capacity",
        "texts:\n          wrong_key",
    ] {
        assert!(!file.contains(default), "{default}\n{file}");
    }
    assert!(
        file.contains("expression: selected_language == \"en\""),
        "{file}"
    );
}

/// The same files in every run.
#[test]
fn generated_files_make_the_round_trip() {
    let config = ProptestConfig {
        cases: 96,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let choices = prop::collection::vec(any::<u8>(), 0..600);
    let checked = runner.run(&choices, |choices| {
        assert_round_trip(&generator::file(&choices));
        Ok(())
    });
    checked.unwrap();
}
