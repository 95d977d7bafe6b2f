//! Which Workers can serve which TaskQueues and steps.

use task_router::model::{Expression, Target, TaskChannelName, Worker};

use super::view::is_constant;
use crate::reasoning::Reasoner;
use crate::reasoning::variable::Context;
use crate::{Centre, WORKERS_LOOKED_AT_MAX};

/// The Workers of each TaskQueue, by index, in the order of the centre's TaskQueues.
pub(super) struct Serving {
    of_queues: Vec<Vec<usize>>,
    /// All Workers are known: what no Worker does can be said.
    pub is_complete: bool,
}

impl Serving {
    pub(super) fn of(centre: &Centre) -> Self {
        let workers = centre.workers();
        let of_queue = |target_workers: Option<&Expression>| {
            let Some(expression) = target_workers else {
                return Vec::new();
            };
            if is_constant(expression) && is_true(expression) {
                return (0..workers.len()).collect();
            }
            let serves = |worker: &Worker| may_be_true(Context::Queue, expression, worker);
            let found = workers.iter().take(WORKERS_LOOKED_AT_MAX).enumerate();
            found
                .filter(|(_, worker)| serves(&worker.part))
                .map(|(index, _)| index)
                .collect()
        };
        let queues = centre.task_queues().iter();
        Self {
            of_queues: queues
                .map(|queue| of_queue(queue.part.target_workers.as_ref()))
                .collect(),
            is_complete: centre.workers.is_some()
                && !workers.is_empty()
                && workers.len() <= WORKERS_LOOKED_AT_MAX,
        }
    }

    /// The Workers who can serve a TaskQueue.
    pub(super) fn of_queue(&self, queue: usize) -> &[usize] {
        self.of_queues.get(queue).map_or(&[], Vec::as_slice)
    }

    /// Does a Worker serve any TaskQueue?
    pub(super) fn has_queue(&self, worker: usize) -> bool {
        self.of_queues
            .iter()
            .any(|workers| workers.contains(&worker))
    }

    /// Can any Worker of its TaskQueue serve a step?
    pub(super) fn has_worker(&self, centre: &Centre, queue: usize, step: &Expression) -> bool {
        let mut workers = self.of_queue(queue).iter();
        workers.any(|worker| {
            let worker = centre.workers().get(*worker);
            worker.is_some_and(|worker| may_be_true(Context::Target, step, &worker.part))
        })
    }

    /// The Workers who can serve a step, or `None` if its TaskQueue is not known.
    pub(super) fn of_step(&self, centre: &Centre, target: &Target) -> Option<Vec<usize>> {
        let queues = centre.task_queues();
        let queue = queues
            .iter()
            .position(|queue| queue.part.sid == target.queue)?;
        let can = |worker: &&usize| {
            let Some(expression) = &target.expression else {
                return true;
            };
            let worker = centre.workers().get(**worker);
            worker.is_some_and(|worker| may_be_true(Context::Target, expression, &worker.part))
        };
        Some(self.of_queue(queue).iter().filter(can).copied().collect())
    }
}

/// How many Tasks of a channel a Worker can have at once: 1 where nothing is said.
pub(super) fn capacity(worker: &Worker, channel: TaskChannelName) -> u16 {
    worker.share(channel).configured_capacity
}

fn is_true(expression: &Expression) -> bool {
    let mut reasoner = Reasoner::new();
    let formula = reasoner.formula(Context::Queue, expression);
    reasoner.is_never(&[&formula.negated()])
}

/// Can an expression be true for this Worker?
fn may_be_true(context: Context, expression: &Expression, worker: &Worker) -> bool {
    let mut reasoner = Reasoner::new().with_worker(worker);
    let formula = reasoner.formula(context, expression);
    !reasoner.is_never(&[&formula])
}
