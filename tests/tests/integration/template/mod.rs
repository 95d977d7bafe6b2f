//! `template.yaml`, the folders under `functions/`, their code and the files under `events/` agree.

mod alarms;
mod functions;
mod queues;
mod table_and_events;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use tests::project::{self, Event, Function};
use tests::settings;
use tests::template::{FUNCTION, Template, logical_id};

/// Functions with the program of another one, so that they cannot hold it up: logical id, folder.
const SHARED: [(&str, &str); 3] = [
    ("Sweep", "routing"),
    ("Statistics", "routing"),
    ("EventStreams", "console"),
];

/// Checks one aspect of the project; every disagreement is one sentence.
type Check = fn(&Project) -> Vec<String>;

/// The input of the checks.
struct Project {
    template: Template,
    functions: BTreeMap<String, Function>,
    events: Vec<Event>,
    /// The code of the crate that talks to the table.
    store: String,
    /// The code of the crate that all functions use.
    runtime: String,
    /// The environment variables that each function reads.
    variables: BTreeMap<String, BTreeSet<String>>,
    /// The paths that the carrier is given.
    paths: Vec<String>,
}

impl Project {
    fn read() -> Self {
        let template = parsed(&project::read("template.yaml"));
        let [store, runtime] = ["crates/store/src", "crates/runtime/src"].map(project::rust_code);
        let paths = functions::paths(&project::read("shared/src/webhook/path.rs"));
        let functions = project::functions();
        let read = |(folder, function): (&String, &Function)| {
            (folder.clone(), settings::read_by(&function.code, &runtime))
        };
        Self {
            template,
            variables: functions.iter().map(read).collect(),
            functions,
            events: project::events(),
            store,
            runtime,
            paths,
        }
    }

    /// Every disagreement, one sentence each.
    fn disagreements(&self) -> Vec<String> {
        let checks = [
            alarms::CHECKS,
            functions::CHECKS,
            queues::CHECKS,
            table_and_events::CHECKS,
        ];
        checks
            .into_iter()
            .flatten()
            .flat_map(|check| check(self))
            .collect()
    }

    /// Each function that has both a folder and a resource: folder name, logical id, resource.
    fn pairs(&self) -> impl Iterator<Item = (&str, String, &Value)> {
        let own = self
            .functions
            .keys()
            .map(|folder| (folder.as_str(), logical_id(folder)));
        let shared = SHARED.map(|(id, folder)| (folder, id.to_owned()));
        own.chain(shared).filter_map(|(folder, id)| {
            let resource = self.template.resource(&id)?;
            Some((folder, id, resource))
        })
    }
}

#[test]
fn template_agrees_with_the_project() {
    let disagreements = Project::read().disagreements();
    assert!(disagreements.is_empty(), "{}", disagreements.join("\n"));
}

/// Each row breaks the template in one place; the sentence has to be among the disagreements.
#[test]
fn each_disagreement_is_reported() {
    let rows = [
        (
            "  WaitMusic:\n",
            "  WaitMusik:\n",
            "functions/wait-music has no resource WaitMusic",
        ),
        (
            "  WaitMusic:\n",
            "  WaitMusik:\n",
            "WaitMusik: there is no folder for it under functions/",
        ),
        (
            "Binary: wait-music",
            "Binary: incoming-call",
            "WaitMusic builds the binary incoming-call, not wait-music",
        ),
        (
            "Method: GET, Path: /console/changes",
            "Method: GET, Path: /console/change",
            "GET /console/changes does not lead to EventStreams",
        ),
        (
            "Path: \"/v1/Workspaces/{WorkspaceSid}/EventStream\"",
            "Path: \"/v1/Workspaces/{WorkspaceSid}/EventStreams\"",
            "GET /v1/Workspaces/{WorkspaceSid}/EventStream does not lead to EventStreams",
        ),
        (
            "GET /console/changes:",
            "GET /console/change:",
            "the polls of pages have no rate of their own",
        ),
        (
            "Runtime: provided.al2023",
            "Runtime: provided.al2",
            "Routing runs on provided.al2, not on provided.al2023",
        ),
        (
            "Architectures: [!Ref Architecture]",
            "Architectures: [arm64]",
            "Routing has its architecture fixed",
        ),
        (
            "AutoPublishAlias: live",
            "AutoPublishAlias: current",
            "Routing publishes no version for the alias live, but for current",
        ),
        (
            "FunctionName: !Ref Callbacks.Alias",
            "FunctionName: !Ref Callbacks",
            "CallbacksEvents invokes Callbacks and not its alias",
        ),
        (
            "[!Ref ApiErrorsAlarm,",
            "[!Ref ServerErrorsAlarm,",
            "Api is moved back by",
        ),
        (
            "Type: !Ref DeploymentType",
            "Type: AllAtOnce",
            "the deployments do not follow the parameter DeploymentType",
        ),
        (
            "Canary10Percent5Minutes: { InSteps: \"true\" }",
            "Canary10Percent5Minutes: { InSteps: \"false\" }",
            "DeploymentTypes is wrong about Canary10Percent5Minutes",
        ),
        (
            "        TABLE_NAME: !Ref TableName\n",
            "        TABLE: !Ref TableName\n",
            "functions/routing reads TABLE_NAME, and Routing does not set it",
        ),
        (
            "        TABLE_NAME: !Ref TableName\n",
            "        TABLE: !Ref TableName\n",
            "Routing sets TABLE, and functions/routing does not read it",
        ),
        (
            "- dynamodb:Query",
            "- dynamodb:Scan",
            "Routing may dynamodb:Scan",
        ),
        ("- dynamodb:Query", "- dynamodb:*", "Routing may dynamodb:*"),
        (
            "dynamodb:PutItem",
            "dynamodb:BatchWriteItem",
            "dynamodb:BatchWriteItem is allowed, and store never does it",
        ),
        (
            "Action: ssm:GetParameter",
            "Action: '*'",
            "ReadAuthToken may *",
        ),
        (
            "maxReceiveCount: 7",
            "maxReceiveCount: 30",
            "CallbacksQueue tries 30 times, which is not 1 to 10",
        ),
        (
            "VisibilityTimeout: 360",
            "VisibilityTimeout: 72",
            "CallbacksQueue hides a message for 72 s",
        ),
        (
            "!GetAtt TimersQueueDeadLetters.Arn",
            "!GetAtt CallbacksQueueDeadLetters.Arn",
            "CallbacksQueueDeadLetters takes the dead letters of 2 sources",
        ),
        (
            "[Changes, TimersQueue, CallbacksQueue, ChecksQueue]",
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
        (
            "ApproximateNumberOfMessagesVisible",
            "NumberOfMessagesSent",
            "ChangesDeadLetters has no alarm",
        ),
        (
            "WorkerCall, QueueExit, Routing, Callbacks, Api, Console, EventStreams,",
            "WorkerCall, QueueExit, Routing, Callbacks, Console, EventStreams,",
            "Api has no alarm on its Errors",
        ),
        (
            "MetricName: Throttles",
            "MetricName: Invocations",
            "Statistics has no alarm on its Throttles",
        ),
        (
            "[Routing, Callbacks]",
            "[Routing]",
            "Callbacks has no alarm on its Duration",
        ),
        (
            "[Sweep, Statistics]",
            "[Statistics]",
            "Sweep has no alarm on its Duration",
        ),
        (
            "MetricName: ApproximateAgeOfOldestMessage",
            "MetricName: NumberOfMessagesSent",
            "EventsQueue has no alarm on its ApproximateAgeOfOldestMessage",
        ),
        (
            "MetricName: 5xx",
            "MetricName: Latency",
            "HttpApi has no alarm on its 5xx",
        ),
        (
            "AlarmActions: [!Ref AlarmTopic]",
            "AlarmActions: []",
            "RefusedWebhooksAlarm has no action",
        ),
        (
            "operate.md#routing-is-behind",
            "operate.md#routing",
            "RoutingIteratorAgeAlarm names no section of docs/guide/operate.md",
        ),
        (
            "operate.md#routing-is-behind",
            "operate.md#logs",
            "RoutingIteratorAgeAlarm: its section has no **Do:**",
        ),
        (
            "$.fields.message = \"request refused\"",
            "$.fields.message = \"refused\"",
            "RefusedWebhooks looks for \"refused\", which is not logged",
        ),
        (
            "MetricName: ErrorLines\n      Statistic",
            "MetricName: Errors\n      Statistic",
            "ErrorLines has no alarm on its ErrorLines",
        ),
        (
            "\"${Console}\"",
            "\"${Api}\"",
            "the dashboard does not show ${Console}",
        ),
        (
            "${TimersQueueDeadLetters.QueueName}",
            "${TimersQueue.QueueName}",
            "the dashboard does not show ${TimersQueueDeadLetters.QueueName}",
        ),
        (
            "\"TimeToRing\"",
            "\"TimeToRinging\"",
            "the dashboard does not show TimeToRing",
        ),
        ("        ]}\n", "        ]\n", "the dashboard is no JSON"),
        (
            "      Endpoint: !Ref AlarmEmail\n",
            "",
            "AlarmEmail is not subscribed",
        ),
        (
            "FifoThroughputLimit: perMessageGroupId",
            "FifoThroughputLimit: perQueue",
            "EventsQueue has no FifoThroughputLimit: perMessageGroupId",
        ),
        (
            "DeduplicationScope: messageGroup",
            "DeduplicationScope: queue",
            "EventsQueue has no DeduplicationScope: messageGroup",
        ),
        (
            "!If [ReservesConsole, !Ref ConsoleReservedConcurrency, !Ref AWS::NoValue]",
            "10",
            "Console has no parameter for its concurrency",
        ),
        (
            "MaximumConcurrency: !Ref CallbacksMaximumConcurrency",
            "MaximumConcurrency: 1000",
            "CallbacksWanted has no MaximumConcurrency up to 100",
        ),
        (
            "- sqs:ReceiveMessage",
            "- sqs:PurgeQueue",
            "Callbacks may not read EventsQueue, its source CallbacksEvents",
        ),
        (
            "Arn: !GetAtt ChangesDeadLetters.Arn\n          InputPath",
            "Arn: !GetAtt TimersQueue.Arn\n          InputPath",
            "RoutingChanges has no dead-letter queue of its own",
        ),
        (
            "EventBridgeEnabled: true",
            "EventBridgeEnabled: false",
            "RoutingChanges has no dead-letter queue of its own",
        ),
        (
            "MetricName: IteratorAge",
            "MetricName: Duration",
            "Routing has no alarm on its IteratorAge",
        ),
        (
            "      MaximumRecordAgeInSeconds: 900\n",
            "",
            "RoutingChanges retries a record with no bound on its age",
        ),
        (
            "MaximumRetryAttempts: -1",
            "MaximumRetryAttempts: 5",
            "RoutingChanges gives a record up after some attempts",
        ),
        (
            "FunctionResponseTypes: [ReportBatchItemFailures]",
            "FunctionResponseTypes: []",
            "RoutingChanges does not report partial batches",
        ),
        (
            "BisectBatchOnFunctionError: true",
            "BisectBatchOnFunctionError: false",
            "RoutingChanges does not halve a failing batch",
        ),
        (
            "StreamViewType: NEW_AND_OLD_IMAGES",
            "StreamViewType: KEYS_ONLY",
            "the table's stream carries KEYS_ONLY",
        ),
        (
            "AttributeName: board_sk, KeyType: RANGE",
            "AttributeName: board_pk, KeyType: RANGE",
            "the table's indexes",
        ),
        (
            "AttributeName: pk, KeyType: HASH",
            "AttributeName: id, KeyType: HASH",
            "the table's key",
        ),
        (
            "ProjectionType: KEYS_ONLY",
            "ProjectionType: ALL",
            "the table's indexes",
        ),
        (
            "AttributeName: ttl",
            "AttributeName: expires",
            "the table cleans up by",
        ),
        (
            "UpdateReplacePolicy: Retain",
            "UpdateReplacePolicy: Delete",
            "the table is not retained",
        ),
        (
            "DeletionProtectionEnabled: true",
            "DeletionProtectionEnabled: false",
            "the table can be deleted by mistake",
        ),
        (
            "      TableName: !Ref TableName\n",
            "",
            "the table is not named by the parameter",
        ),
        (
            "- ReadUnitsPerSecond:",
            "- ReadUnits:",
            "the throughput of the index board is not that of the table",
        ),
    ];
    let text = project::read("template.yaml");
    let mut project = Project::read();
    for (find, replace, sentence) in rows {
        assert!(
            text.contains(find),
            "template.yaml has no {find:?} to break"
        );
        project.template = parsed(&text.replace(find, replace));
        let reported = project.disagreements();
        assert!(
            reported.iter().any(|text| text.contains(sentence)),
            "{replace:?} for {find:?} should report {sentence:?}, but reported {reported:#?}"
        );
    }
}

fn parsed(template: &str) -> Template {
    Template::parse(template).unwrap_or_else(|error| panic!("template.yaml: {error}"))
}

/// Event sources of one type: the function's logical id, the event's name, its properties.
fn function_events<'a>(template: &'a Template, kind: &str) -> Vec<(&'a str, &'a str, &'a Value)> {
    let functions = template.of_type(FUNCTION);
    let events = functions.flat_map(|(id, function)| {
        let events = function["Properties"]["Events"]
            .as_object()
            .into_iter()
            .flatten();
        events.map(move |(name, event)| (id, name.as_str(), event))
    });
    events
        .filter(|(_, _, event)| event["Type"] == kind)
        .map(|(id, name, event)| (id, name, &event["Properties"]))
        .collect()
}

/// A value in readable form: text without quotes, `nothing` for null.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}
