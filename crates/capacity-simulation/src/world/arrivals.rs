//! When the next call of a kind arrives.

use ids::time::{Millis, Timestamp};

use crate::plan::{Arrivals, Kind, Plan};
use crate::random::{Generator, exponential, generator};
use crate::scenario::{RecordedCall, millis, secs};

/// The stream of arrivals of one kind.
#[derive(Debug)]
pub(super) struct Source {
    rng: Generator,
    day: u32,
    /// The next recorded call of the day.
    next: usize,
    /// From where on the next arrival is searched for, as a time of day.
    from: Millis,
    /// The number of calls so far.
    pub count: u64,
}

/// An arrival.
#[derive(Debug, Clone, Copy)]
pub(super) struct Arrival {
    pub at: Timestamp,
    /// What was recorded of the call.
    pub recorded: Option<RecordedCall>,
}

impl Source {
    pub fn new(plan: &Plan, replication: u32, kind: &Kind) -> Self {
        Self {
            rng: generator([
                plan.scenario.seed,
                u64::from(replication),
                kind.number,
                u64::MAX,
            ]),
            day: 0,
            next: 0,
            from: plan.scenario.day.from.0,
            count: 0,
        }
    }

    /// The next arrival; `None` after the last day.
    pub fn next(&mut self, plan: &Plan, kind: &Kind) -> Option<Arrival> {
        while self.day < plan.scenario.days {
            let found = match &kind.arrivals {
                Arrivals::Rates(rates) => self.next_random(plan, rates),
                Arrivals::Recorded(calls) => self.next_recorded(plan, calls),
            };
            if found.is_some() {
                return found;
            }
            self.day += 1;
            self.next = 0;
            self.from = plan.scenario.day.from.0;
        }
        None
    }

    /// The next arrival of the day. A Poisson process forgets: at the begin of each interval the
    /// time to the next arrival is drawn again.
    fn next_random(&mut self, plan: &Plan, rates: &[f64]) -> Option<Arrival> {
        let day = &plan.scenario.day;
        let length = day.interval.0.as_millis();
        loop {
            let since = self.from.as_millis() - day.from.0.as_millis();
            let index = usize::try_from(since / length).ok()?;
            let rate = *rates.get(index)?;
            let end = day.from.0.as_millis() + (since / length + 1) * length;
            let end = Millis::from_millis(end.min(day.to.0.as_millis()));
            if self.from >= day.to.0 {
                return None;
            }
            let gap = exponential(&mut self.rng) / rate;
            if rate <= 0.0 || gap >= secs(end) - secs(self.from) {
                self.from = end;
                continue;
            }
            self.from = self.from.saturating_add(millis(gap));
            if self.from >= end {
                continue;
            }
            return Some(Arrival {
                at: plan.day(self.day) + self.from,
                recorded: None,
            });
        }
    }

    fn next_recorded(&mut self, plan: &Plan, calls: &[RecordedCall]) -> Option<Arrival> {
        let call = *calls.get(self.next)?;
        self.next += 1;
        Some(Arrival {
            at: plan.day(self.day) + call.at,
            recorded: Some(call),
        })
    }
}
