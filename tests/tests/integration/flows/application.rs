//! A call that an application hands to a flow returns to it at the end of the flow.

use super::player::{Player, attribute, text_of};

const FLOWS: &str = r#"
flows:
  main:
    - set: { wish: none }
    - menu:
        say: { en: Press 1., de: Die 1. }
        keys: { 1: [ set: { wish: email } ], 2: [ hang_up ] }
    - say: { en: Goodbye., de: Tschüss. }
"#;

/// The call of an application, after the caller has pressed a key in the flow.
fn pressed(key: &str) -> Player {
    let mut player = Player::begin(FLOWS);
    let action = attribute(&player.document, "Gather", "action");
    let url = format!("{action}&return=https%3A%2F%2Fapp.example%2Fafter%3Fa%3D1");
    player.request(&url, &[("Digits", key)]);
    player
}

#[test]
fn application_gets_the_call_back() {
    let player = pressed("1");
    assert_eq!(player.heard(), ["Goodbye."]);
    assert_eq!(
        text_of(&player.document, "Redirect"),
        "https://app.example/after?a=1&values=%7B%22wish%22%3A%22email%22%7D"
    );
}

#[test]
fn hang_up_ends_the_call() {
    let player = pressed("2");
    assert!(player.document.contains("<Hangup/>"), "{}", player.document);
}

#[test]
fn url_is_carried_from_document_to_document() {
    let player = pressed("5");
    let action = attribute(&player.document, "Gather", "action");
    let carried = "return=https%3A%2F%2Fapp.example%2Fafter%3Fa%3D1";
    assert!(action.contains(carried), "{action}");
}
