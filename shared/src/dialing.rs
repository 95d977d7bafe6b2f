//! What the contact centre may dial: the pace of its calls.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

/// The most calls a second: no account may place more without an agreement (voice-webhooks.md
/// section 8, "Pace").
pub const CALLS_PER_SECOND_MAX: u32 = 1_000;

/// Limits of the calls that the contact centre places. Declared in `contact-centre.yaml`. The
/// default limits nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Dialing {
    /// Calls that the carrier starts in a second; a call beyond them waits for its turn. `None`:
    /// calls are not paced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calls_per_second: Option<NonZeroU32>,
}
