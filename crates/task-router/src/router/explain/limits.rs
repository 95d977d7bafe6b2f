//! How much an explanation reads and shows.

/// Workers that are read for one Task: ten reads of a hundred.
pub const WORKERS_READ_MAX: usize = 1_000;

/// Workers of the Task's TaskQueue that are shown.
pub const WORKERS_SHOWN_MAX: usize = 50;

/// Workers outside the Task's TaskQueue that are shown.
pub const OUTSIDERS_SHOWN_MAX: usize = 20;

/// Tasks ahead of a Task that are read: one page of its waiting list.
pub const AHEAD_READ_MAX: u16 = 100;

/// Tasks of each waiting list that are read for a Worker: one page.
pub const WAITING_LIST_READ_MAX: u16 = 20;

/// TaskQueues that are shown for a Worker: so many that the Worker serves, and so many others.
pub const QUEUES_SHOWN_MAX: usize = 20;

/// Waiting Tasks of one TaskQueue that are shown for a Worker.
pub const WAITING_SHOWN_MAX: usize = 5;

/// Waiting lists that are read for one Worker, one page each.
pub const WAITING_LISTS_READ_MAX: usize = 200;
