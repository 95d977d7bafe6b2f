//! Requests to the application: signatures, redirects, credentials, failures.

use carrier_simulator::{Carrier, Journal};
use shared::webhook::signature;

use crate::support::{Api, CALLER, CENTRE, ManualClock, TOKEN, Webhooks, open, settings};

#[tokio::test]
async fn requests_are_signed_and_have_headers() {
    let webhooks = Webhooks::start().await;
    webhooks.serve(
        "/voice",
        "<Redirect method=\"GET\">/next?b=1&amp;a=x%20y#rc=2</Redirect>",
    );
    webhooks.serve("/next", "<Hangup/>");
    let carrier = open(&webhooks, &ManualClock::new(), Journal::none());
    let api = Api::start(&carrier).await;
    let call = api.dial(CALLER, CENTRE).await;
    carrier.settle().await;

    let post = &webhooks.requests("/voice")[0];
    assert_eq!(
        post.header("x-twilio-signature"),
        signature::sign(TOKEN, &webhooks.url("/voice"), &post.form)
    );
    assert_eq!(
        post.header("content-type"),
        "application/x-www-form-urlencoded; charset=UTF-8"
    );
    assert_eq!(
        (post.header("user-agent"), post.header("accept")),
        ("TwilioProxy/1.1", "*/*")
    );
    assert_eq!(post.header("i-twilio-idempotency-token").len(), 32);

    // GET: the parameters are in the query, which is signed as it is sent; the fragment is neither
    // sent nor signed.
    let get = &webhooks.requests("/next")[0];
    assert!(
        get.uri.starts_with("/next?b=1&a=x%20y&CallSid="),
        "{}",
        get.uri
    );
    assert!(get.uri.contains(&call) && !get.uri.contains('#') && get.form.is_empty());
    assert_eq!(
        get.header("x-twilio-signature"),
        signature::sign(TOKEN, &webhooks.url(&get.uri), &[])
    );
    assert_ne!(
        get.header("i-twilio-idempotency-token"),
        post.header("i-twilio-idempotency-token")
    );
}

#[tokio::test]
async fn redirects_are_signed_and_limited() {
    let webhooks = Webhooks::start().await;
    webhooks.redirect("/voice", 307, "/moved");
    webhooks.redirect("/moved", 302, "/again");
    webhooks.serve("/again", "<Redirect>/loop</Redirect>");
    webhooks.redirect("/loop", 307, "/loop");
    let carrier = open(&webhooks, &ManualClock::new(), Journal::none());
    let api = Api::start(&carrier).await;
    let call = api.dial(CALLER, CENTRE).await;
    carrier.settle().await;
    let moved = &webhooks.requests("/moved")[0];
    assert_eq!(
        (moved.method.as_str(), moved.param("CallSid")),
        ("POST", call.as_str())
    );
    assert_eq!(
        moved.header("x-twilio-signature"),
        signature::sign(TOKEN, &webhooks.url("/moved"), &moved.form)
    );
    assert_eq!(webhooks.requests("/again")[0].method, "GET");
    assert_eq!(webhooks.requests("/loop").len(), 11);
    assert!(api.errors(&call).await.contains("11215"));
}

#[tokio::test]
async fn credentials_are_sent_after_401() {
    let webhooks = Webhooks::start().await;
    webhooks.serve("/voice", "<Hangup/>");
    webhooks.require("/voice", "Basic YWRhOnA6c3M=");
    let mut settings = settings(&webhooks);
    settings.numbers[0].voice_url = webhooks
        .url("/voice")
        .replace("http://", "http://ada:p%3Ass@");
    let carrier = Carrier::open(settings, ManualClock::new(), Journal::none()).unwrap();
    let api = Api::start(&carrier).await;
    let call = api.dial(CALLER, CENTRE).await;
    carrier.settle().await;
    let requests = webhooks.requests("/voice");
    let given: Vec<&str> = requests
        .iter()
        .map(|request| request.header("authorization"))
        .collect();
    assert_eq!(given, ["", "Basic YWRhOnA6c3M="]);
    assert_eq!(
        requests[1].header("x-twilio-signature"),
        signature::sign(TOKEN, &webhooks.url("/voice"), &requests[1].form)
    );
    assert_eq!(api.errors(&call).await, "");

    webhooks.require("/voice", "something else");
    let call = api.dial(CALLER, CENTRE).await;
    carrier.settle().await;
    let errors = api.errors(&call).await;
    assert!(
        errors.contains("HTTP 401") && !errors.contains("ada"),
        "{errors}"
    );
}

#[tokio::test]
async fn unreachable_server_is_an_error() {
    let webhooks = Webhooks::start().await;
    webhooks.serve(
        "/voice",
        "<Redirect>http://127.0.0.1:1/unreachable</Redirect>",
    );
    let carrier = open(&webhooks, &ManualClock::new(), Journal::none());
    let api = Api::start(&carrier).await;
    let call = api.dial(CALLER, CENTRE).await;
    carrier.settle().await;
    assert!(
        api.errors(&call).await.starts_with("11205"),
        "{}",
        api.errors(&call).await
    );
}

/// With GET, the query contains the numbers of both sides, and failures are also logged.
#[tokio::test]
async fn failure_shows_url_without_query() {
    let webhooks = Webhooks::start().await;
    webhooks.serve("/other", "<Hangup/>");
    webhooks.redirect("/loop", 302, "/loop?From=%2B15550100001");
    webhooks.redirect("/mail", 307, "mailto:ada@example.com");
    let unreachable = "http://127.0.0.1:1/unreachable";
    let table = [
        (webhooks.url("/missing"), "HTTP 404"),
        (webhooks.url("/loop"), "redirects more than 10 times"),
        (
            webhooks.url("/mail"),
            "redirects to no usable http or https URL",
        ),
        (unreachable.to_owned(), unreachable),
    ];
    for (url, expected) in table {
        webhooks.serve(
            "/voice",
            &format!("<Redirect method=\"GET\">{url}?secret=1</Redirect>"),
        );
        let carrier = open(&webhooks, &ManualClock::new(), Journal::none());
        let api = Api::start(&carrier).await;
        let call = api.dial(CALLER, CENTRE).await;
        carrier.settle().await;
        let errors = api.errors(&call).await;
        assert!(
            errors.contains(expected) && errors.contains(&url),
            "{errors}"
        );
        assert!(
            !errors.contains('?') && !errors.contains("0100001"),
            "{errors}"
        );
    }
}
