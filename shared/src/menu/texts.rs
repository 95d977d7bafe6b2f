//! The texts of one language, and their placeholders.

use serde::{Deserialize, Serialize};

/// Longest text, in characters. The carrier's voices take 3000 (voice-webhooks.md section 6.2); no caller listens that
/// long.
pub const TEXT_MAX_CHARS: usize = 1000;

/// A text that cannot be spoken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// It is too long.
    #[error("texts.{name}: expected at most {TEXT_MAX_CHARS} characters, got {got}")]
    TooLong {
        /// Which text.
        name: &'static str,
        /// Its length in characters.
        got: usize,
    },
    /// Callers have to hear it.
    #[error("texts.{name}: expected a text, got an empty one")]
    Empty {
        /// Which text.
        name: &'static str,
    },
    /// It has a placeholder that is never filled.
    #[error("texts.{name}: unknown placeholder {{{placeholder}}}; it may hold {known}")]
    UnknownPlaceholder {
        /// Which text.
        name: &'static str,
        /// The placeholder without its braces.
        placeholder: String,
        /// The placeholders it may hold.
        known: String,
    },
    /// It has one brace without the other.
    #[error(
        "texts.{name}: a {{ or }} stands alone; braces are for placeholders such as {{position}}"
    )]
    LoneBrace {
        /// Which text.
        name: &'static str,
    },
}

/// Defines the texts and what may stand in their braces.
macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident: [$($placeholder:literal)?],)*) => {
        /// Everything that is said in one language. A text may be empty, and is then left out; only the prompt may not.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize)]
        pub struct Texts {
            $($(#[$doc])* pub $name: String,)*
        }

        /// The texts that a person has written; the built-in ones stand in for the others.
        #[derive(Default, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub(super) struct GivenTexts {
            $($name: Option<String>,)*
        }

        impl GivenTexts {
            /// The names of the texts nobody has written; none if the language is built in.
            pub(super) fn missing(&self, built_in: bool) -> Vec<&'static str> {
                let all = [$((concat!("texts.", stringify!($name)), self.$name.is_some()),)*];
                all.into_iter().filter(|(_, given)| !given && !built_in).map(|(name, _)| name).collect()
            }

            /// These texts, the built-in ones where there is none; `None` if one is in neither.
            pub(super) fn or(self, built_in: Option<Texts>) -> Option<Texts> {
                Some(match built_in {
                    Some(built_in) => Texts { $($name: self.$name.unwrap_or(built_in.$name),)* },
                    None => Texts { $($name: self.$name?,)* },
                })
            }
        }

        impl Texts {
            /// Whether every text can be spoken.
            pub(super) fn check(&self) -> Result<(), TextError> {
                if self.prompt.is_empty() {
                    return Err(TextError::Empty { name: "prompt" });
                }
                $(check(stringify!($name), &self.$name, &[$($placeholder)?])?;)*
                Ok(())
            }
        }
    };
}

texts! {
    /// The line of the menu, with the welcome: "For English, press {key}."
    prompt: ["key"],
    /// After a key that is not in the menu.
    wrong_key: [],
    /// After a menu in which no key was pressed.
    no_input: [],
    /// Once, before the music begins.
    please_wait: [],
    /// Place in line: "You are number {position} in line."
    position: ["position"],
    /// Expected wait of more than a minute: "The expected wait is about {minutes} minutes." Two or more.
    expected_wait: ["minutes"],
    /// Expected wait of a minute or less.
    expected_wait_short: [],
    /// When something failed on our side and we try again.
    apology: [],
    /// When something failed on our side and we stop trying.
    give_up: [],
    /// When nobody took the call in time.
    timed_out: [],
    /// Before the tone.
    voicemail_prompt: [],
    /// After a message was left.
    voicemail_thanks: [],
    /// Before we hang up.
    goodbye: [],
    /// To the worker, before the caller is connected.
    worker_greeting: [],
    /// To the worker, when the caller is no longer there.
    caller_gone: [],
}

/// `text` with the placeholder `{name}` replaced by `value`. Placeholders of another name do not occur in a checked
/// text.
pub(super) fn fill(text: &str, name: &str, value: impl ToString) -> String {
    text.replace(&format!("{{{name}}}"), &value.to_string())
}

fn check(name: &'static str, text: &str, known: &[&str]) -> Result<(), TextError> {
    let got = text.chars().count();
    if got > TEXT_MAX_CHARS {
        return Err(TextError::TooLong { name, got });
    }
    let mut pieces = text.split('{');
    let outside = pieces.next().unwrap_or_default();
    if outside.contains('}') {
        return Err(TextError::LoneBrace { name });
    }
    for piece in pieces {
        let Some((placeholder, outside)) = piece.split_once('}') else {
            return Err(TextError::LoneBrace { name });
        };
        if outside.contains('}') {
            return Err(TextError::LoneBrace { name });
        }
        if !known.contains(&placeholder) {
            let placeholder = placeholder.to_owned();
            let known = known
                .iter()
                .map(|known| format!("{{{known}}}"))
                .collect::<Vec<_>>()
                .join(", ");
            let known = if known.is_empty() {
                "none".to_owned()
            } else {
                known
            };
            return Err(TextError::UnknownPlaceholder {
                name,
                placeholder,
                known,
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_placeholders_that_are_filled_may_stand_in_braces() {
        for (text, expected) in [
            ("", ""),
            ("You are number {position}.", ""),
            ("{position}{position}", ""),
            (
                "{Position}",
                "texts.position: unknown placeholder {Position}; it may hold {position}",
            ),
            (
                "{}",
                "texts.position: unknown placeholder {}; it may hold {position}",
            ),
            (
                "{position",
                "texts.position: a { or } stands alone; braces are for placeholders such as {position}",
            ),
            (
                "position}",
                "texts.position: a { or } stands alone; braces are for placeholders such as {position}",
            ),
            (
                "{position}}",
                "texts.position: a { or } stands alone; braces are for placeholders such as {position}",
            ),
            (
                "{{position}}",
                "texts.position: a { or } stands alone; braces are for placeholders such as {position}",
            ),
        ] {
            let message = check("position", text, &["position"])
                .map_or_else(|error| error.to_string(), |()| String::new());
            assert_eq!(message, expected, "{text}");
        }
        let error = check("goodbye", "Bye {name}", &[]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "texts.goodbye: unknown placeholder {name}; it may hold none"
        );
        let error = check("goodbye", &"é".repeat(TEXT_MAX_CHARS + 1), &[]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "texts.goodbye: expected at most 1000 characters, got 1001"
        );
        assert_eq!(check("goodbye", &"é".repeat(TEXT_MAX_CHARS), &[]), Ok(()));
    }

    #[test]
    fn a_placeholder_is_filled_wherever_it_stands() {
        assert_eq!(
            fill("{position}, yes {position}.", "position", 3),
            "3, yes 3."
        );
        assert_eq!(fill("nothing to fill", "position", 3), "nothing to fill");
    }
}
