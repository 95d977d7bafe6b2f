//! Prompts: texts in one or several languages, sound files, silence.

use std::collections::BTreeMap;

use quick_xml::Reader as XmlReader;
use quick_xml::events::Event;
use voice_flows::{Part, Prompt, Text};

use super::compiler::Compiler;
use crate::document::{Node, Value, place};

/// The longest text, in characters (voice-webhooks.md section 6.2).
const TEXT_CHARS_MAX: usize = 3_000;

/// The longest silence, in seconds.
const PAUSE_MAX_SECS: u32 = 60;

/// The most parts of a prompt.
const PARTS_MAX: usize = 20;

/// The tags of SSML that a text may have (voice-webhooks.md section 6.2).
const SSML_TAGS: [&str; 12] = [
    "amazon:effect",
    "break",
    "emphasis",
    "lang",
    "p",
    "phoneme",
    "prosody",
    "s",
    "say-as",
    "sub",
    "w",
    "speak",
];

impl Compiler<'_, '_> {
    /// A prompt: a text, a text for each language, or a list of parts.
    pub fn say(&mut self, node: &Node) -> Option<Prompt> {
        let Value::List(nodes) = &node.value else {
            return Some(Prompt(vec![Part::Say(self.text(node, "say")?)]));
        };
        if nodes.is_empty() || nodes.len() > PARTS_MAX {
            let expected = format!("1 to {PARTS_MAX} parts");
            self.reader.unexpected(node, "say", &expected);
            return None;
        }
        let parts: Vec<Part> = nodes.iter().filter_map(|node| self.part(node)).collect();
        (parts.len() == nodes.len()).then_some(Prompt(parts))
    }

    /// The prompt of an optional key; an absent one is empty.
    pub fn optional_say(&mut self, node: Option<&Node>) -> Prompt {
        node.and_then(|node| self.say(node)).unwrap_or_default()
    }

    /// A sound file.
    pub fn play(&mut self, node: &Node) -> Option<Prompt> {
        Some(Prompt(vec![Part::Play(self.sound(node, "play")?)]))
    }

    /// Silence.
    pub fn pause(&mut self, node: &Node) -> Option<Prompt> {
        let length = self.reader.duration(node, "pause", PAUSE_MAX_SECS)?;
        let secs = u16::try_from(length.as_secs()).ok()?;
        Some(Prompt(vec![Part::Pause(secs)]))
    }

    fn part(&mut self, node: &Node) -> Option<Part> {
        if let Value::Text(_) = &node.value {
            return Some(Part::Say(self.text(node, "say")?));
        }
        let fields = self
            .reader
            .mapping(node, "a part of a prompt", &["say", "play", "pause"])?;
        let prompt = match (fields.get("say"), fields.get("play"), fields.get("pause")) {
            (Some(node), None, None) => return Some(Part::Say(self.text(node, "say")?)),
            (None, Some(node), None) => self.play(node)?,
            (None, None, Some(node)) => self.pause(node)?,
            (None, None, None) | (Some(_), _, _) | (_, Some(_), _) => {
                self.reader
                    .unexpected(node, "say", "a part with one of say, play, pause");
                return None;
            }
        };
        prompt.0.into_iter().next()
    }

    /// A text for every language, or one for each.
    pub fn text(&mut self, node: &Node, key: &str) -> Option<Text> {
        let Value::Mapping(entries) = &node.value else {
            let text = self.reader.text(node, key, "a text")?.to_owned();
            self.check_text(node, key, &text)?;
            return Some(Text::any(text));
        };
        let languages = self.languages();
        let mut texts = BTreeMap::new();
        for entry in entries {
            let language = &entry.key.value;
            if !languages.contains(language) {
                let message = super::references::unknown("language", language, languages.iter());
                self.reader
                    .problem(place(&entry.key), format!("{key}: {message}"));
                continue;
            }
            if let Some(text) = self.reader.text(&entry.value, key, "a text") {
                let text = text.to_owned();
                self.check_text(&entry.value, key, &text);
                texts.insert(language.clone(), text);
            }
        }
        let missing: Vec<&str> = languages
            .iter()
            .filter(|language| !texts.contains_key(*language))
            .map(String::as_str)
            .collect();
        if !missing.is_empty() {
            let message = format!("{key}: there is no text in {}", missing.join(", "));
            self.reader.problem(place(node), message);
            return None;
        }
        Some(Text(texts))
    }

    /// The names of the languages.
    pub fn languages(&self) -> Vec<String> {
        let languages = self.parts.menu.languages.iter();
        languages
            .map(|language| language.selected_language.clone())
            .collect()
    }

    fn check_text(&mut self, node: &Node, key: &str, text: &str) -> Option<()> {
        let chars = text.chars().count();
        if chars == 0 || chars > TEXT_CHARS_MAX {
            let message = format!("{key}: expected 1 to {TEXT_CHARS_MAX} characters, got {chars}");
            self.reader.problem(place(node), message);
            return None;
        }
        for name in Text::placeholders(text) {
            self.use_value(name, place(node));
        }
        if Text::is_ssml(text)
            && let Err(problem) = check_ssml(text)
        {
            self.reader
                .problem(place(node), format!("{key}: {problem}"));
            return None;
        }
        Some(())
    }
}

/// Checks a fragment of SSML: well-formed, and only tags that voices know.
fn check_ssml(text: &str) -> Result<(), String> {
    let document = format!("<speak>{text}</speak>");
    let mut xml = XmlReader::from_str(&document);
    let mut open = 0_u32;
    loop {
        let event = xml
            .read_event()
            .map_err(|error| format!("the SSML is not well-formed: {error}; write < as &lt;"))?;
        let tag = match &event {
            Event::Start(tag) => {
                open += 1;
                tag
            }
            Event::Empty(tag) => tag,
            Event::End(_) => {
                open = open.saturating_sub(1);
                continue;
            }
            Event::Eof if open == 0 => return Ok(()),
            Event::Eof => return Err("the SSML is not well-formed: a tag is not closed".to_owned()),
            Event::GeneralRef(entity) if is_known(entity) => continue,
            Event::GeneralRef(_) => {
                return Err(
                    "the SSML is not well-formed: XML knows &amp; &lt; &gt; &quot; &apos;"
                        .to_owned(),
                );
            }
            Event::DocType(_) | Event::Decl(_) | Event::PI(_) => {
                return Err(
                    "the SSML is not well-formed: it is a fragment, not a document".to_owned(),
                );
            }
            Event::Text(_) | Event::CData(_) | Event::Comment(_) => continue,
        };
        let name = tag.name().as_ref().to_owned();
        if !name.starts_with(char::is_alphabetic) {
            return Err("the SSML is not well-formed: write < as &lt;".to_owned());
        }
        if !SSML_TAGS.contains(&name.as_str()) {
            return Err(format!(
                "unknown SSML tag <{name}>; known: {}",
                SSML_TAGS.join(", ")
            ));
        }
    }
}

/// Whether XML itself defines an entity: `amp`, or the number of a character.
fn is_known(entity: &str) -> bool {
    entity.starts_with('#') || ["amp", "lt", "gt", "quot", "apos"].contains(&entity)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ssml_is_well_formed_and_known() {
        for (text, expected) in [
            ("Wait <break time=\"1s\"/> a moment", None),
            ("<sub alias=\"Doctor\">Dr.</sub> Who", None),
            ("5 < 6", Some("not well-formed")),
            ("<emphasis>open", Some("not well-formed")),
            ("<p>Tom &amp; Jerry &#8211; friends</p>", None),
            ("<p>Tom &nbsp; Jerry</p>", Some("not well-formed")),
            (
                "<!DOCTYPE speak><p>Hi</p>",
                Some("a fragment, not a document"),
            ),
            ("<marquee>Hi</marquee>", Some("unknown SSML tag <marquee>")),
        ] {
            let problem = check_ssml(text).err();
            match expected {
                None => assert_eq!(problem, None, "{text}"),
                Some(part) => assert!(problem.unwrap().contains(part), "{text}"),
            }
        }
    }
}
