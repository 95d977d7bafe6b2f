mod state;

use serde_json::{Value, json};
use vocabulary::Beep;
use vocabulary::CallEvent;
use vocabulary::CallRecord;
use vocabulary::CallbackMethod;
use vocabulary::ConferenceRecord;
use vocabulary::SupervisorMode;

use super::parameters::{self, Parameter};
use super::*;

const JSON: &str = "application/json; charset=utf-8";
const ACTIVITY: &str = "WA0123456789abcdef0123456789abcdef";
const CALL: &str = "CA0123456789abcdef0123456789abcdef";

fn from_json(body: &Value) -> Result<Instruction, String> {
    let instruction = Instruction::from_json(JSON, body.to_string().as_bytes())
        .map_err(|error| error.to_string())?;
    Ok(instruction.unwrap())
}

fn from_form(pairs: &[(&str, &str)]) -> Result<Instruction, String> {
    let pairs: Vec<_> = pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    Ok(Instruction::from_form(&pairs)
        .map_err(|error| error.to_string())?
        .unwrap())
}

fn table(instruction: InstructionName) -> &'static [Parameter] {
    match instruction {
        InstructionName::Accept => &[],
        InstructionName::Reject => parameters::reject::ALL,
        InstructionName::Dequeue => parameters::dequeue::ALL,
        InstructionName::Call => parameters::call::ALL,
        InstructionName::Redirect => parameters::redirect::ALL,
        InstructionName::Conference => parameters::conference::ALL,
        InstructionName::Supervise => parameters::supervise::ALL,
    }
}

/// A value of each parameter that is not its default, and one that is refused.
fn values(json_name: &str) -> (&'static str, &'static str) {
    const URL: (&str, &str) = ("https://app.example/hook?a=1#rc=2", "app.example/hook");
    const ADDRESS: (&str, &str) = ("+17075550101", "+1707\n5550101");
    const METHOD: (&str, &str) = ("GET", "PUT");
    match json_name {
        "activity_sid" | "post_work_activity_sid" => (ACTIVITY, "WQ1"),
        "call_sid" => (CALL, "CA1"),
        "to" | "from" | "supervisor" | "sip_auth_username" | "sip_auth_password" => ADDRESS,
        "timeout" => ("20", "1000"),
        "accept"
        | "muted"
        | "end_conference_on_exit"
        | "end_conference_on_customer_exit"
        | "beep_on_customer_entrance" => ("true", "perhaps"),
        "start_conference_on_enter" | "early_media" => ("false", "perhaps"),
        "beep" => ("onEnter", "onenter"),
        "max_participants" => ("2", "251"),
        "conference_record" => ("record-from-start", "yes"),
        "conference_trim" => ("do-not-trim", "trim"),
        "recording_channels" => ("dual", "stereo"),
        "region" => ("de1", "mars1"),
        "jitter_buffer_size" => ("off", "none"),
        "supervisor_mode" => ("whisper", "shout"),
        "status_callback_events" | "status_callback_event" => {
            ("initiated,answered", "initiated,sung")
        }
        "conference_status_callback_event" => ("start, end,join", "begin"),
        method if method.ends_with("_method") => METHOD,
        _ => URL,
    }
}

fn value_of(instruction: InstructionName, parameter: &Parameter) -> (&'static str, &'static str) {
    match (instruction, parameter.json) {
        (InstructionName::Conference, "record") => ("true", "record-from-answer"),
        (_, "record") => ("record-from-answer", "true"),
        (_, name) => values(name),
    }
}

/// All parameters of `instruction` with valid values, except that `wrong` has a refused one.
fn whole(
    instruction: InstructionName,
    wrong: Option<&Parameter>,
) -> (Value, Vec<(&'static str, &'static str)>) {
    let mut object = json!({ "instruction": instruction.as_str() });
    let mut form = vec![("Instruction", instruction.as_str())];
    for parameter in table(instruction) {
        let (good, bad) = value_of(instruction, parameter);
        let value = if wrong == Some(parameter) { bad } else { good };
        object[parameter.json] = json!(value);
        form.push((parameter.form, value));
    }
    (object, form)
}

#[test]
fn json_and_form_parse_alike() {
    for instruction in InstructionName::ALL {
        let (object, form) = whole(instruction, None);
        let read = from_json(&object).unwrap();
        assert_eq!(read.name(), instruction);
        assert_eq!(Ok(&read), from_form(&form).as_ref(), "{instruction:?}");
        let kept: Instruction =
            serde_json::from_str(&serde_json::to_string(&read).unwrap()).unwrap();
        assert_eq!(kept, read, "stored instructions must parse back");
        // Without any one of them the instruction differs or is refused, so each one was read.
        for parameter in table(instruction) {
            let mut without = object.clone();
            without.as_object_mut().unwrap().remove(parameter.json);
            assert_ne!(
                from_json(&without).as_ref(),
                Ok(&read),
                "{instruction:?} {}",
                parameter.json
            );
        }
    }
}

/// The error has the parameter and its code but not the value, which can be a phone number.
#[test]
fn invalid_value_is_named_but_not_shown() {
    for instruction in InstructionName::ALL {
        for parameter in table(instruction) {
            let (object, form) = whole(instruction, Some(parameter));
            let code = parameter
                .code
                .map_or(String::new(), |code| format!("{code}: "));
            for (message, name) in [
                (from_json(&object).unwrap_err(), parameter.json),
                (from_form(&form).unwrap_err(), parameter.form),
            ] {
                let beginning = format!(
                    "{code}{name} of {} cannot be understood: expected ",
                    instruction.as_str()
                );
                assert!(message.starts_with(&beginning), "{message}");
                assert!(!message.contains("5550101"), "{message}");
            }
        }
    }
}

#[test]
fn codes_match_reference() {
    use InstructionName::{Call, Conference, Dequeue, Redirect, Reject, Supervise};
    for (instruction, parameter, code) in [
        (Reject, "activity_sid", 40_100),
        (Call, "to", 40_110),
        (Call, "from", 40_111),
        (Call, "url", 40_112),
        (Call, "status_callback_url", 40_158),
        (Redirect, "url", 40_120),
        (Redirect, "call_sid", 40_121),
        (Dequeue, "post_work_activity_sid", 40_130),
        (Dequeue, "to", 40_131),
        (Dequeue, "from", 40_132),
        (Dequeue, "status_callback_events", 40_134),
        (Dequeue, "status_callback_url", 40_157),
        (Conference, "to", 40_137),
        (Conference, "from", 40_138),
        (Conference, "post_work_activity_sid", 40_139),
        (Conference, "status_callback", 40_159),
        (Supervise, "supervisor", 40_147),
        (Supervise, "from", 40_148),
    ] {
        let found = table(instruction)
            .iter()
            .find(|known| known.json == parameter)
            .unwrap();
        assert_eq!(found.code, Some(code), "{instruction:?} {parameter}");
    }
}

#[test]
fn defaults_match_reference() {
    assert_eq!(
        from_json(&json!({"instruction": "accept"})),
        Ok(Instruction::Accept)
    );
    assert_eq!(
        from_json(&json!({"instruction": "reject"})),
        Ok(Instruction::Reject { activity_sid: None })
    );

    let dequeue = Instruction::Dequeue(Dequeue {
        to: None,
        from: None,
        post_work_activity_sid: None,
        record: CallRecord::DoNotRecord,
        timeout: RingTimeout::from_secs(60).unwrap(),
        status_callback: None,
    });
    assert_eq!(from_json(&json!({"instruction": "dequeue"})), Ok(dequeue));

    let from = "+17075550183";
    let url = "https://app.example/agent";
    let call = from_json(&json!({"instruction": "call", "from": from, "url": url})).unwrap();
    let Instruction::Call(call) = call else {
        unreachable!("{call:?}")
    };
    assert_eq!(
        (call.accept, call.record, call.timeout.as_secs()),
        (false, CallRecord::DoNotRecord, 60)
    );

    let redirect = from_form(&[
        ("Instruction", "redirect"),
        ("RedirectCallSid", CALL),
        ("RedirectUrl", url),
    ]);
    let accept = false;
    let expected = Redirect {
        call_sid: CALL.parse().unwrap(),
        url: url.to_owned(),
        accept,
    };
    assert_eq!(redirect, Ok(Instruction::Redirect(expected)));

    let conference = from_json(&json!({"instruction": "conference"})).unwrap();
    let Instruction::Conference(conference) = conference else {
        unreachable!("{conference:?}")
    };
    assert_eq!(*conference, Conference::default());
    assert_eq!(
        (
            conference.timeout.as_secs(),
            conference.max_participants.get()
        ),
        (60, 250)
    );
    assert!(conference.start_conference_on_enter && conference.early_media);
    assert!(!conference.end_conference_on_exit && !conference.muted && !conference.record);
    assert_eq!(
        (conference.beep, conference.conference_record),
        (Beep::Always, ConferenceRecord::DoNotRecord)
    );

    let supervise = from_form(&[("Instruction", "supervise"), ("Supervisor", "client:joe")]);
    let supervisor = Supervisor::Uri("client:joe".to_owned());
    let expected = Supervise {
        supervisor,
        mode: SupervisorMode::Monitor,
        from: None,
    };
    assert_eq!(supervise, Ok(Instruction::Supervise(expected)));
}

#[test]
fn defaults_are_omitted_when_stored() {
    let kept = serde_json::to_string(&Conference::default()).unwrap();
    assert_eq!(kept, "{}");
    let kept = serde_json::to_string(&Dequeue::default()).unwrap();
    assert_eq!(kept, "{}");
}

#[test]
fn missing_parameter_is_named_with_code() {
    for (body, expected) in [
        (
            json!({"instruction": "call", "url": "https://a.example"}),
            "40111: from of call is missing: expected ",
        ),
        (
            json!({"instruction": "call", "from": "+1"}),
            "40112: url of call is missing: expected ",
        ),
        (
            json!({"instruction": "redirect", "call_sid": CALL}),
            "40120: url of redirect is missing",
        ),
        (
            json!({"instruction": "redirect", "url": "https://a.example"}),
            "40121: call_sid of redirect is missing",
        ),
        (
            json!({"instruction": "supervise"}),
            "40147: supervisor of supervise is missing",
        ),
        (
            json!({"instruction": "redirect", "call_sid": "", "url": null}),
            "40121: call_sid of redirect is missing",
        ),
    ] {
        let message = from_json(&body).unwrap_err();
        assert!(message.starts_with(expected), "{message}");
    }
}

/// `conference_record` is the exception: JSON must write it as a string.
#[test]
fn json_scalars_parse_as_texts() {
    let conference = |more: Value| {
        let mut object = json!({"instruction": "conference"});
        object
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        from_json(&object)
    };
    for (one, other) in [
        (json!({"muted": true}), json!({"muted": "true"})),
        (json!({"beep": false}), json!({"beep": "false"})),
        (json!({"timeout": 20}), json!({"timeout": "20"})),
        (
            json!({"status_callback": "https://a.example"}),
            json!({"status_callback_url": "https://a.example"}),
        ),
        (
            json!({"status_callback": "https://a.example", "status_callback_event": ["ringing", "answered"]}),
            json!({"status_callback": "https://a.example", "status_callback_events": "answered, ringing"}),
        ),
        (
            json!({"conference_record": "true"}),
            json!({"conference_record": "record-from-start"}),
        ),
        (
            json!({"conference_record": "false"}),
            json!({"conference_record": "do-not-record"}),
        ),
        (
            json!({"status_callback_method": "get", "to": null}),
            json!({"something_new": {"a": []}}),
        ),
    ] {
        assert!(conference(one.clone()).is_ok(), "{one}");
        assert_eq!(conference(one.clone()), conference(other), "{one}");
    }
    for wrong in [
        json!({"conference_record": true}),
        json!({"timeout": 20.5}),
        json!({"timeout": 0}),
        json!({"timeout": -1}),
        json!({"to": {"number": "+1"}}),
        json!({"status_callback_event": [1]}),
    ] {
        assert!(conference(wrong.clone()).is_err(), "{wrong}");
    }
}

#[test]
fn sip_ring_timeout_is_limited() {
    let dequeue = |to: &str, timeout: u32| {
        from_json(&json!({"instruction": "dequeue", "to": to, "timeout": timeout}))
    };
    assert!(dequeue("+17075550101", 999).is_ok());
    assert!(dequeue("sip:ann@example.com", 600).is_ok());
    let message = dequeue("SIP:ann@example.com", 601).unwrap_err();
    assert_eq!(
        message,
        "timeout of dequeue cannot be understood: expected a whole number of seconds from 1 to 600"
    );
    assert_eq!(RingTimeout::from_secs(999).unwrap().ring_secs(), 600);
}

#[test]
fn repeated_form_names_are_a_list() {
    let once = [
        ("Instruction", "dequeue"),
        ("DequeueStatusCallbackUrl", "https://a.example"),
    ];
    let repeated = [
        &once[..],
        &[
            ("DequeueStatusCallbackEvent", "completed"),
            ("DequeueStatusCallbackEvent", "ringing"),
        ],
    ]
    .concat();
    let Ok(Instruction::Dequeue(dequeue)) = from_form(&repeated) else {
        unreachable!()
    };
    let callback = dequeue.status_callback.unwrap();
    assert_eq!(callback.events, [CallEvent::Ringing, CallEvent::Completed]);
    assert_eq!(callback.method, CallbackMethod::Get);
    let Ok(Instruction::Dequeue(dequeue)) = from_form(&once) else {
        unreachable!()
    };
    assert_eq!(
        dequeue.status_callback.unwrap().events,
        [CallEvent::Completed]
    );
    assert_eq!(
        Instruction::from_form(&[("ReservationStatus".to_owned(), "accepted".to_owned())]),
        Ok(None)
    );
}

#[test]
fn empty_answer_has_no_instruction() {
    for body in ["", "  \n", "{}"] {
        assert_eq!(
            Instruction::from_json(JSON, body.as_bytes()),
            Ok(None),
            "{body}"
        );
    }
}

#[test]
fn invalid_answer_has_debugger_code() {
    for (content_type, body, code, is_failure) in [
        ("text/html", "<p>", 40_000, true),
        ("", "{}x", 40_000, true),
        (JSON, "{", 40_001, true),
        (JSON, "\u{e9}", 40_001, true),
        (JSON, "[1]", 40_005, false),
        (JSON, r#"{"instruction":3}"#, 40_005, false),
        (JSON, r#"{"instruktion":"accept"}"#, 40_005, false),
        (JSON, r#"{"instruction":"sing"}"#, 55_555, true),
        (
            JSON,
            r#"{"instruction":"reject","activity_sid":"WQ1"}"#,
            40_100,
            false,
        ),
    ] {
        let error = Instruction::from_json(content_type, body.as_bytes()).unwrap_err();
        assert_eq!(
            (error.code(), error.is_failure()),
            (Some(code), is_failure),
            "{body}"
        );
        assert!(error.to_string().starts_with(&code.to_string()), "{error}");
    }
}

#[test]
fn reference_lists_every_parameter() {
    const DOCUMENT: &str = include_str!("../../../../../../docs/conformance.md");
    for instruction in InstructionName::ALL {
        for parameter in table(instruction) {
            let row = format!(
                "| {} `{}` | `{}` |",
                instruction.as_str(),
                parameter.json,
                parameter.form
            );
            assert!(
                DOCUMENT.contains(&row),
                "docs/conformance.md has no row {row}"
            );
        }
    }
}

/// An error says what was expected.
#[test]
fn error_names_the_expected_form() {
    for (body, expected) in [
        (
            json!({ "instruction": "redirect", "call_sid": CALL, "url": "app.example" }),
            "an absolute URL, http:// or https://, of at most",
        ),
        (
            json!({ "instruction": "dequeue", "from": "+1707\n5550101" }),
            "a phone number, client name or SIP URI of at most",
        ),
        (
            json!({ "instruction": "conference", "from": "+17075550101", "conference_record": ["true"] }),
            "one of ",
        ),
    ] {
        let error = from_json(&body).unwrap_err();
        assert!(error.contains(expected), "{body}: {error}");
    }
}

/// A stored instruction has only the switches that are on.
#[test]
fn answered_is_stored_when_it_is_true() {
    for answered in [false, true] {
        let issued = IssuedInstruction {
            answered,
            ..IssuedInstruction::default()
        };
        let stored = serde_json::to_value(&issued).unwrap();
        assert_eq!(stored.get("answered").is_some(), answered);
        let read: IssuedInstruction = serde_json::from_value(stored).unwrap();
        assert_eq!(read, issued);
    }
}

#[test]
fn status_callback_is_that_of_the_plan() {
    let callback = StatusCallback {
        url: "https://app.example/status".to_owned(),
        method: CallbackMethod::default(),
        events: Vec::new(),
    };
    let asked = Some(callback.clone());
    let conference = Conference {
        status_callback: asked.clone(),
        ..Conference::default()
    };
    let room = ConferencePlan {
        conference,
        ..ConferencePlan::default()
    };
    for (plan, expected) in [
        (
            Plan::Dequeue {
                status_callback: asked.clone(),
            },
            asked.as_ref(),
        ),
        (
            Plan::Call {
                status_callback: asked.clone(),
                dialed_by: None,
            },
            asked.as_ref(),
        ),
        (Plan::Conference(Box::new(room)), asked.as_ref()),
        (Plan::Redirect, None),
    ] {
        let issued = IssuedInstruction {
            plan,
            ..IssuedInstruction::default()
        };
        assert_eq!(issued.status_callback(), expected, "{issued:?}");
    }
}

#[test]
fn caller_hears_a_beep_only_if_asked() {
    let beep = |beep_on_customer_entrance| {
        let conference = Conference {
            beep_on_customer_entrance,
            ..Conference::default()
        };
        conference.customer_beep()
    };
    assert_eq!((beep(true), beep(false)), (Beep::OnEnter, Beep::Never));
}
