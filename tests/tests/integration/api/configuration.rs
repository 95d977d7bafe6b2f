//! Workspaces and their parts, created, read and updated through the API.

use ids::time::Millis;
use reqwest::Method;
use serde_json::{Value, json};
use tests::story::SLACK;
use tests::test_centre::{EXAMPLE, TestCentre};

const MINUTE: Millis = Millis::from_secs(65);

/// Sends a request; the status and the JSON, null for an empty body.
pub async fn ask(
    test_centre: &TestCentre,
    method: Method,
    path: &str,
    form: &[(&str, &str)],
) -> (u16, Value) {
    let url = if path.starts_with("http") {
        path.to_owned()
    } else {
        format!("{}/v1/Workspaces{path}", test_centre.base)
    };
    let account = &test_centre.account;
    let request = reqwest::Client::new().request(method.clone(), url);
    let request = request.basic_auth(account.account_sid, Some(&account.auth_token));
    let request = if method == Method::POST {
        request.form(form)
    } else {
        request
    };
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    (
        status,
        serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default(),
    )
}

pub async fn made(test_centre: &TestCentre, path: &str, form: &[(&str, &str)]) -> Value {
    let (status, body) = ask(test_centre, Method::POST, path, form).await;
    assert_eq!(status, 201, "{path}: {body}");
    body
}

pub async fn changed(test_centre: &TestCentre, path: &str, form: &[(&str, &str)]) -> Value {
    let (status, body) = ask(test_centre, Method::POST, path, form).await;
    assert_eq!(status, 200, "{path}: {body}");
    body
}

pub async fn read(test_centre: &TestCentre, path: &str) -> Value {
    let (status, body) = ask(test_centre, Method::GET, path, &[]).await;
    assert_eq!(status, 200, "{path}: {body}");
    body
}

pub fn sid(resource: &Value) -> &str {
    resource["sid"].as_str().unwrap()
}

/// The entry of this name in a list.
pub fn named<'l>(list: &'l Value, key: &str, name: &str) -> &'l Value {
    let entries = list[key].as_array().unwrap();
    entries
        .iter()
        .find(|entry| entry["friendly_name"] == name)
        .unwrap_or_else(|| panic!("no {name} in {list}"))
}

/// A Workflow's configuration that sends every Task to this queue.
pub fn into_queue(queue: &str) -> String {
    json!({ "task_routing": { "default_filter": { "queue": queue } } }).to_string()
}

/// A Workspace created from the template FIFO has the template's parts, offers a Task, and lets the
/// Reservation time out.
#[tokio::test]
async fn workspace_is_created_from_template() {
    let test_centre = TestCentre::example().await;
    let workspace = made(
        &test_centre,
        "",
        &[("FriendlyName", "Second"), ("Template", "FIFO")],
    )
    .await;
    let home = format!("/{}", sid(&workspace));
    assert_eq!(
        (
            &workspace["default_activity_name"],
            &workspace["timeout_activity_name"]
        ),
        (&json!("Offline"), &json!("Offline"))
    );
    let all = read(&test_centre, "").await;
    assert_eq!(all["workspaces"].as_array().unwrap().len(), 2);
    assert_eq!(*named(&all, "workspaces", "Second"), workspace);
    let one = read(&test_centre, "?FriendlyName=Second").await;
    assert_eq!(one["workspaces"].as_array().unwrap().len(), 1);

    let activities = read(&test_centre, &format!("{home}/Activities")).await;
    assert_eq!(activities["activities"].as_array().unwrap().len(), 3);
    let channels = read(&test_centre, &format!("{home}/TaskChannels")).await;
    assert_eq!(channels["channels"].as_array().unwrap().len(), 5);
    let workflows = read(&test_centre, &format!("{home}/Workflows")).await;
    let workflow = named(&workflows, "workflows", "Default Fifo Workflow");
    assert_eq!(
        (
            &workflow["task_reservation_timeout"],
            &workflow["assignment_callback_url"]
        ),
        (&json!(120), &Value::Null)
    );

    let available = sid(named(&activities, "activities", "Available")).to_owned();
    made(
        &test_centre,
        &format!("{home}/Workers"),
        &[("FriendlyName", "Nadia"), ("ActivitySid", &available)],
    )
    .await;
    let task = made(
        &test_centre,
        &format!("{home}/Tasks"),
        &[("WorkflowSid", sid(workflow))],
    )
    .await;
    test_centre.advance(SLACK).await;
    let task = read(&test_centre, &format!("{home}/Tasks/{}", sid(&task))).await;
    assert_eq!(
        (
            &task["assignment_status"],
            &task["task_queue_friendly_name"]
        ),
        (&json!("reserved"), &json!("Sample Queue"))
    );
    // The Reservation times out two minutes later, by its timer.
    test_centre.advance(Millis::from_secs(130)).await;
    let workers = read(&test_centre, &format!("{home}/Workers")).await;
    assert_eq!(
        named(&workers, "workers", "Nadia")["activity_name"],
        "Offline"
    );
    test_centre.close().await;
}

/// `date_created` never changes; `date_updated` changes only when the update changes something.
#[tokio::test]
async fn parts_are_created_updated_and_deleted() {
    let test_centre = TestCentre::example().await;
    let home = format!(
        "/{}",
        sid(&made(&test_centre, "", &[("FriendlyName", "Second")]).await)
    );
    let queue = made(
        &test_centre,
        &format!("{home}/TaskQueues"),
        &[("FriendlyName", "Q")],
    )
    .await;
    let configuration = into_queue(sid(&queue));
    let kinds = [
        (
            "Activities",
            vec![("FriendlyName", "A"), ("Available", "true")],
        ),
        (
            "TaskChannels",
            vec![("FriendlyName", "A"), ("UniqueName", "a")],
        ),
        ("TaskQueues", vec![("FriendlyName", "A")]),
        (
            "Workflows",
            vec![("FriendlyName", "A"), ("Configuration", &configuration)],
        ),
    ];
    for (kind, form) in kinds {
        let list = format!("{home}/{kind}");
        let part = made(&test_centre, &list, &form).await;
        let path = format!("{list}/{}", sid(&part));
        assert_eq!(
            part["url"],
            format!("{}/v1/Workspaces{path}", test_centre.base)
        );
        assert_eq!(part["date_created"], part["date_updated"]);
        test_centre.advance(Millis::from_secs(5)).await;
        let renamed = changed(
            &test_centre,
            &path,
            &[("FriendlyName", "B"), ("Available", "false")],
        )
        .await;
        assert_eq!(renamed["friendly_name"], "B");
        assert_eq!(renamed["date_created"], part["date_created"]);
        assert_ne!(renamed["date_updated"], part["date_updated"]);
        test_centre.advance(Millis::from_secs(5)).await;
        let same = changed(&test_centre, &path, &[("FriendlyName", "B")]).await;
        assert_eq!(same, renamed, "an update without a change has no new date");
        assert_eq!(read(&test_centre, &path).await, renamed);
        assert_eq!(
            ask(&test_centre, Method::DELETE, &path, &[]).await,
            (204, Value::Null)
        );
        for method in [Method::GET, Method::POST, Method::DELETE] {
            let (status, error) = ask(&test_centre, method.clone(), &path, &[]).await;
            assert_eq!(
                (status, &error["code"]),
                (404, &json!(20_404)),
                "{method} {path}"
            );
        }
    }
    test_centre.close().await;
}

#[tokio::test]
async fn workspace_is_updated_field_by_field() {
    let test_centre = TestCentre::example().await;
    let home = format!("/{}", test_centre.contact_centre.workspace.sid);
    let activities = read(&test_centre, &format!("{home}/Activities")).await;
    let away = sid(named(&activities, "activities", "Unavailable")).to_owned();
    let before = read(&test_centre, &home).await;
    test_centre.advance(MINUTE).await;
    let form = [
        ("TimeoutActivitySid", away.as_str()),
        ("EventsFilter", "task.created, task.canceled"),
    ];
    let after = changed(&test_centre, &home, &form).await;
    assert_eq!(after["timeout_activity_name"], "Unavailable");
    assert_eq!(after["events_filter"], "task.created,task.canceled");
    for same in [
        "friendly_name",
        "default_activity_sid",
        "prioritize_queue_order",
        "date_created",
        "event_callback_url",
    ] {
        assert_eq!(after[same], before[same], "{same}");
    }
    assert_ne!(after["date_updated"], before["date_updated"]);
    let (status, error) = ask(
        &test_centre,
        Method::POST,
        &home,
        &[("DefaultActivitySid", &away.replace(&away[2..6], "0000"))],
    )
    .await;
    assert_eq!((status, &error["code"]), (400, &json!(20_001)));
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .starts_with("DefaultActivitySid: the Workspace has no Activity")
    );
    test_centre.close().await;
}

/// Filters: name, Worker, attributes. The order holds across pages, and queue membership follows a
/// changed expression.
#[tokio::test]
async fn task_queues_are_filtered_and_ordered() {
    let test_centre = TestCentre::example().await;
    let home = format!("/{}", test_centre.contact_centre.workspace.sid);
    let list = format!("{home}/TaskQueues");
    let names = |page: &Value| -> Vec<String> {
        let queues = page["task_queues"].as_array().unwrap();
        queues
            .iter()
            .map(|queue| {
                queue["friendly_name"]
                    .as_str()
                    .unwrap()
                    .replace("Customer Contact Center ", "")
            })
            .collect()
    };
    test_centre.advance(MINUTE).await;
    let french = made(
        &test_centre,
        &list,
        &[
            ("FriendlyName", "French"),
            ("TargetWorkers", "languages HAS \"fr\""),
        ],
    )
    .await;
    let english = test_centre.contact_centre.workspace.task_queues.values();
    let english = english
        .clone()
        .find(|queue| queue.friendly_name.ends_with("English"))
        .unwrap()
        .sid;
    test_centre.advance(MINUTE).await;
    changed(
        &test_centre,
        &format!("{list}/{english}"),
        &[("MaxReservedWorkers", "3")],
    )
    .await;

    let maya = test_centre.worker("Maya").await.sid;
    for (query, expected) in [
        ("?FriendlyName=French".to_owned(), vec!["French"]),
        (format!("?WorkerSid={maya}"), vec!["English"]),
        (
            "?WorkerSid=WK00000000000000000000000000000009".to_owned(),
            vec![],
        ),
        (
            "?EvaluateWorkerAttributes=%7B%22languages%22%3A%5B%22fr%22%5D%7D".to_owned(),
            vec!["French"],
        ),
        (
            "?Ordering=DateUpdated:desc".to_owned(),
            vec!["English", "French", "Hindi"],
        ),
        (
            "?Ordering=DateUpdated:asc".to_owned(),
            vec!["Hindi", "French", "English"],
        ),
    ] {
        assert_eq!(
            names(&read(&test_centre, &format!("{list}{query}")).await),
            expected,
            "{query}"
        );
    }
    let mut page = read(
        &test_centre,
        &format!("{list}?Ordering=DateUpdated:desc&PageSize=1"),
    )
    .await;
    let mut seen = names(&page);
    while let Some(next) = page["meta"]["next_page_url"].as_str() {
        page = read(&test_centre, next).await;
        seen.extend(names(&page));
    }
    assert_eq!(seen, ["English", "French", "Hindi"]);

    // Queue membership follows a changed expression.
    changed(
        &test_centre,
        &format!("{list}/{}", sid(&french)),
        &[("TargetWorkers", "languages HAS \"en\"")],
    )
    .await;
    test_centre.advance(SLACK).await;
    assert_eq!(
        test_centre
            .worker("Maya")
            .await
            .queue_membership
            .queues()
            .len(),
        2
    );
    test_centre.close().await;
}

/// The two Activities have no effect in a multitasking Workspace, and are kept. A TaskQueue without
/// them has no links to them.
#[tokio::test]
async fn task_queue_keeps_its_activities() {
    let mut test_centre = TestCentre::example().await;
    let home = format!("/{}", test_centre.contact_centre.workspace.sid);
    let activities = read(&test_centre, &format!("{home}/Activities")).await;
    let busy = made(
        &test_centre,
        &format!("{home}/Activities"),
        &[("FriendlyName", "Busy")],
    )
    .await;
    let reserved = named(&activities, "activities", "Unavailable");
    let form = [
        ("FriendlyName", "Q"),
        ("AssignmentActivitySid", sid(&busy)),
        ("ReservationActivitySid", sid(reserved)),
    ];
    let queue = made(&test_centre, &format!("{home}/TaskQueues"), &form).await;
    for (kind, activity) in [("assignment", &busy), ("reservation", reserved)] {
        assert_eq!(queue[format!("{kind}_activity_sid")], activity["sid"]);
        assert_eq!(
            queue[format!("{kind}_activity_name")],
            activity["friendly_name"]
        );
        assert_eq!(queue["links"][format!("{kind}_activity")], activity["url"]);
    }
    let path = format!("{home}/TaskQueues/{}", sid(&queue));
    assert_eq!(read(&test_centre, &path).await, queue);
    let busy_path = format!("{home}/Activities/{}", sid(&busy));
    let (status, error) = ask(&test_centre, Method::DELETE, &busy_path, &[]).await;
    assert_eq!((status, &error["code"]), (400, &json!(20_001)), "{error}");
    let unknown = sid(&busy).replace(&sid(&busy)[2..8], "000000");
    let form = [("AssignmentActivitySid", unknown.as_str())];
    let (status, error) = ask(&test_centre, Method::POST, &path, &form).await;
    assert_eq!((status, &error["code"]), (400, &json!(20_001)), "{error}");

    // Also a TaskQueue of the file, which has no keys for them.
    let queues = read(&test_centre, &format!("{home}/TaskQueues")).await;
    let declared = format!("{home}/TaskQueues/{}", sid(&queues["task_queues"][0]));
    let form = [("ReservationActivitySid", sid(reserved))];
    let declared_queue = changed(&test_centre, &declared, &form).await;
    test_centre.apply_configuration(EXAMPLE).await;
    assert_eq!(read(&test_centre, &declared).await, declared_queue);

    let without = changed(&test_centre, &path, &[("AssignmentActivitySid", "")]).await;
    assert_eq!(without["assignment_activity_sid"], Value::Null);
    assert_eq!(without["links"].get("assignment_activity"), None);
    assert_eq!(
        without["reservation_activity_sid"],
        queue["reservation_activity_sid"]
    );
    let (status, _) = ask(&test_centre, Method::DELETE, &busy_path, &[]).await;
    assert_eq!(status, 204);
    test_centre.close().await;
}

/// The order of the file, and that of TaskRouter's templates; what is created later comes last.
#[tokio::test]
async fn lists_have_the_order_of_the_file() {
    let names = async |test_centre: &TestCentre, path: &str, key: &str| -> Vec<String> {
        let list = read(test_centre, path).await;
        let entries = list[key].as_array().unwrap().iter();
        entries
            .map(|entry| entry["friendly_name"].as_str().unwrap().to_owned())
            .collect()
    };
    let mut test_centre = TestCentre::example().await;
    let home = format!("/{}", test_centre.contact_centre.workspace.sid);
    let file = ["Offline", "Available", "Unavailable", "Wrap-Up"];
    let list = format!("{home}/Activities");
    assert_eq!(names(&test_centre, &list, "activities").await, file);
    let english_first = ["English", "Hindi"].map(|name| format!("Customer Contact Center {name}"));
    let queues = format!("{home}/TaskQueues");
    assert_eq!(
        names(&test_centre, &queues, "task_queues").await,
        english_first
    );

    test_centre.advance(MINUTE).await;
    let more = EXAMPLE.replace(
        "  activities:\n",
        "  activities:\n    - { name: Training, available: false }\n    - { name: Lunch, available: false }\n",
    );
    test_centre.apply_configuration(&more).await;
    let later = [&file[..], &["Training", "Lunch"]].concat();
    assert_eq!(names(&test_centre, &list, "activities").await, later);
    let pages = format!("{list}?PageSize=2");
    let page = read(&test_centre, &pages).await;
    let next = page["meta"]["next_page_url"].as_str().unwrap();
    assert_eq!(
        names(&test_centre, next, "activities").await,
        ["Unavailable", "Wrap-Up"]
    );

    let workspace = made(&test_centre, "", &[("FriendlyName", "Second")]).await;
    let home = format!("/{}", sid(&workspace));
    assert_eq!(
        names(&test_centre, &format!("{home}/Activities"), "activities").await,
        ["Offline", "Available", "Unavailable"]
    );
    assert_eq!(
        names(&test_centre, &format!("{home}/TaskChannels"), "channels").await,
        ["default", "voice", "chat", "sms", "video"]
    );
    test_centre.close().await;
}

/// The TaskChannel is found by SID and by unique name, and Workers take its Tasks without a
/// restart.
#[tokio::test]
async fn new_task_channel_routes_at_once() {
    let test_centre = TestCentre::example().await;
    let home = format!("/{}", test_centre.contact_centre.workspace.sid);
    let form = [
        ("FriendlyName", "Letters"),
        ("UniqueName", "letter"),
        ("ChannelOptimizedRouting", "true"),
    ];
    let channel = made(&test_centre, &format!("{home}/TaskChannels"), &form).await;
    assert_eq!(channel["channel_optimized_routing"], true);
    assert_eq!(
        read(&test_centre, &format!("{home}/TaskChannels/letter")).await,
        channel
    );
    let (status, error) = ask(
        &test_centre,
        Method::POST,
        &format!("{home}/TaskChannels"),
        &form,
    )
    .await;
    assert_eq!((status, &error["code"]), (400, &json!(20_001)), "{error}");
    let changed = changed(
        &test_centre,
        &format!("{home}/TaskChannels/letter"),
        &[("ChannelOptimizedRouting", "0")],
    )
    .await;
    assert_eq!(
        (&changed["sid"], &changed["channel_optimized_routing"]),
        (&channel["sid"], &json!(false))
    );

    test_centre.advance(SLACK).await;
    let attributes = "{\"selected_language\":\"en\"}";
    let task = made(
        &test_centre,
        &format!("{home}/Tasks"),
        &[("TaskChannel", "letter"), ("Attributes", attributes)],
    )
    .await;
    test_centre.advance(SLACK).await;
    let task = read(&test_centre, &format!("{home}/Tasks/{}", sid(&task))).await;
    assert_eq!(task["assignment_status"], "reserved");
    test_centre.close().await;
}

/// A waiting Task keeps its configuration until an update has `ReEvaluateTasks`.
#[tokio::test]
async fn updated_workflow_applies_to_new_tasks() {
    let test_centre = TestCentre::example().await;
    let home = format!("/{}", test_centre.contact_centre.workspace.sid);
    let no_workers = [("TargetWorkers", "1==2")];
    let mut queues = Vec::new();
    for name in ["One", "Two"] {
        let form: Vec<_> = [("FriendlyName", name)]
            .into_iter()
            .chain(no_workers)
            .collect();
        queues
            .push(sid(&made(&test_centre, &format!("{home}/TaskQueues"), &form).await).to_owned());
    }
    let form = [
        ("FriendlyName", "W"),
        ("Configuration", &*into_queue(&queues[0])),
    ];
    let workflow = made(&test_centre, &format!("{home}/Workflows"), &form).await;
    let path = format!("{home}/Workflows/{}", sid(&workflow));
    let task = made(
        &test_centre,
        &format!("{home}/Tasks"),
        &[("WorkflowSid", sid(&workflow))],
    )
    .await;
    let queue_of_task = async || {
        test_centre.centre.sweep().await;
        test_centre.advance(SLACK).await;
        read(&test_centre, &format!("{home}/Tasks/{}", sid(&task))).await["task_queue_friendly_name"]
            .clone()
    };
    changed(
        &test_centre,
        &path,
        &[("Configuration", &*into_queue(&queues[1]))],
    )
    .await;
    assert_eq!(
        queue_of_task().await,
        "One",
        "it follows the configuration it started with"
    );
    let later = made(
        &test_centre,
        &format!("{home}/Tasks"),
        &[("WorkflowSid", sid(&workflow))],
    )
    .await;
    assert_eq!(later["task_queue_friendly_name"], "Two");
    changed(&test_centre, &path, &[("ReEvaluateTasks", "true")]).await;
    assert_eq!(queue_of_task().await, "Two");
    test_centre.close().await;
}

#[tokio::test]
async fn api_resources_survive_reapplied_file() {
    let mut test_centre = TestCentre::example().await;
    let home = format!("/{}", test_centre.contact_centre.workspace.sid);
    let queue = made(
        &test_centre,
        &format!("{home}/TaskQueues"),
        &[("FriendlyName", "Letters")],
    )
    .await;
    test_centre.apply_configuration(EXAMPLE).await;
    assert_eq!(
        read(&test_centre, &format!("{home}/TaskQueues/{}", sid(&queue))).await,
        queue
    );
    test_centre.close().await;
}

#[tokio::test]
async fn workflow_configuration_size_is_bounded() {
    let test_centre = TestCentre::example().await;
    let home = format!("/{}", test_centre.contact_centre.workspace.sid);
    let queue = sid(&made(
        &test_centre,
        &format!("{home}/TaskQueues"),
        &[("FriendlyName", "Q")],
    )
    .await)
    .to_owned();
    let of = |filters: usize| {
        let filter =
            json!({ "filter_friendly_name": "x".repeat(900), "targets": [{ "queue": queue }] });
        json!({ "task_routing": { "filters": vec![filter; filters] } }).to_string()
    };
    let workflow = made(
        &test_centre,
        &format!("{home}/Workflows"),
        &[("FriendlyName", "W"), ("Configuration", &of(1_050))],
    )
    .await;
    assert!(workflow["configuration"].as_str().unwrap().len() > 990_000);
    assert_eq!(
        read(
            &test_centre,
            &format!("{home}/Workflows/{}", sid(&workflow))
        )
        .await,
        workflow
    );
    let form = [("FriendlyName", "W"), ("Configuration", &*of(1_200))];
    let (status, error) = ask(
        &test_centre,
        Method::POST,
        &format!("{home}/Workflows"),
        &form,
    )
    .await;
    assert_eq!((status, &error["code"]), (400, &json!(20_001)));
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .starts_with("Configuration: "),
        "{error}"
    );
    test_centre.close().await;
}
