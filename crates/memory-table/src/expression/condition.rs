//! Conditions. They are evaluated while they are read.

use std::cmp::Ordering;

use serde_json::Value;

use super::reader::Reader;
use crate::Item;
use crate::error::Refusal;

/// Conditions that are joined with OR.
pub(super) fn any(reader: &mut Reader<'_, '_>, item: Option<&Item>) -> Result<bool, Refusal> {
    let mut holds = all(reader, item)?;
    while reader.takes("OR") {
        holds |= all(reader, item)?;
    }
    Ok(holds)
}

fn all(reader: &mut Reader<'_, '_>, item: Option<&Item>) -> Result<bool, Refusal> {
    let mut holds = one(reader, item)?;
    while reader.takes("AND") {
        holds &= one(reader, item)?;
    }
    Ok(holds)
}

fn one(reader: &mut Reader<'_, '_>, item: Option<&Item>) -> Result<bool, Refusal> {
    if reader.takes("NOT") {
        return Ok(!one(reader, item)?);
    }
    if reader.takes("(") {
        let holds = any(reader, item)?;
        reader.expect(")")?;
        return Ok(holds);
    }
    for (function, expected) in [("attribute_exists", true), ("attribute_not_exists", false)] {
        if reader.takes(function) {
            reader.expect("(")?;
            let name = reader.name()?;
            reader.expect(")")?;
            let exists = item.is_some_and(|item| item.contains_key(&name));
            return Ok(exists == expected);
        }
    }
    comparison(reader, item)
}

fn comparison(reader: &mut Reader<'_, '_>, item: Option<&Item>) -> Result<bool, Refusal> {
    let left = operand(reader, item)?;
    if reader.takes("BETWEEN") {
        let low = operand(reader, item)?;
        reader.expect("AND")?;
        let high = operand(reader, item)?;
        return Ok(order(left, low).is_some_and(Ordering::is_ge)
            && order(left, high).is_some_and(Ordering::is_le));
    }
    let sign = reader.take()?;
    let right = operand(reader, item)?;
    if sign == "=" {
        return Ok(left.is_some() && is_equal(left, right));
    }
    let order = order(left, right);
    Ok(match sign {
        "<" => order.is_some_and(Ordering::is_lt),
        "<=" => order.is_some_and(Ordering::is_le),
        ">" => order.is_some_and(Ordering::is_gt),
        ">=" => order.is_some_and(Ordering::is_ge),
        other => {
            return Err(Refusal::invalid(format!(
                "expected a comparison, got {other}"
            )));
        }
    })
}

/// A value of the request or of the item; `None`: the item does not have it.
fn operand<'v, 'r: 'v>(
    reader: &mut Reader<'_, 'r>,
    item: Option<&'v Item>,
) -> Result<Option<&'v Value>, Refusal> {
    if reader.is_value_next() {
        return reader.value().map(Some);
    }
    let name = reader.name()?;
    Ok(item.and_then(|item| item.get(&name)))
}

fn is_equal(left: Option<&Value>, right: Option<&Value>) -> bool {
    left == right || order(left, right) == Some(Ordering::Equal)
}

/// The order of two texts or of two numbers; other values have none.
fn order(left: Option<&Value>, right: Option<&Value>) -> Option<Ordering> {
    let (left, right) = (left?, right?);
    let of = |value: &'_ Value, kind: &str| value.get(kind)?.as_str().map(str::to_owned);
    if let (Some(left), Some(right)) = (of(left, "S"), of(right, "S")) {
        return Some(left.cmp(&right));
    }
    let (left, right) = (of(left, "N")?, of(right, "N")?);
    match (left.parse::<i128>(), right.parse::<i128>()) {
        (Ok(left), Ok(right)) => Some(left.cmp(&right)),
        (_, _) => left
            .parse::<f64>()
            .ok()?
            .partial_cmp(&right.parse::<f64>().ok()?),
    }
}
