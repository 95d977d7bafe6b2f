//! Every property of the matcher's lease holds, and the model finds a mistake in its rules.

use ids::time::Timestamp;
use model_check::matcher::{
    HandOver, LEASE_SCENARIOS, LeaseBounds, LeaseRules, MatcherProtocol, NOTHING_DELAYED,
    NOTHING_FORGOTTEN,
};
use model_check::{explore, explore_for};
use task_router::router::matcher_lease::{Arrival, Finish, MatcherLease};

/// Fewer states than this lack most of the protocol.
const STATES_MIN: usize = 10_000;

#[test]
fn properties_hold_in_every_scenario() {
    for (name, bounds) in LEASE_SCENARIOS {
        let report = explore(MatcherProtocol::new(bounds));
        assert!(report.failures.is_empty(), "{name}: {:#?}", report.failures);
        assert!(report.missing.is_empty(), "{name}: {:?}", report.missing);
        assert!(
            report.states > STATES_MIN,
            "{name}: {} states",
            report.states
        );
    }
}

fn fails_with(bounds: LeaseBounds, rules: LeaseRules, property: &'static str) {
    let report = explore_for(MatcherProtocol::with_rules(bounds, rules), property);
    let found: Vec<&str> = report.failures.iter().map(|(name, _)| *name).collect();
    assert!(found.contains(&property), "found {found:?}");
}

#[test]
fn finds_missing_guard() {
    fn unguarded(lease: MatcherLease, me: u64, now: Timestamp) -> Arrival {
        match lease.arrive(me, now) {
            Arrival::Ask { lease, .. } => Arrival::Ask {
                lease,
                guard_at: None,
            },
            other @ (Arrival::Run(_) | Arrival::Asked) => other,
        }
    }
    fails_with(
        LeaseBounds::DEATH,
        LeaseRules {
            arrive: unguarded,
            ..LeaseRules::default()
        },
        NOTHING_FORGOTTEN,
    );
}

#[test]
fn finds_guard_that_is_never_sent() {
    /// Notes a later guard than the one that is in flight.
    fn postponing(lease: MatcherLease, me: u64, now: Timestamp) -> Arrival {
        match lease.arrive(me, now) {
            Arrival::Ask {
                lease: asked,
                guard_at,
            } => Arrival::Ask {
                lease: MatcherLease {
                    guarded_until: lease.expires_at,
                    ..asked
                },
                guard_at,
            },
            other @ (Arrival::Run(_) | Arrival::Asked) => other,
        }
    }
    fails_with(
        LeaseBounds::SUCCESSIVE_LEASES,
        LeaseRules {
            arrive: postponing,
            hand_over: HandOver::MessageFirst,
            ..LeaseRules::default()
        },
        NOTHING_FORGOTTEN,
    );
}

#[test]
fn finds_message_that_arrives_before_the_release() {
    fails_with(
        LeaseBounds::SUCCESSIVE_LEASES,
        LeaseRules {
            hand_over: HandOver::MessageFirst,
            ..LeaseRules::default()
        },
        NOTHING_DELAYED,
    );
}

#[test]
fn finds_release_that_ignores_an_ask() {
    fn releasing(lease: MatcherLease, me: u64) -> Finish {
        match lease.finish(me) {
            Finish::ReadAgain(_) => Finish::Release(lease.released()),
            other @ (Finish::Release(_) | Finish::Lost) => other,
        }
    }
    fails_with(
        LeaseBounds::DEATH,
        LeaseRules {
            finish: releasing,
            ..LeaseRules::default()
        },
        NOTHING_DELAYED,
    );
}

#[test]
fn finds_unconditional_lease() {
    fails_with(
        LeaseBounds::DEATH,
        LeaseRules {
            conditional: false,
            ..LeaseRules::default()
        },
        NOTHING_DELAYED,
    );
}
