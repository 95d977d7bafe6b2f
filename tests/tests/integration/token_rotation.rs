//! The auth token is rotated while calls arrive (docs/guide/operate.md, "Rotate the auth token"):
//! real HTTP, real signatures, the tokens in Parameter Store.

use std::net::Ipv4Addr;
use std::sync::Arc;

use carrier::{AuthTokens, Carrier, Execution};
use carrier_simulator::{Carrier as SimulatedCarrier, Journal, Settings};
use cordboard::embedded_dynamodb::{EmbeddedDynamoDb, Place, TABLE};
use cordboard::http;
use futures_util::future::join_all;
use http_client::NetworkClient;
use ids::time::{Clock, Timestamp};
use ids::{AccountSid, CallSid};
use runtime::voice::Voice;
use runtime::{Env, parameter_store};
use shared::webhook::Checks;
use shared::webhook::signature::{SIGNATURE_HEADER, sign};
use store::Store;
use tests::aws::Aws;
use tests::centre::{self, NOON};
use tokio::net::TcpListener;

const OLD: &str = "0123456789abcdef0123456789abcdef";
const NEW: &str = "fedcba9876543210fedcba9876543210";
const FORGED: &str = "00000000000000000000000000000000";
const PARAMETER: &str = "/cordboard/auth-token";
const ACCOUNT: AccountSid = AccountSid::from_bytes([7; 16]);

/// Calls that arrive at the same moment.
const CALLS: u32 = 8;

struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        NOON
    }
}

/// The tokens as a Lambda reads them.
async fn tokens_in(aws: &Aws) -> Arc<AuthTokens> {
    let variable = |name: &str| match name {
        "AUTH_TOKEN_PARAMETER" => Some(PARAMETER.to_owned()),
        "AWS_ENDPOINT_URL_SSM" => Some(aws.endpoint.clone()),
        "AWS_REGION" => Some("eu-central-1".to_owned()),
        "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("test".to_owned()),
        _ => None,
    };
    parameter_store::auth_tokens(&Env::new(variable))
        .await
        .unwrap()
}

/// Serves `site` on a port of this machine; its base URL.
async fn serve(site: impl FnOnce(&str) -> axum::Router) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let site = site(&base);
    tokio::spawn(async move { axum::serve(listener, site).await });
    base
}

/// The voice functions with these tokens; their base URL.
async fn voice_functions(store: &Store, tokens: Arc<AuthTokens>) -> String {
    let checks = Checks {
        verify_signatures: true,
        twiml_preview: false,
    };
    let voice = Arc::new(Voice::new(store.clone(), tokens, checks, Arc::new(Noon)));
    serve(|base| http::functions(&voice, base)).await
}

/// Calls that a carrier with this token announces at the same moment: how many were answered with
/// TwiML, and how many with 403.
async fn calls(base: &str, token: &str) -> (usize, usize) {
    let statuses = join_all((0..CALLS).map(|number| incoming_call(base, token, number))).await;
    let count = |wanted| statuses.iter().filter(|status| **status == wanted).count();
    (count(200), count(403))
}

async fn incoming_call(base: &str, token: &str, number: u32) -> u16 {
    let url = format!("{base}/incoming-call");
    let form: Vec<(String, String)> = [
        (
            "CallSid",
            CallSid::derive(&[&number.to_string()]).to_string(),
        ),
        ("AccountSid", ACCOUNT.to_string()),
        ("From", "+17075550142".to_owned()),
        ("To", "+17075550183".to_owned()),
        ("CallStatus", "ringing".to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec();
    let body = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(&form)
        .finish();
    let request = reqwest::Client::new()
        .post(&url)
        .header(SIGNATURE_HEADER, sign(token, &url, &form))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body);
    request.send().await.unwrap().status().as_u16()
}

const ALL: (usize, usize) = (8, 0);
const NONE: (usize, usize) = (0, 8);

#[tokio::test]
async fn rotation_refuses_no_call() {
    let table = EmbeddedDynamoDb::open(Place::Temporary).await.unwrap();
    let store = Store::new(table.client(), TABLE);
    centre::open(&store).await;
    let aws = Aws::start(PARAMETER, OLD).await;
    let base = voice_functions(&store, tokens_in(&aws).await).await;
    assert_eq!(calls(&base, OLD).await, ALL);

    // The secondary token is stored; the process has not read it when the carrier promotes it.
    aws.put_parameter(&format!("{OLD},{NEW}"));
    let (old, new) = tokio::join!(calls(&base, OLD), calls(&base, NEW));
    assert_eq!((old, new), (ALL, ALL));

    // The tokens change places: the process knows both.
    aws.put_parameter(&format!("{NEW},{OLD}"));
    let (old, new) = tokio::join!(calls(&base, OLD), calls(&base, NEW));
    assert_eq!((old, new), (ALL, ALL));
    assert_eq!(calls(&base, FORGED).await, NONE);

    // A process that starts after the rotation knows the new token only.
    aws.put_parameter(NEW);
    let base = voice_functions(&store, tokens_in(&aws).await).await;
    assert_eq!(calls(&base, NEW).await, ALL);
    assert_eq!(calls(&base, OLD).await, NONE);
}

/// A carrier's API without calls, with this token.
async fn carrier_with(token: &str) -> String {
    let settings = Settings {
        account_sid: ACCOUNT,
        auth_token: token.to_owned(),
        numbers: Vec::new(),
        public_base_url: None,
        task_router_url: None,
        seed: "rotation".to_owned(),
    };
    let network = SimulatedCarrier::open(settings, Arc::new(Noon), Journal::none()).unwrap();
    serve(|_| network.http()).await
}

#[tokio::test]
async fn refused_token_is_read_again() {
    let aws = Aws::start(PARAMETER, OLD).await;
    let api = carrier_with(NEW).await;
    let tokens = tokens_in(&aws).await;
    let web = Arc::new(NetworkClient::new().unwrap());
    let carrier = Carrier::new(web, &api, ACCOUNT, tokens).unwrap();
    let call = CallSid::derive(&["call"]);
    // The carrier has promoted the secondary token: the first one is refused.
    aws.put_parameter(&format!("{OLD},{NEW}"));
    assert!(!carrier.is_live(call).await.unwrap());

    // A token that the carrier does not know stays refused, and is not read for each request.
    let api = carrier_with(FORGED).await;
    let web = Arc::new(NetworkClient::new().unwrap());
    let carrier = Carrier::new(web, &api, ACCOUNT, tokens_in(&aws).await).unwrap();
    let error = carrier.is_live(call).await.unwrap_err();
    assert_eq!(error.execution(), Execution::Refused);
}
