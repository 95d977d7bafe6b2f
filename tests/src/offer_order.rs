//! Judges the order in which one queue's Tasks were offered, from a Workspace's Events alone.
//!
//! Every Worker of the Workspace may take every Task, and has one slot. A Task is pending from its
//! creation, or from the end of an unanswered Reservation, until its next Reservation.

use std::collections::BTreeMap;

use ids::time::{Millis, Timestamp};
use serde_json::Value;

/// How long a Task must have been pending to be visible to every decision.
pub const VISIBLE_AFTER: Millis = Millis::from_millis(250);

/// What an Event says about the order. The order of the variants is that of the Events of one
/// millisecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// `task.created`.
    Created {
        /// The Task's priority: the higher, the earlier it is offered.
        priority: u32,
    },
    /// `reservation.created`.
    Offered,
    /// `reservation.rejected` and `reservation.timeout`: the Task is pending again.
    Returned,
    /// `task.completed` and `task.canceled`: the Task's Worker is free.
    Ended,
}

/// An Event that matters for the order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occurrence {
    /// The moment of the change.
    pub at: Timestamp,
    /// The change.
    pub kind: Kind,
    /// The Task's SID.
    pub task: String,
    /// The Worker's SID; empty unless the Event is about a Reservation.
    pub worker: String,
}

impl Occurrence {
    /// Reads an entry of the Events resource; `None` for a type that does not matter, and for an
    /// entry without the fields of its type.
    pub fn read(event: &Value) -> Option<Self> {
        let data = &event["event_data"];
        let text = |key: &str| data[key].as_str().unwrap_or_default().to_owned();
        let kind = match event["event_type"].as_str()? {
            "task.created" => Kind::Created {
                priority: text("task_priority").parse().ok()?,
            },
            "reservation.created" => Kind::Offered,
            "reservation.rejected" | "reservation.timeout" => Kind::Returned,
            "task.completed" | "task.canceled" => Kind::Ended,
            _ => return None,
        };
        Some(Self {
            at: Timestamp::from_millis(event["event_date_ms"].as_i64()?),
            kind,
            task: text("task_sid"),
            worker: text("worker_sid"),
        })
    }
}

/// A Task and when it was pending.
#[derive(Debug)]
struct Waiting {
    priority: u32,
    created: Timestamp,
    pending: Vec<Span>,
}

/// A time from a moment to another; an open end is later than every moment.
#[derive(Debug, Clone, Copy)]
struct Span {
    from: Timestamp,
    until: Timestamp,
}

const OPEN: Timestamp = Timestamp::from_millis(i64::MAX);

/// A Reservation, until its Task ended or returned.
#[derive(Debug)]
struct Offer {
    worker: String,
    task: String,
    /// The Task was completed; if not, the span's end is that of a Reservation without an answer.
    completed: bool,
    span: Span,
}

/// A Reservation whose Worker should have been offered an earlier Task.
#[derive(Debug, PartialEq, Eq)]
pub struct Overtaking {
    /// The moment of the Reservation.
    pub at: Timestamp,
    /// The Task that was reserved.
    pub chosen: String,
    /// The Task that should have been: the one that had been pending for longest.
    pub overtaken: String,
    /// How long it had been pending.
    pub waited: Millis,
    /// How long it was pending after this; `None`: until the last Event.
    pub waits_on: Option<Millis>,
}

/// What happened to the Tasks of a Workspace.
#[derive(Debug, Default)]
pub struct History {
    tasks: BTreeMap<String, Waiting>,
    offers: Vec<Offer>,
}

/// The time of all Workers while a Task is pending.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Use {
    /// With a Reservation, from its creation to the end of its Task.
    pub busy: Millis,
    /// With or without one.
    pub available: Millis,
}

impl History {
    /// The history that these Events tell; their order does not matter.
    pub fn of(mut occurrences: Vec<Occurrence>) -> Self {
        occurrences.sort_by_key(|occurrence| (occurrence.at, occurrence.kind));
        let mut history = Self::default();
        for occurrence in occurrences {
            history.add(occurrence);
        }
        history
    }

    fn add(&mut self, occurrence: Occurrence) {
        let Occurrence {
            at,
            kind,
            task,
            worker,
        } = occurrence;
        match kind {
            Kind::Created { priority } => {
                let waiting = Waiting {
                    priority,
                    created: at,
                    pending: vec![Span::from(at)],
                };
                self.tasks.insert(task, waiting);
            }
            Kind::Offered => {
                self.end_pending(&task, at);
                self.offers.push(Offer {
                    worker,
                    task,
                    completed: false,
                    span: Span::from(at),
                });
            }
            Kind::Returned => {
                self.end_offer(&task, at, false);
                if let Some(waiting) = self.tasks.get_mut(&task) {
                    waiting.pending.push(Span::from(at));
                }
            }
            Kind::Ended => {
                self.end_offer(&task, at, true);
                self.end_pending(&task, at);
            }
        }
    }

    fn end_pending(&mut self, task: &str, at: Timestamp) {
        let waiting = self.tasks.get_mut(task);
        if let Some(span) = waiting.and_then(|waiting| waiting.pending.last_mut()) {
            span.until = span.until.min(at);
        }
    }

    fn end_offer(&mut self, task: &str, at: Timestamp, completed: bool) {
        let mut offers = self.offers.iter_mut().rev();
        if let Some(offer) = offers.find(|offer| offer.task == task && offer.span.until == OPEN) {
            offer.span.until = at;
            offer.completed = completed;
        }
    }

    /// The number of Reservations.
    pub fn offers(&self) -> usize {
        self.offers.len()
    }

    /// The Reservations made while a Task that ranks before the reserved one had been pending for
    /// [`VISIBLE_AFTER`]: one of higher priority, or an older one of the same priority
    /// (taskrouter.md section 10).
    pub fn overtakings(&self) -> Vec<Overtaking> {
        let offers = self.offers.iter();
        offers.filter_map(|offer| self.overtaking(offer)).collect()
    }

    fn overtaking(&self, offer: &Offer) -> Option<Overtaking> {
        let at = offer.span.from;
        let chosen = self.tasks.get(&offer.task)?;
        let before = self
            .tasks
            .iter()
            .filter(|(_, task)| task.ranks_before(chosen));
        let visible = before.filter_map(|(sid, task)| {
            let span = task.pending.iter().find(|span| span.contains(at))?;
            (at.since(span.from) >= VISIBLE_AFTER).then_some((sid, span))
        });
        let (overtaken, span) = visible.min_by_key(|(_, span)| span.from)?;
        Some(Overtaking {
            at,
            chosen: offer.task.clone(),
            overtaken: overtaken.clone(),
            waited: at.since(span.from),
            waits_on: (span.until != OPEN).then(|| span.until.since(at)),
        })
    }

    /// For each Worker who became free before `end` while a Task was pending: the time until their
    /// next Reservation, or until `end`. Ascending.
    pub fn idle_times(&self, end: Timestamp) -> Vec<Millis> {
        let mut offers_of: BTreeMap<&str, Vec<Span>> = BTreeMap::new();
        for offer in &self.offers {
            let offers = offers_of.entry(&offer.worker).or_default();
            offers.push(offer.span);
        }
        let mut times = Vec::new();
        for offers in offers_of.values() {
            for (index, offer) in offers.iter().enumerate() {
                let free = offer.until;
                if free >= end || !self.is_any_pending(free) {
                    continue;
                }
                let next = offers.get(index + 1).map_or(end, |next| next.from);
                times.push(next.min(end).since(free));
            }
        }
        times.sort_unstable();
        times
    }

    fn is_any_pending(&self, at: Timestamp) -> bool {
        let mut spans = self.tasks.values().flat_map(|task| &task.pending);
        spans.any(|span| span.contains(at))
    }

    /// The mean time from a Reservation to the end of its Task, of the Tasks completed before
    /// `end`.
    pub fn mean_busy(&self, end: Timestamp) -> Option<Millis> {
        let offers = self.offers.iter();
        let completed = offers.filter(|offer| offer.completed && offer.span.until < end);
        let times: Vec<u64> = completed
            .map(|offer| offer.span.until.since(offer.span.from).as_millis())
            .collect();
        let count = u64::try_from(times.len()).ok()?;
        let mean = times.iter().sum::<u64>().checked_div(count)?;
        Some(Millis::from_millis(mean))
    }

    /// The time that `workers` Workers had until `end` while a Task was pending, from the moment at
    /// which each had had a Reservation. If one never had any: from the first Task.
    pub fn use_of(&self, workers: u64, end: Timestamp) -> Use {
        let pending = self.tasks.values().flat_map(|task| &task.pending);
        let pending = pending.flat_map(|span| [(span.from, 1, 0), (span.until, -1, 0)]);
        let busy = self.offers.iter().map(|offer| offer.span);
        let busy = busy.flat_map(|span| [(span.from, 0, 1), (span.until, 0, -1)]);
        let mut changes: Vec<(Timestamp, i64, i64)> = pending.chain(busy).collect();
        changes.push((end, 0, 0));
        changes.sort_unstable();
        let first = self.tasks.values().map(|task| task.created).min();
        let mut at = self.all_had_an_offer(workers).or(first).unwrap_or(OPEN);
        let (mut tasks, mut offers) = (0, 0);
        let mut used = Use::default();
        for (moment, pending, busy) in changes {
            let moment_until_end = moment.min(end);
            let span = moment_until_end.since(at).as_millis();
            if tasks > 0 {
                let offers = u64::try_from(offers).unwrap_or_default().min(workers);
                used.busy = used.busy.saturating_add(Millis::from_millis(span * offers));
                used.available = used
                    .available
                    .saturating_add(Millis::from_millis(span * workers));
            }
            at = at.max(moment_until_end);
            tasks += pending;
            offers += busy;
        }
        used
    }

    fn all_had_an_offer(&self, workers: u64) -> Option<Timestamp> {
        let mut first: BTreeMap<&str, Timestamp> = BTreeMap::new();
        for offer in &self.offers {
            first.entry(&offer.worker).or_insert(offer.span.from);
        }
        let all = u64::try_from(first.len()).ok()? >= workers;
        first.into_values().max().filter(|_| all)
    }
}

impl Waiting {
    fn ranks_before(&self, other: &Self) -> bool {
        self.priority > other.priority
            || self.priority == other.priority && self.created < other.created
    }
}

impl Span {
    fn from(from: Timestamp) -> Self {
        Self { from, until: OPEN }
    }

    fn contains(self, at: Timestamp) -> bool {
        self.from <= at && at < self.until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn created(millis: i64, task: &str, priority: u32) -> Occurrence {
        occurrence(millis, Kind::Created { priority }, task, "")
    }

    fn occurrence(millis: i64, kind: Kind, task: &str, worker: &str) -> Occurrence {
        Occurrence {
            at: at(millis),
            kind,
            task: task.to_owned(),
            worker: worker.to_owned(),
        }
    }

    /// The pairs of chosen and overtaken Task.
    fn pairs(occurrences: Vec<Occurrence>) -> Vec<(String, String)> {
        let overtakings = History::of(occurrences).overtakings();
        let pairs = overtakings.into_iter();
        pairs.map(|pair| (pair.chosen, pair.overtaken)).collect()
    }

    fn pair(chosen: &str, overtaken: &str) -> Vec<(String, String)> {
        vec![(chosen.to_owned(), overtaken.to_owned())]
    }

    #[test]
    fn newer_task_first_is_a_violation() {
        let new_first = vec![
            created(0, "old", 0),
            created(100, "new", 0),
            occurrence(250, Kind::Offered, "new", "A"),
            occurrence(900, Kind::Offered, "old", "B"),
        ];
        assert_eq!(pairs(new_first), pair("new", "old"));
        let old_first = vec![
            created(0, "old", 0),
            created(100, "new", 0),
            occurrence(250, Kind::Offered, "old", "A"),
            occurrence(900, Kind::Offered, "new", "B"),
        ];
        assert_eq!(pairs(old_first), []);
    }

    #[test]
    fn priority_comes_before_age() {
        let occurrences = vec![
            created(0, "low", 0),
            created(10, "high", 10),
            occurrence(300, Kind::Offered, "high", "A"),
            created(400, "higher", 10),
            occurrence(650, Kind::Offered, "low", "B"),
        ];
        assert_eq!(pairs(occurrences), pair("low", "higher"));
    }

    #[test]
    fn invisible_task_is_not_overtaken() {
        let occurrences = vec![
            created(0, "low", 0),
            created(100, "high", 10),
            occurrence(349, Kind::Offered, "low", "A"),
        ];
        assert_eq!(pairs(occurrences), []);
    }

    #[test]
    fn task_reserved_at_once_is_not_overtaken() {
        let occurrences = vec![
            created(0, "old", 0),
            created(1, "new", 0),
            occurrence(500, Kind::Offered, "new", "A"),
            occurrence(500, Kind::Offered, "old", "B"),
        ];
        assert_eq!(pairs(occurrences), []);
    }

    #[test]
    fn rejected_task_is_pending_again() {
        let occurrences = vec![
            created(0, "old", 0),
            created(1, "new", 0),
            occurrence(2, Kind::Offered, "old", "A"),
            occurrence(1_000, Kind::Returned, "old", "A"),
            occurrence(1_100, Kind::Offered, "new", "B"),
            created(1_101, "newest", 0),
            occurrence(1_250, Kind::Offered, "newest", "C"),
        ];
        assert_eq!(pairs(occurrences), pair("newest", "old"));
    }

    /// A Worker with work from 0 to 1,000 and from 1,200 on, another from 0 to 1,100.
    fn two_workers() -> History {
        History::of(vec![
            created(0, "1", 0),
            created(0, "2", 0),
            created(0, "3", 0),
            created(500, "4", 0),
            occurrence(0, Kind::Offered, "1", "A"),
            occurrence(0, Kind::Offered, "2", "B"),
            occurrence(1_000, Kind::Ended, "1", ""),
            occurrence(1_100, Kind::Ended, "2", ""),
            occurrence(1_200, Kind::Offered, "3", "A"),
        ])
    }

    #[test]
    fn idle_time_ends_with_the_next_offer() {
        let history = two_workers();
        let idle = |end| history.idle_times(at(end));
        assert_eq!(idle(2_000), [200, 900].map(Millis::from_millis));
        assert_eq!(idle(1_050), [50].map(Millis::from_millis));
        assert_eq!(
            history.mean_busy(at(2_000)),
            Some(Millis::from_millis(1_050))
        );
    }

    #[test]
    fn use_counts_only_while_tasks_wait() {
        let used = two_workers().use_of(2, at(2_000));
        let expected = Use {
            busy: Millis::from_millis(1_000 + 1_100 + 800),
            available: Millis::from_millis(4_000),
        };
        assert_eq!(used, expected);
        let nothing_waits = History::of(vec![
            created(0, "1", 0),
            occurrence(0, Kind::Offered, "1", "A"),
        ]);
        assert_eq!(nothing_waits.use_of(1, at(2_000)), Use::default());
    }

    #[test]
    fn occurrence_is_read_from_an_event() {
        let event = serde_json::json!({
            "event_type": "task.created", "event_date_ms": 7,
            "event_data": {"task_sid": "WT1", "task_priority": "10"},
        });
        assert_eq!(Occurrence::read(&event), Some(created(7, "WT1", 10)));
    }
}
