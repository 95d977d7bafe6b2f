//! Environment variables, read once at start: each with its name, its expected form and its
//! default.

use std::str::FromStr;

/// A variable that is missing or malformed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvError {
    /// A required variable is not set.
    #[error("{name} is not set: it must be {expected}")]
    Missing {
        /// The variable's name.
        name: &'static str,
        /// Its expected form.
        expected: &'static str,
    },
    /// The variable has a value that cannot be parsed. The value is not shown, because it may be a
    /// secret.
    #[error("{name} must be {expected}")]
    Malformed {
        /// The variable's name.
        name: &'static str,
        /// Its expected form.
        expected: &'static str,
    },
}

type Lookup<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// A source of variables: the process's environment, or a table in a test.
pub struct Env<'a> {
    lookup: Box<Lookup<'a>>,
}

impl Env<'static> {
    /// The environment of this process.
    pub fn process() -> Self {
        Self {
            lookup: Box::new(|name| std::env::var(name).ok()),
        }
    }
}

impl<'a> Env<'a> {
    /// A source that calls `lookup`.
    pub fn new(lookup: impl Fn(&str) -> Option<String> + 'a) -> Self {
        Self {
            lookup: Box::new(lookup),
        }
    }

    /// A required variable.
    pub fn required<T: FromStr>(
        &self,
        name: &'static str,
        expected: &'static str,
    ) -> Result<T, EnvError> {
        self.optional(name, expected)?
            .ok_or(EnvError::Missing { name, expected })
    }

    /// An optional variable; an empty one counts as absent.
    pub fn optional<T: FromStr>(
        &self,
        name: &'static str,
        expected: &'static str,
    ) -> Result<Option<T>, EnvError> {
        let Some(text) = (self.lookup)(name).filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        text.parse()
            .map(Some)
            .map_err(|_| EnvError::Malformed { name, expected })
    }

    /// A boolean variable: `true` or `false`.
    pub fn switch(&self, name: &'static str, default: bool) -> Result<bool, EnvError> {
        Ok(self.optional(name, "true or false")?.unwrap_or(default))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn malformed_value_is_not_shown() {
        let env = Env::new(|name| (name == "PORT").then(|| "secret".to_owned()));
        let error = env
            .required::<u16>("PORT", "a port number")
            .unwrap_err()
            .to_string();
        assert_eq!(error, "PORT must be a port number");
        let error = env
            .required::<u16>("HOST", "a host name")
            .unwrap_err()
            .to_string();
        assert_eq!(error, "HOST is not set: it must be a host name");
        assert_eq!(env.switch("TWIML_PREVIEW", true), Ok(true));
    }
}
