//! Checks of URLs, without a network request.

/// The longest URL, in characters: what web servers accept.
pub const URL_CHARS_MAX: usize = 2_048;

/// Whether `text` is an absolute URL: `http://` or `https://`, a first character that a host can
/// have, no blanks or control characters, at most [`URL_CHARS_MAX`] characters.
pub fn is_url(text: &str) -> bool {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['/', '?', '#', ':']))
        && is_clean(text)
}

/// Whether `text` is a path of Cordboard itself, such as `/assignment`.
pub fn is_own_path(text: &str) -> bool {
    text.starts_with('/') && !text.starts_with("//") && is_clean(text)
}

fn is_clean(text: &str) -> bool {
    !text
        .chars()
        .any(|one| one.is_control() || one.is_whitespace())
        && text.chars().count() <= URL_CHARS_MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_and_own_paths_are_told_apart() {
        for right in ["https://example.com", "http://127.0.0.1:9000/a?b=c#rc=2"] {
            assert!(is_url(right) && !is_own_path(right), "{right}");
        }
        for right in ["/assignment", "/a?b=c"] {
            assert!(is_own_path(right) && !is_url(right), "{right}");
        }
        let long = format!("https://example.com/{}", "a".repeat(URL_CHARS_MAX));
        for wrong in [
            "",
            "example.com",
            "ftp://a",
            "https://",
            "https:///a",
            "//a",
            "https://a b",
            "/a\n",
            &long,
        ] {
            assert!(!is_url(wrong) && !is_own_path(wrong), "{wrong}");
        }
    }
}
