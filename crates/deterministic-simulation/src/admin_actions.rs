//! Administrators: they change Workers' Activities and capacities, end Tasks, edit the
//! configuration, give instructions, and restart the carrier.

use std::sync::Arc;
use std::time::Duration;

use ids::WorkerSid;
use runtime::Outbox;
use serde_json::json;
use store::Store;
use task_router::model::{Instruction, ReservationStatus, Task, TaskChannelName, Worker};
use task_router::router::effects::Callback;

use crate::carrier_outages::Calls;
use crate::centre::Centre;
use crate::history::short;
use crate::invariants::Invariant;
use crate::invocation::invoke;
use crate::scenario::{Configuration, NUMBER, Names};

/// Performs a random action every few seconds, until the calm phase.
pub async fn run(centre: Arc<Centre>, names: Names, configuration: Configuration) {
    let world = &centre.world;
    let mut configuration = configuration;
    loop {
        world.pass(2_000, 15_000).await;
        if world.calm_since().is_some() {
            return;
        }
        match world.number(0, 23) {
            0..=9 => set_activity(&centre, &names).await,
            10..=11 => end_task(&centre, &names).await,
            12..=13 => {
                configuration = configuration.edited(world);
                apply(&centre, &configuration).await;
            }
            14..=15 => name_agent(&centre, &names).await,
            16..=18 => instruct(&centre).await,
            19..=21 => edit_channel(&centre, &names).await,
            22 => restart_carrier(&centre),
            _ => {}
        }
    }
}

/// Opens every Worker's channel and makes every Worker available who is offline. This repeats
/// actions that failed in the storm.
pub async fn open_for_all(centre: &Centre, names: &Names) {
    let closed: Vec<_> = centre.history.read(|picture| {
        let takes_none = |worker: &&Worker| {
            let share = worker.share(TaskChannelName::VOICE);
            !share.available || share.configured_capacity == 0
        };
        picture
            .workers
            .values()
            .filter(takes_none)
            .map(|worker| worker.sid)
            .collect()
    });
    for worker in closed {
        change_channel(
            centre,
            names,
            worker,
            &[("Available", "true"), ("Capacity", "1")],
        )
        .await;
    }
    let idle: Vec<_> = centre.history.read(|picture| {
        let idle = picture
            .workers
            .values()
            .filter(|worker| worker.activity_sid == names.offline);
        idle.map(|worker| worker.sid).collect()
    });
    for worker in idle {
        let path = format!("/v1/Workspaces/{}/Workers/{worker}", names.workspace.sid);
        centre
            .post_to_api(&path, &[("ActivitySid", &names.available.to_string())])
            .await;
    }
}

/// Closes a Worker's channel for a moment, during the calm phase.
pub async fn close_for_a_moment(centre: Arc<Centre>, names: Names, after_millis: u64) {
    let world = &centre.world;
    tokio::time::sleep(Duration::from_millis(after_millis)).await;
    let Some(worker) = centre
        .history
        .read(|picture| world.choose(picture.workers.keys().copied()))
    else {
        return;
    };
    change_channel(&centre, &names, worker, &[("Available", "false")]).await;
    world.pass(5_000, 20_000).await;
    change_channel(&centre, &names, worker, &[("Available", "true")]).await;
}

/// Changes the capacity of a Worker's channel, or opens or closes the channel.
async fn edit_channel(centre: &Centre, names: &Names) {
    let world = &centre.world;
    let Some(worker) = centre
        .history
        .read(|picture| world.choose(picture.workers.keys().copied()))
    else {
        return;
    };
    let capacity = world.number(0, 3).to_string();
    let edits = [
        vec![("Available", "false")],
        vec![("Available", "true")],
        vec![("Capacity", &*capacity)],
    ];
    change_channel(
        centre,
        names,
        worker,
        &world.choose(edits).unwrap_or_default(),
    )
    .await;
}

async fn change_channel(centre: &Centre, names: &Names, worker: WorkerSid, form: &[(&str, &str)]) {
    let path = format!(
        "/v1/Workspaces/{}/Workers/{worker}/Channels/voice",
        names.workspace.sid
    );
    let status = centre.post_to_api(&path, form).await;
    centre.world.note(format_args!(
        "channel of {}: {form:?}: {status:?}",
        short(worker)
    ));
}

/// Restarts the carrier, with or without its calls, while other actions continue.
fn restart_carrier(centre: &Arc<Centre>) {
    let carrier = Arc::clone(&centre.carrier);
    let calls = if centre.world.happens(0.5) {
        Calls::Lost
    } else {
        Calls::Kept
    };
    tokio::spawn(async move { carrier.restart(calls).await });
}

async fn set_activity(centre: &Centre, names: &Names) {
    let world = &centre.world;
    let Some(worker) = centre
        .history
        .read(|picture| world.choose(picture.workers.keys().copied()))
    else {
        return;
    };
    let activities = [
        names.available,
        names.available,
        names.available,
        names.offline,
        names.wrap_up,
    ];
    let Some(activity) = world.choose(activities) else {
        return;
    };
    let reject = if world.happens(0.4) { "true" } else { "false" };
    let path = format!("/v1/Workspaces/{}/Workers/{worker}", names.workspace.sid);
    let form = [
        ("ActivitySid", activity.to_string()),
        ("RejectPendingReservations", reject.to_owned()),
    ];
    let form: Vec<(&str, &str)> = form
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let status = centre.post_to_api(&path, &form).await;
    world.note(format_args!(
        "{} is set to activity {}: {status:?}",
        short(worker),
        short(activity)
    ));
}

async fn end_task(centre: &Centre, names: &Names) {
    let world = &centre.world;
    let active = centre.history.read(|picture| {
        let active = picture
            .tasks
            .values()
            .filter(|task| !task.assignment_status.is_end());
        world.choose(active.map(|task| task.sid))
    });
    let Some(task) = active else { return };
    let end = if world.happens(0.5) {
        "completed"
    } else {
        "canceled"
    };
    let path = format!("/v1/Workspaces/{}/Tasks/{task}", names.workspace.sid);
    let status = centre
        .post_to_api(&path, &[("AssignmentStatus", end), ("Reason", "by hand")])
        .await;
    world.note(format_args!("{} is set to {end}: {status:?}", short(task)));
}

/// Names an agent in a Task's attributes.
async fn name_agent(centre: &Centre, names: &Names) {
    let world = &centre.world;
    let (task, agent) = centre.history.read(|picture| {
        let active = picture
            .tasks
            .values()
            .filter(|task| !task.assignment_status.is_end());
        let agent = world.choose(
            picture
                .workers
                .values()
                .map(|worker| worker.friendly_name.clone()),
        );
        (world.choose(active.cloned()), agent)
    });
    let (Some(task), Some(agent)) = (task, agent) else {
        return;
    };
    let Ok(attributes) = task.attributes.with("agent", agent.clone().into()) else {
        return;
    };
    let path = format!("/v1/Workspaces/{}/Tasks/{}", names.workspace.sid, task.sid);
    let status = centre
        .post_to_api(&path, &[("Attributes", &attributes.to_json())])
        .await;
    world.note(format_args!(
        "{} names the agent {agent}: {status:?}",
        short(task.sid)
    ));
}

/// Gives an instruction through the API, and not as the answer to an assignment callback.
async fn instruct(centre: &Centre) {
    let world = &centre.world;
    let (offer, supervisor) = centre.history.read(|picture| {
        let tasks = picture.tasks.values();
        let open = tasks.flat_map(|task| {
            task.open_reservations()
                .map(|offer| (task.sid, offer.sid, offer.status))
        });
        (
            world.choose(open.collect::<Vec<_>>()),
            world.choose(picture.workers.keys().copied()),
        )
    });
    let (Some((task, reservation, status)), Some(supervisor)) = (offer, supervisor) else {
        return;
    };
    let given = if status == ReservationStatus::Pending {
        world.choose([
            json!({ "instruction": "dequeue", "from": NUMBER, "timeout": 15 }),
            json!({ "instruction": "conference", "from": NUMBER, "timeout": 15 }),
            json!({ "instruction": "accept" }),
            json!({ "instruction": "reject" }),
        ])
    } else {
        Some(
            json!({ "instruction": "supervise", "supervisor": supervisor, "supervisor_mode": "monitor" }),
        )
    };
    let given = given.unwrap_or_default();
    let instruction = match Instruction::from_json("application/json", given.to_string().as_bytes())
    {
        Ok(Some(instruction)) => instruction,
        Ok(None) | Err(_) => {
            return world.violated(
                Invariant::Simulation,
                format_args!("invalid instruction: {given}"),
            );
        }
    };
    world.note(format_args!(
        "{} gets the instruction {given}",
        short(reservation)
    ));
    let request = world.number(1, u64::MAX);
    // Some requests are conditional on the version of the Task that was read, and may be too late.
    let seen = centre
        .history
        .read(|picture| picture.tasks.get(&task).map(Task::visible_version));
    let expected_versions = match seen {
        Some(version) if world.happens(0.3) => Some(vec![version]),
        Some(_) | None => None,
    };
    let callback = Callback::Instruct {
        task,
        reservation,
        instruction,
        request,
        expected_versions,
    };
    // The queue reports a failure to the sender only.
    let _accepted = centre.queues.callback(callback).await;
}

/// Applies a configuration. A later apply completes an interrupted one.
async fn apply(centre: &Centre, configuration: &Configuration) {
    let world = &centre.world;
    let contact_centre = match configuration.read(centre.account) {
        Ok(contact_centre) => contact_centre,
        Err(problems) => return world.violated(Invariant::Simulation, problems),
    };
    let store: Store = centre.another_store();
    let applied = invoke(
        world,
        "apply",
        config::apply(&store, &contact_centre, world.now()),
    )
    .await;
    world.note(format_args!(
        "configuration edited, applied: {}",
        matches!(applied, Ok(Ok(_)))
    ));
}
