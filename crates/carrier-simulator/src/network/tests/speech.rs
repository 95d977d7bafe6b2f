//! What people say: to a Gather, and to the other side.

use super::*;

/// A voice document with a Gather that has these attributes, and its action.
fn gathering(attributes: &str) -> Stage {
    let voice = format!(
        "<Gather action=\"/said\" {attributes}><Say>How can we help you?</Say><Say>Go on</Say></Gather><Say>Nothing</Say>"
    );
    Stage::new(&voice).serve("/said", "<Pause length=\"60\"/>")
}

/// Milliseconds that the person needs to say this.
fn millis(text: &str) -> u64 {
    text.chars().count() as u64 * SPEECH_MILLIS_PER_CHARACTER
}

#[test]
fn speech_is_sent_after_silence() {
    let table = [
        ("input=\"speech\"", 5_000),
        ("input=\"speech\" timeout=\"3\"", 3_000),
        ("input=\"dtmf speech\" speechTimeout=\"2\"", 2_000),
        ("input=\"speech dtmf\" speechTimeout=\"auto\"", 1_000),
    ];
    for (attributes, silence) in table {
        let mut stage = gathering(attributes);
        let call = stage.dial(CALLER);
        stage.say(call, "my  bill", 0.25);
        stage.pass_millis(millis("my bill") + silence - 1);
        assert_eq!(stage.requests("/said"), [], "{attributes}");
        stage.pass_millis(1);
        let said = stage.only_request("/said");
        assert_eq!(
            (said.get("SpeechResult"), said.get("Confidence")),
            ("my bill", "0.25"),
            "{attributes}"
        );
        assert!(!said.params.contains_key("Digits"), "{attributes}");
        assert_eq!(stage.texts(call, Event::Said), ["my bill"]);
        assert_eq!(stage.heard(call), ["How can we help you?"]);
    }
}

/// The first input decides: voice-webhooks.md section 6.1.
#[test]
fn first_input_decides() {
    let mut stage = gathering("input=\"dtmf speech\"");
    let call = stage.dial(CALLER);
    stage.say(call, "my bill", 0.9);
    stage.press(call, "12#");
    assert_eq!(stage.requests("/said"), []);
    stage.pass(6);
    let said = stage.only_request("/said");
    assert_eq!(
        (said.get("SpeechResult"), said.get("Digits")),
        ("my bill", "")
    );

    let mut stage = gathering("input=\"dtmf speech\"");
    let call = stage.dial(CALLER);
    stage.press(call, "12");
    stage.say(call, "my bill", 0.9);
    stage.press(call, "#");
    let pressed = stage.only_request("/said");
    assert_eq!(
        (pressed.get("SpeechResult"), pressed.get("Digits")),
        ("", "12")
    );
}

#[test]
fn barge_in_is_optional() {
    let mut stage = gathering("input=\"speech dtmf\" bargeIn=\"false\" speechTimeout=\"1\"");
    let call = stage.dial(CALLER);
    stage.say(call, "my bill", 0.9);
    stage.pass(1);
    assert_eq!(stage.heard(call), ["How can we help you?", "Go on"]);
    stage.pass(1);
    assert_eq!(stage.only_request("/said").get("SpeechResult"), "my bill");

    // A key stops the prompts in any case.
    let mut stage = gathering("input=\"speech dtmf\" bargeIn=\"false\"");
    let call = stage.dial(CALLER);
    stage.press(call, "1");
    stage.pass(6);
    assert_eq!(stage.heard(call), ["How can we help you?"]);
    assert_eq!(stage.only_request("/said").get("Digits"), "1");
}

#[test]
fn sentences_are_joined() {
    let mut stage = gathering("input=\"speech\" speechTimeout=\"2\"");
    let call = stage.dial(CALLER);
    stage.say(call, "my bill", 0.9);
    stage.pass(1);
    stage.say(call, "please", 0.5);
    stage.pass(3);
    let said = stage.only_request("/said");
    assert_eq!(
        (said.get("SpeechResult"), said.get("Confidence")),
        ("my bill please", "0.5")
    );
}

#[test]
fn silence_follows_action_on_empty_result() {
    let mut stage = gathering("input=\"speech\"");
    let call = stage.dial(CALLER);
    stage.pass(6);
    assert_eq!(stage.heard(call).last().unwrap(), "Nothing");

    let mut stage = gathering("input=\"speech dtmf\" actionOnEmptyResult=\"true\"");
    stage.dial(CALLER);
    stage.pass(6);
    let empty = stage.only_request("/said");
    let names = ["SpeechResult", "Confidence", "Digits"];
    let values = names.map(|name| empty.params.get(name).map(String::as_str));
    assert_eq!(values, [Some(""), Some("0.0"), Some("")]);
}

#[test]
fn partial_results_are_numbered() {
    let mut stage = gathering("input=\"speech\" partialResultCallback=\"/partial\"")
        .serve("/partial", "<Say>Ignored</Say>");
    let call = stage.dial(CALLER);
    stage.say(call, "my last bill", 0.9);
    stage.say(call, "please", 0.9);
    let partial: Vec<_> = stage
        .requests("/partial")
        .iter()
        .map(|request| {
            let names = ["SequenceNumber", "UnstableSpeechResult"];
            names.map(|name| request.get(name).to_owned()).join(" ")
        })
        .collect();
    assert_eq!(partial, ["0 my", "1 my last", "2 my last bill", "3 please"]);
    assert_eq!(
        stage.requests("/partial")[0].get("CallSid"),
        call.to_string()
    );
    stage.say(call, &"word ".repeat(100), 0.9);
    assert_eq!(stage.requests("/partial").len(), 20);
}

#[test]
fn unheard_and_invalid_speech() {
    let mut stage = gathering("");
    let call = stage.dial(CALLER);
    stage.say(call, "my bill", 0.9);
    assert_eq!(
        stage.texts(call, Event::Said),
        ["my bill (nothing was listening)"]
    );
    let long = "x".repeat(SPEECH_CHARS_MAX + 1);
    for (text, confidence) in [(" ", 0.9), (&long, 0.9), ("a", 1.1), ("a", f64::NAN)] {
        let reply = stage.act(Input::Say {
            call,
            text: text.to_owned(),
            confidence,
        });
        assert_eq!(refusal(&reply), Refusal::BadSpeech, "{confidence}");
    }
}

#[test]
fn other_side_hears_speech() {
    let mut stage = Stage::new("<Dial>+17075550101</Dial>");
    let caller = stage.dial(CALLER);
    let leg = stage.leg_to(WORKER);
    stage.answer(leg);
    stage.say(leg, "Good morning", 0.9);
    assert_eq!(stage.heard(caller), ["Good morning"]);
    assert_eq!(stage.texts(leg, Event::Said), ["Good morning"]);
}

#[test]
fn each_gather_has_a_number() {
    let mut stage = Stage::new(
        "<Gather numDigits=\"1\" input=\"dtmf speech\" hints=\"sales, bill\"/><Record/>",
    )
    .serve("/voice", "<Gather/>");
    let call = stage.dial(CALLER);
    let listening = stage.call(call).listening().unwrap();
    assert_eq!(
        (listening.number, listening.keys, listening.speech),
        (1, true, true)
    );
    assert_eq!(listening.hints, ["sales", "bill"]);
    stage.pass(5);
    let listening = stage.call(call).listening().unwrap();
    assert_eq!(
        (listening.number, listening.verb),
        (2, ListeningVerb::Record)
    );
    stage.press(call, "1");
    let listening = stage.call(call).listening().unwrap();
    assert_eq!(
        (listening.number, listening.verb, listening.speech),
        (3, ListeningVerb::Gather, false)
    );
    stage.hang_up(call);
    assert_eq!(stage.call(call).listening(), None);
}

/// The words of a voicemail are its transcription; without words there is a given text.
#[test]
fn voicemail_is_transcribed() {
    for (words, text) in [
        (&["call me", "back"][..], "call me back"),
        (&[], UNSPOKEN_TEXT),
    ] {
        let mut stage = Stage::new(
            "<Record action=\"/done\" finishOnKey=\"#\" playBeep=\"false\" transcribe=\"true\" transcribeCallback=\"/text\"/>",
        )
        .serve("/done", "<Hangup/>")
        .serve("/text", "");
        let call = stage.dial(CALLER);
        for said in words {
            stage.say(call, said, 0.9);
        }
        stage.press(call, "1");
        assert_eq!(stage.requests("/text"), []);
        stage.press(call, "#");
        assert_eq!(stage.texts(call, Event::Recording), ["without a beep"]);
        let sent = stage.only_request("/text");
        assert_eq!(
            (
                sent.get("TranscriptionText"),
                sent.get("TranscriptionStatus")
            ),
            (text, "completed")
        );
        let done = stage.only_request("/done");
        let names = ["RecordingSid", "RecordingUrl"];
        assert_eq!(
            names.map(|name| sent.get(name)),
            names.map(|name| done.get(name))
        );
        assert!(sent.get("TranscriptionSid").starts_with("TR"));
        assert_eq!(sent.get("CallSid"), call.to_string());
    }
}

/// Silence that ends a Record is counted after the last word.
#[test]
fn words_extend_a_record() {
    let mut stage = Stage::new("<Record action=\"/done\" timeout=\"2\"/>").serve("/done", "");
    let call = stage.dial(CALLER);
    stage.pass(4);
    stage.say(call, &"x".repeat(200), 0.9);
    stage.pass(4);
    assert_eq!(stage.requests("/done"), []);
    stage.pass(1);
    assert_eq!(stage.only_request("/done").get("RecordingDuration"), "7");
}

#[test]
fn conference_hears_speech() {
    let room = "<Dial><Conference>room</Conference></Dial>";
    let mut stage = Stage::new(room).serve("/worker", room);
    let caller = stage.dial(CALLER);
    stage.say(caller, "Anyone?", 0.9);
    let worker = stage.ring(WORKER, "/worker");
    stage.answer(worker);
    stage.say(worker, "Good morning", 0.9);
    assert_eq!(stage.heard(caller), ["Good morning"]);
    assert_eq!(stage.heard(worker), Vec::<String>::new());
    let muted = ParticipantUpdate {
        muted: Some(true),
        ..ParticipantUpdate::default()
    };
    let conference = stage.call(worker).conference().unwrap();
    let update = Input::UpdateParticipant {
        conference,
        call: worker,
        update: muted,
    };
    assert_eq!(stage.act(update), []);
    stage.say(worker, "Hello?", 0.9);
    assert_eq!(stage.heard(caller), ["Good morning"]);
    assert_eq!(
        stage.texts(caller, Event::Said),
        ["Anyone? (nothing was listening)"]
    );
}
