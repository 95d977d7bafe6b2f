//! How resources are shown: whose they are, at which address, at what moment.

use http::Uri;
use ids::time::Timestamp;
use ids::{AccountSid, WorkspaceSid};

use crate::Api;

/// What every resource shows besides itself.
#[derive(Debug, Clone)]
pub struct View {
    /// The account.
    pub account_sid: AccountSid,
    /// What every address begins with, `https://host`.
    pub base: String,
    /// The moment ages are counted to.
    pub now: Timestamp,
}

impl View {
    /// The view of a request to `uri`. Without a base of our own, and with a URI that is a mere path, addresses are paths.
    pub fn new(api: &Api, uri: &Uri, now: Timestamp) -> Self {
        let own = api
            .base_url
            .as_deref()
            .map(|base| base.trim_end_matches('/').to_owned());
        let asked = || Some(format!("{}://{}", uri.scheme()?, uri.authority()?));
        Self {
            account_sid: api.account_sid,
            base: own.or_else(asked).unwrap_or_default(),
            now,
        }
    }

    /// The address of all Workspaces.
    pub fn workspaces(&self) -> String {
        format!("{}/v1/Workspaces", self.base)
    }

    /// The address of a Workspace.
    pub fn workspace(&self, sid: WorkspaceSid) -> String {
        format!("{}/{sid}", self.workspaces())
    }
}
