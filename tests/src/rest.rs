//! A client of the REST API as TaskRouter's customers write it: form in, JSON out, HTTP Basic.

use reqwest::Method;
use serde_json::Value;

use crate::test_centre::TestCentre;

/// An answer of the API.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The JSON body; null without one.
    pub body: Value,
    /// The `ETag`, quotes included.
    pub etag: Option<String>,
}

impl TestCentre {
    /// Sends a request below the Workspace's address: `Tasks/WT…`.
    pub async fn request(
        &self,
        method: Method,
        path: &str,
        form: &[(String, String)],
        if_match: Option<&str>,
    ) -> Reply {
        let url = format!(
            "{}/v1/Workspaces/{}/{path}",
            self.base, self.contact_centre.workspace.sid
        );
        let mut request = self.http.request(method.clone(), url);
        request = request.basic_auth(self.account.account_sid, Some(&self.account.auth_token));
        if method == Method::POST {
            request = request.form(form);
        }
        if let Some(tag) = if_match {
            request = request.header("If-Match", tag);
        }
        let answer = request.send().await.unwrap();
        let etag = answer
            .headers()
            .get("etag")
            .map(|tag| tag.to_str().unwrap().to_owned());
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        Reply {
            status,
            body: serde_json::from_str(&text).unwrap_or_default(),
            etag,
        }
    }
}
