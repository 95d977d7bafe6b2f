//! The key `task_channels` of the workspace (taskrouter.md sections 2.5 and 4).

use task_router::model::{
    AfterConversation, ChannelUse, PartId, TASK_CHANNELS_MAX, TaskChannel, TaskChannelName,
    Workspace,
};

use crate::document::{Node, Value, place};
use crate::names::Names;
use crate::reader::Reader;

/// Longest wrap-up of a Task, in seconds: its maximum time in `assigned` (taskrouter.md section
/// 14).
const WRAP_FOR_MAX_SECS: u32 = 86_400;

const AFTER_CONVERSATION: &str = "complete, wrap or { wrap_for: 60s }";

/// Adds the TaskChannels of the list to the Workspace. The standard ones that are not in the list
/// are unused until their first Task; without a list they are used from the beginning. In a standard
/// channel a Task is completed when its conversation ends.
pub(crate) fn read(reader: &mut Reader<'_>, node: Option<&Node>, workspace: &mut Workspace) {
    for channel in workspace.task_channels.values_mut() {
        channel.after_conversation = AfterConversation::Complete;
    }
    let Some(node) = node else {
        return;
    };
    for channel in workspace.task_channels.values_mut() {
        channel.usage = ChannelUse::Unused;
    }
    let mut names = Names::new("task channel");
    for node in reader.list(node, "task_channels", TASK_CHANNELS_MAX) {
        read_channel(reader, node, workspace, &mut names);
    }
    let is_declared = |name| {
        let channel = workspace.task_channels.get(&name);
        channel.is_some_and(|channel| channel.usage == ChannelUse::Used)
    };
    if matches!(node.value, Value::List(_)) && !is_declared(TaskChannelName::VOICE) {
        reader.problem(
            place(node),
            "task_channels: expected \"voice\" among them, the channel of telephone calls",
        );
    }
}

fn read_channel(
    reader: &mut Reader<'_>,
    node: &Node,
    workspace: &mut Workspace,
    names: &mut Names<TaskChannelName>,
) -> Option<()> {
    let allowed = [
        "name",
        "friendly_name",
        "optimized_routing",
        "after_conversation",
    ];
    let fields = reader.mapping(node, "a task channel", &allowed)?;
    let friendly_name = fields
        .get("friendly_name")
        .and_then(|node| reader.friendly_name(node, "friendly_name"));
    let optimized = fields
        .get("optimized_routing")
        .and_then(|node| reader.boolean(node, "optimized_routing"));
    let after = fields
        .get("after_conversation")
        .and_then(|node| after_conversation(reader, node));
    let name_node = reader.required(&fields, "name")?;
    let text = reader.text(name_node, "name", "the unique name of a task channel")?;
    let parsed = text
        .parse::<TaskChannelName>()
        .map_err(|error| format!("name: {error}, got \"{text}\""));
    let name = reader.take(parsed, place(name_node))?;
    reader.take(
        names.declare(name.as_str(), name, place(name_node)),
        place(name_node),
    )?;
    let standard = TaskChannel::of(workspace.sid, name);
    let channel = TaskChannel {
        friendly_name: friendly_name.map_or(standard.friendly_name.clone(), str::to_owned),
        channel_optimized_routing: optimized.unwrap_or(standard.channel_optimized_routing),
        after_conversation: after.unwrap_or(AfterConversation::Complete),
        ..standard
    };
    workspace.ledger.append(PartId::TaskChannel(name));
    workspace.task_channels.insert(name, channel);
    Some(())
}

fn after_conversation(reader: &mut Reader<'_>, node: &Node) -> Option<AfterConversation> {
    if matches!(node.value, Value::Mapping(_)) {
        let fields = reader.mapping(node, "after_conversation", &["wrap_for"])?;
        let wrap_for = reader.required(&fields, "wrap_for")?;
        return reader
            .duration(wrap_for, "wrap_for", WRAP_FOR_MAX_SECS)
            .map(AfterConversation::WrapFor);
    }
    match reader.text(node, "after_conversation", AFTER_CONVERSATION)? {
        "complete" => Some(AfterConversation::Complete),
        "wrap" => Some(AfterConversation::Wrap),
        _other => {
            reader.unexpected(node, "after_conversation", AFTER_CONVERSATION);
            None
        }
    }
}
