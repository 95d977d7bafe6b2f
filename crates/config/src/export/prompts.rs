//! What callers hear, in the flows.

use ids::time::Millis;
use voice_flows::{Part, Prompt, Text};

use super::tree::Tree;

/// A step that only says something: its verb and value.
pub(super) fn step(prompt: &Prompt) -> (&'static str, Tree) {
    match prompt.0.as_slice() {
        [Part::Play(sound)] => ("play", text(sound)),
        [Part::Pause(secs)] => ("pause", pause(*secs)),
        _texts => ("say", say(prompt)),
    }
}

/// The value of a key with a prompt: a text, or a list of parts.
pub(super) fn say(prompt: &Prompt) -> Tree {
    if let [Part::Say(only)] = prompt.0.as_slice() {
        return text(only);
    }
    Tree::List(prompt.0.iter().map(part).collect())
}

/// The value of a key with a prompt; `None`: the built-in one.
pub(super) fn optional(prompt: &Prompt) -> Option<Tree> {
    (!prompt.0.is_empty()).then(|| say(prompt))
}

fn part(part: &Part) -> Tree {
    let one = |key: &str, value| Tree::Map(vec![(key.to_owned(), value)]);
    match part {
        // Languages need the key: a mapping is a part.
        Part::Say(said) if is_for_all(said) => text(said),
        Part::Say(said) => one("say", text(said)),
        Part::Play(sound) => one("play", text(sound)),
        Part::Pause(secs) => one("pause", pause(*secs)),
    }
}

/// A text for every language, or one for each.
pub(super) fn text(text: &Text) -> Tree {
    if let Some(only) = text.0.get(Text::ANY).filter(|_| is_for_all(text)) {
        return Tree::text(&**only);
    }
    let by_language = text.0.iter();
    Tree::Map(
        by_language
            .map(|(language, text)| (language.clone(), Tree::text(&**text)))
            .collect(),
    )
}

fn is_for_all(text: &Text) -> bool {
    text.0.len() == 1 && text.0.contains_key(Text::ANY)
}

fn pause(secs: u16) -> Tree {
    Tree::duration(Millis::from_secs(secs.into()))
}
