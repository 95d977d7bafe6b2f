//! What programs do to conferences over REST.

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

/// Somebody to be called into `room`.
fn invitation(room: impl ToString) -> NewParticipant {
    NewParticipant {
        noun: ConferenceNoun::new(room.to_string()),
        to: WORKER.to_owned(),
        from: CENTRE.to_owned(),
        reporter: None,
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

    fn last_event(&self) -> Asked {
        self.asked("/events").pop().unwrap()
    }
}

#[test]
fn a_participant_is_muted_and_unmuted_and_every_change_is_told_once() {
    let mut stage = stage();
    let (first, _) = (stage.dial(CALLER), stage.dial(OTHER_CALLER));
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
        let told = stage.last_event();
        let facts = ["StatusCallbackEvent", "CallSid", "Muted", "Hold"];
        assert_eq!(
            facts.map(|name| told.get(name)),
            [event, &first.to_string(), &muted.to_string(), "false"]
        );
        assert_eq!(stage.conference().participant(first).unwrap().muted, muted);
    }
    // Two joins, the start, and two changes.
    assert_eq!(stage.asked("/events").len(), 5);
}

#[test]
fn a_participant_on_hold_hears_the_hold_document_until_it_is_taken_off() {
    let mut stage = stage();
    let (first, second) = (stage.dial(CALLER), stage.dial(OTHER_CALLER));
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

#[test]
fn a_hold_document_that_fails_leaves_silence_and_the_participant_on_hold() {
    let mut stage = stage();
    let (first, _) = (stage.dial(CALLER), stage.dial(OTHER_CALLER));
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
fn somebody_on_hold_before_the_beginning_waits_on_after_it() {
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
fn coaching_is_begun_changed_and_ended() {
    let mut stage = stage();
    let (first, second) = (stage.dial(CALLER), stage.dial(OTHER_CALLER));
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
    let told = stage.last_event();
    assert_eq!(
        (told.get("StatusCallbackEvent"), told.get("Coaching")),
        ("participant-modify", "false")
    );
    let nobody = CallSid::derive(&["nobody"]);
    for update in [
        coach(Some(true), None),
        coach(None, Some(nobody)),
        coach(None, Some(third)),
    ] {
        let input = Input::UpdateParticipant {
            conference,
            call: third,
            update,
        };
        assert_eq!(refusal(&stage.act(input)), Refusal::NobodyToCoach);
    }
    assert_eq!(coaches(&stage), None);
}

#[test]
fn whether_leaving_ends_the_conference_and_beeps_can_be_changed() {
    let mut stage = stage();
    let (first, second) = (stage.dial(CALLER), stage.dial(OTHER_CALLER));
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
fn a_participant_that_is_taken_out_goes_on_after_its_dial() {
    let mut stage = stage();
    let (first, second) = (stage.dial(CALLER), stage.dial(OTHER_CALLER));
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

    let (first, second) = (stage.dial("+15550100003"), stage.dial("+15550100004"));
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

#[test]
fn a_conference_that_a_program_ends_lets_everybody_go_on_and_stops_ringing_phones() {
    let mut stage = stage();
    let (first, second) = (stage.dial(CALLER), stage.dial(OTHER_CALLER));
    let conference = stage.room_sid();
    let ringing = stage.invite(invitation(conference));
    assert_eq!(stage.act(Input::EndConference(conference)), []);
    assert_eq!(
        [first, second].map(|call| stage.heard(call).last().cloned()),
        [Some("After".to_owned()), Some("After".to_owned())]
    );
    assert_eq!(stage.status(ringing), "canceled");
    assert_eq!(stage.conference().participants, []);
    let told = stage.asked("/events");
    let reasons: Vec<_> = told
        .iter()
        .rev()
        .take(4)
        .rev()
        .map(|asked| asked.get("ReasonParticipantLeft"))
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
    assert_eq!(stage.asked("/events").len(), told.len());
    let unknown = ConferenceSid::derive(&["unknown"]);
    assert_eq!(
        refusal(&stage.act(Input::EndConference(unknown))),
        Refusal::UnknownConference(unknown.to_string())
    );
}

#[test]
fn who_is_in_a_conference_hears_the_phone_of_whom_a_program_calls_ring_unless_it_says_otherwise() {
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
fn somebody_called_into_a_conference_that_does_not_exist_yet_makes_it() {
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
    let reporter = Reporter::new(format!("{BASE}/status"), Method::Post, Vec::new());
    let worker = stage.invite(NewParticipant {
        noun,
        reporter: Some(reporter),
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
        stage.asked_once("/confer").get("ParticipantLabel"),
        "worker"
    );
    stage.hang_up(worker);
    assert_eq!(stage.asked_once("/status").get("CallStatus"), "completed");
    assert_eq!(
        (stage.conference().status, stage.status(worker)),
        (Completed, "completed")
    );
}

#[test]
fn every_way_somebody_does_not_come_is_told_as_a_failed_addition() {
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
        let told = stage.last_event();
        let facts = [
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
        assert_eq!(facts.map(|name| told.get(name)), expected);
        assert!(stage.is_in(first) && stage.conference().participant(worker).is_none());
    }
}

#[test]
fn a_conference_nobody_ever_came_into_is_over_when_the_last_call_into_it_fails() {
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

#[test]
fn people_who_cannot_be_called_into_a_conference_are_refused_and_leave_no_trace() {
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
fn a_place_is_kept_for_whoever_is_being_called() {
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
fn a_call_recorded_from_its_answer_says_so_in_its_last_status_callback() {
    let mut stage = stage()
        .serve("/recorded", "")
        .serve("/worker", "<Pause length=\"9\"/>");
    let callback = Some(Target {
        url: format!("{BASE}/recorded"),
        method: Method::Get,
    });
    let reporter = Some(Reporter::new(
        format!("{BASE}/status"),
        Method::Get,
        Vec::new(),
    ));
    let new = NewCall {
        recording: Some(CallRecording { callback }),
        reporter,
        ..new_call(WORKER, "/worker")
    };
    let call = created(&stage.act(Input::CreateCall(Box::new(new.clone()))));
    stage.pass(4);
    stage.answer(call);
    stage.pass(9);
    let told = stage.asked_once("/status");
    assert_eq!(
        (
            told.get("RecordingDuration"),
            told.get("CallDuration"),
            told.method
        ),
        ("9", "9", Method::Get)
    );
    let recorded = stage.asked_once("/recorded");
    let facts = [
        "CallSid",
        "RecordingStatus",
        "RecordingSource",
        "RecordingSid",
    ];
    assert_eq!(
        facts.map(|name| recorded.get(name)),
        [
            &call.to_string(),
            "completed",
            "OutboundAPI",
            told.get("RecordingSid")
        ]
    );

    // Nobody picks up: there is nothing to hear.
    stage.act(Input::CreateCall(Box::new(new)));
    stage.pass(60);
    assert_eq!(stage.asked("/recorded").len(), 1);
}
