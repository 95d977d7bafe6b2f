//! The REST API over a running centre: its changes have the same effects as webhooks and timers.
//!
//! One module per resource or concept.

mod as_sent;
mod calendars;
mod configuration;
mod configuration_in_use;
mod dialing;
mod explain;
mod queue_members;
mod refusals;
mod reservations;
mod shadow;
mod supervision;
mod task_channels;
mod tasks;
mod wire;
mod workers;
mod workflow_warnings;

use ids::{CallSid, TaskSid};
use reqwest::header::{CONTENT_TYPE, HeaderMap, IF_MATCH};
use serde_json::Value;
use tests::story::SLACK;
use tests::test_centre::TestCentre;

/// A client of the API.
struct Client<'a>(&'a TestCentre);

impl Client<'_> {
    async fn send(&self, request: reqwest::RequestBuilder) -> (u16, Value) {
        let (status, _, body) = self.send_whole(request).await;
        (status, body)
    }

    /// Status, headers, and JSON, null if there is none.
    async fn send_whole(&self, request: reqwest::RequestBuilder) -> (u16, HeaderMap, Value) {
        let account = &self.0.account;
        let answer = request
            .basic_auth(account.account_sid, Some(&account.auth_token))
            .send()
            .await
            .unwrap();
        let status = answer.status().as_u16();
        let headers = answer.headers().clone();
        let text = answer.text().await.unwrap();
        let body = if text.is_empty() {
            Value::Null
        } else {
            serde_json::from_str(&text).unwrap()
        };
        (status, headers, body)
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        self.send(reqwest::Client::new().get(self.url(path))).await
    }

    async fn post(&self, path: &str, form: &[(&str, &str)]) -> (u16, Value) {
        self.send(reqwest::Client::new().post(self.url(path)).form(form))
            .await
    }

    /// POST with `If-Match`.
    async fn post_if(&self, path: &str, version: &str, form: &[(&str, &str)]) -> (u16, Value) {
        self.send(
            reqwest::Client::new()
                .post(self.url(path))
                .header(IF_MATCH, version)
                .form(form),
        )
        .await
    }

    async fn delete_if(&self, path: &str, version: &str) -> (u16, Value) {
        self.send(
            reqwest::Client::new()
                .delete(self.url(path))
                .header(IF_MATCH, version),
        )
        .await
    }

    /// A JSON merge patch of attributes.
    async fn patch(&self, path: &str, patch: &Value) -> (u16, Value) {
        let request = reqwest::Client::new()
            .post(self.url(path))
            .header(CONTENT_TYPE, "application/merge-patch+json");
        self.send(request.body(patch.to_string())).await
    }

    /// The ETag of the resource at this path.
    async fn etag(&self, path: &str) -> String {
        let (status, headers, _) = self
            .send_whole(reqwest::Client::new().get(self.url(path)))
            .await;
        assert_eq!(status, 200, "{path}");
        headers["etag"].to_str().unwrap().to_owned()
    }

    /// The values of `field` of every entry under `key`, page by page, following `next_page_url`.
    async fn pages(&self, path: &str, key: &str, field: &str) -> Vec<Vec<Value>> {
        let mut url = Some(self.url(path));
        let mut pages = Vec::new();
        while let Some(next) = url {
            let (status, page) = self.send(reqwest::Client::new().get(next)).await;
            assert_eq!(status, 200, "{page}");
            pages.push(
                page[key]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|entry| entry[field].clone())
                    .collect(),
            );
            url = page["meta"]["next_page_url"].as_str().map(str::to_owned);
            assert!(pages.len() < 100, "the pages never end");
        }
        pages
    }

    /// The SID of the Activity of this name.
    async fn activity(&self, name: &str) -> String {
        let (_, found) = self.get(&format!("/Activities?FriendlyName={name}")).await;
        found["activities"][0]["sid"].as_str().unwrap().to_owned()
    }

    fn url(&self, path: &str) -> String {
        format!(
            "{}/v1/Workspaces/{}{path}",
            self.0.base, self.0.contact_centre.workspace.sid
        )
    }
}

/// An English caller whose Task has been offered to Maya.
async fn offered(test_centre: &TestCentre) -> CallSid {
    caller(test_centre, "1").await
}

/// A caller who has pressed this key.
async fn caller(test_centre: &TestCentre, key: &str) -> CallSid {
    let caller = test_centre.dial("+17075550190").await;
    test_centre.centre.settle().await;
    test_centre.press(caller, key).await;
    test_centre.advance(SLACK).await;
    caller
}

fn task_path(caller: CallSid) -> String {
    format!("/Tasks/{}", TaskSid::derive(&[&caller.to_string()]))
}

#[tokio::test]
async fn request_without_credentials_is_refused() {
    let test_centre = TestCentre::example().await;
    let client = Client(&test_centre);
    for request in [
        reqwest::Client::new().get(client.url("/Workers")),
        reqwest::Client::new()
            .get(client.url("/Workers"))
            .basic_auth(test_centre.account.account_sid, Some("guess")),
    ] {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 401);
        assert_eq!(answer.json::<Value>().await.unwrap()["code"], 20003);
    }
    test_centre.close().await;
}

/// `RejectPendingReservations` then stops the ringing.
#[tokio::test]
async fn available_worker_is_offered_waiting_call() {
    let test_centre = TestCentre::example().await;
    let client = Client(&test_centre);
    let (status, activities) = client.get("/Activities").await;
    assert_eq!(status, 200);
    let sid = |name: &str| {
        let all = activities["activities"].as_array().unwrap();
        all.iter()
            .find(|activity| activity["friendly_name"] == name)
            .unwrap()["sid"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let (_, workers) = client.get("/Workers").await;
    let workers: Vec<String> = workers["workers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|worker| worker["sid"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(workers.len(), 3);
    for worker in &workers {
        let (status, _) = client
            .post(
                &format!("/Workers/{worker}"),
                &[("ActivitySid", &sid("Unavailable"))],
            )
            .await;
        assert_eq!(status, 200);
    }
    offered(&test_centre).await;
    assert!(test_centre.ringing().await.is_empty());
    let maya = test_centre.worker("Maya").await.sid;
    let (_, worker) = client
        .post(
            &format!("/Workers/{maya}"),
            &[("ActivitySid", &sid("Available"))],
        )
        .await;
    assert_eq!(worker["activity_name"], "Available");
    test_centre.centre.settle().await;
    assert!(test_centre.ringing().await.contains_key("+17075550101"));

    // With `RejectPendingReservations` the phone stops ringing and the call is offered to another
    // Worker.
    let form = [
        ("ActivitySid", sid("Unavailable")),
        ("RejectPendingReservations", "true".to_owned()),
    ];
    let form: Vec<(&str, &str)> = form
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    client.post(&format!("/Workers/{maya}"), &form).await;
    test_centre.centre.settle().await;
    assert!(test_centre.ringing().await.is_empty());
    test_centre.close().await;
}

/// Ending a Task through the API also ends the call or stops the ringing.
#[tokio::test]
async fn task_ends_as_its_status_allows() {
    let test_centre = TestCentre::example().await;
    let client = Client(&test_centre);
    let caller = offered(&test_centre).await;
    let (status, error) = client
        .post(&task_path(caller), &[("AssignmentStatus", "completed")])
        .await;
    assert_eq!(
        (status, &error["code"]),
        (400, &Value::from(20001)),
        "{error}"
    );

    let phones = test_centre.ringing().await;
    test_centre.at_phone(phones["+17075550101"], "answer").await;
    test_centre.advance(SLACK).await;
    let (status, task) = client
        .post(
            &task_path(caller),
            &[("AssignmentStatus", "completed"), ("Reason", "done")],
        )
        .await;
    assert_eq!(
        (status, &task["assignment_status"], &task["reason"]),
        (200, &"completed".into(), &"done".into())
    );
    // It is neither assigned nor pending any more.
    for again in ["completed", "canceled", "wrapping"] {
        let (status, error) = client
            .post(&task_path(caller), &[("AssignmentStatus", again)])
            .await;
        assert_eq!((status, &error["code"]), (400, &20_001.into()), "{again}");
    }
    test_centre.centre.settle().await;
    assert_eq!(test_centre.activity_of("Maya").await, "Wrap-Up");

    // Canceled while waiting: the phone stops ringing, and the caller hears it and leaves the
    // queue.
    let other = offered(&test_centre).await;
    assert!(!test_centre.ringing().await.is_empty());
    let (status, _) = client
        .post(&task_path(other), &[("AssignmentStatus", "canceled")])
        .await;
    assert_eq!(status, 200);
    let (status, error) = client
        .post(&task_path(other), &[("AssignmentStatus", "canceled")])
        .await;
    assert_eq!((status, &error["code"]), (400, &20_001.into()), "{error}");
    test_centre.advance(SLACK).await;
    assert!(test_centre.ringing().await.is_empty());
    let transcript = test_centre.call(other).await["transcript"].to_string();
    assert!(transcript.contains("left-queue"), "{transcript}");
    test_centre.close().await;
}
