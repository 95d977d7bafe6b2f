//! The names that a file declares, and messages about unknown names.

use std::collections::BTreeMap;

use vocabulary::{nearest, similar};

use crate::problem::Place;

/// Most names in one message.
const NAMES_SHOWN_MAX: usize = 8;

/// The declared names of one kind of part, with their ids.
pub(crate) struct Names<S> {
    /// The kind: "task queue".
    kind: &'static str,
    known: BTreeMap<String, (S, Place)>,
}

impl<S: Copy> Names<S> {
    pub fn new(kind: &'static str) -> Self {
        Self {
            kind,
            known: BTreeMap::new(),
        }
    }

    /// Declares a name. The error is the message about a duplicate.
    pub fn declare(&mut self, name: &str, sid: S, place: Place) -> Result<(), String> {
        if let Some((_, first)) = self.known.get(name) {
            let line = first.line;
            return Err(format!(
                "the {} \"{name}\" is declared twice, first in line {line}",
                self.kind
            ));
        }
        self.known.insert(name.to_owned(), (sid, place));
        Ok(())
    }

    /// The id of a name. The error is a message with the declared names.
    pub fn resolve(&self, name: &str) -> Result<S, String> {
        if let Some((sid, _)) = self.known.get(name) {
            return Ok(*sid);
        }
        let kind = self.kind;
        let known: Vec<&str> = nearest(name, self.known.keys().map(String::as_str));
        let shown = known
            .iter()
            .take(NAMES_SHOWN_MAX)
            .map(|known| format!("\"{known}\""))
            .collect::<Vec<_>>()
            .join(", ");
        Err(match known.len() {
            0 => format!("unknown {kind} \"{name}\"; the file declares none"),
            count if count > NAMES_SHOWN_MAX => {
                format!("unknown {kind} \"{name}\"; the nearest of {count} are {shown}")
            }
            _few => format!("unknown {kind} \"{name}\"; the file has {shown}"),
        })
    }
}

/// The message about an unknown key.
pub(crate) fn unknown_key(key: &str, what: &str, allowed: &[&str]) -> String {
    format!(
        "unknown key \"{key}\" in {what}; allowed: {}.{}",
        allowed.join(", "),
        guess(key, allowed)
    )
}

/// ` Did you mean "…"?`, if one of the words is similar enough.
pub(crate) fn guess(word: &str, known: &[&str]) -> String {
    let near = similar(word, known.iter().copied());
    near.map(|near| format!(" Did you mean \"{near}\"?"))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_nearest_names_are_shown() {
        let mut names = Names::new("activity");
        for number in 10..30 {
            names
                .declare(&format!("Break {number}"), number, Place::START)
                .unwrap();
        }
        let message = names.resolve("Brake 15").unwrap_err();
        assert!(
            message
                .starts_with("unknown activity \"Brake 15\"; the nearest of 20 are \"Break 15\", ")
        );
        assert_eq!(message.matches("Break").count(), NAMES_SHOWN_MAX);
    }
}
