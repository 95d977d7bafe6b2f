//! The words of a line; text in quotes or braces is one word.

/// The words of `text`; blanks inside quotes and braces do not separate. Quotes around a word, or
/// around the text after its first `=`, are removed.
pub fn words(text: &str) -> Vec<String> {
    split(text, char::is_whitespace)
        .iter()
        .filter(|word| !word.is_empty())
        .map(|word| unquoted(word))
        .collect()
}

/// The parts of `text` between commas that are neither in quotes nor in braces.
pub fn clauses(text: &str) -> Vec<String> {
    let clauses = split(text, |character| character == ',');
    clauses
        .iter()
        .map(|clause| clause.trim().to_owned())
        .filter(|clause| !clause.is_empty())
        .collect()
}

fn split(text: &str, separates: impl Fn(char) -> bool) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut depth = 0_i32;
    let mut quoted = false;
    for character in text.chars() {
        match character {
            '"' => quoted = !quoted,
            '{' | '[' if !quoted => depth += 1,
            '}' | ']' if !quoted => depth -= 1,
            _ => {}
        }
        if !quoted && depth == 0 && separates(character) {
            parts.push(String::new());
        } else if let Some(part) = parts.last_mut() {
            part.push(character);
        }
    }
    parts
}

fn unquoted(word: &str) -> String {
    let bare = |text: &str| {
        text.strip_prefix('"')
            .and_then(|text| text.strip_suffix('"'))
            .map(str::to_owned)
    };
    if let Some(bare) = bare(word) {
        return bare;
    }
    match word.split_once('=') {
        Some((name, value)) if !name.contains(['{', '"']) => {
            format!("{name}={}", bare(value).unwrap_or(value.to_owned()))
        }
        Some(_) | None => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_braces_group_words() {
        assert_eq!(
            words(r#"task t1 {"a": "b c"} priority 3"#),
            ["task", "t1", r#"{"a": "b c"}"#, "priority", "3"]
        );
        assert_eq!(
            words(r#"POST X Key="a > 3" "x y""#),
            ["POST", "X", "Key=a > 3", "x y"]
        );
        assert_eq!(
            clauses(r#"t1 is pending, HTTP 400 "a, b" , A rings"#),
            ["t1 is pending", r#"HTTP 400 "a, b""#, "A rings"]
        );
    }
}
