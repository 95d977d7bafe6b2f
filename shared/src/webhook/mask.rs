//! Masks URLs, bodies and errors for display: phone numbers keep their last four digits, secrets
//! disappear.
//!
//! A secret cannot be recognised by its form alone. A URL is therefore masked by an allow list: its
//! host, path, SIDs and small numbers are shown.

use super::redact;

/// Number of digits of an international phone number (E.164): shortest to longest.
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

/// Characters that may separate the digits of a number that begins with a plus.
const PHONE_FILLERS: [char; 5] = [' ', '-', '.', '(', ')'];

/// An encoded plus in URLs and JSON: the character before the word, and the beginning of the word.
const ENCODED_PLUS: [(char, &str); 4] =
    [('%', "2B"), ('%', "2b"), ('\\', "u002b"), ('\\', "u002B")];

/// Substrings that mark a name as the name of a secret.
const SECRET_PARTS: [&str; 6] = [
    "password",
    "passwd",
    "secret",
    "token",
    "signature",
    "credential",
];

/// Complete names of secrets.
const SECRET_NAMES: [&str; 3] = ["auth", "pwd", "authorization"];

/// Length from which a path segment with letters and digits counts as a secret, in characters.
const SECRET_FROM_CHARS: usize = 20;

/// Most digits of a number that is shown in a query: attempts and modes have fewer digits, access
/// codes have more.
const SHOWN_DIGITS_MAX: usize = 3;

/// Placeholder for a masked value.
const HIDDEN: &str = "…";

/// Masks a URL or a path: removes user, password and fragment, and masks secrets and phone numbers.
pub fn url(url: &str) -> String {
    let url = url.split('#').next().unwrap_or_default();
    let (resource, query) = url
        .split_once('?')
        .map_or((url, None), |(resource, query)| (resource, Some(query)));
    let (origin, path) = match resource.split_once("://") {
        Some((scheme, rest)) => {
            let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
            (
                format!(
                    "{scheme}://{}",
                    authority.rsplit('@').next().unwrap_or_default()
                ),
                path,
            )
        }
        None => (String::new(), resource),
    };
    let path: Vec<String> = path.split('/').map(path_part).collect();
    let query = query.map(|query| query.split('&').map(pair).collect::<Vec<_>>().join("&"));
    let query = query.map_or(String::new(), |query| format!("?{query}"));
    format!("{origin}{}{query}", path.join("/"))
}

/// Masks a text, such as TwiML, JSON or an error: secrets and phone numbers.
pub fn text(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(is_word) {
        let (before, from_word) = rest.split_at(start);
        shown.push_str(before);
        if before.ends_with('+')
            && let Some((number, after)) = spaced_number(from_word)
        {
            shown.push_str(&redact(&number).to_string());
            rest = after;
            continue;
        }
        let (word, after) = from_word.split_at(
            from_word
                .find(|char| !is_word(char))
                .unwrap_or(from_word.len()),
        );
        rest = after;
        let secret = if is_secret(word) {
            value_after(after)
        } else {
            None
        };
        match secret {
            Some((between, after_value)) => {
                shown.extend([word, between, HIDDEN]);
                rest = after_value;
            }
            None => shown.push_str(&number_in(word, before.chars().last())),
        }
    }
    shown + rest
}

fn is_word(char: char) -> bool {
    char.is_alphanumeric() || char == '_'
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let has_part = SECRET_PARTS.iter().any(|part| name.contains(part));
    has_part || name.ends_with("key") || SECRET_NAMES.contains(&name.as_str())
}

/// The value that follows a name in JSON, an attribute or a query. Returns the separator before the
/// value, and the text after the value.
fn value_after(after: &str) -> Option<(&str, &str)> {
    let sign = after.trim_start_matches(['"', '\'', '\\', ' ']);
    let value = sign
        .strip_prefix([':', '='])?
        .trim_start_matches([' ', '\\']);
    let quote = value
        .chars()
        .next()
        .filter(|char| ['"', '\''].contains(char));
    let value = quote.map_or(value, |quote| value.strip_prefix(quote).unwrap_or(value));
    let is_end = |char: char| match quote {
        Some(quote) => char == quote,
        None => {
            char.is_whitespace() || ['&', '"', '\'', '<', '>', ',', ';', '}', ')'].contains(&char)
        }
    };
    let end = value.find(is_end).unwrap_or(value.len());
    let between = after.get(..after.len() - value.len())?;
    Some((between, value.get(end..)?))
}

/// A phone number after a plus, with any grouping. Returns its digits and the text after it.
fn spaced_number(text: &str) -> Option<(String, &str)> {
    let end = text
        .find(|char: char| !char.is_ascii_digit() && !PHONE_FILLERS.contains(&char))
        .unwrap_or(text.len());
    let number = text.get(..end)?.trim_end_matches(PHONE_FILLERS);
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    PHONE_DIGITS
        .contains(&digits.len())
        .then_some((digits, text.get(number.len()..)?))
}

/// Masks `word` if it is a phone number; `before` is the character before it.
fn number_in(word: &str, before: Option<char>) -> String {
    let plus = ENCODED_PLUS
        .into_iter()
        .find(|(sign, plus)| before == Some(*sign) && word.starts_with(plus));
    let (plus, digits) = word.split_at(plus.map_or(0, |(_, plus)| plus.len()));
    let is_number =
        PHONE_DIGITS.contains(&digits.len()) && digits.chars().all(|char| char.is_ascii_digit());
    if is_number {
        format!("{plus}{}", redact(digits))
    } else {
        word.to_owned()
    }
}

fn path_part(part: &str) -> String {
    let has = |kind: fn(&char) -> bool| part.chars().any(|char| kind(&char));
    let is_long = part.chars().count() >= SECRET_FROM_CHARS;
    let looks_secret = is_long
        && has(char::is_ascii_digit)
        && has(char::is_ascii_alphabetic)
        && !is_sid(sid_in(part));
    if looks_secret {
        HIDDEN.to_owned()
    } else {
        text(part)
    }
}

/// Strips the suffix of the carrier's API: `CA….json` becomes `CA…`.
fn sid_in(part: &str) -> &str {
    part.strip_suffix(".json").unwrap_or(part)
}

/// Masks one `name=value` of a query, unless the value is known to be harmless.
fn pair(pair: &str) -> String {
    let Some((name, value)) = pair.split_once('=') else {
        return text(pair);
    };
    let is_small =
        value.len() <= SHOWN_DIGITS_MAX && value.chars().all(|char| char.is_ascii_digit());
    let is_language = name == super::path::LANGUAGE && value.len() <= SECRET_FROM_CHARS;
    let shown = is_sid(value) || is_language || (is_small && !is_secret(name));
    format!("{name}={}", if shown { value } else { HIDDEN })
}

/// Whether the text is a SID: two capitals and 32 hexadecimal digits.
fn is_sid(text: &str) -> bool {
    let parts = text.split_at_checked(2);
    parts.is_some_and(|(kind, digits)| {
        let is_kind = kind.chars().all(|char| char.is_ascii_uppercase());
        is_kind && digits.len() == 32 && digits.chars().all(|char| char.is_ascii_hexdigit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn url_masks_possible_secrets() {
        for (whole, shown) in [
            (
                "/worker-call?TaskSid=WT11111111111111111111111111111111",
                "/worker-call?TaskSid=WT11111111111111111111111111111111",
            ),
            (
                "/enqueue-call?attempt=2&language=hi",
                "/enqueue-call?attempt=2&language=hi",
            ),
            (
                "https://app.example/assignment#rt=15000",
                "https://app.example/assignment",
            ),
            (
                "https://ann:secret@app.example:8443/a?token=abc&x=y",
                "https://app.example:8443/a?token=…&x=…",
            ),
            (
                "https://app.example/hooks/T0AB12CD34EF56GH78IJ90/in",
                "https://app.example/hooks/…/in",
            ),
            (
                "https://app.example/a?pin=4711&key=1",
                "https://app.example/a?pin=…&key=…",
            ),
            (
                "https://app.example?From=%2B17075550101",
                "https://app.example?From=…",
            ),
            (
                "https://app.example/to/+17075550101",
                "https://app.example/to/+…0101",
            ),
            (
                "https://api.example/2010-04-01/Accounts/AC00000000000000000000000000000001/Calls/CA00000000000000000000000000000001.json",
                "https://api.example/2010-04-01/Accounts/AC00000000000000000000000000000001/Calls/CA00000000000000000000000000000001.json",
            ),
            ("", ""),
        ] {
            assert_eq!(url(whole), shown, "{whole}");
        }
    }

    #[test]
    fn text_masks_numbers_and_secrets() {
        for (whole, shown) in [
            (
                r#"{"instruction":"dequeue","from":"+17075550183"}"#,
                r#"{"instruction":"dequeue","from":"+…0183"}"#,
            ),
            (
                r#"{"from":"\u002b17075550183"}"#,
                r#"{"from":"\u002b…0183"}"#,
            ),
            (
                "<Number>+1 (707) 555-0101</Number>",
                "<Number>+…0101</Number>",
            ),
            (
                "<Dial callerId=\"17075550101\">",
                "<Dial callerId=\"…0101\">",
            ),
            ("From=%2B17075550101&Digits=1", "From=%2B…0101&Digits=1"),
            (
                r#"{"sip_auth_password": "a \"b", "timeout": 20}"#,
                r#"{"sip_auth_password": "…"b", "timeout": 20}"#,
            ),
            (
                r#"<Sip username="ann" password="hunter2">sip:ann@example.com</Sip>"#,
                r#"<Sip username="ann" password="…">sip:ann@example.com</Sip>"#,
            ),
            (
                "https://a.example/?apiKey=abc&x=1",
                "https://a.example/?apiKey=…&x=1",
            ),
            ("token", "token"),
            (
                "CA00000000000000000000000000000001 at 1234567890",
                "CA00000000000000000000000000000001 at …7890",
            ),
            ("हिन्दी के लिए 2 दबाएँ।", "हिन्दी के लिए 2 दबाएँ।"),
            ("attempt 1 of 3, 15000 ms", "attempt 1 of 3, 15000 ms"),
        ] {
            assert_eq!(text(whole), shown, "{whole}");
        }
    }
}
