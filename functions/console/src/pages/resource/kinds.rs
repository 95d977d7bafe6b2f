//! Each kind of resource: its columns, filters and fields, in the words of the API.

use super::cells::{
    activity, age, age_of_status, attributes, available, available_workers, channel, channels,
    eligible, event_about, event_time, event_type, expression, longest_wait, name, priority, queue,
    reservations, status, step_count, task, tasks_in_queue, version_date, who_holds, workflow,
};
use super::{Column, Field, Input, Kind};
use crate::changes::Watch;

const STATUSES: &[&str] = &[
    "pending",
    "reserved",
    "assigned",
    "wrapping",
    "completed",
    "canceled",
];
const YES_NO: &[&str] = &["true", "false"];

/// All of them, by their section.
#[rustfmt::skip]
pub static KINDS: &[Kind] = &[
    Kind {
        section: "tasks", place: "Tasks", one: "Task", watch: Watch::Tasks, removable: true,
        columns: &[
            Column { title: "Task", cell: task },
            Column { title: "Status", cell: status },
            Column { title: "Priority", cell: priority },
            Column { title: "Age", cell: age_of_task },
            Column { title: "Channel", cell: channel },
            Column { title: "TaskQueue", cell: queue },
            Column { title: "Workflow", cell: workflow },
            Column { title: "Worker", cell: who_holds },
        ],
        filters: &[
            Field { name: "AssignmentStatus", property: "", label: "Status", input: Input::OneOf(STATUSES), help: "" },
            Field { name: "TaskQueueSid", property: "", label: "TaskQueue", input: Input::Of("TaskQueues"), help: "" },
            Field { name: "WorkflowSid", property: "", label: "Workflow", input: Input::Of("Workflows"), help: "" },
            Field { name: "Priority", property: "", label: "Priority", input: Input::Number, help: "" },
            Field { name: "Ordering", property: "", label: "Order", input: Input::OneOf(&["DateCreated:asc", "DateCreated:desc"]), help: "" },
            Field { name: "EvaluateTaskAttributes", property: "", label: "Attributes that match", input: Input::Line, help: "" },
        ],
        create: &[
            Field { name: "WorkflowSid", property: "", label: "Workflow", input: Input::Of("Workflows"), help: "Empty: the only one." },
            Field { name: "Attributes", property: "", label: "Attributes", input: Input::Json, help: "A JSON object." },
            Field { name: "Priority", property: "", label: "Priority", input: Input::Number, help: "Higher comes first." },
            Field { name: "TaskChannel", property: "", label: "TaskChannel", input: Input::Of("TaskChannels"), help: "Empty: default." },
            Field { name: "Timeout", property: "", label: "Timeout in seconds", input: Input::Number, help: "" },
        ],
        update: &[
            Field { name: "Attributes", property: "attributes", label: "Attributes", input: Input::Json, help: "A JSON object." },
            Field { name: "Priority", property: "priority", label: "Priority", input: Input::Number, help: "Higher comes first." },
        ],
    },
    Kind {
        section: "workers", place: "Workers", one: "Worker", watch: Watch::Workers, removable: true,
        columns: &[
            Column { title: "Worker", cell: name },
            Column { title: "Activity", cell: activity },
            Column { title: "For", cell: age_of_status },
            Column { title: "Attributes", cell: attributes },
            Column { title: "Channels", cell: channels },
            Column { title: "Reservations", cell: reservations },
        ],
        filters: &[
            Field { name: "FriendlyName", property: "", label: "Name", input: Input::Line, help: "" },
            Field { name: "ActivityName", property: "", label: "Activity", input: Input::Line, help: "" },
            Field { name: "TargetWorkersExpression", property: "", label: "Expression that matches", input: Input::Line, help: "" },
        ],
        create: &[
            Field { name: "FriendlyName", property: "", label: "Name", input: Input::Line, help: "" },
            Field { name: "ActivitySid", property: "", label: "Activity", input: Input::Of("Activities"), help: "Empty: the Workspace’s default." },
            Field { name: "Attributes", property: "", label: "Attributes", input: Input::Json, help: "A JSON object; calls go to contact_uri." },
        ],
        update: &[
            Field { name: "FriendlyName", property: "friendly_name", label: "Name", input: Input::Line, help: "" },
            Field { name: "ActivitySid", property: "activity_sid", label: "Activity", input: Input::Of("Activities"), help: "" },
            Field { name: "Attributes", property: "attributes", label: "Attributes", input: Input::Json, help: "A JSON object; calls go to contact_uri." },
        ],
    },
    Kind {
        section: "task-queues", place: "TaskQueues", one: "TaskQueue", watch: Watch::Everything, removable: true,
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
        section: "workflows", place: "Workflows", one: "Workflow", watch: Watch::Everything, removable: true,
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
        section: "activities", place: "Activities", one: "Activity", watch: Watch::Everything, removable: true,
        columns: &[Column { title: "Activity", cell: name }, Column { title: "Available", cell: available }],
        filters: &[Field { name: "FriendlyName", property: "", label: "Name", input: Input::Line, help: "" }],
        create: &[
            Field { name: "FriendlyName", property: "", label: "Name", input: Input::Line, help: "" },
            Field { name: "Available", property: "", label: "Takes Tasks", input: Input::OneOf(YES_NO), help: "It cannot be changed later." },
        ],
        update: &[Field { name: "FriendlyName", property: "friendly_name", label: "Name", input: Input::Line, help: "" }],
    },
    Kind {
        section: "events", place: "Events", one: "Event", watch: Watch::Everything, removable: false,
        columns: &[
            Column { title: "Event", cell: event_type },
            Column { title: "When", cell: event_time },
            Column { title: "What", cell: event_about },
        ],
        filters: &[
            Field { name: "EventType", property: "", label: "Type", input: Input::Line, help: "" },
            Field { name: "TaskSid", property: "", label: "Task", input: Input::Line, help: "" },
            Field { name: "WorkerSid", property: "", label: "Worker", input: Input::Line, help: "" },
            Field { name: "Minutes", property: "", label: "Of the last minutes", input: Input::Number, help: "" },
        ],
        create: &[],
        update: &[],
    },
];

#[rustfmt::skip]
const QUEUE: &[Field] = &[
    Field { name: "FriendlyName", property: "friendly_name", label: "Name", input: Input::Line, help: "" },
    Field { name: "TargetWorkers", property: "target_workers", label: "Target expression", input: Input::Expression, help: "Which Workers take its Tasks; 1==1: all of them." },
    Field { name: "MaxReservedWorkers", property: "max_reserved_workers", label: "Workers asked at the same time", input: Input::Number, help: "" },
    Field { name: "ReservationActivitySid", property: "reservation_activity_sid", label: "Activity while reserved", input: Input::Of("Activities"), help: "" },
    Field { name: "AssignmentActivitySid", property: "assignment_activity_sid", label: "Activity while assigned", input: Input::Of("Activities"), help: "" },
    Field { name: "TaskOrder", property: "task_order", label: "Order", input: Input::OneOf(&["FIFO", "LIFO"]), help: "" },
];

#[rustfmt::skip]
const WORKFLOW: &[Field] = &[
    Field { name: "FriendlyName", property: "friendly_name", label: "Name", input: Input::Line, help: "" },
    Field { name: "Configuration", property: "configuration", label: "Configuration", input: Input::Json, help: "task_routing with filters and default_filter." },
    Field { name: "AssignmentCallbackUrl", property: "assignment_callback_url", label: "Assignment callback", input: Input::Line, help: "" },
    Field { name: "FallbackAssignmentCallbackUrl", property: "fallback_assignment_callback_url", label: "If that fails", input: Input::Line, help: "" },
    Field { name: "TaskReservationTimeout", property: "task_reservation_timeout", label: "Seconds a Reservation lasts", input: Input::Number, help: "" },
];

fn age_of_task(row: &super::Row<'_>) -> maud::Markup {
    age(row.resource.get("age").and_then(serde_json::Value::as_u64))
}
