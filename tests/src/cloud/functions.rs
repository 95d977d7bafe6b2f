//! The execution environments of the functions: a process each, started when all others of its
//! function are busy, up to the function's concurrency. Lambda would start more; a limit makes
//! waiting part of the test.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::lambda::{Lambda, Outcome};

/// One function.
pub struct Function {
    name: String,
    binary: PathBuf,
    environment: BTreeMap<String, String>,
    permits: Semaphore,
    idle: Mutex<Vec<Lambda>>,
    /// The processes that handle an event.
    busy: Mutex<BTreeSet<u32>>,
    is_throttled: AtomicBool,
    /// What ended environments have printed.
    printed: Mutex<String>,
}

impl Function {
    /// A function without environments.
    pub fn new(
        name: &str,
        binary: PathBuf,
        environment: BTreeMap<String, String>,
        concurrency: usize,
    ) -> Self {
        Self {
            name: name.to_owned(),
            binary,
            environment,
            permits: Semaphore::new(concurrency),
            idle: Mutex::default(),
            busy: Mutex::default(),
            is_throttled: AtomicBool::new(false),
            printed: Mutex::default(),
        }
    }

    /// Sends an event to a free environment. An error of the function, the end of its process and
    /// throttling are errors alike, as for the caller of Lambda's API.
    pub async fn invoke(&self, event: &Value) -> Outcome {
        if self.is_throttled.load(Ordering::Relaxed) {
            return Outcome::Error(json!({"type": "TooManyRequestsException"}));
        }
        let _permit = self.permits.acquire().await.unwrap();
        let idle = lock(&self.idle).pop();
        let mut lambda = match idle {
            Some(lambda) => lambda,
            None => Lambda::start(&self.name, &self.binary, &self.environment).await,
        };
        let pid = lambda.pid();
        lock(&self.busy).extend(pid);
        let outcome = lambda.try_invoke(event).await;
        if let Some(pid) = pid {
            lock(&self.busy).remove(&pid);
        }
        match outcome {
            Ok(outcome) => {
                lock(&self.idle).push(lambda);
                outcome
            }
            Err(ended) => {
                let printed = lambda.stop().await;
                lock(&self.printed).push_str(&printed);
                Outcome::Error(json!({"type": "Runtime.ExitError", "report": ended}))
            }
        }
    }

    /// Refuses every invocation, or no longer.
    pub fn throttle(&self, is_throttled: bool) {
        self.is_throttled.store(is_throttled, Ordering::Relaxed);
    }

    /// Kills an environment that handles an event (SIGKILL). Returns whether there was one.
    pub fn kill_busy(&self) -> bool {
        let Some(pid) = lock(&self.busy).first().copied() else {
            return false;
        };
        let killed = Command::new("kill").args(["-9", &pid.to_string()]).status();
        killed.is_ok_and(|status| status.success())
    }

    /// Ends all environments; everything the function has printed.
    pub async fn stop(&self) -> String {
        let idle = std::mem::take(&mut *lock(&self.idle));
        let mut printed = std::mem::take(&mut *lock(&self.printed));
        for mut lambda in idle {
            printed += &lambda.stop().await;
        }
        printed
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
