//! Requests to the application: signatures, redirects, credentials, failures.

use carrier_simulator::{Carrier, Journal};
use shared::webhook::signature;

use crate::support::{Api, CALLER, CENTRE, ManualClock, TOKEN, Webhooks, open, settings};

#[tokio::test]
async fn every_request_is_signed_and_says_who_it_is() {
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

    let post = &webhooks.asked("/voice")[0];
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

    // GET: parameters in the query, which is signed as it stands; the fragment is neither sent nor signed.
    let get = &webhooks.asked("/next")[0];
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
    assert_eq!(
        (moved.method.as_str(), moved.param("CallSid")),
        ("POST", call.as_str())
    );
    assert_eq!(
        moved.header("x-twilio-signature"),
        signature::sign(TOKEN, &webhooks.url("/moved"), &moved.form)
    );
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
    settings.numbers[0].voice_url = webhooks
        .url("/voice")
        .replace("http://", "http://ada:p%3Ass@");
    let carrier = Carrier::open(settings, ManualClock::new(), Journal::none()).unwrap();
    let api = Api::start(&carrier).await;
    let call = api.dial(CALLER, CENTRE).await;
    carrier.settle().await;
    let asked = webhooks.asked("/voice");
    let given: Vec<&str> = asked
        .iter()
        .map(|asked| asked.header("authorization"))
        .collect();
    assert_eq!(given, ["", "Basic YWRhOnA6c3M="]);
    assert_eq!(
        asked[1].header("x-twilio-signature"),
        signature::sign(TOKEN, &webhooks.url("/voice"), &asked[1].form)
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
async fn a_server_that_is_not_there_is_an_error_with_its_code() {
    let webhooks = Webhooks::start().await;
    webhooks.serve("/voice", "<Redirect>http://127.0.0.1:1/gone</Redirect>");
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

/// With GET the query holds the numbers of caller and called, and what is wrong is also logged.
#[tokio::test]
async fn a_failure_names_the_url_without_its_query() {
    let webhooks = Webhooks::start().await;
    webhooks.serve("/elsewhere", "<Hangup/>");
    webhooks.redirect("/loop", 302, "/loop?From=%2B15550100001");
    webhooks.redirect("/nowhere", 307, "mailto:ada@example.com");
    let gone = "http://127.0.0.1:1/gone";
    let table = [
        (webhooks.url("/missing"), "HTTP 404"),
        (webhooks.url("/loop"), "redirects more than 10 times"),
        (webhooks.url("/nowhere"), "redirects to nowhere"),
        (gone.to_owned(), gone),
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
