//! The parts that rarely change: a Workspace with everything in it, and the centre. Read whole, kept for a moment.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};
use shared::model::{
    Activity, ActivitySid, Centre, Configuration, EventType, Millis, Readiness, RoutingRules, TASK_TIMEOUT_MAX_SECS,
    TaskChannel, TaskChannelName, TaskQueue, TaskQueueSid, Timestamp, WorkerSid, Workflow, WorkflowSid, Workspace,
    WorkspaceSid, WrapUp,
};
use shared::router::events;

use crate::items::{self, Item, text};
use crate::keys::{self, Key, Part};
use crate::{Error, Store, pieces};

/// How long configuration is taken to be what it was. A change is seen everywhere within this time; what is decided
/// meanwhile was right when the caller dialled.
pub const CONFIGURATION_KEPT: Millis = Millis::from_secs(2);

/// How long a superseded configuration is kept: the longest a Task may wait, and a day to be on the safe side
/// (taskrouter.md section 14).
const TASK_LIFE_MAX: Millis = Millis::from_secs(TASK_TIMEOUT_MAX_SECS as u64 + 86_400);

/// Configuration as last read.
#[derive(Default)]
pub(crate) struct Cached {
    centre: Option<(Timestamp, Arc<Centre>)>,
    workspaces: BTreeMap<WorkspaceSid, (Timestamp, Arc<Workspace>)>,
    pub(crate) configurations: pieces::Known,
}

impl Cached {
    pub(crate) fn centre(&self, now: Timestamp) -> Option<Arc<Centre>> {
        fresh(self.centre.as_ref()?, now)
    }

    pub(crate) fn keep_centre(&mut self, centre: Centre, now: Timestamp) -> Arc<Centre> {
        let centre = Arc::new(centre);
        self.centre = Some((now, Arc::clone(&centre)));
        centre
    }
}

fn fresh<T>((read_at, value): &(Timestamp, Arc<T>), now: Timestamp) -> Option<Arc<T>> {
    (now.since(*read_at) < CONFIGURATION_KEPT).then(|| Arc::clone(value))
}

/// The Workspace's own fields; its parts are items of their own.
#[derive(Serialize, Deserialize)]
struct WorkspaceFields {
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
    /// The Workspace with nothing in it.
    fn alone(self) -> Workspace {
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

/// A configuration that was replaced, kept for the Tasks that follow it.
#[derive(Serialize, Deserialize)]
struct Superseded {
    workflow_sid: WorkflowSid,
    version: u32,
    configuration: Configuration,
}

#[derive(Serialize, Deserialize)]
struct Declaration {
    digest: String,
}

impl Store {
    /// A Workspace with everything in it, at most [`CONFIGURATION_KEPT`] old; `None` if there is none.
    pub async fn workspace(&self, sid: WorkspaceSid, now: Timestamp) -> Result<Option<Arc<Workspace>>, Error> {
        let known = self.cache.lock().await.workspaces.get(&sid).and_then(|kept| fresh(kept, now));
        match known {
            Some(known) => Ok(Some(known)),
            None => self.fresh_workspace(sid, now).await,
        }
    }

    /// A Workspace as it stands now.
    pub async fn fresh_workspace(&self, sid: WorkspaceSid, now: Timestamp) -> Result<Option<Arc<Workspace>>, Error> {
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
        let large = self.large_configurations(&rows).await?;
        let Some(workspace) = assemble(rows, &large)? else { return Ok(None) };
        let workspace = Arc::new(workspace);
        self.cache.lock().await.workspaces.insert(sid, (now, Arc::clone(&workspace)));
        Ok(Some(workspace))
    }

    /// Writes the centre.
    pub async fn save_centre(&self, centre: &Centre) -> Result<(), Error> {
        self.cache.lock().await.centre = None;
        self.put(items::with_key(centre, &Key::centre())?).await
    }

    /// Writes a Workspace and its parts, and removes the parts it no longer has. Readinesses are left: they are hints. A
    /// superseded configuration is kept for as long as a Task may live.
    pub async fn save_workspace(&self, workspace: &Workspace, now: Timestamp) -> Result<(), Error> {
        let before = self.fresh_workspace(workspace.sid, now).await?;
        for row in superseded_rows(workspace, before.as_deref(), now)? {
            self.put(row).await?;
        }
        for row in rows_of(workspace)? {
            self.put(row).await?;
        }
        if let Some(before) = before {
            for key in gone(&before, workspace) {
                let key = Some(items::key_attributes(&key));
                self.client.delete_item().table_name(&*self.table).set_key(key).send().await?;
            }
            for piece in pieces::retired(&before, workspace, now + TASK_LIFE_MAX)? {
                self.put(piece).await?;
            }
        }
        self.forget_workspace(workspace.sid).await;
        Ok(())
    }

    /// Adds a TaskQueue to a Workspace. [`Error::Conflict`]: it is there already.
    pub async fn create_task_queue(&self, workspace: WorkspaceSid, queue: &TaskQueue) -> Result<(), Error> {
        let key = Key::part(workspace, Part::TaskQueue, queue.sid);
        self.put_if(items::with_key(queue, &key)?, false).await?;
        self.forget_workspace(workspace).await;
        Ok(())
    }

    /// Changes an Activity of a Workspace. [`Error::Conflict`]: it is no longer there.
    pub async fn save_activity(&self, workspace: WorkspaceSid, activity: &Activity) -> Result<(), Error> {
        let key = Key::part(workspace, Part::Activity, activity.sid);
        self.put_if(items::with_key(activity, &key)?, true).await?;
        self.forget_workspace(workspace).await;
        Ok(())
    }

    /// The Workspace is read anew when it is asked for next.
    async fn forget_workspace(&self, sid: WorkspaceSid) {
        self.cache.lock().await.workspaces.remove(&sid);
    }

    /// Makes a readiness known.
    pub async fn save_readiness(&self, workspace: WorkspaceSid, readiness: &Readiness) -> Result<(), Error> {
        self.forget_workspace(workspace).await;
        self.put(items::with_key(readiness, &Key::part(workspace, Part::Readiness, readiness.key()))?).await
    }

    /// The digest of what `contact-centre.yaml` last said about a Worker.
    pub async fn declaration(&self, worker: WorkerSid) -> Result<Option<String>, Error> {
        let found: Option<Declaration> = self.get(&Key::declaration(worker)).await?;
        Ok(found.map(|declaration| declaration.digest))
    }

    /// Notes what `contact-centre.yaml` says about a Worker; `None`: nothing any more.
    pub async fn save_declaration(&self, worker: WorkerSid, digest: Option<&str>) -> Result<(), Error> {
        let key = Key::declaration(worker);
        let Some(digest) = digest else {
            let key = Some(items::key_attributes(&key));
            self.client.delete_item().table_name(&*self.table).set_key(key).send().await?;
            return Ok(());
        };
        self.put(items::with_key(&Declaration { digest: digest.to_owned() }, &key)?).await
    }
}

fn rows_of(workspace: &Workspace) -> Result<Vec<Item>, Error> {
    let fields = WorkspaceFields {
        sid: workspace.sid,
        friendly_name: workspace.friendly_name.clone(),
        default_activity_sid: workspace.default_activity_sid,
        timeout_activity_sid: workspace.timeout_activity_sid,
        wrap_up: workspace.wrap_up.clone(),
        rules: workspace.rules.clone(),
        event_callback_url: workspace.event_callback_url.clone(),
        events_filter: workspace.events_filter.clone(),
    };
    let part = |kind, name: String| Key::part(workspace.sid, kind, name);
    let mut rows = Vec::new();
    for activity in workspace.activities.values() {
        rows.push(items::with_key(activity, &part(Part::Activity, activity.sid.to_string()))?);
    }
    for queue in workspace.task_queues.values() {
        rows.push(items::with_key(queue, &part(Part::TaskQueue, queue.sid.to_string()))?);
    }
    for workflow in workspace.workflows.values() {
        let row = items::with_key(workflow, &part(Part::Workflow, workflow.sid.to_string()))?;
        let (row, pieces) = pieces::taken_out(row, (workflow.sid, workflow.version), &workflow.configuration)?;
        rows.extend(pieces.into_iter().chain([row]));
    }
    for channel in workspace.task_channels.values() {
        rows.push(items::with_key(channel, &part(Part::TaskChannel, channel.unique_name.to_string()))?);
    }
    // Last, so that a Workspace that can be read has its parts.
    rows.push(items::with_key(&fields, &Key::workspace(workspace.sid))?);
    Ok(rows)
}

/// The configurations that were superseded since `before`, each kept for as long as a Task may follow it.
fn superseded_rows(workspace: &Workspace, before: Option<&Workspace>, now: Timestamp) -> Result<Vec<Item>, Error> {
    let known = |key| before.is_some_and(|before| before.superseded.contains_key(key));
    let mut rows = Vec::new();
    for ((workflow_sid, version), configuration) in workspace.superseded.iter().filter(|(key, _)| !known(*key)) {
        let (workflow_sid, version) = (*workflow_sid, *version);
        let superseded = Superseded { workflow_sid, version, configuration: configuration.clone() };
        let key = Key::part(workspace.sid, Part::Configuration, format!("{workflow_sid}#{version}"));
        // Its pieces are there: it was the Workflow's own.
        let row = items::with_key(&superseded, &key)?;
        let (mut row, _pieces) = pieces::taken_out(row, (workflow_sid, version), configuration)?;
        items::keep_until(&mut row, now + TASK_LIFE_MAX);
        rows.push(row);
    }
    Ok(rows)
}

/// Keys of the parts `before` has and `after` has not.
fn gone(before: &Workspace, after: &Workspace) -> Vec<Key> {
    let activities = before.activities.keys().filter(|sid| !after.activities.contains_key(sid));
    let queues = before.task_queues.keys().filter(|sid| !after.task_queues.contains_key(sid));
    let workflows = before.workflows.keys().filter(|sid| !after.workflows.contains_key(sid));
    let key = |kind, sid: String| Key::part(before.sid, kind, sid);
    let channels = before.task_channels.keys().filter(|name| !after.task_channels.contains_key(name));
    let channels = channels.map(|name| key(Part::TaskChannel, name.to_string()));
    let activities = activities.map(|sid| key(Part::Activity, sid.to_string()));
    let queues = queues.map(|sid| key(Part::TaskQueue, sid.to_string()));
    activities.chain(queues).chain(channels).chain(workflows.map(|sid| key(Part::Workflow, sid.to_string()))).collect()
}

fn assemble(rows: Vec<Item>, large: &pieces::Known) -> Result<Option<Workspace>, Error> {
    let mut fields: Option<WorkspaceFields> = None;
    let mut activities = BTreeMap::<ActivitySid, Activity>::new();
    let mut task_queues = BTreeMap::<TaskQueueSid, TaskQueue>::new();
    let mut workflows = BTreeMap::<WorkflowSid, Workflow>::new();
    let mut superseded = BTreeMap::<(WorkflowSid, u32), Configuration>::new();
    let mut task_channels = BTreeMap::<TaskChannelName, TaskChannel>::new();
    let mut boards = BTreeMap::<String, Readiness>::new();
    for row in rows {
        let (row, pointer) = pieces::readable(row);
        let elsewhere = pointer.and_then(|pointer| large.get(&pointer)).map(|known| Configuration::clone(known));
        let sk = row.get(keys::SK).and_then(|sk| AttributeValue::as_s(sk).ok()).cloned().unwrap_or_default();
        match Part::ALL.into_iter().find(|part| sk.starts_with(part.prefix())) {
            None => fields = Some(items::read(row)?),
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
                workflow.configuration = elsewhere.unwrap_or(workflow.configuration);
                workflows.insert(workflow.sid, workflow);
            }
            Some(Part::Configuration) => {
                let earlier: Superseded = items::read(row)?;
                superseded.insert((earlier.workflow_sid, earlier.version), elsewhere.unwrap_or(earlier.configuration));
            }
            Some(Part::TaskChannel) => {
                let channel: TaskChannel = items::read(row)?;
                task_channels.insert(channel.unique_name, channel);
            }
            Some(Part::Readiness) => {
                let readiness: Readiness = items::read(row)?;
                boards.insert(readiness.key(), readiness);
            }
        }
    }
    Ok(fields.map(|fields| Workspace {
        activities,
        task_queues,
        workflows,
        superseded,
        task_channels,
        boards,
        ..fields.alone()
    }))
}

/// A part of a Workspace as one of its images shows it, if events are about parts of this kind.
pub(crate) fn part_of(sk: &str, image: serde_dynamo::Item) -> Result<Option<events::Part>, serde_dynamo::Error> {
    if sk == keys::WORKSPACE {
        return Ok(Some(events::Part::Workspace(Box::new(
            serde_dynamo::from_item::<_, WorkspaceFields>(image)?.alone(),
        ))));
    }
    Ok(match Part::ALL.into_iter().find(|part| sk.starts_with(part.prefix())) {
        Some(Part::Activity) => Some(events::Part::Activity(serde_dynamo::from_item(image)?)),
        Some(Part::TaskQueue) => Some(events::Part::TaskQueue(serde_dynamo::from_item(image)?)),
        Some(Part::Workflow) => {
            Some(events::Part::Workflow(Box::new(serde_dynamo::from_item(pieces::readable_image(image))?)))
        }
        Some(Part::TaskChannel) => Some(events::Part::TaskChannel(serde_dynamo::from_item(image)?)),
        Some(Part::Configuration | Part::Readiness) | None => None,
    })
}
