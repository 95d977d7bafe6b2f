//! Activity: what a Worker is doing (taskrouter.md sections 2.2 and 3).

use serde::{Deserialize, Serialize};

use ids::ActivitySid;

/// Activities a Workspace may have (taskrouter.md section 14).
pub const ACTIVITIES_MAX: usize = 100;

/// A state a Worker can be in. Whether it may be offered new Tasks hangs on [`Activity::available`] alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    /// `WA…`.
    pub sid: ActivitySid,
    /// At most 64 characters; unique in the set-up file.
    pub friendly_name: String,
    /// May a Worker in this Activity be offered new Tasks? Cannot change once the Activity exists.
    pub available: bool,
}
