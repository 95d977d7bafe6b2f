//! Updates: SET, REMOVE, ADD.

use serde_json::{Value, json};

use super::reader::Reader;
use crate::Item;
use crate::error::Refusal;

/// Carries out an update. Every value is read from the item as it was.
pub(super) fn carry_out(
    reader: &mut Reader<'_, '_>,
    item: &mut Item,
) -> Result<Vec<String>, Refusal> {
    let old = item.clone();
    let mut touched = Vec::new();
    while reader.peek().is_some() {
        let clause = if reader.takes("SET") {
            set
        } else if reader.takes("REMOVE") {
            remove
        } else if reader.takes("ADD") {
            add
        } else {
            return Err(reader.unexpected("SET, REMOVE or ADD"));
        };
        loop {
            touched.push(clause(reader, &old, item)?);
            if !reader.takes(",") {
                break;
            }
        }
    }
    Ok(touched)
}

fn set(reader: &mut Reader<'_, '_>, old: &Item, item: &mut Item) -> Result<String, Refusal> {
    let name = reader.name()?;
    reader.expect("=")?;
    let mut value = operand(reader, old)?;
    for (sign, factor) in [("+", 1), ("-", -1)] {
        if reader.takes(sign) {
            let other = operand(reader, old)?;
            value = number(integer(&value)? + factor * integer(&other)?);
        }
    }
    item.insert(name.clone(), value);
    Ok(name)
}

fn remove(reader: &mut Reader<'_, '_>, _old: &Item, item: &mut Item) -> Result<String, Refusal> {
    let name = reader.name()?;
    item.remove(&name);
    Ok(name)
}

/// Adds to a number; one that is missing counts as zero.
fn add(reader: &mut Reader<'_, '_>, old: &Item, item: &mut Item) -> Result<String, Refusal> {
    let name = reader.name()?;
    let value = reader.value()?;
    let before = old.get(&name).map_or(Ok(0), integer)?;
    item.insert(name.clone(), number(before + integer(value)?));
    Ok(name)
}

fn operand(reader: &mut Reader<'_, '_>, old: &Item) -> Result<Value, Refusal> {
    if reader.is_value_next() {
        return reader.value().cloned();
    }
    if reader.takes("if_not_exists") {
        reader.expect("(")?;
        let name = reader.name()?;
        reader.expect(",")?;
        let other = operand(reader, old)?;
        reader.expect(")")?;
        return Ok(old.get(&name).cloned().unwrap_or(other));
    }
    let name = reader.name()?;
    let value = old.get(&name).cloned();
    value.ok_or_else(|| Refusal::invalid(format!("the item has no {name}")))
}

fn integer(value: &Value) -> Result<i128, Refusal> {
    let number = value.get("N").and_then(Value::as_str);
    let number = number.and_then(|number| number.parse().ok());
    number.ok_or_else(|| Refusal::invalid("expected a whole number"))
}

fn number(value: i128) -> Value {
    json!({ "N": value.to_string() })
}
