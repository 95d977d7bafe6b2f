//! Sign-in, sessions, and the protection of forms.

use futures_util::future::join_all;
use ids::time::Clock;
use reqwest::{Method, Response};
use runtime::SystemClock;
use tests::browser::Look;

use crate::test_console::{TestConsole, sign_in};

#[tokio::test(flavor = "multi_thread")]
async fn anonymous_requests_lead_to_sign_in() {
    let console = TestConsole::open().await;
    for page in [
        "",
        "/phones",
        "/tasks",
        "/workers/WK00000000000000000000000000000001",
        "/desk",
        "/anything",
    ] {
        let answer = console.request(Method::GET, page).send().await.unwrap();
        assert_eq!(answer.status(), 303, "{page}");
        assert!(
            answer.headers()["location"]
                .to_str()
                .unwrap()
                .starts_with("/console/sign-in"),
            "{page}"
        );
        assert_eq!(answer.text().await.unwrap(), "", "{page}");
    }
    for (method, page) in [
        (Method::GET, "/changes"),
        (Method::POST, "/phones"),
        (Method::POST, "/workers/new"),
    ] {
        let answer = console
            .request(method, page)
            .header("cookie", "cordboard=admin.9999999999999.00")
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 401, "{page}");
    }
    console.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn account_signs_in_and_out() {
    let console = TestConsole::open().await;
    let account = console.running.account.clone();
    let browser = console.driver.open(Look::Light).await;
    browser.go(&console.at("/tasks")).await;
    browser
        .fill("#user", &account.account_sid.to_string())
        .await;
    browser.fill("#password", "not the token").await;
    browser.press("button[type=submit]").await;
    browser
        .sees(".alert", "not the account SID and auth token")
        .await;
    browser.fill("#password", &account.auth_token).await;
    browser.press("button[type=submit]").await;
    browser.sees("h1", "Tasks").await;
    browser.press_button("header", "Sign out").await;
    browser.sees("h1", "Sign in").await;
    browser.go(&console.at("/workers")).await;
    browser.sees("h1", "Sign in").await;
    browser.close().await;
    console.close().await;
}

/// A form without the session's CSRF token, or sent by another site.
#[tokio::test(flavor = "multi_thread")]
async fn forged_form_changes_nothing() {
    let console = TestConsole::open().await;
    let link = console
        .running
        .centre
        .console
        .sign_in_link("", ids::time::Timestamp::from_millis(i64::MAX / 2));
    let answer = redeem(&console, &link, None).await;
    assert_eq!(answer.status(), 303);
    let cookie = answer.headers()["set-cookie"]
        .to_str()
        .unwrap()
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    let name = "FriendlyName=Mallory";
    let post = |form: String| {
        let request = console
            .request(Method::POST, "/workers/new")
            .header("cookie", &cookie)
            .body(form);
        request.header("content-type", "application/x-www-form-urlencoded")
    };
    assert_eq!(post(name.to_owned()).send().await.unwrap().status(), 403);
    assert_eq!(
        post(format!("{name}&csrf={}", "0".repeat(64)))
            .send()
            .await
            .unwrap()
            .status(),
        403
    );
    let page = console
        .request(Method::GET, "/workers/new")
        .header("cookie", &cookie)
        .send()
        .await
        .unwrap();
    let policy = page.headers()["content-security-policy"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(
        policy.contains("default-src 'none'") && !policy.contains("unsafe"),
        "{policy}"
    );
    assert_eq!(page.headers()["x-content-type-options"], "nosniff");
    let text = page.text().await.unwrap();
    let (_, rest) = text.split_once(r#"name="csrf" value=""#).unwrap();
    let token = rest.split_once('"').unwrap().0;
    let foreign = post(format!("{name}&csrf={token}")).header("sec-fetch-site", "cross-site");
    assert_eq!(foreign.send().await.unwrap().status(), 403);
    assert_eq!(
        post(format!("{name}&csrf={token}"))
            .send()
            .await
            .unwrap()
            .status(),
        303
    );
    console.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn agent_link_opens_one_desktop_only() {
    let console = TestConsole::open().await;
    let maya = console.worker("Maya");
    let arjun = console.worker("Arjun");
    let administrator = console
        .administrator(Look::Light, &format!("/desk/{maya}"))
        .await;
    administrator
        .press_button("main", "Create a sign-in link for this agent")
        .await;
    let link = administrator
        .until("the link", "return document.querySelector('#ticket')?.href")
        .await;
    let agent = console.driver.open(Look::Light).await;
    let link = link.as_str().unwrap();
    sign_in(&agent, link).await;
    agent.sees("h1", "Maya’s desktop").await;
    for page in [
        "/tasks",
        "/phones",
        &format!("/desk/{arjun}"),
        "/workers/new",
    ] {
        agent.go(&console.at(page)).await;
        agent
            .sees(".alert", "this page is for administrators")
            .await;
    }
    // The link was used: another browser cannot use it, and the session that it opened continues.
    let other = console.driver.open(Look::Light).await;
    other.go(link).await;
    other.sees(".alert", "This link was used before").await;
    other.go(&console.at(&format!("/desk/{maya}"))).await;
    other.sees("h1", "Sign in").await;
    sign_in(&agent, link).await;
    agent.sees("h1", "Maya’s desktop").await;
    other.close().await;
    administrator.close().await;
    agent.close().await;
    console.close().await;
}

/// Of eight requests at the same moment one succeeds. A preview of the link does not use it up.
#[tokio::test(flavor = "multi_thread")]
async fn link_signs_in_once() {
    let console = TestConsole::open().await;
    let link = console
        .running
        .centre
        .console
        .sign_in_link("", SystemClock.now());
    for _ in 0..2 {
        // A preview of the link (GET) does not use it up.
        let looked = console
            .request(Method::GET, link.trim_start_matches("/console"))
            .send()
            .await
            .unwrap();
        assert_eq!(looked.status(), 200);
        assert!(!looked.headers().contains_key("set-cookie"));
    }
    let answers = join_all((0..8).map(|_| redeem(&console, &link, None))).await;
    let cookies: Vec<String> = answers.iter().filter_map(cookie).collect();
    assert_eq!(cookies.len(), 1, "one of eight is signed in");
    assert!(
        answers
            .iter()
            .all(|answer| [303, 403].contains(&answer.status().as_u16()))
    );
    assert_eq!(redeem(&console, &link, None).await.status(), 403);
    // The signed-in browser navigates back and submits the form once more.
    assert_eq!(redeem(&console, &link, cookies.first()).await.status(), 303);
    console.close().await;
}

/// Submits the form of a sign-in link's page, as the page does by itself.
async fn redeem(console: &TestConsole, link: &str, cookie: Option<&String>) -> Response {
    let (page, ticket) = link
        .trim_start_matches("/console")
        .split_once("?ticket=")
        .unwrap();
    let request = console
        .request(Method::POST, page)
        .header("content-type", "application/x-www-form-urlencoded");
    let request = cookie
        .into_iter()
        .fold(request, |request, cookie| request.header("cookie", cookie));
    request
        .body(format!("ticket={ticket}"))
        .send()
        .await
        .unwrap()
}

/// The session cookie that an answer sets.
fn cookie(answer: &Response) -> Option<String> {
    let text = answer.headers().get("set-cookie")?.to_str().unwrap();
    Some(text.split(';').next().unwrap().to_owned())
}

/// A copy of the cookie, in another browser or in a thief's hands, ends with the sign-out. An
/// administrator ends the sessions of an agent.
#[tokio::test(flavor = "multi_thread")]
async fn sign_out_ends_all_sessions() {
    let console = TestConsole::open().await;
    let link = || {
        let centre = &console.running.centre;
        centre.console.sign_in_link("", SystemClock.now())
    };
    let first = cookie(&redeem(&console, &link(), None).await).unwrap();
    let second = cookie(&redeem(&console, &link(), None).await).unwrap();
    let maya = console.worker("Maya");
    let made = post(&console, &first, &format!("/desk/{maya}/link")).await;
    let made = made.text().await.unwrap();
    let (_, ticket) = made.split_once("href=\"/console/sign-in?ticket=").unwrap();
    let ticket = ticket.split_once('"').unwrap().0;
    let link_of_agent = format!("/console/sign-in?ticket={ticket}");
    let agent = cookie(&redeem(&console, &link_of_agent, None).await).unwrap();
    let desk = format!("/desk/{maya}");
    assert_eq!(get(&console, &agent, &desk).await, 200);
    post(&console, &first, &format!("/desk/{maya}/end-sessions")).await;
    assert_eq!(get(&console, &agent, &desk).await, 303);
    assert_eq!(get(&console, &second, "/tasks").await, 200);
    post(&console, &first, "/sign-out").await;
    for ended in [&first, &second] {
        assert_eq!(get(&console, ended, "/tasks").await, 303);
        assert_eq!(get(&console, ended, "/changes").await, 401);
    }
    let third = cookie(&redeem(&console, &link(), None).await).unwrap();
    assert_eq!(get(&console, &third, "/tasks").await, 200);
    console.close().await;
}

/// The status of a page.
async fn get(console: &TestConsole, cookie: &str, page: &str) -> u16 {
    let request = console.request(Method::GET, page).header("cookie", cookie);
    request.send().await.unwrap().status().as_u16()
}

/// Sends a form without fields.
async fn post(console: &TestConsole, cookie: &str, page: &str) -> Response {
    let request = console
        .request(Method::GET, "/workers/new")
        .header("cookie", cookie);
    let form = request.send().await.unwrap().text().await.unwrap();
    let (_, token) = form.split_once(r#"name="csrf" value=""#).unwrap();
    let token = token.split_once('"').unwrap().0;
    let request = console
        .request(Method::POST, page)
        .header("cookie", cookie)
        .header("content-type", "application/x-www-form-urlencoded");
    request.body(format!("csrf={token}")).send().await.unwrap()
}
