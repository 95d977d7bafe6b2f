//! What is counted in one replication: sums that do not grow with the number of calls.

use ids::time::Millis;

/// The sums of one group of calls in one interval of the day. A group is all calls, a kind of calls,
/// or a TaskQueue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cell {
    /// Calls that a Worker accepted.
    pub answered: u64,
    /// Calls whose caller hung up before that.
    pub abandoned: u64,
    /// Calls that the centre ended before that: a Workflow timed out, or a waiting list was full.
    pub lost: u64,
    /// Calls that a Workflow moved to another TaskQueue.
    pub moved: u64,
    /// Calls accepted within the N seconds of the service level.
    pub answered_in_time: u64,
    /// Calls abandoned within them.
    pub abandoned_in_time: u64,
    /// The waits of accepted calls, from creation to acceptance, in milliseconds.
    pub answered_wait: u64,
    /// The waits of abandoned calls, in milliseconds.
    pub abandoned_wait: u64,
    /// The longest wait, of any call, in milliseconds.
    pub longest_wait: u64,
    /// Milliseconds of conversation and wrap-up, of all agents of the group.
    pub busy: u64,
    /// Milliseconds on duty, of all agents of the group; conversations after a shift included.
    pub staffed: u64,
}

/// How the wait of a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WaitEnd {
    Answered,
    Abandoned,
    Lost,
}

/// What an agent does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Doing {
    Away,
    Free,
    Talking,
    WrappingUp,
}

/// What one agent did in a replication.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AgentCell {
    /// Conversations.
    pub answered: u64,
    /// Offers that ended without an answer.
    pub missed: u64,
    /// Milliseconds free for a call; ringing included.
    pub free: u64,
    /// Milliseconds of conversation.
    pub talking: u64,
    /// Milliseconds of wrap-up.
    pub wrapping_up: u64,
}

/// All sums of a replication.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figures {
    /// The N milliseconds of the service level.
    within: u64,
    intervals: usize,
    /// By group, then by interval.
    cells: Vec<Cell>,
    /// By agent.
    pub(crate) agents: Vec<AgentCell>,
    /// Calls that were simulated, in the warm-up too.
    pub calls: u64,
}

impl Cell {
    /// Calls whose wait ended in the group.
    pub fn offered(&self) -> u64 {
        self.answered + self.abandoned + self.lost
    }

    /// Adds the sums of another interval.
    pub(crate) fn add(&mut self, other: &Self) {
        self.answered += other.answered;
        self.abandoned += other.abandoned;
        self.lost += other.lost;
        self.moved += other.moved;
        self.answered_in_time += other.answered_in_time;
        self.abandoned_in_time += other.abandoned_in_time;
        self.answered_wait += other.answered_wait;
        self.abandoned_wait += other.abandoned_wait;
        self.longest_wait = self.longest_wait.max(other.longest_wait);
        self.busy += other.busy;
        self.staffed += other.staffed;
    }
}

impl AgentCell {
    /// Milliseconds of conversation and wrap-up.
    pub fn busy(&self) -> u64 {
        self.talking + self.wrapping_up
    }

    /// Milliseconds on duty.
    pub fn staffed(&self) -> u64 {
        self.free + self.busy()
    }
}

impl Figures {
    pub(crate) fn new(groups: usize, intervals: usize, agents: usize, within: Millis) -> Self {
        Self {
            within: within.as_millis(),
            intervals,
            cells: vec![Cell::default(); groups * intervals],
            agents: vec![AgentCell::default(); agents],
            calls: 0,
        }
    }

    /// The sums of a group in an interval.
    pub(crate) fn cell(&self, group: usize, interval: usize) -> &Cell {
        &self.cells[group * self.intervals + interval]
    }

    /// The sums of a group over the day.
    pub(crate) fn day(&self, group: usize) -> Cell {
        let mut day = Cell::default();
        for interval in 0..self.intervals {
            day.add(self.cell(group, interval));
        }
        day
    }

    pub(crate) fn cell_mut(&mut self, group: usize, interval: usize) -> &mut Cell {
        &mut self.cells[group * self.intervals + interval]
    }

    /// Counts the end of a wait in these groups.
    pub(crate) fn count(
        &mut self,
        groups: [usize; 3],
        interval: usize,
        end: WaitEnd,
        wait: Millis,
    ) {
        let in_time = u64::from(wait.as_millis() <= self.within);
        let wait = wait.as_millis();
        for group in groups {
            let cell = self.cell_mut(group, interval);
            cell.longest_wait = cell.longest_wait.max(wait);
            match end {
                WaitEnd::Answered => {
                    cell.answered += 1;
                    cell.answered_in_time += in_time;
                    cell.answered_wait += wait;
                }
                WaitEnd::Abandoned => {
                    cell.abandoned += 1;
                    cell.abandoned_in_time += in_time;
                    cell.abandoned_wait += wait;
                }
                WaitEnd::Lost => cell.lost += 1,
            }
        }
    }
}
