//! Configurations and attributes come back as they were sent (taskrouter.md sections 2.3, 2.8 and
//! 7.1): the order of keys, blanks, the digits of numbers, and unknown keys included.

use ids::time::Clock;
use serde_json::{Value, json};
use tests::story::SLACK;
use tests::test_centre::{EXAMPLE, TestCentre};

use super::Client;

const FIRST: &str = "Customer Contact Center English";

/// The SID of the TaskQueue of this name.
async fn queue(client: &Client<'_>, name: &str) -> String {
    let name = name.replace(' ', "%20");
    let (_, found) = client
        .get(&format!("/TaskQueues?FriendlyName={name}"))
        .await;
    found["task_queues"][0]["sid"].as_str().unwrap().to_owned()
}

/// A configuration with everything that published programs send and the engine does not need.
fn configuration(queue: &str) -> String {
    format!(
        r#"{{ "task_routing": {{
  "default_filter": {{"timeout": 60, "task_queue_sid": "{queue}", "filter_friendly_name":"Rest", "Expression": "1==1"}},
  "filters": [ {{ "timeout": 30, "targets": [ {{ "priority": "1", "queue": "{queue}",
      "order_by": "worker.routing.levels.4seasons DESC", "note": 1.50 }} ],
      "filterFriendlyName": "Seasons", "friendlyName": "Seasons",
      "expression": "hotel.4seasons == true" }} ] }},
  "version": 1e3 }}"#
    )
}

#[tokio::test]
async fn workflow_comes_back_as_sent() {
    let test_centre = TestCentre::example().await;
    let client = Client(&test_centre);
    let sent = configuration(&queue(&client, FIRST).await);
    let form = [("FriendlyName", "Sent"), ("Configuration", sent.as_str())];
    let (status, made) = client.post("/Workflows", &form).await;
    assert_eq!(
        (status, &made["configuration"]),
        (201, &json!(sent)),
        "{made}"
    );
    let path = format!("/Workflows/{}", made["sid"].as_str().unwrap());
    assert_eq!(client.get(&path).await.1, made);
    let (_, found) = client.get("/Workflows?FriendlyName=Sent").await;
    assert_eq!(found["workflows"], json!([made]));

    // The engine follows it.
    let attributes = r#"{"hotel": {"4seasons": true}}"#;
    let workflow = made["sid"].as_str().unwrap();
    let (status, task) = client
        .post(
            "/Tasks",
            &[("WorkflowSid", workflow), ("Attributes", attributes)],
        )
        .await;
    assert_eq!(
        (status, &task["priority"], &task["attributes"]),
        (201, &json!(1), &json!(attributes)),
        "{task}"
    );
    test_centre.close().await;
}

/// Another spelling is a new text with a new date, and not another configuration: the Tasks that
/// wait keep following it, and so does a restart with the file.
#[tokio::test]
async fn respelled_workflow_routes_as_before() {
    let mut test_centre = TestCentre::example().await;
    let client = Client(&test_centre);
    let workflow = test_centre.contact_centre.voice_settings.workflow_sid;
    let path = format!("/Workflows/{workflow}");
    let (_, before) = client.get(&path).await;
    let spelled = before["configuration"].as_str().unwrap();
    let respelled = format!(" {spelled}\n");
    test_centre.advance(SLACK).await;
    let (status, after) = client.post(&path, &[("Configuration", &respelled)]).await;
    assert_eq!((status, &after["configuration"]), (200, &json!(respelled)));
    assert_ne!(after["date_updated"], before["date_updated"]);
    let stored = async |test_centre: &TestCentre| {
        let now = test_centre.clock.now();
        let sid = test_centre.contact_centre.workspace.sid;
        let workspace = test_centre.centre.store.fresh_workspace(sid, now).await;
        workspace.unwrap().unwrap()
    };
    let workspace = stored(&test_centre).await;
    assert_eq!(workspace.workflows[&workflow].version, 0);
    assert!(workspace.superseded.is_empty());

    test_centre.advance(SLACK).await;
    let (_, same) = client.post(&path, &[("Configuration", &respelled)]).await;
    assert_eq!(same, after, "an update without a change has no new date");
    test_centre.apply_configuration(EXAMPLE).await;
    let (_, reapplied) = Client(&test_centre).get(&path).await;
    assert_eq!(reapplied, after);
    test_centre.close().await;
}

/// A text of the largest size with the shortest configuration, and the other way round, do not fit
/// into an item of the table; both come back whole.
#[tokio::test]
async fn large_text_comes_back_as_sent() {
    let test_centre = TestCentre::example().await;
    let client = Client(&test_centre);
    let queue = queue(&client, FIRST).await;
    let mut made = Value::Null;
    for (index, filler) in ["\"é", "\" "].iter().enumerate() {
        let filler = serde_json::to_string(&filler.repeat(200_000)).unwrap();
        let sent = format!(r#"{{"note":{filler},"default_filter":{{"queue":"{queue}"}}}}"#);
        let form = [("FriendlyName", "Large"), ("Configuration", sent.as_str())];
        let path = match made["sid"].as_str() {
            Some(sid) => format!("/Workflows/{sid}"),
            None => "/Workflows".to_owned(),
        };
        let (status, answer) = client.post(&path, &form).await;
        assert_eq!(status, if index == 0 { 201 } else { 200 });
        assert_eq!(answer["configuration"], sent);
        made = answer;
        let path = format!("/Workflows/{}", made["sid"].as_str().unwrap());
        assert_eq!(client.get(&path).await.1, made);
    }
    test_centre.close().await;
}

#[tokio::test]
async fn attributes_come_back_as_sent() {
    let test_centre = TestCentre::example().await;
    let client = Client(&test_centre);
    let sent =
        "{ \"z\": 1.0,\n \"selected_language\" : \"en\", \"n\": [1e3, 12345678901234567890123] }";
    for (list, form) in [
        (
            "/Tasks",
            vec![("Attributes", sent), ("TaskChannel", "voice")],
        ),
        (
            "/Workers",
            vec![("Attributes", sent), ("FriendlyName", "Ada")],
        ),
    ] {
        let (status, made) = client.post(list, &form).await;
        assert_eq!((status, &made["attributes"]), (201, &json!(sent)), "{made}");
        let path = format!("{list}/{}", made["sid"].as_str().unwrap());
        let (_, read) = client.get(&path).await;
        assert_eq!(read["attributes"], sent);

        // A merge patch that changes nothing leaves the text; one that changes a key makes a new one.
        let (_, same) = client.patch(&path, &json!({ "z": 1.0, "x": null })).await;
        assert_eq!(same["attributes"], sent);
        let (_, merged) = client.patch(&path, &json!({ "n": null })).await;
        assert_eq!(
            merged["attributes"],
            r#"{"selected_language":"en","z":1.0}"#
        );

        let respelled = r#"{"z":1.0,"selected_language":"en"}"#;
        let (status, changed) = client.post(&path, &[("Attributes", respelled)]).await;
        assert_eq!((status, &changed["attributes"]), (200, &json!(respelled)));
    }
    test_centre.close().await;
}
