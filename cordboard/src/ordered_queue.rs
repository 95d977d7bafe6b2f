//! A queue that keeps order within groups, as SQS's FIFO queues do: of what is about one thing, the next follows when the
//! one before was delivered or given up, and no group waits for another.

use std::collections::{BTreeMap, VecDeque};

use ids::time::Timestamp;
use task_router::router::events::Notice;

use crate::queues::{MESSAGES_MAX, Message, RECEIVES_MAX};

/// Notices by what they are about.
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

/// Whether the first message of a group may be taken.
#[derive(Default, PartialEq, Eq)]
enum State {
    #[default]
    Free,
    /// One is being delivered.
    Busy,
    /// One failed and comes again then.
    Until(Timestamp),
}

impl OrderedQueue {
    /// Adds a message; false: there is no room.
    pub fn put(&mut self, notice: Notice) -> bool {
        if self.messages >= MESSAGES_MAX {
            return false;
        }
        self.messages += 1;
        let group = self.groups.entry(notice.about.clone()).or_default();
        group.waiting.push_back(Message {
            body: notice,
            receives: 0,
        });
        true
    }

    /// Takes the first message of each group whose turn it is.
    pub fn due(&mut self, now: Timestamp) -> Vec<Message<Notice>> {
        let due = self
            .groups
            .values_mut()
            .filter(|group| group.due_at(now).is_some_and(|at| at <= now));
        let taken: Vec<Message<Notice>> = due.filter_map(Group::take).collect();
        self.messages -= taken.len();
        taken
    }

    /// What became of a message that was taken; `again_at`: it failed, and comes again then unless it came too often.
    pub fn done(&mut self, message: Message<Notice>, again_at: Option<Timestamp>) {
        let about = message.body.about.clone();
        let Some(group) = self.groups.get_mut(&about) else {
            return;
        };
        group.state = State::Free;
        match again_at {
            Some(at) if message.receives < RECEIVES_MAX => {
                group.state = State::Until(at);
                group.waiting.push_front(message);
                self.messages += 1;
            }
            Some(_) => {
                tracing::error!(notice = ?message.body, receives = message.receives, "event given up")
            }
            None => {}
        }
        if group.waiting.is_empty() {
            self.groups.remove(&about);
        }
    }

    /// When the next message is due, if any is not being delivered.
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
            State::Busy => None,
            State::Free => (!self.waiting.is_empty()).then_some(now),
            State::Until(at) => Some(at),
        }
    }

    fn take(&mut self) -> Option<Message<Notice>> {
        let first = self.waiting.pop_front()?;
        self.state = State::Busy;
        Some(Message {
            receives: first.receives + 1,
            ..first
        })
    }
}

#[cfg(test)]
mod tests {
    use ids::time::Millis;
    use ids::{EventSid, WorkspaceSid};

    use super::*;

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
    fn of_one_group_the_next_follows_when_the_one_before_is_done() {
        let mut queue = queue(&[notice("A", 1), notice("A", 2), notice("B", 3)]);
        let taken = queue.due(NOON);
        assert_eq!(bodies(&taken), [notice("A", 1), notice("B", 3)]);
        assert!(queue.due(NOON).is_empty(), "both groups are busy");
        assert_eq!(queue.next_due(NOON), None);
        queue.done(taken[0].clone(), None);
        assert_eq!(bodies(&queue.due(NOON)), [notice("A", 2)]);
    }

    #[test]
    fn what_failed_comes_again_before_what_is_behind_it_and_holds_up_no_other_group() {
        let mut queue = queue(&[notice("A", 1), notice("A", 2), notice("B", 3)]);
        let taken = queue.due(NOON);
        queue.done(taken[0].clone(), Some(LATER));
        queue.done(taken[1].clone(), None);
        queue.put(notice("B", 4));
        assert_eq!(bodies(&queue.due(NOON)), [notice("B", 4)]);
        assert_eq!(queue.next_due(NOON), Some(LATER));
        assert_eq!(bodies(&queue.due(LATER)), [notice("A", 1)]);
    }

    #[test]
    fn what_always_fails_is_given_up_and_the_next_has_its_turn() {
        let mut queue = queue(&[notice("A", 1), notice("A", 2)]);
        for receive in 1..=RECEIVES_MAX {
            let taken = queue.due(NOON);
            assert_eq!(
                (taken[0].receives, &taken[0].body),
                (receive, &notice("A", 1))
            );
            queue.done(taken[0].clone(), Some(NOON));
        }
        let taken = queue.due(NOON + Millis::from_secs(1));
        assert_eq!(bodies(&taken), [notice("A", 2)]);
        queue.done(taken[0].clone(), None);
        assert!(queue.groups.is_empty() && queue.messages == 0);
    }
}
