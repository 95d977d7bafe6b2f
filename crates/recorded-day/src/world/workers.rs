//! The Workers: their Activities, and the ends of their wrap-ups.

use ids::time::Timestamp;
use ids::{ActivitySid, WorkerSid};
use task_router::model::{Readiness, Worker, WorkerChannel};
use task_router::router::{Command, Snapshot, queue_membership_of, timers};

use super::events::Event;
use super::{RunError, World};

/// A Worker while the day runs.
pub(super) struct Desk {
    pub worker: Worker,
    /// The event that is not stale.
    ticket: u64,
    /// The end of the work after a conversation, by the Worker, and the Activity chosen then.
    after_work: Option<(Timestamp, ActivitySid)>,
    readiness: Option<Readiness>,
}

impl World<'_> {
    /// Adds a Worker of the recording, or gives a known one other attributes and capacities.
    pub(super) fn add_worker(&mut self, recorded: &Worker) -> Result<(), RunError> {
        let known = self.desks.get(&recorded.sid).map(|desk| &desk.worker);
        let activity = match known {
            Some(known) => known.activity_sid,
            None => self.names.activity(recorded.activity_sid)?,
        };
        let base = known.unwrap_or(recorded);
        let mut worker = Worker {
            workspace_sid: self.workspace.sid,
            activity_sid: activity,
            attributes: recorded.attributes.clone(),
            ..base.clone()
        };
        copy_capacity(&mut worker, &recorded.channels);
        let declared = self.declared.iter();
        let named = |it: &&Worker| it.friendly_name == worker.friendly_name;
        if let Some(declared) = declared.clone().find(named) {
            worker.attributes = declared.attributes.clone();
            copy_capacity(&mut worker, &declared.channels);
        }
        worker.queue_membership = queue_membership_of(self.workspace, &worker);
        if known.is_none() {
            // Those of Tasks that are held are added with the Tasks.
            worker.open_reservations.clear();
        }
        self.worker_changed(worker);
        Ok(())
    }

    pub(super) fn remove_worker(&mut self, sid: WorkerSid) {
        self.desks.remove(&sid);
    }

    /// Sets an Activity, by a request of the recording or at the end of wrap-up.
    pub(super) fn set_activity(
        &mut self,
        worker: WorkerSid,
        recorded: ActivitySid,
    ) -> Result<(), RunError> {
        let activity = self.names.activity(recorded)?;
        let Some(desk) = self.desks.get(&worker) else {
            return Ok(());
        };
        let snapshot = Snapshot::new(self.workspace).with_workers([desk.worker.clone()]);
        let command = Command::ActivitySet {
            worker,
            activity,
            reject_pending: false,
        };
        self.apply(snapshot, &command)?;
        Ok(())
    }

    /// The Worker's wrap-up ends, by its limit or by the Worker.
    pub(super) fn worker_is_due(&mut self, sid: WorkerSid, ticket: u64) -> Result<(), RunError> {
        let now = self.now;
        let Some(desk) = self
            .desks
            .get_mut(&sid)
            .filter(|desk| desk.ticket == ticket)
        else {
            return Ok(());
        };
        if let Some((_, activity)) = desk.after_work.take_if(|(at, _)| *at <= now) {
            return self.set_activity(sid, activity);
        }
        let snapshot = Snapshot::new(self.workspace).with_workers([desk.worker.clone()]);
        self.apply(snapshot, &Command::AdvanceWorker { worker: sid })?;
        Ok(())
    }

    /// The Worker's own end of the work after a conversation that has just ended.
    pub(super) fn work_after(
        &mut self,
        sid: WorkerSid,
        after_work: Option<(ids::time::Millis, ActivitySid)>,
    ) {
        let now = self.now;
        if let Some(desk) = self.desks.get_mut(&sid) {
            desk.after_work = after_work.map(|(length, activity)| (now + length, activity));
        }
        self.schedule_worker(sid);
    }

    /// Takes over the next version of a Worker.
    pub(super) fn worker_changed(&mut self, worker: Worker) {
        let sid = worker.sid;
        let readiness = worker.readiness(self.workspace);
        let before = self.desks.remove(&sid);
        let has_moved = before
            .as_ref()
            .is_none_or(|desk| desk.worker.activity_sid != worker.activity_sid);
        let (ticket, after_work, was_ready) = match before {
            Some(desk) => (desk.ticket, desk.after_work, desk.readiness),
            None => (0, None, None),
        };
        if readiness.is_some() && readiness != was_ready {
            self.freed.push_back(sid);
        }
        let desk = Desk {
            worker,
            ticket,
            after_work: if has_moved { None } else { after_work },
            readiness,
        };
        self.desks.insert(sid, desk);
        if has_moved {
            self.schedule_worker(sid);
        }
    }

    fn schedule_worker(&mut self, sid: WorkerSid) {
        let Some(desk) = self.desks.get_mut(&sid) else {
            return;
        };
        desk.ticket += 1;
        let by_limit = timers::of_worker(self.workspace, &desk.worker);
        let by_worker = desk.after_work.map(|(at, _)| at);
        if let Some(at) = by_limit.into_iter().chain(by_worker).min() {
            let ticket = desk.ticket;
            let event = Event::Worker {
                worker: sid,
                ticket,
            };
            self.events.add(at, event);
        }
    }
}

fn copy_capacity(worker: &mut Worker, channels: &[WorkerChannel]) {
    for share in channels {
        let own = worker.share_mut(share.channel);
        own.configured_capacity = share.configured_capacity;
        own.available = share.available;
    }
}
