//! Sets of numbers: unions of intervals.

use std::ops::Bound::{self, Excluded, Included, Unbounded};

use serde_json::Value as Json;
use task_router::model::Number;

/// Numbers between two bounds.
pub type Interval = (Bound<Number>, Bound<Number>);

/// A set of numbers: intervals in ascending order, none of them empty.
#[derive(Debug, Clone, PartialEq)]
pub struct Numbers(Vec<Interval>);

impl Numbers {
    /// Every number.
    pub fn all() -> Self {
        Self(vec![(Unbounded, Unbounded)])
    }

    /// No number.
    pub fn none() -> Self {
        Self(Vec::new())
    }

    /// The numbers of one interval.
    pub fn of(interval: Interval) -> Self {
        Self(
            Some(interval)
                .filter(|one| !is_empty(one))
                .into_iter()
                .collect(),
        )
    }

    /// One number.
    pub fn one(number: Number) -> Self {
        Self(vec![(Included(number), Included(number))])
    }

    /// Has it no number?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Has it no whole number? Only for bounds that are written as integers of 64 bits; any other
    /// interval counts as having one.
    pub fn has_no_whole_number(&self) -> bool {
        self.0.iter().all(|(from, to)| {
            let (Some(first), Some(last)) = (first_whole(from), last_whole(to)) else {
                return false;
            };
            first > last
        })
    }

    /// The numbers that both sets have.
    pub fn and(&self, other: &Self) -> Self {
        let mut both = Vec::new();
        for left in &self.0 {
            for right in &other.0 {
                let common = (later_start(left.0, right.0), earlier_end(left.1, right.1));
                if !is_empty(&common) {
                    both.push(common);
                }
            }
        }
        Self(both)
    }

    /// The numbers that it does not have.
    pub fn negated(&self) -> Self {
        let mut gaps = Vec::new();
        let mut start = Unbounded;
        for (from, to) in &self.0 {
            match flipped(*from) {
                None => {}
                Some(end) => gaps.push((start, end)),
            }
            match flipped(*to) {
                None => return Self(gaps.into_iter().filter(|gap| !is_empty(gap)).collect()),
                Some(next) => start = next,
            }
        }
        gaps.push((start, Unbounded));
        Self(gaps.into_iter().filter(|gap| !is_empty(gap)).collect())
    }

    /// One of its numbers as JSON, a small whole one where that is easy to find. `None`: none was
    /// found.
    pub fn example(&self) -> Option<Json> {
        let mut candidates = vec![0, 1];
        for (from, to) in &self.0 {
            candidates.extend(first_whole(from));
            candidates.extend(last_whole(to));
        }
        let found = candidates
            .into_iter()
            .find(|number| !self.and(&Self::one(Number::from(*number))).is_empty());
        found.map(Json::from)
    }
}

/// The other side of a bound: `< 3` for `>= 3`. `None`: there is nothing on the other side.
fn flipped(bound: Bound<Number>) -> Option<Bound<Number>> {
    match bound {
        Included(number) => Some(Excluded(number)),
        Excluded(number) => Some(Included(number)),
        Unbounded => None,
    }
}

fn is_empty((from, to): &Interval) -> bool {
    match (from, to) {
        (Unbounded, _) | (_, Unbounded) => false,
        (Included(from), Included(to)) => from > to,
        (Included(from) | Excluded(from), Included(to) | Excluded(to)) => from >= to,
    }
}

fn later_start(left: Bound<Number>, right: Bound<Number>) -> Bound<Number> {
    match (left, right) {
        (Unbounded, other) | (other, Unbounded) => other,
        (Included(one) | Excluded(one), Included(other) | Excluded(other)) if one != other => {
            if one > other { left } else { right }
        }
        (Excluded(_), _) => left,
        (Included(_), _) => right,
    }
}

fn earlier_end(left: Bound<Number>, right: Bound<Number>) -> Bound<Number> {
    match (left, right) {
        (Unbounded, other) | (other, Unbounded) => other,
        (Included(one) | Excluded(one), Included(other) | Excluded(other)) if one != other => {
            if one < other { left } else { right }
        }
        (Excluded(_), _) => left,
        (Included(_), _) => right,
    }
}

/// The integer that a number is written as.
fn whole(number: Number) -> Option<i64> {
    number.to_string().parse().ok()
}

fn first_whole(from: &Bound<Number>) -> Option<i64> {
    match from {
        Included(number) => whole(*number),
        Excluded(number) => whole(*number)?.checked_add(1),
        Unbounded => None,
    }
}

fn last_whole(to: &Bound<Number>) -> Option<i64> {
    match to {
        Included(number) => whole(*number),
        Excluded(number) => whole(*number)?.checked_sub(1),
        Unbounded => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(number: i64) -> Numbers {
        Numbers::of((Included(number.into()), Unbounded))
    }

    fn below(number: i64) -> Numbers {
        Numbers::of((Unbounded, Excluded(number.into())))
    }

    #[test]
    fn negation_is_the_rest() {
        assert_eq!(from(3).negated(), below(3));
        assert_eq!(Numbers::all().negated(), Numbers::none());
        assert_eq!(Numbers::none().negated(), Numbers::all());
        let but_three = Numbers::one(3_i64.into()).negated();
        assert_eq!(but_three.negated(), Numbers::one(3_i64.into()));
    }

    #[test]
    fn intersection_keeps_the_narrower_bounds() {
        assert!(from(3).and(&below(3)).is_empty());
        assert!(!from(3).and(&below(4)).is_empty());
        let between = Numbers::of((Excluded(0_i64.into()), Excluded(1_i64.into())));
        assert!(!between.is_empty() && between.has_no_whole_number());
        assert!(!from(0).and(&below(1)).has_no_whole_number());
    }

    #[test]
    fn example_is_inside() {
        assert_eq!(from(7).example(), Some(Json::from(7)));
        assert_eq!(below(-2).example(), Some(Json::from(-3)));
        assert_eq!(Numbers::none().example(), None);
    }
}
