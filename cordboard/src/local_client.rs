//! The HTTP client of commands that ask a contact centre, or TaskRouter's REST API.

use std::time::Duration;

use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::request::Builder;
use http::{HeaderValue, StatusCode};
use http_client::{
    Answer, Limits, NetworkClient, WebClient, WebError, basic_authorization, request,
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::form_urlencoded;

use crate::credentials::Account;
use crate::start::Failure;

/// Bytes of an answer: more than the longest page of the API.
const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;

/// A client of the contact centre at one address.
pub(crate) struct LocalClient {
    http: NetworkClient,
    base: String,
    limits: Limits,
    authorization: Option<HeaderValue>,
}

impl LocalClient {
    /// A client without credentials, with this timeout of a request.
    ///
    /// # Errors
    /// The client of the network cannot be built.
    pub(crate) fn new(base: &str, timeout: Duration) -> Result<Self, Failure> {
        Ok(Self {
            http: NetworkClient::new()?,
            base: base.to_owned(),
            limits: Limits::new(timeout, ANSWER_BYTES_MAX),
            authorization: None,
        })
    }

    /// The same client for another address.
    pub(crate) fn at(self, base: &str) -> Self {
        Self {
            base: base.to_owned(),
            ..self
        }
    }

    /// The same client with an account's credentials.
    ///
    /// # Errors
    /// The credentials do not fit into a header.
    pub(crate) fn signed_in(self, account: &Account) -> Result<Self, WebError> {
        let user = account.account_sid.to_string();
        let authorization = basic_authorization(&user, &account.auth_token)?;
        Ok(Self {
            authorization: Some(authorization),
            ..self
        })
    }

    /// The answer to a GET request, of any status. `place` is a path, or a URL of this contact
    /// centre.
    pub(crate) async fn fetch(&self, place: &str) -> Result<Answer, WebError> {
        self.send(http::Request::get(self.url(place)), Vec::new())
            .await
    }

    /// The JSON at a path or URL.
    ///
    /// # Errors
    /// There is no answer, or its status says so, or it has another form.
    pub(crate) async fn get<T: DeserializeOwned>(&self, place: &str) -> Result<T, Failure> {
        json(&self.fetch(place).await?)
    }

    /// The JSON of the answer to a POST request with a JSON body.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        let builder = http::Request::post(self.url(path)).header(CONTENT_TYPE, "application/json");
        json(&self.send(builder, body.to_string().into_bytes()).await?)
    }

    /// The JSON of the answer to a POST request with a form.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub(crate) async fn post_form(
        &self,
        path: &str,
        fields: &[(&str, &str)],
    ) -> Result<Value, Failure> {
        let form = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let form_type = "application/x-www-form-urlencoded";
        let builder = http::Request::post(self.url(path)).header(CONTENT_TYPE, form_type);
        json(&self.send(builder, form.into_bytes()).await?)
    }

    async fn send(&self, builder: Builder, body: Vec<u8>) -> Result<Answer, WebError> {
        let mut request = request(builder, body)?;
        if let Some(authorization) = &self.authorization {
            let headers = request.headers_mut();
            headers.insert(AUTHORIZATION, authorization.clone());
        }
        self.http.send(request, self.limits).await
    }

    /// The path and query of a URL of this contact centre: credentials are sent nowhere else.
    ///
    /// # Errors
    /// The URL is another server's.
    pub(crate) fn path_of(&self, url: &str) -> Result<String, Failure> {
        let path = url.strip_prefix(&self.base);
        match path.filter(|path| path.starts_with('/')) {
            Some(path) => Ok(path.to_owned()),
            None => Err(format!("expected a URL that begins with {}, got {url}", self.base).into()),
        }
    }

    fn url(&self, place: &str) -> String {
        if place.starts_with('/') {
            format!("{}{place}", self.base)
        } else {
            place.to_owned()
        }
    }
}

/// The JSON of a successful answer.
pub(crate) fn json<T: DeserializeOwned>(answer: &Answer) -> Result<T, Failure> {
    Ok(serde_json::from_slice(successful(answer)?)?)
}

/// The text of a successful answer.
pub(crate) fn text(answer: &Answer) -> Result<String, Failure> {
    Ok(String::from_utf8(successful(answer)?.to_vec())?)
}

fn successful(answer: &Answer) -> Result<&[u8], Failure> {
    if answer.status() >= StatusCode::BAD_REQUEST {
        let body = String::from_utf8_lossy(answer.body());
        return Err(format!("the contact centre answered {}: {body}", answer.status()).into());
    }
    Ok(answer.body().as_ref())
}
