//! The function answers the event in `events/`, as Lambda would send it.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use serde_json::Value;
use shared::webhook::Method;

use super::*;

const EVENT: &str = include_str!("../events/call.json");

fn request() -> Request {
    let event: Value = serde_json::from_str(EVENT).unwrap();
    let header = |name: &str| event["headers"][name].as_str().map(str::to_owned);
    let host = event["requestContext"]["domainName"].as_str().unwrap();
    let path = event["rawPath"].as_str().unwrap();
    Request {
        method: Method::Post,
        url: format!("https://{host}{path}"),
        content_type: header("content-type"),
        signature: header("x-twilio-signature"),
        body: event["body"].as_str().unwrap().as_bytes().to_vec(),
    }
}

fn reply(regulars: &[&str], request: Request) -> (u16, String) {
    let greeting = Arc::new(Greeting {
        auth_token: "0123456789abcdef0123456789abcdef".to_owned(),
        centre: "https://centre.example".to_owned(),
        regulars: regulars.iter().map(|number| (*number).to_owned()).collect(),
    });
    // Nothing in the function waits.
    let answered = pin!(handle(greeting, request));
    let Poll::Ready(reply) = answered.poll(&mut Context::from_waker(Waker::noop())) else {
        panic!("the function waits");
    };
    (
        reply.status,
        String::from_utf8_lossy(&reply.body).into_owned(),
    )
}

#[test]
fn regular_caller_gets_another_flow() {
    for (regulars, hello, flow) in [
        (["+17075550142"], "Good to hear from you again.", "regulars"),
        (["+17075550143"], "Welcome.", "main"),
    ] {
        let (status, document) = reply(&regulars, request());
        assert_eq!(status, 200, "{document}");
        assert!(document.contains(&format!(">{hello}</Say>")), "{document}");
        let redirect = format!(">https://centre.example/flows/{flow}</Redirect>");
        assert!(document.contains(&redirect), "{document}");
    }
}

#[test]
fn forged_request_is_refused() {
    let forged = Request {
        signature: Some("AAAA".to_owned()),
        ..request()
    };
    assert_eq!(reply(&[], forged).0, 403);
}
