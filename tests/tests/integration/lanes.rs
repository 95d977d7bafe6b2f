//! Order and results do not depend on the number of lanes in which the pump handles stream records.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use ids::time::{Clock, Millis};
use reqwest::Method;
use store::EventFilter;
use task_router::router::events::{EventType, Parameter};
use tests::test_centre::{EXAMPLE, Surroundings, TestCentre};

/// The numbers of lanes that are compared with one lane.
const LANES: [usize; 2] = [4, 10];

/// Workers who speak English, besides the example's.
const AGENTS: usize = 4;

/// The Tasks' priorities in the order of their creation: equal ones, and later ones that are more
/// urgent.
const PRIORITIES: [u32; 12] = [0, 5, 0, 9, 3, 3, 9, 0, 5, 7, 1, 0];

/// Maximum time for the pump to do the work of one step.
const STEP_TIME_MAX: Duration = Duration::from_secs(20);

/// Interval of looking whether a step's work is done.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// What happened: one line for each Event, sorted by time.
#[derive(Debug, Default, PartialEq)]
struct Log {
    lines: Vec<String>,
    /// The number of Events after each step.
    steps: Vec<usize>,
}

/// Which of the Workers become free at one moment.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Workers {
    /// One after another, so it follows which Worker is offered which Task.
    OneByOne,
    /// All at once, so it follows only which Tasks are offered.
    AtOnce,
}

/// How the pump works.
#[derive(Clone, Copy)]
enum Pump<'a> {
    /// Each step is done when `settle` returns.
    Settles,
    /// In real time, on several threads. Each step is done when it has as many Events as here.
    Runs(&'a Log),
}

/// The centre and its Tasks by number.
struct Scene<'a> {
    test_centre: TestCentre,
    workers: Workers,
    pump: Pump<'a>,
    tasks: BTreeMap<String, usize>,
    steps: Vec<usize>,
}

impl<'a> Scene<'a> {
    async fn open(lanes: usize, workers: Workers, pump: Pump<'a>) -> Self {
        let without_callback = EXAMPLE
            .lines()
            .filter(|line| !line.contains("assignment_callback:"))
            .fold(String::new(), |text, line| text + line + "\n");
        let mut agents = String::from("workers:\n");
        for number in 0..AGENTS {
            writeln!(
                agents,
                "  - name: Agent {number}\n    attributes: {{\"languages\":[\"en\"]}}\n    activity: Offline"
            )
            .unwrap();
        }
        let set_up = without_callback
            .replace("    activity: Available", "    activity: Offline")
            .replace("\nworkers:\n", &format!("\n{agents}"))
            .replace("after_conversation: complete", "after_conversation: wrap");
        let folder = tempfile::tempdir().unwrap();
        let surroundings = Surroundings {
            lanes: NonZeroUsize::new(lanes).unwrap(),
            ..Surroundings::real()
        };
        let test_centre =
            TestCentre::open_with(&set_up, folder.path().to_owned(), surroundings).await;
        if let Pump::Runs(_) = pump {
            let centre = Arc::clone(&test_centre.centre);
            tokio::spawn(async move { centre.run(std::future::pending()).await });
        }
        Self {
            test_centre,
            workers,
            pump,
            tasks: BTreeMap::new(),
            steps: Vec::new(),
        }
    }

    async fn post(&self, path: &str, form: &[(&str, &str)]) -> serde_json::Value {
        let form: Vec<(String, String)> = form
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let reply = self
            .test_centre
            .request(Method::POST, path, &form, None)
            .await;
        assert!(reply.status < 300, "POST {path}: {reply:?}");
        reply.body
    }

    /// Creates the Tasks, all at one moment.
    async fn create_tasks(&mut self) {
        for (number, priority) in PRIORITIES.iter().enumerate() {
            let priority = priority.to_string();
            let form = [
                ("Attributes", r#"{"selected_language":"en"}"#),
                ("Priority", &priority),
                ("TaskChannel", "voice"),
            ];
            let task = self.post("Tasks", &form).await;
            let sid = task["sid"].as_str().unwrap().to_owned();
            self.tasks.insert(sid, number);
        }
        self.finish_step().await;
    }

    /// Sets all Workers who speak only English to Available.
    async fn start_agents(&mut self) {
        for number in 0..AGENTS {
            self.test_centre
                .set_activity(&format!("Agent {number}"), "Available")
                .await;
            self.after_worker().await;
        }
        self.finish_step().await;
    }

    /// Accepts and completes every Task that is offered, in the order of their numbers.
    async fn complete_offered_tasks(&mut self) {
        let tasks = self.tasks.clone();
        let by_number: BTreeMap<usize, String> = tasks
            .into_iter()
            .map(|(sid, number)| (number, sid))
            .collect();
        let mut offered = Vec::new();
        for sid in by_number.values() {
            let task = self.test_centre.centre.store.task(sid.parse().unwrap());
            let Some(task) = task.await.unwrap() else {
                continue;
            };
            let reservation = task.reservations.first();
            if let Some(reservation) = reservation.filter(|_| !task.assignment_status.is_end()) {
                offered.push((sid, reservation.sid));
            }
        }
        for (task, reservation) in offered {
            let path = format!("Tasks/{task}/Reservations/{reservation}");
            self.post(&path, &[("ReservationStatus", "accepted")]).await;
            let completed = [("AssignmentStatus", "completed"), ("Reason", "done")];
            self.post(&format!("Tasks/{task}"), &completed).await;
            self.after_worker().await;
        }
        self.finish_step().await;
    }

    async fn after_worker(&mut self) {
        match self.workers {
            Workers::OneByOne => self.finish_step().await,
            Workers::AtOnce => {}
        }
    }

    /// Waits until everything is done, and lets a second pass.
    async fn finish_step(&mut self) {
        match self.pump {
            Pump::Settles => self.test_centre.centre.settle().await,
            Pump::Runs(expected) => {
                let wanted = expected.steps[self.steps.len()];
                let wait = async {
                    while self.lines().await.len() < wanted {
                        tokio::time::sleep(LOOK_EVERY).await;
                    }
                };
                if tokio::time::timeout(STEP_TIME_MAX, wait).await.is_err() {
                    let step = self.steps.len();
                    panic!(
                        "step {step}: not {wanted} Events but {:#?}",
                        self.lines().await
                    );
                }
            }
        }
        self.steps.push(self.lines().await.len());
        match self.pump {
            Pump::Settles => self.test_centre.advance(Millis::from_secs(1)).await,
            Pump::Runs(_) => self.test_centre.clock.advance(Millis::from_secs(1)),
        }
    }

    /// The Events so far.
    async fn lines(&self) -> Vec<String> {
        let centre = &self.test_centre;
        let until = centre.clock.now();
        let filter = EventFilter::between(until - Millis::from_secs(3_600), until);
        let workspace = centre.contact_centre.workspace.sid;
        let page = centre.centre.store.events(workspace, &filter, None, 1_000);
        let page = page.await.unwrap();
        assert!(page.next.is_none(), "one page has all Events");
        let mut lines: Vec<String> = page
            .events
            .iter()
            .filter_map(|event| {
                let task = event.parameters.get(Parameter::TaskSid)?;
                let number = self.tasks[task];
                let priority = PRIORITIES[number];
                let at = event.at().as_millis();
                let what = event.event_type;
                let worker = match self.workers {
                    Workers::OneByOne => event.parameters.get(Parameter::WorkerName),
                    Workers::AtOnce => None,
                };
                Some(format!(
                    "{at} {what:?} Task {number} priority {priority} {}",
                    worker.unwrap_or_default()
                ))
            })
            .collect();
        lines.sort();
        lines
    }

    async fn end(self) -> Log {
        let log = Log {
            lines: self.lines().await,
            steps: self.steps,
        };
        self.test_centre.close().await;
        log
    }
}

/// Creates the Tasks, and has all of them served.
async fn play(lanes: usize, workers: Workers, pump: Pump<'_>) -> Log {
    let mut scene = Scene::open(lanes, workers, pump).await;
    scene.create_tasks().await;
    scene.start_agents().await;
    for _ in 0..PRIORITIES.len() {
        if scene.tasks_waiting().await == 0 {
            break;
        }
        scene.complete_offered_tasks().await;
    }
    scene.end().await
}

impl Scene<'_> {
    /// The number of Tasks that have not ended.
    async fn tasks_waiting(&self) -> usize {
        let lines = self.lines().await;
        let completed = format!(" {:?} ", EventType::TaskCompleted);
        let ended = lines.iter().filter(|line| line.contains(&completed));
        PRIORITIES.len() - ended.count()
    }
}

/// The priorities of the offered Tasks, in the order of the offers.
fn offered_priorities(log: &Log) -> Vec<u32> {
    let created = format!(" {:?} ", EventType::ReservationCreated);
    let offers = log.lines.iter().filter(|line| line.contains(&created));
    offers
        .map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let place = words.iter().position(|word| *word == "priority").unwrap();
            words[place + 1].parse().unwrap()
        })
        .collect()
}

#[tokio::test]
async fn offers_do_not_depend_on_lanes() {
    let one = play(1, Workers::OneByOne, Pump::Settles).await;
    let mut most_urgent_first = PRIORITIES;
    most_urgent_first.sort_by(|a, b| b.cmp(a));
    assert_eq!(offered_priorities(&one), most_urgent_first, "{one:#?}");
    for lanes in LANES {
        let many = play(lanes, Workers::OneByOne, Pump::Settles).await;
        assert_eq!(many, one, "{lanes} lanes");
    }
}

#[tokio::test]
async fn busy_moment_does_not_depend_on_lanes() {
    let one = play(1, Workers::AtOnce, Pump::Settles).await;
    assert_eq!(offered_priorities(&one).len(), PRIORITIES.len());
    for lanes in LANES {
        let many = play(lanes, Workers::AtOnce, Pump::Settles).await;
        assert_eq!(many, one, "{lanes} lanes");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn running_pump_does_what_settle_does() {
    let one = play(1, Workers::OneByOne, Pump::Settles).await;
    for lanes in [1].into_iter().chain(LANES) {
        let running = play(lanes, Workers::OneByOne, Pump::Runs(&one)).await;
        assert_eq!(running, one, "{lanes} lanes");
    }
}
