//! Forms that say what a TaskQueue is, and Workspaces that need one.

use super::*;
use crate::resources::samples;

fn form(text: &str) -> Parameters {
    Parameters::of_form(&http::HeaderMap::new(), text.as_bytes()).unwrap()
}

fn queue_of(text: &str) -> Result<TaskQueue, ApiError> {
    new(&form(text), samples::QUEUE)
}

#[test]
fn a_form_says_what_a_queue_is() {
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
    let plain = queue_of("FriendlyName=A").unwrap();
    assert_eq!(
        plain.target_workers.as_ref().map(Expression::source),
        Some("1==1")
    );
    assert_eq!(
        (plain.max_reserved_workers, plain.task_order),
        (1, TaskOrder::Fifo)
    );
    assert_eq!(
        queue_of("FriendlyName=A&TargetWorkers=")
            .unwrap()
            .target_workers,
        None,
        "it matches nobody"
    );
}

#[test]
fn a_form_that_is_no_queue_is_refused_by_the_name_of_the_parameter() {
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
fn an_update_changes_what_it_names() {
    let before =
        queue_of("FriendlyName=A&TargetWorkers=a+%3D%3D+1&MaxReservedWorkers=5&TaskOrder=LIFO")
            .unwrap();
    let updated = |text: &str| Fields::read(&form(text)).unwrap().over(before.clone());
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
fn no_two_queues_have_the_same_name() {
    let workspace = samples::workspace();
    let same = workspace.task_queues[&samples::QUEUE].clone();
    assert!(check_name(&workspace, &same).is_ok(), "it may keep its own");
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
fn a_queue_that_a_workflow_names_stays() {
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
