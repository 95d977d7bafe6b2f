//! A recorded day: its decisions are the same again, another configuration changes what is expected,
//! and a Task of it becomes a story that plays.

use std::path::Path;

use cordboard::recorder::{Limits, Recorder};
use cordboard::recording;
use ids::CallSid;
use ids::time::{Millis, Timestamp};
use recorded_day::{
    Change, Checked, Comparison, Day, Verdict, WaitEnd, Write, check, report, story, what_if,
};
use task_router::model::{Step, Task, Worker};
use tests::story::SLACK;
use tests::test_centre::{EXAMPLE, TestCentre};

const MAYA: &str = "+17075550101";
const ARJUN: &str = "+17075550102";
const LEELA: &str = "+17075550103";

/// A day of the example: three calls are answered, one of them after a Worker did not answer, one
/// waits and is answered, one gives up, and a Worker has a break.
async fn recorded(folder: &Path) -> Vec<CallSid> {
    let test_centre = TestCentre::example().await;
    let recorder = Recorder::create(folder, Limits::default()).unwrap();
    test_centre.centre.record(recorder).await.unwrap();
    let mut calls = Vec::new();
    calls.push(dials(&test_centre, 1, "1").await);
    answers(&test_centre, MAYA).await;
    calls.push(dials(&test_centre, 2, "2").await);
    declines(&test_centre, ARJUN).await;
    answers(&test_centre, LEELA).await;
    calls.push(dials(&test_centre, 3, "1").await);
    calls.push(dials(&test_centre, 4, "1").await);
    test_centre.set_activity("Arjun", "Unavailable").await;
    test_centre.advance(Millis::from_secs(20)).await;
    test_centre.at_phone(calls[3], "hangup").await;
    test_centre.advance(Millis::from_secs(20)).await;
    test_centre.at_phone(calls[0], "hangup").await;
    // Maya wraps up for ten seconds.
    test_centre.advance(Millis::from_secs(15)).await;
    answers(&test_centre, MAYA).await;
    test_centre.set_activity("Arjun", "Available").await;
    test_centre.at_phone(calls[1], "hangup").await;
    test_centre.advance(Millis::from_secs(30)).await;
    test_centre.at_phone(calls[2], "hangup").await;
    test_centre.advance(Millis::from_secs(60)).await;
    test_centre.close().await;
    calls
}

async fn dials(test_centre: &TestCentre, number: u8, digits: &str) -> CallSid {
    let call = test_centre.dial(&format!("+1707555019{number}")).await;
    test_centre.centre.settle().await;
    test_centre.press(call, digits).await;
    test_centre.advance(SLACK).await;
    call
}

async fn answers(test_centre: &TestCentre, phone: &str) {
    let ringing = test_centre.ringing().await;
    test_centre.at_phone(ringing[phone], "answer").await;
    test_centre.advance(SLACK).await;
}

async fn declines(test_centre: &TestCentre, phone: &str) {
    let ringing = test_centre.ringing().await;
    test_centre.at_phone(ringing[phone], "decline").await;
    test_centre.advance(SLACK).await;
}

fn writes(folder: &Path) -> Vec<Write> {
    let recording = recording::read(folder).unwrap();
    assert_eq!(recording.len(), 1);
    recording.into_values().next().unwrap()
}

fn checked(writes: &[Write]) -> (Checked, Day) {
    let (checked, day) = check(writes.iter().cloned());
    (checked, day.unwrap())
}

/// The comparison of the day with a configuration.
fn compared(day: &Day, configuration: &str) -> Comparison {
    let account = ids::AccountSid::derive(&["another"]);
    let other = config::read(configuration, "other.yaml", account).unwrap();
    let workers = other.workers.iter();
    let workers: Vec<Worker> = workers
        .map(|it| it.to_worker(other.workspace.sid, Timestamp::from_millis(0)))
        .collect();
    let with_other = what_if(day, &other.workspace, &workers).unwrap();
    let again = what_if(day, &day.last_workspace, &[]).unwrap();
    Comparison::new(day, &with_other, &again)
}

#[tokio::test]
async fn recorded_decisions_are_made_again() {
    let folder = tempfile::tempdir().unwrap();
    recorded(folder.path()).await;
    let writes = writes(folder.path());
    let (result, _) = checked(&writes);
    assert_eq!(result.differences, [], "{}", report::text_checked(&result));
    assert_eq!(result.creations, 4);
    let offers: Vec<&str> = result
        .offers
        .iter()
        .map(|it| it.worker_name.as_str())
        .collect();
    assert_eq!(offers, ["Maya", "Arjun", "Leela", "Maya"]);
    assert!(result.offers.iter().all(|it| it.verdict == Verdict::Same));
    assert_eq!(result.taken_over, 0, "{}", report::text_checked(&result));
    differing_decisions_are_named(writes);
}

/// A recording that another engine could have made: each changed decision is a difference.
fn differing_decisions_are_named(writes: Vec<Write>) {
    let topics_after = |change: fn(&mut Task)| {
        let mut writes = writes.clone();
        for write in &mut writes {
            if let Change::Task(task) = &mut write.change {
                change(task);
            }
        }
        let (result, _) = checked(&writes);
        let differences = result.differences.iter();
        let topics: Vec<&str> = differences.map(|it| it.topic.as_str()).collect();
        topics.join(" ")
    };
    assert_eq!(topics_after(|_| {}), "");
    let topics = topics_after(|task| {
        if task.is_new() {
            task.task_queue_entered_date += Millis::from_secs(1);
        }
    });
    assert_eq!(topics.matches("creation").count(), 4, "{topics}");
    let topics = topics_after(|task| {
        if task.rounds == 2 && task.pending_reservations().count() == 1 {
            task.reservations[0].worker_name = "Maya".to_owned();
        }
    });
    assert!(
        topics.contains("offer") && !topics.contains("worker"),
        "{topics}"
    );
    let topics = topics_after(|task| {
        if task.put_in_waiting_list {
            task.position.step = Step::DefaultFilter;
        }
    });
    assert!(topics.contains("time"), "{topics}");
}

#[tokio::test]
async fn same_configuration_changes_no_call() {
    let folder = tempfile::tempdir().unwrap();
    recorded(folder.path()).await;
    let (_, day) = checked(&writes(folder.path()));
    let comparison = compared(&day, EXAMPLE);
    let text = report::text_comparison(&comparison);
    assert_eq!(comparison.changes, [], "{text}");
    assert_eq!(comparison.assumption_errors, 0, "{text}");
    assert_eq!(comparison.recorded.tasks, 4);
    assert_eq!(
        (comparison.recorded.answered, comparison.recorded.left),
        (3, 1)
    );
    other_configuration_changes_calls(&day);
}

/// Arjun speaks English, too: the callers who waited for Maya are his.
fn other_configuration_changes_calls(day: &Day) {
    let other = EXAMPLE.replace(r#"{"languages":["hi"],"#, r#"{"languages":["hi","en"],"#);
    let comparison = compared(day, &other);
    let text = report::text_comparison(&comparison);
    assert!(
        comparison.changes.iter().any(|change| {
            change.waits_shorter()
                && matches!(&change.other.end, WaitEnd::Answered { name, .. } if name == "Arjun")
        }),
        "{text}"
    );
    // No queue has Workers: every call that was answered is lost at the end of its steps.
    let other = EXAMPLE.replace("languages HAS", "nothing HAS");
    let comparison = compared(day, &other);
    let lost = comparison
        .changes
        .iter()
        .filter(|it| it.is_newly_lost())
        .count();
    assert_eq!(lost, 3, "{}", report::text_comparison(&comparison));
    let longest = comparison.other.longest_wait;
    assert_eq!(longest, Millis::from_secs(1_200));
    assert!(report::json_comparison(&comparison)["changes"].is_array());
}

#[tokio::test]
async fn recorded_task_becomes_a_story() {
    let folder = tempfile::tempdir().unwrap();
    let calls = recorded(folder.path()).await;
    let writes = writes(folder.path());
    let task = ids::TaskSid::of_call(calls[2]);
    let told = story::story(&writes, task, "contact-centre.yaml").unwrap();
    assert!(told.contains("is offered to Maya"), "{told}");
    assert!(
        !told.contains("+1707555019"),
        "numbers are replaced: {told}"
    );
    let file = folder.path().join("told.txt");
    std::fs::write(&file, &told).unwrap();
    tests::story::play(&file).await;
    // The story can fail.
    let wrong = told.replace("is offered to Maya", "is offered to Arjun");
    std::fs::write(&file, wrong).unwrap();
    let played = tokio::spawn(async move { tests::story::play(&file).await });
    assert!(played.await.is_err());
}

#[tokio::test]
async fn restarted_recording_continues() {
    let folder = tempfile::tempdir().unwrap();
    recorded(folder.path()).await;
    let before = writes(folder.path()).len();
    // The records of the last process come once more, as after a crash.
    let first = folder.path().join("000001.jsonl");
    let text = std::fs::read_to_string(&first).unwrap();
    let again: String = text
        .lines()
        .filter(|line| !line.contains("SNAPSHOT"))
        .map(|line| format!("{line}\n"))
        .collect();
    let cut = &again[..again.len() - 20];
    std::fs::write(folder.path().join("000002.jsonl"), cut).unwrap();
    let writes = writes(folder.path());
    assert!(writes.len() > before);
    let (result, day) = checked(&writes);
    assert_eq!(result.differences, [], "{}", report::text_checked(&result));
    assert_eq!((result.creations, day.tasks.len()), (4, 4));
}
