//! The version of the voice flows: a digest of their content.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::webhook::FromParameter;

/// Hexadecimal digits of a version: 64 bits tell the versions of one contact centre apart.
const DIGITS: usize = 16;

/// The version of the voice flows. A call continues in the version in which it started, however
/// often the file changes meanwhile. The same content has the same version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FlowsVersion(String);

impl FlowsVersion {
    /// The version of flows with this content.
    pub fn of(content: &[u8]) -> Self {
        let digest = Sha256::digest(content);
        let digits = digest.iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
        let digits = digits
            .take(DIGITS)
            .filter_map(|digit| char::from_digit(digit.into(), 16));
        Self(digits.collect())
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FlowsVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromParameter for FlowsVersion {
    fn expected() -> String {
        format!("{DIGITS} hexadecimal digits in lower case")
    }

    fn parse(text: &str) -> Option<Self> {
        let is_digit = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        (text.len() == DIGITS && text.bytes().all(is_digit)).then(|| Self(text.to_owned()))
    }
}
