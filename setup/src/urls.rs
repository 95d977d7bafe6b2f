//! Addresses of other people's servers.

use crate::document::Node;
use crate::reader::Reader;

/// Characters a URL may have: what web servers take.
const URL_CHARS_MAX: usize = 2_048;

/// A URL, or a path of ours.
pub(crate) fn url_or_path(reader: &mut Reader<'_>, node: &Node, key: &str) -> Option<String> {
    let expected = "a path such as /assignment or a URL such as https://example.com/assignment";
    let is_path = |text: &str| text.starts_with('/') && !text.starts_with("//");
    read(reader, node, key, expected, |text| is_path(text) || is_url(text))
}

/// A URL with its host.
pub(crate) fn url(reader: &mut Reader<'_>, node: &Node, key: &str) -> Option<String> {
    read(reader, node, key, "a URL such as https://example.com/events", is_url)
}

fn read(
    reader: &mut Reader<'_>,
    node: &Node,
    key: &str,
    expected: &str,
    is_right: impl Fn(&str) -> bool,
) -> Option<String> {
    let text = reader.text(node, key, expected)?.to_owned();
    let clean = text.chars().count() <= URL_CHARS_MAX && !text.contains(|c: char| c.is_whitespace() || c.is_control());
    if clean && is_right(&text) {
        return Some(text);
    }
    reader.unexpected(node, key, expected);
    None
}

fn is_url(text: &str) -> bool {
    ["https://", "http://"].iter().any(|scheme| text.strip_prefix(scheme).is_some_and(|host| !host.is_empty()))
}
