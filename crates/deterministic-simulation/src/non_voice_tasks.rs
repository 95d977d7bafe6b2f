//! Tasks that are no calls: made through the API, some for one Worker, some with a customer to be dialed, and worked off at
//! desks.

use std::sync::Arc;
use std::time::Duration;

use ids::{ReservationSid, TaskSid};
use serde_json::json;
use task_router::model::{AssignmentStatus, Task};

use crate::centre::Centre;
use crate::history::short;
use crate::scenario::{NUMBER, Names};

/// How often the desks are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(3);

/// The shortest and the longest time such a Task waits before it is canceled, in seconds.
const TIMEOUT_SECS: (u64, u64) = (40, 120);

/// Share of these Tasks whose customer can be dialed.
const OUTBOUND_SHARE: f64 = 0.5;

/// Somebody makes a Task: for one Worker, who may have no time for it, for a queue, or for whom the Workflow finds.
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
    let ignores = world
        .choose(["true", "false", ""])
        .filter(|ignores| !ignores.is_empty());
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
        "an errand for {target:?}, ignoring capacity {ignores:?}: {status:?}"
    ));
}

/// Whoever has such a Task answers and ends it, sooner or later.
pub async fn desks(centre: Arc<Centre>, names: Names) {
    let world = &centre.world;
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let living: Vec<(TaskSid, Deed)> = centre.history.read(|picture| {
            let errands = picture
                .tasks
                .values()
                .filter(|task| task.call_sid().is_none());
            errands
                .filter_map(|task| Some((task.sid, Deed::next(task)?)))
                .collect()
        });
        for (task, deed) in living {
            if world.happens(0.3) {
                let deed = if world.happens(0.2) {
                    deed.other()
                } else {
                    deed
                };
                deed.carry_out(&centre, &names, task).await;
            }
        }
    }
}

/// What can be done with such a Task.
#[derive(Debug, Clone, Copy)]
enum Deed {
    Accept(ReservationSid),
    Reject(ReservationSid),
    Complete,
}

impl Deed {
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

    fn other(self) -> Self {
        match self {
            Self::Accept(offer) => Self::Reject(offer),
            Self::Reject(_) | Self::Complete => self,
        }
    }

    async fn carry_out(self, centre: &Centre, names: &Names, task: TaskSid) {
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
            .note(format_args!("errand {}: {self:?}: {status:?}", short(task)));
    }
}
