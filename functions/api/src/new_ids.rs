//! Ids of the resources that requests create.

use std::sync::atomic::{AtomicU64, Ordering};

use ids::EventSid;

/// The source of ids for new resources. The ids of Reservations and Events are derived from their
/// cause, so that a retry is idempotent. A request that creates a resource has no such cause: the
/// same request twice creates two resources. So its id is derived from a seed of this process and a
/// count.
#[derive(Debug)]
pub struct Ids {
    seed: String,
    count: AtomicU64,
}

impl Ids {
    /// Ids derived from `seed`. Two processes must not share a seed.
    pub fn seeded(seed: impl Into<String>) -> Self {
        Self {
            seed: seed.into(),
            count: AtomicU64::new(0),
        }
    }

    /// Ids derived from a random seed of 128 bits.
    pub fn random() -> Self {
        Self::seeded(format!("{:032x}", fastrand::u128(..)))
    }

    /// A number that identifies one request. It is derived from the same seed and count.
    pub fn next_request(&self) -> u64 {
        let [seed, count] = self.next_cause();
        let [b0, b1, b2, b3, b4, b5, b6, b7, ..] = EventSid::derive(&[&seed, &count]).to_bytes();
        u64::from_be_bytes([b0, b1, b2, b3, b4, b5, b6, b7])
    }

    /// Seed and count, from which the next id is derived.
    pub fn next_cause(&self) -> [String; 2] {
        [
            self.seed.clone(),
            self.count.fetch_add(1, Ordering::Relaxed).to_string(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_id_has_a_cause_of_its_own() {
        let ids = Ids::seeded("a");
        assert_ne!(ids.next_cause(), ids.next_cause());
        assert_ne!(Ids::random().next_cause(), Ids::random().next_cause());
    }
}
