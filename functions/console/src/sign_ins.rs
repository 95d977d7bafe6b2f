//! Wrong sign-ins are slow: guessing is limited to [`WRONG_AT_ONCE_MAX`] guesses in [`WRONG_PAUSE`]
//! for each process, and nothing is remembered about the guesser.

use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};

/// Sign-ins that are checked at the same time. One that is wrong occupies its place for
/// [`WRONG_PAUSE`]; a right one for milliseconds.
const WRONG_AT_ONCE_MAX: usize = 8;

/// How long the answer to a wrong sign-in is held back: not noticed by a person who mistyped.
const WRONG_PAUSE: Duration = Duration::from_secs(1);

/// The sign-ins that are being checked.
pub struct SignIns(Semaphore);

/// The place of a sign-in that is being checked.
pub struct Checking<'s>(#[expect(dead_code, reason = "held, not read")] SemaphorePermit<'s>);

impl Default for SignIns {
    fn default() -> Self {
        Self(Semaphore::new(WRONG_AT_ONCE_MAX))
    }
}

impl SignIns {
    /// A place for one check; `None` while too many wrong sign-ins are held back.
    pub fn admit(&self) -> Option<Checking<'_>> {
        self.0.try_acquire().ok().map(Checking)
    }
}

impl Checking<'_> {
    /// Holds the answer to a wrong sign-in back.
    pub async fn hold_back(self) {
        tokio::time::sleep(WRONG_PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    /// The clock of the runtime is paused.
    #[tokio::test(start_paused = true)]
    async fn wrong_sign_ins_wait_and_are_limited() {
        let sign_ins = SignIns::default();
        let began = Instant::now();
        let held: Vec<_> = (0..WRONG_AT_ONCE_MAX)
            .map(|_| sign_ins.admit().unwrap())
            .collect();
        assert!(sign_ins.admit().is_none());
        for checking in held {
            checking.hold_back().await;
        }
        assert!(began.elapsed() >= WRONG_PAUSE);
        assert!(sign_ins.admit().is_some());
    }
}
