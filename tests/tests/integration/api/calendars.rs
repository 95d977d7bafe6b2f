//! The calendars of the voice flows: a switch closes one at once, for callers too.

use ids::time::Millis;
use serde_json::{Value, json};
use tests::test_centre::{TestCentre, UTILITY};

use super::Client;

const CALENDAR: &str = "/Calendars/germany";

/// A fortnight before the utility's holidays, noon in Berlin on a Monday.
async fn monday_noon() -> TestCentre {
    let test_centre = TestCentre::open(UTILITY, None).await;
    let monday: ids::time::Timestamp = "2026-12-07T11:00:00Z".parse().unwrap();
    let now = ids::time::Clock::now(&*test_centre.clock);
    assert!(now < monday, "{now:?}");
    test_centre.clock.advance(monday.since(now));
    test_centre
}

#[tokio::test]
async fn switch_closes_until_its_end() {
    let test_centre = monday_noon().await;
    let client = Client(&test_centre);
    let (status, calendar) = client.get(CALENDAR).await;
    assert_eq!((status, &calendar["switch"]), (200, &Value::Null));
    // Noon is in the break.
    assert_eq!(calendar["open"], false, "{calendar}");
    assert_eq!(calendar["next_change"], "2026-12-07T12:00:00Z");
    let form = [
        ("Switch", "closed"),
        ("Until", "Mon 18:05"),
        ("Reason", "Fire alarm"),
        ("SetBy", "Robin"),
    ];
    let (status, closed) = client.post(CALENDAR, &form).await;
    assert_eq!(status, 200, "{closed}");
    let switch = json!({
        "state": "closed", "until": "2026-12-07T17:05:00Z", "reason": "Fire alarm",
        "set_by": "Robin", "set_at": "2026-12-07T11:00:00Z",
    });
    assert_eq!(closed["switch"], switch);
    assert_eq!(closed["rule"], "switch");
    // The calendar itself is closed at 18:05, until the next morning.
    assert_eq!(closed["next_change"], "2026-12-08T07:00:00Z");
    test_centre.clock.advance(Millis::from_secs(7 * 60 * 60));
    let (_, after) = client.get(CALENDAR).await;
    assert_eq!(after["switch"], Value::Null, "{after}");
    assert_eq!(after["rule"], "hours");
    test_centre.close().await;
}

#[tokio::test]
async fn switch_is_turned_off() {
    let test_centre = monday_noon().await;
    let client = Client(&test_centre);
    let (status, open) = client.post(CALENDAR, &[("Switch", "open")]).await;
    assert_eq!((status, &open["open"]), (200, &json!(true)), "{open}");
    let account = test_centre.account.account_sid.to_string();
    assert_eq!(open["switch"]["set_by"], account);
    assert_eq!(open["switch"]["until"], Value::Null);
    let (_, list) = client.get("/Calendars").await;
    let listed = list["calendars"].as_array().unwrap();
    let states: Vec<_> = listed
        .iter()
        .map(|one| (one["name"].as_str().unwrap(), &one["switch"]["state"]))
        .collect();
    assert_eq!(
        states,
        [("france", &Value::Null), ("germany", &json!("open"))]
    );
    let (status, off) = client.post(CALENDAR, &[("Switch", "off")]).await;
    assert_eq!((status, &off["open"]), (200, &json!(false)), "{off}");
    test_centre.close().await;
}

#[tokio::test]
async fn wrong_switch_is_refused() {
    let test_centre = monday_noon().await;
    let client = Client(&test_centre);
    let long = "x".repeat(201);
    for (form, expected) in [
        (vec![], "Switch field is required"),
        (
            vec![("Switch", "shut")],
            "Switch: expected open, closed or off",
        ),
        (
            vec![("Switch", "closed"), ("Until", "soon")],
            "Until: expected a moment such as 18:00",
        ),
        (
            vec![("Switch", "closed"), ("Until", "2026-12-07 11:59")],
            "Until: expected a moment in the future",
        ),
        (
            vec![("Switch", "closed"), ("Reason", long.as_str())],
            "Reason: expected at most 200 characters",
        ),
        (
            vec![("Switch", "closed"), ("SetBy", "a\u{202e}b")],
            "SetBy: expected no control characters",
        ),
    ] {
        let (status, refused) = client.post(CALENDAR, &form).await;
        let message = refused["message"].as_str().unwrap();
        assert!(status == 400 && message.starts_with(expected), "{refused}");
    }
    let unknown = client.post("/Calendars/spain", &[("Switch", "off")]).await;
    assert_eq!(unknown.0, 404);
    assert_eq!(client.get(CALENDAR).await.1["switch"], Value::Null);
    test_centre.close().await;
}
