//! Decoding of forms and queries, strict and once.

/// Largest body taken. Voice webhooks have about 2 kB; attributes of a Task and of a Worker at most 4 kB each.
pub const MAX_BODY_BYTES: usize = 64 * 1024;

/// Most parameters taken from a query and a form together. Voice webhooks have about 40.
pub const MAX_PARAMETERS: usize = 200;

/// A form or query that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// The body is over the limit.
    #[error("the body has {bytes} bytes; at most {MAX_BODY_BYTES} are taken")]
    BodyTooLarge {
        /// Size of the body.
        bytes: usize,
    },
    /// There are more parameters than any webhook has.
    #[error("there are more than {MAX_PARAMETERS} parameters")]
    TooManyParameters,
    /// A `%` that is not followed by two hexadecimal digits.
    #[error("{field}: expected two hexadecimal digits after each %")]
    PercentEscape {
        /// Which parameter, as far as it can be told.
        field: String,
    },
    /// Bytes that are no UTF-8.
    #[error("{field}: expected UTF-8 text")]
    Utf8 {
        /// Which parameter, as far as it can be told.
        field: String,
    },
}

/// The pairs of `text` (`application/x-www-form-urlencoded`) in their order, repeated names kept.
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
        let name = decode_text(
            halves.next().unwrap_or_default(),
            &format!("name of parameter {}", index + 1),
        )?;
        let value = decode_text(halves.next().unwrap_or_default(), &name)?;
        pairs.push((name, value));
    }
    Ok(pairs)
}

fn decode_text(encoded: &[u8], field: &str) -> Result<String, FormError> {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.iter();
    while let Some(&byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => hex_digit(rest.next())
                .zip(hex_digit(rest.next()))
                .map(|(high, low)| high * 16 + low)
                .ok_or_else(|| FormError::PercentEscape {
                    field: field.to_owned(),
                })?,
            other => other,
        });
    }
    String::from_utf8(bytes).map_err(|_| FormError::Utf8 {
        field: field.to_owned(),
    })
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
    fn a_form_is_decoded_in_order_with_repeated_names_kept() {
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
    fn what_cannot_be_decoded_is_named() {
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
    fn more_parameters_than_any_webhook_has_are_refused() {
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
