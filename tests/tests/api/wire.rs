//! The wire: versions, credentials, methods, sizes.

use serde_json::json;
use tests::test_centre::{API_KEY, TestCentre};

use crate::{Client, offered, task_path};

#[tokio::test]
async fn an_api_key_opens_what_the_account_opens() {
    let laboratory = TestCentre::example().await;
    let client = Client(&laboratory);
    let (key, secret) = API_KEY.split_once(':').unwrap();
    for (user, password, expected) in [
        (key, secret, 200),
        (key, "0123456789abcdeg", 401),
        (key, laboratory.account.auth_token.as_str(), 401),
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
    laboratory.close().await;
}

#[tokio::test]
async fn a_stale_version_changes_nothing_in_any_of_the_six_operations() {
    let laboratory = TestCentre::example().await;
    let client = Client(&laboratory);
    let task = task_path(offered(&laboratory).await);
    let maya = laboratory.worker("Maya").await;
    let (worker, reservation) = (
        format!("/Workers/{}", maya.sid),
        maya.open_reservations[0].sid,
    );
    let (under_task, under_worker) = (
        format!("{task}/Reservations/{reservation}"),
        format!("{worker}/Reservations/{reservation}"),
    );
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

    // With the version that is there, it is done.
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
    laboratory.close().await;
}

#[tokio::test]
async fn a_list_has_another_etag_when_an_entry_has_another_version() {
    let laboratory = TestCentre::example().await;
    let client = Client(&laboratory);
    let task = task_path(offered(&laboratory).await);
    for list in ["/Tasks", "/Workers", &format!("{task}/Reservations")] {
        assert_eq!(client.etag(list).await, client.etag(list).await, "{list}");
    }
    let (tasks, workers) = (client.etag("/Tasks").await, client.etag("/Workers").await);
    client.post(&task, &[("Priority", "3")]).await;
    assert_ne!(client.etag("/Tasks").await, tasks);
    assert_eq!(client.etag("/Workers").await, workers);
    laboratory.close().await;
}

#[tokio::test]
async fn a_body_that_is_too_large_and_a_method_that_is_not_served_are_told_in_the_apis_own_form() {
    let laboratory = TestCentre::example().await;
    let client = Client(&laboratory);
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
    laboratory.close().await;
}
