//! DynamoDB's expressions, as far as the store uses them.

mod condition;
mod key_condition;
mod reader;
mod update;

use serde_json::Value;

use crate::Item;
use crate::error::Refusal;
use reader::Reader;

pub(crate) use key_condition::KeyCondition;

/// The placeholders of a request.
pub(crate) struct Scope<'r> {
    names: Option<&'r Item>,
    values: Option<&'r Item>,
}

impl<'r> Scope<'r> {
    pub(crate) fn of(request: &'r Item) -> Self {
        let part = |name: &str| request.get(name).and_then(Value::as_object);
        Self {
            names: part("ExpressionAttributeNames"),
            values: part("ExpressionAttributeValues"),
        }
    }

    fn name(&self, word: &str) -> Result<String, Refusal> {
        if !word.starts_with('#') {
            return Ok(word.to_owned());
        }
        let name = self.names.and_then(|names| names.get(word)?.as_str());
        name.map(str::to_owned)
            .ok_or_else(|| Refusal::invalid(format!("unknown name {word}")))
    }

    fn value(&self, word: &str) -> Result<&'r Value, Refusal> {
        let value = self.values.and_then(|values| values.get(word));
        value.ok_or_else(|| Refusal::invalid(format!("unknown value {word}")))
    }
}

/// Whether a condition is true of an item.
pub(crate) fn holds(
    condition: &str,
    scope: &Scope<'_>,
    item: Option<&Item>,
) -> Result<bool, Refusal> {
    let mut reader = Reader::new(condition, scope)?;
    let holds = condition::any(&mut reader, item)?;
    reader.end()?;
    Ok(holds)
}

/// Carries out an update. Returns the names that it sets or removes.
pub(crate) fn update(
    expression: &str,
    scope: &Scope<'_>,
    item: &mut Item,
) -> Result<Vec<String>, Refusal> {
    update::carry_out(&mut Reader::new(expression, scope)?, item)
}

/// The condition of a query.
pub(crate) fn key_condition(condition: &str, scope: &Scope<'_>) -> Result<KeyCondition, Refusal> {
    let mut reader = Reader::new(condition, scope)?;
    let condition = key_condition::read(&mut reader)?;
    reader.end()?;
    Ok(condition)
}

/// The names of a projection.
pub(crate) fn names(projection: &str, scope: &Scope<'_>) -> Result<Vec<String>, Refusal> {
    let mut reader = Reader::new(projection, scope)?;
    let mut names = vec![reader.name()?];
    while reader.takes(",") {
        names.push(reader.name()?);
    }
    reader.end()?;
    Ok(names)
}
