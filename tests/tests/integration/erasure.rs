//! `cordboard erase`: after it, no item of the table has the caller's number.

use aws_sdk_dynamodb::types::AttributeValue;
use cordboard::cli::{Erase, Start};
use cordboard::erase_command::erase;
use ids::CallSid;
use ids::time::Millis;
use store::Erased;
use tests::centre::NOON;
use tests::story::SLACK;
use tests::test_centre::{EXAMPLE, Surroundings, TestCentre};

const CALLER: &str = "+17075550190";
const OTHER: &str = "+17075550191";

/// A call from this number: answered by a Worker, and over.
async fn past_call(test_centre: &TestCentre, from: &str, digit: &str) {
    let caller = waiting_call(test_centre, from, digit).await;
    let phones = test_centre.ringing().await;
    let phone = *phones.values().next().unwrap();
    test_centre.at_phone(phone, "answer").await;
    test_centre.advance(SLACK).await;
    test_centre.at_phone(caller, "hangup").await;
    test_centre.advance(SLACK).await;
}

/// A call from this number that waits for a Worker to answer.
async fn waiting_call(test_centre: &TestCentre, from: &str, digit: &str) -> CallSid {
    let caller = test_centre.dial(from).await;
    test_centre.centre.settle().await;
    test_centre.press(caller, digit).await;
    test_centre.advance(SLACK).await;
    caller
}

/// How many items of the table have the number, anywhere in their values.
async fn items_with(test_centre: &TestCentre, number: &str) -> usize {
    let scan = test_centre.table.scan().table_name("cordboard");
    let items = scan.send().await.unwrap().items.unwrap();
    let has = |value: &AttributeValue| format!("{value:?}").contains(number);
    items.iter().filter(|item| item.values().any(has)).count()
}

#[tokio::test]
async fn erased_number_is_nowhere_in_the_table() {
    let folder = tempfile::tempdir().unwrap();
    let surroundings = Surroundings {
        keep_webhooks: true,
        ..Surroundings::real()
    };
    let test_centre = TestCentre::open_with(EXAMPLE, folder.path().to_owned(), surroundings).await;
    past_call(&test_centre, CALLER, "1").await;
    past_call(&test_centre, OTHER, "2").await;
    let of_other = items_with(&test_centre, OTHER).await;
    assert!(items_with(&test_centre, CALLER).await > 2);

    let store = &test_centre.centre.store;
    let now = test_centre.centre.now();
    let erased = store.erase_caller(CALLER, NOON, now).await.unwrap();
    assert!(erased.events > 1 && erased.webhooks > 5, "{erased:?}");
    assert_eq!((erased.tasks, erased.left), (1, 0));
    test_centre.advance(SLACK).await;
    assert_eq!(items_with(&test_centre, CALLER).await, 0);
    assert_eq!(items_with(&test_centre, OTHER).await, of_other);
    // Another run finds nothing.
    let again = store.erase_caller(CALLER, NOON, now).await.unwrap();
    assert_eq!(again, Erased::default());

    // A caller in the queue keeps what the call needs, until it has ended.
    let caller = waiting_call(&test_centre, CALLER, "1").await;
    let now = test_centre.centre.now();
    assert_eq!(store.erase_caller(CALLER, NOON, now).await.unwrap().left, 1);
    let task = test_centre.task(caller).await.unwrap();
    assert_eq!(task.attributes.text("from"), Some(CALLER));
    test_centre.at_phone(caller, "hangup").await;
    test_centre.advance(SLACK).await;
    let now = test_centre.centre.now();
    let erased = store.erase_caller(CALLER, NOON, now).await.unwrap();
    assert_eq!((erased.tasks, erased.left), (1, 0));
    test_centre.advance(Millis::from_secs(1)).await;
    assert_eq!(items_with(&test_centre, CALLER).await, 0);
    test_centre.close().await;
}

/// The command on a data folder: a number that is not in it, and a folder that is in use.
#[tokio::test]
async fn command_erases_in_the_data_folder() {
    let folder = tempfile::tempdir().unwrap();
    let options = Erase {
        number: CALLER.to_owned(),
        table: None,
    };
    let start = Start {
        port: 0,
        data: folder.path().to_owned(),
        in_memory: false,
        config: None,
        log_format: Default::default(),
    };
    erase(&options, &start).await.unwrap();
    let _running = cordboard::data_folder::open(folder.path()).unwrap();
    let refused = erase(&options, &start).await.unwrap_err().to_string();
    assert!(refused.contains("in use"), "{refused}");
}
