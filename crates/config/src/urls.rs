//! URLs of callbacks.

use vocabulary::{is_own_path, is_url};

use crate::document::Node;
use crate::reader::Reader;

/// A URL, or a path of our own server.
pub(crate) fn url_or_path(reader: &mut Reader<'_>, node: &Node, key: &str) -> Option<String> {
    let expected = "a path such as /assignment or a URL such as https://example.com/assignment";
    read(reader, node, key, expected, |text| {
        is_own_path(text) || is_url(text)
    })
}

/// An absolute URL.
pub(crate) fn url(reader: &mut Reader<'_>, node: &Node, key: &str) -> Option<String> {
    read(
        reader,
        node,
        key,
        "a URL such as https://example.com/events",
        is_url,
    )
}

fn read(
    reader: &mut Reader<'_>,
    node: &Node,
    key: &str,
    expected: &str,
    is_right: impl Fn(&str) -> bool,
) -> Option<String> {
    let text = reader.text(node, key, expected)?.to_owned();
    if is_right(&text) {
        return Some(text);
    }
    reader.unexpected(node, key, expected);
    None
}
