//! Waiting lists and ready lists, as the store keeps them: indexes around the engine's decisions.

use std::collections::{BTreeMap, BTreeSet};

use ids::{TaskQueueSid, TaskSid};
use task_router::model::{IdleKey, Readiness, TaskChannelName};
use task_router::router::order::{Position, WaitingList, waiting_lists_of_ready};

/// The waiting Tasks, in the order of their lists.
#[derive(Debug, Default)]
pub(crate) struct WaitingLists {
    lists: BTreeMap<WaitingList, BTreeSet<Position>>,
    count: usize,
}

impl WaitingLists {
    pub fn add(&mut self, list: WaitingList, position: Position) {
        if self.lists.entry(list).or_default().insert(position) {
            self.count += 1;
        }
    }

    pub fn remove(&mut self, list: WaitingList, position: &Position) {
        if let Some(positions) = self.lists.get_mut(&list)
            && positions.remove(position)
        {
            self.count -= 1;
        }
    }

    /// The Tasks of a list, in the order in which they are served.
    pub fn tasks(&self, list: WaitingList) -> impl Iterator<Item = TaskSid> {
        let positions = self.lists.get(&list).into_iter().flatten();
        positions.map(|position| position.sid)
    }

    pub fn len_of(&self, list: WaitingList) -> usize {
        self.lists.get(&list).map_or(0, BTreeSet::len)
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
}

/// The free agents by TaskQueue and TaskChannel, longest idle first.
#[derive(Debug, Default)]
pub(crate) struct ReadyLists {
    indexes: BTreeMap<(TaskQueueSid, TaskChannelName), usize>,
    lists: Vec<BTreeSet<(IdleKey, u32)>>,
}

/// The place of an agent in the ready lists, and the Readiness that they follow from.
#[derive(Debug)]
pub(crate) struct Ready {
    readiness: Readiness,
    lists: Vec<usize>,
    /// The key under which the agent is listed; `None`: the agent is in no list.
    key: Option<IdleKey>,
}

impl Ready {
    /// Whether the agent is in a list.
    pub fn is_listed(&self) -> bool {
        self.key.is_some()
    }
}

impl ReadyLists {
    /// Moves an agent to the lists of this Readiness. Returns whether the agent is in any list.
    pub fn update(
        &mut self,
        agent: u32,
        place: &mut Option<Ready>,
        readiness: Option<Readiness>,
        key: IdleKey,
    ) -> bool {
        let is_same = match (&readiness, &*place) {
            (Some(readiness), Some(place)) => *readiness == place.readiness,
            (None, _) => true,
            (Some(_), None) => false,
        };
        let wanted = readiness.is_some().then_some(key);
        if let Some(place) = place
            && let Some(listed) = place.key
            && (!is_same || wanted != Some(listed))
        {
            for list in &place.lists {
                self.lists[*list].remove(&(listed, agent));
            }
            place.key = None;
        }
        let Some(readiness) = readiness else {
            return false;
        };
        if !is_same {
            *place = Some(Ready {
                lists: self.lists_of(&readiness),
                readiness,
                key: None,
            });
        }
        if let Some(place) = place
            && place.key.is_none()
        {
            for list in &place.lists {
                self.lists[*list].insert((key, agent));
            }
            place.key = Some(key);
        }
        true
    }

    /// The free agents of a TaskQueue and TaskChannel, longest idle first.
    pub fn agents(
        &self,
        queue: TaskQueueSid,
        channel: TaskChannelName,
    ) -> impl Iterator<Item = u32> {
        let index = self.indexes.get(&(queue, channel));
        let list = index.map(|index| &self.lists[*index]);
        list.into_iter().flatten().map(|(_, agent)| *agent)
    }

    fn lists_of(&mut self, readiness: &Readiness) -> Vec<usize> {
        let mut lists = Vec::new();
        for list in waiting_lists_of_ready(readiness) {
            if let WaitingList::Queue(queue, channel) = list {
                let next = self.lists.len();
                let index = *self.indexes.entry((queue, channel)).or_insert(next);
                if index == next {
                    self.lists.push(BTreeSet::new());
                }
                lists.push(index);
            }
        }
        lists
    }
}
