//! Fuzzes the state of a call in a URL: read, or refused. A state that was read is the same in the
//! next URL, with one webhook more, and every state leads to an answer.

#![no_main]

use std::sync::OnceLock;

use ids::AccountSid;
use ids::time::Timestamp;
use libfuzzer_sys::fuzz_target;
use shared::webhook::{Call, Parameters};
use voice_flows::{Figures, Run, State, Switches, Turn, VoiceFlows, Webhook};

/// A flow with every kind of step.
const CENTRE: &str = r#"
phone_number: "+17075550183"
workflow: Calls
prompts: { en: {} }
workspace:
  name: Flows
  activities: [{ name: Offline, available: false }, { name: Available, available: true }]
  default_activity: Offline
  timeout_activity: Offline
  task_channels: [{ name: voice, after_conversation: complete }]
workers: [{ name: Maya, activity: Available, attributes: { contact_uri: "+17075550101" } }]
task_queues: [{ name: Support Desk }]
workflows: [{ name: Calls, filters: [], default_filter: { queue: Support Desk } }]
flows:
  main:
    - say: "Hello {account}."
    - menu:
        say: Press 1.
        keys: { 1: account, 2: repeat, 3: [ hang_up ] }
    - branch: [ { if: 'queue.support_desk.waiting > 3', then: message } ]
    - queue: { leave: { key: 1, say: Press 1., then: callback } }
    - go_to: main
  account:
    - collect: { into: account, say: Number., digits: 4, secret: true }
    - collect: { into: code, say: Code., digits: 2, confirm: "Is it {code}?" }
    - look_up: { url: https://example.com/customers, send: [account], take: { customer: name } }
      on_error: message
    - use: account
  callback: [ callback: {}, tag: called ]
  message: [ voicemail: { queue: Support Desk }, transfer: { to: "+17075550199" } ]
"#;

/// Turns of one webhook: `flow-step` makes fewer.
const TURNS_MAX: usize = 8;

fn flows() -> &'static VoiceFlows {
    static FLOWS: OnceLock<VoiceFlows> = OnceLock::new();
    FLOWS.get_or_init(|| {
        let read = config::read(CENTRE, "centre.yaml", AccountSid::from_bytes([1; 16]));
        read.unwrap_or_else(|problems| panic!("{problems:?}"))
            .voice_flows
            .expect("the file has flows")
    })
}

/// The answer to a webhook in this state. It must be reached, whatever the state is.
fn answer(state: State, parameters: &Parameters) {
    let pairs = [
        ("CallSid", "CA00000000000000000000000000000001"),
        ("AccountSid", "AC01010101010101010101010101010101"),
        ("From", "+17075550142"),
        ("To", "+17075550183"),
        ("CallStatus", "in-progress"),
    ];
    let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let call = Call::parse(&Parameters::new(pairs.to_vec())).expect("the parameters are complete");
    let switches = Switches::new();
    let now = Timestamp::from_millis(1_795_348_800_000);
    let webhook = Webhook {
        call: &call,
        parameters,
        switches: &switches,
        now,
    };
    let Ok(mut run) = Run::new(flows(), state, webhook) else {
        return;
    };
    let mut turn = run.advance();
    for _ in 0..TURNS_MAX {
        turn = match turn {
            Turn::Document(document) => {
                // A document beyond the limit is refused by the function.
                let _xml = document.to_xml();
                return;
            }
            Turn::LookUp { .. } => run.looked_up(None),
            Turn::Figures(_) => run.counted(Figures::default()),
            Turn::CreateTask(task) => run.task_created(task.sid, now),
            Turn::LeaveQueue(_) => return,
        };
    }
}

fuzz_target!(|query: &str| {
    let pairs = form_urlencoded::parse(query.as_bytes()).into_owned();
    let parameters = Parameters::new(pairs.collect());
    let Ok(Some(state)) = State::parse(&parameters) else {
        return;
    };
    let written = state.query();
    let written = form_urlencoded::parse(written.as_bytes()).into_owned();
    let again = State::parse(&Parameters::new(written.collect()));
    if let Ok(again) = again {
        let expected = State {
            webhooks: state.webhooks + 1,
            ..state.clone()
        };
        assert_eq!(again, Some(expected));
    } else {
        assert!(
            state.webhooks >= voice_flows::WEBHOOKS_MAX,
            "only the number of webhooks may end a call: {state:?}"
        );
    }
    answer(state, &parameters);
});
