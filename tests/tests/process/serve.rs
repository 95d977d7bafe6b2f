//! `cordboard serve`: a contact centre that others reach, and what a service manager needs.

use serde_json::Value;
use tests::process::{Process, command, free_port};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const CREDENTIALS: [(&str, &str); 2] = [
    ("ACCOUNT_SID", "AC00000000000000000000000000000001"),
    ("AUTH_TOKEN", "0123456789abcdef0123456789abcdef"),
];

/// `Authorization` of these credentials.
const BASIC: (&str, &str) = (
    "authorization",
    "Basic QUMwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMTowMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZg==",
);

const OPEN_TO_OTHERS: [&str; 6] = [
    "serve",
    "--in-memory",
    "--bind",
    "0.0.0.0",
    "--public-url",
    "https://centre.example",
];

#[tokio::test]
async fn others_are_not_served_without_credentials() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port().to_string();
    for (arguments, environment, expected) in [
        (&OPEN_TO_OTHERS[..4], &CREDENTIALS[..], "set --public-url"),
        (&OPEN_TO_OTHERS[..], &[], "ACCOUNT_SID"),
        (&OPEN_TO_OTHERS[..], &CREDENTIALS[..1], "AUTH_TOKEN"),
    ] {
        let mut command = command(folder.path(), arguments);
        command.args(["--port", &port]).envs(environment.to_vec());
        let output = command.output().await.unwrap();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {text}");
        assert!(text.contains(expected), "{arguments:?}: {text}");
        assert_eq!(text.lines().count(), 1, "{text}");
    }
}

/// A call works as on a machine of one's own, and without credentials others see nothing of it.
#[tokio::test]
async fn public_centre_asks_for_credentials() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let process = Process::start_with(folder.path(), port, &OPEN_TO_OTHERS, &CREDENTIALS).await;
    let banner = process.banner.join("\n");
    assert!(banner.contains("https://centre.example"), "{banner}");
    for secret in [CREDENTIALS[1].1, "ticket="] {
        assert!(!banner.contains(secret), "{banner}");
    }
    let port = port.to_string();
    let call = command(folder.path(), &["call", "--port", &port])
        .output()
        .await
        .unwrap();
    let text = String::from_utf8_lossy(&call.stdout).into_owned();
    assert!(text.contains("is in Wrap-Up"), "{text}");
    let any_host = ("host", "10.1.2.3");
    for (path, headers, expected) in [
        ("/healthz", vec![any_host], 200),
        ("/readyz", vec![any_host], 200),
        ("/metrics", vec![any_host], 401),
        ("/metrics", vec![any_host, BASIC], 200),
        ("/simulator/calls", vec![], 401),
        ("/simulator/calls", vec![BASIC], 200),
        ("/v1/Workspaces", vec![any_host, BASIC], 421),
        (
            "/v1/Workspaces",
            vec![("host", "centre.example"), BASIC],
            200,
        ),
        // A browser is not shown TwiML.
        ("/incoming-call", vec![], 403),
    ] {
        let (status, text) = process.text(path, &headers).await;
        assert_eq!(status, expected, "{path} {headers:?}: {text}");
    }
    let (_, workspaces) = process.text("/v1/Workspaces", &[BASIC]).await;
    assert!(
        workspaces.contains(r#""https://centre.example/v1"#),
        "{workspaces}"
    );
    assert_eq!(process.interrupt().await, Some(0));
}

#[tokio::test]
async fn metrics_count_a_call() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let process = Process::start(folder.path(), port, &["--in-memory"]).await;
    let port = port.to_string();
    let call = command(folder.path(), &["call", "--port", &port]);
    let mut call = call;
    assert!(call.output().await.unwrap().status.success());
    let (status, text) = process.text("/metrics", &[]).await;
    assert_eq!(status, 200);
    for expected in [
        "cordboard_calls_offered_total 1\n",
        "cordboard_calls_answered_total 1\n",
        "cordboard_calls_abandoned_total 0\n",
        "cordboard_reservations_total 1\n",
        "cordboard_time_to_reservation_seconds_count 1\n",
        "cordboard_time_to_ring_seconds_count 1\n",
        "cordboard_webhook_failures_total 0\n",
        "# TYPE cordboard_conflicts_total counter\n",
        "cordboard_webhook_duration_seconds_count ",
        "cordboard_queue_messages{queue=\"timers\"} ",
        "cordboard_queue_messages{queue=\"callbacks\"} 0\n",
        "cordboard_queue_messages{queue=\"events\"} 0\n",
        "cordboard_stream_lag_seconds 0\n",
    ] {
        assert!(text.contains(expected), "{expected} is missing:\n{text}");
    }
    if cfg!(target_os = "linux") {
        assert!(text.contains("process_resident_memory_bytes "), "{text}");
    }
    let (status, _) = process.text("/metrics", &[("host", "page.example")]).await;
    assert_eq!(status, 421);
    assert_eq!(process.interrupt().await, Some(0));
}

#[test]
fn guide_lists_every_metric() {
    let guide = tests::project::root().join("docs/guide/one-server.md");
    let guide = std::fs::read_to_string(guide).unwrap();
    for metric in metrics::Metric::ALL {
        let metrics::Definition { series, label, .. } = metric.definition();
        assert!(guide.contains(&format!("| `{series}")), "{series}");
        if let Some((_, value)) = label {
            assert!(guide.contains(&format!("`{value}`")), "{value}");
        }
    }
}

/// `/readyz` says so first; requests are accepted until proxies have noticed, and those under way are
/// finished.
#[tokio::test]
async fn sigterm_drains_before_it_stops() {
    let folder = tempfile::tempdir().unwrap();
    let process = Process::start(folder.path(), free_port(), &["--in-memory"]).await;
    assert_eq!(process.text("/readyz", &[]).await.0, 200);
    let mut under_way = process.begin_request().await;
    process.send_terminate().await;
    loop {
        let (status, text) = process.text("/readyz", &[]).await;
        if status == 503 {
            assert!(text.contains("is stopping"), "{text}");
            break;
        }
    }
    assert_eq!(process.text("/healthz", &[]).await.0, 200);
    assert_eq!(process.text("/simulator/calls", &[]).await.0, 200);
    process.until_it_refuses_connections().await;
    under_way.write_all(b"from=&to=").await.unwrap();
    let mut answer = String::new();
    under_way.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    assert_eq!(process.ended().await.0, Some(0));
}

#[tokio::test]
async fn json_logs_are_one_object_a_line() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["serve", "--in-memory", "--log-format", "json"];
    let environment = [("RUST_LOG", "info")];
    let process = Process::start_with(folder.path(), free_port(), &arguments, &environment).await;
    process.send_interrupt().await;
    let (code, log) = process.ended().await;
    assert_eq!(code, Some(0));
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}")))
        .collect();
    let started = lines
        .iter()
        .find(|line| line["fields"]["message"] == "contact centre started");
    let started = started.unwrap_or_else(|| panic!("{log}"));
    assert_eq!(started["level"], "INFO");
    assert!(started["timestamp"].is_string(), "{started}");
    let refused = command(
        folder.path(),
        &["--log-format", "json", "--config", "none.yaml"],
    )
    .output()
    .await
    .unwrap();
    let refused: Value = serde_json::from_slice(&refused.stderr).unwrap();
    assert!(
        refused["fields"]["error"]
            .as_str()
            .unwrap()
            .contains("none.yaml")
    );
}
