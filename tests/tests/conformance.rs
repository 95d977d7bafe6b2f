//! `docs/conformance.md` states where each rule is implemented and which story tests each case.
//! These tests check that page, and every citation of the specification.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on says so by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use tests::story;

const DOCUMENT: &str = include_str!("../../docs/conformance.md");

/// The reference's tables of cases: folder of the stories, prefix of their headings, the cases.
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

/// Case → the files with a story of it, as the page writes them.
fn stories(folder: &str, prefix: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for entry in std::fs::read_dir(repository().join("tests/stories").join(folder)).unwrap() {
        let path = entry.unwrap().path();
        let file = format!(
            "tests/stories/{folder}/{}",
            path.file_name().unwrap().to_string_lossy()
        );
        for heading in story::headings(&path) {
            let case = heading
                .strip_prefix(prefix)
                .and_then(|rest| rest.split_once(':'));
            let (case, _) = case
                .unwrap_or_else(|| panic!("{file}: `{heading}` does not begin with `{prefix}…:`"));
            found
                .entry(case.to_owned())
                .or_default()
                .insert(file.clone());
        }
    }
    found
}

/// And each story belongs to a case of the reference.
#[test]
fn every_case_has_a_story() {
    for (folder, prefix, cases) in tables() {
        let found: BTreeSet<String> = stories(folder, prefix).into_keys().collect();
        assert_eq!(
            found,
            cases.into_iter().collect::<BTreeSet<_>>(),
            "{folder}"
        );
    }
}

#[test]
fn page_lists_the_story_of_each_case() {
    for (folder, prefix, _) in tables() {
        for (case, files) in stories(folder, prefix) {
            let row_start = format!("| {folder} {case} |");
            let row = DOCUMENT.lines().find(|line| line.starts_with(&row_start));
            let row = row.unwrap_or_else(|| panic!("docs/conformance.md has no row `{row_start}`"));
            for file in files {
                assert!(
                    row.contains(&format!("`{file}`")),
                    "{row}\nshould name `{file}`"
                );
            }
        }
    }
}

/// Text in backticks with a slash is a file, or a file and a name in it: `path: name`.
#[test]
fn cited_files_and_names_exist() {
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
    assert!(checked > 100, "only {checked} names were found");
}

/// Folders without text of our own, or with text that others wrote.
const NOT_OURS: [&str; 7] = [
    "target",
    ".git",
    ".venv",
    "node_modules",
    ".aws-sam",
    "assets",
    "data",
];

/// Files that can cite a rule.
const CITING: [&str; 9] = ["rs", "md", "txt", "yaml", "toml", "py", "sh", "mjs", "json"];

/// Every file of the project that can cite a rule, except the specification itself.
fn citing_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            let is_skipped = NOT_OURS.contains(&name.as_str()) || path.ends_with("docs/reference");
            if !is_skipped {
                citing_files(&path, found);
            }
            continue;
        }
        let extension = path
            .extension()
            .map(|text| text.to_string_lossy().into_owned());
        if extension.is_some_and(|text| CITING.contains(&text.as_str())) {
            found.push(path);
        }
    }
}

/// A text as one line: a comment that is wrapped inside a citation reads like any other.
fn unwrapped(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let line = line.trim_start();
        line.trim_start_matches(['/', '!', '#', '*'])
    });
    lines
        .flat_map(str::split_whitespace)
        .collect::<Vec<_>>()
        .join(" ")
}

/// The text of each section of a document of the specification, by number. Its first line is the title.
fn sections(document: &str) -> BTreeMap<String, String> {
    let path = repository().join("docs/reference").join(document);
    let text = std::fs::read_to_string(&path).unwrap();
    let mut sections: BTreeMap<String, String> = BTreeMap::new();
    let mut open: Vec<String> = Vec::new();
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("## ").or(line.strip_prefix("### ")) {
            let number = title.split(' ').next().unwrap().trim_end_matches('.');
            // The text of a section includes its subsections.
            open.retain(|above| number.starts_with(&format!("{above}.")));
            open.push(number.to_owned());
        }
        for number in &open {
            let section = sections.entry(number.clone()).or_default();
            section.push_str(line);
            section.push('\n');
        }
    }
    sections
}

/// The section numbers at the row_start of a text such as `11.3, "dequeue"` or `5.3 and 6.3`.
fn cited_numbers(text: &str) -> Vec<String> {
    let mut numbers = Vec::new();
    for word in text.split(' ') {
        let number = word.trim_end_matches([',', ')', ';', ':', '.', ']']);
        let is_number = number.starts_with(|first: char| first.is_ascii_digit())
            && number.chars().all(|one| one.is_ascii_digit() || one == '.');
        if is_number {
            numbers.push(number.to_owned());
        } else if word != "and" && word != "to" && word != "or" {
            break;
        }
        let is_last = word.ends_with([')', ';', ':', '.', ']']);
        if is_last || word.ends_with(',') && !text.contains("sections") && numbers.len() > 1 {
            break;
        }
    }
    numbers
}

/// The title in quotes behind the numbers: `section 1, "dates"`.
fn cited_title(text: &str) -> Option<&str> {
    let after_number = text.trim_start_matches(|one: char| one.is_ascii_digit() || one == '.');
    let quoted = after_number.strip_prefix(", \"")?;
    quoted.split_once('"').map(|(title, _)| title)
}

/// Citations have the form `taskrouter.md section 11.3` or `voice-webhooks.md sections 4 and 6`, with a title in quotes where
/// a section has several rules. No document outside the repository is cited.
#[test]
fn every_citation_resolves() {
    let mut files = Vec::new();
    citing_files(&repository(), &mut files);
    let documents = ["taskrouter.md", "voice-webhooks.md", "api-operations.md"]
        .map(|name| (name, sections(name)));
    let mut checked = 0;
    for file in files {
        let text = unwrapped(&std::fs::read_to_string(&file).unwrap());
        for (name, sections) in &documents {
            for (_, citation) in text
                .match_indices(&format!("{name} section"))
                .map(|(at, found)| (at, &text[at + found.len()..]))
            {
                let citation = citation.strip_prefix('s').unwrap_or(citation).trim_start();
                let shown: String = citation.chars().take(60).collect();
                let numbers = cited_numbers(citation);
                assert!(
                    !numbers.is_empty(),
                    "{}: {name} section {shown}: no section number",
                    file.display()
                );
                for number in &numbers {
                    let section = sections.get(number);
                    assert!(
                        section.is_some(),
                        "{}: {name} has no section {number}",
                        file.display()
                    );
                    if let (Some(title), Some(section)) = (cited_title(citation), section) {
                        assert!(
                            section.to_lowercase().contains(&title.to_lowercase()),
                            "{}: {name} section {number} does not contain \"{title}\"",
                            file.display()
                        );
                    }
                }
                checked += 1;
            }
        }
    }
    assert!(checked > 300, "only {checked} citations were found");
}

/// A Markdown file that a source or a page names is in the repository.
#[test]
fn every_named_document_exists() {
    let mut files = Vec::new();
    citing_files(&repository(), &mut files);
    let known: BTreeSet<String> = files
        .iter()
        .map(|file| file.file_name().unwrap().to_string_lossy().into_owned())
        .chain(["taskrouter.md", "voice-webhooks.md", "api-operations.md"].map(str::to_owned))
        .collect();
    for file in &files {
        let text = std::fs::read_to_string(file).unwrap();
        for (at, _) in text.match_indices(".md") {
            let is_name = |one: char| one.is_ascii_alphanumeric() || "-_{}*".contains(one);
            let start = text[..at].rfind(|one| !is_name(one)).map_or(0, |last| {
                last + text[last..].chars().next().map_or(1, char::len_utf8)
            });
            let name = &text[start..at + 3];
            let ends = !text[at + 3..].starts_with(|one: char| one.is_ascii_alphanumeric());
            let is_pattern =
                name.contains(['*', '{', '}']) || name == ".md" || name.contains("NNNN");
            if ends && !is_pattern {
                assert!(
                    known.contains(name),
                    "{}: there is no {name}",
                    file.display()
                );
            }
        }
    }
}
