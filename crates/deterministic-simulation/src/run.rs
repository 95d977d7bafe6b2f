//! One run: a storm of some minutes, then calm, in which everything must come right, and in the end everything once more.

use std::sync::Arc;
use std::time::Duration;

use ids::AccountSid;
use ids::time::Millis;

use crate::centre::Centre;
use crate::invariants::Invariant;
use crate::invariants::calm::{MENDING, Watch, left_over};
use crate::invariants::events;
use crate::scenario::{Names, SetUp};
use crate::world::World;
use crate::{Run, admin_actions, non_voice_tasks, people, replay};

/// How often a calm centre is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(4);

/// How long callers are served in the calm, after what is broken had time to be mended.
const SERVED: Millis = Millis::from_secs(45);

/// How long a centre without callers has for what it only notices by asking: calls are asked after every three minutes.
const EMPTY: Millis = Millis::from_secs(300);

/// Callers who come in the storm, at most.
const CALLERS_MAX: u64 = 4;

/// Callers who come in the calm, nearly at once, at most.
const RUSH_CALLERS_MAX: u64 = 4;

/// Share of the runs at whose end everything is handed over again: it takes as long as the rest.
const REPLAYED_SHARE: f64 = 0.125;

/// Share of the Tasks that are no calls.
const ERRANDS_SHARE: f64 = 0.2;

/// Share of the runs in whose calm a Worker takes no calls for a moment.
const CLOSED_SHARE: f64 = 0.3;

/// The shortest and the longest storm, in milliseconds: most bugs need little time, and short runs are many.
const STORM_MILLIS: (u64, u64) = (30_000, 120_000);

/// Runs one seed to its end, or to its first violation.
pub async fn run(seed: u64, prints: bool) -> Run {
    let world = World::new(seed, prints);
    let centre = tokio::select! {
        biased;
        () = world.until_violated() => None,
        centre = story(&world) => match centre {
            Ok(centre) => Some(centre),
            Err(problem) => {
                world.violated(Invariant::Simulation, problem);
                None
            }
        },
    };
    Run {
        seed,
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

async fn story(world: &Arc<World>) -> Result<Arc<Centre>, String> {
    let account = AccountSid::derive(&["simulation"]);
    let set_up = SetUp::roll(world);
    let contact_centre = set_up.read(account)?;
    let names =
        Names::of(&contact_centre, set_up.first_step).ok_or("the set-up has other names")?;
    world.set_names(names.clone());
    world.note(format_args!("{set_up:?}"));
    world.note(format_args!("{:?}", world.faults));
    let centre = Centre::open(world, &contact_centre, account).await?;
    centre.start();
    tokio::spawn(people::workers(Arc::clone(&centre)));
    tokio::spawn(non_voice_tasks::desks(Arc::clone(&centre), names.clone()));
    storm(&centre, &names, set_up).await;
    calm(&centre, &names).await;
    events::check_order(&centre);
    if world.happens(REPLAYED_SHARE) {
        replay::replay(&centre).await;
    }
    events::check_kept(&centre).await;
    Ok(centre)
}

async fn storm(centre: &Arc<Centre>, names: &Names, set_up: SetUp) {
    let world = &centre.world;
    world.set_calm(false);
    let lasts = world.number(STORM_MILLIS.0, STORM_MILLIS.1);
    for number in 0..world.number(1, CALLERS_MAX) {
        comes(centre, names, number, world.number(0, lasts * 2 / 3));
    }
    let office = tokio::spawn(admin_actions::busy(
        Arc::clone(centre),
        names.clone(),
        set_up,
    ));
    world.pass(lasts, lasts).await;
    world.set_calm(true);
    office.abort();
}

/// After so many milliseconds somebody calls, or makes a Task that is no call.
fn comes(centre: &Arc<Centre>, names: &Names, number: u64, after_millis: u64) {
    if centre.world.happens(ERRANDS_SHARE) {
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
        comes(
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
    while world.now().since(since) < MENDING.saturating_add(SERVED) {
        tokio::time::sleep(LOOK_EVERY).await;
        if world.now().since(since) > MENDING {
            watch.look(centre, names);
        }
    }
    people::callers_hang_up(centre);
    let empty_since = world.now();
    while !left_over(centre).is_empty() && world.now().since(empty_since) < EMPTY {
        tokio::time::sleep(LOOK_EVERY).await;
    }
    // What is under way ends, for better or worse.
    tokio::time::sleep(LOOK_EVERY * 4).await;
    for left in left_over(centre) {
        world.violated(Invariant::EverythingEnds, left);
    }
}
