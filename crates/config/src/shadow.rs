//! The key `shadow`: another file whose Workflows are evaluated beside those of this one, or the SID of
//! a Workflow.

use std::collections::BTreeMap;

use ids::{AccountSid, WorkflowSid};
use task_router::model::{PartId, WORKFLOWS_MAX, Workflow, Workspace};

use crate::document::{Node, Value, place};
use crate::files::{self, ReadFile};
use crate::problem::Place;
use crate::reader::{Fields, Reader};
use crate::{Shadows, sids};

/// The end of the name of a Workflow that another file declares.
const SUFFIX: &str = " (shadow)";

/// Maximum length of a friendly name, in characters (taskrouter.md section 14).
const NAME_CHARS_MAX: usize = 64;

/// Gives Workflows their shadows. `workflow` is the one of calls, whose shadow a SID is.
pub(crate) fn read(
    reader: &mut Reader<'_>,
    file: &Fields<'_>,
    workspace: &mut Workspace,
    workflow: Option<WorkflowSid>,
    (account, files): (AccountSid, ReadFile<'_>),
) -> Option<()> {
    let node = file.get("shadow")?;
    if let Value::Text(text) = &node.value
        && let Ok(sid) = text.parse::<WorkflowSid>()
    {
        workspace.workflows.get_mut(&workflow?)?.shadow_sid = Some(sid);
        return Some(());
    }
    let other = files::read(reader, node, "shadow", files)?;
    let at = place(node);
    let read = crate::read_file(&other.text, other.name, account, files, Shadows::Ignored);
    let read = match read {
        Ok(read) => read,
        Err(problems) => {
            for problem in problems {
                reader.problem(at, format!("shadow: {problem}"));
            }
            return None;
        }
    };
    if read.workspace.sid != workspace.sid {
        let message = format!(
            "shadow: expected a file of the workspace \"{}\", got one of \"{}\"",
            workspace.friendly_name, read.workspace.friendly_name
        );
        reader.problem(at, message);
        return None;
    }
    let shadows: BTreeMap<WorkflowSid, Workflow> = workspace
        .workflows
        .values()
        .filter_map(|live| Some((live.sid, read.workspace.workflows.get(&live.sid)?.clone())))
        .collect();
    if shadows.is_empty() {
        reader.problem(
            at,
            "shadow: the file has no workflow with a name of this file",
        );
        return None;
    }
    for (live, other) in shadows {
        add(reader, node, workspace, live, other);
    }
    Some(())
}

/// Adds a Workflow of the other file under a name of its own.
fn add(
    reader: &mut Reader<'_>,
    node: &Node,
    workspace: &mut Workspace,
    live: WorkflowSid,
    other: Workflow,
) -> Option<()> {
    let at = place(node);
    let name = format!("{}{SUFFIX}", other.friendly_name);
    let result = check(&name, &other, workspace);
    reader.take(result, at)?;
    let sid = sids::workflow(workspace.sid, &name);
    let shadow = Workflow {
        sid,
        friendly_name: name,
        shadow_sid: None,
        ..other
    };
    record(reader, workspace, sid, at);
    workspace.workflows.insert(sid, shadow);
    workspace.workflows.get_mut(&live)?.shadow_sid = Some(sid);
    Some(())
}

fn record(reader: &mut Reader<'_>, workspace: &mut Workspace, sid: WorkflowSid, at: Place) {
    reader.record_place(PartId::Workflow(sid), at);
    workspace.ledger.append(PartId::Workflow(sid));
}

fn check(name: &str, other: &Workflow, workspace: &Workspace) -> Result<(), String> {
    if name.chars().count() > NAME_CHARS_MAX {
        let max = NAME_CHARS_MAX - SUFFIX.len();
        return Err(format!(
            "shadow: expected a workflow name of at most {max} characters, got \"{}\"",
            other.friendly_name
        ));
    }
    let mut workflows = workspace.workflows.values();
    if workflows.any(|workflow| workflow.friendly_name == name) {
        return Err(format!(
            "shadow: this file has a workflow \"{name}\" already"
        ));
    }
    if workspace.workflows.len() >= WORKFLOWS_MAX {
        return Err(format!(
            "shadow: expected at most {WORKFLOWS_MAX} workflows with their shadows"
        ));
    }
    let is_known = |queue| workspace.task_queues.contains_key(&queue);
    other.configuration.check_queues(is_known).map_err(|_| {
        format!(
            "shadow: the workflow \"{}\" uses a task queue that this file does not have",
            other.friendly_name
        )
    })
}
