//! Why an instruction cannot be parsed, with TaskRouter's debugger codes (taskrouter.md section
//! 15).

use super::InstructionName;

/// The input is not an instruction.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InstructionError {
    /// Code 40000.
    #[error(
        "40000: the assignment callback answered with content type {0:?}, expected application/json"
    )]
    ContentType(String),
    /// Code 40001.
    #[error("40001: the assignment callback's answer is not JSON: {0}")]
    NotJson(String),
    /// Code 40005.
    #[error("40005: the assignment callback's answer has no `instruction`")]
    NoInstruction,
    /// Code 55555.
    #[error(
        "55555: instruction {0:?} is not one of accept, reject, dequeue, call, redirect, conference, supervise"
    )]
    Unknown(String),
    /// A parameter is missing or malformed. The message shows no value: values can be phone
    /// numbers.
    #[error("{}{parameter} of {} {problem}", code.map_or(String::new(), |code| format!("{code}: ")), instruction.as_str())]
    Parameter {
        /// The instruction.
        instruction: InstructionName,
        /// The name of the parameter in the input: its JSON name or its form name.
        parameter: &'static str,
        /// The debugger code; `None` where TaskRouter defines none.
        code: Option<u32>,
        /// What is wrong with it.
        problem: Problem,
    },
}

/// What is wrong with a parameter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// A required parameter is missing.
    #[error("is missing: expected {0}")]
    Missing(String),
    /// The value cannot be parsed.
    #[error("cannot be understood: expected {0}")]
    Malformed(String),
}

impl InstructionError {
    /// The debugger code; `None` where TaskRouter defines none.
    pub fn code(&self) -> Option<u32> {
        match self {
            Self::ContentType(_) => Some(40_000),
            Self::NotJson(_) => Some(40_001),
            Self::NoInstruction => Some(40_005),
            Self::Unknown(_) => Some(55_555),
            Self::Parameter { code, .. } => *code,
        }
    }

    /// Whether the answer counts as none, so that the fallback URL is requested (taskrouter.md
    /// section 11.2). An answer that is an object but asks for nothing that can be done leaves the
    /// Reservation pending.
    pub fn is_failure(&self) -> bool {
        match self {
            Self::ContentType(_) | Self::NotJson(_) | Self::Unknown(_) => true,
            Self::NoInstruction | Self::Parameter { .. } => false,
        }
    }
}
