//! The lease of a pool's matcher: while searches contend, one matcher at a time matches the pool.
//!
//! The lease is an item with a version, and every step is a conditional write. It keeps searches
//! out of each other's way, and nothing depends on it: two matchers at the same time contend, and
//! the versions of Tasks and Workers keep their Decisions correct.
//!
//! - A search that contended [arrives](MatcherLease::arrive). It takes a free or expired lease and
//!   runs the matcher. If another one runs, it asks that one to read the lists again.
//! - A matcher that finds no more match [finishes](MatcherLease::finish). It releases the lease, or
//!   reads the lists again if it was asked.
//! - A matcher may die. So an ask schedules a *guard*, a message that arrives when the lease has
//!   expired and runs the matcher if no process did. There is one guard for each pool at a time.

use ids::time::{Millis, Timestamp};
use serde::{Deserialize, Serialize};

/// How long a lease lasts: longer than a run of the matcher, which hands over to a message after a
/// second. A pool whose matcher died waits for as long.
pub const LEASE_LASTS: Millis = Millis::from_secs(3);

/// The lease of one pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MatcherLease {
    /// The number of writes so far; 0: the item does not exist.
    pub version: u64,
    /// The random number of the running matcher; `None`: no matcher runs.
    pub holder: Option<u64>,
    /// When the lease expires.
    pub expires_at: Timestamp,
    /// Must the matcher read the lists again before it ends?
    pub again: bool,
    /// When the last scheduled guard arrives.
    pub guarded_until: Timestamp,
}

/// What a search does that contended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Arrival {
    /// Write this version, then run the matcher.
    Run(MatcherLease),
    /// Schedule a guard for this moment, if there is one, and write this version.
    Ask {
        /// The next version.
        lease: MatcherLease,
        /// When the guard arrives; `None`: a guard is scheduled.
        guard_at: Option<Timestamp>,
    },
    /// The running matcher was asked already.
    Asked,
}

/// What a matcher does that found no more match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finish {
    /// Write this version, then end.
    Release(MatcherLease),
    /// Write this version, then read the lists again.
    ReadAgain(MatcherLease),
    /// The lease expired and another matcher has it.
    Lost,
}

impl MatcherLease {
    /// The lease of a pool that never had a matcher: there is no item.
    pub const ABSENT: Self = Self {
        version: 0,
        holder: None,
        expires_at: Timestamp::from_millis(0),
        again: false,
        guarded_until: Timestamp::from_millis(0),
    };

    /// A search contended; `me` is the random number of the matcher that it would run.
    pub fn arrive(self, me: u64, now: Timestamp) -> Arrival {
        if !self.is_held(now) {
            return Arrival::Run(Self {
                holder: Some(me),
                expires_at: now + LEASE_LASTS,
                again: false,
                ..self.next()
            });
        }
        let is_guarded = now < self.guarded_until;
        if self.again && is_guarded {
            return Arrival::Asked;
        }
        // A guard that arrives while the lease is held asks as every search does, so it is replaced.
        let guard_at = (!is_guarded).then_some(self.expires_at);
        Arrival::Ask {
            lease: Self {
                again: true,
                guarded_until: guard_at.unwrap_or(self.guarded_until),
                ..self.next()
            },
            guard_at,
        }
    }

    /// Does a matcher run, as far as the lease shows?
    pub fn is_held(&self, now: Timestamp) -> bool {
        self.holder.is_some() && now < self.expires_at
    }

    /// The matcher `me` found no more match.
    pub fn finish(self, me: u64) -> Finish {
        match self.holder {
            Some(holder) if holder == me && self.again => Finish::ReadAgain(Self {
                again: false,
                ..self.next()
            }),
            Some(holder) if holder == me => Finish::Release(self.released()),
            Some(_) | None => Finish::Lost,
        }
    }

    /// The lease without a holder: a message runs the matcher next.
    pub fn released(self) -> Self {
        Self {
            holder: None,
            again: false,
            ..self.next()
        }
    }

    fn next(self) -> Self {
        Self {
            version: self.version + 1,
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Timestamp = Timestamp::from_millis(1_800_000_000_000);
    const SECOND: Millis = Millis::from_secs(1);

    fn held() -> MatcherLease {
        match MatcherLease::ABSENT.arrive(1, NOON) {
            Arrival::Run(lease) => lease,
            other @ (Arrival::Ask { .. } | Arrival::Asked) => panic!("{other:?}"),
        }
    }

    fn asked(lease: MatcherLease, now: Timestamp) -> (MatcherLease, Option<Timestamp>) {
        match lease.arrive(2, now) {
            Arrival::Ask { lease, guard_at } => (lease, guard_at),
            other @ (Arrival::Run(_) | Arrival::Asked) => panic!("{other:?}"),
        }
    }

    #[test]
    fn free_lease_is_taken() {
        let lease = held();
        assert_eq!(
            (lease.version, lease.holder, lease.again),
            (1, Some(1), false)
        );
        assert_eq!(lease.expires_at, NOON + LEASE_LASTS);
        assert_eq!(lease.finish(1), Finish::Release(lease.released()));
        assert!(matches!(lease.released().arrive(2, NOON), Arrival::Run(_)));
        assert!(!asked(lease, NOON).0.released().again);
    }

    #[test]
    fn held_lease_is_asked_once() {
        let (lease, guard_at) = asked(held(), NOON);
        assert_eq!(guard_at, Some(NOON + LEASE_LASTS));
        assert_eq!(lease.arrive(3, NOON + SECOND), Arrival::Asked);
        let Finish::ReadAgain(lease) = lease.finish(1) else {
            panic!("the matcher was asked");
        };
        assert!(!lease.again);
        let (lease, guard_at) = asked(lease, NOON + SECOND);
        assert_eq!(guard_at, None, "the first guard has not arrived");
        assert_eq!(lease.guarded_until, NOON + LEASE_LASTS);
    }

    #[test]
    fn guard_of_an_earlier_lease_is_kept_and_replaced() {
        let (lease, _) = asked(held(), NOON);
        let Arrival::Run(lease) = lease.released().arrive(2, NOON + SECOND) else {
            panic!("the lease is free");
        };
        let (lease, guard_at) = asked(lease, NOON + SECOND);
        assert_eq!(guard_at, None, "the first guard has not arrived");
        let arrival = lease.guarded_until;
        assert_eq!(arrival, NOON + LEASE_LASTS, "no later guard was scheduled");
        let (_, guard_at) = asked(lease, arrival);
        assert_eq!(guard_at, Some(lease.expires_at));
    }

    #[test]
    fn expired_lease_is_taken_over() {
        let (lease, _) = asked(held(), NOON);
        let later = NOON + LEASE_LASTS;
        let Arrival::Run(lease) = lease.arrive(2, later) else {
            panic!("the lease has expired");
        };
        assert_eq!((lease.holder, lease.again), (Some(2), false));
        assert_eq!(lease.finish(1), Finish::Lost);
    }

    #[test]
    fn arrived_guard_is_replaced() {
        let (lease, _) = asked(held(), NOON);
        let renewed = MatcherLease {
            expires_at: lease.expires_at + SECOND,
            ..lease
        };
        let (_, guard_at) = asked(renewed, lease.guarded_until);
        assert_eq!(guard_at, Some(renewed.expires_at));
    }
}
