//! The time of one invocation, shared by the Workspaces that it visits one after the other.

use ids::time::{Millis, Timestamp};

/// The end of the next Workspace's equal share of the time until `end`, if `left` Workspaces are
/// left, this one included. What a Workspace does not use is shared by those after it.
pub(crate) fn share(now: Timestamp, end: Timestamp, left: usize) -> Timestamp {
    let left = u64::try_from(left.max(1)).unwrap_or(u64::MAX);
    now + Millis::from_millis(end.since(now).as_millis() / left)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unused_time_is_shared_by_the_rest() {
        let at = |secs: i64| Timestamp::from_millis(secs * 1_000);
        for (now, left, end) in [(0, 4, 10), (10, 3, 20), (0, 1, 40), (1, 3, 14), (50, 2, 50)] {
            assert_eq!(share(at(now), at(40), left), at(end), "{now} {left}");
        }
    }
}
