//! Parameters of queries and forms, by name (taskrouter.md section 1, "request body").

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use http::{HeaderMap, header};
use task_router::model::{Attributes, AttributesError, Expression, ExpressionError};
use vocabulary::check_visible;

use crate::error::ApiError;

/// Parameters of the largest query or form. The largest operation, updating a Reservation, has 54.
pub const PARAMETERS_MAX: usize = 200;

/// Characters of the longest friendly name (taskrouter.md section 14).
pub const FRIENDLY_NAME_CHARS_MAX: usize = 64;

const FORM: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data";

/// Decoded parameters in the order of the request. A repeated name is an array where the operation
/// has an array parameter ([`Parameters::all`]); otherwise the first value counts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// The parameters of a URL's query. Parameters with an empty value are dropped: an empty filter
    /// does not filter.
    ///
    /// # Errors
    /// [`ApiError::Parameter`] and [`ApiError::Form`] for invalid encoding and too many parameters.
    pub fn of_query(query: &str) -> Result<Self, ApiError> {
        let mut parameters = Self::url_encoded(query.as_bytes())?;
        parameters.0.retain(|(_, value)| !value.is_empty());
        Ok(parameters)
    }

    /// The parameters of a form, URL-encoded or as `multipart/form-data`, which some versions of the
    /// official libraries send. An empty body needs no `Content-Type`.
    ///
    /// # Errors
    /// As [`Parameters::of_query`]; [`ApiError::Form`] for another `Content-Type`.
    pub async fn of_form(headers: &HeaderMap, body: &[u8]) -> Result<Self, ApiError> {
        let Some(kind) = headers.get(header::CONTENT_TYPE) else {
            return Self::url_encoded(body);
        };
        let kind = kind.to_str().unwrap_or_default();
        if body.is_empty() || is_form(kind) {
            return Self::url_encoded(body);
        }
        match multer::parse_boundary(kind) {
            Ok(boundary) => Self::of_parts(body, boundary).await,
            Err(multer::Error::NoMultipart | multer::Error::DecodeContentType(_)) => Err(
                ApiError::Form(format!("Content-Type: expected {FORM} or {MULTIPART}")),
            ),
            Err(error) => Err(ApiError::Form(format!("Content-Type: {error}"))),
        }
    }

    /// The parameters of a `multipart/form-data` body: a part each, as UTF-8.
    async fn of_parts(body: &[u8], boundary: String) -> Result<Self, ApiError> {
        let invalid = |error: multer::Error| ApiError::Form(format!("the body: {error}"));
        let stream = futures_util::stream::iter([std::io::Result::Ok(body.to_vec())]);
        let mut parts = multer::Multipart::new(stream, boundary);
        let mut pairs = Vec::new();
        while let Some(part) = parts.next_field().await.map_err(invalid)? {
            if pairs.len() == PARAMETERS_MAX {
                return Err(too_many());
            }
            let name = part.name().unwrap_or_default().to_owned();
            let value = part.bytes().await.map_err(invalid)?;
            let value = String::from_utf8(value.to_vec())
                .map_err(|_| ApiError::parameter(&name, NOT_UTF_8))?;
            pairs.push((name, value));
        }
        Ok(Self(pairs))
    }

    /// URL-encoded parameters.
    ///
    /// # Errors
    /// As [`Parameters::of_query`].
    pub fn url_encoded(text: &[u8]) -> Result<Self, ApiError> {
        check_encoding(text)?;
        let pairs: Vec<_> = form_urlencoded::parse(text)
            .into_owned()
            .take(PARAMETERS_MAX + 1)
            .collect();
        match pairs.len() {
            0..=PARAMETERS_MAX => Ok(Self(pairs)),
            _ => Err(too_many()),
        }
    }

    /// The parameters as owned pairs of name and value.
    pub fn as_pairs(&self) -> &[(String, String)] {
        &self.0
    }

    /// Iterates over names and values.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The first value of a parameter.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// Every value of a parameter.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.pairs()
            .filter(move |(other, _)| *other == name)
            .map(|(_, value)| value)
    }

    /// The value of a parameter that is a SID of one kind.
    ///
    /// # Errors
    /// [`ApiError::Parameter`] for any other text.
    pub fn sid<S: FromStr<Err: Display>>(&self, name: &str) -> Result<Option<S>, ApiError> {
        let parsed = self.text(name).map(str::parse).transpose();
        parsed.map_err(|error: S::Err| ApiError::parameter(name, error.to_string()))
    }

    /// The value of a boolean parameter: `true`, `1` and `yes` are true, everything else is false
    /// (taskrouter.md section 1, "booleans in forms").
    pub fn switch(&self, name: &str) -> Option<bool> {
        let value = self.text(name)?;
        Some(
            ["true", "1", "yes"]
                .iter()
                .any(|on| value.eq_ignore_ascii_case(on)),
        )
    }

    /// The value of a parameter, parsed with `read`, whose error says what was expected.
    ///
    /// # Errors
    /// [`ApiError::Parameter`] with the error of `read`.
    pub fn parsed<T>(
        &self,
        name: &str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Option<T>, ApiError> {
        self.text(name)
            .map(read)
            .transpose()
            .map_err(|problem| ApiError::parameter(name, problem))
    }

    /// The value of a parameter that is a whole number.
    ///
    /// # Errors
    /// [`ApiError::Parameter`] for anything but a whole number within `limits`.
    pub fn whole_number(
        &self,
        name: &str,
        limits: RangeInclusive<u32>,
    ) -> Result<Option<u32>, ApiError> {
        self.parsed(name, |text| {
            let number = text.parse().ok().filter(|number| limits.contains(number));
            number.ok_or_else(|| {
                format!(
                    "expected a whole number from {} to {}",
                    limits.start(),
                    limits.end()
                )
            })
        })
    }

    /// The value of a parameter that is a JSON object of attributes, 4,096 characters at most
    /// (taskrouter.md section 14).
    ///
    /// # Errors
    /// [`ApiError::Parameter`] for any other text.
    pub fn attributes(&self, name: &str) -> Result<Option<Attributes>, ApiError> {
        self.parsed(name, |text| {
            text.parse()
                .map_err(|error: AttributesError| error.to_string())
        })
    }

    /// The value of a parameter that is an expression (taskrouter.md section 8).
    ///
    /// # Errors
    /// [`ApiError::Parameter`] for a syntax error.
    pub fn expression(&self, name: &str) -> Result<Option<Expression>, ApiError> {
        self.parsed(name, |text| {
            text.parse()
                .map_err(|error: ExpressionError| error.to_string())
        })
    }

    /// The value of a parameter that is a friendly name: 1 to [`FRIENDLY_NAME_CHARS_MAX`]
    /// characters, not only blanks, and none that a reader does not see.
    ///
    /// # Errors
    /// [`ApiError::Parameter`] for any other text.
    pub fn friendly_name(&self, name: &str) -> Result<Option<&str>, ApiError> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        let fits = !text.trim().is_empty() && text.chars().count() <= FRIENDLY_NAME_CHARS_MAX;
        if !fits {
            return Err(ApiError::parameter(
                name,
                format!("expected 1 to {FRIENDLY_NAME_CHARS_MAX} characters"),
            ));
        }
        check_visible(text).map_err(|problem| ApiError::parameter(name, problem))?;
        Ok(Some(text))
    }
}

const NOT_UTF_8: &str = "expected UTF-8";

fn too_many() -> ApiError {
    ApiError::Form(format!(
        "expected at most {PARAMETERS_MAX} parameters, got more"
    ))
}

/// Checks that the decoded text is UTF-8. The form parser would replace other bytes silently, and
/// the stored text would differ from the text that was sent.
fn check_encoding(text: &[u8]) -> Result<(), ApiError> {
    let is_text = |bytes: &[u8]| {
        percent_encoding::percent_decode(bytes)
            .decode_utf8()
            .is_ok()
    };
    if is_text(text) {
        return Ok(());
    }
    let wrong = text
        .split(|byte| *byte == b'&')
        .find(|pair| !is_text(pair))
        .unwrap_or_default();
    let name = wrong.split(|byte| *byte == b'=').next().unwrap_or_default();
    Err(ApiError::parameter(
        &String::from_utf8_lossy(name),
        "expected UTF-8, percent-encoded",
    ))
}

fn is_form(content_type: &str) -> bool {
    content_type
        .split(';')
        .next()
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case(FORM))
}
