//! The names of the Workflows and TaskQueues that steps refer to.

use std::collections::BTreeMap;

use futures_util::future::join;
use serde_json::Value;
use voice_flows::About;

use crate::console::{entries, text};
use crate::request_context::RequestContext;

/// Names that are read; the rest is shown as SIDs.
const NAMES_MAX: usize = 1_000;

/// Names by SID.
pub struct Names(BTreeMap<String, String>);

impl Names {
    /// Reads the names. Without an answer of the API, parts are named by their SIDs.
    pub async fn read(context: &RequestContext<'_>) -> Self {
        let list = async |kind: &str| {
            let list = context.get(&format!("{kind}?PageSize={NAMES_MAX}")).await;
            list.unwrap_or_default()
        };
        let (workflows, queues) = join(list("Workflows"), list("TaskQueues")).await;
        let name = |part: &Value| {
            let (sid, name) = (text(part, "sid"), text(part, "friendly_name"));
            (sid.to_owned(), name.to_owned())
        };
        let parts = entries(&workflows).iter().chain(entries(&queues));
        Self(parts.map(name).collect())
    }

    /// What a step says, asks or does.
    pub fn about(&self, about: &About) -> String {
        let name = |kind: &str, sid: String| {
            let name = self.0.get(&sid).cloned().unwrap_or(sid);
            format!("{kind} {name}")
        };
        match about {
            About::Text(text) => text.clone(),
            About::Workflow(sid) => name("Workflow", sid.to_string()),
            About::TaskQueue(sid) => name("TaskQueue", sid.to_string()),
        }
    }
}
