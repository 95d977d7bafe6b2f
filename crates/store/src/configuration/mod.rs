//! Configuration: a Workspace with all its parts, and the voice settings. A Workspace is read as a
//! whole, cached for a moment, and written part by part ([`save`]).

mod declarations;
pub(crate) mod ledger;
mod ready_lists;
mod save;

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;
use ids::time::{Millis, Timestamp};
use ids::{ActivitySid, TaskQueueSid, WorkflowSid, WorkspaceSid};
use serde::{Deserialize, Serialize};
use shared::voice_settings::VoiceSettings;
use task_router::model::{
    Activity, Configuration, EventType, Ledger, Readiness, RoutingRules, Task, TaskChannel,
    TaskChannelName, TaskQueue, Workflow, Workspace, WrapUp,
};
use task_router::router::events;

use crate::items::{self, Item, text};
use crate::keys::{self, Key, Part};
use crate::{Error, Store, chunked_configuration};

pub use ready_lists::{READINESS_KEPT, ReadyListSeen};
pub(crate) use save::Revision;

/// How long a process caches configuration. Every process sees a change within this time. A
/// decision taken with the cached configuration was right when the caller dialled.
pub const CONFIGURATION_KEPT: Millis = Millis::from_secs(2);

/// The cache of a process: configuration as last read.
#[derive(Default)]
pub(crate) struct Cached {
    voice_settings: Option<(Timestamp, Arc<VoiceSettings>)>,
    workspaces: BTreeMap<WorkspaceSid, (Timestamp, Arc<Workspace>)>,
    pub(crate) configurations: chunked_configuration::Known,
    pub(crate) flows: crate::voice_flows::KnownFlows,
    pub(crate) sounds: crate::sounds::KnownSounds,
    pub(crate) switches: crate::calendar_switches::KnownSwitches,
    /// The number of invalidations. A read that began before the latest one may be older than the
    /// write that caused it.
    invalidations: u64,
}

impl Cached {
    pub(crate) fn voice_settings(&self, now: Timestamp) -> Option<Arc<VoiceSettings>> {
        fresh(self.voice_settings.as_ref()?, now)
    }

    pub(crate) fn keep_voice_settings(
        &mut self,
        settings: VoiceSettings,
        now: Timestamp,
    ) -> Arc<VoiceSettings> {
        let settings = Arc::new(settings);
        self.voice_settings = Some((now, Arc::clone(&settings)));
        settings
    }
}

impl Cached {
    /// Caches a Workspace that was read, unless the cache was invalidated since the read began.
    fn keep_workspace(&mut self, workspace: &Arc<Workspace>, now: Timestamp, invalidations: u64) {
        if self.invalidations == invalidations {
            self.workspaces
                .insert(workspace.sid, (now, Arc::clone(workspace)));
        }
    }

    fn forget_workspace(&mut self, sid: WorkspaceSid) {
        self.invalidations = self.invalidations.wrapping_add(1);
        self.workspaces.remove(&sid);
    }
}

pub(crate) fn fresh<T>((read_at, value): &(Timestamp, Arc<T>), now: Timestamp) -> Option<Arc<T>> {
    (now.since(*read_at) < CONFIGURATION_KEPT).then(|| Arc::clone(value))
}

/// The item of a Workspace: its own fields. Its parts are items of their own.
#[derive(PartialEq, Serialize, Deserialize)]
pub(crate) struct WorkspaceFields {
    sid: WorkspaceSid,
    friendly_name: String,
    default_activity_sid: ActivitySid,
    timeout_activity_sid: ActivitySid,
    wrap_up: Option<WrapUp>,
    #[serde(default)]
    rules: RoutingRules,
    event_callback_url: Option<String>,
    #[serde(default)]
    events_filter: Vec<EventType>,
}

impl WorkspaceFields {
    fn of(workspace: &Workspace) -> Self {
        Self {
            sid: workspace.sid,
            friendly_name: workspace.friendly_name.clone(),
            default_activity_sid: workspace.default_activity_sid,
            timeout_activity_sid: workspace.timeout_activity_sid,
            wrap_up: workspace.wrap_up.clone(),
            rules: workspace.rules.clone(),
            event_callback_url: workspace.event_callback_url.clone(),
            events_filter: workspace.events_filter.clone(),
        }
    }

    /// The Workspace without parts.
    fn without_parts(self) -> Workspace {
        Workspace {
            timeout_activity_sid: self.timeout_activity_sid,
            wrap_up: self.wrap_up,
            rules: self.rules,
            event_callback_url: self.event_callback_url,
            events_filter: self.events_filter,
            task_channels: BTreeMap::new(),
            ..Workspace::new(self.sid, self.friendly_name, self.default_activity_sid)
        }
    }
}

/// A superseded configuration, kept for the Tasks that follow it.
#[derive(Serialize, Deserialize)]
struct Superseded {
    workflow_sid: WorkflowSid,
    version: u32,
    configuration: Configuration,
}

impl Store {
    /// A Workspace with all its parts, at most [`CONFIGURATION_KEPT`] old; `None` if there is none.
    pub async fn workspace(
        &self,
        sid: WorkspaceSid,
        now: Timestamp,
    ) -> Result<Option<Arc<Workspace>>, Error> {
        let known = self
            .cache
            .lock()
            .await
            .workspaces
            .get(&sid)
            .and_then(|kept| fresh(kept, now));
        match known {
            Some(known) => Ok(Some(known)),
            None => self.fresh_workspace(sid, now).await,
        }
    }

    /// The same for these Tasks of the Workspace. Reads past the cache if one of them follows a
    /// newer Workflow version than the cache has.
    pub async fn workspace_for<'task>(
        &self,
        sid: WorkspaceSid,
        tasks: impl IntoIterator<Item = &'task Task> + Send,
        now: Timestamp,
    ) -> Result<Option<Arc<Workspace>>, Error> {
        let Some(workspace) = self.workspace(sid, now).await? else {
            return Ok(None);
        };
        if tasks.into_iter().all(|task| workspace.is_as_new_as(task)) {
            Ok(Some(workspace))
        } else {
            self.fresh_workspace(sid, now).await
        }
    }

    /// A Workspace with all its parts, read past the cache; `None` if there is none.
    pub async fn fresh_workspace(
        &self,
        sid: WorkspaceSid,
        now: Timestamp,
    ) -> Result<Option<Arc<Workspace>>, Error> {
        let invalidations = self.cache.lock().await.invalidations;
        let rows = self.configuration_rows(sid).await?;
        let large = self.large_configurations(&rows).await?;
        let Some(workspace) = assemble(rows, &large)? else {
            return Ok(None);
        };
        let workspace = Arc::new(workspace);
        self.cache
            .lock()
            .await
            .keep_workspace(&workspace, now, invalidations);
        Ok(Some(workspace))
    }

    /// The rows of a Workspace's partition: its own fields and its parts.
    pub async fn configuration_rows(&self, sid: WorkspaceSid) -> Result<Vec<Item>, Error> {
        let mut pages = self
            .client
            .query()
            .table_name(&*self.table)
            .key_condition_expression("#pk = :workspace")
            .expression_attribute_names("#pk", keys::PK)
            .expression_attribute_values(":workspace", text(sid.to_string()))
            .consistent_read(true)
            .into_paginator()
            .items()
            .send();
        let mut rows = Vec::new();
        while let Some(row) = pages.try_next().await? {
            rows.push(row);
        }
        Ok(rows)
    }

    /// Writes the voice settings.
    pub async fn save_voice_settings(&self, settings: &VoiceSettings) -> Result<(), Error> {
        self.cache.lock().await.voice_settings = None;
        self.put(items::with_key(settings, &Key::voice_settings())?)
            .await
    }

    /// Removes the Workspace from the cache, so that the next query reads it.
    pub(crate) async fn forget_workspace(&self, sid: WorkspaceSid) {
        self.cache.lock().await.forget_workspace(sid);
    }
}

/// A Workspace from the rows of its partition, as a recording has them: without Readinesses, and
/// without dates. `None`: the row of the Workspace itself is missing, or a configuration is stored in
/// pieces, which are not rows of the partition.
///
/// # Errors
/// A row cannot be read.
pub fn workspace_of_rows(rows: Vec<Item>) -> Result<Option<Workspace>, Error> {
    let chunked = |row: &Item| chunked_configuration::readable(row.clone()).1.is_some();
    if rows.iter().any(chunked) {
        return Ok(None);
    }
    let workspace = assemble(rows, &chunked_configuration::Known::default())?;
    Ok(workspace.map(|workspace| Workspace {
        ready_lists: BTreeMap::new(),
        empty_ready_lists: BTreeMap::new(),
        ledger: Ledger::default(),
        ..workspace
    }))
}

fn assemble(
    rows: Vec<Item>,
    large: &chunked_configuration::Known,
) -> Result<Option<Workspace>, Error> {
    let mut fields: Option<WorkspaceFields> = None;
    let mut activities = BTreeMap::<ActivitySid, Activity>::new();
    let mut task_queues = BTreeMap::<TaskQueueSid, TaskQueue>::new();
    let mut workflows = BTreeMap::<WorkflowSid, Workflow>::new();
    let mut superseded = BTreeMap::<(WorkflowSid, u32), Configuration>::new();
    let mut task_channels = BTreeMap::<TaskChannelName, TaskChannel>::new();
    let mut ready_lists = BTreeMap::<String, Readiness>::new();
    let mut empty_ready_lists = BTreeMap::<String, Timestamp>::new();
    let mut ledger = Ledger::default();
    for row in rows {
        ledger::note(&mut ledger, &row);
        let (row, pointer) = chunked_configuration::readable(row);
        let chunked = pointer
            .and_then(|pointer| large.get(&pointer))
            .map(|known| Configuration::clone(known));
        let sk = row
            .get(keys::SK)
            .and_then(|sk| AttributeValue::as_s(sk).ok())
            .cloned()
            .unwrap_or_default();
        match Part::ALL
            .into_iter()
            .find(|part| sk.starts_with(part.prefix()))
        {
            None if sk == keys::WORKSPACE => fields = Some(items::read(row)?),
            None => {}
            Some(Part::Activity) => {
                let activity: Activity = items::read(row)?;
                activities.insert(activity.sid, activity);
            }
            Some(Part::TaskQueue) => {
                let queue: TaskQueue = items::read(row)?;
                task_queues.insert(queue.sid, queue);
            }
            Some(Part::Workflow) => {
                let mut workflow: Workflow = items::read(row)?;
                workflow.configuration = chunked.unwrap_or(workflow.configuration);
                workflows.insert(workflow.sid, workflow);
            }
            Some(Part::Configuration) => {
                let old: Superseded = items::read(row)?;
                superseded.insert(
                    (old.workflow_sid, old.version),
                    chunked.unwrap_or(old.configuration),
                );
            }
            Some(Part::TaskChannel) => {
                let channel: TaskChannel = items::read(row)?;
                task_channels.insert(channel.unique_name, channel);
            }
            Some(Part::Readiness) => {
                let (readiness, empty_since) = ready_lists::of_row(row)?;
                empty_ready_lists.extend(empty_since.map(|since| (readiness.key(), since)));
                ready_lists.insert(readiness.key(), readiness);
            }
        }
    }
    Ok(fields.map(|fields| Workspace {
        activities,
        task_queues,
        workflows,
        superseded,
        task_channels,
        ready_lists,
        empty_ready_lists,
        ledger,
        ..fields.without_parts()
    }))
}

/// A part of a Workspace from an image of a stream record; `None` if there are no Events about
/// parts of its kind.
pub(crate) fn part_of(
    sk: &str,
    image: serde_dynamo::Item,
) -> Result<Option<events::Part>, serde_dynamo::Error> {
    if sk == keys::WORKSPACE {
        return Ok(Some(events::Part::Workspace(Box::new(
            serde_dynamo::from_item::<_, WorkspaceFields>(image)?.without_parts(),
        ))));
    }
    Ok(
        match Part::ALL
            .into_iter()
            .find(|part| sk.starts_with(part.prefix()))
        {
            Some(Part::Activity) => Some(events::Part::Activity(serde_dynamo::from_item(image)?)),
            Some(Part::TaskQueue) => Some(events::Part::TaskQueue(serde_dynamo::from_item(image)?)),
            Some(Part::Workflow) => Some(events::Part::Workflow(Box::new(
                serde_dynamo::from_item(chunked_configuration::readable_image(image))?,
            ))),
            Some(Part::TaskChannel) => {
                Some(events::Part::TaskChannel(serde_dynamo::from_item(image)?))
            }
            Some(Part::Configuration | Part::Readiness) | None => None,
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stale_read_is_not_cached() {
        let sid = WorkspaceSid::from_bytes([1; 16]);
        let old = Arc::new(Workspace::new(sid, "Old", ActivitySid::from_bytes([1; 16])));
        let mut cached = Cached::default();
        let begun = cached.invalidations;
        cached.forget_workspace(sid);
        cached.keep_workspace(&old, Timestamp::from_millis(0), begun);
        assert!(cached.workspaces.is_empty());
        let begun = cached.invalidations;
        cached.keep_workspace(&old, Timestamp::from_millis(0), begun);
        assert_eq!(cached.workspaces.len(), 1);
    }
}
