//! Menus and collected input.

use super::player::{Player, attribute};

const MENU: &str = r#"
flows:
  main:
    - menu:
        say: { en: "For bills, press 1.", de: "Für Rechnungen die 1." }
        attempts: 2
        keys:
          1: { phrases: { en: [bill, my invoice] }, then: bills }
          2:
            - say: Meters.
          3:
            - menu:
                say: Press 1 to go back.
                keys: { 1: back, 2: repeat, 3: hang_up }
          9: { language: de, then: repeat }
        on_no_match:
          - say: No match at last.
    - say: After the menu.
  bills:
    - say: Bills.
"#;

#[test]
fn menu_document_has_gather_and_redirect() {
    let player = Player::begin(MENU);
    let document = &player.document;
    assert_eq!(attribute(document, "Gather", "input"), "dtmf speech");
    assert_eq!(attribute(document, "Gather", "hints"), "bill, my invoice");
    assert_eq!(attribute(document, "Gather", "numDigits"), "1");
    assert!(attribute(document, "Gather", "action").starts_with("/flow-step?flow="));
    assert_eq!(player.heard(), ["For bills, press 1."]);
}

#[test]
fn key_or_phrase_chooses_an_option() {
    assert_eq!(Player::begin(MENU).press("1").heard(), ["Bills."]);
    assert_eq!(
        Player::begin(MENU).say("My invoice, please").heard(),
        ["Bills."]
    );
    // The steps of an option continue after the menu.
    assert_eq!(
        Player::begin(MENU).press("2").heard(),
        ["Meters.", "After the menu."]
    );
}

#[test]
fn wrong_input_is_asked_again() {
    let mut player = Player::begin(MENU);
    player.press("7");
    assert_eq!(
        player.heard(),
        ["Sorry, that key is not in the menu.", "For bills, press 1."]
    );
    player.say("something else");
    assert_eq!(player.heard(), ["No match at last.", "After the menu."]);
}

#[test]
fn silence_ends_with_a_goodbye() {
    let mut player = Player::begin(MENU);
    player.wait();
    assert_eq!(
        player.heard(),
        ["Sorry, we did not hear a key.", "For bills, press 1."]
    );
    player.wait();
    let heard = player.heard();
    assert_eq!(heard.first().unwrap(), "Sorry, we did not hear a key.");
    assert!(player.document.contains("<Hangup/>"), "{}", player.document);
}

#[test]
fn option_goes_back_repeats_and_hangs_up() {
    let mut player = Player::begin(MENU);
    player.press("3");
    assert_eq!(player.heard(), ["Press 1 to go back."]);
    player.press("2");
    assert_eq!(player.heard(), ["Press 1 to go back."]);
    player.press("1");
    assert_eq!(player.heard(), ["For bills, press 1."]);
    player.press("3").press("3");
    assert!(player.heard().is_empty() && player.document.contains("<Hangup/>"));
}

#[test]
fn option_chooses_the_language() {
    let mut player = Player::begin(MENU);
    player.press("9");
    assert_eq!(player.heard(), ["Für Rechnungen die 1."]);
    assert!(player.document.contains("language=\"de-DE\""));
    // There are no German phrases.
    assert!(!player.document.contains("speech"), "{}", player.document);
    player.press("7");
    assert_eq!(player.heard().first().unwrap(), "Falsche Taste.");
}

const COLLECT: &str = r#"
flows:
  main:
    - collect:
        into: account
        say: Your account number.
        pattern: "49######"
        speech: true
        confirm: You said {account}. Press 1 if that is right.
        on_failure:
          - say: We continue without it.
          - go_to: end
    - collect: { into: pin, say: Your code., digits: 4-6, secret: true }
    - look_up: { url: "https://example.com/check", send: [account, pin], take: [name] }
    - say: Hello {name}.
    - collect: { into: reason, say: "How can we help?", speech: true }
    - say: "{reason} {pin}"
  end:
    - say: The end.
"#;

#[test]
fn digits_are_confirmed() {
    let mut player = Player::begin(COLLECT);
    player.press("49123456");
    assert_eq!(
        player.heard(),
        ["You said 49123456. Press 1 if that is right."]
    );
    player.press("2");
    assert_eq!(player.heard(), ["Your account number."]);
    player.say("four nine, 49 12 34 57");
    player.press("1");
    assert_eq!(player.heard(), ["Your code."]);
}

#[test]
fn invalid_digits_fail_in_the_end() {
    let mut player = Player::begin(COLLECT);
    player.press("12345678").press("49");
    assert_eq!(player.heard().last().unwrap(), "Your account number.");
    player.press("1");
    assert_eq!(player.heard(), ["We continue without it.", "The end."]);
}

#[test]
fn secret_is_known_until_the_next_question() {
    let mut player = Player::begin(COLLECT);
    player.answer = Some(serde_json::json!({"name": "Asha", "other": 1}));
    player.press("49123456").press("1").press("7391");
    assert_eq!(player.look_ups.len(), 1);
    let (url, form) = &player.look_ups[0];
    let pairs: Vec<String> = form
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    assert_eq!(url, "https://example.com/check");
    assert!(pairs.contains(&"pin=7391".to_owned()), "{pairs:?}");
    assert_eq!(player.heard(), ["Hello Asha.", "How can we help?"]);
    assert!(!player.document.contains("7391"), "{}", player.document);
    player.say("My meter");
    assert_eq!(player.heard(), ["My meter ****"]);
}
