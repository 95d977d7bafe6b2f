//! Tasks: lists and changes.

use ids::time::Millis;
use serde_json::{Value, json};
use tests::metering::Operation;
use tests::story::SLACK;
use tests::test_centre::{EXAMPLE, TestCentre};

use super::Client;

/// Creates Tasks of these priorities, a second apart.
async fn make(test_centre: &TestCentre, priorities: &[u32]) -> Vec<String> {
    let client = Client(test_centre);
    let mut made = Vec::new();
    for priority in priorities {
        test_centre.advance(Millis::from_secs(1)).await;
        let attributes = json!({ "selected_language": "en", "number": made.len() }).to_string();
        let form = [
            ("Attributes", attributes),
            ("Priority", priority.to_string()),
            ("TaskChannel", "voice".to_owned()),
        ];
        let form: Vec<(&str, &str)> = form
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let (status, task) = client.post("/Tasks", &form).await;
        assert_eq!(status, 201, "{task}");
        made.push(task["sid"].as_str().unwrap().to_owned());
    }
    made
}

/// Makes every Worker Unavailable.
async fn off_duty(test_centre: &TestCentre) {
    let client = Client(test_centre);
    let unavailable = client.activity("Unavailable").await;
    for worker in client.pages("/Workers", "workers", "sid").await.concat() {
        client
            .post(
                &format!("/Workers/{}", worker.as_str().unwrap()),
                &[("ActivitySid", &unavailable)],
            )
            .await;
    }
}

/// The number of Tasks that the operations read.
fn tasks_read(operations: &[Operation]) -> u64 {
    operations
        .iter()
        .filter(|done| done.name == "BatchGetItem")
        .map(|done| done.items_read)
        .sum()
}

#[tokio::test]
async fn tasks_are_paged_filtered_and_ordered() {
    let test_centre = TestCentre::example().await;
    off_duty(&test_centre).await;
    let client = Client(&test_centre);
    let made = make(&test_centre, &[0, 5, 5, 1, 0, 7]).await;
    let by = |numbers: &[usize]| {
        numbers
            .iter()
            .map(|number| Value::from(made[*number].clone()))
            .collect::<Vec<_>>()
    };
    let pages = async |query: &str| {
        client
            .pages(&format!("/Tasks?{query}"), "tasks", "sid")
            .await
    };
    assert_eq!(pages("PageSize=4").await, [by(&[0, 1, 2, 3]), by(&[4, 5])]);
    assert_eq!(
        pages("PageSize=6").await,
        [by(&[0, 1, 2, 3, 4, 5])],
        "no page after the last"
    );
    for (query, expected) in [
        ("Ordering=DateCreated:desc", [5, 4, 3, 2, 1, 0]),
        ("Ordering=DateCreated:asc", [0, 1, 2, 3, 4, 5]),
        ("Ordering=Priority:desc,DateCreated:asc", [5, 1, 2, 3, 0, 4]),
        ("Ordering=Priority:asc,DateCreated:desc", [4, 0, 3, 2, 1, 5]),
        ("Ordering=VirtualStartTime:desc", [5, 4, 3, 2, 1, 0]),
    ] {
        for size in [1, 4, 50] {
            assert_eq!(
                pages(&format!("{query}&PageSize={size}")).await.concat(),
                by(&expected),
                "{query} by {size}"
            );
        }
    }
    client
        .post(
            &format!("/Tasks/{}", made[3]),
            &[("AssignmentStatus", "canceled")],
        )
        .await;
    let (_, one) = client.get(&format!("/Tasks/{}", made[0])).await;
    let text = |name: &str| one[name].as_str().unwrap().to_owned();
    let queue = text("task_queue_sid");
    let workflow = text("workflow_sid");
    for (query, expected) in [
        ("AssignmentStatus=canceled".to_owned(), 1),
        (
            "AssignmentStatus=pending&AssignmentStatus=canceled".to_owned(),
            6,
        ),
        ("AssignmentStatus=pending,canceled&Priority=5".to_owned(), 2),
        ("AssignmentStatus=assigned".to_owned(), 0),
        ("EvaluateTaskAttributes=number%20%3E%203".to_owned(), 2),
        (format!("TaskQueueSid={queue}"), 6),
        (
            format!("TaskQueueName={}", text("task_queue_friendly_name")),
            6,
        ),
        (format!("WorkflowSid={workflow}"), 6),
        (
            format!("WorkflowName={}", text("workflow_friendly_name")),
            6,
        ),
        ("WorkflowName=Nothing".to_owned(), 0),
        (
            "RoutingTarget=WK00000000000000000000000000000001".to_owned(),
            0,
        ),
        ("HasAddons=true".to_owned(), 0),
        ("HasAddons=false".to_owned(), 6),
    ] {
        assert_eq!(pages(&query).await.concat().len(), expected, "{query}");
    }
    test_centre.close().await;
}

#[tokio::test]
async fn page_cost_does_not_depend_on_task_count() {
    let (test_centre, meter) = TestCentre::metered(EXAMPLE).await;
    off_duty(&test_centre).await;
    let client = Client(&test_centre);
    let cost = async || {
        meter.take();
        client.get("/Tasks?PageSize=3").await;
        let operations = meter.take();
        let items = tasks_read(&operations);
        let queries = operations
            .iter()
            .filter(|done| done.name == "Query" && done.read_from == "listing")
            .count();
        (
            queries,
            items,
            operations
                .iter()
                .filter(|done| done.name == "GetItem")
                .count(),
        )
    };
    make(&test_centre, &[0; 6]).await;
    let few = cost().await;
    make(&test_centre, &[0; 30]).await;
    assert_eq!(cost().await, few);
    assert_eq!(few.0, 16, "one query of each shard");
    test_centre.close().await;
}

/// The first list reads the expired Tasks and removes them from the listing; the next one does not
/// read them.
#[tokio::test]
async fn expired_tasks_are_read_by_one_list_only() {
    let (test_centre, meter) = TestCentre::metered(EXAMPLE).await;
    off_duty(&test_centre).await;
    let client = Client(&test_centre);
    for task in make(&test_centre, &[0; 30]).await {
        client
            .post(
                &format!("/Tasks/{task}"),
                &[("AssignmentStatus", "canceled")],
            )
            .await;
    }
    test_centre.advance(Millis::from_secs(300)).await;
    let waits = make(&test_centre, &[0]).await;
    for expected in [31, 1] {
        meter.take();
        assert_eq!(
            client
                .pages("/Tasks?PageSize=3", "tasks", "sid")
                .await
                .concat(),
            waits
        );
        assert_eq!(tasks_read(&meter.take()), expected);
    }
    test_centre.close().await;
}

#[tokio::test]
async fn task_attributes_can_be_patched() {
    let test_centre = TestCentre::example().await;
    off_duty(&test_centre).await;
    let client = Client(&test_centre);
    let path = format!("/Tasks/{}", make(&test_centre, &[0]).await[0]);
    let (status, task) = client
        .patch(&path, &json!({ "number": null, "note": "é" }))
        .await;
    assert_eq!(
        (status, task["attributes"].as_str()),
        (200, Some("{\"note\":\"é\",\"selected_language\":\"en\"}"))
    );
    let before = client.etag(&path).await;
    assert_eq!(client.patch(&path, &json!({ "note": "é" })).await.0, 200);
    assert_eq!(
        client.etag(&path).await,
        before,
        "the patch changes nothing"
    );
    test_centre.close().await;
}

/// The notification of the hang-up is lost. After the first Reservation has failed, the carrier is
/// asked whether the call still exists, and the Task is canceled.
#[tokio::test]
async fn task_of_lost_caller_is_canceled() {
    let test_centre = TestCentre::example().await;
    let client = Client(&test_centre);
    // The caller hangs up while the answer with `<Enqueue>` is in flight: no webhook reports it.
    let caller = test_centre.dial("+17075550190").await;
    test_centre.at_phone(caller, "hangup").await;
    let attributes =
        json!({ "selected_language": "en", "call_sid": caller, "to": "+17075550183" }).to_string();
    let (status, made) = client
        .post(
            "/Tasks",
            &[("Attributes", &attributes), ("TaskChannel", "voice")],
        )
        .await;
    assert_eq!(status, 201, "{made}");
    test_centre.advance(SLACK).await;
    let ringing = test_centre.ringing().await;
    assert_eq!(ringing.len(), 1, "{ringing:?}");
    test_centre
        .at_phone(*ringing.values().next().unwrap(), "decline")
        .await;
    test_centre.advance(SLACK).await;
    assert!(
        test_centre.ringing().await.is_empty(),
        "no other phone rings for the lost caller"
    );
    let (_, task) = client
        .get(&format!("/Tasks/{}", made["sid"].as_str().unwrap()))
        .await;
    assert_eq!(
        (&task["assignment_status"], &task["reason"]),
        (&json!("canceled"), &json!("hangup"))
    );
    test_centre.close().await;
}

/// The link to a recording comes after the call. A published program cancels a Task and says in its
/// attributes why, in one request.
#[tokio::test]
async fn attributes_of_ended_task_may_change() {
    let test_centre = TestCentre::example().await;
    let client = Client(&test_centre);
    off_duty(&test_centre).await;
    let task = format!("/Tasks/{}", make(&test_centre, &[0]).await[0]);
    let cancel = [
        ("AssignmentStatus", "canceled"),
        ("Reason", "callback requested"),
        ("Attributes", r#"{"abandoned":"Follow-Up"}"#),
    ];
    let (status, canceled) = client.post(&task, &cancel).await;
    assert_eq!(status, 200, "{canceled}");
    assert_eq!(canceled["assignment_status"], "canceled");
    assert_eq!(canceled["attributes"], r#"{"abandoned":"Follow-Up"}"#);
    let recorded = [("Attributes", r#"{"recording":"https://media.example/RE1"}"#)];
    // Published programs send the version without the quotes of the ETag.
    let version = client.etag(&task).await.replace('"', "");
    let (status, changed) = client.post_if(&task, &version, &recorded).await;
    assert_eq!(status, 200, "{changed}");
    assert_eq!(changed["attributes"], recorded[0].1);
    assert_eq!(changed["assignment_status"], "canceled");
    assert_eq!(client.post_if(&task, &version, &recorded).await.0, 412);
    let (status, refused) = client.post(&task, &[("Priority", "5")]).await;
    assert_eq!(status, 400, "{refused}");
    test_centre.advance(SLACK).await;
    let path = "/Events?EventType=task.updated";
    let events = client.pages(path, "events", "event_data").await.concat();
    let reported: Vec<&Value> = events
        .iter()
        .map(|event| &event["task_attributes"])
        .collect();
    assert_eq!(reported, [recorded[0].1, cancel[2].1], "newest first");
    test_centre.close().await;
}
