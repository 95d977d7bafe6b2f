//! `<Say>`: the text that is heard, with speech markup (SSML) in it (voice-webhooks.md section 6.2).

use ids::time::Millis;

use super::attributes::{Attributes, shorten};
use super::xml::{Element, Node};
use super::{Sound, default_language};

/// Longest pause of one `<break>`, as in the SSML of the carrier's voices.
const BREAK_MAX: Millis = Millis::from_secs(10);

/// The text of a Say, and the pauses in it.
#[derive(Default)]
struct Speech {
    text: String,
    pause: Millis,
    /// Markup that the carrier does not know.
    unknown: Option<String>,
}

/// Reads a Say. With unknown markup or without any text it is not heard (13520).
pub(super) fn say(element: &Element, warnings: &mut Vec<String>) -> Option<Sound> {
    let mut speech = Speech::default();
    speech.read(element, warnings);
    let mut attributes = Attributes::of(element, warnings);
    let language = language(&mut attributes);
    let loops = attributes.loops();
    attributes.finish();
    let text = speech.text.split_whitespace().collect::<Vec<_>>().join(" ");
    let problem = match speech.unknown {
        Some(name) => format!("<{}> is no markup of <Say>", shorten(&name)),
        None if text.is_empty() && speech.pause == Millis::ZERO => "<Say> has no text".to_owned(),
        None => {
            return Some(Sound::Say {
                text,
                loops,
                pause: speech.pause,
                language,
            });
        }
    };
    warnings.push(format!("13520: {problem}; the <Say> is not heard"));
    None
}

/// `language`, else that of a voice whose name contains it, such as `Google.hi-IN-Standard-A`.
fn language(attributes: &mut Attributes<'_>) -> String {
    let voice = attributes.text("voice").unwrap_or_default();
    let of_voice = voice.strip_prefix("Google.").and_then(|name| {
        let mut parts = name.split('-');
        Some(format!("{}-{}", parts.next()?, parts.next()?))
    });
    let named = attributes.text("language").map(str::trim);
    named
        .filter(|language| !language.is_empty())
        .map(str::to_owned)
        .or(of_voice)
        .unwrap_or_else(default_language)
}

impl Speech {
    fn read(&mut self, element: &Element, warnings: &mut Vec<String>) {
        for node in &element.children {
            match node {
                Node::Text(text) => self.text.push_str(text),
                Node::Element(markup) => self.read_markup(markup, warnings),
            }
        }
    }

    fn read_markup(&mut self, markup: &Element, warnings: &mut Vec<String>) {
        let mut attributes = Attributes::of(markup, warnings);
        let known: &[&'static str] = match markup.name.as_str() {
            "break" => {
                self.pause = self.pause.saturating_add(pause(&mut attributes));
                &[]
            }
            "sub" => {
                let alias = attributes.text("alias").unwrap_or_default();
                if !alias.trim().is_empty() {
                    self.text.push_str(alias);
                    return attributes.finish();
                }
                attributes.unusable("alias", alias, "the text to say instead");
                &[]
            }
            "say-as" => &["interpret-as", "format", "role"],
            "emphasis" => &["level"],
            "lang" => &["xml:lang"],
            "phoneme" => &["alphabet", "ph"],
            "prosody" => &["rate", "pitch", "volume"],
            "w" => &["role"],
            "p" | "s" => &[],
            amazon if amazon.starts_with("amazon:") => &[
                "name",
                "phonation",
                "vocal-tract-length",
                "volume",
                "frequency",
                "duration",
            ],
            unknown => {
                self.unknown = Some(unknown.to_owned());
                return;
            }
        };
        attributes.no_effect(known);
        attributes.finish();
        let separates = matches!(markup.name.as_str(), "break" | "p" | "s");
        let separator = if separates { " " } else { "" };
        self.text.push_str(separator);
        self.read(markup, warnings);
        self.text.push_str(separator);
    }
}

/// The length of a `<break>`: `time`, else `strength`.
fn pause(attributes: &mut Attributes<'_>) -> Millis {
    let strength = attributes.text("strength").unwrap_or("medium");
    let millis = match strength {
        "none" | "x-weak" => 0,
        "weak" => 250,
        "medium" => 500,
        "strong" => 750,
        "x-strong" => 1_000,
        unknown => {
            let expected = "none, x-weak, weak, medium, strong or x-strong";
            attributes.unusable("strength", unknown, expected);
            500
        }
    };
    let Some(time) = attributes.text("time") else {
        return Millis::from_millis(millis);
    };
    duration(time)
        .filter(|time| *time <= BREAK_MAX)
        .unwrap_or_else(|| {
            attributes.unusable("time", time, "up to 10 seconds, such as 3s or 250ms");
            Millis::from_millis(millis)
        })
}

/// Reads `3s`, `1.5s` or `250ms`.
fn duration(text: &str) -> Option<Millis> {
    if let Some(millis) = text.strip_suffix("ms") {
        return millis.parse().ok().map(Millis::from_millis);
    }
    let seconds: f64 = text.strip_suffix('s')?.parse().ok()?;
    let span = std::time::Duration::try_from_secs_f64(seconds).ok()?;
    u64::try_from(span.as_millis())
        .ok()
        .map(Millis::from_millis)
}

#[cfg(test)]
mod tests {
    use super::super::{Verb, parse};
    use super::*;

    fn read(say: &str) -> (Vec<Verb>, Vec<String>) {
        let document = format!("<Response>{say}</Response>");
        let document = parse(document.as_bytes()).unwrap();
        (document.verbs, document.warnings)
    }

    #[test]
    fn markup_is_heard_as_words() {
        let table = [
            (
                "<sub alias=\"World Wide Web Consortium\">W3C</sub>, founded <say-as interpret-as=\"date\" format=\"y\">1994</say-as>",
                "World Wide Web Consortium, founded 1994",
                0,
            ),
            (
                "One<break time=\"1.5s\"/>two<break time=\"250ms\"/>",
                "One two",
                1_750,
            ),
            (
                "One<break/>two<break strength=\"x-strong\"/>",
                "One two",
                1_500,
            ),
            (
                "<p><s>Hello <emphasis level=\"strong\">you</emphasis></s></p><lang xml:lang=\"fr-FR\">bonjour</lang>",
                "Hello you bonjour",
                0,
            ),
            (
                "<prosody rate=\"slow\" pitch=\"+5%\" volume=\"loud\">Slow</prosody> <phoneme alphabet=\"ipa\" ph=\"x\">p</phoneme> <w role=\"amazon:VB\">read</w> <amazon:effect name=\"whispered\">psst</amazon:effect>",
                "Slow p read psst",
                0,
            ),
        ];
        for (inner, text, pause) in table {
            let (verbs, warnings) = read(&format!("<Say>{inner}</Say>"));
            let say = Sound::Say {
                text: text.to_owned(),
                loops: 1,
                pause: Millis::from_millis(pause),
                language: "en-US".to_owned(),
            };
            assert_eq!(verbs, [Verb::Sound(say)], "{inner}");
            assert_eq!(warnings, Vec::<String>::new(), "{inner}");
        }
    }

    #[test]
    fn language_is_that_of_attribute_or_voice() {
        for (attributes, expected) in [
            ("", "en-US"),
            (
                "language=\"hi-IN\" voice=\"Google.de-DE-Wavenet-A\"",
                "hi-IN",
            ),
            ("voice=\"Google.de-DE-Wavenet-A\"", "de-DE"),
            ("voice=\"Polly.Joanna\"", "en-US"),
        ] {
            let (verbs, _) = read(&format!("<Say {attributes}>x</Say>"));
            let [Verb::Sound(Sound::Say { language, .. })] = verbs.as_slice() else {
                panic!("{attributes}: {verbs:?}");
            };
            assert_eq!(language, expected, "{attributes}");
        }
    }

    #[test]
    fn unknown_markup_is_refused() {
        for (say, expected) in [
            (
                "<Say>One <blink>two</blink></Say>",
                "13520: <blink> is no markup of <Say>",
            ),
            (
                "<Say><Sub alias=\"a\">b</Sub></Say>",
                "13520: <Sub> is no markup",
            ),
            ("<Say> </Say>", "13520: <Say> has no text"),
        ] {
            let (verbs, warnings) = read(&format!("{say}<Pause/>"));
            assert_eq!(verbs.len(), 1, "{say}");
            assert!(warnings[0].starts_with(expected), "{warnings:?}");
        }
    }

    #[test]
    fn invalid_markup_attributes_are_warned_about() {
        for (inner, expected) in [
            (
                "a<break time=\"soon\"/>",
                "time=\"soon\" of <break>: expected up to 10 seconds",
            ),
            ("a<break time=\"11s\"/>", "time=\"11s\" of <break>"),
            (
                "a<break strength=\"huge\"/>",
                "strength=\"huge\" of <break>",
            ),
            ("<sub>W3C</sub>", "alias=\"\" of <sub>: expected the text"),
            ("<p class=\"x\">a</p>", "<p> has no attribute class"),
        ] {
            let (verbs, warnings) = read(&format!("<Say>{inner}</Say>"));
            assert_eq!(verbs.len(), 1, "{inner}");
            assert!(warnings[0].contains(expected), "{warnings:?}");
        }
    }
}
