//! The configuration file: reads `contact-centre.yaml` into TaskRouter's nouns, and applies it to
//! the table.
//!
//! Reading order: [`ContactCentre`] (the content of a file), [`read()`] (text to problems or a
//! [`ContactCentre`]; no IO), [`apply()`] (writes the differences and keeps the rest, calls in
//! progress included).
//!
//! The file identifies parts by name, the table by id. An id is derived from a path of names
//! (account, Workspace, part). Reading a file again therefore yields the same ids, and a renamed
//! part is a new part.

mod apply;
mod audio;
mod calendars;
mod checking;
mod dialing;
mod document;
mod event_types;
mod files;
mod flows;
mod names;
mod outline;
mod phone_lists;
mod problem;
mod reader;
mod sids;
mod targets;
mod task_channels;
mod task_queues;
mod urls;
mod voice_settings;
mod workers;
mod workflows;
mod workspace;

use std::collections::{BTreeMap, BTreeSet};

use ids::{AccountSid, WorkflowSid};
use shared::voice_settings::VoiceSettings;
use task_router::model::{PartId, Workspace};
use voice_flows::{Sound, VoiceFlows};

pub use apply::{ApplyError, Kept, Reason, Summary, Thing, apply};
pub use checking::{CheckedFile, PlacedFinding, check_files, check_files_beside};
pub use problem::{Place, Problem};
pub use workers::DeclaredWorker;

use document::Node;
use reader::Reader;

/// Maximum size of a file, in bytes: 15,000 Workers (taskrouter.md section 14) with about 250 bytes
/// each.
pub const FILE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// The JSON schema of the file, for editors. [`read()`] checks more: names, expressions, limits that
/// depend on other values.
pub const SCHEMA: &str = include_str!("../contact-centre.schema.json");

/// The content of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct ContactCentre {
    /// The Workspace with its Activities, TaskQueues and Workflows. Without Readinesses, which are
    /// derived from the Workers.
    pub workspace: Workspace,
    /// The Workflows whose pending Tasks restart when the configuration changes (taskrouter.md
    /// section 2.7, `ReEvaluateTasks`).
    pub re_evaluate_tasks: BTreeSet<WorkflowSid>,
    /// The Workers, in the order of the file.
    pub workers: Vec<DeclaredWorker>,
    /// The number, the Workflow of its calls, and the menu.
    pub voice_settings: VoiceSettings,
    /// The flows of callers; `None`: callers hear the menu.
    pub voice_flows: Option<VoiceFlows>,
    /// The audio files of the flows.
    pub sounds: Vec<Sound>,
    /// Valid settings that are most likely mistakes, in the order of the file.
    pub warnings: Vec<Problem>,
    /// Name of the file in messages.
    pub file: String,
    /// Positions of the names of Activities, TaskQueues and Workflows.
    pub places: BTreeMap<PartId, Place>,
}

/// Reads a file. Problems name it `file_name`; every id is derived from `account_sid` and names.
///
/// Reports all problems, in the order of the file. Only invalid YAML hides further problems. No
/// `text` can cause a panic or a long run: size, depth, aliases and the number of problems are
/// limited.
pub fn read(
    text: &str,
    file_name: &str,
    account_sid: AccountSid,
) -> Result<ContactCentre, Vec<Problem>> {
    let no_files = |_: &str| Err("this configuration has no other files".to_owned());
    read_with_files(text, file_name, account_sid, &no_files)
}

/// The same with the files that the configuration names: lists of numbers, calendar files, audio
/// files. `files` returns the content of a file by its name; its error says why it cannot be read.
///
/// # Errors
/// All problems, as [`read()`].
pub fn read_with_files(
    text: &str,
    file_name: &str,
    account_sid: AccountSid,
    files: &dyn Fn(&str) -> Result<Vec<u8>, String>,
) -> Result<ContactCentre, Vec<Problem>> {
    let mut reader = Reader::new(text, file_name);
    if text.len() > FILE_BYTES_MAX {
        let message = format!(
            "expected at most {FILE_BYTES_MAX} bytes, got {}",
            text.len()
        );
        reader.problem(Place::START, message);
        return Err(reader.into_problems_and_warnings().0);
    }
    let contact_centre = match document::parse(text) {
        Ok(document) => contact_centre(&mut reader, &document, account_sid, files),
        Err((place, message)) => {
            reader.problem(place, message);
            None
        }
    };
    let (problems, warnings) = reader.into_problems_and_warnings();
    match contact_centre {
        Some(contact_centre) if problems.is_empty() => Ok(ContactCentre {
            warnings,
            ..contact_centre
        }),
        Some(_) | None => Err(problems),
    }
}

/// Reads the sections in the order of their references, and all of them, even after a problem.
fn contact_centre(
    reader: &mut Reader<'_>,
    document: &Node,
    account_sid: AccountSid,
    files: files::ReadFile<'_>,
) -> Option<ContactCentre> {
    let fields = reader.mapping(document, "the file", &voice_settings::SECTIONS)?;
    let base = reader
        .required(&fields, "workspace")
        .and_then(|node| workspace::read(reader, node, account_sid));
    // Without a Workspace there are no ids. Any ids suffice to find the other problems.
    let mut base = base.unwrap_or_else(|| workspace::Base::nameless(account_sid));
    let queue_names = task_queues::read(reader, &fields, &mut base.workspace);
    let workflows = workflows::read(reader, &fields, &mut base.workspace, &queue_names);
    let dialing = dialing::read(reader, &fields);
    let workers = workers::read(reader, &fields, &base, &dialing);
    let mut voice_settings = voice_settings::read(
        reader,
        &fields,
        &base,
        &queue_names,
        &workflows.names,
        dialing,
    );
    let calendars = calendars::read(reader, fields.get("calendars"), files);
    let lists = phone_lists::read(reader, fields.get("lists"), files);
    let voice_flows = voice_settings.as_mut().and_then(|settings| {
        let parts = flows::Parts {
            workspace: &base.workspace,
            task_queues: &queue_names,
            workflows: &workflows.names,
            workflow: Some(settings.workflow_sid),
            phone_number: Some(&settings.phone_number),
            menu: &settings.menu,
            calendars: &calendars,
            lists: &lists,
            files,
        };
        let (flows, sounds) = flows::read(reader, &fields, parts)?;
        let version = flows.version().map_err(|error| error.to_string());
        settings.flows = Some(reader.take(version, Place::START)?);
        Some((flows, sounds))
    });
    let (voice_flows, sounds) = voice_flows.unzip();
    Some(ContactCentre {
        workspace: base.workspace,
        re_evaluate_tasks: workflows.re_evaluate_tasks,
        workers,
        voice_settings: voice_settings?,
        voice_flows,
        sounds: sounds.unwrap_or_default(),
        warnings: Vec::new(),
        file: reader.file().to_owned(),
        places: reader.take_places(),
    })
}
