//! The simulated telephones: dial the centre, hear and press, and pick up as the Worker whose phone rings.

use std::collections::BTreeMap;

use http::StatusCode;
use ids::CallSid;
use ids::time::Timestamp;
use maud::{Markup, html};
use serde_json::Value;

use crate::changes::Watch;
use crate::layout::{self, Page, button};
use crate::phones::{Act, Call, Document, Line, Phones, State};
use crate::reply::Reply;
use crate::request_context::{Refused, RequestContext, entries, text};
use crate::routes::nothing_here;

/// Calls that are over and still shown.
const OVER_SHOWN_MAX: usize = 6;

/// Lines of a transcript that are shown at once; the others are behind a button.
const LINES_SHOWN_MAX: usize = 8;

/// The first of the numbers that are suggested for callers, of which the last two digits count up.
const FIRST_CALLER: u32 = 20;

/// The keys, as on a telephone.
const KEYS: [&str; 12] = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];

/// The page.
pub async fn show(visit: &RequestContext<'_>) -> Result<Reply, Refused> {
    let phones = phones(visit)?;
    let workers = workers(visit).await?;
    let calls = phones.calls();
    let head = html! {
        p .lead {
            "Two steps: call the centre as a caller and press a key of the menu; then answer the worker’s phone that rings."
        }
        (dial_form(visit, phones, &calls))
    };
    let live = html! {
        (available_hint(&workers))
        div .columns {
            section aria-labelledby="callers" {
                h2 #callers { "Callers’ phones" }
                (cards(visit, phones, &calls, &workers, true))
            }
            section aria-labelledby="workers" {
                h2 #workers { "Workers’ phones" }
                (cards(visit, phones, &calls, &workers, false))
            }
        }
        (announcement(&calls, &workers))
    };
    Ok(layout::page(
        visit,
        Page {
            title: "Phones",
            section: "phones",
            watch: Some(Watch::Phones),
            head,
            live,
        },
    ))
}

/// Somebody dials the centre.
pub async fn dial(visit: &RequestContext<'_>) -> Result<Reply, Refused> {
    phones(visit)?
        .dial(visit.form.text("from").trim())
        .map_err(refused)?;
    Ok(back())
}

/// Somebody at a phone does `what`.
pub async fn act(visit: &RequestContext<'_>, call: &str, what: &str) -> Result<Reply, Refused> {
    let call: CallSid = call.parse().map_err(|_| nothing_here(visit))?;
    let act = match what {
        "answer" => Act::Answer,
        "decline" => Act::Decline,
        "hang-up" => Act::HangUp,
        "press" => Act::Press(visit.form.text("digits").to_owned()),
        _ => return Err(nothing_here(visit)),
    };
    phones(visit)?.act(call, act).map_err(refused)?;
    Ok(back())
}

fn phones<'v>(visit: &'v RequestContext<'_>) -> Result<&'v dyn Phones, Refused> {
    let message = "there are no simulated telephones here: the carrier is real".to_owned();
    visit.console.phones.as_deref().ok_or(Refused {
        status: StatusCode::NOT_FOUND,
        message,
    })
}

fn refused(message: String) -> Refused {
    Refused {
        status: StatusCode::CONFLICT,
        message,
    }
}

fn back() -> Reply {
    Reply::see_other("/console/phones")
}

/// Workers whose phones may ring.
struct Workers {
    by_phone: BTreeMap<String, String>,
    /// The number of those who are available.
    available: usize,
}

async fn workers(visit: &RequestContext<'_>) -> Result<Workers, Refused> {
    let list = visit.get("Workers?PageSize=200").await?;
    let by_phone = entries(&list)
        .iter()
        .filter_map(|worker| Some((phone_of(worker)?, text(worker, "friendly_name").to_owned())));
    let available =
        |worker: &&Value| worker.get("available").and_then(Value::as_bool) == Some(true);
    Ok(Workers {
        by_phone: by_phone.collect(),
        available: entries(&list).iter().filter(available).count(),
    })
}

/// The number in a Worker's attributes.
fn phone_of(worker: &Value) -> Option<String> {
    let attributes: Value = serde_json::from_str(text(worker, "attributes")).ok()?;
    Some(attributes.get("contact_uri")?.as_str()?.to_owned())
}

fn dial_form(visit: &RequestContext<'_>, phones: &dyn Phones, calls: &[Call]) -> Markup {
    html! {
        form .row method="post" action="/console/phones" hx-post="/console/phones" hx-target="#live" hx-select="#live" hx-swap="outerHTML" {
            (layout::csrf(visit))
            label for="from" { "Your number" }
            input id="from" name="from" type="tel" required value=(suggestion(calls)) autocomplete="off";
            button #dial .primary type="submit" { "Call " (phones.centre_number()) }
        }
    }
}

/// A number from which nobody calls at the moment.
fn suggestion(calls: &[Call]) -> String {
    let number = |last: u32| format!("+170755501{last:02}");
    let is_free = |number: &String| {
        !calls
            .iter()
            .any(|call| call.phone == *number && call.state != State::Over)
    };
    (FIRST_CALLER..99)
        .map(number)
        .find(is_free)
        .unwrap_or_default()
}

fn available_hint(workers: &Workers) -> Markup {
    html! {
        @if workers.available == 0 {
            p .alert role="alert" {
                "No worker is available, so nobody’s phone will ring. Make somebody available: "
                a href="/console/workers" { "Workers" } "."
            }
        }
    }
}

/// The phones of one side: those in a call, then a few whose call is over.
fn cards(
    visit: &RequestContext<'_>,
    phones: &dyn Phones,
    calls: &[Call],
    workers: &Workers,
    callers: bool,
) -> Markup {
    let side: Vec<&Call> = calls
        .iter()
        .filter(|call| call.is_caller == callers)
        .collect();
    let (over, going_on): (Vec<&Call>, Vec<&Call>) =
        side.into_iter().partition(|call| call.state == State::Over);
    html! {
        @if going_on.is_empty() {
            p .empty { @if callers { "Nobody calls." } @else { "No phone rings." } }
        }
        @for call in going_on { (card(visit, phones, calls, call, workers)) }
        @if !over.is_empty() {
            details #{ "over-" (callers) } {
                summary { "Calls that are over" }
                @for call in over.into_iter().take(OVER_SHOWN_MAX) { (card(visit, phones, calls, call, workers)) }
            }
        }
    }
}

fn card(
    visit: &RequestContext<'_>,
    phones: &dyn Phones,
    calls: &[Call],
    call: &Call,
    workers: &Workers,
) -> Markup {
    let who = who(call, workers);
    let class = match call.state {
        State::Ringing => "card ringing",
        State::Connected => "card connected",
        State::Over => "card over",
    };
    html! {
        article class=(class) #{ "call-" (call.sid) } aria-label=(who) {
            h3 { (who) }
            p .state { (state(call, calls, workers)) }
            (transcript(call))
            (controls(visit, call))
            (documents(visit.now, call, &phones.documents(call.sid)))
        }
    }
}

fn who(call: &Call, workers: &Workers) -> String {
    match workers
        .by_phone
        .get(&call.phone)
        .filter(|_| !call.is_caller)
    {
        Some(name) => format!("{name} · {}", call.phone),
        None => call.phone.clone(),
    }
}

/// Where a call is, in words.
fn state(call: &Call, calls: &[Call], workers: &Workers) -> String {
    let other = call
        .talking_with
        .and_then(|with| calls.iter().find(|other| other.sid == with));
    match (call.state, other) {
        (State::Ringing, _) if call.is_caller => "Calling …".to_owned(),
        (State::Ringing, _) => "Ringing".to_owned(),
        (State::Connected, Some(other)) => format!("Talking with {}", who(other, workers)),
        (State::Connected, None) => "Connected with the centre".to_owned(),
        (State::Over, _) => format!("Over ({})", call.status),
    }
}

fn controls(visit: &RequestContext<'_>, call: &Call) -> Markup {
    let at = |what: &str| format!("/console/phones/{}/{what}", call.sid);
    html! {
        div .controls {
            @match call.state {
                State::Ringing if !call.is_caller => {
                    (button(visit, &at("answer"), "Answer", &[], "primary"))
                    (button(visit, &at("decline"), "Decline", &[], "danger"))
                }
                State::Ringing => { (button(visit, &at("hang-up"), "Hang up", &[], "danger")) }
                State::Connected => {
                    @if call.is_caller { (keypad(visit, call, &at("press"))) }
                    (button(visit, &at("hang-up"), "Hang up", &[], "danger"))
                }
                State::Over => {}
            }
        }
    }
}

/// One form with twelve buttons: the one that is pressed says which key it is.
fn keypad(visit: &RequestContext<'_>, call: &Call, address: &str) -> Markup {
    html! {
        form method="post" action=(address) hx-post=(address) hx-target="#live" hx-select="#live" hx-swap="outerHTML" {
            (layout::csrf(visit))
            div .keypad role="group" aria-label="Keys" {
                @for key in KEYS {
                    button id={ "key-" (call.sid) "-" (key) } type="submit" name="digits" value=(key)
                        aria-label={ "Press " (key) } { (key) }
                }
            }
        }
    }
}

fn transcript(call: &Call) -> Markup {
    let hidden = call.transcript.len().saturating_sub(LINES_SHOWN_MAX);
    let (earlier, latest) = call.transcript.split_at(hidden);
    html! {
        @if !earlier.is_empty() {
            details #{ "earlier-" (call.sid) } {
                summary { "Earlier (" (earlier.len()) ")" }
                ol .transcript { @for entry in earlier { (line(entry)) } }
            }
        }
        ol .transcript { @for entry in latest { (line(entry)) } }
    }
}

fn line(line: &Line) -> Markup {
    html! { li { time { (clock_time(line.at)) } " " strong { (line.kind) } " " (line.text) } }
}

fn documents(now: Timestamp, call: &Call, documents: &[Document]) -> Markup {
    html! {
        @if !documents.is_empty() {
            details #{ "documents-" (call.sid) } {
                summary { "What the webhooks returned (" (documents.len()) ")" }
                @for document in documents.iter().rev() {
                    h4 {
                        time { (clock_time(document.at)) } " " (document.address) " "
                        @match document.status {
                            Some(status) => { "answered " (status) },
                            None => { "did not answer" },
                        }
                    }
                    pre tabindex="0" aria-label={ "Answer of " (document.address) } { (document.text) }
                }
                p .quiet { "As of " (clock_time(now)) }
            }
        }
    }
}

/// Minutes and seconds, and to the millisecond: what one sees beside the log.
fn clock_time(at: Timestamp) -> String {
    at.to_iso8601_millis()
        .split_once('T')
        .map(|(_, time)| time.trim_end_matches('Z').to_owned())
        .unwrap_or_default()
}

/// What a screen reader says when it changes.
fn announcement(calls: &[Call], workers: &Workers) -> Markup {
    let rings = |call: &&Call| call.state == State::Ringing && !call.is_caller;
    let ringing: Vec<String> = calls
        .iter()
        .filter(rings)
        .map(|call| format!("{} rings", who(call, workers)))
        .collect();
    let heard = calls
        .iter()
        .find(|call| call.is_caller && call.state != State::Over)
        .and_then(|call| call.transcript.last());
    let heard = heard
        .map(|line| format!("{} {}", line.kind, line.text))
        .unwrap_or_default();
    html! { p .unseen data-announce="" { (ringing.join(", ")) " " (heard) } }
}
