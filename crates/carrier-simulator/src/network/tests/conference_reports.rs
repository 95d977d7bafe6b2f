//! What a conference tells its status callback, and its recording.

use super::conferences::{room, told_room};
use super::*;

#[test]
fn the_status_callback_is_told_in_order_with_its_parameters() {
    let mut stage = told_room("participantLabel=\"host\" endConferenceOnExit=\"true\"")
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
    assert_eq!(stage.asked("/other"), []);
    let asked = stage.asked("/events");
    let numbers: Vec<_> = asked
        .iter()
        .map(|asked| asked.get("SequenceNumber"))
        .collect();
    assert_eq!(numbers, ["1", "2", "3", "4", "5", "6"]);
    let of_all = ["ConferenceSid", "FriendlyName", "AccountSid"];
    let (sid, account) = (
        stage.room_sid().to_string(),
        setup().account_sid.to_string(),
    );
    assert!(
        asked
            .iter()
            .all(|asked| of_all.map(|name| asked.get(name)) == [&sid, "room", &account])
    );
    assert!(
        asked
            .iter()
            .all(|asked| asked.get("Timestamp").ends_with("+0000"))
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
        of_participants.map(|name| asked[0].get(name)),
        ["false", "false", "false", "true", "true", "host"]
    );
    assert_eq!(
        of_participants.map(|name| asked[1].get(name)),
        ["true", "false", "false", "false", "true", ""]
    );
    let of_leaving = ["ReasonParticipantLeft", "ParticipantCallStatus"];
    assert_eq!(
        of_leaving.map(|name| asked[3].get(name)),
        ["participant_hung_up", "completed"]
    );
    assert_eq!(
        of_leaving.map(|name| asked[4].get(name)),
        ["moderator_ended_conference", "in-progress"]
    );
    let of_end = [
        "ReasonConferenceEnded",
        "CallSidEndingConference",
        "ParticipantLabelEndingConference",
    ];
    assert_eq!(
        of_end.map(|name| asked[5].get(name)),
        [
            "participant-with-end-conference-on-exit-left",
            &host_sid,
            "host"
        ]
    );
}

#[test]
fn only_the_events_that_were_asked_for_are_told_and_counted() {
    let mut stage = room(
        "statusCallback=\"/events\" statusCallbackMethod=\"GET\" statusCallbackEvent=\"start end\"",
    );
    let (first, second) = (stage.dial(CALLER), stage.dial(OTHER_CALLER));
    stage.hang_up(first);
    stage.hang_up(second);
    let asked = stage.asked("/events");
    let told: Vec<_> = asked
        .iter()
        .map(|asked| {
            (
                asked.get("StatusCallbackEvent"),
                asked.get("SequenceNumber"),
            )
        })
        .collect();
    assert_eq!(told, [("conference-start", "1"), ("conference-end", "2")]);
    assert!(asked.iter().all(|asked| asked.method == Method::Get));

    let mut stage = room("statusCallback=\"/events\"");
    let call = stage.dial(CALLER);
    stage.hang_up(call);
    assert_eq!(stage.asked("/events"), []);
}

#[test]
fn a_recorded_conference_tells_its_recording_from_the_beginning_to_the_end() {
    let mut stage = room("record=\"record-from-start\" recordingStatusCallback=\"/recorded\"")
        .serve("/recorded", "");
    let first = stage.dial(CALLER);
    stage.pass(20);
    let second = stage.dial(OTHER_CALLER);
    stage.pass(7);
    stage.hang_up(first);
    stage.hang_up(second);
    let asked = stage.asked_once("/recorded");
    let facts = [
        "ConferenceSid",
        "RecordingStatus",
        "RecordingDuration",
        "RecordingSource",
    ];
    assert_eq!(
        facts.map(|name| asked.get(name)),
        [
            &stage.room_sid().to_string(),
            "completed",
            "7",
            "Conference"
        ]
    );
    assert!(
        asked
            .get("RecordingUrl")
            .starts_with("http://carrier.example/2010-04-01/")
    );

    // It never began: there is nothing to hear.
    let mut stage = room("record=\"record-from-start\" recordingStatusCallback=\"/recorded\"");
    let alone = stage.dial(CALLER);
    stage.hang_up(alone);
    assert_eq!(stage.asked("/recorded"), []);
}
