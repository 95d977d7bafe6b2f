//! Conferences: joining, waiting, leaving.

use ids::ConferenceSid;

use super::*;
use crate::network::ConferenceStatus::{Completed, InProgress, Init};

const ALL_EVENTS: &str = "start end join leave mute hold modify speaker";

/// The contact centre's number leads into `room` with these attributes; `/ended` is the action,
/// which continues with a Say.
pub(super) fn room(attributes: &str) -> Stage {
    let dial = format!(
        "<Dial action=\"/ended\"><Conference {attributes}>room</Conference></Dial><Say>Never</Say>"
    );
    serve_common(Stage::new(&dial))
}

fn serve_common(stage: Stage) -> Stage {
    stage
        .serve("/ended", "<Say>After</Say><Pause length=\"60\"/>")
        .serve("/events", "")
        .serve(
            "/wait",
            "<Say>Please wait</Say><Pause length=\"10\"/><Redirect/>",
        )
        .serve(
            "/transferred",
            "<Say>Transferred</Say><Pause length=\"60\"/>",
        )
}

/// A room that reports every event to `/events`.
pub(super) fn room_with_callback(attributes: &str) -> Stage {
    room(&format!(
        "statusCallback=\"/events\" statusCallbackEvent=\"{ALL_EVENTS}\" {attributes}"
    ))
}

impl Stage {
    pub(super) fn conference(&self) -> &Conference {
        self.network.conferences()[0]
    }

    pub(super) fn room_sid(&self) -> ConferenceSid {
        self.conference().sid
    }

    pub(super) fn is_in(&self, call: CallSid) -> bool {
        self.call(call).conference() == Some(self.room_sid())
            && self
                .conference()
                .participant(call)
                .is_some_and(|participant| participant.joined.is_some())
    }

    /// The reported events, each with the participant's call; empty for events of the conference
    /// itself.
    pub(super) fn events(&self) -> Vec<(String, String)> {
        let requests = self.requests("/events");
        requests
            .iter()
            .map(|request| {
                (
                    request.get("StatusCallbackEvent").to_owned(),
                    request.get("CallSid").to_owned(),
                )
            })
            .collect()
    }

    fn names(&self) -> Vec<String> {
        self.events().into_iter().map(|(name, _)| name).collect()
    }
}

#[test]
fn conference_starts_with_second_participant() {
    let mut stage = room("");
    let first = stage.dial(CALLER);
    assert_eq!(
        (stage.conference().status, stage.is_in(first)),
        (Init, true)
    );
    stage.pass(30);
    assert_eq!(stage.conference().status, Init);
    let second = stage.dial(OTHER_CALLER);
    assert_eq!(
        (stage.conference().status, stage.is_in(second)),
        (InProgress, true)
    );
    assert_eq!(stage.texts(first, Event::Conference), ["it began"]);
    assert_eq!(stage.conference().name, "room");
    assert_eq!(
        stage
            .network
            .next_wake()
            .map(|wake| wake.since(stage.now).as_secs()),
        Some(14_400 - 30)
    );
}

/// The other participants continue after their Dial.
#[test]
fn end_on_exit_ends_conference() {
    let mut stage = room("").serve(
        "/moderator",
        "<Dial><Conference endConferenceOnExit=\"true\">room</Conference></Dial>",
    );
    let first = stage.dial(CALLER);
    let second = stage.dial(OTHER_CALLER);
    let moderator = stage.ring(WORKER, "/moderator");
    stage.answer(moderator);
    stage.hang_up(second);
    assert_eq!(
        (stage.conference().status, stage.is_in(first)),
        (InProgress, true)
    );
    stage.hang_up(moderator);
    assert_eq!(stage.conference().status, Completed);
    let end = stage.conference().end.clone().unwrap();
    assert_eq!(
        (end.reason, end.by),
        (
            EndReason::ParticipantWithEndConferenceOnExitLeft,
            Some(moderator)
        )
    );
    assert_eq!(stage.heard(first), ["After"]);
    let sids: Vec<_> = stage
        .requests("/ended")
        .iter()
        .map(|request| request.get("CallSid").to_owned())
        .collect();
    assert_eq!(sids, [second.to_string(), first.to_string()]);
    let ended = &stage.requests("/ended")[1];
    assert_eq!(
        ["DialCallStatus", "DialCallSid"].map(|name| ended.get(name)),
        ["answered", ""]
    );
}

#[test]
fn end_without_action_runs_next_verb() {
    let mut stage = Stage::new(
        "<Dial><Conference endConferenceOnExit=\"true\">room</Conference></Dial><Say>Next</Say>",
    );
    let first = stage.dial(CALLER);
    let second = stage.dial(OTHER_CALLER);
    stage.hang_up(first);
    assert_eq!(stage.heard(second), ["Next"]);
    assert_eq!(stage.heard(first), Vec::<String>::new());
}

/// Afterwards the name can be used by a new conference.
#[test]
fn last_leave_ends_conference() {
    let mut stage = room("");
    let first = stage.dial(CALLER);
    let second = stage.dial(OTHER_CALLER);
    stage.hang_up(first);
    assert_eq!(stage.conference().status, InProgress);
    stage.hang_up(second);
    let over = stage.room_sid();
    assert_eq!(
        stage.conference().end.as_ref().map(|end| end.reason),
        Some(EndReason::LastParticipantLeft)
    );
    stage.dial(CALLER);
    assert_ne!(stage.room_sid(), over);
    assert_eq!(stage.conference().status, Init);
    assert_eq!(
        stage
            .network
            .conference(over)
            .map(|conference| conference.status),
        Some(Completed)
    );
}

#[test]
fn wait_document_plays_until_moderator_joins() {
    let mut stage = room("startConferenceOnEnter=\"false\" waitUrl=\"/wait\"")
        .serve("/moderator", "<Dial><Conference>room</Conference></Dial>");
    let first = stage.dial(CALLER);
    let second = stage.dial(OTHER_CALLER);
    stage.pass(25);
    assert_eq!(stage.conference().status, Init);
    assert_eq!(stage.heard(first), ["Please wait"; 3]);
    let request = &stage.requests("/wait")[0];
    assert_eq!(
        (request.get("CallSid"), request.get("CallStatus")),
        (first.to_string().as_str(), "in-progress")
    );
    let moderator = stage.ring(WORKER, "/moderator");
    stage.answer(moderator);
    assert_eq!(stage.conference().status, InProgress);
    let request_count = stage.requests("/wait").len();
    assert_eq!(stage.call(first).stack.len(), 1);
    stage.pass(60);
    assert_eq!(stage.requests("/wait").len(), request_count);
    assert!(
        [first, second, moderator]
            .iter()
            .all(|call| stage.is_in(*call))
    );
}

/// When a conference starts or is left, no wait document is fetched any more.
#[test]
fn no_wait_request_after_start_or_leave() {
    for leaves in [true, false] {
        let mut stage = room("waitUrl=\"/wait\"");
        let waiting = created(&stage.handle(Input::Dial {
            from: CALLER.to_owned(),
            to: CENTRE.to_owned(),
        }));
        let document = stage.pending.pop_front().unwrap();
        let fetched = stage.answer_to(&document);
        stage.handle(Input::Fetched(document.id, fetched));
        let music = stage.pending.pop_front().unwrap();
        assert_eq!(music.target.url, format!("{BASE}/wait"));
        if leaves {
            let conference = stage.room_sid();
            assert_eq!(
                stage.act(Input::RemoveParticipant {
                    conference,
                    call: waiting
                }),
                []
            );
        } else {
            stage.dial(OTHER_CALLER);
            assert_eq!(
                (stage.conference().status, stage.call(waiting).stack.len()),
                (InProgress, 1)
            );
        }
        assert_eq!(stage.network.outstanding().count(), 0, "{leaves}");
    }
}

/// A wait document without Redirect plays once; one with nothing but a Redirect may loop for ever.
#[test]
fn wait_document_loops_only_by_redirect() {
    let mut stage = room("waitUrl=\"/once\"").serve("/once", "<Say>Once</Say><Gather/>");
    let call = stage.dial(CALLER);
    stage.pass(300);
    assert_eq!(
        (stage.heard(call), stage.requests("/once").len()),
        (vec!["Once".to_owned()], 1)
    );
    assert!(
        stage
            .warnings(call)
            .contains("<Gather> cannot be used in a document heard before a conference begins")
    );
    assert!(stage.is_in(call));

    let mut stage = room("waitUrl=\"/loop\"").serve("/loop", "<Redirect/>");
    let call = stage.dial(CALLER);
    stage.pass(120);
    assert!(stage.is_in(call));
    assert!(
        (110..=125).contains(&stage.requests("/loop").len()),
        "{}",
        stage.requests("/loop").len()
    );
}

#[test]
fn failed_wait_document_prevents_join() {
    let mut stage = room_with_callback("waitUrl=\"/missing\"");
    let call = stage.dial(CALLER);
    assert!(stage.errors(call).starts_with("11200"));
    assert_eq!(stage.only_request("/ended").get("DialCallStatus"), "failed");
    assert_eq!(stage.heard(call), ["After"]);
    assert_eq!(
        stage.names(),
        ["participant-join", "participant-leave", "conference-end"]
    );
    assert_eq!(
        stage.requests("/events")[1].get("ReasonParticipantLeft"),
        "participant_add_failed"
    );
}

#[test]
fn first_participant_sets_the_size() {
    let mut stage = room("maxParticipants=\"2\"");
    let first = stage.dial(CALLER);
    let second = stage.dial(OTHER_CALLER);
    let third = stage.dial("+15550100003");
    assert!(
        stage.errors(third).starts_with("16020"),
        "{:?}",
        stage.entries(third)
    );
    assert_eq!(stage.only_request("/ended").get("DialCallStatus"), "failed");
    assert_eq!(stage.heard(third), ["After"]);
    stage.hang_up(first);
    let fourth = stage.dial("+15550100004");
    assert!(stage.is_in(fourth) && stage.is_in(second));
}

#[test]
fn invalid_conference_fails_dial() {
    let unknown_call = CallSid::derive(&["unknown"]);
    let table = [
        ("<Conference/>".to_owned(), 13237),
        (
            format!("<Conference>{}</Conference>", "x".repeat(129)),
            13237,
        ),
        (
            format!(
                "<Conference>{}</Conference>",
                ConferenceSid::derive(&["none"])
            ),
            13236,
        ),
        (
            format!("<Conference coach=\"{unknown_call}\">room</Conference>"),
            13240,
        ),
        (
            "<Conference coach=\"me\">room</Conference>".to_owned(),
            13240,
        ),
        (
            "<Conference waitUrl=\"http://[\">room</Conference>".to_owned(),
            13233,
        ),
        (
            "<Conference statusCallback=\"http://[\">room</Conference>".to_owned(),
            11100,
        ),
        (
            "<Conference participantLabel=\"a/b\">room</Conference>".to_owned(),
            16023,
        ),
        (
            format!(
                "<Conference participantLabel=\"{}\">room</Conference>",
                "x".repeat(129)
            ),
            16023,
        ),
    ];
    for (noun, code) in table {
        let mut stage = Stage::new(&format!("<Dial action=\"/ended\">{noun}</Dial>"))
            .serve("/ended", "<Say>After</Say>");
        let call = stage.dial(CALLER);
        assert!(
            stage.errors(call).starts_with(&code.to_string()),
            "{noun}: {:?}",
            stage.entries(call)
        );
        assert_eq!(
            stage.only_request("/ended").get("DialCallStatus"),
            "failed",
            "{noun}"
        );
        assert_eq!(stage.network.conferences().len(), 0, "{noun}");
    }
}

#[test]
fn label_is_unique_in_conference() {
    let mut stage = room("participantLabel=\"guest\"");
    let first = stage.dial(CALLER);
    assert_eq!(
        stage
            .conference()
            .participant(first)
            .unwrap()
            .label
            .as_deref(),
        Some("guest")
    );
    let second = stage.dial(OTHER_CALLER);
    assert!(stage.errors(second).starts_with("16025"));
    assert_eq!(stage.heard(second), ["After"]);
    stage.hang_up(first);
    assert_eq!(stage.conference().status, Completed);
}

#[test]
fn coach_joins_started_conference() {
    let mut stage = room("");
    let first = stage.dial(CALLER);
    let second = stage.dial(OTHER_CALLER);
    let sid = stage.room_sid();
    let coach = format!("<Dial><Conference coach=\"{second}\">{sid}</Conference></Dial>");
    let mut stage = stage.serve("/coach", &coach);
    let supervisor = stage.ring(WORKER, "/coach");
    stage.answer(supervisor);
    assert!(stage.is_in(supervisor));
    assert_eq!(
        stage.conference().participant(supervisor).unwrap().coaches,
        Some(second)
    );
    assert_eq!(stage.conference().participant(first).unwrap().coaches, None);
}

#[test]
fn beep_follows_attribute() {
    let table = [("true", 2), ("false", 0), ("onEnter", 1), ("onExit", 1)];
    for (beep, heard) in table {
        let mut stage = room("").serve(
            "/beeping",
            &format!("<Dial><Conference beep=\"{beep}\">room</Conference></Dial>"),
        );
        let first = stage.dial(CALLER);
        let other = stage.ring(WORKER, "/beeping");
        stage.answer(other);
        stage.hang_up(other);
        assert_eq!(stage.texts(first, Event::Playing).len(), heard, "{beep}");
        assert_eq!(stage.texts(other, Event::Playing).len(), 0, "{beep}");
    }
}

#[test]
fn star_and_time_limit_leave_conference() {
    let dial = "<Dial hangupOnStar=\"true\" timeLimit=\"40\"><Conference waitUrl=\"/wait\">room</Conference></Dial>";
    let mut stage = serve_common(Stage::new(&format!(
        "{dial}<Say>Next</Say><Pause length=\"60\"/>"
    )));
    let waiting = stage.dial(CALLER);
    stage.press(waiting, "1");
    assert!(stage.is_in(waiting));
    stage.press(waiting, "*");
    assert_eq!(stage.heard(waiting).last().unwrap(), "Next");
    let first = stage.dial(OTHER_CALLER);
    let second = stage.dial("+15550100003");
    stage.press(first, "5*");
    assert_eq!(stage.heard(first), ["Please wait", "Next"]);
    stage.pass(39);
    assert!(stage.is_in(second));
    stage.pass(1);
    assert_eq!(stage.heard(second), ["Next"]);
    assert_eq!(stage.conference().status, Completed);
}

/// voice-webhooks.md section 11, case 6, as the instruction `conference` uses it (taskrouter.md
/// section 11.3). The queue reports `redirected`, and caller and Worker hear each other.
#[test]
fn queued_caller_moves_to_conference() {
    let mut stage = Stage::new(
        "<Enqueue waitUrl=\"/music\" action=\"/exit\">WT1</Enqueue><Say>Never</Say>",
    )
    .serve("/music", "<Pause length=\"10\"/>")
    .serve("/exit", "<Say>Never</Say>")
    .serve(
        "/worker",
        "<Dial><Conference endConferenceOnExit=\"true\" waitUrl=\"\">WT1</Conference></Dial>",
    )
    .serve(
        "/customer",
        "<Dial><Conference beep=\"false\">WT1</Conference></Dial><Say>Thank you</Say>",
    );
    let caller = stage.dial(CALLER);
    stage.pass(12);
    let worker = stage.ring(WORKER, "/worker");
    stage.answer(worker);
    assert_eq!(stage.conference().status, Init);
    let update = CallUpdate {
        start: Some(Start::Url(at("/customer"))),
        ..CallUpdate::default()
    };
    assert_eq!(stage.act(Input::UpdateCall(caller, update)), []);
    let exit = stage.only_request("/exit");
    assert_eq!(
        (exit.get("QueueResult"), exit.get("QueueTime")),
        ("redirected", "12")
    );
    assert_eq!(
        (
            stage.conference().status,
            stage.is_in(caller),
            stage.is_in(worker)
        ),
        (InProgress, true, true)
    );
    assert_eq!(stage.queue("WT1").members, []);
    let request_count = stage.requests("/music").len();
    stage.pass(30);
    assert_eq!(stage.requests("/music").len(), request_count);
    stage.hang_up(worker);
    assert_eq!(stage.heard(caller), ["Thank you"]);
}

#[test]
fn transferred_call_leaves_conference() {
    let mut stage = room_with_callback("");
    let first = stage.dial(CALLER);
    let second = stage.dial(OTHER_CALLER);
    let update = CallUpdate {
        start: Some(Start::Url(at("/transferred"))),
        ..CallUpdate::default()
    };
    assert_eq!(stage.act(Input::UpdateCall(first, update)), []);
    assert_eq!(stage.heard(first), ["Transferred"]);
    assert_eq!(
        (stage.call(first).conference(), stage.is_in(second)),
        (None, true)
    );
    assert_eq!(
        stage
            .requests("/events")
            .pop()
            .unwrap()
            .get("ReasonParticipantLeft"),
        "participant_updated_via_api"
    );
    let end = CallUpdate {
        end: Some(EndAs::Completed),
        ..CallUpdate::default()
    };
    assert_eq!(stage.act(Input::UpdateCall(second, end)), []);
    let reports = stage.requests("/events");
    let reasons = ["ReasonParticipantLeft", "ReasonConferenceEnded"];
    let last: Vec<_> = reports
        .iter()
        .rev()
        .take(2)
        .rev()
        .map(|request| reasons.map(|name| request.get(name)))
        .collect();
    assert_eq!(
        last,
        [
            ["participant_updated_via_api", ""],
            ["", "last-participant-kicked"]
        ]
    );
}

#[test]
fn old_conferences_are_removed() {
    let mut stage = room("");
    let call = stage.dial(CALLER);
    let first = stage.room_sid();
    stage.hang_up(call);
    for _ in 0..CONFERENCES_MAX {
        let call = stage.dial(CALLER);
        stage.hang_up(call);
    }
    assert_eq!(
        (
            stage.network.conference(first),
            stage.network.conferences().len()
        ),
        (None, CONFERENCES_MAX)
    );
}
