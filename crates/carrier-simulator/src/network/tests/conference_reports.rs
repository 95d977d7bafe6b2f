//! The status callback and the recording of a conference.

use super::conferences::{room, room_with_callback};
use super::*;

/// All events of a conference are reported, numbered, with the parameters of the conference, the
/// participant and the end.
#[test]
fn callback_receives_every_event_in_order() {
    let mut stage = room_with_callback("participantLabel=\"host\" endConferenceOnExit=\"true\"")
        .serve(
            "/guest",
            "<Dial><Conference statusCallback=\"/other\" muted=\"true\">room</Conference></Dial>",
        )
        .serve("/other", "");
    let host = stage.dial(CALLER);
    let guest = stage.ring(WORKER, "/guest");
    stage.answer(guest);
    stage.pass(3);
    stage.hang_up(host);
    let [host_sid, guest_sid] = [host, guest].map(|call| call.to_string());
    let expected = [
        ("participant-join", host_sid.as_str()),
        ("participant-join", &guest_sid),
        ("conference-start", ""),
        ("participant-leave", &host_sid),
        ("participant-leave", &guest_sid),
        ("conference-end", ""),
    ];
    assert_eq!(
        stage.events(),
        expected.map(|(name, call)| (name.to_owned(), call.to_owned()))
    );
    // The first participant's callback counts.
    assert_eq!(stage.requests("/other"), []);
    let requests = stage.requests("/events");
    let numbers: Vec<_> = requests
        .iter()
        .map(|request| request.get("SequenceNumber"))
        .collect();
    assert_eq!(numbers, ["1", "2", "3", "4", "5", "6"]);
    let of_all = ["ConferenceSid", "FriendlyName", "AccountSid"];
    let sid = stage.room_sid().to_string();
    let account = setup().account_sid.to_string();
    assert!(
        requests
            .iter()
            .all(|request| of_all.map(|name| request.get(name)) == [&sid, "room", &account])
    );
    assert!(
        requests
            .iter()
            .all(|request| request.get("Timestamp").ends_with("+0000"))
    );
    let of_participants = [
        "Muted",
        "Hold",
        "Coaching",
        "EndConferenceOnExit",
        "StartConferenceOnEnter",
        "ParticipantLabel",
    ];
    assert_eq!(
        of_participants.map(|name| requests[0].get(name)),
        ["false", "false", "false", "true", "true", "host"]
    );
    assert_eq!(
        of_participants.map(|name| requests[1].get(name)),
        ["true", "false", "false", "false", "true", ""]
    );
    let of_leaving = ["ReasonParticipantLeft", "ParticipantCallStatus"];
    assert_eq!(
        of_leaving.map(|name| requests[3].get(name)),
        ["participant_hung_up", "completed"]
    );
    assert_eq!(
        of_leaving.map(|name| requests[4].get(name)),
        ["moderator_ended_conference", "in-progress"]
    );
    let of_end = [
        "ReasonConferenceEnded",
        "CallSidEndingConference",
        "ParticipantLabelEndingConference",
    ];
    assert_eq!(
        of_end.map(|name| requests[5].get(name)),
        [
            "participant-with-end-conference-on-exit-left",
            &host_sid,
            "host"
        ]
    );
}

#[test]
fn callback_receives_subscribed_events_only() {
    let mut stage = room(
        "statusCallback=\"/events\" statusCallbackMethod=\"GET\" statusCallbackEvent=\"start end\"",
    );
    let first = stage.dial(CALLER);
    let second = stage.dial(OTHER_CALLER);
    stage.hang_up(first);
    stage.hang_up(second);
    let requests = stage.requests("/events");
    let reported: Vec<_> = requests
        .iter()
        .map(|request| {
            (
                request.get("StatusCallbackEvent"),
                request.get("SequenceNumber"),
            )
        })
        .collect();
    assert_eq!(
        reported,
        [("conference-start", "1"), ("conference-end", "2")]
    );
    assert!(requests.iter().all(|request| request.method == Method::Get));

    let mut stage = room("statusCallback=\"/events\"");
    let call = stage.dial(CALLER);
    stage.hang_up(call);
    assert_eq!(stage.requests("/events"), []);
}

#[test]
fn recording_lasts_from_start_to_end() {
    let mut stage = room("record=\"record-from-start\" recordingStatusCallback=\"/recorded\"")
        .serve("/recorded", "");
    let first = stage.dial(CALLER);
    stage.pass(20);
    let second = stage.dial(OTHER_CALLER);
    stage.pass(7);
    stage.hang_up(first);
    stage.hang_up(second);
    let request = stage.only_request("/recorded");
    let names = [
        "ConferenceSid",
        "RecordingStatus",
        "RecordingDuration",
        "RecordingSource",
    ];
    assert_eq!(
        names.map(|name| request.get(name)),
        [
            &stage.room_sid().to_string(),
            "completed",
            "7",
            "Conference"
        ]
    );
    assert!(
        request
            .get("RecordingUrl")
            .starts_with("http://carrier.example/2010-04-01/")
    );

    // The conference never started, so there is no recording.
    let mut stage = room("record=\"record-from-start\" recordingStatusCallback=\"/recorded\"");
    let alone = stage.dial(CALLER);
    stage.hang_up(alone);
    assert_eq!(stage.requests("/recorded"), []);
}
