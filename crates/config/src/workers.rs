//! The section `workers` (taskrouter.md section 2.3).

use std::collections::BTreeSet;

use ids::time::Timestamp;
use ids::{ActivitySid, WorkerSid, WorkspaceSid};
use shared::dialing::Dialing;
use shared::webhook::redact;
use task_router::model::{
    Attributes, ChannelUse, TaskChannelName, WORKER_CAPACITY_MAX, Worker, WorkerChannel, Workspace,
};

use crate::document::{Node, Value, place};
use crate::names::Names;
use crate::reader::{Fields, Reader, is_e164};
use crate::sids;
use crate::workspace::Base;

/// Default capacity in a TaskChannel (taskrouter.md section 2.4).
pub(crate) const CAPACITY: u16 = 1;

/// A Worker as declared in the file.
#[derive(Debug, Clone, PartialEq)]
pub struct DeclaredWorker {
    /// SID, derived from the name.
    pub sid: WorkerSid,
    /// Friendly name, unique ignoring case.
    pub friendly_name: String,
    /// Attributes: skills and `contact_uri`.
    pub attributes: Attributes,
    /// The Activity of a new Worker.
    pub activity_sid: ActivitySid,
    /// Number of simultaneous Tasks, for every TaskChannel that the file mentions.
    pub capacity: Vec<(TaskChannelName, u16)>,
}

impl DeclaredWorker {
    /// A new Worker. The queue membership is still empty.
    pub fn to_worker(&self, workspace_sid: WorkspaceSid, now: Timestamp) -> Worker {
        let channel = |(channel, configured_capacity): &(_, _)| WorkerChannel {
            channel: *channel,
            configured_capacity: *configured_capacity,
            ..WorkerChannel::new(*channel)
        };
        Worker {
            attributes: self.attributes.clone(),
            channels: self.capacity.iter().map(channel).collect(),
            ..Worker::new(
                self.sid,
                workspace_sid,
                &self.friendly_name,
                self.activity_sid,
                now,
            )
        }
    }
}

pub(crate) fn read(
    reader: &mut Reader<'_>,
    file: &Fields<'_>,
    base: &Base,
    dialing: &Dialing,
) -> Vec<DeclaredWorker> {
    let Some(workers) = reader.required(file, "workers") else {
        return Vec::new();
    };
    let mut names = Names::new("worker");
    let max = usize::try_from(base.workspace.rules.workers_max).unwrap_or(usize::MAX);
    let workers = reader.list(workers, "workers", max);
    workers
        .iter()
        .filter_map(|node| read_worker(reader, node, base, dialing, &mut names))
        .collect()
}

fn read_worker(
    reader: &mut Reader<'_>,
    node: &Node,
    base: &Base,
    dialing: &Dialing,
    names: &mut Names<WorkerSid>,
) -> Option<DeclaredWorker> {
    let fields = reader.mapping(
        node,
        "a worker",
        &["name", "attributes", "activity", "capacity"],
    )?;
    let attributes = match fields.get("attributes") {
        Some(node) => read_attributes(reader, node, dialing),
        None => Some(Attributes::default()),
    };
    let activity_sid = match fields.get("activity") {
        Some(node) => reader.reference(node, "activity", &base.activities),
        None => Some(base.workspace.default_activity_sid),
    };
    let capacity = read_capacity(reader, fields.get("capacity"), &base.workspace);
    let name_node = reader.required(&fields, "name")?;
    let name = reader.friendly_name(name_node, "name")?;
    let sid = sids::worker(base.workspace.sid, name);
    let unique = name.to_lowercase();
    reader.take(
        names.declare(&unique, sid, place(name_node)),
        place(name_node),
    )?;
    let friendly_name = name.to_owned();
    Some(DeclaredWorker {
        sid,
        friendly_name,
        attributes: attributes?,
        activity_sid: activity_sid?,
        capacity: capacity?,
    })
}

fn read_attributes(reader: &mut Reader<'_>, node: &Node, dialing: &Dialing) -> Option<Attributes> {
    let Value::Mapping(entries) = &node.value else {
        reader.unexpected(
            node,
            "attributes",
            "a mapping such as {\"languages\":[\"en\"]}",
        );
        return None;
    };
    let mut keys = BTreeSet::new();
    for entry in entries {
        if !keys.insert(entry.key.value.as_str()) {
            reader.problem(
                place(&entry.key),
                format!("duplicate key \"{}\" in attributes", entry.key.value),
            );
        }
        if entry.key.value == "contact_uri" {
            check_contact_uri(reader, &entry.value, dialing);
        }
    }
    let attributes = Attributes::new(reader.object(entries)).map_err(|error| error.to_string());
    reader.take(attributes, place(node))
}

/// Checks the address that `dequeue` dials (taskrouter.md section 2.3): a number, `client:name` or
/// a SIP URI, which may be dialed.
fn check_contact_uri(reader: &mut Reader<'_>, node: &Node, dialing: &Dialing) {
    let address = reader.json(node);
    let address = address.as_str().unwrap_or_default();
    if is_address(address) {
        if let Err(not_allowed) = dialing.check(address) {
            reader.problem(place(node), format!("contact_uri: {not_allowed}"));
        }
        return;
    }
    let got = redact(address);
    let message = format!(
        "contact_uri: expected a number such as \"+17075550101\", client:name or sip:…, got \"{got}\""
    );
    reader.problem(place(node), message);
}

/// Whether a Worker can be dialed there: a number, `client:name` or a SIP URI.
pub(crate) fn is_address(text: &str) -> bool {
    let has_name_after = |scheme| {
        text.strip_prefix(scheme)
            .is_some_and(|name: &str| !name.is_empty())
    };
    is_e164(text) || ["client:", "sip:"].into_iter().any(has_name_after)
}

fn read_capacity(
    reader: &mut Reader<'_>,
    node: Option<&Node>,
    workspace: &Workspace,
) -> Option<Vec<(TaskChannelName, u16)>> {
    // A Worker has the default capacity in a TaskChannel that is not mentioned.
    let declared = workspace.task_channels.values();
    let declared = declared.filter(|channel| channel.usage == ChannelUse::Used);
    let declared: BTreeSet<TaskChannelName> = declared.map(|channel| channel.unique_name).collect();
    let Some(node) = node else {
        return Some(
            declared
                .into_iter()
                .map(|channel| (channel, CAPACITY))
                .collect(),
        );
    };
    let allowed: Vec<&str> = workspace
        .task_channels
        .keys()
        .map(TaskChannelName::as_str)
        .collect();
    let fields = reader.mapping(node, "capacity", &allowed)?;
    let channels = workspace.task_channels.keys().copied();
    let mentioned = channels
        .filter(|channel| declared.contains(channel) || fields.get(channel.as_str()).is_some());
    let capacity = mentioned.map(|channel| {
        let Some(node) = fields.get(channel.as_str()) else {
            return Some((channel, CAPACITY));
        };
        let number =
            reader.whole_number(node, channel.as_str(), 0..=u32::from(WORKER_CAPACITY_MAX))?;
        Some((channel, u16::try_from(number).ok()?))
    });
    // Read completely, so that every invalid number is reported.
    capacity.collect::<Vec<_>>().into_iter().collect()
}
