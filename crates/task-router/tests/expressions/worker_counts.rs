//! The values that `skip_if` reads (taskrouter.md section 7.3).

use ids::TaskQueueSid;
use task_router::model::{Expression, QueueMembership, Worker};
use task_router::router::WorkerCounts;

use super::fixtures::{activity, worker, workspace};

fn queue(name: &str) -> TaskQueueSid {
    TaskQueueSid::derive(&[name])
}

fn worker_in(activity_name: &str, queues: &[&str]) -> Worker {
    let membership = QueueMembership::new(queues.iter().map(|name| queue(name)).collect());
    Worker {
        activity_sid: activity(activity_name),
        queue_membership: membership,
        ..worker("{}")
    }
}

/// The counts of queue `en`: two Workers available (one of them with every slot taken), one on a
/// break, one in a deleted Activity.
fn counts() -> WorkerCounts {
    let workers = [
        worker_in("Available", &["en"]),
        Worker {
            channels: Vec::new(),
            ..worker_in("Available", &["en", "hi"])
        },
        worker_in("Break", &["en"]),
        worker_in("Removed", &["en"]),
        worker_in("Available", &["hi"]),
        worker_in("Offline", &[]),
    ];
    WorkerCounts::of_queue(queue("en"), &workers, &workspace())
}

#[test]
fn workers_are_counted_by_activity() {
    let counts = counts();
    assert_eq!((counts.available(), counts.unavailable()), (2, 2));
    assert_eq!(counts.in_activity(activity("Break")), 1);
    assert_eq!(counts.in_activity(activity("Offline")), 0);
}

#[test]
fn counts_of_one_activity_add_up() {
    let counts = [
        (activity("Available"), 2),
        (activity("Available"), 3),
        (activity("Break"), u32::MAX),
    ];
    let totals = WorkerCounts::from_counts(
        counts.into_iter().chain([(activity("Break"), 1)]),
        &workspace(),
    );
    assert_eq!((totals.available(), totals.unavailable()), (5, u32::MAX));
}

#[test]
fn skip_if_reads_worker_counts() {
    let on_break = format!("workers.{}", activity("Break"));
    for (source, expected) in [
        ("workers.available == 2".to_owned(), true),
        ("workers.available == 0".to_owned(), false),
        (
            "workers.unavailable > 1 AND workers.available < 3".to_owned(),
            true,
        ),
        (format!("{on_break} == 1"), true),
        (format!("workers.{} == 0", activity("Unknown")), true),
        (format!("{on_break} > 1 OR workers.available > 1"), true),
        ("1==1".to_owned(), true),
    ] {
        let expression: Expression = source.parse().unwrap();
        assert_eq!(expression.check_skip_if(), Ok(()), "{source}");
        assert_eq!(expression.matches(&counts()), expected, "{source}");
    }
}

#[test]
fn any_other_name_is_null() {
    for source in [
        "workers.busy",
        "available",
        "worker.available",
        "workers.available.x",
        "workers[0]",
        "workers.WA1",
    ] {
        let expression: Expression = format!("{source} == null").parse().unwrap();
        assert!(expression.matches(&counts()), "{source}");
    }
}
