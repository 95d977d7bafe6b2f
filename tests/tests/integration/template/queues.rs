//! Event sources of the functions, queues and the stream: permissions, retries, dead letters.

use serde_json::{Value, json};
use tests::template::{EVENT_SOURCE, FUNCTION, QUEUE, Template, invoked, texts};

use super::{Check, Project, shown};

/// Most attempts at a message before it is a dead letter, so that a poison message is not retried
/// for ever.
const TRIES_MAX: u64 = 10;
/// Greatest age in seconds of a stream record that is retried: a record that always fails blocks
/// its lane for so long.
const RECORD_AGE_SECS_MAX: u64 = 900;
/// A message's visibility timeout as a multiple of its function's timeout, as SQS event sources
/// need it.
const VISIBILITY_TIMES: u64 = 6;
/// Bounds of the number of messages of one queue that are handled at the same time.
const QUEUE_CONCURRENCY_MAX: u64 = 100;

pub(crate) const CHECKS: &[Check] = &[queues, sources, polled, isolated];

/// An event source of a function: a queue or a stream.
struct Source<'a> {
    id: &'a str,
    function: &'a str,
    /// The logical id of the queue or table.
    from: &'a str,
    is_stream: bool,
    properties: &'a Value,
}

fn event_sources(template: &Template) -> Vec<Source<'_>> {
    let sources = template.of_type(EVENT_SOURCE);
    let sources = sources.map(|(id, source)| {
        let properties = &source["Properties"];
        let arns = texts(&properties["EventSourceArn"]);
        let arn = arns.iter().find(|arn| arn.contains('.'));
        let (from, attribute) = arn.and_then(|arn| arn.split_once('.')).unwrap_or_default();
        Source {
            id,
            function: invoked(source),
            from,
            is_stream: attribute == "StreamArn",
            properties,
        }
    });
    sources.collect()
}

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
        // The quota of a FIFO queue counts for each message group only with both settings.
        let quota = [
            ("DeduplicationScope", "messageGroup"),
            ("FifoThroughputLimit", "perMessageGroupId"),
        ];
        if queue["Properties"]["FifoQueue"] == json!(true) {
            let missing = quota
                .iter()
                .filter(|(name, value)| queue["Properties"][name] != *value);
            problems.extend(missing.map(|(name, value)| {
                format!(
                    "{id} has no {name}: {value}, so all its messages share 300 requests a second"
                )
            }));
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

/// The dead-letter queue of each source of work: queues, and streams read by functions. The records
/// of a stream are in a bucket, whose objects a queue names.
fn dead_letter_routes(template: &Template) -> Vec<(String, String)> {
    let without_arn = |arn: &Value| shown(arn).trim_end_matches(".Arn").to_owned();
    let queues = template
        .of_type(QUEUE)
        .filter(|(id, _)| !is_for_dead_letters(id));
    let queues = queues.map(|(id, queue)| {
        let target = &queue["Properties"]["RedrivePolicy"]["deadLetterTargetArn"];
        (id.to_owned(), without_arn(target))
    });
    let streams = event_sources(template)
        .into_iter()
        .filter(|source| source.is_stream);
    let streams = streams.map(|source| {
        let bucket =
            without_arn(&source.properties["DestinationConfig"]["OnFailure"]["Destination"]);
        let queue = queue_of_bucket(template, &bucket).unwrap_or(bucket);
        (source.id.to_owned(), queue)
    });
    queues.chain(streams).collect()
}

/// The queue that gets a message for each object of a bucket.
fn queue_of_bucket(template: &Template, bucket: &str) -> Option<String> {
    let notifies = &template.resource(bucket)?["Properties"]["NotificationConfiguration"]["EventBridgeConfiguration"]
        ["EventBridgeEnabled"];
    let mut rules = template
        .of_type("AWS::Events::Rule")
        .map(|(_, rule)| &rule["Properties"]);
    let rule = rules.find(|rule| texts(&rule["EventPattern"]["detail"]).contains(&bucket))?;
    let queue = rule["Targets"][0]["Arn"].as_str()?.strip_suffix(".Arn")?;
    (*notifies == json!(true)).then(|| queue.to_owned())
}

/// Streams and queues report partial batches and have a bounded number of retries.
fn sources(project: &Project) -> Vec<String> {
    let mut problems = Vec::new();
    for Source {
        id,
        is_stream,
        properties,
        ..
    } in event_sources(&project.template)
    {
        if properties["FunctionResponseTypes"] != json!(["ReportBatchItemFailures"]) {
            problems.push(format!("{id} does not report partial batches"));
        }
        if !is_stream {
            continue;
        }
        let age_secs = properties["MaximumRecordAgeInSeconds"].as_u64();
        if age_secs.is_none_or(|secs| secs > RECORD_AGE_SECS_MAX) {
            problems.push(format!(
                "{id} retries a record with no bound on its age, {RECORD_AGE_SECS_MAX} s at most"
            ));
        }
        if properties["MaximumRetryAttempts"] != json!(-1) {
            problems.push(format!(
                "{id} gives a record up after some attempts, however short the outage is"
            ));
        }
        if properties["BisectBatchOnFunctionError"] != json!(true) {
            problems.push(format!("{id} does not halve a failing batch"));
        }
    }
    problems
}

/// A function may read its event sources.
fn polled(project: &Project) -> Vec<String> {
    let template = &project.template;
    let sources = event_sources(template).into_iter().filter(|source| {
        let (action, attribute) = if source.is_stream {
            ("dynamodb:GetRecords", "StreamArn")
        } else {
            ("sqs:ReceiveMessage", "Arn")
        };
        let arn = format!("{}.{attribute}", source.from);
        let policies = template
            .resource(source.function)
            .map_or(&Value::Null, |function| &function["Properties"]["Policies"]);
        let statements = policies.as_array().into_iter().flatten();
        let mut statements = statements
            .flat_map(|policy| policy["Statement"].as_array())
            .flatten();
        !statements.any(|statement| {
            texts(&statement["Action"]).contains(&action)
                && texts(&statement["Resource"]).contains(&arn.as_str())
        })
    });
    sources
        .map(|source| {
            format!(
                "{} may not read {}, its source {}",
                source.function, source.from, source.id
            )
        })
        .collect()
}

/// A queue whose function waits for other servers cannot use up the account's concurrency.
fn isolated(project: &Project) -> Vec<String> {
    let template = &project.template;
    let unlimited = event_sources(template).into_iter().filter(|source| {
        let limit = &source.properties["ScalingConfig"]["MaximumConcurrency"];
        let default = limit
            .as_str()
            .map(|parameter| template.part(&format!("/Parameters/{parameter}/Default")));
        let limit = default.unwrap_or(limit).as_u64();
        source.function == "Callbacks" && limit.is_none_or(|limit| limit > QUEUE_CONCURRENCY_MAX)
    });
    unlimited
        .map(|source| {
            format!(
                "{} has no MaximumConcurrency up to {QUEUE_CONCURRENCY_MAX}",
                source.id
            )
        })
        .collect()
}

/// The functions that a queue feeds, with their timeouts in seconds.
fn consumers<'a>(template: &'a Template, queue: &str) -> Vec<(&'a str, u64)> {
    let consumers = event_sources(template)
        .into_iter()
        .filter(|source| source.from == queue);
    consumers
        .filter_map(|source| {
            let function = template.resource(source.function)?;
            let timeout = template.function_property(function, "Timeout").as_u64()?;
            Some((source.function, timeout))
        })
        .collect()
}

/// The functions that read a stream.
pub(crate) fn stream_readers(template: &Template) -> Vec<&str> {
    let streams = event_sources(template)
        .into_iter()
        .filter(|source| source.is_stream);
    streams.map(|source| source.function).collect()
}

pub(crate) fn is_for_dead_letters(queue: &str) -> bool {
    queue.ends_with("DeadLetters")
}

/// SAM gives a function with such an event the right to read every queue or stream.
#[test]
fn no_event_source_is_an_event_of_a_function() {
    let template = Project::read().template;
    for kind in ["DynamoDB", "SQS"] {
        let events = super::function_events(&template, kind);
        assert!(events.is_empty(), "{kind}: {events:?}");
    }
    assert!(template.of_type(FUNCTION).next().is_some());
}
