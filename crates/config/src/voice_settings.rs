//! The telephone side of the file: the number, the Workflow of its calls, and the menu.

use ids::{ActivitySid, TaskQueueSid, WorkflowSid};
use serde::Deserialize;
use shared::dialing::Dialing;
use shared::menu::Menu;
use shared::voice_settings::VoiceSettings;
use shared::webhook::redact;

use crate::document::{self, Node, place};
use crate::flows;
use crate::names::Names;
use crate::reader::{Fields, Reader, is_e164};
use crate::workspace::Base;

/// Top-level keys of the file.
pub(crate) const SECTIONS: [&str; 17] = [
    "phone_number",
    "workflow",
    "shadow",
    "worker_ring_timeout",
    "post_work_activity",
    "voicemail_task_queue",
    "dialing",
    "workspace",
    "workers",
    "task_queues",
    "workflows",
    "menu",
    "prompts",
    "calendars",
    "lists",
    "numbers",
    "flows",
];

/// Default of `worker_ring_timeout`, in seconds: less than most voicemails take to answer.
pub(crate) const RING_TIMEOUT_SECS: u32 = 20;

/// Longest ring, in seconds (taskrouter.md section 11.3: 999, but 600 for SIP).
const RING_TIMEOUT_MAX_SECS: u32 = 600;

pub(crate) fn read(
    reader: &mut Reader<'_>,
    file: &Fields<'_>,
    base: &Base,
    task_queues: &Names<TaskQueueSid>,
    workflows: &Names<WorkflowSid>,
    dialing: Dialing,
) -> Option<VoiceSettings> {
    let phone_number = reader
        .required(file, "phone_number")
        .and_then(|node| phone_number(reader, node));
    let workflow = reader
        .required(file, "workflow")
        .and_then(|node| reader.reference(node, "workflow", workflows));
    let ring = file
        .get("worker_ring_timeout")
        .and_then(|node| ring_timeout_secs(reader, node));
    let post_work_activity_sid = post_work_activity(reader, file, base);
    let voicemail_task_queue_sid = file
        .get("voicemail_task_queue")
        .and_then(|node| reader.reference(node, "voicemail_task_queue", task_queues));
    let menu = match (file.get("menu"), file.get("prompts")) {
        (Some(_), None) => menu(reader),
        (None, Some(_)) => flows::menu_of(reader, file),
        (None, None) => Some(Menu::default()),
        (Some(menu), Some(_)) => {
            let message =
                "menu: expected `menu` or `prompts`, not both; a flow has menus of its own";
            reader.problem(place(menu), message);
            None
        }
    };
    Some(VoiceSettings {
        phone_number: phone_number?,
        workspace_sid: base.workspace.sid,
        workflow_sid: workflow?,
        post_work_activity_sid,
        worker_ring_timeout_secs: ring.unwrap_or(RING_TIMEOUT_SECS),
        voicemail_task_queue_sid,
        dialing,
        menu: menu?,
        flows: None,
    })
}

fn phone_number(reader: &mut Reader<'_>, node: &Node) -> Option<String> {
    let expected = "a number such as \"+17075550183\"";
    let text = reader.text(node, "phone_number", expected)?.to_owned();
    if is_e164(&text) {
        return Some(text);
    }
    reader.problem(
        place(node),
        format!(
            "phone_number: expected {expected}, got \"{}\"",
            redact(&text)
        ),
    );
    None
}

fn ring_timeout_secs(reader: &mut Reader<'_>, node: &Node) -> Option<u32> {
    let ring = reader.duration(node, "worker_ring_timeout", RING_TIMEOUT_MAX_SECS)?;
    u32::try_from(ring.as_secs()).ok()
}

/// The Activity after a conversation: `post_work_activity`, otherwise that of `wrap_up`, otherwise
/// none.
fn post_work_activity(
    reader: &mut Reader<'_>,
    file: &Fields<'_>,
    base: &Base,
) -> Option<ActivitySid> {
    match file.get("post_work_activity") {
        Some(node) => reader.reference(node, "post_work_activity", &base.activities),
        None => base
            .workspace
            .wrap_up
            .as_ref()
            .map(|wrap_up| wrap_up.activity_sid),
    }
}

/// The menu is deserialized with the rules that also apply to the table, and therefore stops at its
/// first problem.
fn menu(reader: &mut Reader<'_>) -> Option<Menu> {
    #[derive(Deserialize)]
    struct File {
        menu: Menu,
    }

    match serde_saphyr::from_str_with_options::<File>(reader.source(), document::options()) {
        Ok(file) => Some(file.menu),
        Err(error) => {
            let (place, message) = document::sentence(&error);
            let named = message.starts_with("menu");
            reader.problem(
                place,
                if named {
                    message
                } else {
                    format!("menu: {message}")
                },
            );
            None
        }
    }
}
