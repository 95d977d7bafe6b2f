use ids::time::Millis;

use super::update::{NewStatus, illegal};
use super::*;
use crate::resources::samples::{self, NOON};

#[test]
fn task_equals_golden_file() {
    let workspace = samples::workspace();
    let task = samples::task();
    let rendered = render(&samples::view(), &workspace, &task);
    samples::assert_golden("task", &rendered.unwrap());
}

#[test]
fn ended_task_shows_its_reason() {
    for (reason, shown) in [
        (None, None),
        (Some(EndReason::Hangup), Some("hangup")),
        (
            Some(EndReason::Given("wrong number".to_owned())),
            Some("wrong number"),
        ),
        (Some(EndReason::Given(String::new())), None),
    ] {
        let task = Task {
            reason,
            ..samples::task()
        };
        let rendered = render(&samples::view(), &samples::workspace(), &task).unwrap();
        assert_eq!(rendered["reason"].as_str(), shown);
    }
}

/// An ended Task is readable for five minutes, an active one always.
#[test]
fn ended_task_becomes_unreadable() {
    for (assignment_status, secs, kept) in [
        (AssignmentStatus::Completed, 299, true),
        (AssignmentStatus::Completed, 300, false),
        (AssignmentStatus::Canceled, 300, false),
        (AssignmentStatus::Assigned, 80_000, true),
    ] {
        let task = Task {
            assignment_status,
            date_updated: NOON,
            ..samples::task()
        };
        assert_eq!(
            task.is_readable(Millis::from_secs(300), NOON + Millis::from_secs(secs)),
            kept,
            "{assignment_status:?} after {secs} s"
        );
    }
}

#[test]
fn form_sets_a_status_or_none() {
    let given = |text: &str| EndReason::Given(text.to_owned());
    let requested = |status, reason: &str| {
        Some(NewStatus {
            status,
            reason: given(reason),
        })
    };
    for (form, expected) in [
        ("", None),
        ("Priority=3", None),
        (
            "AssignmentStatus=completed",
            requested(AssignmentStatus::Completed, ""),
        ),
        (
            "AssignmentStatus=wrapping",
            requested(AssignmentStatus::Wrapping, ""),
        ),
        (
            "AssignmentStatus=canceled&Reason=wrong+number",
            requested(AssignmentStatus::Canceled, "wrong number"),
        ),
    ] {
        let form_parameters = Parameters::url_encoded(form.as_bytes()).unwrap();
        assert_eq!(
            NewStatus::read(&form_parameters).unwrap(),
            expected,
            "{form}"
        );
    }
}

#[test]
fn illegal_status_has_the_official_message() {
    let task = samples::task();
    for (wanted, change, cause) in [
        (
            AssignmentStatus::Completed,
            "complete task",
            "it is not currently assigned",
        ),
        (
            AssignmentStatus::Wrapping,
            "wrap up a task",
            "it is not currently assigned",
        ),
        (
            AssignmentStatus::Canceled,
            "cancel task",
            "it is not pending or reserved",
        ),
    ] {
        let expected = format!(
            "Cannot {change} WT00000000000000000000000000000001 in workspace WS00000000000000000000000000000001 for \
             account AC00000000000000000000000000000001 because {cause}."
        );
        assert_eq!(
            illegal(samples::ACCOUNT, &task, wanted).to_string(),
            expected
        );
    }
}
