//! The HTTP level: versions, credentials, methods, sizes.

use serde_json::json;
use tests::test_centre::{API_KEY, TestCentre};

use super::{Client, offered, task_path};

#[tokio::test]
async fn api_key_is_accepted_like_the_account() {
    let test_centre = TestCentre::example().await;
    let client = Client(&test_centre);
    let (key, secret) = API_KEY.split_once(':').unwrap();
    for (user, password, expected) in [
        (key, secret, 200),
        (key, "0123456789abcdeg", 401),
        (key, test_centre.account.auth_token.as_str(), 401),
        ("SK00000000000000000000000000000002", secret, 401),
    ] {
        let request = reqwest::Client::new()
            .get(client.url("/Workers"))
            .basic_auth(user, Some(password));
        assert_eq!(
            request.send().await.unwrap().status().as_u16(),
            expected,
            "{user}"
        );
    }
    test_centre.close().await;
}

/// In each of the six operations that accept `If-Match`.
#[tokio::test]
async fn stale_if_match_changes_nothing() {
    let test_centre = TestCentre::example().await;
    let client = Client(&test_centre);
    let task = task_path(offered(&test_centre).await);
    let maya = test_centre.worker("Maya").await;
    let worker = format!("/Workers/{}", maya.sid);
    let reservation = maya.open_reservations[0].sid;
    let under_task = format!("{task}/Reservations/{reservation}");
    let under_worker = format!("{worker}/Reservations/{reservation}");
    let before = (
        client.get(&task).await,
        client.get(&worker).await,
        client.get(&under_task).await,
    );
    let refused = [
        client.post_if(&task, "\"0\"", &[("Priority", "3")]).await,
        client.delete_if(&task, "\"0\"").await,
        client
            .post_if(&worker, "\"0\"", &[("Attributes", "{}")])
            .await,
        client.delete_if(&worker, "\"0\"").await,
        client
            .post_if(&under_task, "\"0\"", &[("ReservationStatus", "rejected")])
            .await,
        client
            .post_if(&under_worker, "\"0\"", &[("ReservationStatus", "rejected")])
            .await,
    ];
    for (number, (status, error)) in refused.into_iter().enumerate() {
        assert_eq!(
            (status, &error["code"]),
            (412, &json!(20_412)),
            "{number}: {error}"
        );
    }
    assert_eq!(
        (
            client.get(&task).await,
            client.get(&worker).await,
            client.get(&under_task).await
        ),
        before
    );

    // With the current version the update is done.
    let version = client.etag(&task).await;
    assert_eq!(
        client
            .post_if(&task, &version, &[("Priority", "3")])
            .await
            .0,
        200
    );
    assert_eq!(
        client
            .post_if(&task, &version, &[("Priority", "4")])
            .await
            .0,
        412,
        "it has another version now"
    );
    test_centre.close().await;
}

#[tokio::test]
async fn list_etag_follows_entry_versions() {
    let test_centre = TestCentre::example().await;
    let client = Client(&test_centre);
    let task = task_path(offered(&test_centre).await);
    for list in ["/Tasks", "/Workers", &format!("{task}/Reservations")] {
        assert_eq!(client.etag(list).await, client.etag(list).await, "{list}");
    }
    let tasks = client.etag("/Tasks").await;
    let workers = client.etag("/Workers").await;
    client.post(&task, &[("Priority", "3")]).await;
    assert_ne!(client.etag("/Tasks").await, tasks);
    assert_eq!(client.etag("/Workers").await, workers);
    test_centre.close().await;
}

/// An oversized body (413) and an unsupported method (405).
#[tokio::test]
async fn http_errors_have_the_apis_form() {
    let test_centre = TestCentre::example().await;
    let client = Client(&test_centre);
    let (status, error) = client
        .post(
            "/Workers",
            &[(
                "Attributes",
                &"x".repeat(64 * 1024 + 1 - "Attributes=".len()),
            )],
        )
        .await;
    assert_eq!((status, &error["status"]), (413, &json!(413)), "{error}");
    let put = reqwest::Client::new().put(client.url("/Workers"));
    let (status, headers, error) = client.send_whole(put).await;
    assert_eq!(
        (status, &error["code"], &headers["allow"]),
        (405, &json!(20_004), &"GET, POST".parse().unwrap())
    );
    test_centre.close().await;
}
