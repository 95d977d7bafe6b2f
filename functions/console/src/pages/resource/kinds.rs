//! The kinds of resource as data: columns, filters and fields, with the API's names.

use super::cells::{
    activity, age, age_of_status, attributes, available, available_workers, channel, channels,
    eligible, event_about, event_time, event_type, expression, holders, longest_wait, name,
    priority, queue, reservations, status, step_count, task, tasks_in_queue, version_date,
    workflow,
};
use super::schema::{Column, Field, Input, Kind, Removal};
use crate::changes::Watch;
use crate::section::Resource;

const STATUSES: &[&str] = &[
    "pending",
    "reserved",
    "assigned",
    "wrapping",
    "completed",
    "canceled",
];
const YES_NO: &[&str] = &["true", "false"];

/// All kinds of resource that have tables.
#[rustfmt::skip]
pub static KINDS: &[Kind] = &[
    Kind {
        resource: Resource::Tasks, watch: Watch::Tasks, removal: Removal::Allowed,
        columns: &[
            Column { title: "Task", cell: task },
            Column { title: "Status", cell: status },
            Column { title: "Priority", cell: priority },
            Column { title: "Age", cell: age_of_task },
            Column { title: "Channel", cell: channel },
            Column { title: "TaskQueue", cell: queue },
            Column { title: "Workflow", cell: workflow },
            Column { title: "Worker", cell: holders },
        ],
        filters: &[
            Field { name: "AssignmentStatus", property: "", label: "Status", input: Input::OneOf(STATUSES), help: "" },
            Field { name: "TaskQueueSid", property: "", label: "TaskQueue", input: Input::Of("TaskQueues"), help: "" },
            Field { name: "WorkflowSid", property: "", label: "Workflow", input: Input::Of("Workflows"), help: "" },
            Field { name: "Priority", property: "", label: "Priority", input: Input::Number, help: "" },
            Field { name: "Ordering", property: "", label: "Order", input: Input::OneOf(&["DateCreated:asc", "DateCreated:desc"]), help: "" },
            Field { name: "EvaluateTaskAttributes", property: "", label: "Attributes expression", input: Input::Line, help: "" },
        ],
        create: &[
            Field { name: "WorkflowSid", property: "", label: "Workflow", input: Input::Of("Workflows"), help: "Empty: the only Workflow." },
            Field { name: "Attributes", property: "", label: "Attributes", input: Input::Json, help: "A JSON object." },
            Field { name: "Priority", property: "", label: "Priority", input: Input::Number, help: "A higher number is served first." },
            Field { name: "TaskChannel", property: "", label: "TaskChannel", input: Input::Of("TaskChannels"), help: "Empty: the TaskChannel default." },
            Field { name: "Timeout", property: "", label: "Timeout in seconds", input: Input::Number, help: "" },
        ],
        update: &[
            Field { name: "Attributes", property: "attributes", label: "Attributes", input: Input::Json, help: "A JSON object." },
            Field { name: "Priority", property: "priority", label: "Priority", input: Input::Number, help: "A higher number is served first." },
        ],
    },
    Kind {
        resource: Resource::Workers, watch: Watch::Workers, removal: Removal::Allowed,
        columns: &[
            Column { title: "Worker", cell: name },
            Column { title: "Activity", cell: activity },
            Column { title: "Time in Activity", cell: age_of_status },
            Column { title: "Attributes", cell: attributes },
            Column { title: "Channels", cell: channels },
            Column { title: "Reservations", cell: reservations },
        ],
        filters: &[
            Field { name: "FriendlyName", property: "", label: "Name", input: Input::Line, help: "" },
            Field { name: "ActivityName", property: "", label: "Activity", input: Input::Line, help: "" },
            Field { name: "TargetWorkersExpression", property: "", label: "Workers expression", input: Input::Line, help: "" },
        ],
        create: &[
            Field { name: "FriendlyName", property: "", label: "Name", input: Input::Line, help: "" },
            Field { name: "ActivitySid", property: "", label: "Activity", input: Input::Of("Activities"), help: "Empty: the Workspace’s default." },
            Field { name: "Attributes", property: "", label: "Attributes", input: Input::Json, help: "A JSON object. contact_uri is the address that is called." },
        ],
        update: &[
            Field { name: "FriendlyName", property: "friendly_name", label: "Name", input: Input::Line, help: "" },
            Field { name: "ActivitySid", property: "activity_sid", label: "Activity", input: Input::Of("Activities"), help: "" },
            Field { name: "Attributes", property: "attributes", label: "Attributes", input: Input::Json, help: "A JSON object. contact_uri is the address that is called." },
        ],
    },
    Kind {
        resource: Resource::TaskQueues, watch: Watch::Everything, removal: Removal::Allowed,
        columns: &[
            Column { title: "TaskQueue", cell: name },
            Column { title: "Tasks", cell: tasks_in_queue },
            Column { title: "Longest wait", cell: longest_wait },
            Column { title: "Eligible", cell: eligible },
            Column { title: "Available", cell: available_workers },
            Column { title: "Target expression", cell: expression },
        ],
        filters: &[Field { name: "FriendlyName", property: "", label: "Name", input: Input::Line, help: "" }],
        create: QUEUE,
        update: QUEUE,
    },
    Kind {
        resource: Resource::Workflows, watch: Watch::Everything, removal: Removal::Allowed,
        columns: &[
            Column { title: "Workflow", cell: name },
            Column { title: "Filters", cell: step_count },
            Column { title: "Changed", cell: version_date },
        ],
        filters: &[Field { name: "FriendlyName", property: "", label: "Name", input: Input::Line, help: "" }],
        create: WORKFLOW,
        update: WORKFLOW,
    },
    Kind {
        resource: Resource::Activities, watch: Watch::Everything, removal: Removal::Allowed,
        columns: &[Column { title: "Activity", cell: name }, Column { title: "Available", cell: available }],
        filters: &[Field { name: "FriendlyName", property: "", label: "Name", input: Input::Line, help: "" }],
        create: &[
            Field { name: "FriendlyName", property: "", label: "Name", input: Input::Line, help: "" },
            Field { name: "Available", property: "", label: "Available", input: Input::OneOf(YES_NO), help: "It cannot be changed later." },
        ],
        update: &[Field { name: "FriendlyName", property: "friendly_name", label: "Name", input: Input::Line, help: "" }],
    },
    Kind {
        resource: Resource::Events, watch: Watch::Everything, removal: Removal::Impossible,
        columns: &[
            Column { title: "Event", cell: event_type },
            Column { title: "Time", cell: event_time },
            Column { title: "Description", cell: event_about },
        ],
        filters: &[
            Field { name: "EventType", property: "", label: "Type", input: Input::Line, help: "" },
            Field { name: "TaskSid", property: "", label: "Task", input: Input::Line, help: "" },
            Field { name: "WorkerSid", property: "", label: "Worker", input: Input::Line, help: "" },
            Field { name: "Minutes", property: "", label: "Last minutes", input: Input::Number, help: "" },
        ],
        create: &[],
        update: &[],
    },
];

#[rustfmt::skip]
const QUEUE: &[Field] = &[
    Field { name: "FriendlyName", property: "friendly_name", label: "Name", input: Input::Line, help: "" },
    Field { name: "TargetWorkers", property: "target_workers", label: "Target expression", input: Input::Expression, help: "Selects the Workers of the queue. 1==1 selects all." },
    Field { name: "MaxReservedWorkers", property: "max_reserved_workers", label: "Simultaneous Reservations per Task", input: Input::Number, help: "" },
    Field { name: "ReservationActivitySid", property: "reservation_activity_sid", label: "Activity while reserved", input: Input::Of("Activities"), help: "" },
    Field { name: "AssignmentActivitySid", property: "assignment_activity_sid", label: "Activity while assigned", input: Input::Of("Activities"), help: "" },
    Field { name: "TaskOrder", property: "task_order", label: "Order", input: Input::OneOf(&["FIFO", "LIFO"]), help: "" },
];

#[rustfmt::skip]
const WORKFLOW: &[Field] = &[
    Field { name: "FriendlyName", property: "friendly_name", label: "Name", input: Input::Line, help: "" },
    Field { name: "Configuration", property: "configuration", label: "Configuration", input: Input::Json, help: "task_routing with filters and default_filter." },
    Field { name: "AssignmentCallbackUrl", property: "assignment_callback_url", label: "Assignment callback", input: Input::Line, help: "" },
    Field { name: "FallbackAssignmentCallbackUrl", property: "fallback_assignment_callback_url", label: "Fallback assignment callback", input: Input::Line, help: "" },
    Field { name: "TaskReservationTimeout", property: "task_reservation_timeout", label: "Reservation timeout in seconds", input: Input::Number, help: "" },
];

fn age_of_task(row: &super::schema::Row<'_>) -> maud::Markup {
    age(row.resource.get("age").and_then(serde_json::Value::as_u64))
}
