use config::check_files;

use super::*;

const EXAMPLE: &str = include_str!("../../../contact-centre.yaml");

/// The example with a filter that no Task reaches.
fn faulty() -> File {
    let hindi = r#"expression: selected_language == "hi""#;
    let hidden = r#"expression: selected_language == "en" AND vip == true"#;
    let text = EXAMPLE
        .replace(hindi, hidden)
        .replace("            timeout: 1200s", "            priority: 1");
    File {
        name: "centre.yaml".to_owned(),
        text,
    }
}

fn findings(file: &File) -> Vec<PlacedFinding> {
    let checked = CheckedFile {
        name: &file.name,
        text: &file.text,
    };
    check_files(&[checked]).unwrap()
}

#[test]
fn text_shows_the_line_and_a_mark() {
    let file = faulty();
    let found = findings(&file);
    let text = text::render(&[file], &found, false);
    assert!(
        text.contains("error[CB101]: no Task reaches the filter \"Hindi\""),
        "{text}"
    );
    let marked = "        expression: selected_language == \"en\" AND vip == true\n    |                     ^^^^";
    assert!(text.contains(marked), "{text}");
    assert!(!text.contains('\u{1b}'), "{text}");
    assert!(text.contains("1 error, "), "{text}");
}

#[test]
fn errors_fail_and_warnings_do_with_strict() {
    let as_text = |code: ExitCode| format!("{code:?}");
    let found = findings(&faulty());
    assert_eq!(as_text(verdict(&found, false)), as_text(ExitCode::from(1)));
    let notes: Vec<_> = found
        .into_iter()
        .filter(|one| one.finding.level < Level::Error)
        .collect();
    assert_eq!(as_text(verdict(&notes, false)), as_text(ExitCode::SUCCESS));
    assert_eq!(as_text(verdict(&[], true)), as_text(ExitCode::SUCCESS));
}

#[test]
fn example_is_clean() {
    let file = File {
        name: "contact-centre.yaml".to_owned(),
        text: EXAMPLE.to_owned(),
    };
    let found = findings(&file);
    let above_note: Vec<_> = found
        .iter()
        .filter(|one| one.finding.level > Level::Note)
        .collect();
    assert!(above_note.is_empty(), "{above_note:?}");
}

#[test]
fn sarif_names_the_rule_and_the_line() {
    let found = findings(&faulty());
    let sarif = sarif::render(&found);
    let results = sarif.pointer("/runs/0/results").unwrap();
    let mut results = results.as_array().unwrap().iter();
    let result = results.find(|result| result["ruleId"] == "CB101").unwrap();
    assert_eq!(result["level"], "error");
    let region = result
        .pointer("/locations/0/physicalLocation/region")
        .unwrap();
    assert!(region["startLine"].as_u64() > Some(100), "{region}");
    let json = json::render(&found);
    let mut listed = json["findings"].as_array().unwrap().iter();
    assert!(listed.any(|finding| finding["code"] == "CB101"), "{json}");
}
