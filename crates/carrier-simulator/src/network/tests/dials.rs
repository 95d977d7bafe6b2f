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
