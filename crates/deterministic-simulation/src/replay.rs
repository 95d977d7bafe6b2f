//! Invariant 5: everything that was ever handed over is handed over once more, and nothing changes.

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

/// Hands everything over once more: records, timers, callbacks, webhooks.
pub async fn replay(centre: &Centre) {
    let world = &centre.world;
    world.note(format_args!("---- everything again"));
    let (before, calls) = (centre.history.picture(), centre.network.calls_placed());
    let (webhooks, sent) = (centre.network.webhooks(), centre.queues.sent());
    for record in centre.history.records_from(0) {
        deliver(world, &centre.routing, &[record]).await;
    }
    let receivers = Receivers {
        routing: Arc::clone(&centre.routing),
        callbacks: Arc::clone(&centre.callbacks),
    };
    for wake in &sent.wakes {
        receivers.timer(world, wake).await;
    }
    for callback in &sent.callbacks {
        receivers.call(world, callback).await;
    }
    for notice in &sent.events {
        receivers.call(world, notice).await;
    }
    for request in webhooks
        .into_iter()
        .filter(|request| !makes_a_task(request, &before))
    {
        Network::ask_centre(Arc::clone(world), centre.webhooks.clone(), request).await;
    }
    let after = centre.history.picture();
    if but_for_the_queue(&after) != but_for_the_queue(&before) {
        world.violated(
            Invariant::Idempotence,
            "a Task changed when everything was handed over again",
        );
    }
    if after.workers != before.workers {
        world.violated(
            Invariant::Idempotence,
            "a Worker changed when everything was handed over again",
        );
    }
    if centre.network.calls_placed() != calls {
        world.violated(
            Invariant::Idempotence,
            "somebody was rung when everything was handed over again",
        );
    }
}

/// All Tasks, but for what an ended one may still learn: which of the carrier's queues is to be deleted. A notice that was
/// of no use while the caller was being moved can say so later.
fn but_for_the_queue(picture: &Picture) -> Vec<Task> {
    let never = Timestamp::from_millis(0);
    let blank = |task: &Task| Task {
        carrier_queue_sid: None,
        version: 0,
        date_updated: never,
        ..task.clone()
    };
    picture.tasks.values().map(blank).collect()
}

/// A caller who was asked to hold because the table was away, and hung up: handled now, the same key would make a Task.
fn makes_a_task(request: &Request, picture: &Picture) -> bool {
    let mut form = form_urlencoded::parse(request.body());
    let call = form
        .find(|(name, _)| name == "CallSid")
        .map(|(_, call)| call.into_owned());
    let task = TaskSid::derive(&[&call.unwrap_or_default()]);
    request.uri().path() == path::ENQUEUE_CALL && !picture.tasks.contains_key(&task)
}
