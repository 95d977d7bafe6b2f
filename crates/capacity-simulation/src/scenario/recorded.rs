//! Recorded calls: a CSV file with a line for each call.
//!
//! The first line names the columns: `at` (a time of day), and any of `talk`, `wrap_up` and
//! `patience` (durations). An empty field is drawn from the scenario's distribution. A day of a
//! replication has exactly these calls.

use ids::time::Millis;

use super::scalars::{parse_span, parse_time};

/// A recorded call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordedCall {
    /// The time of day of its arrival.
    pub at: Millis,
    /// The length of the conversation, if it was recorded.
    pub talk: Option<Millis>,
    /// The length of the wrap-up, if it was recorded.
    pub wrap_up: Option<Millis>,
    /// How long the caller would have waited, if that is known.
    pub patience: Option<Millis>,
}

/// A line of the file that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{column}: {message}")]
pub struct RecordedError {
    /// The line, from 1.
    pub line: usize,
    /// The column, in characters from 1.
    pub column: usize,
    /// What was expected.
    pub message: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Column {
    At,
    Talk,
    WrapUp,
    Patience,
}

/// Reads the calls of a file, in the order of their arrivals.
///
/// # Errors
/// The first field that cannot be understood.
pub(crate) fn read(text: &str) -> Result<Vec<RecordedCall>, RecordedError> {
    let mut lines = text.lines().enumerate();
    let columns = match lines.next() {
        Some((_, header)) => fields(header).map(column).collect::<Result<Vec<_>, _>>()?,
        None => Vec::new(),
    };
    if !columns.contains(&Column::At) {
        return Err(wrong(1, 1, "expected a first line with the column `at`"));
    }
    let mut calls = Vec::new();
    for (index, line) in lines.filter(|(_, line)| !line.trim().is_empty()) {
        calls.push(call(index + 1, line, &columns)?);
    }
    calls.sort_by_key(|call| call.at);
    Ok(calls)
}

/// The fields of a line with their columns. No field needs quotes.
fn fields(line: &str) -> impl Iterator<Item = (usize, &str)> {
    line.split(',').scan(1, |next, field| {
        let column = *next;
        *next += field.chars().count() + 1;
        Some((column, field.trim()))
    })
}

fn column((place, name): (usize, &str)) -> Result<Column, RecordedError> {
    match name {
        "at" => Ok(Column::At),
        "talk" => Ok(Column::Talk),
        "wrap_up" => Ok(Column::WrapUp),
        "patience" => Ok(Column::Patience),
        _ => Err(wrong(
            1,
            place,
            format!("expected a column at, talk, wrap_up or patience, got {name:?}"),
        )),
    }
}

fn call(line: usize, text: &str, columns: &[Column]) -> Result<RecordedCall, RecordedError> {
    let mut call = RecordedCall {
        at: Millis::ZERO,
        talk: None,
        wrap_up: None,
        patience: None,
    };
    let mut count = 0;
    for (index, (place, field)) in fields(text).enumerate() {
        count += 1;
        let duration = || match field {
            "" => Ok(None),
            _ => parse_span(field).map(|span| Some(span.0)).ok_or_else(|| {
                wrong(
                    line,
                    place,
                    format!("expected a duration such as 90s, got {field:?}"),
                )
            }),
        };
        match columns.get(index) {
            Some(Column::At) => {
                let message = || format!("expected a time of day such as 08:00:30, got {field:?}");
                let time = parse_time(field).ok_or_else(|| wrong(line, place, message()))?;
                call.at = time.0;
            }
            Some(Column::Talk) => call.talk = duration()?,
            Some(Column::WrapUp) => call.wrap_up = duration()?,
            Some(Column::Patience) => call.patience = duration()?,
            None => break,
        }
    }
    if count == columns.len() {
        Ok(call)
    } else {
        let message = format!("expected {} fields, got {count}", columns.len());
        Err(wrong(line, 1, message))
    }
}

fn wrong(line: usize, column: usize, message: impl Into<String>) -> RecordedError {
    RecordedError {
        line,
        column,
        message: message.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_in_the_order_of_arrival() {
        let calls = read("at,talk,patience\n09:00,120s,\n08:30:05, 4m ,90\n\n").unwrap();
        let arrivals: Vec<u64> = calls.iter().map(|call| call.at.as_secs()).collect();
        assert_eq!(arrivals, [30_605, 32_400]);
        assert_eq!(calls[0].talk, Some(Millis::from_secs(240)));
        assert_eq!(calls[0].patience, Some(Millis::from_secs(90)));
        assert_eq!((calls[1].patience, calls[1].wrap_up), (None, None));
    }

    #[test]
    fn wrong_line_is_named() {
        for (text, error) in [
            ("", "1:1: expected a first line with the column `at`"),
            (
                "at,age\n",
                "1:4: expected a column at, talk, wrap_up or patience, got \"age\"",
            ),
            (
                "at,talk\n08:00,90\n25:00,90\n",
                "3:1: expected a time of day such as 08:00:30, got \"25:00\"",
            ),
            (
                "at,talk\n08:00,soon\n",
                "2:7: expected a duration such as 90s, got \"soon\"",
            ),
            ("at,talk\n08:00\n", "2:1: expected 2 fields, got 1"),
            ("at\n08:00,3\n", "2:1: expected 1 fields, got 2"),
        ] {
            assert_eq!(read(text).unwrap_err().to_string(), error, "{text}");
        }
    }
}
