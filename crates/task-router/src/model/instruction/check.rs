//! Whether an instruction can be carried out now (taskrouter.md sections 6, 11.3 and 15).

use std::collections::BTreeMap;

use super::{
    ConferencePlan, Instruction, InstructionName, IssuedInstruction, Supervise, Supervisor,
};
use crate::model::{Activity, Attributes, Reservation, ReservationStatus};
use ids::{ActivitySid, CallSid, ReservationSid};

/// Why an instruction cannot be carried out. The REST API answers 400 with code 20001 and this
/// sentence; for an instruction of an assignment callback the sentence is logged with
/// [`Impossible::code`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Impossible {
    /// The Reservation has been answered or has ended.
    #[error("Unable to execute {} instruction. Reservation {reservation} is not currently in a Pending state.", instruction.title())]
    NotPending {
        /// The instruction.
        instruction: InstructionName,
        /// The Reservation.
        reservation: ReservationSid,
    },
    /// Another instruction is being carried out for the Reservation.
    #[error("Unable to execute {} instruction. Another instruction is being carried out for Reservation {reservation}.", instruction.title())]
    InHand {
        /// The instruction.
        instruction: InstructionName,
        /// The Reservation.
        reservation: ReservationSid,
    },
    /// There is no caller to connect the Worker with. A conference can dial a customer; a `dequeue`
    /// needs a caller who waits.
    #[error("Unable to execute {} instruction. The Task has no `call_sid`{} in its attributes.", instruction.title(),
        if *instruction == InstructionName::Conference { " or `outbound_to`" } else { "" })]
    NoCall {
        /// The instruction.
        instruction: InstructionName,
    },
    /// There is no address to ring.
    #[error("Unable to execute {} instruction. It has no `to` and the Worker no `contact_uri` in their attributes.", instruction.title())]
    NoTo {
        /// The instruction.
        instruction: InstructionName,
    },
    /// There is no number to show as the caller.
    #[error("Unable to execute {} instruction. It has no `from` and the Task no `to` in its attributes.", instruction.title())]
    NoFrom {
        /// The instruction.
        instruction: InstructionName,
    },
    /// The Activity that it names does not exist in the Workspace.
    #[error("Unable to execute {} instruction. There is no Activity {activity} in the Workspace.", instruction.title())]
    NoActivity {
        /// The instruction.
        instruction: InstructionName,
        /// The Activity.
        activity: ActivitySid,
    },
    /// There is no conference that a supervisor could join.
    #[error(
        "Unable to execute Supervise instruction. Reservation {reservation} is not accepted with a conference that is going on."
    )]
    NoConference {
        /// The Reservation.
        reservation: ReservationSid,
    },
}

impl Impossible {
    /// TaskRouter's debugger code; `None` where TaskRouter defines none.
    pub fn code(&self) -> Option<u32> {
        use InstructionName::{Accept, Call, Conference, Dequeue, Redirect, Reject, Supervise};
        match self {
            Self::NotPending { instruction, .. } | Self::InHand { instruction, .. } => {
                match instruction {
                    Call => Some(40_114),
                    Redirect => Some(40_123),
                    Dequeue => Some(40_135),
                    Conference => Some(40_136),
                    Supervise => Some(40_146),
                    Accept | Reject => None,
                }
            }
            Self::NoCall { instruction, .. } => match instruction {
                Dequeue => Some(40_140),
                Conference => Some(40_142),
                Accept | Reject | Call | Redirect | Supervise => None,
            },
            Self::NoTo { instruction, .. } => match instruction {
                Dequeue => Some(40_131),
                Call => Some(40_110),
                Conference => Some(40_137),
                Supervise => Some(40_147),
                Accept | Reject | Redirect => None,
            },
            Self::NoFrom { instruction, .. } => match instruction {
                Dequeue => Some(40_132),
                Conference => Some(40_138),
                Supervise => Some(40_148),
                Accept | Reject | Call | Redirect => None,
            },
            Self::NoActivity { instruction, .. } => match instruction {
                Reject => Some(40_100),
                Dequeue => Some(40_130),
                Conference => Some(40_139),
                Accept | Call | Redirect | Supervise => None,
            },
            Self::NoConference { .. } => Some(40_146),
        }
    }
}

/// Checks that `instruction` can be carried out for this Reservation. `task` are the attributes of
/// its Task. `contact_uri` is the address of its Worker or, for a supervisor who is a Worker, of
/// the supervisor. `activities` are the Activities of the Workspace.
///
/// # Errors
/// [`Impossible`], with TaskRouter's sentence and code.
pub fn check(
    instruction: &Instruction,
    task: &Attributes,
    reservation: &Reservation,
    contact_uri: Option<&str>,
    activities: &BTreeMap<ActivitySid, Activity>,
) -> Result<(), Impossible> {
    let name = instruction.name();
    if let Some(activity) = activity_of(instruction)
        && !activities.contains_key(&activity)
    {
        return Err(Impossible::NoActivity {
            instruction: name,
            activity,
        });
    }
    // Which check applies: a supervisor joins an accepted Reservation, every other instruction
    // needs a pending one, and an instruction that moves calls must be the first to do so.
    match instruction {
        Instruction::Supervise(supervise) => {
            return check_supervise(supervise, task, reservation, contact_uri);
        }
        Instruction::Accept | Instruction::Reject { .. } => {
            return check_pending(name, reservation);
        }
        Instruction::Dequeue(_)
        | Instruction::Call(_)
        | Instruction::Redirect(_)
        | Instruction::Conference(_) => {}
    }
    check_pending(name, reservation)?;
    if reservation.instruction.is_some() {
        return Err(Impossible::InHand {
            instruction: name,
            reservation: reservation.sid,
        });
    }
    match instruction {
        Instruction::Dequeue(dequeue) => {
            check_call(name, task)?;
            check_to(name, dequeue.to.as_deref().or(contact_uri))?;
            check_from(name, dequeue.from.as_deref(), task)
        }
        Instruction::Conference(conference) => {
            check_call(name, task)
                .or_else(|no_call| task.text("outbound_to").map(|_| ()).ok_or(no_call))?;
            check_to(name, conference.to.as_deref().or(contact_uri))?;
            check_from(name, conference.from.as_deref(), task)
        }
        Instruction::Call(call) => check_to(name, call.to.as_deref().or(contact_uri)),
        Instruction::Redirect(_)
        | Instruction::Accept
        | Instruction::Reject { .. }
        | Instruction::Supervise(_) => Ok(()),
    }
}

/// The Activity that the instruction moves the Worker to, now or after the conversation.
fn activity_of(instruction: &Instruction) -> Option<ActivitySid> {
    match instruction {
        Instruction::Reject { activity_sid } => *activity_sid,
        Instruction::Dequeue(dequeue) => dequeue.post_work_activity_sid,
        Instruction::Conference(conference) => conference.post_work_activity_sid,
        Instruction::Accept
        | Instruction::Call(_)
        | Instruction::Redirect(_)
        | Instruction::Supervise(_) => None,
    }
}

fn check_pending(
    instruction: InstructionName,
    reservation: &Reservation,
) -> Result<(), Impossible> {
    match reservation.status {
        ReservationStatus::Pending => Ok(()),
        ReservationStatus::Accepted
        | ReservationStatus::Rejected
        | ReservationStatus::Timeout
        | ReservationStatus::Canceled
        | ReservationStatus::Rescinded
        | ReservationStatus::Wrapping
        | ReservationStatus::Completed => Err(Impossible::NotPending {
            instruction,
            reservation: reservation.sid,
        }),
    }
}

fn check_call(instruction: InstructionName, task: &Attributes) -> Result<(), Impossible> {
    let call = task
        .text("call_sid")
        .and_then(|sid| sid.parse::<CallSid>().ok());
    call.map(|_| ()).ok_or(Impossible::NoCall { instruction })
}

fn check_to(instruction: InstructionName, to: Option<&str>) -> Result<(), Impossible> {
    to.map(|_| ()).ok_or(Impossible::NoTo { instruction })
}

fn check_from(
    instruction: InstructionName,
    from: Option<&str>,
    task: &Attributes,
) -> Result<(), Impossible> {
    from.or(task.text("to"))
        .map(|_| ())
        .ok_or(Impossible::NoFrom { instruction })
}

fn is_running(conference: &ConferencePlan) -> bool {
    conference.sid.is_some() && !conference.worker_left
}

fn check_supervise(
    supervise: &Supervise,
    task: &Attributes,
    reservation: &Reservation,
    contact_uri: Option<&str>,
) -> Result<(), Impossible> {
    let conference = reservation
        .instruction
        .as_ref()
        .and_then(IssuedInstruction::conference);
    if reservation.status != ReservationStatus::Accepted || !conference.is_some_and(is_running) {
        return Err(Impossible::NoConference {
            reservation: reservation.sid,
        });
    }
    if matches!(supervise.supervisor, Supervisor::Worker(_)) {
        check_to(InstructionName::Supervise, contact_uri)?;
    }
    check_from(InstructionName::Supervise, supervise.from.as_deref(), task)
}
