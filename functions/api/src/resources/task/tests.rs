use ids::time::Millis;

use super::update::{NewStatus, illegal};
use super::*;
use crate::resources::samples::{self, NOON};

#[test]
fn a_task_looks_like_the_golden_file_and_has_every_property_of_the_official_document() {
    let (workspace, task) = (samples::workspace(), samples::task());
    let rendered = render(&samples::view(), &workspace, &task);
    samples::assert_golden("task", &rendered.unwrap());
}

#[test]
fn a_task_says_why_it_ended_if_anybody_said_why() {
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

#[test]
fn an_ended_task_is_gone_five_minutes_later_and_a_living_one_never() {
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
fn a_form_asks_for_a_status_or_for_none() {
    let given = |text: &str| EndReason::Given(text.to_owned());
    let asks = |status, reason: &str| {
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
            asks(AssignmentStatus::Completed, ""),
        ),
        (
            "AssignmentStatus=wrapping",
            asks(AssignmentStatus::Wrapping, ""),
        ),
        (
            "AssignmentStatus=canceled&Reason=wrong+number",
            asks(AssignmentStatus::Canceled, "wrong number"),
        ),
    ] {
        let form_parameters =
            Parameters::of_form(&http::HeaderMap::new(), form.as_bytes()).unwrap();
        assert_eq!(
            NewStatus::read(&form_parameters).unwrap(),
            expected,
            "{form}"
        );
    }
}

#[test]
fn a_status_that_is_not_allowed_is_refused_in_the_known_sentences() {
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
