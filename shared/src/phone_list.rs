//! Lists of phone numbers, such as the callers with priority, each with tags and a priority.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use vocabulary::PRIORITY_MAX;

use crate::webhook::redact;

/// Most numbers of a list: with tags some 60 bytes each, which the functions read into memory.
pub const PHONE_LIST_MAX: usize = 10_000;

/// Most tags of a number.
pub const TAGS_MAX: usize = 10;

/// Maximum length of a tag, in characters.
pub const TAG_CHARS_MAX: usize = 64;

/// Fewest and most digits of a number with its country code (E.164).
const DIGITS: std::ops::RangeInclusive<usize> = 8..=15;

/// Characters between digits that people write and that have no meaning.
const SEPARATORS: [char; 6] = [' ', '-', '.', '/', '\u{a0}', '\u{2011}'];

/// A phone number with a plus, country code and digits only: `+17075550183` (E.164).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PhoneNumber(String);

/// Numbers with what is known about them; a look-up takes logarithmic time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<PhoneNumber, Listed>")]
pub struct PhoneList(BTreeMap<PhoneNumber, Listed>);

/// What a list has about a number.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "GivenListed")]
pub struct Listed {
    /// Words about the number, in the order of the list.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Priority of the number's Tasks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<u32>,
}

/// What a list has about a number, as written in the table.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GivenListed {
    #[serde(default)]
    tags: Vec<String>,
    priority: Option<u32>,
}

/// An invalid entry of a list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PhoneListError {
    /// Not a number with its country code. The text is redacted.
    #[error("expected a number with its country code, such as +1 707 555 0183, got \"{0}\"")]
    Number(String),
    /// The number is in the list already. It is redacted.
    #[error("the number {0} is in the list twice")]
    Twice(String),
    /// More than [`PHONE_LIST_MAX`] numbers.
    #[error("expected at most {PHONE_LIST_MAX} numbers")]
    Full,
    /// More than [`TAGS_MAX`] tags.
    #[error("expected at most {TAGS_MAX} tags, got {0}")]
    TagCount(usize),
    /// A tag is empty, too long or has a space.
    #[error("expected tags of 1 to {TAG_CHARS_MAX} characters without spaces, got one of {0}")]
    Tag(usize),
    /// The priority is larger than TaskRouter's.
    #[error("expected a priority from 0 to {PRIORITY_MAX}, got {0}")]
    Priority(u32),
}

impl PhoneNumber {
    /// Reads a number as people write it: with spaces, hyphens, parentheses, `00` instead of the
    /// plus, and `(0)` after the country code. A number without a country code is refused, because
    /// its country would be a guess.
    pub fn normalized(text: &str) -> Result<Self, PhoneListError> {
        let wrong = || PhoneListError::Number(redact(text).to_string());
        let text = text.trim().replace("(0)", "");
        let digits = text
            .strip_prefix('+')
            .or_else(|| text.strip_prefix("00"))
            .ok_or_else(wrong)?;
        let is_separator = |char: &char| SEPARATORS.contains(char) || matches!(char, '(' | ')');
        let digits: String = digits.chars().filter(|char| !is_separator(char)).collect();
        Self::exact(&format!("+{digits}")).ok_or_else(wrong)
    }

    fn exact(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('+')?;
        let is_number = DIGITS.contains(&digits.len())
            && digits.bytes().all(|digit| digit.is_ascii_digit())
            && !digits.starts_with('0');
        is_number.then(|| Self(text.to_owned()))
    }

    /// The number: `+17075550183`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Only the last digits, because a log must not have the number of a caller.
impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", redact(&self.0))
    }
}

impl Borrow<str> for PhoneNumber {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for PhoneNumber {
    type Error = PhoneListError;

    fn try_from(text: String) -> Result<Self, PhoneListError> {
        Self::exact(&text).ok_or_else(|| PhoneListError::Number(redact(&text).to_string()))
    }
}

impl From<PhoneNumber> for String {
    fn from(number: PhoneNumber) -> Self {
        number.0
    }
}

impl Listed {
    /// Tags and a priority.
    pub fn new(tags: Vec<String>, priority: Option<u32>) -> Result<Self, PhoneListError> {
        if tags.len() > TAGS_MAX {
            return Err(PhoneListError::TagCount(tags.len()));
        }
        for tag in &tags {
            let chars = tag.chars().count();
            let has_space = tag.contains(|char: char| char.is_whitespace() || char.is_control());
            if chars == 0 || chars > TAG_CHARS_MAX || has_space {
                return Err(PhoneListError::Tag(chars));
            }
        }
        match priority.filter(|priority| *priority > PRIORITY_MAX) {
            Some(priority) => Err(PhoneListError::Priority(priority)),
            None => Ok(Self { tags, priority }),
        }
    }
}

impl TryFrom<GivenListed> for Listed {
    type Error = PhoneListError;

    fn try_from(given: GivenListed) -> Result<Self, PhoneListError> {
        Self::new(given.tags, given.priority)
    }
}

impl PhoneList {
    /// What the list has about a number in E.164 form, as the carrier sends it; `None` if the number
    /// is not in the list.
    pub fn get(&self, number: &str) -> Option<&Listed> {
        self.0.get(number)
    }

    /// Whether the list has a number in E.164 form.
    pub fn contains(&self, number: &str) -> bool {
        self.0.contains_key(number)
    }

    /// The numbers in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = (&PhoneNumber, &Listed)> {
        self.0.iter()
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether the list has no entries.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a number. Each number can be added once.
    pub fn add(&mut self, number: PhoneNumber, listed: Listed) -> Result<(), PhoneListError> {
        if self.contains(number.as_str()) {
            return Err(PhoneListError::Twice(redact(number.as_str()).to_string()));
        }
        if self.len() >= PHONE_LIST_MAX {
            return Err(PhoneListError::Full);
        }
        self.0.insert(number, listed);
        Ok(())
    }
}

impl TryFrom<BTreeMap<PhoneNumber, Listed>> for PhoneList {
    type Error = PhoneListError;

    fn try_from(numbers: BTreeMap<PhoneNumber, Listed>) -> Result<Self, PhoneListError> {
        if numbers.len() > PHONE_LIST_MAX {
            return Err(PhoneListError::Full);
        }
        Ok(Self(numbers))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn numbers_are_normalized() {
        for text in [
            "+17075550183",
            " +1 707 555-0183 ",
            "+1 (707) 555.0183",
            "0017075550183",
            "00 1 707/5550183",
            "+1 (0) 7075550183",
            "+1\u{a0}707\u{a0}555\u{2011}0183",
        ] {
            let number = PhoneNumber::normalized(text).unwrap();
            assert_eq!(number.as_str(), "+17075550183", "{text}");
        }
        for text in [
            "",
            "+",
            "7075550183",
            "0707 5550183",
            "+0177075550183",
            "+1707555",
            "+1707555018317075",
            "+1707555018a",
            "++17075550183",
            "+1707555٠183",
            "sip:maya@example.com",
            "anonymous",
        ] {
            assert!(PhoneNumber::normalized(text).is_err(), "{text}");
        }
    }

    #[test]
    fn messages_and_logs_mask_numbers() {
        let number = PhoneNumber::normalized("+17075550183").unwrap();
        assert!(!format!("{number:?}").contains("7075550"));
        let mut list = PhoneList::default();
        list.add(number.clone(), Listed::default()).unwrap();
        let twice = list.add(number, Listed::default()).unwrap_err();
        let wrong = PhoneNumber::normalized("7075550183").unwrap_err();
        for message in [twice.to_string(), wrong.to_string()] {
            assert!(!message.contains("7075550"), "{message}");
        }
    }

    #[test]
    fn list_survives_a_round_trip() {
        let json = json!({
            "+17075550101": {},
            "+17075550102": {"tags": ["gold", "key-account"], "priority": 5},
        });
        let list: PhoneList = serde_json::from_value(json.clone()).unwrap();
        assert_eq!(list.len(), 2);
        let listed = list.get("+17075550102").unwrap();
        assert_eq!((listed.tags.len(), listed.priority), (2, Some(5)));
        assert!(list.contains("+17075550101") && !list.contains("+17075550103"));
        assert_eq!(serde_json::to_value(list).unwrap(), json);
    }

    #[test]
    fn invalid_list_says_what_to_change() {
        let read = |json: Value| {
            serde_json::from_value::<PhoneList>(json)
                .map(|_| ())
                .map_err(|error| error.to_string())
        };
        let with = |listed: Value| read(json!({ "+17075550101": listed }));
        let many = |count: usize| {
            let numbers = (0..count).map(|index| (format!("+1707{index:07}"), json!({})));
            read(Value::Object(numbers.collect()))
        };
        assert_eq!(many(PHONE_LIST_MAX), Ok(()));
        for (result, expected) in [
            (many(PHONE_LIST_MAX + 1), "expected at most 10000 numbers"),
            (
                read(json!({"17075550101": {}})),
                "expected a number with its country code",
            ),
            (
                with(json!({"tags": vec!["a"; 11]})),
                "expected at most 10 tags, got 11",
            ),
            (
                with(json!({"tags": ["a b"]})),
                "expected tags of 1 to 64 characters without spaces, got one of 3",
            ),
            (with(json!({"tags": [""]})), "got one of 0"),
            (
                with(json!({"priority": u32::MAX})),
                "expected a priority from 0 to 2147483647, got 4294967295",
            ),
            (with(json!({"name": "Maya"})), "unknown field `name`"),
        ] {
            let message = result.unwrap_err();
            assert!(message.contains(expected), "{message}");
        }
    }
}
