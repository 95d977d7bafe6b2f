//! Reads a contact centre from the table, for a plan or an export. Writes nothing.

use futures_util::{StreamExt, TryStreamExt, stream};
use ids::time::Timestamp;
use ids::{TaskSid, WorkspaceSid};
use store::{Error, Reading, Store};
use task_router::model::{Task, Worker};

use crate::export::{Exported, export};
use crate::plan::{Current, CurrentWorker};

/// Most active Tasks that are read: some 40 MB. With more, the effects of a plan are those for these.
const TASKS_READ_MAX: usize = 20_000;

/// Tasks and Workers that are read with one call.
const BATCH: usize = 500;

/// Declarations that are read at the same time: as many as the table's client keeps connections for.
const READS_AT_ONCE: usize = 32;

/// Why there is no Workspace to export.
#[derive(Debug, thiserror::Error)]
pub enum ChooseError {
    /// The table fails.
    #[error(transparent)]
    Store(#[from] Error),
    /// There is no Workspace.
    #[error("there is no Workspace")]
    None,
    /// No Workspace has this name or SID.
    #[error("there is no Workspace \"{wanted}\"; there are {known}")]
    Unknown {
        /// The name or SID.
        wanted: String,
        /// The names that exist.
        known: String,
    },
    /// There are several, and none of them is that of calls.
    #[error("there are several Workspaces, {0}; choose one with --workspace")]
    Several(String),
}

/// The Workspace with this name or SID; without one that of calls, or the only one.
///
/// # Errors
/// There is no such Workspace, or the table fails.
pub async fn choose_workspace(
    store: &Store,
    wanted: Option<&str>,
    now: Timestamp,
) -> Result<WorkspaceSid, ChooseError> {
    let mut known = Vec::new();
    for sid in store.workspace_sids().await? {
        if let Some(workspace) = store.workspace(sid, now).await? {
            known.push((sid, workspace.friendly_name.clone()));
        }
    }
    let names: Vec<String> = known
        .iter()
        .map(|(_, name)| format!("\"{name}\""))
        .collect();
    let names = names.join(", ");
    if let Some(wanted) = wanted {
        let found = known
            .iter()
            .find(|(sid, name)| name == wanted || sid.to_string() == wanted);
        return found.map(|(sid, _)| *sid).ok_or(ChooseError::Unknown {
            wanted: wanted.to_owned(),
            known: names,
        });
    }
    let of_calls = store.voice_settings(now).await?;
    let of_calls = of_calls.map(|settings| settings.workspace_sid);
    match known.as_slice() {
        [] => Err(ChooseError::None),
        [(only, _)] => Ok(*only),
        several => several
            .iter()
            .map(|(sid, _)| *sid)
            .find(|sid| Some(*sid) == of_calls)
            .ok_or(ChooseError::Several(names)),
    }
}

/// A Workspace as a file. The telephone side is in it if it leads to this Workspace.
pub fn export_current(current: &Current) -> Option<Exported> {
    let workspace = current.workspace.as_ref()?;
    let workers = current.declared_workers(workspace);
    let mut content = current.content(workspace, &workers);
    content.voice_settings = content
        .voice_settings
        .filter(|settings| settings.workspace_sid == workspace.sid);
    Some(export(content))
}

/// What the table has about a Workspace, as of `now`.
///
/// # Errors
/// The table fails.
pub async fn read_current(
    store: &Store,
    workspace: WorkspaceSid,
    now: Timestamp,
) -> Result<Current, Error> {
    let voice_settings = store.voice_settings(now).await?;
    let version = voice_settings.as_ref().and_then(|one| one.flows.clone());
    let voice_flows = match version {
        Some(version) => store.voice_flows(&version).await?,
        None => None,
    };
    let stored = store.fresh_workspace(workspace, now).await?;
    let (tasks, has_all_tasks) = active_tasks(store, workspace).await?;
    Ok(Current {
        workspace: stored.map(|stored| (*stored).clone()),
        workers: workers(store, workspace).await?,
        voice_settings: voice_settings.map(|settings| (*settings).clone()),
        voice_flows: voice_flows.map(|flows| (*flows).clone()),
        tasks,
        has_all_tasks,
    })
}

async fn workers(store: &Store, workspace: WorkspaceSid) -> Result<Vec<CurrentWorker>, Error> {
    let sids = store.worker_sids(workspace).await?;
    let mut workers: Vec<Worker> = Vec::new();
    for batch in sids.chunks(BATCH) {
        workers.extend(store.workers(batch).await?);
    }
    let with_declaration = async |worker: Worker| {
        let declaration = store.declaration(worker.sid).await?;
        Ok::<_, Error>(CurrentWorker {
            worker,
            declaration,
        })
    };
    stream::iter(workers)
        .map(with_declaration)
        .buffered(READS_AT_ONCE)
        .try_collect()
        .await
}

/// The active Tasks, and whether they are all.
async fn active_tasks(store: &Store, workspace: WorkspaceSid) -> Result<(Vec<Task>, bool), Error> {
    let mut tasks = Vec::new();
    let mut next = Some(Reading::Forward(None));
    while let Some(reading) = next {
        let page = store.listed_tasks(workspace, &reading, BATCH).await?;
        let sids: Vec<TaskSid> = page.sids();
        let read = store.tasks(&sids).await?;
        tasks.extend(
            read.into_iter()
                .filter(|task| !task.assignment_status.is_end()),
        );
        if tasks.len() >= TASKS_READ_MAX {
            return Ok((tasks, false));
        }
        next = reading.after(&page);
    }
    Ok((tasks, true))
}
