//! The plan of an apply says what the apply does, and an exported file is the same contact centre.

use config::plan::{Change, ConfigurationFiles, Effect, Plan, PlanFile, PlanFileError, plan};
use config::{ContactCentre, Summary, Thing, export_current, read, read_current, read_with_files};
use ids::AccountSid;

use super::table::{ENGLISH, HINDI, Table, file, without_arjun, without_hindi};

const ACCOUNT: AccountSid = AccountSid::from_bytes([7; 16]);

async fn plan_of(table: &Table, wanted: &ContactCentre) -> Plan {
    let current = read_current(&table.store, wanted.workspace.sid, table.now)
        .await
        .unwrap();
    plan(&current, wanted, table.now).unwrap()
}

/// The parts of a plan, as the summary of an apply has them.
fn parts(plan: &Plan) -> (Vec<String>, Vec<String>, Vec<String>) {
    let mut parts = (Vec::new(), Vec::new(), Vec::new());
    for part in &plan.changes {
        let list = match part.change {
            Change::Created { .. } => &mut parts.0,
            Change::Changed { .. } => &mut parts.1,
            Change::Removed => &mut parts.2,
        };
        list.push(part.to_string());
    }
    for list in [&mut parts.0, &mut parts.1, &mut parts.2] {
        list.sort();
    }
    parts
}

fn parts_of_summary(summary: &Summary) -> (Vec<String>, Vec<String>, Vec<String>) {
    let named = |things: &[Thing]| {
        let mut names: Vec<String> = things.iter().map(name_of_part).collect();
        names.sort();
        names
    };
    (
        named(&summary.created),
        named(&summary.changed),
        named(&summary.removed),
    )
}

/// The Workspace and the telephone side are one part each, without a name.
fn name_of_part(thing: &Thing) -> String {
    match thing {
        Thing::VoiceSettings => "Telephone".to_owned(),
        Thing::Workspace(_) => "Workspace".to_owned(),
        Thing::Activity(_)
        | Thing::TaskChannel(_)
        | Thing::TaskQueue(_)
        | Thing::Workflow(_)
        | Thing::Worker(_) => thing.to_string(),
    }
}

#[tokio::test]
async fn plan_is_what_apply_does() {
    let more_rings = file(&[("worker_ring_timeout: 20s", "worker_ring_timeout: 30s")]);
    let later = file(&[
        ("languages HAS \"hi\"", "languages HAS \"hi\" AND level > 1"),
        ("timeout: 1200s              #", "timeout: 600s #"),
        ("\"+17075550101\"", "\"+17075550109\""),
    ]);
    for wanted in [without_hindi(), without_arjun(), more_rings, later] {
        let mut table = Table::example().await;
        let planned = plan_of(&table, &wanted).await;
        let summary = table.start(&wanted).await;
        assert_eq!(parts(&planned), parts_of_summary(&summary), "{planned:#?}");
        assert!(!planned.is_empty());
        assert!(plan_of(&table, &wanted).await.is_empty());
    }
}

#[tokio::test]
async fn plan_of_the_same_file_is_empty() {
    let table = Table::example().await;
    table.set_activity("Maya", "Offline").await;
    let planned = plan_of(&table, &file(&[])).await;
    assert!(planned.is_empty(), "{planned:#?}");
    assert!(planned.effects.is_empty());
    let spelled = file(&[("languages HAS \"hi\"", "languages   has 'hi'")]);
    let planned = plan_of(&table, &spelled).await;
    assert!(planned.is_empty(), "{planned:#?}");
}

#[tokio::test]
async fn plan_counts_waiting_tasks_and_workers() {
    let table = Table::example().await;
    table.set_activity("Maya", "Offline").await;
    table.set_activity("Leela", "Offline").await;
    for call in 1..=3 {
        table.another_caller("en", &format!("call {call}")).await;
    }
    let to_hindi = |re_evaluate: &str| {
        file(&[
            (
                "expression: selected_language == \"en\"\n        targets:\n          - queue: Customer Contact Center English",
                "expression: selected_language == \"en\"\n        targets:\n          - queue: Customer Contact Center Hindi",
            ),
            ("re_evaluate_tasks: false", re_evaluate),
            (
                "languages HAS \"en\"",
                "languages HAS \"en\" AND languages HAS \"hi\"",
            ),
        ])
    };
    let planned = plan_of(&table, &to_hindi("re_evaluate_tasks: true")).await;
    let leave = Effect::WorkersLeave {
        workers: 1,
        names: vec!["Maya".to_owned()],
        task_queue: ENGLISH.to_owned(),
    };
    let moves = Effect::TasksMove {
        tasks: 3,
        from: ENGLISH.to_owned(),
        to: HINDI.to_owned(),
    };
    assert_eq!(planned.effects, [moves.clone(), leave.clone()]);
    assert_eq!(
        moves.to_string(),
        format!("3 waiting Tasks move from TaskQueue \"{ENGLISH}\" to \"{HINDI}\"")
    );
    assert_eq!(
        leave.to_string(),
        format!("1 Worker leaves TaskQueue \"{ENGLISH}\": Maya")
    );
    let planned = plan_of(&table, &to_hindi("re_evaluate_tasks: false")).await;
    let keep = Effect::TasksKeepConfiguration {
        tasks: 3,
        workflow: "Incoming Customer Requests".to_owned(),
    };
    assert_eq!(planned.effects, [keep, leave]);
}

#[tokio::test]
async fn plan_file_is_for_what_it_was_made_against() {
    let mut table = Table::example().await;
    let files = ConfigurationFiles {
        name: "f.yaml".to_owned(),
        text: super::table::EXAMPLE.replace("worker_ring_timeout: 20s", "worker_ring_timeout: 30s"),
        beside: Default::default(),
    };
    let wanted = files.read(ACCOUNT).unwrap();
    let sid = wanted.workspace.sid;
    let current = read_current(&table.store, sid, table.now).await.unwrap();
    let planned = plan(&current, &wanted, table.now).unwrap();
    let made = PlanFile::new(ACCOUNT, planned, files, &current);
    let written = serde_json::to_string(&made).unwrap();
    let plan_file: PlanFile = serde_json::from_str(&written).unwrap();
    assert_eq!(plan_file.plan.changes.len(), 1);

    // What agents do is no change of the configuration.
    table.set_activity("Maya", "Offline").await;
    let current = read_current(&table.store, sid, table.now).await.unwrap();
    plan_file.check(ACCOUNT, &current).unwrap();
    let other = AccountSid::from_bytes([8; 16]);
    let refused = plan_file.check(other, &current).unwrap_err();
    assert!(matches!(refused, PlanFileError::Account(_)));

    table.start(&without_arjun()).await;
    let current = read_current(&table.store, sid, table.now).await.unwrap();
    let PlanFileError::Changed(changes) = plan_file.check(ACCOUNT, &current).unwrap_err() else {
        panic!("expected a change");
    };
    let changes: Vec<String> = changes.iter().map(ToString::to_string).collect();
    assert_eq!(changes, ["Worker \"Arjun\""]);
}

#[tokio::test]
async fn exported_file_is_the_same_when_applied() {
    let utility = include_str!("../../../../examples/utility/contact-centre.yaml");
    for text in [super::table::EXAMPLE, utility] {
        let mut table = Table::empty().await;
        let files = &tests::project::file_beside;
        let first = read_with_files(text, "f.yaml", ACCOUNT, files).unwrap();
        table.start(&first).await;
        let exported = exported(&table, &first).await;
        let mut other = Table::empty().await;
        let again = read(&exported, "f.yaml", ACCOUNT).unwrap();
        other.start(&again).await;
        assert_eq!(self::exported(&other, &again).await, exported);
        let planned = plan_of(&table, &again).await;
        assert!(planned.is_empty(), "{planned:#?}");
    }
}

async fn exported(table: &Table, centre: &ContactCentre) -> String {
    let current = read_current(&table.store, centre.workspace.sid, table.now)
        .await
        .unwrap();
    let exported = export_current(&current).unwrap();
    let mut notes = exported.notes.iter();
    assert!(
        notes.all(|note| note.starts_with("flows: audio files")),
        "{:?}",
        exported.notes
    );
    exported.to_yaml().unwrap()
}
