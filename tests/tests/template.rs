//! `template.yaml`, the folders under `functions/`, their code and the files under `events/` tell one story.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on says so by panicking")]

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use shared::webhook::path;
use store::keys;
use tests::project::{self, Event, Function};
use tests::settings;
use tests::template::{ALARM, FUNCTION, QUEUE, Template, list, logical_id, texts};

/// Events a function has at least: one that goes well, one that does not.
const EVENTS_PER_FUNCTION_MIN: usize = 2;
/// Most tries a stream record or a message gets before it is a dead letter; a poisoned one must not come for ever.
const TRIES_MAX: u64 = 10;
/// How much longer than its function's time limit a message stays hidden, as SQS event sources want it.
const VISIBILITY_TIMES: u64 = 6;
/// The fictitious numbers that may stand in a sample: +1 707 555 01xx.
const SAMPLE_NUMBERS: &str = "+170755501";

/// What is read only where there is no cloud: the auth token itself, which the cloud keeps in Parameter Store, another
/// address of the carrier's API, and the switch that turns the check of signatures off.
const NOT_FOR_THE_CLOUD: [&str; 3] = ["AUTH_TOKEN", "CARRIER_URL", "VERIFY_SIGNATURES"];

/// Everything the checks look at.
struct Project {
    template: Template,
    functions: BTreeMap<String, Function>,
    events: Vec<Event>,
    /// The code of the crate that talks to the table.
    store: String,
    /// The code of the crate all functions are built on.
    runtime: String,
    /// The addresses the carrier is given.
    paths: Vec<String>,
}

impl Project {
    fn read() -> Self {
        Self::with_template(&project::read("template.yaml"))
    }

    fn with_template(text: &str) -> Self {
        let template = Template::parse(text).unwrap_or_else(|error| panic!("template.yaml: {error}"));
        let [store, runtime] = ["store/src", "runtime/src"].map(project::rust_code);
        let paths = paths(&project::read("shared/src/webhook/path.rs"));
        Self { template, functions: project::functions(), events: project::events(), store, runtime, paths }
    }

    /// Every disagreement, one sentence each.
    fn disagreements(&self) -> Vec<String> {
        [
            folders_and_resources,
            builds,
            environments,
            permissions,
            unused_permissions,
            routes,
            queues,
            sources,
            alarms,
            table,
            events,
        ]
        .into_iter()
        .flat_map(|check| check(self))
        .collect()
    }

    /// Each function that has both a folder and a resource: folder name, logical id, resource.
    fn pairs(&self) -> impl Iterator<Item = (&str, String, &Value)> {
        self.functions.keys().filter_map(|folder| {
            let id = logical_id(folder);
            self.template.resource(&id).map(|resource| (folder.as_str(), id, resource))
        })
    }
}

#[test]
fn template_agrees_with_folders() {
    let disagreements = Project::read().disagreements();
    assert!(disagreements.is_empty(), "{}", disagreements.join("\n"));
}

/// Each row breaks the template in one place; the sentence must be among those that come out.
#[test]
fn a_disagreement_is_told_in_a_sentence() {
    let rows = [
        ("  WaitMusic:\n", "  WaitMusik:\n", "functions/wait-music has no resource WaitMusic"),
        ("  WaitMusic:\n", "  WaitMusik:\n", "WaitMusik: there is no folder for it under functions/"),
        ("Binary: wait-music", "Binary: incoming-call", "WaitMusic builds the binary incoming-call, not wait-music"),
        ("Runtime: provided.al2023", "Runtime: provided.al2", "Routing runs on provided.al2, not on provided.al2023"),
        ("Architectures: [!Ref Architecture]", "Architectures: [arm64]", "Routing has its architecture fixed"),
        (
            "        TABLE_NAME: !Ref Table\n",
            "        TABLE: !Ref Table\n",
            "functions/routing reads TABLE_NAME, and Routing does not set it",
        ),
        (
            "        TABLE_NAME: !Ref Table\n",
            "        TABLE: !Ref Table\n",
            "Routing sets TABLE, and functions/routing does not read it",
        ),
        ("- dynamodb:Query", "- dynamodb:Scan", "Routing may dynamodb:Scan"),
        ("- dynamodb:Query", "- dynamodb:*", "Routing may dynamodb:*"),
        ("dynamodb:PutItem", "dynamodb:BatchWriteItem", "dynamodb:BatchWriteItem is allowed, and store never does it"),
        ("Action: ssm:GetParameter", "Action: '*'", "ReadAuthToken may *"),
        ("maxReceiveCount: 3", "maxReceiveCount: 30", "CallbacksQueue tries 30 times, which is not 1 to 10"),
        ("VisibilityTimeout: 270", "VisibilityTimeout: 72", "CallbacksQueue hides a message for 72 s"),
        (
            "!GetAtt TimersQueueDeadLetters.Arn",
            "!GetAtt CallbacksQueueDeadLetters.Arn",
            "CallbacksQueueDeadLetters takes the dead letters of 2 sources",
        ),
        (
            "[Changes, TimersQueue, CallbacksQueue]",
            "[Changes, TimersQueue]",
            "CallbacksQueue has no dead-letter queue of its own",
        ),
        (
            "Path: /wait-music/music.wav",
            "Path: /wait-music/music.mp3",
            "GET /wait-music/music.wav does not lead to WaitMusic",
        ),
        (
            "Method: POST, Path: /assignment",
            "Method: GET, Path: /assignment",
            "POST /assignment does not lead to Assignment",
        ),
        ("ApproximateNumberOfMessagesVisible", "NumberOfMessagesSent", "ChangesDeadLetters has no alarm"),
        (
            "WorkerCall, QueueExit, Routing, Callbacks, Api]",
            "WorkerCall, QueueExit, Routing, Callbacks]",
            "Api has no alarm on its Errors",
        ),
        (
            "MetricName: IteratorAge",
            "MetricName: Duration",
            "Routing reads a stream and has no alarm on its IteratorAge",
        ),
        ("            MaximumRetryAttempts: 5\n", "", "Routing's event Changes has no bound on its retries"),
        (
            "            FunctionResponseTypes: [ReportBatchItemFailures]\n            MaximumRetry",
            "            MaximumRetry",
            "Routing's event Changes does not report partial batches",
        ),
        (
            "BisectBatchOnFunctionError: true",
            "BisectBatchOnFunctionError: false",
            "Routing's event Changes does not halve a failing batch",
        ),
        ("StreamViewType: NEW_AND_OLD_IMAGES", "StreamViewType: KEYS_ONLY", "the table's stream carries KEYS_ONLY"),
        ("AttributeName: board_sk, KeyType: RANGE", "AttributeName: board_pk, KeyType: RANGE", "the table's indexes"),
        ("AttributeName: pk, KeyType: HASH", "AttributeName: id, KeyType: HASH", "the table's key"),
        ("ProjectionType: KEYS_ONLY", "ProjectionType: ALL", "the table's indexes"),
        ("AttributeName: ttl", "AttributeName: expires", "the table cleans up by"),
        ("UpdateReplacePolicy: Retain", "UpdateReplacePolicy: Delete", "the table is not retained"),
    ];
    let text = project::read("template.yaml");
    for (find, replace, sentence) in rows {
        assert!(text.contains(find), "template.yaml has no {find:?} to break");
        let told = Project::with_template(&text.replace(find, replace)).disagreements();
        assert!(
            told.iter().any(|told| told.contains(sentence)),
            "{replace:?} for {find:?} should tell {sentence:?}, told {told:#?}"
        );
    }
}

fn folders_and_resources(project: &Project) -> Vec<String> {
    let missing = project.functions.keys().filter(|folder| project.template.resource(&logical_id(folder)).is_none());
    let missing = missing.map(|folder| format!("functions/{folder} has no resource {}", logical_id(folder)));
    let wanted: BTreeSet<String> = project.functions.keys().map(|folder| logical_id(folder)).collect();
    let surplus = project.template.of_type(FUNCTION).filter(|(id, _)| !wanted.contains(*id));
    let surplus = surplus.map(|(id, _)| format!("{id}: there is no folder for it under functions/"));
    missing.chain(surplus).collect()
}

fn builds(project: &Project) -> Vec<String> {
    let template = &project.template;
    let mut told = Vec::new();
    for (folder, id, function) in project.pairs() {
        let mut expect = |found: &Value, expected: Value, sentence: String| {
            if *found != expected {
                told.push(sentence);
            }
        };
        let metadata = &function["Metadata"];
        let binary = &metadata["BuildProperties"]["Binary"];
        let runtime = template.function_property(function, "Runtime");
        let handler = template.function_property(function, "Handler");
        expect(&metadata["BuildMethod"], json!("rust-cargolambda"), format!("{id} is not built by rust-cargolambda"));
        expect(binary, json!(folder), format!("{id} builds the binary {}, not {folder}", shown(binary)));
        expect(runtime, json!("provided.al2023"), format!("{id} runs on {}, not on provided.al2023", shown(runtime)));
        expect(handler, json!("bootstrap"), format!("{id} has the handler {}, not bootstrap", shown(handler)));
        expect(
            template.function_property(function, "Architectures"),
            json!(["Architecture"]),
            format!("{id} has its architecture fixed; it should be !Ref Architecture"),
        );
    }
    expect_default(template, "Architecture", "x86_64", &mut told);
    told
}

fn expect_default(template: &Template, parameter: &str, default: &str, told: &mut Vec<String>) {
    let found = template.part(&format!("/Parameters/{parameter}/Default"));
    if *found != json!(default) {
        told.push(format!("the parameter {parameter} defaults to {}, not to {default}", shown(found)));
    }
}

/// Every variable a function reads is set, and none is set that it does not read.
fn environments(project: &Project) -> Vec<String> {
    let mut told = Vec::new();
    for (folder, id, resource) in project.pairs() {
        let read = settings::read_by(&project.functions[folder].code, &project.runtime);
        let is_ours = |name: &&String| !name.starts_with("AWS_") && !NOT_FOR_THE_CLOUD.contains(&name.as_str());
        let read: BTreeSet<String> = read.iter().filter(is_ours).cloned().collect();
        let set: BTreeSet<String> = project.template.environment(resource).into_keys().collect();
        told.extend(
            read.difference(&set).map(|name| format!("functions/{folder} reads {name}, and {id} does not set it")),
        );
        told.extend(
            set.difference(&read).map(|name| format!("{id} sets {name}, and functions/{folder} does not read it")),
        );
    }
    told
}

/// No `Scan`, nothing on everything: of each statement, in functions and in policies of their own.
fn permissions(project: &Project) -> Vec<String> {
    let functions = project.template.of_type(FUNCTION).flat_map(|(id, function)| {
        list(&function["Properties"]["Policies"]).into_iter().map(move |policy| (id, &policy["Statement"]))
    });
    let policies = project.template.of_type("AWS::IAM::ManagedPolicy");
    let policies = policies.map(|(id, policy)| (id, &policy["Properties"]["PolicyDocument"]["Statement"]));
    let mut told = Vec::new();
    for (id, statement) in
        functions.chain(policies).flat_map(|(id, statements)| list(statements).into_iter().map(move |one| (id, one)))
    {
        let actions = texts(&statement["Action"]).into_iter();
        let actions = actions.filter(|action| action.contains('*') || *action == "dynamodb:Scan");
        told.extend(actions.map(|action| format!("{id} may {action}, which is more than any function needs")));
        let resources = texts(&statement["Resource"]).into_iter().filter(|resource| resource.contains('*'));
        told.extend(resources.map(|resource| format!("{id} may act on {resource}; name the one resource")));
    }
    told
}

/// A permission on the table that no code of `store` could use is one too many.
fn unused_permissions(project: &Project) -> Vec<String> {
    let granted: BTreeSet<&str> = project
        .template
        .of_type(FUNCTION)
        .flat_map(|(_, function)| texts(&function["Properties"]["Policies"]))
        .collect();
    let granted = granted.into_iter().filter_map(|action| action.strip_prefix("dynamodb:"));
    let unused = granted.filter(|action| {
        !project.store.contains(&format!(".{}()", snake_case(action)))
            && !project.store.contains(&format!("{}::builder()", action.trim_end_matches("Item")))
    });
    unused.map(|action| format!("dynamodb:{action} is allowed, and store never does it")).collect()
}

/// Every address we give to the carrier leads to the function of that name, by the methods the carrier may use.
fn routes(project: &Project) -> Vec<String> {
    let routes = function_events(&project.template, "HttpApi");
    let leads = |function: &str, method: &str, path: &str| {
        routes.iter().any(|(id, _, route)| {
            let folder = route["Path"].as_str().and_then(|route| route.strip_suffix("{proxy+}"));
            let fits = folder.map_or_else(|| route["Path"] == path, |folder| path.starts_with(folder));
            *id == function && fits && (route["Method"] == method || route["Method"] == "ANY")
        })
    };
    let mut told = Vec::new();
    for path in &project.paths {
        let methods = match path.as_str() {
            path::ASSIGNMENT => ["POST"].as_slice(),
            path::MUSIC => &["GET"],
            _ => &["GET", "POST"],
        };
        let function = logical_id(path.split('/').nth(1).unwrap_or_default());
        let astray = methods.iter().filter(|method| !leads(&function, method, path));
        told.extend(astray.map(|method| format!("{method} {path} does not lead to {function}")));
    }
    told
}

/// The paths in `shared::webhook::path`.
fn paths(code: &str) -> Vec<String> {
    let paths: Vec<String> = code
        .lines()
        .filter_map(|line| line.strip_prefix("pub const ")?.split_once(": &str = \"/")?.1.strip_suffix("\";"))
        .map(|path| format!("/{path}"))
        .collect();
    assert!(paths.iter().any(|found| found == path::WORKER_CALL_ENDED), "paths are written in another way now");
    paths
}

/// Every queue of work has a bound on its tries, a dead-letter queue of its own, and hides messages long enough.
fn queues(project: &Project) -> Vec<String> {
    let template = &project.template;
    let mut told = Vec::new();
    for (id, queue) in template.of_type(QUEUE).filter(|(id, _)| !is_for_dead_letters(id)) {
        let redrive = &queue["Properties"]["RedrivePolicy"];
        let tries = redrive["maxReceiveCount"].as_u64().unwrap_or(0);
        if !(1..=TRIES_MAX).contains(&tries) {
            told.push(format!("{id} tries {tries} times, which is not 1 to {TRIES_MAX}"));
        }
        let hidden_secs = queue["Properties"]["VisibilityTimeout"].as_u64().unwrap_or(30);
        for (function, limit_secs) in consumers(template, id) {
            if hidden_secs < limit_secs * VISIBILITY_TIMES {
                told.push(format!("{id} hides a message for {hidden_secs} s, less than {VISIBILITY_TIMES} times the {limit_secs} s of {function}"));
            }
        }
    }
    let sources: Vec<(String, String)> = dead_letter_routes(template);
    for (source, queue) in &sources {
        if !is_for_dead_letters(queue) || template.resource(queue).is_none() {
            told.push(format!("{source} has no dead-letter queue of its own, but {queue:?}"));
        }
    }
    for (id, _) in template.of_type(QUEUE).filter(|(id, _)| is_for_dead_letters(id)) {
        let count = sources.iter().filter(|(_, queue)| queue == id).count();
        if count != 1 {
            told.push(format!("{id} takes the dead letters of {count} sources; one each tells where they come from"));
        }
    }
    told
}

/// Where each source of work sends what it cannot handle: queues, and streams read by functions.
fn dead_letter_routes(template: &Template) -> Vec<(String, String)> {
    let queues = template.of_type(QUEUE).filter(|(id, _)| !is_for_dead_letters(id));
    let queues =
        queues.map(|(id, queue)| (id.to_owned(), &queue["Properties"]["RedrivePolicy"]["deadLetterTargetArn"]));
    let streams = function_events(template, "DynamoDB");
    let streams = streams.into_iter().map(|(id, name, event)| {
        (format!("{id}'s event {name}"), &event["DestinationConfig"]["OnFailure"]["Destination"])
    });
    queues.chain(streams).map(|(source, arn)| (source, shown(arn).trim_end_matches(".Arn").to_owned())).collect()
}

/// Streams and queues: partial batches, bounded tries.
fn sources(project: &Project) -> Vec<String> {
    let template = &project.template;
    let mut told = Vec::new();
    let streams = function_events(template, "DynamoDB");
    for (id, name, event) in streams.iter().chain(&function_events(template, "SQS")) {
        if event["FunctionResponseTypes"] != json!(["ReportBatchItemFailures"]) {
            told.push(format!("{id}'s event {name} does not report partial batches"));
        }
    }
    for (id, name, event) in streams {
        if !event["MaximumRetryAttempts"].as_u64().is_some_and(|tries| tries <= TRIES_MAX) {
            told.push(format!("{id}'s event {name} has no bound on its retries, 0 to {TRIES_MAX}"));
        }
        if event["BisectBatchOnFunctionError"] != json!(true) {
            told.push(format!("{id}'s event {name} does not halve a failing batch"));
        }
    }
    told
}

fn alarms(project: &Project) -> Vec<String> {
    let template = &project.template;
    let has_alarm = |metric: &str, resource: &str| {
        template.of_type(ALARM).map(|(_, alarm)| &alarm["Properties"]).any(|alarm| {
            alarm["MetricName"] == metric
                && texts(&alarm["Dimensions"]).contains(&resource)
                && !list(&alarm["AlarmActions"]).is_empty()
        })
    };
    let dead_letters = template.of_type(QUEUE).filter(|(id, _)| is_for_dead_letters(id));
    let dead_letters = dead_letters.filter(|(id, _)| !has_alarm("ApproximateNumberOfMessagesVisible", id));
    let dead_letters = dead_letters.map(|(id, _)| format!("{id} has no alarm on its messages"));
    let functions = template.of_type(FUNCTION).filter(|(id, _)| !has_alarm("Errors", id));
    let functions = functions.map(|(id, _)| format!("{id} has no alarm on its Errors"));
    let streams = function_events(template, "DynamoDB").into_iter().filter(|(id, ..)| !has_alarm("IteratorAge", id));
    let streams = streams.map(|(id, ..)| format!("{id} reads a stream and has no alarm on its IteratorAge"));
    dead_letters.chain(functions).chain(streams).collect()
}

fn table(project: &Project) -> Vec<String> {
    let table = project.template.resource("Table").unwrap_or(&Value::Null);
    let properties = &table["Properties"];
    let mut told = Vec::new();
    let mut expect = |found: &Value, expected: Value, sentence: &str| {
        if *found != expected {
            told.push(format!("{sentence}: {} instead of {}", shown(found), shown(&expected)));
        }
    };
    expect(&table["DeletionPolicy"], json!("Retain"), "the table is not retained when the stack goes");
    expect(&table["UpdateReplacePolicy"], json!("Retain"), "the table is not retained when it is replaced");
    expect(&properties["BillingMode"], json!("PAY_PER_REQUEST"), "the table is not billed on demand");
    let view = &properties["StreamSpecification"]["StreamViewType"];
    expect(view, json!("NEW_AND_OLD_IMAGES"), &format!("the table's stream carries {}", shown(view)));
    expect(&properties["KeySchema"], key_schema(keys::PK, keys::SK), "the table's key is not the one of store::keys");
    let indexes = json!([
        index(keys::BOARD, keys::BOARD_PK, keys::BOARD_SK, "ALL"),
        index(keys::LISTING, keys::LISTING_PK, keys::LISTING_SK, "KEYS_ONLY"),
    ]);
    expect(&properties["GlobalSecondaryIndexes"], indexes, "the table's indexes are not those of store::keys");
    expect(
        &properties["TimeToLiveSpecification"]["AttributeName"],
        json!(keys::TTL),
        "the table cleans up by another attribute than store::keys",
    );
    expect(&properties["TimeToLiveSpecification"]["Enabled"], json!(true), "the table's old items are never deleted");
    let recovery = &properties["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"];
    expect(recovery, json!(true), "the table cannot be brought back to an earlier moment");
    told
}

fn key_schema(hash: &str, range: &str) -> Value {
    json!([{"AttributeName": hash, "KeyType": "HASH"}, {"AttributeName": range, "KeyType": "RANGE"}])
}

fn index(name: &str, hash: &str, range: &str, projection: &str) -> Value {
    json!({"IndexName": name, "KeySchema": key_schema(hash, range), "Projection": {"ProjectionType": projection}})
}

fn events(project: &Project) -> Vec<String> {
    let mut told = Vec::new();
    for event in &project.events {
        let name = &event.name;
        if !project.functions.contains_key(event.function()) || name.split('.').count() != 2 {
            told.push(format!(
                "events/{name}.json is not named <function>.<situation>.json after a folder of functions/"
            ));
        }
        match &event.payload {
            Err(error) => told.push(format!("events/{name}.json: {error}")),
            Ok(payload) => told.extend(real_numbers(&payload.to_string()).map(|number| {
                format!("events/{name}.json has the phone number {number}; samples use {SAMPLE_NUMBERS}xx")
            })),
        }
    }
    for folder in project.functions.keys() {
        let count = project.events.iter().filter(|event| event.function() == folder).count();
        if count < EVENTS_PER_FUNCTION_MIN {
            told.push(format!("functions/{folder} has {count} files in events/, fewer than {EVENTS_PER_FUNCTION_MIN}"));
        }
    }
    told
}

/// Phone numbers in a text, as they are or percent-encoded, that are not fictitious.
fn real_numbers(text: &str) -> impl Iterator<Item = String> {
    let text = text.replace("%2B", "+");
    let numbers: Vec<String> = text
        .split('+')
        .skip(1)
        .map(|rest| rest.chars().take_while(char::is_ascii_digit).collect::<String>())
        .filter(|digits| digits.len() > 7 && !format!("+{digits}").starts_with(SAMPLE_NUMBERS))
        .collect();
    numbers.into_iter()
}

/// The functions a queue feeds, with their time limits in seconds.
fn consumers<'a>(template: &'a Template, queue: &str) -> Vec<(&'a str, u64)> {
    let arn = format!("{queue}.Arn");
    let consumers = function_events(template, "SQS").into_iter().filter(|(_, _, event)| event["Queue"] == arn);
    consumers
        .filter_map(|(id, ..)| Some((id, template.function_property(template.resource(id)?, "Timeout").as_u64()?)))
        .collect()
}

/// Event sources of one type: the function's logical id, the event's name, its properties.
fn function_events<'a>(template: &'a Template, kind: &str) -> Vec<(&'a str, &'a str, &'a Value)> {
    let functions = template.of_type(FUNCTION);
    let events = functions.flat_map(|(id, function)| {
        let events = function["Properties"]["Events"].as_object().into_iter().flatten();
        events.map(move |(name, event)| (id, name.as_str(), event))
    });
    events
        .filter(|(_, _, event)| event["Type"] == kind)
        .map(|(id, name, event)| (id, name, &event["Properties"]))
        .collect()
}

fn is_for_dead_letters(queue: &str) -> bool {
    queue.ends_with("DeadLetters")
}

/// A value as a person reads it: text without quotes, `nothing` where there is none.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

/// `put_item` for `PutItem`.
fn snake_case(name: &str) -> String {
    let words =
        name.chars().flat_map(|letter| letter.is_uppercase().then_some('_').into_iter().chain(letter.to_lowercase()));
    words.skip(1).collect()
}
