//! Fields that several requests share: creating a call and adding a participant have most of theirs
//! in common.

use ids::time::Millis;

use super::RestError;
use crate::http::form::Form;
use crate::network::{CallRecording, StatusCallback, Target};
use crate::twiml::{Method, StatusEvent};

/// Range of the ringing time, in seconds (voice-webhooks.md section 8).
const RING_SECS: std::ops::RangeInclusive<u64> = 1..=600;
/// Ringing time in seconds if the request does not say.
const RING_SECS_DEFAULT: u64 = 60;
/// Range of a call's time limit, in seconds: up to a day.
const TIME_LIMIT_SECS: std::ops::RangeInclusive<u64> = 1..=86_400;

/// Fields of every request that creates a call. Some have no effect here: answering machines are
/// not detected.
pub(super) const CALL_FIELDS: [&str; 28] = [
    "To",
    "From",
    "CallerId",
    "StatusCallback",
    "StatusCallbackMethod",
    "StatusCallbackEvent",
    "Timeout",
    "TimeLimit",
    "Record",
    "RecordingChannels",
    "RecordingTrack",
    "RecordingStatusCallback",
    "RecordingStatusCallbackMethod",
    "RecordingStatusCallbackEvent",
    "Trim",
    "SipAuthUsername",
    "SipAuthPassword",
    "Byoc",
    "CallReason",
    "CallToken",
    "ClientNotificationUrl",
    "MachineDetection",
    "MachineDetectionTimeout",
    "MachineDetectionSpeechThreshold",
    "MachineDetectionSpeechEndThreshold",
    "MachineDetectionSilenceTimeout",
    "AmdStatusCallback",
    "AmdStatusCallbackMethod",
];

/// Refuses a request with a parameter that is not in `known`: most likely it is misspelt.
///
/// # Errors
/// 400/20001.
pub(in crate::http) fn refuse_unknown(form: &Form, known: &[&[&str]]) -> Result<(), RestError> {
    match form.unknown(known) {
        None => Ok(()),
        Some(name) => {
            let shown: String = name.chars().take(60).collect();
            Err(RestError::bad_request(
                20001,
                format!("{shown}: there is no such parameter here"),
            ))
        }
    }
}

/// The called address, and the number that it is shown.
pub(super) fn to_and_from(form: &Form) -> Result<(String, String), RestError> {
    let to = form
        .text("To")
        .ok_or_else(|| RestError::bad_request(21201, "No 'To' number is specified"))?;
    let from = form
        .text("From")
        .ok_or_else(|| RestError::bad_request(21213, "'From' phone number is required"))?;
    Ok((
        to.to_owned(),
        form.text("CallerId").unwrap_or(from).to_owned(),
    ))
}

/// The method that a field names.
///
/// # Errors
/// 400/20001.
pub(super) fn read_method(form: &Form, field: &str) -> Result<Option<Method>, RestError> {
    let read = form.text(field).map(|text| {
        Method::read(text)
            .ok_or_else(|| RestError::bad_request(20001, format!("{field}: expected GET or POST")))
    });
    read.transpose()
}

pub(super) fn target(form: &Form, url: &str, method: &str) -> Result<Option<Target>, RestError> {
    let method = read_method(form, method)?.unwrap_or_default();
    Ok(form.text(url).map(|url| Target {
        url: url.to_owned(),
        method,
    }))
}

/// The status callback of the call.
pub(super) fn status_callback(form: &Form) -> Result<Option<StatusCallback>, RestError> {
    let Some(target) = target(form, "StatusCallback", "StatusCallbackMethod")? else {
        return Ok(None);
    };
    let (events, unknown) = StatusEvent::read_list(form.all("StatusCallbackEvent"));
    if !unknown.is_empty() {
        let message = "StatusCallbackEvent: expected initiated, ringing, answered, completed";
        return Err(RestError::bad_request(20001, message));
    }
    Ok(Some(StatusCallback::new(target.url, target.method, events)))
}

/// The recording of the call with its callback, if the call is recorded.
pub(super) fn recording(form: &Form) -> Result<Option<CallRecording>, RestError> {
    let callback = target(
        form,
        "RecordingStatusCallback",
        "RecordingStatusCallbackMethod",
    )?;
    Ok(flag(form, "Record")?
        .unwrap_or(false)
        .then_some(CallRecording { callback }))
}

pub(super) fn ring_time(form: &Form) -> Result<Millis, RestError> {
    Ok(Millis::from_secs(
        seconds(form, "Timeout", RING_SECS)?.unwrap_or(RING_SECS_DEFAULT),
    ))
}

pub(super) fn time_limit(form: &Form) -> Result<Option<Millis>, RestError> {
    Ok(seconds(form, "TimeLimit", TIME_LIMIT_SECS)?.map(Millis::from_secs))
}

/// A field with the value `true` or `false`.
pub(super) fn flag(form: &Form, name: &str) -> Result<Option<bool>, RestError> {
    match form.text(name) {
        None => Ok(None),
        Some("true" | "True") => Ok(Some(true)),
        Some("false" | "False") => Ok(Some(false)),
        Some(_) => Err(RestError::bad_request(
            20001,
            format!("{name}: expected true or false"),
        )),
    }
}

fn seconds(
    form: &Form,
    name: &str,
    range: std::ops::RangeInclusive<u64>,
) -> Result<Option<u64>, RestError> {
    let Some(text) = form.text(name) else {
        return Ok(None);
    };
    match text.parse::<u64>() {
        Ok(number) if range.contains(&number) => Ok(Some(number)),
        Ok(_) | Err(_) => {
            let message = format!(
                "{name}: expected seconds from {} to {}",
                range.start(),
                range.end()
            );
            Err(RestError::bad_request(20001, message))
        }
    }
}
