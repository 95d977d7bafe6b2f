//! One request being answered: what it says, and the world it says it to.

use std::str::FromStr;
use std::sync::Arc;

use http::{HeaderMap, header};
use ids::time::Timestamp;
use serde_json::{Map, Value};
use store::Applied;
use task_router::model::Workspace;
use task_router::router::{AttributesChange, Command, Outcome};

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
pub struct RequestContext<'c> {
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
    /// The patch of attributes that came instead of a form.
    pub patch: Option<Map<String, Value>>,
    /// The body, where it is no form.
    pub body: &'c [u8],
    /// The headers.
    pub headers: &'c HeaderMap,
}

impl RequestContext<'_> {
    /// A part of the path that may be a SID or a name, by its name in the route.
    pub fn text_in_path(&self, name: &str) -> Option<&str> {
        self.sids
            .iter()
            .find(|sid| sid.name == name)
            .map(|sid| sid.text)
    }

    /// A SID in the path, by its name in the route.
    ///
    /// # Errors
    /// [`ApiError::NotFound`]: under text that is no SID of this kind, there can be nothing.
    pub fn sid<S: FromStr>(&self, name: &str) -> Result<S, ApiError> {
        self.text_in_path(name)
            .and_then(|text| text.parse().ok())
            .ok_or_else(|| self.not_found())
    }

    /// The Workspace the path names.
    pub async fn workspace(&self) -> Result<Arc<Workspace>, ApiError> {
        let sid = self.sid("WorkspaceSid")?;
        self.api
            .store
            .workspace(sid, self.now)
            .await?
            .ok_or_else(|| self.not_found())
    }

    /// How `Attributes` are to change: by the patch, or to what the form says; `None`: not at all.
    pub fn attributes_change(&self) -> Result<Option<AttributesChange>, ApiError> {
        let replaced = || {
            Ok(self
                .form
                .attributes("Attributes")?
                .map(AttributesChange::Replace))
        };
        self.patch
            .clone()
            .map_or_else(replaced, |patch| Ok(Some(AttributesChange::Merge(patch))))
    }

    /// There is nothing under this path.
    pub fn not_found(&self) -> ApiError {
        ApiError::NotFound {
            path: self.path.to_owned(),
        }
    }

    /// The versions of which `If-Match` wants one; `None`: any will do (taskrouter.md section 1, "Optimistic concurrency").
    /// A tag that is none of ours names no version, so nothing ever matches it.
    pub fn expected_versions(&self) -> Option<Vec<u64>> {
        let tags = self
            .headers
            .get(header::IF_MATCH)?
            .to_str()
            .unwrap_or_default();
        let tags: Vec<&str> = tags.split(',').map(str::trim).collect();
        let version = |tag: &&str| tag.strip_prefix('"')?.strip_suffix('"')?.parse().ok();
        (!tags.contains(&"*")).then(|| tags.iter().filter_map(version).collect())
    }

    /// Lets a request pass that writes nothing, or that writes on condition of `version` itself.
    ///
    /// # Errors
    /// [`ApiError::PreconditionFailed`]
    pub fn check_version(&self, version: u64) -> Result<(), ApiError> {
        match self.expected_versions() {
            Some(expected) if !expected.contains(&version) => {
                Err(ApiError::PreconditionFailed { version })
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Applies an event on the condition that `If-Match` states, to the Task or Worker as it is when it is written.
    pub async fn apply(&self, event: &Command) -> Result<Applied, ApiError> {
        let expected = self.expected_versions();
        let applied = self
            .api
            .store
            .apply_if(event, expected.as_deref(), self.now)
            .await?;
        match applied.outcome {
            Outcome::Refused(refusal) => Err(ApiError::refused(&refusal, self.path)),
            Outcome::Changed | Outcome::AlreadySo => Ok(applied),
        }
    }
}
