//! Decoded names and values of a query or a form.

/// Names and values in the order of the text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Form(Vec<(String, String)>);

impl Form {
    /// Decodes `a=1&b=2`.
    pub fn read(text: &[u8]) -> Self {
        Self(form_urlencoded::parse(text).into_owned().collect())
    }

    /// The first value of a name; empty if the name is missing.
    pub fn text(&self, name: &str) -> &str {
        self.0
            .iter()
            .find(|(key, _)| key == name)
            .map_or("", |(_, value)| value)
    }

    /// Whether the name is present, even with an empty value.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(key, _)| key == name)
    }

    /// Appends a name and its value.
    pub fn push(&mut self, name: &str, value: impl Into<String>) {
        self.0.push((name.to_owned(), value.into()));
    }

    /// Encodes the values of these names that are not empty.
    pub fn encode(&self, names: &[&str]) -> String {
        let kept = self
            .0
            .iter()
            .filter(|(name, value)| names.contains(&name.as_str()) && !value.is_empty());
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(kept)
            .finish()
    }

    /// Encodes all values.
    pub fn encode_all(&self) -> String {
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&self.0)
            .finish()
    }
}
