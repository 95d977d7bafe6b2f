//! `<Dial>` and the nouns in it: phones, a queue, or a conference (voice-webhooks.md sections 5.3
//! and 6.3).

use super::attributes::{Attributes, SECONDS_MAX, shorten};
use super::conference::conference_noun;
use super::xml::Element;
use super::{Dial, DialTo, Phone, StatusEvent};

/// Phones that one Dial may ring (the carrier's own limit).
const PHONES_MAX: usize = 10;

pub(super) fn dial(element: &Element, warnings: &mut Vec<String>) -> Option<Dial> {
    let to = dial_to(element, warnings)?;
    let mut attributes = Attributes::of(element, warnings);
    attributes.not_simulated(&["record", "answerOnBridge", "referUrl", "sequential"]);
    attributes.no_effect(&[
        "trim",
        "ringTone",
        "callReason",
        "recordingStatusCallback",
        "recordingStatusCallbackMethod",
        "recordingStatusCallbackEvent",
        "recordingTrack",
        "referMethod",
    ]);
    let dial = Dial {
        to,
        action: attributes.link("action", "method"),
        timeout_secs: attributes.number("timeout", 30, 1..=SECONDS_MAX),
        time_limit_secs: attributes.number("timeLimit", 14_400, 1..=SECONDS_MAX),
        caller_id: attributes.text("callerId").map(str::to_owned),
        hangup_on_star: attributes.flag("hangupOnStar", false),
    };
    attributes.finish();
    Some(dial)
}

/// Reads the nouns. Phones, a queue and a conference exclude each other; superfluous nouns lead to
/// warnings.
fn dial_to(element: &Element, warnings: &mut Vec<String>) -> Option<DialTo> {
    let mut phones = Vec::new();
    let mut room = None;
    for noun in element.elements() {
        match noun.name.as_str() {
            "Number" => phones.push(phone(noun, "", warnings)),
            "Client" => phones.push(phone(noun, "client:", warnings)),
            "Sip" => phones.push(phone(noun, "", warnings)),
            "Queue" | "Conference" if room.is_some() => must_be_only_noun(&noun.name, warnings),
            "Queue" => room = Some(queue_noun(noun, warnings)),
            "Conference" => {
                room = Some(DialTo::Conference(Box::new(conference_noun(
                    noun, warnings,
                ))))
            }
            other => warnings.push(format!(
                "<{}> in <Dial> is not simulated; ignored",
                shorten(other)
            )),
        }
    }
    if element.elements().next().is_none() {
        let address = element.text();
        phones.push(Phone {
            address,
            status_callback: None,
            status_events: Vec::new(),
        });
    }
    if phones.len() > PHONES_MAX {
        warnings.push(format!(
            "<Dial> rings at most {PHONES_MAX} phones; the others are ignored"
        ));
        phones.truncate(PHONES_MAX);
    }
    match (room, phones.is_empty()) {
        (Some(room), true) => Some(room),
        (Some(room), false) => {
            let name = if matches!(room, DialTo::Conference(_)) {
                "Conference"
            } else {
                "Queue"
            };
            must_be_only_noun(name, warnings);
            Some(room)
        }
        (None, false) => Some(DialTo::Phones(phones)),
        (None, true) => {
            warnings.push("<Dial> names no address that can be dialled; ignored".to_owned());
            None
        }
    }
}

/// Warns about a conference or queue beside another noun (13000 for a conference).
fn must_be_only_noun(name: &str, warnings: &mut Vec<String>) {
    let code = if name == "Conference" { "13000: " } else { "" };
    warnings.push(format!(
        "{code}a <{name}> must be the only noun in its <Dial>; the other nouns are ignored"
    ));
}

fn phone(noun: &Element, prefix: &str, warnings: &mut Vec<String>) -> Phone {
    let mut attributes = Attributes::of(noun, warnings);
    attributes.not_simulated(&["url", "sendDigits", "machineDetection", "byoc"]);
    attributes.no_effect(&["method", "username", "password", "phoneNumberSid"]);
    let status_callback = attributes.link("statusCallback", "statusCallbackMethod");
    let events = attributes
        .text("statusCallbackEvent")
        .unwrap_or("completed");
    let (status_events, unknown) = StatusEvent::read_list([events]);
    for word in unknown {
        attributes.unusable(
            "statusCallbackEvent",
            &word,
            "initiated, ringing, answered or completed",
        );
    }
    attributes.finish();
    let text = noun.text();
    let address = if text.starts_with(prefix) {
        text
    } else {
        format!("{prefix}{text}")
    };
    Phone {
        address,
        status_callback,
        status_events,
    }
}

/// With `reservationSid`, the TaskRouter names the queue (voice-webhooks.md section 5.3).
fn queue_noun(noun: &Element, warnings: &mut Vec<String>) -> DialTo {
    let mut attributes = Attributes::of(noun, warnings);
    let announcement = attributes.link("url", "method");
    let reservation = attributes.text("reservationSid").map(str::to_owned);
    let post_work_activity = attributes.text("postWorkActivitySid").map(str::to_owned);
    if let (Some(_), Some(link)) = (&reservation, &announcement) {
        attributes.unusable(
            "url",
            &link.url,
            "no url beside reservationSid; it is not simulated",
        );
    }
    attributes.finish();
    match reservation {
        Some(reservation) => DialTo::Reservation {
            reservation,
            post_work_activity,
        },
        None => DialTo::Queue {
            name: noun.text(),
            announcement,
            task_router_action: None,
        },
    }
}
