//! Several Workspaces: each page shows one, and a form changes only its own.

use reqwest::Method;
use tests::browser::Look;

use crate::test_console::TestConsole;

/// Every Workspace can be selected; a form of one changes nothing in another.
#[tokio::test(flavor = "multi_thread")]
async fn form_is_bound_to_its_workspace() {
    let console = TestConsole::open().await;
    let first = console.running.contact_centre.workspace.sid.to_string();
    let browser = console.administrator(Look::Light, "/workers").await;
    browser.sees("tbody th", "Maya").await;
    browser.press("#workspace").await;
    browser.press_button("main", "New Workspace").await;
    browser.press_button("main", "Save").await;
    browser.sees(".alert", "FriendlyName").await;
    browser.fill("#FriendlyName", "Night shift").await;
    browser.press_button("main", "Save").await;
    browser.sees("#workspace", "Night shift").await;
    browser.go(&console.at("/workers")).await;
    browser.sees("caption", "No Workers here.").await;
    browser.press_button("main", "New Worker").await;
    browser.fill("#FriendlyName", "Nadia").await;
    let form = browser
        .run("return document.querySelector('form.stacked [name=csrf]').value")
        .await;
    // Another window of the same browser selects the first Workspace; this window's form still
    // belongs to the second one.
    browser.run(&format!(
        "window.done = fetch('/console/workspaces/{first}/open', {{method: 'POST', body: new URLSearchParams({{csrf: {form}}})}}).then((r) => window.at = r.url)"
    )).await;
    browser.until("the first one", "return window.at").await;
    browser.press_button("main", "Save").await;
    browser
        .sees(".alert", "belongs to another session or Workspace")
        .await;
    let workers = console
        .api(Method::GET, "Workers?FriendlyName=Nadia", &[])
        .await;
    assert_eq!(
        workers["workers"].as_array().map(Vec::len),
        Some(0),
        "{workers}"
    );
    browser.go(&console.at("/workers")).await;
    browser.sees("tbody th", "Maya").await;
    browser.go(&console.at("/workspaces")).await;
    browser.sees(&format!("#row-{first}"), "yes").await;
    browser.close().await;
    console.close().await;
}
