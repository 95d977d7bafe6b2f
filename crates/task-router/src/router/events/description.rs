//! The resource an Event is about, and the Event's description in a sentence (taskrouter.md
//! sections
//! 12.3 and 12.4).

use super::event::Event;
use super::parameter::Parameter as P;
use crate::model::EventType;

/// The kind of resource an Event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ResourceType {
    /// The Workspace.
    Workspace,
    /// An Activity.
    Activity,
    /// A Worker.
    Worker,
    /// A TaskChannel.
    TaskChannel,
    /// A TaskQueue.
    TaskQueue,
    /// A Workflow.
    Workflow,
    /// A Task.
    Task,
    /// A Reservation.
    Reservation,
}

impl ResourceType {
    /// Its name in Events: lower case, as in captured payloads (section 12.3).
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Workspace => "workspace",
            Self::Activity => "activity",
            Self::Worker => "worker",
            Self::TaskChannel => "taskchannel",
            Self::TaskQueue => "taskqueue",
            Self::Workflow => "workflow",
            Self::Task => "task",
            Self::Reservation => "reservation",
        }
    }

    /// The parameter with the resource's id; that of the Workspace is in the common group.
    const fn parameter(self) -> Option<P> {
        match self {
            Self::Workspace => None,
            Self::Activity => Some(P::ActivitySid),
            Self::Worker => Some(P::WorkerSid),
            Self::TaskChannel => Some(P::TaskChannelSid),
            Self::TaskQueue => Some(P::TaskQueueSid),
            Self::Workflow => Some(P::WorkflowSid),
            Self::Task => Some(P::TaskSid),
            Self::Reservation => Some(P::ReservationSid),
        }
    }
}

impl Event {
    /// The kind of resource the Event is about. The Events of a Task's TaskQueues and Workflow are
    /// about the Task.
    pub fn resource_type(&self) -> ResourceType {
        use EventType as T;
        match self.event_type {
            T::WorkspaceCreated | T::WorkspaceUpdated | T::WorkspaceDeleted => {
                ResourceType::Workspace
            }
            T::ActivityCreated | T::ActivityUpdated | T::ActivityDeleted => ResourceType::Activity,
            T::WorkerCreated
            | T::WorkerDeleted
            | T::WorkerActivityUpdate
            | T::WorkerAttributesUpdate
            | T::WorkerCapacityUpdate
            | T::WorkerChannelAvailabilityUpdate => ResourceType::Worker,
            T::TaskChannelCreated | T::TaskChannelUpdated | T::TaskChannelDeleted => {
                ResourceType::TaskChannel
            }
            T::TaskQueueCreated | T::TaskQueueDeleted | T::TaskQueueExpressionUpdated => {
                ResourceType::TaskQueue
            }
            T::WorkflowCreated | T::WorkflowUpdated | T::WorkflowDeleted => ResourceType::Workflow,
            T::TaskQueueEntered
            | T::TaskQueueTimeout
            | T::TaskQueueMoved
            | T::WorkflowEntered
            | T::WorkflowTargetMatched
            | T::WorkflowTimeout
            | T::WorkflowSkipped
            | T::TaskCreated
            | T::TaskUpdated
            | T::TaskCanceled
            | T::TaskWrapup
            | T::TaskCompleted
            | T::TaskDeleted
            | T::TaskSystemDeleted
            | T::TaskTransferInitiated
            | T::TaskTransferAttemptFailed
            | T::TaskTransferFailed
            | T::TaskTransferCanceled
            | T::TaskTransferCompleted => ResourceType::Task,
            T::ReservationCreated
            | T::ReservationAccepted
            | T::ReservationRejected
            | T::ReservationTimeout
            | T::ReservationCanceled
            | T::ReservationRescinded
            | T::ReservationWrapup
            | T::ReservationCompleted
            | T::ReservationFailed => ResourceType::Reservation,
        }
    }

    /// The id of the resource the Event is about.
    pub fn resource_sid(&self) -> String {
        let named = self
            .resource_type()
            .parameter()
            .map(|parameter| self.value_of(parameter).to_owned());
        named.unwrap_or_else(|| self.workspace_sid.to_string())
    }

    /// The Event in a sentence. Where TaskRouter's text is known it is used; the other texts follow
    /// its style.
    pub fn description(&self) -> String {
        use EventType as T;
        let task = self.value_of(P::TaskSid);
        let worker = self.value_of(P::WorkerName);
        let queue = self.value_of(P::TaskQueueName);
        let workflow = self.value_of(P::WorkflowName);
        match self.event_type {
            T::ReservationCreated => {
                format!(
                    "Task {task} assigned to Worker {worker} with Reservation {}",
                    self.value_of(P::ReservationSid)
                )
            }
            T::WorkerActivityUpdate => {
                format!(
                    "Worker {worker} updated to {} Activity",
                    self.value_of(P::WorkerActivityName)
                )
            }
            T::WorkerAttributesUpdate => format!("Worker {worker} attributes updated"),
            T::WorkerCapacityUpdate => {
                format!(
                    "Worker {worker} capacity updated in TaskChannel {}",
                    self.value_of(P::TaskChannelUniqueName)
                )
            }
            T::WorkerChannelAvailabilityUpdate => {
                format!(
                    "Worker {worker} availability updated in TaskChannel {}",
                    self.value_of(P::TaskChannelUniqueName)
                )
            }
            T::TaskQueueExpressionUpdated => {
                let sid = self.value_of(P::TaskQueueSid);
                let expression = self.value_of(P::TaskQueueTargetExpression);
                format!("TaskQueue {sid} expression updated to '{expression}'")
            }
            T::TaskQueueEntered => format!("Task {task} entered TaskQueue {queue}"),
            T::TaskQueueTimeout => format!("Task {task} timed out of TaskQueue {queue}"),
            T::TaskQueueMoved => format!("Task {task} moved from TaskQueue {queue}"),
            T::WorkflowEntered => format!("Task {task} entered Workflow {workflow}"),
            T::WorkflowTargetMatched => {
                format!("Task {task} matched a target of Workflow {workflow}: TaskQueue {queue}")
            }
            T::WorkflowTimeout => format!("Task {task} timed out of Workflow {workflow}"),
            T::WorkflowSkipped => format!("Task {task} skipped out of Workflow {workflow}"),
            // Section 5: the description of a canceled Task is the reason.
            T::TaskCanceled if !self.value_of(P::Reason).is_empty() => {
                self.value_of(P::Reason).to_owned()
            }
            T::ReservationAccepted
            | T::ReservationRejected
            | T::ReservationTimeout
            | T::ReservationCanceled
            | T::ReservationRescinded
            | T::ReservationWrapup
            | T::ReservationCompleted
            | T::ReservationFailed => {
                format!(
                    "Reservation {} of Task {task} for Worker {worker} {}",
                    self.resource_sid(),
                    self.verb()
                )
            }
            T::WorkspaceCreated
            | T::WorkspaceUpdated
            | T::WorkspaceDeleted
            | T::ActivityCreated
            | T::ActivityUpdated
            | T::ActivityDeleted
            | T::WorkerCreated
            | T::WorkerDeleted
            | T::TaskChannelCreated
            | T::TaskChannelUpdated
            | T::TaskChannelDeleted
            | T::TaskQueueCreated
            | T::TaskQueueDeleted
            | T::WorkflowCreated
            | T::WorkflowUpdated
            | T::WorkflowDeleted
            | T::TaskCreated
            | T::TaskUpdated
            | T::TaskCanceled
            | T::TaskWrapup
            | T::TaskCompleted
            | T::TaskDeleted
            | T::TaskSystemDeleted
            | T::TaskTransferInitiated
            | T::TaskTransferAttemptFailed
            | T::TaskTransferFailed
            | T::TaskTransferCanceled
            | T::TaskTransferCompleted => {
                format!("{} {} {}", self.noun(), self.resource_sid(), self.verb())
            }
        }
    }

    /// The value of a parameter, or an empty text.
    pub(super) fn value_of(&self, parameter: P) -> &str {
        self.parameters.get(parameter).unwrap_or_default()
    }

    /// The kind of resource, as TaskRouter writes it in descriptions.
    fn noun(&self) -> &'static str {
        match self.resource_type() {
            ResourceType::Workspace => "Workspace",
            ResourceType::Activity => "Activity",
            ResourceType::Worker => "Worker",
            ResourceType::TaskChannel => "TaskChannel",
            ResourceType::TaskQueue => "TaskQueue",
            ResourceType::Workflow => "Workflow",
            ResourceType::Task => "Task",
            ResourceType::Reservation => "Reservation",
        }
    }

    /// The last part of the type: `created`, `timeout`, …
    fn verb(&self) -> &'static str {
        let name = self.event_type.as_str();
        name.rsplit_once('.').map_or(name, |(_family, verb)| verb)
    }
}
