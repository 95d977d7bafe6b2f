//! The steps that ask nothing.

use std::collections::BTreeMap;

use ids::time::Millis;
use serde_json::json;
use voice_flows::{Figures, FiguresOfQueue, Purpose};

use super::player::{CALLER, Player, attribute, read, text_of};

#[test]
fn prompts_have_parts_and_markup() {
    let player = Player::begin(
        r#"
flows:
  main:
    - set: { street: "Main & Oak" }
    - say: [ 'One <break time="1s"/> {street}', { pause: 2s }, { play: "https://example.com/a.mp3" } ]
    - play: { en: /music/en.wav, de: /music/de.wav }
    - pause: 1s
"#,
    );
    let document = &player.document;
    assert!(
        document.contains("One <break time=\"1s\"/> Main &amp; Oak</Say>"),
        "{document}"
    );
    assert!(document.contains("<Pause length=\"2\"/>\n  <Play>https://example.com/a.mp3</Play>"));
    assert!(document.contains("<Play>/music/en.wav</Play>\n  <Pause length=\"1\"/>\n  <Hangup/>"));
}

#[test]
fn branch_takes_the_first_true_case() {
    let flows = r#"
lists: { vip: ["+17075550142"], blocked: [] }
flows:
  main:
    - branch:
        - { if: 'lists HAS "blocked"', then: hang_up }
        - { if: 'lists HAS "vip" AND from != to', then: [ say: "Welcome back." ] }
        - { else: [ say: Welcome. ] }
    - say: Both.
"#;
    assert_eq!(Player::begin(flows).heard(), ["Welcome back.", "Both."]);
    let other = flows.replace("[\"+17075550142\"]", "[\"+17075550143\"]");
    assert_eq!(Player::begin(&other).heard(), ["Welcome.", "Both."]);
}

#[test]
fn branch_asks_for_figures() {
    let flows = r#"
flows:
  main:
    - say: First.
    - branch:
        - { if: queue.support_desk.staffed == false, then: [ say: Nobody is there. ] }
        - { if: queue.support_desk.expected_wait > 120, then: [ say: "It takes {queue.support_desk.waiting}." ] }
"#;
    let of_queue = FiguresOfQueue {
        waiting: 7,
        is_staffed: true,
        expected_wait: Some(Millis::from_secs(300)),
    };
    let now = ids::time::Timestamp::from_millis(0);
    let mut player = Player::of(read(flows).unwrap(), now, |player| {
        player.figures = Figures(BTreeMap::from([("support_desk".to_owned(), of_queue)]));
    });
    // The caller hears the first sentence before the figures are read.
    assert_eq!(player.heard(), ["First."]);
    player.wait();
    assert_eq!(player.heard(), ["It takes 7."]);
}

#[test]
fn used_flow_returns() {
    let flows = r#"
flows:
  main:
    - use: greeting
    - say: Main.
  greeting:
    - use: time
    - say: Greeting.
  time:
    - say: Time.
"#;
    assert_eq!(
        Player::begin(flows).heard(),
        ["Time.", "Greeting.", "Main."]
    );
}

#[test]
fn circle_without_a_question_ends() {
    let player = Player::begin("flows: { main: [ tag: a, go_to: main ] }\n");
    assert!(player.document.contains("<Hangup/>"));
    assert_eq!(player.heard().len(), 1, "an apology");
    let deep = Player::begin("flows: { main: [ use: main ] }\n");
    assert!(deep.document.contains("<Hangup/>"));
}

#[test]
fn failed_look_up_takes_its_own_path() {
    let flows = r#"
flows:
  main:
    - say: One moment.
    - look_up: { url: "https://example.com/customers", take: { customer: name } }
      on_error:
        - say: We do not know you.
        - go_to: rest
    - say: Hello {customer}.
  rest:
    - say: The rest.
"#;
    let mut player = Player::begin(flows);
    assert_eq!(player.heard(), ["One moment."]);
    player.wait();
    assert_eq!(player.heard(), ["We do not know you.", "The rest."]);
    let mut player = Player::begin(flows);
    player.answer = Some(json!({"name": "Asha"}));
    player.wait();
    assert_eq!(player.heard(), ["Hello Asha."]);
    let (_, form) = &player.look_ups[0];
    assert_eq!(form[1], ("From".to_owned(), CALLER.to_owned()));
}

#[test]
fn transfer_continues_when_nobody_answers() {
    let flows = r#"
flows:
  main:
    - transfer: { to: "sip:night@example.com", timeout: 20s, on_no_answer: [ say: Nobody answered. ] }
    - say: After the call.
"#;
    let mut player = Player::begin(flows);
    assert_eq!(text_of(&player.document, "Sip"), "sip:night@example.com");
    assert_eq!(attribute(&player.document, "Dial", "timeout"), "20");
    let url = attribute(&player.document, "Dial", "action");
    player.request(&url, &[("DialCallStatus", "no-answer")]);
    assert_eq!(player.heard(), ["Nobody answered.", "After the call."]);
    player.request(&url, &[("DialCallStatus", "completed")]);
    assert_eq!(player.heard(), ["After the call."]);
}

#[test]
fn voicemail_becomes_a_task() {
    let flows = r#"
flows:
  main:
    - set: { account: "49123456" }
    - voicemail: { queue: Support Desk, say: Leave a message., max_length: 90s }
    - say: Goodbye then.
"#;
    let mut player = Player::begin(flows);
    assert_eq!(player.heard(), ["Leave a message."]);
    assert_eq!(attribute(&player.document, "Record", "maxLength"), "90");
    let recorded = attribute(&player.document, "Record", "action");
    player.wait();
    assert_eq!(
        (player.heard(), player.tasks.len()),
        (vec!["Goodbye then.".to_owned()], 0)
    );
    let recording = [
        ("RecordingUrl", "https://example.com/recording"),
        ("RecordingDuration", "12"),
    ];
    player.request(&recorded, &recording);
    assert_eq!(
        player.heard(),
        ["Thank you. We have your message.", "Goodbye then."]
    );
    let task = &player.tasks[0];
    assert!(matches!(task.purpose, Purpose::Voicemail(_)));
    assert_eq!(
        task.attributes["recording_url"],
        "https://example.com/recording"
    );
    assert_eq!(task.attributes["recording_duration"], 12);
    assert_eq!(task.attributes["account"], "49123456");
    assert!(!task.attributes.contains_key("call_sid"), "no caller waits");
    // The same webhook again creates the same Task.
    player.request(&recorded, &recording);
    assert_eq!(player.tasks[0].sid, player.tasks[1].sid);
}
