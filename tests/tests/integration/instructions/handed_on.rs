//! Instructions given through the API and delivered by the callbacks queue, which may deliver them
//! twice.

use task_router::model::AssignmentStatus;
use task_router::model::instruction::{Instruction, Supervise, Supervisor};
use task_router::router::effects::Callback;
use tests::story::SLACK;
use vocabulary::SupervisorMode;

use super::{CALLBACKS, CONFERENCE, MAYA, Stage};

#[tokio::test]
async fn repeated_instruction_places_one_call() {
    let stage = Stage::new("{}", &[]).await;
    let task = stage.task().await;
    let instruction = Instruction::Conference(Box::default());
    let reservation = task.reservations[0].sid;
    let task = task.sid;
    for request in [7, 7, 8] {
        let message = Callback::Instruct {
            task,
            reservation,
            instruction: instruction.clone(),
            request,
            expected_versions: None,
        };
        stage
            .test_centre
            .centre
            .outbox()
            .callback(message)
            .await
            .unwrap();
        stage.pass(SLACK).await;
    }
    assert_eq!(stage.test_centre.ringing().await.len(), 1);
    stage.close().await;
}

#[tokio::test]
async fn instruction_for_stale_version_is_skipped() {
    let stage = Stage::new("{}", &[]).await;
    let offered = stage.task().await;
    let task = offered.sid;
    let reservation = offered.reservations[0].sid;
    for (version, rings) in [
        (offered.visible_version() + 1, false),
        (offered.visible_version(), true),
    ] {
        let instruction = Instruction::Conference(Box::default());
        let expected_versions = Some(vec![version]);
        let message = Callback::Instruct {
            task,
            reservation,
            instruction,
            request: version,
            expected_versions,
        };
        stage
            .test_centre
            .centre
            .outbox()
            .callback(message)
            .await
            .unwrap();
        stage.pass(SLACK).await;
        assert_eq!(
            stage.test_centre.ringing().await.contains_key(MAYA),
            rings,
            "version {version}"
        );
    }
    stage.close().await;
}

/// A message delivered twice places one call. Before the conversation no call is placed.
#[tokio::test]
async fn supervisor_joins_in_the_requested_mode() {
    const JOE: &str = "+17075550177";
    for (mode, muted, coaching) in [
        (SupervisorMode::Monitor, true, false),
        (SupervisorMode::Whisper, false, true),
        (SupervisorMode::Barge, false, false),
    ] {
        let stage = Stage::new(CONFERENCE, &CALLBACKS).await;
        let maya = stage.phone(MAYA).await;
        let task = stage.task().await;
        let reservation = task.reservations[0].sid;
        let task = task.sid;
        let supervise = Supervise {
            supervisor: Supervisor::Uri(JOE.to_owned()),
            mode,
            from: None,
        };
        let instruction = Instruction::Supervise(supervise);
        let message = |request| Callback::Instruct {
            task,
            reservation,
            instruction: instruction.clone(),
            request,
            expected_versions: None,
        };
        stage
            .test_centre
            .centre
            .outbox()
            .callback(message(1))
            .await
            .unwrap();
        stage.pass(SLACK).await;
        assert!(
            !stage.test_centre.ringing().await.contains_key(JOE),
            "there is no conversation to join"
        );

        stage.act(maya, "answer").await;
        for _ in 0..2 {
            stage
                .test_centre
                .centre
                .outbox()
                .callback(message(2))
                .await
                .unwrap();
            stage.pass(SLACK).await;
        }
        let ringing = stage.test_centre.ringing().await;
        assert_eq!(ringing.len(), 1, "one request, one call: {ringing:?}");
        let joe = stage.phone(JOE).await;
        stage.act(joe, "answer").await;
        let participants = stage.participants().await;
        let own = participants
            .iter()
            .find(|one| one["call_sid"] == joe.to_string())
            .unwrap();
        assert_eq!(
            (own["muted"] == true, !own["coaching"].is_null()),
            (muted, coaching),
            "{mode:?} {own}"
        );
        stage.act(joe, "hangup").await;
        assert_eq!(
            stage.status().await,
            AssignmentStatus::Assigned,
            "the conversation continues"
        );
        stage.close().await;
    }
}
