//! Pools: TaskQueues that share Workers, directly or through other TaskQueues.
//!
//! Candidate searches contend for a Worker only within one pool. So a pool is what a busy centre
//! matches at once (the `matcher` of `functions/routing`), and different pools do not wait for each
//! other.

use std::collections::BTreeSet;

use crate::model::{Readiness, Workspace};
use ids::TaskQueueSid;

/// The TaskQueues of one pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pool {
    /// All TaskQueues; at least one.
    queues: BTreeSet<TaskQueueSid>,
    /// The first of them names the pool.
    name: TaskQueueSid,
}

impl Pool {
    /// The pool of a TaskQueue, as the Workspace's known Readinesses show it.
    ///
    /// Processes with different caches of the configuration may see different pools. Then two
    /// matchers may contend, which costs retries and nothing else.
    pub fn of(workspace: &Workspace, queue: TaskQueueSid) -> Self {
        let mut queues = BTreeSet::from([queue]);
        let mut others: Vec<&Readiness> = workspace.ready_lists.values().collect();
        // Each iteration adds a Readiness or is the last one.
        loop {
            let known = others.len();
            others.retain(|ready| {
                let is_apart = ready.queues.queues().iter().all(|it| !queues.contains(it));
                if !is_apart {
                    queues.extend(ready.queues.queues());
                }
                is_apart
            });
            if others.len() == known {
                break;
            }
        }
        let name = queues.first().copied().unwrap_or(queue);
        Self { queues, name }
    }

    /// The TaskQueue that names the pool: the same one for every TaskQueue of the pool.
    pub fn name(&self) -> TaskQueueSid {
        self.name
    }

    /// The ready lists whose Workers serve TaskQueues of this pool.
    pub fn ready_lists<'a>(&self, workspace: &'a Workspace) -> Vec<&'a Readiness> {
        let is_served = |queue: &TaskQueueSid| self.queues.contains(queue);
        let ready_lists = workspace.ready_lists.values();
        ready_lists
            .filter(|ready| ready.queues.queues().iter().any(is_served))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{QueueMembership, TaskChannelName};
    use ids::{ActivitySid, WorkspaceSid};

    fn queue(name: &str) -> TaskQueueSid {
        TaskQueueSid::derive(&[name])
    }

    /// A Workspace with Workers who serve these sets of TaskQueues.
    fn workspace(served: &[&[&str]]) -> Workspace {
        let available = ActivitySid::derive(&["Available"]);
        let mut workspace = Workspace::new(WorkspaceSid::derive(&["centre"]), "centre", available);
        for names in served {
            let ready = Readiness {
                queues: QueueMembership::new(names.iter().map(|name| queue(name)).collect()),
                channels: vec![TaskChannelName::VOICE],
            };
            workspace.ready_lists.insert(ready.key(), ready);
        }
        workspace
    }

    #[test]
    fn pool_follows_shared_workers() {
        let workspace = workspace(&[&["a", "b"], &["b", "c"], &["d"], &["e", "d"]]);
        let connected = Pool::of(&workspace, queue("a"));
        assert_eq!(
            connected.queues,
            ["a", "b", "c"].into_iter().map(queue).collect()
        );
        for same in ["b", "c"] {
            assert_eq!(Pool::of(&workspace, queue(same)), connected);
        }
        let other = Pool::of(&workspace, queue("e"));
        assert_eq!(other.queues, ["d", "e"].into_iter().map(queue).collect());
        assert_ne!(other.name(), connected.name());
        assert_eq!(connected.ready_lists(&workspace).len(), 2);
    }

    #[test]
    fn queue_without_workers_is_its_own_pool() {
        let workspace = workspace(&[&["a"]]);
        let alone = Pool::of(&workspace, queue("z"));
        assert_eq!((alone.name(), alone.queues.len()), (queue("z"), 1));
        assert_eq!(alone.ready_lists(&workspace).len(), 0);
    }
}
