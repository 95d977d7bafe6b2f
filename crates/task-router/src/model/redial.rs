//! How often the customer of a callback is called.

use ids::time::{Millis, Timestamp};
use serde::{Deserialize, Serialize};

/// The most attempts of a callback.
pub const CALLBACK_ATTEMPTS_MAX: u8 = 10;

/// The attempts to reach the customer of a Task, who is called when a Worker is there. A Task without
/// a `Redial` is offered again at once, until it expires.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redial {
    /// The most attempts; then the Task is canceled.
    pub attempts: u8,
    /// The pause after an attempt, in which the Task is offered to no Worker.
    pub pause: Millis,
    /// The number of attempts that failed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub failed: u8,
    /// The end of the pause, after a failed attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused_until: Option<Timestamp>,
}

impl Redial {
    /// No attempt yet.
    pub fn new(attempts: u8, pause: Millis) -> Self {
        Self {
            attempts,
            pause,
            failed: 0,
            paused_until: None,
        }
    }

    /// Counts an attempt that failed at `now`.
    pub fn fail(&mut self, now: Timestamp) {
        self.failed = self.failed.saturating_add(1);
        self.paused_until = Some(now + self.pause);
    }

    /// Whether no attempt is left.
    pub fn is_used_up(&self) -> bool {
        self.failed >= self.attempts
    }

    /// The end of the pause, if it has not passed.
    pub fn pauses_after(&self, now: Timestamp) -> Option<Timestamp> {
        self.paused_until.filter(|until| now < *until)
    }
}

fn is_zero(count: &u8) -> bool {
    *count == 0
}
