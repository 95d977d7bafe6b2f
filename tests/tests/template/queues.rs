//! What feeds the functions: queues and the stream; where their failures go; who is woken.

use serde_json::json;
use tests::template::{ALARM, FUNCTION, QUEUE, Template, list, texts};

use crate::{Check, Project, function_events, shown};

/// Most tries a stream record or a message gets before it is a dead letter; a poisoned one must not come for ever.
const TRIES_MAX: u64 = 10;
/// How much longer than its function's time limit a message stays hidden, as SQS event sources want it.
const VISIBILITY_TIMES: u64 = 6;

pub(crate) const CHECKS: &[Check] = &[queues, sources, alarms];

/// Every queue of work has a bound on its tries, a dead-letter queue of its own, and hides messages long enough.
fn queues(project: &Project) -> Vec<String> {
    let template = &project.template;
    let mut told = Vec::new();
    for (id, queue) in template
        .of_type(QUEUE)
        .filter(|(id, _)| !is_for_dead_letters(id))
    {
        let redrive = &queue["Properties"]["RedrivePolicy"];
        let tries = redrive["maxReceiveCount"].as_u64().unwrap_or(0);
        if !(1..=TRIES_MAX).contains(&tries) {
            told.push(format!(
                "{id} tries {tries} times, which is not 1 to {TRIES_MAX}"
            ));
        }
        let hidden_secs = queue["Properties"]["VisibilityTimeout"]
            .as_u64()
            .unwrap_or(30);
        for (function, limit_secs) in consumers(template, id) {
            if hidden_secs < limit_secs * VISIBILITY_TIMES {
                told.push(format!("{id} hides a message for {hidden_secs} s, less than {VISIBILITY_TIMES} times the {limit_secs} s of {function}"));
            }
        }
    }
    let sources: Vec<(String, String)> = dead_letter_routes(template);
    for (source, queue) in &sources {
        if !is_for_dead_letters(queue) || template.resource(queue).is_none() {
            told.push(format!(
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
            told.push(format!("{id} takes the dead letters of {count} sources; one each tells where they come from"));
        }
    }
    told
}

/// Where each source of work sends what it cannot handle: queues, and streams read by functions.
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

/// Streams and queues: partial batches, bounded tries.
fn sources(project: &Project) -> Vec<String> {
    let template = &project.template;
    let mut told = Vec::new();
    let streams = function_events(template, "DynamoDB");
    for (id, name, event) in streams.iter().chain(&function_events(template, "SQS")) {
        if event["FunctionResponseTypes"] != json!(["ReportBatchItemFailures"]) {
            told.push(format!(
                "{id}'s event {name} does not report partial batches"
            ));
        }
    }
    for (id, name, event) in streams {
        if event["MaximumRetryAttempts"]
            .as_u64()
            .is_none_or(|tries| tries > TRIES_MAX)
        {
            told.push(format!(
                "{id}'s event {name} has no bound on its retries, 0 to {TRIES_MAX}"
            ));
        }
        if event["BisectBatchOnFunctionError"] != json!(true) {
            told.push(format!(
                "{id}'s event {name} does not halve a failing batch"
            ));
        }
    }
    told
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

/// The functions a queue feeds, with their time limits in seconds.
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
