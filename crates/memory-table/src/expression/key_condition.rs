//! The condition of a query: one partition, and a range of sort keys.

use serde_json::Value;

use super::reader::Reader;
use crate::error::Refusal;

/// A condition: the names of the keys, the partition, the range of sort keys.
pub(crate) struct KeyCondition {
    pub(crate) hash_name: String,
    pub(crate) hash: String,
    pub(crate) range_name: Option<String>,
    range: Range,
}

/// A range of sort keys.
enum Range {
    All,
    Equal(String),
    Less(String),
    LessOrEqual(String),
    Greater(String),
    GreaterOrEqual(String),
    Between(String, String),
    Prefix(String),
}

impl KeyCondition {
    /// Whether this sort key is in the range.
    pub(crate) fn contains(&self, key: &str) -> bool {
        match &self.range {
            Range::All => true,
            Range::Equal(value) => key == value,
            Range::Less(value) => key < value.as_str(),
            Range::LessOrEqual(value) => key <= value.as_str(),
            Range::Greater(value) => key > value.as_str(),
            Range::GreaterOrEqual(value) => key >= value.as_str(),
            Range::Between(low, high) => low.as_str() <= key && key <= high.as_str(),
            Range::Prefix(prefix) => key.starts_with(prefix.as_str()),
        }
    }
}

pub(super) fn read(reader: &mut Reader<'_, '_>) -> Result<KeyCondition, Refusal> {
    let hash_name = reader.name()?;
    reader.expect("=")?;
    let hash = text(reader)?;
    let (range_name, range) = if reader.takes("AND") {
        let (name, range) = range(reader)?;
        (Some(name), range)
    } else {
        (None, Range::All)
    };
    Ok(KeyCondition {
        hash_name,
        hash,
        range_name,
        range,
    })
}

fn range(reader: &mut Reader<'_, '_>) -> Result<(String, Range), Refusal> {
    if reader.takes("begins_with") {
        reader.expect("(")?;
        let name = reader.name()?;
        reader.expect(",")?;
        let prefix = text(reader)?;
        reader.expect(")")?;
        return Ok((name, Range::Prefix(prefix)));
    }
    let name = reader.name()?;
    if reader.takes("BETWEEN") {
        let low = text(reader)?;
        reader.expect("AND")?;
        let high = text(reader)?;
        return Ok((name, Range::Between(low, high)));
    }
    let sign = reader.take()?;
    let value = text(reader)?;
    let range = match sign {
        "=" => Range::Equal(value),
        "<" => Range::Less(value),
        "<=" => Range::LessOrEqual(value),
        ">" => Range::Greater(value),
        ">=" => Range::GreaterOrEqual(value),
        other => {
            return Err(Refusal::invalid(format!(
                "expected a comparison, got {other}"
            )));
        }
    };
    Ok((name, range))
}

fn text(reader: &mut Reader<'_, '_>) -> Result<String, Refusal> {
    let value = reader.value()?;
    let text = value.get("S").and_then(Value::as_str);
    text.map(str::to_owned)
        .ok_or_else(|| Refusal::invalid("expected a string as the value of a key"))
}
