//! People: callers who dial, press keys, wait and hang up, and Workers who answer their phones.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use carrier_simulator::network::{Call, CallStatus, Direction, Input, Output};
use ids::CallSid;

use crate::centre::Centre;
use crate::history::short;
use crate::scenario::NUMBER;

/// Period at which the Workers' phones are checked for a ringing call.
const CHECK_EVERY: Duration = Duration::from_millis(250);

/// One caller, from dialing to hanging up.
pub async fn caller(centre: Arc<Centre>, number: u64, dials_after_millis: u64) {
    let world = &centre.world;
    tokio::time::sleep(Duration::from_millis(dials_after_millis)).await;
    let outputs = centre.carrier.handle(Input::Dial {
        from: format!("+1555010{number:04}"),
        to: NUMBER.to_owned(),
    });
    let Some(call) = outputs.into_iter().find_map(created) else {
        return;
    };
    world.note(format_args!("caller {} dials", short(call)));
    world.pass(500, 6_000).await;
    let pressed = ["1", "1", "1", "2", "2", "9", ""];
    let digits = world.choose(pressed).unwrap_or_default();
    if !digits.is_empty() {
        centre.carrier.handle(Input::Digits {
            call,
            digits: digits.to_owned(),
        });
    }
    if world.happens(0.3) {
        world.pass(1, 30_000).await;
        hang_up(&centre, call, "impatient caller");
    }
    // The other callers wait until they are served.
}

/// Answers the Workers' phones, forever. During the calm every call is answered.
pub async fn workers(centre: Arc<Centre>) {
    let mut seen = BTreeSet::new();
    loop {
        let ringing = |call: &&&Call| {
            call.direction != Direction::Inbound && call.status == CallStatus::Ringing
        };
        let rings: Vec<CallSid> = centre.carrier.read(|network| {
            network
                .calls()
                .iter()
                .filter(ringing)
                .map(|call| call.sid)
                .collect()
        });
        for call in rings {
            if seen.insert(call) {
                tokio::spawn(pick_up(Arc::clone(&centre), call));
            }
        }
        tokio::time::sleep(CHECK_EVERY).await;
    }
}

/// Every caller who is still on the line hangs up.
pub fn callers_hang_up(centre: &Centre) {
    let live = |call: &&&Call| call.direction == Direction::Inbound && !call.status.is_over();
    let calls: Vec<CallSid> = centre.carrier.read(|network| {
        network
            .calls()
            .iter()
            .filter(live)
            .map(|call| call.sid)
            .collect()
    });
    for call in calls {
        hang_up(centre, call, "caller");
    }
}

async fn pick_up(centre: Arc<Centre>, call: CallSid) {
    let world = &centre.world;
    world.pass(300, 5_000).await;
    let calm = world.calm_since().is_some();
    match world.number(0, 9) {
        0..=1 if !calm => return,
        2 if !calm => {
            world.note(format_args!("Worker's phone {} is declined", short(call)));
            centre.carrier.handle(Input::Decline(call));
            return;
        }
        _ => {
            world.note(format_args!("Worker's phone {} is answered", short(call)));
            centre.carrier.handle(Input::Answer(call));
        }
    }
    // Some Workers hang up during the greeting, others after a conversation.
    let hurry = !calm && world.happens(0.15);
    world.pass(500, if hurry { 4_000 } else { 25_000 }).await;
    let other = centre
        .carrier
        .read(|network| network.call(call).and_then(Call::bridged_with));
    match other {
        Some(caller) if world.happens(0.5) => {
            hang_up(&centre, caller, "caller after a conversation");
        }
        Some(_) | None => hang_up(&centre, call, "Worker"),
    }
}

fn hang_up(centre: &Centre, call: CallSid, who: &str) {
    let is_live = centre.carrier.read(|network| {
        network
            .call(call)
            .is_some_and(|call| !call.status.is_over())
    });
    if is_live {
        centre
            .world
            .note(format_args!("{who} {} hangs up", short(call)));
        centre.carrier.handle(Input::HangUp(call));
    }
}

fn created(output: Output) -> Option<CallSid> {
    match output {
        Output::CallCreated(call) => Some(call),
        Output::Fetch(_) | Output::QueueCreated(_) | Output::Dequeued(_) | Output::Refused(_) => {
            None
        }
    }
}
