//! The statistics roll-up: a batch job that counts the Events of each finished minute into rows,
//! adds up minutes to hours, and hours to days.
//!
//! The schedule starts it each minute. It counts from the Events and writes a row only if the count
//! has changed, so it is idempotent: running it twice, or dying on the way, changes nothing. Its
//! progress is saved last.

use std::collections::BTreeMap;

use ids::WorkspaceSid;
use ids::time::{Millis, Timestamp};
use metrics::Metric;
use store::{RecentWaits, WAITS_KEPT};
use task_router::model::Workspace;
use task_router::router::events::{EVENT_KEPT, Event};
use task_router::statistics::{ActiveTasks, Family, Grain, RolledUp, Tallies};

use crate::{Error, Routing, time_limit};

/// How long one run takes on steps: what is left of the function's five minutes is for the step
/// under way, which may be an hour with many Events. Progress is saved after each step, and the
/// next run continues.
const STEPS_TIME: Millis = Millis::from_secs(45);

/// How long after its end a minute is counted: most Events are stored within a second or two.
const MINUTE_SETTLED: Millis = Millis::from_secs(5);

/// The minutes before the progress that are counted again each time, for Events that were stored
/// late.
const COUNTED_AGAIN: Millis = Millis::from_secs(300);

/// How long after its end an hour is counted, from all its Events once more: a stream that was held
/// up has caught up by then.
const HOUR_SETTLED: Millis = Millis::from_secs(900);

/// The hours before the progress that are counted once more with each new hour, for Events that
/// were stored even later. A day is added up after its last hour has been counted again.
const HOURS_COUNTED_AGAIN: Millis = Millis::from_secs(3_600);

/// Hours whose minutes are counted in one run, the first and the last of them in part: a day.
/// Progress is saved after each. After a longer pause the roll-up catches up in several runs.
const STEPS_MAX: usize = 26;

/// Hours added up in one run.
const HOURS_MAX: usize = STEPS_MAX;

/// Rounds of queries, one for each shard, for the Events of an hour: nearly five million items.
/// Events beyond them are not counted, which is logged.
const ROUNDS_MAX: usize = 2_000;

/// How often the progress of a Workspace without Events is saved.
const IDLE_SAVE_INTERVAL: Millis = Millis::from_secs(300);

/// How long an active Task has had no Event before it is compared with the table: an Event may have
/// been lost.
const CHECKED_AGE: Millis = Millis::from_secs(600);

/// Tasks compared with the table in one run.
const CHECKED_MAX: usize = 10;

/// Counts, by the moment at which their minute begins.
type Minutes = BTreeMap<Timestamp, Tallies>;

impl Routing {
    /// Rolls up the Events of each Workspace since the last run. A failure in one Workspace is
    /// logged; the next run continues where this one stopped.
    pub async fn roll_up(&self) -> Result<(), Error> {
        let mut waiting = 0;
        let workspaces = self.swept_workspaces().await?;
        let end = self.clock.now() + STEPS_TIME;
        for (number, sid) in workspaces.iter().enumerate() {
            let left = workspaces.len() - number;
            let until = time_limit::share(self.clock.now(), end, left);
            match self.roll_up_workspace(*sid, until).await {
                Ok(active_tasks) => waiting += active_tasks.waiting(),
                Err(error) => {
                    tracing::error!(workspace_sid = %sid, %error, "roll-up of Workspace failed, next run continues");
                }
            }
        }
        metrics::set(Metric::TasksWaiting, waiting);
        Ok(())
    }

    /// Costs, in a minute without Events, one query for each shard of Events and a few for rows.
    /// Returns the Workspace's Tasks at the end of the last minute that was counted.
    async fn roll_up_workspace(
        &self,
        sid: WorkspaceSid,
        stop_at: Timestamp,
    ) -> Result<ActiveTasks, Error> {
        let now = self.clock.now();
        let Some(workspace) = self.store.workspace(sid, now).await? else {
            return Ok(ActiveTasks::default());
        };
        let known = self.store.rolled_up(workspace.sid).await?;
        let mut rolled = known
            .unwrap_or_else(|| RolledUp::beginning(now))
            .not_before(now - EVENT_KEPT);
        let before = rolled.minutes;
        let active_tasks = self
            .count_minutes(&workspace, &mut rolled, now, stop_at)
            .await?;
        if rolled.minutes != before {
            self.save_wait_times(workspace.sid, rolled.minutes).await?;
        }
        self.make_hours(workspace.sid, &mut rolled, now, stop_at)
            .await?;
        self.make_days(workspace.sid, &mut rolled).await?;
        Ok(active_tasks)
    }

    async fn count_minutes(
        &self,
        workspace: &Workspace,
        rolled: &mut RolledUp,
        now: Timestamp,
        stop_at: Timestamp,
    ) -> Result<ActiveTasks, Error> {
        let end = Grain::Minute.floor(now - MINUTE_SETTLED);
        let mut from = rolled.minutes - COUNTED_AGAIN;
        let mut active_tasks = self.store.active_tasks(workspace.sid).await?;
        for _ in 0..STEPS_MAX {
            let until = end.min(Grain::Hour.floor(from) + Grain::Hour.length());
            let is_over = self.clock.now() > stop_at;
            if is_over || until <= from || end <= rolled.minutes {
                break;
            }
            let minutes = self
                .count(workspace.sid, from, until, |event| {
                    active_tasks.follow(event)
                })
                .await?;
            active_tasks.forget(workspace.rules.ended_task_kept, now);
            self.check(&mut active_tasks, now).await?;
            self.store
                .save_tallies(workspace.sid, Grain::Minute, (from, until), &minutes)
                .await?;
            self.store
                .save_active_tasks(workspace.sid, &active_tasks, now)
                .await?;
            let is_idle = minutes.keys().all(|minute| *minute < rolled.minutes);
            if until > rolled.minutes
                && (!is_idle || until.since(rolled.minutes) >= IDLE_SAVE_INTERVAL)
            {
                rolled.minutes = until;
                self.store.save_rolled_up(workspace.sid, rolled).await?;
            }
            from = until;
        }
        Ok(active_tasks)
    }

    /// Saves the recent wait times, from which callers hear their expected wait.
    async fn save_wait_times(
        &self,
        workspace: WorkspaceSid,
        until: Timestamp,
    ) -> Result<(), Error> {
        let recent = (until - WAITS_KEPT, until);
        let counted = self
            .store
            .tallies(workspace, (Grain::Minute, Family::Tasks), recent)
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
        stop_at: Timestamp,
    ) -> Result<(), Error> {
        for _ in 0..HOURS_MAX {
            let from = rolled.hours;
            let until = from + Grain::Hour.length();
            let is_over = self.clock.now() > stop_at;
            if is_over || until > rolled.minutes || until + HOUR_SETTLED > now {
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
        time_range: (Timestamp, Timestamp),
    ) -> Result<(), Error> {
        let minutes = self
            .count(workspace, time_range.0, time_range.1, |_| {})
            .await?;
        self.store
            .save_tallies(workspace, Grain::Minute, time_range, &minutes)
            .await?;
        let mut hour = Tallies::default();
        minutes.values().for_each(|minute| hour.merge(minute));
        self.save(workspace, Grain::Hour, time_range, hour).await
    }

    async fn make_days(&self, workspace: WorkspaceSid, rolled: &mut RolledUp) -> Result<(), Error> {
        loop {
            let from = rolled.days;
            let until = from + Grain::Day.length();
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

    /// Counts the Events of a time range by minute, and calls `also` with each.
    async fn count(
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
            tracing::error!(
                ?from,
                ?until,
                "too many events in one hour, not all are counted"
            );
        }
        minutes.retain(|_, minute| !minute.is_empty());
        Ok(minutes)
    }

    /// Reconciles some active Tasks that have had no Event for [`CHECKED_AGE`] with the table.
    async fn check(&self, active_tasks: &mut ActiveTasks, now: Timestamp) -> Result<(), Error> {
        for sid in active_tasks.to_check(CHECKED_AGE, now, CHECKED_MAX) {
            let task = self.store.task(sid).await?;
            active_tasks.correct(sid, task.as_ref());
        }
        Ok(())
    }
}
