//! Restarts: a network that is stored and reloaded after every input behaves as one that is not.

use ids::ReservationSid;

use super::*;
use crate::twiml::ConferenceNoun;

/// A call with every feature: menu, music, ringing, announcement, conversation, voicemail.
fn whole_day(stage: &mut Stage) {
    let caller = stage.dial(CALLER);
    stage.pass_millis(300);
    stage.press(caller, "2");
    stage.pass(23);
    let other = stage.dial(OTHER_CALLER);
    stage.press(other, "1");
    let unanswered = stage.ring(OTHER_WORKER, "/worker");
    stage.pass(61);
    let worker = stage.ring(WORKER, "/worker");
    stage.pass(7);
    stage.answer(worker);
    stage.pass(30);
    stage.hang_up(worker);
    stage.pass(3);
    stage.press(caller, "#");
    stage.pass(600);
    stage.hang_up(other);
    stage.pass(60);
    let ended = [caller, other, unanswered, worker].map(|call| stage.status(call));
    assert_eq!(ended, ["completed", "completed", "no-answer", "completed"]);
}

fn stage() -> Stage {
    Stage::new("<Gather numDigits=\"1\" action=\"/menu\"><Say>Press a key</Say><Play>/jingle.wav</Play></Gather>")
        .serve("/menu", "<Enqueue waitUrl=\"/wait\" action=\"/exit\">support</Enqueue>")
        .serve("/wait", "<Play>/music.wav</Play><Say>Please hold</Say>")
        .serve("/exit", "<Record action=\"/recorded\" maxLength=\"20\"/>")
        .serve("/recorded", "<Dial timeout=\"5\">+17075550199</Dial><Say>Bye</Say>")
        .serve("/worker", "<Dial action=\"/ended\"><Queue url=\"/announce\">support</Queue></Dial>")
        .serve("/announce", "<Say>Here we go</Say>")
        .serve("/ended", "<Say>Wrap up</Say>")
        .serve_audio("/jingle.wav", 2)
        .serve_audio("/music.wav", 5)
}

#[test]
fn restarts_do_not_change_calls() {
    let mut uninterrupted = stage();
    let mut restarted = stage();
    restarted.restarts = true;
    whole_day(&mut uninterrupted);
    whole_day(&mut restarted);
    assert!(uninterrupted.requests.len() > 20);
    assert_eq!(uninterrupted.requests, restarted.requests);
    let calls = |stage: &Stage| {
        stage
            .network
            .calls()
            .into_iter()
            .cloned()
            .collect::<Vec<_>>()
    };
    assert_eq!(calls(&uninterrupted), calls(&restarted));
}

/// A conference with every feature (waiting, an added participant, hold, coaching, the end), and a
/// reservation's caller.
fn conference_day(stage: &mut Stage) {
    let caller = stage.dial(CALLER);
    stage.pass(3);
    stage.press(caller, "3");
    stage.pass(8);
    let conference = stage.network.conferences()[0].sid;
    let noun = ConferenceNoun {
        end_on_exit: true,
        ..ConferenceNoun::new(conference.to_string())
    };
    let new = NewParticipant {
        noun,
        to: WORKER.to_owned(),
        from: CENTRE.to_owned(),
        status_callback: None,
        ring_for: Millis::from_secs(30),
        time_limit: None,
        recording: Some(CallRecording { callback: None }),
        early_media: false,
    };
    let worker = created(&stage.act(Input::AddParticipant(Box::new(new))));
    stage.pass(4);
    stage.answer(worker);
    stage.pass(5);
    let hold = ParticipantUpdate {
        hold: Some(true),
        hold_music: Some(at("/wait")),
        ..ParticipantUpdate::default()
    };
    stage.act(Input::UpdateParticipant {
        conference,
        call: caller,
        update: hold,
    });
    stage.pass(12);
    let back = ParticipantUpdate {
        hold: Some(false),
        muted: Some(true),
        ..ParticipantUpdate::default()
    };
    stage.act(Input::UpdateParticipant {
        conference,
        call: caller,
        update: back,
    });
    let other = stage.dial(OTHER_CALLER);
    stage.pass(3);
    stage.press(other, "1");
    let agent = stage.ring(OTHER_WORKER, "/agent");
    stage.answer(agent);
    stage.pass(10);
    stage.hang_up(worker);
    stage.pass(3);
    stage.hang_up(other);
    stage.pass(60);
    let ended = [caller, other, worker, agent].map(|call| stage.status(call));
    assert_eq!(ended, ["completed"; 4]);
    assert_eq!(
        stage.network.conferences()[0].status,
        ConferenceStatus::Completed
    );
}

fn conference_stage() -> Stage {
    let callback =
        "statusCallback=\"/events\" statusCallbackEvent=\"start end join leave mute hold\"";
    let conference = format!(
        "<Dial action=\"/ended\"><Conference {callback} waitUrl=\"/wait\">room</Conference></Dial>"
    );
    let reservation = ReservationSid::derive(&["reservation"]);
    Stage::new("<Gather numDigits=\"1\" action=\"/menu\"><Say>Press a key</Say></Gather>")
        .serve("/menu", &conference)
        .serve("/menu", "<Enqueue waitUrl=\"/wait\">support</Enqueue>")
        .serve("/wait", "<Play>/music.wav</Play><Redirect/>")
        .serve_audio("/music.wav", 5)
        .serve("/events", "")
        .serve("/ended", "<Say>Wrap up</Say>")
        .serve(
            "/agent",
            &format!("<Dial><Queue reservationSid=\"{reservation}\"/></Dial>"),
        )
        .serve(
            "/router/dial-queue",
            "<Dial action=\"over\"><Queue>support</Queue></Dial>",
        )
        .serve("/router/over", "")
}

#[test]
fn restarts_do_not_change_conferences() {
    let mut uninterrupted = conference_stage();
    let mut restarted = conference_stage();
    restarted.restarts = true;
    conference_day(&mut uninterrupted);
    conference_day(&mut restarted);
    assert!(
        uninterrupted.requests("/events").len() == 9,
        "{:?}",
        uninterrupted.requests("/events").len()
    );
    assert_eq!(uninterrupted.requests, restarted.requests);
    let calls = |stage: &Stage| {
        stage
            .network
            .calls()
            .into_iter()
            .cloned()
            .collect::<Vec<_>>()
    };
    assert_eq!(calls(&uninterrupted), calls(&restarted));
    let conferences = |stage: &Stage| {
        stage
            .network
            .conferences()
            .into_iter()
            .cloned()
            .collect::<Vec<_>>()
    };
    assert_eq!(conferences(&uninterrupted), conferences(&restarted));
}

#[test]
fn network_serialises_as_one_document() {
    let mut stage = stage();
    let caller = stage.dial(CALLER);
    stage.press(caller, "1");
    let text = serde_json::to_string(&stage.network).unwrap();
    let again: Network = serde_json::from_str(&text).unwrap();
    assert_eq!(serde_json::to_string(&again).unwrap(), text);
    assert_eq!(again.next_wake(), stage.network.next_wake());
}

/// Their idempotency tokens stay the same.
#[test]
fn outstanding_requests_survive_restart() {
    let mut stage = stage();
    stage.handle(Input::Dial {
        from: CALLER.to_owned(),
        to: CENTRE.to_owned(),
    });
    let before = stage.pending.clone();
    stage.restart();
    assert_eq!(stage.pending, before);
    assert_eq!(before.len(), 1);
}

#[test]
fn unreadable_row_is_named() {
    let row = Row {
        table: "calls".to_owned(),
        key: "\"CA\"".to_owned(),
        value: "{".to_owned(),
    };
    let error = Network::from_rows(setup(), [row]).unwrap_err().to_string();
    assert_eq!(error, "row \"CA\" of calls in the journal cannot be read");
}

/// Speech, screening, phones in turn and a voicemail with words.
#[test]
fn restarts_keep_speech_and_screening() {
    let day = |restarts: bool| {
        let mut stage = Stage::new(
            "<Gather input=\"speech\" speechTimeout=\"2\" partialResultCallback=\"/partial\" action=\"/dial\"/>",
        )
        .serve("/partial", "")
        .serve(
            "/dial",
            "<Dial sequential=\"true\" answerOnBridge=\"true\" timeout=\"9\" record=\"record-from-answer\" action=\"/mail\"><Number>+17075550102</Number><Number url=\"/screen\">+17075550101</Number></Dial>",
        )
        .serve("/screen", "<Gather numDigits=\"1\" action=\"/accept\"/><Hangup/>")
        .serve("/accept", "<Say>Thanks</Say>")
        .serve("/mail", "<Record action=\"/done\" transcribeCallback=\"/text\"/>")
        .serve("/text", "")
        .serve("/done", "<Hangup/>");
        stage.restarts = restarts;
        let caller = stage.dial(CALLER);
        stage.say(caller, "my bill", 0.5);
        stage.pass(1);
        stage.say(caller, "please", 0.9);
        stage.pass(3);
        stage.pass(10);
        let leg = stage.leg_to(WORKER);
        stage.answer(leg);
        stage.press(leg, "1");
        stage.pass(5);
        stage.hang_up(leg);
        stage.say(caller, "call me", 0.9);
        stage.pass(10);
        assert_eq!(stage.status(caller), "completed");
        assert_eq!(
            stage.only_request("/text").get("TranscriptionText"),
            "call me"
        );
        stage.requests
    };
    let requests = day(false);
    assert!(requests.len() > 8);
    assert_eq!(requests, day(true));
}
