//! The texts of one language, and their placeholders.

use serde::{Deserialize, Serialize};

/// Maximum length of a text, in characters. The carrier's voices accept 3000 (voice-webhooks.md
/// section 6.2), but callers do not listen that long.
pub const TEXT_MAX_CHARS: usize = 1000;

/// An invalid text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// The text is longer than [`TEXT_MAX_CHARS`].
    #[error("texts.{name}: expected at most {TEXT_MAX_CHARS} characters, got {got}")]
    TooLong {
        /// Name of the text.
        name: &'static str,
        /// Length of the text, in characters.
        got: usize,
    },
    /// The text is empty, and callers have to hear it.
    #[error("texts.{name}: expected a text, got an empty one")]
    Empty {
        /// Name of the text.
        name: &'static str,
    },
    /// The text has a placeholder that is never filled in.
    #[error("texts.{name}: unknown placeholder {{{placeholder}}}; it may hold {known}")]
    UnknownPlaceholder {
        /// Name of the text.
        name: &'static str,
        /// The placeholder without its braces.
        placeholder: String,
        /// The placeholders that the text may contain.
        known: String,
    },
    /// The text has an unmatched brace.
    #[error("texts.{name}: unmatched {{ or }}; braces are for placeholders such as {{position}}")]
    LoneBrace {
        /// Name of the text.
        name: &'static str,
    },
}

/// Defines the texts, each with the placeholder that it may contain.
macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident: [$($placeholder:literal)?],)*) => {
        /// The sentences of one language. An empty sentence is left out; only the prompt must not
        /// be empty.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize)]
        pub struct Texts {
            $($(#[$doc])* pub $name: String,)*
        }

        /// The texts that the file declares; built-in texts replace the absent ones.
        #[derive(Default, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub(super) struct GivenTexts {
            $($name: Option<String>,)*
        }

        impl GivenTexts {
            /// Names of the undeclared texts.
            pub(super) fn missing(&self) -> Vec<&'static str> {
                let mut missing = Vec::new();
                $(if self.$name.is_none() {
                    missing.push(concat!("texts.", stringify!($name)));
                })*
                missing
            }

            /// These texts, with the built-in ones in place of the absent; `None` if a text is in
            /// neither.
            pub(super) fn or(self, built_in: Option<Texts>) -> Option<Texts> {
                Some(match built_in {
                    Some(built_in) => Texts { $($name: self.$name.unwrap_or(built_in.$name),)* },
                    None => Texts { $($name: self.$name?,)* },
                })
            }
        }

        impl Texts {
            /// Checks every text.
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
    /// The sentence of the menu, with the welcome: "For English, press {key}."
    prompt: ["key"],
    /// Response to a key that is not in the menu.
    wrong_key: [],
    /// Response when no key was pressed.
    no_input: [],
    /// Spoken once, before the music begins.
    please_wait: [],
    /// Position in the queue: "You are number {position} in line."
    position: ["position"],
    /// Expected wait of more than a minute: "The expected wait is about {minutes} minutes." At
    /// least two minutes.
    expected_wait: ["minutes"],
    /// Expected wait of at most a minute.
    expected_wait_short: [],
    /// Apology for a failure on our side, before a retry.
    apology: [],
    /// Apology for a failure on our side, after the last retry.
    give_up: [],
    /// Apology when the Task timed out.
    timed_out: [],
    /// Spoken before the tone of the voicemail.
    voicemail_prompt: [],
    /// Response to a recorded voicemail.
    voicemail_thanks: [],
    /// Spoken before the call ends.
    goodbye: [],
    /// Spoken to the Worker before the caller is connected.
    worker_greeting: [],
    /// Spoken to the Worker when the caller has left.
    caller_gone: [],
}

/// Replaces the placeholder `{name}` in `text` by `value`. A validated text has no placeholder of
/// another name.
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
    fn only_known_placeholders_are_allowed() {
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
                "texts.position: unmatched { or }; braces are for placeholders such as {position}",
            ),
            (
                "position}",
                "texts.position: unmatched { or }; braces are for placeholders such as {position}",
            ),
            (
                "{position}}",
                "texts.position: unmatched { or }; braces are for placeholders such as {position}",
            ),
            (
                "{{position}}",
                "texts.position: unmatched { or }; braces are for placeholders such as {position}",
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
    fn every_occurrence_is_filled() {
        assert_eq!(
            fill("{position}, yes {position}.", "position", 3),
            "3, yes 3."
        );
        assert_eq!(fill("nothing to fill", "position", 3), "nothing to fill");
    }
}
