//! The matcher's lease, in every interleaving: two Tasks, two Workers and two processes.
//!
//! The Tasks wait, and each sends a message, whose receiver arrives at the lease
//! ([`task_router::router::matcher_lease`]): it runs the matcher, or asks the running one. A process
//! that dies drops its run, and its message is redelivered. The Decisions are the engine's own
//! ([`task_router::router::match_many`]). All that may happen at once has too many states, so each
//! of [`LEASE_SCENARIOS`] is explored by itself.

use std::collections::BTreeSet;

use ids::time::{Millis, Timestamp};
use ids::{TaskSid, WorkerSid};
use stateright::{Model, Property};
use task_router::model::{Task, Worker, Workspace};
use task_router::router::matcher_lease::{Arrival, Finish, LEASE_LASTS, MatcherLease};
use task_router::router::order;
use task_router::router::{Command, Decision, Snapshot, Unread, decide, match_many};

use crate::Bounds;
use crate::state::Stored;

/// Invariant 4, for the matcher.
pub const NOTHING_FORGOTTEN: &str =
    "4: when nothing runs and no message is left, no Task waits beside a free Worker";
/// Invariant 4, without a death: asking is enough, and the guard is for deaths alone.
pub const NOTHING_DELAYED: &str =
    "4: unless a process died, no Task waits for a guard beside a free Worker";
/// Invariant 10, for the matcher.
pub const FIRST_TASK_FIRST: &str =
    "10: a Worker gets no Task while an earlier one waits that the decision could see";
/// Invariant 2, for the matcher.
pub const WITHIN_CAPACITY: &str = "2: no Worker has more than one Reservation";

/// Processes that receive messages.
const PROCESSES: usize = 2;

/// What may happen in a scenario beside the messages of the Tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeaseBounds {
    /// The second Worker is not free yet, and becomes free at any moment.
    pub worker_comes: bool,
    /// A process may die, once.
    pub dies: bool,
    /// The time of a matcher may be over, once, before it has found everything.
    pub hands_over: bool,
    /// Ticks of the clock in the length of a lease.
    pub ticks_of_a_lease: u64,
    /// Ticks at most.
    pub ticks_max: u8,
    /// The clock may advance before a process has died: a lease may begin while the guard of an
    /// earlier one has not arrived.
    pub ticks_early: bool,
}

impl LeaseBounds {
    /// A process dies while a Worker becomes free. One tick ends the lease, the next one that of the
    /// guard.
    pub const DEATH: Self = Self {
        worker_comes: true,
        dies: true,
        hands_over: false,
        ticks_of_a_lease: 1,
        ticks_max: 2,
        ticks_early: false,
    };
    /// A process dies, perhaps while it hands over.
    pub const DEATH_AND_HAND_OVER: Self = Self {
        worker_comes: false,
        hands_over: true,
        ..Self::DEATH
    };
    /// Leases follow one another while a Worker becomes free, and a matcher hands over.
    pub const SUCCESSIVE_LEASES: Self = Self {
        dies: false,
        hands_over: true,
        ticks_of_a_lease: 2,
        ticks_max: 2,
        ticks_early: true,
        ..Self::DEATH
    };
}

/// The scenarios.
pub const LEASE_SCENARIOS: [(&str, LeaseBounds); 3] = [
    ("matcher: a process dies", LeaseBounds::DEATH),
    (
        "matcher: a process dies or hands over",
        LeaseBounds::DEATH_AND_HAND_OVER,
    ),
    (
        "matcher: leases follow one another",
        LeaseBounds::SUCCESSIVE_LEASES,
    ),
];

/// The steps of the protocol. A test replaces one of them to see that a property can fail.
#[derive(Debug, Clone, Copy)]
pub struct LeaseRules {
    /// What a process does that received a message.
    pub arrive: fn(MatcherLease, u64, Timestamp) -> Arrival,
    /// What a matcher does that found nothing more.
    pub finish: fn(MatcherLease, u64) -> Finish,
    /// Whether a write of the lease is refused when another process wrote it first.
    pub conditional: bool,
    /// How a matcher whose time is over ends.
    pub hand_over: HandOver,
}

/// The order of the two steps that end a matcher whose time is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandOver {
    /// It releases the lease, then sends the message that runs the matcher next.
    ReleaseFirst,
    /// It sends the message first, which may then find the lease held.
    MessageFirst,
}

impl Default for LeaseRules {
    fn default() -> Self {
        Self {
            arrive: MatcherLease::arrive,
            finish: MatcherLease::finish,
            conditional: true,
            hand_over: HandOver::ReleaseFirst,
        }
    }
}

/// The model that `stateright` explores.
#[derive(Debug, Clone)]
pub struct MatcherProtocol {
    rules: LeaseRules,
    bounds: LeaseBounds,
    workspace: Workspace,
}

/// The Task or Worker that a message is about, or a guard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Message {
    /// A Task begins to wait.
    Task(TaskSid),
    /// A Worker becomes free.
    Worker(WorkerSid),
    /// A guard, and the moment at which it arrives.
    Guard(Timestamp),
    /// A matcher whose time was over sent it.
    HandOver,
}

/// What a process does at this moment.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Process {
    /// Nothing.
    Idle,
    /// It has read the lease and is about to write it.
    Arrived(Message, Arrival),
    /// It runs the matcher and is about to read the lists.
    Reads(Message, MatcherLease),
    /// It has decided and is about to commit these Tasks and Workers.
    Commits(Message, MatcherLease, Vec<(Stored<Task>, Stored<Worker>)>),
    /// It has found nothing more and is about to write the lease.
    Finishes(Message, MatcherLease),
    /// Its time is over, and it is about to release the lease.
    Releases(Message, MatcherLease),
    /// It has released the lease and is about to send the message that runs the matcher next.
    SendsHandOver(Message),
}

/// A state of the model.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LeaseState {
    ticks: u8,
    lease: MatcherLease,
    tasks: Vec<Stored<Task>>,
    workers: Vec<Stored<Worker>>,
    /// Workers who are not free yet.
    coming: BTreeSet<Message>,
    messages: BTreeSet<Message>,
    processes: [Process; PROCESSES],
    has_died: bool,
    has_handed_over: bool,
    overtaken: bool,
}

/// One step of a process, or of the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeaseAction {
    /// A Worker becomes free, and the message is sent.
    Appears(Message),
    /// An idle process receives a message and reads the lease.
    Receives(usize, Message),
    /// The process takes its next step.
    Proceeds(usize),
    /// The time of the matcher is over.
    HandsOver(usize),
    /// The process dies; another one takes its place.
    Dies(usize),
    /// The clock advances.
    Tick,
}

impl MatcherProtocol {
    /// The engine's protocol.
    pub fn new(bounds: LeaseBounds) -> Self {
        Self::with_rules(bounds, LeaseRules::default())
    }

    /// The same protocol with other rules.
    pub fn with_rules(bounds: LeaseBounds, rules: LeaseRules) -> Self {
        Self {
            rules,
            bounds,
            workspace: Bounds::SMALL.workspace(),
        }
    }

    fn appears(&self, state: &mut LeaseState, message: Message) {
        state.coming.remove(&message);
        state.messages.insert(message);
    }

    fn receives(&self, state: &mut LeaseState, process: usize, message: Message) {
        state.messages.remove(&message);
        if !state.concerns_a_match(message) {
            return;
        }
        let arrival = (self.rules.arrive)(state.lease, state.number_of(process), self.now(state));
        state.processes[process] = match arrival {
            Arrival::Asked => Process::Idle,
            Arrival::Run(_) | Arrival::Ask { .. } => Process::Arrived(message, arrival),
        };
    }

    fn proceeds(&self, state: &mut LeaseState, process: usize) {
        let doing = std::mem::replace(&mut state.processes[process], Process::Idle);
        let next = match doing {
            Process::Idle => Process::Idle,
            Process::Arrived(message, Arrival::Asked) => return self.again(state, message),
            Process::Arrived(message, Arrival::Ask { lease, guard_at }) => {
                if let Some(at) = guard_at {
                    state.messages.insert(Message::Guard(at));
                }
                if !self.write(state, lease) {
                    return self.again(state, message);
                }
                Process::Idle
            }
            Process::Arrived(message, Arrival::Run(lease)) => {
                if !self.write(state, lease) {
                    return self.again(state, message);
                }
                Process::Reads(message, lease)
            }
            Process::Reads(message, lease) => match self.pairs(state) {
                pairs if pairs.is_empty() => Process::Finishes(message, lease),
                pairs => Process::Commits(message, lease, pairs),
            },
            Process::Commits(message, lease, pairs) => {
                pairs.into_iter().for_each(|pair| commit(state, pair));
                Process::Reads(message, lease)
            }
            Process::Finishes(message, lease) => self.finishes(state, message, lease),
            Process::Releases(message, lease) => self.releases(state, message, lease),
            Process::SendsHandOver(_) => {
                state.messages.insert(Message::HandOver);
                Process::Idle
            }
        };
        state.processes[process] = next;
    }

    /// The matcher hands over instead of reading the lists.
    fn hands_over(&self, state: &mut LeaseState, process: usize) -> Option<()> {
        let Process::Reads(message, lease) = state.processes[process] else {
            return None;
        };
        state.has_handed_over = true;
        if self.rules.hand_over == HandOver::MessageFirst {
            state.messages.insert(Message::HandOver);
        }
        state.processes[process] = Process::Releases(message, lease);
        Some(())
    }

    fn releases(&self, state: &mut LeaseState, message: Message, lease: MatcherLease) -> Process {
        let is_done = lease.holder != state.lease.holder || self.write(state, lease.released());
        match (is_done, self.rules.hand_over) {
            (true, HandOver::ReleaseFirst) => Process::SendsHandOver(message),
            (true, HandOver::MessageFirst) => Process::Idle,
            (false, _) => Process::Releases(message, state.lease),
        }
    }

    /// The message is received once more, because another process wrote the lease first.
    fn again(&self, state: &mut LeaseState, message: Message) {
        state.messages.insert(message);
    }

    fn finishes(&self, state: &mut LeaseState, message: Message, lease: MatcherLease) -> Process {
        let Some(me) = lease.holder else {
            return Process::Idle;
        };
        let (next, ends) = match (self.rules.finish)(lease, me) {
            Finish::Lost => return Process::Idle,
            Finish::Release(next) => (next, true),
            Finish::ReadAgain(next) => (next, false),
        };
        match (self.write(state, next), ends) {
            (true, true) => Process::Idle,
            (true, false) => Process::Reads(message, next),
            // The run reads the version of the other writer.
            (false, _) if state.lease.holder == Some(me) => Process::Finishes(message, state.lease),
            (false, _) => Process::Idle,
        }
    }

    fn write(&self, state: &mut LeaseState, next: MatcherLease) -> bool {
        let holds = state.lease.version + 1 == next.version || !self.rules.conditional;
        if holds {
            state.lease = next;
        }
        holds
    }

    /// The pairs that the engine decides over what the lists contain now.
    fn pairs(&self, state: &LeaseState) -> Vec<(Stored<Task>, Stored<Worker>)> {
        let tasks = state.listed_tasks().map(|task| Task::clone(task));
        let workers = state.listed_workers().map(|worker| Worker::clone(worker));
        let snapshot = Snapshot::new(&self.workspace)
            .with_tasks(tasks)
            .with_workers(workers);
        match_many(&snapshot, &Unread::default(), self.now(state))
            .into_iter()
            .filter_map(pair_of)
            .collect()
    }

    fn now(&self, state: &LeaseState) -> Timestamp {
        let tick = Millis::from_millis(LEASE_LASTS.as_millis() / self.bounds.ticks_of_a_lease);
        (0..state.ticks).fold(Bounds::at(0), |now, _| now + tick)
    }

    fn is_quiet(&self, state: &LeaseState) -> bool {
        state.coming.is_empty()
            && state.messages.is_empty()
            && state.processes.iter().all(|it| *it == Process::Idle)
    }

    fn has_match(&self, state: &LeaseState) -> bool {
        !self.pairs(state).is_empty()
    }
}

fn pair_of(decision: Decision) -> Option<(Stored<Task>, Stored<Worker>)> {
    let task = decision.tasks.into_iter().next()?;
    let worker = decision.workers.into_iter().next()?;
    Some((Stored::new(task), Stored::new(worker)))
}

/// Commits a pair on condition of both versions.
fn commit(state: &mut LeaseState, (task, worker): (Stored<Task>, Stored<Worker>)) {
    let is_next = |old: u64, new: u64| old + 1 == new;
    let old_task = state.tasks.iter().position(|old| old.sid == task.sid);
    let old_worker = state.workers.iter().position(|old| old.sid == worker.sid);
    let (Some(old_task), Some(old_worker)) = (old_task, old_worker) else {
        return;
    };
    if is_next(state.tasks[old_task].version, task.version)
        && is_next(state.workers[old_worker].version, worker.version)
    {
        state.tasks[old_task] = task;
        state.workers[old_worker] = worker;
    }
}

impl LeaseState {
    /// Does the receiver of the message arrive at the lease? The message of a process that died is
    /// redelivered, and then its Task may be reserved, or its Worker.
    fn concerns_a_match(&self, message: Message) -> bool {
        match message {
            Message::Task(sid) => self.listed_tasks().any(|task| task.sid == sid),
            Message::Worker(sid) => self.listed_workers().any(|worker| worker.sid == sid),
            Message::Guard(_) | Message::HandOver => true,
        }
    }

    /// The random number of a process. The process that replaces a dead one has another.
    fn number_of(&self, process: usize) -> u64 {
        let replaced = if self.has_died { PROCESSES } else { 0 };
        u64::try_from(process + replaced).unwrap_or_default()
    }

    fn listed_tasks(&self) -> impl Iterator<Item = &Stored<Task>> {
        self.tasks.iter().filter(|task| task.is_pending())
    }

    fn listed_workers(&self) -> impl Iterator<Item = &Stored<Worker>> {
        let is_listed = |worker: &&Stored<Worker>| {
            worker.open_reservations.is_empty()
                && !self.coming.contains(&Message::Worker(worker.sid))
        };
        self.workers.iter().filter(is_listed)
    }

    /// Is a Task about to be committed although an earlier one was listed and is in no pair?
    fn overtakes(&self, pairs: &[(Stored<Task>, Stored<Worker>)]) -> bool {
        let is_paired = |sid: TaskSid| pairs.iter().any(|(task, _)| task.sid == sid);
        pairs.iter().any(|(task, _)| {
            self.listed_tasks().any(|other| {
                !is_paired(other.sid) && order::position_of(other) < order::position_of(task)
            })
        })
    }
}

impl Model for MatcherProtocol {
    type State = LeaseState;
    type Action = LeaseAction;

    fn init_states(&self) -> Vec<LeaseState> {
        let bounds = Bounds::SMALL;
        let workers = bounds.workers(&self.workspace);
        let tasks = bounds.new_tasks(&self.workspace).unwrap_or_default();
        let waits = |task: Task| {
            let command = Command::NoWorkerFound { task: task.sid };
            let alone = Snapshot::new(&self.workspace).with_tasks([task]);
            decide(alone, &command, Bounds::at(0))
                .tasks
                .into_iter()
                .next()
        };
        let tasks: Vec<Task> = tasks.into_iter().filter_map(waits).collect();
        let messages = tasks.iter().map(|task| Message::Task(task.sid)).collect();
        let free = if self.bounds.worker_comes {
            1
        } else {
            workers.len()
        };
        let coming = workers
            .iter()
            .skip(free)
            .map(|worker| Message::Worker(worker.sid))
            .collect();
        vec![LeaseState {
            ticks: 0,
            lease: MatcherLease::ABSENT,
            tasks: tasks.into_iter().map(Stored::new).collect(),
            workers: workers.into_iter().map(Stored::new).collect(),
            coming,
            messages,
            processes: [const { Process::Idle }; PROCESSES],
            has_died: false,
            has_handed_over: false,
            overtaken: false,
        }]
    }

    fn actions(&self, state: &LeaseState, actions: &mut Vec<LeaseAction>) {
        actions.extend(state.coming.iter().copied().map(LeaseAction::Appears));
        let is_due = |message: &&Message| match message {
            Message::Guard(at) => *at <= self.now(state),
            Message::Task(_) | Message::Worker(_) | Message::HandOver => true,
        };
        for (index, process) in state.processes.iter().enumerate() {
            if *process == Process::Idle {
                let due = state.messages.iter().filter(is_due);
                actions.extend(due.map(|message| LeaseAction::Receives(index, *message)));
            } else {
                actions.push(LeaseAction::Proceeds(index));
                let may_hand_over = self.bounds.hands_over && !state.has_handed_over;
                if may_hand_over && matches!(process, Process::Reads(..)) {
                    actions.push(LeaseAction::HandsOver(index));
                }
                if self.bounds.dies && !state.has_died {
                    actions.push(LeaseAction::Dies(index));
                }
            }
        }
        // A death makes time matter: it ends the dead matcher's lease.
        let may_tick = self.bounds.ticks_early || state.has_died;
        if may_tick && state.ticks < self.bounds.ticks_max {
            actions.push(LeaseAction::Tick);
        }
    }

    fn next_state(&self, state: &LeaseState, action: LeaseAction) -> Option<LeaseState> {
        let mut next = state.clone();
        match action {
            LeaseAction::Appears(message) => self.appears(&mut next, message),
            LeaseAction::Receives(process, message) => self.receives(&mut next, process, message),
            LeaseAction::Proceeds(process) => {
                self.proceeds(&mut next, process);
                if let Process::Commits(_, _, pairs) = &next.processes[process] {
                    next.overtaken |= next.overtakes(pairs);
                }
            }
            LeaseAction::HandsOver(process) => self.hands_over(&mut next, process)?,
            LeaseAction::Dies(process) => {
                next.has_died = true;
                match std::mem::replace(&mut next.processes[process], Process::Idle) {
                    Process::Idle => return None,
                    Process::Arrived(message, _)
                    | Process::Reads(message, _)
                    | Process::Commits(message, ..)
                    | Process::Finishes(message, _)
                    | Process::Releases(message, _)
                    | Process::SendsHandOver(message) => next.messages.insert(message),
                };
            }
            LeaseAction::Tick => next.ticks += 1,
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(NOTHING_FORGOTTEN, |model: &Self, state: &LeaseState| {
                !model.is_quiet(state) || !model.has_match(state)
            }),
            Property::always(NOTHING_DELAYED, |model: &Self, state: &LeaseState| {
                let are_guards = |message: &Message| matches!(message, Message::Guard(_));
                state.has_died
                    || !state.coming.is_empty()
                    || !state.messages.iter().all(are_guards)
                    || !state.processes.iter().all(|it| *it == Process::Idle)
                    || !model.has_match(state)
            }),
            Property::always(FIRST_TASK_FIRST, |_, state: &LeaseState| !state.overtaken),
            Property::always(WITHIN_CAPACITY, |_, state: &LeaseState| {
                let has_room = |worker: &Stored<Worker>| worker.open_reservations.len() <= 1;
                state.workers.iter().all(has_room)
            }),
            Property::sometimes(
                "both Tasks are reserved after what the scenario is about",
                |model: &Self, state: &LeaseState| {
                    state.has_died == model.bounds.dies
                        && state.has_handed_over == model.bounds.hands_over
                        && model.is_quiet(state)
                        && state.tasks.iter().all(|task| !task.is_pending())
                },
            ),
        ]
    }
}
