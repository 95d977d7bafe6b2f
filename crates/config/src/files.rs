//! Other files that the configuration names: calendar files, lists of numbers, audio files.

use crate::document::{Node, Value, place};
use crate::reader::Reader;

/// Maximum length of the name of a file, in characters.
const FILE_NAME_CHARS_MAX: usize = 255;

/// Reads a file beside the configuration by its name. The error says why it cannot be read.
pub(crate) type ReadFile<'f> = &'f dyn Fn(&str) -> Result<Vec<u8>, String>;

/// The text of the file that `node` names.
pub(crate) fn read<'n>(
    reader: &mut Reader<'_>,
    node: &'n Node,
    key: &str,
    files: ReadFile<'_>,
) -> Option<NamedFile<'n>> {
    let expected = "the name of a file beside the configuration, such as holidays.ics";
    let Value::Text(name) = &node.value else {
        reader.unexpected(node, key, expected);
        return None;
    };
    if !is_beside(name) {
        reader.unexpected(node, key, expected);
        return None;
    }
    let content = read_bytes(name, key, files);
    let content = reader.take(content, place(node))?;
    let text = String::from_utf8(content)
        .map_err(|error| format!("{key}: {name} is no UTF-8 text: {error}"));
    let text = reader.take(text, place(node))?;
    Some(NamedFile { name, text })
}

/// The content of a file.
pub(crate) fn read_bytes(name: &str, key: &str, files: ReadFile<'_>) -> Result<Vec<u8>, String> {
    files(name).map_err(|error| format!("{key}: {name} cannot be read: {error}"))
}

/// A file that the configuration names.
pub(crate) struct NamedFile<'n> {
    pub name: &'n str,
    pub text: String,
}

/// Whether a name is that of a file in the folder of the configuration or below, so that the
/// configuration and its files can be moved together.
pub(crate) fn is_beside(name: &str) -> bool {
    let is_part = |part: &str| !matches!(part, "" | "." | "..");
    let is_windows_path = name.contains(['\\', ':']);
    !is_windows_path && name.split('/').all(is_part) && name.chars().count() <= FILE_NAME_CHARS_MAX
}
