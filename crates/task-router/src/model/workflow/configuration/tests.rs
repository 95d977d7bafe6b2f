//! Every key of taskrouter.md section 7.1, and every way to get it wrong.

use super::*;

const QUEUE: &str = "WQ00000000000000000000000000000001";
const OTHER: &str = "WQ00000000000000000000000000000002";

/// `Q1` and `Q2` stand for two queues.
fn configuration(text: &str) -> Result<Configuration, ConfigurationError> {
    Configuration::parse(&text.replace("Q1", QUEUE).replace("Q2", OTHER))
}

/// The configuration without its text, so that two spellings can be compared.
#[track_caller]
fn parsed(text: &str) -> Configuration {
    let read = configuration(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    Configuration { text: None, ..read }
}

#[track_caller]
fn refused(text: &str, expected: &str) {
    let error = configuration(text).unwrap_err().to_string();
    assert!(error.starts_with(expected), "{text}: {error}");
}

/// The targets of the only filter.
fn targets(targets: &str) -> Vec<Target> {
    parsed(&format!(r#"{{"filters":[{{"targets":[{targets}]}}]}}"#))
        .filters
        .remove(0)
        .targets
}

#[track_caller]
fn target_refused(target: &str, expected: &str) {
    let text = format!(r#"{{"task_routing":{{"filters":[{{"targets":[{target}]}}]}}}}"#);
    refused(
        &text,
        &format!("task_routing.filters[0].targets[0]{expected}"),
    );
}

fn queue(sid: &str) -> TaskQueueSid {
    sid.parse().unwrap()
}

const EVERYTHING: &str = r#"{"task_routing":{
  "filters":[
    {"filter_friendly_name":"Support","expression":"type=='support'",
     "targets":[
       {"queue":"Q1","expression":"worker.sid IN task.preferred_agents","priority":10,"timeout":30,
        "order_by":"worker.level DESC","skip_if":"workers.available == 0","known_worker_sid":"task.agent.sid"},
       {"timeout":60,"known_worker_friendly_name":"task.agent[0]"}
     ]}
  ],
  "default_filter":{"queue":"Q2","priority":0}
}}"#;

#[test]
fn every_key_is_parsed() {
    let read = parsed(EVERYTHING);
    let filter = &read.filters[0];
    assert_eq!(filter.filter_friendly_name, "Support");
    assert_eq!(
        filter.expression.as_ref().map(Expression::source),
        Some("type=='support'")
    );
    let first = &filter.targets[0];
    assert_eq!(
        (first.queue, first.priority, first.timeout),
        (queue(QUEUE), Some(10), Some(Millis::from_secs(30)))
    );
    assert_eq!(
        first.expression.as_ref().map(Expression::source),
        Some("worker.sid IN task.preferred_agents")
    );
    assert_eq!(
        first.order_by.as_ref().map(|order| order.clauses().len()),
        Some(1)
    );
    assert_eq!(
        first.skip_if.as_ref().map(Expression::source),
        Some("workers.available == 0")
    );
    assert_eq!(
        first.known_worker,
        Some(KnownWorker::Sid("agent.sid".parse().unwrap()))
    );
    let expected = Target {
        timeout: Some(Millis::from_secs(60)),
        ..Target::to(queue(QUEUE))
    };
    let known_worker = Some(KnownWorker::FriendlyName("agent[0]".parse().unwrap()));
    assert_eq!(
        filter.targets[1],
        Target {
            known_worker,
            ..expected
        }
    );
    assert_eq!(
        read.default_filter,
        Some(Target {
            priority: Some(0),
            ..Target::to(queue(OTHER))
        })
    );
}

#[test]
fn printed_configuration_parses_back() {
    for text in [
        EVERYTHING,
        r#"{"filters":[]}"#,
        r#"{"filters":[{"friendly_name":"x","queue":"Q1"}]}"#,
    ] {
        let read = parsed(text);
        assert_eq!(parsed(&read.to_json()), read);
    }
    let printed = parsed(
        r#"{"filters":[{"friendly_name":"x","queue":"Q1"}],"default_filter":{"queue":"Q2","priority":"7"}}"#,
    );
    let expected = r#"{"task_routing":{"default_filter":{"priority":7,"queue":"Q2"},"filters":[{"filter_friendly_name":"x","targets":[{"queue":"Q1"}]}]}}"#;
    assert_eq!(
        printed.to_json(),
        expected.replace("Q1", QUEUE).replace("Q2", OTHER)
    );
}

#[test]
fn the_wrapper_may_be_missing() {
    let plain = r#"{"filters":[{"targets":[{"queue":"Q1"}]}],"default_filter":{"queue":"Q2"}}"#;
    assert_eq!(
        parsed(plain),
        parsed(&format!(r#"{{"task_routing":{plain}}}"#))
    );
    refused(
        r#"{"filters":[{}]}"#,
        "filters[0].targets: expected an array",
    );
}

#[test]
fn filters_may_be_missing_or_null() {
    let nothing = Configuration {
        filters: Vec::new(),
        default_filter: None,
        text: None,
    };
    for text in [
        r#"{"task_routing":{}}"#,
        r#"{"task_routing":{"filters":null,"default_filter":null}}"#,
    ] {
        assert_eq!(parsed(text), nothing, "{text}");
    }
    assert_eq!(
        parsed(r#"{"default_filter":{"queue":"Q1"}}"#).default_filter,
        Some(Target::to(queue(QUEUE)))
    );
}

#[test]
fn filter_may_name_its_only_queue() {
    let short = r#"{"filters":[{"expression":"a == 1","queue":"Q1","priority":"4","timeout":30,"order_by":"worker.level DESC"}]}"#;
    let long = r#"{"filters":[{"expression":"a == 1","targets":[{"queue":"Q1","priority":4,"timeout":30,"order_by":"worker.level DESC"}]}]}"#;
    assert_eq!(parsed(short), parsed(long));
    let read =
        parsed(r#"{"filters":[{"filter_friendly_name":"x","expression":"a == 1","queue":"Q1"}]}"#);
    assert_eq!(read.filters[0].targets, [Target::to(queue(QUEUE))]);
    assert!(read.filters[0].expression.is_some());
}

#[test]
fn target_inherits_only_the_queue() {
    let read = targets(
        r#"{"queue":"Q1","timeout":5,"priority":3,"expression":"1==1"},{},{"queue":"Q2"},{}"#,
    );
    assert_eq!(read[1], Target::to(queue(QUEUE)));
    assert_eq!(
        (read[2].queue, &read[3]),
        (queue(OTHER), &Target::to(queue(OTHER)))
    );
}

#[test]
fn numbers_may_be_texts() {
    let read = targets(r#"{"queue":"Q1","timeout":"30","priority":" 5 "}"#);
    assert_eq!(
        (read[0].timeout, read[0].priority),
        (Some(Millis::from_secs(30)), Some(5))
    );
}

#[test]
fn empty_texts_and_null_count_as_missing() {
    let read = targets(
        r#"{"queue":"Q1","expression":"","skip_if":" ","order_by":"","known_worker_sid":null,"timeout":null,"priority":null}"#,
    );
    assert_eq!(read, [Target::to(queue(QUEUE))]);
}

#[test]
fn malformed_text_is_refused() {
    refused(
        "",
        "the configuration is not JSON: EOF while parsing a value at line 1 column 0",
    );
    refused(
        "{\"filters\":[}",
        "the configuration is not JSON: expected value at line 1 column 13",
    );
    refused(
        "[]",
        "the configuration: expected an object, found an array",
    );
    refused(
        "{}",
        "task_routing: expected an object with `filters` and `default_filter`",
    );
    refused(
        r#"{"task_routing":"x"}"#,
        "task_routing: expected an object, found a text",
    );
    refused(
        &"[".repeat(1_000),
        "the configuration is not JSON: recursion limit exceeded",
    );
}

#[test]
fn malformed_filters_are_refused() {
    refused(
        r#"{"filters":{}}"#,
        "filters: expected an array, found an object",
    );
    refused(
        r#"{"filters":[1]}"#,
        "filters[0]: expected an object, found a number",
    );
    refused(
        r#"{"filters":[{"targets":[]}]}"#,
        "filters[0].targets: expected at least one target",
    );
    refused(
        r#"{"filters":[{"targets":"Q1"}]}"#,
        "filters[0].targets: expected an array, found a text",
    );
    refused(
        r#"{"filters":[{"targets":[true]}]}"#,
        "filters[0].targets[0]: expected an object, found a boolean",
    );
    refused(
        r#"{"filters":[{"queue":"Q1","targets":[{}]}]}"#,
        "filters[0].queue: a filter has either",
    );
    refused(
        r#"{"filters":[{"task_queue_sid":"Q1","targets":[{}]}]}"#,
        "filters[0].task_queue_sid: a filter has either",
    );
    refused(
        r#"{"filters":[{"queue":"Q1","friendly_name":1}]}"#,
        "filters[0].friendly_name: expected a text, found a number",
    );
    refused(
        r#"{"filters":[{"queue":"Q1"},{"queue":"Q1","expression":"a-b"}]}"#,
        "filters[1].expression: column 2: `-`",
    );
}

#[test]
fn malformed_target_is_refused_with_path() {
    for (target, expected) in [
        (
            "{}",
            ".queue: expected the sid of a TaskQueue, WQ and 32 hexadecimal digits: the first target must name one",
        ),
        (
            r#"{"queue":"support"}"#,
            ".queue: expected WQ followed by 32 hexadecimal digits",
        ),
        (
            r#"{"queue":7}"#,
            ".queue: expected the sid of a TaskQueue, WQ and 32 hexadecimal digits, found a number",
        ),
        (
            r#"{"queue":"Q1","expression":"worker.a-b > 3"}"#,
            ".expression: column 9: `-` cannot be in a key",
        ),
        (
            r#"{"queue":"Q1","expression":true}"#,
            ".expression: expected an expression in a text, found a boolean",
        ),
        (
            r#"{"queue":"Q1","priority":-1}"#,
            ".priority: expected a whole number from 0 to 2147483647",
        ),
        (
            r#"{"queue":"Q1","priority":2147483648}"#,
            ".priority: expected a whole number from 0 to 2147483647",
        ),
        (
            r#"{"queue":"Q1","priority":1.5}"#,
            ".priority: expected a whole number",
        ),
        (
            r#"{"queue":"Q1","priority":"high"}"#,
            ".priority: expected a whole number",
        ),
        (
            r#"{"queue":"Q1","timeout":0}"#,
            ".timeout: expected a whole number from 1 to 2147483647",
        ),
        (
            r#"{"queue":"Q1","timeout":[]}"#,
            ".timeout: expected a whole number",
        ),
        (
            r#"{"queue":"Q1","timeout":"99999999999999999999"}"#,
            ".timeout: expected a whole number",
        ),
        (
            r#"{"queue":"Q1","order_by":"level"}"#,
            ".order_by: expected `worker.<attribute> ASC` or `… DESC`, got `level`",
        ),
        (
            r#"{"queue":"Q1","order_by":{}}"#,
            ".order_by: expected a text such as \"worker.level DESC\", found an object",
        ),
        (
            r#"{"queue":"Q1","skip_if":"workers.available"}"#,
            ".skip_if: column 18: expected an operator",
        ),
        (
            r#"{"queue":"Q1","skip_if":"task.x == 1"}"#,
            ".skip_if: `task.x` cannot be in a skip_if",
        ),
        (
            r#"{"queue":"Q1","known_worker_sid":"agent"}"#,
            ".known_worker_sid: expected a path into the Task such as",
        ),
        (
            r#"{"queue":"Q1","known_worker_sid":"task.a-b"}"#,
            ".known_worker_sid: expected a path into the Task such as",
        ),
        (
            r#"{"queue":"Q1","known_worker_sid":1}"#,
            ".known_worker_sid: expected a path into the Task such as",
        ),
        (
            r#"{"queue":"Q1","known_worker_sid":"task.a","known_worker_friendly_name":"task.b"}"#,
            ".known_worker_friendly_name: a target has this or `known_worker_sid`, not both",
        ),
        (
            r#"{"task_queue_sid":"support"}"#,
            ".task_queue_sid: expected WQ followed by 32 hexadecimal digits",
        ),
    ] {
        target_refused(target, expected);
    }
}

#[test]
fn default_filter_has_a_queue() {
    refused(
        r#"{"default_filter":{}}"#,
        "default_filter.queue: expected the sid of a TaskQueue",
    );
    refused(
        r#"{"default_filter":[]}"#,
        "default_filter: expected an object, found an array",
    );
}

#[test]
fn timeout_of_default_filter_has_no_effect() {
    let expected = parsed(r#"{"default_filter":{"queue":"Q1"}}"#);
    for timeout in ["60", "\"60\"", "\"soon\"", "-1"] {
        let text = format!(
            r#"{{"default_filter":{{"queue":"Q1","timeout":{timeout},"filter_friendly_name":"Rest"}}}}"#
        );
        assert_eq!(parsed(&text), expected, "{timeout}");
    }
}

#[test]
fn unknown_keys_have_no_effect() {
    let expected = parsed(
        r#"{"task_routing":{"filters":[{"targets":[{"queue":"Q1"}]}],"default_filter":{"queue":"Q2"}}}"#,
    );
    let read = parsed(
        r#"{"version":2,"task_routing":{"comment":[],"default_filter":{"Expression":"1==1","queue":"Q2"},
           "filters":[{"filterFriendlyName":"a","friendlyName":1,"timeout":"x","targets":[{"skipif":"1==1","queue":"Q1"}]}]}}"#,
    );
    assert_eq!(read, expected);
}

#[test]
fn task_queue_sid_is_another_name_of_queue() {
    for (text, expected) in [
        (
            r#"{"filters":[{"targets":[{"task_queue_sid":"Q1","timeout":3},{}]}]}"#,
            r#"{"filters":[{"targets":[{"queue":"Q1","timeout":3},{}]}]}"#,
        ),
        (
            r#"{"filters":[{"task_queue_sid":"Q1","timeout":3}],"default_filter":{"task_queue_sid":"Q2"}}"#,
            r#"{"filters":[{"queue":"Q1","timeout":3}],"default_filter":{"queue":"Q2"}}"#,
        ),
    ] {
        assert_eq!(parsed(text), parsed(expected), "{text}");
    }
}

#[test]
fn text_is_kept_as_it_was_sent() {
    let text = EVERYTHING.replace("Q1", QUEUE).replace("Q2", OTHER);
    let read = Configuration::parse(&text).unwrap();
    assert_eq!(read.to_json(), text);
    let compact = Configuration::parse(&parsed(EVERYTHING).to_json()).unwrap();
    assert_ne!(read, compact);
    assert!(read.routes_like(&compact) && !read.routes_like(&parsed(r#"{"filters":[]}"#)));
}

#[test]
fn bytes_and_steps_are_limited() {
    let blanks = |count: usize| format!(r#"{{"filters":[]{}}}"#, " ".repeat(count));
    assert!(Configuration::parse(&blanks(CONFIGURATION_BYTES_MAX - 14)).is_ok());
    refused(
        &blanks(CONFIGURATION_BYTES_MAX - 13),
        "the configuration has 1038577 bytes; at most 1038576 are allowed",
    );

    let steps = |count: usize| {
        format!(
            r#"{{"filters":[{{"queue":"Q1"}},{{"targets":[{{"queue":"Q1"}}{}]}}]}}"#,
            ",{}".repeat(count - 2)
        )
    };
    assert!(configuration(&steps(STEPS_MAX)).is_ok());
    refused(
        &steps(STEPS_MAX + 1),
        "filters[1].targets: all filters together have at most 5000 targets",
    );
    refused(
        &steps(300_000),
        "filters[1].targets: all filters together have at most 5000 targets",
    );
}

#[test]
fn unknown_queues_are_refused() {
    let read = parsed(EVERYTHING);
    assert!(read.check_queues(|_| true).is_ok());
    let first = read.check_queues(|_| false).unwrap_err().to_string();
    assert_eq!(
        first,
        format!("task_routing.filters[0].targets[0]: there is no TaskQueue {QUEUE}")
    );
    let default = read
        .check_queues(|sid| sid == queue(QUEUE))
        .unwrap_err()
        .to_string();
    assert_eq!(
        default,
        format!("task_routing.default_filter: there is no TaskQueue {OTHER}")
    );
}
