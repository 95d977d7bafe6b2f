//! Activity (taskrouter.md section 2.2).

use serde::Serialize;
use serde_json::Value;
use shared::model::{AccountSid, Activity, ActivitySid, Workspace, WorkspaceSid};

use crate::answer::Answer;
use crate::call::Call;
use crate::error::ApiError;
use crate::paging::{Listed, Paging, Place};
use crate::view::View;

/// `GET …/Activities`; filters `FriendlyName`, `Available`.
pub async fn list(call: &Call<'_>) -> Result<Answer, ApiError> {
    let paging = Paging::read(&call.query)?;
    let (name, available) = (call.query.text("FriendlyName"), call.query.switch("Available"));
    let is_wanted = |activity: &&Activity| {
        name.is_none_or(|name| activity.friendly_name == name)
            && available.is_none_or(|available| activity.available == available)
    };
    let workspace = call.workspace().await?;
    let found = workspace.activities.values().filter(is_wanted).collect();
    let url = url(&call.view, workspace.sid);
    paging.answer("activities", &url, found, |activity| render(&call.view, workspace.sid, activity))
}

/// `GET …/Activities/{Sid}`
pub async fn fetch(call: &Call<'_>) -> Result<Answer, ApiError> {
    let sid: ActivitySid = call.sid("Sid")?;
    let workspace = call.workspace().await?;
    let activity = workspace.activities.get(&sid).ok_or_else(|| call.not_found())?;
    Ok(Answer::ok(render(&call.view, workspace.sid, activity)?))
}

/// `POST …/Activities/{Sid}` with `FriendlyName`. `Available` never changes; sending it changes nothing (taskrouter.md
/// section 2.2).
pub async fn update(call: &Call<'_>) -> Result<Answer, ApiError> {
    let sid: ActivitySid = call.sid("Sid")?;
    let name = call.form.friendly_name("FriendlyName")?;
    let workspace = call.workspace().await?;
    let activity = workspace.activities.get(&sid).ok_or_else(|| call.not_found())?;
    let Some(name) = name.filter(|name| *name != activity.friendly_name) else {
        return Ok(Answer::ok(render(&call.view, workspace.sid, activity)?));
    };
    let renamed = Activity { friendly_name: name.to_owned(), ..activity.clone() };
    call.api.store.save_activity(workspace.sid, &renamed).await?;
    Ok(Answer::ok(render(&call.view, workspace.sid, &renamed)?))
}

/// An Activity that a parameter names must be there.
pub(super) fn check(sid: Option<ActivitySid>, parameter: &str, workspace: &Workspace) -> Result<(), ApiError> {
    match sid {
        Some(sid) if !workspace.activities.contains_key(&sid) => {
            Err(ApiError::parameter(parameter, format!("the Workspace has no Activity {sid}")))
        }
        Some(_) | None => Ok(()),
    }
}

/// The address of a Workspace's Activities.
pub fn url(view: &View, workspace: WorkspaceSid) -> String {
    format!("{}/Activities", view.workspace(workspace))
}

impl Listed for &Activity {
    fn place(&self) -> Place {
        Place::ageless(self.sid)
    }
}

#[derive(Serialize)]
struct ActivityResource<'a> {
    account_sid: AccountSid,
    available: bool,
    /// Not kept: nothing in routing depends on it.
    date_created: Option<String>,
    date_updated: Option<String>,
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

fn render(view: &View, workspace: WorkspaceSid, activity: &Activity) -> serde_json::Result<Value> {
    serde_json::to_value(ActivityResource {
        account_sid: view.account_sid,
        available: activity.available,
        date_created: None,
        date_updated: None,
        friendly_name: &activity.friendly_name,
        sid: activity.sid,
        workspace_sid: workspace,
        url: format!("{}/{}", url(view, workspace), activity.sid),
        links: ActivityLinks { workspace: view.workspace(workspace) },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::samples;

    #[test]
    fn an_activity_has_every_property_of_the_official_document() {
        let workspace = samples::workspace();
        for activity in workspace.activities.values() {
            let rendered = render(&samples::view(), workspace.sid, activity).unwrap();
            samples::assert_official("activity", &rendered);
        }
    }
}
