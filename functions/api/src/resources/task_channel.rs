//! TaskChannel (taskrouter.md section 2.5).

use ids::{AccountSid, TaskChannelSid, WorkspaceSid};
use serde::Serialize;
use serde_json::Value;
use shared::voice_settings::VoiceSettings;
use task_router::model::{PartId, TASK_CHANNELS_MAX, TaskChannel, TaskChannelName, Workspace};

use super::configuration::{self, Row, ShownDates, change, check_room, dates, needed};
use crate::answer::Answer;
use crate::error::ApiError;
use crate::paging::Paging;
use crate::request_context::RequestContext;
use crate::view::View;

/// `GET …/TaskChannels`
pub async fn list(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let paging = Paging::read(&context.query)?;
    let workspace = configuration::read(context).await?;
    let rows = workspace.task_channels.values();
    let rows = rows
        .map(|channel| {
            Row::new(
                &workspace,
                channel,
                PartId::TaskChannel(channel.unique_name),
                channel.sid,
            )
        })
        .collect();
    let url = url(&context.view, workspace.sid);
    paging.answer("channels", &url, rows, |row| {
        render(&context.view, &workspace, row.part)
    })
}

/// `GET …/TaskChannels/{Sid}`, by SID or by unique name, as all below.
pub async fn fetch(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let workspace = configuration::read(context).await?;
    Ok(Answer::ok(render(
        &context.view,
        &workspace,
        find(context, &workspace)?,
    )?))
}

/// `POST …/TaskChannels` with `FriendlyName`, `UniqueName` and `ChannelOptimizedRouting`. What becomes of a Task after its
/// conversation is TaskRouter's way: it stays in `wrapping`.
pub async fn create(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let form = &context.form;
    let friendly_name = form
        .friendly_name("FriendlyName")?
        .ok_or_else(|| ApiError::missing("FriendlyName"))?;
    let parse = |text: &str| {
        text.parse::<TaskChannelName>()
            .map_err(|error| error.to_string())
    };
    let name = form
        .parsed("UniqueName", parse)?
        .ok_or_else(|| ApiError::missing("UniqueName"))?;
    let optimized = form.switch("ChannelOptimizedRouting").unwrap_or(false);
    let [seed, count] = context.api.ids.next_cause();
    let sid = TaskChannelSid::derive(&[&seed, &count]);
    let changed = change(context, |workspace| {
        match workspace.task_channels.get(&name) {
            Some(there) if there.sid != sid => {
                return Err(ApiError::State(format!(
                    "TaskChannel with the unique name {name} already exists"
                )));
            }
            Some(_ours) => {}
            None => check_room(
                workspace.task_channels.len(),
                TASK_CHANNELS_MAX,
                "TaskChannels",
            )?,
        }
        let channel = TaskChannel {
            sid,
            friendly_name: friendly_name.to_owned(),
            channel_optimized_routing: optimized,
            ..TaskChannel::of(workspace.sid, name)
        };
        workspace.task_channels.insert(name, channel);
        Ok(())
    });
    let made = changed.await?;
    // Every Worker has room in a new TaskChannel, and waits for its Tasks from now on.
    let channel = made
        .task_channels
        .get(&name)
        .ok_or_else(|| context.not_found())?;
    Ok(Answer::created(render(&context.view, &made, channel)?))
}

/// `POST …/TaskChannels/{Sid}` with `FriendlyName` and `ChannelOptimizedRouting`.
pub async fn update(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let friendly_name = context.form.friendly_name("FriendlyName")?;
    let optimized = context.form.switch("ChannelOptimizedRouting");
    let changed = change(context, |workspace| {
        let name = find(context, workspace)?.unique_name;
        let channel = workspace
            .task_channels
            .get_mut(&name)
            .ok_or_else(|| context.not_found())?;
        friendly_name
            .into_iter()
            .for_each(|name| name.clone_into(&mut channel.friendly_name));
        channel.channel_optimized_routing = optimized.unwrap_or(channel.channel_optimized_routing);
        Ok(())
    });
    let after = changed.await?;
    Ok(Answer::ok(render(
        &context.view,
        &after,
        find(context, &after)?,
    )?))
}

/// `DELETE …/TaskChannels/{Sid}`; not `default`, where Tasks go that name none, not `voice` where the contact centre's calls
/// come in, and not while a Task that has not ended is in it.
pub async fn delete(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let workspace = configuration::read(context).await?;
    let name = find(context, &workspace)?.unique_name;
    let centre = context.api.store.voice_settings(context.now).await?;
    check_standard(name, &workspace, centre.as_deref())?;
    if configuration::in_use(context, &workspace)
        .await?
        .channels
        .contains(&name)
    {
        return Err(needed(
            "TaskChannel",
            name,
            "a Task that has not ended is in it",
        ));
    }
    let changed = change(context, |workspace| {
        workspace.task_channels.remove(&name);
        Ok(())
    });
    changed.await?;
    Ok(Answer::no_content())
}

fn check_standard(
    name: TaskChannelName,
    workspace: &Workspace,
    centre: Option<&VoiceSettings>,
) -> Result<(), ApiError> {
    if name == TaskChannelName::DEFAULT {
        return Err(needed(
            "TaskChannel",
            name,
            "Tasks that name no TaskChannel go into it",
        ));
    }
    let has_calls = centre.is_some_and(|centre| centre.workspace_sid == workspace.sid);
    match has_calls && name == TaskChannelName::VOICE {
        true => Err(needed(
            "TaskChannel",
            name,
            "the contact centre's calls go into it",
        )),
        false => Ok(()),
    }
}

/// The TaskChannel the path names, by SID or by unique name.
fn find<'w>(
    context: &RequestContext<'_>,
    workspace: &'w Workspace,
) -> Result<&'w TaskChannel, ApiError> {
    let text = context
        .sids
        .iter()
        .find(|sid| sid.name == "Sid")
        .map(|sid| sid.text)
        .unwrap_or_default();
    named(workspace, text).ok_or_else(|| context.not_found())
}

fn named<'w>(workspace: &'w Workspace, text: &str) -> Option<&'w TaskChannel> {
    // No unique name can be taken for a SID of somebody else's: both lead to the one channel they name.
    let by_name = text
        .parse::<TaskChannelName>()
        .ok()
        .and_then(|name| workspace.task_channels.get(&name));
    let sid = text.parse::<TaskChannelSid>().ok();
    by_name.or_else(|| {
        workspace
            .task_channels
            .values()
            .find(|channel| Some(channel.sid) == sid)
    })
}

fn url(view: &View, workspace: WorkspaceSid) -> String {
    format!("{}/TaskChannels", view.workspace(workspace))
}

#[derive(Serialize)]
struct TaskChannelResource<'a> {
    account_sid: AccountSid,
    #[serde(flatten)]
    dates: ShownDates,
    friendly_name: &'a str,
    sid: TaskChannelSid,
    unique_name: TaskChannelName,
    workspace_sid: WorkspaceSid,
    channel_optimized_routing: bool,
    url: String,
    links: TaskChannelLinks,
}

#[derive(Serialize)]
struct TaskChannelLinks {
    workspace: String,
}

fn render(view: &View, workspace: &Workspace, channel: &TaskChannel) -> serde_json::Result<Value> {
    serde_json::to_value(TaskChannelResource {
        account_sid: view.account_sid,
        dates: dates(workspace, PartId::TaskChannel(channel.unique_name)),
        friendly_name: &channel.friendly_name,
        sid: channel.sid,
        unique_name: channel.unique_name,
        workspace_sid: workspace.sid,
        channel_optimized_routing: channel.channel_optimized_routing,
        url: format!("{}/{}", url(view, workspace.sid), channel.sid),
        links: TaskChannelLinks {
            workspace: view.workspace(workspace.sid),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::samples;

    #[test]
    fn a_task_channel_has_every_property_of_the_official_document() {
        let workspace = samples::workspace();
        for channel in workspace.task_channels.values() {
            samples::assert_official(
                "task_channel",
                &render(&samples::view(), &workspace, channel).unwrap(),
            );
        }
    }

    #[test]
    fn a_task_channel_is_known_by_its_sid_and_by_its_unique_name() {
        let workspace = samples::workspace();
        let voice = &workspace.task_channels[&TaskChannelName::VOICE];
        assert_eq!(named(&workspace, "voice"), Some(voice));
        assert_eq!(named(&workspace, &voice.sid.to_string()), Some(voice));
        for unknown in [
            "",
            "Voice",
            "no-name",
            "TC00000000000000000000000000000009",
            "WQ1",
        ] {
            assert_eq!(named(&workspace, unknown), None, "{unknown}");
        }
    }

    #[test]
    fn the_channels_that_tasks_and_calls_need_stay() {
        let workspace = samples::workspace();
        let centre = samples::centre(&workspace);
        let stays = |name, centre| check_standard(name, &workspace, centre).is_err();
        assert!(stays(TaskChannelName::DEFAULT, None));
        assert!(stays(TaskChannelName::VOICE, Some(&centre)));
        assert!(!stays(TaskChannelName::VOICE, None));
        assert!(!stays(TaskChannelName::CHAT, Some(&centre)));
    }
}
