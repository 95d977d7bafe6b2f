//! The webhook journal of a call, read through the REST API: in order, without whole phone numbers,
//! each webhook once.

use ids::time::{Clock, Millis};
use ids::{CallSid, TaskSid};
use serde_json::Value;
use shared::webhook::signature::{SIGNATURE_HEADER, sign};
use tests::application::{Application, JSON};
use tests::test_centre::{EXAMPLE, Surroundings, TestCentre};

/// A centre with the webhook journal on.
async fn test_centre() -> TestCentre {
    test_centre_of(EXAMPLE).await
}

async fn test_centre_of(set_up: &str) -> TestCentre {
    let surroundings = Surroundings {
        keep_webhooks: true,
        ..Surroundings::real()
    };
    TestCentre::metered_in(set_up, surroundings).await.0
}

/// The webhooks of a Task, as the REST API shows them: status and body.
async fn webhooks(test_centre: &TestCentre, task: TaskSid, query: &str) -> (u16, Value) {
    let workspace = test_centre.contact_centre.workspace.sid;
    let address = format!(
        "{}/v1/Workspaces/{workspace}/Tasks/{task}/Webhooks{query}",
        test_centre.base
    );
    let request = reqwest::Client::builder()
        .no_proxy()
        .build()
        .unwrap()
        .get(address)
        .basic_auth(
            test_centre.account.account_sid,
            Some(&test_centre.account.auth_token),
        );
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

/// A call from the first ring to the end of wrap-up; the caller waits through two pieces of music.
async fn call(test_centre: &TestCentre) -> CallSid {
    let caller = test_centre.dial("+17075550193").await;
    test_centre.advance(Millis::from_secs(1)).await;
    test_centre.press(caller, "1").await;
    test_centre.advance(Millis::from_secs(5)).await;
    let ringing: Vec<CallSid> = test_centre.ringing().await.into_values().collect();
    let [worker] = ringing[..] else {
        panic!("expected one ringing phone: {ringing:?}")
    };
    test_centre.at_phone(worker, "answer").await;
    test_centre.advance(Millis::from_secs(30)).await;
    test_centre.at_phone(caller, "hangup").await;
    test_centre.advance(Millis::from_secs(30)).await;
    caller
}

/// A webhook as one line: `received POST /incoming-call 200`, without ids, queries and hosts.
fn line(webhook: &Value) -> String {
    let text = |key: &str| webhook[key].as_str().unwrap().to_owned();
    let url = text("url");
    let path = url.split('?').next().unwrap();
    let path = path
        .split_once("://")
        .map_or(path, |(_, rest)| &rest[rest.find('/').unwrap()..]);
    let path = path
        .split('/')
        .map(|part| if part.len() == 34 { "…" } else { part })
        .collect::<Vec<_>>()
        .join("/");
    format!(
        "{} {} {path} {}",
        text("direction"),
        text("method"),
        webhook["status"]
    )
}

/// In order, with every answer, without whole phone numbers and without the auth token.
#[tokio::test]
async fn journal_has_a_whole_call() {
    let test_centre = test_centre().await;
    let caller = call(&test_centre).await;
    let (status, body) = webhooks(&test_centre, TaskSid::of_call(caller), "").await;
    assert_eq!(status, 200, "{body}");
    let journal = body["webhooks"].as_array().unwrap();
    let lines: Vec<String> = journal.iter().map(line).collect();
    assert_eq!(
        lines,
        [
            "received POST /incoming-call 200",
            "received POST /enqueue-call 200",
            "received POST /wait-music 200",
            "sent POST /assignment 200",
            "sent POST /2010-04-01/Accounts/…/Calls.json 201",
            "received POST /worker-call 200",
            "received POST /worker-call/connecting 200",
            "received POST /worker-call/ended 200",
            "received POST /queue-exit 200",
            "received POST /worker-call/status 204",
        ],
        "{body:#}"
    );
    for (path, answer) in [
        ("/incoming-call", "<Gather"),
        ("/enqueue-call", "</Enqueue>"),
        ("/wait-music", "<Play>"),
        ("/assignment", r#""instruction":"dequeue""#),
        ("/Calls.json", r#""sid":"CA"#),
        ("/worker-call?", "<Dial"),
    ] {
        let webhook = journal
            .iter()
            .find(|webhook| webhook["url"].as_str().unwrap().contains(path))
            .unwrap();
        assert!(
            webhook["answer"].as_str().unwrap().contains(answer),
            "{path}: {webhook:#}"
        );
    }
    assert!(
        !body.to_string().contains("+1707"),
        "a whole phone number in {body:#}"
    );
    assert!(!body.to_string().contains(&test_centre.account.auth_token));
    test_centre.close().await;
}

/// Repeated requests for wait music are one entry with a count.
#[tokio::test]
async fn repeated_webhook_is_journaled_once() {
    let test_centre = test_centre().await;
    for name in ["Maya", "Leela"] {
        let declared = test_centre
            .contact_centre
            .workers
            .iter()
            .find(|worker| worker.friendly_name == name)
            .unwrap();
        let offline = test_centre.contact_centre.workspace.default_activity_sid;
        let away = task_router::router::Command::ActivitySet {
            worker: declared.sid,
            activity: offline,
            reject_pending: false,
        };
        test_centre
            .centre
            .store
            .apply(&away, test_centre.clock.now())
            .await
            .unwrap();
    }
    let caller = test_centre.dial("+17075550193").await;
    test_centre.advance(Millis::from_secs(1)).await;
    test_centre.press(caller, "1").await;
    test_centre.advance(Millis::from_secs(90)).await;
    let task = TaskSid::of_call(caller);
    let (_, before) = webhooks(&test_centre, task, "").await;
    let waited = before["webhooks"]
        .as_array()
        .unwrap()
        .iter()
        .find(|webhook| line(webhook).contains("/wait-music"));
    let times = waited.unwrap()["times"].as_u64().unwrap();
    assert!(times > 1, "{before:#}");
    for _ in 0..2 {
        let url = format!("{}/wait-music?TaskSid={task}&language=en", test_centre.base);
        let account = test_centre.account.account_sid.to_string();
        let parameters = [
            ("CallSid", caller.to_string()),
            ("AccountSid", account),
            ("From", "+17075550193".to_owned()),
            (
                "To",
                test_centre
                    .contact_centre
                    .voice_settings
                    .phone_number
                    .clone(),
            ),
            ("CallStatus", "in-progress".to_owned()),
        ];
        let form = parameters.map(|(name, value)| (name.to_owned(), value));
        let signature = sign(&test_centre.account.auth_token, &url, &form);
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&form)
            .finish();
        let request = reqwest::Client::builder()
            .no_proxy()
            .build()
            .unwrap()
            .post(&url);
        let request = request
            .header(SIGNATURE_HEADER, signature)
            .header("content-type", "application/x-www-form-urlencoded");
        assert!(
            request
                .body(body)
                .send()
                .await
                .unwrap()
                .status()
                .is_success()
        );
    }
    let (_, after) = webhooks(&test_centre, task, "").await;
    assert_eq!(
        after["webhooks"].as_array().unwrap().len(),
        before["webhooks"].as_array().unwrap().len()
    );
    let waited = after["webhooks"]
        .as_array()
        .unwrap()
        .iter()
        .find(|webhook| line(webhook).contains("/wait-music"));
    assert_eq!(
        waited.unwrap()["times"],
        times + 1,
        "the repeated webhook is counted once: {after:#}"
    );
    test_centre.close().await;
}

/// Each attempt at the application is an entry; secrets are masked.
#[tokio::test]
async fn failed_attempts_are_journaled_masked() {
    let reject = r#"{"instruction":"reject","sip_auth_password":"hunter2"}"#;
    let application = Application::start(&[
        ("/ask", (503, JSON, "later")),
        ("/again", (200, JSON, reject)),
    ])
    .await;
    let base = &application.base;
    let urls = format!(
        "assignment_callback: \"{base}/ask?key=s3cr3t#rp=5xx&rc=1\"\n    fallback_assignment_callback: \"{base}/again\""
    );
    let set_up = EXAMPLE.replace("assignment_callback: /assignment", &urls);
    let test_centre = test_centre_of(&set_up).await;
    let caller = test_centre.dial("+17075550193").await;
    test_centre.centre.settle().await;
    test_centre.press(caller, "1").await;
    test_centre.centre.settle().await;
    let (_, body) = webhooks(&test_centre, TaskSid::of_call(caller), "").await;
    let sent: Vec<String> = body["webhooks"]
        .as_array()
        .unwrap()
        .iter()
        .map(line)
        .collect();
    let sent: Vec<&str> = sent
        .iter()
        .map(String::as_str)
        .filter(|line| line.starts_with("sent"))
        .take(3)
        .collect();
    assert_eq!(
        sent,
        [
            "sent POST /ask 503",
            "sent POST /ask 503",
            "sent POST /again 200"
        ],
        "{body:#}"
    );
    let text = body.to_string();
    assert!(
        text.contains("key=…") && !text.contains("s3cr3t") && !text.contains("hunter2"),
        "{body:#}"
    );
    test_centre.close().await;
}

#[tokio::test]
async fn journal_is_paged_and_outlives_the_task() {
    let test_centre = test_centre().await;
    let caller = call(&test_centre).await;
    let task = TaskSid::of_call(caller);
    let (_, first) = webhooks(&test_centre, task, "?PageSize=4").await;
    assert_eq!(first["webhooks"].as_array().unwrap().len(), 4);
    assert!(first["meta"]["next_page_url"].is_string(), "{first:#}");
    let unknown = TaskSid::of_call(CallSid::derive(&["unknown"]));
    assert_eq!(webhooks(&test_centre, unknown, "").await.0, 404);
    test_centre.advance(Millis::from_secs(600)).await;
    test_centre.centre.store.task(task).await.unwrap();
    assert_eq!(webhooks(&test_centre, task, "").await.0, 200);
    test_centre.close().await;
}

#[tokio::test]
async fn journal_is_off_by_default() {
    let test_centre = TestCentre::example().await;
    let caller = call(&test_centre).await;
    let (status, body) = webhooks(&test_centre, TaskSid::of_call(caller), "").await;
    assert_eq!(
        (status, body["webhooks"].as_array().map(Vec::len)),
        (200, Some(0)),
        "{body}"
    );
    test_centre.close().await;
}
