//! TaskRouter's resources, one a file (taskrouter.md section 2). They are plain data:
//! [`crate::router`] has the rules, the `store` crate stores them.

mod activity;
mod attributes;
mod event_type;
mod expression;
pub mod instruction;
mod ledger;
mod redial;
mod reservation;
mod task;
mod task_channel;
mod task_queue;
mod worker;
mod workflow;
mod workspace;

pub use activity::{ACTIVITIES_MAX, Activity};
pub use attributes::{ATTRIBUTES_CHARS_MAX, Attributes, AttributesError};
pub use event_type::{EventType, EventTypeError};
pub use expression::{
    ASSIGNED_TASKS_KEY, CHANNEL_KEY, Comparison, Condition, EXPRESSION_CHARS_MAX,
    EXPRESSION_DEPTH_MAX, Expression, ExpressionError, Number, Operand, Operator, Path, PathStep,
    SkipIfError, Term,
};
pub use instruction::{Instruction, IssuedInstruction};
pub use ledger::{Dates, Ledger, PartId};
pub use redial::{CALLBACK_ATTEMPTS_MAX, Redial};
pub use reservation::{Reservation, ReservationStatus};
pub use task::{
    AssignmentStatus, EndReason, FailedOffer, Removal, RoutingTarget, Step, Task, WorkflowPosition,
};
pub use task_channel::{
    AfterConversation, ChannelUse, TASK_CHANNEL_NAME_CHARS_MAX, TASK_CHANNELS_MAX, TaskChannel,
    TaskChannelName, TaskChannelNameError,
};
pub use task_queue::{
    ALL_WORKERS, RESERVED_WORKERS_MAX, TASK_QUEUES_MAX, TaskOrder, TaskQueue, WAITING_CALLS_MAX,
};
pub use worker::{
    IdleKey, OpenReservation, OpenStatus, PreviousActivity, QueueMembership, Readiness, Slots,
    Unready, WORKER_CAPACITY_MAX, WORKERS_MAX, Worker, WorkerChannel,
};
pub use workflow::{
    CONFIGURATION_BYTES_MAX, Configuration, ConfigurationError, Filter, KnownWorker, OrderBy,
    OrderClause, RESERVATION_TIMEOUT_DEFAULT, RESERVATION_TIMEOUT_MAX_SECS, STEPS_MAX, Target,
    WORKFLOW_BYTES_MAX, WORKFLOWS_MAX, Workflow,
};
pub use workspace::{
    AfterFailedReservation, OnTimeout, RoutingRules, WORKSPACES_MAX, Workspace, WrapUp,
};
