//! Every statistic and Event has the properties of the official description, with their types, and
//! no others.
//!
//! `functions/api/tests/golden/official_statistics.json` lists them as of the description of
//! 2026-04 (`?`: may be null).

use reqwest::Method;
use serde_json::Value;
use tests::test_centre::TestCentre;

use super::{caller, get, pass, queue, workflow};

const OFFICIAL: &str =
    include_str!("../../../../functions/api/tests/golden/official_statistics.json");

fn check(schema: &str, found: &Value) {
    let official: Value = serde_json::from_str(OFFICIAL).unwrap();
    let official = official[schema].as_object().unwrap();
    let names =
        |object: &serde_json::Map<String, Value>| object.keys().cloned().collect::<Vec<_>>();
    let (mut found_names, mut official_names) =
        (names(found.as_object().unwrap()), names(official));
    found_names.sort_unstable();
    official_names.sort_unstable();
    assert_eq!(found_names, official_names, "{schema}");
    for (name, kind) in official {
        let kind = kind.as_str().unwrap();
        let value = &found[name];
        let fits = match kind.trim_end_matches('?') {
            "any" => true,
            "string" => value.is_string(),
            "integer" => value.is_i64(),
            "array" => value.is_array(),
            unknown => panic!("unknown type {unknown}"),
        };
        assert!(
            fits || (kind.ends_with('?') && value.is_null()),
            "{schema}.{name}: {kind}, not {value}"
        );
    }
}

#[tokio::test]
async fn answers_have_the_official_properties() {
    let test_centre = TestCentre::example().await;
    caller(&test_centre, "+17075550190").await;
    pass(&test_centre, 3).await;
    let home = [
        ("workspace", String::new()),
        (
            "task_queue",
            format!("TaskQueues/{}/", queue(&test_centre, "English")),
        ),
        ("workflow", format!("Workflows/{}/", workflow(&test_centre))),
    ];
    for (scope, path) in home {
        check(
            &format!("{scope}_statistics"),
            &get(&test_centre, &format!("{path}Statistics")).await,
        );
        check(
            &format!("{scope}_real_time_statistics"),
            &get(&test_centre, &format!("{path}RealTimeStatistics")).await,
        );
        check(
            &format!("{scope}_cumulative_statistics"),
            &get(&test_centre, &format!("{path}CumulativeStatistics")).await,
        );
    }
    check(
        "worker_statistics",
        &get(&test_centre, "Workers/Statistics").await,
    );
    check(
        "workers_real_time_statistics",
        &get(&test_centre, "Workers/RealTimeStatistics").await,
    );
    check(
        "workers_cumulative_statistics",
        &get(&test_centre, "Workers/CumulativeStatistics").await,
    );
    let maya = test_centre.worker("Maya").await.sid;
    check(
        "worker_instance_statistics",
        &get(&test_centre, &format!("Workers/{maya}/Statistics")).await,
    );
    let queues = get(&test_centre, "TaskQueues/Statistics?PageSize=1").await;
    check(
        "task_queues_statistics",
        &queues["task_queues_statistics"][0],
    );
    assert!(queues["meta"]["next_page_url"].is_string());
    for event in get(&test_centre, "Events").await["events"]
        .as_array()
        .unwrap()
    {
        check("event", event);
    }
    test_centre.close().await;
}

#[tokio::test]
async fn queue_statistics_are_listed_in_queue_order() {
    let test_centre = TestCentre::example().await;
    for name in ["One", "Two", "Three", "Four", "Five"] {
        pass(&test_centre, 1).await;
        let form = [("FriendlyName".to_owned(), name.to_owned())];
        assert_eq!(
            test_centre
                .request(Method::POST, "TaskQueues", &form, None)
                .await
                .status,
            201
        );
    }
    let sids = |page: &Value, list: &str, sid: &str| -> Vec<Value> {
        page[list]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| entry[sid].clone())
            .collect()
    };
    let queues = sids(&get(&test_centre, "TaskQueues").await, "task_queues", "sid");
    let counted = get(&test_centre, "TaskQueues/Statistics").await;
    assert_eq!(
        sids(&counted, "task_queues_statistics", "task_queue_sid"),
        queues
    );
    test_centre.close().await;
}
