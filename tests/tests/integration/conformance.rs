//! `docs/conformance.md` states where each rule is implemented and which story tests each case.
//! These tests check that page, and every citation of the specification.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use tests::story;

const DOCUMENT: &str = include_str!("../../../docs/conformance.md");

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

/// The documents of the specification, in `docs/reference`.
const SPECIFICATION: [&str; 3] = ["taskrouter.md", "voice-webhooks.md", "api-operations.md"];

/// Folders of build results, dependencies and third-party files.
const SKIPPED: [&str; 7] = [
    "target",
    ".git",
    ".venv",
    "node_modules",
    ".aws-sam",
    "assets",
    "data",
];

/// Extensions of files with citations.
const CITING: [&str; 9] = ["rs", "md", "txt", "yaml", "toml", "py", "sh", "mjs", "json"];

/// Every file of the project that can cite a rule or name a document, except the specification.
fn citing_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            let is_skipped = SKIPPED.contains(&file_name(&path).as_str());
            if !is_skipped && !path.ends_with("docs/reference") {
                files.extend(citing_files(&path));
            }
        } else if CITING
            .iter()
            .any(|known| path.extension() == Some(known.as_ref()))
        {
            files.push(path);
        }
    }
    files
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

/// A text as one line, without the marks of comments, so that a wrapped citation is found.
fn unwrapped(text: &str) -> String {
    text.lines()
        .map(|line| line.trim_start().trim_start_matches(['/', '!', '#', '*']))
        .flat_map(str::split_whitespace)
        .collect::<Vec<_>>()
        .join(" ")
}

/// The text of each section of a document of the specification, with its title and its
/// subsections, by number.
fn sections(document: &str) -> BTreeMap<String, String> {
    let path = repository().join("docs/reference").join(document);
    let text = std::fs::read_to_string(&path).unwrap();
    let mut sections: BTreeMap<String, String> = BTreeMap::new();
    // The current section and those that contain it.
    let mut open: Vec<String> = Vec::new();
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("## ").or(line.strip_prefix("### ")) {
            let number = title.split(' ').next().unwrap().trim_end_matches('.');
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

/// The section numbers at the start of a text: all of `4, 5.3 and 6)` if it is a list, otherwise
/// the first one.
fn cited_numbers(text: &str, is_list: bool) -> Vec<&str> {
    let mut numbers = Vec::new();
    for word in text.split(' ') {
        let end = word.find(|one: char| !one.is_ascii_digit() && one != '.');
        let number = word[..end.unwrap_or(word.len())].trim_end_matches('.');
        if !number.is_empty() {
            numbers.push(number);
            if !is_list || !matches!(&word[number.len()..], "" | ",") {
                break;
            }
        } else if !["and", "to", "or"].contains(&word) {
            break;
        }
    }
    numbers
}

/// The title in quotes after the first number: `dates` of `1, "dates"`.
fn cited_title(text: &str) -> Option<&str> {
    let after_number = text.trim_start_matches(|one: char| one.is_ascii_digit() || one == '.');
    let (title, _) = after_number.strip_prefix(", \"")?.split_once('"')?;
    Some(title)
}

/// A citation has the form `taskrouter.md section 11.3` or `voice-webhooks.md sections 4 and 6`,
/// with a title in quotes where a section has several rules. The sections exist, and contain the
/// title.
#[test]
fn every_citation_resolves() {
    let documents = SPECIFICATION.map(|name| (name, sections(name)));
    let mut checked = 0;
    for file in citing_files(&repository()) {
        let text = unwrapped(&std::fs::read_to_string(&file).unwrap());
        let file = file.display();
        for (name, sections) in &documents {
            for citation in text.split(&format!("{name} section")).skip(1) {
                let list = citation.strip_prefix("s ");
                let citation = list.unwrap_or(citation).trim_start();
                let numbers = cited_numbers(citation, list.is_some());
                let shown: String = citation.chars().take(60).collect();
                assert!(!numbers.is_empty(), "{file}: {name}: no number in {shown}");
                for number in numbers {
                    let section = sections.get(number);
                    let section =
                        section.unwrap_or_else(|| panic!("{file}: {name} has no section {number}"));
                    let title = cited_title(citation).unwrap_or_default();
                    assert!(
                        section.to_lowercase().contains(&title.to_lowercase()),
                        "{file}: {name} section {number} does not contain \"{title}\""
                    );
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
    let files = citing_files(&repository());
    let mut known: BTreeSet<String> = files.iter().map(|file| file_name(file)).collect();
    known.extend(SPECIFICATION.map(str::to_owned));
    let is_part_of_name = |one: char| one.is_ascii_alphanumeric() || "-_.{}*".contains(one);
    for file in &files {
        let text = std::fs::read_to_string(file).unwrap();
        for word in text.split(|one| !is_part_of_name(one)) {
            let name = word.trim_matches('.');
            // `NNNN-title.md` and names with a placeholder stand for many files.
            let is_pattern = name.contains(['*', '{', '}']) || name.contains("NNNN");
            assert!(
                !name.ends_with(".md") || is_pattern || known.contains(name),
                "{}: there is no {name}",
                file.display()
            );
        }
    }
}
