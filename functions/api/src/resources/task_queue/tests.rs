//! Parsing of a TaskQueue's form, and references to a TaskQueue.

use super::*;
use crate::resources::samples;

fn form(text: &str) -> Parameters {
    Parameters::url_encoded(text.as_bytes()).unwrap()
}

fn queue_of(text: &str) -> Result<TaskQueue, ApiError> {
    new(&form(text), samples::QUEUE)
}

#[test]
fn form_describes_a_queue() {
    let queue =
        queue_of("FriendlyName=A&TargetWorkers=a+%3D%3D+1&MaxReservedWorkers=50&TaskOrder=LIFO")
            .unwrap();
    assert_eq!(
        queue.target_workers.as_ref().map(Expression::source),
        Some("a == 1")
    );
    assert_eq!(
        (queue.max_reserved_workers, queue.task_order),
        (50, TaskOrder::Lifo)
    );
    let default = queue_of("FriendlyName=A").unwrap();
    assert_eq!(
        default.target_workers.as_ref().map(Expression::source),
        Some("1==1")
    );
    assert_eq!(
        (default.max_reserved_workers, default.task_order),
        (1, TaskOrder::Fifo)
    );
    assert_eq!(
        queue_of("FriendlyName=A&TargetWorkers=")
            .unwrap()
            .target_workers,
        None,
        "expected an expression that matches no Worker"
    );
}

#[test]
fn invalid_queue_names_the_parameter() {
    for (form, sentence) in [
        ("", "FriendlyName field is required"),
        (
            "FriendlyName=+",
            "FriendlyName: expected 1 to 64 characters",
        ),
        (
            "FriendlyName=A&TargetWorkers=skill-level+%3E+3",
            "TargetWorkers: ",
        ),
        (
            "FriendlyName=A&MaxReservedWorkers=51",
            "MaxReservedWorkers: expected a whole number from 1 to 50",
        ),
        (
            "FriendlyName=A&MaxReservedWorkers=0",
            "MaxReservedWorkers: ",
        ),
        (
            "FriendlyName=A&TaskOrder=oldest",
            "TaskOrder: expected FIFO or LIFO",
        ),
        (
            "FriendlyName=A&ReservationActivitySid=x",
            "ReservationActivitySid: ",
        ),
    ] {
        let message = queue_of(form).unwrap_err().to_string();
        assert!(message.starts_with(sentence), "{form}: {message}");
    }
}

#[test]
fn update_changes_only_named_parameters() {
    let before =
        queue_of("FriendlyName=A&TargetWorkers=a+%3D%3D+1&MaxReservedWorkers=5&TaskOrder=LIFO")
            .unwrap();
    let updated = |text: &str| {
        Fields::read(&form(text))
            .unwrap()
            .applied_to(before.clone())
    };
    assert_eq!(updated(""), before);
    assert_eq!(
        updated("MaxReservedWorkers=6"),
        TaskQueue {
            max_reserved_workers: 6,
            ..before.clone()
        }
    );
    assert_eq!(
        updated("TargetWorkers="),
        TaskQueue {
            target_workers: None,
            ..before.clone()
        }
    );
    assert_eq!(updated("TaskOrder=fifo").task_order, TaskOrder::Fifo);
}

#[test]
fn queue_name_is_unique() {
    let workspace = samples::workspace();
    let same = workspace.task_queues[&samples::QUEUE].clone();
    assert!(check_name(&workspace, &same).is_ok(), "own name");
    let other = TaskQueue {
        sid: TaskQueueSid::derive(&["other"]),
        ..same
    };
    let message = check_name(&workspace, &other).unwrap_err().to_string();
    assert_eq!(
        message,
        "TaskQueue with the same friendly name already exists"
    );
    assert!(
        check_name(
            &workspace,
            &TaskQueue {
                friendly_name: "Other".to_owned(),
                ..other
            }
        )
        .is_ok()
    );
}

#[test]
fn queue_of_a_workflow_is_not_deleted() {
    let workspace = samples::workspace();
    let message = check_workflows(samples::QUEUE, &workspace)
        .unwrap_err()
        .to_string();
    assert!(
        message.ends_with(&format!("Workflow {} refers to it", samples::WORKFLOW)),
        "{message}"
    );
    assert!(check_workflows(TaskQueueSid::derive(&["other"]), &workspace).is_ok());
}
