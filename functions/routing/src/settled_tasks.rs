//! Ended Tasks of a Workspace of which nothing is due any more, so that no sweep reads them again.

use std::collections::BTreeSet;

use ids::TaskSid;

/// Ended Tasks that are settled. A Task that is no longer listed has expired and was deleted, so it
/// is forgotten when all Tasks have been listed, by one sweep or by several.
#[derive(Default)]
pub(crate) struct SettledTasks {
    /// Listed since the first Task was listed last.
    listed: BTreeSet<TaskSid>,
    /// Listed before that, and not since.
    before: BTreeSet<TaskSid>,
}

impl SettledTasks {
    /// A sweep begins at the first Task.
    pub(crate) fn begin(&mut self) {
        self.before.append(&mut self.listed);
    }

    /// Notes that a sweep lists a Task, and says whether the Task is settled.
    pub(crate) fn note_listed(&mut self, sid: TaskSid) -> bool {
        if self.before.remove(&sid) {
            self.listed.insert(sid);
        }
        self.listed.contains(&sid)
    }

    /// Adds a settled Task. If `kept_max` are remembered, all are forgotten first.
    pub(crate) fn add(&mut self, sid: TaskSid, kept_max: usize) {
        if self.listed.len() + self.before.len() >= kept_max {
            self.listed.clear();
            self.before.clear();
        }
        self.listed.insert(sid);
    }

    /// A sweep has reached the last Task. A settled Task that was not listed is forgotten, and read
    /// once more if a later sweep lists it.
    pub(crate) fn end(&mut self) {
        self.before.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEPT_MAX: usize = 10;

    #[test]
    fn settled_tasks_are_those_of_the_last_sweep() {
        let [kept, expired] = ["kept", "expired"].map(|name| TaskSid::derive(&[name]));
        let mut known = SettledTasks::default();
        known.begin();
        assert!(
            !known.note_listed(kept) && !known.note_listed(expired),
            "no sweep has listed them"
        );
        known.add(kept, KEPT_MAX);
        known.add(expired, KEPT_MAX);
        known.end();
        for _ in 0..2 {
            known.begin();
            assert!(known.note_listed(kept));
            known.end();
        }
        assert_eq!(
            (known.listed, known.before),
            (BTreeSet::from([kept]), BTreeSet::new())
        );
    }

    /// A sweep that stopped before the last Task forgets none of those that the next one lists.
    #[test]
    fn part_of_a_sweep_forgets_nothing() {
        let [first, last] = ["first", "last"].map(|name| TaskSid::derive(&[name]));
        let mut known = SettledTasks::default();
        known.begin();
        known.add(first, KEPT_MAX);
        known.add(last, KEPT_MAX);
        known.end();
        known.begin();
        assert!(known.note_listed(first), "the first sweep stops here");
        assert!(known.note_listed(last), "the second one continues");
        known.end();
        assert_eq!(known.listed.len(), 2);
    }

    #[test]
    fn settled_tasks_are_bounded() {
        let mut known = SettledTasks::default();
        for number in 0..=KEPT_MAX {
            known.add(TaskSid::derive(&[&number.to_string()]), KEPT_MAX);
        }
        assert_eq!(known.listed.len(), 1);
    }
}
