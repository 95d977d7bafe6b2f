//! Concurrency limit: how many requests one process answers at the same time. A request above the
//! limit is throttled with status 429 and `Retry-After`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::error::ApiError;
use crate::limits::CONCURRENT_REQUESTS_MAX;

/// The number of requests that are being answered.
#[derive(Debug, Default)]
pub struct InFlight(Arc<AtomicUsize>);

/// The place of one admitted request. Dropping it frees the place.
pub struct Place(Arc<AtomicUsize>);

impl InFlight {
    /// Admits one more request.
    ///
    /// # Errors
    /// `ApiError::TooManyRequests` when [`CONCURRENT_REQUESTS_MAX`] are in flight.
    pub fn admit(&self) -> Result<Place, ApiError> {
        // Created before the check: its drop takes back the increment of a refused request.
        let place = Place(Arc::clone(&self.0));
        match self.0.fetch_add(1, Ordering::Relaxed) {
            0..CONCURRENT_REQUESTS_MAX => Ok(place),
            _ => Err(ApiError::TooManyRequests),
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Self(count) = self;
        count.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A request above the limit gets 429 with `Retry-After`; a finished request frees its place.
    #[test]
    fn request_above_limit_is_throttled() {
        let in_flight = InFlight::default();
        let mut admitted: Vec<_> = (0..CONCURRENT_REQUESTS_MAX)
            .map(|_| in_flight.admit().unwrap())
            .collect();
        for _ in 0..3 {
            let answer = in_flight.admit().map(|_| ()).unwrap_err().to_answer();
            assert_eq!(
                (answer.status.as_u16(), &answer.body["code"]),
                (429, &serde_json::json!(20_429))
            );
            assert!(
                answer
                    .headers
                    .iter()
                    .any(|(name, _)| *name == http::header::RETRY_AFTER)
            );
        }
        admitted.pop();
        assert!(in_flight.admit().is_ok());
    }
}
