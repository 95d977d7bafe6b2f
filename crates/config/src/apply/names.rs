//! Name conflicts: a name that the file declares and that the API has given to another part. The
//! API's filters and the console find parts by name, and could not tell the two apart.

use task_router::model::{PartId, Workspace};

use crate::ContactCentre;
use crate::problem::{Place, Problem};

/// Why a configuration could not be applied.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The table failed, or the contention with other writers persisted.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The API has created parts with the same names. Nothing was written. In the order of the
    /// file.
    #[error("{}", lines(.0))]
    NamesTaken(Vec<Problem>),
}

/// Looks for parts of `before` that the API created and whose name the file declares for another
/// part.
pub(crate) fn check(contact_centre: &ContactCentre, before: &Workspace) -> Result<(), ApplyError> {
    let declared = &contact_centre.workspace;
    let mut problems = Vec::new();
    for (part, kind, name) in
        named(before).filter(|(part, ..)| !before.ledger.declared.contains(part))
    {
        let same = named(declared)
            .find(|(other, of_kind, its)| (*of_kind, *its) == (kind, name) && *other != part);
        let Some((other, ..)) = same else { continue };
        let message = format!(
            "the {kind} \"{name}\" already exists, created through the API as {}; give this one another name, or rename or delete that one",
            sid_of(part)
        );
        let place = contact_centre
            .places
            .get(&other)
            .copied()
            .unwrap_or(Place::START);
        problems.push(Problem {
            file: contact_centre.file.clone(),
            place,
            message,
        });
    }
    problems.sort();
    if problems.is_empty() {
        Ok(())
    } else {
        Err(ApplyError::NamesTaken(problems))
    }
}

/// Every part that has a friendly name: id, kind, name.
fn named(workspace: &Workspace) -> impl Iterator<Item = (PartId, &'static str, &str)> {
    let activity = |sid, name| (PartId::Activity(sid), "activity", name);
    let queue = |sid, name| (PartId::TaskQueue(sid), "task queue", name);
    let workflow = |sid, name| (PartId::Workflow(sid), "workflow", name);
    let activities = workspace
        .activities
        .values()
        .map(move |part| activity(part.sid, part.friendly_name.as_str()));
    let queues = workspace
        .task_queues
        .values()
        .map(move |part| queue(part.sid, part.friendly_name.as_str()));
    let workflows = workspace
        .workflows
        .values()
        .map(move |part| workflow(part.sid, part.friendly_name.as_str()));
    activities.chain(queues).chain(workflows)
}

fn sid_of(part: PartId) -> String {
    match part {
        PartId::Activity(sid) => sid.to_string(),
        PartId::TaskQueue(sid) => sid.to_string(),
        PartId::Workflow(sid) => sid.to_string(),
        PartId::TaskChannel(name) => name.to_string(),
        PartId::Workspace => "the Workspace".to_owned(),
    }
}

fn lines(problems: &[Problem]) -> String {
    problems
        .iter()
        .map(Problem::to_string)
        .collect::<Vec<_>>()
        .join("\n")
}
