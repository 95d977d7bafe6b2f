//! Sets of texts: listed ones, or all but listed ones, between two bounds, with and without parts.

use std::collections::BTreeSet;
use std::ops::Bound::{self, Excluded, Included, Unbounded};
use std::ops::RangeBounds;

use serde_json::Value as Json;

/// A set of texts.
#[derive(Debug, Clone, PartialEq)]
pub struct Texts {
    /// The only texts, if they are listed.
    only: Option<BTreeSet<String>>,
    without: BTreeSet<String>,
    from: Bound<String>,
    to: Bound<String>,
    /// Each text contains all of these.
    contains: Vec<String>,
    /// No text contains any of these.
    lacks: Vec<String>,
}

impl Texts {
    /// Every text.
    pub fn all() -> Self {
        Self {
            only: None,
            without: BTreeSet::new(),
            from: Unbounded,
            to: Unbounded,
            contains: Vec::new(),
            lacks: Vec::new(),
        }
    }

    /// These texts.
    pub fn listed<'t>(texts: impl IntoIterator<Item = &'t str>) -> Self {
        Self {
            only: Some(texts.into_iter().map(str::to_owned).collect()),
            ..Self::all()
        }
    }

    /// Keeps only these texts.
    pub fn keep(&mut self, texts: &[&str]) {
        let wanted = texts.iter().copied().filter(|text| self.has(text));
        *self = Self::listed(wanted);
    }

    /// Removes these texts.
    pub fn remove(&mut self, texts: &[&str]) {
        match &mut self.only {
            Some(only) => only.retain(|text| !texts.contains(&text.as_str())),
            None => self
                .without
                .extend(texts.iter().map(|&text| text.to_owned())),
        }
    }

    /// Keeps the texts in a range.
    pub fn keep_range(&mut self, from: Bound<&str>, to: Bound<&str>) {
        if let Some(only) = &mut self.only {
            only.retain(|text| is_inside(from, to, text));
            return;
        }
        self.from = later_start(&self.from, from);
        self.to = earlier_end(&self.to, to);
    }

    /// Keeps the texts that contain `part`.
    pub fn keep_containing(&mut self, part: &str) {
        match &mut self.only {
            Some(only) => only.retain(|text| text.contains(part)),
            None => self.contains.push(part.to_owned()),
        }
    }

    /// Removes the texts that contain `part`.
    pub fn remove_containing(&mut self, part: &str) {
        match &mut self.only {
            Some(only) => only.retain(|text| !text.contains(part)),
            None => self.lacks.push(part.to_owned()),
        }
    }

    /// Has it no text? `false` where that is not certain.
    pub fn is_empty(&self) -> bool {
        if let Some(only) = &self.only {
            return only.is_empty();
        }
        let crossed = match (&self.from, &self.to) {
            (Unbounded, _) => false,
            (_, Unbounded) => false,
            (Included(from), Included(to)) => from > to || (from == to && !self.has(from)),
            (Included(from) | Excluded(from), Included(to) | Excluded(to)) => from >= to,
        };
        // No text is before the empty one.
        let before_all = matches!(&self.to, Excluded(to) if to.is_empty());
        let contradictory = self.lacks.iter().any(|lacked| {
            lacked.is_empty()
                || self
                    .contains
                    .iter()
                    .any(|part| part.contains(lacked.as_str()))
        });
        crossed || before_all || contradictory
    }

    /// One of its texts. `None`: none was found.
    pub fn example(&self) -> Option<Json> {
        if let Some(only) = &self.only {
            return only.first().map(|text| Json::from(text.as_str()));
        }
        let parts = self.contains.concat();
        let bound = match (&self.from, &self.to) {
            (Included(text), _) | (_, Included(text)) => text.clone(),
            (Excluded(text), _) => format!("{text}a"),
            (Unbounded, Excluded(_) | Unbounded) => String::new(),
        };
        let candidates = [
            "other".to_owned(),
            parts.clone(),
            format!("{bound}{parts}"),
            format!("other {parts}"),
            bound,
            String::new(),
        ];
        candidates
            .into_iter()
            .find(|text| self.has(text))
            .map(Json::from)
    }

    fn has(&self, text: &str) -> bool {
        self.only.as_ref().is_none_or(|only| only.contains(text))
            && !self.without.contains(text)
            && is_inside(as_str(&self.from), as_str(&self.to), text)
            && self
                .contains
                .iter()
                .all(|part| text.contains(part.as_str()))
            && !self.lacks.iter().any(|part| text.contains(part.as_str()))
    }
}

fn is_inside(from: Bound<&str>, to: Bound<&str>, text: &str) -> bool {
    RangeBounds::<str>::contains(&(from, to), text)
}

fn as_str(bound: &Bound<String>) -> Bound<&str> {
    match bound {
        Included(text) => Included(text),
        Excluded(text) => Excluded(text),
        Unbounded => Unbounded,
    }
}

fn owned(bound: Bound<&str>) -> Bound<String> {
    match bound {
        Included(text) => Included(text.to_owned()),
        Excluded(text) => Excluded(text.to_owned()),
        Unbounded => Unbounded,
    }
}

fn later_start(left: &Bound<String>, right: Bound<&str>) -> Bound<String> {
    match (left, right) {
        (_, Unbounded) => left.clone(),
        (Unbounded, _) => owned(right),
        (Included(one) | Excluded(one), Included(other) | Excluded(other)) if one != other => {
            if one.as_str() > other {
                left.clone()
            } else {
                owned(right)
            }
        }
        (Excluded(_), _) => left.clone(),
        (Included(_), _) => owned(right),
    }
}

fn earlier_end(left: &Bound<String>, right: Bound<&str>) -> Bound<String> {
    match (left, right) {
        (_, Unbounded) => left.clone(),
        (Unbounded, _) => owned(right),
        (Included(one) | Excluded(one), Included(other) | Excluded(other)) if one != other => {
            if one.as_str() < other {
                left.clone()
            } else {
                owned(right)
            }
        }
        (Excluded(_), _) => left.clone(),
        (Included(_), _) => owned(right),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listed_texts_are_filtered() {
        let mut texts = Texts::all();
        texts.keep(&["en", "hi"]);
        texts.remove(&["en"]);
        assert!(!texts.is_empty());
        texts.remove_containing("h");
        assert!(texts.is_empty());
    }

    #[test]
    fn contradictory_parts_are_empty() {
        let mut texts = Texts::all();
        texts.keep_containing("billing");
        texts.remove_containing("ill");
        assert!(texts.is_empty());
    }

    #[test]
    fn crossed_bounds_are_empty() {
        let mut texts = Texts::all();
        texts.keep_range(Included("m"), Unbounded);
        assert!(!texts.is_empty());
        texts.keep_range(Unbounded, Excluded("m"));
        assert!(texts.is_empty());
        let mut before_all = Texts::all();
        before_all.keep_range(Unbounded, Excluded(""));
        assert!(before_all.is_empty());
    }

    #[test]
    fn example_satisfies_the_parts() {
        let mut texts = Texts::all();
        texts.remove(&["other"]);
        texts.keep_containing("vip");
        assert_eq!(texts.example(), Some(Json::from("vip")));
    }
}
