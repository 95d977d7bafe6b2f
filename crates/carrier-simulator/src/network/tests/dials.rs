//! Dial of phones.

use super::*;

fn dialing(dial: &str) -> Stage {
    Stage::new(&format!("{dial}<Say>Next</Say>"))
        .serve("/ended", "<Say>Ended</Say>")
        .serve("/leg", "")
}

#[test]
fn answered_leg_is_bridged_until_hang_up() {
    let mut stage = dialing(
        "<Dial action=\"/ended\"><Number statusCallback=\"/leg\" statusCallbackEvent=\"initiated ringing answered completed\">+17075550101</Number></Dial>",
    );
    let caller = stage.dial(CALLER);
    let leg = stage.leg_to(WORKER);
    let call = stage.call(leg);
    assert_eq!(
        (call.direction, call.parent, call.from.as_str()),
        (Direction::OutboundDial, Some(caller), CALLER)
    );
    stage.pass(5);
    stage.answer(leg);
    assert!(stage.bridged(caller, leg));
    stage.pass(10);
    stage.hang_up(leg);
    let ended = stage.only_request("/ended");
    let names = [
        "DialCallStatus",
        "DialCallSid",
        "DialCallDuration",
        "DialBridged",
    ];
    assert_eq!(
        names.map(|name| ended.get(name)),
        ["completed", &leg.to_string(), "10", "true"]
    );
    assert_eq!(stage.heard(caller), ["Ended"]);
    let reported: Vec<_> = stage
        .requests("/leg")
        .iter()
        .map(|request| request.get("CallStatus").to_owned())
        .collect();
    assert_eq!(
        reported,
        ["initiated", "ringing", "in-progress", "completed"]
    );
    assert_eq!(
        stage.requests("/leg")[0].get("ParentCallSid"),
        caller.to_string()
    );
}

#[test]
fn unanswered_leg_reports_its_status() {
    type Act = fn(&mut Stage, CallSid);
    let decline: Act = |stage, leg| assert_eq!(stage.act(Input::Decline(leg)), []);
    let leave_alone: Act = |stage, _| stage.pass(20);
    let table = [(decline, "busy"), (leave_alone, "no-answer")];
    for (act, status) in table {
        let mut stage = dialing("<Dial timeout=\"20\" action=\"/ended\">+17075550101</Dial>");
        let caller = stage.dial(CALLER);
        let leg = stage.leg_to(WORKER);
        act(&mut stage, leg);
        assert_eq!(stage.status(leg), status);
        let ended = stage.only_request("/ended");
        assert_eq!(
            (ended.get("DialCallStatus"), ended.get("DialBridged")),
            (status, "false")
        );
        assert_eq!(stage.heard(caller), ["Ended"]);
    }
}

#[test]
fn dial_without_action_runs_next_verb() {
    let mut stage = dialing("<Dial timeout=\"20\">+17075550101</Dial>");
    let caller = stage.dial(CALLER);
    stage.pass(20);
    assert_eq!(stage.heard(caller), ["Next"]);
}

#[test]
fn undialable_number_fails_dial() {
    for number in ["5550101", "", CENTRE] {
        let mut stage = dialing(&format!("<Dial action=\"/ended\">{number}</Dial>"));
        let caller = stage.dial(CALLER);
        assert_eq!(
            stage.only_request("/ended").get("DialCallStatus"),
            "failed",
            "{number}"
        );
        assert!(stage.errors(caller).starts_with("13223"), "{number}");
    }
}

#[test]
fn invalid_caller_id_is_ignored() {
    let mut stage = dialing("<Dial callerId=\"me\">+17075550101</Dial>");
    let caller = stage.dial(CALLER);
    assert_eq!(stage.call(stage.leg_to(WORKER)).from, CALLER);
    assert!(
        stage
            .warnings(caller)
            .contains("callerId of <Dial>: expected a number")
    );
}

#[test]
fn first_phone_to_answer_is_connected() {
    let mut stage = dialing(
        "<Dial action=\"/ended\" callerId=\"+17075550183\"><Number>+17075550101</Number><Number>+17075550102</Number></Dial>",
    );
    let caller = stage.dial(CALLER);
    let one = stage.leg_to(WORKER);
    let other = stage.leg_to(OTHER_WORKER);
    assert_eq!(stage.call(one).from, CENTRE);
    stage.answer(other);
    assert!(stage.bridged(caller, other));
    assert_eq!(stage.status(one), "canceled");
    stage.hang_up(caller);
    assert_eq!(stage.status(other), "completed");
}

#[test]
fn dial_ends_when_all_phones_decline() {
    let mut stage = dialing(
        "<Dial action=\"/ended\"><Number>+17075550101</Number><Number>+17075550102</Number></Dial>",
    );
    stage.dial(CALLER);
    stage.act(Input::Decline(stage.leg_to(WORKER)));
    assert_eq!(stage.requests("/ended"), []);
    stage.act(Input::Decline(stage.leg_to(OTHER_WORKER)));
    assert_eq!(stage.only_request("/ended").get("DialCallStatus"), "busy");
}

#[test]
fn caller_hang_up_cancels_ringing() {
    let mut stage = dialing("<Dial action=\"/ended\">+17075550101</Dial>");
    let caller = stage.dial(CALLER);
    stage.hang_up(caller);
    assert_eq!(stage.status(stage.leg_to(WORKER)), "canceled");
    let ended = stage.only_request("/ended");
    assert_eq!(
        (ended.get("DialCallStatus"), ended.get("CallStatus")),
        ("canceled", "completed")
    );
}

#[test]
fn phone_in_use_is_busy() {
    let mut stage = dialing("<Dial action=\"/ended\">+17075550101</Dial>");
    stage.dial(CALLER);
    let leg = stage.leg_to(WORKER);
    stage.answer(leg);
    let second = stage.dial(OTHER_CALLER);
    assert_eq!(stage.only_request("/ended").get("DialCallStatus"), "busy");
    assert_eq!(stage.heard(second), ["Ended"]);
}

/// The document of a noun is heard by the called person; the caller waits.
#[test]
fn screening_is_heard_before_connection() {
    let mut stage = dialing(
        "<Dial action=\"/ended\"><Number url=\"/screen\" method=\"GET\" sendDigits=\"ww1\">(707) 555-0101</Number></Dial>",
    )
    .serve(
        "/screen",
        "<Gather numDigits=\"1\" action=\"/accept\"><Say>Press 1 to accept</Say></Gather><Hangup/>",
    )
    .serve("/accept", "<Say>Connecting</Say>");
    let caller = stage.dial(CALLER);
    let leg = stage.leg_to(WORKER);
    stage.answer(leg);
    assert_eq!(stage.heard(leg), ["Press 1 to accept"]);
    assert_eq!(stage.texts(leg, Event::Playing), ["tones ww1"]);
    let screen = stage.only_request("/screen");
    assert_eq!(
        (
            screen.get("CallSid"),
            screen.get("ParentCallSid"),
            screen.method
        ),
        (
            leg.to_string().as_str(),
            caller.to_string().as_str(),
            Method::Get
        )
    );
    stage.press(leg, "1");
    assert!(!stage.bridged(caller, leg));
    stage.pass(1);
    assert!(stage.bridged(caller, leg));
    stage.hang_up(leg);
    let ended = stage.only_request("/ended");
    assert_eq!(
        (ended.get("DialCallStatus"), ended.get("DialBridged")),
        ("completed", "true")
    );
}

#[test]
fn hang_up_while_screening_is_no_answer() {
    type Act = fn(&mut Stage, CallSid);
    let hang_up: Act = |stage, leg| stage.hang_up(leg);
    let wait: Act = |stage, _| stage.pass(10);
    let screens = [
        ("<Gather/><Hangup/>", hang_up),
        ("<Gather/><Hangup/>", wait),
        ("<Dial>+17075550102</Dial><Record/><Hangup/>", wait),
    ];
    for (screen, act) in screens {
        for noun in [
            "<Number url=\"/screen\">+17075550101</Number>",
            "<Sip url=\"/screen\">ada@example.com</Sip>",
        ] {
            let mut stage =
                dialing(&format!("<Dial action=\"/ended\">{noun}</Dial>")).serve("/screen", screen);
            let caller = stage.dial(CALLER);
            let leg = stage.network.calls()[0].sid;
            stage.answer(leg);
            act(&mut stage, leg);
            let ended = stage.only_request("/ended");
            assert_eq!(
                (ended.get("DialCallStatus"), ended.get("DialBridged")),
                ("no-answer", "false"),
                "{noun} {screen}"
            );
            assert_eq!(stage.heard(caller), ["Ended"]);
        }
    }
}

/// A document that fails ends the called person's call, not the caller's.
#[test]
fn failed_screening_is_not_accepted() {
    let mut stage =
        dialing("<Dial action=\"/ended\"><Number url=\"/missing\">+17075550101</Number></Dial>");
    stage.dial(CALLER);
    let leg = stage.leg_to(WORKER);
    stage.answer(leg);
    assert_eq!(stage.status(leg), "completed");
    assert_eq!(
        stage.only_request("/ended").get("DialCallStatus"),
        "no-answer"
    );
}

/// Picking up does not stop the other phones; accepting does.
#[test]
fn first_to_accept_is_connected() {
    let mut stage = dialing(
        "<Dial action=\"/ended\"><Number url=\"/screen\">+17075550101</Number><Number url=\"/screen\">+17075550102</Number></Dial>",
    )
    .serve("/screen", "<Gather numDigits=\"1\" action=\"/accept\"/><Hangup/>")
    .serve("/accept", "");
    let caller = stage.dial(CALLER);
    let one = stage.leg_to(WORKER);
    let other = stage.leg_to(OTHER_WORKER);
    stage.answer(one);
    stage.answer(other);
    stage.press(other, "1");
    assert!(stage.bridged(caller, other));
    assert_eq!(stage.status(one), "completed");
    assert_eq!(stage.requests("/ended"), []);
}

#[test]
fn caller_hang_up_ends_screening() {
    let mut stage = dialing("<Dial><Number url=\"/screen\">+17075550101</Number></Dial>")
        .serve("/screen", "<Gather/>");
    let caller = stage.dial(CALLER);
    let leg = stage.leg_to(WORKER);
    stage.answer(leg);
    stage.hang_up(caller);
    assert_eq!(stage.status(leg), "completed");
}

#[test]
fn sequential_phones_ring_in_turn() {
    let dial = "<Dial sequential=\"true\" timeout=\"20\" action=\"/ended\"><Number>+17075550101</Number><Number>12</Number><Number>+17075550102</Number></Dial>";
    let mut stage = dialing(dial);
    let caller = stage.dial(CALLER);
    let one = stage.leg_to(WORKER);
    let rings = |stage: &Stage| {
        let calls = stage.network.calls();
        calls
            .iter()
            .any(|call| call.to == OTHER_WORKER && call.status == CallStatus::Ringing)
    };
    assert!(!rings(&stage));
    stage.pass(20);
    assert_eq!(stage.status(one), "no-answer");
    assert!(rings(&stage));
    let other = stage.leg_to(OTHER_WORKER);
    stage.answer(other);
    assert!(stage.bridged(caller, other));

    let mut stage = dialing(dial);
    stage.dial(CALLER);
    stage.pass(40);
    assert_eq!(
        stage.only_request("/ended").get("DialCallStatus"),
        "no-answer"
    );
}

#[test]
fn answer_on_bridge_keeps_caller_ringing() {
    let dial = "<Dial answerOnBridge=\"true\" action=\"/ended\">+17075550101</Dial>";
    let mut stage = dialing(dial);
    let caller = stage.dial(CALLER);
    assert_eq!(stage.status(caller), "ringing");
    stage.pass(5);
    stage.answer(stage.leg_to(WORKER));
    assert_eq!(stage.status(caller), "in-progress");
    assert_eq!(stage.call(caller).answered, Some(stage.now));

    let mut stage = dialing(dial);
    let caller = stage.dial(CALLER);
    stage.hang_up(caller);
    assert_eq!(stage.status(caller), "canceled");
    assert_eq!(stage.status(stage.leg_to(WORKER)), "canceled");

    // The next document picks up when the phone does not.
    let mut stage = dialing(dial);
    let caller = stage.dial(CALLER);
    stage.act(Input::Decline(stage.leg_to(WORKER)));
    assert_eq!(stage.status(caller), "in-progress");
    assert_eq!(stage.heard(caller), ["Ended"]);
}

#[test]
fn conversation_of_dial_is_recorded() {
    let table = [
        ("record-from-answer", "10", "1"),
        ("record-from-ringing-dual", "15", "2"),
    ];
    for (record, secs, channels) in table {
        let mut stage = dialing(&format!(
            "<Dial record=\"{record}\" recordingStatusCallback=\"/recorded\" action=\"/ended\">+17075550101</Dial>"
        ))
        .serve("/recorded", "");
        let caller = stage.dial(CALLER);
        stage.pass(5);
        let leg = stage.leg_to(WORKER);
        stage.answer(leg);
        stage.pass(10);
        stage.hang_up(leg);
        let recorded = stage.only_request("/recorded");
        let names = [
            "CallSid",
            "RecordingSource",
            "RecordingDuration",
            "RecordingChannels",
        ];
        assert_eq!(
            names.map(|name| recorded.get(name)),
            [&caller.to_string(), "DialVerb", secs, channels],
            "{record}"
        );
        let ended = stage.only_request("/ended");
        assert!(ended.get("RecordingUrl").contains("/Recordings/RE"));
    }

    let mut stage =
        dialing("<Dial record=\"record-from-answer\" action=\"/ended\">+17075550101</Dial>");
    stage.dial(CALLER);
    stage.act(Input::Decline(stage.leg_to(WORKER)));
    assert_eq!(stage.only_request("/ended").get("RecordingUrl"), "");
}

#[test]
fn star_and_time_limit_end_conversation() {
    type Act = fn(&mut Stage, CallSid);
    let star: Act = |stage, caller| stage.press(caller, "1*");
    let wait: Act = |stage, _| stage.pass(30);
    for act in [star, wait] {
        let mut stage = dialing(
            "<Dial hangupOnStar=\"true\" timeLimit=\"30\" action=\"/ended\">+17075550101</Dial>",
        );
        let caller = stage.dial(CALLER);
        let leg = stage.leg_to(WORKER);
        stage.answer(leg);
        act(&mut stage, caller);
        assert_eq!(stage.status(leg), "completed");
        assert_eq!(stage.heard(caller), ["Ended"]);
        assert_eq!(
            stage.only_request("/ended").get("DialCallStatus"),
            "completed"
        );
    }
}
