//! The invariants, checked after every write and, during the calm, every few seconds.

pub mod calm;
pub mod events;
mod order;
mod tasks;
mod workers;

use crate::history::Picture;
use crate::world::World;

/// An invariant of the engine. The numbers are those of ARCHITECTURE.md, "Invariants".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invariant {
    /// 1: a Task has at most `max_reserved_workers` open Reservations and at most one accepted one,
    /// as its status says; a Task for a given Worker is offered to no other.
    ReservationsOfATask,
    /// 2: a Worker's open Reservations in a channel never exceed the capacity, except for Tasks
    /// that ignore it.
    Capacity,
    /// 2: every slot of a Worker is taken by an open Reservation, and every open Reservation takes
    /// a slot.
    SlotsAreReservations,
    /// 3: every Reservation and every Task ends once, with only the transitions of taskrouter.md
    /// sections 5 and 6.
    Transitions,
    /// 3: every write increments the version by one, so no write is lost.
    Versions,
    /// 4: in a quiet system no pending Task waits beside a Worker who could take it.
    NoTaskWaitsBesideAFreeWorker,
    /// 5: a replay of any input changes nothing.
    Idempotence,
    /// 5: one call is placed for one Reservation.
    OneCallForAReservation,
    /// 6: a caller is waiting, connected, or redirected.
    CallerIsServed,
    /// 7: every deadline is enforced.
    Deadlines,
    /// 8: a failed webhook still returns valid TwiML to the caller.
    ValidTwiml,
    /// 9: every write causes its Events; each is stored once, and delivered in order to the event
    /// callback.
    EventsAreComplete,
    /// 10: a Worker is offered the Task that comes first among the visible ones that fit.
    FirstTaskFirst,
    /// At the end of a run every call, Task and Reservation has ended.
    EverythingEnds,
    /// No function panics.
    Panics,
    /// The simulation itself works.
    Simulation,
}

/// Checks one write: the transitions it made, and the state it left.
pub fn after_write(world: &World, before: &Picture, after: &Picture) {
    for (sid, task) in &after.tasks {
        let old = before.tasks.get(sid);
        if old != Some(task) {
            tasks::check(world, old, task);
            order::check(world, before, old, task);
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
