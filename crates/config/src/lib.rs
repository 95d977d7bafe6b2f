//! The set-up as a file: `contact-centre.yaml` read into TaskRouter's nouns, and written to the table.
//!
//! Reading order: [`ContactCentre`] (what a file says), [`read`] (text in, problems or a [`ContactCentre`] out; no IO),
//! [`apply`] (what differs is written, what does not is kept, live calls included).
//!
//! Names are for the file, ids for the table. An id is derived from the names on its way (account, Workspace, part), so
//! reading a file again names the same things, and renaming a part makes another one.

mod apply;
mod centre;
mod document;
mod event_types;
mod names;
mod problem;
mod reader;
mod sids;
mod targets;
mod task_channels;
mod task_queues;
mod urls;
mod workers;
mod workflows;
mod workspace;

use std::collections::{BTreeMap, BTreeSet};

use ids::{AccountSid, WorkflowSid};
use shared::voice_settings::VoiceSettings;
use task_router::model::{PartId, Workspace};

pub use apply::{ApplyError, Kept, Reason, Summary, Thing, apply};
pub use problem::{Place, Problem};
pub use workers::DeclaredWorker;

use document::Node;
use reader::Reader;

/// Bytes a file may have: 15,000 Workers (taskrouter.md section 14) with some 250 bytes each.
pub const FILE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Everything a file says.
#[derive(Debug, Clone, PartialEq)]
pub struct ContactCentre {
    /// The Workspace with its Activities, TaskQueues and Workflows; without readinesses, which follow from the Workers.
    pub workspace: Workspace,
    /// The Workflows whose pending Tasks start anew when the configuration changes (taskrouter.md section 2.7,
    /// `ReEvaluateTasks`).
    pub re_evaluate_tasks: BTreeSet<WorkflowSid>,
    /// The Workers, in the order of the file.
    pub workers: Vec<DeclaredWorker>,
    /// The number, the Workflow behind it, and the menu.
    pub centre: VoiceSettings,
    /// What is allowed and most likely a mistake, in the order of the file.
    pub warnings: Vec<Problem>,
    /// What the file is called.
    pub file: String,
    /// Where its Activities, TaskQueues and Workflows have their names.
    pub places: BTreeMap<PartId, Place>,
}

/// Reads a file. `file_name` is what problems call it; every id is derived from `account_sid` and names.
///
/// Reports all problems there are, in the order of the file; only broken YAML hides what else is wrong. Nothing in `text`
/// can make it panic or take long: size, depth, aliases and the number of problems have their limits.
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

/// Sections are read in the order in which they refer to one another, and all of them even if one is wrong.
fn contact_centre(
    reader: &mut Reader<'_>,
    document: &Node,
    account_sid: AccountSid,
) -> Option<ContactCentre> {
    let fields = reader.mapping(document, "the file", &centre::SECTIONS)?;
    let base = reader
        .required(&fields, "workspace")
        .and_then(|node| workspace::read(reader, node, account_sid));
    // Without a Workspace there are no ids; any will do to find the other problems.
    let mut base = base.unwrap_or_else(|| workspace::Base::nameless(account_sid));
    let queue_names = task_queues::read(reader, &fields, &mut base.workspace);
    let workflows = workflows::read(reader, &fields, &mut base.workspace, &queue_names);
    let workers = workers::read(reader, &fields, &base);
    let centre = centre::read(reader, &fields, &base, &workflows.names);
    Some(ContactCentre {
        workspace: base.workspace,
        re_evaluate_tasks: workflows.re_evaluate_tasks,
        workers,
        centre: centre?,
        warnings: Vec::new(),
        file: reader.file().to_owned(),
        places: reader.take_places(),
    })
}
