//! Requests that need no table: those refused before the table is read, and properties that every
//! answer has.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::{HeaderMap, StatusCode, header};
use ids::time::{Millis, Timestamp};
use runtime::Env;
use runtime::outbox::Sending;
use serde_json::{Value, json};
use task_router::router::effects::Callback;
use task_router::router::events::Notice;
use task_router::router::timers_queue::TimersMessage;

use super::*;
use crate::resources::samples::{ACCOUNT, NOON};

const TOKEN: &str = "12345";
const KEY: &str = "SK00000000000000000000000000000001";
const SECRET: &str = "0123456789abcdef";
const WS: &str = "/v1/Workspaces/WS00000000000000000000000000000001";
const TASK: &str = "Tasks/WT00000000000000000000000000000001";
const WORKER: &str = "Workers/WK00000000000000000000000000000001";

struct Noon;

impl Clock for Noon {
    fn now(&self) -> ids::time::Timestamp {
        NOON
    }
}

/// Queues that fail the test when they are used.
struct NoQueues;

impl Outbox for NoQueues {
    fn schedule(&self, _: TimersMessage, _: Timestamp) -> Sending<'_> {
        panic!("unexpected timer")
    }

    fn callback(&self, _: Callback) -> Sending<'_> {
        panic!("unexpected callback")
    }

    fn callback_later(&self, _: Callback, _: Millis) -> Sending<'_> {
        panic!("unexpected callback")
    }

    fn publish(&self, _: Notice) -> Sending<'_> {
        panic!("unexpected event")
    }
}

/// An API without a table: no server listens at its address.
fn api() -> Api {
    let env = Env::new(|name| match name {
        "AWS_ENDPOINT_URL_DYNAMODB" => Some("http://127.0.0.1:9".to_owned()),
        _ => Some("nowhere".to_owned()),
    });
    Api {
        store: runtime::aws::store(&env).unwrap(),
        account_sid: ACCOUNT,
        tokens: carrier::AuthTokens::fixed(carrier::Tokens::one(TOKEN)),
        api_keys: format!("{KEY}:{SECRET}").parse().unwrap(),
        base_url: None,
        clock: Arc::new(Noon),
        ids: Ids::seeded("tests"),
        outbox: Arc::new(NoQueues),
        in_flight: InFlight::default(),
    }
}

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", BASE64.encode(format!("{user}:{password}")))
}

fn signed_in(method: &str, path: &str, body: &str) -> Request<Vec<u8>> {
    Request::builder()
        .method(method)
        .uri(format!("https://cordboard.example{path}"))
        .header(header::AUTHORIZATION, basic(&ACCOUNT.to_string(), TOKEN))
        .header(
            header::CONTENT_TYPE,
            "application/x-www-form-urlencoded; charset=utf-8",
        )
        .body(body.as_bytes().to_vec())
        .unwrap()
}

/// Status, headers and JSON of the answer.
async fn ask(request: Request<Vec<u8>>) -> (StatusCode, HeaderMap, Value) {
    let (parts, body) = handle(Arc::new(api()), request).await.into_parts();
    (
        parts.status,
        parts.headers,
        serde_json::from_slice(&body).unwrap(),
    )
}

#[tokio::test]
async fn wrong_credentials_are_refused() {
    let account = ACCOUNT.to_string();
    let no_colon = format!("Basic {}", BASE64.encode(&account));
    let no_text = format!("Basic {}", BASE64.encode([0xff, b':', 0xff]));
    for authorization in [
        None,
        Some(String::new()),
        Some("Basic".to_owned()),
        Some("Basic !".to_owned()),
        Some(no_colon),
        Some(no_text),
        Some(format!("Bearer {TOKEN}")),
        Some(basic(&account, "")),
        Some(basic(&account, "1234")),
        Some(basic(&account, "123456")),
        Some(basic("", TOKEN)),
        Some(basic("AC00000000000000000000000000000002", TOKEN)),
        Some(basic(KEY, TOKEN)),
        Some(basic(KEY, "")),
        Some(basic("SK00000000000000000000000000000002", SECRET)),
        Some(basic(&account, SECRET)),
    ] {
        for path in ["/v1/Workspaces", "/v1/Nothing"] {
            let mut request = Request::builder().uri(path);
            if let Some(authorization) = &authorization {
                request = request.header(header::AUTHORIZATION, authorization);
            }
            let (status, headers, body) = ask(request.body(Vec::new()).unwrap()).await;
            assert_eq!(
                (status.as_u16(), &body["code"]),
                (401, &json!(20_003)),
                "{authorization:?}"
            );
            assert_eq!(
                headers[header::WWW_AUTHENTICATE],
                "Basic realm=\"TaskRouter API\""
            );
        }
    }
}

#[tokio::test]
async fn api_key_authenticates_like_the_account() {
    let mut request = signed_in("GET", "/v1/Nothing", "");
    request
        .headers_mut()
        .insert(header::AUTHORIZATION, basic(KEY, SECRET).parse().unwrap());
    assert_eq!(ask(request).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn error_has_the_official_form() {
    let (status, headers, body) = ask(signed_in("GET", "/v1/Nothing", "")).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert_eq!(headers[header::CONTENT_TYPE], "application/json");
    assert_eq!(
        body,
        json!({
            "code": 20_404,
            "message": "The requested resource /v1/Nothing was not found: this path is not served",
            "more_info": "https://www.twilio.com/docs/errors/20404",
            "status": 404,
        })
    );
}

#[tokio::test]
async fn invalid_request_has_code_and_message() {
    for (method, path, body, status, code, expected) in [
        // Paths and methods.
        ("GET", "", "", 404, 20_404, "this path is not served"),
        (
            "GET",
            "/v1/Workspaces/",
            "",
            404,
            20_404,
            "The requested resource /v1/Workspaces/ was not found",
        ),
        (
            "GET",
            "{WS}/Nothing",
            "",
            404,
            20_404,
            "this path is not served",
        ),
        (
            "GET",
            "{WS}/{TASK}/More/And/More",
            "",
            404,
            20_404,
            "this path is not served",
        ),
        (
            "GET",
            "/v1/Workspaces/WS1",
            "",
            404,
            20_404,
            "The requested resource /v1/Workspaces/WS1 was not found",
        ),
        (
            "GET",
            "{WS}/Activities/WK00000000000000000000000000000001",
            "",
            404,
            20_404,
            "was not found",
        ),
        (
            "PUT",
            "/v1/Workspaces",
            "FriendlyName=a",
            405,
            20_004,
            "PUT is not served under this path; expected GET, POST",
        ),
        (
            "PATCH",
            "{WS}/Activities/WA00000000000000000000000000000001",
            "",
            405,
            20_004,
            "; expected GET, POST, DELETE",
        ),
        (
            "POST",
            "{WS}/Workers/Statistics",
            "",
            405,
            20_004,
            "POST is not served under this path; expected GET",
        ),
        (
            "GET",
            "{WS}/TaskQueues/RealTimeStatistics",
            "",
            405,
            20_004,
            "; expected POST",
        ),
        // Paging.
        (
            "GET",
            "{WS}/Workers?PageSize=0",
            "",
            400,
            20_001,
            "PageSize: ",
        ),
        (
            "GET",
            "{WS}/Tasks?PageSize=1001",
            "",
            400,
            20_007,
            "PageSize: ",
        ),
        ("GET", "{WS}/Activities?Page=2", "", 400, 40_153, "Page: "),
        (
            "GET",
            "/v1/Workspaces?PageToken=PA",
            "",
            400,
            20_001,
            "PageToken: ",
        ),
        // Filters.
        (
            "GET",
            "{WS}/Workers?ActivitySid=WA1",
            "",
            400,
            20_001,
            "ActivitySid: expected WA followed by 32 hexadecimal digits, got 3 characters",
        ),
        (
            "GET",
            "{WS}/Workers?TaskQueueSid=a",
            "",
            400,
            20_001,
            "TaskQueueSid: expected WQ",
        ),
        (
            "GET",
            "{WS}/Workers?TargetWorkersExpression=a-b+%3D%3D+1",
            "",
            400,
            20_001,
            "TargetWorkersExpression: ",
        ),
        (
            "GET",
            "{WS}/Workers?Ordering=Age:asc",
            "",
            400,
            20_001,
            "Ordering: expected a comma list of",
        ),
        (
            "GET",
            "{WS}/Tasks?Ordering=Priority:up",
            "",
            400,
            20_001,
            "Ordering: expected a comma list of",
        ),
        (
            "GET",
            "{WS}/Tasks?EvaluateTaskAttributes=%28",
            "",
            400,
            20_001,
            "EvaluateTaskAttributes: ",
        ),
        (
            "GET",
            "{WS}/Tasks?Priority=-1",
            "",
            400,
            20_001,
            "Priority: expected a whole number",
        ),
        (
            "GET",
            "{WS}/Tasks?AssignmentStatus=pending,done",
            "",
            400,
            20_001,
            "AssignmentStatus: expected a comma list of pending, reserved, assigned, wrapping, completed, canceled",
        ),
        // Updates.
        (
            "POST",
            "{WS}/{WORKER}",
            "ActivitySid=",
            400,
            20_001,
            "ActivitySid: expected WA",
        ),
        (
            "POST",
            "{WS}/{WORKER}",
            "Attributes=1",
            400,
            20_001,
            "Attributes: ",
        ),
        (
            "POST",
            "{WS}/{WORKER}/Channels/voice",
            "Capacity=-1",
            400,
            20_001,
            "Capacity: expected a whole number from 0",
        ),
        (
            "POST",
            "{WS}/{WORKER}/Channels/voice",
            "Capacity=501",
            400,
            20_001,
            "Capacity: expected a whole number from",
        ),
        (
            "POST",
            "{WS}/{WORKER}/Reservations/WR00000000000000000000000000000001",
            "Instruction=supervise&Supervisor=client:eve",
            400,
            20_001,
            "Instruction: supervise is given under the Task",
        ),
        (
            "POST",
            "{WS}/{TASK}",
            "AssignmentStatus=pending",
            400,
            20_001,
            "AssignmentStatus: expected wrapping, comp",
        ),
        (
            "POST",
            "{WS}/{TASK}",
            "AssignmentStatus=Completed",
            400,
            20_001,
            "AssignmentStatus: expected wrapping, co",
        ),
        (
            "POST",
            "{WS}/{TASK}",
            "AssignmentStatus=completed&Attributes=%7B%7D",
            400,
            20_001,
            "Attributes: cannot be",
        ),
        (
            "POST",
            "{WS}/{TASK}",
            "Reason=late",
            400,
            20_001,
            "Reason: expected an AssignmentStatus with it",
        ),
        (
            "POST",
            "{WS}/{TASK}/Reservations/WR00000000000000000000000000000001",
            "ReservationStatus=pending",
            400,
            20_001,
            "ReservationStatus: expected accepted",
        ),
        (
            "POST",
            "{WS}/TaskQueues",
            "FriendlyName=A&TargetWorkers=skill-level+%3E+3",
            400,
            20_001,
            "TargetWorkers: ",
        ),
        (
            "POST",
            "{WS}/Workers",
            "Attributes=%7B%7D",
            400,
            20_001,
            "FriendlyName field is required",
        ),
        (
            "POST",
            "/v1/Workspaces",
            "Template=NONE",
            400,
            20_001,
            "FriendlyName field is required",
        ),
        (
            "POST",
            "/v1/Workspaces",
            "FriendlyName=A&Template=LIFO",
            400,
            20_001,
            "Template: expected NONE or FIFO",
        ),
        (
            "POST",
            "{WS}",
            "MultiTaskEnabled=0",
            400,
            20_001,
            "MultiTaskEnabled: expected true",
        ),
        (
            "POST",
            "{WS}",
            "TimeoutActivitySid=x",
            400,
            20_001,
            "TimeoutActivitySid: expected WA",
        ),
        (
            "POST",
            "{WS}/Activities",
            "Available=true",
            400,
            20_001,
            "FriendlyName field is required",
        ),
        (
            "POST",
            "{WS}/TaskChannels",
            "FriendlyName=A",
            400,
            20_001,
            "UniqueName field is required",
        ),
        (
            "POST",
            "{WS}/TaskChannels",
            "FriendlyName=A&UniqueName=a-b",
            400,
            20_001,
            "UniqueName: a TaskChannel's unique",
        ),
        (
            "GET",
            "{WS}/TaskQueues?Ordering=Name:asc",
            "",
            400,
            20_001,
            "Ordering: expected DateUpdated:asc",
        ),
        (
            "GET",
            "{WS}/TaskQueues?EvaluateWorkerAttributes=1",
            "",
            400,
            20_001,
            "EvaluateWorkerAttributes: ",
        ),
        (
            "POST",
            "{WS}/Workflows",
            "FriendlyName=A",
            400,
            20_001,
            "Configuration field is required",
        ),
        (
            "DELETE",
            "{WS}/Workflows/WW1",
            "",
            404,
            20_404,
            "was not found",
        ),
    ] {
        let path = path
            .replace("{WS}", WS)
            .replace("{TASK}", TASK)
            .replace("{WORKER}", WORKER);
        let (got_status, _, got) = ask(signed_in(method, &path, body)).await;
        let message = got["message"].as_str().unwrap();
        assert_eq!(
            (got_status.as_u16(), &got["code"]),
            (status, &json!(code)),
            "{method} {path} {body}: {message}"
        );
        assert!(
            message.contains(expected),
            "{method} {path} {body}: {message}"
        );
        assert_eq!(got["status"], status);
        assert_eq!(
            got["more_info"],
            format!("https://www.twilio.com/docs/errors/{code}")
        );
    }
}

#[tokio::test]
async fn refused_method_answers_with_allow() {
    let (_, headers, _) = ask(signed_in(
        "PUT",
        &format!("{WS}/Activities/WA00000000000000000000000000000001"),
        "",
    ))
    .await;
    assert_eq!(headers[header::ALLOW], "GET, POST, DELETE");
}

#[tokio::test]
async fn invalid_body_is_refused() {
    let path = format!("{WS}/{TASK}");
    let (status, _, body) = ask(signed_in("POST", &path, &"a".repeat(BODY_BYTES_MAX + 1))).await;
    assert_eq!((status.as_u16(), &body["code"]), (413, &json!(20_001)));
    let (status, _, body) = ask(signed_in(
        "POST",
        &path,
        "Template=NONE&FriendlyName=caf%E9",
    ))
    .await;
    assert_eq!(
        (status.as_u16(), &body["message"]),
        (400, &json!("FriendlyName: expected UTF-8, percent-encoded"))
    );
    let (status, _, body) = ask(signed_in(
        "POST",
        &path,
        &"a=1&".repeat(parameters::PARAMETERS_MAX + 1),
    ))
    .await;
    assert_eq!(
        (status.as_u16(), &body["message"]),
        (400, &json!("expected at most 200 parameters, got more"))
    );
    let mut request = signed_in("POST", &path, "{\"AssignmentStatus\":\"completed\"}");
    request
        .headers_mut()
        .insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
    let (status, _, body) = ask(request).await;
    let expected =
        "Content-Type: expected application/x-www-form-urlencoded or multipart/form-data";
    assert_eq!((status.as_u16(), &body["message"]), (400, &json!(expected)));
    request = signed_in("POST", &path, "[1]");
    request.headers_mut().insert(
        header::CONTENT_TYPE,
        "application/merge-patch+json".parse().unwrap(),
    );
    let (status, _, body) = ask(request).await;
    assert_eq!(status, 400);
    assert!(
        body["message"]
            .as_str()
            .unwrap()
            .starts_with("the body: expected a JSON object"),
        "{body}"
    );
    request = signed_in("POST", &format!("{WS}/TaskQueues"), "{}");
    request.headers_mut().insert(
        header::CONTENT_TYPE,
        "application/merge-patch+json".parse().unwrap(),
    );
    let (_, _, body) = ask(request).await;
    assert_eq!(body["message"], expected, "a TaskQueue has no attributes");
    let long = format!("AssignmentStatus=canceled&Reason={}", "é".repeat(1_025));
    let (_, _, body) = ask(signed_in("POST", &path, &long)).await;
    assert_eq!(
        body["message"],
        "Reason: expected at most 1024 characters, got 1025"
    );
}

/// Early versions of twilio-node send every form as multipart/form-data.
#[tokio::test]
async fn multipart_is_read_like_a_form() {
    let read = async |kind: &str, body: &[u8]| {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, kind.parse().unwrap());
        Parameters::of_form(&headers, body).await
    };
    let part = |name: &str, value: &str| {
        format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let kind = "multipart/form-data; boundary=b";
    let body = part("FriendlyName", "Größe & Co") + &part("Empty", "") + "--b--\r\n";
    let form = read(kind, body.as_bytes()).await.unwrap();
    let expected = [("FriendlyName", "Größe & Co"), ("Empty", "")];
    assert_eq!(form.pairs().collect::<Vec<_>>(), expected);
    let many = part("a", "1").repeat(parameters::PARAMETERS_MAX + 1) + "--b--\r\n";
    let mut binary = part("Name", "?").into_bytes();
    let place = binary.iter().position(|byte| *byte == b'?').unwrap();
    binary[place] = 0xff;
    binary.extend(b"--b--\r\n");
    for (kind, body, problem) in [
        (
            kind,
            many.into_bytes(),
            "expected at most 200 parameters, got more",
        ),
        (kind, binary, "Name: expected UTF-8"),
        (kind, part("Cut", "off").into_bytes(), "the body: "),
        ("multipart/form-data", b"--b--".to_vec(), "Content-Type: "),
    ] {
        let error = read(kind, &body).await.unwrap_err().to_string();
        assert!(error.starts_with(problem), "{error}");
    }
}

#[test]
fn if_match_accepts_only_named_versions() {
    let api = api();
    for (if_match, passes) in [
        (None, true),
        (Some("\"3\""), true),
        (Some("*"), true),
        (Some("\"2\", \"3\""), true),
        (Some("3"), true),
        (Some("2, 3"), true),
        (Some("2"), false),
        (Some("\"3"), false),
        (Some("\"2\""), false),
        (Some("W/\"3\""), false),
        (Some(""), false),
        (Some("\"33\""), false),
    ] {
        let mut headers = HeaderMap::new();
        headers.extend(if_match.map(|tag| (header::IF_MATCH, tag.parse().unwrap())));
        let context = RequestContext {
            api: &api,
            now: NOON,
            view: View::new(&api, &"/".parse().unwrap(), NOON),
            path: "/",
            sids: Vec::new(),
            query: Parameters::default(),
            form: Parameters::default(),
            patch: None,
            body: &[],
            headers: &headers,
        };
        let checked = context.check_version(3);
        assert_eq!(checked.is_ok(), passes, "{if_match:?}");
        if let Err(error) = checked {
            let answer = error.to_answer();
            assert_eq!(
                (answer.status.as_u16(), &answer.body["code"]),
                (412, &json!(20_412))
            );
        }
    }
}

/// Errors of the table are answered without its hosts and names, and with `Retry-After` unless they
/// are a conflict.
#[test]
fn table_error_hides_internal_names() {
    let unavailable =
        || store::Error::Unavailable("http://10.0.0.1 refused the connection".to_owned());
    let throttled = || store::Error::Throttled("10.0.0.1 is overloaded".to_owned());
    for (error, status, code) in [
        (store::Error::Conflict, 409, 20_162),
        (unavailable(), 503, 20_503),
        (throttled(), 429, 20_429),
    ] {
        let answer = ApiError::Store(error).to_answer();
        let has_retry_after = answer
            .headers
            .iter()
            .any(|(name, _)| *name == header::RETRY_AFTER);
        assert_eq!(has_retry_after, status != 409);
        assert_eq!(
            (answer.status.as_u16(), &answer.body["code"]),
            (status, &json!(code))
        );
        assert!(
            !answer.body["message"]
                .as_str()
                .unwrap()
                .contains("10.0.0.1")
        );
    }
}

#[test]
fn urls_begin_with_base_or_requested_host() {
    let api_at = |base: Option<&str>| Api {
        base_url: base.map(str::to_owned),
        ..api()
    };
    for (base, uri, expected) in [
        (
            None,
            "https://cordboard.example/v1/Workspaces?a=1",
            "https://cordboard.example/v1/Workspaces",
        ),
        (
            None,
            "http://127.0.0.1:9000/v1",
            "http://127.0.0.1:9000/v1/Workspaces",
        ),
        (None, "/v1/Workspaces", "/v1/Workspaces"),
        (
            Some("http://localhost:9000/"),
            "https://cordboard.example/",
            "http://localhost:9000/v1/Workspaces",
        ),
    ] {
        assert_eq!(
            View::new(&api_at(base), &uri.parse().unwrap(), NOON).workspaces(),
            expected,
            "{uri}"
        );
    }
}

#[test]
fn version_is_sent_as_etag() {
    let response = Answer::ok(json!({})).with_version(3).into_response();
    assert_eq!(response.headers()[header::ETAG], "\"3\"");
}
