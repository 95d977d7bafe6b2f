//! The calendars of the voice flows: whether each is open, and the switch with which a supervisor
//! closes or opens it at once.
//!
//! A switch changes what every caller hears, so it takes two steps: the form, and a page that says
//! what will happen.

use calendars::{Moment, Zone};
use http::StatusCode;
use ids::time::Timestamp;
use maud::{Markup, html};
use serde_json::Value;

use crate::changes::Watch;
use crate::console::{Refused, text};
use crate::form::Form;
use crate::layout::{self, Page, csrf};
use crate::reply::Reply;
use crate::request_context::RequestContext;
use crate::section::Section;

/// The console's address of the page.
const PATH: &str = "/console/calendars";

/// The fields of the form, by the API's names.
const FIELDS: [&str; 4] = ["Switch", "Until", "Reason", "SetBy"];

/// Suggestions for the end of a switch.
const SUGGESTED_ENDS: [&str; 5] = ["30m", "1h", "2h", "18:00", "Mon 08:00"];

/// The page.
pub async fn list(context: &RequestContext<'_>) -> Result<Reply, Refused> {
    let list = context.get("Calendars").await?;
    let calendars = list.get("calendars").and_then(Value::as_array);
    let calendars = calendars.map(Vec::as_slice).unwrap_or_default();
    let live = html! {
        @if calendars.is_empty() {
            p .empty { "This Workspace has no calendars. They are declared in contact-centre.yaml." }
        }
        div .columns { @for calendar in calendars { (card(context, calendar)) } }
    };
    let head = html! {
        p .lead { "Calendars decide what callers hear. A switch closes or opens one at once, for all new steps of calls." }
    };
    let page = Page {
        title: Section::Calendars.title(),
        section: Some(Section::Calendars),
        watch: Some(Watch::Everything),
        head,
        live,
    };
    Ok(layout::page(context, page))
}

/// Asks for a confirmation, or sets the switch that was confirmed.
pub async fn switch(context: &RequestContext<'_>, name: &str) -> Result<Reply, Refused> {
    // Anything else would change the address of the API request.
    if !name
        .chars()
        .all(|char| char.is_ascii_alphanumeric() || char == '_')
    {
        return Err(context.no_such_page());
    }
    let address = format!("Calendars/{name}");
    let calendar = context.get(&address).await?;
    if !context.form.has("Confirmed") {
        return confirmation(context, &calendar);
    }
    let mut form = Form::default();
    for field in FIELDS {
        let value = context.form.text(field);
        if !value.is_empty() {
            form.push(field, value);
        }
    }
    context.post(&address, &form).await?;
    Ok(Reply::see_other(PATH))
}

fn card(context: &RequestContext<'_>, calendar: &Value) -> Markup {
    let name = text(calendar, "name");
    let is_open = is_open(calendar);
    let class = if is_open { "card connected" } else { "card" };
    html! {
        section class=(class) id={ "calendar-" (name) } aria-labelledby={ "name-" (name) } {
            h2 id={ "name-" (name) } { (name) ": " (state(is_open)) }
            p .state { (reason(calendar)) }
            @if let Some(switch) = switch_of(calendar) { (in_force(context, calendar, switch)) }
            @else { (form(context, calendar)) }
        }
    }
}

fn state(is_open: bool) -> &'static str {
    if is_open { "open" } else { "closed" }
}

fn is_open(calendar: &Value) -> bool {
    calendar.get("open").and_then(Value::as_bool) == Some(true)
}

fn switch_of(calendar: &Value) -> Option<&Value> {
    calendar.get("switch").filter(|switch| switch.is_object())
}

/// The rule that applies, and the next change.
fn reason(calendar: &Value) -> Markup {
    let name = text(calendar, "rule_name");
    let next = if is_open(calendar) { "closes" } else { "opens" };
    html! {
        @match text(calendar, "rule") {
            "switch" => "By the switch",
            "holiday" => { "Holiday: " (name) },
            "exception" => { "Exception: " (name) },
            _ => "By the weekly hours",
        }
        @if let Some(at) = moment(calendar, "next_change") { ". It " (next) " on " (shown(calendar, at)) "." }
        @else { "." }
    }
}

/// The switch: state, end, reason, and the person who set it.
fn in_force(context: &RequestContext<'_>, calendar: &Value, switch: &Value) -> Markup {
    html! {
        dl {
            dt { "Switched" } dd { (text(switch, "state")) }
            dt { "Until" }
            dd {
                @match moment(switch, "until") {
                    Some(until) => (shown(calendar, until)),
                    None => "the switch is turned off",
                }
            }
            @let reason = text(switch, "reason");
            @if !reason.is_empty() { dt { "Reason" } dd { (reason) } }
            dt { "Set by" } dd { (text(switch, "set_by")) }
            @if let Some(at) = moment(switch, "set_at") { dt { "Set on" } dd { (shown(calendar, at)) } }
        }
        form method="post" action={ (PATH) "/" (text(calendar, "name")) } {
            (csrf(context))
            button type="submit" name="Switch" value="off" { "Turn the switch off …" }
        }
    }
}

/// The form of a calendar without a switch.
fn form(context: &RequestContext<'_>, calendar: &Value) -> Markup {
    let name = text(calendar, "name");
    let field = |part: &str| format!("{part}-{name}");
    html! {
        form .stacked method="post" action={ (PATH) "/" (name) } {
            (csrf(context))
            label for=(field("until")) { "Until" }
            input id=(field("until")) name="Until" type="text" autocomplete="off" list=(field("ends")) aria-describedby=(field("help"));
            datalist id=(field("ends")) { @for end in SUGGESTED_ENDS { option value=(end) {} } }
            p .quiet id=(field("help")) {
                "2h, 18:00, Mon 08:00 or 2026-12-24 18:00, in " (text(calendar, "time_zone")) ". Empty: until it is turned off."
            }
            label for=(field("reason")) { "Reason" }
            input id=(field("reason")) name="Reason" type="text" maxlength="200" autocomplete="off";
            label for=(field("by")) { "Your name" }
            input id=(field("by")) name="SetBy" type="text" maxlength="64" autocomplete="name";
            div .controls {
                button .danger type="submit" name="Switch" value="closed" { "Close …" }
                button type="submit" name="Switch" value="open" { "Open …" }
            }
        }
    }
}

/// The page that says what a switch will do. The end is resolved here, so that what is confirmed is
/// what is set.
fn confirmation(context: &RequestContext<'_>, calendar: &Value) -> Result<Reply, Refused> {
    let name = text(calendar, "name");
    let until = match context.form.text("Until") {
        "" => None,
        text => Some(end(calendar, text, context.now)?),
    };
    let (title, label) = match context.form.text("Switch") {
        "closed" => (format!("Close {name}?"), "Close it"),
        "open" => (format!("Open {name}?"), "Open it"),
        "off" => (format!("Turn the switch of {name} off?"), "Turn it off"),
        _ => return Err(context.no_such_page()),
    };
    let is_off = context.form.text("Switch") == "off";
    let live = html! {
        p {
            @if is_off { "Its hours, holidays and exceptions apply again, for all new steps of calls." }
            @else {
                "Whatever its hours say, from now on and "
                @match until {
                    Some(until) => { "until " strong { (shown(calendar, until)) } },
                    None => { "until the switch is " strong { "turned off" } },
                }
                ", for all new steps of calls. Callers who wait stay in their queues."
            }
        }
        form .row method="post" action={ (PATH) "/" (name) } {
            (csrf(context))
            input type="hidden" name="Confirmed" value="yes";
            input type="hidden" name="Switch" value=(context.form.text("Switch"));
            @if let Some(until) = until { input type="hidden" name="Until" value=(until.to_iso8601()); }
            @for field in ["Reason", "SetBy"] {
                input type="hidden" name=(field) value=(context.form.text(field));
            }
            button #confirm .danger type="submit" { (label) }
            a .button href=(PATH) { "Cancel" }
        }
    };
    let page = Page {
        title: &title,
        section: Some(Section::Calendars),
        watch: None,
        head: html! {},
        live,
    };
    Ok(layout::page(context, page))
}

/// The end of a switch as a moment.
fn end(calendar: &Value, text: &str, now: Timestamp) -> Result<Timestamp, Refused> {
    let refused = |problem: String| Refused {
        status: StatusCode::BAD_REQUEST,
        message: format!("Until: {problem}"),
    };
    let moment: Moment = text
        .parse()
        .map_err(|error: calendars::WrittenError| refused(error.to_string()))?;
    let zone = zone_of(calendar).ok_or_else(|| refused("the time zone is unknown".to_owned()))?;
    let until = moment.resolve(&zone, now);
    if until <= now {
        return Err(refused("expected a moment in the future".to_owned()));
    }
    Ok(until)
}

fn zone_of(calendar: &Value) -> Option<Zone> {
    text(calendar, "time_zone").parse().ok()
}

fn moment(resource: &Value, property: &str) -> Option<Timestamp> {
    text(resource, property).parse().ok()
}

/// A moment in the calendar's time zone.
fn shown(calendar: &Value, at: Timestamp) -> Markup {
    html! {
        @match zone_of(calendar) {
            Some(zone) => { time datetime=(at.to_iso8601()) { (zone.shown(at)) } " (" (zone) ")" },
            None => { time { (at.to_iso8601()) } },
        }
    }
}
