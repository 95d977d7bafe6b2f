//! A queue with ordered groups, like SQS's FIFO queues: the messages about one resource are
//! delivered one after another, and groups do not wait for each other.

use std::collections::{BTreeMap, VecDeque};

use ids::time::Timestamp;
use task_router::router::events::Notice;

use crate::message::{MESSAGES_MAX, Message};

/// Notices, grouped by the resource they are about.
#[derive(Default)]
pub(crate) struct OrderedQueue {
    groups: BTreeMap<String, Group>,
    messages: usize,
}

#[derive(Default)]
struct Group {
    waiting: VecDeque<Message<Notice>>,
    state: State,
}

/// The delivery state of a group.
#[derive(Default, PartialEq, Eq)]
enum State {
    #[default]
    Idle,
    /// One message is being delivered.
    InFlight,
    /// The first message failed and is retried at this moment.
    RetryAt(Timestamp),
}

impl OrderedQueue {
    /// Adds a message; false if the queue is full.
    pub fn put(&mut self, notice: Notice) -> bool {
        if self.messages >= MESSAGES_MAX {
            return false;
        }
        self.messages += 1;
        let group = self.groups.entry(notice.about.clone()).or_default();
        group.waiting.push_back(Message::new(notice));
        true
    }

    /// Takes the first message of each group that is due.
    pub fn due(&mut self, now: Timestamp) -> Vec<Message<Notice>> {
        let due = self
            .groups
            .values_mut()
            .filter(|group| group.due_at(now).is_some_and(|at| at <= now));
        let taken: Vec<Message<Notice>> = due.filter_map(Group::take).collect();
        self.messages -= taken.len();
        taken
    }

    /// Ends the delivery of a message: the next one of its group is due.
    pub fn delivered(&mut self, message: &Message<Notice>) {
        let about = &message.body.about;
        let Some(group) = self.groups.get_mut(about) else {
            return;
        };
        group.state = State::Idle;
        if group.waiting.is_empty() {
            self.groups.remove(about);
        }
    }

    /// Retries a failed message at `retry_at`, before the next one of its group. A dead letter is
    /// logged and dropped, and the next one is due.
    pub fn failed(&mut self, message: Message<Notice>, retry_at: Timestamp) {
        if message.is_dead_letter() {
            tracing::error!(notice = ?message.body, receives = message.receives, "dead letter: event dropped");
            return self.delivered(&message);
        }
        let Some(group) = self.groups.get_mut(&message.body.about) else {
            return;
        };
        group.state = State::RetryAt(retry_at);
        group.waiting.push_front(message);
        self.messages += 1;
    }

    /// The moment at which the next message is due; `None` if all groups are in flight or empty.
    pub fn next_due(&self, now: Timestamp) -> Option<Timestamp> {
        self.groups
            .values()
            .filter_map(|group| group.due_at(now))
            .min()
    }
}

impl Group {
    fn due_at(&self, now: Timestamp) -> Option<Timestamp> {
        match self.state {
            State::InFlight => None,
            State::Idle => (!self.waiting.is_empty()).then_some(now),
            State::RetryAt(at) => Some(at),
        }
    }

    fn take(&mut self) -> Option<Message<Notice>> {
        let first = self.waiting.pop_front()?;
        self.state = State::InFlight;
        Some(first.received())
    }
}

#[cfg(test)]
mod tests {
    use ids::time::Millis;
    use ids::{EventSid, WorkspaceSid};

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

    fn bodies(messages: &[Message<Notice>]) -> Vec<Notice> {
        messages
            .iter()
            .map(|message| message.body.clone())
            .collect()
    }

    #[test]
    fn group_delivers_one_message_at_a_time() {
        let mut queue = queue(&[notice("A", 1), notice("A", 2), notice("B", 3)]);
        let taken = queue.due(NOON);
        assert_eq!(bodies(&taken), [notice("A", 1), notice("B", 3)]);
        assert!(queue.due(NOON).is_empty(), "both groups are in flight");
        assert_eq!(queue.next_due(NOON), None);
        queue.delivered(&taken[0]);
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
                (taken[0].receives, &taken[0].body),
                (receive, &notice("A", 1))
            );
            queue.failed(taken[0].clone(), NOON);
        }
        let taken = queue.due(NOON + Millis::from_secs(1));
        assert_eq!(bodies(&taken), [notice("A", 2)]);
        queue.delivered(&taken[0]);
        assert!(queue.groups.is_empty() && queue.messages == 0);
    }
}
