//! Checks files for faults of routing: reads them into a [`Centre`], and gives every finding of
//! [`routing_check`] its line and column.
//!
//! A file is a `contact-centre.yaml`, or a document with TaskRouter's resources as the REST API,
//! Terraform and Pulumi have them. Several documents make up one centre.

mod allowances;
mod documents;
mod file;

use ids::AccountSid;
use routing_check::{Finding, check};
use serde_json::Value as Json;

use crate::FILE_BYTES_MAX;
use crate::outline::Outline;
use crate::problem::{Place, Problem};

use allowances::Allowances;

/// A file to check.
#[derive(Debug, Clone, Copy)]
pub struct CheckedFile<'s> {
    /// Its name in messages.
    pub name: &'s str,
    /// Its content.
    pub text: &'s str,
}

/// A finding with its position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedFinding {
    /// The name of the file.
    pub file: String,
    /// The position.
    pub place: Place,
    /// How many characters of the line it is about. `None`: not known.
    pub characters: Option<usize>,
    /// The finding.
    pub finding: Finding,
    /// The reason of the comment that allows it, if there is one.
    pub allowed: Option<String>,
}

/// A file with its positions.
struct Read<'s> {
    file: CheckedFile<'s>,
    outline: Outline<'s>,
}

/// The findings of files, in the order of the files and lines. A `contact-centre.yaml` is checked
/// alone; other documents are checked together.
///
/// # Errors
/// The problems of files that cannot be read.
pub fn check_files(files: &[CheckedFile<'_>]) -> Result<Vec<PlacedFinding>, Vec<Problem>> {
    check_files_beside(files, &|_, _| Err("files are not read here".to_owned()))
}

/// The same with the files that a `contact-centre.yaml` names: `beside` returns the content of a
/// file by the name of the configuration and its own name.
///
/// # Errors
/// As [`check_files`].
pub fn check_files_beside(
    files: &[CheckedFile<'_>],
    beside: &dyn Fn(&str, &str) -> Result<Vec<u8>, String>,
) -> Result<Vec<PlacedFinding>, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut read = Vec::new();
    for file in files {
        match read_file(*file) {
            Ok(one) => read.push(one),
            Err(problem) => problems.push(problem),
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let (own, documents): (Vec<_>, Vec<_>) = read.into_iter().partition(|one| is_own(&one.outline));
    let mut findings = Vec::new();
    for one in &own {
        match check_own(one, beside) {
            Ok(found) => findings.extend(found),
            Err(found) => problems.extend(found),
        }
    }
    if !documents.is_empty() {
        match check_documents(&documents) {
            Ok(found) => findings.extend(found),
            Err(problem) => problems.push(problem),
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let order = |name: &str| files.iter().position(|file| file.name == name);
    findings.sort_by(|one, other| {
        let key = |one: &PlacedFinding| (order(&one.file), one.place, one.finding.rule);
        key(one).cmp(&key(other))
    });
    Ok(findings)
}

fn read_file<'s>(file: CheckedFile<'s>) -> Result<Read<'s>, Problem> {
    if file.text.len() > FILE_BYTES_MAX {
        return Err(Problem {
            file: file.name.to_owned(),
            place: Place::START,
            message: format!(
                "expected at most {FILE_BYTES_MAX} bytes, got {}",
                file.text.len()
            ),
        });
    }
    let outline = Outline::parse(file.text, file.name)?;
    Ok(Read { file, outline })
}

/// Is it a `contact-centre.yaml`? It has sections that no other document has.
fn is_own(outline: &Outline<'_>) -> bool {
    let json = outline.json();
    let has = |key| json.get(key).is_some();
    has("workspace") || (has("task_queues") && has("workers") && has("phone_number"))
}

fn check_own(
    read: &Read<'_>,
    beside: &dyn Fn(&str, &str) -> Result<Vec<u8>, String>,
) -> Result<Vec<PlacedFinding>, Vec<Problem>> {
    let CheckedFile { name, text } = read.file;
    // Ids are only compared with each other, so those of any account do.
    let account = AccountSid::derive(&["check"]);
    let files = |file: &str| beside(name, file);
    let contact_centre = crate::read_with_files(text, name, account, &files)?;
    let centre = file::centre(&contact_centre, &read.outline);
    let mut allowances = Allowances::read(text);
    let mut placed: Vec<_> = check(&centre)
        .into_iter()
        .map(|finding| place(read, &finding.spot.path.clone(), finding))
        .collect();
    for one in &mut placed {
        one.allowed = allowances.reason(one.finding.rule, one.place.line);
    }
    placed.extend(
        allowances
            .into_findings()
            .map(|(line, finding)| PlacedFinding {
                file: name.to_owned(),
                place: Place { line, column: 1 },
                characters: None,
                finding,
                allowed: None,
            }),
    );
    Ok(placed)
}

fn check_documents(read: &[Read<'_>]) -> Result<Vec<PlacedFinding>, Problem> {
    let json: Vec<Json> = read.iter().map(|one| one.outline.json()).collect();
    let centre = documents::centre(&json).map_err(|error| {
        let one = read.get(error.file);
        Problem {
            file: one.map_or(String::new(), |one| one.file.name.to_owned()),
            place: one.map_or(Place::START, |one| one.outline.place(&error.path)),
            message: error.message,
        }
    })?;
    let placed = check(&centre).into_iter().filter_map(|mut finding| {
        let (file, path) = documents::split(&finding.spot.path);
        let path = path.trim_start_matches('.').to_owned();
        finding.spot.path.clone_from(&path);
        Some(place(read.get(file)?, &path, finding))
    });
    Ok(placed.collect())
}

fn place(read: &Read<'_>, path: &str, finding: Finding) -> PlacedFinding {
    let inside = finding
        .spot
        .characters
        .and_then(|(from, count)| Some((read.outline.place_inside(path, from)?, Some(count))));
    let (place, characters) = inside.unwrap_or_else(|| {
        let text = read.outline.text(path);
        (
            read.outline.place(path),
            text.map(|text| text.chars().count()),
        )
    });
    PlacedFinding {
        file: read.file.name.to_owned(),
        place,
        characters,
        finding,
        allowed: None,
    }
}

#[cfg(test)]
mod tests;
