//! What must hold, checked after every write and, once it is calm, every few seconds.

pub mod calm;
pub mod events;
mod tasks;
mod workers;

use crate::history::Picture;
use crate::world::World;

/// A promise of the engine. The numbers are those of ARCHITECTURE.md, "Invariants".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invariant {
    /// 1: a Task has at most `max_reserved_workers` live Reservations and at most one accepted one, as its status says;
    /// one for a certain Worker is offered to nobody else.
    ReservationsOfATask,
    /// 2: a Worker's open Reservations in a channel never exceed its capacity, but for Tasks that ignore it.
    Capacity,
    /// 2: a Worker's slot is taken by an open Reservation, and an open Reservation takes a slot.
    SlotsAreReservations,
    /// 3: every Reservation and every Task ends once; no transition but those of taskrouter.md sections 5 and 6.
    Transitions,
    /// 3: every write is on top of the one before it.
    Versions,
    /// 4: in a quiet system no pending Task stands beside a Worker who could take it.
    NobodyWaitsBesideAFreeWorker,
    /// 5: handling anything again changes nothing.
    Idempotence,
    /// 5: for one Reservation one call is placed.
    OneCallForAReservation,
    /// 6: a caller is waiting, connected, or sent on.
    NoCallerIsForgotten,
    /// 7: nothing outlives its deadline.
    Deadlines,
    /// 8: a webhook that fails still leaves the caller with valid TwiML.
    ValidTwiml,
    /// 9: what is written is told: each event is kept once and, to whoever wants to know, told in order.
    EverythingIsTold,
    /// In the end everything has ended.
    EverythingEnds,
    /// Nothing panics.
    Panics,
    /// The simulation itself does what it should.
    Simulation,
}

/// Checks one write: what it changed, and what it left.
pub fn after_write(world: &World, before: &Picture, after: &Picture) {
    for (sid, task) in &after.tasks {
        let old = before.tasks.get(sid);
        if old != Some(task) {
            tasks::check(world, old, task);
        }
    }
    for (sid, worker) in &after.workers {
        let old = before.workers.get(sid);
        if old != Some(worker) {
            workers::check(world, after, old, worker);
        }
    }
    workers::check_slots(world, after);
}
