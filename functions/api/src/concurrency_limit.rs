//! How many requests are answered at the same time.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::error::ApiError;

/// Requests one process answers at the same time. A Lambda has one; a process of one's own holds what these need: a body
/// and a page of a list each, some 100 MB at worst.
pub const REQUESTS_AT_ONCE_MAX: usize = 256;

/// The requests that are being answered.
#[derive(Debug, Default)]
pub struct InFlight(AtomicUsize);

/// One of them, until it is dropped.
pub struct Admitted<'a>(&'a InFlight);

impl InFlight {
    /// Lets one more in.
    ///
    /// # Errors
    /// [`ApiError::TooManyRequests`]
    pub fn admit(&self) -> Result<Admitted<'_>, ApiError> {
        let admitted = Admitted(self);
        match self.0.fetch_add(1, Ordering::Relaxed) {
            0..REQUESTS_AT_ONCE_MAX => Ok(admitted),
            _ => Err(ApiError::TooManyRequests),
        }
    }
}

impl Drop for Admitted<'_> {
    fn drop(&mut self) {
        let Self(InFlight(count)) = self;
        count.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_too_many_is_told_to_come_again_and_one_who_has_gone_makes_room() {
        let in_flight = InFlight::default();
        let mut admitted: Vec<_> = (0..REQUESTS_AT_ONCE_MAX)
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
