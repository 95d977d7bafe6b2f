//! The callback step, and what its Worker hears.

use ids::time::{Millis, Timestamp};
use voice_flows::{AgentGreeting, Greeted, State, Switches, VoiceFlows};

use super::player::{CALLER, NUMBER, Player, read};

#[test]
fn callback_has_attempts_and_a_pause() {
    for (callback, attempts, pause) in [("{ attempts: 5, pause: 2m }", 5, 120), ("{}", 3, 600)] {
        let player = Player::begin(&format!("flows: {{ main: [ callback: {callback} ] }}\n"));
        let redial = player.tasks[0].redial.clone().unwrap();
        assert_eq!(
            (redial.attempts, redial.pause),
            (attempts, Millis::from_secs(pause))
        );
    }
    let problems = read("flows: { main: [ callback: { attempts: 11 } ] }\n").unwrap_err();
    assert!(
        problems[0].contains("attempts: expected a whole number from 1 to 10, got 11"),
        "{problems:?}"
    );
}

const GREETED: &str = r#"
flows:
  main:
    - set: { customer: Asha }
    - language: de
    - STEP:
        agent_greeting:
          say: { en: "{customer}", de: "{customer} aus {task.queue}, seit {task.waited_minutes} Minuten, {from}." }
          accept: 1
"#;

fn heard(flows: &VoiceFlows, state: &State) -> String {
    let greeting = AgentGreeting::of(flows, state).unwrap();
    assert_eq!(greeting.accept.map(|key| key.as_char()), Some('1'));
    let greeted = Greeted {
        from: CALLER,
        to: NUMBER,
        task_queue: "Support Desk",
        waited: Millis::from_secs(150),
    };
    let now = Timestamp::from_millis(0);
    let spoken = greeting.spoken(flows, state, greeted, &Switches::new(), now);
    format!("{spoken:?}")
}

#[test]
fn worker_is_greeted_in_the_language_of_the_call() {
    for step in ["queue", "callback"] {
        let sections = GREETED.replace("STEP", step);
        let flows = read(&sections).unwrap();
        let player = Player::begin(&sections);
        let state = State::of_attributes(&player.tasks[0].attributes).unwrap();
        let heard = heard(&flows, &state);
        let expected = format!("Asha aus Support Desk, seit 2 Minuten, {CALLER}.");
        assert!(heard.contains(&expected), "{heard}");
    }
}

/// A text for callers has no Task yet.
#[test]
fn task_is_known_in_a_greeting_alone() {
    for text in ["{task.queue}", "{task.name}"] {
        let sections = format!("flows: {{ main: [ say: \"{text}\" ] }}\n");
        let problems = read(&sections).unwrap_err();
        assert!(
            problems[0].contains("unknown value \"task\""),
            "{problems:?}"
        );
    }
    let other = GREETED
        .replace("STEP", "queue")
        .replace("task.queue", "task.name");
    let problems = read(&other).unwrap_err();
    assert!(
        problems[0].contains("unknown value \"task\""),
        "{problems:?}"
    );
}
