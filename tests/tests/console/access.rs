//! Who is let in, and what a page may do.

use reqwest::Method;
use tests::browser::Look;

use crate::house::House;

#[tokio::test(flavor = "multi_thread")]
async fn without_credentials_there_is_only_the_way_in() {
    let house = House::open().await;
    for page in ["", "/phones", "/tasks", "/workers/WK00000000000000000000000000000001", "/desk", "/anything"] {
        let answer = house.request(Method::GET, page).send().await.unwrap();
        assert_eq!(answer.status(), 303, "{page}");
        assert!(answer.headers()["location"].to_str().unwrap().starts_with("/console/sign-in"), "{page}");
        assert_eq!(answer.text().await.unwrap(), "", "{page}");
    }
    for (method, page) in [(Method::GET, "/changes"), (Method::POST, "/phones"), (Method::POST, "/workers/new")] {
        let answer =
            house.request(method, page).header("cookie", "cordboard=admin.9999999999999.00").send().await.unwrap();
        assert_eq!(answer.status(), 401, "{page}");
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_sign_in_with_the_accounts_credentials_and_out_again() {
    let house = House::open().await;
    let account = house.running.account.clone();
    let browser = house.driver.open(Look::Light).await;
    browser.go(&house.at("/tasks")).await;
    browser.fill("#user", &account.account_sid.to_string()).await;
    browser.fill("#password", "not the token").await;
    browser.press("button[type=submit]").await;
    browser.sees(".alert", "not the account SID and auth token").await;
    browser.fill("#password", &account.auth_token).await;
    browser.press("button[type=submit]").await;
    browser.sees("h1", "Tasks").await;
    browser.press_button("header", "Sign out").await;
    browser.sees("h1", "Sign in").await;
    browser.go(&house.at("/workers")).await;
    browser.sees("h1", "Sign in").await;
    browser.close().await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_without_its_sessions_token_or_from_another_site_changes_nothing() {
    let house = House::open().await;
    let link = house.running.centre.console.sign_in_link("", shared::model::Timestamp::from_millis(i64::MAX / 2));
    let page = link.trim_start_matches("/console");
    let answer = house.request(Method::GET, page).send().await.unwrap();
    assert_eq!(answer.status(), 303);
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let name = "FriendlyName=Mallory";
    let post = |form: String| {
        let request = house.request(Method::POST, "/workers/new").header("cookie", &cookie).body(form);
        request.header("content-type", "application/x-www-form-urlencoded")
    };
    assert_eq!(post(name.to_owned()).send().await.unwrap().status(), 403);
    assert_eq!(post(format!("{name}&csrf={}", "0".repeat(64))).send().await.unwrap().status(), 403);
    let page = house.request(Method::GET, "/workers/new").header("cookie", &cookie).send().await.unwrap();
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    assert_eq!(page.headers()["x-content-type-options"], "nosniff");
    let text = page.text().await.unwrap();
    let (_, rest) = text.split_once(r#"name="csrf" value=""#).unwrap();
    let token = rest.split_once('"').unwrap().0;
    let foreign = post(format!("{name}&csrf={token}")).header("sec-fetch-site", "cross-site");
    assert_eq!(foreign.send().await.unwrap().status(), 403);
    assert_eq!(post(format!("{name}&csrf={token}")).send().await.unwrap().status(), 303);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agents_link_opens_their_own_desktop_and_nothing_else() {
    let house = House::open().await;
    let (maya, arjun) = (house.worker("Maya"), house.worker("Arjun"));
    let administrator = house.administrator(Look::Light, &format!("/desk/{maya}")).await;
    administrator.press_button("main", "A sign-in link for this agent").await;
    let link = administrator.until("the link", "return document.querySelector('#ticket')?.href").await;
    let agent = house.driver.open(Look::Light).await;
    agent.go(link.as_str().unwrap()).await;
    agent.sees("h1", "Maya’s desktop").await;
    for page in ["/tasks", "/phones", &format!("/desk/{arjun}"), "/workers/new"] {
        agent.go(&house.at(page)).await;
        agent.sees(".alert", "this page is for administrators").await;
    }
    administrator.close().await;
    agent.close().await;
    house.close().await;
}
