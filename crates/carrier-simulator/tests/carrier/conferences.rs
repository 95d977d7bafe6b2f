//! Conferences and participants over the REST API.

use std::sync::Arc;

use carrier_simulator::{Carrier, Journal};
use serde_json::{Value, json};
use shared::webhook::signature;

use crate::support::{
    ACCOUNT, Api, CALLER, CENTRE, ManualClock, TOKEN, WORKER, Webhooks, open, settings,
};

async fn conference_webhooks() -> (Webhooks, Arc<ManualClock>) {
    let webhooks = Webhooks::start().await;
    let callback =
        "statusCallback=\"/events\" statusCallbackEvent=\"start end join leave mute hold\"";
    webhooks.serve(
        "/voice",
        &format!("<Dial action=\"/ended\"><Conference {callback}>WT1</Conference></Dial>"),
    );
    webhooks.serve("/ended", "<Say>After</Say>");
    webhooks.serve("/events", "");
    webhooks.serve("/hold", "<Say>On hold</Say>");
    (webhooks, ManualClock::new())
}

/// A carrier, its API, and a caller in the conference.
async fn with_a_caller() -> (Webhooks, Arc<Carrier>, Api, String) {
    let (webhooks, clock) = conference_webhooks().await;
    let carrier = open(&webhooks, &clock, Journal::none());
    let api = Api::start(&carrier).await;
    let caller = api.dial(CALLER, CENTRE).await;
    carrier.settle().await;
    (webhooks, carrier, api, caller)
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

#[tokio::test]
async fn conference_over_rest() {
    let (webhooks, carrier, api, caller) = with_a_caller().await;

    let list = api
        .rest_get("Conferences.json?FriendlyName=WT1&Status=init")
        .await
        .1;
    let conference = text(&list["conferences"][0], "sid").to_owned();
    let path = format!("/2010-04-01/Accounts/{ACCOUNT}/Conferences/{conference}");
    let expected = json!({
        "sid": conference, "account_sid": ACCOUNT, "friendly_name": "WT1", "status": "init", "region": null,
        "date_created": "Sun, 22 Nov 2026 15:00:00 +0000", "date_updated": "Sun, 22 Nov 2026 15:00:00 +0000",
        "api_version": "2010-04-01", "reason_conference_ended": null, "call_sid_ending_conference": null,
        "uri": format!("{path}.json"),
        "subresource_uris": {
            "participants": format!("{path}/Participants.json"), "recordings": format!("{path}/Recordings.json"),
        },
    });
    assert_eq!(list["conferences"], json!([expected]));
    assert_eq!(
        api.rest_get(&format!("Conferences/{conference}.json"))
            .await,
        (200, expected)
    );

    // The path may name the conference.
    let form = [
        ("To", WORKER),
        ("From", CENTRE),
        ("Label", "worker"),
        ("EndConferenceOnExit", "true"),
        ("EarlyMedia", "true"),
        ("Timeout", "30"),
        ("Record", "true"),
        ("SipAuthUsername", "ada"),
        ("ConferenceRecord", "record-from-start"),
    ];
    let (status, made) = api.rest("Conferences/WT1/Participants.json", &form).await;
    let worker = text(&made, "call_sid").to_owned();
    let expected = json!({
        "account_sid": ACCOUNT, "call_sid": worker, "label": "worker", "conference_sid": conference, "muted": false,
        "hold": false, "coaching": false, "call_sid_to_coach": null, "start_conference_on_enter": true,
        "end_conference_on_exit": true, "status": "queued", "queue_time": "0",
        "date_created": "Sun, 22 Nov 2026 15:00:00 +0000", "date_updated": "Sun, 22 Nov 2026 15:00:00 +0000",
        "uri": format!("{path}/Participants/{worker}.json"),
    });
    assert_eq!((status, made), (201, expected));
    carrier.settle().await;
    let by_label = format!("Conferences/{conference}/Participants/worker.json");
    assert_eq!(api.rest_get(&by_label).await.1["status"], "ringing");
    api.post(&format!("/simulator/calls/{worker}/answer"), Value::Null)
        .await;
    carrier.settle().await;
    assert_eq!(
        api.rest_get(&format!("Conferences/{conference}.json"))
            .await
            .1["status"],
        "in-progress"
    );

    let hold = webhooks.url("/hold");
    let update = [
        ("Muted", "true"),
        ("Hold", "true"),
        ("HoldUrl", hold.as_str()),
    ];
    let of_caller = format!("Conferences/{conference}/Participants/{caller}.json");
    let (status, shown) = api.rest(&of_caller, &update).await;
    assert_eq!(
        (status, &shown["muted"], &shown["hold"]),
        (200, &json!(true), &json!(true))
    );
    carrier.settle().await;
    assert_eq!(webhooks.requests("/hold")[0].method, "GET");
    let coach = [("Coaching", "true"), ("CallSidToCoach", caller.as_str())];
    let (_, shown) = api.rest(&by_label, &coach).await;
    assert_eq!(
        (&shown["coaching"], &shown["call_sid_to_coach"]),
        (&json!(true), &json!(caller))
    );
    for (query, count) in [
        ("", 2),
        ("?Hold=true", 1),
        ("?Muted=false&Coaching=true", 1),
        ("?Coaching=true&Hold=true", 0),
    ] {
        let list = api
            .rest_get(&format!(
                "Conferences/{conference}/Participants.json{query}"
            ))
            .await
            .1;
        assert_eq!(
            list["participants"].as_array().map(Vec::len),
            Some(count),
            "{query}: {list}"
        );
    }

    let shown = api.get("/simulator/conferences").await.1;
    let people = &shown["conferences"][0]["participants"];
    let of = |index: usize| {
        ["phone", "muted", "hold", "coaching", "status"].map(|key| people[index][key].clone())
    };
    assert_eq!(
        of(0),
        [
            json!(CALLER),
            json!(true),
            json!(true),
            Value::Null,
            json!("connected")
        ]
    );
    assert_eq!(
        of(1),
        [
            json!(WORKER),
            json!(false),
            json!(false),
            json!(caller),
            json!("connected")
        ]
    );
    assert_eq!(
        api.get(&format!("/simulator/calls/{caller}")).await.1["conference_sid"],
        json!(conference)
    );

    let (status, ended) = api
        .rest(
            &format!("Conferences/{conference}.json"),
            &[("Status", "completed")],
        )
        .await;
    let values = ["status", "reason_conference_ended"].map(|key| ended[key].clone());
    assert_eq!(
        (status, values),
        (200, [json!("completed"), json!("conference-ended-via-api")])
    );
    carrier.settle().await;
    assert_eq!(api.rest_get(&by_label).await.0, 404);
    assert_eq!(
        webhooks.requests("/ended")[0].param("DialCallStatus"),
        "answered"
    );
    let reports = webhooks.requests("/events");
    assert!(reports.iter().all(|request| {
        request.header("x-twilio-signature")
            == signature::sign(TOKEN, &webhooks.url("/events"), &request.form)
    }));
    let names: Vec<&str> = reports
        .iter()
        .map(|request| request.param("StatusCallbackEvent"))
        .collect();
    let joined = [
        "participant-join",
        "participant-join",
        "conference-start",
        "participant-mute",
        "participant-hold",
    ];
    let left = ["participant-leave", "participant-leave", "conference-end"];
    assert_eq!(names, [&joined[..], &left[..]].concat());
}

#[tokio::test]
async fn removed_participant_continues() {
    let (_webhooks, carrier, api, caller) = with_a_caller().await;
    let list = api.rest_get("Conferences.json").await.1;
    let conference = text(&list["conferences"][0], "sid").to_owned();
    let path = format!("Conferences/{conference}/Participants/{caller}.json");
    assert_eq!(api.rest_delete(&path).await, (204, Value::Null));
    carrier.settle().await;
    assert_eq!(api.rest_delete(&path).await.0, 404);
    let shown = api.get(&format!("/simulator/calls/{caller}")).await.1;
    assert!(shown["transcript"].to_string().contains("After"), "{shown}");
}

#[tokio::test]
async fn invalid_conference_requests_have_codes() {
    let (_webhooks, _carrier, api, caller) = with_a_caller().await;
    let list = api.rest_get("Conferences.json").await.1;
    let sid = text(&list["conferences"][0], "sid").to_owned();
    let conference = format!("Conferences/{sid}.json");
    let people = format!("Conferences/{sid}/Participants.json");
    let of_caller = format!("Conferences/{sid}/Participants/{caller}.json");
    let unknown_path = "Conferences/CF00000000000000000000000000000000";
    let unknown = format!("{unknown_path}.json");
    let unknown_people = format!("{unknown_path}/Participants.json");
    let unknown_one = format!("{unknown_path}/Participants/x.json");
    let call = |more: &'static str, value: &'static str| {
        vec![("To", WORKER), ("From", CENTRE), (more, value)]
    };
    type Form<'a> = Vec<(&'a str, &'a str)>;
    let table: Vec<(&str, Form<'_>, u16, u64)> = vec![
        (&conference, vec![("Status", "in-progress")], 400, 20001),
        (&conference, vec![], 400, 20001),
        (
            &conference,
            vec![("AnnounceUrl", "http://a.example")],
            400,
            20001,
        ),
        (&unknown, vec![("Status", "completed")], 404, 20404),
        (&people, vec![("From", CENTRE)], 400, 21201),
        (&people, vec![("To", WORKER)], 400, 21213),
        (&people, call("Beep", "loud"), 400, 20001),
        (&people, call("Muted", "maybe"), 400, 20001),
        (&people, call("MaxParticipants", "1"), 400, 20001),
        (&people, call("ConferenceRecord", "always"), 400, 20001),
        (
            &people,
            call("ConferenceStatusCallbackEvent", "stop"),
            400,
            20001,
        ),
        (&people, call("Coaching", "true"), 400, 20001),
        (&people, call("CallSidToCoach", "CA1"), 400, 13240),
        (&people, call("Label", "a/b"), 400, 16023),
        (&people, call("WaitUrl", "/relative"), 400, 21205),
        (&people, call("EndConferenceOnExits", "true"), 400, 20001),
        (&unknown_people, call("Muted", "true"), 404, 20404),
        (&unknown_one, vec![("Muted", "true")], 404, 20404),
        (&of_caller, vec![("Coaching", "true")], 400, 20001),
        (&of_caller, vec![("CallSidToCoach", "me")], 400, 20001),
        (&of_caller, vec![("HoldUrl", "/relative")], 400, 21205),
        (&of_caller, vec![("Held", "true")], 400, 20001),
        (
            "Calls.json",
            call("StatusCallBack", "http://a.example"),
            400,
            20001,
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
    for query in [
        "Conferences.json?Status=over",
        "Conferences.json?DateCreated=2026-11-22",
    ] {
        assert_eq!(api.rest_get(query).await.0, 400, "{query}");
    }
}

#[tokio::test]
async fn create_call_accepts_every_parameter() {
    let (webhooks, clock) = conference_webhooks().await;
    webhooks.serve("/worker", "<Pause length=\"3\"/>");
    webhooks.serve("/status", "");
    let carrier = open(&webhooks, &clock, Journal::none());
    let api = Api::start(&carrier).await;
    let url = webhooks.url("/worker");
    let status = webhooks.url("/status");
    let form = [
        ("To", "sip:ada@example.com"),
        ("From", CENTRE),
        ("Url", &url),
        ("Record", "true"),
        ("Timeout", "30"),
        ("StatusCallback", &status),
        ("StatusCallbackMethod", "GET"),
        ("StatusCallbackEvent", "ringing"),
        ("StatusCallbackEvent", "answered"),
        ("StatusCallbackEvent", "completed"),
        ("MachineDetection", "Enable"),
        ("SipAuthUsername", "ada"),
        ("SipAuthPassword", "secret"),
        ("RecordingChannels", "dual"),
        ("CallReason", "an offer"),
    ];
    let (code, made) = api.rest("Calls.json", &form).await;
    assert_eq!(code, 201, "{made}");
    carrier.settle().await;
    api.post(
        &format!("/simulator/calls/{}/answer", text(&made, "sid")),
        Value::Null,
    )
    .await;
    carrier.settle().await;
    clock.pass(&carrier, 4).await;
    let reports = webhooks.requests("/status");
    let statuses: Vec<String> = reports
        .iter()
        .filter_map(|request| {
            let query = request.uri.split_once('?')?.1.to_owned();
            url::form_urlencoded::parse(query.as_bytes())
                .find(|(key, _)| key == "CallStatus")
                .map(|(_, v)| v.into_owned())
        })
        .collect();
    assert_eq!(statuses, ["ringing", "in-progress", "completed"]);
    assert!(
        reports[2].uri.contains("RecordingSid=RE") && reports[2].method == "GET",
        "{}",
        reports[2].uri
    );
}

#[tokio::test]
async fn task_router_request_is_signed() {
    let webhooks = Webhooks::start().await;
    webhooks.serve("/voice", "<Enqueue waitUrl=\"\">WT1</Enqueue>");
    let reservation = "WR0123456789abcdef0123456789abcdef";
    webhooks.serve(
        "/worker",
        &format!("<Dial><Queue reservationSid=\"{reservation}\"/></Dial>"),
    );
    webhooks.serve("/router/dial-queue", "<Dial><Queue>WT1</Queue></Dial>");
    let mut settings = settings(&webhooks);
    settings.task_router_url = Some(webhooks.url("/router"));
    let carrier = Carrier::open(settings, ManualClock::new(), Journal::none()).unwrap();
    let api = Api::start(&carrier).await;
    let caller = api.dial(CALLER, CENTRE).await;
    let url = webhooks.url("/worker");
    let made = api
        .rest(
            "Calls.json",
            &[("To", WORKER), ("From", CENTRE), ("Url", &url)],
        )
        .await
        .1;
    carrier.settle().await;
    api.post(
        &format!("/simulator/calls/{}/answer", text(&made, "sid")),
        Value::Null,
    )
    .await;
    carrier.settle().await;
    let request = &webhooks.requests("/router/dial-queue")[0];
    assert_eq!(
        (request.param("ReservationSid"), request.param("CallSid")),
        (reservation, text(&made, "sid"))
    );
    let signed = signature::sign(TOKEN, &webhooks.url("/router/dial-queue"), &request.form);
    assert_eq!(request.header("x-twilio-signature"), signed);
    let shown = api.get(&format!("/simulator/calls/{caller}")).await.1;
    assert_eq!(shown["bridged_with"], made["sid"]);
}

#[tokio::test]
async fn kill_loses_no_participant() {
    let (webhooks, clock) = conference_webhooks().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("carrier.sqlite");
    let reopen = || open(&webhooks, &clock, Journal::file(&file).unwrap());
    let carrier = reopen();
    let api = Api::start(&carrier).await;
    let caller = api.dial(CALLER, CENTRE).await;
    let other = api.dial("+15550100002", CENTRE).await;
    carrier.settle().await;
    drop(carrier);
    let carrier = reopen();
    let api = Api::start(&carrier).await;
    let shown = api.get("/simulator/conferences").await.1;
    assert_eq!(
        shown["conferences"][0]["participants"]
            .as_array()
            .map(Vec::len),
        Some(2),
        "{shown}"
    );
    for call in [caller, other] {
        api.post(&format!("/simulator/calls/{call}/hangup"), Value::Null)
            .await;
    }
    carrier.settle().await;
    let last = webhooks.requests("/events").pop().unwrap();
    assert_eq!(
        (
            last.param("StatusCallbackEvent"),
            last.param("SequenceNumber")
        ),
        ("conference-end", "6")
    );
}
