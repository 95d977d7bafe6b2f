//! The first minute: from the link in the terminal to a conversation.

use std::time::{Duration, Instant};

use tests::browser::Look;

use crate::test_console::TestConsole;

/// The time limit, with two browsers on a busy machine.
const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn two_windows_talk_within_a_minute() {
    let console = TestConsole::open().await;
    let began = Instant::now();
    let caller = console.administrator(Look::Light, "/phones").await;
    let worker = console.administrator(Look::Light, "/phones").await;
    caller.press("#dial").await;
    caller
        .sees(".card .transcript", "Welcome. For English, press 1.")
        .await;
    caller.press("[aria-label='Press 1']").await;
    worker.sees(".card.ringing", "Ringing").await;
    worker.press_button(".card.ringing", "Answer").await;
    caller.sees(".card.connected .state", "Talking with").await;
    worker
        .sees(".card.connected .state", "Talking with +1")
        .await;
    assert!(began.elapsed() < MINUTE, "{:?}", began.elapsed());
    caller
        .press(".card.connected details[id^=documents] > summary")
        .await;
    caller.sees("details[open] pre", "<Gather").await;
    caller.press_button(".card.connected", "Hang up").await;
    worker.sees(".empty", "No phone is ringing.").await;
    caller.sees(".empty", "No calls.").await;
    caller.close().await;
    worker.close().await;
    console.close().await;
}

/// Two calls are held in one window. A refused number is reported above the page, also after a
/// refresh.
#[tokio::test(flavor = "multi_thread")]
async fn declined_call_rings_another_phone() {
    let console = TestConsole::open().await;
    let browser = console.administrator(Look::Light, "/phones").await;
    for from in ["+17075550141", "+17075550142"] {
        browser.fill("#from", from).await;
        browser.press("#dial").await;
        browser
            .sees(&format!("[aria-label='{from}'] .transcript"), "press 1")
            .await;
    }
    browser
        .press("[aria-label='+17075550141'] [aria-label='Press 1']")
        .await;
    browser.sees(".card.ringing h3", "+1707555010").await;
    let ringing = "return document.querySelector('.card.ringing h3')?.textContent";
    let first = browser.until("a phone", ringing).await;
    browser.press_button(".card.ringing", "Decline").await;
    let script = format!(
        "const h = document.querySelector('.card.ringing h3')?.textContent; return h && h !== {first} && h"
    );
    browser.until("another phone", &script).await;
    browser.fill("#from", "not a number").await;
    browser.press("#dial").await;
    // A refusal is shown above the page and stays when the page is refreshed.
    browser.sees("#refusal .alert", "from").await;
    browser.run("document.querySelector('#live').dataset.old = 'yes'; htmx.trigger('#follow', 'changes:phones')").await;
    browser
        .until(
            "the refreshed page",
            "return !document.querySelector('#live').dataset.old",
        )
        .await;
    browser.sees("#refusal .alert", "from").await;
    browser.sees("#live .card h3", "+1707555010").await;
    browser.close().await;
    console.close().await;
}

/// Chromium without voices, as a test has it, gets these.
const VOICES: &str = "window.spoken = []; window.played = [];
    speechSynthesis.getVoices = () => [{ lang: 'en-US' }];
    speechSynthesis.speak = (utterance) => spoken.push(utterance.lang + ' ' + utterance.text);
    window.Audio = class extends EventTarget {
      constructor(url) { super(); played.push(url); }
      pause() {} play() { return Promise.resolve(); }
    }; return true";

/// Muted until the person clicks; then the voice of the phone's language, or a sentence about the
/// missing one, and the real music.
#[tokio::test(flavor = "multi_thread")]
async fn phone_is_heard_after_a_click() {
    let console = TestConsole::open().await;
    let browser = console.administrator(Look::Light, "/phones").await;
    browser.run(VOICES).await;
    browser.sees("#sound-state", "The sound is off").await;
    browser.press("#dial").await;
    browser.sees(".card .transcript", "press 1").await;
    assert_eq!(browser.run("return spoken.length").await, 0);
    browser
        .press_button(".card.connected", "Hear this phone")
        .await;
    browser
        .sees("#sound[aria-pressed=true]", "Turn the sound off")
        .await;
    // The example's menu is in English and Hindi; the browser has one of these voices.
    browser
        .until(
            "a voice",
            "return spoken.some((text) => text.startsWith('en-'))",
        )
        .await;
    browser
        .sees("#sound-state", "This browser has no voice for hi-IN")
        .await;
    // Between two menus, nothing listens to the key.
    let press_until_music = "if (played.some((url) => url.includes('/wait-music/'))) return true;
        if (!(Date.now() - window.pressedAt < 3000)) {
          window.pressedAt = Date.now();
          document.querySelector(\"[aria-label='Press 1']\")?.click();
        }
        return false";
    browser.until("the music", press_until_music).await;
    let count = browser.run("return spoken.length").await;
    browser.press("#sound").await;
    browser.sees("#sound-state", "The sound is off").await;
    browser.press_button(".card.connected", "Hang up").await;
    browser.sees(".empty", "No calls.").await;
    assert_eq!(browser.run("return spoken.length").await, count);
    browser.close().await;
    console.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn webhook_request_is_shown_and_sent_again() {
    let console = TestConsole::open().await;
    let browser = console.administrator(Look::Light, "/phones").await;
    browser.press("#dial").await;
    browser.sees(".card .transcript", "press 1").await;
    browser
        .press(".card.connected details[id^=documents] > summary")
        .await;
    browser.press("details[id^=request] > summary").await;
    for expected in ["X-Twilio-Signature", "CallSid", "Direction", "inbound"] {
        browser.sees("details[id^=request] dl", expected).await;
    }
    browser
        .press_button("details[id^=request]", "Send again")
        .await;
    browser.sees(".card h4", "(sent again)").await;
    browser.press_button(".card.connected", "Hang up").await;
    browser.close().await;
    console.close().await;
}

/// Keeps the connections that the page opens, for their figures.
const CONNECTIONS: &str = "window.connections = [];
    window.RTCPeerConnection = class extends RTCPeerConnection {
      constructor() { super(); connections.push(this); }
    }; return true";

/// Whether sound, not silence, arrives at this window from the other one.
const SOUND: &str = "const peer = window.connections.at(-1);
    if (peer?.connectionState !== 'connected') return false;
    peer.getStats().then((stats) => {
      for (const one of stats.values()) if (one.type === 'inbound-rtp') window.energy = one.totalAudioEnergy;
    });
    return window.energy > 0";

/// The voice of one window is heard in the other one, which has no microphone.
#[tokio::test(flavor = "multi_thread")]
async fn two_windows_hear_one_another() {
    let console = TestConsole::open().await;
    let caller = console.administrator(Look::Light, "/phones").await;
    let worker = console.administrator(Look::Light, "/phones").await;
    for browser in [&caller, &worker] {
        browser.run(CONNECTIONS).await;
    }
    console.caller().await;
    console.answer().await;
    caller.sees(".card.connected .state", "Talking with").await;
    caller
        .press_button("[data-side=callers]", "Hear this phone")
        .await;
    caller.sees("#talk-state", "Waiting for a window").await;
    worker
        .press_button("[data-side=workers]", "Hear this phone")
        .await;
    for browser in [&caller, &worker] {
        browser
            .sees("#talk-state", "Connected with the window")
            .await;
        browser.sees("#talk-state", "your microphone is off").await;
    }
    caller.press("#microphone").await;
    caller.sees("#talk-state", "it hears your microphone").await;
    worker.until("the voice of the caller", SOUND).await;
    caller.press_button("[data-side=callers]", "Hang up").await;
    let silent = "return document.querySelector('#talk-state').textContent === ''";
    worker.until("the end of the conversation", silent).await;
    caller.close().await;
    worker.close().await;
    console.close().await;
}

/// A centre with two numbers: each is called in its own flow.
#[tokio::test(flavor = "multi_thread")]
async fn second_number_plays_its_flow() {
    let console = TestConsole::utility().await;
    let browser = console.administrator(Look::Light, "/phones").await;
    let choose = "document.querySelector('#to').value = '+17075550112'; return true";
    browser.run(choose).await;
    browser.press("#dial").await;
    browser
        .sees(".card .transcript", "Sie erreichen den Notdienst")
        .await;
    browser.close().await;
    console.close().await;
}

/// A browser that refuses the microphone says what remains.
#[tokio::test(flavor = "multi_thread")]
async fn refused_microphone_is_explained() {
    let console = TestConsole::open().await;
    let browser = console.administrator(Look::Light, "/phones").await;
    let refuse =
        "navigator.mediaDevices.getUserMedia = () => Promise.reject(new Error('no')); return true";
    browser.run(refuse).await;
    browser.press("#microphone").await;
    browser
        .sees("#talk-state", "what you type under Say is heard")
        .await;
    browser.close().await;
    console.close().await;
}
