//! Fuzzes the configuration file with its flows: read, or refused with problems inside the file. Flows
//! that were read have a version, and are the same after they were stored.

#![no_main]

use ids::AccountSid;
use libfuzzer_sys::fuzz_target;
use voice_flows::VoiceFlows;

/// The lines before the fuzzed ones: a Workspace that flows can refer to.
const BASE: &str = "\
phone_number: \"+17075550183\"
workflow: Calls
prompts: { en: {} }
workspace:
  name: Flows
  activities: [{ name: Offline, available: false }, { name: Available, available: true }]
  default_activity: Offline
  timeout_activity: Offline
  task_channels: [{ name: voice, after_conversation: complete }]
workers: [{ name: Maya, activity: Available, attributes: { contact_uri: \"+17075550101\" } }]
task_queues: [{ name: Support Desk }]
workflows: [{ name: Calls, filters: [], default_filter: { queue: Support Desk } }]
";

fuzz_target!(|sections: &str| {
    let text = format!("{BASE}{sections}");
    let read = config::read(&text, "contact-centre.yaml", AccountSid::from_bytes([1; 16]));
    match read {
        Err(problems) => {
            assert!(!problems.is_empty());
            // In YAML a carriage return alone ends a line, too.
            let ends = text.matches(['\n', '\r']).count();
            let lines = u64::try_from(ends).unwrap_or(u64::MAX);
            for problem in problems {
                assert!((1..=lines + 1).contains(&problem.place.line), "{problem}");
            }
        }
        Ok(read) => {
            let Some(flows) = read.voice_flows else {
                return;
            };
            let stored = serde_json::to_string(&flows).expect("flows can be stored");
            let again: VoiceFlows = serde_json::from_str(&stored).expect("stored flows can be read");
            assert_eq!(
                again.version().expect("flows have a version"),
                flows.version().expect("flows have a version")
            );
        }
    }
});
