//! What a caller hears: texts by language, with placeholders, and sound files.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The parts of a prompt, in the order in which they are heard.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prompt(pub Vec<Part>);

/// One part of a prompt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// A spoken text.
    Say(Text),
    /// A sound file, by language: an https URL, or a path of our own.
    Play(Text),
    /// Silence, in seconds.
    Pause(u16),
}

/// A text by language. The key [`Text::ANY`] applies to a language without a text of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text(pub BTreeMap<String, String>);

impl Text {
    /// The key of a text for every language.
    pub const ANY: &str = "any";

    /// A text for every language.
    pub fn any(text: impl Into<String>) -> Self {
        Self(BTreeMap::from([(Self::ANY.to_owned(), text.into())]))
    }

    /// The text in `language`; `None` if it has neither one in this language nor one for all.
    pub fn in_language(&self, language: &str) -> Option<&str> {
        let text = self.0.get(language).or_else(|| self.0.get(Self::ANY));
        text.map(String::as_str)
    }

    /// Whether the text is SSML: it contains a tag.
    pub fn is_ssml(text: &str) -> bool {
        text.contains('<')
    }

    /// The names of the placeholders, `{name}`, of a text.
    pub fn placeholders(text: &str) -> impl Iterator<Item = &str> {
        text.split('{')
            .skip(1)
            .filter_map(|piece| Some(piece.split_once('}')?.0))
    }
}

/// Replaces each placeholder `{name}` by `value(name)`; a name without a value becomes nothing.
pub(crate) fn fill(text: &str, value: impl Fn(&str) -> String) -> String {
    let mut pieces = text.split('{');
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        match piece.split_once('}') {
            Some((name, rest)) => out.extend([value(name).as_str(), rest]),
            None => out.extend(["{", piece]),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_filled() {
        let value = |name: &str| match name {
            "name" => "Maya".to_owned(),
            _unknown => String::new(),
        };
        for (text, expected) in [
            ("Hello {name}, {name}!", "Hello Maya, Maya!"),
            ("Hello {nobody}.", "Hello ."),
            ("open { brace", "open { brace"),
            ("no placeholder", "no placeholder"),
        ] {
            assert_eq!(fill(text, value), expected, "{text}");
        }
    }

    #[test]
    fn text_of_another_language_is_not_used() {
        let text = Text(BTreeMap::from([("de".to_owned(), "Hallo".to_owned())]));
        assert_eq!(text.in_language("de"), Some("Hallo"));
        assert_eq!(text.in_language("fr"), None);
        assert_eq!(Text::any("Hi").in_language("fr"), Some("Hi"));
    }
}
