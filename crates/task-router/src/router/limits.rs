//! The engine's limits and time limits.

use ids::time::Millis;

/// Rounds of Reservations that a Task has before it is canceled (taskrouter.md section 14).
pub const RESERVATION_ROUNDS_MAX: u32 = 1_000;

/// Reservations that are rejected together with a change of their Worker's Activity: a transaction
/// holds 100 items, and the Worker and a change of their name take three.
pub const REJECTIONS_AT_ONCE_MAX: usize = 97;

/// How long a Task may be assigned; then it is removed (taskrouter.md section 14).
pub const ASSIGNED_MAX: Millis = Millis::from_secs(86_400);

/// How long the carrier may take to name the call to a Worker, from the moment the instruction was
/// issued: its own 15 s timeout for a request, and as long again for a retry.
pub const CALL_CREATION_LIMIT: Millis = Millis::from_secs(30);

/// How long after the last possible ring the Worker and the caller may take to be connected, or the
/// carrier to report that they were not: a greeting, a caller who still hears an announcement, a
/// notice that is retried. Then the call counts as failed.
pub const RING_MARGIN: Millis = Millis::from_secs(30);

/// How long a Worker who was called by `call` may listen to an application's TwiML before it asks
/// for the caller: "possibly minutes" (taskrouter.md section 6, "On hold"). The end of the Worker's
/// call ends the offer at once; this timeout is for an end that was not reported.
pub const ON_HOLD_MAX: Millis = Millis::from_secs(900);
