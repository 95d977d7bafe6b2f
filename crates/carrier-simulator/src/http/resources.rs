//! Calls, queues, members, conferences and participants as the REST API returns them
//! (voice-webhooks.md section 8). Every property of the official description is present, `null`
//! where there is no value.

use ids::time::{Millis, Timestamp};
use ids::{AccountSid, PhoneNumberSid};
use serde_json::{Map, Value, json};

use crate::network::{
    Call, CallStatus, CentreNumber, Conference, Participant, Queue, Recording, participant_status,
};
use crate::twiml::Method;

/// Resources below a Call. Only recordings are simulated; clients expect the links.
const CALL_SUBRESOURCES: [(&str, &str); 9] = [
    ("notifications", "Notifications"),
    ("recordings", "Recordings"),
    ("payments", "Payments"),
    ("events", "Events"),
    ("siprec", "Siprec"),
    ("streams", "Streams"),
    ("transcriptions", "Transcriptions"),
    (
        "user_defined_message_subscriptions",
        "UserDefinedMessageSubscriptions",
    ),
    ("user_defined_messages", "UserDefinedMessages"),
];

/// The path below which all resources of an account are.
pub(super) fn account_path(account: AccountSid) -> String {
    format!("/2010-04-01/Accounts/{account}")
}

/// Resources below an Account that the simulator has.
const ACCOUNT_SUBRESOURCES: [(&str, &str); 5] = [
    ("calls", "Calls"),
    ("recordings", "Recordings"),
    ("queues", "Queues"),
    ("conferences", "Conferences"),
    ("incoming_phone_numbers", "IncomingPhoneNumbers"),
];

fn subresource_uris(path: &str, subresources: &[(&str, &str)]) -> Map<String, Value> {
    let uri = |name: &str| json!(format!("{path}/{name}.json"));
    let subresources = subresources.iter();
    subresources
        .map(|(key, name)| ((*key).to_owned(), uri(name)))
        .collect()
}

/// The JSON of the Account. The auth token is not part of it.
pub(super) fn account(account: AccountSid) -> Value {
    let path = account_path(account);
    json!({
        "sid": account,
        "friendly_name": "Simulated carrier",
        "owner_account_sid": account,
        "status": "active",
        "type": "Full",
        "auth_token": null,
        "date_created": null,
        "date_updated": null,
        "uri": format!("{path}.json"),
        "subresource_uris": subresource_uris(&path, &ACCOUNT_SUBRESOURCES),
    })
}

/// The SID of a number: the same at every start.
pub(super) fn number_sid(account: AccountSid, number: &str) -> PhoneNumberSid {
    PhoneNumberSid::derive(&[account.text().as_str(), number])
}

/// The JSON of an IncomingPhoneNumber.
pub(super) fn incoming_phone_number(account: AccountSid, number: &CentreNumber) -> Value {
    let sid = number_sid(account, &number.number);
    json!({
        "sid": sid,
        "account_sid": account,
        "phone_number": number.number,
        "friendly_name": formatted(&number.number),
        "voice_url": number.voice_url,
        "voice_method": method(number.voice_method),
        "voice_fallback_url": number.voice_fallback_url,
        "voice_fallback_method": "POST",
        "voice_application_sid": null,
        "voice_caller_id_lookup": false,
        "status_callback": number.status_callback,
        "status_callback_method": "POST",
        "capabilities": {"voice": true, "sms": false, "mms": false, "fax": false},
        "api_version": "2010-04-01",
        "beta": false,
        "origin": "simulated",
        "date_created": null,
        "date_updated": null,
        "uri": format!("{}/IncomingPhoneNumbers/{sid}.json", account_path(account)),
    })
}

fn method(method: Method) -> &'static str {
    match method {
        Method::Get => "GET",
        Method::Post => "POST",
    }
}

/// The JSON of a Call.
pub(super) fn call(account: AccountSid, call: &Call) -> Value {
    let path = format!("{}/Calls/{}", account_path(account), call.sid);
    let was_dialled = call.status != CallStatus::Queued;
    let duration = call
        .ended
        .map(|_| call.duration().unwrap_or_default().as_secs().to_string());
    json!({
        "sid": call.sid,
        "date_created": call.created.to_rfc2822(),
        "date_updated": call.updated.to_rfc2822(),
        "parent_call_sid": call.parent,
        "account_sid": account,
        "to": call.to,
        "to_formatted": formatted(&call.to),
        "from": call.from,
        "from_formatted": formatted(&call.from),
        "phone_number_sid": null,
        "status": call.status,
        "start_time": was_dialled.then(|| start_time(call).to_rfc2822()),
        "end_time": call.ended.map(Timestamp::to_rfc2822),
        "duration": duration,
        "price": null,
        "price_unit": "USD",
        "direction": call.direction,
        "answered_by": null,
        "api_version": "2010-04-01",
        "forwarded_from": null,
        "group_sid": null,
        "caller_name": null,
        "queue_time": call.queue_time.as_millis().to_string(),
        "trunk_sid": null,
        "uri": format!("{path}.json"),
        "subresource_uris": subresource_uris(&path, &CALL_SUBRESOURCES),
    })
}

/// The JSON of a Recording.
pub(super) fn recording(account: AccountSid, recording: &Recording) -> Value {
    let path = format!("{}/Recordings/{}", account_path(account), recording.sid);
    let ended = recording.began + recording.length;
    json!({
        "sid": recording.sid,
        "account_sid": account,
        "api_version": "2010-04-01",
        "call_sid": recording.call,
        "conference_sid": null,
        "channels": recording.channels,
        "source": recording.source.as_str(),
        "status": "completed",
        "error_code": null,
        "start_time": recording.began.to_rfc2822(),
        "duration": recording.length.as_secs_ceil().to_string(),
        "date_created": recording.began.to_rfc2822(),
        "date_updated": ended.to_rfc2822(),
        "price": null,
        "price_unit": "USD",
        "encryption_details": null,
        "uri": format!("{path}.json"),
        "media_url": path,
        "subresource_uris": {
            "add_on_results": format!("{path}/AddOnResults.json"),
            "transcriptions": format!("{path}/Transcriptions.json"),
        },
    })
}

/// The start time of a call: its answer, else its creation.
pub(super) fn start_time(call: &Call) -> Timestamp {
    call.answered.unwrap_or(call.created)
}

/// The JSON of a Queue. `now` ends the wait of the calls that are still in it.
pub(super) fn queue(account: AccountSid, queue: &Queue, now: Timestamp) -> Value {
    json!({
        "sid": queue.sid,
        "account_sid": account,
        "friendly_name": queue.name,
        "current_size": queue.members.len(),
        "max_size": queue.max_size,
        "average_wait_time": queue.average_wait_secs(now),
        "date_created": queue.created.to_rfc2822(),
        "date_updated": queue.updated.to_rfc2822(),
        "uri": format!("{}/Queues/{}.json", account_path(account), queue.sid),
    })
}

/// The JSON of a Member: the call at `index` of the queue, from 0. `None` if there is no such
/// index.
pub(super) fn member(
    account: AccountSid,
    queue: &Queue,
    index: usize,
    now: Timestamp,
) -> Option<Value> {
    let member = queue.members.get(index)?;
    let wait_time = now.since(member.since);
    Some(json!({
        "call_sid": member.call,
        "queue_sid": queue.sid,
        "date_enqueued": member.since.to_rfc2822(),
        "position": index + 1,
        "wait_time": Millis::as_secs(wait_time),
        "uri": format!("{}/Queues/{}/Members/{}.json", account_path(account), queue.sid, member.call),
    }))
}

/// The JSON of a Conference.
pub(super) fn conference(account: AccountSid, conference: &Conference) -> Value {
    let path = format!("{}/Conferences/{}", account_path(account), conference.sid);
    json!({
        "sid": conference.sid,
        "account_sid": account,
        "friendly_name": conference.name,
        "status": conference.status,
        "region": conference.region,
        "date_created": conference.created.to_rfc2822(),
        "date_updated": conference.updated.to_rfc2822(),
        "api_version": "2010-04-01",
        "reason_conference_ended": conference.end.as_ref().map(|end| end.reason),
        "call_sid_ending_conference": conference.end.as_ref().and_then(|end| end.by),
        "uri": format!("{path}.json"),
        "subresource_uris": {
            "participants": format!("{path}/Participants.json"),
            "recordings": format!("{path}/Recordings.json"),
        },
    })
}

/// The JSON of a Participant whose call is `call`.
pub(super) fn participant(
    account: AccountSid,
    conference: &Conference,
    participant: &Participant,
    call: &Call,
) -> Value {
    let path = format!("{}/Conferences/{}", account_path(account), conference.sid);
    json!({
        "account_sid": account,
        "call_sid": participant.call,
        "label": participant.label,
        "conference_sid": conference.sid,
        "muted": participant.muted,
        "hold": participant.hold,
        "coaching": participant.coaches.is_some(),
        "call_sid_to_coach": participant.coaches,
        "start_conference_on_enter": participant.start_on_enter,
        "end_conference_on_exit": participant.end_on_exit,
        "status": participant_status(participant, call.status),
        "queue_time": "0",
        "date_created": participant.created.to_rfc2822(),
        "date_updated": participant.updated.to_rfc2822(),
        "uri": format!("{path}/Participants/{}.json", participant.call),
    })
}

/// A North American number as `(707) 555-0101`; other numbers are unchanged.
fn formatted(number: &str) -> String {
    let digits: Vec<char> = number
        .strip_prefix("+1")
        .unwrap_or_default()
        .chars()
        .collect();
    match digits.as_slice() {
        [area @ .., a, b, c, d, e, f, g] if area.len() == 3 => {
            let area: String = area.iter().collect();
            format!("({area}) {a}{b}{c}-{d}{e}{f}{g}")
        }
        _ => number.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn north_american_number_gets_brackets() {
        assert_eq!(super::formatted("+17075550101"), "(707) 555-0101");
        assert_eq!(super::formatted("+4930123456"), "+4930123456");
        assert_eq!(super::formatted("client:ada"), "client:ada");
    }
}
