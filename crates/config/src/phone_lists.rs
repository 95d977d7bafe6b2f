//! The section `lists`: lists of phone numbers, in files (`vip: vip.csv`) or written out.
//!
//! A file has one number a line, and optional columns with tags and a priority. Lines that begin
//! with `#` are comments; a first line `number,tags,priority` is a header.

use std::collections::BTreeMap;

use csv::{Position, ReaderBuilder, StringRecord, Trim};
use shared::phone_list::{Listed, PhoneList, PhoneNumber, TAGS_MAX};
use vocabulary::PRIORITY_MAX;

use crate::document::{Entry, Node, Value, place};
use crate::files::{self, NamedFile, ReadFile};
use crate::names::Names;
use crate::reader::Reader;

/// Most lists: each costs a look-up in memory, and is read with the settings of the voice functions.
const LISTS_MAX: usize = 20;

/// Maximum size of a file, in bytes: 10,000 lines with 100 bytes each.
const LIST_BYTES_MAX: usize = 1_000_000;

/// Name of the first column in a header.
const HEADER: &str = "number";

/// First character of a comment.
const COMMENT: char = '#';

/// The columns of a line.
const COLUMNS: [&str; 3] = [HEADER, TAGS, PRIORITY];

const TAGS: &str = "tags";

const PRIORITY: &str = "priority";

/// The lists of a file by name; a list with a mistake is left out.
pub(crate) fn read(
    reader: &mut Reader<'_>,
    section: Option<&Node>,
    files: ReadFile<'_>,
) -> BTreeMap<String, PhoneList> {
    let Some(node) = section else {
        return BTreeMap::new();
    };
    let Value::Mapping(entries) = &node.value else {
        reader.unexpected(
            node,
            "lists",
            "a mapping of names with files such as vip: vip.csv",
        );
        return BTreeMap::new();
    };
    if entries.len() > LISTS_MAX {
        let got = entries.len();
        let message = format!("lists: expected at most {LISTS_MAX} entries, got {got}");
        reader.problem(place(node), message);
    }
    let mut names = Names::new("list");
    let lists = entries
        .iter()
        .take(LISTS_MAX)
        .filter_map(|entry| read_list(reader, entry, &mut names, files));
    lists.collect()
}

fn read_list(
    reader: &mut Reader<'_>,
    entry: &Entry,
    names: &mut Names<()>,
    files: ReadFile<'_>,
) -> Option<(String, PhoneList)> {
    let name = &entry.key.value;
    let declared = names.declare(name, (), place(&entry.key));
    reader.take(declared, place(&entry.key));
    let is_part = |char: char| char.is_ascii_alphanumeric() || char == '_';
    if !name.starts_with(|first: char| first.is_ascii_alphabetic()) || !name.chars().all(is_part) {
        let message = format!(
            "the name of a list has letters, digits or _ and starts with a letter, got \"{name}\""
        );
        reader.problem(place(&entry.key), message);
    }
    if let Value::List(nodes) = &entry.value.value {
        return Some((name.clone(), written(reader, nodes)));
    }
    let file = files::read(reader, &entry.value, "lists", files)?;
    let (list, mistakes) = numbers(&file);
    for mistake in &mistakes {
        reader.problem(place(&entry.value), mistake.clone());
    }
    mistakes.is_empty().then(|| (name.clone(), list))
}

/// The numbers of a list that is written in the configuration, each a text, or a mapping with its
/// tags and priority.
fn written(reader: &mut Reader<'_>, nodes: &[Node]) -> PhoneList {
    let mut list = PhoneList::default();
    for node in nodes {
        let Some((text, listed)) = entry(reader, node) else {
            continue;
        };
        let added = PhoneNumber::normalized(&text)
            .and_then(|number| list.add(number, listed))
            .map_err(|error| format!("lists: {error}"));
        reader.take(added, place(node));
    }
    list
}

fn entry(reader: &mut Reader<'_>, node: &Node) -> Option<(String, Listed)> {
    let expected = "a number such as \"+17075550183\", in quotes";
    let Value::Mapping(_) = &node.value else {
        let text = reader.text(node, "lists", expected)?;
        return Some((text.to_owned(), Listed::default()));
    };
    let fields = reader.mapping(node, "a number of a list", &COLUMNS)?;
    let number = reader.required(&fields, HEADER)?;
    let number = reader.text(number, HEADER, expected)?.to_owned();
    let mut tags = Vec::new();
    if let Some(node) = fields.get(TAGS) {
        for node in reader.list(node, TAGS, TAGS_MAX) {
            tags.extend(reader.text(node, TAGS, "a word").map(str::to_owned));
        }
    }
    let priority = fields
        .get(PRIORITY)
        .and_then(|node| reader.whole_number(node, PRIORITY, 0..=PRIORITY_MAX));
    let listed = Listed::new(tags, priority).map_err(|error| format!("lists: {error}"));
    Some((number, reader.take(listed, place(node))?))
}

/// The numbers of a file, and a message for each wrong line: `vip.csv:3, column 1: …`.
fn numbers(file: &NamedFile<'_>) -> (PhoneList, Vec<String>) {
    let mut list = PhoneList::default();
    let mut mistakes = Vec::new();
    if file.text.len() > LIST_BYTES_MAX {
        let got = file.text.len();
        mistakes.push(format!(
            "{}: expected at most {LIST_BYTES_MAX} bytes, got {got}",
            file.name
        ));
        return (list, mistakes);
    }
    let text = file.text.strip_prefix('\u{feff}').unwrap_or(&file.text);
    let records = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .comment(u8::try_from(COMMENT).ok())
        .trim(Trim::All)
        .from_reader(text.as_bytes())
        .into_records();
    for (index, record) in records.enumerate() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                mistakes.push(format!("{}: {error}", file.name));
                return (list, mistakes);
            }
        };
        let first = record.get(0).unwrap_or_default();
        if index == 0 && first.eq_ignore_ascii_case(HEADER) {
            continue;
        }
        if let Err((column, message)) = add(&mut list, &record) {
            let line = record.position().map_or(1, |at| line_of(text, at));
            mistakes.push(format!("{}:{line}, column {column}: {message}", file.name));
        }
    }
    (list, mistakes)
}

/// The line of a record. The reader's position is before the comments and empty lines that it skips.
fn line_of(text: &str, position: &Position) -> u64 {
    let start = usize::try_from(position.byte()).ok();
    let rest = start
        .and_then(|start| text.get(start..))
        .unwrap_or_default();
    let is_skipped = |line: &&str| line.is_empty() || line.starts_with(COMMENT);
    let skipped = rest.lines().take_while(is_skipped).count();
    position.line() + u64::try_from(skipped).unwrap_or_default()
}

/// Adds the number of a line. The error has the column, from 1.
fn add(list: &mut PhoneList, record: &StringRecord) -> Result<(), (usize, String)> {
    let column = |index: usize| record.get(index).unwrap_or_default();
    if record.len() > COLUMNS.len() {
        let message = format!(
            "expected the columns {}, got {}",
            COLUMNS.join(", "),
            record.len()
        );
        return Err((COLUMNS.len() + 1, message));
    }
    let number = PhoneNumber::normalized(column(0)).map_err(|error| (1, error.to_string()))?;
    let tags = column(1).split_whitespace().map(str::to_owned).collect();
    let listed = Listed::new(tags, None).map_err(|error| (2, error.to_string()))?;
    let priority = match column(2) {
        "" => None,
        text => Some(text.parse().map_err(|_not_a_number| {
            (3, format!("expected a priority such as 5, got \"{text}\""))
        })?),
    };
    let listed = Listed::new(listed.tags, priority).map_err(|error| (3, error.to_string()))?;
    list.add(number, listed)
        .map_err(|error| (1, error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document;

    const VIP: &str = "\u{feff}Number,Tags,Priority\r
# The important ones, by hand\r
+17075550101\r
\r
\"+1 (707) 555-0102\", gold key-account , 5\r
+17075550103,,7\r
";

    const WRONG: &str = "+17075550101
7075550102
# A comment, and an empty line

+17075550107,gold,high
+17075550101
+17075550104,gold,5,Maya
+17075550105,gold,4294967295
+17075550106,a b c d e f g h i j k
";

    fn file(name: &str) -> Result<Vec<u8>, String> {
        let text = match name {
            "vip.csv" => VIP.to_owned(),
            "wrong.csv" => WRONG.to_owned(),
            "windows.csv" => WRONG.replace('\n', "\r\n"),
            "large.csv" => "#".repeat(LIST_BYTES_MAX + 1),
            _other => return Err("no such file".to_owned()),
        };
        Ok(text.into_bytes())
    }

    fn read_text(text: &str) -> (BTreeMap<String, PhoneList>, Vec<String>) {
        let document = document::parse(text).unwrap();
        let mut reader = Reader::new(text, "centre.yaml");
        let fields = reader.mapping(&document, "the file", &["lists"]).unwrap();
        let lists = read(&mut reader, fields.get("lists"), &file);
        let (problems, _) = reader.into_problems_and_warnings();
        let problems = problems.iter().map(|problem| {
            format!(
                "{}:{}: {}",
                problem.place.line, problem.place.column, problem.message
            )
        });
        (lists, problems.collect())
    }

    #[test]
    fn list_has_numbers_tags_and_priorities() {
        let (lists, problems) = read_text("lists: { vip: vip.csv }");
        assert_eq!(problems, Vec::<String>::new());
        let vip = serde_json::to_value(&lists["vip"]).unwrap();
        let expected = serde_json::json!({
            "+17075550101": {},
            "+17075550102": {"tags": ["gold", "key-account"], "priority": 5},
            "+17075550103": {"priority": 7},
        });
        assert_eq!(vip, expected);
    }

    #[test]
    fn all_wrong_lines_are_reported() {
        let (lists, problems) = read_text(
            "lists:\n  vip: wrong.csv\n  v.i.p: vip.csv\n  a: /etc/vip.csv\n  b: none.csv\n  c: large.csv\n  d: 5\n",
        );
        assert!(!lists.contains_key("vip"));
        let beside = "expected the name of a file beside the configuration, such as holidays.ics";
        assert_eq!(
            problems,
            [
                "2:8: wrong.csv:2, column 1: expected a number with its country code, such as +1 707 555 0183, got \"…0102\"",
                "2:8: wrong.csv:5, column 3: expected a priority such as 5, got \"high\"",
                "2:8: wrong.csv:6, column 1: the number …0101 is in the list twice",
                "2:8: wrong.csv:7, column 4: expected the columns number, tags, priority, got 4",
                "2:8: wrong.csv:8, column 3: expected a priority from 0 to 2147483647, got 4294967295",
                "2:8: wrong.csv:9, column 2: expected at most 10 tags, got 11",
                "3:3: the name of a list has letters, digits or _ and starts with a letter, got \"v.i.p\"",
                &format!("4:6: lists: {beside}, got \"/etc/vip.csv\""),
                "5:6: lists: none.csv cannot be read: no such file",
                "6:6: large.csv: expected at most 1000000 bytes, got 1000001",
                &format!("7:6: lists: {beside}, got 5"),
            ]
        );
    }

    #[test]
    fn lines_are_counted_with_every_line_end() {
        let (_, unix) = read_text("lists: { vip: wrong.csv }");
        let (_, windows) = read_text("lists: { vip: windows.csv }");
        let windows: Vec<String> = windows
            .iter()
            .map(|problem| problem.replace("windows.csv", "wrong.csv"))
            .collect();
        assert_eq!(windows, unix);
    }

    #[test]
    fn section_is_a_mapping_of_few_lists() {
        assert_eq!(read_text("{}").1, Vec::<String>::new());
        assert_eq!(
            read_text("lists: vip.csv").1,
            [
                "1:8: lists: expected a mapping of names with files such as vip: vip.csv, got \"vip.csv\""
            ]
        );
        let many: Vec<String> = (0..=LISTS_MAX)
            .map(|index| format!("a{index}: vip.csv"))
            .collect();
        let (lists, problems) = read_text(&format!("lists: {{ {} }}", many.join(", ")));
        assert_eq!(lists.len(), LISTS_MAX);
        assert_eq!(
            problems,
            ["1:8: lists: expected at most 20 entries, got 21"]
        );
    }
}
