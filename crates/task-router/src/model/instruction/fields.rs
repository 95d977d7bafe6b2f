//! Parses one parameter at a time, from a JSON object or from a form.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::parameters::Parameter;
use super::{InstructionError, InstructionName, Problem};
use vocabulary::CallbackMethod;
use vocabulary::Word;
use vocabulary::{URL_CHARS_MAX, is_url};

/// The longest address, in characters: SIP URIs are the longest addresses.
const ADDRESS_CHARS_MAX: usize = 256;

/// The input that an instruction is parsed from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Given<'a> {
    /// The answer of an assignment callback.
    Json(&'a Map<String, Value>),
    /// The form of a REST request; repeated names are kept.
    Form(&'a [(String, String)]),
}

/// The parameters of one instruction.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields<'a> {
    pub instruction: InstructionName,
    pub given: Given<'a>,
}

type Read<T> = Result<T, InstructionError>;

impl<'a> Given<'a> {
    /// The value of a parameter if it is a string and not empty.
    pub fn plain(self, parameter: &Parameter) -> Option<&'a str> {
        let text = match self {
            Self::Json(object) => object.get(parameter.json)?.as_str()?,
            Self::Form(pairs) => &pairs.iter().find(|(name, _)| name == parameter.form)?.1,
        };
        Some(text).filter(|text| !text.is_empty())
    }

    /// Every value of a parameter as text, without empty ones. `Err` if JSON has a value that is no
    /// string, number or boolean, nor a list of strings.
    fn texts(self, parameter: &Parameter) -> Result<Vec<Cow<'a, str>>, ()> {
        let texts = match self {
            Self::Form(pairs) => {
                let values = pairs.iter().filter(|(name, _)| name == parameter.form);
                values
                    .map(|(_, value)| Cow::Borrowed(value.as_str()))
                    .collect()
            }
            Self::Json(object) => {
                let also = || object.get(parameter.json_also?);
                let value = object.get(parameter.json).or_else(also);
                value.map_or(Ok(Vec::new()), |value| {
                    json_texts(value, parameter.string_only)
                })?
            }
        };
        Ok(texts.into_iter().filter(|text| !text.is_empty()).collect())
    }

    /// The name of the parameter in this input.
    fn name(self, parameter: &Parameter) -> &'static str {
        match self {
            Self::Json(_) => parameter.json,
            Self::Form(_) => parameter.form,
        }
    }
}

fn json_texts(value: &Value, string_only: bool) -> Result<Vec<Cow<'_, str>>, ()> {
    match value {
        Value::Null => Ok(Vec::new()),
        Value::String(text) => Ok(vec![Cow::Borrowed(text)]),
        Value::Bool(_) | Value::Number(_) if !string_only => {
            Ok(vec![Cow::Owned(value.to_string())])
        }
        Value::Array(values) if !string_only => {
            let texts = values
                .iter()
                .map(|value| value.as_str().map(Cow::Borrowed).ok_or(()));
            texts.collect()
        }
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => Err(()),
    }
}

impl<'a> Fields<'a> {
    /// A whole number that `make` accepts; `range` describes it in the error.
    pub fn number<T>(
        &self,
        parameter: &Parameter,
        range: &str,
        make: impl Fn(u32) -> Option<T>,
    ) -> Read<Option<T>> {
        let expected = || format!("a whole number {range}");
        self.parsed(parameter, expected, |text| {
            text.parse().ok().and_then(&make)
        })
    }

    /// One word of a closed set.
    pub fn word<T: Word>(&self, parameter: &Parameter) -> Read<Option<T>> {
        self.parsed(parameter, expected_word::<T>, T::parse)
    }

    /// A list of words: a repeated parameter, a list separated by commas, or a JSON array. The
    /// result is sorted and deduplicated.
    pub fn words<T: Word + Ord>(&self, parameter: &Parameter) -> Read<Option<Vec<T>>> {
        let expected = || format!("a list of {}", T::ALL.join(", "));
        let texts = self.texts(parameter, &expected)?;
        if texts.is_empty() {
            return Ok(None);
        }
        let words = texts
            .iter()
            .flat_map(|text| text.split(','))
            .map(|word| T::parse(word.trim()));
        let mut words = words
            .collect::<Option<Vec<T>>>()
            .ok_or_else(|| self.malformed(parameter, expected()))?;
        words.sort_unstable();
        words.dedup();
        Ok(Some(words))
    }

    /// The HTTP method of a callback; POST by default.
    pub fn method(&self, parameter: &Parameter) -> Read<CallbackMethod> {
        let method = |text: &str| CallbackMethod::parse(&text.to_ascii_uppercase());
        Ok(self
            .parsed(parameter, expected_word::<CallbackMethod>, method)?
            .unwrap_or_default())
    }

    /// A boolean in any spelling of TaskRouter's pages.
    pub fn flag(&self, parameter: &Parameter) -> Read<Option<bool>> {
        self.parsed(parameter, || "true or false".to_owned(), parse_flag)
    }

    /// A SID; `prefix` describes it in the error.
    pub fn sid<T: std::str::FromStr>(
        &self,
        parameter: &Parameter,
        prefix: &str,
    ) -> Read<Option<T>> {
        self.parsed(
            parameter,
            || format!("{prefix} and 32 hexadecimal digits"),
            |text| text.parse().ok(),
        )
    }

    /// An address to ring, or a number to show as the caller.
    pub fn address(&self, parameter: &Parameter) -> Read<Option<String>> {
        self.parsed(parameter, expected_address, |text| {
            is_address(text).then(|| text.to_owned())
        })
    }

    /// An absolute URL.
    pub fn url(&self, parameter: &Parameter) -> Read<Option<String>> {
        self.parsed(parameter, expected_url, |text| {
            is_url(text).then(|| text.to_owned())
        })
    }

    /// The value, or an error that the parameter is missing.
    pub fn required<T>(&self, parameter: &Parameter, value: Option<T>, expected: &str) -> Read<T> {
        value.ok_or_else(|| self.error(parameter, Problem::Missing(expected.to_owned())))
    }

    pub fn malformed(&self, parameter: &Parameter, expected: String) -> InstructionError {
        self.error(parameter, Problem::Malformed(expected))
    }

    fn parsed<T>(
        &self,
        parameter: &Parameter,
        expected: impl Fn() -> String,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Read<Option<T>> {
        let texts = self.texts(parameter, &expected)?;
        let Some(text) = texts.first() else {
            return Ok(None);
        };
        parse(text)
            .map(Some)
            .ok_or_else(|| self.malformed(parameter, expected()))
    }

    fn texts(
        &self,
        parameter: &Parameter,
        expected: &impl Fn() -> String,
    ) -> Read<Vec<Cow<'a, str>>> {
        self.given
            .texts(parameter)
            .map_err(|()| self.malformed(parameter, expected()))
    }

    fn error(&self, parameter: &Parameter, problem: Problem) -> InstructionError {
        let name = self.given.name(parameter);
        InstructionError::Parameter {
            instruction: self.instruction,
            parameter: name,
            code: parameter.code,
            problem,
        }
    }
}

fn parse_flag(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" => Some(true),
        "false" | "0" | "no" => Some(false),
        _ => None,
    }
}

fn is_address(text: &str) -> bool {
    text.chars().count() <= ADDRESS_CHARS_MAX && !text.chars().any(char::is_control)
}

fn expected_word<T: Word>() -> String {
    format!("one of {}", T::ALL.join(", "))
}

fn expected_address() -> String {
    format!("a phone number, client name or SIP URI of at most {ADDRESS_CHARS_MAX} characters")
}

fn expected_url() -> String {
    format!("an absolute URL, http:// or https://, of at most {URL_CHARS_MAX} characters")
}
