//! `cordboard plan`, `diff`, `export` and `check` on a running contact centre.

use std::path::Path;

use serde_json::Value;
use tests::process::{Process, command, free_port};
use tests::test_centre::EXAMPLE;

const UTILITY: &str = include_str!("../../../examples/utility/contact-centre.yaml");

const CREDENTIALS: [(&str, &str); 2] = [
    ("ACCOUNT_SID", "AC00000000000000000000000000000001"),
    ("AUTH_TOKEN", "0123456789abcdef0123456789abcdef"),
];

/// Exit code, standard output and standard error of a command.
async fn run(
    folder: &Path,
    arguments: &[&str],
    environment: &[(&str, &str)],
) -> (i32, String, String) {
    let mut command = command(folder, arguments);
    command.envs(environment.iter().copied());
    let output = command.output().await.unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let code = output.status.code().unwrap();
    (code, text(output.stdout), text(output.stderr))
}

#[tokio::test]
async fn running_centre_is_planned_and_exported() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::write(folder.join("contact-centre.yaml"), UTILITY).unwrap();
    let music = tests::project::file_beside("hold.wav").unwrap();
    std::fs::write(folder.join("hold.wav"), music).unwrap();
    let port = free_port();
    let process = Process::start_with(folder, port, &["--in-memory"], &CREDENTIALS).await;
    let at = ["--url", process.base.as_str()];

    let arguments = ["export", at[0], at[1]];
    let (code, exported, error) = run(folder, &arguments, &CREDENTIALS).await;
    assert_eq!(code, 0, "{error}");
    assert!(exported.contains("name: Chloé"), "{exported}");
    std::fs::write(folder.join("exported.yaml"), &exported).unwrap();

    // The exported file is the same contact centre, and needs no changes.
    let plan = |file| ["plan", at[0], at[1], "--exit-code", "--config", file];
    let (code, planned, error) = run(folder, &plan("exported.yaml"), &CREDENTIALS).await;
    assert_eq!(code, 0, "{planned}{error}");
    assert_eq!(planned, "Plan: nothing changes.\n");
    let files = [
        "diff",
        "contact-centre.yaml",
        "exported.yaml",
        "--exit-code",
    ];
    let (code, differences, _) = run(folder, &files, &[]).await;
    assert_eq!((code, differences.as_str()), (0, "no differences\n"));

    let changed = exported
        .replace("priority: 100", "priority: 90")
        .replace("Wir rufen Sie zurück.", "Wir melden uns.");
    std::fs::write(folder.join("changed.yaml"), changed).unwrap();
    let (code, planned, error) = run(folder, &plan("changed.yaml"), &CREDENTIALS).await;
    assert_eq!(code, 2, "{planned}{error}");
    for expected in [
        "~ Flow \"emergency\"\n",
        "step 5 › queue › priority: 100 → 90",
        "Plan: 0 to create, 2 to change, 0 to remove.",
    ] {
        assert!(planned.contains(expected), "{expected}\n{planned}");
    }

    let arguments = ["check", at[0], at[1], "--format", "json"];
    let (code, findings, error) = run(folder, &arguments, &CREDENTIALS).await;
    assert_eq!(code, 0, "{findings}{error}");
    let findings: Value = serde_json::from_str(&findings).unwrap();
    assert!(findings["findings"].is_array());
}

#[tokio::test]
async fn running_centre_asks_for_credentials() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let process = Process::start_with(folder.path(), port, &["--in-memory"], &CREDENTIALS).await;
    let wrong = [CREDENTIALS[0], ("AUTH_TOKEN", "wrong")];
    for command in ["export", "plan", "check"] {
        let arguments = [command, "--url", process.base.as_str()];
        let (code, _, error) = run(folder.path(), &arguments, &wrong).await;
        assert_ne!(code, 0, "{command}");
        assert!(error.contains("401"), "{command}: {error}");
    }
}

/// The local server's REST API is that of TaskRouter.
#[tokio::test]
async fn task_router_is_exported_by_its_rest_api() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::write(folder.join("contact-centre.yaml"), EXAMPLE).unwrap();
    let port = free_port();
    let process = Process::start_with(folder, port, &["--in-memory"], &CREDENTIALS).await;
    let environment = [
        ("TWILIO_ACCOUNT_SID", CREDENTIALS[0].1),
        ("TWILIO_AUTH_TOKEN", CREDENTIALS[1].1),
    ];
    let base = process.base.as_str();
    let arguments = [
        "export",
        "--twilio",
        "--twilio-url",
        base,
        "--out",
        "exported.yaml",
    ];
    let (code, _, error) = run(folder, &arguments, &environment).await;
    assert_eq!(code, 0, "{error}");
    let exported = std::fs::read_to_string(folder.join("exported.yaml")).unwrap();
    assert!(
        exported.starts_with("# phone_number: there is none"),
        "{exported}"
    );

    // What TaskRouter does not know is all that differs.
    let files = [
        "diff",
        "contact-centre.yaml",
        "exported.yaml",
        "--format",
        "json",
    ];
    let (code, differences, error) = run(folder, &files, &[]).await;
    assert_eq!(code, 0, "{error}");
    let differences: Value = serde_json::from_str(&differences).unwrap();
    let changes = differences["changes"].as_array().unwrap();
    let kinds: Vec<&str> = changes
        .iter()
        .map(|change| change["kind"].as_str().unwrap())
        .collect();
    // Its assignment callback is a URL, and not a path of the server.
    let unknown = ["Workspace", "TaskChannel", "Workflow", "Telephone"];
    assert!(
        kinds.iter().all(|kind| unknown.contains(kind)),
        "{differences:#}"
    );
}
