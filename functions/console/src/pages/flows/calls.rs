//! The calls at the steps of the flows: those with a Task.

use std::collections::BTreeMap;

use serde_json::Value;
use voice_flows::{StepId, VoiceFlows};

use super::{is_current, path_of};
use crate::console::{Refused, entries, text};
use crate::request_context::RequestContext;

/// Tasks that are read: the API's largest page takes a second of a small function.
const TASKS_MAX: usize = 500;

/// A call at a step.
pub struct CallAtStep {
    /// The SID of its Task.
    pub task: String,
    /// The caller's number, or the end of the Task's SID.
    pub from: String,
    /// `waits` or `talks`.
    pub status: &'static str,
    /// The label of the step.
    pub label: String,
    /// The age of the Task, in seconds.
    pub age_secs: Option<u64>,
}

/// The calls with a Task, by their step.
#[derive(Default)]
pub struct CallsAtSteps {
    by_step: BTreeMap<StepId, Vec<CallAtStep>>,
    /// The number of calls in earlier versions of the flows.
    pub earlier: usize,
    /// Whether there are more Tasks than were read.
    pub is_cut: bool,
}

impl CallsAtSteps {
    /// The calls at a step.
    pub fn at(&self, step: StepId) -> &[CallAtStep] {
        self.by_step.get(&step).map_or(&[], Vec::as_slice)
    }

    fn add(&mut self, task: &Value, flows: &VoiceFlows) {
        let Some(path) = path_of(task).filter(|path| path.is_waiting) else {
            return;
        };
        if !is_current(&path, flows) {
            self.earlier += 1;
            return;
        }
        let Some(step) = path.steps.last() else {
            return;
        };
        let label = flows.step(*step).map(|step| step.label.clone());
        let call = CallAtStep {
            task: text(task, "sid").to_owned(),
            from: from_of(task),
            status: if text(task, "assignment_status") == "assigned" {
                "talks"
            } else {
                "waits"
            },
            label: label.unwrap_or_default(),
            age_secs: task.get("age").and_then(Value::as_u64),
        };
        self.by_step.entry(*step).or_default().push(call);
    }
}

/// Reads the Tasks that wait or are worked on.
pub async fn at_steps(
    context: &RequestContext<'_>,
    flows: &VoiceFlows,
) -> Result<CallsAtSteps, Refused> {
    let query = format!("AssignmentStatus=pending,reserved,assigned&PageSize={TASKS_MAX}");
    let list = context.get(&format!("Tasks?{query}")).await?;
    let mut calls = CallsAtSteps {
        is_cut: list
            .pointer("/meta/next_page_url")
            .is_some_and(Value::is_string),
        ..CallsAtSteps::default()
    };
    for task in entries(&list) {
        calls.add(task, flows);
    }
    Ok(calls)
}

fn from_of(task: &Value) -> String {
    let attributes: Value = serde_json::from_str(text(task, "attributes")).unwrap_or_default();
    let from = text(&attributes, "from");
    if from.is_empty() {
        text(task, "sid").to_owned()
    } else {
        from.to_owned()
    }
}
