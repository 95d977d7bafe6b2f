//! Aligns the elements of two lists that have no names.

use crate::export::tree::Tree;

/// Most pairs of elements that are compared for the longest common part; beyond them elements are
/// paired by their positions.
const PAIRS_MAX: usize = 250_000;

/// Pairs of indexes, in the order of the lists: the same element in both, an element that replaces
/// another one, or an element of one list alone.
pub(super) fn align(before: &[Tree], after: &[Tree]) -> Vec<(Option<usize>, Option<usize>)> {
    let mut pairs = Vec::new();
    let mut start = (0, 0);
    for (one, other) in common(before, after)
        .into_iter()
        .chain([(before.len(), after.len())])
    {
        gap(before, after, start, (one, other), &mut pairs);
        if one < before.len() {
            pairs.push((Some(one), Some(other)));
        }
        start = (one + 1, other + 1);
    }
    pairs
}

/// The elements between two common ones: each replaces the one at its position if they are alike.
fn gap(
    before: &[Tree],
    after: &[Tree],
    start: (usize, usize),
    end: (usize, usize),
    pairs: &mut Vec<(Option<usize>, Option<usize>)>,
) {
    let mut later = start.1;
    for earlier in start.0..end.0 {
        let like = (later..end.1).find(|index| are_alike(before.get(earlier), after.get(*index)));
        let Some(like) = like else {
            pairs.push((Some(earlier), None));
            continue;
        };
        pairs.extend((later..like).map(|index| (None, Some(index))));
        pairs.push((Some(earlier), Some(like)));
        later = like + 1;
    }
    pairs.extend((later..end.1).map(|index| (None, Some(index))));
}

/// Mappings with a key in common: two steps with the same verb, two steps of a filter.
fn are_alike(one: Option<&Tree>, other: Option<&Tree>) -> bool {
    match (one, other) {
        (Some(Tree::Map(one)), Some(other @ Tree::Map(_))) => {
            one.iter().any(|(key, _)| other.get(key).is_some())
        }
        (_, _) => false,
    }
}

/// The longest common part: pairs of indexes of equal elements.
fn common(before: &[Tree], after: &[Tree]) -> Vec<(usize, usize)> {
    if before.len().saturating_mul(after.len()) > PAIRS_MAX {
        let same = before.iter().zip(after).enumerate();
        return same
            .filter(|(_, (one, other))| one == other)
            .map(|(index, _)| (index, index))
            .collect();
    }
    // lengths[i][j]: the length for the elements from i and j on.
    let mut lengths = vec![vec![0_usize; after.len() + 1]; before.len() + 1];
    let length = |lengths: &[Vec<usize>], one: usize, other: usize| {
        let row = lengths.get(one);
        row.and_then(|row| row.get(other)).copied().unwrap_or(0)
    };
    for (one, element) in before.iter().enumerate().rev() {
        for (other, candidate) in after.iter().enumerate().rev() {
            let best = if element == candidate {
                length(&lengths, one + 1, other + 1) + 1
            } else {
                length(&lengths, one + 1, other).max(length(&lengths, one, other + 1))
            };
            if let Some(cell) = lengths.get_mut(one).and_then(|row| row.get_mut(other)) {
                *cell = best;
            }
        }
    }
    let mut pairs = Vec::new();
    let (mut one, mut other) = (0, 0);
    while let (Some(element), Some(candidate)) = (before.get(one), after.get(other)) {
        if element == candidate {
            pairs.push((one, other));
            one += 1;
            other += 1;
        } else if length(&lengths, one + 1, other) >= length(&lengths, one, other + 1) {
            one += 1;
        } else {
            other += 1;
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn steps(values: &[serde_json::Value]) -> Vec<Tree> {
        values.iter().map(Tree::json).collect()
    }

    #[test]
    fn inserted_and_changed_steps_are_aligned() {
        let say = |text: &str| json!({ "say": text });
        let before = steps(&[say("a"), json!({"queue": {}}), say("b")]);
        let after = steps(&[
            say("a"),
            json!({"tag": "x"}),
            json!({"queue": {"priority": 1}}),
        ]);
        assert_eq!(
            align(&before, &after),
            [
                (Some(0), Some(0)),
                (None, Some(1)),
                (Some(1), Some(2)),
                (Some(2), None),
            ]
        );
        assert_eq!(align(&[], &after[..1]), [(None, Some(0))]);
        assert_eq!(align(&before[..1], &[]), [(Some(0), None)]);
    }
}
