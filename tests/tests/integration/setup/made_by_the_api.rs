//! The file changes what it declares, and nothing else.

use config::{Reason, Thing};
use ids::{ActivitySid, TaskQueueSid, WorkflowSid};
use task_router::model::{
    Activity, Configuration, Target, TaskChannel, TaskOrder, TaskQueue, Workflow, Workspace,
};

use super::table::{EXAMPLE, HINDI, Table, WORKFLOW, file, kept, without_hindi};

/// Changes the Workspace as the API does: on condition of the revision that was read, without
/// marking anything as declared.
async fn change(table: &Table, change: impl Fn(&mut Workspace)) {
    let before = table
        .store
        .fresh_workspace(file(&[]).workspace.sid, table.now)
        .await
        .unwrap()
        .unwrap();
    let mut after = Workspace::clone(&before);
    change(&mut after);
    table
        .store
        .replace_workspace(Some(&before), &after, table.now)
        .await
        .unwrap();
}

async fn workspace(table: &Table) -> Workspace {
    let found = table
        .store
        .fresh_workspace(file(&[]).workspace.sid, table.now)
        .await
        .unwrap();
    Workspace::clone(&found.unwrap())
}

fn add_one_of_each(workspace: &mut Workspace) {
    let sid = ActivitySid::derive(&["api"]);
    workspace.activities.insert(
        sid,
        Activity {
            sid,
            friendly_name: "Lunch".to_owned(),
            available: false,
        },
    );
    let channel = TaskChannel::of(workspace.sid, "letter".parse().unwrap());
    workspace.task_channels.insert(channel.unique_name, channel);
    let queue = TaskQueue {
        sid: TaskQueueSid::derive(&["api"]),
        friendly_name: "Letters".to_owned(),
        target_workers: None,
        max_reserved_workers: 1,
        task_order: TaskOrder::Fifo,
        reservation_activity_sid: None,
        assignment_activity_sid: None,
    };
    let configuration = Configuration {
        filters: Vec::new(),
        default_filter: Some(Target::to(queue.sid)),
        text: None,
    };
    workspace.task_queues.insert(queue.sid, queue);
    let workflow = Workflow::new(WorkflowSid::derive(&["api"]), "Letters", configuration);
    workspace.workflows.insert(workflow.sid, workflow);
}

#[tokio::test]
async fn api_resources_survive_reapplied_file() {
    let mut table = Table::example().await;
    change(&table, add_one_of_each).await;
    let made = workspace(&table).await;
    assert!(table.start(&file(&[])).await.is_unchanged());
    let now = Workspace {
        ready_lists: made.ready_lists.clone(),
        ..workspace(&table).await
    };
    assert_eq!(
        now, made,
        "except for the readinesses of Workers with one more channel"
    );
    let changed = table.start(&without_hindi()).await;
    assert_eq!(
        changed.removed,
        [Thing::TaskQueue(HINDI.to_owned())],
        "the file can delete what it declared"
    );
    let now = workspace(&table).await;
    assert_eq!(now.task_queues.len(), 2);
    assert_eq!(
        (&now.activities, &now.task_channels),
        (&made.activities, &made.task_channels)
    );
    assert_eq!(now.workflows.len(), 2);
}

/// Changes the API made to declared resources are overwritten by the file.
#[tokio::test]
async fn declared_resources_are_restored() {
    let mut table = Table::example().await;
    let before = workspace(&table).await;
    change(&table, |workspace| {
        workspace
            .task_queues
            .values_mut()
            .for_each(|queue| queue.max_reserved_workers = 7);
        workspace
            .activities
            .retain(|_, activity| activity.friendly_name != "Unavailable");
    })
    .await;
    let summary = table.start(&file(&[])).await;
    assert_eq!(summary.created, [Thing::Activity("Unavailable".to_owned())]);
    assert_eq!(summary.changed.len(), 2);
    let now = workspace(&table).await;
    assert_eq!(
        (now.activities, now.task_queues),
        (before.activities, before.task_queues)
    );
}

#[tokio::test]
async fn declaring_an_api_resource_adopts_it() {
    let mut table = Table::example().await;
    let with_letters = file(&[(
        "  task_channels:\n",
        "  task_channels:\n    - { name: letter, friendly_name: letter, after_conversation: wrap }\n",
    )]);
    change(&table, |workspace| {
        let channel = with_letters.workspace.task_channels[&"letter".parse().unwrap()].clone();
        workspace.task_channels.insert(channel.unique_name, channel);
    })
    .await;
    assert!(table.start(&with_letters).await.is_unchanged());
    assert_eq!(
        table.start(&file(&[])).await.removed,
        [Thing::TaskChannel("letter".to_owned())]
    );
}

#[tokio::test]
async fn queue_of_api_workflow_is_kept() {
    let mut table = Table::example().await;
    let hindi = workspace(&table)
        .await
        .task_queues
        .into_values()
        .find(|queue| queue.friendly_name == HINDI)
        .unwrap();
    change(&table, |workspace| {
        let configuration = Configuration {
            filters: Vec::new(),
            default_filter: Some(Target::to(hindi.sid)),
            text: None,
        };
        let workflow = Workflow::new(WorkflowSid::derive(&["api"]), "Of the API", configuration);
        workspace.workflows.insert(workflow.sid, workflow);
    })
    .await;
    let summary = table.start(&without_hindi()).await;
    assert_eq!(
        summary.kept,
        [kept(
            Thing::TaskQueue(HINDI.to_owned()),
            Reason::NamedByWorkflow
        )]
    );
    assert_eq!(
        (summary.removed, summary.changed),
        (vec![], vec![Thing::Workflow(WORKFLOW.to_owned())])
    );
    change(&table, |workspace| {
        workspace
            .workflows
            .retain(|_, workflow| workflow.friendly_name == WORKFLOW)
    })
    .await;
    assert_eq!(
        table.start(&without_hindi()).await.removed,
        [Thing::TaskQueue(HINDI.to_owned())]
    );
}

/// The error has the place in the file, and nothing is written.
#[tokio::test]
async fn name_taken_by_api_resource_is_refused() {
    let mut table = Table::example().await;
    change(&table, add_one_of_each).await;
    let there = workspace(&table).await;
    let error = config::apply(&table.store, &file(&[(HINDI, "Letters")]), table.now)
        .await
        .unwrap_err()
        .to_string();
    let (line, column) = position_of("name: Letters", &EXAMPLE.replace(HINDI, "Letters"));
    let expected = format!(
        "contact-centre.yaml:{line}:{}: the task queue \"Letters\" already exists, created through the API as {}; give this one \
         another name, or rename or delete that one",
        column + "name: ".len(),
        TaskQueueSid::derive(&["api"])
    );
    assert_eq!(error, expected);
    assert_eq!(workspace(&table).await, there);
    assert!(
        table.start(&file(&[])).await.is_unchanged(),
        "an unchanged declaration is not a name conflict"
    );
}

/// Line and column, from 1, of the first occurrence of a text.
fn position_of(wanted: &str, text: &str) -> (usize, usize) {
    let found = |line: &str| line.find(wanted).map(|column| column + 1);
    text.lines()
        .enumerate()
        .find_map(|(index, line)| Some((index + 1, found(line)?)))
        .unwrap()
}
