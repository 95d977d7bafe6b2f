//! The Tasks there are now: as the last roll-up left them, and what has happened since (taskrouter.md section 13, "Real-time").
//!
//! What a question found is kept in memory, and the next one follows only what has happened since then. Who asks while somebody
//! reads waits for a read that begins after they asked, and shares it with all others who wait.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ids::WorkspaceSid;
use ids::time::{Clock, Millis, Timestamp};
use task_router::model::Workspace;
use task_router::statistics::{ActiveTasks, RolledUp};
use tokio::sync::Mutex as Turn;

use crate::{Error, Store};

/// How much time is counted from the events themselves: rolling up begins with the hour before the present one, and is a minute or two
/// behind otherwise.
pub const UNROLLED_MAX: Millis = Millis::from_secs(2 * 3_600);

/// Rounds of queries for events that are not rolled up: 128,000 items.
pub const UNROLLED_ROUNDS_MAX: usize = 54;

/// How much of what was followed is followed once more, for events that were stored late by another process: of its own, each
/// process knows when they are stored.
const FOLLOWED_AGAIN: Millis = Millis::from_secs(10);

/// How long rows that were read are built upon: an event that was stored later than [`FOLLOWED_AGAIN`] is missed for no longer.
const ROWS_KEPT: Millis = Millis::from_secs(60);

/// Workspaces whose Tasks are kept in memory; those of others are read anew.
const WORKSPACES_MAX: usize = 16;

/// The Tasks there are, if the roll-up is not too far behind.
#[derive(Debug, Clone, PartialEq)]
pub enum LivingNow {
    /// Here they are.
    Counted(Arc<ActiveTasks>),
    /// There are more events since then than one answer is made of.
    Behind(RolledUp),
}

/// What the last questions found.
#[derive(Default)]
pub(crate) struct Kept(Mutex<BTreeMap<WorkspaceSid, Arc<Place>>>);

/// Of one Workspace.
#[derive(Default)]
struct Place {
    /// Whoever reads keeps it locked.
    followed: Turn<Option<Followed>>,
    /// The earliest of the events that this process has stored since somebody began to follow.
    stored: Mutex<Option<Timestamp>>,
}

/// Tasks, and how far their events were followed.
struct Followed {
    tasks: Arc<ActiveTasks>,
    /// On which roll-up's rows they are built, and when these were read.
    rolled: Option<RolledUp>,
    rows_read: Timestamp,
    /// Every event stored by then was followed.
    until: Timestamp,
}

impl Kept {
    /// This process has stored events, the earliest of them of this moment.
    pub(crate) fn note(&self, workspace: WorkspaceSid, earliest: Timestamp) {
        let place = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&workspace)
            .cloned();
        // Whom nobody asks about is read from the beginning when somebody does.
        let Some(place) = place else { return };
        let mut stored = place.stored();
        *stored = Some(stored.map_or(earliest, |before| before.min(earliest)));
    }

    fn place(&self, workspace: WorkspaceSid) -> Arc<Place> {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if places.len() >= WORKSPACES_MAX && !places.contains_key(&workspace) {
            places.pop_first();
        }
        Arc::clone(places.entry(workspace).or_default())
    }
}

impl Place {
    fn stored(&self) -> MutexGuard<'_, Option<Timestamp>> {
        self.stored.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Followed {
    fn is_built_on(&self, rolled: Option<RolledUp>, now: Timestamp) -> bool {
        self.rolled == rolled && now.since(self.rows_read) < ROWS_KEPT
    }
}

impl Store {
    /// The Tasks of a Workspace, as they were at `asked` or later.
    pub async fn living_now(
        &self,
        workspace: &Workspace,
        asked: Timestamp,
        clock: &dyn Clock,
    ) -> Result<LivingNow, Error> {
        let place = self.living.place(workspace.sid);
        let mut kept = place.followed.lock().await;
        if let Some(shared) = kept.as_ref().filter(|kept| kept.until > asked) {
            return Ok(LivingNow::Counted(Arc::clone(&shared.tasks)));
        }
        let now = clock.now();
        // In this order: following events again does no harm, leaving some out would.
        let rolled = self.rolled_up(workspace.sid).await?;
        let beginning = rolled.unwrap_or_else(|| RolledUp::beginning(now));
        // Taken out: who breaks off leaves nothing half done.
        let mut followed = match kept.take().filter(|kept| kept.is_built_on(rolled, now)) {
            Some(followed) => followed,
            None => {
                let tasks = Arc::new(self.living(workspace.sid).await?);
                Followed {
                    tasks,
                    rolled,
                    rows_read: now,
                    until: beginning.minutes,
                }
            }
        };
        let from = match self.lookout.is_alone() {
            // Before the events are read: what is stored from now on is for the next one.
            true => place
                .stored()
                .take()
                .map_or(followed.until, |stored| stored.min(followed.until)),
            false => followed.until - FOLLOWED_AGAIN,
        };
        let from = from.max(beginning.minutes);
        if now.since(from) > UNROLLED_MAX {
            return Ok(LivingNow::Behind(beginning));
        }
        let tasks = Arc::make_mut(&mut followed.tasks);
        let until = now + Millis::from_millis(1);
        let follow = |event: &_| tasks.follow(event);
        if !self
            .visit_events(workspace.sid, from, until, UNROLLED_ROUNDS_MAX, follow)
            .await?
        {
            return Ok(LivingNow::Behind(beginning));
        }
        tasks.forget(workspace.rules.ended_task_kept, now);
        followed.until = now;
        let tasks = Arc::clone(&followed.tasks);
        *kept = Some(followed);
        Ok(LivingNow::Counted(tasks))
    }
}
