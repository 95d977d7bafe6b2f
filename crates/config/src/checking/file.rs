//! The centre of a `contact-centre.yaml`.

use std::collections::BTreeSet;

use ids::time::{Millis, Timestamp};
use ids::{TaskQueueSid, WorkflowSid};
use routing_check::{Centre, Declared, DeclaredWorkflow, Keys, Settings, Voice};
use task_router::model::{Workflow, Workspace};
use voice_flows::Action;

use crate::outline::Outline;
use crate::{ContactCentre, DeclaredWorker};

/// The parts of a file, in its order. A file that was read has no part without a name.
pub(super) fn centre(read: &ContactCentre, outline: &Outline<'_>) -> Centre {
    let workspace = &read.workspace;
    Centre {
        settings: Some(settings(workspace)),
        activities: Some(declared(outline, "workspace.activities", |name| {
            let mut all = workspace.activities.values();
            all.find(|activity| activity.friendly_name == name).cloned()
        })),
        task_channels: declared(outline, "workspace.task_channels", |name| {
            let mut all = workspace.task_channels.values();
            all.find(|channel| channel.unique_name.as_str() == name)
                .cloned()
        }),
        task_queues: Some(declared(outline, "task_queues", |name| {
            let mut all = workspace.task_queues.values();
            all.find(|queue| queue.friendly_name == name).cloned()
        })),
        workflows: declared(outline, "workflows", |name| {
            let mut all = workspace.workflows.values();
            all.find(|workflow| workflow.friendly_name == name).cloned()
        })
        .into_iter()
        .map(workflow)
        .collect(),
        workers: Some(workers(workspace, &read.workers)),
        voice: Some(voice(read)),
    }
}

/// The parts of a list, each found by its name.
fn declared<T>(
    outline: &Outline<'_>,
    list: &str,
    find: impl Fn(&str) -> Option<T>,
) -> Vec<Declared<T>> {
    let entry = |index| {
        let at = format!("{list}[{index}]");
        let part = find(outline.text(&format!("{at}.name"))?)?;
        Some(Declared { at, part })
    };
    (0..outline.count(list)).filter_map(entry).collect()
}

fn settings(workspace: &Workspace) -> Settings {
    Settings {
        at: "workspace".to_owned(),
        rules: workspace.rules.clone(),
        default_activity_sid: workspace.default_activity_sid,
        timeout_activity_sid: workspace.timeout_activity_sid,
        wrap_up: workspace.wrap_up.clone(),
        event_callback_url: workspace.event_callback_url.clone(),
    }
}

fn workflow(declared: Declared<Workflow>) -> DeclaredWorkflow {
    DeclaredWorkflow {
        routing: declared.at.clone(),
        at: declared.at,
        keys: Keys::FILE,
        reservation_timeout: Some(declared.part.task_reservation_timeout),
        workflow: declared.part,
    }
}

fn workers(
    workspace: &Workspace,
    declared: &[DeclaredWorker],
) -> Vec<Declared<task_router::model::Worker>> {
    let worker = |(index, worker): (usize, &DeclaredWorker)| Declared {
        at: format!("workers[{index}]"),
        part: worker.to_worker(workspace.sid, Timestamp::from_millis(0)),
    };
    declared.iter().enumerate().map(worker).collect()
}

fn voice(read: &ContactCentre) -> Voice {
    let settings = &read.voice_settings;
    let languages = settings.menu.languages.iter();
    Voice {
        workflow_sids: workflows_of_calls(read),
        unlimited_workflow_sids: unlimited_workflows(read),
        ring_timeout: Millis::from_secs(settings.worker_ring_timeout_secs.into()),
        post_work_activity_sid: settings.post_work_activity_sid,
        other_task_queues: other_task_queues(read),
        languages: languages
            .map(|language| language.selected_language.clone())
            .collect(),
    }
}

/// The Workflows whose Tasks are calls. With flows, those of their steps; the one at the top of the
/// file is then only that of steps that name none, and of numbers without a flow.
fn workflows_of_calls(read: &ContactCentre) -> BTreeSet<WorkflowSid> {
    let flows = read.voice_flows.iter();
    let of_flows = flows.flat_map(|flows| flows.workflows());
    of_flows.chain(workflow_of_menu(read)).collect()
}

/// Those of them whose calls have no time limit of their own: that of the menu, and those of `queue`
/// steps without a timeout.
fn unlimited_workflows(read: &ContactCentre) -> BTreeSet<WorkflowSid> {
    let steps = read.voice_flows.iter().flat_map(|flows| &flows.steps);
    let of_steps = steps.filter_map(|step| {
        let Action::Queue(queue) = &step.action else {
            return None;
        };
        queue.timeout.is_none().then_some(queue.workflow)
    });
    of_steps.chain(workflow_of_menu(read)).collect()
}

/// The Workflow of callers who hear the menu, if there are any.
fn workflow_of_menu(read: &ContactCentre) -> Option<WorkflowSid> {
    let settings = &read.voice_settings;
    let has_flow = read
        .voice_flows
        .as_ref()
        .is_some_and(|flows| flows.numbers.contains_key(&settings.phone_number));
    (!has_flow).then_some(settings.workflow_sid)
}

/// The TaskQueues that callers reach without a Workflow, or that flows ask for.
fn other_task_queues(read: &ContactCentre) -> BTreeSet<TaskQueueSid> {
    let mut queues: BTreeSet<TaskQueueSid> = BTreeSet::new();
    queues.extend(read.voice_settings.voicemail_task_queue_sid);
    let Some(flows) = &read.voice_flows else {
        return queues;
    };
    queues.extend(flows.queues.values());
    queues.extend(flows.voicemail_task_queues());
    queues
}
