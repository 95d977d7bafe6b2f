//! The REST API's requests about conferences and participants.

use ids::ConferenceSid;

use super::*;
use crate::network::ConferenceStatus::{Completed, InProgress};
use crate::twiml::{ConferenceEvent, ConferenceNoun, Link, Wait};

fn stage() -> Stage {
    let callback =
        "statusCallback=\"/events\" statusCallbackEvent=\"start end join leave mute hold modify\"";
    Stage::new(&format!(
        "<Dial action=\"/ended\"><Conference {callback} waitUrl=\"/wait\">room</Conference></Dial>"
    ))
    .serve("/events", "")
    .serve("/ended", "<Say>After</Say><Pause length=\"60\"/>")
    .serve("/wait", "<Say>Please wait</Say>")
    .serve(
        "/hold",
        "<Say>On hold</Say><Pause length=\"5\"/><Redirect/>",
    )
    .serve("/status", "")
    .serve("/confer", "")
}

/// A participant to be added to `room`.
fn invitation(room: impl ToString) -> NewParticipant {
    NewParticipant {
        noun: ConferenceNoun::new(room.to_string()),
        to: WORKER.to_owned(),
        from: CENTRE.to_owned(),
        status_callback: None,
        ring_for: Millis::from_secs(20),
        time_limit: None,
        recording: None,
        early_media: true,
    }
}

impl Stage {
    fn invite(&mut self, new: NewParticipant) -> CallSid {
        created(&self.act(Input::AddParticipant(Box::new(new))))
    }

    fn change(&mut self, call: CallSid, update: ParticipantUpdate) {
        let conference = self.room_sid();
        assert_eq!(
            self.act(Input::UpdateParticipant {
                conference,
                call,
                update
            }),
            []
        );
    }

    fn last_event(&self) -> SentRequest {
        self.requests("/events").pop().unwrap()
    }
}

#[test]
fn mute_and_unmute_are_reported_once() {
    let mut stage = stage();
    let first = stage.dial(CALLER);
    stage.dial(OTHER_CALLER);
    for (muted, event) in [(true, "participant-mute"), (false, "participant-unmute")] {
        for _ in 0..2 {
            stage.change(
                first,
                ParticipantUpdate {
                    muted: Some(muted),
                    ..ParticipantUpdate::default()
                },
            );
        }
        let report = stage.last_event();
        let names = ["StatusCallbackEvent", "CallSid", "Muted", "Hold"];
        assert_eq!(
            names.map(|name| report.get(name)),
            [event, &first.to_string(), &muted.to_string(), "false"]
        );
        assert_eq!(stage.conference().participant(first).unwrap().muted, muted);
    }
    // Two joins, the start, and two changes.
    assert_eq!(stage.requests("/events").len(), 5);
}

#[test]
fn hold_document_plays_until_unhold() {
    let mut stage = stage();
    let first = stage.dial(CALLER);
    let second = stage.dial(OTHER_CALLER);
    let hold = ParticipantUpdate {
        hold: Some(true),
        hold_music: Some(at("/hold")),
        ..ParticipantUpdate::default()
    };
    stage.change(first, hold);
    assert_eq!(
        (
            stage.last_event().get("StatusCallbackEvent"),
            stage.last_event().get("Hold")
        ),
        ("participant-hold", "true")
    );
    stage.pass(12);
    assert_eq!(
        stage.heard(first),
        ["Please wait", "On hold", "On hold", "On hold"]
    );
    assert!(stage.is_in(first) && stage.is_in(second));
    stage.change(
        first,
        ParticipantUpdate {
            hold: Some(false),
            ..ParticipantUpdate::default()
        },
    );
    assert_eq!(
        stage.last_event().get("StatusCallbackEvent"),
        "participant-unhold"
    );
    stage.pass(60);
    assert_eq!(stage.heard(first).len(), 4);
    assert_eq!(stage.conference().status, InProgress);
}

/// The participant stays on hold.
#[test]
fn failed_hold_document_is_silence() {
    let mut stage = stage();
    let first = stage.dial(CALLER);
    stage.dial(OTHER_CALLER);
    let hold = ParticipantUpdate {
        hold: Some(true),
        hold_music: Some(at("/missing")),
        ..ParticipantUpdate::default()
    };
    stage.change(first, hold);
    assert!(stage.errors(first).starts_with("11200"));
    assert!(stage.is_in(first) && stage.conference().participant(first).unwrap().hold);
}

#[test]
fn hold_before_start_lasts() {
    let mut stage = stage();
    let first = stage.dial(CALLER);
    let hold = ParticipantUpdate {
        hold: Some(true),
        hold_music: Some(at("/hold")),
        ..ParticipantUpdate::default()
    };
    stage.change(first, hold);
    stage.dial(OTHER_CALLER);
    assert_eq!(stage.conference().status, InProgress);
    stage.pass(6);
    assert_eq!(stage.heard(first).last().unwrap(), "On hold");
}

#[test]
fn coaching_starts_changes_and_ends() {
    let mut stage = stage();
    let first = stage.dial(CALLER);
    let second = stage.dial(OTHER_CALLER);
    let third = stage.dial("+15550100003");
    let conference = stage.room_sid();
    let coach = |coaching, call_to_coach| ParticipantUpdate {
        coaching,
        call_to_coach,
        ..ParticipantUpdate::default()
    };
    let coaches = |stage: &Stage| stage.conference().participant(third).unwrap().coaches;
    for (update, expected) in [
        (coach(Some(true), Some(first)), Some(first)),
        (coach(None, Some(second)), Some(second)),
        (coach(None, None), Some(second)),
        (coach(Some(false), None), None),
    ] {
        stage.change(third, update);
        assert_eq!(coaches(&stage), expected);
    }
    let report = stage.last_event();
    assert_eq!(
        (report.get("StatusCallbackEvent"), report.get("Coaching")),
        ("participant-modify", "false")
    );
    let unknown_call = CallSid::derive(&["unknown"]);
    for update in [
        coach(Some(true), None),
        coach(None, Some(unknown_call)),
        coach(None, Some(third)),
    ] {
        let input = Input::UpdateParticipant {
            conference,
            call: third,
            update,
        };
        assert_eq!(refusal(&stage.act(input)), Refusal::NoCallToCoach);
    }
    assert_eq!(coaches(&stage), None);
}

/// `endConferenceOnExit` and `beepOnExit` of a participant.
#[test]
fn exit_options_can_be_changed() {
    let mut stage = stage();
    let first = stage.dial(CALLER);
    let second = stage.dial(OTHER_CALLER);
    let update = ParticipantUpdate {
        end_on_exit: Some(true),
        beep_on_exit: Some(false),
        ..ParticipantUpdate::default()
    };
    stage.change(first, update);
    let beeps = stage.texts(second, Event::Playing).len();
    stage.hang_up(first);
    assert_eq!(stage.texts(second, Event::Playing).len(), beeps);
    assert_eq!(
        (stage.conference().status, stage.heard(second)),
        (Completed, vec!["After".to_owned()])
    );
}

#[test]
fn removed_participant_continues() {
    let mut stage = stage();
    let first = stage.dial(CALLER);
    let second = stage.dial(OTHER_CALLER);
    let conference = stage.room_sid();
    assert_eq!(
        stage.act(Input::RemoveParticipant {
            conference,
            call: first
        }),
        []
    );
    assert_eq!(stage.heard(first).last().unwrap(), "After");
    assert_eq!(
        (stage.call(first).conference(), stage.is_in(second)),
        (None, true)
    );
    assert_eq!(
        stage.last_event().get("ReasonParticipantLeft"),
        "participant_updated_via_api"
    );
    assert_eq!(
        refusal(&stage.act(Input::RemoveParticipant {
            conference,
            call: first
        })),
        Refusal::NotAParticipant(conference)
    );
    assert_eq!(
        stage.act(Input::RemoveParticipant {
            conference,
            call: second
        }),
        []
    );
    assert_eq!(
        stage.last_event().get("ReasonConferenceEnded"),
        "last-participant-kicked"
    );

    let first = stage.dial("+15550100003");
    let second = stage.dial("+15550100004");
    stage.change(
        first,
        ParticipantUpdate {
            end_on_exit: Some(true),
            ..ParticipantUpdate::default()
        },
    );
    let conference = stage.room_sid();
    assert_eq!(
        stage.act(Input::RemoveParticipant {
            conference,
            call: first
        }),
        []
    );
    assert_eq!(
        stage.last_event().get("ReasonConferenceEnded"),
        "participant-with-end-conference-on-exit-kicked"
    );
    assert_eq!(stage.heard(second).last().unwrap(), "After");
}

/// Participants continue after their Dial, and ringing phones stop.
#[test]
fn ended_conference_releases_calls() {
    let mut stage = stage();
    let first = stage.dial(CALLER);
    let second = stage.dial(OTHER_CALLER);
    let conference = stage.room_sid();
    let ringing = stage.invite(invitation(conference));
    assert_eq!(stage.act(Input::EndConference(conference)), []);
    assert_eq!(
        [first, second].map(|call| stage.heard(call).last().cloned()),
        [Some("After".to_owned()), Some("After".to_owned())]
    );
    assert_eq!(stage.status(ringing), "canceled");
    assert_eq!(stage.conference().participants, []);
    let reports = stage.requests("/events");
    let reasons: Vec<_> = reports
        .iter()
        .rev()
        .take(4)
        .rev()
        .map(|request| request.get("ReasonParticipantLeft"))
        .collect();
    assert_eq!(
        reasons,
        [
            "conference_ended_via_api",
            "conference_ended_via_api",
            "participant_add_failed",
            ""
        ]
    );
    let end = stage.last_event();
    assert_eq!(
        ["ReasonConferenceEnded", "CallSidEndingConference"].map(|name| end.get(name)),
        ["conference-ended-via-api", ""]
    );
    assert_eq!(stage.act(Input::EndConference(conference)), []);
    assert_eq!(stage.requests("/events").len(), reports.len());
    let unknown = ConferenceSid::derive(&["unknown"]);
    assert_eq!(
        refusal(&stage.act(Input::EndConference(unknown))),
        Refusal::UnknownConference(unknown.to_string())
    );
}

#[test]
fn early_media_lets_participants_hear_ringing() {
    for early_media in [true, false] {
        let mut stage = stage();
        let first = stage.dial(CALLER);
        let called = stage.invite(NewParticipant {
            early_media,
            ..invitation(stage.room_sid())
        });
        assert_eq!(stage.status(called), "ringing");
        let rings = format!("{WORKER} rings");
        let entries = stage.network.call(first).unwrap().transcript.entries();
        assert_eq!(entries.iter().any(|entry| entry.text == rings), early_media);
    }
}

#[test]
fn added_participant_creates_conference() {
    let mut stage = stage();
    let noun = ConferenceNoun {
        end_on_exit: true,
        muted: true,
        label: Some("worker".to_owned()),
        status_callback: Some(Link {
            url: format!("{BASE}/confer"),
            method: Method::Post,
        }),
        status_events: vec![ConferenceEvent::Join, ConferenceEvent::Leave],
        ..ConferenceNoun::new("WT1")
    };
    let status_callback = StatusCallback::new(format!("{BASE}/status"), Method::Post, Vec::new());
    let worker = stage.invite(NewParticipant {
        noun,
        status_callback: Some(status_callback),
        ..invitation("")
    });
    assert_eq!(
        (stage.status(worker), stage.conference().name.as_str()),
        ("ringing", "WT1")
    );
    assert_eq!(stage.conference().participant(worker).unwrap().joined, None);
    stage.pass(5);
    stage.answer(worker);
    let participant = stage.conference().participant(worker).unwrap();
    assert_eq!(
        (
            participant.muted,
            participant.end_on_exit,
            participant.joined.is_some()
        ),
        (true, true, true)
    );
    assert_eq!(stage.call(worker).invited, None);
    assert_eq!(participant.created + Millis::from_secs(5), stage.now);
    assert_eq!(
        stage.only_request("/confer").get("ParticipantLabel"),
        "worker"
    );
    stage.hang_up(worker);
    assert_eq!(stage.only_request("/status").get("CallStatus"), "completed");
    assert_eq!(
        (stage.conference().status, stage.status(worker)),
        (Completed, "completed")
    );
}

#[test]
fn unanswered_participant_is_reported() {
    type Act = fn(&mut Stage, CallSid);
    let decline: Act = |stage, call| assert_eq!(stage.act(Input::Decline(call)), []);
    let leave_alone: Act = |stage, _| stage.pass(20);
    let remove: Act = |stage, call| {
        let conference = stage.room_sid();
        assert_eq!(stage.act(Input::RemoveParticipant { conference, call }), []);
    };
    for (act, status) in [
        (decline, "busy"),
        (leave_alone, "no-answer"),
        (remove, "canceled"),
    ] {
        let mut stage = stage();
        let first = stage.dial(CALLER);
        let worker = stage.invite(invitation(stage.room_sid()));
        act(&mut stage, worker);
        assert_eq!(stage.status(worker), status);
        let report = stage.last_event();
        let names = [
            "StatusCallbackEvent",
            "CallSid",
            "ReasonParticipantLeft",
            "ParticipantCallStatus",
        ];
        let expected = [
            "participant-leave",
            &worker.to_string(),
            "participant_add_failed",
            status,
        ];
        assert_eq!(names.map(|name| report.get(name)), expected);
        assert!(stage.is_in(first) && stage.conference().participant(worker).is_none());
    }
}

#[test]
fn conference_ends_with_last_failed_call() {
    let mut stage = stage();
    let worker = stage.invite(NewParticipant {
        noun: ConferenceNoun {
            end_on_exit: true,
            ..ConferenceNoun::new("WT1")
        },
        ..invitation("")
    });
    stage.act(Input::Decline(worker));
    let end = stage.conference().end.clone().unwrap();
    assert_eq!(
        (end.reason, end.by),
        (EndReason::LastParticipantLeft, Some(worker))
    );
}

/// A refused request leaves neither a call nor a conference.
#[test]
fn invalid_participants_are_refused() {
    let mut stage = stage();
    let over = stage.dial(CALLER);
    let room = stage.room_sid();
    stage.hang_up(over);
    let calls = stage.network.calls().len();
    let link = |url: &str| Link {
        url: url.to_owned(),
        method: Method::Post,
    };
    let noun = |noun: ConferenceNoun| NewParticipant {
        noun,
        ..invitation("")
    };
    let fault = |refusal: Refusal| {
        let Refusal::Conference(fault) = refusal else {
            panic!("{refusal:?}")
        };
        fault.code.number()
    };
    let mut add = |new| refusal(&stage.act(Input::AddParticipant(Box::new(new))));
    assert_eq!(
        add(NewParticipant {
            to: "12".into(),
            ..invitation("r")
        }),
        Refusal::BadAddress { field: "To" }
    );
    assert_eq!(
        add(NewParticipant {
            to: CENTRE.into(),
            ..invitation("r")
        }),
        Refusal::CentreNumber
    );
    let wait = ConferenceNoun {
        wait: Wait::Document(link("/relative")),
        ..ConferenceNoun::new("r")
    };
    assert_eq!(add(noun(wait)), Refusal::BadUrl { field: "WaitUrl" });
    let callback = ConferenceNoun {
        status_callback: Some(link("x")),
        ..ConferenceNoun::new("r")
    };
    assert_eq!(
        add(noun(callback)),
        Refusal::BadUrl {
            field: "ConferenceStatusCallback"
        }
    );
    assert_eq!(
        add(invitation(room)),
        Refusal::UnknownConference(room.to_string())
    );
    let coach = ConferenceNoun {
        coach: Some(over.to_string()),
        ..ConferenceNoun::new("r")
    };
    assert_eq!(fault(add(noun(coach))), 13240);
    let label = ConferenceNoun {
        label: Some(over.to_string()),
        ..ConferenceNoun::new("r")
    };
    assert_eq!(fault(add(noun(label))), 16023);
    assert_eq!(
        (
            stage.network.calls().len(),
            stage.network.conferences().len()
        ),
        (calls, 1)
    );
}

#[test]
fn ringing_participants_count_for_the_size() {
    let mut stage = stage();
    let small = || NewParticipant {
        noun: ConferenceNoun {
            max_participants: 2,
            ..ConferenceNoun::new("r")
        },
        ..invitation("")
    };
    let first = stage.invite(small());
    let second = stage.invite(NewParticipant {
        to: OTHER_WORKER.to_owned(),
        ..small()
    });
    let third = stage.act(Input::AddParticipant(Box::new(NewParticipant {
        to: CALLER.to_owned(),
        ..small()
    })));
    assert!(
        matches!(refusal(&third), Refusal::Conference(fault) if fault.code == ErrorCode::ConferenceFull)
    );
    stage.answer(first);
    stage.answer(second);
    assert_eq!(stage.conference().status, InProgress);
}

#[test]
fn recorded_call_reports_its_recording() {
    let mut stage = stage()
        .serve("/recorded", "")
        .serve("/worker", "<Pause length=\"9\"/>");
    let callback = Some(Target {
        url: format!("{BASE}/recorded"),
        method: Method::Get,
    });
    let status_callback = Some(StatusCallback::new(
        format!("{BASE}/status"),
        Method::Get,
        Vec::new(),
    ));
    let new = NewCall {
        recording: Some(CallRecording { callback }),
        status_callback,
        ..new_call(WORKER, "/worker")
    };
    let call = created(&stage.act(Input::CreateCall(Box::new(new.clone()))));
    stage.pass(4);
    stage.answer(call);
    stage.pass(9);
    let report = stage.only_request("/status");
    assert_eq!(
        (
            report.get("RecordingDuration"),
            report.get("CallDuration"),
            report.method
        ),
        ("9", "9", Method::Get)
    );
    let recorded = stage.only_request("/recorded");
    let names = [
        "CallSid",
        "RecordingStatus",
        "RecordingSource",
        "RecordingSid",
    ];
    assert_eq!(
        names.map(|name| recorded.get(name)),
        [
            &call.to_string(),
            "completed",
            "OutboundAPI",
            report.get("RecordingSid")
        ]
    );

    // Without an answer there is no recording.
    stage.act(Input::CreateCall(Box::new(new)));
    stage.pass(60);
    assert_eq!(stage.requests("/recorded").len(), 1);
}
