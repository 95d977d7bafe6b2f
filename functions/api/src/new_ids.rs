//! Names for what a request creates.

use std::sync::atomic::{AtomicU64, Ordering};

use ids::EventSid;

/// Where the ids of new resources come from. A request that creates something has no cause that would name it: asking
/// twice makes two. So an id is derived from a seed of this process and a count.
#[derive(Debug)]
pub struct Ids {
    seed: String,
    count: AtomicU64,
}

impl Ids {
    /// Ids that follow from `seed`; two processes must not have the same one.
    pub fn seeded(seed: impl Into<String>) -> Self {
        Self {
            seed: seed.into(),
            count: AtomicU64::new(0),
        }
    }

    /// Ids nobody can know beforehand.
    pub fn random() -> Self {
        Self::seeded(format!("{:032x}", fastrand::u128(..)))
    }

    /// A number for a request: no other request has it.
    pub fn next_request(&self) -> u64 {
        let [seed, count] = self.next_cause();
        let [b0, b1, b2, b3, b4, b5, b6, b7, ..] = EventSid::derive(&[&seed, &count]).to_bytes();
        u64::from_be_bytes([b0, b1, b2, b3, b4, b5, b6, b7])
    }

    /// What the next id is derived from.
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
    fn no_two_ids_have_the_same_cause() {
        let ids = Ids::seeded("a");
        assert_ne!(ids.next_cause(), ids.next_cause());
        assert_ne!(Ids::random().next_cause(), Ids::random().next_cause());
    }
}
