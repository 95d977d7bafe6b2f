//! What rendering a resource needs besides the resource: account, base URL, time.

use http::Uri;
use ids::time::Timestamp;
use ids::{AccountSid, WorkspaceSid};

use crate::Api;

/// The properties that all resources of one answer share.
#[derive(Debug, Clone)]
pub struct View {
    /// The account.
    pub account_sid: AccountSid,
    /// The prefix of every URL, `https://host`.
    pub base: String,
    /// The moment from which ages are computed.
    pub now: Timestamp,
}

impl View {
    /// The view for a request to `uri`. URLs begin with the configured base, or else with scheme
    /// and host of `uri`. If `uri` is only a path, URLs are paths.
    pub fn new(api: &Api, uri: &Uri, now: Timestamp) -> Self {
        let configured = api
            .base_url
            .as_deref()
            .map(|base| base.trim_end_matches('/').to_owned());
        Self {
            account_sid: api.account_sid,
            base: configured
                .or_else(|| requested_base(uri))
                .unwrap_or_default(),
            now,
        }
    }

    /// The URL of the list of Workspaces.
    pub fn workspaces(&self) -> String {
        format!("{}/v1/Workspaces", self.base)
    }

    /// The URL of a Workspace.
    pub fn workspace(&self, sid: WorkspaceSid) -> String {
        format!("{}/{sid}", self.workspaces())
    }
}

/// Scheme and host of a request; `None` if its URI is only a path.
fn requested_base(uri: &Uri) -> Option<String> {
    Some(format!("{}://{}", uri.scheme()?, uri.authority()?))
}
