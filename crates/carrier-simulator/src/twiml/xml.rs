//! Reads XML into a small tree, within limits. It knows nothing of TwiML.

use std::borrow::Cow;

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::attributes::shorten;
use super::{DOCUMENT_BYTES_MAX, ErrorCode, Fault};

/// Levels of nesting; the deepest sensible document has four (Response, Gather, Say, markup).
const DEPTH_MAX: usize = 16;
/// Elements in one document; 64 kB of real verbs have fewer.
const ELEMENTS_MAX: usize = 2_000;

/// One element with its attributes and children.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Element {
    pub name: String,
    pub attributes: Vec<(String, String)>,
    pub children: Vec<Node>,
}

/// A child of an element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node {
    Element(Element),
    Text(String),
}

impl Element {
    /// The child elements.
    pub fn elements(&self) -> impl Iterator<Item = &Element> {
        self.children.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    /// All text inside, without markup, white space collapsed.
    pub fn text(&self) -> String {
        let mut text = String::new();
        self.collect_text(&mut text);
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// The text directly inside, with its white space: for text that is not prose, such as JSON.
    pub fn own_text(&self) -> String {
        let texts = self.children.iter().filter_map(|node| match node {
            Node::Text(text) => Some(text.as_str()),
            Node::Element(_) => None,
        });
        texts.collect()
    }

    fn collect_text(&self, into: &mut String) {
        for node in &self.children {
            match node {
                Node::Text(text) => into.push_str(text),
                Node::Element(element) => {
                    into.push(' ');
                    element.collect_text(into);
                    into.push(' ');
                }
            }
        }
    }
}

/// Reads `body` and returns its root element.
///
/// # Errors
/// 11750 for too many bytes, 12100 for a document that is not well-formed, or has too many levels
/// or elements.
pub(super) fn read(body: &[u8]) -> Result<Element, Fault> {
    if body.len() > DOCUMENT_BYTES_MAX {
        return Err(too_large(body.len()));
    }
    let text = decoded(body)?;
    let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
    let mut builder = Builder::default();
    loop {
        match reader.read_event() {
            Ok(Event::Eof) => return builder.finish(),
            Ok(event) => builder.take(event)?,
            Err(error) => {
                return Err(unparseable(format!(
                    "{error} at byte {}",
                    reader.error_position()
                )));
            }
        }
    }
}

/// The text of a document in the encoding that its XML declaration names: UTF-8, its part ASCII, or
/// ISO-8859-1. XML requires the first; the carrier's documentation shows no other.
fn decoded(body: &[u8]) -> Result<Cow<'_, str>, Fault> {
    let encoding = declared_encoding(body).unwrap_or_else(|| "UTF-8".to_owned());
    match encoding.to_ascii_lowercase().as_str() {
        "utf-8" | "utf8" => std::str::from_utf8(body)
            .map(Cow::Borrowed)
            .map_err(|error| unparseable(format!("the document is not UTF-8: {error}"))),
        "us-ascii" | "ascii" if body.is_ascii() => Ok(String::from_utf8_lossy(body)),
        "us-ascii" | "ascii" => Err(unparseable(format!(
            "the document declares {encoding} and has other characters"
        ))),
        // Each byte is the character of that number.
        "iso-8859-1" | "latin1" | "latin-1" => Ok(body.iter().copied().map(char::from).collect()),
        _unknown => Err(unparseable(format!(
            "the document declares the encoding \"{}\"; expected UTF-8, US-ASCII or ISO-8859-1",
            shorten(&encoding)
        ))),
    }
}

/// The encoding in the XML declaration; its characters are ASCII in every encoding that is read.
fn declared_encoding(body: &[u8]) -> Option<String> {
    let body = body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body);
    let declaration = body.strip_prefix(b"<?xml")?;
    let end = declaration.windows(2).position(|pair| pair == b"?>")?;
    let declaration = String::from_utf8_lossy(declaration.get(..end)?);
    let (_, value) = declaration.split_once("encoding")?;
    let value = value.trim_start().strip_prefix('=')?.trim_start();
    let quote = value
        .chars()
        .next()
        .filter(|first| "'\"".contains(*first))?;
    let (encoding, _) = value.get(1..)?.split_once(quote)?;
    Some(encoding.to_owned())
}

/// 11750: more bytes than a carrier accepts.
pub(crate) fn too_large(bytes: usize) -> Fault {
    Fault::new(
        ErrorCode::TooLarge,
        format!("the document has {bytes} bytes, at most {DOCUMENT_BYTES_MAX} are taken"),
    )
}

fn unparseable(text: impl Into<String>) -> Fault {
    Fault::new(ErrorCode::Unparseable, text)
}

#[derive(Default)]
struct Builder {
    open: Vec<Element>,
    root: Option<Element>,
    elements: usize,
    /// Whether anything of the document was read, be it a blank.
    has_begun: bool,
}

impl Builder {
    fn take(&mut self, event: Event<'_>) -> Result<(), Fault> {
        let is_first = !std::mem::replace(&mut self.has_begun, true);
        match event {
            Event::Decl(_) if !is_first => Err(unparseable(
                "the XML declaration `<?xml … ?>` must be the very beginning of the document, \
                 without a blank or an empty line before it",
            )),
            Event::Start(start) => self.open(&start),
            Event::Empty(start) => {
                self.open(&start)?;
                self.close()
            }
            Event::End(_) => self.close(),
            Event::Text(text) => self.text(&text.xml_content(XmlVersion::Implicit1_0)),
            Event::CData(text) => self.text(&text.xml_content(XmlVersion::Implicit1_0)),
            Event::GeneralRef(reference) => {
                let character = reference
                    .resolve_char_ref()
                    .map_err(|error| unparseable(error.to_string()))?;
                match (character, &*reference) {
                    (Some(character), _) => self.text(character.encode_utf8(&mut [0; 4])),
                    (None, "amp") => self.text("&"),
                    (None, "lt") => self.text("<"),
                    (None, "gt") => self.text(">"),
                    (None, "quot") => self.text("\""),
                    (None, "apos") => self.text("'"),
                    (None, other) => Err(unparseable(format!("&{other}; is not an entity of XML"))),
                }
            }
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) | Event::Eof => {
                Ok(())
            }
        }
    }

    fn open(&mut self, start: &BytesStart<'_>) -> Result<(), Fault> {
        if self.root.is_some() {
            return Err(unparseable("there is more than one root element"));
        }
        self.elements += 1;
        if self.elements > ELEMENTS_MAX {
            return Err(unparseable(format!("more than {ELEMENTS_MAX} elements")));
        }
        if self.open.len() >= DEPTH_MAX {
            return Err(unparseable(format!(
                "elements are nested more than {DEPTH_MAX} deep"
            )));
        }
        let mut element = Element {
            name: start.name().as_ref().to_owned(),
            ..Element::default()
        };
        for attribute in start.attributes() {
            let attribute = attribute
                .map_err(|error| unparseable(format!("in <{}>: {error}", element.name)))?;
            let value = attribute
                .normalized_value(XmlVersion::Implicit1_0)
                .map_err(|error| unparseable(format!("in <{}>: {error}", element.name)))?;
            element
                .attributes
                .push((attribute.key.as_ref().to_owned(), value.into_owned()));
        }
        self.open.push(element);
        Ok(())
    }

    fn close(&mut self) -> Result<(), Fault> {
        let element = self
            .open
            .pop()
            .ok_or_else(|| unparseable("an end tag has no start tag"))?;
        match self.open.last_mut() {
            Some(parent) => parent.children.push(Node::Element(element)),
            None => self.root = Some(element),
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), Fault> {
        match self.open.last_mut() {
            Some(element) => element.children.push(Node::Text(text.to_owned())),
            None if text.trim().is_empty() => {}
            None => return Err(unparseable("there is text outside the root element")),
        }
        Ok(())
    }

    fn finish(self) -> Result<Element, Fault> {
        if let Some(element) = self.open.last() {
            return Err(unparseable(format!("<{}> does not end", element.name)));
        }
        self.root
            .ok_or_else(|| unparseable("the document is empty; expected <Response>"))
    }
}
