//! Applies the Workers: those the file declares, and those it no longer declares. Workers that the
//! API created are left alone.

use std::collections::BTreeSet;

use ids::time::{Millis, Timestamp};
use ids::{ActivitySid, WorkerSid};
use store::{COMMIT_ATTEMPTS_MAX, Error, Store, WorkerChange};
use task_router::model::{Worker, Workspace};
use task_router::router::queue_membership_of;

use super::declaration::{Changed, Declaration, RETIRED};
use super::summary::{Kept, Reason, Summary, Thing};
use crate::DeclaredWorker;

/// Updates every declared Worker, and deletes the Workers that the file no longer declares.
pub(super) async fn apply(
    store: &Store,
    workspace: &Workspace,
    declared: &[DeclaredWorker],
    now: Timestamp,
    summary: &mut Summary,
) -> Result<(), Error> {
    let mut writer = WorkerWriter {
        store,
        workspace: workspace.clone(),
        now,
        summary,
    };
    for worker in declared {
        writer.apply(worker).await?;
        // Among Workers who never had a Task the oldest is first: a millisecond keeps the order of
        // the file.
        writer.now += Millis::from_millis(1);
    }
    let in_file: BTreeSet<WorkerSid> = declared.iter().map(|worker| worker.sid).collect();
    for sid in store.worker_sids(writer.workspace.sid).await? {
        if in_file.contains(&sid) {
            continue;
        }
        if store.declaration(sid).await?.is_some() {
            writer.retire(sid).await?;
        }
    }
    Ok(())
}

struct WorkerWriter<'a> {
    store: &'a Store,
    workspace: Workspace,
    now: Timestamp,
    summary: &'a mut Summary,
}

impl WorkerWriter<'_> {
    async fn apply(&mut self, declared: &DeclaredWorker) -> Result<(), Error> {
        let declaration = Declaration::of(declared);
        let stored = self.store.declaration(declared.sid).await?;
        let changed = declaration.changed_since(stored.as_deref());
        if !changed.any() && self.store.worker(declared.sid).await?.is_some() {
            return Ok(());
        }
        let workspace = &self.workspace;
        let now = self.now;
        let as_declared = |worker| with_changes(worker, declared, changed, now);
        match self
            .store
            .change_worker(declared.sid, workspace, now, as_declared)
            .await?
        {
            WorkerChange::NoSuchWorker => return self.create(declared, &declaration).await,
            WorkerChange::Written { before, after } => {
                if (
                    &before.friendly_name,
                    &before.attributes,
                    &before.channels,
                    before.activity_sid,
                ) != (
                    &after.friendly_name,
                    &after.attributes,
                    &after.channels,
                    after.activity_sid,
                ) {
                    self.summary
                        .changed
                        .push(Thing::Worker(after.friendly_name.clone()));
                }
                self.save_readiness(&after).await?;
            }
            WorkerChange::Unchanged(_) => {}
        }
        declaration.save(self.store, declared).await
    }

    async fn create(
        &mut self,
        declared: &DeclaredWorker,
        declaration: &Declaration,
    ) -> Result<(), Error> {
        // The declaration first: a Worker without one would count as created through the API.
        declaration.save(self.store, declared).await?;
        let mut worker = declared.to_worker(self.workspace.sid, self.now);
        worker.queue_membership = queue_membership_of(&self.workspace, &worker);
        self.save_readiness(&worker).await?;
        match self.store.create_worker(&worker, &self.workspace).await {
            Ok(()) => self
                .summary
                .created
                .push(Thing::Worker(declared.friendly_name.clone())),
            // A concurrent apply of the same file created the Worker. The next apply repairs any
            // difference.
            Err(Error::Conflict) => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Deletes a Worker who is no longer in the file. A Worker who has a Task, or is offered one,
    /// is made unavailable instead.
    async fn retire(&mut self, sid: WorkerSid) -> Result<(), Error> {
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            let Some(worker) = self.store.worker(sid).await? else {
                return self.store.save_declaration(sid, None).await;
            };
            if !worker.open_reservations.is_empty() {
                return self.retire_later(&worker).await;
            }
            match self.store.delete_worker(&worker).await {
                Ok(()) => {
                    self.summary
                        .removed
                        .push(Thing::Worker(worker.friendly_name));
                    return self.store.save_declaration(sid, None).await;
                }
                // The Worker was offered a Task at the same moment: read it again.
                Err(Error::Conflict) => {}
                Err(error) => return Err(error),
            }
        }
        Err(Error::Conflict)
    }

    async fn retire_later(&mut self, worker: &Worker) -> Result<(), Error> {
        let workspace = &self.workspace;
        let now = self.now;
        let off_duty = |worker| in_activity(worker, workspace.default_activity_sid, now);
        self.store
            .change_worker(worker.sid, workspace, now, off_duty)
            .await?;
        let thing = Thing::Worker(worker.friendly_name.clone());
        self.summary.kept.push(Kept {
            thing,
            reason: Reason::OpenReservation,
        });
        self.store.save_declaration(worker.sid, Some(RETIRED)).await
    }

    /// Stores a new Readiness of the Worker with the Workspace, so that every Task searches its
    /// ready list.
    async fn save_readiness(&mut self, worker: &Worker) -> Result<(), Error> {
        let Some(readiness) = worker.readiness(&self.workspace) else {
            return Ok(());
        };
        if !self.workspace.ready_lists.contains_key(&readiness.key()) {
            self.store
                .save_readiness(self.workspace.sid, &readiness)
                .await?;
            self.workspace
                .ready_lists
                .insert(readiness.key(), readiness);
        }
        Ok(())
    }
}

/// The Worker with the changed parts of the declaration. Everything else is kept, above all open
/// Reservations.
pub(crate) fn with_changes(
    worker: Worker,
    declared: &DeclaredWorker,
    changed: Changed,
    now: Timestamp,
) -> Worker {
    let mut worker = worker;
    if changed.skills {
        let fresh = declared.to_worker(worker.workspace_sid, now);
        worker.friendly_name = fresh.friendly_name;
        worker.attributes = fresh.attributes;
        for share in fresh.channels {
            worker.share_mut(share.channel).configured_capacity = share.configured_capacity;
        }
    }
    if changed.activity {
        in_activity(worker, declared.activity_sid, now)
    } else {
        worker
    }
}

fn in_activity(worker: Worker, activity: ActivitySid, now: Timestamp) -> Worker {
    if worker.activity_sid == activity {
        worker
    } else {
        worker.in_activity(activity, now)
    }
}
