//! A set-up file applied to a table: what differs is changed, what does not is kept, live calls included.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

use std::str::FromStr;

use cordboard::embedded_dynamodb::{EmbeddedDynamoDb, Place, TABLE};
use serde_json::{Value, json};
use setup::{ContactCentre, Kept, Reason, Summary, Thing};
use shared::model::{
    AccountSid, AssignmentStatus, Attributes, CallSid, EndReason, Millis, ReservationSid, Task, TaskChannelName,
    TaskSid, Timestamp, Worker, WorkerSid,
};
use shared::router::{Answer, Event, NewTask, Outcome, Snapshot, create_task, decide, roster_of};
use store::{Created, Store};
use tests::centre::NOON;

const EXAMPLE: &str = include_str!("../../contact-centre.yaml");
const ENGLISH: &str = "Customer Contact Center English";
const HINDI: &str = "Customer Contact Center Hindi";
const WORKFLOW: &str = "Incoming Customer Requests";

/// A table and a clock, a minute of which passes between two starts.
struct Table {
    store: Store,
    now: Timestamp,
    _database: EmbeddedDynamoDb,
}

/// The example with some of its text replaced.
fn file(changes: &[(&str, &str)]) -> ContactCentre {
    let mut text = EXAMPLE.to_owned();
    for (old, new) in changes {
        assert!(text.contains(old), "the example has no {old:?}");
        text = text.replace(old, new);
    }
    setup::read(&text, "contact-centre.yaml", AccountSid::from_bytes([7; 16])).unwrap()
}

/// The example without its Hindi queue, and without the filter that leads to it.
fn without_hindi() -> ContactCentre {
    let queue = format!("  - name: {HINDI}\n    target_workers: languages HAS \"hi\"\n    max_reserved_workers: 1\n");
    let filter = format!(
        "      - name: Hindi\n        expression: selected_language == \"hi\"\n        targets:\n          \
         - queue: {HINDI}\n            timeout: 1200s\n"
    );
    file(&[(&queue, ""), (&filter, "")])
}

/// The example without Arjun, who speaks Hindi.
fn without_arjun() -> ContactCentre {
    let attributes = r#"{"languages":["hi"],"contact_uri":"+17075550102"}"#;
    file(&[(&format!("  - name: Arjun\n    attributes: {attributes}\n    activity: Available\n"), "")])
}

impl Table {
    async fn empty() -> Self {
        let database = EmbeddedDynamoDb::open(Place::Temporary).await.unwrap();
        Self { store: Store::new(database.client(), TABLE), now: NOON, _database: database }
    }

    /// A table the example was applied to.
    async fn example() -> Self {
        let mut table = Self::empty().await;
        table.start(&file(&[])).await;
        table
    }

    /// Starts again with this file, a minute later.
    async fn start(&mut self, file: &ContactCentre) -> Summary {
        self.now += Millis::from_secs(60);
        setup::apply(&self.store, file, self.now).await.unwrap()
    }

    async fn worker(&self, name: &str) -> Option<Worker> {
        for sid in self.store.worker_sids(file(&[]).workspace.sid).await.unwrap() {
            let worker = self.store.worker(sid).await.unwrap();
            if worker.as_ref().is_some_and(|worker| worker.friendly_name == name) {
                return worker;
            }
        }
        None
    }

    async fn activity_of(&self, name: &str) -> String {
        let worker = self.worker(name).await.unwrap();
        let workspace = self.store.fresh_workspace(worker.workspace_sid, self.now).await.unwrap().unwrap();
        workspace.activities[&worker.activity_sid].friendly_name.clone()
    }

    /// The queues a Worker serves, and is found through.
    async fn queues_of(&self, name: &str) -> Vec<String> {
        let worker = self.worker(name).await.unwrap();
        let workspace = self.store.fresh_workspace(worker.workspace_sid, self.now).await.unwrap().unwrap();
        let readiness = worker.readiness(&workspace);
        let is_known = readiness.is_none_or(|readiness| workspace.boards.contains_key(&readiness.key()));
        assert!(is_known, "{name}'s readiness is not known");
        assert_eq!(worker.roster, roster_of(&workspace, &worker), "{name}'s roster is of yesterday");
        let queues = worker.roster.queues().iter().map(|sid| workspace.task_queues[sid].friendly_name.clone());
        let mut queues: Vec<_> = queues.collect();
        queues.sort();
        queues
    }

    /// A Worker goes to an Activity by themselves.
    async fn goes(&self, name: &str, activity: &str) {
        let worker = self.worker(name).await.unwrap();
        let workspace = self.store.fresh_workspace(worker.workspace_sid, self.now).await.unwrap().unwrap();
        let activity = workspace.activities.values().find(|candidate| candidate.friendly_name == activity).unwrap().sid;
        let event = Event::ActivitySet { worker: worker.sid, activity, reject_pending: false };
        assert_eq!(self.store.apply(&event, self.now).await.unwrap().outcome, Outcome::Changed);
    }

    /// A caller who chose this language waits.
    async fn caller(&self, language: &str) -> TaskSid {
        let call = CallSid::derive(&[language]).to_string();
        let centre = self.store.centre(self.now).await.unwrap().unwrap();
        let workspace = self.store.fresh_workspace(centre.workspace_sid, self.now).await.unwrap().unwrap();
        let about = attributes(&json!({"selected_language": language, "call_sid": call}));
        let new = NewTask::new(TaskSid::derive(&[&call]), about, TaskChannelName::VOICE);
        let task = create_task(&workspace, &workspace.workflows[&centre.workflow_sid], new, self.now).unwrap();
        assert_eq!(self.store.create_task(&task, &workspace).await.unwrap(), Created::New);
        task.sid
    }

    /// The caller is offered to the Worker.
    async fn offered(&self, task: TaskSid, name: &str) -> ReservationSid {
        let (task, worker) = (self.task(task).await, self.worker(name).await.unwrap());
        let workspace = self.store.fresh_workspace(worker.workspace_sid, self.now).await.unwrap().unwrap();
        let (event, queue) = (Event::Advance { task: task.sid }, task.task_queue_sid);
        let snapshot = Snapshot::new(&workspace).with_tasks([task]).with_candidates(queue, [worker]);
        let decision = decide(snapshot, &event, self.now);
        self.store.commit(&decision, &workspace).await.unwrap();
        decision.tasks[0].pending_reservations().next().unwrap().sid
    }

    /// The caller talks to the Worker.
    async fn talking(&self, task: TaskSid, name: &str) {
        let reservation = self.offered(task, name).await;
        let event = Event::Answered { task, reservation, answer: Answer::Accept };
        assert_eq!(self.store.apply(&event, self.now).await.unwrap().outcome, Outcome::Changed);
    }

    async fn hangs_up(&self, task: TaskSid) {
        let gone = Event::CallerGone { task, reason: EndReason::Hangup, carrier_queue: None };
        assert_eq!(self.store.apply(&gone, self.now).await.unwrap().outcome, Outcome::Changed);
    }

    async fn task(&self, sid: TaskSid) -> Task {
        self.store.task(sid).await.unwrap().unwrap()
    }
}

fn attributes(object: &Value) -> Attributes {
    Attributes::from_str(&object.to_string()).unwrap()
}

fn worker(name: &str) -> Thing {
    Thing::Worker(name.to_owned())
}

fn kept(thing: Thing, reason: Reason) -> Kept {
    Kept { thing, reason }
}

#[tokio::test]
async fn the_first_start_makes_everything_and_the_second_nothing() {
    let mut table = Table::empty().await;
    let example = file(&[]);
    let first = table.start(&example).await;
    assert_eq!(
        first.to_string(),
        "created 1 Workspace, 4 Activities, 2 TaskQueues, 1 Workflow, 3 Workers, number and menu"
    );
    assert_eq!(table.store.centre(table.now).await.unwrap().as_deref(), Some(&example.centre));
    for (name, queues) in [("Maya", vec![ENGLISH]), ("Arjun", vec![HINDI]), ("Leela", vec![ENGLISH, HINDI])] {
        assert_eq!(table.queues_of(name).await, queues);
        assert_eq!(table.activity_of(name).await, "Available");
    }
    let before = table.worker("Maya").await;

    let second = table.start(&example).await;
    assert_eq!((second.is_unchanged(), second.to_string().as_str()), (true, "the set-up is as it was"));
    assert_eq!(table.worker("Maya").await, before);
}

#[tokio::test]
async fn free_workers_are_found_through_their_queue() {
    let table = Table::example().await;
    let workspace = table.store.fresh_workspace(file(&[]).workspace.sid, table.now).await.unwrap().unwrap();
    let queue = workspace.task_queues.values().find(|queue| queue.friendly_name == HINDI).unwrap().sid;
    let mut free = Vec::new();
    for readiness in workspace.boards_serving(queue, TaskChannelName::VOICE) {
        free.extend(table.store.free_workers(&workspace, readiness, None, 10).await.unwrap());
    }
    let mut names: Vec<_> = free.into_iter().map(|worker| worker.friendly_name).collect();
    names.sort();
    assert_eq!(names, ["Arjun", "Leela"]);
}

#[tokio::test]
async fn a_restart_leaves_workers_where_they_are() {
    let mut table = Table::example().await;
    table.goes("Maya", "Offline").await;
    assert!(table.start(&file(&[])).await.is_unchanged());
    assert_eq!(table.activity_of("Maya").await, "Offline");

    // Another number for Maya's phone is no reason to put her to work.
    let summary = table.start(&file(&[("+17075550101", "+17075550109")])).await;
    assert_eq!(summary.to_string(), "changed 1 Worker (\"Maya\")");
    assert_eq!(table.activity_of("Maya").await, "Offline");
    assert_eq!(table.worker("Maya").await.unwrap().contact_uri(), Some("+17075550109"));
}

#[tokio::test]
async fn a_declared_activity_is_set_when_it_changes_and_only_then() {
    let mut table = Table::example().await;
    let maya_off = [("\"+17075550101\"}\n    activity: Available", "\"+17075550101\"}\n    activity: Unavailable")];
    let summary = table.start(&file(&maya_off)).await;
    assert_eq!(summary, Summary { changed: vec![worker("Maya")], ..Summary::default() });
    assert_eq!(table.activity_of("Maya").await, "Unavailable");
    assert_eq!(table.worker("Maya").await.unwrap().date_status_changed, table.now);

    table.goes("Maya", "Available").await;
    assert!(table.start(&file(&maya_off)).await.is_unchanged());
    assert_eq!(table.activity_of("Maya").await, "Available");
}

#[tokio::test]
async fn a_worker_whose_skills_change_in_a_call_stays_in_it() {
    let mut table = Table::example().await;
    let call = table.caller("en").await;
    table.talking(call, "Maya").await;
    let before = table.worker("Maya").await.unwrap();

    let summary = table.start(&file(&[("[\"en\"],", "[\"en\",\"hi\"],"), ("{ voice: 1 }", "{ voice: 3 }")])).await;
    assert_eq!(summary, Summary { changed: vec![worker("Maya"), worker("Leela")], ..Summary::default() });
    let after = table.worker("Maya").await.unwrap();
    assert_eq!(after.open_reservations, before.open_reservations);
    assert_eq!(after.last_reserved_at(), before.last_reserved_at());
    assert_eq!(after.version, before.version + 1);
    assert_eq!(table.queues_of("Maya").await, [ENGLISH, HINDI]);
    assert_eq!(table.task(call).await.assignment_status, AssignmentStatus::Assigned);

    let leela = table.worker("Leela").await.unwrap();
    let voice = leela.channels.iter().find(|share| share.channel == TaskChannelName::VOICE).unwrap();
    assert_eq!(voice.configured_capacity, 3);
}

#[tokio::test]
async fn a_changed_queue_gives_its_workers_another_roster_and_nothing_else() {
    let mut table = Table::example().await;
    table.goes("Leela", "Unavailable").await;
    let summary =
        table.start(&file(&[("languages HAS \"hi\"\n", "languages HAS \"en\" AND languages HAS \"hi\"\n")])).await;
    assert_eq!(
        summary.to_string(),
        format!("changed 1 TaskQueue (\"{HINDI}\")\nWorkers who now serve other queues: 1")
    );
    assert_eq!(table.queues_of("Arjun").await, Vec::<String>::new());
    assert_eq!(table.queues_of("Leela").await, [ENGLISH, HINDI]);
    assert_eq!(table.activity_of("Leela").await, "Unavailable");
}

#[tokio::test]
async fn a_worker_who_is_no_longer_in_the_file_goes() {
    let mut table = Table::example().await;
    let summary = table.start(&without_arjun()).await;
    assert_eq!(summary.to_string(), "removed 1 Worker (\"Arjun\")");
    assert_eq!(table.worker("Arjun").await, None);
    assert!(table.start(&without_arjun()).await.is_unchanged());

    let summary = table.start(&file(&[])).await;
    assert_eq!(summary, Summary { created: vec![worker("Arjun")], ..Summary::default() });
    assert_eq!(table.activity_of("Arjun").await, "Available");
}

#[tokio::test]
async fn a_worker_who_is_no_longer_in_the_file_ends_their_call_first() {
    let mut table = Table::example().await;
    let call = table.caller("hi").await;
    table.talking(call, "Arjun").await;
    for _start in 0..2 {
        let summary = table.start(&without_arjun()).await;
        assert!(summary.is_unchanged());
        assert_eq!(summary.kept, [kept(worker("Arjun"), Reason::OpenReservation)]);
        assert_eq!(table.activity_of("Arjun").await, "Offline");
        assert_eq!(table.task(call).await.assignment_status, AssignmentStatus::Assigned);
    }
    table.hangs_up(call).await;
    assert_eq!(table.start(&without_arjun()).await.removed, [worker("Arjun")]);
    assert_eq!(table.worker("Arjun").await, None);
}

#[tokio::test]
async fn a_worker_who_comes_back_into_the_file_works_again() {
    let mut table = Table::example().await;
    let call = table.caller("hi").await;
    table.talking(call, "Arjun").await;
    table.start(&without_arjun()).await;
    let summary = table.start(&file(&[])).await;
    assert_eq!(summary, Summary { changed: vec![worker("Arjun")], ..Summary::default() });
    assert_eq!(table.activity_of("Arjun").await, "Available");
    assert_eq!(table.worker("Arjun").await.unwrap().open_reservations.len(), 1);
}

#[tokio::test]
async fn a_queue_somebody_waits_in_stays_until_they_are_gone() {
    let mut table = Table::example().await;
    let call = table.caller("hi").await;
    let queue = Thing::TaskQueue(HINDI.to_owned());
    let summary = table.start(&without_hindi()).await;
    assert_eq!(summary.changed, [Thing::Workflow(WORKFLOW.to_owned())]);
    assert_eq!(summary.kept, [kept(queue.clone(), Reason::LivingTask)]);
    assert_eq!(table.queues_of("Arjun").await, [HINDI]);
    table.offered(call, "Arjun").await;

    table.hangs_up(call).await;
    let summary = table.start(&without_hindi()).await;
    assert_eq!((summary.removed, summary.kept), (vec![queue], vec![]));
    assert_eq!(table.queues_of("Arjun").await, Vec::<String>::new());
}

#[tokio::test]
async fn a_workflow_with_a_living_call_stays_with_every_queue_it_leads_to() {
    let mut table = Table::example().await;
    let call = table.caller("en").await;
    let renamed = file(&[(WORKFLOW, "Requests"), (HINDI, "Hindi"), (ENGLISH, "English")]);
    let summary = table.start(&renamed).await;
    assert_eq!(summary.kept.len(), 3);
    for thing in [Thing::Workflow(WORKFLOW.into()), Thing::TaskQueue(ENGLISH.into()), Thing::TaskQueue(HINDI.into())] {
        assert!(summary.kept.contains(&kept(thing.clone(), Reason::LivingTask)), "{thing}");
    }
    assert_eq!(summary.removed, []);
    table.talking(call, "Maya").await;

    table.hangs_up(call).await;
    let removed = table.start(&renamed).await.removed;
    assert_eq!(removed.len(), 3, "{removed:?}");
    assert!(table.start(&renamed).await.is_unchanged());
}

#[tokio::test]
async fn workers_of_an_activity_that_is_gone_are_in_the_default_one() {
    let mut table = Table::example().await;
    table.goes("Maya", "Unavailable").await;
    let summary = table.start(&file(&[("name: Unavailable,", "name: Lunch,")])).await;
    assert_eq!(
        summary.to_string(),
        "created 1 Activity\nremoved 1 Activity (\"Unavailable\")\n\
         moved \"Maya\" to the default activity, as theirs is no longer in the file"
    );
    assert_eq!(table.activity_of("Maya").await, "Offline");
    assert_eq!(table.activity_of("Leela").await, "Available");
}

#[tokio::test]
async fn an_activity_that_becomes_unavailable_takes_its_workers_off_the_board() {
    let mut table = Table::example().await;
    let off = ("{ name: Available,   available: true  }", "{ name: Available, available: false }");
    let summary = table.start(&file(&[off])).await;
    let available = || vec![Thing::Activity("Available".to_owned())];
    assert_eq!((summary.created, summary.removed), (available(), available()));
    let workspace = table.store.fresh_workspace(file(&[]).workspace.sid, table.now).await.unwrap().unwrap();
    for readiness in workspace.boards.values() {
        assert_eq!(table.store.free_workers(&workspace, readiness, None, 10).await.unwrap(), []);
    }
}

#[tokio::test]
async fn workers_made_through_the_api_are_none_of_the_files_business_but_follow_its_queues() {
    let mut table = Table::example().await;
    let mut made = table.worker("Maya").await.unwrap();
    made.sid = WorkerSid::derive(&["made through the API"]);
    made.friendly_name = "Nadia".to_owned();
    let workspace = table.store.fresh_workspace(made.workspace_sid, table.now).await.unwrap().unwrap();
    table.store.create_worker(&made, &workspace).await.unwrap();
    assert!(table.start(&file(&[])).await.is_unchanged());
    assert_eq!(table.worker("Nadia").await, Some(made));

    let summary = table.start(&file(&[("languages HAS \"en\"\n", "languages HAS \"fr\"\n")])).await;
    assert_eq!(summary.serving_other_queues, 3);
    assert_eq!(table.queues_of("Nadia").await, Vec::<String>::new());
}

#[tokio::test]
async fn a_new_number_and_menu_are_written() {
    let mut table = Table::example().await;
    let changed = file(&[("+17075550183", "+17075550184"), ("attempts_max: 3 ", "attempts_max: 2 ")]);
    assert_eq!(table.start(&changed).await.to_string(), "changed number and menu");
    assert_eq!(table.store.centre(table.now).await.unwrap().as_deref(), Some(&changed.centre));
}

#[tokio::test]
async fn a_renamed_workspace_is_another_one_and_the_first_stays_with_its_calls() {
    let mut table = Table::example().await;
    let call = table.caller("en").await;
    let summary = table.start(&file(&[("  name: Customer Contact Center\n", "  name: Second\n")])).await;
    let first = Thing::Workspace("Customer Contact Center".to_owned());
    assert_eq!(summary.kept, [kept(first, Reason::AnotherWorkspace)]);
    assert_eq!(summary.created.len(), 1 + 4 + 2 + 1 + 3);
    table.offered(call, "Maya").await;
}

/// A start that was killed anywhere is made good by the next one: every part of what it writes, missing on its own.
#[tokio::test]
async fn a_start_that_was_cut_short_is_finished_by_the_next() {
    let mut table = Table::example().await;
    let example = file(&[]);
    let maya = table.worker("Maya").await.unwrap();

    table.store.delete_worker(&maya).await.unwrap();
    assert_eq!(table.start(&example).await.created, [worker("Maya")]);

    let maya = table.worker("Maya").await.unwrap();
    table.store.save_declaration(maya.sid, None).await.unwrap();
    assert!(table.start(&example).await.is_unchanged());
    assert_eq!(table.worker("Maya").await, Some(maya));

    let mut workspace = example.workspace.clone();
    workspace.task_queues.retain(|_, queue| queue.friendly_name == ENGLISH);
    table.store.save_workspace(&workspace, table.now).await.unwrap();
    let summary = table.start(&example).await;
    assert_eq!(summary, Summary { created: vec![Thing::TaskQueue(HINDI.to_owned())], ..Summary::default() });
    assert_eq!(table.queues_of("Leela").await, [ENGLISH, HINDI]);
}
