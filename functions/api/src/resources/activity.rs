//! Activity (taskrouter.md section 2.2).

use ids::{AccountSid, ActivitySid, WorkspaceSid};
use serde::Serialize;
use serde_json::Value;
use shared::voice_settings::VoiceSettings;
use task_router::model::{ACTIVITIES_MAX, Activity, Expression, PartId, TaskQueue, Workspace};

use super::configuration::{self, Kind, Row, ShownDates, change, dates, referenced};
use crate::answer::Answer;
use crate::error::ApiError;
use crate::paging::Paging;
use crate::request_context::RequestContext;
use crate::view::View;

/// `GET …/Activities`; filters `FriendlyName`, `Available`.
pub async fn list(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let paging = Paging::read(&context.query)?;
    let name = context.query.text("FriendlyName");
    let available = context.query.switch("Available");
    let matches = |activity: &&Activity| {
        name.is_none_or(|name| activity.friendly_name == name)
            && available.is_none_or(|available| activity.available == available)
    };
    let workspace = configuration::read(context).await?;
    let found = workspace.activities.values().filter(matches);
    let rows = found
        .map(|one| Row::new(&workspace, one, PartId::Activity(one.sid), one.sid))
        .collect();
    let url = url(&context.view, workspace.sid);
    paging.answer("activities", &url, rows, |row| {
        render(&context.view, &workspace, row.part)
    })
}

/// `GET …/Activities/{Sid}`
pub async fn fetch(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let sid = context.sid("Sid")?;
    let workspace = configuration::read(context).await?;
    answer(context, &workspace, sid)
}

/// `POST …/Activities` with `FriendlyName` and `Available`.
pub async fn create(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let name = context
        .form
        .friendly_name("FriendlyName")?
        .ok_or_else(|| ApiError::missing("FriendlyName"))?;
    let available = context.form.switch("Available").unwrap_or(false);
    let [seed, count] = context.api.ids.next_cause();
    let sid = ActivitySid::derive(&[&seed, &count]);
    let put = |workspace: &mut Workspace| {
        let activity = Activity {
            sid,
            friendly_name: name.to_owned(),
            available,
        };
        configuration::add(
            &mut workspace.activities,
            sid,
            activity,
            ACTIVITIES_MAX,
            Kind::Activity,
        )
    };
    configuration::create(context, put, |created| answer(context, created, sid)).await
}

/// `POST …/Activities/{Sid}` with `FriendlyName`. `Available` never changes and is ignored
/// (taskrouter.md section 2.2).
pub async fn update(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let sid: ActivitySid = context.sid("Sid")?;
    let name = context.form.friendly_name("FriendlyName")?;
    let changed = change(context, |workspace| {
        let activity = workspace
            .activities
            .get_mut(&sid)
            .ok_or_else(|| context.not_found())?;
        if let Some(name) = name {
            name.clone_into(&mut activity.friendly_name);
        }
        Ok(())
    });
    let changed = changed.await?;
    answer(context, &changed, sid)
}

/// `DELETE …/Activities/{Sid}`; refused while it is referred to by the Workspace, by the contact
/// centre's voice settings, by a TaskQueue, by a Workflow that counts the Workers in it, or by a
/// Worker who is in it. A Worker who moves into it concurrently with the deletion is in an unknown Activity and
/// therefore unavailable, until another Activity is set.
pub async fn delete(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let sid: ActivitySid = context.sid("Sid")?;
    let workspace = configuration::read(context).await?;
    if !workspace.activities.contains_key(&sid) {
        return Err(context.not_found());
    }
    let store = &context.api.store;
    let voice_settings = store.voice_settings(context.now).await?;
    check_references(sid, &workspace, voice_settings.as_deref())?;
    let workers = store
        .workers(&store.worker_sids(workspace.sid).await?)
        .await?;
    if let Some(worker) = workers.iter().find(|worker| worker.activity_sid == sid) {
        let reason = format!("Worker {} is in it", worker.sid);
        return Err(referenced(Kind::Activity, sid, reason));
    }
    let changed = change(context, |workspace| {
        check_references(sid, workspace, voice_settings.as_deref())?;
        workspace.activities.remove(&sid);
        Ok(())
    });
    changed.await?;
    Ok(Answer::no_content())
}

/// Checks that nothing in the configuration refers to an Activity.
fn check_references(
    sid: ActivitySid,
    workspace: &Workspace,
    voice_settings: Option<&VoiceSettings>,
) -> Result<(), ApiError> {
    let refuse = |reason: &str| Err(referenced(Kind::Activity, sid, reason));
    if workspace.default_activity_sid == sid {
        return refuse("it is the Workspace's default Activity");
    }
    if workspace.timeout_activity_sid == sid {
        return refuse("it is the Workspace's timeout Activity");
    }
    let wrap_up = workspace.wrap_up.as_ref();
    if wrap_up
        .is_some_and(|wrap_up| [wrap_up.activity_sid, wrap_up.next_activity_sid].contains(&sid))
    {
        return refuse("the Workspace's wrap-up leads into it or out of it");
    }
    if voice_settings.is_some_and(|settings| {
        settings.workspace_sid == workspace.sid && settings.post_work_activity_sid == Some(sid)
    }) {
        return refuse("the contact centre's Workers go into it after a conversation");
    }
    let mut queues = workspace.task_queues.values();
    let names = |queue: &&TaskQueue| {
        [
            queue.assignment_activity_sid,
            queue.reservation_activity_sid,
        ]
        .contains(&Some(sid))
    };
    if let Some(queue) = queues.find(names) {
        return refuse(&format!("TaskQueue {} names it", queue.sid));
    }
    // An expression counts the Workers of an Activity by its SID: `workers.WA… > 3`.
    let text = sid.to_string();
    let counts = |skip_if: &Expression| skip_if.source().contains(&text);
    let counting = workspace.workflows.values().find(|workflow| {
        workflow
            .configuration
            .targets()
            .any(|target| target.skip_if.as_ref().is_some_and(counts))
    });
    match counting {
        Some(workflow) => refuse(&format!(
            "Workflow {} counts the Workers in it",
            workflow.sid
        )),
        None => Ok(()),
    }
}

/// Checks that the Workspace has the Activity that a parameter names.
pub(super) fn check(
    sid: Option<ActivitySid>,
    parameter: &str,
    workspace: &Workspace,
) -> Result<(), ApiError> {
    match sid {
        Some(sid) if !workspace.activities.contains_key(&sid) => Err(ApiError::parameter(
            parameter,
            format!("the Workspace has no Activity {sid}"),
        )),
        Some(_) | None => Ok(()),
    }
}

/// The URL of a Workspace's Activities.
pub fn url(view: &View, workspace: WorkspaceSid) -> String {
    format!("{}/Activities", view.workspace(workspace))
}

fn answer(
    context: &RequestContext<'_>,
    workspace: &Workspace,
    sid: ActivitySid,
) -> Result<Answer, ApiError> {
    let activity = workspace
        .activities
        .get(&sid)
        .ok_or_else(|| context.not_found())?;
    Ok(Answer::ok(render(&context.view, workspace, activity)?))
}

#[derive(Serialize)]
struct ActivityResource<'a> {
    account_sid: AccountSid,
    available: bool,
    #[serde(flatten)]
    dates: ShownDates,
    friendly_name: &'a str,
    sid: ActivitySid,
    workspace_sid: WorkspaceSid,
    url: String,
    links: ActivityLinks,
}

#[derive(Serialize)]
struct ActivityLinks {
    workspace: String,
}

fn render(view: &View, workspace: &Workspace, activity: &Activity) -> serde_json::Result<Value> {
    serde_json::to_value(ActivityResource {
        account_sid: view.account_sid,
        available: activity.available,
        dates: dates(workspace, PartId::Activity(activity.sid)),
        friendly_name: &activity.friendly_name,
        sid: activity.sid,
        workspace_sid: workspace.sid,
        url: format!("{}/{}", url(view, workspace.sid), activity.sid),
        links: ActivityLinks {
            workspace: view.workspace(workspace.sid),
        },
    })
}

#[cfg(test)]
mod tests {
    use ids::time::Millis;
    use task_router::model::WrapUp;

    use super::*;
    use crate::resources::samples::{self, AVAILABLE, OFFLINE, WORKFLOW, WRAP_UP};

    #[test]
    fn activity_has_every_official_property() {
        let workspace = samples::workspace();
        for activity in workspace.activities.values() {
            samples::assert_official(
                "activity",
                &render(&samples::view(), &workspace, activity).unwrap(),
            );
        }
    }

    #[test]
    fn referenced_activity_is_not_deleted() {
        let mut workspace = samples::workspace();
        let refused = |sid, workspace: &Workspace, settings| {
            check_references(sid, workspace, settings)
                .map_err(|error| error.to_string())
                .err()
                .unwrap_or_default()
        };
        assert!(
            refused(OFFLINE, &workspace, None).ends_with("it is the Workspace's default Activity")
        );
        workspace.default_activity_sid = AVAILABLE;
        assert!(
            refused(OFFLINE, &workspace, None).ends_with("it is the Workspace's timeout Activity")
        );
        assert_eq!(refused(WRAP_UP, &workspace, None), "");

        let settings = samples::voice_settings(&workspace);
        assert!(refused(WRAP_UP, &workspace, Some(&settings)).contains("after a conversation"));
        let of_another_workspace = VoiceSettings {
            workspace_sid: WorkspaceSid::derive(&["another"]),
            ..settings.clone()
        };
        assert_eq!(
            refused(WRAP_UP, &workspace, Some(&of_another_workspace)),
            ""
        );

        let next_activity_sid = AVAILABLE;
        workspace.wrap_up = Some(WrapUp {
            activity_sid: WRAP_UP,
            limit: Millis::from_secs(1),
            next_activity_sid,
        });
        assert!(refused(WRAP_UP, &workspace, None).contains("wrap-up"));
        workspace.wrap_up = None;
        let workflow = workspace.workflows.get_mut(&WORKFLOW).unwrap();
        let target = workflow.configuration.default_filter.as_mut().unwrap();
        target.skip_if = format!("workers.{WRAP_UP} > 3").parse().ok();
        assert!(target.skip_if.is_some());
        assert!(refused(WRAP_UP, &workspace, None).contains("counts the Workers in it"));
    }
}
