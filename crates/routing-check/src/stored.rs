//! Checks of a stored Workflow, beside the API's resource.

use task_router::model::{Workflow, Workspace};

use crate::{Centre, Declared, DeclaredWorkflow, Finding, Keys, check};

/// The findings of one Workflow of a Workspace. Paths are those of its configuration,
/// `task_routing.filters[0].expression`, or keys of its resource.
///
/// Without the Workers, who are too many to read for it: nothing is said about who serves a step.
pub fn check_workflow(workspace: &Workspace, workflow: &Workflow) -> Vec<Finding> {
    let declared = DeclaredWorkflow {
        at: String::new(),
        routing: routing_of(workflow),
        keys: Keys::API,
        workflow: workflow.clone(),
        reservation_timeout: Some(workflow.task_reservation_timeout),
    };
    let centre = Centre {
        activities: Some(all("activities", workspace.activities.values())),
        task_queues: Some(all("task_queues", workspace.task_queues.values())),
        workflows: vec![declared],
        ..Centre::default()
    };
    let mut findings = check(&centre);
    let is_of_workspace =
        |path: &str| path.starts_with("task_queues[") || path.starts_with("activities[");
    findings.retain(|finding| !is_of_workspace(&finding.spot.path));
    findings
}

/// The path of the filters: some programs leave the wrapper out.
fn routing_of(workflow: &Workflow) -> String {
    let text = workflow.configuration.text.as_deref().unwrap_or_default();
    let json: Option<serde_json::Value> = serde_json::from_str(text).ok();
    let is_bare = json.is_some_and(|json| json.get("task_routing").is_none());
    if is_bare {
        String::new()
    } else {
        "task_routing".to_owned()
    }
}

fn all<'p, T: Clone + 'p>(list: &str, parts: impl Iterator<Item = &'p T>) -> Vec<Declared<T>> {
    let declared = |(index, part): (usize, &T)| Declared {
        at: format!("{list}[{index}]"),
        part: part.clone(),
    };
    parts.enumerate().map(declared).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ids::{ActivitySid, TaskQueueSid, WorkflowSid, WorkspaceSid};
    use task_router::model::{Configuration, TaskOrder, TaskQueue};

    fn codes(configuration: &str) -> Vec<(&'static str, String)> {
        let sid = WorkspaceSid::derive(&["w"]);
        let mut workspace = Workspace::new(sid, "W", ActivitySid::derive(&["Offline"]));
        let queue = TaskQueueSid::derive(&["q"]);
        workspace.task_queues.insert(
            queue,
            TaskQueue {
                sid: queue,
                friendly_name: "Q".to_owned(),
                target_workers: "1==1".parse().ok(),
                max_reserved_workers: 1,
                task_order: TaskOrder::Fifo,
                reservation_activity_sid: None,
                assignment_activity_sid: None,
            },
        );
        let text = configuration.replace("QUEUE", &queue.to_string());
        let parsed = Configuration::parse(&text).unwrap();
        let workflow = Workflow::new(WorkflowSid::derive(&["f"]), "F", parsed);
        let found = check_workflow(&workspace, &workflow);
        found
            .into_iter()
            .map(|finding| (finding.rule.code(), finding.spot.path))
            .collect()
    }

    #[test]
    fn paths_are_those_of_the_configuration() {
        let filter = r#"{"expression":"a == 1 AND a == 2","targets":[{"queue":"QUEUE"}]}"#;
        let bare = format!(r#"{{"filters":[{filter}],"default_filter":{{"queue":"QUEUE"}}}}"#);
        assert_eq!(
            codes(&bare),
            [("CB102", "filters[0].expression".to_owned())]
        );
        let wrapped = format!(r#"{{"task_routing":{bare}}}"#);
        let at = "task_routing.filters[0].expression".to_owned();
        assert_eq!(codes(&wrapped), [("CB102", at)]);
    }

    #[test]
    fn other_parts_of_the_workspace_are_not_mentioned() {
        let clean = r#"{"task_routing":{"filters":[],"default_filter":{"queue":"QUEUE"}}}"#;
        assert_eq!(codes(clean), []);
    }
}
