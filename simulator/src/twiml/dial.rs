//! `<Dial>` and the nouns in it: phones, or a queue (voice-webhooks.md sections 5.3 and 6.3).

use super::attributes::{Attributes, SECONDS_MAX, shorten};
use super::xml::Element;
use super::{Dial, DialTo, Phone, StatusEvent};

/// Phones one Dial may ring (the carrier's own limit).
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

/// Phones and a queue exclude each other; what does not fit is warned about.
fn dial_to(element: &Element, warnings: &mut Vec<String>) -> Option<DialTo> {
    let mut phones = Vec::new();
    let mut queue = None;
    for noun in element.elements() {
        match noun.name.as_str() {
            "Number" => phones.push(phone(noun, "", warnings)),
            "Client" => phones.push(phone(noun, "client:", warnings)),
            "Sip" => phones.push(phone(noun, "", warnings)),
            "Queue" => queue = Some(queue_noun(noun, warnings)),
            other => warnings.push(format!("<{}> in <Dial> is not simulated; ignored", shorten(other))),
        }
    }
    if element.elements().next().is_none() {
        let address = element.text();
        phones.push(Phone { address, status_callback: None, status_events: Vec::new() });
    }
    if phones.len() > PHONES_MAX {
        warnings.push(format!("<Dial> rings at most {PHONES_MAX} phones; the others are ignored"));
        phones.truncate(PHONES_MAX);
    }
    match (queue, phones.is_empty()) {
        (Some(queue), true) => Some(queue),
        (Some(queue), false) => {
            warnings.push("<Dial> with a <Queue> and phones: the phones are ignored".to_owned());
            Some(queue)
        }
        (None, false) => Some(DialTo::Phones(phones)),
        (None, true) => {
            warnings.push("<Dial> names nobody who can be dialled here; ignored".to_owned());
            None
        }
    }
}

fn phone(noun: &Element, prefix: &str, warnings: &mut Vec<String>) -> Phone {
    let mut attributes = Attributes::of(noun, warnings);
    attributes.not_simulated(&["url", "sendDigits", "machineDetection", "byoc"]);
    attributes.no_effect(&["method", "username", "password", "phoneNumberSid"]);
    let status_callback = attributes.link("statusCallback", "statusCallbackMethod");
    let events = attributes.text("statusCallbackEvent").unwrap_or("completed");
    let (status_events, unknown) = StatusEvent::read_list([events]);
    for word in unknown {
        attributes.unusable("statusCallbackEvent", &word, "initiated, ringing, answered or completed");
    }
    attributes.finish();
    let text = noun.text();
    let address = if text.starts_with(prefix) { text } else { format!("{prefix}{text}") };
    Phone { address, status_callback, status_events }
}

fn queue_noun(noun: &Element, warnings: &mut Vec<String>) -> DialTo {
    let mut attributes = Attributes::of(noun, warnings);
    attributes.not_simulated(&["reservationSid", "postWorkActivitySid"]);
    let announcement = attributes.link("url", "method");
    attributes.finish();
    DialTo::Queue { name: noun.text(), announcement }
}
