//! Writes of configuration: the parts that differ, on condition that no configuration was written
//! since it was read.
//!
//! A Workspace has one revision, an item that sorts before its parts and is therefore read before
//! them. Every write of configuration raises the revision in the same transaction. So a writer
//! whose transaction succeeds has read everything that is stored: two writers never take the same
//! name, none undoes the other's change, and a part without references has none when it is deleted.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::{Delete, Put, TransactWriteItem};
use ids::time::{Millis, Timestamp};
use ids::{WorkflowSid, WorkspaceSid};
use serde::{Deserialize, Serialize};
use task_router::model::{ChannelUse, Dates, PartId, TaskChannelName, Workspace};
use vocabulary::TASK_TIMEOUT_MAX_SECS;

use super::{Superseded, WorkspaceFields, ledger};
use crate::attributes::{self, Kind};
use crate::items::{self, Item, number};
use crate::keys::{self, Key, Part};
use crate::store::build_error;
use crate::{COMMIT_ATTEMPTS_MAX, Error, Store, back_off, chunked_configuration};

/// How long a superseded configuration is kept: the longest time a Task may wait, and a day as a
/// margin (taskrouter.md section 14).
const TASK_LIFE_MAX: Millis = Millis::from_secs(TASK_TIMEOUT_MAX_SECS as u64 + 86_400);

/// The most weight of one transaction. DynamoDB's limits are 100 items and 4 MB; one item is the
/// revision.
const WEIGHT_MAX: usize = 99;

/// The weight of a Workflow, which may have 350 KB; other parts have some kilobytes. Ten of them
/// fit into a transaction.
const WORKFLOW_WEIGHT: usize = 10;

/// The item of the revision.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Revision {
    pub revision: u64,
    /// The Workspace was deleted, and its content is being deleted.
    #[serde(default)]
    pub removed: bool,
}

/// One write, and its share of a transaction's limits.
struct Write {
    weight: usize,
    item: TransactWriteItem,
}

impl Store {
    /// Brings a Workspace from `before`, as it was read, to `after`; without `before` it is new.
    ///
    /// Writes the parts that differ or are newly declared, and deletes those that are not in
    /// `after`. Readinesses are left alone, because they are hints. A superseded configuration is
    /// kept for as long as a Task may live. Of the ledger of `after` only the declarations, and the
    /// places of new parts, are used; the rest is computed.
    ///
    /// Some dozens of parts are one transaction, which is written as a whole or not at all. More
    /// parts, as a file of configuration may have, are several transactions. After an interruption
    /// between them, the same call completes the rest.
    ///
    /// Returns the Workspace as stored. [`Error::Conflict`]: another writer wrote since `before`
    /// was read.
    pub async fn replace_workspace(
        &self,
        before: Option<&Workspace>,
        after: &Workspace,
        now: Timestamp,
    ) -> Result<Workspace, Error> {
        let mut saved = after.clone();
        saved.ledger = before
            .map(|before| before.ledger.clone())
            .unwrap_or_default();
        if before.is_none() {
            saved.ledger.revision = self.revision_of_none(after).await?;
        }
        saved.ledger.declared = after.ledger.declared.clone();
        let new_places = after.ledger.places.iter();
        let new_places = new_places.filter(|(part, _)| !saved.ledger.dates.contains_key(part));
        let new_places: Vec<_> = new_places.map(|(part, place)| (*part, *place)).collect();
        saved.ledger.places.extend(new_places);
        // No process reads these pieces before the row that points to them is written.
        for piece in new_pieces(before, &saved)? {
            self.put(piece).await?;
        }
        let writes = self.writes(before, &mut saved, now)?;
        for group in grouped(writes) {
            let raised = Revision {
                revision: saved.ledger.revision + 1,
                removed: false,
            };
            let raised = self.put_revision(after.sid, &raised, None)?;
            self.forget_workspace(after.sid).await;
            self.transact([raised].into_iter().chain(group).collect())
                .await?;
            saved.ledger.revision += 1;
        }
        self.forget_workspace(after.sid).await;
        if let Some(before) = before {
            for piece in chunked_configuration::retired(before, &saved, now + TASK_LIFE_MAX)? {
                self.put(piece).await?;
            }
        }
        Ok(saved)
    }

    /// Puts a TaskChannel to use, so that free Workers are listed for its Tasks. The backfill of that
    /// change lists them. Idempotent.
    ///
    /// # Errors
    /// [`Error::Conflict`] after [`COMMIT_ATTEMPTS_MAX`] conflicts with other writers.
    pub async fn use_channel(
        &self,
        workspace: WorkspaceSid,
        channel: TaskChannelName,
        now: Timestamp,
    ) -> Result<(), Error> {
        for attempt in 1..=COMMIT_ATTEMPTS_MAX {
            let Some(before) = self.fresh_workspace(workspace, now).await? else {
                return Ok(());
            };
            let mut after = Workspace::clone(&before);
            match after.task_channels.get_mut(&channel) {
                Some(known) if known.usage == ChannelUse::Unused => known.usage = ChannelUse::Used,
                Some(_) | None => return Ok(()),
            }
            match self.replace_workspace(Some(&before), &after, now).await {
                Ok(_) => return Ok(()),
                Err(Error::Conflict) => back_off(attempt).await,
                Err(error) => return Err(error),
            }
        }
        Err(Error::Conflict)
    }

    /// Replaces the stored Workspace, whatever it is.
    pub async fn save_workspace(&self, workspace: &Workspace, now: Timestamp) -> Result<(), Error> {
        let before = self.fresh_workspace(workspace.sid, now).await?;
        self.replace_workspace(before.as_deref(), workspace, now)
            .await
            .map(drop)
    }

    /// The first revision of a new Workspace: 0, or that of an interrupted writer.
    async fn revision_of_none(&self, workspace: &Workspace) -> Result<u64, Error> {
        let revision: Revision = self
            .get(&Key::revision(workspace.sid))
            .await?
            .unwrap_or_default();
        // The deletion that is still running would delete the new Workspace's content.
        if revision.removed {
            Err(Error::Conflict)
        } else {
            Ok(revision.revision)
        }
    }

    /// The write of the next revision, on condition that the stored one is the revision before it.
    pub(crate) fn put_revision(
        &self,
        workspace: WorkspaceSid,
        next: &Revision,
        listed: Option<(String, String)>,
    ) -> Result<TransactWriteItem, Error> {
        let mut item = items::with_key(next, &Key::revision(workspace))?;
        if let Some((listing, sort_key)) = listed {
            items::put_listing(&mut item, listing, sort_key);
        }
        let put = Put::builder().table_name(&*self.table).set_item(Some(item));
        let put = match next.revision {
            1 => put.condition_expression(format!("attribute_not_exists({})", keys::PK)),
            next => put
                .condition_expression("#revision = :read")
                .expression_attribute_names("#revision", ledger::REVISION)
                .expression_attribute_values(":read", number(next.saturating_sub(1))),
        };
        Ok(TransactWriteItem::builder()
            .put(put.build().map_err(build_error)?)
            .build())
    }

    /// The writes of a change: the parts, then the Workspace's own fields, then the deletions.
    /// Records the dates in `after`.
    fn writes(
        &self,
        before: Option<&Workspace>,
        after: &mut Workspace,
        now: Timestamp,
    ) -> Result<Vec<Write>, Error> {
        let mut writes = Vec::new();
        for row in superseded_rows(after, before, now)? {
            writes.push(Write {
                weight: WORKFLOW_WEIGHT,
                item: self.put_row(row)?,
            });
        }
        let changed: Vec<PartId> = after
            .parts()
            .filter(|part| !is_unchanged(before, after, *part))
            .collect();
        for part in changed {
            let dates = Dates {
                date_created: now,
                date_updated: now,
            };
            let dates = after.ledger.dates.get(&part).map_or(dates, |known| Dates {
                date_updated: now,
                ..*known
            });
            after.ledger.dates.insert(part, dates);
            let Some(row) = row_of(after, part, dates)? else {
                continue;
            };
            writes.push(Write {
                weight: weight(part),
                item: self.set_row(part, row)?,
            });
        }
        if let Some(before) = before {
            for key in deleted_keys(before, after) {
                writes.push(Write {
                    weight: 1,
                    item: self.delete_row(&key)?,
                });
            }
        }
        let parts: BTreeSet<PartId> = after.parts().collect();
        after.ledger.dates.retain(|part, _| parts.contains(part));
        after.ledger.declared.retain(|part| parts.contains(part));
        after.ledger.places.retain(|part, _| parts.contains(part));
        Ok(writes)
    }

    fn put_row(&self, row: Item) -> Result<TransactWriteItem, Error> {
        let put = Put::builder()
            .table_name(&*self.table)
            .set_item(Some(row))
            .build()
            .map_err(build_error)?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    /// The write of a part that may exist, which leaves alone what a newer version has added.
    fn set_row(&self, part: PartId, mut row: Item) -> Result<TransactWriteItem, Error> {
        let kind = match part {
            PartId::Activity(_) => Kind::Activity,
            PartId::TaskQueue(_) => Kind::TaskQueue,
            PartId::TaskChannel(_) => Kind::TaskChannel,
            PartId::Workflow(_) => Kind::Workflow,
            PartId::Workspace => Kind::Workspace,
        };
        attributes::put_format(&mut row);
        let update = attributes::built(attributes::set(&self.table, kind, row))?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    pub(crate) fn delete_row(&self, key: &Key) -> Result<TransactWriteItem, Error> {
        let delete = Delete::builder()
            .table_name(&*self.table)
            .set_key(Some(items::key_attributes(key)));
        Ok(TransactWriteItem::builder()
            .delete(delete.build().map_err(build_error)?)
            .build())
    }
}

/// The pieces of every chunked configuration that is new or changed.
fn new_pieces(before: Option<&Workspace>, after: &Workspace) -> Result<Vec<Item>, Error> {
    let mut new = Vec::new();
    for workflow in after.workflows.values() {
        let known = before.and_then(|before| before.workflows.get(&workflow.sid));
        if known.is_none_or(|known| known.configuration != workflow.configuration) {
            new.extend(chunked_configuration::of(workflow)?);
        }
    }
    Ok(new)
}

/// Whether nothing has to be written: neither the part nor its declaration changed.
fn is_unchanged(before: Option<&Workspace>, after: &Workspace, part: PartId) -> bool {
    let Some(before) = before else { return false };
    let same = match part {
        PartId::Activity(sid) => before.activities.get(&sid) == after.activities.get(&sid),
        PartId::TaskQueue(sid) => before.task_queues.get(&sid) == after.task_queues.get(&sid),
        PartId::TaskChannel(name) => {
            before.task_channels.get(&name) == after.task_channels.get(&name)
        }
        PartId::Workflow(sid) => before.workflows.get(&sid) == after.workflows.get(&sid),
        PartId::Workspace => WorkspaceFields::of(before) == WorkspaceFields::of(after),
    };
    same && before.ledger.declared.contains(&part) == after.ledger.declared.contains(&part)
}

/// The item of a part; `None` if the Workspace has no such part.
fn row_of(workspace: &Workspace, part: PartId, dates: Dates) -> Result<Option<Item>, Error> {
    let key = Key::configuration(workspace.sid, part);
    let item = match part {
        PartId::Activity(sid) => workspace
            .activities
            .get(&sid)
            .map(|part| items::with_key(part, &key)),
        PartId::TaskQueue(sid) => workspace
            .task_queues
            .get(&sid)
            .map(|part| items::with_key(part, &key)),
        PartId::TaskChannel(name) => workspace
            .task_channels
            .get(&name)
            .map(|part| items::with_key(part, &key)),
        PartId::Workflow(sid) => workspace
            .workflows
            .get(&sid)
            .map(|part| items::with_key(part, &key)),
        PartId::Workspace => Some(items::with_key(&WorkspaceFields::of(workspace), &key)),
    };
    let Some(mut item) = item.transpose()? else {
        return Ok(None);
    };
    if let PartId::Workflow(sid) = part
        && let Some(workflow) = workspace.workflows.get(&sid)
    {
        item = chunked_configuration::taken_out(
            item,
            (sid, workflow.version),
            &workflow.configuration,
        )?;
    }
    ledger::write(&mut item, part, dates, &workspace.ledger);
    if part == PartId::Workspace {
        items::put_listing(
            &mut item,
            keys::workspace_listing(),
            keys::listing_sk(dates.date_created, workspace.sid.text().as_str()),
        );
    }
    Ok(Some(item))
}

fn weight(part: PartId) -> usize {
    match part {
        PartId::Workflow(_) => WORKFLOW_WEIGHT,
        PartId::Activity(_) | PartId::TaskQueue(_) | PartId::TaskChannel(_) | PartId::Workspace => {
            1
        }
    }
}

/// The writes in their order, grouped into transactions.
fn grouped(writes: Vec<Write>) -> Vec<Vec<TransactWriteItem>> {
    let mut groups = Vec::<Vec<TransactWriteItem>>::new();
    let mut carried = WEIGHT_MAX;
    for write in writes {
        carried += write.weight;
        match groups.last_mut() {
            Some(group) if carried <= WEIGHT_MAX => group.push(write.item),
            Some(_) | None => {
                carried = write.weight;
                groups.push(vec![write.item]);
            }
        }
    }
    groups
}

/// The rows of the configurations that were superseded since `before`, each kept for as long as a
/// Task may follow it.
fn superseded_rows(
    workspace: &Workspace,
    before: Option<&Workspace>,
    now: Timestamp,
) -> Result<Vec<Item>, Error> {
    let mut rows = Vec::new();
    for (key, configuration) in &workspace.superseded {
        if before.is_some_and(|before| before.superseded.contains_key(key)) {
            continue;
        }
        let (workflow_sid, version) = *key;
        let superseded = Superseded {
            workflow_sid,
            version,
            configuration: configuration.clone(),
        };
        // Its pieces are stored already: it was the Workflow's own configuration.
        let row = items::with_key(
            &superseded,
            &superseded_key(workspace, workflow_sid, version),
        )?;
        let mut row =
            chunked_configuration::taken_out(row, (workflow_sid, version), configuration)?;
        items::keep_until(&mut row, now + TASK_LIFE_MAX);
        rows.push(row);
    }
    Ok(rows)
}

/// The keys of the parts that `before` has and `after` does not. With a Workflow, the
/// configurations it superseded are deleted: a new Workflow with the same id would begin at version
/// 0 again, and its Tasks would follow them.
fn deleted_keys(before: &Workspace, after: &Workspace) -> Vec<Key> {
    let kept: BTreeSet<PartId> = after.parts().collect();
    let deleted = before.parts().filter(|part| !kept.contains(part));
    let parts = deleted.map(|part| Key::configuration(before.sid, part));
    let superseded = before
        .superseded
        .keys()
        .filter(|(workflow, _)| !after.workflows.contains_key(workflow));
    parts
        .chain(superseded.map(|(workflow, version)| superseded_key(before, *workflow, *version)))
        .collect()
}

fn superseded_key(workspace: &Workspace, workflow: WorkflowSid, version: u32) -> Key {
    Key::part(
        workspace.sid,
        Part::Configuration,
        format!("{workflow}#{version}"),
    )
}
