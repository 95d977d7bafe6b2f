//! A contact centre from TaskRouter's resources, as its REST API answers with them.

use ids::time::Millis;

use serde_json::Value as Json;
use task_router::model::{
    Activity, Attributes, Configuration, EventType, Expression, PartId,
    RESERVATION_TIMEOUT_DEFAULT, TaskChannel, TaskChannelName, TaskOrder, TaskQueue, Workflow,
    Workspace,
};

use crate::DeclaredWorker;
use crate::workers::CAPACITY;

/// The resources of one Workspace.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Resources {
    /// The Workspace.
    pub workspace: Json,
    /// Its Activities.
    pub activities: Vec<Json>,
    /// Its TaskChannels.
    pub task_channels: Vec<Json>,
    /// Its TaskQueues.
    pub task_queues: Vec<Json>,
    /// Its Workflows.
    pub workflows: Vec<Json>,
    /// Its Workers, each with its channels.
    pub workers: Vec<(Json, Vec<Json>)>,
}

/// A resource that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{resource}: {message}")]
pub struct ResourceError {
    /// Its SID or name.
    resource: String,
    /// What is wrong.
    message: String,
}

impl Resources {
    /// The Workspace and the Workers, with the SIDs that they have.
    ///
    /// # Errors
    /// A resource has another form than TaskRouter's.
    pub fn read(&self) -> Result<(Workspace, Vec<DeclaredWorker>), ResourceError> {
        let json = &self.workspace;
        let mut workspace = Workspace::new(
            parsed(json, "sid")?,
            text(json, "friendly_name").unwrap_or_default(),
            parsed(json, "default_activity_sid")?,
        );
        workspace.timeout_activity_sid = parsed(json, "timeout_activity_sid")?;
        workspace.rules.prioritize_queue_order = order(json, "prioritize_queue_order");
        let callback = text(json, "event_callback_url").filter(|url| !url.is_empty());
        workspace.event_callback_url = callback.map(str::to_owned);
        // A type that is not known here is not delivered either.
        let types = text(json, "events_filter").unwrap_or_default().split(',');
        workspace.events_filter = types
            .filter_map(|one| one.trim().parse::<EventType>().ok())
            .collect();
        for json in oldest_first(&self.activities) {
            add_activity(&mut workspace, json)?;
        }
        for json in oldest_first(&self.task_channels) {
            add_task_channel(&mut workspace, json)?;
        }
        for json in oldest_first(&self.task_queues) {
            add_task_queue(&mut workspace, json)?;
        }
        for json in oldest_first(&self.workflows) {
            add_workflow(&mut workspace, json)?;
        }
        let mut workers: Vec<&(Json, Vec<Json>)> = self.workers.iter().collect();
        workers.sort_by(|one, other| date_created(&one.0).cmp(date_created(&other.0)));
        let workers = workers
            .into_iter()
            .map(|(worker, channels)| read_worker(worker, channels));
        Ok((workspace, workers.collect::<Result<_, _>>()?))
    }
}

/// Dates are written so that their texts have the same order.
fn date_created(json: &Json) -> &str {
    text(json, "date_created").unwrap_or_default()
}

fn oldest_first(resources: &[Json]) -> Vec<&Json> {
    let mut resources: Vec<&Json> = resources.iter().collect();
    resources.sort_by(|one, other| date_created(one).cmp(date_created(other)));
    resources
}

fn text<'j>(json: &'j Json, key: &str) -> Option<&'j str> {
    json.get(key)?.as_str()
}

fn error(json: &Json, message: impl ToString) -> ResourceError {
    let resource = text(json, "friendly_name").or_else(|| text(json, "sid"));
    ResourceError {
        resource: resource.unwrap_or("a resource").to_owned(),
        message: message.to_string(),
    }
}

fn parsed<T: std::str::FromStr>(json: &Json, key: &str) -> Result<T, ResourceError> {
    let found = text(json, key).and_then(|text| text.parse().ok());
    found.ok_or_else(|| error(json, format!("expected a valid {key}")))
}

fn number<T: TryFrom<u64>>(json: &Json, key: &str) -> Option<T> {
    T::try_from(json.get(key)?.as_u64()?).ok()
}

fn order(json: &Json, key: &str) -> TaskOrder {
    match text(json, key) {
        Some("LIFO") => TaskOrder::Lifo,
        Some(_) | None => TaskOrder::Fifo,
    }
}

fn name(json: &Json) -> String {
    text(json, "friendly_name").unwrap_or_default().to_owned()
}

fn add_activity(workspace: &mut Workspace, json: &Json) -> Result<(), ResourceError> {
    let sid = parsed(json, "sid")?;
    workspace.ledger.append(PartId::Activity(sid));
    let available = json.get("available").and_then(Json::as_bool);
    let activity = Activity {
        sid,
        friendly_name: name(json),
        available: available.unwrap_or_default(),
    };
    workspace.activities.insert(sid, activity);
    Ok(())
}

fn add_task_channel(workspace: &mut Workspace, json: &Json) -> Result<(), ResourceError> {
    let unique_name: TaskChannelName = parsed(json, "unique_name")?;
    let optimized = json
        .get("channel_optimized_routing")
        .and_then(Json::as_bool);
    let channel = TaskChannel {
        friendly_name: name(json),
        channel_optimized_routing: optimized.unwrap_or_default(),
        ..TaskChannel::of(workspace.sid, unique_name)
    };
    workspace.ledger.append(PartId::TaskChannel(unique_name));
    workspace.task_channels.insert(unique_name, channel);
    Ok(())
}

fn add_task_queue(workspace: &mut Workspace, json: &Json) -> Result<(), ResourceError> {
    let sid = parsed(json, "sid")?;
    let source = text(json, "target_workers").unwrap_or_default();
    let target_workers = match source.trim() {
        "" => None,
        _expression => Some(
            source
                .parse::<Expression>()
                .map_err(|problem| error(json, format!("target_workers: {problem}")))?,
        ),
    };
    let activity = |key: &str| text(json, key).and_then(|sid| sid.parse().ok());
    workspace.ledger.append(PartId::TaskQueue(sid));
    let queue = TaskQueue {
        sid,
        friendly_name: name(json),
        target_workers,
        max_reserved_workers: number(json, "max_reserved_workers").unwrap_or(1),
        task_order: order(json, "task_order"),
        reservation_activity_sid: activity("reservation_activity_sid"),
        assignment_activity_sid: activity("assignment_activity_sid"),
    };
    workspace.task_queues.insert(sid, queue);
    Ok(())
}

fn add_workflow(workspace: &mut Workspace, json: &Json) -> Result<(), ResourceError> {
    let sid = parsed(json, "sid")?;
    let configuration = text(json, "configuration").unwrap_or_default();
    let configuration =
        Configuration::parse(configuration).map_err(|problem| error(json, problem))?;
    let url = |key: &str| {
        let url = text(json, key).filter(|url| !url.is_empty());
        url.map(str::to_owned)
    };
    let timeout = number(json, "task_reservation_timeout").map(Millis::from_secs);
    workspace.ledger.append(PartId::Workflow(sid));
    let workflow = Workflow {
        assignment_callback_url: url("assignment_callback_url"),
        fallback_assignment_callback_url: url("fallback_assignment_callback_url"),
        task_reservation_timeout: timeout.unwrap_or(RESERVATION_TIMEOUT_DEFAULT),
        ..Workflow::new(sid, name(json), configuration)
    };
    workspace.workflows.insert(sid, workflow);
    Ok(())
}

fn read_worker(json: &Json, channels: &[Json]) -> Result<DeclaredWorker, ResourceError> {
    let attributes = text(json, "attributes").unwrap_or("{}");
    let attributes: Attributes = attributes
        .parse()
        .map_err(|problem| error(json, format!("attributes: {problem}")))?;
    let capacity = channels.iter().map(|channel| {
        let name = parsed(channel, "task_channel_unique_name")?;
        let capacity = number(channel, "configured_capacity").unwrap_or(CAPACITY);
        Ok((name, capacity))
    });
    Ok(DeclaredWorker {
        sid: parsed(json, "sid")?,
        friendly_name: name(json),
        attributes,
        activity_sid: parsed(json, "activity_sid")?,
        capacity: capacity.collect::<Result<_, ResourceError>>()?,
    })
}
