//! Activity: what a Worker is doing (taskrouter.md sections 2.2 and 3).

use serde::{Deserialize, Serialize};

use ids::ActivitySid;

/// Activities a Workspace may have (taskrouter.md section 14).
pub const ACTIVITIES_MAX: usize = 100;

/// A state that a Worker can be in. [`Activity::available`] alone decides whether the Worker may be
/// offered new Tasks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    /// `WA…`.
    pub sid: ActivitySid,
    /// At most 64 characters; unique in `contact-centre.yaml`.
    pub friendly_name: String,
    /// Whether a Worker in this Activity may be offered new Tasks. It cannot change once the
    /// Activity exists.
    pub available: bool,
}
