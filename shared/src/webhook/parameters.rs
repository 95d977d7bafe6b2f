//! Request parameters by name, and their conversion to typed values.

use serde_json::Value;

use ids;

/// The decoded parameters of a request: those of the URL, then those of the form.
///
/// The first value of a repeated name counts, so the parameters that we put into our own URLs take
/// precedence. An empty value counts as absent, because the carrier sends unknown values as empty
/// (voice-webhooks.md section 3).
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Parameters(Vec<(String, String)>);

/// A missing or malformed parameter. The error holds no value, because a value may be a phone
/// number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParameterError {
    /// The parameter is absent or empty.
    #[error("{name} is missing: expected {expected}")]
    Missing {
        /// Name of the parameter.
        name: &'static str,
        /// Description of a valid value.
        expected: String,
    },
    /// The parameter has an invalid value.
    #[error("{name} cannot be understood: expected {expected}, got {got_chars} characters")]
    Malformed {
        /// Name of the parameter.
        name: &'static str,
        /// Description of a valid value.
        expected: String,
        /// Length of the invalid value, in characters.
        got_chars: usize,
    },
}

/// A type that can be parsed from the text of a parameter.
pub trait FromParameter: Sized {
    /// Description of a valid value for error messages: `a whole number`.
    fn expected() -> String;

    /// Parses `text`, which is not empty.
    fn parse(text: &str) -> Option<Self>;
}

impl Parameters {
    /// Keeps the pairs in the given order.
    pub fn new(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }

    /// All pairs, in order.
    pub fn pairs(&self) -> impl Iterator<Item = &(String, String)> {
        self.0.iter()
    }

    /// The first value of `name` that is not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(other, value)| other == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// The value of the required parameter `name`.
    ///
    /// # Errors
    /// [`ParameterError`] when the parameter is missing or malformed.
    pub fn required<T: FromParameter>(&self, name: &'static str) -> Result<T, ParameterError> {
        self.optional(name)?.ok_or_else(|| ParameterError::Missing {
            name,
            expected: T::expected(),
        })
    }

    /// The value of the optional parameter `name`.
    ///
    /// # Errors
    /// [`ParameterError`] when the parameter is present and malformed.
    pub fn optional<T: FromParameter>(
        &self,
        name: &'static str,
    ) -> Result<Option<T>, ParameterError> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        T::parse(text)
            .map(Some)
            .ok_or_else(|| ParameterError::Malformed {
                name,
                expected: T::expected(),
                got_chars: text.chars().count(),
            })
    }

    pub(super) fn extend(&mut self, pairs: impl IntoIterator<Item = (String, String)>) {
        self.0.extend(pairs);
    }
}

impl FromParameter for String {
    fn expected() -> String {
        "a text".into()
    }

    fn parse(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
}

/// A JSON object, for example the attributes of a Task.
impl FromParameter for serde_json::Map<String, Value> {
    fn expected() -> String {
        "a JSON object".into()
    }

    fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

macro_rules! whole_numbers {
    ($($number:ty)*) => {$(
        impl FromParameter for $number {
            fn expected() -> String {
                format!("a whole number from {} to {}", Self::MIN, Self::MAX)
            }

            fn parse(text: &str) -> Option<Self> {
                text.parse().ok()
            }
        }
    )*};
}

whole_numbers! { u8 u32 i64 }

macro_rules! sids {
    ($($sid:ident)*) => {$(
        impl FromParameter for ids::$sid {
            fn expected() -> String {
                format!("{} followed by 32 hexadecimal digits", Self::PREFIX)
            }

            fn parse(text: &str) -> Option<Self> {
                text.parse().ok()
            }
        }
    )*};
}

sids! { AccountSid ActivitySid CallSid ConferenceSid QueueSid RecordingSid ReservationSid TaskQueueSid TaskSid WorkerSid WorkflowSid WorkspaceSid }

/// Defines an enum of words in the carrier's vocabulary that can be parsed from a parameter.
macro_rules! words {
    ($(#[$doc:meta])* pub enum $name:ident { $($words:tt)* }) => {
        vocabulary::words! { $(#[$doc])* pub enum $name { $($words)* } }

        impl $crate::webhook::FromParameter for $name {
            fn expected() -> String {
                format!("one of {}", <Self as vocabulary::Word>::ALL.join(", "))
            }

            fn parse(text: &str) -> Option<Self> {
                vocabulary::Word::parse(text)
            }
        }
    };
}

pub(super) use words;

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Builds parameters from literals.
    pub(in crate::webhook) fn parameters(pairs: &[(&str, &str)]) -> Parameters {
        Parameters(
            pairs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        )
    }

    #[test]
    fn first_nonempty_value_counts() {
        let parameters = parameters(&[("a", ""), ("a", "1"), ("a", "2"), ("b", "")]);
        assert_eq!(parameters.required::<u8>("a"), Ok(1));
        assert_eq!(parameters.optional::<u8>("b"), Ok(None));
    }

    #[test]
    fn parameter_error_never_shows_the_value() {
        let parameters = parameters(&[
            ("CallSid", "+17075550101"),
            ("attempt", "300"),
            ("Attributes", "[1]"),
        ]);
        assert_eq!(
            parameters
                .required::<ids::CallSid>("CallSid")
                .unwrap_err()
                .to_string(),
            "CallSid cannot be understood: expected CA followed by 32 hexadecimal digits, got 12 characters"
        );
        assert_eq!(
            parameters
                .optional::<u8>("attempt")
                .unwrap_err()
                .to_string(),
            "attempt cannot be understood: expected a whole number from 0 to 255, got 3 characters"
        );
        assert_eq!(
            parameters
                .required::<serde_json::Map<_, _>>("Attributes")
                .unwrap_err()
                .to_string(),
            "Attributes cannot be understood: expected a JSON object, got 3 characters"
        );
        assert_eq!(
            parameters
                .required::<crate::webhook::Direction>("Direction")
                .unwrap_err()
                .to_string(),
            "Direction is missing: expected one of inbound, outbound-api, outbound-dial"
        );
    }
}
