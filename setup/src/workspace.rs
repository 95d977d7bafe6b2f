//! The section `workspace`: Activities, and what happens to Workers by itself.

use shared::model::{AccountSid, Activity, ActivitySid, AfterConversation, Workspace, WrapUp};

use crate::document::{Node, place};
use crate::names::Names;
use crate::reader::{Fields, Reader};
use crate::sids;

/// Activities a Workspace may have (taskrouter.md section 14).
const ACTIVITIES_MAX: usize = 100;

/// Longest wrap-up, in seconds: as long as a Task may stay assigned (taskrouter.md section 14).
const WRAP_UP_MAX_SECS: u32 = 86_400;

/// The Workspace as far as it has been read, and its Activities by name.
pub(crate) struct Base {
    pub workspace: Workspace,
    pub activities: Names<ActivitySid>,
}

impl Base {
    /// What stands in for a Workspace that cannot be read.
    pub fn nameless(account: AccountSid) -> Self {
        let sid = sids::workspace(account, "");
        let nothing = sids::activity(sid, "", false);
        Self { workspace: Workspace::new(sid, "", nothing), activities: Names::new("activity") }
    }
}

pub(crate) fn read(reader: &mut Reader<'_>, node: &Node, account: AccountSid) -> Option<Base> {
    let allowed = ["name", "default_activity", "timeout_activity", "activities", "wrap_up"];
    let fields = reader.mapping(node, "the workspace", &allowed)?;
    let mut base = Base::nameless(account);
    let name = reader.required(&fields, "name").and_then(|node| reader.friendly_name(node, "name"));
    if let Some(name) = name {
        base.workspace = Workspace::new(sids::workspace(account, name), name, base.workspace.default_activity_sid);
        for channel in base.workspace.task_channels.values_mut() {
            channel.after_conversation = AfterConversation::Complete;
        }
    }
    if let Some(activities) = reader.required(&fields, "activities") {
        for node in reader.list(activities, "activities", ACTIVITIES_MAX) {
            read_activity(reader, node, &mut base);
        }
    }
    let mut activity = |key| {
        let node = reader.required(&fields, key)?;
        reader.reference(node, key, &base.activities)
    };
    let (default, timeout) = (activity("default_activity"), activity("timeout_activity"));
    base.workspace.default_activity_sid = default.unwrap_or(base.workspace.default_activity_sid);
    base.workspace.timeout_activity_sid = timeout.unwrap_or(base.workspace.timeout_activity_sid);
    base.workspace.wrap_up = fields.get("wrap_up").and_then(|node| read_wrap_up(reader, node, &base.activities));
    Some(base)
}

fn read_activity(reader: &mut Reader<'_>, node: &Node, base: &mut Base) -> Option<()> {
    let fields = reader.mapping(node, "an activity", &["name", "available"])?;
    let available = reader.required(&fields, "available").and_then(|node| reader.boolean(node, "available"));
    let name_node = reader.required(&fields, "name")?;
    let name = reader.friendly_name(name_node, "name")?;
    let available = available.unwrap_or_default();
    let sid = sids::activity(base.workspace.sid, name, available);
    reader.take(base.activities.declare(name, sid, place(name_node)), place(name_node))?;
    base.workspace.activities.insert(sid, Activity { sid, friendly_name: name.to_owned(), available });
    Some(())
}

fn read_wrap_up(reader: &mut Reader<'_>, node: &Node, activities: &Names<ActivitySid>) -> Option<WrapUp> {
    let fields = reader.mapping(node, "wrap_up", &["activity", "limit", "next"])?;
    let activity = reference(reader, &fields, "activity", activities);
    let limit = reader.required(&fields, "limit").and_then(|node| reader.duration(node, "limit", WRAP_UP_MAX_SECS));
    let next = reference(reader, &fields, "next", activities);
    let wrap_up = WrapUp { activity_sid: activity?, limit: limit?, next_activity_sid: next? };
    if wrap_up.activity_sid == wrap_up.next_activity_sid {
        reader.problem(place(node), "wrap_up: expected \"next\" to be another activity than \"activity\"");
        return None;
    }
    Some(wrap_up)
}

fn reference(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    key: &str,
    activities: &Names<ActivitySid>,
) -> Option<ActivitySid> {
    let node = reader.required(fields, key)?;
    reader.reference(node, key, activities)
}
