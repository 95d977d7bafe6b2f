//! The context of one request: its parts and the [`Api`] that answers it.

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

/// A parameter in the path, usually a SID.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PathSid<'p> {
    /// The name in the route, such as `WorkspaceSid`.
    pub name: &'static str,
    /// The text in the path, which need not be a SID.
    pub text: &'p str,
}

/// A parsed request.
pub struct RequestContext<'c> {
    /// The table, the clock and the other ports.
    pub api: &'c Api,
    /// The moment at which the request was received.
    pub now: Timestamp,
    /// How addresses and ages are shown in the answer.
    pub view: View,
    /// The path, for error messages.
    pub path: &'c str,
    /// The parameters in the path.
    pub sids: Vec<PathSid<'c>>,
    /// The parameters of the query.
    pub query: Parameters,
    /// The parameters of the form; empty without a form.
    pub form: Parameters,
    /// The merge patch of attributes that the request has instead of a form.
    pub patch: Option<Map<String, Value>>,
    /// The raw body, for operations that take JSON.
    pub body: &'c [u8],
    /// The headers.
    pub headers: &'c HeaderMap,
}

impl RequestContext<'_> {
    /// The text of a parameter in the path, by its name in the route.
    pub fn text_in_path(&self, name: &str) -> Option<&str> {
        self.sids
            .iter()
            .find(|sid| sid.name == name)
            .map(|sid| sid.text)
    }

    /// A SID in the path, by its name in the route.
    ///
    /// # Errors
    /// [`ApiError::NotFound`] for text that is no SID of this kind: no resource has such a path.
    pub fn sid<S: FromStr>(&self, name: &str) -> Result<S, ApiError> {
        self.text_in_path(name)
            .and_then(|text| text.parse().ok())
            .ok_or_else(|| self.not_found())
    }

    /// The Workspace in the path. It comes from the cache and may be some seconds old.
    ///
    /// # Errors
    /// [`ApiError::NotFound`]
    pub async fn workspace(&self) -> Result<Arc<Workspace>, ApiError> {
        let sid = self.sid("WorkspaceSid")?;
        self.api
            .store
            .workspace(sid, self.now)
            .await?
            .ok_or_else(|| self.not_found())
    }

    /// The requested change of attributes: the patch, or the form's `Attributes`; `None` without
    /// either.
    pub fn attributes_change(&self) -> Result<Option<AttributesChange>, ApiError> {
        if let Some(patch) = &self.patch {
            return Ok(Some(AttributesChange::Merge(patch.clone())));
        }
        let attributes = self.form.attributes("Attributes")?;
        Ok(attributes.map(AttributesChange::Replace))
    }

    /// The error for a path that leads to no resource.
    pub fn not_found(&self) -> ApiError {
        ApiError::NotFound {
            path: self.path.to_owned(),
        }
    }

    /// The versions that `If-Match` accepts; `None`: any version (taskrouter.md section 1,
    /// "Optimistic concurrency"). A tag that is not one of ours is no version and never matches.
    /// Published programs send the version without quotes, as TaskRouter permits.
    pub fn expected_versions(&self) -> Option<Vec<u64>> {
        let tags = self
            .headers
            .get(header::IF_MATCH)?
            .to_str()
            .unwrap_or_default();
        let tags: Vec<&str> = tags.split(',').map(str::trim).collect();
        if tags.contains(&"*") {
            return None;
        }
        let version = |tag: &&str| {
            let quoted = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
            quoted.unwrap_or(tag).parse().ok()
        };
        Some(tags.iter().filter_map(version).collect())
    }

    /// Checks `If-Match` against `version`. For requests that write nothing, and for writes that
    /// are themselves conditional on `version`.
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

    /// Applies a Command. The condition of `If-Match` is checked against the version of the Task or
    /// Worker that the write replaces.
    ///
    /// # Errors
    /// The engine's refusal ([`ApiError::refused`]), or an error of the table.
    pub async fn apply(&self, command: &Command) -> Result<Applied, ApiError> {
        let expected = self.expected_versions();
        let applied = self
            .api
            .store
            .apply_if(command, expected.as_deref(), self.now)
            .await?;
        match applied.outcome {
            Outcome::Refused(refusal) => Err(ApiError::refused(&refusal, self.path)),
            Outcome::Changed | Outcome::AlreadySo => Ok(applied),
        }
    }
}
