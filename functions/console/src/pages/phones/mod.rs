//! The simulated telephones: dial the contact centre as a caller, press keys, and answer as the
//! Worker whose phone rings.

mod history;

use std::collections::BTreeMap;

use http::{StatusCode, header};
use ids::CallSid;
use maud::{Markup, html};
use serde_json::Value;

use crate::changes::Watch;
use crate::console::{Refused, entries, text};
use crate::layout::{self, Page, button};
use crate::phones::{Action, Call, CallState, Phones};
use crate::reply::Reply;
use crate::request_context::RequestContext;
use crate::section::Section;

/// Maximum number of ended calls that are shown on each side.
const ENDED_SHOWN_MAX: usize = 6;

/// The last two digits of the first number that is suggested for a caller.
const FIRST_CALLER: u32 = 20;

/// The keys, as on a telephone.
const KEYS: [&str; 12] = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];

/// The page.
pub async fn show(context: &RequestContext<'_>) -> Result<Reply, Refused> {
    let phones = phones(context)?;
    let workers = workers(context).await?;
    let calls = phones.calls();
    let head = html! {
        p .lead {
            "Two steps: call the contact centre as a caller and press a key of the menu; then answer the Worker’s phone that rings."
        }
        (dial_form(context, phones, &calls))
        (sound_controls())
    };
    let live = html! {
        (available_hint(&workers))
        div .columns {
            section aria-labelledby="callers" {
                h2 #callers { "Callers’ phones" }
                (cards(context, phones, &calls, &workers, Side::Callers))
            }
            section aria-labelledby="workers" {
                h2 #workers { "Workers’ phones" }
                (cards(context, phones, &calls, &workers, Side::Workers))
            }
        }
        (announcement(&calls, &workers))
    };
    let page = Page {
        title: "Phones",
        section: Some(Section::Phones),
        watch: Some(Watch::Phones),
        head,
        live,
    };
    Ok(layout::page(context, page).playing_audio_of_any_host())
}

/// The switch of the sound. A browser without scripts does not show it.
fn sound_controls() -> Markup {
    html! {
        div #sound-controls .row hidden {
            button #sound type="button" aria-pressed="false" { "Turn the sound on" }
            button #microphone type="button" aria-pressed="false" { "Use the microphone" }
            p #sound-state .quiet role="status" { "The sound is off. Voices, music and tones are heard in this window when you turn it on." }
            p #talk-state .quiet role="status" {}
        }
    }
}

/// Dials the contact centre from the number in the form.
pub async fn dial(context: &RequestContext<'_>) -> Result<Reply, Refused> {
    let from = context.form.text("from").trim();
    phones(context)?
        .dial(from, context.form.text("to"))
        .map_err(refused)?;
    Ok(back())
}

/// Performs an action at the phone of a call.
pub async fn perform(
    context: &RequestContext<'_>,
    call: &str,
    action: &str,
) -> Result<Reply, Refused> {
    let call: CallSid = call.parse().map_err(|_| context.no_such_page())?;
    let action = match action {
        "answer" => Action::Answer,
        "decline" => Action::Decline,
        "hang-up" => Action::HangUp,
        "press" => Action::Press(context.form.text("digits").to_owned()),
        "say" => Action::Say(context.form.text("text").to_owned()),
        "listen" => Action::Listen,
        _ => return Err(context.no_such_page()),
    };
    phones(context)?.perform(call, action).map_err(refused)?;
    Ok(back())
}

/// Passes a message of a window to the window that hears the other phone of the conversation.
pub fn signal(context: &RequestContext<'_>, call: &str) -> Result<Reply, Refused> {
    let call: CallSid = call.parse().map_err(|_| context.no_such_page())?;
    phones(context)?
        .signal(call, context.form.text("message"))
        .map_err(refused)?;
    Ok(json(b"{}".to_vec()))
}

/// The messages for the window that hears a phone.
pub fn signals(context: &RequestContext<'_>, call: &str) -> Result<Reply, Refused> {
    let call: CallSid = call.parse().map_err(|_| context.no_such_page())?;
    let after = context.query.text("after").parse().unwrap_or_default();
    let signals = phones(context)?.signals(call, after);
    Ok(json(serde_json::to_vec(&signals).unwrap_or_default()))
}

fn json(body: Vec<u8>) -> Reply {
    Reply::bytes(StatusCode::OK, "application/json", body).with(header::CACHE_CONTROL, "no-store")
}

/// Sends the webhook of a document once more.
pub async fn send_again(
    context: &RequestContext<'_>,
    call: &str,
    document: &str,
) -> Result<Reply, Refused> {
    let call: CallSid = call.parse().map_err(|_| context.no_such_page())?;
    let document: u64 = document.parse().map_err(|_| context.no_such_page())?;
    phones(context)?
        .send_again(call, document)
        .await
        .map_err(refused)?;
    Ok(back())
}

fn phones<'v>(context: &'v RequestContext<'_>) -> Result<&'v dyn Phones, Refused> {
    let message = "there are no simulated telephones: the carrier is a real one".to_owned();
    context.console.phones.as_deref().ok_or(Refused {
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

/// The Workers by phone number, to name the phones of calls.
struct Workers {
    by_phone: BTreeMap<String, String>,
    /// The number of Workers whose Activity is available.
    available: usize,
}

async fn workers(context: &RequestContext<'_>) -> Result<Workers, Refused> {
    let list = context.get("Workers?PageSize=200").await?;
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

/// The phone number in a Worker's attributes.
fn phone_of(worker: &Value) -> Option<String> {
    let attributes: Value = serde_json::from_str(text(worker, "attributes")).ok()?;
    Some(attributes.get("contact_uri")?.as_str()?.to_owned())
}

fn dial_form(context: &RequestContext<'_>, phones: &dyn Phones, calls: &[Call]) -> Markup {
    let numbers = phones.centre_numbers();
    html! {
        form .row method="post" action="/console/phones" hx-post="/console/phones" hx-target="#live" hx-select="#live" hx-swap="outerHTML" {
            (layout::csrf(context))
            label for="from" { "Your number" }
            input id="from" name="from" type="tel" required value=(suggestion(calls)) autocomplete="off";
            @match numbers.as_slice() {
                [only] => {
                    input type="hidden" name="to" value=(only);
                    button #dial .primary type="submit" { "Call " (only) }
                }
                _ => {
                    label for="to" { "Number to call" }
                    select id="to" name="to" { @for number in &numbers { option value=(number) { (number) } } }
                    button #dial .primary type="submit" { "Call" }
                }
            }
        }
    }
}

/// A number that takes part in no current call.
fn suggestion(calls: &[Call]) -> String {
    let number = |last: u32| format!("+170755501{last:02}");
    let is_free = |number: &String| {
        !calls
            .iter()
            .any(|call| call.phone == *number && call.state != CallState::Ended)
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
                "No Worker is available, so no phone will ring. Change the Activity of a Worker: "
                a href="/console/workers" { "Workers" } "."
            }
        }
    }
}

/// The side of a call that a phone is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Callers,
    Workers,
}

impl Side {
    const fn of(call: &Call) -> Self {
        if call.is_caller {
            Self::Callers
        } else {
            Self::Workers
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Callers => "callers",
            Self::Workers => "workers",
        }
    }

    const fn empty(self) -> &'static str {
        match self {
            Self::Callers => "No calls.",
            Self::Workers => "No phone is ringing.",
        }
    }
}

/// The phones of one side: current calls first, then a few ended ones.
fn cards(
    context: &RequestContext<'_>,
    phones: &dyn Phones,
    calls: &[Call],
    workers: &Workers,
    side: Side,
) -> Markup {
    let (ended, current): (Vec<&Call>, Vec<&Call>) = calls
        .iter()
        .filter(|call| Side::of(call) == side)
        .partition(|call| call.state == CallState::Ended);
    html! {
        @if current.is_empty() { p .empty { (side.empty()) } }
        @for call in current { (card(context, phones, calls, call, workers)) }
        @if !ended.is_empty() {
            details #{ "ended-" (side.name()) } {
                summary { "Ended calls" }
                @for call in ended.into_iter().take(ENDED_SHOWN_MAX) { (card(context, phones, calls, call, workers)) }
            }
        }
    }
}

fn card(
    context: &RequestContext<'_>,
    phones: &dyn Phones,
    calls: &[Call],
    call: &Call,
    workers: &Workers,
) -> Markup {
    let label = label(call, workers);
    let class = match call.state {
        CallState::Ringing => "card ringing",
        CallState::Connected => "card connected",
        CallState::Ended => "card ended",
    };
    html! {
        article class=(class) #{ "call-" (call.sid) } aria-label=(label) data-call=(call.sid) data-side=(Side::of(call).name())
            data-state=(state_name(call.state)) data-rings=[rings(call).then_some("yes")]
            data-talking-with=[call.talking_with] data-signals=(call.last_signal) {
            h3 { (label) }
            p .state { (state(call, calls, workers)) }
            (history::transcript(call))
            (controls(context, call))
            (history::documents(context, call, &phones.documents(call.sid)))
        }
    }
}

const fn state_name(state: CallState) -> &'static str {
    match state {
        CallState::Ringing => "ringing",
        CallState::Connected => "connected",
        CallState::Ended => "ended",
    }
}

/// Whether the person at the phone hears it ring, or the phone that is called.
fn rings(call: &Call) -> bool {
    call.state == CallState::Ringing || call.hears_ringing
}

/// The number of a phone, with the Worker's name if it is a Worker's.
fn label(call: &Call, workers: &Workers) -> String {
    match workers.by_phone.get(&call.phone) {
        Some(name) if !call.is_caller => format!("{name} · {}", call.phone),
        Some(_) | None => call.phone.clone(),
    }
}

/// The state of a call, in words.
fn state(call: &Call, calls: &[Call], workers: &Workers) -> String {
    let other = call
        .talking_with
        .and_then(|with| calls.iter().find(|other| other.sid == with));
    match (call.state, other) {
        (CallState::Ringing, _) if call.is_caller => "Calling …".to_owned(),
        (CallState::Ringing, _) => "Ringing".to_owned(),
        (CallState::Connected, Some(other)) => format!("Talking with {}", label(other, workers)),
        (CallState::Connected, None) => "Connected with the contact centre".to_owned(),
        (CallState::Ended, _) => format!("Ended ({})", call.status),
    }
}

fn controls(context: &RequestContext<'_>, call: &Call) -> Markup {
    let at = |action: &str| format!("/console/phones/{}/{action}", call.sid);
    html! {
        div .controls {
            @match call.state {
                CallState::Ringing if !call.is_caller => {
                    (button(context, &at("answer"), "Answer", &[], "primary"))
                    (button(context, &at("decline"), "Decline", &[], "danger"))
                }
                CallState::Ringing => { (button(context, &at("hang-up"), "Hang up", &[], "danger")) }
                CallState::Connected => {
                    (keypad(context, call, &at("press")))
                    (button(context, &at("hang-up"), "Hang up", &[], "danger"))
                    (hear_button(call, &at("listen")))
                    @if call.hears_speech { (speech_form(context, call, &at("say"))) }
                }
                CallState::Ended => {}
            }
        }
    }
}

/// Makes this phone the one that is heard in the window.
fn hear_button(call: &Call, address: &str) -> Markup {
    html! {
        button id={ "hear-" (call.sid) } type="button" aria-pressed="false" data-hear=(call.sid) data-listen=(address) {
            "Hear this phone"
        }
    }
}

/// What the person says. The phrases that the contact centre expects are suggested.
fn speech_form(context: &RequestContext<'_>, call: &Call, address: &str) -> Markup {
    let field = format!("say-{}", call.sid);
    let hints = format!("hints-{}", call.sid);
    html! {
        form .row method="post" action=(address) hx-post=(address) hx-target="#live" hx-select="#live" hx-swap="outerHTML" {
            (layout::csrf(context))
            label for=(field) { "Say" }
            input id=(field) name="text" type="text" required maxlength="1000" autocomplete="off"
                list=[(!call.hints.is_empty()).then_some(hints.as_str())];
            @if !call.hints.is_empty() {
                datalist id=(hints) { @for hint in &call.hints { option value=(hint) {} } }
            }
            button id={ "speak-" (call.sid) } type="submit" { "Speak" }
        }
    }
}

/// One form with twelve buttons: the value of the pressed button is its key.
fn keypad(context: &RequestContext<'_>, call: &Call, address: &str) -> Markup {
    html! {
        form method="post" action=(address) hx-post=(address) hx-target="#live" hx-select="#live" hx-swap="outerHTML" {
            (layout::csrf(context))
            div .keypad role="group" aria-label="Keys" {
                @for key in KEYS {
                    button id={ "key-" (call.sid) "-" (key) } type="submit" name="digits" value=(key)
                        aria-label={ "Press " (key) } { (key) }
                }
            }
        }
    }
}

/// The text that a screen reader reads out when it changes.
fn announcement(calls: &[Call], workers: &Workers) -> Markup {
    let rings = |call: &&Call| call.state == CallState::Ringing && !call.is_caller;
    let ringing: Vec<String> = calls
        .iter()
        .filter(rings)
        .map(|call| format!("{} is ringing", label(call, workers)))
        .collect();
    let heard = calls
        .iter()
        .find(|call| call.is_caller && call.state != CallState::Ended)
        .and_then(|call| call.transcript.last());
    let heard = heard
        .map(|line| format!("{} {}", line.kind, line.text))
        .unwrap_or_default();
    html! { p .unseen data-announce="" { (ringing.join(", ")) " " (heard) } }
}
