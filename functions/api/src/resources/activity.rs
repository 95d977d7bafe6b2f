//! Activity (taskrouter.md section 2.2).

use ids::{AccountSid, ActivitySid, WorkspaceSid};
use serde::Serialize;
use serde_json::Value;
use shared::voice_settings::VoiceSettings;
use task_router::model::{ACTIVITIES_MAX, Activity, Expression, PartId, Workspace};

use super::configuration::{self, Row, ShownDates, change, dates, needed};
use crate::answer::Answer;
use crate::error::ApiError;
use crate::paging::Paging;
use crate::request_context::RequestContext;
use crate::view::View;

/// `GET …/Activities`; filters `FriendlyName`, `Available`.
pub async fn list(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let paging = Paging::read(&context.query)?;
    let (name, available) = (
        context.query.text("FriendlyName"),
        context.query.switch("Available"),
    );
    let is_wanted = |activity: &&Activity| {
        name.is_none_or(|name| activity.friendly_name == name)
            && available.is_none_or(|available| activity.available == available)
    };
    let workspace = configuration::read(context).await?;
    let found = workspace.activities.values().filter(is_wanted);
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
            "Activities",
        )
    };
    configuration::create(context, put, |made| answer(context, made, sid)).await
}

/// `POST …/Activities/{Sid}` with `FriendlyName`. `Available` never changes; sending it changes nothing (taskrouter.md
/// section 2.2).
pub async fn update(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let sid: ActivitySid = context.sid("Sid")?;
    let name = context.form.friendly_name("FriendlyName")?;
    let changed = change(context, |workspace| {
        let activity = workspace
            .activities
            .get_mut(&sid)
            .ok_or_else(|| context.not_found())?;
        name.into_iter()
            .for_each(|name| name.clone_into(&mut activity.friendly_name));
        Ok(())
    });
    let changed = changed.await?;
    answer(context, &changed, sid)
}

/// `DELETE …/Activities/{Sid}`; not while somebody needs it: the Workspace, the contact centre, a Workflow that counts the
/// Workers in it, or a Worker who is in it. A Worker who goes into it in the very moment it is deleted is in no Activity
/// that is known, and unavailable, until they are given another.
pub async fn delete(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let sid: ActivitySid = context.sid("Sid")?;
    let workspace = configuration::read(context).await?;
    if !workspace.activities.contains_key(&sid) {
        return Err(context.not_found());
    }
    let store = &context.api.store;
    let centre = store.voice_settings(context.now).await?;
    check_references(sid, &workspace, centre.as_deref())?;
    let workers = store
        .workers(&store.worker_sids(workspace.sid).await?)
        .await?;
    if let Some(worker) = workers.iter().find(|worker| worker.activity_sid == sid) {
        return Err(needed(
            "Activity",
            sid,
            format_args!("Worker {} is in it", worker.sid),
        ));
    }
    let changed = change(context, |workspace| {
        check_references(sid, workspace, centre.as_deref())?;
        workspace.activities.remove(&sid);
        Ok(())
    });
    changed.await?;
    Ok(Answer::no_content())
}

/// Who in the configuration refers to an Activity.
fn check_references(
    sid: ActivitySid,
    workspace: &Workspace,
    centre: Option<&VoiceSettings>,
) -> Result<(), ApiError> {
    let refuse = |reason: &str| Err(needed("Activity", sid, reason));
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
    if centre.is_some_and(|centre| {
        centre.workspace_sid == workspace.sid && centre.post_work_activity_sid == Some(sid)
    }) {
        return refuse("the contact centre's Workers go into it after a conversation");
    }
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

/// An Activity that a parameter names must be there.
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

/// The address of a Workspace's Activities.
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
    fn an_activity_has_every_property_of_the_official_document() {
        let workspace = samples::workspace();
        for activity in workspace.activities.values() {
            samples::assert_official(
                "activity",
                &render(&samples::view(), &workspace, activity).unwrap(),
            );
        }
    }

    #[test]
    fn an_activity_that_somebody_refers_to_stays() {
        let mut workspace = samples::workspace();
        let refused = |sid, workspace: &Workspace, centre| {
            check_references(sid, workspace, centre)
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

        let centre = samples::centre(&workspace);
        assert!(refused(WRAP_UP, &workspace, Some(&centre)).contains("after a conversation"));
        let elsewhere = VoiceSettings {
            workspace_sid: WorkspaceSid::derive(&["another"]),
            ..centre.clone()
        };
        assert_eq!(refused(WRAP_UP, &workspace, Some(&elsewhere)), "");

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
