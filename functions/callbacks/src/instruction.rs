//! What an assignment callback may answer (taskrouter.md section 11).

use serde::Deserialize;
use shared::model::ActivitySid;

/// Seconds a Worker's phone rings unless the instruction says otherwise (section 11.3, dequeue).
const RING_TIMEOUT_DEFAULT_SECS: u32 = 60;

/// The longest ring that can be asked for.
const RING_TIMEOUT_MAX_SECS: u32 = 999;

/// An instruction, as the callback's JSON gives it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "instruction", rename_all = "snake_case")]
pub enum Instruction {
    /// Accept; nothing else.
    Accept,
    /// Reject; the Worker's new Activity, if named.
    Reject {
        /// `WA…`
        activity_sid: Option<ActivitySid>,
    },
    /// Call the Worker, connect them with the waiting caller, accept when they are connected.
    Dequeue(Dequeue),
}

/// The parameters of `dequeue` that are honoured.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Dequeue {
    /// Whom to ring; the Worker's `contact_uri` unless given.
    pub to: Option<String>,
    /// The number to show; the number the caller dialled unless given.
    pub from: Option<String>,
    /// The Worker's Activity afterwards.
    pub post_work_activity_sid: Option<ActivitySid>,
    /// Seconds the phone rings.
    #[serde(default = "ring_timeout_default")]
    pub timeout: u32,
}

impl Dequeue {
    /// Seconds the phone rings, within what the carrier takes.
    pub fn ring_timeout_secs(&self) -> u32 {
        self.timeout.clamp(1, RING_TIMEOUT_MAX_SECS)
    }
}

/// An answer without a usable instruction, by its debugger code (taskrouter.md section 15).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InstructionError {
    /// 40000
    #[error("40000: the assignment callback answered with content type {0:?}, expected application/json")]
    ContentType(String),
    /// 40001
    #[error("40001: the assignment callback's answer is not JSON: {0}")]
    NotJson(String),
    /// 40005
    #[error("40005: the assignment callback's answer has no `instruction`")]
    NoInstruction,
    /// 55555
    #[error("55555: instruction {0:?} is not one of accept, reject, dequeue")]
    Unknown(String),
    /// A parameter has another shape.
    #[error("the instruction {instruction:?} has a parameter of the wrong shape: {reason}")]
    Parameter {
        /// Which instruction.
        instruction: String,
        /// What is wrong.
        reason: String,
    },
}

/// Reads an answer with status 200. `None`: empty, the application will answer through the API.
pub fn parse(content_type: &str, body: &[u8]) -> Result<Option<Instruction>, InstructionError> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(None);
    }
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case("application/json") {
        return Err(InstructionError::ContentType(media_type.to_owned()));
    }
    let value: serde_json::Value =
        serde_json::from_slice(body).map_err(|error| InstructionError::NotJson(error.to_string()))?;
    if value.as_object().is_some_and(serde_json::Map::is_empty) {
        return Ok(None);
    }
    let name = value.get("instruction").and_then(serde_json::Value::as_str).ok_or(InstructionError::NoInstruction)?;
    let name = name.to_owned();
    if !["accept", "reject", "dequeue"].contains(&name.as_str()) {
        return Err(InstructionError::Unknown(name));
    }
    let instruction = serde_json::from_value(value);
    instruction.map(Some).map_err(|error| InstructionError::Parameter { instruction: name, reason: error.to_string() })
}

fn ring_timeout_default() -> u32 {
    RING_TIMEOUT_DEFAULT_SECS
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: &str = "application/json; charset=utf-8";

    #[test]
    fn an_empty_answer_leaves_the_reservation_to_the_api() {
        for body in ["", "  \n", "{}"] {
            assert_eq!(parse(JSON, body.as_bytes()), Ok(None), "{body}");
        }
    }

    #[test]
    fn instructions_are_read_with_their_defaults() {
        let dequeue = parse(JSON, br#"{"instruction":"dequeue","from":"+17075550183","record":"do-not-record"}"#);
        let expected = Dequeue {
            to: None,
            from: Some("+17075550183".to_owned()),
            post_work_activity_sid: None,
            timeout: RING_TIMEOUT_DEFAULT_SECS,
        };
        assert_eq!(dequeue, Ok(Some(Instruction::Dequeue(expected))));
        assert_eq!(parse(JSON, br#"{"instruction":"accept"}"#), Ok(Some(Instruction::Accept)));
    }

    #[test]
    fn what_cannot_be_used_is_named_by_its_code() {
        for (content_type, body, beginning) in [
            ("text/html", "<p>", "40000"),
            (JSON, "{", "40001"),
            (JSON, "[1]", "40005"),
            (JSON, r#"{"instruction":"sing"}"#, "55555"),
            (JSON, r#"{"instruction":"dequeue","timeout":"x"}"#, "the instruction"),
            (JSON, r#"{"instruction":"reject","activity_sid":"WQ1"}"#, "the instruction"),
        ] {
            let message = parse(content_type, body.as_bytes()).unwrap_err().to_string();
            assert!(message.starts_with(beginning), "{body}: {message}");
        }
    }
}
