//! Statistics: the events of each minute that is over, counted once; minutes made into hours, hours into days.
//!
//! It comes with the schedule's sweep. Everything is counted anew from the events and written only if it is another count than
//! before, so that doing it twice, or dying on the way, changes nothing. How far it got is noted at last.

use std::collections::BTreeMap;

use ids::WorkspaceSid;
use ids::time::{Millis, Timestamp};
use store::{RecentWaits, WAITS_KEPT};
use task_router::model::Workspace;
use task_router::router::events::{EVENT_KEPT, Event};
use task_router::statistics::{ActiveTasks, Family, Grain, RolledUp, Tallies};

use crate::{Error, Routing};

/// How long after its end a minute is counted: most events are stored within a second or two.
const MINUTE_SETTLED: Millis = Millis::from_secs(5);

/// How much of what was counted is counted again each time, for events that were stored late.
const COUNTED_AGAIN: Millis = Millis::from_secs(300);

/// How long after its end an hour is made, from all its events once more: a stream that was held up has caught up by then.
const HOUR_SETTLED: Millis = Millis::from_secs(900);

/// How much of what was made into hours is counted once more with each new one, for events that were stored later than that. A day is
/// made when its last hour has been.
const HOURS_COUNTED_AGAIN: Millis = Millis::from_secs(3_600);

/// Hours counted in one run, the first and the last of them in part: a day. Each is noted when it is done. Who was away for longer
/// catches up in several runs.
const STEPS_MAX: usize = 26;

/// Hours made in one run.
const HOURS_MAX: usize = STEPS_MAX;

/// Rounds of queries, one of each shard, for the events of an hour: nearly five million items. Nobody has as many; what lies beyond is
/// not counted.
const ROUNDS_MAX: usize = 2_000;

/// How long a quiet Workspace goes without a note of how far it got.
const NOTED_EVERY: Millis = Millis::from_secs(300);

/// How long a Task has not changed before it is looked at whether it is still there: an event may have been lost.
const CHECKED_AGE: Millis = Millis::from_secs(600);

/// Tasks looked at in one run.
const CHECKED_MAX: usize = 10;

/// Counts by the moment their minute begins.
type Minutes = BTreeMap<Timestamp, Tallies>;

impl Routing {
    /// Counts what has happened in each Workspace since the last time. What fails is logged, and goes on with the next sweep
    /// where it stopped.
    pub async fn roll_up(&self) -> Result<(), Error> {
        for sid in self.swept_workspaces().await? {
            if let Err(error) = self.roll_up_workspace(sid).await {
                tracing::error!(workspace_sid = %sid, %error, "not rolled up; the next sweep goes on where this one stopped");
            }
        }
        Ok(())
    }

    /// Costs, in a quiet minute, a query of each shard of events and a few of rows.
    async fn roll_up_workspace(&self, sid: WorkspaceSid) -> Result<(), Error> {
        let now = self.clock.now();
        let Some(workspace) = self.store.workspace(sid, now).await? else {
            return Ok(());
        };
        let known = self.store.rolled_up(workspace.sid).await?;
        let mut rolled = known
            .unwrap_or_else(|| RolledUp::beginning(now))
            .not_before(now - EVENT_KEPT);
        let before = rolled.minutes;
        self.count_minutes(&workspace, &mut rolled, now).await?;
        if rolled.minutes != before {
            self.note_waits(workspace.sid, rolled.minutes).await?;
        }
        self.make_hours(workspace.sid, &mut rolled, now).await?;
        self.make_days(workspace.sid, &mut rolled).await
    }

    async fn count_minutes(
        &self,
        workspace: &Workspace,
        rolled: &mut RolledUp,
        now: Timestamp,
    ) -> Result<(), Error> {
        let end = Grain::Minute.floor(now - MINUTE_SETTLED);
        let mut from = rolled.minutes - COUNTED_AGAIN;
        let mut living = self.store.active_tasks(workspace.sid).await?;
        for _ in 0..STEPS_MAX {
            let until = end.min(Grain::Hour.floor(from) + Grain::Hour.length());
            if until <= from || end <= rolled.minutes {
                return Ok(());
            }
            let minutes = self
                .counted(workspace.sid, from, until, |event| living.follow(event))
                .await?;
            living.forget(workspace.rules.ended_task_kept, now);
            self.check(&mut living, now).await?;
            self.store
                .save_tallies(workspace.sid, Grain::Minute, (from, until), &minutes)
                .await?;
            self.store.save_active_tasks(workspace.sid, &living, now).await?;
            let is_quiet = minutes.keys().all(|minute| *minute < rolled.minutes);
            if until > rolled.minutes && (!is_quiet || until.since(rolled.minutes) >= NOTED_EVERY) {
                rolled.minutes = until;
                self.store.save_rolled_up(workspace.sid, rolled).await?;
            }
            from = until;
        }
        Ok(())
    }

    /// What callers are told of their expected wait.
    async fn note_waits(&self, workspace: WorkspaceSid, until: Timestamp) -> Result<(), Error> {
        let lately = (until - WAITS_KEPT, until);
        let counted = self
            .store
            .tallies(workspace, (Grain::Minute, Family::Tasks), lately)
            .await?;
        let waits = counted.until_accepted_by_queue().into_iter();
        let waits: Vec<_> = waits
            .map(|(queue, waits)| RecentWaits::new(queue, &waits, until))
            .collect();
        Ok(self.store.save_recent_waits(&waits).await?)
    }

    async fn make_hours(
        &self,
        workspace: WorkspaceSid,
        rolled: &mut RolledUp,
        now: Timestamp,
    ) -> Result<(), Error> {
        for _ in 0..HOURS_MAX {
            let (from, until) = (rolled.hours, rolled.hours + Grain::Hour.length());
            if until > rolled.minutes || until + HOUR_SETTLED > now {
                return Ok(());
            }
            for begin in [from - HOURS_COUNTED_AGAIN, from] {
                self.make_hour(workspace, (begin, begin + Grain::Hour.length()))
                    .await?;
            }
            rolled.hours = until;
            self.store.save_rolled_up(workspace, rolled).await?;
        }
        Ok(())
    }

    async fn make_hour(
        &self,
        workspace: WorkspaceSid,
        span: (Timestamp, Timestamp),
    ) -> Result<(), Error> {
        let minutes = self.counted(workspace, span.0, span.1, |_| {}).await?;
        self.store
            .save_tallies(workspace, Grain::Minute, span, &minutes)
            .await?;
        let mut hour = Tallies::default();
        minutes.values().for_each(|minute| hour.merge(minute));
        self.save(workspace, Grain::Hour, span, hour).await
    }

    async fn make_days(&self, workspace: WorkspaceSid, rolled: &mut RolledUp) -> Result<(), Error> {
        loop {
            let (from, until) = (rolled.days, rolled.days + Grain::Day.length());
            if until + HOURS_COUNTED_AGAIN > rolled.hours {
                return Ok(());
            }
            let mut day = self
                .store
                .tallies(workspace, (Grain::Hour, Family::Tasks), (from, until))
                .await?;
            day.merge(
                &self
                    .store
                    .tallies(workspace, (Grain::Hour, Family::Workers), (from, until))
                    .await?,
            );
            self.save(workspace, Grain::Day, (from, until), day).await?;
            rolled.days = until;
            self.store.save_rolled_up(workspace, rolled).await?;
        }
    }

    async fn save(
        &self,
        workspace: WorkspaceSid,
        grain: Grain,
        (from, until): (Timestamp, Timestamp),
        counted: Tallies,
    ) -> Result<(), Error> {
        Ok(self
            .store
            .save_tallies(
                workspace,
                grain,
                (from, until),
                &BTreeMap::from([(from, counted)]),
            )
            .await?)
    }

    async fn counted(
        &self,
        workspace: WorkspaceSid,
        from: Timestamp,
        until: Timestamp,
        mut also: impl FnMut(&Event) + Send,
    ) -> Result<Minutes, Error> {
        let mut minutes = Minutes::new();
        let visit = |event: &Event| {
            also(event);
            let minute = minutes.entry(Grain::Minute.floor(event.at())).or_default();
            minute.count(event);
        };
        if !self
            .store
            .visit_events(workspace, from, until, ROUNDS_MAX, visit)
            .await?
        {
            tracing::error!(?from, ?until, "there are too many events to count them all");
        }
        minutes.retain(|_, minute| !minute.is_empty());
        Ok(minutes)
    }

    /// Corrects some of the Tasks whose events say nothing new.
    async fn check(&self, living: &mut ActiveTasks, now: Timestamp) -> Result<(), Error> {
        for sid in living.to_check(CHECKED_AGE, now, CHECKED_MAX) {
            let task = self.store.task(sid).await?;
            living.correct(sid, task.as_ref());
        }
        Ok(())
    }
}
