//! TaskChannels: capacity and idle time (taskrouter.md sections 4 and 9).

use super::world::*;
use crate::model::*;
use crate::router::effects::Effect;
use crate::router::*;

fn chat(new: &mut NewTask) {
    new.channel = TaskChannelName::CHAT;
}

#[test]
fn capacity_limits_parallel_tasks() {
    let mut world = world().worker("Ben", ENGLISH);
    world
        .share("Ben", TaskChannelName::CHAT)
        .configured_capacity = 3;
    for name in ["c1", "c2", "c3", "c4"] {
        world.make(name, "en", chat).unwrap();
        world.advance(name);
    }
    let offered = ["c1", "c2", "c3", "c4"].map(|name| world.offered_to(name).len());
    assert_eq!(offered, [1, 1, 1, 0]);
    let (_, effects) = world.caller_hangs_up("c2");
    assert!(
        effects.contains(&Effect::MatchWorker(worker("Ben"))),
        "{effects:?}"
    );
    assert_eq!(
        (world.serve("Ben"), world.offered_to("c4").len()),
        (Outcome::Changed, 1)
    );
}

#[test]
fn channels_do_not_share_capacity() {
    let mut world = world().worker("Ben", ENGLISH);
    world.call("c1", "en");
    world.make("c2", "en", chat).unwrap();
    world.advance("c1");
    assert_eq!(world.serve("Ben"), Outcome::Changed);
    assert_eq!(
        (world.offered_to("c1").len(), world.offered_to("c2").len()),
        (1, 1)
    );
}

#[test]
fn every_open_reservation_takes_a_slot() {
    let mut world = world().worker("Ben", ENGLISH);
    world.channel(TaskChannelName::VOICE).after_conversation = AfterConversation::Wrap;
    world.call("c1", "en");
    world.call("c2", "en");
    world.advance("c1");
    assert_eq!(world.serve("Ben"), Outcome::AlreadySo, "pending");
    world.accept("c1");
    assert_eq!(world.serve("Ben"), Outcome::AlreadySo, "accepted");
    world.caller_hangs_up("c1");
    assert_eq!(
        (world.status("c1"), world.serve("Ben")),
        (AssignmentStatus::Wrapping, Outcome::AlreadySo)
    );
    world.set_status("c1", AssignmentStatus::Completed);
    assert_eq!(world.serve("Ben"), Outcome::Changed);
}

/// A channel that is unavailable or has no capacity gets no Tasks; the other channels do.
#[test]
fn closed_channel_gets_no_tasks() {
    let closings: [fn(&mut WorkerChannel); 2] = [
        |share| share.available = false,
        |share| share.configured_capacity = 0,
    ];
    for close in closings {
        let mut world = world().worker("Ben", ENGLISH);
        close(world.share("Ben", TaskChannelName::VOICE));
        world.call("c1", "en");
        world.make("c2", "en", chat).unwrap();
        world.advance("c1");
        world.advance("c2");
        assert_eq!(
            (world.offered_to("c1").len(), world.offered_to("c2").len()),
            (0, 1)
        );
    }
}

/// Idle time is counted over all channels, or in one channel with channel-optimized routing.
#[test]
fn idle_time_counts_channels_or_one() {
    for (optimized, expected) in [(false, "Cai"), (true, "Ben")] {
        let mut world = world().worker("Ben", ENGLISH).worker("Cai", ENGLISH);
        world
            .channel(TaskChannelName::VOICE)
            .channel_optimized_routing = optimized;
        world.make("c1", "en", chat).unwrap();
        world.advance("c1");
        assert_eq!(world.offered_to("c1"), ["Ben"]);
        world.wait(1);
        world.call("c2", "en");
        world.advance("c2");
        assert_eq!(world.offered_to("c2"), [expected], "optimized {optimized}");
    }
}

#[test]
fn more_capacity_matches_worker() {
    let mut world = world().worker("Ben", ENGLISH);
    world.call("c1", "en");
    world.advance("c1");
    let change = |capacity, available| Command::WorkerChannelUpdated {
        worker: worker("Ben"),
        channel: TaskChannelName::VOICE,
        capacity,
        available,
    };
    let serves = |effects: Vec<Effect>| effects.contains(&Effect::MatchWorker(worker("Ben")));
    assert!(serves(world.happens(change(Some(2), None)).1));
    assert_eq!(
        world.happens(change(Some(2), None)),
        (Outcome::AlreadySo, vec![])
    );
    assert!(
        !serves(world.happens(change(None, Some(false))).1),
        "a Worker who is ready for less takes no Task that they could not take before"
    );
    assert_eq!(
        world.workers[&worker("Ben")]
            .share(TaskChannelName::VOICE)
            .configured_capacity,
        2
    );
    assert!(serves(world.happens(change(None, Some(true))).1));
    let unknown = Command::WorkerChannelUpdated {
        worker: worker("Ben"),
        channel: TaskChannelName::SMS,
        capacity: Some(1),
        available: None,
    };
    assert_eq!(
        world.happens(unknown).0,
        Outcome::Refused(Refusal::NoSuchTaskChannel)
    );
}

#[test]
fn capacity_read_by_step_matches_worker() {
    let roomy = Target {
        expression: expression("worker.channel.voice.configured_capacity >= 2"),
        ..target("en")
    };
    let mut world = world().worker("Ben", ENGLISH).steps(vec![roomy]);
    world.call("c1", "en");
    world.advance("c1");
    assert_eq!(world.offered_to("c1").len(), 0);
    let (_, effects) = world.happens(Command::WorkerChannelUpdated {
        worker: worker("Ben"),
        channel: TaskChannelName::VOICE,
        capacity: Some(2),
        available: None,
    });
    assert!(
        effects.contains(&Effect::MatchWorker(worker("Ben"))),
        "{effects:?}"
    );
    assert_eq!(
        (world.serve("Ben"), world.offered_to("c1").len()),
        (Outcome::Changed, 1)
    );
}
