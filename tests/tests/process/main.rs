//! The built program as a user runs it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on says so by panicking"
)]

mod backup;
mod client;
mod damage;
#[cfg(target_os = "linux")]
mod full_disk;
mod kills;
mod plan;
mod serve;

use std::time::Duration;

use ids::AccountSid;
use serde_json::{Value, json};
use tests::customer::{Customer, Scripted};
use tests::process::{Process, command, free_port};
use tests::test_centre::EXAMPLE;

const NUMBER: &str = "+17075550183";

/// Dials and presses a key as soon as the menu is spoken; the call's SID.
async fn dial(process: &Process, from: &str, digits: &str) -> String {
    let placed = process
        .post("/simulator/calls", &json!({ "from": from, "to": NUMBER }))
        .await;
    let call = placed["call_sid"].as_str().unwrap().to_owned();
    let heard = |call: &Value| {
        call["transcript"]
            .as_array()?
            .iter()
            .find(|entry| entry["event"] == "heard")
            .map(|_| ())
    };
    process
        .until(&format!("/simulator/calls/{call}"), heard)
        .await;
    process
        .post(
            &format!("/simulator/calls/{call}/digits"),
            &json!({ "digits": digits }),
        )
        .await;
    call
}

/// The first phone that rings.
async fn ringing(process: &Process) -> String {
    let first = |calls: &Value| Some(calls["calls"].get(0)?["call_sid"].as_str()?.to_owned());
    process
        .until("/simulator/calls?status=ringing", first)
        .await
}

async fn bridged(process: &Process, call: &str) -> String {
    let with = |call: &Value| Some(call["bridged_with"].as_str()?.to_owned());
    process
        .until(&format!("/simulator/calls/{call}"), with)
        .await
}

async fn ended(process: &Process, call: &str) {
    let ended = |call: &Value| (call["status"] == "completed").then_some(());
    process
        .until(&format!("/simulator/calls/{call}"), ended)
        .await;
}

#[tokio::test]
async fn banner_is_printed_and_ctrl_c_stops() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let process = Process::start(folder.path(), port, &["--in-memory"]).await;
    let banner = process.banner.join("\n");
    for expected in [
        format!("http://127.0.0.1:{port}"),
        NUMBER.to_owned(),
        "account SID   AC".to_owned(),
        "auth token".to_owned(),
    ] {
        assert!(
            banner.contains(&expected),
            "{expected} is missing:\n{banner}"
        );
    }
    assert_eq!(process.interrupt().await, Some(0));
    assert_eq!(
        std::fs::read_dir(folder.path()).unwrap().count(),
        0,
        "--in-memory wrote files"
    );
}

/// A second Ctrl-C ends the program at once.
#[tokio::test]
async fn endless_request_delays_shutdown_briefly() {
    for (signals, code) in [(1, 0), (2, 130)] {
        let folder = tempfile::tempdir().unwrap();
        let process = Process::start(folder.path(), free_port(), &["--in-memory"]).await;
        let _endless = process.begin_request().await;
        if signals == 2 {
            process.send_interrupt().await;
            process.until_it_refuses_connections().await;
        }
        assert_eq!(process.interrupt().await, Some(code), "{signals} signals");
    }
}

#[tokio::test]
async fn foreign_origins_and_hosts_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let process = Process::start(folder.path(), free_port(), &["--in-memory"]).await;
    let dial = json!({ "from": "+17075550190", "to": NUMBER }).to_string();
    let form = ("content-type", "application/x-www-form-urlencoded");
    for (headers, expected) in [
        (vec![form], 201),
        (vec![form, ("origin", "http://localhost:3000")], 201),
        (vec![form, ("host", "localhost")], 201),
        (vec![form, ("origin", "https://page.example")], 403),
        (vec![form, ("origin", "null")], 403),
        (vec![form, ("host", "page.example")], 421),
    ] {
        assert_eq!(
            process.status_of("/simulator/calls", &headers, &dial).await,
            expected,
            "{headers:?}"
        );
    }
    for path in [
        "/incoming-call",
        "/v1/Workspaces",
        "/2010-04-01/Accounts",
        "/nowhere",
    ] {
        assert_eq!(
            process
                .status_of(path, &[("origin", "https://page.example")], "")
                .await,
            403,
            "{path}"
        );
    }
    let calls = process.get("/simulator/calls").await;
    assert_eq!(
        calls["calls"].as_array().unwrap().len(),
        3,
        "a refused request placed a call"
    );
    process.interrupt().await;
}

#[tokio::test]
async fn ringing_call_survives_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let process = Process::start(folder.path(), port, &["--data", "data"]).await;
    let caller = dial(&process, "+17075550190", "2").await;
    let before = ringing(&process).await;
    process.kill().await;

    let process = Process::start(folder.path(), port, &["--data", "data"]).await;
    let worker = ringing(&process).await;
    assert_eq!(worker, before, "the same phone still rings");
    process
        .post(&format!("/simulator/calls/{worker}/answer"), &json!({}))
        .await;
    assert_eq!(bridged(&process, &caller).await, worker);
    process.kill().await;

    let process = Process::start(folder.path(), port, &["--data", "data"]).await;
    assert_eq!(
        bridged(&process, &caller).await,
        worker,
        "the conversation continues"
    );
    process
        .post(&format!("/simulator/calls/{caller}/hangup"), &json!({}))
        .await;
    ended(&process, &worker).await;
    assert_eq!(process.interrupt().await, Some(0));
}

#[tokio::test]
async fn second_process_is_refused_with_advice() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let process = Process::start(folder.path(), port, &["--data", "data"]).await;
    let busy = port.to_string();
    let other = free_port().to_string();
    for (arguments, expected) in [
        (
            ["--port", other.as_str(), "--data", "data"],
            "choose another folder with --data",
        ),
        (
            ["--port", busy.as_str(), "--data", "other"],
            "choose another one with --port",
        ),
    ] {
        let output = command(folder.path(), &arguments).output().await.unwrap();
        let output_text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            !output.status.success() && output_text.contains(expected),
            "{arguments:?}: {output_text}"
        );
    }
    process.interrupt().await;
}

#[tokio::test]
async fn configuration_error_has_file_line_column() {
    let folder = tempfile::tempdir().unwrap();
    let wrong =
        tests::test_centre::EXAMPLE.replace(r#"languages HAS "hi""#, r#"languages HAVE "hi""#);
    std::fs::write(folder.path().join("mine.yaml"), wrong).unwrap();
    let port = free_port().to_string();
    let output = command(
        folder.path(),
        &["--port", &port, "--in-memory", "--config", "mine.yaml"],
    )
    .output()
    .await
    .unwrap();
    let output_text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success());
    let place = output_text.split("mine.yaml:").nth(1).unwrap_or_default();
    let numbers: Vec<bool> = place
        .split(':')
        .take(2)
        .map(|number| number.parse::<u32>().is_ok())
        .collect();
    assert_eq!(numbers, [true, true], "{output_text}");
    assert!(
        output_text.contains("expected an operator"),
        "{output_text}"
    );
}

#[tokio::test]
async fn call_command_reaches_wrap_up_or_fails() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let process = Process::start(folder.path(), port, &["--data", "data"]).await;
    // The call command leaves the phone of another call alone.
    dial(&process, "+17075550181", "1").await;
    let rings = |phones: &Value| (!phones["calls"].as_array()?.is_empty()).then_some(());
    process
        .until("/simulator/calls?status=ringing", rings)
        .await;
    let port = port.to_string();
    for (digit, timeout_secs, succeeds, expected) in [
        ("1", "30", true, "is in Wrap-Up"),
        ("2", "30", true, "is in Wrap-Up"),
        ("9", "2", false, ""),
    ] {
        let arguments = [
            "call",
            "--port",
            &port,
            "--press",
            digit,
            "--patience",
            timeout_secs,
        ];
        let output = command(folder.path(), &arguments).output().await.unwrap();
        let output_text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(
            output.status.success(),
            succeeds,
            "{digit}: {output_text}{}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(output_text.contains(expected), "{output_text}");
    }
    process.interrupt().await;
}

/// Without an available Worker the command says why the Task waits.
#[tokio::test]
async fn call_command_explains_a_waiting_task() {
    let folder = tempfile::tempdir().unwrap();
    let offline = EXAMPLE.replace("activity: Available\n", "activity: Offline\n");
    std::fs::write(folder.path().join("contact-centre.yaml"), offline).unwrap();
    let port = free_port().to_string();
    let arguments = ["call", "--port", &port, "--patience", "5"];
    let output = command(folder.path(), &arguments).output().await.unwrap();
    let output_text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(!output.status.success(), "{output_text}");
    for expected in ["Maya (Offline)", "their Activity Offline takes no Tasks"] {
        assert!(output_text.contains(expected), "{output_text}");
    }
}

/// The call takes place at another moment: closed on Sunday, open on Monday morning.
#[tokio::test]
async fn call_command_plays_another_hour() {
    let folder = tempfile::tempdir().unwrap();
    let file = tests::project::root().join("examples/utility/contact-centre.yaml");
    let file = file.to_str().unwrap();
    let port = free_port().to_string();
    for (at, date, heard) in [
        (
            "Sun 10:00",
            "on Sun 20",
            "Unser Service ist zurzeit geschlossen.",
        ),
        ("Mon 10:00", "on Mon 20", "Für Fragen zur Rechnung"),
    ] {
        let arguments = ["call", "--port", &port, "--config", file, "--at", at];
        let played = ["--press", "1", "--patience", "3"];
        let all: Vec<&str> = arguments.into_iter().chain(played).collect();
        let output = command(folder.path(), &all).output().await.unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        for expected in [date, "10:00 (Europe/", heard] {
            assert!(text.contains(expected), "{at}: {text}");
        }
    }
}

/// Keys for two menus, an entry, speech, and a called person who is asked to accept.
#[tokio::test]
async fn call_command_plays_a_script() {
    let folder = tempfile::tempdir().unwrap();
    let customer = Customer::open().await;
    let documents = [
        (
            "/voice",
            r#"<Gather numDigits="1" action="/menu"><Say>Main menu</Say></Gather>"#,
        ),
        ("/menu", r#"<Gather numDigits="1" action="/account"/>"#),
        (
            "/account",
            r#"<Gather action="/reason"><Say>Your account</Say></Gather>"#,
        ),
        (
            "/reason",
            r#"<Gather input="speech" speechTimeout="auto" action="/dial"/>"#,
        ),
        (
            "/dial",
            r#"<Dial><Number url="/screen">(707) 555-0101</Number></Dial><Say>Bye</Say>"#,
        ),
        (
            "/screen",
            r#"<Gather numDigits="1" action="/accept"><Say>Press 1</Say></Gather><Hangup/>"#,
        ),
        ("/accept", ""),
    ];
    for (path, verbs) in documents {
        let answer = Scripted {
            status: 200,
            body: format!("<Response>{verbs}</Response>"),
            after: Duration::ZERO,
        };
        customer.script(path, answer);
    }
    let port = free_port().to_string();
    let mut command = command(
        folder.path(),
        &[
            "call",
            "--port",
            &port,
            "--press",
            "1,2",
            "--digits",
            "1234#",
            "--wait",
            "200ms",
            "--say",
            "my bill",
            "--patience",
            "30",
        ],
    );
    command.env("VOICE_URL", format!("{}/voice", customer.base()));
    let output = command.output().await.unwrap();
    let output_text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{output_text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    for expected in [
        "heard       Main menu",
        "said        my bill",
        "called  heard       Press 1",
        "The caller talked with +17075550101; no Task was created.",
    ] {
        assert!(output_text.contains(expected), "{expected}: {output_text}");
    }
    let entered = [
        ("/menu", "Digits", "1"),
        ("/account", "Digits", "2"),
        ("/reason", "Digits", "1234"),
        ("/dial", "SpeechResult", "my bill"),
        ("/accept", "Digits", "1"),
    ];
    for (path, name, value) in entered {
        let request = customer.requests(path).pop().unwrap();
        let pair = (name.to_owned(), value.to_owned());
        assert!(request.form.contains(&pair), "{path}: {:?}", request.form);
    }
}

/// With `<Enqueue workflowSid>` of `/enqueue-call`, and of a customer's application.
#[tokio::test]
async fn hosted_taskrouter_call_reaches_wrap_up() {
    let folder = tempfile::tempdir().unwrap();
    let account = AccountSid::derive(&["hosted"]);
    let set_up = config::read(EXAMPLE, "contact-centre.yaml", account).unwrap();
    let workflow = set_up.voice_settings.workflow_sid.to_string();
    let customer = Customer::open().await;
    let task = r#"<Task>{"selected_language":"en"}</Task>"#;
    let body = format!(
        r#"<Response><Say>Hello</Say><Enqueue workflowSid="{workflow}">{task}</Enqueue></Response>"#
    );
    customer.script(
        "/voice",
        Scripted {
            status: 200,
            body,
            after: Duration::ZERO,
        },
    );
    let voice_url = format!("{}/voice", customer.base());
    for settings in [
        [("ROUTER", "twilio"), ("WORKFLOW_SID", &workflow)].as_slice(),
        &[("VOICE_URL", &voice_url)],
    ] {
        let port = free_port().to_string();
        let mut command = command(
            folder.path(),
            &["call", "--port", &port, "--press", "1", "--patience", "30"],
        );
        command.envs(settings.iter().copied());
        command
            .env("ACCOUNT_SID", account.to_string())
            .env("AUTH_TOKEN", "0123456789abcdef0123456789abcdef");
        let output = command.output().await.unwrap();
        let output_text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            output.status.success(),
            "{settings:?}: {output_text}{}",
            String::from_utf8_lossy(&output.stderr)
        );
        for expected in [
            format!("in queue {workflow}, number 1 as Task WT"),
            "is in Wrap-Up".to_owned(),
        ] {
            assert!(
                output_text.contains(&expected),
                "{settings:?}: {expected} is missing:\n{output_text}"
            );
        }
    }
    assert_eq!(customer.requests("/voice").len(), 1);
}

#[tokio::test]
async fn invalid_setting_is_named() {
    let folder = tempfile::tempdir().unwrap();
    for (settings, expected) in [
        (
            [("ROUTER", "twilio"), ("WORKFLOW_SID", "")],
            "WORKFLOW_SID is not set",
        ),
        (
            [("VOICE_URL", "localhost:3000/voice"), ("ROUTER", "")],
            "VOICE_URL must be an http:// or https:// URL",
        ),
    ] {
        let mut command = command(
            folder.path(),
            &["--in-memory", "--port", &free_port().to_string()],
        );
        let output = command.envs(settings).output().await.unwrap();
        let output_text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            !output.status.success() && output_text.contains(expected),
            "{output_text}"
        );
    }
}

/// It reports why a call waits; it fails for an unknown Task, an argument that is no SID and a port
/// without a centre.
#[tokio::test]
async fn explain_command_reports_or_fails() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let process = Process::start(folder.path(), port, &["--in-memory"]).await;
    // One call for each Worker who speaks English, and one more.
    let mut calls = Vec::new();
    for caller in ["+17075550181", "+17075550182", "+17075550184"] {
        calls.push(dial(&process, caller, "1").await);
    }
    let two_ring = |phones: &Value| (phones["calls"].as_array()?.len() == 2).then_some(());
    process
        .until("/simulator/calls?status=ringing", two_ring)
        .await;
    let ask = async |sid: &str, port: u16| {
        let done = command(
            folder.path(),
            &["explain", sid, "--port", &port.to_string()],
        )
        .output()
        .await
        .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (done.status.code(), text(done.stdout), text(done.stderr))
    };
    let task_of = |call: &String| ids::TaskSid::derive(&[call]).to_string();
    let mut explanations = Vec::new();
    for call in &calls {
        explanations.push(ask(&task_of(call), port).await);
    }
    assert!(
        explanations.iter().all(|(code, ..)| *code == Some(0)),
        "{explanations:?}"
    );
    let waiting = explanations
        .iter()
        .find(|(_, text, _)| text.contains("status     pending"));
    let (_, waiting, _) = waiting.unwrap_or_else(|| panic!("no Task is pending: {explanations:?}"));
    for expected in [
        "their capacity of 1 voice Task is taken by WT",
        "languages HAS \"en\"",
        "^^^^^^^^^^^^^^^^^^",
        "step 1 of",
    ] {
        assert!(
            waiting.contains(expected),
            "{expected} is missing:\n{waiting}"
        );
    }
    let (code, _, error) = ask("WT00000000000000000000000000000009", port).await;
    assert!(
        code == Some(1) && error.contains("there is no Task WT"),
        "{code:?} {error}"
    );
    let (code, _, error) = ask("Maya", port).await;
    assert!(code == Some(2) && error.contains("WT…"), "{code:?} {error}");
    let (code, _, error) = ask(&task_of(&calls[0]), free_port()).await;
    assert!(
        code == Some(1) && error.contains("no contact centre of yours runs"),
        "{code:?} {error}"
    );
    process.interrupt().await;
}
