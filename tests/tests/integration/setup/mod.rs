//! A configuration file applied to a table: differences are changed, everything else is kept,
//! active calls included.

mod made_by_the_api;
mod plan;
mod routing;
mod table;

use config::{Reason, Summary, Thing};
use ids::WorkerSid;
use table::{ENGLISH, HINDI, Table, WORKFLOW, file, kept, without_arjun, without_hindi, worker};
use task_router::model::{AssignmentStatus, TaskChannelName};

#[tokio::test]
async fn second_start_changes_nothing() {
    let mut table = Table::empty().await;
    let example = file(&[]);
    let first = table.start(&example).await;
    assert_eq!(
        first.to_string(),
        "created 1 Workspace, 4 Activities, 5 TaskChannels, 2 TaskQueues, 1 Workflow, 3 Workers, number and menu"
    );
    assert_eq!(
        table
            .store
            .voice_settings(table.now)
            .await
            .unwrap()
            .as_deref(),
        Some(&example.voice_settings)
    );
    for (name, queues) in [
        ("Maya", vec![ENGLISH]),
        ("Arjun", vec![HINDI]),
        ("Leela", vec![ENGLISH, HINDI]),
    ] {
        assert_eq!(table.queues_of(name).await, queues);
        assert_eq!(table.activity_of(name).await, "Available");
    }
    let before = table.worker("Maya").await;

    let second = table.start(&example).await;
    assert_eq!(
        (second.is_unchanged(), second.to_string().as_str()),
        (true, "the configuration is unchanged")
    );
    assert_eq!(table.worker("Maya").await, before);
}

#[tokio::test]
async fn free_workers_are_in_their_ready_lists() {
    let table = Table::example().await;
    let workspace = table
        .store
        .fresh_workspace(file(&[]).workspace.sid, table.now)
        .await
        .unwrap()
        .unwrap();
    let queue = workspace
        .task_queues
        .values()
        .find(|queue| queue.friendly_name == HINDI)
        .unwrap()
        .sid;
    let mut free = Vec::new();
    for readiness in workspace.ready_lists_serving(queue, TaskChannelName::VOICE) {
        free.extend(
            table
                .store
                .free_workers(&workspace, readiness, None, 10)
                .await
                .unwrap(),
        );
    }
    let mut names: Vec<_> = free
        .into_iter()
        .map(|worker| worker.friendly_name)
        .collect();
    names.sort();
    assert_eq!(names, ["Arjun", "Leela"]);
}

#[tokio::test]
async fn restart_keeps_activities() {
    let mut table = Table::example().await;
    table.set_activity("Maya", "Offline").await;
    assert!(table.start(&file(&[])).await.is_unchanged());
    assert_eq!(table.activity_of("Maya").await, "Offline");

    // A new number for Maya's phone does not change her Activity.
    let summary = table
        .start(&file(&[("+17075550101", "+17075550109")]))
        .await;
    assert_eq!(summary.to_string(), "changed 1 Worker (\"Maya\")");
    assert_eq!(table.activity_of("Maya").await, "Offline");
    assert_eq!(
        table.worker("Maya").await.unwrap().contact_uri(),
        Some("+17075550109")
    );
}

/// The declared Activity is set when the declaration changes, and only then.
#[tokio::test]
async fn changed_declaration_sets_the_activity() {
    let mut table = Table::example().await;
    let maya_off = [(
        "\"+17075550101\"}\n    activity: Available",
        "\"+17075550101\"}\n    activity: Unavailable",
    )];
    let summary = table.start(&file(&maya_off)).await;
    assert_eq!(
        summary,
        Summary {
            changed: vec![worker("Maya")],
            ..Summary::default()
        }
    );
    assert_eq!(table.activity_of("Maya").await, "Unavailable");
    assert_eq!(
        table.worker("Maya").await.unwrap().date_status_changed,
        table.now
    );

    table.set_activity("Maya", "Available").await;
    assert!(table.start(&file(&maya_off)).await.is_unchanged());
    assert_eq!(table.activity_of("Maya").await, "Available");
}

#[tokio::test]
async fn changed_skills_keep_the_open_call() {
    let mut table = Table::example().await;
    let call = table.caller("en").await;
    table.talking(call, "Maya").await;
    let before = table.worker("Maya").await.unwrap();

    let summary = table
        .start(&file(&[
            ("[\"en\"],", "[\"en\",\"hi\"],"),
            ("{ voice: 1 }", "{ voice: 3 }"),
        ]))
        .await;
    assert_eq!(
        summary,
        Summary {
            changed: vec![worker("Maya"), worker("Leela")],
            ..Summary::default()
        }
    );
    let after = table.worker("Maya").await.unwrap();
    assert_eq!(after.open_reservations, before.open_reservations);
    assert_eq!(after.last_reserved_at(), before.last_reserved_at());
    assert_eq!(after.version, before.version + 1);
    assert_eq!(table.queues_of("Maya").await, [ENGLISH, HINDI]);
    assert_eq!(
        table.task(call).await.assignment_status,
        AssignmentStatus::Assigned
    );

    let leela = table.worker("Leela").await.unwrap();
    let voice = leela
        .channels
        .iter()
        .find(|share| share.channel == TaskChannelName::VOICE)
        .unwrap();
    assert_eq!(voice.configured_capacity, 3);
}

#[tokio::test]
async fn changed_queue_updates_membership_only() {
    let mut table = Table::example().await;
    table.set_activity("Leela", "Unavailable").await;
    let summary = table
        .start(&file(&[(
            "languages HAS \"hi\"\n",
            "languages HAS \"en\" AND languages HAS \"hi\"\n",
        )]))
        .await;
    assert_eq!(
        summary.to_string(),
        format!("changed 1 TaskQueue (\"{HINDI}\")")
    );
    assert_eq!(table.queues_of("Arjun").await, Vec::<String>::new());
    assert_eq!(table.queues_of("Leela").await, [ENGLISH, HINDI]);
    assert_eq!(table.activity_of("Leela").await, "Unavailable");
}

#[tokio::test]
async fn undeclared_worker_is_deleted() {
    let mut table = Table::example().await;
    let summary = table.start(&without_arjun()).await;
    assert_eq!(summary.to_string(), "removed 1 Worker (\"Arjun\")");
    assert_eq!(table.worker("Arjun").await, None);
    assert!(table.start(&without_arjun()).await.is_unchanged());

    let summary = table.start(&file(&[])).await;
    assert_eq!(
        summary,
        Summary {
            created: vec![worker("Arjun")],
            ..Summary::default()
        }
    );
    assert_eq!(table.activity_of("Arjun").await, "Available");
}

/// The Worker is Offline until then, and deleted by the next start.
#[tokio::test]
async fn undeclared_worker_finishes_open_call() {
    let mut table = Table::example().await;
    let call = table.caller("hi").await;
    table.talking(call, "Arjun").await;
    for _start in 0..2 {
        let summary = table.start(&without_arjun()).await;
        assert!(summary.is_unchanged());
        assert_eq!(
            summary.kept,
            [kept(worker("Arjun"), Reason::OpenReservation)]
        );
        assert_eq!(table.activity_of("Arjun").await, "Offline");
        assert_eq!(
            table.task(call).await.assignment_status,
            AssignmentStatus::Assigned
        );
    }
    table.hangs_up(call).await;
    assert_eq!(
        table.start(&without_arjun()).await.removed,
        [worker("Arjun")]
    );
    assert_eq!(table.worker("Arjun").await, None);
}

#[tokio::test]
async fn redeclared_worker_is_available_again() {
    let mut table = Table::example().await;
    let call = table.caller("hi").await;
    table.talking(call, "Arjun").await;
    table.start(&without_arjun()).await;
    let summary = table.start(&file(&[])).await;
    assert_eq!(
        summary,
        Summary {
            changed: vec![worker("Arjun")],
            ..Summary::default()
        }
    );
    assert_eq!(table.activity_of("Arjun").await, "Available");
    assert_eq!(
        table.worker("Arjun").await.unwrap().open_reservations.len(),
        1
    );
}

#[tokio::test]
async fn queue_with_waiting_task_is_kept() {
    let mut table = Table::example().await;
    let call = table.caller("hi").await;
    let queue = Thing::TaskQueue(HINDI.to_owned());
    let summary = table.start(&without_hindi()).await;
    assert_eq!(summary.changed, [Thing::Workflow(WORKFLOW.to_owned())]);
    assert_eq!(summary.kept, [kept(queue.clone(), Reason::ActiveTask)]);
    assert_eq!(table.queues_of("Arjun").await, [HINDI]);
    table.offered(call, "Arjun").await;

    table.hangs_up(call).await;
    let summary = table.start(&without_hindi()).await;
    assert_eq!((summary.removed, summary.kept), (vec![queue], vec![]));
    assert_eq!(table.queues_of("Arjun").await, Vec::<String>::new());
}

/// So are all TaskQueues that the Workflow names.
#[tokio::test]
async fn workflow_with_active_task_is_kept() {
    let mut table = Table::example().await;
    let call = table.caller("en").await;
    let renamed = file(&[
        (WORKFLOW, "Requests"),
        (HINDI, "Hindi"),
        (ENGLISH, "English"),
    ]);
    let summary = table.start(&renamed).await;
    assert_eq!(summary.kept.len(), 3);
    for thing in [
        Thing::Workflow(WORKFLOW.into()),
        Thing::TaskQueue(ENGLISH.into()),
        Thing::TaskQueue(HINDI.into()),
    ] {
        assert!(
            summary
                .kept
                .contains(&kept(thing.clone(), Reason::ActiveTask)),
            "{thing}"
        );
    }
    assert_eq!(summary.removed, []);
    table.talking(call, "Maya").await;

    table.hangs_up(call).await;
    let removed = table.start(&renamed).await.removed;
    assert_eq!(removed.len(), 3, "{removed:?}");
    assert!(table.start(&renamed).await.is_unchanged());
}

#[tokio::test]
async fn deleted_activity_becomes_the_default() {
    let mut table = Table::example().await;
    table.set_activity("Maya", "Unavailable").await;
    let summary = table
        .start(&file(&[("name: Unavailable,", "name: Lunch,")]))
        .await;
    assert_eq!(
        summary.to_string(),
        "created 1 Activity\nremoved 1 Activity (\"Unavailable\")"
    );
    assert_eq!(table.activity_of("Maya").await, "Offline");
    assert_eq!(table.activity_of("Leela").await, "Available");
}

#[tokio::test]
async fn unavailable_activity_clears_ready_lists() {
    let mut table = Table::example().await;
    let off = (
        "{ name: Available,   available: true  }",
        "{ name: Available, available: false }",
    );
    let summary = table.start(&file(&[off])).await;
    let available = || vec![Thing::Activity("Available".to_owned())];
    assert_eq!(
        (summary.created, summary.removed),
        (available(), available())
    );
    let workspace = table
        .store
        .fresh_workspace(file(&[]).workspace.sid, table.now)
        .await
        .unwrap()
        .unwrap();
    for readiness in workspace.ready_lists.values() {
        assert_eq!(
            table
                .store
                .free_workers(&workspace, readiness, None, 10)
                .await
                .unwrap(),
            []
        );
    }
}

/// The file leaves a Worker that the API created unchanged, except for the queue membership.
#[tokio::test]
async fn api_worker_follows_declared_queues() {
    let mut table = Table::example().await;
    let mut made = table.worker("Maya").await.unwrap();
    made.sid = WorkerSid::derive(&["made through the API"]);
    made.friendly_name = "Nadia".to_owned();
    let workspace = table
        .store
        .fresh_workspace(made.workspace_sid, table.now)
        .await
        .unwrap()
        .unwrap();
    table.store.create_worker(&made, &workspace).await.unwrap();
    assert!(table.start(&file(&[])).await.is_unchanged());
    assert_eq!(table.worker("Nadia").await, Some(made));

    table
        .start(&file(&[(
            "languages HAS \"en\"\n",
            "languages HAS \"fr\"\n",
        )]))
        .await;
    assert_eq!(table.queues_of("Nadia").await, Vec::<String>::new());
}

#[tokio::test]
async fn changed_number_and_menu_are_written() {
    let mut table = Table::example().await;
    let changed = file(&[
        ("+17075550183", "+17075550184"),
        ("attempts_max: 3 ", "attempts_max: 2 "),
    ]);
    assert_eq!(
        table.start(&changed).await.to_string(),
        "changed number and menu"
    );
    assert_eq!(
        table
            .store
            .voice_settings(table.now)
            .await
            .unwrap()
            .as_deref(),
        Some(&changed.voice_settings)
    );
}

/// The first Workspace is kept, with its calls.
#[tokio::test]
async fn renamed_workspace_is_a_new_one() {
    let mut table = Table::example().await;
    let call = table.caller("en").await;
    let summary = table
        .start(&file(&[(
            "  name: Customer Contact Center\n",
            "  name: Second\n",
        )]))
        .await;
    let first = Thing::Workspace("Customer Contact Center".to_owned());
    assert_eq!(summary.kept, [kept(first, Reason::AnotherWorkspace)]);
    assert_eq!(summary.created.len(), 1 + 4 + 5 + 2 + 1 + 3);
    table.offered(call, "Maya").await;
}

/// A start may be killed anywhere: each part of its writes, missing on its own, is written by the
/// next start.
#[tokio::test]
async fn interrupted_start_is_completed() {
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
    workspace
        .task_queues
        .retain(|_, queue| queue.friendly_name == ENGLISH);
    table
        .store
        .save_workspace(&workspace, table.now)
        .await
        .unwrap();
    let summary = table.start(&example).await;
    assert_eq!(
        summary,
        Summary {
            created: vec![Thing::TaskQueue(HINDI.to_owned())],
            ..Summary::default()
        }
    );
    assert_eq!(table.queues_of("Leela").await, [ENGLISH, HINDI]);
}
