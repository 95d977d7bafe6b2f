//! The carrier's REST API, and its recordings.

use carrier_simulator::Journal;
use serde_json::{Value, json};

use crate::support::{
    self, ACCOUNT, Api, CALLER, CENTRE, ManualClock, TOKEN, WORKER, Webhooks, open,
};

#[tokio::test]
async fn rest_api_requires_account_credentials() {
    let webhooks = Webhooks::start().await;
    let carrier = open(&webhooks, &ManualClock::new(), Journal::none());
    let api = Api::start(&carrier).await;
    let account = ACCOUNT.to_string();
    let other = "AC00000000000000000000000000000000";
    let table = [
        (other, Some((account.as_str(), TOKEN)), 404, 20404),
        (
            account.as_str(),
            Some((account.as_str(), "wrong")),
            401,
            20003,
        ),
        (account.as_str(), Some((other, TOKEN)), 401, 20003),
        (account.as_str(), None, 401, 20003),
    ];
    for (path, credentials, status, code) in table {
        let (found, reply) = api
            .rest_as(
                credentials,
                &format!("/2010-04-01/Accounts/{path}/Calls.json"),
            )
            .await;
        assert_eq!(
            (found, reply["code"].as_u64()),
            (status, Some(code)),
            "{path} {credentials:?}"
        );
        assert_eq!(
            reply["more_info"],
            format!("https://www.twilio.com/docs/errors/{code}")
        );
        assert_eq!(reply["status"], json!(status));
    }
}

#[tokio::test]
async fn invalid_rest_requests_have_codes() {
    let webhooks = Webhooks::start().await;
    webhooks.serve("/voice", "<Hangup/>");
    let carrier = open(&webhooks, &ManualClock::new(), Journal::none());
    let api = Api::start(&carrier).await;
    let ended = api.dial(CALLER, CENTRE).await;
    carrier.settle().await;
    let url = webhooks.url("/x");
    let ended_call = format!("Calls/{ended}.json");
    let long = "x".repeat(4_001);
    let unknown = "Calls/CA00000000000000000000000000000000.json";
    type Form<'a> = Vec<(&'a str, &'a str)>;
    let table: Vec<(&str, Form<'_>, u16, u64)> = vec![
        (
            "Calls.json",
            vec![("From", CENTRE), ("Url", &url)],
            400,
            21201,
        ),
        (
            "Calls.json",
            vec![("To", WORKER), ("Url", &url)],
            400,
            21213,
        ),
        (
            "Calls.json",
            vec![("To", WORKER), ("From", CENTRE)],
            400,
            21205,
        ),
        (
            "Calls.json",
            vec![("To", "12"), ("From", CENTRE), ("Url", &url)],
            400,
            21211,
        ),
        (
            "Calls.json",
            vec![("To", WORKER), ("From", "12"), ("Url", &url)],
            400,
            21212,
        ),
        (
            "Calls.json",
            vec![("To", WORKER), ("From", CENTRE), ("Url", "/x")],
            400,
            21205,
        ),
        (
            "Calls.json",
            vec![("To", WORKER), ("From", CENTRE), ("Twiml", &long)],
            400,
            20001,
        ),
        (
            "Calls.json",
            vec![
                ("To", WORKER),
                ("From", CENTRE),
                ("Url", &url),
                ("Timeout", "601"),
            ],
            400,
            20001,
        ),
        (
            "Calls.json",
            vec![
                ("To", WORKER),
                ("From", CENTRE),
                ("Url", &url),
                ("Method", "PUT"),
            ],
            400,
            20001,
        ),
        (&ended_call, vec![("Status", "completed")], 400, 21220),
        (&ended_call, vec![("Url", &url)], 400, 21220),
        (&ended_call, vec![("Status", "busy")], 400, 20001),
        (
            &ended_call,
            vec![("Url", &url), ("Twiml", "<Response/>")],
            400,
            20001,
        ),
        (unknown, vec![("Status", "completed")], 404, 20404),
        ("Queues.json", vec![], 400, 20001),
        (
            "Queues.json",
            vec![("FriendlyName", "q"), ("MaxSize", "many")],
            400,
            20001,
        ),
        (
            "Queues/QU00000000000000000000000000000000/Members/Front.json",
            vec![("Url", &url)],
            404,
            20404,
        ),
    ];
    for (path, form, status, code) in table {
        let (found, reply) = api.rest(path, &form).await;
        assert_eq!(
            (found, reply["code"].as_u64()),
            (status, Some(code)),
            "{path} {form:?}: {reply}"
        );
    }
}

#[tokio::test]
async fn queues_and_members_over_rest() {
    let webhooks = Webhooks::start().await;
    webhooks.serve(
        "/voice",
        "<Enqueue waitUrl=\"\" action=\"/exit\">WT1</Enqueue>",
    );
    webhooks.serve("/new", "<Say>Moved</Say>");
    webhooks.serve("/exit", "");
    let clock = ManualClock::new();
    let carrier = open(&webhooks, &clock, Journal::none());
    let api = Api::start(&carrier).await;
    let (status, made) = api
        .rest("Queues.json", &[("FriendlyName", "WT1"), ("MaxSize", "3")])
        .await;
    assert_eq!(
        (status, &made["friendly_name"], &made["max_size"]),
        (201, &json!("WT1"), &json!(3))
    );
    let queue = made["sid"].as_str().unwrap().to_owned();
    let caller = api.dial(CALLER, CENTRE).await;
    let second = api.dial("+15550100002", CENTRE).await;
    carrier.settle().await;
    clock.pass(&carrier, 9).await;

    let shown = api.rest_get(&format!("Queues/{queue}.json")).await.1;
    assert_eq!(
        (&shown["current_size"], &shown["average_wait_time"]),
        (&json!(2), &json!(9))
    );
    assert_eq!(
        api.rest_get("Queues.json").await.1["queues"],
        json!([shown])
    );
    let members = api
        .rest_get(&format!("Queues/{queue}/Members.json"))
        .await
        .1;
    assert_eq!(members["queue_members"][1]["call_sid"], json!(second));
    let front = api
        .rest_get(&format!("Queues/{queue}/Members/Front.json"))
        .await
        .1;
    assert_eq!(front, members["queue_members"][0]);
    let expected = json!({
        "call_sid": caller, "queue_sid": queue, "date_enqueued": "Sun, 22 Nov 2026 15:00:00 +0000", "position": 1,
        "wait_time": 9, "uri": format!("/2010-04-01/Accounts/{ACCOUNT}/Queues/{queue}/Members/{caller}.json"),
    });
    assert_eq!(front, expected);

    assert_eq!(
        api.rest_delete(&format!("Queues/{queue}.json")).await.0,
        400
    );
    let url = webhooks.url("/new");
    let moved = api
        .rest(
            &format!("Queues/{queue}/Members/Front.json"),
            &[("Url", &url)],
        )
        .await;
    assert_eq!((moved.0, &moved.1["call_sid"]), (200, &json!(caller)));
    let moved = api
        .rest(
            &format!("Queues/{queue}/Members/{second}.json"),
            &[("Url", &url)],
        )
        .await;
    assert_eq!(moved.0, 200);
    carrier.settle().await;
    assert_eq!(
        webhooks
            .requests("/exit")
            .iter()
            .filter(|request| request.param("QueueResult") == "redirected")
            .count(),
        2
    );
    let renamed = api
        .rest(&format!("Queues/{queue}.json"), &[("FriendlyName", "WT2")])
        .await
        .1;
    assert_eq!(
        (&renamed["friendly_name"], &renamed["current_size"]),
        (&json!("WT2"), &json!(0))
    );
    assert_eq!(
        api.rest_delete(&format!("Queues/{queue}.json")).await,
        (204, Value::Null)
    );
    assert_eq!(api.rest_get(&format!("Queues/{queue}.json")).await.0, 404);
}

#[tokio::test]
async fn call_properties_and_list_pages() {
    let webhooks = Webhooks::start().await;
    webhooks.serve(
        "/voice",
        "<Pause length=\"1\"/><Say>Hi</Say><Pause length=\"60\"/>",
    );
    let clock = ManualClock::new();
    let carrier = open(&webhooks, &clock, Journal::none());
    let api = Api::start(&carrier).await;
    let mut calls = Vec::new();
    for _ in 0..5 {
        calls.insert(0, api.dial(CALLER, CENTRE).await);
    }
    carrier.settle().await;
    clock.pass(&carrier, 11).await;
    api.post(
        &format!("/simulator/calls/{}/hangup", calls[0]),
        Value::Null,
    )
    .await;
    let call = api.rest_get(&format!("Calls/{}.json", calls[0])).await.1;
    let mut keys: Vec<&str> = call
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    keys.sort_unstable();
    let documented = [
        "account_sid",
        "answered_by",
        "api_version",
        "caller_name",
        "date_created",
        "date_updated",
        "direction",
        "duration",
        "end_time",
        "forwarded_from",
        "from",
        "from_formatted",
        "group_sid",
        "parent_call_sid",
        "phone_number_sid",
        "price",
        "price_unit",
        "queue_time",
        "sid",
        "start_time",
        "status",
        "subresource_uris",
        "to",
        "to_formatted",
        "trunk_sid",
        "uri",
    ];
    assert_eq!(keys, documented);
    let names = [
        "status",
        "duration",
        "start_time",
        "end_time",
        "direction",
        "to_formatted",
        "queue_time",
    ];
    let expected = [
        "completed",
        "10",
        "Sun, 22 Nov 2026 15:00:01 +0000",
        "Sun, 22 Nov 2026 15:00:11 +0000",
        "inbound",
        "(707) 555-0183",
        "0",
    ];
    assert_eq!(names.map(|name| call[name].as_str().unwrap()), expected);

    let mut seen = Vec::new();
    let mut next = json!(format!(
        "/2010-04-01/Accounts/{ACCOUNT}/Calls.json?PageSize=2&To={}",
        CENTRE.replace('+', "%2B")
    ));
    while let Some(path) = next.as_str() {
        let page = api
            .rest_as(Some((&ACCOUNT.to_string(), TOKEN)), path)
            .await
            .1;
        seen.extend(
            page["calls"]
                .as_array()
                .unwrap()
                .iter()
                .map(|call| call["sid"].as_str().unwrap().to_owned()),
        );
        next = page["next_page_uri"].clone();
    }
    assert_eq!(seen, calls);
    for (filter, count) in [
        ("Status=completed", 1),
        ("Status=in-progress", 4),
        ("From=%2B1999", 0),
        ("StartTime=2026-11-22", 5),
        ("StartTime%3E=2026-11-23", 0),
        ("StartTime%3C=2026-11-23", 5),
        ("EndTime=2026-11-22", 1),
    ] {
        let page = api.rest_get(&format!("Calls.json?{filter}")).await.1;
        assert_eq!(page["calls"].as_array().unwrap().len(), count, "{filter}");
    }
    for (query, code) in [
        ("PageSize=1001", 20007),
        ("PageToken=PAx", 20001),
        ("Status=asleep", 20001),
        ("StartTime=soon", 20001),
    ] {
        let (status, reply) = api.rest_get(&format!("Calls.json?{query}")).await;
        assert_eq!((status, &reply["code"]), (400, &json!(code)), "{query}");
    }
}

#[tokio::test]
async fn recording_is_served_with_its_length() {
    let webhooks = Webhooks::start().await;
    webhooks.serve("/voice", "<Record action=\"/done\" maxLength=\"2\"/>");
    webhooks.serve("/done", "<Hangup/>");
    let clock = ManualClock::new();
    let carrier = open(&webhooks, &clock, Journal::none());
    let api = Api::start(&carrier).await;
    api.dial(CALLER, CENTRE).await;
    carrier.settle().await;
    clock.pass(&carrier, 2).await;
    let url = webhooks.requests("/done")[0]
        .param("RecordingUrl")
        .to_owned();
    let path = url.strip_prefix(support::PUBLIC_URL).unwrap();
    for path in [path.to_owned(), format!("{path}.wav")] {
        let wav = api.bytes(&path).await;
        assert_eq!((&wav[..4], wav.len()), (&b"RIFF"[..], 44 + 2 * 16_000));
        let sound = &wav[44..];
        assert!(sound.iter().any(|byte| *byte != 0), "only silence");
    }
    for missing in [path.replace("/RE", "/REx"), format!("{path}.mp3")] {
        assert_eq!(api.get(&missing).await.0, 404, "{missing}");
    }
}

#[tokio::test]
async fn recordings_are_resources() {
    let webhooks = Webhooks::start().await;
    webhooks.serve("/voice", "<Record action=\"/done\" maxLength=\"2\"/>");
    webhooks.serve("/done", "<Hangup/>");
    let clock = ManualClock::new();
    let carrier = open(&webhooks, &clock, Journal::none());
    let api = Api::start(&carrier).await;
    let call = api.dial(CALLER, CENTRE).await;
    carrier.settle().await;
    clock.pass(&carrier, 2).await;
    let sid = webhooks.requests("/done")[0]
        .param("RecordingSid")
        .to_owned();
    let path = format!("Recordings/{sid}.json");
    let (status, recording) = api.rest_get(&path).await;
    assert_eq!(status, 200);
    for (name, value) in [
        ("sid", json!(sid)),
        ("call_sid", json!(call)),
        ("duration", json!("2")),
        ("source", json!("RecordVerb")),
        ("channels", json!(1)),
        ("status", json!("completed")),
    ] {
        assert_eq!(recording[name], value, "{name}");
    }
    for list in [
        "Recordings.json".to_owned(),
        format!("Recordings.json?CallSid={call}"),
        format!("Calls/{call}/Recordings.json"),
    ] {
        let (_, list) = api.rest_get(&list).await;
        assert_eq!(list["recordings"], json!([recording]));
    }
    let whole = format!("/2010-04-01/Accounts/{ACCOUNT}/{path}");
    assert_eq!(api.rest_as(None, &whole).await.0, 401);
    assert_eq!(api.rest_delete(&path).await.0, 204);
    assert_eq!(api.rest_get(&path).await.0, 404);
    assert_eq!(api.rest_delete(&path).await.0, 404);
}

/// Set-up scripts read the account, and let its number ask their application.
#[tokio::test]
async fn account_and_numbers_over_rest() {
    let webhooks = Webhooks::start().await;
    webhooks.serve("/mine", "<Pause length=\"60\"/>");
    let carrier = open(&webhooks, &ManualClock::new(), Journal::none());
    let api = Api::start(&carrier).await;
    let credentials = (ACCOUNT.to_string(), TOKEN);
    let credentials = Some((credentials.0.as_str(), credentials.1));
    let path = format!("/2010-04-01/Accounts/{ACCOUNT}.json");
    let (status, account) = api.rest_as(credentials, &path).await;
    assert_eq!((status, &account["status"]), (200, &json!("active")));
    let (_, list) = api.rest_get("IncomingPhoneNumbers.json").await;
    let numbers = list["incoming_phone_numbers"].as_array().unwrap();
    assert_eq!(numbers[0]["phone_number"], CENTRE);
    let number = format!(
        "IncomingPhoneNumbers/{}.json",
        numbers[0]["sid"].as_str().unwrap()
    );
    assert_eq!(api.rest_get(&number).await, (200, numbers[0].clone()));
    let url = webhooks.url("/mine");
    let (status, _) = api.rest(&number, &[("VoiceUrl", "/mine")]).await;
    assert_eq!(status, 400, "a URL without a host");
    let change = [("VoiceUrl", url.as_str()), ("VoiceMethod", "get")];
    let (status, changed) = api.rest(&number, &change).await;
    assert_eq!((status, &changed["voice_method"]), (200, &json!("GET")));
    api.dial(CALLER, CENTRE).await;
    carrier.settle().await;
    assert_eq!(webhooks.requests("/mine").len(), 1);
}

#[tokio::test]
async fn path_that_is_not_served_has_a_json_error() {
    let webhooks = Webhooks::start().await;
    let carrier = open(&webhooks, &ManualClock::new(), Journal::none());
    let api = Api::start(&carrier).await;
    for path in [
        "Messages.json",
        "Applications.json",
        "Calls/CA1/Payments.json",
    ] {
        let (status, error) = api.rest_get(path).await;
        assert_eq!(
            (status, error["code"].as_u64()),
            (404, Some(20404)),
            "{path}"
        );
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(path), "{message}");
    }
    let anonymous = api.rest_as(None, "/2010-04-01/Other.json").await;
    assert_eq!(anonymous.0, 401);
}

#[tokio::test]
async fn throttled_requests_are_not_processed() {
    let webhooks = Webhooks::start().await;
    let carrier = open(&webhooks, &ManualClock::new(), Journal::none());
    let api = Api::start(&carrier).await;
    let throttle = json!({ "requests": 2, "retry_after_secs": 3 });
    api.post("/simulator/throttle", throttle).await;
    let new = [("FriendlyName", "WT1")];
    for _ in 0..2 {
        let (status, refused) = api.rest("Queues.json", &new).await;
        assert_eq!((status, &refused["code"]), (429, &json!(20429)));
    }
    let (_, queues) = api.rest_get("Queues.json").await;
    assert_eq!(queues["queues"], json!([]));
    assert_eq!(api.rest("Queues.json", &new).await.0, 201);
}
