//! The record step.

use super::player::{Player, attribute};

const ANNOUNCED: &str = r#"
flows:
  main:
    - record: { say: This call is recorded. }
    - use: again
    - queue
  again:
    - record: { say: Again. }
    - say: Hello.
"#;

const REFUSABLE: &str = r#"
flows:
  main:
    - record: { say: "We record this call. If you do not agree, press 9.", refuse: 9, timeout: 4s }
    - branch: [ { if: recording == "refused", then: [ say: We do not record. ] } ]
    - say: Hello.
    - queue
"#;

#[test]
fn call_is_recorded_from_the_step_on() {
    let mut player = Player::begin(ANNOUNCED);
    let document = player.document.clone();
    assert_eq!(player.heard(), ["This call is recorded.", "Hello."]);
    assert_eq!(attribute(&document, "Recording", "channels"), "dual");
    assert_eq!(
        attribute(&document, "Recording", "recordingStatusCallback"),
        "/flow-step/recorded"
    );
    let (before, after) = document.split_once("<Start>").unwrap();
    assert!(before.contains("is recorded") && after.contains("Hello."));
    assert!(!after.contains("<Start>"), "a call is recorded once");
    player.wait();
    assert_eq!(player.tasks[0].attributes["recording"], "on");
}

#[test]
fn caller_refuses_by_key() {
    let mut player = Player::begin(REFUSABLE);
    assert_eq!(attribute(&player.document, "Gather", "timeout"), "4");
    player.press("9");
    assert_eq!(player.heard(), ["We do not record.", "Hello."]);
    assert!(!player.document.contains("<Start>"), "{}", player.document);
    player.wait();
    assert_eq!(player.tasks[0].attributes["recording"], "refused");
}

#[test]
fn silence_and_other_keys_are_consent() {
    let mut player = Player::begin(REFUSABLE);
    assert!(!player.document.contains("<Start>"), "{}", player.document);
    player.wait();
    assert!(player.document.contains("<Start>"), "{}", player.document);
    let mut player = Player::begin(REFUSABLE);
    player.press("1");
    assert!(player.document.contains("<Start>"), "{}", player.document);
}
