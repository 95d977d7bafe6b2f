//! Writes a contact centre as a configuration file: parts refer to one another by name, and settings
//! that have their default are left out.
//!
//! The same content is always the same file, so an exported file that is applied to an empty contact
//! centre and exported again is unchanged. What a file cannot say is noted in comments at its
//! beginning.

mod calendars;
mod flows;
mod names;
mod prompts;
mod steps;
pub mod tree;
mod voice;
mod workers;
mod workflows;
mod workspace;

use std::collections::BTreeSet;

use ids::WorkflowSid;
use shared::voice_settings::VoiceSettings;
use task_router::model::{Worker, Workspace};
use voice_flows::VoiceFlows;

use crate::{ContactCentre, DeclaredWorker};
use names::PartNames;
use tree::{Entries, Tree};

/// The number of a file without a telephone side: a file needs one.
pub const NO_PHONE_NUMBER: &str = "+10000000000";

/// The content of a contact centre, of a file or as it is stored.
#[derive(Debug, Clone, Copy)]
pub struct Content<'a> {
    /// The Workspace with its parts.
    pub workspace: &'a Workspace,
    /// The Workers, in their order.
    pub workers: &'a [DeclaredWorker],
    /// The telephone side. `None`: the account has none, or it belongs to another Workspace.
    pub voice_settings: Option<&'a VoiceSettings>,
    /// The flows of callers.
    pub voice_flows: Option<&'a VoiceFlows>,
    /// The Workflows whose waiting Tasks restart. It is an instruction of a file and not stored.
    pub re_evaluate_tasks: &'a BTreeSet<WorkflowSid>,
}

/// A contact centre as a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Exported {
    /// The sections.
    pub tree: Tree,
    /// What the sections cannot say, a sentence each.
    pub notes: Vec<String>,
}

/// What a file cannot say.
#[derive(Debug, Default)]
pub(crate) struct Notes(Vec<String>);

impl Notes {
    pub fn add(&mut self, note: String) {
        self.0.push(note);
    }
}

impl ContactCentre {
    /// The content of the file.
    pub fn content(&self) -> Content<'_> {
        Content {
            workspace: &self.workspace,
            workers: &self.workers,
            voice_settings: Some(&self.voice_settings),
            voice_flows: self.voice_flows.as_ref(),
            re_evaluate_tasks: &self.re_evaluate_tasks,
        }
    }
}

impl DeclaredWorker {
    /// The declaration of a stored Worker as the Worker is now.
    pub fn of(worker: &Worker, workspace: &Workspace) -> Self {
        let channels = workspace.task_channels.keys();
        Self {
            sid: worker.sid,
            friendly_name: worker.friendly_name.clone(),
            attributes: worker.attributes.clone(),
            activity_sid: worker.activity_sid,
            capacity: channels
                .map(|channel| (*channel, worker.share(*channel).configured_capacity))
                .collect(),
        }
    }
}

/// The file of a contact centre. It can be applied: what a file needs and is not there is added, and
/// noted.
pub fn export(content: Content<'_>) -> Exported {
    let mut notes = Notes::default();
    let names = PartNames::of(content.workspace, &mut notes);
    let mut file = Entries::new();
    if content.voice_settings.is_none() {
        voice::without_telephones(content, &names, &mut file, &mut notes);
    }
    sections(content, &names, &mut file, &mut notes);
    Exported {
        tree: file.into_tree(),
        notes: notes.0,
    }
}

/// What is there, as a file, to compare it with another one.
pub(crate) fn describe(content: Content<'_>) -> Tree {
    let mut notes = Notes::default();
    let names = PartNames::of(content.workspace, &mut notes);
    let mut file = Entries::new();
    sections(content, &names, &mut file, &mut notes);
    file.into_tree()
}

fn sections(content: Content<'_>, names: &PartNames, file: &mut Entries, notes: &mut Notes) {
    voice::write(content, names, file, notes);
    let workspace = content.workspace;
    file.set("workspace", workspace::write(workspace, names, notes));
    file.set("workers", workers::write(content, names, notes));
    file.set(
        "task_queues",
        workspace::task_queues(workspace, names, notes),
    );
    file.set("workflows", workflows::write(content, names, notes));
}

/// Why a file cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("the file cannot be written: {0}")]
pub struct WriteError(#[from] serde_saphyr::ser::Error);

impl Exported {
    /// The file as YAML, with its notes as comments.
    ///
    /// # Errors
    /// A value cannot be written as YAML; no value that was read from a file causes this.
    pub fn to_yaml(&self) -> Result<String, WriteError> {
        let mut text = String::new();
        for note in &self.notes {
            // A name can contain anything, and must not end the comment.
            let line: Vec<&str> = note.split_whitespace().collect();
            text.push_str(&format!("# {}\n", line.join(" ")));
        }
        let options = serde_saphyr::ser_options! {
            prefer_block_scalars: false,
            compact_list_indent: false,
        };
        let Tree::Map(sections) = &self.tree else {
            return Ok(text);
        };
        for section in sections {
            if !text.is_empty() && has_lines(&section.1) {
                text.push('\n');
            }
            let section = Tree::Map(vec![section.clone()]);
            let written = serde_saphyr::to_string_with_options(&section, options.clone());
            text.push_str(&written?);
        }
        Ok(text)
    }
}

/// Whether a section takes several lines.
fn has_lines(value: &Tree) -> bool {
    match value {
        Tree::List(elements) => !elements.is_empty(),
        Tree::Map(entries) => !entries.is_empty(),
        Tree::Bool(_) | Tree::Number(_) | Tree::Null | Tree::Text(_) | Tree::Expression(_) => false,
    }
}
