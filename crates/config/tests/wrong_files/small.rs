//! A valid file, and the problems after a replacement in it.

use config::read;
use ids::AccountSid;

pub const ACCOUNT: AccountSid = AccountSid::from_bytes([7; 16]);

/// A short valid file.
pub const SMALL: &str = r#"phone_number: "+17075550183"
workflow: Requests
worker_ring_timeout: 20s
workspace:
  name: Small
  default_activity: Offline
  timeout_activity: Offline
  activities:
    - { name: Offline, available: false }
    - { name: Available, available: true }
    - { name: Wrap-Up, available: false }
  wrap_up: { activity: Wrap-Up, limit: 10s, next: Available }
workers:
  - name: Maya
    activity: Available
    attributes: {"languages":["en"],"contact_uri":"+17075550101"}
  - name: Arjun
    capacity: { voice: 2 }
task_queues:
  - name: English
    target_workers: languages HAS "en"
    max_reserved_workers: 1
  - name: Hindi
workflows:
  - name: Requests
    reservation_timeout: 2m
    filters:
      - name: English
        expression: selected_language == "en"
        targets:
          - queue: English
            timeout: 1200
          - priority: 5
            order_by: worker.level DESC
    default_filter: { queue: Hindi }
menu:
  languages:
    - key: 1
      selected_language: en
  attempts_max: 3
"#;

/// The problems of [`SMALL`] after replacing `old` by `new`.
fn problems(old: &str, new: &str) -> Vec<String> {
    assert_eq!(
        SMALL.matches(old).count(),
        1,
        "{old:?} must occur once in the file"
    );
    problems_of(&SMALL.replace(old, new))
}

pub fn problems_of(text: &str) -> Vec<String> {
    let problems = read(text, "centre.yaml", ACCOUNT).err().unwrap_or_default();
    problems.iter().map(|problem| problem.to_string()).collect()
}

/// Each case: the text that is replaced, the text that takes its place, and the problem, which
/// begins with its place.
#[track_caller]
pub fn check(cases: &[(&str, &str, &str)]) {
    let got: Vec<_> = cases
        .iter()
        .map(|(old, new, _)| problems(old, new).join(" AND "))
        .collect();
    let expected: Vec<_> = cases
        .iter()
        .map(|(_, _, expected)| format!("centre.yaml:{expected}"))
        .collect();
    assert_eq!(got.join("\n"), expected.join("\n"));
}
