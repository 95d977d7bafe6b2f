//! The control API: people at their phones.

use carrier_simulator::{Carrier, Journal};
use serde_json::{Value, json};

use crate::support::{self, Api, CALLER, CENTRE, ManualClock, WORKER, Webhooks, open, settings};

#[tokio::test]
async fn call_from_ringing_to_hang_up() {
    let webhooks = Webhooks::start().await;
    webhooks.serve(
        "/voice",
        "<Gather numDigits=\"1\" action=\"/menu\"><Say>Press two</Say></Gather>",
    );
    webhooks.serve(
        "/menu",
        "<Enqueue waitUrl=\"/wait\" action=\"/exit\">WT1</Enqueue>",
    );
    webhooks.serve("/wait", "<Play>/music.wav</Play>");
    webhooks.serve(
        "/worker",
        "<Dial action=\"/ended\"><Queue>WT1</Queue></Dial>",
    );
    webhooks.serve("/ended", "<Hangup/>");
    webhooks.serve("/exit", "<Say>Goodbye</Say>");
    let clock = ManualClock::new();
    let carrier = open(&webhooks, &clock, Journal::none());
    let api = Api::start(&carrier).await;

    let caller = api.dial(CALLER, CENTRE).await;
    assert!(carrier.settle().await);
    let shown = api
        .post(
            &format!("/simulator/calls/{caller}/digits"),
            json!({ "digits": "2" }),
        )
        .await
        .1;
    assert_eq!(
        (&shown["status"], &shown["direction"]),
        (&json!("in-progress"), &json!("inbound"))
    );
    carrier.settle().await;
    clock.pass(&carrier, 4).await;

    let url = webhooks.url("/worker");
    let (status, made) = api
        .rest(
            "Calls.json",
            &[("To", WORKER), ("From", CENTRE), ("Url", &url)],
        )
        .await;
    assert_eq!((status, &made["status"]), (201, &json!("queued")));
    carrier.settle().await;
    let ringing = api
        .get(&format!("/simulator/calls?to={WORKER}&status=ringing"))
        .await
        .1;
    assert_eq!(ringing["calls"].as_array().unwrap().len(), 1);
    let worker = made["sid"].as_str().unwrap().to_owned();
    api.post(&format!("/simulator/calls/{worker}/answer"), Value::Null)
        .await;
    carrier.settle().await;
    let shown = api.get(&format!("/simulator/calls/{caller}")).await.1;
    assert_eq!(shown["bridged_with"], json!(worker));

    api.post(&format!("/simulator/calls/{worker}/hangup"), Value::Null)
        .await;
    carrier.settle().await;
    let shown = api.get(&format!("/simulator/calls/{caller}")).await.1;
    let events: Vec<&str> = shown["transcript"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|e| e["event"].as_str())
        .collect();
    let expected = [
        "dialed",
        "answered",
        "heard",
        "pressed",
        "waiting",
        "playing",
        "bridged",
        "unbridged",
        "heard",
    ];
    assert_eq!(
        events.iter().filter(|event| **event != "playing").count(),
        expected.len() - 1,
        "{events:?}"
    );
    assert_eq!(
        shown["transcript"][0],
        json!({ "at": "2026-11-22T15:00:00.000Z", "event": "dialed", "sound": null, "text": CENTRE })
    );
    assert_eq!(
        webhooks.requests("/exit")[0].param("QueueResult"),
        "bridged"
    );
    // The music is one second long, so it plays repeatedly, but is fetched once.
    assert_eq!(webhooks.requests("/music.wav").len(), 1);
    assert!(webhooks.requests("/wait").len() >= 4);
}

#[tokio::test]
async fn slow_webhook_delays_only_its_call() {
    let webhooks = Webhooks::start().await;
    webhooks.serve(
        "/voice",
        "<Gather numDigits=\"1\" action=\"/slow\"><Say>Press</Say></Gather>",
    );
    webhooks.serve("/slow", "<Say>At last</Say>");
    let gate = webhooks.hold("/slow");
    let carrier = Carrier::open(
        settings(&webhooks),
        support::system_clock(),
        Journal::none(),
    )
    .unwrap();
    let api = Api::start(&carrier).await;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn({
        let carrier = carrier.clone();
        async move { carrier.run(async { drop(stopped.await) }).await }
    });
    let slow = api.dial(CALLER, CENTRE).await;
    support::until(&api, &slow, |shown| shown.contains("\"heard\"")).await;
    api.post(
        &format!("/simulator/calls/{slow}/digits"),
        json!({ "digits": "1" }),
    )
    .await;
    let other = api.dial("+15550100009", CENTRE).await;
    support::until(&api, &other, |shown| shown.contains("\"heard\"")).await;
    gate.add_permits(1);
    support::until(&api, &slow, |shown| {
        shown.contains("At last") && shown.contains("\"completed\"")
    })
    .await;
    stop.send(()).unwrap();
    running.await.unwrap();
}

#[tokio::test]
async fn invalid_control_requests_are_explained() {
    let webhooks = Webhooks::start().await;
    webhooks.serve("/voice", "<Pause length=\"60\"/>");
    let carrier = open(&webhooks, &ManualClock::new(), Journal::none());
    let api = Api::start(&carrier).await;
    let call = api.dial(CALLER, CENTRE).await;
    carrier.settle().await;
    let unknown_call = "/simulator/calls/CA00000000000000000000000000000000";
    let table = [
        (
            "/simulator/calls".to_owned(),
            json!({ "from": CALLER }),
            400,
            "missing field `to`",
        ),
        (
            "/simulator/calls".to_owned(),
            json!({ "from": CALLER, "to": CENTRE, "x": 1 }),
            400,
            "unknown field `x`",
        ),
        (
            "/simulator/calls".to_owned(),
            json!({ "from": "1", "to": CENTRE }),
            400,
            "from: expected a number in E.164",
        ),
        (
            "/simulator/calls".to_owned(),
            json!({ "from": CALLER, "to": WORKER }),
            400,
            CENTRE,
        ),
        (
            format!("/simulator/calls/{call}/digits"),
            json!({ "digits": "z" }),
            400,
            "keys 0-9 * #",
        ),
        (
            format!("/simulator/calls/{call}/digits"),
            json!({}),
            400,
            "missing field `digits`",
        ),
        (
            format!("/simulator/calls/{call}/answer"),
            Value::Null,
            409,
            "expected a ringing phone",
        ),
        (
            format!("/simulator/calls/{call}/decline"),
            Value::Null,
            409,
            "expected a ringing phone",
        ),
        (
            format!("{unknown_call}/hangup"),
            Value::Null,
            404,
            "there is no call",
        ),
        (
            "/simulator/calls/nonsense/hangup".to_owned(),
            Value::Null,
            404,
            "expected CA followed by 32",
        ),
        (
            "/simulator/calls".to_owned(),
            json!({ "from": "x".repeat(70_000) }),
            413,
            "",
        ),
    ];
    for (path, body, status, message) in table {
        let (found, reply) = api.post(&path, body).await;
        let text = reply["message"].as_str().unwrap_or_default();
        assert!(
            found == status && text.contains(message),
            "{path}: {found} {reply}"
        );
    }
    for (query, message) in [
        (
            "status=asleep",
            "status: expected one of queued, ringing, in-progress",
        ),
        ("To=%2B17075550101", "To: expected one of from, to, status"),
        ("to=%2B17075550101&page=2", "page: expected one of"),
    ] {
        let (status, reply) = api.get(&format!("/simulator/calls?{query}")).await;
        assert!(
            status == 400 && reply["message"].as_str().unwrap().contains(message),
            "{query}: {reply}"
        );
    }
}

#[tokio::test]
async fn calls_are_filtered_by_typed_numbers() {
    let webhooks = Webhooks::start().await;
    webhooks.serve("/voice", "<Pause length=\"60\"/>");
    let carrier = open(&webhooks, &ManualClock::new(), Journal::none());
    let api = Api::start(&carrier).await;
    api.dial(CALLER, CENTRE).await;
    api.dial("+15550100002", CENTRE).await;
    carrier.settle().await;
    let encoded = CALLER.replace('+', "%2B");
    let table = [
        (String::new(), 2),
        (format!("?to={CENTRE}"), 2),
        (format!("?from={CALLER}"), 1),
        (format!("?from={encoded}&to={CENTRE}"), 1),
        (format!("?to={CALLER}"), 0),
        ("?from=15550100001".to_owned(), 0),
    ];
    for (query, count) in table {
        let (status, reply) = api.get(&format!("/simulator/calls{query}")).await;
        assert_eq!(
            (status, reply["calls"].as_array().map(Vec::len)),
            (200, Some(count)),
            "{query}: {reply}"
        );
    }
}

#[tokio::test]
async fn caller_speaks_to_a_gather() {
    let webhooks = Webhooks::start().await;
    webhooks.serve(
        "/voice",
        "<Gather input=\"speech\" speechTimeout=\"auto\" hints=\"my bill\" action=\"/said\"/>",
    );
    webhooks.serve("/said", "<Pause length=\"60\"/>");
    let clock = ManualClock::new();
    let carrier = open(&webhooks, &clock, Journal::none());
    let api = Api::start(&carrier).await;
    let caller = api.dial(CALLER, CENTRE).await;
    carrier.settle().await;
    let path = format!("/simulator/calls/{caller}");
    let listening =
        json!({"number": 1, "verb": "gather", "keys": false, "speech": true, "hints": ["my bill"]});
    assert_eq!(api.get(&path).await.1["listening"], listening);
    let refused = json!({ "text": "my bill", "confidence": 2 });
    let (status, _) = api.post(&format!("{path}/speech"), refused).await;
    assert_eq!(status, 400);
    let said = json!({ "text": "my bill" });
    let (status, _) = api.post(&format!("{path}/speech"), said).await;
    assert_eq!(status, 200);
    clock.pass(&carrier, 2).await;
    let request = webhooks.requests("/said").pop().unwrap();
    assert_eq!(request.param("SpeechResult"), "my bill");
    assert_eq!(request.param("Confidence"), "0.9");
}
