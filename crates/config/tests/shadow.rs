//! The key `shadow`.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on says so by panicking"
)]

use config::{ContactCentre, Problem, read_with_files};
use ids::{AccountSid, WorkflowSid};
use task_router::model::Workflow;

const EXAMPLE: &str = include_str!("../../../contact-centre.yaml");

/// The example with this shadow, which is the example with a text replaced.
fn read(shadow: &str, replaced: (&str, &str)) -> Result<ContactCentre, Vec<Problem>> {
    let (old, new) = replaced;
    assert!(EXAMPLE.contains(old), "the example has no {old:?}");
    let other = EXAMPLE.replace(old, new) + "shadow: other.yaml\n";
    let text = format!("{EXAMPLE}\nshadow: {shadow}\n");
    let files = move |name: &str| match name {
        "other.yaml" => Ok(other.clone().into_bytes()),
        _ => Err("no such file".to_owned()),
    };
    read_with_files(&text, "centre.yaml", AccountSid::derive(&["a"]), &files)
}

fn workflows(centre: &ContactCentre) -> (&Workflow, &Workflow) {
    let named = |name: &str| {
        let mut all = centre.workspace.workflows.values();
        all.find(|workflow| workflow.friendly_name == name).unwrap()
    };
    (
        named("Incoming Customer Requests"),
        named("Incoming Customer Requests (shadow)"),
    )
}

#[test]
fn file_gives_workflows_their_shadows() {
    let centre = read("other.yaml", ("timeout: 1200s", "timeout: 60s")).unwrap();
    let (live, shadow) = workflows(&centre);
    assert_eq!(live.shadow_sid, Some(shadow.sid));
    assert_eq!(shadow.shadow_sid, None);
    assert!(!live.configuration.routes_like(&shadow.configuration));
    assert_eq!(centre.workspace.workflows.len(), 2);
}

#[test]
fn sid_names_the_shadow_of_calls() {
    let sid = WorkflowSid::derive(&["of the API"]);
    let centre = read(&sid.to_string(), ("timeout: 1200s", "timeout: 60s")).unwrap();
    let workflow = &centre.workspace.workflows[&centre.voice_settings.workflow_sid];
    assert_eq!(workflow.shadow_sid, Some(sid));
}

#[test]
fn unusable_shadow_is_a_problem() {
    let same = ("timeout: 1200s", "timeout: 60s");
    let queue = ("Customer Contact Center Hindi", "Another Queue");
    let workspace = ("  name: Customer Contact Center\n", "  name: Another\n");
    for (shadow, replaced, expected) in [
        ("missing.yaml", same, "missing.yaml cannot be read"),
        ("7", same, "expected the name of a file"),
        (
            "other.yaml",
            queue,
            "uses a task queue that this file does not have",
        ),
        ("other.yaml", workspace, "expected a file of the workspace"),
        (
            "other.yaml",
            ("languages HAS \"hi\"", "languages HAS"),
            "other.yaml:",
        ),
    ] {
        let problems = read(shadow, replaced).unwrap_err();
        let text = problems
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("\n");
        assert!(
            text.contains(expected) && text.starts_with("centre.yaml:"),
            "{text}"
        );
    }
}
