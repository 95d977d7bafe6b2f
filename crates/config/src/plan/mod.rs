//! The plan of an apply: what it would change, and which waiting Tasks and Workers it affects. No IO:
//! [`Current`] is what was read.
//!
//! [`plan`] calls the functions that decide in [`crate::apply()`], and describes the contact centre
//! before and after as files. The [`difference`] of the two files is the plan.

mod align;
mod difference;
mod effects;
mod file;
mod text;

use std::collections::{BTreeMap, BTreeSet};

use ids::WorkerSid;
use ids::time::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use shared::voice_settings::VoiceSettings;
use store::PartsInUse;
use task_router::model::{Task, Worker, Workspace};
use voice_flows::VoiceFlows;

use crate::apply::declaration::{Declaration, RETIRED};
use crate::apply::{ApplyError, names, workers, workspace};
use crate::export::tree::Tree;
use crate::export::{Content, describe};
use crate::{ContactCentre, DeclaredWorker, Kept, Reason, Thing};

pub use difference::{Change, PartChange, Setting, difference};
pub use effects::Effect;
pub use file::{ConfigurationFiles, PlanFile, PlanFileError};
pub use text::{Line, Mark, lines};

/// A contact centre as it is stored.
#[derive(Debug, Clone, Default)]
pub struct Current {
    /// The Workspace. `None`: it does not exist.
    pub workspace: Option<Workspace>,
    /// Its Workers, oldest first.
    pub workers: Vec<CurrentWorker>,
    /// The telephone side of the account.
    pub voice_settings: Option<VoiceSettings>,
    /// The flows of new calls.
    pub voice_flows: Option<VoiceFlows>,
    /// The active Tasks of the Workspace.
    pub tasks: Vec<Task>,
    /// Whether these are all of them.
    pub has_all_tasks: bool,
}

/// A stored Worker.
#[derive(Debug, Clone)]
pub struct CurrentWorker {
    /// The Worker.
    pub worker: Worker,
    /// The digest of what a file last declared. `None`: the API created the Worker.
    pub declaration: Option<String>,
}

/// What an apply would do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The contact centre that the plan is made for.
    pub against: Fingerprint,
    /// The parts that would change.
    pub changes: Vec<PartChange>,
    /// What would follow for waiting Tasks and for Workers.
    pub effects: Vec<Effect>,
    /// Parts that the file does not declare and that would be kept, with the reason.
    pub kept: Vec<String>,
    /// What the plan does not know.
    pub notes: Vec<String>,
}

/// A digest of a contact centre's configuration. Activities of Workers and waiting Tasks, which change
/// all the time, are no part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(pub String);

impl Plan {
    /// Whether an apply would change nothing.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }
}

/// The plan of applying a file to what is there, as of `now`.
///
/// # Errors
/// [`ApplyError::NamesTaken`]: the API has created parts with names that the file declares.
pub fn plan(current: &Current, wanted: &ContactCentre, now: Timestamp) -> Result<Plan, ApplyError> {
    let before = current.workspace.as_ref();
    if let Some(before) = before {
        names::check(wanted, before)?;
    }
    let used = before.map_or_else(PartsInUse::default, |before| {
        PartsInUse::of(before, &current.tasks)
    });
    let (target, mut kept) = workspace::target(wanted, before, &used);
    let planned = plan_workers(current, wanted, &target, now);
    kept.extend(planned.kept.iter().cloned());
    let declared: Vec<DeclaredWorker> = planned
        .after
        .iter()
        .map(|worker| DeclaredWorker::of(worker, &target))
        .collect();
    let after = describe(Content {
        workspace: &target,
        workers: &declared,
        voice_settings: Some(&wanted.voice_settings),
        voice_flows: wanted.voice_flows.as_ref(),
        re_evaluate_tasks: &BTreeSet::new(),
    });
    let described = current.describe();
    let mut notes = Vec::new();
    if !current.has_all_tasks {
        notes.push(format!(
            "only the first {} active Tasks were read",
            current.tasks.len()
        ));
    }
    let changes = difference(&described, &after);
    Ok(Plan {
        against: current.fingerprint(),
        effects: effects::effects(current, &target, &planned.after, &changes, now),
        changes,
        kept: kept.iter().map(ToString::to_string).collect(),
        notes,
    })
}

/// The difference of two files.
pub fn compare(before: &ContactCentre, after: &ContactCentre) -> Vec<PartChange> {
    difference(&describe(before.content()), &describe(after.content()))
}

impl Current {
    /// The contact centre as a file; empty if there is none.
    pub fn describe(&self) -> Tree {
        let Some(workspace) = &self.workspace else {
            return Tree::Map(Vec::new());
        };
        let workers = self.declared_workers(workspace);
        describe(self.content(workspace, &workers))
    }

    /// The content, with Workers from [`declared_workers`](Self::declared_workers).
    pub fn content<'a>(
        &'a self,
        workspace: &'a Workspace,
        workers: &'a [DeclaredWorker],
    ) -> Content<'a> {
        static NONE: BTreeSet<ids::WorkflowSid> = BTreeSet::new();
        Content {
            workspace,
            workers,
            voice_settings: self.voice_settings.as_ref(),
            voice_flows: self.voice_flows.as_ref(),
            re_evaluate_tasks: &NONE,
        }
    }

    /// The Workers as a file declares them.
    pub fn declared_workers(&self, workspace: &Workspace) -> Vec<DeclaredWorker> {
        let workers = self.workers.iter();
        workers
            .map(|current| DeclaredWorker::of(&current.worker, workspace))
            .collect()
    }

    /// The part of the file that only changes of the configuration change: without the Activities of
    /// Workers.
    pub fn describe_steady(&self) -> Tree {
        let Some(workspace) = &self.workspace else {
            return self.describe();
        };
        let mut workers = self.declared_workers(workspace);
        for worker in &mut workers {
            worker.activity_sid = workspace.default_activity_sid;
        }
        describe(self.content(workspace, &workers))
    }

    /// The fingerprint of what is there.
    pub fn fingerprint(&self) -> Fingerprint {
        // A file always has a JSON form.
        let json = serde_json::to_vec(&self.describe_steady()).unwrap_or_default();
        let digest = Sha256::digest(&json);
        Fingerprint(digest.iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

/// The Workers after the apply.
struct PlannedWorkers {
    after: Vec<Worker>,
    kept: Vec<Kept>,
}

/// The same decisions as [`crate::apply()`] takes, Worker by Worker.
fn plan_workers(
    current: &Current,
    wanted: &ContactCentre,
    target: &Workspace,
    now: Timestamp,
) -> PlannedWorkers {
    let mut planned = PlannedWorkers {
        after: Vec::new(),
        kept: Vec::new(),
    };
    let declared: BTreeMap<WorkerSid, &DeclaredWorker> = wanted
        .workers
        .iter()
        .map(|declared| (declared.sid, declared))
        .collect();
    for CurrentWorker {
        worker,
        declaration,
    } in &current.workers
    {
        match (declared.get(&worker.sid), declaration) {
            (Some(declared), declaration) => {
                let changed = Declaration::of(declared).changed_since(declaration.as_deref());
                let after = workers::with_changes(worker.clone(), declared, changed, now);
                planned.after.push(after);
            }
            (None, None) => planned.after.push(worker.clone()),
            (None, Some(_)) if worker.open_reservations.is_empty() => {}
            (None, Some(declaration)) => {
                planned.after.push(worker.clone());
                if declaration != RETIRED {
                    planned.kept.push(Kept {
                        thing: Thing::Worker(worker.friendly_name.clone()),
                        reason: Reason::OpenReservation,
                    });
                }
            }
        }
    }
    let known: BTreeSet<WorkerSid> = current.workers.iter().map(|one| one.worker.sid).collect();
    let new = wanted
        .workers
        .iter()
        .filter(|declared| !known.contains(&declared.sid));
    planned
        .after
        .extend(new.map(|declared| declared.to_worker(target.sid, now)));
    planned
}
