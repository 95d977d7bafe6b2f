//! One run: a storm of some minutes with faults, then a calm without faults in which everything
//! must recover, and in some runs a replay.

use std::sync::Arc;
use std::time::Duration;

use ids::AccountSid;
use ids::time::Millis;

use crate::centre::Centre;
use crate::disk::Outages;
use crate::invariants::Invariant;
use crate::invariants::calm::{RECOVERY, Watch, left_over};
use crate::invariants::events;
use crate::scenario::{Configuration, Names};
use crate::world::{Phase, World};
use crate::{Disk, Run, Trace, admin_actions, non_voice_tasks, people, replay};

/// Period of the checks during the calm.
const CHECK_EVERY: Duration = Duration::from_secs(4);

/// How long callers are served in the calm, after [`RECOVERY`].
const SERVED: Millis = Millis::from_secs(45);

/// How long the centre may take to end everything when all callers have hung up. Some ends are
/// found only by polling the carrier about each call every three minutes.
const EMPTY: Millis = Millis::from_secs(300);

/// Most callers in the storm.
const CALLERS_MAX: u64 = 4;

/// Most callers in the calm, who arrive almost simultaneously.
const RUSH_CALLERS_MAX: u64 = 4;

/// Share of the runs that end with a replay, which takes as long as the rest of the run.
const REPLAYED_SHARE: f64 = 0.125;

/// Share of the Tasks that are not calls.
const NON_VOICE_SHARE: f64 = 0.2;

/// Share of the runs in whose calm one Worker's channel is closed for a moment.
const CLOSED_SHARE: f64 = 0.3;

/// Shortest and longest storm, in milliseconds. Most bugs need little time, so many short runs find
/// more.
const STORM_MILLIS: (u64, u64) = (30_000, 120_000);

/// Runs one seed to its end, or to the first violation of an invariant.
pub async fn run(seed: u64, disk: Disk, trace: Trace) -> Run {
    let world = World::new(seed, disk, trace);
    let centre = tokio::select! {
        biased;
        () = world.until_violated() => None,
        centre = phases(&world) => match centre {
            Ok(centre) => Some(centre),
            Err(problem) => {
                world.violated(Invariant::Simulation, problem);
                None
            }
        },
    };
    Run {
        seed,
        disk,
        writes: centre.as_ref().map_or(0, |centre| centre.history.writes()),
        tasks: centre.as_ref().map_or(0, |centre| {
            centre.history.read(|picture| picture.tasks.len())
        }),
        calls_placed: centre
            .as_ref()
            .map_or(0, |centre| centre.network.calls_placed()),
        fingerprint: world.fingerprint(),
        failure: world.failure(),
    }
}

async fn phases(world: &Arc<World>) -> Result<Arc<Centre>, String> {
    let account = AccountSid::derive(&["simulation"]);
    let configuration = Configuration::roll(world);
    let contact_centre = configuration.read(account)?;
    let names = Names::of(&contact_centre, configuration.first_step)
        .ok_or("the configuration lacks a name")?;
    world.set_names(names.clone());
    world.note(format_args!("{configuration:?}"));
    world.note(format_args!("{:?}", world.faults));
    if world.outages != Outages::default() {
        world.note(format_args!("{:?}", world.outages));
    }
    let centre = Centre::open(world, &contact_centre, account).await?;
    centre.start();
    tokio::spawn(people::workers(Arc::clone(&centre)));
    tokio::spawn(non_voice_tasks::handle_all(
        Arc::clone(&centre),
        names.clone(),
    ));
    storm(&centre, &names, configuration).await;
    calm(&centre, &names).await;
    events::check_order(&centre);
    if world.happens(REPLAYED_SHARE) {
        replay::replay(&centre).await;
    }
    events::check_kept(&centre).await;
    Ok(centre)
}

async fn storm(centre: &Arc<Centre>, names: &Names, configuration: Configuration) {
    let world = &centre.world;
    world.begin(Phase::Storm);
    let lasts = world.number(STORM_MILLIS.0, STORM_MILLIS.1);
    for number in 0..world.number(1, CALLERS_MAX) {
        arrive(centre, names, number, world.number(0, lasts * 2 / 3));
    }
    let admin = tokio::spawn(admin_actions::run(
        Arc::clone(centre),
        names.clone(),
        configuration,
    ));
    world.pass(lasts, lasts).await;
    world.begin(Phase::Calm);
    admin.abort();
}

/// After `after_millis`, a caller dials or a Task that is not a call is created.
fn arrive(centre: &Arc<Centre>, names: &Names, number: u64, after_millis: u64) {
    if centre.world.happens(NON_VOICE_SHARE) {
        tokio::spawn(non_voice_tasks::make(
            Arc::clone(centre),
            names.clone(),
            after_millis,
        ));
    } else {
        tokio::spawn(people::caller(Arc::clone(centre), number, after_millis));
    }
}

async fn calm(centre: &Arc<Centre>, names: &Names) {
    let world = &centre.world;
    let since = world.now();
    let mut watch = Watch::default();
    admin_actions::open_for_all(centre, names).await;
    let rush = world.number(60_000, 100_000);
    for number in 0..world.number(1, RUSH_CALLERS_MAX) {
        arrive(
            centre,
            names,
            CALLERS_MAX + number,
            rush + world.number(0, 8_000),
        );
    }
    if world.happens(CLOSED_SHARE) {
        let closes_at = rush + world.number(0, 10_000);
        tokio::spawn(admin_actions::close_for_a_moment(
            Arc::clone(centre),
            names.clone(),
            closes_at,
        ));
    }
    while world.now().since(since) < RECOVERY.saturating_add(SERVED) {
        tokio::time::sleep(CHECK_EVERY).await;
        if world.now().since(since) > RECOVERY {
            watch.check(centre, names);
        }
    }
    people::callers_hang_up(centre);
    let empty_since = world.now();
    while !left_over(centre).is_empty() && world.now().since(empty_since) < EMPTY {
        tokio::time::sleep(CHECK_EVERY).await;
    }
    // Requests in flight end, with success or failure.
    tokio::time::sleep(CHECK_EVERY * 4).await;
    for left in left_over(centre) {
        world.violated(Invariant::EverythingEnds, left);
    }
}
