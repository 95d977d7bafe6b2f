//! Invariant 5, idempotence: replays every record, timer, message and webhook of the run, after
//! which nothing may have changed.

use std::sync::Arc;

use http_client::Request;
use ids::TaskSid;
use ids::time::Timestamp;
use shared::webhook::path;
use task_router::model::Task;

use crate::centre::Centre;
use crate::history::Picture;
use crate::invariants::Invariant;
use crate::queues::Receivers;
use crate::stream::deliver;
use crate::web::Network;

/// Replays records, timers, callbacks, events and webhooks.
pub async fn replay(centre: &Centre) {
    let world = &centre.world;
    world.note(format_args!("---- replay"));
    let before = centre.history.picture();
    let calls = centre.network.calls_placed();
    let webhooks = centre.network.webhooks();
    let sent = centre.queues.sent();
    for record in centre.history.records_from(0) {
        deliver(world, &centre.routing, &[record]).await;
    }
    let receivers = Receivers {
        routing: Arc::clone(&centre.routing),
        callbacks: Arc::clone(&centre.callbacks),
    };
    for timer in &sent.timers {
        receivers.timer(world, timer).await;
    }
    for callback in &sent.callbacks {
        receivers.deliver(world, callback).await;
    }
    for notice in &sent.events {
        receivers.deliver(world, notice).await;
    }
    for request in webhooks
        .into_iter()
        .filter(|request| !would_create_a_task(request, &before))
    {
        Network::request_centre(Arc::clone(world), centre.webhooks.clone(), request).await;
    }
    let after = centre.history.picture();
    if without_carrier_queues(&after) != without_carrier_queues(&before) {
        world.violated(Invariant::Idempotence, "the replay changed a Task");
    }
    if after.workers != before.workers {
        world.violated(Invariant::Idempotence, "the replay changed a Worker");
    }
    if centre.network.calls_placed() != calls {
        world.violated(Invariant::Idempotence, "the replay placed a call");
    }
}

/// All Tasks without the carrier's queue. An ended Task may still learn which queue to delete,
/// because a notice that was ignored while the caller was being moved has that effect later.
fn without_carrier_queues(picture: &Picture) -> Vec<Task> {
    let never = Timestamp::from_millis(0);
    let blank = |task: &Task| Task {
        carrier_queue_sid: None,
        version: 0,
        date_updated: never,
        ..task.clone()
    };
    picture.tasks.values().map(blank).collect()
}

/// Whether the request would create a Task now: the table was unavailable when the key was pressed,
/// and the caller hung up during the apology.
fn would_create_a_task(request: &Request, picture: &Picture) -> bool {
    let mut form = form_urlencoded::parse(request.body());
    let call = form
        .find(|(name, _)| name == "CallSid")
        .map(|(_, call)| call.into_owned());
    let task = TaskSid::derive(&[&call.unwrap_or_default()]);
    let creates = [path::ENQUEUE_CALL, path::FLOW_STEP].contains(&request.uri().path());
    creates && !picture.tasks.contains_key(&task)
}
