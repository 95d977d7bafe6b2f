//! Event sources of the functions, queues and the stream: retries, dead letters, alarms.

use serde_json::json;
use tests::template::{ALARM, FUNCTION, QUEUE, Template, list, texts};

use super::{Check, Project, function_events, shown};

/// Most attempts at a stream record or a message before it is a dead letter, so that a poison
/// message is not retried for ever.
const TRIES_MAX: u64 = 10;
/// A message's visibility timeout as a multiple of its function's timeout, as SQS event sources
/// need it.
const VISIBILITY_TIMES: u64 = 6;

pub(crate) const CHECKS: &[Check] = &[queues, sources, alarms];

/// Every work queue has a limit on its attempts, a dead-letter queue of its own, and a sufficient
/// visibility timeout.
fn queues(project: &Project) -> Vec<String> {
    let template = &project.template;
    let mut problems = Vec::new();
    for (id, queue) in template
        .of_type(QUEUE)
        .filter(|(id, _)| !is_for_dead_letters(id))
    {
        let redrive = &queue["Properties"]["RedrivePolicy"];
        let tries = redrive["maxReceiveCount"].as_u64().unwrap_or(0);
        if !(1..=TRIES_MAX).contains(&tries) {
            problems.push(format!(
                "{id} tries {tries} times, which is not 1 to {TRIES_MAX}"
            ));
        }
        let hidden_secs = queue["Properties"]["VisibilityTimeout"]
            .as_u64()
            .unwrap_or(30);
        for (function, limit_secs) in consumers(template, id) {
            if hidden_secs < limit_secs * VISIBILITY_TIMES {
                problems.push(format!("{id} hides a message for {hidden_secs} s, less than {VISIBILITY_TIMES} times the {limit_secs} s of {function}"));
            }
        }
    }
    let sources: Vec<(String, String)> = dead_letter_routes(template);
    for (source, queue) in &sources {
        if !is_for_dead_letters(queue) || template.resource(queue).is_none() {
            problems.push(format!(
                "{source} has no dead-letter queue of its own, but {queue:?}"
            ));
        }
    }
    for (id, _) in template
        .of_type(QUEUE)
        .filter(|(id, _)| is_for_dead_letters(id))
    {
        let count = sources.iter().filter(|(_, queue)| queue == id).count();
        if count != 1 {
            problems.push(format!("{id} takes the dead letters of {count} sources; with one each, their origin is known"));
        }
    }
    problems
}

/// The dead-letter queue of each source of work: queues, and streams read by functions.
fn dead_letter_routes(template: &Template) -> Vec<(String, String)> {
    let queues = template
        .of_type(QUEUE)
        .filter(|(id, _)| !is_for_dead_letters(id));
    let queues = queues.map(|(id, queue)| {
        (
            id.to_owned(),
            &queue["Properties"]["RedrivePolicy"]["deadLetterTargetArn"],
        )
    });
    let streams = function_events(template, "DynamoDB");
    let streams = streams.into_iter().map(|(id, name, event)| {
        (
            format!("{id}'s event {name}"),
            &event["DestinationConfig"]["OnFailure"]["Destination"],
        )
    });
    queues
        .chain(streams)
        .map(|(source, arn)| (source, shown(arn).trim_end_matches(".Arn").to_owned()))
        .collect()
}

/// Streams and queues report partial batches and have a bounded number of retries.
fn sources(project: &Project) -> Vec<String> {
    let template = &project.template;
    let mut problems = Vec::new();
    let streams = function_events(template, "DynamoDB");
    for (id, name, event) in streams.iter().chain(&function_events(template, "SQS")) {
        if event["FunctionResponseTypes"] != json!(["ReportBatchItemFailures"]) {
            problems.push(format!(
                "{id}'s event {name} does not report partial batches"
            ));
        }
    }
    for (id, name, event) in streams {
        if event["MaximumRetryAttempts"]
            .as_u64()
            .is_none_or(|tries| tries > TRIES_MAX)
        {
            problems.push(format!(
                "{id}'s event {name} has no bound on its retries, 0 to {TRIES_MAX}"
            ));
        }
        if event["BisectBatchOnFunctionError"] != json!(true) {
            problems.push(format!(
                "{id}'s event {name} does not halve a failing batch"
            ));
        }
    }
    problems
}

fn alarms(project: &Project) -> Vec<String> {
    let template = &project.template;
    let has_alarm = |metric: &str, resource: &str| {
        template
            .of_type(ALARM)
            .map(|(_, alarm)| &alarm["Properties"])
            .any(|alarm| {
                alarm["MetricName"] == metric
                    && texts(&alarm["Dimensions"]).contains(&resource)
                    && !list(&alarm["AlarmActions"]).is_empty()
            })
    };
    let dead_letters = template
        .of_type(QUEUE)
        .filter(|(id, _)| is_for_dead_letters(id));
    let dead_letters =
        dead_letters.filter(|(id, _)| !has_alarm("ApproximateNumberOfMessagesVisible", id));
    let dead_letters = dead_letters.map(|(id, _)| format!("{id} has no alarm on its messages"));
    let functions = template
        .of_type(FUNCTION)
        .filter(|(id, _)| !has_alarm("Errors", id));
    let functions = functions.map(|(id, _)| format!("{id} has no alarm on its Errors"));
    let streams = function_events(template, "DynamoDB")
        .into_iter()
        .filter(|(id, ..)| !has_alarm("IteratorAge", id));
    let streams =
        streams.map(|(id, ..)| format!("{id} reads a stream and has no alarm on its IteratorAge"));
    dead_letters.chain(functions).chain(streams).collect()
}

/// The functions that a queue feeds, with their timeouts in seconds.
fn consumers<'a>(template: &'a Template, queue: &str) -> Vec<(&'a str, u64)> {
    let arn = format!("{queue}.Arn");
    let consumers = function_events(template, "SQS")
        .into_iter()
        .filter(|(_, _, event)| event["Queue"] == arn);
    consumers
        .filter_map(|(id, ..)| {
            Some((
                id,
                template
                    .function_property(template.resource(id)?, "Timeout")
                    .as_u64()?,
            ))
        })
        .collect()
}

fn is_for_dead_letters(queue: &str) -> bool {
    queue.ends_with("DeadLetters")
}
