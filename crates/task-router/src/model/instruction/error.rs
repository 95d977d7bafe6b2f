//! Why an instruction cannot be read, by TaskRouter's debugger codes (taskrouter.md section 15).

use super::InstructionName;

/// What was given is no instruction.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InstructionError {
    /// 40000
    #[error(
        "40000: the assignment callback answered with content type {0:?}, expected application/json"
    )]
    ContentType(String),
    /// 40001
    #[error("40001: the assignment callback's answer is not JSON: {0}")]
    NotJson(String),
    /// 40005
    #[error("40005: the assignment callback's answer has no `instruction`")]
    NoInstruction,
    /// 55555
    #[error(
        "55555: instruction {0:?} is not one of accept, reject, dequeue, call, redirect, conference, supervise"
    )]
    Unknown(String),
    /// A parameter is missing or has another shape. Shows no value: values can be phone numbers.
    #[error("{}{parameter} of {} {problem}", code.map_or(String::new(), |code| format!("{code}: ")), instruction.as_str())]
    Parameter {
        /// Of which instruction.
        instruction: InstructionName,
        /// Its name, as the one who gave it writes it.
        parameter: &'static str,
        /// The debugger code, where there is one.
        code: Option<u32>,
        /// What is wrong.
        problem: Problem,
    },
}

/// What is wrong with a parameter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// It has to be there.
    #[error("is missing: expected {0}")]
    Missing(String),
    /// It cannot be understood.
    #[error("cannot be understood: expected {0}")]
    Malformed(String),
}

impl InstructionError {
    /// The debugger code, where there is one.
    pub fn code(&self) -> Option<u32> {
        match self {
            Self::ContentType(_) => Some(40_000),
            Self::NotJson(_) => Some(40_001),
            Self::NoInstruction => Some(40_005),
            Self::Unknown(_) => Some(55_555),
            Self::Parameter { code, .. } => *code,
        }
    }

    /// Whether the answer counts as none, so that the fallback URL gets its turn (taskrouter.md section 11.2). What is an
    /// answer but asks for nothing that can be done leaves the Reservation pending.
    pub fn is_failure(&self) -> bool {
        match self {
            Self::ContentType(_) | Self::NotJson(_) | Self::Unknown(_) => true,
            Self::NoInstruction | Self::Parameter { .. } => false,
        }
    }
}
