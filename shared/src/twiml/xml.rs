//! Elements, and the only place where text becomes XML.

/// An element on its way into a document: attributes in the order given, and text or child elements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Element {
    name: &'static str,
    attributes: Vec<(&'static str, String)>,
    content: Content,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Content {
    Text(String),
    Elements(Vec<Element>),
}

impl Element {
    /// An element with nothing in it.
    pub(super) fn empty(name: &'static str) -> Self {
        Self::parent(name, Vec::new())
    }

    /// An element around text.
    pub(super) fn text(name: &'static str, text: impl Into<String>) -> Self {
        Self {
            name,
            attributes: Vec::new(),
            content: Content::Text(text.into()),
        }
    }

    /// An element around other elements.
    pub(super) fn parent(name: &'static str, elements: Vec<Self>) -> Self {
        Self {
            name,
            attributes: Vec::new(),
            content: Content::Elements(elements),
        }
    }

    /// Adds an attribute when there is a value for it.
    pub(super) fn attribute(mut self, name: &'static str, value: Option<impl ToString>) -> Self {
        self.attributes
            .extend(value.map(|value| (name, value.to_string())));
        self
    }

    /// The document with this element as its root: declaration, two spaces a level, newline at the end.
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
        }
    }
}

/// Appends `text` so that a reader of the XML gets it back, in an element or in an attribute.
///
/// Characters that XML 1.0 cannot hold in any form are left out (XML 1.0, production 2, "Char").
fn escape(text: &str, out: &mut String) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // A reader would turn these into spaces or newlines.
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

    /// What a reader of the document finds in its root: attribute `a`, and the text.
    fn read_back(document: &str) -> (String, String) {
        let mut reader = Reader::from_str(document);
        let (mut attribute, mut text) = (String::new(), String::new());
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
                Event::Eof => panic!("the root never ends: {document}"),
                Event::Decl(_) => {}
                other @ (Event::Empty(_)
                | Event::CData(_)
                | Event::Comment(_)
                | Event::PI(_)
                | Event::DocType(_)) => {
                    panic!("never written: {other:?}")
                }
            }
        }
    }

    #[test]
    fn any_text_comes_back_from_an_attribute_and_from_an_element_as_it_went_in() {
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
    fn characters_that_xml_cannot_hold_are_left_out() {
        let document = Element::text("Say", "a\u{0}b\u{8}c\u{1b}d\u{ffff}e")
            .attribute("a", Some("\u{1}f"))
            .to_document();
        assert_eq!(read_back(&document), ("f".to_owned(), "abcde".to_owned()));
    }
}
