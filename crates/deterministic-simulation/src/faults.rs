//! The faults that a run injects, and their rates. Each run has its own mixture: some faults are
//! frequent, some absent, so that a frequent fault does not always hide a rare one.

/// Rates of the faults: the share (0 to 1) of the occasions at which each fault is injected.
#[derive(Debug, Clone, PartialEq)]
pub struct Faults {
    /// A write is refused because of contention with another one, or a request because of
    /// throttling.
    pub refused: f64,
    /// A request to the table is lost before it takes effect, and gets no answer.
    pub lost_before: f64,
    /// A request to the table takes effect, but the answer is lost.
    pub lost_after: f64,
    /// The table answers so late that other requests overtake this one.
    pub slow: f64,
    /// An index receives a write late.
    pub stale: f64,
    /// A function is killed at a request, before or after the request takes effect.
    pub killed: f64,
    /// A stream record, timer or message is delivered twice.
    pub twice: f64,
    /// A timer or message is delivered late.
    pub late: f64,
    /// A timer is delivered early.
    pub early: f64,
    /// A timer is lost.
    pub lost: f64,
    /// Sending a message fails, before or after the queue accepts it.
    pub unsent: f64,
    /// A request between carrier and centre breaks off, before or after it takes effect.
    pub broken: f64,
    /// The carrier's API or a customer's server answers with an error.
    pub erring: f64,
}

impl Faults {
    /// A random mixture: about half of the faults are absent, the others have a rate up to their
    /// maximum.
    pub fn roll(dice: &mut fastrand::Rng) -> Self {
        let mut rate = |max: f64| if dice.bool() { dice.f64() * max } else { 0.0 };
        Self {
            refused: rate(0.08),
            lost_before: rate(0.02),
            lost_after: rate(0.03),
            slow: rate(0.15),
            stale: rate(0.4),
            killed: rate(0.03),
            twice: rate(0.2),
            late: rate(0.2),
            early: rate(0.2),
            lost: rate(0.2),
            unsent: rate(0.05),
            broken: rate(0.05),
            erring: rate(0.2),
        }
    }
}
