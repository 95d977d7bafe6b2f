//! The queue step: the Task, what is heard while waiting, and the ways out.

use ids::TaskSid;
use ids::time::{Millis, Timestamp};
use shared::webhook::{Call, Parameters};
use voice_flows::{FLOW_ATTRIBUTE, Place, Purpose, State, Switches, VoiceFlows, Webhook};

use super::player::{CALLER, Player, attribute, read, state_of, text_of};

const QUEUE: &str = r#"
flows:
  main:
    - language: de
    - set: { account: "49123456" }
    - queue:
        priority: 5
        timeout: 30s
        attributes: { reason: "bill of {account}" }
        wait:
          welcome: { en: Welcome., de: Willkommen. }
          music: https://example.com/music.mp3
          announce: [ { en: One., de: Eins. }, { en: Two., de: Zwei. } ]
          every: 60s
        leave:
          key: 1
          say: { en: Press 1 to leave., de: Die 1 zum Verlassen. }
          then: [ go_to: offers ]
        on_timeout: [ go_to: offers ]
    - say: After the talk.
  offers:
    - menu:
        say: Press 1 for a callback.
        keys: { 1: [ callback: { expires: 2h } , say: We will call you. ], 2: [ queue ] }
"#;

#[test]
fn caller_becomes_a_task() {
    let player = Player::begin(QUEUE);
    let task = &player.tasks[0];
    assert!(matches!(task.purpose, Purpose::Conversation(_)));
    assert_eq!(
        (task.priority, task.timeout),
        (5, Some(Millis::from_secs(30)))
    );
    assert_eq!(task.virtual_start_time, None);
    let call = "CA00000000000000000000000000000001";
    assert_eq!(task.sid, TaskSid::of_call(call.parse().unwrap()));
    let attribute_of = |name: &str| task.attributes[name].as_str().unwrap().to_owned();
    assert_eq!(attribute_of("selected_language"), "de");
    assert_eq!(attribute_of("reason"), "bill of 49123456");
    assert_eq!(
        (attribute_of("from"), attribute_of("call_sid")),
        (CALLER.to_owned(), call.to_owned())
    );
    let document = &player.document;
    assert_eq!(text_of(document, "Enqueue"), task.sid.to_string());
    let wait = attribute(document, "Enqueue", "waitUrl");
    assert!(
        wait.starts_with(&format!("/wait-music?TaskSid={}&flow=", task.sid)),
        "{wait}"
    );
    assert!(attribute(document, "Enqueue", "action").starts_with("/queue-exit?TaskSid="));
}

#[test]
fn task_below_a_kilobyte_has_the_state() {
    let player = Player::begin(QUEUE);
    let task = &player.tasks[0];
    let flow = task.attributes[FLOW_ATTRIBUTE].as_str().unwrap();
    let state = State::of_task(flow, &task.attributes).unwrap();
    assert_eq!(state.values.get("account").unwrap(), "49123456");
    assert_eq!(state.language.as_deref(), Some("de"));
    assert!(flow.len() < 100, "{flow}");
}

/// One round of the wait.
fn round(flows: &VoiceFlows, state: &State, place: Place) -> String {
    let parameters = Parameters::new(
        [
            ("CallSid", "CA00000000000000000000000000000001"),
            ("AccountSid", "AC01010101010101010101010101010101"),
            ("From", CALLER),
            ("To", super::player::NUMBER),
            ("CallStatus", "in-progress"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into(),
    );
    let call = Call::parse(&parameters).unwrap();
    let webhook = Webhook {
        call: &call,
        parameters: &parameters,
        switches: &Switches::new(),
        now: Timestamp::from_millis(0),
    };
    let task = TaskSid::from_bytes([7; 16]);
    let document = voice_flows::wait(flows, state, webhook, task, place).unwrap();
    document.to_xml().unwrap()
}

#[test]
fn announcements_take_turns() {
    let flows = read(QUEUE).unwrap();
    let player = Player::begin(QUEUE);
    let state = state_of(&attribute(&player.document, "Enqueue", "waitUrl"));
    let heard = |secs: u64| {
        let place = Place {
            waited: Millis::from_secs(secs),
            position: Some(3),
            expected: None,
        };
        let document = round(&flows, &state, place);
        assert!(
            document.contains("<Play>https://example.com/music.mp3</Play>"),
            "{document}"
        );
        assert!(attribute(&document, "Gather", "action").contains("on=leave"));
        document
            .split("<Say")
            .skip(1)
            .map(|element| {
                element
                    .split_once('>')
                    .unwrap()
                    .1
                    .split('<')
                    .next()
                    .unwrap()
                    .to_owned()
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(
        heard(0),
        ["Willkommen.", "Platz 3.", "Eins.", "Die 1 zum Verlassen."]
    );
    assert_eq!(heard(25), [""; 0]);
    assert_eq!(heard(65), ["Platz 3.", "Zwei.", "Die 1 zum Verlassen."]);
    assert_eq!(heard(121), ["Platz 3.", "Eins.", "Die 1 zum Verlassen."]);
}

#[test]
fn caller_keeps_the_place_for_a_callback() {
    let mut player = Player::begin(QUEUE);
    let begun = player.now;
    let task = player.tasks[0].sid;
    let exit = attribute(&player.document, "Enqueue", "action");
    let state = state_of(&exit);
    // The key in the wait document.
    player.now = begun + Millis::from_secs(65);
    let leave = state.resumed(voice_flows::Resume::Leave).url();
    player.request(&leave, &[("Digits", "5"), ("TaskSid", &task.to_string())]);
    assert!(
        player.document.contains("<Response/>"),
        "another key changes nothing"
    );
    player.request(&leave, &[("Digits", "1"), ("TaskSid", &task.to_string())]);
    assert!(player.document.contains("<Leave/>"));
    // The carrier reports the exit, and `/queue-exit` continues the flow.
    player.request(&state.resumed(voice_flows::Resume::Left).url(), &[]);
    assert_eq!(player.heard(), ["Press 1 for a callback."]);
    player.press("1");
    assert_eq!(player.heard(), ["We will call you."]);
    let callback = &player.tasks[1];
    assert!(matches!(callback.purpose, Purpose::Callback(_)));
    assert_ne!(callback.sid, task);
    assert_eq!(
        callback.virtual_start_time,
        Some(begun),
        "the place is kept"
    );
    assert_eq!(callback.timeout, Some(Millis::from_secs(7200)));
    assert_eq!(callback.attributes["outbound_to"], CALLER);
    assert_eq!(callback.attributes["type"], "callback");
    assert!(!callback.attributes.contains_key("call_sid"));
}

#[test]
fn caller_returns_to_the_queue() {
    let mut player = Player::begin(QUEUE);
    let begun = player.now;
    let state = state_of(&attribute(&player.document, "Enqueue", "action"));
    player.now = begun + Millis::from_secs(30);
    player.request(&state.resumed(voice_flows::Resume::TimedOut).url(), &[]);
    player.press("2");
    let again = &player.tasks[1];
    assert_eq!(again.virtual_start_time, Some(begun));
    assert_ne!(again.sid, player.tasks[0].sid);
}

#[test]
fn flow_continues_after_the_conversation() {
    let mut player = Player::begin(QUEUE);
    let state = state_of(&attribute(&player.document, "Enqueue", "action"));
    player.request(&state.resumed(voice_flows::Resume::Bridged).url(), &[]);
    assert_eq!(player.heard(), ["After the talk."]);
}
