//! Plays the stories on every core.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use stories::{Failure as StoryFailure, play};
use tracing::subscriber::NoSubscriber;

use super::plan::{Configuration, Plan, Planned};
use crate::start::{Failure, read_text};
use crate::story_centre::{Prepared, ReadConfiguration, StoryCentre, account_sid};

/// The results of a run, in the order of the stories.
#[derive(Debug)]
pub struct Verdict {
    /// The result of each story.
    pub outcomes: Vec<Outcome>,
    /// How long the run took.
    pub took: Duration,
}

/// The result of one story.
#[derive(Debug)]
pub struct Outcome {
    /// How long it took.
    pub took: Duration,
    /// Why it does not hold; `None`: it holds.
    pub failure: Option<Box<StoryFailure>>,
}

impl Verdict {
    /// Whether every story holds.
    pub fn holds(&self) -> bool {
        self.failed() == 0
    }

    /// The number of stories that do not hold.
    pub fn failed(&self) -> usize {
        let failures = self.outcomes.iter();
        failures.filter(|outcome| outcome.failure.is_some()).count()
    }
}

/// A configuration, prepared by the first story that needs it.
type Slot = OnceLock<Result<Prepared, String>>;

/// Plays the stories of a plan, on one thread for each core unless `threads` is given.
///
/// # Errors
/// A configuration cannot be read, or a centre cannot be opened.
pub fn run(plan: &Plan, threads: Option<NonZeroUsize>) -> Result<Verdict, Failure> {
    let began = Instant::now();
    let threads = threads
        .or_else(|| std::thread::available_parallelism().ok())
        .unwrap_or(NonZeroUsize::MIN)
        .get()
        .min(plan.stories.len());
    let slots: Vec<Slot> = plan.configurations.iter().map(|_| Slot::new()).collect();
    let outcomes: Vec<OnceLock<Result<Outcome, String>>> =
        plan.stories.iter().map(|_| OnceLock::new()).collect();
    let next = AtomicUsize::new(0);
    let broken = Mutex::new(None);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                // What functions log is about machines and not about routing.
                tracing::subscriber::with_default(NoSubscriber::new(), || {
                    let worked = work(plan, &slots, &outcomes, &next);
                    if let Err(error) = worked {
                        *broken.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                    }
                });
            });
        }
    });
    if let Some(error) = broken.into_inner().unwrap_or_else(PoisonError::into_inner) {
        return Err(error);
    }
    let mut all = Vec::with_capacity(outcomes.len());
    let mut problems: Vec<String> = Vec::new();
    for outcome in outcomes {
        match outcome.into_inner() {
            Some(Ok(outcome)) => all.push(outcome),
            Some(Err(problem)) if problems.contains(&problem) => {}
            Some(Err(problem)) => problems.push(problem),
            None => problems.push("a story was not played".to_owned()),
        }
    }
    if !problems.is_empty() {
        return Err(problems.join("\n").into());
    }
    Ok(Verdict {
        outcomes: all,
        took: began.elapsed(),
    })
}

/// Plays stories until none is left.
fn work(
    plan: &Plan,
    slots: &[Slot],
    outcomes: &[OnceLock<Result<Outcome, String>>],
    next: &AtomicUsize,
) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    loop {
        let index = next.fetch_add(1, Ordering::Relaxed);
        let (Some(planned), Some(slot)) = (plan.stories.get(index), outcomes.get(index)) else {
            return Ok(());
        };
        let configuration = &plan.configurations[planned.configuration];
        let prepared = slots[planned.configuration].get_or_init(|| {
            runtime
                .block_on(prepare(configuration))
                .map_err(|error| error.to_string())
        });
        let outcome = match prepared {
            Ok(prepared) => runtime
                .block_on(outcome(prepared, planned))
                .map_err(|error| error.to_string()),
            Err(problem) => Err(problem.clone()),
        };
        let _set_once = slot.set(outcome);
    }
}

async fn prepare(configuration: &Configuration) -> Result<Prepared, Failure> {
    let source = configuration.source();
    let folder = configuration.folder().to_owned();
    let read: ReadConfiguration =
        Arc::new(move |text: &str| read_text(text, &source, &folder, account_sid()));
    Prepared::new(configuration.text.clone(), read).await
}

async fn outcome(prepared: &Prepared, planned: &Planned) -> Result<Outcome, Failure> {
    let began = Instant::now();
    let mut centre = StoryCentre::open(prepared, &planned.story).await?;
    let played = play(&planned.story, &mut centre, &prepared.text).await;
    Ok(Outcome {
        took: began.elapsed(),
        failure: played.err(),
    })
}
