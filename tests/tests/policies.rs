//! The policies of `template.yaml`: the built functions take calls, answer the whole REST API and
//! show the console, while a proxy refuses every request to AWS that their policies do not allow.
//! Permissions that are allowed and never used are listed here, with the reason.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on says so by panicking"
)]

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use ids::TaskSid;
use ids::time::Clock;
use runtime::SystemClock;
use serde_json::{Value, json};
use shared::voice_settings::VoiceSettings;
use shared::webhook::signature;
use store::RecentWaits;
use task_router::model::AssignmentStatus;
use task_router::statistics::WaitTimes;
use tests::deployment::{ACCOUNT_SID, AUTH_TOKEN, Deployment};
use tests::{centre, project};
use voice_flows::{Action, VoiceFlows};

/// Permissions that this test does not use, with the reason they are granted.
const UNUSED_WITH_REASON: [(&str, &str); 5] = [
    (
        "callbacks sqs:SendMessage CallbacksQueue",
        "a paced call that waits for its slot",
    ),
    (
        "console sqs:SendMessage CallbacksQueue",
        "it is the API's code, whose instructions go there",
    ),
    (
        "queue-exit dynamodb:PutItem Table",
        "a Readiness that has expired is registered before a Worker has it again",
    ),
    (
        "worker-call dynamodb:PutItem Table",
        "a Readiness that has expired is registered before a Worker has it again",
    ),
    (
        "worker-call sqs:SendMessage CallbacksQueue",
        "status callbacks that an application asked for",
    ),
];

/// Permissions whose use depends on the time that passes between two steps of this test, with what
/// uses them: the schedules do what is overdue, and count minutes that have ended.
const USED_AT_TIMES: [(&str, &str); 7] = [
    (
        "statistics dynamodb:BatchGetItem Table",
        "recent wait times",
    ),
    (
        "sweep dynamodb:PutItem Table",
        "a Readiness, a cursor, the matcher's lease",
    ),
    (
        "sweep dynamodb:Query Table/index/board",
        "a Task that a lost message left without a search for a Worker",
    ),
    (
        "sweep dynamodb:UpdateItem Table",
        "a Task or Worker that is overdue",
    ),
    (
        "sweep sqs:SendMessage CallbacksQueue",
        "an offer whose assignment callback was lost",
    ),
    (
        "sweep sqs:SendMessage ChecksQueue",
        "the caller of a Task that waits for long",
    ),
    (
        "sweep sqs:SendMessage TimersQueue",
        "a Task for which no Worker was found is looked at again",
    ),
];

const FORM: &str = "application/x-www-form-urlencoded";

/// A stack, and a client with cookies.
struct Client {
    stack: Deployment,
    cookies: Vec<String>,
}

impl Client {
    async fn open(stack: Deployment) -> Self {
        Self {
            stack,
            cookies: Vec::new(),
        }
    }

    /// Sends one of the files under `events/` to its function.
    async fn event(&mut self, name: &str) -> Value {
        let event = project::events()
            .into_iter()
            .find(|event| event.name == name)
            .unwrap();
        let function = event.function().to_owned();
        let answer = self.stack.invoke(&function, &event.payload.unwrap()).await;
        assert!(
            answer["statusCode"]
                .as_u64()
                .is_none_or(|status| status < 300),
            "{name}: {answer}"
        );
        answer
    }

    /// Sends a request in API Gateway's form; status and body.
    async fn request(
        &mut self,
        function: &str,
        method: &str,
        address: &str,
        form: &[(&str, &str)],
    ) -> (u64, String) {
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        let mut event = project::events()
            .into_iter()
            .find(|event| event.name == "api.fetch-task")
            .unwrap()
            .payload
            .unwrap();
        event["rawPath"] = json!(path);
        event["rawQueryString"] = json!(query);
        event["requestContext"]["http"]["method"] = json!(method);
        event["requestContext"]["http"]["path"] = json!(path);
        event["cookies"] = json!(self.cookies);
        if method == "POST" {
            event["headers"]["content-type"] = json!(FORM);
            event["body"] = json!(
                form_urlencoded::Serializer::new(String::new())
                    .extend_pairs(form)
                    .finish()
            );
        }
        let answer = self.stack.invoke(function, &event).await;
        self.cookies.extend(
            answer["cookies"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|cookie| Some(cookie.as_str()?.split(';').next()?.to_owned())),
        );
        let status = answer["statusCode"].as_u64().unwrap();
        let body = answer["body"].as_str().unwrap_or_default();
        let body = match answer["isBase64Encoded"].as_bool() {
            Some(true) => String::from_utf8_lossy(&BASE64.decode(body).unwrap()).into_owned(),
            Some(false) | None => body.to_owned(),
        };
        (status, body)
    }

    /// Sends a signed webhook of the carrier, which has to succeed; the document.
    async fn webhook(&mut self, function: &str, address: &str, form: &[(&str, &str)]) -> String {
        let events = project::events().into_iter();
        let sample = events
            .into_iter()
            .find(|event| event.name == "flow-step.unknown-version");
        let mut event = sample.unwrap().payload.unwrap();
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let form: Vec<(String, String)> = form.iter().map(owned).collect();
        let url = format!("https://cordboard.example{address}");
        event["rawPath"] = json!(path);
        event["rawQueryString"] = json!(query);
        event["requestContext"]["http"]["path"] = json!(path);
        event["headers"]["x-twilio-signature"] = json!(signature::sign(AUTH_TOKEN, &url, &form));
        event["body"] = json!(
            form_urlencoded::Serializer::new(String::new())
                .extend_pairs(&form)
                .finish()
        );
        let answer = self.stack.invoke(function, &event).await;
        assert_eq!(answer["statusCode"], 200, "{address}: {answer}");
        answer["body"].as_str().unwrap().to_owned()
    }

    /// Sends a request of the REST API below the Workspace, which has to succeed.
    async fn api(&mut self, method: &str, path_in_workspace: &str, form: &[(&str, &str)]) -> Value {
        let address = if path_in_workspace.starts_with('/') {
            path_in_workspace.to_owned()
        } else {
            in_workspace(path_in_workspace)
        };
        let (status, body) = self.request("api", method, &address, form).await;
        assert!(status < 300, "{method} {address}: {status} {body}");
        serde_json::from_str(&body).unwrap_or_default()
    }

    /// Creates a resource, updates it, deletes it.
    async fn create_update_delete(
        &mut self,
        path_in_workspace: &str,
        made: &[(&str, &str)],
        changed: &[(&str, &str)],
    ) {
        let sid = self.api("POST", path_in_workspace, made).await["sid"]
            .as_str()
            .unwrap()
            .to_owned();
        self.stack.settle().await;
        self.api("POST", &format!("{path_in_workspace}/{sid}"), changed)
            .await;
        self.stack.settle().await;
        self.api("DELETE", &format!("{path_in_workspace}/{sid}"), &[])
            .await;
        self.stack.settle().await;
    }

    /// Sends an invalid message of every queue.
    async fn send_invalid_messages(&mut self) {
        for (name, queue) in [
            ("routing.not-a-timer", "TimersQueue"),
            ("callbacks.not-a-callback", "CallbacksQueue"),
            ("callbacks.not-a-callback", "ChecksQueue"),
            ("callbacks.not-a-callback", "EventsQueue"),
        ] {
            let event = project::events()
                .into_iter()
                .find(|event| event.name == name)
                .unwrap();
            let function = event.function().to_owned();
            let mut message = event.payload.unwrap();
            message["Records"][0]["eventSourceARN"] = json!(format!(
                "arn:aws:sqs:eu-central-1:123456789012:cordboard-{queue}-1"
            ));
            self.stack.invoke(&function, &message).await;
        }
    }

    /// Sends every GET of the API's description.
    async fn read_all(&mut self, task: TaskSid) {
        let description: Value =
            serde_json::from_str(&project::read("functions/api/openapi.json")).unwrap();
        let paths = description["paths"]
            .as_object()
            .unwrap()
            .iter()
            .filter(|(_, item)| !item["get"].is_null());
        for path in paths.map(|(path, _)| path.clone()).collect::<Vec<_>>() {
            let known = [
                ("{WorkspaceSid}", centre::WORKSPACE.to_string()),
                ("{TaskSid}", task.to_string()),
                ("{WorkerSid}", centre::ALICE.to_string()),
                ("{TaskQueueSid}", centre::ENGLISH.to_string()),
                ("{WorkflowSid}", centre::WORKFLOW.to_string()),
            ];
            let mut address = known
                .iter()
                .fold(path, |path, (name, sid)| path.replace(name, sid));
            for (placeholder, key) in [("{Sid}", "sid"), ("{CalendarName}", "name")] {
                if let Some(list) = address.strip_suffix(placeholder).map(str::to_owned) {
                    let list = self.api("GET", list.trim_end_matches('/'), &[]).await;
                    // Additions have no pages.
                    let name = list["meta"]["key"].as_str().unwrap_or("calendars");
                    let found = &list[name][0][key];
                    address = found
                        .as_str()
                        .map_or_else(String::new, |found| address.replace(placeholder, found));
                }
            }
            // The list is empty.
            if address.is_empty() {
                continue;
            }
            if address.ends_with("/EventStream") {
                self.stream(&address).await;
            } else {
                self.api("GET", &address, &[]).await;
            }
        }
    }

    /// Follows a stream of Events, which is routed to a function of its own.
    async fn stream(&mut self, address: &str) {
        let address = format!("{address}?Wait=0");
        let (status, body) = self.request("event-streams", "GET", &address, &[]).await;
        assert!(
            status == 200 && body.starts_with("retry: "),
            "{address}: {status} {body}"
        );
    }

    /// The schedules of a minute.
    async fn minute(&mut self) {
        for (function, event) in [
            ("sweep", json!({ "sweep": "overdue" })),
            ("statistics", json!({ "statistics": "roll_up" })),
        ] {
            self.stack.invoke(function, &event).await;
        }
    }

    /// Signs in as an administrator, opens every page, and sends a form.
    async fn visit_console(&mut self, task: TaskSid) {
        let (status, page) = self
            .request(
                "console",
                "POST",
                "/console/sign-in",
                &[("user", ACCOUNT_SID), ("password", AUTH_TOKEN)],
            )
            .await;
        assert_eq!(status, 303, "{page}");
        let alice = centre::ALICE;
        let queue = centre::ENGLISH;
        let workflow = centre::WORKFLOW;
        for page in [
            "desk".to_owned(),
            format!("desk/{alice}"),
            "wallboard".to_owned(),
            "wallboard/plots".to_owned(),
            "tasks".to_owned(),
            format!("tasks/{task}"),
            "tasks/new".to_owned(),
            "workers".to_owned(),
            format!("workers/{alice}"),
            format!("workers/{alice}/edit"),
            "task-queues".to_owned(),
            format!("task-queues/{queue}"),
            "workflows".to_owned(),
            format!("workflows/{workflow}"),
            "activities".to_owned(),
            "events".to_owned(),
        ] {
            let (status, body) = self
                .request("console", "GET", &format!("/console/{page}"), &[])
                .await;
            assert_eq!(status, 200, "{page}: {body}");
        }
        let (status, changes) = self
            .request("event-streams", "GET", console::CHANGES_PATH, &[])
            .await;
        assert_eq!(status, 200, "{changes}");
        let (_, form) = self
            .request("console", "GET", "/console/activities/new", &[])
            .await;
        let csrf = form
            .split_once("name=\"csrf\" value=\"")
            .unwrap()
            .1
            .split('"')
            .next()
            .unwrap()
            .to_owned();
        let filled = [
            ("csrf", csrf.as_str()),
            ("FriendlyName", "Lunch"),
            ("Available", "false"),
        ];
        let (status, body) = self
            .request("console", "POST", "/console/activities/new", &filled)
            .await;
        assert_eq!(status, 303, "{body}");
        let listed = self.api("GET", "Activities?FriendlyName=Lunch", &[]).await;
        let lunch = listed["activities"][0]["sid"].as_str().unwrap().to_owned();
        let (status, body) = self
            .request(
                "console",
                "POST",
                &format!("/console/activities/{lunch}/remove"),
                &[("csrf", &csrf)],
            )
            .await;
        assert_eq!(status, 303, "{body}");
    }
}

fn in_workspace(path_in_workspace: &str) -> String {
    format!("/v1/Workspaces/{}/{path_in_workspace}", centre::WORKSPACE)
}

/// A call from the ring to its end, through every voice function.
async fn a_call(client: &mut Client) -> TaskSid {
    let task = centre::waiting_task().sid;
    client.event("api.worker-goes-available").await;
    client.event("incoming-call.first-ring").await;
    client.event("enqueue-call.digit-one").await;
    answered_after_ten_minutes(client).await;
    client.event("wait-music.third-in-line").await;
    client.stack.settle().await;
    assert_eq!(
        client.stack.status_of(task).await,
        AssignmentStatus::Reserved
    );
    client.event("assignment.reservation-created").await;
    client.event("worker-call.answered").await;
    client.event("worker-call.connecting").await;
    assert_eq!(
        client.stack.status_of(task).await,
        AssignmentStatus::Assigned
    );
    client.event("worker-call.hang-up").await;
    client.event("queue-exit.bridged").await;
    client.event("worker-call.no-answer").await;
    client.stack.settle().await;
    assert!(client.stack.status_of(task).await.is_end());
    task
}

/// A second number has a flow; callers of the first one hear the menu.
async fn add_flows(client: &Client) {
    let store = client.stack.store();
    let mut flows = flows();
    flows
        .queues
        .values_mut()
        .for_each(|queue| *queue = centre::ENGLISH);
    for step in &mut flows.steps {
        if let Action::Queue(queue) = &mut step.action {
            queue.workflow = centre::WORKFLOW;
        }
    }
    store.save_voice_flows(&flows).await.unwrap();
    let version = flows.version().unwrap();
    let settings = VoiceSettings {
        flows: Some(version.clone()),
        ..centre::centre()
    };
    store.save_voice_settings(&settings).await.unwrap();
}

/// A call in a flow: opening hours, figures of a TaskQueue, a Task, and the key with which the
/// caller leaves the queue.
async fn a_call_in_a_flow(client: &mut Client) {
    let call = [
        ("CallSid", "CA000000000000000000000000000000f2"),
        ("AccountSid", ACCOUNT_SID),
        ("From", "+17075550142"),
        ("To", "+17075550184"),
        ("CallStatus", "in-progress"),
    ];
    let welcome = client
        .webhook("incoming-call", "/incoming-call", &call)
        .await;
    assert!(welcome.contains("Welcome to the flow."), "{welcome}");
    let enqueue = client.webhook("flow-step", "/flows/waiting", &call).await;
    let (_, wait) = enqueue.split_once("waitUrl=\"/wait-music?").unwrap();
    let query = wait.split('"').next().unwrap().replace("&amp;", "&");
    let waiting = client
        .webhook("wait-music", &format!("/wait-music?{query}"), &call)
        .await;
    assert!(waiting.contains("Press 1 to leave."), "{waiting}");
    let key = [&call[..], &[("Digits", "1")]].concat();
    let leave = client
        .webhook("flow-step", &format!("/flow-step?{query}&on=leave"), &key)
        .await;
    assert!(leave.contains("<Leave/>"), "{leave}");
    client.stack.settle().await;
}

/// Flows with everything that needs the table.
fn flows() -> VoiceFlows {
    let sections = r#"
calendars:
  support: { time_zone: Europe/Berlin, hours: { mon-sun: "00:00-24:00" } }
numbers: { "+17075550184": main }
flows:
  main:
    - hours: { calendar: support, closed: [ say: Closed. ] }
    - say: Welcome to the flow.
  waiting:
    - hours: { calendar: support, closed: [ say: Closed. ] }
    - branch: [ { if: queue.customer_contact_center_english.waiting > 99, then: hang_up } ]
    - queue: { leave: { key: 1, say: Press 1 to leave. } }
"#;
    let text = format!("{}{sections}", project::read("contact-centre.yaml"));
    let account = ACCOUNT_SID.parse().unwrap();
    let read = config::read(&text, "contact-centre.yaml", account);
    read.unwrap().voice_flows.unwrap()
}

/// Earlier callers waited for ten minutes, so that a wait is announced if a Worker is available.
async fn answered_after_ten_minutes(client: &Client) {
    let waits = RecentWaits::new(centre::ENGLISH, &WaitTimes::of(600), SystemClock.now());
    client
        .stack
        .store()
        .save_recent_waits(&[waits])
        .await
        .unwrap();
}

#[tokio::test]
async fn policies_grant_exactly_what_is_used() {
    let mut client = Client::open(Deployment::open().await).await;
    add_flows(&client).await;
    let task = a_call(&mut client).await;
    a_call_in_a_flow(&mut client).await;
    client
        .api(
            "POST",
            &format!("/v1/Workspaces/{}", centre::WORKSPACE),
            &[("EventCallbackUrl", "https://127.0.0.1/")],
        )
        .await;
    client
        .create_update_delete(
            "Activities",
            &[("FriendlyName", "Tea")],
            &[("FriendlyName", "Coffee")],
        )
        .await;
    client
        .create_update_delete(
            "TaskChannels",
            &[("FriendlyName", "Mail"), ("UniqueName", "mail")],
            &[("FriendlyName", "Post")],
        )
        .await;
    let all_workers = [("FriendlyName", "All Workers"), ("TargetWorkers", "1==1")];
    client
        .create_update_delete(
            "TaskQueues",
            &all_workers,
            &[("TargetWorkers", "level > 3")],
        )
        .await;
    let configuration =
        json!({"task_routing": {"default_filter": {"queue": centre::ENGLISH.to_string()}}})
            .to_string();
    let workflow = [
        ("FriendlyName", "Second"),
        ("Configuration", configuration.as_str()),
    ];
    client
        .create_update_delete(
            "Workflows",
            &workflow,
            &[("FriendlyName", "Third"), ("ReEvaluateTasks", "true")],
        )
        .await;
    let ben = [
        ("FriendlyName", "Ben"),
        ("Attributes", r#"{"languages":["en"]}"#),
    ];
    client
        .create_update_delete(
            "Workers",
            &ben,
            &[("ActivitySid", &centre::OFFLINE.to_string())],
        )
        .await;
    client
        .create_update_delete(
            "Tasks",
            &[("Attributes", "{}"), ("TaskChannel", "voice")],
            &[("Priority", "7")],
        )
        .await;

    // A Reservation, an instruction, and its end.
    client
        .api(
            "POST",
            &format!("Workers/{}", centre::ALICE),
            &[("ActivitySid", &centre::AVAILABLE.to_string())],
        )
        .await;
    let attributes = r#"{"selected_language":"en","call_sid":"CA00000000000000000000000000000009","to":"+17075550183"}"#;
    let made = client
        .api(
            "POST",
            "Tasks",
            &[("Attributes", attributes), ("TaskChannel", "voice")],
        )
        .await;
    client.stack.settle().await;
    let offered = format!("Tasks/{}/Reservations", made["sid"].as_str().unwrap());
    let offers = client.api("GET", &offered, &[]).await;
    let offer = offers["reservations"][0]["sid"]
        .as_str()
        .unwrap_or_else(|| panic!("{offers}"))
        .to_owned();
    client
        .api(
            "POST",
            &format!("{offered}/{offer}"),
            &[("Instruction", "dequeue"), ("DequeueFrom", "+17075550183")],
        )
        .await;
    client.stack.settle().await;

    client.minute().await;
    client.send_invalid_messages().await;
    client.read_all(task).await;
    client.visit_console(task).await;

    let second = [("FriendlyName", "Second"), ("Template", "FIFO")];
    let second = client.api("POST", "/v1/Workspaces", &second).await["sid"]
        .as_str()
        .unwrap()
        .to_owned();
    client
        .api("DELETE", &format!("/v1/Workspaces/{second}"), &[])
        .await;
    client.stack.settle().await;
    client.minute().await;

    assert_eq!(client.stack.refused(), BTreeSet::new());
    assert_eq!(
        client.stack.functions(),
        client.stack.deployed(),
        "every function was invoked"
    );
    let kept: BTreeSet<String> = UNUSED_WITH_REASON
        .iter()
        .map(|(permission, _)| (*permission).to_owned())
        .collect();
    let mut unused = client.stack.unused();
    for (permission, _) in USED_AT_TIMES {
        unused.remove(permission);
    }
    assert_eq!(
        unused, kept,
        "allowed and never used; remove it from template.yaml, or add its reason here"
    );
    client.stack.close().await;
}

#[tokio::test]
async fn voice_functions_may_write_webhook_journal() {
    let mut client = Client::open(Deployment::keeping_webhooks().await).await;
    let task = a_call(&mut client).await;
    let kept = client
        .api("GET", &format!("Tasks/{task}/Webhooks"), &[])
        .await;
    let urls: Vec<&str> = kept["webhooks"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|kept| kept["url"].as_str())
        .collect();
    for path in [
        "/incoming-call",
        "/enqueue-call",
        "/wait-music",
        "/assignment",
        "/worker-call",
        "/queue-exit",
    ] {
        assert!(
            urls.iter().any(|url| url.contains(path)),
            "{path} is not among {urls:?}"
        );
    }
    client.stack.close().await;
}
