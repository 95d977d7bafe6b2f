use super::*;

fn findings(text: &str) -> Vec<(u64, u64, &'static str)> {
    let file = CheckedFile { name: "f", text };
    let found = check_files(&[file]).unwrap();
    let found = found.iter().filter(|one| one.allowed.is_none());
    found
        .map(|one| (one.place.line, one.place.column, one.finding.rule.code()))
        .collect()
}

const QUEUE: &str = "WQ00000000000000000000000000000001";

#[test]
fn configuration_alone_is_checked() {
    let text = format!(
        r#"{{"task_routing":{{"filters":[
  {{"filter_friendly_name":"a","expression":"type == 'a' AND type == 'b'","targets":[{{"queue":"{QUEUE}"}}]}}
 ],"default_filter":{{"queue":"{QUEUE}"}}}}}}"#
    );
    assert_eq!(findings(&text), [(2, 44, "CB102")]);
}

/// As the REST API and Terraform have it: the configuration is JSON in a text.
#[test]
fn configuration_in_a_text_has_places() {
    let inner = format!(
        r#"{{"task_routing":{{"filters":[{{"expression":"type > true","targets":[{{"queue":"{QUEUE}"}}]}}],"default_filter":{{"queue":"{QUEUE}"}}}}}}"#
    );
    let text =
        serde_json::json!({"values": {"friendly_name": "W", "configuration": inner}}).to_string();
    let column = text.find("type > true").unwrap() + 1;
    assert_eq!(
        findings(&text),
        [(1, u64::try_from(column).unwrap(), "CB301")]
    );
}

#[test]
fn placeholders_of_queues_are_accepted() {
    let text =
        r#"{"task_routing":{"filters":[],"default_filter":{"queue":"${queue.english.sid}"}}}"#;
    assert_eq!(findings(text), []);
}

#[test]
fn documents_make_up_one_centre() {
    let workflow = r#"{"friendly_name":"W","configuration":"{\"task_routing\":{\"filters\":[],\"default_filter\":{\"queue\":\"WQ00000000000000000000000000000001\"}}}"}"#;
    let queues = format!(
        r#"{{"task_queues":[{{"sid":"{QUEUE}","friendly_name":"Q","target_workers":"langs HAS \"en\""}}]}}"#
    );
    let workers = r#"{"workers":[{"sid":"WK00000000000000000000000000000001","friendly_name":"A","attributes":"{\"langs\":[\"hi\"]}"}]}"#;
    let files = [("w", workflow), ("q", &queues), ("k", workers)];
    let files = files.map(|(name, text)| CheckedFile { name, text });
    let found = check_files(&files).unwrap();
    let found: Vec<_> = found
        .iter()
        .map(|one| (one.file.as_str(), one.finding.rule.code()))
        .collect();
    assert_eq!(found, [("q", "CB401"), ("k", "CB503")]);
}

#[test]
fn path_is_that_of_the_document() {
    let text = format!(
        r#"{{"task_routing":{{"filters":[],"default_filter":{{"queue":"{QUEUE}","timeout":3}}}}}}"#
    );
    let found = check_files(&[CheckedFile {
        name: "f",
        text: &text,
    }])
    .unwrap();
    assert_eq!(
        found[0].finding.spot.path,
        "task_routing.default_filter.timeout"
    );
}

#[test]
fn wrong_configuration_is_a_problem_with_a_place() {
    let text = "{\"task_routing\":{\"filters\":[\n{\"expression\":\"a ==\",\"targets\":[{}]}]}}";
    let problems = check_files(&[CheckedFile { name: "f", text }]).unwrap_err();
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert_eq!(problems[0].place.line, 2, "{problems:?}");
}

#[test]
fn other_documents_are_refused() {
    let problems = check_files(&[CheckedFile {
        name: "f",
        text: "{\"a\":1}",
    }])
    .unwrap_err();
    assert!(
        problems[0]
            .message
            .starts_with("expected a contact-centre.yaml")
    );
}
