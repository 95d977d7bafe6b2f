//! The actions that are possible in a state, and the state after each.

use ids::time::Timestamp;
use stateright::{Model, Property};
use task_router::model::{Task, Worker, Workspace};
use task_router::router::effects::{self, Effect};
use task_router::router::{Command, Decision, Outcome, Snapshot, WorkersWritten, decide};

use crate::state::{PendingWrite, State, Stored};
use crate::{Action, Bounds, Choice, Message, properties};

/// What the writers do: the engine's own functions and the table's conditions. A test replaces one
/// of them to see that a property can fail.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// The decision of a writer.
    pub decide: fn(Snapshot<'_>, &Command, Timestamp) -> Decision,
    /// The Effects of a Task's write.
    pub of_task: fn(&Workspace, Option<&Task>, &Task) -> Vec<Effect>,
    /// The Effects of a Worker's write.
    pub of_worker: fn(&Workspace, Option<&Worker>, &Worker) -> Vec<Effect>,
    /// Whether a write is refused when what was read has changed.
    pub conditional: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            decide,
            of_task: effects::of_task,
            of_worker: effects::of_worker,
            conditional: true,
        }
    }
}

/// The protocol within bounds: the model that `stateright` explores.
#[derive(Debug, Clone)]
pub struct Protocol {
    /// The part of the protocol that is explored.
    pub bounds: Bounds,
    /// The behaviour of the writers.
    pub rules: Rules,
    pub(crate) workspace: Workspace,
}

impl Protocol {
    /// The engine's protocol within these bounds.
    pub fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            rules: Rules::default(),
            workspace: bounds.workspace(),
        }
    }

    /// The same protocol with other rules.
    pub fn with_rules(self, rules: Rules) -> Self {
        Self { rules, ..self }
    }

    /// Whether the state is settled: nothing happens until people act or time passes.
    pub(crate) fn is_settled(&self, state: &State) -> bool {
        let changes = |message: &Message| {
            let decision = self.decide(state, *message, Choice::Accept);
            decision.outcome == Outcome::Changed
        };
        // A redelivered message counts as handled once it changes nothing.
        let is_idle = |message: &Message| {
            message.is_sent_by_people()
                || !message.is_due(state.now())
                || (self.bounds.redelivery && !changes(message))
        };
        state.pending_writes.is_empty() && state.messages.iter().all(is_idle)
    }

    /// A writer handles `message` and decides; its write is pending.
    fn read(&self, state: &State, message: Message, choice: Choice) -> Option<State> {
        let decision = self.decide(state, message, choice);
        let mut next = state.clone();
        if decision.outcome != Outcome::Changed {
            self.acknowledge(&mut next, message);
            return (next.messages != state.messages).then_some(next);
        }
        let atomic = decision.workers_written == WorkersWritten::WithTheTask;
        next.pending_writes.push(PendingWrite {
            message: Some(message),
            atomic,
            tasks: decision.tasks.into_iter().map(Stored::new).collect(),
            workers: decision
                .workers
                .into_iter()
                .map(undated)
                .map(Stored::new)
                .collect(),
        });
        next.pending_writes.sort_unstable();
        Some(next)
    }

    /// The Decision of a writer that handles `message`. When no Worker is available,
    /// `NoWorkerFound` adds a new Task to its queue's waiting list.
    fn decide(&self, state: &State, message: Message, choice: Choice) -> Decision {
        let decision = self.decide_command(state, &message.command(choice));
        match (message, decision.outcome.clone()) {
            (Message::MatchTask(task) | Message::Timer(task, _), Outcome::AlreadySo) => {
                self.decide_command(state, &Command::NoWorkerFound { task })
            }
            (
                Message::MatchTask(_)
                | Message::Timer(..)
                | Message::MatchWorker(_)
                | Message::Release(..)
                | Message::Assignment(..)
                | Message::HangUp(_),
                _,
            ) => decision,
        }
    }

    /// A search for a Worker's Task sees the Tasks of waiting lists and no others.
    fn decide_command(&self, state: &State, command: &Command) -> Decision {
        let is_worker_search = matches!(command, Command::ServeWorker { .. });
        let tasks = state
            .tasks
            .iter()
            .filter(|task| !is_worker_search || task.is_in_waiting_list());
        let mut snapshot = Snapshot::new(&self.workspace)
            .with_tasks(tasks.map(|task| Task::clone(task)))
            .with_workers(state.workers.iter().map(|worker| Worker::clone(worker)));
        snapshot.candidates_of = self.workspace.task_queues.keys().next().copied();
        (self.rules.decide)(snapshot, command, state.now())
    }

    /// The state after the write of a writer.
    fn write(&self, state: &State, writer: usize) -> State {
        let mut next = state.clone();
        let PendingWrite {
            message,
            atomic,
            tasks,
            workers,
        } = next.pending_writes.remove(writer);
        let releases_later = !atomic && !tasks.is_empty();
        // Acknowledged before the Effects are sent: one of them may be the same message again. A
        // search that gave the Worker to an earlier Task is not over.
        if let Some(message) = message
            && message
                .searched_task()
                .is_none_or(|searched| tasks.iter().any(|task| task.sid == searched))
        {
            self.acknowledge(&mut next, message);
        }
        for task in tasks {
            self.put_task(&mut next, task);
        }
        if releases_later {
            // The slots are released in separate writes; the writer may crash between them.
            next.pending_writes
                .extend(workers.into_iter().map(PendingWrite::releasing));
        } else {
            workers
                .into_iter()
                .for_each(|worker| self.put_worker(&mut next, worker));
        }
        self.prune(&mut next);
        next
    }

    /// Removes what has no effect any more, so that equivalent states are one state: writers that
    /// have lost their race (versions only rise), and obsolete messages. The engine decides that an
    /// obsolete message changes nothing; if it does, the state is a violation.
    fn prune(&self, next: &mut State) {
        if self.rules.conditional {
            let pending_writes = std::mem::take(&mut next.pending_writes);
            next.pending_writes = pending_writes
                .into_iter()
                .filter(|writer| next.allows(writer))
                .collect();
        }
        next.pending_writes.sort_unstable();
        let obsolete: Vec<Message> = next
            .messages
            .iter()
            .filter(|message| message.is_obsolete(next))
            .copied()
            .collect();
        for message in obsolete {
            let changes =
                |choice: &Choice| self.decide(next, message, *choice).outcome == Outcome::Changed;
            if message.choices().iter().any(changes) {
                next.violation = next
                    .violation
                    .or(Some("an obsolete message changed something"));
            }
            self.acknowledge(next, message);
        }
    }

    fn put_task(&self, next: &mut State, new: Stored<Task>) {
        let Some(old) = next.put_task(new.clone()) else {
            return;
        };
        next.violation = next
            .violation
            .or(properties::invalid_task_transition(&old, &new));
        let effects = (self.rules.of_task)(&self.workspace, Some(&old), &new);
        self.send(next, &effects);
    }

    fn put_worker(&self, next: &mut State, new: Stored<Worker>) {
        let Some(old) = next.put_worker(new.clone()) else {
            return;
        };
        let effects = (self.rules.of_worker)(&self.workspace, Some(&old), &new);
        self.send(next, &effects);
    }

    /// A timer beyond the last tick never fires, so it is not sent.
    fn send(&self, next: &mut State, effects: &[Effect]) {
        let end = Bounds::at(self.bounds.ticks_max);
        let messages = effects.iter().filter_map(Message::of_effect);
        next.messages
            .extend(messages.filter(|message| message.is_due(end)));
    }

    fn acknowledge(&self, next: &mut State, message: Message) {
        if !self.bounds.redelivery {
            next.messages.remove(&message);
        }
    }
}

impl Model for Protocol {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let tasks = self.bounds.new_tasks(&self.workspace).unwrap_or_default();
        let workers = self.bounds.workers(&self.workspace);
        let mut state = State {
            ticks: 0,
            tasks: tasks.into_iter().map(Stored::new).collect(),
            workers: workers.into_iter().map(Stored::new).collect(),
            messages: Default::default(),
            pending_writes: Vec::new(),
            violation: None,
        };
        for task in &state.tasks.clone() {
            self.send(
                &mut state,
                &(self.rules.of_task)(&self.workspace, None, task),
            );
            state
                .messages
                .extend(self.bounds.hang_ups.then_some(Message::HangUp(task.sid)));
        }
        if !self.bounds.workers_idle {
            for worker in &state.workers.clone() {
                self.send(
                    &mut state,
                    &(self.rules.of_worker)(&self.workspace, None, worker),
                );
            }
        }
        vec![state]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.pending_writes.len() < self.bounds.writers_max {
            for message in state
                .messages
                .iter()
                .filter(|message| message.is_due(state.now()))
            {
                actions.extend(
                    message
                        .choices()
                        .iter()
                        .map(|choice| Action::Read(*message, *choice)),
                );
            }
        }
        actions.extend((0..state.pending_writes.len()).map(Action::Write));
        // A writer that crashes between its read and its write has no effect: that state is
        // explored anyway. Only a crash before a separate release matters.
        let releases = |writer: &usize| {
            state
                .pending_writes
                .get(*writer)
                .is_some_and(|writer| writer.message.is_none())
        };
        actions.extend(
            (0..state.pending_writes.len())
                .filter(releases)
                .map(Action::Crash),
        );
        if state.ticks < self.bounds.ticks_max {
            actions.push(Action::Tick);
        }
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        match action {
            Action::Read(message, choice) => self.read(state, message, choice),
            Action::Write(writer) => Some(self.write(state, writer)),
            Action::Crash(writer) => {
                let mut next = state.clone();
                next.pending_writes.remove(writer);
                Some(next)
            }
            Action::Tick => Some(State {
                ticks: state.ticks + 1,
                ..state.clone()
            }),
        }
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::all()
    }

    fn within_boundary(&self, state: &State) -> bool {
        state
            .tasks
            .iter()
            .all(|task| task.rounds <= self.bounds.rounds_max)
    }
}

/// The Worker without the date of its last change. No decision depends on that date, so states that
/// differ in it alone are one state.
fn undated(worker: Worker) -> Worker {
    Worker {
        date_updated: worker.date_created,
        ..worker
    }
}
