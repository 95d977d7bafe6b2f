//! The cost of a match in the engine, for any number of waiting Tasks: `cargo bench -p task-router
//! --bench matching`.

#![allow(
    clippy::unwrap_used,
    reason = "what cannot be set up cannot be measured"
)]
#![allow(clippy::print_stdout, reason = "the table is what it is for")]
#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use std::time::{Duration, Instant};

use centre::{Centre, NOON, centre, skewed_centre};
use divan::{Bencher, black_box};
use task_router::model::Task;
use task_router::router::{Decision, Snapshot, Unread, effects, match_many, may_take};

#[path = "../tests/matching/centre.rs"]
mod centre;

const WORKERS: u64 = 10_000;
const TASKS: u64 = 100_000;

/// Matches per number of the printed table.
const MATCHES: usize = 10_000;

/// Matches that are timed together.
const RUN: usize = 100;

fn main() {
    divan::main();
    if std::env::args().any(|argument| argument == "--test" || argument == "--list") {
        return;
    }
    table();
}

#[divan::bench(args = [100, 1_000, 10_000, 100_000])]
fn match_beside_pending_tasks(bencher: Bencher<'_, '_>, tasks: u64) {
    let centre = centre(1_000, tasks);
    bencher.bench(|| {
        black_box(&centre.table).choose_workers(&centre.workspace, centre.tasks[0], NOON)
    });
}

#[divan::bench(args = [10, 100, 1_000, 10_000])]
fn match_among_workers(bencher: Bencher<'_, '_>, workers: u64) {
    let centre = centre(workers, 1_000);
    bencher.bench(|| {
        black_box(&centre.table).choose_workers(&centre.workspace, centre.tasks[0], NOON)
    });
}

#[divan::bench(args = [100, 1_000, 10_000, 100_000])]
fn serve_from_pending_tasks(bencher: Bencher<'_, '_>, tasks: u64) {
    let centre = centre(1_000, tasks);
    bencher
        .bench(|| black_box(&centre.table).choose_task(&centre.workspace, centre.workers[0], NOON));
}

/// The work of the sweep for a Task that no Worker matches: the step's expression is false for
/// each.
#[divan::bench(args = [100, 1_000])]
fn compare_with_free_workers_who_do_not_fit(bencher: Bencher<'_, '_>, workers: u64) {
    let centre = centre(workers, 1);
    let task = centre.table.task(centre.tasks[0]).cloned().unwrap();
    let attributes = task.attributes.with("level", 9.into()).unwrap();
    let task = Task { attributes, ..task };
    let serving = |sid| {
        centre
            .table
            .worker(sid)
            .filter(|worker| worker.queue_membership.serves(task.task_queue_sid))
    };
    let serving: Vec<_> = centre
        .workers
        .iter()
        .filter_map(|sid| serving(*sid))
        .collect();
    // All of them serve the Task's TaskQueue.
    let all: Vec<_> = serving.iter().cycle().take(centre.workers.len()).collect();
    bencher.bench(|| {
        all.iter()
            .any(|worker| may_take(black_box(&centre.workspace), worker, &task, NOON))
    });
}

/// Writes a Decision and derives its Effects, as for a call.
fn take(centre: &mut Centre, decision: Option<Decision>) {
    let Some(decision) = decision else { return };
    let workspace = &centre.workspace;
    for new in &decision.tasks {
        black_box(effects::of_task(workspace, centre.table.task(new.sid), new));
    }
    for new in &decision.workers {
        black_box(effects::of_worker(
            workspace,
            centre.table.worker(new.sid),
            new,
        ));
    }
    assert!(centre.table.commit(&centre.workspace, decision));
}

/// Tasks of a skewed centre in one TaskQueue, in percent.
const SKEW_PERCENT: u64 = 90;

/// The time of one batch over this many waiting Tasks and free Workers, and its Decisions.
fn batch(workers: u64, tasks: u64) -> (Duration, usize) {
    let centre = skewed_centre(workers, tasks, SKEW_PERCENT);
    let table = &centre.table;
    let snapshot = Snapshot::new(&centre.workspace)
        .with_tasks(
            centre
                .tasks
                .iter()
                .filter_map(|sid| table.task(*sid))
                .cloned(),
        )
        .with_workers(
            centre
                .workers
                .iter()
                .filter_map(|sid| table.worker(*sid))
                .cloned(),
        );
    let began = Instant::now();
    let decisions = match_many(black_box(&snapshot), &Unread::default(), NOON);
    (began.elapsed(), decisions.len())
}

/// The median of five batches.
fn batch_row(workers: u64, tasks: u64) {
    let mut batches: Vec<(Duration, usize)> = (0..5).map(|_| batch(workers, tasks)).collect();
    batches.sort_unstable();
    let (time, matches) = batches[2];
    let rate = matches as f64 / time.as_secs_f64();
    println!("| {workers} | {tasks} | {matches} | {time:.1?} | {rate:.0} |");
}

fn batch_table() {
    println!(
        "\n{SKEW_PERCENT} % of Workers and Tasks are in one TaskQueue; a step excludes a third of its Workers from \
         each Task.\n\n\
         | Workers | waiting Tasks | matches | time of the batch | matches/s |\n|---|---|---|---|---|"
    );
    for (workers, tasks) in [(10, 100), (100, 1_000), (1_000, 10_000), (WORKERS, TASKS)] {
        batch_row(workers, tasks);
    }
    for tasks in [100, 1_000, 10_000, TASKS] {
        batch_row(WORKERS, tasks);
    }
}

fn table() {
    println!(
        "\nA Reservation is decided, written to the ready lists, and its Effects are derived.\n"
    );
    let serving = served_per_second();
    let matching = matched_per_second();
    println!(
        "{WORKERS} Workers, {TASKS} pending Tasks: {matching:.0} matches/s, {serving:.0} serves/s"
    );
    let beside = [100, TASKS].map(|tasks| time_per_match(1_000, tasks));
    ratio("100 to 100,000 pending Tasks", beside);
    let among = [10, WORKERS].map(|workers| time_per_match(workers, 1_000));
    ratio("10 to 10,000 Workers", among);
    batch_table();
}

fn ratio(what: &str, [few, many]: [Duration; 2]) {
    let factor = many.as_secs_f64() / few.as_secs_f64();
    println!("time per match from {what}: {few:?} to {many:?}, {factor:.2} times");
}

fn matched_per_second() -> f64 {
    let mut centre = centre(WORKERS, TASKS);
    let tasks: Vec<_> = centre.tasks.iter().copied().take(MATCHES).collect();
    per_second(&tasks, |sid| {
        let decision = centre.table.choose_workers(&centre.workspace, sid, NOON);
        take(&mut centre, decision);
    })
}

fn served_per_second() -> f64 {
    let mut centre = centre(WORKERS, TASKS);
    per_second(&centre.workers.clone(), |sid| {
        let decision = centre.table.choose_task(&centre.workspace, sid, NOON);
        take(&mut centre, decision);
    })
}

/// The median over batches of [`RUN`] matches, so that other load on the machine does not count.
fn per_second<T: Copy>(items: &[T], mut each: impl FnMut(T)) -> f64 {
    let mut times: Vec<Duration> = items
        .chunks_exact(RUN)
        .map(|run| {
            let began = Instant::now();
            run.iter().for_each(|item| each(*item));
            began.elapsed()
        })
        .collect();
    times.sort_unstable();
    RUN as f64 / times[times.len() / 2].as_secs_f64()
}

/// The time of one match, the median of many; Task and Worker are restored after each.
fn time_per_match(workers: u64, tasks: u64) -> Duration {
    let mut centre = centre(workers, tasks);
    let mut times = Vec::with_capacity(MATCHES);
    for number in 0..MATCHES {
        let sid = centre.tasks[number % 100];
        let began = Instant::now();
        let decision = centre
            .table
            .choose_workers(&centre.workspace, sid, NOON)
            .unwrap();
        let task = centre.table.task(sid).cloned().unwrap();
        let worker = centre
            .table
            .worker(decision.workers[0].sid)
            .cloned()
            .unwrap();
        take(&mut centre, Some(decision));
        times.push(began.elapsed());
        centre.table.put_task(&centre.workspace, task);
        centre.table.put_worker(&centre.workspace, worker);
    }
    times.sort_unstable();
    times[times.len() / 2]
}
