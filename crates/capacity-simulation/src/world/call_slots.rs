//! The calls that are in the centre, in slots that are used again.

use ids::time::{Millis, Timestamp};
use ids::{TaskQueueSid, TaskSid, WorkerSid};
use task_router::model::{AssignmentStatus, ReservationStatus, Task};
use task_router::router::order::{Position, WaitingList};

use super::events::Answer;
use crate::random::Generator;

/// A call, or another Task.
#[derive(Debug)]
pub(super) struct Call {
    /// `None` only while the engine decides about it.
    pub task: Option<Task>,
    pub before: Before,
    /// The number of the call in the run.
    pub number: u64,
    pub kind: u32,
    /// The interval of the day in which it is counted; `None`: it is not counted.
    pub interval: Option<usize>,
    pub talk: Millis,
    pub wrap_up: Option<Millis>,
    /// When the caller hangs up, the conversation ends, or the agent completes the Task.
    pub acts_at: Option<Timestamp>,
    /// The event that is not stale, and its moment.
    pub ticket: u64,
    pub due: Option<Timestamp>,
    /// Its place in a waiting list.
    pub listed: Option<(WaitingList, Position)>,
    pub rng: Generator,
}

/// What was true before the last Decision about a call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Before {
    pub status: AssignmentStatus,
    pub queue: TaskQueueSid,
    /// The Worker who held the Task.
    pub held_by: Option<WorkerSid>,
}

impl Before {
    pub fn of(task: &Task) -> Self {
        Self {
            status: task.assignment_status,
            queue: task.task_queue_sid,
            held_by: task.held_reservation().map(|held| held.worker_sid),
        }
    }
}

/// The calls by slot. A slot is used again after the end of its call.
#[derive(Debug, Default)]
pub(super) struct Calls {
    slots: Vec<Option<Call>>,
    free: Vec<u32>,
    /// The number of tickets and of calls so far.
    pub tickets: u64,
    pub created: u64,
}

impl Calls {
    pub fn get(&self, slot: u32) -> Option<&Call> {
        self.slots.get(slot as usize)?.as_ref()
    }

    pub fn get_mut(&mut self, slot: u32) -> Option<&mut Call> {
        self.slots.get_mut(slot as usize)?.as_mut()
    }

    pub fn task(&self, slot: u32) -> Option<&Task> {
        self.get(slot)?.task.as_ref()
    }

    /// Takes the Task of a call for a Decision.
    pub fn take(&mut self, slot: u32) -> Option<Task> {
        self.get_mut(slot)?.task.take()
    }

    /// Puts back a Task that a Decision does not change.
    pub fn put_back(&mut self, task: Task) {
        if let Some(call) = self.get_mut(slot_of(task.sid)) {
            call.task = Some(task);
        }
    }

    pub fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn has_ticket(&self, slot: u32, ticket: u64) -> bool {
        self.get(slot).is_some_and(|call| call.ticket == ticket)
    }

    pub fn has_offer(&self, answer: &Answer) -> bool {
        let is_same_call = self
            .get(answer.slot)
            .is_some_and(|call| call.number == answer.number);
        let offered = self.task(answer.slot).filter(|_| is_same_call);
        offered.is_some_and(|task| {
            let offer = task.reservations.get(usize::from(answer.index));
            task.rounds == answer.round
                && offer.is_some_and(|offer| offer.status == ReservationStatus::Pending)
        })
    }

    pub fn add(&mut self, slot: u32, call: Call) {
        match self.slots.get_mut(slot as usize) {
            Some(place) => *place = Some(call),
            None => self.slots.push(Some(call)),
        }
    }

    pub fn free_slot(&mut self) -> Option<u32> {
        let slot = self.free.pop();
        slot.or_else(|| u32::try_from(self.slots.len()).ok())
    }

    pub fn remove(&mut self, slot: u32) {
        if let Some(place) = self.slots.get_mut(slot as usize) {
            *place = None;
            self.free.push(slot);
        }
    }
}

/// The SID of a call: its number, so that SIDs rise with arrivals, and its slot.
pub(super) fn sid_of(number: u64, slot: u32) -> TaskSid {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    bytes[8..12].copy_from_slice(&slot.to_be_bytes());
    TaskSid::from_bytes(bytes)
}

pub(super) fn slot_of(sid: TaskSid) -> u32 {
    let bytes = sid.to_bytes();
    u32::from_be_bytes([bytes[8], bytes[9], bytes[10], bytes[11]])
}
