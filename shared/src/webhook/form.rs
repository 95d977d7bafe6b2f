//! Strict decoding of forms and queries.

/// Largest body accepted, in bytes. Voice webhooks have about 2 kB; the attributes of a Task and of
/// a Worker have at most 4 kB each.
pub const MAX_BODY_BYTES: usize = 64 * 1024;

/// Most parameters accepted in query and form together. Voice webhooks have about 40.
pub const MAX_PARAMETERS: usize = 200;

/// A form or query that cannot be decoded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// The body is larger than [`MAX_BODY_BYTES`].
    #[error("the body has {bytes} bytes; at most {MAX_BODY_BYTES} are accepted")]
    BodyTooLarge {
        /// Size of the body, in bytes.
        bytes: usize,
    },
    /// There are more than [`MAX_PARAMETERS`] parameters.
    #[error("there are more than {MAX_PARAMETERS} parameters")]
    TooManyParameters,
    /// A `%` that is not followed by two hexadecimal digits.
    #[error("{field}: expected two hexadecimal digits after each %")]
    PercentEscape {
        /// Name of the parameter, or its number if the name itself is malformed.
        field: String,
    },
    /// The decoded bytes are not UTF-8.
    #[error("{field}: expected UTF-8 text")]
    Utf8 {
        /// Name of the parameter, or its number if the name itself is malformed.
        field: String,
    },
}

/// Decodes `text` (`application/x-www-form-urlencoded`) into pairs, in order, with repeated names.
pub(super) fn decode(text: &[u8]) -> Result<Vec<(String, String)>, FormError> {
    let mut pairs = Vec::new();
    for (index, pair) in text
        .split(|byte| *byte == b'&')
        .filter(|pair| !pair.is_empty())
        .enumerate()
    {
        if index >= MAX_PARAMETERS {
            return Err(FormError::TooManyParameters);
        }
        let mut halves = pair.splitn(2, |byte| *byte == b'=');
        let name = decode_text(halves.next().unwrap_or_default(), || {
            format!("name of parameter {}", index + 1)
        })?;
        let value = decode_text(halves.next().unwrap_or_default(), || name.clone())?;
        pairs.push((name, value));
    }
    Ok(pairs)
}

/// Decodes one name or value; `field` is its name in an error.
fn decode_text(encoded: &[u8], field: impl Fn() -> String) -> Result<String, FormError> {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.iter();
    while let Some(&byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => hex_digit(rest.next())
                .zip(hex_digit(rest.next()))
                .map(|(high, low)| high * 16 + low)
                .ok_or_else(|| FormError::PercentEscape { field: field() })?,
            other => other,
        });
    }
    String::from_utf8(bytes).map_err(|_| FormError::Utf8 { field: field() })
}

fn hex_digit(byte: Option<&u8>) -> Option<u8> {
    char::from(*byte?)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn form_keeps_order_and_repeated_names() {
        for (text, expected) in [
            ("", vec![]),
            ("&&", vec![]),
            ("a=1&b=2&a=3", vec![("a", "1"), ("b", "2"), ("a", "3")]),
            ("a&b=&=c", vec![("a", ""), ("b", ""), ("", "c")]),
            (
                "Body=50%25+%26+more+%3d+%2B1%3F",
                vec![("Body", "50% & more = +1?")],
            ),
            ("a=b=c", vec![("a", "b=c")]),
            ("n%C3%A9=%E0%A4%B9%E0%A4%BF", vec![("né", "हि")]),
        ] {
            let expected: Vec<_> = expected
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect();
            assert_eq!(decode(text.as_bytes()), Ok(expected), "{text}");
        }
    }

    #[test]
    fn decoding_error_names_the_parameter() {
        for (text, message) in [
            (
                &b"CallSid=CA1&Digits=%"[..],
                "Digits: expected two hexadecimal digits after each %",
            ),
            (
                b"Digits=%4",
                "Digits: expected two hexadecimal digits after each %",
            ),
            (
                b"Digits=%4g",
                "Digits: expected two hexadecimal digits after each %",
            ),
            (b"From=%ff", "From: expected UTF-8 text"),
            (b"From=\xff", "From: expected UTF-8 text"),
            (b"a=1&%ff=1", "name of parameter 2: expected UTF-8 text"),
        ] {
            assert_eq!(decode(text).unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn too_many_parameters_are_refused() {
        assert_eq!(
            decode("a=1&".repeat(MAX_PARAMETERS).as_bytes())
                .unwrap()
                .len(),
            MAX_PARAMETERS
        );
        assert_eq!(
            decode("a=1&".repeat(MAX_PARAMETERS + 1).as_bytes()),
            Err(FormError::TooManyParameters)
        );
    }
}
