//! `docs/conformance.md` says where each rule lives and which story proves each case. What it says is so.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on says so by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use tests::story;

const DOCUMENT: &str = include_str!("../../docs/conformance.md");

/// The reference's tables of cases: folder of the stories, how a heading names a case, the cases.
fn tables() -> [(&'static str, &'static str, Vec<String>); 2] {
    let mut taskrouter: Vec<String> = (1..=45).map(|number| number.to_string()).collect();
    taskrouter.push("31b".to_owned());
    let voice = (1..=13).map(|number| number.to_string()).collect();
    [
        ("taskrouter", "taskrouter.md case ", taskrouter),
        ("voice", "voice-webhooks.md case ", voice),
    ]
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Case → the files that have a story of it, as the document writes them.
fn stories(folder: &str, named: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for entry in std::fs::read_dir(repository().join("tests/stories").join(folder)).unwrap() {
        let path = entry.unwrap().path();
        let file = format!(
            "tests/stories/{folder}/{}",
            path.file_name().unwrap().to_string_lossy()
        );
        for heading in story::headings(&path) {
            let case = heading
                .strip_prefix(named)
                .and_then(|rest| rest.split_once(':'));
            let (case, _) = case
                .unwrap_or_else(|| panic!("{file}: `{heading}` does not begin with `{named}…:`"));
            found
                .entry(case.to_owned())
                .or_default()
                .insert(file.clone());
        }
    }
    found
}

#[test]
fn every_case_of_the_reference_has_a_story_and_no_story_another_case() {
    for (folder, named, cases) in tables() {
        let found: BTreeSet<String> = stories(folder, named).into_keys().collect();
        assert_eq!(
            found,
            cases.into_iter().collect::<BTreeSet<_>>(),
            "{folder}"
        );
    }
}

#[test]
fn the_document_names_the_story_of_each_case() {
    for (folder, named, _) in tables() {
        for (case, files) in stories(folder, named) {
            let beginning = format!("| {folder} {case} |");
            let row = DOCUMENT.lines().find(|line| line.starts_with(&beginning));
            let row = row.unwrap_or_else(|| panic!("docs/conformance.md has no row `{beginning}`"));
            for file in files {
                assert!(
                    row.contains(&format!("`{file}`")),
                    "{row}\nshould name `{file}`"
                );
            }
        }
    }
}

/// What stands in backticks with a slash in it is a file, or a file and a name in it: `path: name`.
#[test]
fn every_file_and_name_in_the_document_is_there() {
    let mut checked = 0;
    for (number, line) in DOCUMENT
        .lines()
        .enumerate()
        .filter(|(_, line)| line.starts_with('|'))
    {
        for quoted in line
            .split('`')
            .skip(1)
            .step_by(2)
            .filter(|quoted| quoted.contains('/'))
        {
            let (path, name) = quoted.split_once(": ").unwrap_or((quoted, ""));
            let file = repository().join(path);
            assert!(
                file.is_file(),
                "docs/conformance.md:{}: there is no file {path}",
                number + 1
            );
            let text = std::fs::read_to_string(file).unwrap();
            assert!(
                text.contains(name),
                "docs/conformance.md:{}: {path} has no {name}",
                number + 1
            );
            checked += 1;
        }
    }
    assert!(
        checked > 100,
        "the document names hardly anything: {checked}"
    );
}
