//! Tasks that are not calls: created through the API, some for one Worker, some with a customer to
//! be dialed, and handled through the API.

use std::sync::Arc;
use std::time::Duration;

use ids::{ReservationSid, TaskSid};
use serde_json::json;
use task_router::model::{AssignmentStatus, Task};

use crate::centre::Centre;
use crate::history::short;
use crate::scenario::{NUMBER, Names};

/// Period at which Workers look at their Tasks.
const CHECK_EVERY: Duration = Duration::from_secs(3);

/// Shortest and longest timeout of such a Task, in seconds.
const TIMEOUT_SECS: (u64, u64) = (40, 120);

/// Share of these Tasks that have a customer to be dialed.
const OUTBOUND_SHARE: f64 = 0.5;

/// Creates a Task after a delay: for one Worker, who may have no free slot, for a TaskQueue, or for
/// the Workflow.
pub async fn make(centre: Arc<Centre>, names: Names, after_millis: u64) {
    let world = &centre.world;
    tokio::time::sleep(Duration::from_millis(after_millis)).await;
    let worker = centre
        .history
        .read(|picture| world.choose(picture.workers.keys().map(ToString::to_string)));
    let queue = world.choose(names.workspace.task_queues.keys().map(ToString::to_string));
    let target = match world.number(0, 5) {
        0..=3 => worker,
        4 => queue,
        _ => None,
    };
    let ignores = match world.choose(["true", "false", ""]) {
        Some("") | None => None,
        Some(ignores) => Some(ignores),
    };
    let timeout = world.number(TIMEOUT_SECS.0, TIMEOUT_SECS.1).to_string();
    let language = world.choose(["en", "hi"]).unwrap_or("en");
    let mut attributes = json!({ "selected_language": language });
    if world.happens(OUTBOUND_SHARE) {
        attributes["outbound_to"] = format!("+1555020{:04}", world.number(0, 9_999)).into();
        attributes["to"] = NUMBER.into();
    }
    let attributes = attributes.to_string();
    let mut form = vec![
        ("TaskChannel", "voice"),
        ("Timeout", &timeout),
        ("Attributes", &attributes),
    ];
    form.extend(target.as_deref().map(|target| ("RoutingTarget", target)));
    form.extend(ignores.map(|ignores| ("IgnoreCapacity", ignores)));
    let path = format!("/v1/Workspaces/{}/Tasks", names.workspace.sid);
    let status = centre.post_to_api(&path, &form).await;
    world.note(format_args!(
        "Task without a call for {target:?}, ignoring capacity {ignores:?}: {status:?}"
    ));
}

/// Workers accept, reject and complete such Tasks, sooner or later.
pub async fn handle_all(centre: Arc<Centre>, names: Names) {
    let world = &centre.world;
    loop {
        tokio::time::sleep(CHECK_EVERY).await;
        let active: Vec<(TaskSid, Step)> = centre.history.read(|picture| {
            let tasks = picture
                .tasks
                .values()
                .filter(|task| task.call_sid().is_none());
            tasks
                .filter_map(|task| Some((task.sid, Step::next(task)?)))
                .collect()
        });
        for (task, step) in active {
            if world.happens(0.3) {
                let step = if world.happens(0.2) {
                    step.alternative()
                } else {
                    step
                };
                step.execute(&centre, &names, task).await;
            }
        }
    }
}

/// One step in the handling of such a Task.
#[derive(Debug, Clone, Copy)]
enum Step {
    Accept(ReservationSid),
    Reject(ReservationSid),
    Complete,
}

impl Step {
    /// The step that brings the Task closer to its end.
    fn next(task: &Task) -> Option<Self> {
        match task.assignment_status {
            AssignmentStatus::Reserved => task
                .pending_reservations()
                .next()
                .map(|offer| Self::Accept(offer.sid)),
            AssignmentStatus::Assigned | AssignmentStatus::Wrapping => Some(Self::Complete),
            AssignmentStatus::Pending
            | AssignmentStatus::Completed
            | AssignmentStatus::Canceled => None,
        }
    }

    fn alternative(self) -> Self {
        match self {
            Self::Accept(offer) => Self::Reject(offer),
            Self::Reject(_) | Self::Complete => self,
        }
    }

    async fn execute(self, centre: &Centre, names: &Names, task: TaskSid) {
        let path = format!("/v1/Workspaces/{}/Tasks/{task}", names.workspace.sid);
        let of_offer = |offer: ReservationSid| format!("{path}/Reservations/{offer}");
        let status = match self {
            Self::Accept(offer) => {
                centre
                    .post_to_api(&of_offer(offer), &[("ReservationStatus", "accepted")])
                    .await
            }
            Self::Reject(offer) => {
                centre
                    .post_to_api(&of_offer(offer), &[("ReservationStatus", "rejected")])
                    .await
            }
            Self::Complete => {
                centre
                    .post_to_api(&path, &[("AssignmentStatus", "completed")])
                    .await
            }
        };
        centre
            .world
            .note(format_args!("Task {}: {self:?}: {status:?}", short(task)));
    }
}
