//! Parsing of a Workflow's form.

use super::*;
use crate::resources::samples;

const MINIMAL: &str = "FriendlyName=A&Configuration=%7B%22default_filter%22%3A%7B%22queue%22%3A%22WQ00000000000000000000000000000001%22%7D%7D";

fn workflow_of(form: &str) -> Result<Workflow, ApiError> {
    new(fields(form)?, samples::WORKFLOW)
}

fn fields(form: &str) -> Result<Fields, ApiError> {
    Fields::read(&Parameters::url_encoded(form.as_bytes()).unwrap())
}

#[test]
fn form_describes_a_workflow() {
    let default = workflow_of(MINIMAL).unwrap();
    assert_eq!(
        default
            .configuration
            .targets()
            .map(|target| target.queue)
            .collect::<Vec<_>>(),
        [samples::QUEUE]
    );
    assert_eq!(
        (
            default.task_reservation_timeout.as_secs(),
            default.assignment_callback_url
        ),
        (120, None)
    );
    let form = format!(
        "{MINIMAL}&TaskReservationTimeout=86400&AssignmentCallbackUrl=https://a.example/a&\
         FallbackAssignmentCallbackUrl=https://a.example/b"
    );
    let full = workflow_of(&form).unwrap();
    assert_eq!(full.task_reservation_timeout.as_secs(), 86_400);
    assert_eq!(
        full.assignment_callback_url.as_deref(),
        Some("https://a.example/a")
    );
    assert_eq!(
        full.fallback_assignment_callback_url.as_deref(),
        Some("https://a.example/b")
    );
}

#[test]
fn update_changes_only_named_parameters() {
    let before = workflow_of(&format!(
        "{MINIMAL}&AssignmentCallbackUrl=https://a.example/a"
    ))
    .unwrap();
    let updated = |form: &str| fields(form).unwrap().applied_to(before.clone());
    assert_eq!(updated(""), before);
    assert_eq!(
        updated("AssignmentCallbackUrl="),
        Workflow {
            assignment_callback_url: None,
            ..before.clone()
        }
    );
    assert_eq!(
        updated("FriendlyName=B"),
        Workflow {
            friendly_name: "B".to_owned(),
            ..before.clone()
        }
    );
}

#[test]
fn invalid_workflow_names_the_parameter() {
    for (form, sentence) in [
        ("FriendlyName=A", "Configuration field is required"),
        (
            "Configuration=%7B%22filters%22%3A%5B%5D%7D",
            "FriendlyName field is required",
        ),
        (
            "FriendlyName=A&Configuration=",
            "Configuration: the configuration is not JSON",
        ),
        (
            "FriendlyName=A&Configuration=%7B%7D",
            "Configuration: task_routing",
        ),
        (
            "FriendlyName=A&Configuration=%7B%22default_filter%22%3A%7B%7D%7D",
            "Configuration: ",
        ),
        (
            "TaskReservationTimeout=0",
            "TaskReservationTimeout: expected a whole number from 1 to 86400",
        ),
        ("TaskReservationTimeout=86401", "TaskReservationTimeout: "),
        (
            "AssignmentCallbackUrl=a.example",
            "AssignmentCallbackUrl: expected an absolute URL",
        ),
        (
            "FallbackAssignmentCallbackUrl=//a",
            "FallbackAssignmentCallbackUrl: expected an absolute URL",
        ),
    ] {
        let message = workflow_of(form).unwrap_err().to_string();
        assert!(message.starts_with(sentence), "{form}: {message}");
    }
}

#[test]
fn workflow_names_queues_of_its_workspace() {
    let mut workspace = samples::workspace();
    let workflow = workflow_of(MINIMAL).unwrap();
    assert!(check(&workflow, &workspace).is_ok());
    workspace.task_queues.clear();
    let message = check(&workflow, &workspace).unwrap_err().to_string();
    assert!(
        message.starts_with("Configuration: task_routing.default_filter: there is no TaskQueue"),
        "{message}"
    );
}
