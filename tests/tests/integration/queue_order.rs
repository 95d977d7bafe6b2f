//! The order of one queue's Tasks holds when the stream is delivered late and in bursts, and when
//! several clients create and complete Tasks at once.

use std::cmp::Reverse;
use std::num::NonZeroUsize;

use futures_util::future::join_all;
use ids::time::Millis;
use reqwest::Method;
use task_router::model::{Task, TaskOrder};
use tests::test_centre::{Surroundings, TestCentre, one_queue_for_all};

/// Workers who speak English.
const WORKERS: [&str; 2] = ["Maya", "Leela"];

/// How late the stream is.
const LATE: Millis = Millis::from_secs(10);

/// Tasks that are created in one burst.
const BURST: usize = 8;

/// Bursts after the first one. In each of them both Workers become free.
const BURSTS: usize = 3;

/// A centre without an assignment callback: a Task stays offered until the test completes it.
async fn centre(lanes: usize, order: TaskOrder) -> TestCentre {
    let order = match order {
        TaskOrder::Fifo => "task_order: FIFO",
        TaskOrder::Lifo => "task_order: LIFO",
    };
    let set_up = one_queue_for_all().replace("task_order: FIFO", order);
    let lines = set_up
        .lines()
        .filter(|line| !line.contains("assignment_callback:"));
    let set_up = lines.fold(String::new(), |text, line| text + line + "\n");
    let folder = tempfile::tempdir().unwrap();
    let surroundings = Surroundings {
        lanes: NonZeroUsize::new(lanes).unwrap(),
        ..Surroundings::real()
    };
    TestCentre::open_with(&set_up, folder.path().to_owned(), surroundings).await
}

async fn post(centre: &TestCentre, path: &str, form: &[(&str, &str)]) -> String {
    let form: Vec<(String, String)> = form
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let reply = centre.request(Method::POST, path, &form, None).await;
    assert!(reply.status < 300, "{path}: {reply:?}");
    reply.body["sid"].as_str().unwrap_or_default().to_owned()
}

/// Creates the Tasks of a burst, which is not routed yet. `between` happens in the middle.
async fn burst(centre: &TestCentre, tasks: &mut Vec<String>, between: impl AsyncFnOnce()) {
    let form = [
        ("Attributes", r#"{"selected_language":"en"}"#),
        ("TaskChannel", "voice"),
    ];
    let mut between = Some(between);
    for number in 0..BURST {
        tasks.push(post(centre, "Tasks", &form).await);
        centre.clock.advance(Millis::from_millis(100));
        if number == BURST / 2
            && let Some(between) = between.take()
        {
            between().await;
        }
    }
    centre.clock.advance(LATE);
    centre.advance(Millis::from_secs(3)).await;
}

/// The Tasks that are reserved, as indexes into `tasks`.
async fn reserved(centre: &TestCentre, tasks: &[String]) -> Vec<usize> {
    let mut reserved = Vec::new();
    for (index, sid) in tasks.iter().enumerate() {
        let task = centre
            .centre
            .store
            .task(sid.parse().unwrap())
            .await
            .unwrap();
        if task.unwrap().pending_reservations().next().is_some() {
            reserved.push(index);
        }
    }
    reserved
}

/// Accepts and completes the Task's Reservation, which makes its Worker free.
async fn complete(centre: &TestCentre, sid: &str) {
    let task = centre
        .centre
        .store
        .task(sid.parse().unwrap())
        .await
        .unwrap();
    let reservation = task.unwrap().pending_reservations().next().unwrap().sid;
    let path = format!("Tasks/{sid}/Reservations/{reservation}");
    post(centre, &path, &[("ReservationStatus", "accepted")]).await;
    let completed = [("AssignmentStatus", "completed"), ("Reason", "done")];
    post(centre, &format!("Tasks/{sid}"), &completed).await;
}

#[tokio::test]
async fn late_bursts_are_served_in_order() {
    for lanes in [1, 4, 10] {
        let centre = centre(lanes, TaskOrder::Fifo).await;
        let mut tasks = Vec::new();
        burst(&centre, &mut tasks, async || {
            for worker in WORKERS {
                centre.set_activity(worker, "Available").await;
            }
        })
        .await;
        for round in 0..=BURSTS {
            let first = 2 * round;
            let expected = [first, first + 1];
            assert_eq!(reserved(&centre, &tasks).await, expected, "{lanes} lanes");
            if round == BURSTS {
                break;
            }
            let served = expected.map(|index| tasks[index].clone());
            burst(&centre, &mut tasks, async || {
                for sid in &served {
                    complete(&centre, sid).await;
                }
            })
            .await;
        }
        centre.close().await;
    }
}

/// Clients that use the API at the same time.
const CLIENTS: usize = 4;

/// Tasks that each client creates before a Worker is free, and each time one was completed.
const TASKS_EACH: usize = 4;

/// Tasks that are completed.
const COMPLETED: usize = 8;

/// Each client creates Tasks of different priorities at moments of their own.
async fn create_at_once(centre: &TestCentre, each: usize) -> Vec<String> {
    let clients = (0..CLIENTS).map(async |client| {
        let mut created = Vec::new();
        for number in 0..each {
            let priority = ((client + number) % 3).to_string();
            let form = [
                ("Attributes", r#"{"selected_language":"en"}"#),
                ("TaskChannel", "voice"),
                ("Priority", &*priority),
            ];
            centre.clock.advance(Millis::from_millis(7));
            created.push(post(centre, "Tasks", &form).await);
        }
        created
    });
    join_all(clients).await.concat()
}

/// The Task that comes first among those that wait (taskrouter.md section 10).
fn first(waiting: &[Task], order: TaskOrder) -> Option<&Task> {
    waiting.iter().min_by_key(|task| match order {
        TaskOrder::Fifo => (
            Reverse(task.priority),
            task.date_created.as_millis(),
            task.sid,
        ),
        TaskOrder::Lifo => (Reverse(0), -task.date_created.as_millis(), task.sid),
    })
}

#[tokio::test]
async fn concurrent_clients_keep_order() {
    for order in [TaskOrder::Fifo, TaskOrder::Lifo] {
        let centre = centre(10, order).await;
        let mut sids = create_at_once(&centre, TASKS_EACH).await;
        centre.centre.settle().await;
        let mut served: Option<String> = None;
        for _ in 0..COMPLETED {
            let waiting = pending(&centre, &sids).await;
            let expected = first(&waiting, order).unwrap().sid.to_string();
            match &served {
                None => centre.set_activity("Maya", "Available").await,
                Some(served) => complete(&centre, served).await,
            }
            centre.advance(Millis::from_secs(3)).await;
            let reserved = reserved(&centre, &sids).await;
            let reserved: Vec<&String> = reserved.iter().map(|index| &sids[*index]).collect();
            assert_eq!(reserved, [&expected], "{order:?}");
            served = Some(expected);
            sids.extend(create_at_once(&centre, 1).await);
            centre.centre.settle().await;
        }
        centre.close().await;
    }
}

/// The Tasks that wait.
async fn pending(centre: &TestCentre, sids: &[String]) -> Vec<Task> {
    let sids: Vec<ids::TaskSid> = sids.iter().map(|sid| sid.parse().unwrap()).collect();
    let mut tasks = centre.centre.store.tasks(&sids).await.unwrap();
    tasks.retain(Task::is_pending);
    tasks
}
