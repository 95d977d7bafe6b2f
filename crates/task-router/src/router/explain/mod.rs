//! Why a Task waits, and why a Worker is offered nothing.
//!
//! This module has no rule of its own. Matching names the obstacles between a Worker and a Task
//! (`super::matching::obstacles`), the evaluation of an expression names its false comparisons,
//! and the Workflow says when a step ends. This module puts them into words, the most important
//! first.
//!
//! Explanations are serialised as the API shows them: `snake_case` names, moments as ISO 8601
//! texts. The caller bounds what is read for an explanation ([`WORKERS_READ_MAX`] and the like);
//! this module bounds what is shown.

mod iso8601;
mod journey;
mod limits;
mod phrases;
mod reason;
mod task;
mod worker;

pub use journey::{Journey, Next};
pub use limits::{
    AHEAD_READ_MAX, OUTSIDERS_SHOWN_MAX, QUEUES_SHOWN_MAX, WAITING_LIST_READ_MAX,
    WAITING_SHOWN_MAX, WORKERS_READ_MAX, WORKERS_SHOWN_MAX,
};
pub use reason::{Capacity, Reason, ReasonKind};
pub use task::{Ahead, Candidate, Offered, TaskExplanation, TaskQuestion, of_task};
pub use worker::{
    Channel, Queue, Waiting, WaitingListHead, WorkerExplanation, WorkerQuestion, of_worker,
};
