//! The Events that wait for delivery to an event callback, like SQS's FIFO queue: those about one
//! resource are delivered one after another, and resources do not wait for each other.
//!
//! Each Workspace has one destination, its event callback. A destination that does not answer holds
//! a connection for each delivery, so the deliveries in flight are limited for each Workspace.
//!
//! The queue survives a restart: [`OrderedQueue::take_changes`] lists what must be written for that.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use ids::time::Timestamp;
use ids::{EventSid, WorkspaceSid};
use task_router::router::events::Notice;

use crate::message::{MESSAGES_MAX, Message};

/// Maximum number of Events in flight to one Workspace's callback, as `MaximumConcurrency` in
/// `template.yaml`.
pub(crate) const IN_FLIGHT_MAX: usize = 20;

/// The moment of a message that is due at once.
const AT_ONCE: Timestamp = Timestamp::from_millis(0);

/// An Event that is not delivered yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undelivered {
    /// The number among all undelivered Events, in the order of their publication.
    pub number: u64,
    /// The Event.
    pub notice: Notice,
}

/// What happened to the queue since the last call of `OrderedQueue::take_changes`.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct QueueChanges {
    /// Events that were added and still wait.
    pub added: Vec<Undelivered>,
    /// Numbers of earlier Events that were delivered, or dropped as dead letters.
    pub removed: Vec<u64>,
}

/// The queue.
#[derive(Default)]
pub(crate) struct OrderedQueue {
    groups: BTreeMap<String, Group>,
    destinations: BTreeMap<WorkspaceSid, Destination>,
    /// The Events in all groups, for deduplication.
    events: BTreeSet<EventSid>,
    /// The number of the last Event.
    last: u64,
    /// Events that wait and that [`take_changes`](Self::take_changes) has not returned yet.
    added: BTreeMap<u64, Notice>,
    removed: Vec<u64>,
}

/// The Events about one resource.
#[derive(Default)]
struct Group {
    /// In order; one that is in flight is not among them.
    waiting: VecDeque<Message<Undelivered>>,
}

/// The event callback of one Workspace.
#[derive(Default)]
struct Destination {
    in_flight: usize,
    /// The groups with nothing in flight, by the moment at which their first message is due, and by
    /// its number.
    due: BTreeSet<(Timestamp, u64, String)>,
}

impl OrderedQueue {
    /// A queue with the Events that an earlier process did not deliver, in the order of their
    /// numbers.
    pub fn restored(undelivered: Vec<Undelivered>) -> Self {
        let mut queue = Self::default();
        for entry in undelivered {
            queue.last = queue.last.max(entry.number);
            queue.add(entry);
        }
        queue
    }

    /// The number of Events that are not delivered.
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// Adds an Event unless it waits already; false if the queue is full.
    pub fn put(&mut self, notice: Notice) -> bool {
        if self.events.contains(&notice.event) {
            return true;
        }
        if self.events.len() >= MESSAGES_MAX {
            return false;
        }
        self.last += 1;
        let number = self.last;
        self.added.insert(number, notice.clone());
        self.add(Undelivered { number, notice });
        true
    }

    fn add(&mut self, entry: Undelivered) {
        let Notice {
            workspace,
            event,
            about,
        } = entry.notice.clone();
        self.events.insert(event);
        let number = entry.number;
        let is_new = !self.groups.contains_key(&about);
        let group = self.groups.entry(about.clone()).or_default();
        group.waiting.push_back(Message::new(entry));
        if is_new {
            let destination = self.destinations.entry(workspace).or_default();
            destination.due.insert((AT_ONCE, number, about));
        }
    }

    /// Takes the first message of each group that is due, the oldest first, as many as its
    /// destination allows.
    pub fn due(&mut self, now: Timestamp) -> Vec<Message<Undelivered>> {
        let mut taken = Vec::new();
        for destination in self.destinations.values_mut() {
            while destination.next_due().is_some_and(|at| at <= now)
                && let Some((_, _, about)) = destination.due.pop_first()
                && let Some(group) = self.groups.get_mut(&about)
                && let Some(first) = group.waiting.pop_front()
            {
                destination.in_flight += 1;
                taken.push(first.received());
            }
        }
        taken
    }

    /// Ends the delivery of a message: the next one of its group is due.
    pub fn delivered(&mut self, message: &Message<Undelivered>) {
        let Undelivered { number, notice } = &message.body;
        self.events.remove(&notice.event);
        if self.added.remove(number).is_none() {
            self.removed.push(*number);
        }
        self.landed(&notice.workspace);
        let about = &notice.about;
        let Some(group) = self.groups.get(about) else {
            return;
        };
        match group.waiting.front().map(|first| first.body.number) {
            Some(next) => self.is_due(notice, next, AT_ONCE),
            None => {
                self.groups.remove(about);
            }
        }
    }

    /// Retries a failed message at `retry_at`, before the next one of its group. A dead letter is
    /// logged and dropped, and the next one is due.
    pub fn failed(&mut self, message: Message<Undelivered>, retry_at: Timestamp) {
        if message.is_dead_letter() {
            tracing::error!(notice = ?message.body.notice, receives = message.receives, "dead letter: event dropped");
            return self.delivered(&message);
        }
        let Undelivered { number, notice } = message.body.clone();
        self.landed(&notice.workspace);
        let Some(group) = self.groups.get_mut(&notice.about) else {
            return;
        };
        group.waiting.push_front(message);
        self.is_due(&notice, number, retry_at);
    }

    /// The moment at which the next message is due; `None` if none is before one lands.
    pub fn next_due(&self, now: Timestamp) -> Option<Timestamp> {
        let due = self.destinations.values().filter_map(Destination::next_due);
        due.min().map(|at| at.max(now))
    }

    /// What must be written so that the queue survives a restart. A caller that cannot write it
    /// returns it with [`put_back`](Self::put_back).
    pub fn take_changes(&mut self) -> QueueChanges {
        let added = std::mem::take(&mut self.added).into_iter();
        QueueChanges {
            added: added
                .map(|(number, notice)| Undelivered { number, notice })
                .collect(),
            removed: std::mem::take(&mut self.removed),
        }
    }

    /// Returns changes that were not written. An Event that was delivered in between is neither
    /// added nor removed.
    pub fn put_back(&mut self, changes: QueueChanges) {
        let is_delivered: BTreeSet<u64> = std::mem::take(&mut self.removed).into_iter().collect();
        let (never_written, waiting): (Vec<_>, Vec<_>) = changes
            .added
            .into_iter()
            .partition(|entry| is_delivered.contains(&entry.number));
        let never_written: BTreeSet<u64> = never_written.iter().map(|entry| entry.number).collect();
        self.removed = changes.removed;
        self.removed.extend(is_delivered.difference(&never_written));
        let waiting = waiting.into_iter();
        self.added
            .extend(waiting.map(|entry| (entry.number, entry.notice)));
    }

    fn is_due(&mut self, notice: &Notice, number: u64, at: Timestamp) {
        let destination = self.destinations.entry(notice.workspace).or_default();
        destination.due.insert((at, number, notice.about.clone()));
    }

    /// Ends one delivery to a destination.
    fn landed(&mut self, workspace: &WorkspaceSid) {
        let Some(destination) = self.destinations.get_mut(workspace) else {
            return;
        };
        destination.in_flight = destination.in_flight.saturating_sub(1);
        if destination.in_flight == 0 && destination.due.is_empty() {
            self.destinations.remove(workspace);
        }
    }
}

impl Destination {
    /// The moment of its next message; `None` if there is none, or too many are in flight.
    fn next_due(&self) -> Option<Timestamp> {
        if self.in_flight >= IN_FLIGHT_MAX {
            return None;
        }
        self.due.first().map(|(at, _, _)| *at)
    }
}

#[cfg(test)]
mod tests {
    use ids::time::Millis;

    use super::*;
    use crate::message::RECEIVES_MAX;

    const NOON: Timestamp = Timestamp::from_millis(1_795_348_800_000);
    const LATER: Timestamp = Timestamp::from_millis(1_795_348_802_000);

    fn notice(about: &str, number: u8) -> Notice {
        let workspace = WorkspaceSid::from_bytes([0; 16]);
        Notice {
            workspace,
            event: EventSid::from_bytes([number; 16]),
            about: about.to_owned(),
        }
    }

    fn queue(notices: &[Notice]) -> OrderedQueue {
        let mut queue = OrderedQueue::default();
        assert!(notices.iter().all(|notice| queue.put(notice.clone())));
        queue
    }

    fn bodies(messages: &[Message<Undelivered>]) -> Vec<Notice> {
        messages
            .iter()
            .map(|message| message.body.notice.clone())
            .collect()
    }

    fn entry(number: u64, notice: Notice) -> Undelivered {
        Undelivered { number, notice }
    }

    #[test]
    fn group_delivers_one_message_at_a_time() {
        let mut queue = queue(&[notice("A", 1), notice("A", 2), notice("B", 3)]);
        let taken = queue.due(NOON);
        assert_eq!(bodies(&taken), [notice("A", 1), notice("B", 3)]);
        assert!(queue.due(NOON).is_empty(), "both groups are in flight");
        assert_eq!(queue.next_due(NOON), None);
        queue.delivered(&taken[0]);
        assert_eq!(queue.next_due(NOON), Some(NOON));
        assert_eq!(bodies(&queue.due(NOON)), [notice("A", 2)]);
    }

    #[test]
    fn failed_message_delays_only_its_group() {
        let mut queue = queue(&[notice("A", 1), notice("A", 2), notice("B", 3)]);
        let taken = queue.due(NOON);
        queue.failed(taken[0].clone(), LATER);
        queue.delivered(&taken[1]);
        queue.put(notice("B", 4));
        assert_eq!(bodies(&queue.due(NOON)), [notice("B", 4)]);
        assert_eq!(queue.next_due(NOON), Some(LATER));
        assert_eq!(bodies(&queue.due(LATER)), [notice("A", 1)]);
    }

    #[test]
    fn dead_letter_is_dropped_and_next_is_due() {
        let mut queue = queue(&[notice("A", 1), notice("A", 2)]);
        for receive in 1..=RECEIVES_MAX {
            let taken = queue.due(NOON);
            assert_eq!(
                (taken[0].receives, &taken[0].body.notice),
                (receive, &notice("A", 1))
            );
            queue.failed(taken[0].clone(), NOON);
        }
        let taken = queue.due(NOON + Millis::from_secs(1));
        assert_eq!(bodies(&taken), [notice("A", 2)]);
        queue.delivered(&taken[0]);
        assert!(queue.groups.is_empty() && queue.events.is_empty());
        assert!(queue.destinations.is_empty());
    }

    /// A destination that does not answer delays no other one.
    #[test]
    fn deliveries_in_flight_are_limited_by_workspace() {
        let of = |workspace: u8, number: u8| Notice {
            workspace: WorkspaceSid::from_bytes([workspace; 16]),
            ..notice(&format!("{workspace} {number}"), workspace * 100 + number)
        };
        let mut queue = OrderedQueue::default();
        let one_too_many = u8::try_from(IN_FLIGHT_MAX).unwrap() + 1;
        for number in 1..=one_too_many {
            queue.put(of(1, number));
        }
        queue.put(of(2, 1));
        let taken = queue.due(NOON);
        assert_eq!(taken.len(), IN_FLIGHT_MAX + 1);
        assert_eq!(bodies(&taken).last(), Some(&of(2, 1)));
        assert_eq!((queue.due(NOON), queue.next_due(NOON)), (Vec::new(), None));
        queue.failed(taken[0].clone(), LATER);
        assert_eq!(bodies(&queue.due(NOON)), [of(1, one_too_many)]);
    }

    #[test]
    fn waiting_event_is_added_once() {
        let mut queue = queue(&[notice("A", 1)]);
        let taken = queue.due(NOON);
        assert!(queue.put(notice("A", 1)), "it is in flight");
        queue.delivered(&taken[0]);
        assert!(queue.due(NOON).is_empty());
    }

    /// An Event in flight is not delivered yet. One that was delivered before it was written needs
    /// no write.
    #[test]
    fn changes_are_what_a_restart_needs() {
        let mut queue = queue(&[notice("A", 1), notice("A", 2), notice("B", 3)]);
        let taken = queue.due(NOON);
        queue.delivered(&taken[1]);
        let changes = queue.take_changes();
        assert_eq!(
            changes.added,
            [entry(1, notice("A", 1)), entry(2, notice("A", 2))]
        );
        assert!(changes.removed.is_empty());
        let mut restored = OrderedQueue::restored(changes.added);
        assert_eq!(restored.take_changes(), QueueChanges::default());
        restored.put(notice("A", 4));
        for number in [1, 2, 4] {
            let taken = restored.due(NOON);
            assert_eq!(bodies(&taken), [notice("A", number)]);
            restored.delivered(&taken[0]);
        }
        let changes = restored.take_changes();
        assert_eq!((changes.added, changes.removed), (Vec::new(), vec![1, 2]));
    }

    #[test]
    fn changes_that_were_not_written_return() {
        let mut queue = OrderedQueue::restored(vec![entry(1, notice("A", 1))]);
        queue.put(notice("B", 2));
        queue.put(notice("C", 3));
        let taken = queue.due(NOON);
        queue.delivered(&taken[0]);
        let changes = queue.take_changes();
        queue.delivered(&taken[1]);
        queue.put_back(changes);
        let changes = queue.take_changes();
        assert_eq!(changes.added, [entry(3, notice("C", 3))]);
        assert_eq!(changes.removed, [1]);
    }
}
