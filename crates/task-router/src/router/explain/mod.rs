//! Why a Task waits, and why nothing comes to a Worker.
//!
//! Nothing here has a rule of its own. What keeps a Worker from a Task is said by the function that matching asks
//! ([`super::matching::obstacles`]), which comparison of an expression is false by the one that evaluates it, when a step ends
//! by the one that ends it. This module finds the words, and puts first what a person wants to know first.
//!
//! Everything is written and read as the API shows it: `snake_case`, moments as ISO 8601 texts. What is asked about is bounded
//! by whoever asks; what is told is bounded here.

mod journey;
mod phrases;
mod reason;
mod task;
mod worker;

use crate::model::Workspace;
use ids::TaskQueueSid;

pub use journey::{Journey, Next};
pub use reason::{Capacity, Reason, ReasonKind};
pub use task::{Ahead, Candidate, Offered, TaskExplanation, TaskQuestion, of_task};
pub use worker::{
    Channel, Queue, Waiting, WaitingLine, WorkerExplanation, WorkerQuestion, of_worker,
};

/// Workers looked at for one Task: ten reads of a hundred.
pub const WORKERS_READ_MAX: usize = 1_000;

/// Workers of the Task's TaskQueue that are told of.
pub const WORKERS_SHOWN_MAX: usize = 50;

/// Workers outside the Task's TaskQueue that are told of.
pub const OUTSIDERS_SHOWN_MAX: usize = 20;

/// Tasks before a Task that are looked at: one read of the board.
pub const AHEAD_READ_MAX: u16 = 100;

/// Tasks of one line that are looked at for a Worker: one read of the board.
pub const LINE_READ_MAX: u16 = 20;

/// TaskQueues that are told of to a Worker, those they serve and the others each.
pub const QUEUES_SHOWN_MAX: usize = 20;

/// Waiting Tasks of one TaskQueue that are told of to a Worker.
pub const WAITING_SHOWN_MAX: usize = 5;

/// A TaskQueue by name, or by SID where it is gone.
fn queue_name(workspace: &Workspace, queue: TaskQueueSid) -> String {
    workspace
        .task_queues
        .get(&queue)
        .map_or_else(|| queue.to_string(), |queue| queue.friendly_name.clone())
}

/// A moment as the API shows it.
mod iso8601 {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    use ids::time::Timestamp;

    pub fn serialize<S: Serializer>(moment: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&moment.to_iso8601())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}

/// A moment as the API shows it, or null.
mod iso8601_if_any {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use ids::time::Timestamp;

    pub fn serialize<S: Serializer>(
        moment: &Option<Timestamp>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        moment.map(Timestamp::to_iso8601).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Timestamp>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| text.parse().map_err(D::Error::custom))
            .transpose()
    }
}
