//! One request being answered: what it says, and the world it says it to.

use std::str::FromStr;
use std::sync::Arc;

use http::{HeaderMap, header};
use shared::model::{Timestamp, Workspace};

use crate::Api;
use crate::error::ApiError;
use crate::parameters::Parameters;
use crate::view::View;

/// A part of the path that should be a SID.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PathSid<'p> {
    /// Its name in the route, `WorkspaceSid`.
    pub name: &'static str,
    /// What stands there.
    pub text: &'p str,
}

/// A request, taken apart.
pub struct Call<'c> {
    /// The function's world.
    pub api: &'c Api,
    /// The moment the request came in.
    pub now: Timestamp,
    /// How resources are shown to this client.
    pub view: View,
    /// The path, for error messages.
    pub path: &'c str,
    /// The SIDs in the path.
    pub sids: Vec<PathSid<'c>>,
    /// The parameters of the URL.
    pub query: Parameters,
    /// The parameters of the form; none for a GET.
    pub form: Parameters,
    /// The headers.
    pub headers: &'c HeaderMap,
}

impl Call<'_> {
    /// A SID in the path, by its name in the route.
    ///
    /// # Errors
    /// [`ApiError::NotFound`]: under text that is no SID of this kind, there can be nothing.
    pub fn sid<S: FromStr>(&self, name: &str) -> Result<S, ApiError> {
        let found = self.sids.iter().find(|sid| sid.name == name);
        found.and_then(|sid| sid.text.parse().ok()).ok_or_else(|| self.not_found())
    }

    /// The Workspace the path names.
    pub async fn workspace(&self) -> Result<Arc<Workspace>, ApiError> {
        let sid = self.sid("WorkspaceSid")?;
        self.api.store.workspace(sid, self.now).await?.ok_or_else(|| self.not_found())
    }

    /// There is nothing under this path.
    pub fn not_found(&self) -> ApiError {
        ApiError::NotFound { path: self.path.to_owned() }
    }

    /// Lets an update pass that has no `If-Match`, or one that names `version` (taskrouter.md section 1, "Optimistic
    /// concurrency").
    ///
    /// A write of somebody else between this look and the update passes unnoticed: the update is then decided over the
    /// newer state, by the same rules.
    ///
    /// # Errors
    /// [`ApiError::PreconditionFailed`]
    pub fn check_if_match(&self, version: u64) -> Result<(), ApiError> {
        let etag = format!("\"{version}\"");
        let is_named = |text: &str| text.split(',').map(str::trim).any(|tag| tag == "*" || tag == etag);
        match self.headers.get(header::IF_MATCH) {
            Some(expected) if !expected.to_str().is_ok_and(is_named) => Err(ApiError::PreconditionFailed { version }),
            Some(_) | None => Ok(()),
        }
    }
}
