//! Reads of a TaskQueue's Workers. They follow a change at once: the clock does not move in these
//! tests before the change has been read, so no backfill runs.

use cordboard::embedded_dynamodb::TABLE;
use ids::TaskQueueSid;
use ids::time::{Clock, Millis};
use serde_json::{Value, json};
use store::Store;
use tests::test_centre::TestCentre;

use super::Client;
use super::configuration::sid;

/// The queue of these tests.
const QUEUE: &str = "Regulars";

/// The delay of a backfill: the caches' 2 s, and one second that collects further changes.
const BACKFILLED: Millis = Millis::from_secs(3);

/// The path of the only read that is a POST.
const BULK: &str = "/TaskQueues/RealTimeStatistics";

/// Every read that counts or lists the Workers of the queue, and where their number is: a number or
/// an array.
fn reads(queue: &str) -> [(String, &'static str); 8] {
    [
        (format!("/Workers?TaskQueueSid={queue}"), "/workers"),
        (format!("/Workers?TaskQueueName={QUEUE}"), "/workers"),
        (
            format!("/TaskQueues/{queue}/RealTimeStatistics"),
            "/total_eligible_workers",
        ),
        (
            format!("/TaskQueues/{queue}/Statistics"),
            "/realtime/total_eligible_workers",
        ),
        (
            format!("/TaskQueues/Statistics?FriendlyName={QUEUE}"),
            "/task_queues_statistics/0/realtime/total_eligible_workers",
        ),
        (BULK.to_owned(), "/task_queue_data/0/total_eligible_workers"),
        (
            format!("/Workers/Statistics?TaskQueueSid={queue}"),
            "/realtime/total_workers",
        ),
        (
            format!("/Workers/Statistics?TaskQueueName={QUEUE}"),
            "/realtime/total_workers",
        ),
    ]
}

async fn read(client: &Client<'_>, path: &str) -> Value {
    let (status, body) = client.get(path).await;
    assert_eq!(status, 200, "{path}: {body}");
    body
}

/// The number of Workers in the answer of one of [`reads`].
async fn number(client: &Client<'_>, queue: &str, path: &str, pointer: &str) -> usize {
    let answer = if path == BULK {
        let request = reqwest::Client::new().post(client.url(path));
        let request = request.json(&json!({ "QueueSids": [queue] }));
        client.send(request).await.1
    } else {
        read(client, path).await
    };
    let found = answer.pointer(pointer).unwrap();
    found.as_array().map_or_else(
        || usize::try_from(found.as_u64().unwrap()).unwrap(),
        Vec::len,
    )
}

/// The names of the queue's Workers, on which every read agrees.
async fn members(client: &Client<'_>, queue: &str) -> Vec<String> {
    let found = read(client, &format!("/Workers?TaskQueueSid={queue}")).await;
    let found = found["workers"].as_array().unwrap();
    for (path, pointer) in reads(queue) {
        let number = number(client, queue, &path, pointer).await;
        assert_eq!(number, found.len(), "{path}: {found:?}");
    }
    let is_available = |worker: &&Value| worker["available"] == json!(true);
    let available = found.iter().filter(is_available).count();
    let now = read(client, &format!("/TaskQueues/{queue}/RealTimeStatistics")).await;
    assert_eq!(now["total_available_workers"], json!(available));
    let activities = now["activity_statistics"].as_array().unwrap().iter();
    let in_activities: u64 = activities
        .map(|activity| activity["workers"].as_u64().unwrap())
        .sum();
    assert_eq!(json!(in_activities), json!(found.len()), "{now}");

    let all = read(client, "/Workers").await;
    for worker in all["workers"].as_array().unwrap() {
        let path = format!("/TaskQueues?FriendlyName={QUEUE}&WorkerSid={}", sid(worker));
        let lists_queue = read(client, &path).await["task_queues"] != json!([]);
        assert_eq!(lists_queue, found.contains(worker), "{worker}");
    }
    let mut names: Vec<String> = found
        .iter()
        .map(|worker| worker["friendly_name"].as_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

async fn posted(client: &Client<'_>, path: &str, form: &[(&str, &str)]) -> Value {
    let (status, body) = client.post(path, form).await;
    assert!([200, 201].contains(&status), "{path}: {body}");
    body
}

/// A new TaskQueue, a new Worker, and changes of the expression, of attributes and of an Activity.
#[tokio::test]
async fn queue_has_its_workers_at_once() {
    let test_centre = TestCentre::example().await;
    let client = Client(&test_centre);
    let target = |expression| vec![("FriendlyName", QUEUE), ("TargetWorkers", expression)];
    let made = posted(&client, "/TaskQueues", &target("languages HAS \"hi\"")).await;
    let queue = sid(&made);
    assert_eq!(members(&client, queue).await, ["Arjun", "Leela"]);

    let at_queue = format!("/TaskQueues/{queue}");
    let at_maya = format!("/Workers/{}", test_centre.worker("Maya").await.sid);
    let at_available = format!("/Activities/{}", client.activity("Available").await);
    let ada = vec![
        ("FriendlyName", "Ada"),
        ("Attributes", r#"{"languages":["hi"]}"#),
    ];
    let everyone = ["Ada", "Arjun", "Leela", "Maya"];
    for (path, form, expected) in [
        ("/Workers", ada, vec!["Ada", "Arjun", "Leela"]),
        (
            &*at_queue,
            target("languages HAS \"en\""),
            vec!["Leela", "Maya"],
        ),
        (&at_maya, vec![("Attributes", "{}")], vec!["Leela"]),
        (&at_queue, target("activity_name == \"Ready\""), Vec::new()),
        (
            &at_available,
            vec![("FriendlyName", "Ready")],
            vec!["Arjun", "Leela", "Maya"],
        ),
        (&at_queue, target("1 == 1"), everyone.to_vec()),
    ] {
        posted(&client, path, &form).await;
        assert_eq!(members(&client, queue).await, expected, "{path}: {form:?}");
    }

    let queue_sid: TaskQueueSid = queue.parse().unwrap();
    let is_stored = async || {
        let arjun = test_centre.worker("Arjun").await;
        arjun.queue_membership.serves(queue_sid)
    };
    assert!(!is_stored().await, "no backfill has run so far");
    test_centre.advance(BACKFILLED).await;
    assert!(is_stored().await);
    assert_eq!(members(&client, queue).await, everyone);
    let deleted = reqwest::Client::new().delete(client.url(&at_queue));
    assert_eq!(client.send(deleted).await.0, 204);
    let found = read(&client, &format!("/Workers?TaskQueueSid={queue}")).await;
    assert_eq!(found["workers"], json!([]));
    test_centre.close().await;
}

/// The process that answers has the previous configuration in its cache.
#[tokio::test]
async fn queue_changed_by_another_process() {
    let test_centre = TestCentre::example().await;
    let client = Client(&test_centre);
    let made = posted(&client, "/TaskQueues", &[("FriendlyName", QUEUE)]).await;
    let queue = sid(&made);
    let other = Store::new(test_centre.table.clone(), TABLE);
    let workspace = test_centre.contact_centre.workspace.sid;
    let now = test_centre.clock.now();
    let expressions = [("languages HAS \"en\"", 2), ("1 == 1", 3)];
    for ((path, pointer), (expression, expected)) in
        reads(queue).iter().zip(expressions.iter().cycle())
    {
        // This read fills the cache, which does not expire while the clock does not move.
        read(&client, "/Activities").await;
        let before = other
            .fresh_workspace(workspace, now)
            .await
            .unwrap()
            .unwrap();
        let mut after = (*before).clone();
        let changed = after.task_queues.get_mut(&queue.parse().unwrap()).unwrap();
        changed.target_workers = Some(expression.parse().unwrap());
        other
            .replace_workspace(Some(&before), &after, now)
            .await
            .unwrap();
        let number = number(&client, queue, path, pointer).await;
        assert_eq!(number, *expected, "{path} with {expression}");
    }
    test_centre.close().await;
}

/// Explain is about routing: until the backfill a Worker is offered nothing of a new TaskQueue.
#[tokio::test]
async fn explain_says_worker_is_being_added() {
    let test_centre = TestCentre::example().await;
    let client = Client(&test_centre);
    posted(&client, "/TaskQueues", &[("FriendlyName", QUEUE)]).await;
    let path = format!("/Workers/{}/Explain", test_centre.worker("Maya").await.sid);
    let explained = read(&client, &path).await;
    let queues = explained["task_queues"].as_array().unwrap();
    let queue = queues.iter().find(|queue| queue["friendly_name"] == QUEUE);
    let queue = queue.unwrap();
    let obstacle = queue["obstacle"]["text"].as_str().unwrap();
    assert!(
        queue["serves"] == json!(false) && obstacle.ends_with("are just being added to it"),
        "{queue}"
    );
    test_centre.close().await;
}
