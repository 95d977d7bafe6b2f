//! Dial of phones.

use super::*;

fn dialing(dial: &str) -> Stage {
    Stage::new(&format!("{dial}<Say>Next</Say>"))
        .serve("/ended", "<Say>Ended</Say>")
        .serve("/leg", "")
}

#[test]
fn a_dialled_phone_that_is_answered_is_connected_and_its_hanging_up_ends_the_dial() {
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
    let ended = stage.asked_once("/ended");
    let facts = [
        "DialCallStatus",
        "DialCallSid",
        "DialCallDuration",
        "DialBridged",
    ];
    assert_eq!(
        facts.map(|name| ended.get(name)),
        ["completed", &leg.to_string(), "10", "true"]
    );
    assert_eq!(stage.heard(caller), ["Ended"]);
    let told: Vec<_> = stage
        .asked("/leg")
        .iter()
        .map(|asked| asked.get("CallStatus").to_owned())
        .collect();
    assert_eq!(told, ["initiated", "ringing", "in-progress", "completed"]);
    assert_eq!(
        stage.asked("/leg")[0].get("ParentCallSid"),
        caller.to_string()
    );
}

#[test]
fn every_way_a_phone_is_not_answered_has_its_own_status() {
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
        let ended = stage.asked_once("/ended");
        assert_eq!(
            (ended.get("DialCallStatus"), ended.get("DialBridged")),
            (status, "false")
        );
        assert_eq!(stage.heard(caller), ["Ended"]);
    }
}

#[test]
fn a_dial_without_action_goes_on_with_the_next_verb() {
    let mut stage = dialing("<Dial timeout=\"20\">+17075550101</Dial>");
    let caller = stage.dial(CALLER);
    stage.pass(20);
    assert_eq!(stage.heard(caller), ["Next"]);
}

#[test]
fn a_number_nobody_can_dial_fails_the_dial() {
    for number in ["5550101", "", CENTRE] {
        let mut stage = dialing(&format!("<Dial action=\"/ended\">{number}</Dial>"));
        let caller = stage.dial(CALLER);
        assert_eq!(
            stage.asked_once("/ended").get("DialCallStatus"),
            "failed",
            "{number}"
        );
        assert!(stage.errors(caller).starts_with("13223"), "{number}");
    }
}

#[test]
fn a_caller_id_that_is_no_number_is_ignored_and_said() {
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
fn of_several_phones_the_first_to_answer_wins() {
    let mut stage = dialing(
        "<Dial action=\"/ended\" callerId=\"+17075550183\"><Number>+17075550101</Number><Number>+17075550102</Number></Dial>",
    );
    let caller = stage.dial(CALLER);
    let (one, other) = (stage.leg_to(WORKER), stage.leg_to(OTHER_WORKER));
    assert_eq!(stage.call(one).from, CENTRE);
    stage.answer(other);
    assert!(stage.bridged(caller, other));
    assert_eq!(stage.status(one), "canceled");
    stage.hang_up(caller);
    assert_eq!(stage.status(other), "completed");
}

#[test]
fn when_all_of_several_phones_decline_the_dial_is_over() {
    let mut stage = dialing(
        "<Dial action=\"/ended\"><Number>+17075550101</Number><Number>+17075550102</Number></Dial>",
    );
    stage.dial(CALLER);
    stage.act(Input::Decline(stage.leg_to(WORKER)));
    assert_eq!(stage.asked("/ended"), []);
    stage.act(Input::Decline(stage.leg_to(OTHER_WORKER)));
    assert_eq!(stage.asked_once("/ended").get("DialCallStatus"), "busy");
}

#[test]
fn a_caller_who_hangs_up_while_the_phone_rings_cancels_it() {
    let mut stage = dialing("<Dial action=\"/ended\">+17075550101</Dial>");
    let caller = stage.dial(CALLER);
    stage.hang_up(caller);
    assert_eq!(stage.status(stage.leg_to(WORKER)), "canceled");
    let ended = stage.asked_once("/ended");
    assert_eq!(
        (ended.get("DialCallStatus"), ended.get("CallStatus")),
        ("canceled", "completed")
    );
}

#[test]
fn a_phone_in_use_is_busy() {
    let mut stage = dialing("<Dial action=\"/ended\">+17075550101</Dial>");
    stage.dial(CALLER);
    let leg = stage.leg_to(WORKER);
    stage.answer(leg);
    let second = stage.dial(OTHER_CALLER);
    assert_eq!(stage.asked_once("/ended").get("DialCallStatus"), "busy");
    assert_eq!(stage.heard(second), ["Ended"]);
}
