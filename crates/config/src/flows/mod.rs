//! The sections `prompts`, `numbers` and `flows`: what callers hear and answer.
//!
//! The file nests lists of steps; the result is one list in which steps refer to one another by
//! number ([`VoiceFlows`]). The reader therefore knows the step after each step while it reads: it
//! reads a list from its end.

mod branch;
mod collect;
mod compiler;
pub(crate) mod defaults;
mod languages;
mod menu;
mod numbers;
mod prompts;
mod queue;
mod references;
mod sounds;
mod steps;
mod verbs;

use std::collections::BTreeMap;

use ::calendars::Calendar;
use ids::{TaskQueueSid, WorkflowSid};
use shared::menu::Menu;
use shared::phone_list::PhoneList;
use task_router::model::Workspace;
use voice_flows::{Sound, StepId, VoiceFlows};

use crate::document::{Value, place};
use crate::files::ReadFile;
use crate::names::Names;
use crate::problem::Place;
use crate::reader::{Fields, Reader};
use compiler::Compiler;

#[cfg(feature = "apply")]
pub(crate) use languages::key_of;
pub(crate) use languages::menu_of;
#[cfg(feature = "apply")]
pub(crate) use steps::VERBS;

/// What a Worker hears, in queue and callback steps.
pub(crate) const AGENT_GREETING: &str = "agent_greeting";

/// The most flows of a file.
const FLOWS_MAX: usize = 200;

/// What the flows refer to.
#[derive(Clone, Copy)]
pub(crate) struct Parts<'a> {
    /// The Workspace.
    pub workspace: &'a Workspace,
    /// TaskQueues by name.
    pub task_queues: &'a Names<TaskQueueSid>,
    /// Workflows by name.
    pub workflows: &'a Names<WorkflowSid>,
    /// The Workflow of a call whose step names none.
    pub workflow: Option<WorkflowSid>,
    /// The number that callers dial.
    pub phone_number: Option<&'a str>,
    /// The languages.
    pub menu: &'a Menu,
    /// Opening hours by name.
    pub calendars: &'a BTreeMap<String, Calendar>,
    /// Lists of numbers by name.
    pub lists: &'a BTreeMap<String, PhoneList>,
    /// Reads an audio file beside the configuration.
    pub files: ReadFile<'a>,
}

/// The section as it was read.
pub(crate) struct ReadFlows {
    pub flows: VoiceFlows,
    /// The positions of the steps.
    pub places: StepPlaces,
    /// The audio files of the prompts.
    pub sounds: Vec<Sound>,
}

/// The positions of steps.
pub(crate) type StepPlaces = BTreeMap<StepId, Place>;

/// The flows of a file; `None` without the section `flows`, or after a problem.
pub(crate) fn read(
    reader: &mut Reader<'_>,
    file: &Fields<'_>,
    parts: Parts<'_>,
) -> Option<ReadFlows> {
    let section = file.get("flows")?;
    let Value::Mapping(entries) = &section.value else {
        reader.unexpected(section, "flows", "a mapping of names to steps");
        return None;
    };
    if entries.is_empty() || entries.len() > FLOWS_MAX {
        let message = format!(
            "flows: expected 1 to {FLOWS_MAX} flows, got {}",
            entries.len()
        );
        reader.problem(place(section), message);
        return None;
    }
    let mut compiler = Compiler::new(reader, parts);
    for entry in entries {
        compiler.declare_flow(&entry.key.value, &entry.key, &entry.value);
    }
    for entry in entries {
        compiler.read_flow(&entry.key.value, &entry.value);
    }
    let compiled = compiler.finish();
    let numbers = numbers::read(reader, file, section, &compiled.flows, parts.phone_number)?;
    let (language, more_languages) = parts.menu.languages.split_first()?;
    let flows = VoiceFlows {
        language: language.clone(),
        more_languages: more_languages.to_vec(),
        numbers,
        flows: compiled.flows,
        steps: compiled.steps?,
        calendars: parts.calendars.clone(),
        lists: parts.lists.clone(),
        queues: compiled.queues,
        sounds: compiled.sound_names,
    };
    Some(ReadFlows {
        flows,
        places: compiled.places,
        sounds: compiled.sounds,
    })
}
