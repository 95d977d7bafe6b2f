//! The names that a file declares, and messages about unknown names.

use std::collections::BTreeMap;

use crate::problem::Place;

/// Most names in one message.
const NAMES_SHOWN_MAX: usize = 8;

/// Characters of a name that are compared: the maximum length of a friendly name.
const COMPARED_CHARS_MAX: usize = 64;

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
    let near = nearest(word, known.iter().copied()).into_iter().next();
    // A typing error changes at most a third of a word; anything else is a different word.
    let near = near.filter(|near| distance(word, near) * 3 <= near.chars().count());
    near.map(|near| format!(" Did you mean \"{near}\"?"))
        .unwrap_or_default()
}

/// The names, sorted by similarity to `wanted`.
fn nearest<'n>(wanted: &str, names: impl Iterator<Item = &'n str>) -> Vec<&'n str> {
    let mut names: Vec<_> = names.map(|name| (distance(wanted, name), name)).collect();
    names.sort_unstable();
    names.into_iter().map(|(_, name)| name).collect()
}

/// Edit distance: characters to change, insert or delete to turn one name into the other, ignoring
/// case.
fn distance(left: &str, right: &str) -> usize {
    let left = compared_chars(left);
    let right = compared_chars(right);
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (done, one) in left.iter().enumerate() {
        let mut diagonal = done;
        let mut previous = done + 1;
        for (other, cell) in right.iter().zip(row.iter_mut().skip(1)) {
            let replaced = diagonal + usize::from(one != other);
            diagonal = *cell;
            previous = replaced.min(previous + 1).min(*cell + 1);
            *cell = previous;
        }
        if let Some(first) = row.first_mut() {
            *first = done + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

fn compared_chars(text: &str) -> Vec<char> {
    text.to_lowercase()
        .chars()
        .take(COMPARED_CHARS_MAX)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_counts_typing_errors() {
        for (left, right, expected) in [
            ("", "", 0),
            ("abc", "", 3),
            ("", "abc", 3),
            ("Engish", "english", 1),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(left, right), expected, "{left} {right}");
        }
    }

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
