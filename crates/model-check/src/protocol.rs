//! What can happen next, and what then is.

use ids::time::Timestamp;
use stateright::{Model, Property};
use task_router::model::{Task, Worker, Workspace};
use task_router::router::effects::{self, Effect};
use task_router::router::{Command, Decision, Outcome, Snapshot, WorkersWritten, decide};

use crate::state::{State, Stored, UnderWay};
use crate::{Action, Bounds, Choice, Message, properties};

/// What the writers do: the core's own functions and the table's conditions, or, to see that the properties can fail,
/// something else in their place.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// What a writer decides.
    pub decide: fn(Snapshot<'_>, &Command, Timestamp) -> Decision,
    /// What follows from a Task's write.
    pub of_task: fn(&Workspace, Option<&Task>, &Task) -> Vec<Effect>,
    /// What follows from a Worker's write.
    pub of_worker: fn(&Workspace, Option<&Worker>, &Worker) -> Vec<Effect>,
    /// Is a write refused when what was read has changed?
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

/// The protocol within bounds.
#[derive(Debug, Clone)]
pub struct Protocol {
    /// How much of it.
    pub bounds: Bounds,
    /// What the writers do.
    pub rules: Rules,
    pub(crate) workspace: Workspace,
}

impl Protocol {
    /// The core's protocol within these bounds.
    pub fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            rules: Rules::default(),
            workspace: bounds.workspace(),
        }
    }

    /// The same with other rules.
    pub fn with_rules(self, rules: Rules) -> Self {
        Self { rules, ..self }
    }

    /// Does nothing happen any more unless people do something or time passes?
    pub(crate) fn is_quiet(&self, state: &State) -> bool {
        let changes = |message: &Message| {
            let decision = self.decide(state, *message, Choice::Accept);
            decision.outcome == Outcome::Changed
        };
        // What comes again and again is as good as handled once it changes nothing.
        let rests = |message: &Message| {
            message.is_peoples()
                || !message.is_due(state.now())
                || (self.bounds.again && !changes(message))
        };
        state.under_way.is_empty() && state.messages.iter().all(rests)
    }

    /// Somebody handles `message` and decides; nothing is written yet.
    fn read(&self, state: &State, message: Message, choice: Choice) -> Option<State> {
        let decision = self.decide(state, message, choice);
        let mut next = state.clone();
        if decision.outcome != Outcome::Changed {
            self.handled(&mut next, message);
            return (next.messages != state.messages).then_some(next);
        }
        let together = decision.workers_written == WorkersWritten::WithTheTask;
        next.under_way.push(UnderWay {
            message: Some(message),
            together,
            tasks: decision.tasks.into_iter().map(Stored::new).collect(),
            workers: decision
                .workers
                .into_iter()
                .map(undated)
                .map(Stored::new)
                .collect(),
        });
        next.under_way.sort_unstable();
        Some(next)
    }

    /// Somebody decides what follows from `message`. Who looks for Workers and finds none puts a new Task in line.
    fn decide(&self, state: &State, message: Message, choice: Choice) -> Decision {
        let decision = self.decide_event(state, &message.event(choice));
        match (message, decision.outcome.clone()) {
            (Message::Match(task) | Message::Timer(task, _), Outcome::AlreadySo) => {
                self.decide_event(state, &Command::NoWorkerFound { task })
            }
            (
                Message::Match(_)
                | Message::Timer(..)
                | Message::Serve(_)
                | Message::Release(..)
                | Message::Assignment(..)
                | Message::HangUp(_),
                _,
            ) => decision,
        }
    }

    /// A Worker sees the Tasks in line and no others.
    fn decide_event(&self, state: &State, event: &Command) -> Decision {
        let is_served = matches!(event, Command::ServeWorker { .. });
        let tasks = state
            .tasks
            .iter()
            .filter(|task| !is_served || task.is_in_waiting_list());
        let mut snapshot = Snapshot::new(&self.workspace)
            .with_tasks(tasks.map(|task| Task::clone(task)))
            .with_workers(state.workers.iter().map(|worker| Worker::clone(worker)));
        snapshot.candidates_of = self.workspace.task_queues.keys().next().copied();
        (self.rules.decide)(snapshot, event, state.now())
    }

    /// A writer writes.
    fn write(&self, state: &State, writer: usize) -> State {
        let mut next = state.clone();
        let UnderWay {
            message,
            together,
            tasks,
            workers,
        } = next.under_way.remove(writer);
        let gives_back_later = !together && !tasks.is_empty();
        // Before what follows from the write: that may be the same message anew.
        if let Some(message) = message {
            self.handled(&mut next, message);
        }
        for task in tasks {
            self.put_task(&mut next, task);
        }
        if gives_back_later {
            // One after the other, each by itself; the writer may die in between.
            next.under_way
                .extend(workers.into_iter().map(UnderWay::giving_back));
        } else {
            workers
                .into_iter()
                .for_each(|worker| self.put_worker(&mut next, worker));
        }
        self.forget(&mut next);
        next
    }

    /// Forgets what can do nothing any more, so that states that go on alike are one: writers who have lost their race
    /// (versions only rise), and messages about what has ended. That they do nothing is what the core says.
    fn forget(&self, next: &mut State) {
        if self.rules.conditional {
            let under_way = std::mem::take(&mut next.under_way);
            next.under_way = under_way
                .into_iter()
                .filter(|writer| next.allows(writer))
                .collect();
        }
        next.under_way.sort_unstable();
        let over: Vec<Message> = next
            .messages
            .iter()
            .filter(|message| message.is_over(next))
            .copied()
            .collect();
        for message in over {
            let changes =
                |choice: &Choice| self.decide(next, message, *choice).outcome == Outcome::Changed;
            if message.choices().iter().any(changes) {
                next.broken = next
                    .broken
                    .or(Some("a message about what has ended changes something"));
            }
            self.handled(next, message);
        }
    }

    fn put_task(&self, next: &mut State, new: Stored<Task>) {
        let Some(old) = next.put_task(new.clone()) else {
            return;
        };
        next.broken = next.broken.or(properties::wrong_task_change(&old, &new));
        let follows = (self.rules.of_task)(&self.workspace, Some(&old), &new);
        self.send(next, &follows);
    }

    fn put_worker(&self, next: &mut State, new: Stored<Worker>) {
        let Some(old) = next.put_worker(new.clone()) else {
            return;
        };
        let follows = (self.rules.of_worker)(&self.workspace, Some(&old), &new);
        self.send(next, &follows);
    }

    /// Timers beyond the last tick never go off.
    fn send(&self, next: &mut State, effects: &[Effect]) {
        let end = Bounds::at(self.bounds.ticks_max);
        let messages = effects.iter().filter_map(Message::of_effect);
        next.messages
            .extend(messages.filter(|message| message.is_due(end)));
    }

    fn handled(&self, next: &mut State, message: Message) {
        if !self.bounds.again {
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
            under_way: Vec::new(),
            broken: None,
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
        for worker in state.workers.clone().iter().filter(|_| !self.bounds.idle) {
            self.send(
                &mut state,
                &(self.rules.of_worker)(&self.workspace, None, worker),
            );
        }
        vec![state]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.under_way.len() < self.bounds.writers_max {
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
        actions.extend((0..state.under_way.len()).map(Action::Write));
        // Who dies after reading has done nothing: that state is visited anyway.
        let gives_back = |writer: &usize| {
            state
                .under_way
                .get(*writer)
                .is_some_and(|writer| writer.message.is_none())
        };
        actions.extend(
            (0..state.under_way.len())
                .filter(gives_back)
                .map(Action::Die),
        );
        if state.ticks < self.bounds.ticks_max {
            actions.push(Action::Tick);
        }
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        match action {
            Action::Read(message, choice) => self.read(state, message, choice),
            Action::Write(writer) => Some(self.write(state, writer)),
            Action::Die(writer) => {
                let mut next = state.clone();
                next.under_way.remove(writer);
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

/// Nothing is decided by when a Worker last changed: states that differ in that alone are one.
fn undated(worker: Worker) -> Worker {
    Worker {
        date_updated: worker.date_created,
        ..worker
    }
}
