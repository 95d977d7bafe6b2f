//! `<Dial>` and the nouns in it: phones, a queue, or a conference (voice-webhooks.md sections 5.3
//! and 6.3).

use serde::{Deserialize, Serialize};

use super::attributes::{Attributes, SECONDS_MAX, shorten};
use super::conference::conference_noun;
use super::xml::Element;
use super::{Dial, DialTo, Link, Phone, StatusEvent};

/// Phones that one Dial may ring (the carrier's own limit).
const PHONES_MAX: usize = 10;

/// `record` of a Dial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DialRecording {
    /// The moment at which the recording starts.
    pub from: RecordFrom,
    /// 2 if each side has a channel of its own, else 1.
    pub channels: u8,
    /// The callback that is notified when the recording is ready.
    pub callback: Option<Link>,
}

/// The moment at which the recording of a Dial starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RecordFrom {
    /// When the phone begins to ring.
    Ringing,
    /// When the two sides are connected.
    Answer,
}

pub(super) fn dial(element: &Element, warnings: &mut Vec<String>) -> Option<Dial> {
    let to = dial_to(element, warnings)?;
    let mut attributes = Attributes::of(element, warnings);
    attributes.not_simulated(&["referUrl"]);
    attributes.no_effect(&[
        "trim",
        "ringTone",
        "callReason",
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
        sequential: attributes.flag("sequential", false),
        answer_on_bridge: attributes.flag("answerOnBridge", false),
        recording: recording(&mut attributes),
    };
    attributes.finish();
    Some(dial)
}

fn recording(attributes: &mut Attributes<'_>) -> Option<DialRecording> {
    let callback = attributes.recording_callback();
    let (from, channels) = match attributes.text("record").unwrap_or("do-not-record") {
        "do-not-record" | "false" => return None,
        "record-from-answer" | "true" => (RecordFrom::Answer, 1),
        "record-from-answer-dual" => (RecordFrom::Answer, 2),
        "record-from-ringing" => (RecordFrom::Ringing, 1),
        "record-from-ringing-dual" => (RecordFrom::Ringing, 2),
        other => {
            let expected =
                "do-not-record, record-from-answer or record-from-ringing, also with -dual";
            attributes.unusable("record", other, expected);
            return None;
        }
    };
    Some(DialRecording {
        from,
        channels,
        callback,
    })
}

/// Reads the nouns. Phones, a queue and a conference exclude each other; superfluous nouns lead to
/// warnings.
fn dial_to(element: &Element, warnings: &mut Vec<String>) -> Option<DialTo> {
    let mut phones = Vec::new();
    let mut room = None;
    for noun in element.elements() {
        match noun.name.as_str() {
            "Number" => phones.push(phone(noun, number(&noun.text()), warnings)),
            "Client" => phones.push(phone(noun, client(&noun.text()), warnings)),
            "Sip" => phones.push(phone(noun, sip(&noun.text()), warnings)),
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
        phones.push(Phone {
            address: number(&element.text()),
            screening: None,
            send_digits: None,
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

/// A number as it is dialled: without the blanks, hyphens, dots and brackets that people write, and
/// with `+1` before a North American number. Any other text stays as it is.
fn number(text: &str) -> String {
    let is_separator = |character: char| " -.()".contains(character);
    let compact: String = text.chars().filter(|key| !is_separator(*key)).collect();
    let digits = compact.strip_prefix('+').unwrap_or(&compact);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.to_owned();
    }
    let national = digits.strip_prefix('1').unwrap_or(digits);
    match compact.strip_prefix('+') {
        Some(_) => compact,
        None if national.len() == 10 => format!("+1{national}"),
        None => text.to_owned(),
    }
}

fn client(text: &str) -> String {
    if text.starts_with("client:") {
        text.to_owned()
    } else {
        format!("client:{text}")
    }
}

fn sip(text: &str) -> String {
    if text.starts_with("sip:") || text.starts_with("sips:") {
        text.to_owned()
    } else {
        format!("sip:{text}")
    }
}

fn phone(noun: &Element, address: String, warnings: &mut Vec<String>) -> Phone {
    let mut attributes = Attributes::of(noun, warnings);
    attributes.not_simulated(&["machineDetection", "byoc"]);
    attributes.no_effect(&[
        "username",
        "password",
        "phoneNumberSid",
        "callReason",
        "machineDetectionTimeout",
        "machineDetectionSpeechThreshold",
        "machineDetectionSpeechEndThreshold",
        "machineDetectionSilenceTimeout",
        "amdStatusCallback",
        "amdStatusCallbackMethod",
    ]);
    let screening = attributes.link("url", "method");
    let send_digits = send_digits(&mut attributes);
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
    Phone {
        address,
        screening,
        send_digits,
        status_callback,
        status_events,
    }
}

fn send_digits(attributes: &mut Attributes<'_>) -> Option<String> {
    let digits = attributes.text("sendDigits")?;
    let is_tone = |key: char| key.is_ascii_digit() || "*#wW".contains(key);
    if digits.is_empty() || !digits.chars().all(is_tone) {
        attributes.unusable("sendDigits", digits, "only 0-9 * # w W");
        return None;
    }
    Some(digits.to_owned())
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
