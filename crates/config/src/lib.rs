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
mod checking;
mod dialing;
mod document;
mod event_types;
mod names;
mod outline;
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

pub use apply::{ApplyError, Kept, Reason, Summary, Thing, apply};
pub use checking::{CheckedFile, PlacedFinding, check_files};
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
        Ok(document) => contact_centre(&mut reader, &document, account_sid),
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
    let voice_settings = voice_settings::read(
        reader,
        &fields,
        &base,
        &queue_names,
        &workflows.names,
        dialing,
    );
    Some(ContactCentre {
        workspace: base.workspace,
        re_evaluate_tasks: workflows.re_evaluate_tasks,
        workers,
        voice_settings: voice_settings?,
        warnings: Vec::new(),
        file: reader.file().to_owned(),
        places: reader.take_places(),
    })
}
