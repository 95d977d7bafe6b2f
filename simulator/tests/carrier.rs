//! The carrier over real HTTP: webhooks on one side, its own API on the other. The tests own the clock.

mod support;

use serde_json::{Value, json};
use shared::webhook::signature;
use simulator::{Carrier, Journal};
use support::{ACCOUNT, Api, CALLER, CENTRE, ManualClock, TOKEN, WORKER, Webhooks, open, settings};

#[tokio::test]
async fn a_call_goes_through_from_ring_to_hang_up() {
    let webhooks = Webhooks::start().await;
    webhooks.serve("/voice", "<Gather numDigits=\"1\" action=\"/menu\"><Say>Press two</Say></Gather>");
    webhooks.serve("/menu", "<Enqueue waitUrl=\"/wait\" action=\"/exit\">WT1</Enqueue>");
    webhooks.serve("/wait", "<Play>/music.wav</Play>");
    webhooks.serve("/worker", "<Dial action=\"/ended\"><Queue>WT1</Queue></Dial>");
    webhooks.serve("/ended", "<Hangup/>");
    webhooks.serve("/exit", "<Say>Goodbye</Say>");
    let clock = ManualClock::new();
    let carrier = open(&webhooks, &clock, Journal::none());
    let api = Api::start(&carrier).await;

    let caller = api.dial(CALLER, CENTRE).await;
    assert!(carrier.settle().await);
    let shown = api.post(&format!("/simulator/calls/{caller}/digits"), json!({ "digits": "2" })).await.1;
    assert_eq!((&shown["status"], &shown["direction"]), (&json!("in-progress"), &json!("inbound")));
    carrier.settle().await;
    clock.pass(&carrier, 4).await;

    let url = webhooks.url("/worker");
    let (status, made) = api.rest("Calls.json", &[("To", WORKER), ("From", CENTRE), ("Url", &url)]).await;
    assert_eq!((status, &made["status"]), (201, &json!("queued")));
    carrier.settle().await;
    let ringing = api.get(&format!("/simulator/calls?to={}&status=ringing", WORKER.replace('+', "%2B"))).await.1;
    assert_eq!(ringing["calls"].as_array().unwrap().len(), 1);
    let worker = made["sid"].as_str().unwrap().to_owned();
    api.post(&format!("/simulator/calls/{worker}/answer"), Value::Null).await;
    carrier.settle().await;
    let shown = api.get(&format!("/simulator/calls/{caller}")).await.1;
    assert_eq!(shown["bridged_with"], json!(worker));

    api.post(&format!("/simulator/calls/{worker}/hangup"), Value::Null).await;
    carrier.settle().await;
    let shown = api.get(&format!("/simulator/calls/{caller}")).await.1;
    let events: Vec<&str> =
        shown["transcript"].as_array().unwrap().iter().filter_map(|e| e["event"].as_str()).collect();
    let expected = ["dialed", "answered", "heard", "pressed", "waiting", "playing", "bridged", "unbridged", "heard"];
    assert_eq!(events.iter().filter(|event| **event != "playing").count(), expected.len() - 1, "{events:?}");
    assert_eq!(shown["transcript"][0], json!({ "at": "2026-11-22T15:00:00.000Z", "event": "dialed", "text": CENTRE }));
    assert_eq!(webhooks.asked("/exit")[0].param("QueueResult"), "bridged");
    // The music is one second long, so it is heard again and again, and fetched once.
    assert_eq!(webhooks.asked("/music.wav").len(), 1);
    assert!(webhooks.asked("/wait").len() >= 4);
}

#[tokio::test]
async fn every_request_is_signed_and_says_who_it_is() {
    let webhooks = Webhooks::start().await;
    webhooks.serve("/voice", "<Redirect method=\"GET\">/next?b=1&amp;a=x%20y#rc=2</Redirect>");
    webhooks.serve("/next", "<Hangup/>");
    let carrier = open(&webhooks, &ManualClock::new(), Journal::none());
    let api = Api::start(&carrier).await;
    let call = api.dial(CALLER, CENTRE).await;
    carrier.settle().await;

    let post = &webhooks.asked("/voice")[0];
    assert_eq!(post.header("x-twilio-signature"), signature::sign(TOKEN, &webhooks.url("/voice"), &post.form));
    assert_eq!(post.header("content-type"), "application/x-www-form-urlencoded; charset=UTF-8");
    assert_eq!((post.header("user-agent"), post.header("accept")), ("TwilioProxy/1.1", "*/*"));
    assert_eq!(post.header("i-twilio-idempotency-token").len(), 32);

    // GET: parameters in the query, which is signed as it stands; the fragment is neither sent nor signed.
    let get = &webhooks.asked("/next")[0];
    assert!(get.uri.starts_with("/next?b=1&a=x%20y&CallSid="), "{}", get.uri);
    assert!(get.uri.contains(&call) && !get.uri.contains('#') && get.form.is_empty());
    assert_eq!(get.header("x-twilio-signature"), signature::sign(TOKEN, &webhooks.url(&get.uri), &[]));
    assert_ne!(get.header("i-twilio-idempotency-token"), post.header("i-twilio-idempotency-token"));
}

#[tokio::test]
async fn redirects_are_followed_and_signed_anew_but_not_for_ever() {
    let webhooks = Webhooks::start().await;
    webhooks.redirect("/voice", 307, "/moved");
    webhooks.redirect("/moved", 302, "/again");
    webhooks.serve("/again", "<Redirect>/loop</Redirect>");
    webhooks.redirect("/loop", 307, "/loop");
    let carrier = open(&webhooks, &ManualClock::new(), Journal::none());
    let api = Api::start(&carrier).await;
    let call = api.dial(CALLER, CENTRE).await;
    carrier.settle().await;
    let moved = &webhooks.asked("/moved")[0];
    assert_eq!((moved.method.as_str(), moved.param("CallSid")), ("POST", call.as_str()));
    assert_eq!(moved.header("x-twilio-signature"), signature::sign(TOKEN, &webhooks.url("/moved"), &moved.form));
    assert_eq!(webhooks.asked("/again")[0].method, "GET");
    assert_eq!(webhooks.asked("/loop").len(), 11);
    assert!(api.errors(&call).await.contains("11215"));
}

#[tokio::test]
async fn credentials_in_a_url_are_given_only_when_asked_for() {
    let webhooks = Webhooks::start().await;
    webhooks.serve("/voice", "<Hangup/>");
    webhooks.require("/voice", "Basic YWRhOnA6c3M=");
    let mut settings = settings(&webhooks);
    settings.numbers[0].voice_url = webhooks.url("/voice").replace("http://", "http://ada:p%3Ass@");
    let carrier = Carrier::open(settings, ManualClock::new(), Journal::none()).unwrap();
    let api = Api::start(&carrier).await;
    let call = api.dial(CALLER, CENTRE).await;
    carrier.settle().await;
    let asked = webhooks.asked("/voice");
    let given: Vec<&str> = asked.iter().map(|asked| asked.header("authorization")).collect();
    assert_eq!(given, ["", "Basic YWRhOnA6c3M="]);
    assert_eq!(asked[1].header("x-twilio-signature"), signature::sign(TOKEN, &webhooks.url("/voice"), &asked[1].form));
    assert_eq!(api.errors(&call).await, "");

    webhooks.require("/voice", "something else");
    let call = api.dial(CALLER, CENTRE).await;
    carrier.settle().await;
    let errors = api.errors(&call).await;
    assert!(errors.contains("HTTP 401") && !errors.contains("ada"), "{errors}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_an_error_with_its_code() {
    let webhooks = Webhooks::start().await;
    webhooks.serve("/voice", "<Redirect>http://127.0.0.1:1/gone</Redirect>");
    let carrier = open(&webhooks, &ManualClock::new(), Journal::none());
    let api = Api::start(&carrier).await;
    let call = api.dial(CALLER, CENTRE).await;
    carrier.settle().await;
    assert!(api.errors(&call).await.starts_with("11205"), "{}", api.errors(&call).await);
}

#[tokio::test]
async fn a_kill_at_any_moment_loses_no_call_and_repeats_the_token() {
    let webhooks = Webhooks::start().await;
    webhooks.serve("/voice", "<Enqueue waitUrl=\"/wait\">WT1</Enqueue>");
    webhooks.serve("/wait", "<Pause length=\"10\"/>");
    webhooks.serve("/worker", "<Dial><Queue>WT1</Queue></Dial>");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("carrier.sqlite");
    let clock = ManualClock::new();
    let reopen = || open(&webhooks, &clock, Journal::file(&file).unwrap());

    // Before the first webhook is sent.
    let carrier = reopen();
    let caller = Api::start(&carrier).await.dial(CALLER, CENTRE).await;
    let token = carrier.read(|network| network.outstanding().next().unwrap().idempotency_token.clone());
    drop(carrier);
    let carrier = reopen();
    assert!(carrier.settle().await);
    assert_eq!(webhooks.asked("/voice").len(), 1);
    assert_eq!(webhooks.asked("/voice")[0].header("i-twilio-idempotency-token"), token);

    // While the worker's phone rings.
    let api = Api::start(&carrier).await;
    let url = webhooks.url("/worker");
    let made = api.rest("Calls.json", &[("To", WORKER), ("From", CENTRE), ("Url", &url)]).await.1;
    carrier.settle().await;
    drop(carrier);
    let carrier = reopen();
    let api = Api::start(&carrier).await;
    let worker = made["sid"].as_str().unwrap();
    let shown = api.post(&format!("/simulator/calls/{worker}/answer"), Value::Null).await.1;
    assert_eq!(shown["status"], "in-progress");
    carrier.settle().await;

    // During the conversation.
    drop(carrier);
    let carrier = reopen();
    let shown = Api::start(&carrier).await.get(&format!("/simulator/calls/{caller}")).await.1;
    assert_eq!(shown["bridged_with"], json!(worker));
}

#[tokio::test]
async fn a_journal_of_another_version_is_refused_with_advice() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("carrier.sqlite");
    rusqlite::Connection::open(&file).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let error = Journal::file(&file).err().unwrap().to_string();
    assert!(error.contains("version 99") && error.contains("delete the file"), "{error}");
    assert!(Journal::file(folder.path().join("no/such/folder/x")).is_err());
}

#[tokio::test]
async fn unusable_settings_are_refused_at_the_start() {
    let webhooks = Webhooks::start().await;
    let mut settings = settings(&webhooks);
    settings.numbers[0].voice_url = "/voice".to_owned();
    let error = Carrier::open(settings, ManualClock::new(), Journal::none()).err().unwrap().to_string();
    assert_eq!(error, "simulated carrier: \"/voice\" is not an absolute http or https URL");
}

#[tokio::test]
async fn in_real_time_a_slow_webhook_holds_up_its_own_call_only() {
    let webhooks = Webhooks::start().await;
    webhooks.serve("/voice", "<Gather numDigits=\"1\" action=\"/slow\"><Say>Press</Say></Gather>");
    webhooks.serve("/slow", "<Say>At last</Say>");
    let gate = webhooks.hold("/slow");
    let carrier = Carrier::open(settings(&webhooks), support::system_clock(), Journal::none()).unwrap();
    let api = Api::start(&carrier).await;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn({
        let carrier = carrier.clone();
        async move { carrier.run(async { drop(stopped.await) }).await }
    });
    let slow = api.dial(CALLER, CENTRE).await;
    support::until(&carrier, &slow, |shown| shown.contains("\"heard\"")).await;
    api.post(&format!("/simulator/calls/{slow}/digits"), json!({ "digits": "1" })).await;
    let other = api.dial("+15550100009", CENTRE).await;
    support::until(&carrier, &other, |shown| shown.contains("\"heard\"")).await;
    gate.add_permits(1);
    support::until(&carrier, &slow, |shown| shown.contains("At last") && shown.contains("\"completed\"")).await;
    stop.send(()).unwrap();
    running.await.unwrap();
}

#[tokio::test]
async fn control_requests_that_cannot_be_say_what_was_expected() {
    let webhooks = Webhooks::start().await;
    webhooks.serve("/voice", "<Pause length=\"60\"/>");
    let carrier = open(&webhooks, &ManualClock::new(), Journal::none());
    let api = Api::start(&carrier).await;
    let call = api.dial(CALLER, CENTRE).await;
    carrier.settle().await;
    let nobody = "/simulator/calls/CA00000000000000000000000000000000";
    let table = [
        ("/simulator/calls".to_owned(), json!({ "from": CALLER }), 400, "missing field `to`"),
        ("/simulator/calls".to_owned(), json!({ "from": CALLER, "to": CENTRE, "x": 1 }), 400, "unknown field `x`"),
        ("/simulator/calls".to_owned(), json!({ "from": "1", "to": CENTRE }), 400, "from: expected a number in E.164"),
        ("/simulator/calls".to_owned(), json!({ "from": CALLER, "to": WORKER }), 400, CENTRE),
        (format!("/simulator/calls/{call}/digits"), json!({ "digits": "z" }), 400, "keys 0-9 * #"),
        (format!("/simulator/calls/{call}/digits"), json!({}), 400, "missing field `digits`"),
        (format!("/simulator/calls/{call}/answer"), Value::Null, 409, "expected a ringing phone"),
        (format!("/simulator/calls/{call}/decline"), Value::Null, 409, "expected a ringing phone"),
        (format!("{nobody}/hangup"), Value::Null, 404, "there is no call"),
        ("/simulator/calls/nonsense/hangup".to_owned(), Value::Null, 404, "expected CA followed by 32"),
        ("/simulator/calls".to_owned(), json!({ "from": "x".repeat(70_000) }), 413, ""),
    ];
    for (path, body, status, message) in table {
        let (found, reply) = api.post(&path, body).await;
        let text = reply["message"].as_str().unwrap_or_default();
        assert!(found == status && text.contains(message), "{path}: {found} {reply}");
    }
    let (status, reply) = api.get("/simulator/calls?status=asleep").await;
    assert!(status == 400 && reply["message"].as_str().unwrap().contains("in-progress"), "{reply}");
}

#[tokio::test]
async fn the_rest_api_is_for_the_account_alone() {
    let webhooks = Webhooks::start().await;
    let carrier = open(&webhooks, &ManualClock::new(), Journal::none());
    let api = Api::start(&carrier).await;
    let account = ACCOUNT.to_string();
    let other = "AC00000000000000000000000000000000";
    let table = [
        (other, Some((account.as_str(), TOKEN)), 404, 20404),
        (account.as_str(), Some((account.as_str(), "wrong")), 401, 20003),
        (account.as_str(), Some((other, TOKEN)), 401, 20003),
        (account.as_str(), None, 401, 20003),
    ];
    for (path, credentials, status, code) in table {
        let (found, reply) = api.rest_as(credentials, &format!("/2010-04-01/Accounts/{path}/Calls.json")).await;
        assert_eq!((found, reply["code"].as_u64()), (status, Some(code)), "{path} {credentials:?}");
        assert_eq!(reply["more_info"], format!("https://www.twilio.com/docs/errors/{code}"));
        assert_eq!(reply["status"], json!(status));
    }
}

#[tokio::test]
async fn rest_requests_that_cannot_be_have_the_codes_of_the_reference() {
    let webhooks = Webhooks::start().await;
    webhooks.serve("/voice", "<Hangup/>");
    let carrier = open(&webhooks, &ManualClock::new(), Journal::none());
    let api = Api::start(&carrier).await;
    let ended = api.dial(CALLER, CENTRE).await;
    carrier.settle().await;
    let url = webhooks.url("/x");
    let (ended_call, long) = (format!("Calls/{ended}.json"), "x".repeat(4_001));
    let unknown = "Calls/CA00000000000000000000000000000000.json";
    type Form<'a> = Vec<(&'a str, &'a str)>;
    let table: Vec<(&str, Form<'_>, u16, u64)> = vec![
        ("Calls.json", vec![("From", CENTRE), ("Url", &url)], 400, 21201),
        ("Calls.json", vec![("To", WORKER), ("Url", &url)], 400, 21213),
        ("Calls.json", vec![("To", WORKER), ("From", CENTRE)], 400, 21205),
        ("Calls.json", vec![("To", "12"), ("From", CENTRE), ("Url", &url)], 400, 21211),
        ("Calls.json", vec![("To", WORKER), ("From", "12"), ("Url", &url)], 400, 21212),
        ("Calls.json", vec![("To", WORKER), ("From", CENTRE), ("Url", "/x")], 400, 21205),
        ("Calls.json", vec![("To", WORKER), ("From", CENTRE), ("Twiml", &long)], 400, 20001),
        ("Calls.json", vec![("To", WORKER), ("From", CENTRE), ("Url", &url), ("Timeout", "601")], 400, 20001),
        ("Calls.json", vec![("To", WORKER), ("From", CENTRE), ("Url", &url), ("Method", "PUT")], 400, 20001),
        (&ended_call, vec![("Status", "completed")], 400, 21220),
        (&ended_call, vec![("Url", &url)], 400, 21220),
        (&ended_call, vec![("Status", "busy")], 400, 20001),
        (&ended_call, vec![("Url", &url), ("Twiml", "<Response/>")], 400, 20001),
        (unknown, vec![("Status", "completed")], 404, 20404),
        ("Queues.json", vec![], 400, 20001),
        ("Queues.json", vec![("FriendlyName", "q"), ("MaxSize", "many")], 400, 20001),
        ("Queues/QU00000000000000000000000000000000/Members/Front.json", vec![("Url", &url)], 404, 20404),
    ];
    for (path, form, status, code) in table {
        let (found, reply) = api.rest(path, &form).await;
        assert_eq!((found, reply["code"].as_u64()), (status, Some(code)), "{path} {form:?}: {reply}");
    }
}

#[tokio::test]
async fn queues_and_members_can_be_made_listed_moved_and_deleted() {
    let webhooks = Webhooks::start().await;
    webhooks.serve("/voice", "<Enqueue waitUrl=\"\" action=\"/exit\">WT1</Enqueue>");
    webhooks.serve("/new", "<Say>Moved</Say>");
    webhooks.serve("/exit", "");
    let clock = ManualClock::new();
    let carrier = open(&webhooks, &clock, Journal::none());
    let api = Api::start(&carrier).await;
    let (status, made) = api.rest("Queues.json", &[("FriendlyName", "WT1"), ("MaxSize", "3")]).await;
    assert_eq!((status, &made["friendly_name"], &made["max_size"]), (201, &json!("WT1"), &json!(3)));
    let queue = made["sid"].as_str().unwrap().to_owned();
    let caller = api.dial(CALLER, CENTRE).await;
    let second = api.dial("+15550100002", CENTRE).await;
    carrier.settle().await;
    clock.pass(&carrier, 9).await;

    let shown = api.rest_get(&format!("Queues/{queue}.json")).await.1;
    assert_eq!((&shown["current_size"], &shown["average_wait_time"]), (&json!(2), &json!(9)));
    assert_eq!(api.rest_get("Queues.json").await.1["queues"], json!([shown]));
    let members = api.rest_get(&format!("Queues/{queue}/Members.json")).await.1;
    assert_eq!(members["queue_members"][1]["call_sid"], json!(second));
    let front = api.rest_get(&format!("Queues/{queue}/Members/Front.json")).await.1;
    assert_eq!(front, members["queue_members"][0]);
    let expected = json!({
        "call_sid": caller, "queue_sid": queue, "date_enqueued": "Sun, 22 Nov 2026 15:00:00 +0000", "position": 1,
        "wait_time": 9, "uri": format!("/2010-04-01/Accounts/{ACCOUNT}/Queues/{queue}/Members/{caller}.json"),
    });
    assert_eq!(front, expected);

    assert_eq!(api.rest_delete(&format!("Queues/{queue}.json")).await.0, 400);
    let url = webhooks.url("/new");
    let moved = api.rest(&format!("Queues/{queue}/Members/Front.json"), &[("Url", &url)]).await;
    assert_eq!((moved.0, &moved.1["call_sid"]), (200, &json!(caller)));
    let moved = api.rest(&format!("Queues/{queue}/Members/{second}.json"), &[("Url", &url)]).await;
    assert_eq!(moved.0, 200);
    carrier.settle().await;
    assert_eq!(webhooks.asked("/exit").iter().filter(|asked| asked.param("QueueResult") == "redirected").count(), 2);
    let renamed = api.rest(&format!("Queues/{queue}.json"), &[("FriendlyName", "WT2")]).await.1;
    assert_eq!((&renamed["friendly_name"], &renamed["current_size"]), (&json!("WT2"), &json!(0)));
    assert_eq!(api.rest_delete(&format!("Queues/{queue}.json")).await, (204, Value::Null));
    assert_eq!(api.rest_get(&format!("Queues/{queue}.json")).await.0, 404);
}

#[tokio::test]
async fn a_call_has_every_documented_property_and_lists_have_pages() {
    let webhooks = Webhooks::start().await;
    webhooks.serve("/voice", "<Pause length=\"1\"/><Say>Hi</Say><Pause length=\"60\"/>");
    let clock = ManualClock::new();
    let carrier = open(&webhooks, &clock, Journal::none());
    let api = Api::start(&carrier).await;
    let mut calls = Vec::new();
    for _ in 0..5 {
        calls.insert(0, api.dial(CALLER, CENTRE).await);
    }
    carrier.settle().await;
    clock.pass(&carrier, 11).await;
    api.post(&format!("/simulator/calls/{}/hangup", calls[0]), Value::Null).await;
    let call = api.rest_get(&format!("Calls/{}.json", calls[0])).await.1;
    let mut keys: Vec<&str> = call.as_object().unwrap().keys().map(String::as_str).collect();
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
    let facts = ["status", "duration", "start_time", "end_time", "direction", "to_formatted", "queue_time"];
    let expected = [
        "completed",
        "10",
        "Sun, 22 Nov 2026 15:00:01 +0000",
        "Sun, 22 Nov 2026 15:00:11 +0000",
        "inbound",
        "(707) 555-0183",
        "0",
    ];
    assert_eq!(facts.map(|name| call[name].as_str().unwrap()), expected);

    let mut seen = Vec::new();
    let mut next =
        json!(format!("/2010-04-01/Accounts/{ACCOUNT}/Calls.json?PageSize=2&To={}", CENTRE.replace('+', "%2B")));
    while let Some(path) = next.as_str() {
        let page = api.rest_as(Some((&ACCOUNT.to_string(), TOKEN)), path).await.1;
        seen.extend(page["calls"].as_array().unwrap().iter().map(|call| call["sid"].as_str().unwrap().to_owned()));
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
    for (query, code) in
        [("PageSize=1001", 20007), ("PageToken=PAx", 20001), ("Status=asleep", 20001), ("StartTime=soon", 20001)]
    {
        let (status, reply) = api.rest_get(&format!("Calls.json?{query}")).await;
        assert_eq!((status, &reply["code"]), (400, &json!(code)), "{query}");
    }
}

#[tokio::test]
async fn a_recording_can_be_fetched_and_is_as_long_as_it_was() {
    let webhooks = Webhooks::start().await;
    webhooks.serve("/voice", "<Record action=\"/done\" maxLength=\"2\"/>");
    webhooks.serve("/done", "<Hangup/>");
    let clock = ManualClock::new();
    let carrier = open(&webhooks, &clock, Journal::none());
    let api = Api::start(&carrier).await;
    api.dial(CALLER, CENTRE).await;
    carrier.settle().await;
    clock.pass(&carrier, 2).await;
    let url = webhooks.asked("/done")[0].param("RecordingUrl").to_owned();
    let path = url.strip_prefix(support::PUBLIC_URL).unwrap();
    for path in [path.to_owned(), format!("{path}.wav")] {
        let wav = api.bytes(&path).await;
        assert_eq!((&wav[..4], wav.len()), (&b"RIFF"[..], 44 + 2 * 8_000));
    }
    assert_eq!(api.get(&path.replace("/RE", "/REx")).await.0, 404);
}
