//! Retries of throttled requests. The carrier has not processed a request that it answered with 429,
//! so a retry is always safe (voice-webhooks.md section 10, 20429), also of a request that is not
//! idempotent.

use std::time::Duration;

use tokio::time::Instant;

use crate::error::{Error, TOO_MANY_REQUESTS};

/// Timeout of the pauses of one request: half of the 30 s that an offer waits for its call to be
/// placed (taskrouter.md section 6, "On hold"). The other half is the timeout of the last attempt.
pub(crate) const RETRY_TIME_LIMIT: Duration = Duration::from_secs(15);

/// Attempts at one request in all, for a carrier that asks for no pause. With the longest own
/// backoffs they take more than [`RETRY_TIME_LIMIT`].
pub(crate) const ATTEMPTS_MAX: u32 = 8;

/// Upper bound of the backoff after the first attempt, when the carrier names no pause. It doubles
/// with each further one: 0.5, 1, 2, 4, 8 s.
const BACKOFF_FIRST: Duration = Duration::from_millis(500);

/// The retries of one request.
pub(crate) struct Retries {
    until: Instant,
    attempts: u32,
    bound: Duration,
}

impl Retries {
    pub fn begin() -> Self {
        Self {
            until: Instant::now() + RETRY_TIME_LIMIT,
            attempts: 1,
            bound: BACKOFF_FIRST,
        }
    }

    /// The pause before the next attempt; `None` if the failure is final, or the attempts or the
    /// time are used up. The pause has a random part: requests that were throttled together would
    /// be throttled together again.
    pub fn pause_after(&mut self, error: &Error) -> Option<Duration> {
        let Error::Refused {
            status: TOO_MANY_REQUESTS,
            retry_after,
            ..
        } = error
        else {
            return None;
        };
        let pause = match retry_after {
            Some(asked) => asked.mul_f64(1.0 + fastrand::f64() / 2.0),
            None => self.bound.mul_f64(fastrand::f64()),
        };
        if self.attempts >= ATTEMPTS_MAX || Instant::now() + pause > self.until {
            return None;
        }
        self.attempts += 1;
        self.bound *= 2;
        Some(pause)
    }
}
