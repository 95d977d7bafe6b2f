//! The sections of the file: every mistake is told, with its position.

use super::player::{CENTRE, read};

fn problems(sections: &str) -> Vec<String> {
    let lines = CENTRE.lines().count();
    let problems = read(sections).err().unwrap_or_default();
    // Lines are counted from the sections.
    let relative = |problem: String| {
        let mut parts = problem.splitn(4, ':');
        let (_file, line) = (parts.next(), parts.next().unwrap());
        let (column, message) = (parts.next().unwrap(), parts.next().unwrap());
        let line = line.parse::<usize>().unwrap() - lines;
        format!("{line}:{column}:{message}")
    };
    problems.into_iter().map(relative).collect()
}

#[test]
fn all_mistakes_are_told_at_once() {
    let found = problems(
        r#"
flows:
  main:
    - say: { en: Hello }
    - menu:
        say: Press 1.
        keys: { 1: sales, 12: repeat }
    - collect: { into: from, say: Number. }
    - play: music.mp3
    - shout: Hello
    - say: Hello {name}.
    - say: 5 < 6
    - branch: [ { if: queue.sales.waiting > 3, then: back } ]
  "two words": [ hang_up ]
"#,
    );
    let expected = [
        "4:12: say: there is no text in de",
        "7:20: unknown flow or step \"sales\"; the file has main.",
        "7:27: keys: expected a key, 0 to 9 or \"*\", got \"12\"",
        "8:16: a collect step needs one of digits, pattern, speech",
        "8:24: into: \"from\" is a built-in name; choose another one",
        "9:13: play: music.mp3 cannot be read: no such file",
        "10:7: unknown key \"shout\" in a step; allowed: name, on_error, say,",
        "11:12: {name}: unknown value \"name\"; the file has",
        "12:12: say: the SSML is not well-formed",
        "13:23: unknown task queue \"sales\"; the file has support_desk.",
        "13:54: then: there is no such menu: `repeat` is for the options of a menu",
        "14:3: flows: expected a name of 1 to 64 letters, digits, _ or -, and none of next, repeat, back, hang_up",
    ];
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.starts_with(expected), "{found}\nexpected {expected}");
    }
    assert_eq!(found.len(), expected.len(), "{found:#?}");
}

#[test]
fn number_needs_a_flow() {
    for (sections, expected) in [
        (
            "flows: { night: [ hang_up ] }\n",
            "the phone_number has no flow: name one under `numbers`, or name a flow \"main\"",
        ),
        (
            "flows: { main: [ hang_up ] }\nnumbers: { \"+17075550184\": nigth }\n",
            "unknown flow \"nigth\"; the file has main.",
        ),
        (
            "flows: { main: [ hang_up ] }\nnumbers: { \"1234\": main }\n",
            "numbers: expected a number such as",
        ),
        (
            "flows: { main: [] }\n",
            "main: expected a list of at least one step",
        ),
        ("flows: {}\n", "flows: expected 1 to 200 flows, got 0"),
        ("flows: 5\n", "flows: expected a mapping of names to steps"),
    ] {
        let found = problems(sections);
        assert!(
            found.iter().any(|problem| problem.contains(expected)),
            "{sections}: {found:?}"
        );
    }
}

#[test]
fn named_step_is_a_target() {
    let flows = read(
        r#"
flows:
  main:
    - name: ask
      menu: { say: Press 1., keys: { 1: ask, 2: sales } }
  sales:
    - name: first
      say: Sales.
    - go_to: first
"#,
    );
    let flows = flows.unwrap();
    let labels: Vec<&str> = flows.steps.iter().map(|step| step.label.as_str()).collect();
    assert!(
        labels.contains(&"main/ask") && labels.contains(&"sales/first"),
        "{labels:?}"
    );
}

#[test]
fn same_content_has_the_same_version() {
    let version = |flows: &str| read(flows).unwrap().version().unwrap();
    let one = version("flows: { main: [ say: One. ] }\n");
    assert_eq!(one, version("flows:\n  main:\n    - say: One.\n"));
    assert_ne!(one, version("flows: { main: [ say: Two. ] }\n"));
}
