//! The Workers: those the file declares, and those it no longer does. Those it never did, made through the API, are none
//! of its business.

use std::collections::BTreeSet;

use ids::time::{Millis, Timestamp};
use ids::{ActivitySid, WorkerSid};
use store::{COMMIT_ATTEMPTS_MAX, Error, Store, WorkerChange};
use task_router::model::{Worker, Workspace};
use task_router::router::queue_membership_of;

use super::declaration::{Declaration, News, RETIRED};
use super::summary::{Kept, Reason, Summary, Thing};
use crate::DeclaredWorker;

/// Brings every Worker of the Workspace to what the file says.
pub(super) async fn apply(
    store: &Store,
    workspace: &Workspace,
    declared: &[DeclaredWorker],
    now: Timestamp,
    summary: &mut Summary,
) -> Result<(), Error> {
    let mut staff = WorkerSnapshot {
        store,
        workspace: workspace.clone(),
        now,
        summary,
    };
    for worker in declared {
        staff.apply(worker).await?;
        // Among Workers who never had a Task the oldest comes first: the order of the file.
        staff.now += Millis::from_millis(1);
    }
    let in_file: BTreeSet<WorkerSid> = declared.iter().map(|worker| worker.sid).collect();
    for sid in store.worker_sids(staff.workspace.sid).await? {
        if in_file.contains(&sid) {
            continue;
        }
        if store.declaration(sid).await?.is_some() {
            staff.retire(sid).await?;
        }
    }
    Ok(())
}

struct WorkerSnapshot<'a> {
    store: &'a Store,
    workspace: Workspace,
    now: Timestamp,
    summary: &'a mut Summary,
}

impl WorkerSnapshot<'_> {
    async fn apply(&mut self, declared: &DeclaredWorker) -> Result<(), Error> {
        let declaration = Declaration::of(declared);
        let news = declaration.news(self.store.declaration(declared.sid).await?.as_deref());
        if !news.any() && self.store.worker(declared.sid).await?.is_some() {
            return Ok(());
        }
        let (workspace, now) = (&self.workspace, self.now);
        let as_declared = |worker| with_news(worker, declared, news, now);
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
                self.know(&after).await?;
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
        // First the note: a Worker without one would count as made through the API.
        declaration.save(self.store, declared).await?;
        let mut worker = declared.to_worker(self.workspace.sid, self.now);
        worker.roster = queue_membership_of(&self.workspace, &worker);
        self.know(&worker).await?;
        match self.store.create_worker(&worker, &self.workspace).await {
            Ok(()) => self
                .summary
                .created
                .push(Thing::Worker(declared.friendly_name.clone())),
            // Somebody else applies the same file; what theirs differs in, the next start mends.
            Err(Error::Conflict) => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// A Worker who is no longer in the file goes, unless they have a Task or are offered one: then they get no other.
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
                // They were offered a Task just now: look again.
                Err(Error::Conflict) => {}
                Err(error) => return Err(error),
            }
        }
        Err(Error::Conflict)
    }

    async fn retire_later(&mut self, worker: &Worker) -> Result<(), Error> {
        let (workspace, now) = (&self.workspace, self.now);
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

    /// Makes a Worker's readiness known, so that no Task misses them.
    async fn know(&mut self, worker: &Worker) -> Result<(), Error> {
        let Some(readiness) = worker.readiness(&self.workspace) else {
            return Ok(());
        };
        if !self.workspace.boards.contains_key(&readiness.key()) {
            self.store
                .save_readiness(self.workspace.sid, &readiness)
                .await?;
            self.workspace.boards.insert(readiness.key(), readiness);
        }
        Ok(())
    }
}

/// The Worker with what the file says anew; everything else stays, open Reservations first of all.
fn with_news(worker: Worker, declared: &DeclaredWorker, news: News, now: Timestamp) -> Worker {
    let mut worker = worker;
    if news.skills {
        let fresh = declared.to_worker(worker.workspace_sid, now);
        worker.friendly_name = fresh.friendly_name;
        worker.attributes = fresh.attributes;
        for share in fresh.channels {
            worker.share_mut(share.channel).configured_capacity = share.configured_capacity;
        }
    }
    match news.activity {
        true => in_activity(worker, declared.activity_sid, now),
        false => worker,
    }
}

fn in_activity(worker: Worker, activity: ActivitySid, now: Timestamp) -> Worker {
    if worker.activity_sid == activity {
        worker
    } else {
        worker.in_activity(activity, now)
    }
}
