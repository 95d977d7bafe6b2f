//! Parameters by name, and how text becomes a typed value.

use serde_json::Value;

use ids;

/// The decoded parameters of a request: those of its URL, then those of its form.
///
/// Of a repeated name the first value counts, so what we put into our own URLs wins. A parameter with an empty value
/// counts as missing: the carrier sends what it does not know as empty (voice-webhooks.md section 3).
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Parameters(Vec<(String, String)>);

/// A parameter that is missing or has another shape than it should. Holds no value: values can be phone numbers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParameterError {
    /// It is not there, or empty.
    #[error("{name} is missing: expected {expected}")]
    Missing {
        /// Its name.
        name: &'static str,
        /// What it should be.
        expected: String,
    },
    /// It is there, with a value that cannot be understood.
    #[error("{name} cannot be understood: expected {expected}, got {got_chars} characters")]
    Malformed {
        /// Its name.
        name: &'static str,
        /// What it should be.
        expected: String,
        /// Length of what it is.
        got_chars: usize,
    },
}

/// A type that a parameter's text can be read as.
pub trait FromParameter: Sized {
    /// The shape that is understood, for an error message: `a whole number`.
    fn expected() -> String;

    /// Reads `text`, which is not empty.
    fn parse(text: &str) -> Option<Self>;
}

impl Parameters {
    /// These parameters, in this order.
    pub fn new(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }

    /// All of them, in their order.
    pub fn pairs(&self) -> impl Iterator<Item = &(String, String)> {
        self.0.iter()
    }

    /// The value of `name`, if there is one that is not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(other, value)| other == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// The value of `name`, which has to be there.
    ///
    /// # Errors
    /// [`ParameterError`] when it is missing or malformed.
    pub fn required<T: FromParameter>(&self, name: &'static str) -> Result<T, ParameterError> {
        self.optional(name)?.ok_or_else(|| ParameterError::Missing {
            name,
            expected: T::expected(),
        })
    }

    /// The value of `name`, if it is there.
    ///
    /// # Errors
    /// [`ParameterError`] when it is there and malformed.
    pub fn optional<T: FromParameter>(
        &self,
        name: &'static str,
    ) -> Result<Option<T>, ParameterError> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        let malformed = || ParameterError::Malformed {
            name,
            expected: T::expected(),
            got_chars: text.chars().count(),
        };
        T::parse(text).map(Some).ok_or_else(malformed)
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

/// A JSON object, such as the attributes of a Task.
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

/// Defines an enum whose values are words of the carrier's vocabulary, and can be parameters.
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

    /// Parameters from literals, for the tests of every webhook.
    pub(in crate::webhook) fn parameters(pairs: &[(&str, &str)]) -> Parameters {
        Parameters(
            pairs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        )
    }

    #[test]
    fn the_first_value_that_is_not_empty_counts() {
        let parameters = parameters(&[("a", ""), ("a", "1"), ("a", "2"), ("b", "")]);
        assert_eq!(parameters.required::<u8>("a"), Ok(1));
        assert_eq!(parameters.optional::<u8>("b"), Ok(None));
    }

    #[test]
    fn an_error_names_the_parameter_and_what_was_expected_and_never_shows_the_value() {
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
