//! Where a call goes when its flow ends: back to the application that handed it over.

use form_urlencoded::Serializer;
use shared::webhook::{FromParameter, path};
use vocabulary::is_url;

use crate::Values;

/// The longest URL, in characters. It is carried in the URLs of the call's webhooks, beside the
/// values, and carriers accept URLs of about 4,000 characters.
pub const RETURN_URL_CHARS_MAX: usize = 500;

/// The URL of an application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnUrl(String);

impl FromParameter for ReturnUrl {
    fn expected() -> String {
        format!("an http or https URL of at most {RETURN_URL_CHARS_MAX} characters")
    }

    fn parse(text: &str) -> Option<Self> {
        let fits = is_url(text) && text.chars().count() <= RETURN_URL_CHARS_MAX;
        fits.then(|| Self(text.to_owned()))
    }
}

impl ReturnUrl {
    /// The URL, as the application wrote it.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The URL with the values of the call in its query.
    pub(crate) fn with(&self, values: &Values) -> String {
        let (url, fragment) = match self.0.split_once('#') {
            Some((url, fragment)) => (url, format!("#{fragment}")),
            None => (self.0.as_str(), String::new()),
        };
        let sign = if url.contains('?') { '&' } else { '?' };
        let query = Serializer::new(String::new())
            .append_pair(path::FLOW_VALUES, &values.json())
            .finish();
        format!("{url}{sign}{query}{fragment}")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_added_to_the_query() {
        let mut values = Values::default();
        values.set("account", json!("49 & 50")).unwrap();
        let added = "values=%7B%22account%22%3A%2249+%26+50%22%7D";
        for (url, expected) in [
            (
                "https://app.example/after",
                format!("https://app.example/after?{added}"),
            ),
            (
                "https://app.example/?a=1",
                format!("https://app.example/?a=1&{added}"),
            ),
            (
                "https://app.example/#rc=2",
                format!("https://app.example/?{added}#rc=2"),
            ),
        ] {
            assert_eq!(ReturnUrl::parse(url).unwrap().with(&values), expected);
        }
    }

    #[test]
    fn return_url_is_short_and_absolute() {
        let long = format!("https://app.example/{}", "a".repeat(RETURN_URL_CHARS_MAX));
        for wrong in ["", "/after", "javascript:x", "ftp://app.example/", &long] {
            assert_eq!(ReturnUrl::parse(wrong), None, "{wrong}");
        }
    }
}
