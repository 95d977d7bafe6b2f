//! Names that are written almost alike: what a mistyped name was most likely meant to be.

/// Characters of a name that are compared: the maximum length of a friendly name.
const COMPARED_CHARS_MAX: usize = 64;

/// The name that `word` most likely was meant to be. `None`: no name is similar enough.
pub fn similar<'n>(word: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let near = nearest(word, names).into_iter().next()?;
    // A typing error changes at most a third of a word; anything else is a different word.
    (distance(word, near) * 3 <= near.chars().count()).then_some(near)
}

/// The names, sorted by similarity to `wanted`.
pub fn nearest<'n>(wanted: &str, names: impl Iterator<Item = &'n str>) -> Vec<&'n str> {
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
    fn only_a_typing_error_is_similar() {
        let names = || ["English", "Hindi"].into_iter();
        assert_eq!(similar("Engish", names()), Some("English"));
        assert_eq!(similar("French", names()), None);
    }
}
