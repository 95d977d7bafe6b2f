//! Reads the attributes of one element. Each attribute is read by name; the rest leads to warnings.

use std::ops::RangeInclusive;

use super::xml::Element;
use super::{Link, Method, Wait};

/// Seconds in a day: no verb needs a longer time.
pub(super) const SECONDS_MAX: u32 = 86_400;

/// The attributes of one element, while they are read.
pub(super) struct Attributes<'a> {
    element: &'a Element,
    known: Vec<&'static str>,
    warnings: &'a mut Vec<String>,
}

impl<'a> Attributes<'a> {
    pub fn of(element: &'a Element, warnings: &'a mut Vec<String>) -> Self {
        Self {
            element,
            known: Vec::new(),
            warnings,
        }
    }

    /// The value of `name`, if it is present.
    pub fn text(&mut self, name: &'static str) -> Option<&'a str> {
        self.known.push(name);
        let found = self.element.attributes.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    /// A whole number; `default` if absent or outside `range`.
    pub fn number(&mut self, name: &'static str, default: u32, range: RangeInclusive<u32>) -> u32 {
        self.optional_number(name, range).unwrap_or(default)
    }

    /// A whole number, if it is present and in `range`.
    pub fn optional_number(
        &mut self,
        name: &'static str,
        range: RangeInclusive<u32>,
    ) -> Option<u32> {
        let text = self.text(name)?;
        let number = text
            .trim()
            .parse()
            .ok()
            .filter(|number| range.contains(number));
        if number.is_none() {
            self.unusable(
                name,
                text,
                &format!("a whole number from {} to {}", range.start(), range.end()),
            );
        }
        number
    }

    /// `true` or `false`; `default` if absent or invalid.
    pub fn flag(&mut self, name: &'static str, default: bool) -> bool {
        match self.text(name) {
            None => default,
            Some(text) if text.eq_ignore_ascii_case("true") => true,
            Some(text) if text.eq_ignore_ascii_case("false") => false,
            Some(text) => {
                self.unusable(name, text, "true or false");
                default
            }
        }
    }

    /// GET or POST; POST if absent or invalid.
    pub fn method(&mut self, name: &'static str) -> Method {
        let Some(text) = self.text(name) else {
            return Method::Post;
        };
        Method::read(text).unwrap_or_else(|| {
            self.unusable(name, text, "GET or POST");
            Method::Post
        })
    }

    /// A URL and its method; `None` if the URL is absent or empty.
    pub fn link(&mut self, url: &'static str, method: &'static str) -> Option<Link> {
        let method = self.method(method);
        let url = self
            .text(url)
            .map(str::trim)
            .filter(|url| !url.is_empty())?;
        Some(Link {
            url: url.to_owned(),
            method,
        })
    }

    /// The callback that is notified when a recording is ready. The carrier's other events,
    /// `in-progress` and `absent`, are not simulated.
    pub fn recording_callback(&mut self) -> Option<Link> {
        let link = self.link("recordingStatusCallback", "recordingStatusCallbackMethod");
        let events = self
            .text("recordingStatusCallbackEvent")
            .unwrap_or("completed");
        for word in events.split_whitespace() {
            match word {
                "completed" => {}
                "in-progress" | "absent" => self.warnings.push(format!(
                    "recordingStatusCallbackEvent=\"{word}\" is not simulated; ignored"
                )),
                unknown => self.unusable(
                    "recordingStatusCallbackEvent",
                    unknown,
                    "in-progress, completed or absent",
                ),
            }
        }
        link.filter(|_| events.split_whitespace().any(|word| word == "completed"))
    }

    /// What a waiting person hears: the carrier's music if absent, silence if empty.
    pub fn wait(&mut self, url: &'static str, method: &'static str) -> Wait {
        let method = self.method(method);
        match self.text(url).map(str::trim) {
            None => Wait::Music,
            Some("") => Wait::Silence,
            Some(url) => Wait::Document(Link {
                url: url.to_owned(),
                method,
            }),
        }
    }

    /// The number of repetitions; 0 means the carrier's maximum (voice-webhooks.md section 6.2).
    pub fn loops(&mut self) -> u32 {
        const LOOPS_MAX: u32 = 1_000;
        match self.number("loop", 1, 0..=LOOPS_MAX) {
            0 => LOOPS_MAX,
            loops => loops,
        }
    }

    /// Known attributes without effect on a simulated phone, such as a voice.
    pub fn no_effect(&mut self, names: &[&'static str]) {
        self.known.extend_from_slice(names);
    }

    /// Known attributes that would have an effect but are not simulated: a warning if present.
    pub fn not_simulated(&mut self, names: &[&'static str]) {
        for name in names {
            if let Some(value) = self.text(name) {
                let name_of = &self.element.name;
                self.warnings.push(format!(
                    "attribute {name}=\"{}\" of <{name_of}> is not simulated; ignored",
                    shorten(value)
                ));
            }
        }
    }

    /// Warns that the value of `name` is invalid.
    pub fn unusable(&mut self, name: &str, value: &str, expected: &str) {
        let element = &self.element.name;
        self.warnings.push(format!(
            "attribute {name}=\"{}\" of <{element}>: expected {expected}; ignored",
            shorten(value)
        ));
    }

    /// Warns about every attribute that was not read.
    pub fn finish(self) {
        for (name, _) in &self.element.attributes {
            if !self.known.contains(&name.as_str()) && !name.starts_with("xmlns") {
                self.warnings.push(format!(
                    "<{}> has no attribute {}; ignored",
                    self.element.name,
                    shorten(name)
                ));
            }
        }
    }
}

/// The beginning of a text from outside, short enough for a message.
pub(super) fn shorten(text: &str) -> String {
    const CHARS_MAX: usize = 60;
    let mut short: String = text.chars().take(CHARS_MAX).collect();
    if text.chars().nth(CHARS_MAX).is_some() {
        short.push('…');
    }
    short
}
