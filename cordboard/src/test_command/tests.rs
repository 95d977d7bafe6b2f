use std::num::NonZeroUsize;
use std::path::PathBuf;

use serde_json::Value;

use super::plan::Plan;
use super::run::{Verdict, run};
use super::{junit, report};

/// A folder with the example configuration and these files of stories.
fn folder(files: &[(&str, &str)]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let stories = folder.path().join("tests");
    std::fs::create_dir(&stories).unwrap();
    let configuration = folder.path().join("contact-centre.yaml");
    std::fs::write(configuration, crate::start::BUILT_IN).unwrap();
    for (name, text) in files {
        std::fs::write(stories.join(name), text).unwrap();
    }
    (folder, stories)
}

fn played(files: &[(&str, &str)]) -> (tempfile::TempDir, Plan, Verdict) {
    let (folder, stories) = folder(files);
    let plan = Plan::read(&[stories], None, None).unwrap();
    let verdict = run(&plan, NonZeroUsize::new(2)).unwrap();
    (folder, plan, verdict)
}

const HOLDS: &str = "\
== A caller reaches a Worker
00:00  c1 dials and presses 1   -> Maya rings
+10s   Maya answers             -> c1 talks to Maya
";

const FAILS: &str = "\
== <Nobody> answers
00:00  no Worker is available
00:01  c1 dials and presses 2   -> c1 waits, Arjun rings
";

#[test]
fn stories_are_played_in_order() {
    let (_folder, plan, verdict) = played(&[("b.story", FAILS), ("a.story", HOLDS)]);
    let holds: Vec<bool> = verdict
        .outcomes
        .iter()
        .map(|outcome| outcome.failure.is_none())
        .collect();
    assert_eq!(
        holds,
        [true, false],
        "{}",
        report::text(&plan, &verdict, false)
    );
    assert_eq!(verdict.failed(), 1);
}

#[test]
fn failure_has_transcript_and_explanation() {
    let (_folder, plan, verdict) = played(&[("b.story", FAILS)]);
    let text = report::text(&plan, &verdict, false);
    for expected in [
        "FAIL  <Nobody> answers",
        "error: expected `Arjun rings`; no phone rings",
        "b.story:3:46",
        "3 | 00:01  c1 dials and presses 2   -> c1 waits, Arjun rings",
        "Call from +17075550190 to +17075550183: in-progress",
        "heard       Welcome. For English, press 1.",
        "TaskQueue  Customer Contact Center Hindi",
        "Workers of TaskQueue Customer Contact Center Hindi",
        "1 story: 0 ok, 1 failed",
    ] {
        assert!(text.contains(expected), "no {expected:?} in\n{text}");
    }
}

#[test]
fn json_and_junit_have_every_story() {
    let (_folder, plan, verdict) = played(&[("a.story", HOLDS), ("b.story", FAILS)]);
    let json = report::json(&plan, &verdict);
    assert_eq!(
        (&json["ok"], &json["failed"]),
        (&Value::from(1), &Value::from(1))
    );
    let failure = &json["stories"][1]["failure"];
    assert_eq!(
        (&failure["line"], &failure["column"]),
        (&Value::from(3), &Value::from(46))
    );
    assert_eq!(failure["phones"][0]["from"], "+17075550190");
    assert!(
        failure["explanations"][0]["summary"].is_string(),
        "{json:#}"
    );
    let xml = junit::render(&plan, &verdict);
    assert!(xml.contains("tests=\"2\" failures=\"1\""), "{xml}");
    assert!(xml.contains("name=\"&lt;Nobody&gt; answers\""), "{xml}");
    assert!(
        xml.contains("<failure message=\"expected `Arjun rings`"),
        "{xml}"
    );
}

#[test]
fn name_selects_stories() {
    let (_folder, stories) = folder(&[("a.story", HOLDS), ("b.story", FAILS)]);
    let paths = [stories];
    for (name, count) in [("reaches", 1), ("b.story", 1), ("e", 2)] {
        let plan = Plan::read(&paths, Some(name), None).unwrap();
        assert_eq!(plan.stories.len(), count, "{name}");
    }
    let error = Plan::read(&paths, Some("x y"), None).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("there is no story whose name contains")
    );
}

#[test]
fn mistakes_of_all_files_are_told() {
    let (_folder, stories) = folder(&[
        ("a.story", "00:00  c1 sings\n"),
        ("b.story", "soon c1 dials\n"),
    ]);
    let error = Plan::read(&[stories], None, None).unwrap_err().to_string();
    assert!(error.contains("a.story:1:8"), "{error}");
    assert!(error.contains("b.story:1:1"), "{error}");
    assert!(error.contains("1 | soon c1 dials"), "{error}");
}

#[test]
fn configuration_may_be_named() {
    let story = "file missing.yaml\n00:00  c1 dials\n";
    let (_folder, stories) = folder(&[("a.story", story)]);
    let error = Plan::read(&[stories], None, None).unwrap_err().to_string();
    assert!(error.contains("missing.yaml: "), "{error}");
    let story = "set-up\n  workers: []\n  nonsense: 1\n00:00  c1 dials\n";
    let (_folder, stories) = folder(&[("a.story", story)]);
    let plan = Plan::read(&[stories], None, None).unwrap();
    let error = run(&plan, None).unwrap_err().to_string();
    assert!(error.contains("unknown key \"nonsense\""), "{error}");
}

#[test]
fn unknown_names_are_told_with_near_ones() {
    let story = "00:00  Maja becomes Available\n";
    let (_folder, plan, verdict) = played(&[("a.story", story)]);
    let text = report::text(&plan, &verdict, false);
    assert!(
        text.contains("the configuration has no Worker Maja; it has Maya"),
        "{text}"
    );
}

#[test]
fn story_of_an_hour_is_quick() {
    let story = "set-up\n  menu: { languages: [{ key: 1, selected_language: en }] }\n\
                 00:00  no Worker is available\n00:01  c1 dials and presses 1\n\
                 10:00  time passes  -> c1 waits, c1 waited at least 9m\n";
    let (_folder, plan, verdict) = played(&[("a.story", story)]);
    assert!(verdict.holds(), "{}", report::text(&plan, &verdict, false));
}
