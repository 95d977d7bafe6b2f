//! TaskChannel (taskrouter.md section 2.5).

use ids::{AccountSid, TaskChannelSid, WorkspaceSid};
use serde::Serialize;
use serde_json::Value;
use shared::voice_settings::VoiceSettings;
use task_router::model::{PartId, TASK_CHANNELS_MAX, TaskChannel, TaskChannelName, Workspace};

use super::configuration::{self, Kind, Row, ShownDates, change, check_room, dates, referenced};
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

/// `GET …/TaskChannels/{Sid}`. `{Sid}` may also be the unique name, here and in all operations
/// below.
pub async fn fetch(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let workspace = configuration::read(context).await?;
    Ok(Answer::ok(render(
        &context.view,
        &workspace,
        find(context, &workspace)?,
    )?))
}

/// `POST …/TaskChannels` with `FriendlyName`, `UniqueName` and `ChannelOptimizedRouting`. After its
/// conversation a Task of a new TaskChannel stays in `wrapping`, as in TaskRouter.
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
            Some(existing) if existing.sid != sid => {
                return Err(ApiError::State(format!(
                    "TaskChannel with the unique name {name} already exists"
                )));
            }
            // Our own, of an attempt whose response was lost.
            Some(_) => {}
            None => check_room(
                workspace.task_channels.len(),
                TASK_CHANNELS_MAX,
                Kind::TaskChannel,
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
    let created = changed.await?;
    // Every Worker has capacity in a new TaskChannel and is a candidate for its Tasks from now on.
    let channel = created
        .task_channels
        .get(&name)
        .ok_or_else(|| context.not_found())?;
    Ok(Answer::created(render(&context.view, &created, channel)?))
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
        if let Some(name) = friendly_name {
            name.clone_into(&mut channel.friendly_name);
        }
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

/// `DELETE …/TaskChannels/{Sid}`; refused for `default`, which is the TaskChannel of Tasks that
/// name none, for `voice` in the Workspace of the contact centre's calls, and while a Task that has
/// not ended is in it.
pub async fn delete(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let workspace = configuration::read(context).await?;
    let name = find(context, &workspace)?.unique_name;
    let voice_settings = context.api.store.voice_settings(context.now).await?;
    check_required(name, &workspace, voice_settings.as_deref())?;
    if configuration::parts_in_use(context, &workspace)
        .await?
        .channels
        .contains(&name)
    {
        return Err(referenced(
            Kind::TaskChannel,
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

/// Checks that a TaskChannel is not one that every Workspace, or the contact centre, requires.
fn check_required(
    name: TaskChannelName,
    workspace: &Workspace,
    voice_settings: Option<&VoiceSettings>,
) -> Result<(), ApiError> {
    if name == TaskChannelName::DEFAULT {
        return Err(referenced(
            Kind::TaskChannel,
            name,
            "Tasks that name no TaskChannel go into it",
        ));
    }
    let has_calls = voice_settings.is_some_and(|settings| settings.workspace_sid == workspace.sid);
    if has_calls && name == TaskChannelName::VOICE {
        return Err(referenced(
            Kind::TaskChannel,
            name,
            "the contact centre's calls go into it",
        ));
    }
    Ok(())
}

/// The TaskChannel in the path, by SID or by unique name.
fn find<'w>(
    context: &RequestContext<'_>,
    workspace: &'w Workspace,
) -> Result<&'w TaskChannel, ApiError> {
    let text = context.text_in_path("Sid").unwrap_or_default();
    named(workspace, text).ok_or_else(|| context.not_found())
}

fn named<'w>(workspace: &'w Workspace, text: &str) -> Option<&'w TaskChannel> {
    // A unique name is tried first. A TaskChannel whose unique name looks like the SID of another
    // one is found by its name.
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
    fn task_channel_has_every_official_property() {
        let workspace = samples::workspace();
        for channel in workspace.task_channels.values() {
            samples::assert_official(
                "task_channel",
                &render(&samples::view(), &workspace, channel).unwrap(),
            );
        }
    }

    #[test]
    fn task_channel_is_found_by_sid_or_name() {
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
    fn required_channel_is_not_deleted() {
        let workspace = samples::workspace();
        let settings = samples::voice_settings(&workspace);
        let stays = |name, settings| check_required(name, &workspace, settings).is_err();
        assert!(stays(TaskChannelName::DEFAULT, None));
        assert!(stays(TaskChannelName::VOICE, Some(&settings)));
        assert!(!stays(TaskChannelName::VOICE, None));
        assert!(!stays(TaskChannelName::CHAT, Some(&settings)));
    }
}
