//! The difference of two files as text.
#![allow(clippy::unwrap_used, reason = "a failed test panics")]

use config::plan::{compare, lines};
use config::{ContactCentre, read_with_files};
use ids::AccountSid;
use utility::UTILITY;

mod utility;

fn changed(changes: &[(&str, &str)]) -> ContactCentre {
    let mut text = UTILITY.to_owned();
    for (from, to) in changes {
        assert_eq!(text.matches(from).count(), 1, "{from}");
        text = text.replace(from, to);
    }
    let account_sid = AccountSid::from_bytes([7; 16]);
    read_with_files(&text, "f.yaml", account_sid, &utility::file).unwrap()
}

fn text(changes: &[(&str, &str)]) -> Vec<String> {
    let found = compare(&changed(&[]), &changed(changes));
    lines(&found).into_iter().map(|line| line.text).collect()
}

#[test]
fn routing_is_shown_by_names() {
    let shown = text(&[
        (
            "{ name: Bill German, target_workers: 'languages HAS \"de\" AND skills HAS \"bill\"' }",
            "{ name: Bill German, target_workers: 'languages HAS \"de\"  and skills HAS \"bill\" AND level > 2' }",
        ),
        (
            "- { name: French, expression: 'selected_language == \"fr\"', targets: [{ queue: Service French }] }",
            "- { name: French, expression: 'selected_language == \"fr\"', targets: [{ queue: Service French, timeout: 60s }, { queue: Bill French }] }",
        ),
        (
            "{ name: Emil, attributes: { languages: [de]",
            "{ name: Emil, attributes: { languages: [de, fr]",
        ),
        (
            "  - { name: Nadia, attributes: { languages: [de, fr], skills: [emergency], contact_uri: \"+17075550104\" } }\n",
            "  - { name: Noor, attributes: { skills: [emergency], contact_uri: \"+17075550104\" } }\n",
        ),
    ]);
    assert_eq!(
        shown,
        [
            "~ TaskQueue \"Bill German\"",
            "    target_workers",
            "      - languages HAS \"de\" AND skills HAS \"bill\"",
            "      + languages HAS \"de\" AND skills HAS \"bill\" AND level > 2",
            "~ Workflow \"Service\"",
            "  - filter \"French\" › queue: Service French",
            "  + filter \"French\" › targets",
            "        - queue: Service French",
            "          timeout: 1m",
            "        - queue: Bill French",
            "~ Worker \"Emil\"",
            "    attributes › languages: [de] → [de, fr]",
            "+ Worker \"Noor\"",
            "    attributes:",
            "      contact_uri: \"+17075550104\"",
            "      skills:",
            "      - emergency",
            "- Worker \"Nadia\"",
        ]
    );
}

#[test]
fn telephone_side_is_shown_by_names() {
    let shown = text(&[
        (
            "worker_ring_timeout: 20s",
            "worker_ring_timeout: 30s\ndialing: { calls_per_second: 1 }",
        ),
        ("\"+17075550112\": emergency", "\"+17075550113\": emergency"),
        ("sat: \"09:00-13:00\" }", "sat: closed }"),
        ("[\"+17075550150\", \"+17075550151\"]", "[\"+17075550150\"]"),
        ("    - set: { emergency: true }\n", ""),
        (
            "transfer: { to: \"+17075550199\", timeout: 30s,",
            "transfer: { to: \"+17075550199\", timeout: 45s,",
        ),
    ]);
    assert_eq!(
        shown,
        [
            "~ Telephone",
            "  + worker_ring_timeout: 30s",
            "  + dialing",
            "        calls_per_second: 1",
            "+ Number \"+17075550113\"",
            "    flow: emergency",
            "- Number \"+17075550112\"",
            "~ List \"key_accounts\"",
            "    numbers: [+17075550150, +17075550151] → [+17075550150]",
            "~ Calendar \"germany\"",
            "    hours › sat: 09:00-13:00 → closed",
            "~ Flow \"emergency\"",
            "  - step 1",
            "        set:",
            "          emergency: true",
            "~ Flow \"stand_by\"",
            "  + step 1 › transfer › timeout: 45s",
        ]
    );
}

#[test]
fn same_file_has_no_difference() {
    assert_eq!(text(&[]), Vec::<String>::new());
    // Another spelling of the same thing.
    let shown = text(&[
        ("timeout: 30s             #", "timeout: 30               #"),
        (
            "target_workers: 'languages HAS \"fr\"'",
            "target_workers: \"languages  HAS 'fr'\"",
        ),
    ]);
    assert_eq!(shown, Vec::<String>::new());
}
