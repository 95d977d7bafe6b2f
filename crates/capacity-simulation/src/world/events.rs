//! The events of virtual time, earliest first.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use ids::time::Timestamp;

/// Events beyond twice the live ones after which stale events are removed: the queue grows with the
/// calls that are in the centre, not with those that were.
const STALE_MAX: usize = 1_024;

/// What happens at a moment. The order of the variants is that within one moment: deadlines and
/// ends first, so that an overdue Task is never offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Event {
    /// A deadline of a call's Task, or its caller or agent acts.
    Call { slot: u32, ticket: u64 },
    /// The agent answers an offer, or the phone has rung for long enough.
    Answer(Answer),
    /// The agent's wrap-up ends, or the agent returns.
    Agent { agent: u32, ticket: u64 },
    /// A shift or a break begins or ends.
    Duty { agent: u32 },
    /// A call of a kind arrives, or the rate of its arrivals changes.
    Arrival { kind: u32 },
}

/// An offer that is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Answer {
    pub slot: u32,
    /// The number of the call: its slot may have another call by then.
    pub number: u64,
    /// The round of Reservations, and the Reservation in it.
    pub round: u32,
    pub index: u16,
    pub picks_up: bool,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    at: Timestamp,
    rank: u8,
    number: u64,
    event: Event,
}

/// The future.
#[derive(Debug, Default)]
pub(crate) struct Events {
    heap: BinaryHeap<Reverse<Entry>>,
    added: u64,
}

impl Events {
    pub fn add(&mut self, at: Timestamp, event: Event) {
        self.added += 1;
        let rank = match event {
            Event::Call { .. } => 0,
            Event::Answer(_) => 1,
            Event::Agent { .. } => 2,
            Event::Duty { .. } => 3,
            Event::Arrival { .. } => 4,
        };
        let number = self.added;
        self.heap.push(Reverse(Entry {
            at,
            rank,
            number,
            event,
        }));
    }

    /// The next event and its moment.
    pub fn next(&mut self) -> Option<(Timestamp, Event)> {
        let Reverse(entry) = self.heap.pop()?;
        Some((entry.at, entry.event))
    }

    /// Removes stale events when most are stale. `live` is how many there can be at most.
    pub fn prune(&mut self, live: usize, is_live: impl Fn(&Event) -> bool) {
        if self.heap.len() > 2 * live + STALE_MAX {
            self.heap.retain(|Reverse(entry)| is_live(&entry.event));
        }
    }

    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.heap.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deadlines_precede_arrivals_of_a_moment() {
        let mut events = Events::default();
        let at = Timestamp::from_millis;
        events.add(at(2), Event::Duty { agent: 0 });
        events.add(at(1), Event::Arrival { kind: 0 });
        events.add(at(1), Event::Call { slot: 0, ticket: 1 });
        events.add(at(1), Event::Call { slot: 1, ticket: 1 });
        let order: Vec<_> = std::iter::from_fn(|| events.next()).collect();
        assert_eq!(
            order,
            [
                (at(1), Event::Call { slot: 0, ticket: 1 }),
                (at(1), Event::Call { slot: 1, ticket: 1 }),
                (at(1), Event::Arrival { kind: 0 }),
                (at(2), Event::Duty { agent: 0 }),
            ]
        );
    }

    #[test]
    fn stale_events_are_removed() {
        let mut events = Events::default();
        for ticket in 0..5_000 {
            let moment = Timestamp::from_millis(0);
            events.add(moment, Event::Call { slot: 0, ticket });
            events.prune(1, |event| *event == Event::Call { slot: 0, ticket });
        }
        assert!(events.len() <= STALE_MAX + 2, "{}", events.len());
    }
}
