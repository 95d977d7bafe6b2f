//! One request, before and after its session is known, and the API requests below its Workspace.

use http::{HeaderMap, Method, StatusCode, Uri};
use ids::WorkspaceSid;
use ids::time::Timestamp;
use serde_json::Value;

use crate::console::{Body, Console, Refused, Versioned};
use crate::form::Form;
use crate::session::Session;

/// A request whose session has not been verified yet.
pub struct IncomingRequest<'r> {
    /// The method.
    pub method: &'r Method,
    /// The path, without the query.
    pub path: &'r str,
    /// The decoded query.
    pub query: Form,
    /// The body, not decoded.
    pub body: &'r [u8],
    /// The headers.
    pub headers: &'r HeaderMap,
}

/// A request with a verified session and the Workspace it is about.
pub struct RequestContext<'r> {
    /// The dependencies of the function.
    pub console: &'r Console,
    /// The session of the browser.
    pub session: Session,
    /// The moment at which the request arrived.
    pub now: Timestamp,
    /// The Workspace that the pages of this browser show.
    pub workspace: WorkspaceSid,
    /// The name of that Workspace.
    pub workspace_name: String,
    /// The path, without the query.
    pub path: &'r str,
    /// The decoded query.
    pub query: Form,
    /// The decoded form of a POST; empty for other methods.
    pub form: Form,
    /// The headers.
    pub headers: &'r HeaderMap,
}

impl RequestContext<'_> {
    /// The API's address of something below the Workspace.
    fn address(&self, place: &str) -> String {
        format!("/v1/Workspaces/{}/{place}", self.workspace)
    }

    /// Reads something below the Workspace: `Tasks?PageSize=50`.
    pub async fn get(&self, place: &str) -> Result<Value, Refused> {
        self.console
            .request(Method::GET, &self.address(place), Body::Nothing)
            .await
    }

    /// Reads something below the Workspace, with its version.
    pub async fn get_versioned(&self, place: &str) -> Result<Versioned, Refused> {
        self.console
            .versioned(Method::GET, &self.address(place), Body::Nothing)
            .await
    }

    /// Posts a form to a resource below the Workspace. With `etag` the API answers 412 if the
    /// resource has another version.
    pub async fn post_if_match(
        &self,
        place: &str,
        form: &Form,
        etag: Option<String>,
    ) -> Result<Value, Refused> {
        let form = form.encode_all();
        let body = match etag {
            Some(etag) => Body::FormIfMatch(form, etag),
            None => Body::Form(form),
        };
        self.console
            .request(Method::POST, &self.address(place), body)
            .await
    }

    /// Posts a form to something below the Workspace.
    pub async fn post(&self, place: &str, form: &Form) -> Result<Value, Refused> {
        let body = Body::Form(form.encode_all());
        self.console
            .request(Method::POST, &self.address(place), body)
            .await
    }

    /// Posts a JSON document to something below the Workspace.
    pub async fn post_json(&self, place: &str, document: &Value) -> Result<Value, Refused> {
        let body = Body::Json(document.to_string());
        self.console
            .request(Method::POST, &self.address(place), body)
            .await
    }

    /// Patches the attributes of a resource below the Workspace.
    pub async fn patch(&self, place: &str, patch: &Value) -> Result<Value, Refused> {
        let body = Body::MergePatch(patch.to_string());
        self.console
            .request(Method::POST, &self.address(place), body)
            .await
    }

    /// Deletes something below the Workspace.
    pub async fn delete(&self, place: &str) -> Result<Value, Refused> {
        self.console
            .request(Method::DELETE, &self.address(place), Body::Nothing)
            .await
    }

    /// Whether htmx fetches a part of an open page, rather than the browser a whole page.
    pub fn is_part(&self) -> bool {
        self.headers.contains_key("hx-request")
    }

    /// Whether htmx sent the request from the page at this address.
    pub fn is_open_page(&self, address: &str) -> bool {
        let open = self
            .headers
            .get("hx-current-url")
            .and_then(|url| url.to_str().ok()?.parse::<Uri>().ok());
        let path = address.split('?').next().unwrap_or_default();
        open.is_some_and(|open| open.path() == path)
    }

    /// The token that every form carries.
    pub fn csrf(&self) -> String {
        self.console.signer.csrf(&self.session, self.workspace)
    }

    /// 404: the console has no page at this path.
    pub fn no_such_page(&self) -> Refused {
        Refused {
            status: StatusCode::NOT_FOUND,
            message: format!("there is no page {}", self.path),
        }
    }
}
