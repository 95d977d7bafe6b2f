//! XML elements, their serialization, and the only place where text is escaped.

/// An XML element: attributes in the given order, and text or child elements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Element {
    name: &'static str,
    attributes: Vec<(&'static str, String)>,
    content: Content,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Content {
    Text(String),
    /// Well-formed XML, written as it is.
    Fragment(String),
    Elements(Vec<Element>),
}

impl Element {
    /// An empty element.
    pub(super) fn empty(name: &'static str) -> Self {
        Self::parent(name, Vec::new())
    }

    /// An element with text.
    pub(super) fn text(name: &'static str, text: impl Into<String>) -> Self {
        Self {
            name,
            attributes: Vec::new(),
            content: Content::Text(text.into()),
        }
    }

    /// An element with content that is XML already.
    pub(super) fn fragment(name: &'static str, fragment: impl Into<String>) -> Self {
        Self {
            name,
            attributes: Vec::new(),
            content: Content::Fragment(fragment.into()),
        }
    }

    /// An element with child elements.
    pub(super) fn parent(name: &'static str, elements: Vec<Self>) -> Self {
        Self {
            name,
            attributes: Vec::new(),
            content: Content::Elements(elements),
        }
    }

    /// Adds an attribute, if it has a value.
    pub(super) fn attribute(mut self, name: &'static str, value: Option<impl ToString>) -> Self {
        self.attributes
            .extend(value.map(|value| (name, value.to_string())));
        self
    }

    /// Serializes a document with this element as its root: declaration, two spaces per level,
    /// final newline.
    pub(super) fn to_document(&self) -> String {
        let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        self.write(0, &mut out);
        out
    }

    fn write(&self, depth: usize, out: &mut String) {
        let Self {
            name,
            attributes,
            content,
        } = self;
        let indent = "  ".repeat(depth);
        out.extend([&indent, "<", name]);
        for (name, value) in attributes {
            out.extend([" ", name, "=\""]);
            escape(value, out);
            out.push('"');
        }
        match content {
            Content::Elements(elements) if elements.is_empty() => out.push_str("/>\n"),
            Content::Elements(elements) => {
                out.push_str(">\n");
                elements
                    .iter()
                    .for_each(|element| element.write(depth + 1, out));
                out.extend([&indent, "</", name, ">\n"]);
            }
            Content::Text(text) => {
                out.push('>');
                escape(text, out);
                out.extend(["</", name, ">\n"]);
            }
            Content::Fragment(fragment) => {
                out.extend([">", fragment, "</", name, ">\n"]);
            }
        }
    }
}

/// `text` with XML's special characters escaped, for a fragment of SSML.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    escape(text, &mut out);
    out
}

/// Appends `text`, escaped so that an XML parser reads back the same text from an element or
/// attribute.
///
/// Characters that XML 1.0 cannot represent are dropped (XML 1.0, production 2, "Char").
fn escape(text: &str, out: &mut String) {
    out.reserve(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // An XML parser would normalize these to spaces or newlines.
            '\t' => out.push_str("&#9;"),
            '\n' => out.push_str("&#10;"),
            '\r' => out.push_str("&#13;"),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {}
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use quick_xml::events::Event;
    use quick_xml::{Reader, XmlVersion};

    use super::*;

    /// What an XML parser reads from the root element: its attribute `a` and its text.
    fn read_back(document: &str) -> (String, String) {
        let mut reader = Reader::from_str(document);
        let mut attribute = String::new();
        let mut text = String::new();
        loop {
            match reader.read_event().unwrap() {
                Event::Start(start) => {
                    text.clear();
                    let raw = start.try_get_attribute("a").unwrap().unwrap();
                    attribute = raw
                        .normalized_value(XmlVersion::Explicit1_0)
                        .unwrap()
                        .into_owned();
                }
                Event::Text(part) => text.push_str(&part.xml10_content()),
                Event::GeneralRef(name) => {
                    text.push_str(
                        &quick_xml::escape::unescape(&format!("&{};", name.as_ref())).unwrap(),
                    );
                }
                Event::End(_) => return (attribute, text),
                Event::Eof => panic!("no end of the root element: {document}"),
                Event::Decl(_) => {}
                other @ (Event::Empty(_)
                | Event::CData(_)
                | Event::Comment(_)
                | Event::PI(_)
                | Event::DocType(_)) => {
                    panic!("unexpected event: {other:?}")
                }
            }
        }
    }

    #[test]
    fn any_text_survives_a_round_trip() {
        for text in [
            "plain",
            "Tom & \"Jerry\" <tom@example.com>",
            "it's ]]> &amp; already escaped",
            "line one\nline two\r\n\tindented",
            "हिन्दी के लिए 2 दबाएँ।",
            "\u{1f4de}</Say><Hangup/>",
        ] {
            let document = Element::text("Say", text)
                .attribute("a", Some(text))
                .to_document();
            assert_eq!(read_back(&document), (text.to_owned(), text.to_owned()));
        }
    }

    #[test]
    fn unrepresentable_characters_are_dropped() {
        let document = Element::text("Say", "a\u{0}b\u{8}c\u{1b}d\u{ffff}e")
            .attribute("a", Some("\u{1}f"))
            .to_document();
        assert_eq!(read_back(&document), ("f".to_owned(), "abcde".to_owned()));
    }
}
