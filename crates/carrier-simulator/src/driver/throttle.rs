//! Throttled requests: the number of coming REST requests that the carrier refuses with 429.

use std::sync::PoisonError;

use crate::Carrier;

/// The coming requests of the REST API that are refused with 429/20429.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Throttle {
    /// The number of requests; none by default.
    pub requests: u32,
    /// The pause that the answers ask for, in seconds (`Retry-After`); without it they name none.
    pub retry_after_secs: Option<u64>,
}

impl Carrier {
    /// Refuses the coming requests of the REST API, instead of those that were announced before.
    pub fn throttle(&self, throttle: Throttle) {
        *self.throttle.lock().unwrap_or_else(PoisonError::into_inner) = throttle;
    }

    /// Counts a request: the throttle if the request has to be refused.
    pub(crate) fn take_throttled(&self) -> Option<Throttle> {
        let mut throttle = self.throttle.lock().unwrap_or_else(PoisonError::into_inner);
        throttle.requests = throttle.requests.checked_sub(1)?;
        Some(*throttle)
    }
}
