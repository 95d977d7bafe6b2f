//! What may go wrong, and how often. Each run has its own mixture: some faults often, some never, so that a rare one is not
//! always drowned by a common one.

/// Shares (0 to 1) of the occasions at which each thing goes wrong.
#[derive(Debug, Clone, PartialEq)]
pub struct Faults {
    /// A write is refused because of another one under way, or a request because there are too many.
    pub refused: f64,
    /// A request to the table is not carried out and nobody answers.
    pub lost_before: f64,
    /// A request to the table is carried out and nobody answers.
    pub lost_after: f64,
    /// The table answers late enough for others to overtake.
    pub slow: f64,
    /// An index learns of a write late.
    pub stale: f64,
    /// A function dies at a request, before or after it is carried out.
    pub killed: f64,
    /// A stream record, a timer or a message comes once more.
    pub twice: f64,
    /// A timer or a message comes late.
    pub late: f64,
    /// A timer comes early.
    pub early: f64,
    /// A timer never comes.
    pub lost: f64,
    /// Sending a message fails, before or after it is sent.
    pub unsent: f64,
    /// A request between carrier and centre breaks off, before or after it is served.
    pub broken: f64,
    /// The carrier's API, or somebody else's server, answers with an error.
    pub erring: f64,
}

impl Faults {
    /// A mixture.
    pub fn roll(dice: &mut fastrand::Rng) -> Self {
        let mut share = |most: f64| if dice.bool() { dice.f64() * most } else { 0.0 };
        Self {
            refused: share(0.08),
            lost_before: share(0.02),
            lost_after: share(0.03),
            slow: share(0.15),
            stale: share(0.4),
            killed: share(0.03),
            twice: share(0.2),
            late: share(0.2),
            early: share(0.2),
            lost: share(0.2),
            unsent: share(0.05),
            broken: share(0.05),
            erring: share(0.2),
        }
    }
}
