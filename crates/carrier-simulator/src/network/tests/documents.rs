//! Inbound calls and their documents: control transfer, Gather, sounds, Record, failures.

use super::*;

const SORRY: &str = "We are sorry, an application error has occurred. Goodbye.";

#[test]
fn call_ends_with_its_document() {
    let mut stage = Stage::new("<Say>Hello there</Say><Pause length=\"2\"/><Say>Bye</Say>");
    let call = stage.dial(CALLER);
    assert_eq!(stage.status(call), "in-progress");
    assert_eq!(stage.heard(call), ["Hello there"]);
    stage.pass_millis(11 * SPEECH_MILLIS_PER_CHARACTER + 2_000 - 1);
    assert_eq!(stage.heard(call).len(), 1);
    stage.pass(1);
    assert_eq!(stage.heard(call), ["Hello there", "Bye"]);
    assert_eq!(stage.status(call), "completed");
    assert_eq!(stage.network.next_wake(), None);
}

#[test]
fn first_request_has_call_parameters() {
    let mut stage = Stage::new("<Hangup/>");
    let call = stage.dial(CALLER);
    let request = stage.only_request("/voice");
    let expected = [
        ("CallSid", call.to_string()),
        ("AccountSid", setup().account_sid.to_string()),
        ("ApiVersion", "2010-04-01".to_owned()),
        ("From", CALLER.to_owned()),
        ("To", CENTRE.to_owned()),
        ("Caller", CALLER.to_owned()),
        ("Called", CENTRE.to_owned()),
        ("CallStatus", "ringing".to_owned()),
        ("Direction", "inbound".to_owned()),
    ];
    assert_eq!(
        request.params,
        expected
            .map(|(name, value)| (name.to_owned(), value))
            .into()
    );
    assert_eq!(request.method, Method::Post);
}

/// A person can dial numbers of the contact centre only, and only from a phone.
#[test]
fn invalid_dials_are_refused() {
    let mut stage = Stage::new("<Hangup/>");
    let mut dial = |from: &str, to: &str| {
        refusal(&stage.act(Input::Dial {
            from: from.to_owned(),
            to: to.to_owned(),
        }))
    };
    assert_eq!(dial("12", CENTRE), Refusal::BadAddress { field: "from" });
    assert_eq!(dial(CALLER, "12"), Refusal::BadAddress { field: "to" });
    assert_eq!(
        dial(CALLER, WORKER),
        Refusal::NotACentreNumber {
            numbers: vec![CENTRE.to_owned()]
        }
    );
}

/// voice-webhooks.md section 11, case 8.
/// Without input the next verb runs, or with `actionOnEmptyResult` the action.
#[test]
fn gather_without_input_continues() {
    let mut stage = Stage::new(
        "<Gather action=\"/keys\" timeout=\"3\"><Say>Press</Say></Gather><Say>Nothing</Say>",
    );
    let call = stage.dial(CALLER);
    stage.pass_millis(5 * SPEECH_MILLIS_PER_CHARACTER + 2_999);
    assert_eq!(stage.heard(call), ["Press"]);
    stage.pass_millis(1);
    assert_eq!(stage.heard(call), ["Press", "Nothing"]);
    assert_eq!(stage.requests("/keys"), []);

    let gather = "<Gather action=\"/keys\" actionOnEmptyResult=\"true\"/><Say>Unreachable</Say>";
    let mut stage = Stage::new(gather).serve("/keys", "<Say>Empty</Say>");
    let call = stage.dial(CALLER);
    stage.pass(5);
    assert_eq!(
        stage
            .only_request("/keys")
            .params
            .get("Digits")
            .map(String::as_str),
        Some("")
    );
    assert_eq!(stage.heard(call), ["Empty"]);
}

/// voice-webhooks.md section 11, case 9, and its neighbours.
#[test]
fn keys_end_gather_by_attributes() {
    let table = [
        ("", "12#", Some("12")),
        ("", "#", None),
        ("finishOnKey=\"*\"", "1#2*", Some("1#2")),
        ("finishOnKey=\"\" numDigits=\"3\"", "1#*9", Some("1#*")),
        ("numDigits=\"1\"", "78", Some("7")),
        ("numDigits=\"4\"", "12", Some("12")),
        ("input=\"speech\"", "12#", None),
    ];
    for (attributes, keys, digits) in table {
        let voice = format!(
            "<Gather {attributes} action=\"keys\"><Say>Press</Say></Gather><Say>Nothing</Say>"
        );
        let mut stage = Stage::new(&voice).serve("/keys", "<Pause length=\"60\"/>");
        let call = stage.dial(CALLER);
        stage.press(call, keys);
        stage.pass(6);
        let sent_digits = stage
            .requests("/keys")
            .first()
            .map(|request| request.get("Digits").to_owned());
        assert_eq!(sent_digits.as_deref(), digits, "{attributes} {keys}");
    }
}

#[test]
fn key_stops_prompts_and_restarts_timeout() {
    let mut stage =
        Stage::new("<Gather action=\"/keys\" timeout=\"4\"><Say>One</Say><Pause length=\"9\"/><Say>Two</Say></Gather>")
            .serve("/keys", "<Pause length=\"60\"/>");
    let call = stage.dial(CALLER);
    stage.pass(1);
    stage.press(call, "1");
    stage.pass(3);
    stage.press(call, "2");
    stage.pass(3);
    assert_eq!(stage.requests("/keys"), []);
    stage.pass(1);
    assert_eq!(stage.only_request("/keys").get("Digits"), "12");
    assert_eq!(stage.heard(call), ["One"]);
}

#[test]
fn gather_without_action_repeats_document() {
    let mut stage =
        Stage::new("<Gather numDigits=\"1\" method=\"GET\"/>").serve("/voice", "<Say>Thanks</Say>");
    let call = stage.dial(CALLER);
    stage.press(call, "5");
    let request = &stage.requests("/voice")[1];
    assert_eq!(
        (
            request.get("Digits"),
            request.method,
            request.get("CallStatus")
        ),
        ("5", Method::Get, "in-progress")
    );
    assert_eq!(stage.heard(call), ["Thanks"]);
}

/// voice-webhooks.md section 11, case 10.
#[test]
fn verb_after_redirect_never_runs() {
    let mut stage =
        Stage::new("<Redirect method=\"GET\">next?a=1&amp;b=2</Redirect><Say>Never</Say>")
            .serve("/next", "<Say>Next</Say>");
    let call = stage.dial(CALLER);
    let request = stage.only_request("/next");
    assert_eq!(
        (request.get("a"), request.get("b"), request.method),
        ("1", "2", Method::Get)
    );
    stage.pass(5);
    assert_eq!(stage.heard(call), ["Next"]);
}

/// voice-webhooks.md section 11, case 11.
/// A later Reject only hangs up.
#[test]
fn first_reject_leaves_call_unanswered() {
    let table = [
        ("<Reject/>", "no-answer", false),
        ("<Reject reason=\"busy\"/><Say>x</Say>", "busy", false),
        ("<Say>x</Say><Reject/>", "completed", true),
    ];
    for (verbs, status, answered) in table {
        let mut stage = Stage::new(verbs);
        let call = stage.dial(CALLER);
        stage.pass(1);
        assert_eq!(stage.status(call), status, "{verbs}");
        assert_eq!(stage.call(call).answered.is_some(), answered, "{verbs}");
    }
}

#[test]
fn first_pause_delays_answer() {
    let mut stage = Stage::new("<Pause length=\"3\"/><Say>Hello</Say>");
    let call = stage.dial(CALLER);
    assert_eq!(stage.status(call), "ringing");
    stage.pass(3);
    assert_eq!(stage.status(call), "in-progress");
}

#[test]
fn hang_up_before_first_document() {
    let mut stage = Stage::new("<Say>Hello</Say>");
    let call = created(&stage.handle(Input::Dial {
        from: CALLER.to_owned(),
        to: CENTRE.to_owned(),
    }));
    let fetch = stage.pending.pop_front().unwrap();
    assert_eq!(stage.handle(Input::HangUp(call)), []);
    assert_eq!(stage.status(call), "canceled");
    let late = stage.answer_to(&fetch);
    assert_eq!(stage.handle(Input::Fetched(fetch.id, late)), []);
    assert_eq!(stage.heard(call), Vec::<String>::new());
}

#[test]
fn audio_length_is_fetched_once() {
    let mut stage =
        Stage::new("<Play loop=\"2\">music.wav</Play><Play>/music.wav</Play><Say>End</Say>")
            .serve_audio("/music.wav", 4);
    let call = stage.dial(CALLER);
    let request = stage.only_request("/music.wav");
    assert_eq!((request.method, request.params.len()), (Method::Get, 0));
    stage.pass(11);
    assert_eq!(stage.heard(call), Vec::<String>::new());
    stage.pass(1);
    assert_eq!(stage.heard(call), ["End"]);
    stage.only_request("/music.wav");
    assert_eq!(
        stage.texts(call, Event::Playing)[0],
        format!("{BASE}/music.wav (2 times)")
    );
}

#[test]
fn missing_audio_is_skipped() {
    let mut stage = Stage::new("<Gather><Play>/missing.wav</Play><Say>Press</Say></Gather>");
    let call = stage.dial(CALLER);
    assert!(
        stage.errors(call).starts_with("11200"),
        "{:?}",
        stage.entries(call)
    );
    assert_eq!(stage.heard(call), ["Press"]);
}

#[test]
fn looped_say_takes_its_time() {
    let mut stage = Stage::new("<Say loop=\"0\">Ho</Say>");
    let call = stage.dial(CALLER);
    stage.pass_millis(1_000 * 2 * SPEECH_MILLIS_PER_CHARACTER - 1);
    assert_eq!(stage.status(call), "in-progress");
    stage.pass_millis(1);
    assert_eq!(stage.status(call), "completed");
}

#[test]
fn failed_documents_end_call_with_code() {
    let table = [
        (404, "text/xml", "<Response/>", 11200),
        (503, "text/xml", "<Response/>", 11200),
        (200, "text/xml", "<Response>", 12100),
        (200, "text/xml", "", 12100),
        (
            200,
            "text/xml",
            "\n<?xml version=\"1.0\"?><Response/>",
            12100,
        ),
        (200, "text/html", "<html><p>Not found</p></html>", 12102),
        (200, "application/json", "{}", 12300),
        (
            200,
            "text/xml",
            "<Response><Redirect>ftp://x</Redirect></Response>",
            11100,
        ),
        (
            200,
            "text/xml",
            "<Response><Enqueue action=\"http://[\">q</Enqueue></Response>",
            14203,
        ),
        (
            200,
            "text/xml",
            "<Response><Enqueue waitUrl=\"http://[\">q</Enqueue></Response>",
            14202,
        ),
    ];
    for (status, content_type, body, code) in table {
        let mut stage = Stage::new("");
        stage.answers.clear();
        let mut stage = stage.serve_raw("/voice", status, content_type, body);
        let call = stage.dial(CALLER);
        assert!(
            stage.errors(call).starts_with(&code.to_string()),
            "{body}: {:?}",
            stage.entries(call)
        );
        assert_eq!(stage.heard(call), [SORRY], "{body}");
        assert_eq!(stage.status(call), "completed", "{body}");
    }
}

#[test]
fn large_or_missing_document_ends_call() {
    let large = format!("<Say>{}</Say>", "x".repeat(70_000));
    let mut stage = Stage::new(&large);
    let call = stage.dial(CALLER);
    assert!(stage.errors(call).starts_with("11750"));

    let mut stage = Stage::new("");
    let unreachable = Fetched::Failed(Fault::new(ErrorCode::Connection, "no connection"));
    stage
        .answers
        .insert("/voice".to_owned(), [unreachable].into());
    let call = stage.dial(CALLER);
    assert!(stage.errors(call).starts_with("11205"));
    assert_eq!(stage.heard(call), [SORRY]);
}

/// The fallback is notified of the error code and the URL that failed.
#[test]
fn fallback_is_requested_once() {
    let mut stage = Stage::new("")
        .with_fallback("/fallback")
        .serve("/fallback", "<Say>Plan B</Say>");
    stage.answers.remove("/voice");
    let call = stage.dial(CALLER);
    let request = stage.only_request("/fallback");
    assert_eq!(request.get("ErrorCode"), "11200");
    assert_eq!(request.get("ErrorUrl"), format!("{BASE}/voice"));
    assert_eq!(request.get("CallSid"), call.to_string());
    assert_eq!(stage.heard(call), ["Plan B"]);

    let mut stage = Stage::new("").with_fallback("/fallback");
    stage.answers.clear();
    let call = stage.dial(CALLER);
    stage.only_request("/fallback");
    assert_eq!(stage.heard(call), [SORRY]);
}

#[test]
fn text_is_read_aloud_and_audio_played() {
    let mut stage = Stage::new("");
    stage.answers.clear();
    let mut stage = stage.serve_raw("/voice", 200, "text/plain; charset=utf-8", "Hello   you");
    let call = stage.dial(CALLER);
    assert_eq!(stage.heard(call), ["Hello you"]);

    let mut stage = Stage::new("");
    stage.answers.clear();
    let mut stage = stage
        .serve_raw("/voice", 200, "audio/wav", "RIFF")
        .serve_audio("/voice", 3);
    let call = stage.dial(CALLER);
    stage.pass(2);
    assert_eq!(stage.status(call), "in-progress");
    stage.pass(1);
    assert_eq!(stage.status(call), "completed");
}

#[test]
fn redirect_loop_is_slowed_and_ended() {
    let mut stage = Stage::new("<Redirect>/voice</Redirect>");
    let call = stage.dial(CALLER);
    assert_eq!(stage.requests("/voice").len(), 1 + 3);
    stage.pass(10);
    assert_eq!(stage.requests("/voice").len(), 1 + 3 + 10);
    stage.pass(60);
    assert_eq!(stage.status(call), "completed");
    assert!(
        stage.errors(call).contains("would never end"),
        "{:?}",
        stage.entries(call)
    );
}

#[test]
fn repeated_menu_is_no_loop() {
    let mut stage =
        Stage::new("<Gather timeout=\"2\"><Say>Press</Say></Gather><Redirect>/voice</Redirect>");
    let call = stage.dial(CALLER);
    stage.pass(600);
    assert_eq!(stage.status(call), "in-progress");
    assert!(stage.requests("/voice").len() > 200);
}

#[test]
fn many_failing_verbs_end_the_call() {
    let mut stage = Stage::new(&"<Dial>123</Dial>".repeat(1_900));
    let call = stage.dial(CALLER);
    assert_eq!(stage.status(call), "completed");
    assert!(stage.errors(call).contains("13223"));
}

#[test]
fn transcript_keeps_first_and_last_entries() {
    let mut stage = Stage::new("<Say>First</Say><Redirect>/more</Redirect>").serve(
        "/more",
        "<Say>Again and again</Say><Pause/><Redirect>/more</Redirect>",
    );
    let call = stage.dial(CALLER);
    stage.pass(600);
    stage.hang_up(call);
    let entries = stage.entries(call);
    assert_eq!(entries.len(), transcript::ENTRIES_MAX);
    assert!(entries[2].contains("First"), "{:?}", &entries[..4]);
    assert!(entries.last().unwrap().contains("completed"));
}

#[test]
fn ignored_verbs_are_warned_about() {
    let mut stage = Stage::new("<Conference/><Leave/><Say colour=\"red\">Hello</Say>");
    let call = stage.dial(CALLER);
    let warnings = stage.warnings(call);
    for expected in [
        "<Conference> is not simulated",
        "<Say> has no attribute colour",
        "<Leave> cannot be used",
    ] {
        assert!(warnings.contains(expected), "{warnings}");
    }
    assert_eq!(stage.heard(call), ["Hello"]);
}

/// Keys without a listener are noted in the transcript; invalid keys are refused.
#[test]
fn unheard_and_invalid_keys() {
    let mut stage = Stage::new("<Say>A rather long sentence</Say>");
    let call = stage.dial(CALLER);
    stage.press(call, "1");
    assert_eq!(
        stage.texts(call, Event::Pressed),
        ["1 (nothing was listening)"]
    );
    for digits in ["", "a", "1 2", "é", &"1".repeat(65)] {
        let reply = stage.act(Input::Digits {
            call,
            digits: digits.to_owned(),
        });
        assert_eq!(refusal(&reply), Refusal::BadDigits, "{digits}");
    }
    stage.hang_up(call);
    let reply = stage.act(Input::Digits {
        call,
        digits: "1".to_owned(),
    });
    assert!(matches!(
        refusal(&reply),
        Refusal::WrongState {
            status: CallStatus::Completed,
            ..
        }
    ));
}

#[test]
fn started_recording_lasts_to_the_end() {
    let recording =
        "<Start><Recording channels=\"dual\" recordingStatusCallback=\"/ready\"/></Start>";
    let mut stage = Stage::new(&format!(
        "<Pause length=\"3\"/>{recording}{recording}<Pause length=\"60\"/>"
    ))
    .serve("/ready", "");
    let call = stage.dial(CALLER);
    stage.pass(10);
    stage.hang_up(call);
    let ready = stage.only_request("/ready");
    assert_eq!(
        (
            ready.get("RecordingDuration"),
            ready.get("RecordingChannels")
        ),
        ("7", "2")
    );
    assert_eq!(ready.get("CallSid"), call.to_string());
    let warnings = stage.texts(call, Event::Warning).join(" ");
    assert!(warnings.contains("recorded already"), "{warnings}");
}

/// Hanging up ends it, too.
#[test]
fn recording_ends_by_key_silence_or_length() {
    let voice = |attributes: &str| {
        Stage::new(&format!(
            "<Record action=\"/done\" recordingStatusCallback=\"/ready\" {attributes}/>"
        ))
        .serve("/done", "<Say>Thanks</Say>")
        .serve("/ready", "")
    };
    let mut stage = voice("");
    let call = stage.dial(CALLER);
    stage.pass(2);
    stage.press(call, "#");
    let done = stage.only_request("/done");
    assert_eq!(
        (done.get("RecordingDuration"), done.get("Digits")),
        ("2", "#")
    );
    let url = done.get("RecordingUrl");
    let base = format!(
        "http://carrier.example/2010-04-01/Accounts/{}/Recordings/RE",
        setup().account_sid
    );
    assert!(url.starts_with(&base), "{url}");
    let ready = stage.only_request("/ready");
    assert_eq!(
        (ready.get("RecordingStatus"), ready.get("RecordingUrl")),
        ("completed", url)
    );
    assert_eq!(
        stage
            .network
            .recording(done.get("RecordingSid").parse().unwrap())
            .unwrap()
            .length,
        Millis::from_secs(2)
    );

    // The silence at the end is cut off by default.
    for (trim, secs) in [("", "3"), ("trim=\"do-not-trim\"", "7")] {
        let mut stage = voice(&format!("timeout=\"4\" {trim}"));
        stage.dial(CALLER);
        stage.pass(7);
        let done = stage.only_request("/done");
        assert_eq!(done.get("RecordingDuration"), secs, "{trim}");
    }

    // A timer may fire late.
    for late in [0, 40] {
        let mut stage = voice("maxLength=\"2\"");
        stage.dial(CALLER);
        stage.now += Millis::from_millis(2_000 + late);
        stage.act(Input::Tick);
        assert_eq!(stage.only_request("/done").get("RecordingDuration"), "2");
    }

    let mut stage = voice("");
    let call = stage.dial(CALLER);
    stage.pass(3);
    stage.hang_up(call);
    let done = stage.only_request("/done");
    assert_eq!(
        (done.get("Digits"), done.get("CallStatus")),
        ("hangup", "completed")
    );
    assert_eq!(stage.heard(call), Vec::<String>::new());
}

#[test]
fn number_callback_receives_end() {
    let mut stage = Stage::new("<Pause length=\"1\"/><Say>Hello</Say><Pause length=\"60\"/>")
        .with_status_callback("/status")
        .serve("/status", "");
    let call = stage.dial(CALLER);
    stage.pass(11);
    stage.hang_up(call);
    let request = stage.only_request("/status");
    assert_eq!(
        (
            request.get("CallStatus"),
            request.get("CallDuration"),
            request.get("CallSid")
        ),
        ("completed", "10", call.to_string().as_str())
    );
}

/// A Say with unknown markup is not heard; the call continues.
#[test]
fn markup_is_heard_or_refused() {
    let mut stage = Stage::new(
        "<Say><sub alias=\"World Wide Web\">WWW</sub><break time=\"2s\"/></Say><Say>a<blink>b</blink></Say><Say>End</Say>",
    );
    let call = stage.dial(CALLER);
    stage.pass(2);
    assert_eq!(stage.heard(call), ["World Wide Web"]);
    stage.pass(1);
    assert_eq!(stage.heard(call), ["World Wide Web", "End"]);
    assert!(stage.warnings(call).contains("13520: <blink>"));
}

#[test]
fn streams_and_refers_are_refused_clearly() {
    let mut stage = Stage::new(
        "<Connect><Stream url=\"wss://a.example\"/></Connect><Start><Stream url=\"wss://a.example\"/></Start><Refer><Sip>sip:a@b.example</Sip></Refer><Say>Next</Say>",
    );
    let call = stage.dial(CALLER);
    for verb in ["<Connect>", "<Start><Stream>", "<Refer>"] {
        let expected = format!("{verb} is not simulated; ignored");
        assert!(stage.warnings(call).contains(&expected), "{verb}");
    }
    assert_eq!(stage.heard(call), ["Next"]);
}

/// A person who listens hears each text to its end; others do not wait.
#[test]
fn audible_speech_takes_longer() {
    let mut stage = Stage::new("<Say language=\"hi-IN\">Namaste</Say><Play>/a.wav</Play>")
        .serve_audio("/a.wav", 1);
    let call = created(&stage.handle(Input::Dial {
        from: CALLER.to_owned(),
        to: CENTRE.to_owned(),
    }));
    assert_eq!(stage.act(Input::Listen(call)), []);
    let quick = 7 * SPEECH_MILLIS_PER_CHARACTER;
    stage.pass_millis(5 * quick - 1);
    assert_eq!(stage.texts(call, Event::Playing), Vec::<String>::new());
    stage.pass_millis(1);
    let sounds: Vec<_> = stage
        .call(call)
        .transcript
        .entries()
        .iter()
        .filter_map(|entry| entry.sound.clone())
        .collect();
    let speech = EntrySound::Speech {
        language: "hi-IN".to_owned(),
    };
    let audio = EntrySound::Audio {
        url: format!("{BASE}/a.wav"),
        loops: 1,
    };
    assert_eq!(sounds, [speech, audio]);
}
