//! The calendars of `contact-centre.yaml`, and the switch of each one: an emergency opening or
//! closing. An addition to TaskRouter.
//!
//! Calendars belong to the voice flows, and these to the Workspace that receives the centre's calls.
//! Another Workspace has none.

use std::sync::Arc;

use calendars::{Calendar, Moment, REASON_CHARS_MAX, Switch, SwitchState, WrittenError};
use ids::{AccountSid, WorkspaceSid};
use serde::Serialize;
use store::CalendarSwitch;
use vocabulary::check_visible;
use voice_flows::VoiceFlows;

use crate::answer::Answer;
use crate::auth;
use crate::error::ApiError;
use crate::request_context::RequestContext;
use crate::resources::configuration;

/// The values of the parameter `Switch`.
const SWITCHES: &str = "expected open, closed or off";

/// Maximum length of the name of the person who sets a switch, in characters: that of a friendly
/// name.
const SET_BY_CHARS_MAX: usize = 64;

/// A calendar at the moment of the request.
#[derive(Serialize)]
struct ShownCalendar {
    account_sid: AccountSid,
    workspace_sid: WorkspaceSid,
    name: String,
    time_zone: String,
    open: bool,
    /// `switch`, `exception`, `holiday` or `hours`.
    rule: &'static str,
    /// The name of the exception or holiday, the reason of the switch.
    rule_name: String,
    next_change: Option<String>,
    switch: Option<ShownSwitch>,
    url: String,
}

#[derive(Serialize)]
struct ShownSwitch {
    state: SwitchState,
    until: Option<String>,
    reason: String,
    set_by: String,
    set_at: String,
}

#[derive(Serialize)]
struct Listed {
    account_sid: AccountSid,
    workspace_sid: WorkspaceSid,
    calendars: Vec<ShownCalendar>,
    url: String,
}

/// `GET …/Calendars`
pub async fn list(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let workspace = context.workspace().await?.sid;
    let flows = flows_of(context, workspace).await?;
    let calendars = flows.iter().flat_map(|flows| flows.calendars.values());
    let mut switches = context.api.store.fresh_calendar_switches().await?;
    let shown = calendars
        .map(|calendar| {
            render(
                context,
                workspace,
                calendar,
                switches.remove(&calendar.name),
            )
        })
        .collect();
    let listed = Listed {
        account_sid: context.view.account_sid,
        workspace_sid: workspace,
        calendars: shown,
        url: url(context, workspace),
    };
    Ok(Answer::ok(serde_json::to_value(listed)?))
}

/// `GET …/Calendars/{CalendarName}`
pub async fn fetch(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let workspace = context.workspace().await?.sid;
    let flows = flows_of(context, workspace).await?;
    let calendar = named(context, flows.as_deref())?;
    let mut switches = context.api.store.fresh_calendar_switches().await?;
    let switch = switches.remove(&calendar.name);
    shown(context, workspace, calendar, switch)
}

/// `POST …/Calendars/{CalendarName}`: `Switch`, `Until`, `Reason`, `SetBy`
pub async fn update(context: &RequestContext<'_>) -> Result<Answer, ApiError> {
    let workspace = context.workspace().await?.sid;
    let flows = flows_of(context, workspace).await?;
    let calendar = named(context, flows.as_deref())?;
    let switch = switch(context, calendar)?;
    let store = &context.api.store;
    store
        .set_calendar_switch(&calendar.name, switch.as_ref())
        .await?;
    let state = switch.as_ref().map(|set| set.switch.state);
    tracing::info!(calendar = %calendar.name, ?state, "calendar switched");
    shown(context, workspace, calendar, switch)
}

/// The switch that a form sets; `None`: the calendar applies again.
fn switch(
    context: &RequestContext<'_>,
    calendar: &Calendar,
) -> Result<Option<CalendarSwitch>, ApiError> {
    let form = &context.form;
    let state = form.parsed("Switch", |text| match text {
        "open" => Ok(Some(SwitchState::Open)),
        "closed" => Ok(Some(SwitchState::Closed)),
        "off" => Ok(None),
        _ => Err(SWITCHES.to_owned()),
    })?;
    let Some(state) = state.ok_or_else(|| ApiError::missing("Switch"))? else {
        return Ok(None);
    };
    let until = form.parsed("Until", |text| match text {
        "" => Ok(None),
        text => {
            let moment: Moment = text
                .parse()
                .map_err(|error: WrittenError| error.to_string())?;
            let until = moment.resolve(&calendar.time_zone, context.now);
            if until <= context.now {
                return Err("expected a moment in the future".to_owned());
            }
            Ok(Some(until))
        }
    })?;
    let reason = text(context, "Reason", REASON_CHARS_MAX)?.unwrap_or_default();
    let user = || auth::user(context.headers);
    let set_by = text(context, "SetBy", SET_BY_CHARS_MAX)?.filter(|name| !name.is_empty());
    Ok(Some(CalendarSwitch {
        switch: Switch {
            state,
            until: until.flatten(),
            reason,
        },
        set_by: set_by.unwrap_or_else(user),
        set_at: context.now,
    }))
}

/// A line of text of limited length, without characters that a reader does not see.
fn text(
    context: &RequestContext<'_>,
    name: &str,
    chars_max: usize,
) -> Result<Option<String>, ApiError> {
    context.form.parsed(name, |text| {
        if text.chars().count() > chars_max {
            return Err(format!("expected at most {chars_max} characters"));
        }
        check_visible(text)?;
        Ok(text.trim().to_owned())
    })
}

/// The voice flows of the centre's calls, if this Workspace receives them.
async fn flows_of(
    context: &RequestContext<'_>,
    workspace: WorkspaceSid,
) -> Result<Option<Arc<VoiceFlows>>, ApiError> {
    let settings = context.api.store.voice_settings(context.now).await?;
    let settings = settings.filter(|settings| settings.workspace_sid == workspace);
    configuration::voice_flows(context, settings.as_deref()).await
}

/// The calendar in the path.
fn named<'f>(
    context: &RequestContext<'_>,
    flows: Option<&'f VoiceFlows>,
) -> Result<&'f Calendar, ApiError> {
    let name = context.text_in_path("CalendarName").unwrap_or_default();
    flows
        .and_then(|flows| flows.calendars.get(name))
        .ok_or_else(|| context.not_found())
}

fn shown(
    context: &RequestContext<'_>,
    workspace: WorkspaceSid,
    calendar: &Calendar,
    switch: Option<CalendarSwitch>,
) -> Result<Answer, ApiError> {
    let shown = render(context, workspace, calendar, switch);
    Ok(Answer::ok(serde_json::to_value(shown)?))
}

/// A calendar and its switch. A switch that has ended is not shown.
fn render(
    context: &RequestContext<'_>,
    workspace: WorkspaceSid,
    calendar: &Calendar,
    switch: Option<CalendarSwitch>,
) -> ShownCalendar {
    let now = context.now;
    let is_in_force = |set: &CalendarSwitch| set.switch.until.is_none_or(|until| now < until);
    let switch = switch.filter(is_in_force);
    let status = calendar.status(switch.as_ref().map(|set| &set.switch), now);
    ShownCalendar {
        account_sid: context.view.account_sid,
        workspace_sid: workspace,
        name: calendar.name.clone(),
        time_zone: calendar.time_zone.to_string(),
        open: status.open,
        rule: status.rule.kind(),
        rule_name: status.rule.name().to_owned(),
        next_change: status.next_change.map(|at| at.to_iso8601()),
        switch: switch.map(|set| ShownSwitch {
            state: set.switch.state,
            until: set.switch.until.map(|until| until.to_iso8601()),
            reason: set.switch.reason,
            set_by: set.set_by,
            set_at: set.set_at.to_iso8601(),
        }),
        url: format!("{}/{}", url(context, workspace), calendar.name),
    }
}

fn url(context: &RequestContext<'_>, workspace: WorkspaceSid) -> String {
    format!("{}/Calendars", context.view.workspace(workspace))
}
