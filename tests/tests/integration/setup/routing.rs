//! The effect of a changed configuration on waiting Tasks and free Workers.

use config::{Kept, Reason, Summary, Thing};
use ids::TaskSid;
use ids::time::Millis;
use task_router::model::{AssignmentStatus, TaskChannelName, TaskOrder};
use task_router::router::backfill::Backfill;
use task_router::router::order::waiting_list_of;

use super::table::{ENGLISH, HINDI, Table, WORKFLOW, file, kept};

/// Sends callers who chose Hindi to the English queue.
const HINDI_TO_ENGLISH: (&str, &str) = (
    "          - queue: Customer Contact Center Hindi\n            timeout: 1200s\n",
    "          - queue: Customer Contact Center English\n            timeout: 1200s\n",
);

/// Pending Tasks start the changed Workflow again.
const RE_EVALUATE: (&str, &str) = ("re_evaluate_tasks: false", "re_evaluate_tasks: true");

const VOICE_AND_CHAT: (&str, &str) = ("  task_channels:\n", "  task_channels:\n    - name: chat\n");

async fn queue_of(table: &Table, task: TaskSid) -> String {
    let task = table.task(task).await;
    let workspace = table
        .store
        .fresh_workspace(task.workspace_sid, table.now)
        .await
        .unwrap()
        .unwrap();
    workspace.task_queues[&task.task_queue_sid]
        .friendly_name
        .clone()
}

/// The free Workers in the ready lists of a queue and channel, by name.
async fn found_for(table: &Table, queue: &str, channel: TaskChannelName) -> Vec<String> {
    let workspace = table
        .store
        .fresh_workspace(file(&[]).workspace.sid, table.now)
        .await
        .unwrap()
        .unwrap();
    let queue = workspace
        .task_queues
        .values()
        .find(|candidate| candidate.friendly_name == queue)
        .unwrap()
        .sid;
    let mut names = Vec::new();
    for readiness in workspace.ready_lists_serving(queue, channel) {
        let free = table
            .store
            .free_workers(&workspace, readiness, None, 10)
            .await
            .unwrap();
        names.extend(free.into_iter().map(|worker| worker.friendly_name));
    }
    names.sort();
    names
}

#[tokio::test]
async fn waiting_task_keeps_its_configuration() {
    let mut table = Table::example().await;
    let call = table.caller("hi").await;
    let before = table.task(call).await;
    let summary = table.start(&file(&[HINDI_TO_ENGLISH])).await;
    assert_eq!(
        summary,
        Summary {
            changed: vec![Thing::Workflow(WORKFLOW.to_owned())],
            ..Summary::default()
        }
    );
    assert_eq!(table.task(call).await, before);
}

/// A pending Task starts the Workflow again.
#[tokio::test]
async fn re_evaluation_skips_reserved_tasks() {
    let mut table = Table::example().await;
    let waiting = table.caller("hi").await;
    let ringing = table.another_caller("hi", "second").await;
    table.offered(ringing, "Arjun").await;
    let file = file(&[HINDI_TO_ENGLISH, RE_EVALUATE]);
    table.start(&file).await;
    assert_eq!(queue_of(&table, waiting).await, ENGLISH);
    assert_eq!(table.task(waiting).await.workflow_version, 1);
    assert_eq!(queue_of(&table, ringing).await, HINDI);
    assert_eq!(
        table.task(ringing).await.assignment_status,
        AssignmentStatus::Reserved
    );
    assert!(table.start(&file).await.is_unchanged());
}

#[tokio::test]
async fn later_re_evaluation_updates_waiting_task() {
    let mut table = Table::example().await;
    let call = table.caller("hi").await;
    table.start(&file(&[HINDI_TO_ENGLISH])).await;
    assert_eq!(queue_of(&table, call).await, HINDI);
    table.start(&file(&[HINDI_TO_ENGLISH, RE_EVALUATE])).await;
    assert_eq!(queue_of(&table, call).await, ENGLISH);
}

#[tokio::test]
async fn lifo_reorders_waiting_tasks() {
    let mut table = Table::example().await;
    let first = table.caller("hi").await;
    let other_queue = table.caller("en").await;
    table.now += Millis::from_secs(1);
    let second = table.another_caller("hi", "second").await;
    let lifo = file(&[(
        "    target_workers: languages HAS \"hi\"\n",
        "    target_workers: languages HAS \"hi\"\n    task_order: LIFO\n",
    )]);
    let summary = table.start(&lifo).await;
    let changed = vec![Thing::TaskQueue(HINDI.to_owned())];
    assert_eq!(
        summary,
        Summary {
            changed,
            ..Summary::default()
        }
    );
    assert_eq!(table.task(other_queue).await.filed, TaskOrder::Fifo);

    let waiting = table.task(first).await;
    let workspace = table
        .store
        .fresh_workspace(waiting.workspace_sid, table.now)
        .await
        .unwrap()
        .unwrap();
    let waiting_list = waiting_list_of(&workspace, &waiting).unwrap();
    let order = table
        .store
        .waiting_tasks(waiting_list, None, 10)
        .await
        .unwrap();
    assert_eq!(
        order.into_iter().map(|task| task.sid).collect::<Vec<_>>(),
        [second, first]
    );
    assert!(table.start(&lifo).await.is_unchanged());
}

#[tokio::test]
async fn free_workers_serve_a_new_channel() {
    let mut table = Table::example().await;
    assert_eq!(
        found_for(&table, HINDI, TaskChannelName::CHAT).await,
        Vec::<String>::new()
    );
    let summary = table.start(&file(&[VOICE_AND_CHAT])).await;
    assert_eq!(
        summary,
        Summary {
            changed: vec![Thing::TaskChannel("chat".to_owned())],
            ..Summary::default()
        }
    );
    for channel in [TaskChannelName::CHAT, TaskChannelName::VOICE] {
        assert_eq!(
            found_for(&table, HINDI, channel).await,
            ["Arjun", "Leela"],
            "{channel}"
        );
    }
    let maya = table.worker("Maya").await;
    assert!(table.start(&file(&[VOICE_AND_CHAT])).await.is_unchanged());
    assert_eq!(table.worker("Maya").await, maya);
}

/// The start is killed between the write of the Workspace and the writes of the Workers.
#[tokio::test]
async fn interrupted_start_completes_new_channel() {
    let mut table = Table::example().await;
    let with_chat = file(&[VOICE_AND_CHAT]);
    table
        .store
        .save_workspace(&with_chat.workspace, table.now)
        .await
        .unwrap();
    assert_eq!(
        found_for(&table, ENGLISH, TaskChannelName::CHAT).await,
        Vec::<String>::new()
    );
    table.start(&with_chat).await;
    assert_eq!(
        found_for(&table, ENGLISH, TaskChannelName::CHAT).await,
        ["Leela", "Maya"]
    );
}

#[tokio::test]
async fn channel_with_active_task_is_kept() {
    let mut table = Table::example().await;
    table.start(&file(&[VOICE_AND_CHAT])).await;
    let chat = table
        .customer("hi", "chatting", TaskChannelName::CHAT)
        .await;
    let channel = || Thing::TaskChannel("chat".to_owned());
    let summary = table.start(&file(&[])).await;
    assert_eq!(summary.kept, [kept(channel(), Reason::ActiveTask)]);
    assert_eq!(
        found_for(&table, HINDI, TaskChannelName::CHAT).await,
        ["Arjun", "Leela"]
    );

    table.hangs_up(chat).await;
    let summary = table.start(&file(&[])).await;
    assert_eq!(
        (summary.changed, summary.kept),
        (vec![channel()], Vec::<Kept>::new()),
        "it is a standard TaskChannel: out of use, and not removed"
    );
    assert!(table.start(&file(&[])).await.is_unchanged());
    assert_eq!(
        found_for(&table, HINDI, TaskChannelName::CHAT).await,
        Vec::<String>::new()
    );
    assert_eq!(
        found_for(&table, HINDI, TaskChannelName::VOICE).await,
        ["Arjun", "Leela"]
    );
}

/// A backfill takes as many messages as it needs; each continues where the one before stopped.
#[tokio::test]
async fn changed_order_reaches_all_waiting_tasks() {
    const WAITING: usize = 1_100;
    let mut table = Table::example().await;
    for number in 0..WAITING {
        table.another_caller("hi", &number.to_string()).await;
    }
    assert_eq!(table.backfill(Backfill::TASKS).await, 3, "500 a message");
    let lifo = file(&[(
        "    target_workers: languages HAS \"hi\"\n",
        "    target_workers: languages HAS \"hi\"\n    task_order: LIFO\n",
    )]);
    table.start(&lifo).await;
    let sids = table.store.task_sids(lifo.workspace.sid).await.unwrap();
    assert_eq!(sids.len(), WAITING);
    for sid in sids {
        assert_eq!(table.task(sid).await.filed, TaskOrder::Lifo);
    }
}
